/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-run.h"

/* Runs histories of the shipped state machine against the model server. The last line counts them; exit code
 * 0: every history held. */

#define MILLION 1000000

static gint64 histories = 10000, first_seed = 1;
static gint devices, jobs, steps, earnings;
static char *faults_option, *replay_option, *flaw_option;
static gboolean blind_option, million_option;

static const GOptionEntry entries[] = {
  { "histories", 'n', 0, G_OPTION_ARG_INT64, &histories, "how many (10000)", "N" },
  { "seed", 's', 0, G_OPTION_ARG_INT64, &first_seed, "the first seed (1)", "S" },
  { "devices", 'd', 0, G_OPTION_ARG_INT, &devices, "machines of the rep, 1 to 4 (each history draws 2 to 4)",
    "D" },
  { "faults", 'f', 0, G_OPTION_ARG_STRING, &faults_option, "exactly these, by commas", "LIST" },
  { "blind", 'b', 0, G_OPTION_ARG_NONE, &blind_option, "the family with blind writers", NULL },
  { "jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
    "processes (one for each core); the result does not depend on it", "J" },
  { "million", 0, 0, G_OPTION_ARG_NONE, &million_option,
    "1,000,000 histories: 500,000 of each of the two families, from --seed on", NULL },
  { "replay", 'r', 0, G_OPTION_ARG_STRING, &replay_option, "run one history and tell every step", "SEED" },
  { "steps", 0, 0, G_OPTION_ARG_INT, &steps,
    "come to rest after so many steps (each history draws 60 to 299)", "N" },
  { "earnings", 0, 0, G_OPTION_ARG_INT, &earnings, "commands of the rep at most", "N" },
  /* For the tests of the simulation itself: a model server that does wrong. */
  { "flaw", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &flaw_option, "adds-twice, forgets or renames",
    "FLAW" },
  { NULL, 0, 0, 0, NULL, NULL, NULL }
};

static gboolean
parse_arguments(int *argc, char ***argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *faults = sim_faults_help();
  g_option_context_set_description(context, faults);
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, argc, argv, &error)) {
    g_printerr("%s\n", error->message);
    return FALSE;
  }
  if (*argc > 1 || devices < 0 || devices > SIM_MAX_DEVICES || histories < 1 || steps < 0 || earnings < 0 ||
      jobs < 0) {
    g_printerr("a number is out of bounds, or an argument is too many; see --help\n");
    return FALSE;
  }
  return TRUE;
}

static gboolean
make_options(SimOptions *options)
{
  *options = (SimOptions){ .devices = (guint)devices,
                           .faults = sim_faults_of_family(blind_option),
                           .draw = !faults_option,
                           .steps = (guint)steps,
                           .earnings = (guint)earnings };
  if (faults_option && !sim_faults_parse(faults_option, &options->faults))
    return FALSE;
  if (flaw_option && !sim_flaw_from_string(flaw_option, &options->flaw)) {
    g_printerr("unknown flaw: %s\n", flaw_option);
    return FALSE;
  }
  return TRUE;
}

int
main(int argc, char **argv)
{
  SimOptions options;
  if (!parse_arguments(&argc, &argv) || !make_options(&options))
    return 2;
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  SimTotals totals = { 0 };
  guint n_jobs = jobs ? (guint)jobs : g_get_num_processors();
  if (replay_option) {
    sim_replay(rules, g_ascii_strtoull(replay_option, NULL, 10), &options, &totals);
  } else if (million_option) {
    options.faults = sim_faults_of_family(FALSE);
    sim_run(rules, (SimSeeds){ (guint64)first_seed, MILLION / 2 }, &options, n_jobs, &totals);
    options.faults = sim_faults_of_family(TRUE);
    sim_run(rules, (SimSeeds){ (guint64)first_seed, MILLION / 2 }, &options, n_jobs, &totals);
  } else {
    sim_run(rules, (SimSeeds){ (guint64)first_seed, (guint64)histories }, &options, n_jobs, &totals);
  }
  return sim_totals_print(&totals) ? 0 : 1;
}
