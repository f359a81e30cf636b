/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-service.h"
#include "prg-account-adapter.h"
#include "prg-bus-name.h"
#include "prg-progression-adapter.h"
#include "prg-sync-adapter.h"

#define LOST_FLUSH_MS 3000

typedef enum { SESSION_WAITING, SESSION_RUNNING, SESSION_STOPPING, SESSION_STOPPED } SessionPhase;

struct _PrgService {
  GMainContext *context;       /* (owned) */
  GDBusConnection *connection; /* (owned) */
  PrgJobs *jobs;               /* (owned) */
  PrgGate *gate;               /* (owned) */
  PrgSlots *slots;             /* (owned) */
  PrgSession *session;         /* (owned) */
  SessionPhase phase;
  PrgProgressionAdapter *progression; /* (owned) */
  PrgSyncAdapter *sync;               /* (owned) */
  PrgAccountAdapter *account;         /* (owned) */
  PrgBusName *name;                   /* (owned) (nullable) */
  PrgServiceStopped stopped;          /* (nullable) */
  gpointer stopped_data;
  guint flush_ms; /* while stopping */
};

static void
each_skeleton(PrgService *self, GDBusInterfaceSkeleton *skeletons[3])
{
  skeletons[0] = prg_progression_adapter_get_skeleton(self->progression);
  skeletons[1] = prg_sync_adapter_get_skeleton(self->sync);
  skeletons[2] = prg_account_adapter_get_skeleton(self->account);
}

static void
unexport(PrgService *self)
{
  GDBusInterfaceSkeleton *skeletons[3];

  each_skeleton(self, skeletons);
  for (guint i = 0; i < G_N_ELEMENTS(skeletons); i++)
    if (g_dbus_interface_skeleton_get_connection(skeletons[i]))
      g_dbus_interface_skeleton_unexport(skeletons[i]);
}

static void
service_free(PrgService *self)
{
  unexport(self);
  prg_progression_adapter_free(self->progression);
  prg_sync_adapter_free(self->sync);
  prg_account_adapter_free(self->account);
  g_signal_handlers_disconnect_by_data(self->session, self);
  g_object_unref(self->session);
  prg_gate_unref(self->gate);
  prg_slots_free(self->slots);
  prg_jobs_unref(self->jobs);
  g_object_unref(self->connection);
  g_main_context_unref(self->context);
  g_free(self);
}

/* ---- stop ---- */

static void
on_quiet(gpointer user_data)
{
  PrgService *self = user_data;
  PrgServiceStopped stopped = self->stopped;
  gpointer stopped_data = self->stopped_data;

  prg_gate_refuse(self->gate);
  service_free(self);
  if (stopped)
    stopped(stopped_data);
}

static void
finish_stop(PrgService *self)
{
  /* Only now: whoever owns the name next must find the store unlocked. */
  g_clear_pointer(&self->name, prg_bus_name_release);
  prg_jobs_wait(self->jobs, on_quiet, self);
}

static void
on_session_stopped(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgService *self = user_data;
  g_autoptr(GError) error = NULL;

  if (!prg_session_stop_finish(PRG_SESSION(source), result, &error))
    g_warning("The account was not closed cleanly: %s", error->message);
  self->phase = SESSION_STOPPED;
  if (self->stopped)
    finish_stop(self);
}

static void
stop_session(PrgService *self, guint timeout_ms)
{
  self->phase = SESSION_STOPPING;
  prg_gate_close(self->gate);
  prg_progression_adapter_stop(self->progression);
  prg_sync_adapter_stop(self->sync);
  prg_account_adapter_stop(self->account);
  prg_jobs_cancel(self->jobs);
  prg_session_stop_async(self->session, timeout_ms, on_session_stopped, self);
}

/* Who waits for the name sends what is pending: it must not wait for us to do so. */
static void
on_awaited(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgService *self = user_data;

  stop_session(self, prg_bus_name_is_awaited_finish(result) ? 0 : self->flush_ms);
}

void
prg_service_stop(PrgService *self, guint timeout_ms, PrgServiceStopped callback, gpointer user_data)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(self->context);

  g_return_if_fail(self->stopped == NULL);
  self->stopped = callback;
  self->stopped_data = user_data;
  if (self->phase == SESSION_RUNNING) {
    self->phase = SESSION_STOPPING;
    self->flush_ms = timeout_ms;
    prg_gate_close(self->gate);
    prg_bus_name_is_awaited_async(self->name, on_awaited, self);
  } else if (self->phase != SESSION_STOPPING) {
    prg_jobs_cancel(self->jobs);
    finish_stop(self);
  }
}

/* ---- start ---- */

static void
on_acquired(gpointer user_data)
{
  PrgService *self = user_data;

  if (self->phase != SESSION_WAITING)
    return;
  self->phase = SESSION_RUNNING;
  prg_session_start(self->session);
}

/* Only a bus that goes away takes the name from us: nobody can reach us any more, but the store must not stay
 * locked. */
static void
on_lost(gpointer user_data)
{
  PrgService *self = user_data;

  if (self->phase == SESSION_RUNNING)
    stop_session(self, LOST_FLUSH_MS);
}

static void
on_ready(PrgSession *session, PrgService *self)
{
  prg_gate_open(self->gate);
}

static void
on_busy(PrgSession *session, PrgService *self)
{
  prg_gate_close(self->gate);
}

static gboolean export(PrgService *self, GError **error)
{
  GDBusInterfaceSkeleton *skeletons[3];

  each_skeleton(self, skeletons);
  for (guint i = 0; i < G_N_ELEMENTS(skeletons); i++)
    if (!g_dbus_interface_skeleton_export(skeletons[i], self->connection, PRG_SERVICE_PATH, error))
      return FALSE;
  return TRUE;
}

/* A relative path in the environment means nothing (XDG base directory specification): it would lead to
 * wherever this process stands. (transfer full) */
static char *
choose_directory(void)
{
  const char *data = g_get_user_data_dir();

  if (g_path_is_absolute(data))
    return g_build_filename(data, "lids-progression", NULL);
  g_warning("XDG_DATA_HOME is not an absolute path and is not used: “%s”", data);
  return g_build_filename(g_get_home_dir(), ".local", "share", "lids-progression", NULL);
}

/* Where the Flatpak keeps its stores, seen from outside its sandbox. (transfer full) */
static char *
flatpak_directory(void)
{
  return g_build_filename(g_get_home_dir(), ".var", "app", PRG_SERVICE_NAME, "data", "lids-progression",
                          NULL);
}

static void
on_shared_bus(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgService *self = user_data;
  g_autoptr(GDBusConnection) shared = g_bus_get_finish(result, NULL);

  if (shared != NULL && shared != self->connection)
    g_dbus_connection_set_exit_on_close(shared, FALSE);
  prg_jobs_end(self->jobs);
}

/* A process ends with GLib's shared connection by default. A host that lent another one would do so because of us. Never cancelled: all
 * that wait for the shared connection would be. */
static void
keep_process(PrgService *self)
{
  if (!prg_settings_use_shared_bus())
    return;
  prg_jobs_begin(self->jobs);
  g_bus_get(G_BUS_TYPE_SESSION, NULL, on_shared_bus, self);
}

static PrgService *
service_new(GDBusConnection *connection, GMainContext *context, PrgSettings *settings)
{
  PrgService *self = g_new0(PrgService, 1);
  g_autofree char *directory = choose_directory();
  g_autofree char *flatpak = flatpak_directory();

  self->context = g_main_context_ref(context);
  self->connection = g_object_ref(connection);
  self->jobs = prg_jobs_new(context);
  self->gate = prg_gate_new(context);
  self->slots = prg_slots_new(self->jobs);
  self->session = prg_session_new(self->jobs, connection, directory, settings);
  g_signal_connect(self->session, "busy", G_CALLBACK(on_busy), self);
  self->progression = prg_progression_adapter_new(self->session, self->gate);
  self->sync = prg_sync_adapter_new(self->session, self->gate, self->slots, flatpak);
  self->account = prg_account_adapter_new(self->session, self->gate, self->slots);
  /* Last, so that the properties are right when the gate opens. */
  g_signal_connect(self->session, "ready", G_CALLBACK(on_ready), self);
  return self;
}

PrgService *
prg_service_start(GDBusConnection *connection, GMainContext *context, const char *schema_dir, GError **error)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(context);
  g_autoptr(GError) settings_error = NULL;
  g_autoptr(PrgSettings) settings = prg_settings_new(schema_dir, &settings_error);

  if (!prg_settings_check_proxy(error))
    return NULL;
  if (settings == NULL)
    g_warning("Without settings the built-in values hold: %s", settings_error->message);
  PrgService *self = service_new(connection, context, settings);
  if (!export(self, error)) {
    service_free(self);
    return NULL;
  }
  keep_process(self);
  self->name = prg_bus_name_new(self->jobs, connection, PRG_SERVICE_NAME, on_acquired, on_lost, self);
  return self;
}
