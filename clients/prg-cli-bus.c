/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-outcome.h"
#include "prg-cli.h"

#include <glib/gi18n-lib.h>

#define NAME "org.lids.Progression"
#define PATH "/org/lids/Progression"
#define ERROR_PREFIX "org.lids.Progression.Error."

static const struct {
  const char *name;
  int code;
} exit_codes[] = {
  { ERROR_PREFIX "NotSignedIn", PRG_EXIT_NOT_SIGNED_IN },
  { ERROR_PREFIX "Offline", PRG_EXIT_OFFLINE },
  { ERROR_PREFIX "StillRunning", PRG_EXIT_OFFLINE },
  { ERROR_PREFIX "PendingOperations", PRG_EXIT_PENDING },
  { "org.freedesktop.DBus.Error.ServiceUnknown", PRG_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.NameHasNoOwner", PRG_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.NoReply", PRG_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.Disconnected", PRG_EXIT_UNREACHABLE },
};

static int
exit_code_for(const char *name)
{
  for (guint i = 0; name && i < G_N_ELEMENTS(exit_codes); i++)
    if (g_str_equal(exit_codes[i].name, name))
      return exit_codes[i].code;
  if (name && g_str_has_prefix(name, "org.freedesktop.DBus.Error.Spawn."))
    return PRG_EXIT_UNREACHABLE;
  return name ? PRG_EXIT_ERROR : PRG_EXIT_UNREACHABLE;
}

/* People read a sentence, not the name of an error. */
static int
report(GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error(error);
  int code = exit_code_for(name);

  g_dbus_error_strip_remote_error(error);
  if (code == PRG_EXIT_UNREACHABLE)
    g_printerr(_("The progression service cannot be reached: %s\n"), error->message);
  else
    g_printerr("%s\n", error->message);
  return code;
}

static int
connect_bus(PrgCli *cli)
{
  g_autoptr(GError) error = NULL;

  if (cli->bus == NULL)
    cli->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
  if (cli->bus)
    return PRG_EXIT_OK;
  g_printerr(_("There is no session bus: %s\n"), error->message);
  return PRG_EXIT_UNREACHABLE;
}

static int
call(PrgCli *cli,
     const char *interface,
     const char *method,
     GVariant *parameters,
     GUnixFDList *fds,
     guint attempts,
     GVariant **reply)
{
  g_autoptr(GVariant) owned = parameters ? g_variant_ref_sink(parameters) : NULL;
  g_autoptr(GVariant) answer = NULL;
  g_autoptr(GError) error = NULL;
  int code = connect_bus(cli);

  if (code != PRG_EXIT_OK)
    return code;
  do {
    g_clear_error(&error);
    answer = g_dbus_connection_call_with_unix_fd_list_sync(cli->bus, NAME, PATH, interface, method, owned,
                                                           NULL, G_DBUS_CALL_FLAGS_NONE, LIDS_TIMEOUT_MS, fds,
                                                           NULL, NULL, &error);
    attempts--;
  } while (answer == NULL && attempts > 0 && lids_outcome_of(error) != LIDS_OUTCOME_FINAL &&
           !g_dbus_connection_is_closed(cli->bus));
  if (answer == NULL)
    return report(error);
  if (reply)
    *reply = g_steal_pointer(&answer);
  return PRG_EXIT_OK;
}

int
prg_cli_call(PrgCli *cli,
             const char *interface,
             const char *method,
             GVariant *parameters,
             GUnixFDList *fds,
             GVariant **reply)
{
  g_autofree char *full = g_strconcat(NAME, interface, NULL);

  return call(cli, full, method, parameters, fds, 1, reply);
}

int
prg_cli_call_repeatable(PrgCli *cli, const char *method, GVariant *parameters, GVariant **reply)
{
  return call(cli, NAME, method, parameters, NULL, LIDS_MAX_ATTEMPTS, reply);
}

int
prg_cli_get_all(PrgCli *cli, const char *interface, GVariantDict **properties)
{
  g_autofree char *full = g_strconcat(NAME, interface, NULL);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) dict = NULL;
  int code = call(cli, "org.freedesktop.DBus.Properties", "GetAll", g_variant_new("(s)", full), NULL,
                  LIDS_MAX_ATTEMPTS, &reply);

  if (code != PRG_EXIT_OK)
    return code;
  dict = g_variant_get_child_value(reply, 0);
  *properties = g_variant_dict_new(dict);
  return PRG_EXIT_OK;
}
