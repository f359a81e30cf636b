/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-network.h"

struct _PrgNetwork {
  GObject parent_instance;
  GNetworkMonitor *monitor; /* (owned) the process's default */
  gboolean online;          /* as last announced */
  gboolean metered;         /* as last announced */
};

G_DEFINE_FINAL_TYPE(PrgNetwork, prg_network, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* The monitor repeats its signal with an unchanged value, and its NetworkManager backend sends only the
 * property notifications: so listen to both, and believe the values alone. */
static void
on_monitor(PrgNetwork *self)
{
  gboolean online = g_network_monitor_get_network_available(self->monitor);
  gboolean metered = g_network_monitor_get_network_metered(self->monitor);

  if (online == self->online && metered == self->metered)
    return;
  self->online = online;
  self->metered = metered;
  g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static void
prg_network_dispose(GObject *object)
{
  PrgNetwork *self = PRG_NETWORK(object);

  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data(self->monitor, self);
  g_clear_object(&self->monitor);
  G_OBJECT_CLASS(prg_network_parent_class)->dispose(object);
}

static void
prg_network_class_init(PrgNetworkClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_network_dispose;
  signals[SIGNAL_CHANGED] =
      g_signal_new("changed", PRG_TYPE_NETWORK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
prg_network_init(PrgNetwork *self)
{
  static const char *const watched[] = { "network-changed", "notify::network-available",
                                         "notify::network-metered", "notify::connectivity" };

  self->monitor = g_object_ref(g_network_monitor_get_default());
  for (guint i = 0; i < G_N_ELEMENTS(watched); i++)
    g_signal_connect_swapped(self->monitor, watched[i], G_CALLBACK(on_monitor), self);
  self->online = g_network_monitor_get_network_available(self->monitor);
  self->metered = g_network_monitor_get_network_metered(self->monitor);
}

PrgNetwork *
prg_network_new(void)
{
  return g_object_new(PRG_TYPE_NETWORK, NULL);
}

gboolean
prg_network_get_online(PrgNetwork *self)
{
  return self->online;
}

gboolean
prg_network_get_metered(PrgNetwork *self)
{
  return self->metered;
}

const char *
prg_network_get_backend(PrgNetwork *self)
{
  return G_OBJECT_TYPE_NAME(self->monitor);
}
