/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-bus-name.h"

#include "prg-wake.h"

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define QUEUE_MS 500
#define REPLY_PRIMARY_OWNER 1
#define REPLY_ALREADY_OWNER 4

struct _PrgBusName {
  grefcount references;
  PrgJobs *jobs;               /* (owned) */
  GDBusConnection *connection; /* (owned) */
  char *name;                  /* (owned) */
  PrgBusNameFunc acquired;     /* NULL once released */
  PrgBusNameFunc lost;
  gpointer user_data;
  guint subscriptions[2];
  GSource *wake; /* (owned) the connection was closed */
  gboolean is_owned;
};

static PrgBusName *
name_ref(PrgBusName *self)
{
  g_ref_count_inc(&self->references);
  return self;
}

static void
name_unref(PrgBusName *self)
{
  if (!g_ref_count_dec(&self->references))
    return;
  g_object_unref(self->connection);
  prg_jobs_unref(self->jobs);
  g_free(self->name);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgBusName, name_unref)

static void
become_owner(PrgBusName *self)
{
  if (self->is_owned || self->acquired == NULL)
    return;
  self->is_owned = TRUE;
  self->acquired(self->user_data);
}

static void
lose(PrgBusName *self)
{
  if (!self->is_owned || self->acquired == NULL)
    return;
  self->is_owned = FALSE;
  self->lost(self->user_data);
}

static void
on_bus_signal(GDBusConnection *connection,
              const char *sender,
              const char *path,
              const char *interface,
              const char *signal,
              GVariant *parameters,
              gpointer user_data)
{
  g_autoptr(PrgBusName) self = name_ref(user_data);
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  if (g_str_equal(signal, "NameAcquired"))
    become_owner(self);
  else
    lose(self);
}

/* The connection says it in the thread in which it was made, which may be another one. */
static gboolean
on_closed(gpointer user_data)
{
  g_autoptr(PrgBusName) self = name_ref(user_data);
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  lose(self);
  return G_SOURCE_CONTINUE;
}

static void
on_requested(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgBusName) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
  guint32 code = 0;

  if (reply == NULL && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning("The name %s cannot be owned: %s", self->name, error->message);
  if (reply)
    g_variant_get(reply, "(u)", &code);
  if (code == REPLY_PRIMARY_OWNER || code == REPLY_ALREADY_OWNER)
    become_owner(self);
  else if (reply)
    g_message("Another process owns %s; waiting for it to leave", self->name);
  prg_jobs_end(self->jobs);
}

static guint
subscribe(PrgBusName *self, const char *signal)
{
  return g_dbus_connection_signal_subscribe(self->connection, BUS, BUS, signal, BUS_PATH, self->name,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_bus_signal, name_ref(self),
                                            (GDestroyNotify)name_unref);
}

PrgBusName *
prg_bus_name_new(PrgJobs *jobs,
                 GDBusConnection *connection,
                 const char *name,
                 PrgBusNameFunc acquired,
                 PrgBusNameFunc lost,
                 gpointer user_data)
{
  PrgBusName *self = g_new0(PrgBusName, 1);

  g_ref_count_init(&self->references);
  self->jobs = prg_jobs_ref(jobs);
  self->connection = g_object_ref(connection);
  self->name = g_strdup(name);
  self->acquired = acquired;
  self->lost = lost;
  self->user_data = user_data;
  self->subscriptions[0] = subscribe(self, "NameAcquired");
  self->subscriptions[1] = subscribe(self, "NameLost");
  self->wake = prg_wake_new(prg_jobs_get_context(jobs), on_closed, self);
  prg_wake_connect(self->wake, connection, "closed");
  g_dbus_connection_call(connection, BUS, BUS_PATH, BUS, "RequestName", g_variant_new("(su)", name, 0),
                         G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, prg_jobs_begin(jobs),
                         on_requested, name_ref(self));
  return self;
}

static void
on_released(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgBusName) self = user_data;
  g_autoptr(GVariant) reply G_GNUC_UNUSED =
      g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

  prg_jobs_end(self->jobs);
}

void
prg_bus_name_release(PrgBusName *self)
{
  g_autoptr(PrgBusName) owned G_GNUC_UNUSED = self;

  self->acquired = NULL;
  g_signal_handlers_disconnect_by_data(self->connection, self->wake);
  g_source_destroy(self->wake);
  g_clear_pointer(&self->wake, g_source_unref);
  for (guint i = 0; i < G_N_ELEMENTS(self->subscriptions); i++)
    g_dbus_connection_signal_unsubscribe(self->connection, self->subscriptions[i]);
  if (g_dbus_connection_is_closed(self->connection))
    return;
  /* Also while only queued: we must not become the owner of a name that nobody serves. */
  prg_jobs_begin(self->jobs);
  g_dbus_connection_call(self->connection, BUS, BUS_PATH, BUS, "ReleaseName",
                         g_variant_new("(s)", self->name), G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1,
                         NULL, on_released, name_ref(self));
}

static void
on_queue(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);
  g_auto(GStrv) names = NULL;

  if (reply)
    g_variant_get(reply, "(^as)", &names);
  g_task_return_boolean(task, names && g_strv_length(names) > 1);
}

void
prg_bus_name_is_awaited_async(PrgBusName *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(self->connection, NULL, callback, user_data);

  g_task_set_source_tag(task, prg_bus_name_is_awaited_async);
  g_dbus_connection_call(self->connection, BUS, BUS_PATH, BUS, "ListQueuedOwners",
                         g_variant_new("(s)", self->name), G_VARIANT_TYPE("(as)"), G_DBUS_CALL_FLAGS_NONE,
                         QUEUE_MS, NULL, on_queue, task);
}

gboolean
prg_bus_name_is_awaited_finish(GAsyncResult *result)
{
  return g_task_propagate_boolean(G_TASK(result), NULL);
}

gboolean
prg_bus_name_is_owned(PrgBusName *self)
{
  return self->is_owned;
}
