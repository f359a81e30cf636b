/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <locale.h>

static const PrgCliCommand commands[] = {
  { "status", "", "Show XP, level, rank and how syncing goes", prg_cli_status },
  { "call", "DISPOSITION", "Record a call (CONTACT, CALLBACK, VOICEMAIL, …)", prg_cli_record_call },
  { "xp", "TYPE", "Record another event, such as email_sent", prg_cli_xp },
  { "deal", "ID", "Record a closed deal", prg_cli_deal },
  { "module", "ID SCORE", "Record a passed training module", prg_cli_module },
  { "exam", "ID SCORE", "Record a passed exam", prg_cli_exam },
  { "boss", "ID", "Record a defeated boss", prg_cli_boss },
  { "boss-attempt", "ID", "Record an attempt at a boss that failed", prg_cli_boss_attempt },
  { "certification", "ID", "Record a certification", prg_cli_certification },
  { "report", "METRIC VALUE", "Report what a rank needs and nothing measures", prg_cli_report },
  { "specialization", "ID", "Choose the specialization", prg_cli_specialization },
  { "title", "TITLE", "Choose the title that is shown; \"\" = none", prg_cli_title },
  { "promote", "", "Take the next rank, if all its gates are met", prg_cli_promote },
  { "revoke", "ID", "Take an event back that was a mistake", prg_cli_revoke },
  { "events", "", "List what happened, newest first", prg_cli_events },
  { "rank", "", "Show the rank and the next one", prg_cli_rank },
  { "gates", "[RANK]", "Show what a rank asks for, and what is missing", prg_cli_gates },
  { "badges", "", "Show the badges and how far the next ones are", prg_cli_badges },
  { "metrics", "", "Show rates with their tiers, and each day's numbers", prg_cli_metrics },
  { "leaderboard", "", "Show all reps, highest total first", prg_cli_leaderboard },
  { "operations", "", "List what is not in Twenty yet", prg_cli_operations },
  { "audit", "", "List what was decided about other programs' writes", prg_cli_audit },
  { "retry", "ID", "Send a quarantined operation again", prg_cli_retry },
  { "discard", "ID", "Give a quarantined operation up", prg_cli_discard },
  { "sync", "", "Send and fetch now", prg_cli_sync },
  { "sign-in", "", "Use an account; the API key is read from standard input", prg_cli_sign_in },
  { "sign-out", "", "Leave the account", prg_cli_sign_out },
  { "provision", "", "Create what Twenty needs for the ledger", prg_cli_provision },
  { "export", "[FILE]", "Write what is not in Twenty yet as JSON lines", prg_cli_export },
  { "import", "FILE", "Read such a file back", prg_cli_import },
  { "rules", "check FILE | show", "Check a rules file; show the built-in rules", prg_cli_rules },
};

const PrgCliCommand *
prg_cli_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (g_str_equal(commands[i].name, name))
      return &commands[i];
  return NULL;
}

static int
print_help(void)
{
  g_print("Usage: progression [--json] COMMAND [OPTIONS]\n\n");
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_autofree char *usage = g_strdup_printf("%s %s", commands[i].name, commands[i].arguments);
    g_print("  %-20s %s\n", usage, commands[i].summary);
  }
  g_print("\n  --json             print JSON instead of text\n"
          "  --help             this text, or after a command its options\n"
          "  --version          the version\n\n"
          "Exit code: 0 done, 1 refused by the service, 2 wrong usage, 3 not signed in,\n"
          "4 offline or still running, 5 operations pending, 6 service not reachable.\n");
  return PRG_EXIT_OK;
}

/* Options before the command; *@index: where the command is. TRUE: go on. */
static gboolean
take_global(PrgCli *cli, int argc, char **argv, int *index, int *code)
{
  for (*index = 1; *index < argc && argv[*index][0] == '-'; (*index)++) {
    if (g_str_equal(argv[*index], "--json")) {
      cli->json = TRUE;
    } else if (g_str_equal(argv[*index], "--version")) {
      g_print("progression %s\n", PRG_VERSION);
      *code = PRG_EXIT_OK;
      return FALSE;
    } else if (g_str_equal(argv[*index], "--help") || g_str_equal(argv[*index], "-h")) {
      *code = print_help();
      return FALSE;
    } else {
      *code = prg_cli_usage("Unknown option %s; see progression --help", argv[*index]);
      return FALSE;
    }
  }
  return TRUE;
}

int
main(int argc, char **argv)
{
  PrgCli cli = { 0 };
  int index;
  int code;

  setlocale(LC_ALL, "");
  g_set_prgname("progression");
  if (!take_global(&cli, argc, argv, &index, &code))
    return code;
  if (index >= argc)
    return prg_cli_usage("Say what to do; see progression --help");
  const PrgCliCommand *command = prg_cli_find(argv[index]);
  if (command == NULL)
    return prg_cli_usage("Unknown command %s; see progression --help", argv[index]);
  code = command->run(&cli, argc - index, argv + index);
  g_clear_object(&cli.bus);
  return code;
}
