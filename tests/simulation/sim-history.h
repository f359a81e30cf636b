/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-faults.h"
#include "sim-server.h"

typedef struct {
  guint devices; /* 0 = each history draws 2 to 4 */
  SimFaults faults;
  gboolean draw;  /* each history draws some of @faults, so that every mixture is met */
  gboolean trace; /* print every step */
  guint steps;    /* it comes to rest after so many, 0 = it draws how many */
  guint earnings; /* so many commands at most, 0 = any number */
  SimFlaw flaw;   /* of the model server, for tests of the simulation itself */
} SimOptions;

typedef struct {
  SimFaults faults; /* those that the history had */
  guint devices, steps, earnings;
  gboolean held;    /* every invariant held */
  gboolean exact;   /* the total ended as the truth */
  gboolean flagged; /* an audit entry tells of a possible loss */
  guint64 struck[SIM_N_FAULTS];
  guint64 n_operations, n_requests;
  char *failure; /* (owned) (nullable) */
} SimResult;
void sim_result_clear(SimResult *self);

/* Runs the history of @seed to quiescence. @result is zeroed. */
void sim_history_run(PrgRules *rules, guint64 seed, const SimOptions *options, SimResult *result);
