/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-calendar.h"
#include "prg-operation.h"
#include "prg-rules.h"
#include "sim-faults.h"

#define SIM_MEMBER "20202020-0000-4000-8000-00000000a001"

/* What is true of one id, whatever machines and server think of it. */
typedef struct {
  PrgOperation *operation; /* (owned) as it was first acknowledged */
  gint64 least,
      most; /* amounts under which machines have acknowledged it: they differ where the ledger's row wins */
  gboolean excepted; /* a person deleted its row, or discarded it: it counts only if the ledger holds it */
} SimFact;

/* What all parts of a history share: time, chance, the truth, and the first invariant that broke. */
typedef struct {
  gint64 now; /* µs UTC, everybody's */
  SimRandom random;
  GTimeZone *zone; /* (owned) */
  const char *member;
  PrgRules *rules; /* (not owned) */
  gboolean trace;
  gboolean calm; /* the history comes to rest: nothing strikes any more */
  SimFaults faults;
  guint64 *struck; /* (not owned) how often each fault did something */
  char *failure;   /* (owned) (nullable) */

  GHashTable *facts;      /* (owned) id → SimFact */
  gint64 earned;          /* the sum of all positive amounts */
  gint64 outside;         /* what others gave */
  gint64 outside_highest; /* and the most that it ever was */
  guint n_excepted, n_operations;
} SimWorld;

void sim_world_init(SimWorld *self, guint64 seed);
void sim_world_clear(SimWorld *self);

void sim_trace(const SimWorld *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* An invariant broke: the first one is the history's failure. */
void sim_fail(SimWorld *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

gboolean sim_has(const SimWorld *self, SimFault fault);
/* Whether the fault may strike now, by chance. Faults strike while the history lasts, not when it comes to rest. */
gboolean sim_may(SimWorld *self, SimFault fault, guint percent);
void sim_struck(SimWorld *self, SimFault fault);                     /* it did something */
gboolean sim_strikes(SimWorld *self, SimFault fault, guint percent); /* both at once */

/* ---- the truth ---- */

/* A machine has @operation on its disk, and its caller's answer. */
void sim_world_acknowledge(SimWorld *self, PrgOperation *operation);
void sim_world_except(SimWorld *self, const char *id);
void sim_world_give(SimWorld *self, gint64 amount); /* others gave it, or took it */
/* The ledger takes a row: somebody must have earned it, with this meaning. */
void sim_world_check_row(SimWorld *self, const PrgOperation *row);
/* No total may be above this. With deletions, restores, corrections and revocations others learn of it later. */
gint64 sim_world_bound(const SimWorld *self);
