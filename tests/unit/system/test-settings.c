/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* argv: the name of the backend's type; the backend itself is chosen by GSETTINGS_BACKEND. Another process is
 * gsettings(1). */
#define G_SETTINGS_ENABLE_BACKEND
#include "prg-settings.h"

#include "prg-error.h"
#include "wait.h"

#include <gio/gsettingsbackend.h>
#include <glib/gstdio.h>

#define SCHEMA "org.lids.Progression"

static const char *backend_name;

static PrgSettings *
new_settings(guint *changes)
{
  g_autoptr(GError) error = NULL;
  PrgSettings *settings = prg_settings_new(NULL, &error);

  g_assert_no_error(error);
  g_signal_connect_swapped(settings, "changed", G_CALLBACK(wait_count), changes);
  return settings;
}

static void
set_elsewhere(const char *key, const char *value)
{
  wait_run((const char *const[]){ "gsettings", "set", SCHEMA, key, value, NULL }, NULL);
}

static void
test_backend(void)
{
  g_autoptr(GSettingsBackend) backend = g_settings_backend_get_default();

  g_assert_cmpstr(G_OBJECT_TYPE_NAME(backend), ==, backend_name);
}

static void
test_defaults(void)
{
  guint changes = 0;
  g_autoptr(PrgSettings) settings = new_settings(&changes);
  g_autofree char *server = prg_settings_get_server_url(settings);
  g_autofree char *rules = prg_settings_get_rules_file(settings);

  g_assert_cmpstr(server, ==, "");
  g_assert_cmpuint(prg_settings_get_sync_interval(settings), ==, 300);
  g_assert_cmpuint(prg_settings_get_push_delay(settings), ==, 2000);
  g_assert_false(prg_settings_get_sync_on_metered(settings));
  g_assert_cmpstr(rules, ==, "");
}

static void
test_live(void)
{
  guint changes = 0, seen = 0;
  g_autoptr(PrgSettings) settings = new_settings(&changes);
  static const char *const values[][2] = { { "sync-interval", "60" },
                                           { "push-delay", "0" },
                                           { "sync-on-metered", "true" },
                                           { "rules-file", "/a b.json" },
                                           { "server-url", "https://crm.example.com" } };
  g_autofree char *rules = NULL, *server = NULL;

  for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
    seen = changes;
    set_elsewhere(values[i][0], values[i][1]);
    g_assert_true(wait_while(&changes, seen));
  }
  rules = prg_settings_get_rules_file(settings);
  server = prg_settings_get_server_url(settings);
  g_assert_cmpuint(prg_settings_get_sync_interval(settings), ==, 60);
  g_assert_cmpuint(prg_settings_get_push_delay(settings), ==, 0);
  g_assert_true(prg_settings_get_sync_on_metered(settings));
  g_assert_cmpstr(rules, ==, "/a b.json");
  g_assert_cmpstr(server, ==, "https://crm.example.com");
}

static void
test_backend_host(void)
{
  guint changes = 0;
  g_autoptr(PrgSettings) settings = new_settings(&changes);
  g_autofree char *own = NULL, *preset = NULL, *none = NULL;

  g_setenv("BACKEND_HOST", "crm.example.org:8443", TRUE);
  own = prg_settings_get_server_url(settings);
  g_assert_cmpstr(own, ==, "https://crm.example.com");
  set_elsewhere("server-url", "");
  g_assert_true(wait_while(&changes, 0));
  preset = prg_settings_get_server_url(settings);
  g_assert_cmpstr(preset, ==, "crm.example.org:8443");
  g_unsetenv("BACKEND_HOST");
  none = prg_settings_get_server_url(settings);
  g_assert_cmpstr(none, ==, "");
}

/* The keyfile backend only: a file edited by hand may hold what the schema forbids. */
static void
test_out_of_range(void)
{
  g_autofree char *file = g_build_filename(g_get_user_config_dir(), "glib-2.0", "settings", "keyfile", NULL);
  g_autofree char *text = NULL, *bad = NULL;
  g_autoptr(GRegex) value = g_regex_new("sync-interval=.*", 0, 0, NULL);
  guint changes = 0;
  g_autoptr(PrgSettings) settings = new_settings(&changes);

  g_assert_cmpuint(prg_settings_get_sync_interval(settings), ==, 60);
  g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
  bad = g_regex_replace_literal(value, text, -1, 0, "sync-interval=uint32 1", 0, NULL);
  g_assert_cmpstr(bad, !=, text);
  g_assert_true(g_file_set_contents(file, bad, -1, NULL));
  g_assert_true(wait_while(&changes, 0));
  g_assert_cmpuint(prg_settings_get_sync_interval(settings), ==, 300);
}

static void
test_finalized(void)
{
  guint changes = 0;
  PrgSettings *settings = new_settings(&changes);

  g_object_add_weak_pointer(G_OBJECT(settings), (gpointer *)&settings);
  g_object_unref(settings);
  g_assert_null(settings);
}

/* Runs one of the cases below in a process that sees no schema of ours. */
static void
in_bare_process(const char *path)
{
  g_autofree char *compiled = g_strdup(g_getenv("GSETTINGS_SCHEMA_DIR"));
  g_autofree char *data = g_strdup(g_getenv("XDG_DATA_DIRS"));

  g_setenv("TEST_SCHEMA_DIR", compiled, TRUE);
  g_unsetenv("GSETTINGS_SCHEMA_DIR");
  g_setenv("XDG_DATA_DIRS", "/nonexistent", TRUE);
  g_test_trap_subprocess(path, 0, 0);
  g_setenv("GSETTINGS_SCHEMA_DIR", compiled, TRUE);
  g_setenv("XDG_DATA_DIRS", data, TRUE);
  g_test_trap_assert_passed();
}

static void
test_missing_subprocess(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) other = NULL;

  g_assert_null(prg_settings_new(NULL, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull(strstr(error->message, SCHEMA));
  g_assert_null(prg_settings_new("/nonexistent", &other));
  g_assert_error(other, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
}

static void
test_missing(void)
{
  in_bare_process("/settings/missing/subprocess");
}

static void
test_own_directory_subprocess(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSettings) settings = prg_settings_new(g_getenv("TEST_SCHEMA_DIR"), &error);

  g_assert_no_error(error);
  g_assert_nonnull(settings);
}

static void
test_own_directory(void)
{
  in_bare_process("/settings/own-directory/subprocess");
}

static void
test_old_schema_subprocess(void)
{
  static const char *const old =
      "<schemalist><schema id='" SCHEMA "' path='/org/lids/Progression/'>"
      "<key name='server-url' type='s'><default>''</default></key></schema></schemalist>";
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp("schemas-XXXXXX", NULL);
  g_autofree char *source = g_build_filename(dir, "old.gschema.xml", NULL);
  g_autofree char *compiled = g_build_filename(dir, "gschemas.compiled", NULL);

  g_assert_true(g_file_set_contents(source, old, -1, NULL));
  wait_run((const char *const[]){ "glib-compile-schemas", dir, NULL }, NULL);
  g_assert_null(prg_settings_new(dir, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull(strstr(error->message, "sync-interval"));
  g_remove(source);
  g_remove(compiled);
  g_rmdir(dir);
}

static void
test_old_schema(void)
{
  in_bare_process("/settings/old-schema/subprocess");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  backend_name = argc > 1 ? argv[1] : "";
  g_test_add_func("/settings/backend", test_backend);
  g_test_add_func("/settings/defaults", test_defaults);
  g_test_add_func("/settings/live", test_live);
  g_test_add_func("/settings/backend-host", test_backend_host);
  if (g_str_equal(backend_name, "GKeyfileSettingsBackend"))
    g_test_add_func("/settings/out-of-range", test_out_of_range);
  g_test_add_func("/settings/finalized", test_finalized);
  g_test_add_func("/settings/missing", test_missing);
  g_test_add_func("/settings/missing/subprocess", test_missing_subprocess);
  g_test_add_func("/settings/own-directory", test_own_directory);
  g_test_add_func("/settings/own-directory/subprocess", test_own_directory_subprocess);
  g_test_add_func("/settings/old-schema", test_old_schema);
  g_test_add_func("/settings/old-schema/subprocess", test_old_schema_subprocess);
  return g_test_run();
}
