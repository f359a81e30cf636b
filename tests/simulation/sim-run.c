/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Many histories, in several processes: a history is the work of one, and nothing is shared but the list of pieces. */

#define PIECE 250       /* seeds that a process takes at a time */
#define MAX_FAILURES 20 /* after so many the rest is not run */
#define ENOUGH 2000     /* of so many histories with a fault, some must have felt it */

/* ---- counting ---- */

static void
add_result(SimTotals *totals, const SimResult *result)
{
  totals->held += result->held;
  totals->failed += !result->held;
  totals->exact += result->exact;
  totals->flagged += result->flagged;
  totals->n_steps += result->steps;
  totals->n_operations += result->n_operations;
  totals->n_requests += result->n_requests;
  for (guint i = 0; i < SIM_N_FAULTS; i++) {
    totals->struck[i] += result->struck[i];
    totals->drawn[i] += (result->faults & SIM_BIT(i)) != 0;
  }
}

static void
add_totals(SimTotals *totals, const SimTotals *more)
{
  guint64 *to = (guint64 *)totals;
  const guint64 *from = (const guint64 *)more;
  G_STATIC_ASSERT(sizeof(SimTotals) % sizeof(guint64) == 0);
  for (gsize i = 0; i < sizeof(SimTotals) / sizeof(guint64); i++)
    to[i] += from[i];
}

gboolean
sim_totals_print(const SimTotals *totals)
{
  gboolean alive = TRUE;
  g_autoptr(GString) struck = g_string_new("struck:");
  for (guint i = 0; i < SIM_N_FAULTS; i++) {
    if (totals->drawn[i] > 0)
      g_string_append_printf(struck, " %s %" G_GUINT64_FORMAT, sim_fault_name((SimFault)i),
                             totals->struck[i]);
    if (totals->drawn[i] < ENOUGH || totals->struck[i] > 0)
      continue;
    g_print("the fault %s never struck in %" G_GUINT64_FORMAT " histories that had it\n",
            sim_fault_name((SimFault)i), totals->drawn[i]);
    alive = FALSE;
  }
  g_print("%" G_GUINT64_FORMAT " steps, %" G_GUINT64_FORMAT " operations, %" G_GUINT64_FORMAT
          " requests\n%s\n",
          totals->n_steps, totals->n_operations, totals->n_requests, struck->str);
  g_print("%" G_GUINT64_FORMAT " histories held, %" G_GUINT64_FORMAT " failed; %" G_GUINT64_FORMAT
          " exact, %" G_GUINT64_FORMAT " with something flagged\n",
          totals->held, totals->failed, totals->exact, totals->flagged);
  return alive && totals->failed == 0;
}

/* ---- one piece ---- */

static void
report_failure(PrgRules *rules, guint64 seed, const SimOptions *options, const SimResult *result, FILE *to)
{
  g_autofree char *failure = NULL;
  g_autofree char *arguments = sim_shrink(rules, seed, options, result, &failure);
  fprintf(to, "seed %" G_GUINT64_FORMAT " failed: %s\n  made smaller: %s\n  replay: ./dev simulate %s\n",
          seed, result->failure, failure, arguments);
}

static void
run_one(PrgRules *rules, guint64 seed, const SimOptions *options, SimTotals *totals, FILE *to)
{
  SimResult result = { 0 };
  sim_history_run(rules, seed, options, &result);
  add_result(totals, &result);
  if (!result.held && totals->failed <= MAX_FAILURES)
    report_failure(rules, seed, options, &result, to);
  sim_result_clear(&result);
}

void
sim_replay(PrgRules *rules, guint64 seed, const SimOptions *options, SimTotals *totals)
{
  SimOptions told = *options;
  SimResult result = { 0 };
  told.trace = TRUE;
  sim_history_run(rules, seed, &told, &result);
  add_result(totals, &result);
  sim_result_clear(&result);
}

/* ---- many processes ---- */

/* One process works through every @n_jobs-th piece. Over the pipe goes for each piece its totals, then the length and text of its failures. */
typedef struct {
  pid_t pid;
  FILE *from; /* (owned) */
} Job;

static void
work(PrgRules *rules, SimSeeds seeds, const SimOptions *options, guint job, guint n_jobs, FILE *to)
{
  for (guint64 at = (guint64)job * PIECE; at < seeds.n; at += (guint64)n_jobs * PIECE) {
    SimTotals totals = { 0 };
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    for (guint64 i = at; i < MIN(at + PIECE, seeds.n) && totals.failed < MAX_FAILURES; i++)
      run_one(rules, seeds.first + i, options, &totals, memory);
    fclose(memory);
    guint64 size = length;
    gboolean written = fwrite(&totals, sizeof totals, 1, to) == 1 && fwrite(&size, sizeof size, 1, to) == 1 &&
                       fwrite(text, 1, length, to) == length && fflush(to) == 0;
    free(text);
    if (!written)
      _exit(3);
  }
  _exit(0);
}

static Job
start_job(PrgRules *rules,
          SimSeeds seeds,
          const SimOptions *options,
          guint job,
          guint n_jobs,
          const Job *earlier)
{
  int ends[2];
  if (pipe(ends) != 0)
    g_error("pipe: %s", g_strerror(errno));
  pid_t pid = fork();
  if (pid < 0)
    g_error("fork: %s", g_strerror(errno));
  if (pid == 0) {
    close(ends[0]);
    /* An end that a sibling keeps open would let a process write for ever that nobody reads any more. */
    for (guint i = 0; i < job; i++)
      fclose(earlier[i].from);
    work(rules, seeds, options, job, n_jobs, fdopen(ends[1], "w"));
  }
  close(ends[1]);
  return (Job){ pid, fdopen(ends[0], "r") };
}

/* Reads the next piece of a job and tells its failures. FALSE: the job died. */
static gboolean
take_piece(Job *job, SimTotals *totals)
{
  SimTotals piece;
  guint64 size;
  if (fread(&piece, sizeof piece, 1, job->from) != 1 || fread(&size, sizeof size, 1, job->from) != 1)
    return FALSE;
  g_autofree char *text = g_malloc0(size + 1);
  if (fread(text, 1, size, job->from) != size)
    return FALSE;
  g_print("%s", text);
  add_totals(totals, &piece);
  return TRUE;
}

static void
tell_progress(SimSeeds seeds, guint64 done, gint64 started)
{
  gint64 seconds = MAX((g_get_monotonic_time() - started) / G_USEC_PER_SEC, 1);
  if (seeds.n >= 20000)
    g_printerr("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " histories, %" G_GINT64_FORMAT
               " s, %" G_GINT64_FORMAT " a second\n",
               done, seeds.n, seconds, (gint64)done / seconds);
}

/* Whole pieces are taken in their order, whoever ran them, and none after too many failures: so nothing depends on @n_jobs. */
void
sim_run(PrgRules *rules, SimSeeds seeds, const SimOptions *options, guint n_jobs, SimTotals *totals)
{
  g_autofree Job *jobs = g_new0(Job, n_jobs);
  SimTotals sum = { 0 };
  gint64 started = g_get_monotonic_time();
  guint64 n_pieces = (seeds.n + PIECE - 1) / PIECE;
  fflush(stdout);
  for (guint i = 0; i < n_jobs; i++)
    jobs[i] = start_job(rules, seeds, options, i, n_jobs, jobs);
  for (guint64 piece = 0; piece < n_pieces && sum.failed < MAX_FAILURES; piece++) {
    if (!take_piece(&jobs[piece % n_jobs], &sum)) {
      g_printerr("a process died at the seeds from %" G_GUINT64_FORMAT " on\n", seeds.first + piece * PIECE);
      sum.failed++;
      break;
    }
    if ((piece + 1) % 40 == 0)
      tell_progress(seeds, (piece + 1) * PIECE, started);
  }
  for (guint i = 0; i < n_jobs; i++) {
    fclose(jobs[i].from); /* one that still works ends at its next write */
    waitpid(jobs[i].pid, NULL, 0);
  }
  add_totals(totals, &sum);
}
