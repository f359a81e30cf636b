/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-dbus-error.h"

/* The names of the interface's documentation, in the order of PrgError. */
static const char *const documented[] = {
  "NotSignedIn",      "InvalidArgument",   "UnknownEventType",
  "UnknownId",        "IdReused",          "NotEligible",
  "Offline",          "StillRunning",      "AuthenticationFailed",
  "PermissionDenied", "SchemaMissing",     "RateLimited",
  "ServerError",      "KeyringLocked",     "KeyringUnavailable",
  "StorageFailed",    "PendingOperations", "TooLarge",
  "Cancelled",
};

static void
test_table(void)
{
  g_assert_cmpuint(PRG_N_ERRORS, ==, G_N_ELEMENTS(documented));
  for (int code = 0; code < (int)PRG_N_ERRORS; code++) {
    g_autofree char *name = g_strdup_printf("org.lids.Progression.Error.%s", documented[code]);
    g_assert_cmpstr(prg_dbus_error_name(code), ==, name);
    g_assert_true(g_dbus_is_interface_name(name));
  }
}

static void
test_unknown_code(void)
{
  g_assert_cmpstr(prg_dbus_error_name(-1), ==, "org.lids.Progression.Error.ServerError");
  g_assert_cmpstr(prg_dbus_error_name(1000), ==, "org.lids.Progression.Error.ServerError");
}

static void
test_other_domains(void)
{
  g_autoptr(GError) own = g_error_new_literal(PRG_ERROR, PRG_ERROR_ID_REUSED, "x");
  g_autoptr(GError) cancelled = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
  g_autoptr(GError) foreign = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_BUSY, "x");

  g_assert_cmpstr(prg_dbus_error_name_for(own), ==, "org.lids.Progression.Error.IdReused");
  g_assert_cmpstr(prg_dbus_error_name_for(cancelled), ==, "org.lids.Progression.Error.Cancelled");
  g_assert_cmpstr(prg_dbus_error_name_for(foreign), ==, "org.lids.Progression.Error.ServerError");
}

/* Values are quoted up to a number of bytes, which may end within a letter: the bus takes no such text. */
static void
test_cut_letter(void)
{
  g_autoptr(GError) error = g_error_new(PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, "found %.3s”", "abä");
  g_autofree char *message = prg_dbus_error_message_for(error);

  g_assert_false(g_utf8_validate(error->message, -1, NULL));
  g_assert_cmpstr(message, ==, "found ab\xef\xbf\xbd”");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dbus-error/table", test_table);
  g_test_add_func("/dbus-error/unknown-code", test_unknown_code);
  g_test_add_func("/dbus-error/other-domains", test_other_domains);
  g_test_add_func("/dbus-error/cut-letter", test_cut_letter);
  return g_test_run();
}
