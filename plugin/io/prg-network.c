/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-network.h"

#include "prg-network-ask.h"
#include "prg-wake.h"

/* How long a sandbox's portal may take to say what it knows, in milliseconds. */
#define PORTAL_MS 2000

struct _PrgNetwork {
  GObject parent_instance;
  PrgNetworkAsk
      *ask; /* (owned) (nullable) while it is not known whether the monitor can be made without waiting */
  GNetworkMonitor *monitor; /* (owned) (nullable) the process's default; NULL while @ask is there */
  GSource *wake;            /* (owned) */
  GSource *doubt;           /* (owned) (nullable) while the monitor has nothing but its first answer */
  gboolean online;          /* as last announced */
  gboolean metered;         /* as last announced */
};

G_DEFINE_FINAL_TYPE(PrgNetwork, prg_network, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
end_doubt(PrgNetwork *self)
{
  if (self->doubt != NULL)
    g_source_destroy(self->doubt);
  g_clear_pointer(&self->doubt, g_source_unref);
}

/* The monitor repeats its signal with an unchanged value, and its NetworkManager backend sends only the
 * property notifications: so listen to both, and believe the values alone. It is the whole process's monitor: it may speak in another thread. */
static gboolean
believe(gpointer user_data)
{
  PrgNetwork *self = user_data;

  end_doubt(self);

  gboolean online = g_network_monitor_get_network_available(self->monitor);
  gboolean metered = g_network_monitor_get_network_metered(self->monitor);

  if (online == self->online && metered == self->metered)
    return G_SOURCE_CONTINUE;
  self->online = online;
  self->metered = metered;
  g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_silence(gpointer user_data)
{
  (void)believe(user_data);
  return G_SOURCE_REMOVE;
}

/* The portal's monitor says "offline" until it has asked its portal, and nothing when that says so too. A network that is there must not
 * be announced as lost; the truth comes with its first signal, or is believed after a while. */
static void
doubt_first_answer(PrgNetwork *self, GMainContext *context)
{
  if (!g_str_equal(G_OBJECT_TYPE_NAME(self->monitor), "GNetworkMonitorPortal") ||
      g_network_monitor_get_network_available(self->monitor))
    return;
  self->doubt = g_timeout_source_new(PORTAL_MS);
  g_source_set_callback(self->doubt, on_silence, self, NULL);
  g_source_attach(self->doubt, context);
}

static void
take_monitor(PrgNetwork *self)
{
  static const char *const watched[] = { "network-changed", "notify::network-available",
                                         "notify::network-metered", "notify::connectivity" };

  self->monitor = g_object_ref(g_network_monitor_get_default());
  for (guint i = 0; i < G_N_ELEMENTS(watched); i++)
    prg_wake_connect(self->wake, self->monitor, watched[i]);
  doubt_first_answer(self, g_source_get_context(self->wake));
}

static gboolean
on_wake(gpointer user_data)
{
  PrgNetwork *self = user_data;
  /* A source runs without a thread-default context; the monitor takes the one that it is made in. */
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(g_source_get_context(self->wake));

  if (self->ask != NULL) {
    if (!prg_network_ask_is_answered(self->ask))
      return G_SOURCE_CONTINUE;
    g_clear_pointer(&self->ask, prg_network_ask_free);
    take_monitor(self);
    if (self->doubt != NULL)
      return G_SOURCE_CONTINUE;
  }
  return believe(self);
}

static void
prg_network_dispose(GObject *object)
{
  PrgNetwork *self = PRG_NETWORK(object);

  end_doubt(self);
  g_clear_pointer(&self->ask, prg_network_ask_free);
  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data(self->monitor, self->wake);
  g_clear_object(&self->monitor);
  if (self->wake != NULL)
    g_source_destroy(self->wake);
  g_clear_pointer(&self->wake, g_source_unref);
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
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

  self->wake = prg_wake_new(context, on_wake, self);
  self->online = TRUE;
  self->ask = prg_network_ask_new(self->wake);
  if (self->ask != NULL)
    return;
  take_monitor(self);
  self->online = self->doubt != NULL || g_network_monitor_get_network_available(self->monitor);
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
  return self->monitor ? G_OBJECT_TYPE_NAME(self->monitor) : "";
}
