/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-guest.h"
#include "prg-bridge.h"
#include "prg-guest-load.h"

#include <stdlib.h>
#include <unistd.h>

/* The plugin's own limit, and a disk that is slow. */
#define LEAVE_SECONDS 5

typedef enum { GUEST_AWAY, GUEST_CONNECTING, GUEST_PRESENT, GUEST_LEAVING } GuestPhase;

/* There is one plugin in a process. The context lives as long as the process: objects that GLib keeps for all, such as the
 * network monitor, may have been made in it. */
static struct {
  pid_t process; /* that has the context; another one is a child of it */
  guint n_callers;
  GuestPhase phase;
  GMainContext *context;   /* (owned) (nullable) until the first start */
  const PrgLoaded *object; /* (not owned) (nullable) until the first start */
  PrgPlugin *plugin;       /* (owned) (nullable) */
} guest;

static void on_exit_of_host(void);

static void
ensure_context(void)
{
  if (guest.context != NULL)
    return;
  guest.context = g_main_context_new();
  guest.process = getpid();
  g_autoptr(GMainContext) hosts = g_main_context_ref_thread_default();
  g_autoptr(GSource) bridge = prg_bridge_new(guest.context);
  g_source_attach(bridge, hosts);
  if (atexit(on_exit_of_host) != 0)
    g_warning("The progression service will not hear of the end of this program");
}

static void
guest_start(GDBusConnection *connection)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(guest.context);
  g_autoptr(GError) error = NULL;

  guest.plugin = guest.object->start(connection, guest.context, &error);
  if (guest.plugin == NULL)
    g_warning("The progression service cannot start in this program: %s", error->message);
  guest.phase = guest.plugin ? GUEST_PRESENT : GUEST_AWAY;
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) connection = g_bus_get_finish(result, &error);

  guest.phase = GUEST_AWAY;
  if (guest.n_callers == 0)
    return;
  if (connection == NULL)
    g_warning("The progression service cannot start in this program, as there is no session bus: %s",
              error->message);
  else
    guest_start(connection);
}

/* Never cancelled: GLib makes the connection for the whole process, and would give the cancellation to all that wait for it. */
static void
guest_begin(void)
{
  ensure_context();
  guest.phase = GUEST_CONNECTING;
  g_bus_get(G_BUS_TYPE_SESSION, NULL, on_connected, NULL);
}

static void
on_stopped(gpointer user_data)
{
  guest.phase = GUEST_AWAY;
  if (guest.n_callers > 0)
    guest_begin();
}

static void
leave(void)
{
  guest.phase = GUEST_LEAVING;
  guest.object->stop(g_steal_pointer(&guest.plugin), on_stopped, NULL);
}

static gboolean
on_late(gpointer user_data)
{
  gboolean *is_late = user_data;

  *is_late = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
finish_leaving(void)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(guest.context);
  g_autoptr(GSource) timer = g_timeout_source_new_seconds(LEAVE_SECONDS);
  gboolean is_late = FALSE;

  g_source_set_callback(timer, on_late, &is_late, NULL);
  g_source_attach(timer, guest.context);
  while (guest.phase == GUEST_LEAVING && !is_late)
    g_main_context_iteration(guest.context, TRUE);
  g_source_destroy(timer);
  if (is_late)
    g_warning("The progression service did not end in time; what it recorded is on disk");
}

/* Hosts end in many ways: some never deactivate their plugins, some do it in their last moment and leave nobody to go on
 * with a stop. A child that the host forked is not the host, and a thread that does not iterate the context cannot do it. */
static void
on_exit_of_host(void)
{
  if (guest.process != getpid() || !g_main_context_is_owner(guest.context))
    return;
  guest.n_callers = 0;
  if (guest.phase == GUEST_PRESENT)
    leave();
  if (guest.phase == GUEST_LEAVING)
    finish_leaving();
}

static gboolean
ensure_object(void)
{
  g_autoptr(GError) error = NULL;

  if (guest.object == NULL)
    guest.object = prg_guest_load(&error);
  if (guest.object == NULL)
    g_warning("The progression service cannot start in this program: %s", error->message);
  return guest.object != NULL;
}

void
prg_guest_enter(void)
{
  if (guest.n_callers++ == 0 && guest.phase == GUEST_AWAY && ensure_object())
    guest_begin();
}

void
prg_guest_leave(void)
{
  g_return_if_fail(guest.n_callers > 0);
  if (--guest.n_callers == 0 && guest.phase == GUEST_PRESENT)
    leave();
}
