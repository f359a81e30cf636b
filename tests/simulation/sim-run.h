/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-history.h"
#include "sim-network.h"

typedef struct {
  guint64 held, failed, exact, flagged;
  guint64 n_steps, n_operations, n_requests;
  guint64 struck[SIM_N_FAULTS];
  guint64 drawn[SIM_N_FAULTS]; /* histories that had the fault in their mixture */
} SimTotals;

typedef struct {
  guint64 first, n;
} SimSeeds;

/* Runs a history for each of the seeds, in @n_jobs processes, and adds to @totals. Failures are printed in order of their seeds, each shrunk;
 * after a few of them the rest is not run. */
void sim_run(PrgRules *rules, SimSeeds seeds, const SimOptions *options, guint n_jobs, SimTotals *totals);
/* Tells every step of one history. */
void sim_replay(PrgRules *rules, guint64 seed, const SimOptions *options, SimTotals *totals);
/* The counts; FALSE if a history failed, or a fault never struck although many histories had it. */
gboolean sim_totals_print(const SimTotals *totals);

/* sim-shrink.c: the smallest variant that was found of a failing history, as arguments that replay it. @failure: (out) (transfer full) what
 * it says. Returns: (transfer full) */
char *
sim_shrink(PrgRules *rules, guint64 seed, const SimOptions *options, const SimResult *result, char **failure);
