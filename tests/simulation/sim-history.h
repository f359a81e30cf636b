/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-rules.h"

/* What may go wrong in a history. */
typedef enum {
  SIM_FAULT_LOSS = 1 << 0,      /* requests and replies lost, duplicated */
  SIM_FAULT_HANG = 1 << 1,      /* a request that was given up on is carried out later */
  SIM_FAULT_CRASH = 1 << 2,     /* a machine loses its memory at any step */
  SIM_FAULT_STALE = 1 << 3,     /* reads from a replica that lags, record and ledger apart */
  SIM_FAULT_LIMIT = 1 << 4,     /* 429, garbage, 400 for an outage */
  SIM_FAULT_TOKEN = 1 << 5,     /* the token expires and comes back */
  SIM_FAULT_RESTORE = 1 << 6,   /* the server is restored from a backup */
  SIM_FAULT_DELETE = 1 << 7,    /* rows and the record deleted by a person, softly or for good */
  SIM_FAULT_OUTSIDE = 1 << 8,   /* other programs' awards, read and written at once */
  SIM_FAULT_BLIND = 1 << 9,     /* other programs' awards, read 0 to 3 folds before they are written */
  SIM_FAULT_PERSON = 1 << 10,   /* a person corrects totalXp */
  SIM_FAULT_DISK = 1 << 11,     /* the disk refuses a commit */
  SIM_FAULT_REFUSE = 1 << 12,   /* the server refuses rows, takes smaller batches */
  SIM_FAULT_TIMELINE = 1 << 13, /* the timeline comes late */
  SIM_FAULT_DAMAGE = 1 << 14,   /* a machine's store is damaged: only its own operations are saved */
} SimFault;
#define SIM_FAULTS_ALL ((SIM_FAULT_DAMAGE << 1) - 1)
#define SIM_FAULTS_EXACT (SIM_FAULTS_ALL - SIM_FAULT_BLIND)
#define SIM_FAULTS_BLIND (SIM_FAULTS_ALL - SIM_FAULT_PERSON - SIM_FAULT_DELETE - SIM_FAULT_RESTORE)

/* "loss", "hang", … → its bit; 0 = unknown. */
guint sim_fault_from_string(const char *name);
const char *sim_fault_to_string(guint bit);

typedef struct {
  guint devices;
  guint faults;
  gboolean draw;  /* each history draws some of @faults, so that every mixture is met */
  gboolean trace; /* print every step */
} SimOptions;

typedef struct {
  guint faults;     /* those that the history had */
  gboolean held;    /* every invariant held */
  gboolean exact;   /* the total ended as the truth */
  gint64 lost;      /* truth − total at the end */
  gboolean flagged; /* an audit entry tells of a possible loss */
  char *failure;    /* (owned) (nullable) */
} SimResult;
void sim_result_clear(SimResult *self);

/* Runs the history of @seed to quiescence. */
void sim_history_run(PrgRules *rules, guint64 seed, const SimOptions *options, SimResult *result);
