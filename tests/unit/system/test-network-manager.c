/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Against a NetworkManager played by python3-dbusmock on a private bus: it tells by property notifications
 * alone. */
#include "prg-network.h"

#include "wait.h"

#include <signal.h>

#define NM "org.freedesktop.NetworkManager"
#define NM_PATH "/org/freedesktop/NetworkManager"
#define DISCONNECTED 20
#define CONNECTED_SITE 60 /* behind a captive portal, or on a network without the internet */
#define CONNECTED_GLOBAL 70
#define METERED_YES 1
#define METERED_NO 2

static void
call_mock(const char *method, GVariant *arguments)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
  G_GNUC_UNUSED g_autoptr(GVariant) answer =
      g_dbus_connection_call_sync(bus, NM, NM_PATH, "org.freedesktop.DBus.Mock", method, arguments, NULL,
                                  G_DBUS_CALL_FLAGS_NONE, WAIT_MS, NULL, &error);

  g_assert_no_error(error);
}

static void
set_property(const char *name, guint value)
{
  GVariantBuilder changed;

  g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&changed, "{sv}", name, g_variant_new_uint32(value));
  call_mock("UpdateProperties", g_variant_new("(sa{sv})", NM, &changed));
}

static GSubprocess *mock;

/* Stops the mock, and waits until it stands still. */
static void
stop_mock(void)
{
  g_autofree char *path = g_strdup_printf("/proc/%s/stat", g_subprocess_get_identifier(mock));
  gboolean stands = FALSE;

  g_subprocess_send_signal(mock, SIGSTOP);
  while (!stands) {
    g_autofree char *stat = NULL;
    g_assert_true(g_file_get_contents(path, &stat, NULL, NULL));
    stands = g_str_has_prefix(strrchr(stat, ')'), ") T");
  }
}

/* Runs the loop until the monitor is there. */
static void
await_monitor(PrgNetwork *network)
{
  gboolean over = FALSE;
  guint timer = g_timeout_add(WAIT_MS, wait_on_tick, &over);

  while (*prg_network_get_backend(network) == '\0' && !over)
    g_main_context_iteration(NULL, TRUE);
  g_assert_false(over);
  g_source_remove(timer);
}

static PrgNetwork *
new_network(void)
{
  PrgNetwork *network = prg_network_new();

  await_monitor(network);
  return network;
}

/* Must be the first: GLib makes its monitor once. A NetworkManager that stands still holds nobody up, neither at the start nor at the
 * end. Until it answers, the network counts as there. */
static void
test_standing_still(void)
{
  guint changes = 0;
  gint64 start = g_get_monotonic_time();

  stop_mock();
  PrgNetwork *given_up = prg_network_new();
  g_autoptr(PrgNetwork) network = prg_network_new();
  g_signal_connect_swapped(network, "changed", G_CALLBACK(wait_count), &changes);
  wait_idle(50);
  g_object_unref(given_up);
  g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpstr(prg_network_get_backend(network), ==, "");
  g_assert_true(prg_network_get_online(network));
  g_assert_false(prg_network_get_metered(network));
  g_subprocess_send_signal(mock, SIGCONT);
  await_monitor(network);
  g_assert_cmpstr(prg_network_get_backend(network), ==, "GNetworkMonitorNM");
  g_assert_cmpuint(changes, ==, 0);
  set_property("State", DISCONNECTED);
  g_assert_true(wait_while(&changes, 0));
  g_assert_false(prg_network_get_online(network));
  set_property("State", CONNECTED_GLOBAL);
  g_assert_true(wait_while(&changes, 1));
}

static void
test_backend(void)
{
  g_autoptr(PrgNetwork) network = new_network();

  g_assert_cmpstr(prg_network_get_backend(network), ==, "GNetworkMonitorNM");
}

static void
test_metered(void)
{
  guint changes = 0;
  g_autoptr(PrgNetwork) network = new_network();

  g_signal_connect_swapped(network, "changed", G_CALLBACK(wait_count), &changes);
  g_assert_false(prg_network_get_metered(network));
  set_property("Metered", METERED_YES);
  g_assert_true(wait_while(&changes, 0));
  g_assert_true(prg_network_get_metered(network));
  set_property("Metered", METERED_NO);
  g_assert_true(wait_while(&changes, 1));
  g_assert_false(prg_network_get_metered(network));
}

/* A network without the internet counts as a network: a server may stand in it. */
static void
test_state(void)
{
  guint changes = 0;
  g_autoptr(PrgNetwork) network = new_network();

  g_signal_connect_swapped(network, "changed", G_CALLBACK(wait_count), &changes);
  g_assert_true(prg_network_get_online(network));
  set_property("State", CONNECTED_SITE);
  wait_idle(50);
  g_assert_true(prg_network_get_online(network));
  set_property("State", DISCONNECTED);
  g_assert_true(wait_while(&changes, 0));
  g_assert_false(prg_network_get_online(network));
  set_property("State", CONNECTED_GLOBAL);
  g_assert_true(wait_while(&changes, 1));
  g_assert_true(prg_network_get_online(network));
  g_assert_cmpuint(changes, ==, 2);
}

static void
start_mock(void)
{
  g_autoptr(GError) error = NULL;

  mock = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "/usr/bin/python3", "-m", "dbusmock",
                          "--system", "--template", "networkmanager", NULL);

  g_assert_no_error(error);
  wait_run((const char *const[]){ "gdbus", "wait", "--system", "--timeout", "10", NM, NULL }, NULL);
  set_property("State", CONNECTED_GLOBAL);
  call_mock("AddProperty", g_variant_new("(ssv)", NM, "Metered", g_variant_new_uint32(METERED_NO)));
}

int
main(int argc, char **argv)
{
  int code;

  g_setenv("DBUS_SYSTEM_BUS_ADDRESS", g_getenv("DBUS_SESSION_BUS_ADDRESS"), TRUE);
  g_setenv("GIO_USE_NETWORK_MONITOR", "networkmanager", TRUE);
  g_test_init(&argc, &argv, NULL);
  start_mock();
  g_test_add_func("/network-manager/standing-still", test_standing_still);
  g_test_add_func("/network-manager/backend", test_backend);
  g_test_add_func("/network-manager/metered", test_metered);
  g_test_add_func("/network-manager/state", test_state);
  code = g_test_run();
  g_subprocess_force_exit(mock);
  g_subprocess_wait(mock, NULL, NULL);
  g_object_unref(mock);
  return code;
}
