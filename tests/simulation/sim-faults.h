/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-random.h"

/* What may happen in a history besides earning. */
typedef enum {
  SIM_FAULT_LOSS,
  SIM_FAULT_REPLY,
  SIM_FAULT_DUPLICATE,
  SIM_FAULT_REORDER,
  SIM_FAULT_DELAY,
  SIM_FAULT_HANG,
  SIM_FAULT_CRASH,
  SIM_FAULT_STALE,
  SIM_FAULT_LIMIT,
  SIM_FAULT_OUTAGE,
  SIM_FAULT_TOKEN,
  SIM_FAULT_OFFLINE,
  SIM_FAULT_CLOCK,
  SIM_FAULT_RESTORE,
  SIM_FAULT_DELETE,
  SIM_FAULT_OUTSIDE,
  SIM_FAULT_BLIND,
  SIM_FAULT_PERSON,
  SIM_FAULT_DISK,
  SIM_FAULT_REFUSE,
  SIM_FAULT_TIMELINE,
  SIM_FAULT_DAMAGE,
  SIM_FAULT_GONE,
  SIM_FAULT_EXPORT,
  SIM_FAULT_REVOKE,
  SIM_FAULT_RETRY,
  SIM_FAULT_NIGHT,
  SIM_FAULT_EDIT,
  SIM_N_FAULTS
} SimFault;

/* A set of them, one bit each. */
typedef guint32 SimFaults;
#define SIM_BIT(fault) (1u << (fault))
#define SIM_FAULTS_ALL (SIM_BIT(SIM_N_FAULTS) - 1)

const char *sim_fault_name(SimFault fault);
char *sim_faults_help(void);                  /* (transfer full) one line for each */
char *sim_faults_to_string(SimFaults faults); /* (transfer full) "loss,hang" */
gboolean sim_faults_parse(const char *text,
                          SimFaults *faults);              /* FALSE, after a message, on an unknown name */
SimFaults sim_faults_of_family(gboolean blind);            /* all that the family may draw */
SimFaults sim_faults_draw(SimFaults family, guint64 seed); /* the mixture of one history */
SimFaults sim_faults_without_excluded(SimFaults faults);   /* see the comment beside it */
