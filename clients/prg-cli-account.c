/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands about the account, the server, and what waits to be sent. */
#include "prg-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Takes @fd. (transfer full) (nullable) */
static GUnixFDList *
list_of(int fd)
{
  return g_unix_fd_list_new_from_array(&fd, 1);
}

static int
say(PrgCli *cli, int code, const char *done)
{
  if (code == PRG_EXIT_OK && cli->json)
    g_print("{}\n");
  else if (code == PRG_EXIT_OK)
    g_print("%s\n", done);
  return code;
}

int
prg_cli_sync(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariantDict) properties = NULL;
  guint refused = 0;
  int code = prg_cli_parse(cli, prg_cli_find("sync"), NULL, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Sync", "SyncNow", NULL, NULL, NULL);
  if (code == PRG_EXIT_OK)
    code = prg_cli_get_all(cli, ".Sync", &properties);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_dict_lookup(properties, "QuarantinedOperations", "u", &refused);
  if (cli->json)
    g_print("{ \"quarantined\" : %u }\n", refused);
  else if (refused == 0)
    g_print("%s\n", _("Everything is in Twenty"));
  if (refused > 0)
    g_printerr(ngettext("%u operation was refused (see: progression operations --state quarantined)\n",
                        "%u operations were refused (see: progression operations --state quarantined)\n",
                        refused),
               refused);
  return refused > 0 ? PRG_EXIT_ERROR : PRG_EXIT_OK;
}

int
prg_cli_retry(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("retry"), NULL, argc, argv, 1, 1, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Sync", "RetryOperation", g_variant_new("(s)", words[0]), NULL, NULL);
  return say(cli, code, _("It will be sent again"));
}

int
prg_cli_discard(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("discard"), NULL, argc, argv, 1, 1, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Sync", "DiscardOperation", g_variant_new("(s)", words[0]), NULL, NULL);
  return say(cli, code, _("Discarded"));
}

int
prg_cli_sign_in(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *server = NULL;
  g_autofree char *member = NULL;
  g_auto(GStrv) words = NULL;
  GOptionEntry entries[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, &server, N_("The server (default: the preset one)"), N_("URL") },
    { "member", 0, 0, G_OPTION_ARG_STRING, &member, N_("The workspace member's id; needed"), N_("ID") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("sign-in"), entries, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK && member == NULL)
    code = prg_cli_usage(_("Say who: --member ID"));
  if (code != PRG_EXIT_OK)
    return code;
  int fd = prg_cli_open_token(_("API key: "));
  if (fd < 0)
    return PRG_EXIT_USAGE;
  g_autoptr(GUnixFDList) fds = list_of(fd);
  code = prg_cli_call(cli, ".Account", "SignIn", g_variant_new("(ssh)", server ? server : "", member, 0), fds,
                      NULL);
  return say(cli, code, _("Signed in"));
}

int
prg_cli_sign_out(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *pending = NULL;
  g_auto(GStrv) words = NULL;
  g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_autoptr(GVariant) reply = NULL;
  const char *path = "";
  GOptionEntry entries[] = {
    { "pending", 0, 0, G_OPTION_ARG_STRING, &pending,
      N_("If some are not sent: refuse (default), keep or export"), N_("WHAT") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("sign-out"), entries, argc, argv, 0, 0, &words);

  if (pending)
    g_variant_builder_add(&options, "{sv}", "pending", g_variant_new_string(pending));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Account", "SignOut", g_variant_new("(a{sv})", &options), NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(&s)", &path);
  if (cli->json)
    prg_cli_print_json(g_variant_new_string(path));
  else if (*path)
    g_print(_("Signed out. What was not sent is in %s\n"), path);
  else
    g_print("%s\n", _("Signed out"));
  return PRG_EXIT_OK;
}

static void
print_created(PrgCli *cli, GVariant *reply, gboolean dry_run)
{
  g_autoptr(GVariant) list = g_variant_get_child_value(reply, 0);
  g_autofree const char **names = g_variant_get_strv(list, NULL);

  if (cli->json) {
    prg_cli_print_json(list);
    return;
  }
  for (guint i = 0; names[i]; i++)
    g_print(dry_run ? _("missing %s\n") : _("created %s\n"), names[i]);
  if (names[0] == NULL)
    g_print("%s\n", _("The server has everything that is needed"));
}

int
prg_cli_provision(PrgCli *cli, int argc, char **argv)
{
  gboolean dry_run = FALSE;
  gboolean admin_token = FALSE;
  g_auto(GStrv) words = NULL;
  g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_autoptr(GUnixFDList) fds = NULL;
  g_autoptr(GVariant) reply = NULL;
  GOptionEntry entries[] = {
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, N_("Only tell what is missing"), NULL },
    { "admin-token", 0, 0, G_OPTION_ARG_NONE, &admin_token,
      N_("Use an administrator's key, read like that of sign-in"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("provision"), entries, argc, argv, 0, 0, &words);

  if (code != PRG_EXIT_OK)
    return code;
  g_variant_builder_add(&options, "{sv}", "dry-run", g_variant_new_boolean(dry_run));
  if (admin_token) {
    int fd = prg_cli_open_token(_("Administrator's API key: "));
    if (fd < 0)
      return PRG_EXIT_USAGE;
    fds = list_of(fd);
    g_variant_builder_add(&options, "{sv}", "token", g_variant_new_handle(0));
  }
  code = prg_cli_call(cli, ".Account", "ProvisionServer", g_variant_new("(a{sv})", &options), fds, &reply);
  if (code == PRG_EXIT_OK)
    print_created(cli, reply, dry_run);
  return code;
}

/* ---- export, import ---- */

/* Tells errno's error with a file. */
static int
file_error(const char *path)
{
  int number = errno;
  g_autofree char *name = prg_cli_show(path);

  return prg_cli_usage("%s: %s", name, g_strerror(number));
}

static int
open_file(const char *path, int flags, int standard)
{
  int fd = g_str_equal(path, "-") ? dup(standard) : open(path, flags | O_CLOEXEC, 0600);

  if (fd < 0)
    file_error(path);
  return fd;
}

/* Writes an export to @fd, which it takes. @keep: it must be on disk */
static int
export_to(PrgCli *cli, int fd, const char *path, gboolean keep)
{
  g_autoptr(GUnixFDList) fds = list_of(fd);
  int code = prg_cli_call(cli, ".Sync", "Export", g_variant_new("(h)", 0), fds, NULL);

  if (code == PRG_EXIT_OK && keep && fsync(fd) != 0)
    code = file_error(path);
  return code;
}

/* The file that an export to @path replaces as a whole, or makes; behind links. (transfer full) (nullable) if it is written to where it
 * is: a pipe, a device, what the shell opened. */
static char *
find_replaced(const char *path)
{
  g_autofree char *file = NULL;
  struct stat about;

  if (g_str_has_prefix(path, "/dev/") || g_str_has_prefix(path, "/proc/"))
    return NULL;
  if (lstat(path, &about) != 0 && errno == ENOENT)
    return g_strdup(path);
  file = realpath(path, NULL);
  return file && stat(file, &about) == 0 && S_ISREG(about.st_mode) ? g_steal_pointer(&file) : NULL;
}

/* What is there stays until all of the new is on disk. */
static int
export_and_replace(PrgCli *cli, const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *temporary = g_build_filename(folder, ".progression-export-XXXXXX", NULL);
  int fd = mkostemp(temporary, O_CLOEXEC);

  if (fd < 0)
    return file_error(path);
  int code = export_to(cli, fd, path, TRUE);
  if (code == PRG_EXIT_OK && rename(temporary, path) != 0)
    code = file_error(path);
  if (code != PRG_EXIT_OK)
    unlink(temporary);
  return code;
}

int
prg_cli_export(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("export"), NULL, argc, argv, 0, 1, &words);

  if (code != PRG_EXIT_OK)
    return code;
  const char *path = words[0] ? words[0] : "-";
  g_autofree char *replaced = g_str_equal(path, "-") ? NULL : find_replaced(path);
  if (replaced)
    return export_and_replace(cli, replaced);
  int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  return fd < 0 ? PRG_EXIT_USAGE : export_to(cli, fd, path, FALSE);
}

static int
import_file(PrgCli *cli, const char *path, GVariant **reply)
{
  int fd = open_file(path, O_RDONLY, STDIN_FILENO);

  if (fd < 0)
    return PRG_EXIT_USAGE;
  g_autoptr(GUnixFDList) fds = list_of(fd);
  return prg_cli_call(cli, ".Sync", "Import", g_variant_new("(h)", 0), fds, reply);
}

int
prg_cli_import(PrgCli *cli, int argc, char **argv)
{
  gboolean elsewhere = FALSE;
  GOptionEntry entries[] = {
    { "elsewhere", 0, 0, G_OPTION_ARG_NONE, &elsewhere,
      N_("What waits in another installation's store on this machine"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  guint added = 0;
  int code = prg_cli_parse(cli, prg_cli_find("import"), entries, argc, argv, 0, 1, &words);

  if (code != PRG_EXIT_OK)
    return code;
  if (elsewhere == (words[0] != NULL))
    return prg_cli_usage(_("Say what to import: a FILE, or --elsewhere"));
  code = elsewhere ? prg_cli_call(cli, ".Sync", "ImportElsewhere", NULL, NULL, &reply)
                   : import_file(cli, words[0], &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(u)", &added);
  if (cli->json)
    g_print("{ \"added\" : %u }\n", added);
  else
    g_print(ngettext("%u operation added\n", "%u operations added\n", added), added);
  return PRG_EXIT_OK;
}
