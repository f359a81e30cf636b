/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history.h"
#include "sim-random.h"
#include <string.h>

/* Runs histories of the shipped state machine against the model server. The last line counts them; exit code
 * 0: every history held. */

static gint64 histories = 10000, seed_option = 1, devices = 2;
static char *faults_option, *replay_option;
static gboolean blind_option;

static const GOptionEntry entries[] = {
  { "histories", 'n', 0, G_OPTION_ARG_INT64, &histories, "how many", "N" },
  { "seed", 's', 0, G_OPTION_ARG_INT64, &seed_option, "the first seed", "S" },
  { "devices", 'd', 0, G_OPTION_ARG_INT64, &devices, "machines of the rep, 1 to 4", "D" },
  { "faults", 'f', 0, G_OPTION_ARG_STRING, &faults_option, "only these, by commas", "LIST" },
  { "blind", 'b', 0, G_OPTION_ARG_NONE, &blind_option, "the family with blind writers", NULL },
  { "replay", 'r', 0, G_OPTION_ARG_STRING, &replay_option, "run one history and tell every step", "SEED" },
  { NULL, 0, 0, 0, NULL, NULL, NULL }
};

static gboolean
parse_faults(guint *faults)
{
  if (!faults_option)
    return TRUE;
  g_auto(GStrv) names = g_strsplit(faults_option, ",", -1);
  *faults = 0;
  for (guint i = 0; names[i]; i++) {
    guint bit = sim_fault_from_string(names[i]);
    if (bit == 0 && *names[i]) {
      g_printerr("unknown fault: %s\n", names[i]);
      return FALSE;
    }
    *faults |= bit;
  }
  return TRUE;
}

/* A failing history with as few kinds of faults as will do. */
static guint
shrink(PrgRules *rules, guint64 seed, SimOptions options)
{
  for (guint bit = 1; bit <= SIM_FAULTS_ALL; bit <<= 1) {
    SimOptions fewer = options;
    fewer.faults &= ~bit;
    SimResult result = { 0 };
    if (fewer.faults != options.faults)
      sim_history_run(rules, seed, &fewer, &result);
    else
      result.held = TRUE;
    if (!result.held)
      options = fewer;
    sim_result_clear(&result);
  }
  return options.faults;
}

static void
report_failure(PrgRules *rules, guint64 seed, const SimOptions *options, const SimResult *result)
{
  SimOptions drawn = *options;
  drawn.faults = result->faults;
  drawn.draw = FALSE;
  g_autoptr(GString) names = g_string_new(NULL);
  guint faults = options->trace ? drawn.faults : shrink(rules, seed, drawn);
  for (guint bit = 1; bit <= SIM_FAULTS_ALL; bit <<= 1)
    if (faults & bit)
      g_string_append_printf(names, "%s%s", names->len ? "," : "", sim_fault_to_string(bit));
  g_print("seed %" G_GUINT64_FORMAT " failed: %s\n  replay: --replay %" G_GUINT64_FORMAT
          " --devices %u --faults '%s'\n",
          seed, result->failure, seed, options->devices, names->str);
}

typedef struct {
  guint64 held, failed, exact, flagged;
} Counts;

static void
run_all(PrgRules *rules, const SimOptions *options, Counts *counts)
{
  for (gint64 i = 0; i < histories && counts->failed < 20; i++) {
    guint64 seed = (guint64)(seed_option + i);
    SimResult result = { 0 };
    sim_history_run(rules, seed, options, &result);
    counts->held += result.held;
    counts->failed += !result.held;
    counts->exact += result.exact;
    counts->flagged += result.flagged;
    if (!result.held)
      report_failure(rules, seed, options, &result);
    sim_result_clear(&result);
  }
}

int
main(int argc, char **argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autoptr(GError) error = NULL;
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    g_printerr("%s\n", error->message);
    return 2;
  }
  SimOptions options = { .devices = (guint)CLAMP(devices, 1, 4),
                         .faults = blind_option ? SIM_FAULTS_BLIND : SIM_FAULTS_EXACT };
  options.draw = !faults_option;
  if (!parse_faults(&options.faults))
    return 2;
  if (replay_option) {
    options.trace = TRUE;
    histories = 1;
    seed_option = (gint64)g_ascii_strtoull(replay_option, NULL, 10);
  }
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  Counts counts = { 0 };
  run_all(rules, &options, &counts);
  g_print("%" G_GUINT64_FORMAT " histories held, %" G_GUINT64_FORMAT " failed; %" G_GUINT64_FORMAT
          " exact, %" G_GUINT64_FORMAT " with something flagged\n",
          counts.held, counts.failed, counts.exact, counts.flagged);
  return counts.failed == 0 ? 0 : 1;
}
