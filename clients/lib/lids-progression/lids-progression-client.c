/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-progression-client-private.h"
#include <glib/gi18n-lib.h>
#include <lids-progression/lids-dbus.h>

/**
 * LidsProgressionClient:
 *
 * The progression service as an app sees it: its properties, its signals, and its methods.
 *
 * Make one with [func@ProgressionClient.new_async] and keep it. The service is started if need be. It may end and come back while the
 * client lives: the properties keep their last values meanwhile, [property@ProgressionClient:running] tells that they may be old, and
 * the next call starts the service anew.
 *
 * An answer to a call that earns means: it is on this machine's disk. Whether a network is there does not matter. If the service is
 * killed before it answers, the call is repeated with the same arguments and the same id, so that it counts once.
 *
 * Options of earning calls are a dictionary (`a{sv}`) as on the bus: `id` (`s`), `occurred-at` (`x`, Unix time in microseconds, or
 * `s`, ISO 8601), `details` (`s`), `ref` (`s`), `amount` (`x`), `multipliers` (`a{sd}`). Each call says which it takes. The service
 * checks them and refuses with a message that names the wrong one. Give an `id` of your own (any text of 1 to 128 characters) if your
 * program wants to be able to repeat a call later, after a crash of its own, say; else the library makes one up for each call.
 *
 * Nothing blocks. A client belongs to the thread and the thread-default main context in which it was made: use it there only. Signals
 * are raised and callbacks called in that context. Cancelling a call ends the waiting for it, not the call: it may be carried out.
 */

static void async_initable_iface_init(GAsyncInitableIface *iface);
G_DEFINE_TYPE_WITH_CODE(LidsProgressionClient,
                        lids_progression_client,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_ASYNC_INITABLE, async_initable_iface_init))

static void
lids_progression_client_init(LidsProgressionClient *self)
{
}

static void
lids_progression_client_dispose(GObject *object)
{
  LidsProgressionClient *self = LIDS_PROGRESSION_CLIENT(object);

  for (guint i = 0; i < LIDS_N_INTERFACES; i++)
    g_clear_object(&self->proxies[i]);
  g_clear_object(&self->connection);
  G_OBJECT_CLASS(lids_progression_client_parent_class)->dispose(object);
}

static void
lids_progression_client_finalize(GObject *object)
{
  for (guint property = 0; property < LIDS_N_PROPERTIES; property++)
    lids_mirror_clear(LIDS_PROGRESSION_CLIENT(object), property);
  G_OBJECT_CLASS(lids_progression_client_parent_class)->finalize(object);
}

static void
lids_progression_client_get_property(GObject *object, guint property, GValue *value, GParamSpec *pspec)
{
  LidsProgressionClient *self = LIDS_PROGRESSION_CLIENT(object);

  switch (property) {
  case LIDS_PROPERTY_CONNECTION:
    g_value_set_object(value, self->connection);
    break;
  case LIDS_PROPERTY_FLAGS:
    g_value_set_flags(value, self->flags);
    break;
  case LIDS_PROPERTY_RUNNING:
    g_value_set_boolean(value, self->is_running);
    break;
  default:
    lids_mirror_get(self, property, value);
    break;
  }
}

static void
lids_progression_client_set_property(GObject *object, guint property, const GValue *value, GParamSpec *pspec)
{
  LidsProgressionClient *self = LIDS_PROGRESSION_CLIENT(object);

  switch (property) {
  case LIDS_PROPERTY_CONNECTION:
    self->connection = g_value_dup_object(value);
    break;
  case LIDS_PROPERTY_FLAGS:
    self->flags = g_value_get_flags(value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, pspec);
    break;
  }
}

/* The locale is the program's: only our own domain is told where its translations are. */
static void
bind_translations(void)
{
  const char *directory = g_getenv("LIDS_PROGRESSION_LOCALEDIR");

  bindtextdomain(GETTEXT_PACKAGE, directory ? directory : PRG_LOCALE_DIR);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
}

static void
lids_progression_client_class_init(LidsProgressionClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  const GParamFlags given = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  bind_translations();
  object_class->dispose = lids_progression_client_dispose;
  object_class->finalize = lids_progression_client_finalize;
  object_class->get_property = lids_progression_client_get_property;
  object_class->set_property = lids_progression_client_set_property;
  /**
   * LidsProgressionClient:connection:
   *
   * The connection to the session bus; %NULL: GLib's shared one.
   */
  g_object_class_install_property(
      object_class, LIDS_PROPERTY_CONNECTION,
      g_param_spec_object("connection", NULL, NULL, G_TYPE_DBUS_CONNECTION, given));
  /**
   * LidsProgressionClient:flags:
   *
   * Whether making the client may start the service.
   */
  g_object_class_install_property(object_class, LIDS_PROPERTY_FLAGS,
                                  g_param_spec_flags("flags", NULL, NULL, LIDS_TYPE_PROGRESSION_CLIENT_FLAGS,
                                                     LIDS_PROGRESSION_CLIENT_FLAGS_NONE, given));
  g_object_class_install_property(
      object_class, LIDS_PROPERTY_RUNNING,
      g_param_spec_boolean("running", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  lids_mirror_install(object_class);
  lids_relay_install(object_class);
  g_type_ensure(LIDS_TYPE_SYNC_STATE);
  /* So that GDBus knows the service's errors, also where an app talks to it without this library's calls. */
  (void)LIDS_PROGRESSION_ERROR;
}

/* ---- what the proxies tell ---- */

/* A proxy has an owner only after it has read the properties. */
static void
look_whether_running(LidsProgressionClient *self)
{
  gboolean is_running = TRUE;

  for (guint i = 0; i < LIDS_N_INTERFACES; i++) {
    g_autofree char *owner = self->proxies[i] ? g_dbus_proxy_get_name_owner(self->proxies[i]) : NULL;
    is_running = is_running && owner != NULL;
  }
  if (is_running == self->is_running)
    return;
  self->is_running = is_running;
  g_object_notify(G_OBJECT(self), "running");
}

static void
on_owner_changed(GDBusProxy *proxy, GParamSpec *pspec, gpointer user_data)
{
  look_whether_running(LIDS_PROGRESSION_CLIENT(user_data));
}

static void
on_properties_changed(GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer user_data)
{
  LidsProgressionClient *self = LIDS_PROGRESSION_CLIENT(user_data);

  for (guint i = 0; i < LIDS_N_INTERFACES; i++)
    if (self->proxies[i] == proxy)
      lids_mirror_take_changes(self, i, changed);
}

static void
on_signal(GDBusProxy *proxy, const char *sender, const char *member, GVariant *parameters, gpointer user_data)
{
  lids_relay_signal(LIDS_PROGRESSION_CLIENT(user_data), member, parameters);
}

static void
adopt_proxy(LidsProgressionClient *self, LidsInterface interface, GDBusProxy *proxy)
{
  self->proxies[interface] = proxy;
  g_signal_connect_object(proxy, "g-properties-changed", G_CALLBACK(on_properties_changed), self, 0);
  g_signal_connect_object(proxy, "g-signal", G_CALLBACK(on_signal), self, 0);
  g_signal_connect_object(proxy, "notify::g-name-owner", G_CALLBACK(on_owner_changed), self, 0);
  lids_mirror_take_all(self, interface);
}

/* ---- initialisation: the connection, the service, then one proxy after the other ---- */

static void create_proxy(GTask *task, LidsInterface interface);

static void
on_proxy(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  LidsProgressionClient *self = g_task_get_source_object(task);
  GError *error = NULL;
  GObject *proxy = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, &error);
  LidsInterface next;

  if (proxy == NULL) {
    g_task_return_error(task, lids_progression_error_convert(error));
    return;
  }
  next = GPOINTER_TO_UINT(g_task_get_task_data(task));
  adopt_proxy(self, next++, G_DBUS_PROXY(proxy));
  if (next < LIDS_N_INTERFACES) {
    create_proxy(g_steal_pointer(&task), next);
    return;
  }
  look_whether_running(self);
  g_task_return_boolean(task, TRUE);
}

/* @task: (transfer full) */
static void
create_proxy(GTask *task, LidsInterface interface)
{
  LidsProgressionClient *self = g_task_get_source_object(task);
  const GType types[LIDS_N_INTERFACES] = { LIDS_DBUS_TYPE_PROGRESSION_PROXY, LIDS_DBUS_TYPE_SYNC_PROXY,
                                           LIDS_DBUS_TYPE_ACCOUNT_PROXY };
  const GDBusInterfaceInfo *infos[LIDS_N_INTERFACES] = { lids_dbus_progression_interface_info(),
                                                         lids_dbus_sync_interface_info(),
                                                         lids_dbus_account_interface_info() };

  g_task_set_task_data(task, GUINT_TO_POINTER(interface), NULL);
  g_async_initable_new_async(types[interface], g_task_get_priority(task), g_task_get_cancellable(task),
                             on_proxy, task, "g-connection", self->connection, "g-name", LIDS_NAME,
                             "g-object-path", LIDS_PATH, "g-interface-name", infos[interface]->name,
                             "g-flags", G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL);
}

static void
on_started(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

  /* A service that cannot be started now may come later; "running" tells, and each call says why not. */
  if (reply == NULL)
    g_debug("%s was not started: %s", LIDS_NAME, error->message);
  create_proxy(g_steal_pointer(&task), 0);
}

/* @task: (transfer full) */
static void
start_service(GTask *task)
{
  LidsProgressionClient *self = g_task_get_source_object(task);

  if (self->flags & LIDS_PROGRESSION_CLIENT_FLAGS_DO_NOT_START)
    create_proxy(task, 0);
  else
    g_dbus_connection_call(self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "StartServiceByName", g_variant_new("(su)", LIDS_NAME, 0),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, g_task_get_cancellable(task),
                           on_started, task);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  LidsProgressionClient *self = g_task_get_source_object(task);
  g_autoptr(GError) error = NULL;

  self->connection = g_bus_get_finish(result, &error);
  if (self->connection)
    start_service(g_steal_pointer(&task));
  else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error(task, g_steal_pointer(&error));
  else
    g_task_return_new_error(task, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_UNAVAILABLE,
                            _("There is no session bus: %s"), error->message);
}

static void
lids_progression_client_init_async(GAsyncInitable *initable,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  LidsProgressionClient *self = LIDS_PROGRESSION_CLIENT(initable);
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

  g_task_set_source_tag(task, lids_progression_client_init_async);
  g_task_set_priority(task, io_priority);
  if (self->proxies[LIDS_N_INTERFACES - 1])
    g_task_return_boolean(task, TRUE);
  else if (self->connection)
    start_service(g_steal_pointer(&task));
  else
    g_bus_get(G_BUS_TYPE_SESSION, cancellable, on_connected, g_steal_pointer(&task));
}

static gboolean
lids_progression_client_init_finish(GAsyncInitable *initable, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, initable), FALSE);
  return g_task_propagate_boolean(G_TASK(result), error);
}

static void
async_initable_iface_init(GAsyncInitableIface *iface)
{
  iface->init_async = lids_progression_client_init_async;
  iface->init_finish = lids_progression_client_init_finish;
}

/**
 * lids_progression_client_new_async:
 * @connection: (nullable): a connection to the session bus; %NULL: GLib's shared one
 * @flags: whether the service may be started
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called when the client is ready
 * @user_data: data for @callback
 *
 * Makes a client. It is ready when its properties are known. A service that cannot be started is no failure: then
 * [property@ProgressionClient:running] is %FALSE, and the client waits for it.
 */
void
lids_progression_client_new_async(GDBusConnection *connection,
                                  LidsProgressionClientFlags flags,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_async_initable_new_async(LIDS_TYPE_PROGRESSION_CLIENT, G_PRIORITY_DEFAULT, cancellable, callback,
                             user_data, "connection", connection, "flags", flags, NULL);
}

/**
 * lids_progression_client_new_finish:
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [func@ProgressionClient.new_async]. Errors: %LIDS_PROGRESSION_ERROR_UNAVAILABLE if there is no session bus.
 *
 * Returns: (transfer full): the client
 */
LidsProgressionClient *
lids_progression_client_new_finish(GAsyncResult *result, GError **error)
{
  g_autoptr(GObject) source = g_async_result_get_source_object(result);
  GObject *object = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, error);

  return object ? LIDS_PROGRESSION_CLIENT(object) : NULL;
}
