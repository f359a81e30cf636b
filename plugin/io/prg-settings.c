/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-settings.h"

#include "prg-error.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>
#include <glib/gi18n-lib.h>

#define SCHEMA_ID "org.lids.Progression"
#define PROXY_SCHEMA_ID "org.gnome.system.proxy"

struct _PrgSettings {
  GObject parent_instance;
  GSettings *settings; /* (owned) */
};

G_DEFINE_FINAL_TYPE(PrgSettings, prg_settings, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* All but `live-updates`, which has no effect in this release. */
static const char *const keys[] = { "server-url", "sync-interval", "push-delay", "sync-on-metered",
                                    "rules-file" };

static void
prg_settings_dispose(GObject *object)
{
  PrgSettings *self = PRG_SETTINGS(object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data(self->settings, self);
  g_clear_object(&self->settings);
  G_OBJECT_CLASS(prg_settings_parent_class)->dispose(object);
}

static void
prg_settings_class_init(PrgSettingsClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_settings_dispose;
  signals[SIGNAL_CHANGED] =
      g_signal_new("changed", PRG_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
prg_settings_init(PrgSettings *self)
{
}

static void
on_changed(PrgSettings *self)
{
  g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

/* (transfer full) (nullable): @dir first, then the system's */
static GSettingsSchema *
find_schema(const char *dir)
{
  GSettingsSchemaSource *system = g_settings_schema_source_get_default();
  g_autoptr(GSettingsSchemaSource) own = NULL;
  g_autoptr(GError) error = NULL;

  if (dir != NULL) {
    own = g_settings_schema_source_new_from_directory(dir, system, FALSE, &error);
    if (own == NULL)
      g_debug("no schemas in %s: %s", dir, error->message);
  }
  if (own == NULL && system == NULL)
    return NULL;
  return g_settings_schema_source_lookup(own != NULL ? own : system, SCHEMA_ID, TRUE);
}

/* An older installed schema lacks a key, and reading an unknown key aborts the process. */
static gboolean
check_keys(GSettingsSchema *schema, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    if (!g_settings_schema_has_key(schema, keys[i])) {
      g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                  _("the GSettings schema %s is too old: it has no key %s"), SCHEMA_ID, keys[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* GSettings announces changes only of keys that were read before. */
static void
read_all_once(GSettings *settings)
{
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_autoptr(GVariant) value = g_settings_get_value(settings, keys[i]);
    (void)value;
  }
}

gboolean
prg_settings_use_shared_bus(void)
{
  g_autoptr(GSettingsBackend) backend = g_settings_backend_get_default();

  return g_str_equal(G_OBJECT_TYPE_NAME(backend), "DConfSettingsBackend");
}

gboolean
prg_settings_check_proxy(GError **error)
{
  GSettingsSchemaSource *system = g_settings_schema_source_get_default();
  g_autoptr(GSettingsSchema) schema =
      system == NULL ? NULL : g_settings_schema_source_lookup(system, PROXY_SCHEMA_ID, TRUE);
  const char *chosen = g_getenv("GIO_USE_PROXY_RESOLVER");

  if (schema != NULL || (chosen != NULL && !g_str_equal(chosen, "gnome")))
    return TRUE;
  g_tls_backend_get_default(); /* as a side effect all modules of GIO are known */
  GIOExtensionPoint *point = g_io_extension_point_lookup(G_PROXY_RESOLVER_EXTENSION_POINT_NAME);
  if (point == NULL || g_io_extension_point_get_extension_by_name(point, "gnome") == NULL)
    return TRUE;
  g_set_error(
      error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      _("The GSettings schema %s is not installed, and without it GLib would end this process at the first "
        "connection; install gsettings-desktop-schemas and check XDG_DATA_DIRS"),
      PROXY_SCHEMA_ID);
  return FALSE;
}

PrgSettings *
prg_settings_new(const char *schema_dir, GError **error)
{
  g_autoptr(GSettingsSchema) schema = find_schema(schema_dir);
  PrgSettings *self;

  if (schema == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("the GSettings schema %s is not installed"),
                SCHEMA_ID);
    return NULL;
  }
  if (!check_keys(schema, error))
    return NULL;

  self = g_object_new(PRG_TYPE_SETTINGS, NULL);
  self->settings = g_settings_new_full(schema, NULL, NULL);
  g_signal_connect_swapped(self->settings, "changed", G_CALLBACK(on_changed), self);
  read_all_once(self->settings);
  return self;
}

char *
prg_settings_get_server_url(PrgSettings *self)
{
  g_autofree char *url = g_settings_get_string(self->settings, "server-url");
  const char *preset = g_getenv("BACKEND_HOST");

  if (*url == '\0' && preset != NULL)
    return g_strdup(preset);
  return g_steal_pointer(&url);
}

guint
prg_settings_get_sync_interval(PrgSettings *self)
{
  return g_settings_get_uint(self->settings, "sync-interval");
}

guint
prg_settings_get_push_delay(PrgSettings *self)
{
  return g_settings_get_uint(self->settings, "push-delay");
}

gboolean
prg_settings_get_sync_on_metered(PrgSettings *self)
{
  return g_settings_get_boolean(self->settings, "sync-on-metered");
}

char *
prg_settings_get_rules_file(PrgSettings *self)
{
  return g_settings_get_string(self->settings, "rules-file");
}
