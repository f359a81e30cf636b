/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

G_BEGIN_DECLS

/* Exit codes, as in the manual page. */
typedef enum {
  PRG_EXIT_OK = 0,
  PRG_EXIT_ERROR = 1, /* the service refused, with a reason; a rules file is bad */
  PRG_EXIT_USAGE = 2, /* wrong arguments */
  PRG_EXIT_NOT_SIGNED_IN = 3,
  PRG_EXIT_OFFLINE = 4,     /* offline, or still running */
  PRG_EXIT_PENDING = 5,     /* operations are pending */
  PRG_EXIT_UNREACHABLE = 6, /* no bus, no service */
} PrgExit;

typedef struct {
  GDBusConnection *bus; /* (owned) (nullable) opened by the first call */
  gboolean json;
} PrgCli;

typedef struct {
  const char *name;
  const char *arguments; /* N_(), like the summary */
  const char *summary;
  int (*run)(PrgCli *cli, int argc, char **argv);
  gboolean takes_files; /* its words are names of files */
} PrgCliCommand;

/* ---- prg-cli-bus.c ---- */

/* Calls a method; @interface is "" for org.lids.Progression, else ".Sync" or ".Account". @parameters: (transfer floating) (nullable).
 * On failure a sentence is on stderr and an exit code is returned. @reply: (out) (transfer full) (optional) */
int prg_cli_call(PrgCli *cli,
                 const char *interface,
                 const char *method,
                 GVariant *parameters,
                 GUnixFDList *fds,
                 GVariant **reply);
/* The same for a method that may be repeated: it pays once, or the call has an id. If the service ends before it answers, the call is made
 * again: it counts once. */
int prg_cli_call_repeatable(PrgCli *cli, const char *method, GVariant *parameters, GVariant **reply);
int prg_cli_get_all(PrgCli *cli, const char *interface, GVariantDict **properties);

/* ---- prg-cli-options.c ---- */

/* Parses the options of one command; @entries (nullable). Wants @minimum to @maximum words; @words: (out) (transfer full)
 * Words and values are UTF-8 in any locale; those of a command that takes files are bytes. */
int prg_cli_parse(PrgCli *cli,
                  const PrgCliCommand *command,
                  GOptionEntry *entries,
                  int argc,
                  char **argv,
                  guint minimum,
                  guint maximum,
                  char ***words);
const PrgCliCommand *prg_cli_find(const char *name);
const char *prg_cli_arguments(const PrgCliCommand *command); /* in the language of this process */
/* "2026-03-01", or ISO 8601; local time unless it has a zone. */
int prg_cli_parse_time(const char *text, gint64 *microseconds);
int prg_cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2); /* @format: translated */
char *prg_cli_show(const char *bytes); /* (transfer full) to be printed: escaped if they are not UTF-8 */

/* ---- prg-cli-print.c ---- */

void prg_cli_print_json(GVariant *value); /* UTF-8 in any locale */
int prg_cli_width(const char *text);      /* columns on a terminal */
/* @text with spaces before it, so that it ends at @width columns. (transfer full) */
char *prg_cli_right(const char *text, int width);
/* A line of fields, cut to their widths in columns. A width of 0, for the last one: the rest of 80 columns; what does not fit goes on
 * below itself. */
void prg_cli_print_row(const char *const *fields, const int *widths, guint n);
/* Prints a list (aa{sv}); @print prints one entry. Returns: an exit code */
int prg_cli_print_list(PrgCli *cli, GVariant *list, const char *nothing, void (*print)(GVariant *dict));
char *prg_cli_format_time(gint64 microseconds); /* (transfer full) "never" for 0 */
const char *prg_cli_dict_text(GVariant *dict, const char *key);
gint64 prg_cli_dict_number(GVariant *dict, const char *key);

/* ---- prg-cli-token.c ---- */

/* A descriptor from which a token can be read: stdin, or a pipe filled from a prompt on the terminal. -1: told on stderr. */
int prg_cli_open_token(const char *prompt);

/* ---- commands ---- */

int prg_cli_status(PrgCli *cli, int argc, char **argv);
int prg_cli_record_call(PrgCli *cli, int argc, char **argv);
int prg_cli_xp(PrgCli *cli, int argc, char **argv);
int prg_cli_deal(PrgCli *cli, int argc, char **argv);
int prg_cli_module(PrgCli *cli, int argc, char **argv);
int prg_cli_rank(PrgCli *cli, int argc, char **argv);
int prg_cli_gates(PrgCli *cli, int argc, char **argv);
int prg_cli_badges(PrgCli *cli, int argc, char **argv);
int prg_cli_leaderboard(PrgCli *cli, int argc, char **argv);
int prg_cli_promote(PrgCli *cli, int argc, char **argv);
int prg_cli_certification(PrgCli *cli, int argc, char **argv);
int prg_cli_boss_attempt(PrgCli *cli, int argc, char **argv);
int prg_cli_specialization(PrgCli *cli, int argc, char **argv);
int prg_cli_title(PrgCli *cli, int argc, char **argv);
int prg_cli_report(PrgCli *cli, int argc, char **argv);
int prg_cli_exam(PrgCli *cli, int argc, char **argv);
int prg_cli_boss(PrgCli *cli, int argc, char **argv);
int prg_cli_revoke(PrgCli *cli, int argc, char **argv);
int prg_cli_events(PrgCli *cli, int argc, char **argv);
int prg_cli_metrics(PrgCli *cli, int argc, char **argv);
int prg_cli_operations(PrgCli *cli, int argc, char **argv);
int prg_cli_audit(PrgCli *cli, int argc, char **argv);
int prg_cli_retry(PrgCli *cli, int argc, char **argv);
int prg_cli_discard(PrgCli *cli, int argc, char **argv);
int prg_cli_sync(PrgCli *cli, int argc, char **argv);
int prg_cli_sign_in(PrgCli *cli, int argc, char **argv);
int prg_cli_sign_out(PrgCli *cli, int argc, char **argv);
int prg_cli_provision(PrgCli *cli, int argc, char **argv);
int prg_cli_export(PrgCli *cli, int argc, char **argv);
int prg_cli_import(PrgCli *cli, int argc, char **argv);
int prg_cli_rules(PrgCli *cli, int argc, char **argv);

G_END_DECLS
