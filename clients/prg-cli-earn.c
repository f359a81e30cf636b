/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that earn, choose or report, and the one that takes back. */
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* What the methods that earn have in common. */
typedef struct {
  char *id; /* (owned) (nullable), like the others */
  char *at;
  char *details;
  char *ref;
  char *lead;
  char *amount;
  int duration;
} Earning;

static void
earning_clear(Earning *earning)
{
  g_free(earning->id);
  g_free(earning->at);
  g_free(earning->details);
  g_free(earning->ref);
  g_free(earning->lead);
  g_free(earning->amount);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Earning, earning_clear)

static void
add_text(GVariantBuilder *options, const char *key, const char *text)
{
  if (text)
    g_variant_builder_add(options, "{sv}", key, g_variant_new_string(text));
}

/* @options: (out) an open builder for a{sv} */
static int
build_options(const Earning *earning, GVariantBuilder *options)
{
  gint64 number;
  int code = PRG_EXIT_OK;

  g_variant_builder_init(options, G_VARIANT_TYPE_VARDICT);
  add_text(options, "id", earning->id);
  add_text(options, "details", earning->details);
  add_text(options, "ref", earning->ref);
  if (earning->at) {
    code = prg_cli_parse_time(earning->at, &number);
    if (code == PRG_EXIT_OK)
      g_variant_builder_add(options, "{sv}", "occurred-at", g_variant_new_int64(number));
  }
  if (earning->amount && code == PRG_EXIT_OK) {
    if (g_ascii_string_to_signed(earning->amount, 10, G_MININT64, G_MAXINT64, &number, NULL))
      g_variant_builder_add(options, "{sv}", "amount", g_variant_new_int64(number));
    else
      code = prg_cli_usage(_("“%s” is no whole number"), earning->amount);
  }
  if (code != PRG_EXIT_OK)
    g_variant_builder_clear(options);
  return code;
}

static void
print_answer(PrgCli *cli, GVariant *reply)
{
  const char *id;
  gint64 earned;
  gint64 total;
  guint level;
  gboolean leveled_up;

  g_variant_get(reply, "(&sxxub)", &id, &earned, &total, &level, &leveled_up);
  if (cli->json) {
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "id", g_variant_new_string(id));
    g_variant_builder_add(&builder, "{sv}", "earned", g_variant_new_int64(earned));
    g_variant_builder_add(&builder, "{sv}", "total", g_variant_new_int64(total));
    g_variant_builder_add(&builder, "{sv}", "level", g_variant_new_uint32(level));
    g_variant_builder_add(&builder, "{sv}", "leveled_up", g_variant_new_boolean(leveled_up));
    prg_cli_print_json(g_variant_builder_end(&builder));
    return;
  }
  g_print(leveled_up ? _("%+" PRId64 " XP, %" PRId64 " in total, level %u (level up!)\n")
                     : _("%+" PRId64 " XP, %" PRId64 " in total, level %u\n"),
          earned, total, level);
  g_print("%s\n", id);
}

/* An own id, so that the call may be repeated if its answer is lost. */
static void
need_id(Earning *earning)
{
  if (earning->id == NULL)
    earning->id = g_uuid_string_random();
}

/* @parameters: (transfer floating) with an id, or of a method that pays once */
static int
earn(PrgCli *cli, const char *method, GVariant *parameters)
{
  g_autoptr(GVariant) reply = NULL;
  int code = prg_cli_call_repeatable(cli, method, parameters, &reply);

  if (code == PRG_EXIT_OK)
    print_answer(cli, reply);
  return code;
}

int
prg_cli_record_call(PrgCli *cli, int argc, char **argv)
{
  g_auto(Earning) earning = { 0 };
  g_auto(GStrv) words = NULL;
  GVariantBuilder options;
  GOptionEntry entries[] = {
    { "duration", 0, 0, G_OPTION_ARG_INT, &earning.duration, N_("Talk time in seconds"), N_("S") },
    { "lead", 0, 0, G_OPTION_ARG_STRING, &earning.lead, N_("The lead who was called"), N_("ID") },
    { "id", 0, 0, G_OPTION_ARG_STRING, &earning.id, N_("Own id, so that repeating is harmless"), N_("ID") },
    { "at", 0, 0, G_OPTION_ARG_STRING, &earning.at, N_("When it happened"), N_("TIME") },
    { "details", 0, 0, G_OPTION_ARG_STRING, &earning.details, N_("Text for the history"), N_("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("call"), entries, argc, argv, 1, 1, &words);

  if (code == PRG_EXIT_OK && earning.duration < 0)
    code = prg_cli_usage(_("A duration is not negative"));
  need_id(&earning);
  if (code != PRG_EXIT_OK || (code = build_options(&earning, &options)) != PRG_EXIT_OK)
    return code;
  g_autofree char *disposition = g_ascii_strup(words[0], -1);
  return earn(cli, "RecordCall",
              g_variant_new("(susa{sv})", disposition, (guint)earning.duration,
                            earning.lead ? earning.lead : "", &options));
}

int
prg_cli_xp(PrgCli *cli, int argc, char **argv)
{
  g_auto(Earning) earning = { 0 };
  g_auto(GStrv) words = NULL;
  GVariantBuilder options;
  GOptionEntry entries[] = {
    { "amount", 0, 0, G_OPTION_ARG_STRING, &earning.amount, N_("XP in place of the catalogue's"), N_("N") },
    { "ref", 0, 0, G_OPTION_ARG_STRING, &earning.ref, N_("What it is about"), N_("REF") },
    { "id", 0, 0, G_OPTION_ARG_STRING, &earning.id, N_("Own id, so that repeating is harmless"), N_("ID") },
    { "at", 0, 0, G_OPTION_ARG_STRING, &earning.at, N_("When it happened"), N_("TIME") },
    { "details", 0, 0, G_OPTION_ARG_STRING, &earning.details, N_("Text for the history"), N_("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("xp"), entries, argc, argv, 1, 1, &words);

  need_id(&earning);
  if (code != PRG_EXIT_OK || (code = build_options(&earning, &options)) != PRG_EXIT_OK)
    return code;
  return earn(cli, "AddXP", g_variant_new("(sa{sv})", words[0], &options));
}

int
prg_cli_deal(PrgCli *cli, int argc, char **argv)
{
  g_auto(Earning) earning = { 0 };
  g_auto(GStrv) words = NULL;
  GVariantBuilder options;
  GOptionEntry entries[] = {
    { "at", 0, 0, G_OPTION_ARG_STRING, &earning.at, N_("When it happened"), N_("TIME") },
    { "details", 0, 0, G_OPTION_ARG_STRING, &earning.details, N_("Text for the history"), N_("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("deal"), entries, argc, argv, 1, 1, &words);

  if (code != PRG_EXIT_OK || (code = build_options(&earning, &options)) != PRG_EXIT_OK)
    return code;
  return earn(cli, "CloseDeal", g_variant_new("(sa{sv})", words[0], &options));
}

/* @message: with a place for @text */
G_GNUC_PRINTF(2, 0)
static int
parse_number(const char *text, const char *message, double *number)
{
  char *end = NULL;

  *number = g_ascii_strtod(text, &end);
  return end == text || *end != '\0' ? prg_cli_usage(message, text) : PRG_EXIT_OK;
}

static int
earn_scored(PrgCli *cli, const char *command, const char *method, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  double score;
  int code = prg_cli_parse(cli, prg_cli_find(command), NULL, argc, argv, 2, 2, &words);

  if (code == PRG_EXIT_OK)
    code = parse_number(words[1], _("“%s” is no score: write a number, such as 0.8"), &score);
  return code == PRG_EXIT_OK ? earn(cli, method, g_variant_new("(sd)", words[0], score)) : code;
}

int
prg_cli_module(PrgCli *cli, int argc, char **argv)
{
  return earn_scored(cli, "module", "CompleteModule", argc, argv);
}

int
prg_cli_exam(PrgCli *cli, int argc, char **argv)
{
  return earn_scored(cli, "exam", "PassExam", argc, argv);
}

/* Methods that want an id and answer as all that earn. */
static int
earn_id(PrgCli *cli, const char *command, const char *method, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find(command), NULL, argc, argv, 1, 1, &words);

  return code == PRG_EXIT_OK ? earn(cli, method, g_variant_new("(s)", words[0])) : code;
}

int
prg_cli_boss(PrgCli *cli, int argc, char **argv)
{
  return earn_id(cli, "boss", "DefeatBoss", argc, argv);
}

int
prg_cli_certification(PrgCli *cli, int argc, char **argv)
{
  return earn_id(cli, "certification", "EarnCertification", argc, argv);
}

int
prg_cli_boss_attempt(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  guint attempts;
  int code = prg_cli_parse(cli, prg_cli_find("boss-attempt"), NULL, argc, argv, 1, 1, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "RecordBossAttempt", g_variant_new("(s)", words[0]), NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(u)", &attempts);
  if (cli->json)
    g_print("{ \"attempts\" : %u }\n", attempts);
  else
    g_print(_("Attempts at %s: %u\n"), words[0], attempts);
  return PRG_EXIT_OK;
}

/* A method that answers nothing. @parameters: (transfer floating); @done: what is told */
static int
tell(PrgCli *cli, const char *method, GVariant *parameters, const char *label, const char *done)
{
  int code = prg_cli_call(cli, "", method, parameters, NULL, NULL);

  if (code == PRG_EXIT_OK && cli->json)
    g_print("{}\n");
  else if (code == PRG_EXIT_OK)
    g_print("%s: %s\n", label, *done ? done : _("none"));
  return code;
}

static int
choose(PrgCli *cli, const char *command, const char *method, const char *label, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find(command), NULL, argc, argv, 1, 1, &words);

  return code == PRG_EXIT_OK ? tell(cli, method, g_variant_new("(s)", words[0]), label, words[0]) : code;
}

int
prg_cli_specialization(PrgCli *cli, int argc, char **argv)
{
  return choose(cli, "specialization", "SetSpecialization", _("Specialization"), argc, argv);
}

int
prg_cli_title(PrgCli *cli, int argc, char **argv)
{
  return choose(cli, "title", "SetActiveTitle", _("Title"), argc, argv);
}

int
prg_cli_report(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  double value;
  int code = prg_cli_parse(cli, prg_cli_find("report"), NULL, argc, argv, 2, 2, &words);

  if (code == PRG_EXIT_OK)
    code = parse_number(words[1], _("“%s” is no value: write a number, such as 0.8"), &value);
  return code == PRG_EXIT_OK
             ? tell(cli, "ReportMetric", g_variant_new("(sd)", words[0], value), words[0], words[1])
             : code;
}

int
prg_cli_revoke(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *reason = NULL;
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  gint64 total;
  GOptionEntry entries[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, N_("Why; needed"), N_("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("revoke"), entries, argc, argv, 1, 1, &words);

  if (code == PRG_EXIT_OK && reason == NULL)
    code = prg_cli_usage(_("Say why: --reason TEXT"));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "RevokeEvent", g_variant_new("(ss)", words[0], reason), NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(x)", &total);
  if (cli->json)
    g_print("{ \"total\" : %" G_GINT64_FORMAT " }\n", total);
  else
    g_print(_("%" PRId64 " XP in total\n"), total);
  return PRG_EXIT_OK;
}
