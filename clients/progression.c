/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

static const PrgCliCommand commands[] = {
  { "status", "", N_("Show XP, level, rank and how syncing goes"), prg_cli_status },
  { "call", N_("DISPOSITION"), N_("Record a call (CONTACT, CALLBACK, VOICEMAIL, …)"), prg_cli_record_call },
  { "xp", N_("TYPE"), N_("Record another event, such as email_sent"), prg_cli_xp },
  { "deal", N_("ID"), N_("Record a closed deal"), prg_cli_deal },
  { "module", N_("ID SCORE"), N_("Record a passed training module"), prg_cli_module },
  { "exam", N_("ID SCORE"), N_("Record a passed exam"), prg_cli_exam },
  { "boss", N_("ID"), N_("Record a defeated boss"), prg_cli_boss },
  { "boss-attempt", N_("ID"), N_("Record an attempt at a boss that failed"), prg_cli_boss_attempt },
  { "certification", N_("ID"), N_("Record a certification"), prg_cli_certification },
  { "report", N_("METRIC VALUE"), N_("Report what a rank needs and nothing measures"), prg_cli_report },
  { "specialization", N_("ID"), N_("Choose the specialization"), prg_cli_specialization },
  { "title", N_("TITLE"), N_("Choose the title that is shown; \"\" = none"), prg_cli_title },
  { "promote", "", N_("Take the next rank, if all its gates are met"), prg_cli_promote },
  { "revoke", N_("ID"), N_("Take an event back that was a mistake"), prg_cli_revoke },
  { "events", "", N_("List what happened, newest first"), prg_cli_events },
  { "rank", "", N_("Show the rank and the next one"), prg_cli_rank },
  { "gates", N_("[RANK]"), N_("Show what a rank asks for, and what is missing"), prg_cli_gates },
  { "badges", "", N_("Show the badges and how far the next ones are"), prg_cli_badges },
  { "metrics", "", N_("Show rates with their tiers, and each day's numbers"), prg_cli_metrics },
  { "leaderboard", "", N_("Show all reps, highest total first"), prg_cli_leaderboard },
  { "operations", "", N_("List what is not in Twenty yet"), prg_cli_operations },
  { "audit", "", N_("List what was decided about other programs' writes"), prg_cli_audit },
  { "retry", N_("ID"), N_("Send a quarantined operation again"), prg_cli_retry },
  { "discard", N_("ID"), N_("Give a quarantined operation up"), prg_cli_discard },
  { "sync", "", N_("Send and fetch now"), prg_cli_sync },
  { "sign-in", "", N_("Use an account; the API key is read from standard input"), prg_cli_sign_in },
  { "sign-out", "", N_("Leave the account"), prg_cli_sign_out },
  { "provision", "", N_("Create what Twenty needs for the ledger"), prg_cli_provision },
  { "export", N_("[FILE]"), N_("Write what is not in Twenty yet as JSON lines"), prg_cli_export, TRUE },
  { "import", N_("[FILE]"), N_("Read such a file back"), prg_cli_import, TRUE },
  { "rules", N_("check FILE | show"), N_("Check a rules file; show the built-in rules"), prg_cli_rules,
    TRUE },
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
  g_print("%s\n\n", _("Usage: progression [--json] COMMAND [OPTIONS]"));
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_autofree char *usage = g_strdup_printf("%s %s", commands[i].name, prg_cli_arguments(&commands[i]));
    g_print("  %s%*s %s\n", usage, MAX(20 - prg_cli_width(usage), 0), "", _(commands[i].summary));
  }
  g_print("\n%s\n", _("  --json             print JSON instead of text\n"
                      "  --help             this text, or after a command its options\n"
                      "  --version          the version\n\n"
                      "Exit code: 0 done, 1 refused by the service, 2 wrong usage, 3 not signed in,\n"
                      "4 offline or still running, 5 operations pending, 6 service not reachable."));
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
      g_autofree char *shown = prg_cli_show(argv[*index]);
      *code = prg_cli_usage(_("Unknown option %s; see progression --help"), shown);
      return FALSE;
    }
  }
  return TRUE;
}

/* The translations lie where they were installed; tests and an uninstalled build name another directory. */
static void
choose_language(void)
{
  const char *directory = g_getenv("LIDS_PROGRESSION_LOCALEDIR");

  setlocale(LC_ALL, "");
  bindtextdomain(GETTEXT_PACKAGE, directory ? directory : PRG_LOCALE_DIR);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
  textdomain(GETTEXT_PACKAGE);
}

int
main(int argc, char **argv)
{
  PrgCli cli = { 0 };
  int index;
  int code;

  choose_language();
  g_set_prgname("progression");
  if (!take_global(&cli, argc, argv, &index, &code))
    return code;
  if (index >= argc)
    return prg_cli_usage(_("Say what to do; see progression --help"));
  const PrgCliCommand *command = prg_cli_find(argv[index]);
  if (command == NULL) {
    g_autofree char *shown = prg_cli_show(argv[index]);
    return prg_cli_usage(_("Unknown command %s; see progression --help"), shown);
  }
  code = command->run(&cli, argc - index, argv + index);
  g_clear_object(&cli.bus);
  return code;
}
