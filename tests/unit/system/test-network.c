/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In a network namespace of its own (in-netns.sh), with two ends of a cable named here0 and there0. */
#include "prg-network.h"

#include "wait.h"

static void
route(const char *verb)
{
  wait_run((const char *const[]){ "ip", "route", verb, "default", "via", "192.0.2.2", "dev", "here0", NULL },
           NULL);
}

static PrgNetwork *
new_network(guint *changes)
{
  PrgNetwork *network = prg_network_new();

  g_signal_connect_swapped(network, "changed", G_CALLBACK(wait_count), changes);
  return network;
}

static void
test_backend(void)
{
  g_autoptr(PrgNetwork) network = prg_network_new();

  /* A backend that is not there is replaced in silence. */
  g_assert_cmpstr(prg_network_get_backend(network), ==, "GNetworkMonitorNetlink");
}

static void
test_route(void)
{
  guint changes = 0;
  g_autoptr(PrgNetwork) network = new_network(&changes);

  g_assert_true(prg_network_get_online(network));
  for (guint i = 0; i < 3; i++) {
    route("del");
    g_assert_true(wait_while(&changes, 2 * i));
    g_assert_false(prg_network_get_online(network));
    route("add");
    g_assert_true(wait_while(&changes, 2 * i + 1));
    g_assert_true(prg_network_get_online(network));
  }
  g_assert_cmpuint(changes, ==, 6);
  g_assert_false(prg_network_get_metered(network));
}

/* A second route changes nothing that matters, though the monitor speaks of it. */
static void
test_repeats(void)
{
  guint changes = 0, raw = 0;
  G_GNUC_UNUSED g_autoptr(PrgNetwork) network = new_network(&changes);
  GNetworkMonitor *monitor = g_network_monitor_get_default();
  gulong id = g_signal_connect_swapped(monitor, "network-changed", G_CALLBACK(wait_count), &raw);

  wait_run((const char *const[]){ "ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.2", NULL }, NULL);
  g_assert_true(wait_while(&raw, 0));
  g_signal_emit_by_name(monitor, "network-changed", TRUE);
  g_object_notify(G_OBJECT(monitor), "network-available");
  g_assert_cmpuint(raw, >=, 2);
  g_assert_cmpuint(changes, ==, 0);
  wait_run((const char *const[]){ "ip", "route", "del", "198.51.100.0/24", NULL }, NULL);
  g_signal_handler_disconnect(monitor, id);
}

/* The monitor speaks in the default context, where it was made; a network of another context does so only there. */
static void
test_other_context(void)
{
  guint changes = 0, raw = 0;
  g_autoptr(GMainContext) context = g_main_context_new();
  GNetworkMonitor *monitor = g_network_monitor_get_default();
  gulong id = g_signal_connect_swapped(monitor, "network-changed", G_CALLBACK(wait_count), &raw);

  g_main_context_push_thread_default(context);
  PrgNetwork *network = new_network(&changes);
  g_main_context_pop_thread_default(context);
  route("del");
  g_assert_true(wait_while(&raw, 0));
  g_assert_cmpuint(changes, ==, 0);
  g_assert_true(prg_network_get_online(network));
  g_assert_true(g_main_context_iteration(context, FALSE));
  g_assert_cmpuint(changes, ==, 1);
  g_assert_false(prg_network_get_online(network));
  route("add");
  g_assert_true(wait_while(&raw, raw));
  g_object_unref(network);
  g_assert_false(g_main_context_iteration(context, FALSE));
  g_assert_cmpuint(changes, ==, 1);
  g_signal_handler_disconnect(monitor, id);
}

static void
test_finalized(void)
{
  guint changes = 0;
  PrgNetwork *network = new_network(&changes);

  g_object_add_weak_pointer(G_OBJECT(network), (gpointer *)&network);
  g_object_unref(network);
  g_assert_null(network);
  g_signal_emit_by_name(g_network_monitor_get_default(), "network-changed", TRUE);
  g_assert_cmpuint(changes, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/network/backend", test_backend);
  g_test_add_func("/network/route", test_route);
  g_test_add_func("/network/repeats", test_repeats);
  g_test_add_func("/network/other-context", test_other_context);
  g_test_add_func("/network/finalized", test_finalized);
  return g_test_run();
}
