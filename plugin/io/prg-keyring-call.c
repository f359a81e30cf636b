/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libsecret and its daemons do, and what follows from it:
 * - A lookup in a locked keyring answers "nothing" without an error, and a store in a locked keyring prompts.
 * So the default collection's Locked property is read first, each time: a cached one would need a main loop.
 * - secret_service_get() and secret_password_*() use GLib's shared connection to the bus, with which the process ends by
 * default, and stay with it when it has died. So the proxy is made here, on the host's connection.
 * - A daemon that was replaced leaves a proxy with a dead session, and may hold calls for ever. So when the bus name
 * changes hands the proxy is dropped and calls begin anew; once more when a call fails otherwise.
 * - A stopped daemon never answers. So each call has a clock.
 * - In a sandbox libsecret keeps a file of its own, without a lock, behind secret_password_*() alone, and asks the Secret portal for the file's
 * key, for which the portal may ask the user. A daemon is not to be seen there: a proxy to it is made without an error, and fails later.
 * A cancelled request of the portal would leave libsecret waiting with freed memory for the answer. So nothing is cancelled: the caller is
 * told, and the answer, when it comes, is news. A request that failed is made again by a clock that slows down: there may be a prompt each time.
 *
 * A shell makes an item that is found here with
 *   secret-tool store --label="Progression" server URL member ID xdg:schema org.lids.Progression.Account
 */
#include "prg-keyring-private.h"
#include "prg-keyring-quiet.h"

#include <glib/gi18n-lib.h>

/* --- libsecret's proxies, on a connection of the host's, and without match rules --- */

#define DEFINE_QUIET(Name, name, TYPE, ...)                               \
  typedef struct {                                                        \
    Secret##Name parent;                                                  \
  } PrgQuiet##Name;                                                       \
  typedef struct {                                                        \
    Secret##Name##Class parent;                                           \
  } PrgQuiet##Name##Class;                                                \
  static GType prg_quiet_##name##_get_type(void);                         \
  G_DEFINE_TYPE(PrgQuiet##Name, prg_quiet_##name, TYPE)                   \
  static void prg_quiet_##name##_class_init(PrgQuiet##Name##Class *klass) \
  {                                                                       \
    G_OBJECT_CLASS(klass)->constructor = prg_keyring_quiet_constructor;   \
    __VA_ARGS__;                                                          \
  }                                                                       \
  static void prg_quiet_##name##_init(PrgQuiet##Name *self)               \
  {                                                                       \
  }

DEFINE_QUIET(Collection, collection, SECRET_TYPE_COLLECTION)
DEFINE_QUIET(Item, item, SECRET_TYPE_ITEM)
DEFINE_QUIET(Service,
             service,
             SECRET_TYPE_SERVICE,
             klass->parent.collection_gtype = prg_quiet_collection_get_type(),
             klass->parent.item_gtype = prg_quiet_item_get_type())

/* As libsecret chooses its backend. */
gboolean
prg_keyring_keeps_file(void)
{
  return g_file_test("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv("SNAP_NAME") != NULL ||
         g_strcmp0(g_getenv("SECRET_BACKEND"), "file") == 0;
}

/* The call is over; what is left is to tell. */
void
prg_keyring_call_end(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);
  PrgKeyringCall *call = g_task_get_task_data(task);

  prg_keyring_limit_end(&call->limit);
  if (call->impatience != NULL)
    g_source_destroy(call->impatience);
  g_queue_remove(&self->calls, task);
}

static void
call_free(PrgKeyringCall *call)
{
  prg_keyring_limit_clear(&call->limit);
  g_clear_pointer(&call->impatience, g_source_unref);
  g_free(call->server);
  g_free(call->member);
  g_free(call->label);
  g_clear_pointer(&call->value, secret_value_unref);
  g_clear_object(&call->item);
  g_clear_object(&call->service);
  g_free(call);
}

GCancellable *
prg_keyring_call_cancellable(PrgKeyringCall *call)
{
  return call->impatience != NULL ? NULL : call->limit.inner;
}

/* (transfer full) An empty text narrows nothing. */
GTask *
prg_keyring_call_new(PrgKeyring *self,
                     const char *server,
                     const char *member,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data,
                     void (*run)(GTask *))
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  PrgKeyringCall *call = g_new0(PrgKeyringCall, 1);

  g_task_set_task_data(task, call, (GDestroyNotify)call_free);
  /* libsecret answers a cancelled call itself; the clock must not be taken for the caller's wish, nor the
   * other way round. */
  g_task_set_check_cancellable(task, FALSE);
  call->server = server != NULL && *server != '\0' ? g_strdup(server) : NULL;
  call->member = member != NULL && *member != '\0' ? g_strdup(member) : NULL;
  call->run = run;
  g_queue_push_tail(&self->calls, task);
  prg_keyring_limit_init(&call->limit, cancellable, self->timeout_ms, g_task_get_context(task));
  return task;
}

/* (transfer full) */
GHashTable *
prg_keyring_call_attributes(PrgKeyringCall *call)
{
  GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);

  if (call->server != NULL)
    g_hash_table_insert(attributes, (gpointer) "server", call->server);
  if (call->member != NULL)
    g_hash_table_insert(attributes, (gpointer) "member", call->member);
  return attributes;
}

/* Another one may be in use already. */
static void
drop_service(PrgKeyring *self, SecretService *service)
{
  if (self->service == service)
    g_clear_object(&self->service);
}

static gboolean
is_locked_error(const GError *error)
{
  g_autofree char *remote = g_dbus_error_get_remote_error(error);

  return g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
         g_strcmp0(remote, "org.freedesktop.Secret.Error.IsLocked") == 0;
}

void
prg_keyring_call_fail(GTask *task, PrgError code, const char *message)
{
  prg_keyring_call_end(task);
  g_task_return_new_error(task, PRG_ERROR, code, "%s", message);
  g_object_unref(task);
}

/* Takes @task. */
static void
begin_anew(GTask *task)
{
  PrgKeyringCall *call = g_task_get_task_data(task);

  call->replaced = FALSE;
  drop_service(g_task_get_source_object(task), call->service);
  g_clear_object(&call->item);
  g_clear_object(&call->service);
  prg_keyring_limit_arm(&call->limit);
  prg_keyring_call_begin(task);
}

/* GLib complains of a proxy's match rule on a connection that is closed. Takes @task if so. */
static gboolean
fail_if_closed(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);

  if (!g_dbus_connection_is_closed(self->connection))
    return FALSE;
  prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("the connection to the bus is closed"));
  return TRUE;
}

/* Takes @task and @cause. The portal is not asked twice at once, and not again by us when the user refused. */
static void
fail_with_file(GTask *task, GError *cause)
{
  PrgKeyring *self = g_task_get_source_object(task);
  g_autofree char *message = g_strdup_printf(
      _("the Secret portal gave no key: %s; it needs a keyring that is unlocked"), cause->message);

  secret_service_disconnect();
  self->has_failed = TRUE;
  if (!g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    prg_keyring_patience_ask_later(self->patience);
  g_error_free(cause);
  prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, message);
}

/* Takes @task and @error. Tries once more where the proxy may be what broke. */
void
prg_keyring_call_fail_or_retry(GTask *task, GError *error)
{
  PrgKeyringCall *call = g_task_get_task_data(task);
  g_autoptr(GError) cause = error;

  g_dbus_error_strip_remote_error(cause);
  if (call->limit.timed_out)
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("the keyring does not answer"));
  if (g_cancellable_is_cancelled(call->limit.outer))
    return prg_keyring_call_fail(task, PRG_ERROR_CANCELLED, "cancelled");
  if (prg_keyring_keeps_file())
    return fail_with_file(task, g_steal_pointer(&cause));
  if (call->replaced)
    return begin_anew(task);
  if (is_locked_error(cause))
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_LOCKED, _("the keyring is locked"));
  if (call->retried)
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, cause->message);

  g_debug("keyring: %s; trying once more with a new proxy", cause->message);
  call->retried = TRUE;
  begin_anew(task);
}

/* --- Where libsecret cannot be cancelled --- */

/* The caller is answered; libsecret keeps its reference on the task. */
static gboolean
on_impatient(GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyring *self = g_task_get_source_object(task);
  PrgKeyringCall *call = g_task_get_task_data(task);
  gboolean is_cancelled = call->limit.outer != NULL && g_cancellable_is_cancelled(call->limit.outer);

  call->given_up = TRUE;
  self->has_failed = TRUE;
  if (!call->replaced)
    prg_keyring_patience_add(self->patience, task);
  g_object_ref(task);
  prg_keyring_call_fail(task, is_cancelled ? PRG_ERROR_CANCELLED : PRG_ERROR_KEYRING_UNAVAILABLE,
                        is_cancelled ? "cancelled" : _("the keyring does not answer"));
  return G_SOURCE_REMOVE;
}

/* What libsecret answered so late may help the next call. */
gboolean
prg_keyring_call_is_late(GTask *task, GError *error)
{
  PrgKeyringCall *call = g_task_get_task_data(task);
  PrgKeyring *self = g_task_get_source_object(task);

  if (!call->given_up)
    return FALSE;
  prg_keyring_patience_remove(self->patience, task);
  g_clear_error(&error);
  g_object_unref(task);
  return TRUE;
}

/* Takes @task. */
static void
begin_with_file(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);
  PrgKeyringCall *call = g_task_get_task_data(task);

  /* The user may be looking at a prompt: one is enough. */
  if (prg_keyring_patience_is_waiting(self->patience))
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("the keyring does not answer"));
  call->impatience = g_cancellable_source_new(call->limit.inner);
  g_source_set_callback(call->impatience, G_SOURCE_FUNC(on_impatient), task, NULL);
  g_source_attach(call->impatience, g_task_get_context(task));
  call->run(task);
}

/* --- The daemon --- */

static void
on_collection(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyringCall *call = g_task_get_task_data(task);
  GError *error = NULL;
  g_autoptr(SecretCollection) collection = secret_collection_for_alias_finish(result, &error);

  if (error != NULL)
    return prg_keyring_call_fail_or_retry(task, error);
  /* libsecret would make a collection, and ask the user for its password. */
  if (collection == NULL && call->value != NULL)
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_UNAVAILABLE,
                                 _("there is no default keyring; create one first"));
  if (collection != NULL && secret_collection_get_locked(collection))
    return prg_keyring_call_fail(task, PRG_ERROR_KEYRING_LOCKED, _("the keyring is locked"));
  call->run(task);
}

/* Takes @task. */
static void
ask_collection(GTask *task, SecretService *service)
{
  PrgKeyringCall *call = g_task_get_task_data(task);

  g_set_object(&call->service, service);
  secret_collection_for_alias(service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, call->limit.inner,
                              on_collection, task);
}

static void
on_service(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyring *self = g_task_get_source_object(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GObject) service = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, &error);

  if (service == NULL)
    return prg_keyring_call_fail_or_retry(task, g_steal_pointer(&error));
  g_set_object(&self->service, SECRET_SERVICE(service));
  ask_collection(task, self->service);
}

/* Takes @task: every step hands it to the next, the last one frees it. */
void
prg_keyring_call_begin(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);
  PrgKeyringCall *call = g_task_get_task_data(task);

  if (fail_if_closed(task))
    return;
  if (prg_keyring_keeps_file())
    return begin_with_file(task);
  if (self->service != NULL)
    return ask_collection(task, self->service);
  g_async_initable_new_async(prg_quiet_service_get_type(), G_PRIORITY_DEFAULT, call->limit.inner, on_service,
                             task, "g-connection", self->connection, NULL);
}

/* A stopped daemon would hold its calls until they time out. A portal that is gone answers none, but the key that it gave opens the file as
 * before. */
void
prg_keyring_call_begin_all_anew(PrgKeyring *self)
{
  drop_service(self, self->service);
  prg_keyring_patience_forget(self->patience);
  for (GList *l = self->calls.head; l != NULL; l = l->next) {
    PrgKeyringCall *call = g_task_get_task_data(l->data);

    call->replaced = TRUE;
    g_cancellable_cancel(call->limit.inner);
  }
}
