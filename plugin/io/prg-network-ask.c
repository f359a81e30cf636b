/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-network-ask.h"

#include "prg-wake.h"

#define NETWORK_MANAGER "org.freedesktop.NetworkManager"
#define NETWORK_MANAGER_PATH "/org/freedesktop/NetworkManager"

struct _PrgNetworkAsk {
  GThread *thread;           /* (owned) */
  GCancellable *cancellable; /* (owned) */
  GSource *wake;             /* (owned) */
  gint is_answered;          /* atomic */
};

/* Not the process's shared connection: giving that up while it is being made would fail all who wait for it. */
static GDBusConnection *
connect_bus(GCancellable *cancellable)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, cancellable, NULL);

  if (address == NULL)
    return NULL;
  return g_dbus_connection_new_for_address_sync(
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, cancellable, NULL);
}

/* The same question as the monitor's. Any answer will do, that nobody has this name included. */
static gpointer
run(gpointer user_data)
{
  PrgNetworkAsk *self = user_data;
  g_autoptr(GDBusConnection) bus = connect_bus(self->cancellable);
  g_autoptr(GVariant) answer = NULL;

  if (bus != NULL)
    answer = g_dbus_connection_call_sync(bus, NETWORK_MANAGER, NETWORK_MANAGER_PATH,
                                         "org.freedesktop.DBus.Properties", "GetAll",
                                         g_variant_new("(s)", NETWORK_MANAGER), NULL,
                                         G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, self->cancellable, NULL);
  g_atomic_int_set(&self->is_answered, TRUE);
  prg_wake_set(self->wake);
  return NULL;
}

PrgNetworkAsk *
prg_network_ask_new(GSource *wake)
{
  const char *backend = g_getenv("GIO_USE_NETWORK_MONITOR");
  PrgNetworkAsk *self;

  /* These two are there everywhere and ask nobody. */
  if (g_strcmp0(backend, "base") == 0 || g_strcmp0(backend, "netlink") == 0)
    return NULL;
  self = g_new0(PrgNetworkAsk, 1);
  self->cancellable = g_cancellable_new();
  self->wake = g_source_ref(wake);
  self->thread = g_thread_new("prg-network", run, self);
  return self;
}

gboolean
prg_network_ask_is_answered(PrgNetworkAsk *self)
{
  return g_atomic_int_get(&self->is_answered);
}

void
prg_network_ask_free(PrgNetworkAsk *self)
{
  g_cancellable_cancel(self->cancellable);
  g_thread_join(self->thread);
  g_object_unref(self->cancellable);
  g_source_unref(self->wake);
  g_free(self);
}
