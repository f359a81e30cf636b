/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-keyring-watch.h"

#define SETTLE_MS 50

struct _PrgKeyringWatch {
  PrgKeyringWatchFunc func;
  gpointer user_data;
  GMainContext *context;       /* (owned) */
  char *name;                  /* (owned) of the service on the bus */
  GDBusConnection *connection; /* (owned) (nullable) set while the service is on the bus */
  GSource *settle;             /* (owned) (nullable) a change that is to be told */
  guint name_watch;
  guint subscriptions[3];
};

static gboolean
on_settled(gpointer user_data)
{
  PrgKeyringWatch *self = user_data;

  g_clear_pointer(&self->settle, g_source_unref);
  self->func(FALSE, self->user_data);
  return G_SOURCE_REMOVE;
}

static void
announce(PrgKeyringWatch *self)
{
  if (self->settle != NULL)
    return;
  self->settle = g_timeout_source_new(SETTLE_MS);
  g_source_set_callback(self->settle, on_settled, self, NULL);
  g_source_attach(self->settle, self->context);
}

static void
on_bus_signal(GDBusConnection *connection,
              const char *sender,
              const char *path,
              const char *interface,
              const char *name,
              GVariant *parameters,
              gpointer user_data)
{
  announce(user_data);
}

static void
unsubscribe(PrgKeyringWatch *self)
{
  for (guint i = 0; i < G_N_ELEMENTS(self->subscriptions); i++) {
    if (self->subscriptions[i] != 0)
      g_dbus_connection_signal_unsubscribe(self->connection, self->subscriptions[i]);
    self->subscriptions[i] = 0;
  }
  g_clear_object(&self->connection);
}

static void
subscribe(PrgKeyringWatch *self, GDBusConnection *connection)
{
  static const struct {
    const char *interface, *argument;
  } watched[] = {
    { "org.freedesktop.Secret.Service", NULL },    /* a collection came, went or was locked */
    { "org.freedesktop.Secret.Collection", NULL }, /* an item came, went or was replaced */
    { "org.freedesktop.DBus.Properties", "org.freedesktop.Secret.Collection" },
  };
  G_STATIC_ASSERT(G_N_ELEMENTS(watched) == G_N_ELEMENTS(((PrgKeyringWatch *)0)->subscriptions));

  self->connection = g_object_ref(connection);
  for (guint i = 0; i < G_N_ELEMENTS(watched); i++)
    self->subscriptions[i] = g_dbus_connection_signal_subscribe(
        connection, self->name, watched[i].interface, NULL, NULL, watched[i].argument,
        G_DBUS_SIGNAL_FLAGS_NONE, on_bus_signal, self, NULL);
}

static void
on_appeared(GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  PrgKeyringWatch *self = user_data;

  unsubscribe(self);
  if (!g_dbus_connection_is_closed(connection)) /* GLib would complain */
    subscribe(self, connection);
  announce(self);
}

/* Also told once at the start where there is no service yet: nothing changed then. */
static void
on_vanished(GDBusConnection *connection, const char *name, gpointer user_data)
{
  PrgKeyringWatch *self = user_data;

  if (self->connection == NULL)
    return;
  unsubscribe(self);
  self->func(TRUE, self->user_data);
  announce(self);
}

PrgKeyringWatch *
prg_keyring_watch_new(GDBusConnection *connection,
                      const char *name,
                      PrgKeyringWatchFunc func,
                      gpointer user_data)
{
  PrgKeyringWatch *self = g_new0(PrgKeyringWatch, 1);

  self->func = func;
  self->user_data = user_data;
  self->name = g_strdup(name);
  self->context = g_main_context_ref_thread_default();
  self->name_watch = g_bus_watch_name_on_connection(connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                    on_appeared, on_vanished, self, NULL);
  return self;
}

void
prg_keyring_watch_free(PrgKeyringWatch *self)
{
  if (self == NULL)
    return;
  g_bus_unwatch_name(self->name_watch);
  unsubscribe(self);
  if (self->settle != NULL)
    g_source_destroy(self->settle);
  g_clear_pointer(&self->settle, g_source_unref);
  g_main_context_unref(self->context);
  g_free(self->name);
  g_free(self);
}
