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
 * - In a Flatpak libsecret keeps a file of its own, without a lock, behind secret_password_*() alone.
 *
 * A shell makes an item that is found here with
 *   secret-tool store --label="Progression" server URL member ID xdg:schema org.lids.Progression.Account
 */
#include "prg-keyring.h"

#include "prg-error.h"
#include "prg-keyring-limit.h"
#include "prg-keyring-quiet.h"
#include "prg-keyring-watch.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>

#define TIMEOUT_MS 15000

struct _PrgKeyring {
  GObject parent_instance;
  GDBusConnection *connection; /* (owned) */
  PrgKeyringWatch *watch;      /* (owned) */
  SecretService *service;      /* (owned) (nullable) as long as it works */
  GQueue calls;                /* (element-type GTask) (not owned) under way */
  guint timeout_ms;
};

G_DEFINE_FINAL_TYPE(PrgKeyring, prg_keyring, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* One call of this interface: the account it is about, and what to do once the keyring proved open. */
typedef struct {
  char *server;            /* (owned) (nullable) */
  char *member;            /* (owned) (nullable) */
  char *label;             /* (owned) (nullable) */
  SecretValue *value;      /* (owned) (nullable) wiped by libsecret */
  SecretRetrievable *item; /* (owned) (nullable) found by a lookup */
  SecretService *service;  /* (owned) (nullable) */
  PrgKeyringLimit limit;
  gboolean retried, replaced;
  void (*run)(GTask *task); /* takes the task */
} Call;

static void call_begin(GTask *task);

static const SecretSchema account_schema = {
  "org.lids.Progression.Account",
  SECRET_SCHEMA_NONE,
  { { "server", SECRET_SCHEMA_ATTRIBUTE_STRING }, { "member", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } }
};

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

/* Whether libsecret keeps the items in a file. */
static gboolean
is_sandboxed(void)
{
  return g_file_test("/.flatpak-info", G_FILE_TEST_EXISTS);
}

/* --- The object --- */

/* Another one may be in use already. */
static void
drop_service(PrgKeyring *self, SecretService *service)
{
  if (self->service == service)
    g_clear_object(&self->service);
  if (is_sandboxed())
    secret_service_disconnect();
}

/* A stopped daemon would hold its calls until they time out. */
static void
begin_calls_anew(PrgKeyring *self)
{
  drop_service(self, self->service);
  for (GList *l = self->calls.head; l != NULL; l = l->next) {
    Call *call = g_task_get_task_data(l->data);

    call->replaced = TRUE;
    g_cancellable_cancel(call->limit.inner);
  }
}

static void
on_watch(gboolean replaced, gpointer user_data)
{
  if (replaced)
    begin_calls_anew(user_data);
  else
    g_signal_emit(user_data, signals[SIGNAL_CHANGED], 0);
}

static void
prg_keyring_dispose(GObject *object)
{
  PrgKeyring *self = PRG_KEYRING(object);

  g_clear_pointer(&self->watch, prg_keyring_watch_free);
  g_clear_object(&self->service);
  g_clear_object(&self->connection);
  G_OBJECT_CLASS(prg_keyring_parent_class)->dispose(object);
}

static void
prg_keyring_class_init(PrgKeyringClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_keyring_dispose;
  signals[SIGNAL_CHANGED] =
      g_signal_new("changed", PRG_TYPE_KEYRING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
prg_keyring_init(PrgKeyring *self)
{
  g_queue_init(&self->calls);
}

PrgKeyring *
prg_keyring_new(GDBusConnection *connection, guint timeout_ms)
{
  PrgKeyring *self = g_object_new(PRG_TYPE_KEYRING, NULL);

  self->connection = g_object_ref(connection);
  self->timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS;
  self->watch = prg_keyring_watch_new(connection, on_watch, self);
  return self;
}

/* --- One call --- */

/* The call is over; what is left is to tell. */
static void
call_end(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);
  Call *call = g_task_get_task_data(task);

  prg_keyring_limit_end(&call->limit);
  g_queue_remove(&self->calls, task);
}

static void
call_free(Call *call)
{
  prg_keyring_limit_clear(&call->limit);
  g_free(call->server);
  g_free(call->member);
  g_free(call->label);
  g_clear_pointer(&call->value, secret_value_unref);
  g_clear_object(&call->item);
  g_clear_object(&call->service);
  g_free(call);
}

/* (transfer full) An empty text narrows nothing. */
static GTask *
call_new(PrgKeyring *self,
         const char *server,
         const char *member,
         GCancellable *cancellable,
         GAsyncReadyCallback callback,
         gpointer user_data,
         void (*run)(GTask *))
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Call *call = g_new0(Call, 1);

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
static GHashTable *
call_attributes(Call *call)
{
  GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);

  if (call->server != NULL)
    g_hash_table_insert(attributes, (gpointer) "server", call->server);
  if (call->member != NULL)
    g_hash_table_insert(attributes, (gpointer) "member", call->member);
  return attributes;
}

static gboolean
is_locked_error(const GError *error)
{
  g_autofree char *remote = g_dbus_error_get_remote_error(error);

  return g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
         g_strcmp0(remote, "org.freedesktop.Secret.Error.IsLocked") == 0;
}

static void
fail(GTask *task, PrgError code, const char *message)
{
  call_end(task);
  g_task_return_new_error(task, PRG_ERROR, code, "%s", message);
  g_object_unref(task);
}

/* Takes @task. */
static void
begin_anew(GTask *task)
{
  Call *call = g_task_get_task_data(task);

  call->replaced = FALSE;
  drop_service(g_task_get_source_object(task), call->service);
  g_clear_object(&call->item);
  g_clear_object(&call->service);
  prg_keyring_limit_arm(&call->limit);
  call_begin(task);
}

/* GLib complains of a proxy's match rule on a connection that is closed. Takes @task if so. */
static gboolean
fail_if_closed(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);

  if (!g_dbus_connection_is_closed(self->connection))
    return FALSE;
  fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("the connection to the bus is closed"));
  return TRUE;
}

/* Takes @task and @error. Tries once more where the proxy may be what broke. */
static void
fail_or_retry(GTask *task, GError *error)
{
  Call *call = g_task_get_task_data(task);
  g_autoptr(GError) cause = error;

  g_dbus_error_strip_remote_error(cause);
  if (call->limit.timed_out)
    return fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("the keyring does not answer"));
  if (g_cancellable_is_cancelled(call->limit.outer))
    return fail(task, PRG_ERROR_CANCELLED, "cancelled");
  if (call->replaced)
    return begin_anew(task);
  if (is_locked_error(cause))
    return fail(task, PRG_ERROR_KEYRING_LOCKED, _("the keyring is locked"));
  if (call->retried)
    return fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, cause->message);

  g_debug("keyring: %s; trying once more with a new proxy", cause->message);
  call->retried = TRUE;
  begin_anew(task);
}

static void
on_collection(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data(task);
  GError *error = NULL;
  g_autoptr(SecretCollection) collection = secret_collection_for_alias_finish(result, &error);

  if (error != NULL)
    return fail_or_retry(task, error);
  /* libsecret would make a collection, and ask the user for its password. */
  if (collection == NULL && call->value != NULL)
    return fail(task, PRG_ERROR_KEYRING_UNAVAILABLE, _("there is no default keyring; create one first"));
  if (collection != NULL && secret_collection_get_locked(collection))
    return fail(task, PRG_ERROR_KEYRING_LOCKED, _("the keyring is locked"));
  call->run(task);
}

/* Takes @task. */
static void
ask_collection(GTask *task, SecretService *service)
{
  Call *call = g_task_get_task_data(task);

  g_set_object(&call->service, service);
  secret_collection_for_alias(service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, call->limit.inner,
                              on_collection, task);
}

static void
on_service(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyring *self = g_task_get_source_object(task);
  Call *call = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GObject) service = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, &error);

  if (service == NULL && (!is_sandboxed() || g_cancellable_is_cancelled(call->limit.inner)))
    return fail_or_retry(task, g_steal_pointer(&error));
  if (service == NULL)
    return call->run(task);
  g_set_object(&self->service, SECRET_SERVICE(service));
  ask_collection(task, self->service);
}

/* Takes @task: every step hands it to the next, the last one frees it. */
static void
call_begin(GTask *task)
{
  PrgKeyring *self = g_task_get_source_object(task);
  Call *call = g_task_get_task_data(task);

  if (fail_if_closed(task))
    return;
  if (self->service != NULL)
    return ask_collection(task, self->service);
  g_async_initable_new_async(prg_quiet_service_get_type(), G_PRIORITY_DEFAULT, call->limit.inner, on_service,
                             task, "g-connection", self->connection, NULL);
}

/* --- Lookup --- */

/* (transfer full) (nullable): the newest item that names an account. */
static SecretRetrievable *
pick_newest(GList *items)
{
  SecretRetrievable *newest = NULL;

  for (GList *l = items; l != NULL; l = l->next) {
    SecretRetrievable *item = SECRET_RETRIEVABLE(l->data);
    g_autoptr(GHashTable) attributes = secret_retrievable_get_attributes(item);

    if (!g_hash_table_contains(attributes, "server") || !g_hash_table_contains(attributes, "member"))
      continue;
    if (newest == NULL || secret_retrievable_get_modified(item) > secret_retrievable_get_modified(newest))
      newest = item;
  }
  return newest == NULL ? NULL : g_object_ref(newest);
}

/* (transfer full) (nullable): NULL where the secret is no text or an empty one. A token that came through a
 * pipe may end in a newline. */
static PrgSecretItem *
item_from_secret(SecretRetrievable *found, SecretValue *value)
{
  g_autoptr(GHashTable) attributes = secret_retrievable_get_attributes(found);
  g_autoptr(PrgSecretItem) item = g_new0(PrgSecretItem, 1);
  gsize length = 0;
  const char *secret = secret_value_get(value, &length);

  if (!g_utf8_validate_len(secret, length, NULL))
    return NULL;
  while (length > 0 && g_ascii_isspace(secret[length - 1]))
    length--;
  if (length == 0)
    return NULL;
  item->server = g_strdup(g_hash_table_lookup(attributes, "server"));
  item->member = g_strdup(g_hash_table_lookup(attributes, "member"));
  item->token = g_strndup(secret, length);
  return g_steal_pointer(&item);
}

static void
on_secret(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data(task);
  GError *error = NULL;
  g_autoptr(SecretValue) value =
      secret_retrievable_retrieve_secret_finish(SECRET_RETRIEVABLE(source), result, &error);

  if (value == NULL && error == NULL)
    g_set_error_literal(&error, PRG_ERROR, PRG_ERROR_KEYRING_UNAVAILABLE, _("the keyring gave no secret"));
  if (error != NULL)
    return fail_or_retry(task, error);
  call_end(task);
  g_task_return_pointer(task, item_from_secret(call->item, value), (GDestroyNotify)prg_secret_item_free);
  g_object_unref(task);
}

static void
on_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data(task);
  GError *error = NULL;
  GList *items = is_sandboxed() ? secret_password_search_finish(result, &error)
                                : secret_service_search_finish(call->service, result, &error);

  if (error != NULL)
    return fail_or_retry(task, error);
  call->item = pick_newest(items);
  g_list_free_full(items, g_object_unref);
  if (call->item != NULL)
    return secret_retrievable_retrieve_secret(call->item, call->limit.inner, on_secret, task);
  call_end(task);
  g_task_return_pointer(task, NULL, NULL);
  g_object_unref(task);
}

static void
run_lookup(GTask *task)
{
  Call *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = call_attributes(call);

  if (is_sandboxed())
    secret_password_searchv(&account_schema, attributes, SECRET_SEARCH_ALL, call->limit.inner, on_found,
                            task);
  else
    secret_service_search(call->service, &account_schema, attributes, SECRET_SEARCH_ALL, call->limit.inner,
                          on_found, task);
}

void
prg_keyring_lookup_async(PrgKeyring *self,
                         const char *server,
                         const char *member,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = call_new(self, server, member, cancellable, callback, user_data, run_lookup);

  g_task_set_source_tag(task, prg_keyring_lookup_async);
  call_begin(task);
}

PrgSecretItem *
prg_keyring_lookup_finish(PrgKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- Store and clear --- */

static void
succeed(GTask *task)
{
  call_end(task);
  g_task_return_boolean(task, TRUE);
  g_object_unref(task);
}

static gboolean
names_account(GTask *task)
{
  Call *call = g_task_get_task_data(task);

  return call->server != NULL && call->member != NULL;
}

static void
on_stored(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = g_task_get_task_data(user_data);
  GError *error = NULL;

  if (!(is_sandboxed() ? secret_password_store_finish(result, &error)
                       : secret_service_store_finish(call->service, result, &error)))
    return fail_or_retry(user_data, error);
  succeed(user_data);
}

static void
run_store(GTask *task)
{
  Call *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = call_attributes(call);

  if (is_sandboxed())
    secret_password_storev_binary(&account_schema, attributes, SECRET_COLLECTION_DEFAULT, call->label,
                                  call->value, call->limit.inner, on_stored, task);
  else
    secret_service_store(call->service, &account_schema, attributes, SECRET_COLLECTION_DEFAULT, call->label,
                         call->value, call->limit.inner, on_stored, task);
}

void
prg_keyring_store_async(PrgKeyring *self,
                        const char *server,
                        const char *member,
                        const char *token,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = call_new(self, server, member, cancellable, callback, user_data, run_store);
  Call *call = g_task_get_task_data(task);

  g_task_set_source_tag(task, prg_keyring_store_async);
  if (!names_account(task) || *token == '\0')
    return fail(task, PRG_ERROR_INVALID_ARGUMENT, _("an account needs a server, a member and a token"));
  call->label = g_strdup_printf("Progression: %s", call->server);
  call->value = secret_value_new(token, -1, "text/plain");
  call_begin(task);
}

gboolean
prg_keyring_store_finish(PrgKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
  return g_task_propagate_boolean(G_TASK(result), error);
}

static void
on_cleared(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = g_task_get_task_data(user_data);
  GError *error = NULL;

  /* FALSE without an error: there was none */
  if (is_sandboxed())
    secret_password_clear_finish(result, &error);
  else
    secret_service_clear_finish(call->service, result, &error);
  if (error != NULL)
    return fail_or_retry(user_data, error);
  succeed(user_data);
}

static void
run_clear(GTask *task)
{
  Call *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = call_attributes(call);

  if (is_sandboxed())
    secret_password_clearv(&account_schema, attributes, call->limit.inner, on_cleared, task);
  else
    secret_service_clear(call->service, &account_schema, attributes, call->limit.inner, on_cleared, task);
}

void
prg_keyring_clear_async(PrgKeyring *self,
                        const char *server,
                        const char *member,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = call_new(self, server, member, cancellable, callback, user_data, run_clear);

  g_task_set_source_tag(task, prg_keyring_clear_async);
  /* A clear that narrows nothing would remove every account. */
  if (!names_account(task))
    return fail(task, PRG_ERROR_INVALID_ARGUMENT, _("an account needs a server and a member"));
  call_begin(task);
}

gboolean
prg_keyring_clear_finish(PrgKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
  return g_task_propagate_boolean(G_TASK(result), error);
}
