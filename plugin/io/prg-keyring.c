/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of libsecret and its daemons: prg-keyring-call.c. */
#include "prg-keyring-private.h"

#include <glib/gi18n-lib.h>

#define TIMEOUT_MS 15000
#define SERVICE_NAME "org.freedesktop.secrets"
#define PORTAL_NAME "org.freedesktop.portal.Desktop"

G_DEFINE_FINAL_TYPE(PrgKeyring, prg_keyring, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const SecretSchema account_schema = {
  "org.lids.Progression.Account",
  SECRET_SCHEMA_NONE,
  { { "server", SECRET_SCHEMA_ATTRIBUTE_STRING }, { "member", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } }
};

/* --- The object --- */

static void
on_watch(gboolean replaced, gpointer user_data)
{
  PrgKeyring *self = user_data;

  if (replaced) {
    prg_keyring_call_begin_all_anew(self);
    return;
  }
  /* Portals that were there all the time are no news: a prompt that was refused must not be followed by another. */
  if (prg_keyring_keeps_file() && !self->has_failed)
    return;
  self->has_failed = FALSE;
  g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static void
on_news(gpointer user_data)
{
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
prg_keyring_finalize(GObject *object)
{
  prg_keyring_patience_free(PRG_KEYRING(object)->patience);
  G_OBJECT_CLASS(prg_keyring_parent_class)->finalize(object);
}

static void
prg_keyring_class_init(PrgKeyringClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_keyring_dispose;
  G_OBJECT_CLASS(klass)->finalize = prg_keyring_finalize;
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
  self->patience = prg_keyring_patience_new(on_news, self);
  self->watch = prg_keyring_watch_new(connection, prg_keyring_keeps_file() ? PORTAL_NAME : SERVICE_NAME,
                                      on_watch, self);
  return self;
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
  item->modified = secret_retrievable_get_modified(found);
  return g_steal_pointer(&item);
}

static void
on_secret(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyringCall *call = g_task_get_task_data(task);
  GError *error = NULL;
  g_autoptr(SecretValue) value =
      secret_retrievable_retrieve_secret_finish(SECRET_RETRIEVABLE(source), result, &error);

  if (prg_keyring_call_is_late(task, error))
    return;
  if (value == NULL && error == NULL)
    g_set_error_literal(&error, PRG_ERROR, PRG_ERROR_KEYRING_UNAVAILABLE, _("the keyring gave no secret"));
  if (error != NULL)
    return prg_keyring_call_fail_or_retry(task, error);
  prg_keyring_call_end(task);
  g_task_return_pointer(task, item_from_secret(call->item, value), (GDestroyNotify)prg_secret_item_free);
  g_object_unref(task);
}

static void
on_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgKeyringCall *call = g_task_get_task_data(task);
  GError *error = NULL;
  GList *items = prg_keyring_keeps_file() ? secret_password_search_finish(result, &error)
                                          : secret_service_search_finish(call->service, result, &error);

  if (prg_keyring_call_is_late(task, error)) {
    g_list_free_full(items, g_object_unref);
    return;
  }
  if (error != NULL)
    return prg_keyring_call_fail_or_retry(task, error);
  call->item = pick_newest(items);
  g_list_free_full(items, g_object_unref);
  if (call->item != NULL)
    return secret_retrievable_retrieve_secret(call->item, prg_keyring_call_cancellable(call), on_secret,
                                              task);
  prg_keyring_call_end(task);
  g_task_return_pointer(task, NULL, NULL);
  g_object_unref(task);
}

static void
run_lookup(GTask *task)
{
  PrgKeyringCall *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = prg_keyring_call_attributes(call);

  if (prg_keyring_keeps_file())
    secret_password_searchv(&account_schema, attributes, SECRET_SEARCH_ALL,
                            prg_keyring_call_cancellable(call), on_found, task);
  else
    secret_service_search(call->service, &account_schema, attributes, SECRET_SEARCH_ALL,
                          prg_keyring_call_cancellable(call), on_found, task);
}

void
prg_keyring_lookup_async(PrgKeyring *self,
                         const char *server,
                         const char *member,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = prg_keyring_call_new(self, server, member, cancellable, callback, user_data, run_lookup);

  g_task_set_source_tag(task, prg_keyring_lookup_async);
  prg_keyring_call_begin(task);
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
  prg_keyring_call_end(task);
  g_task_return_boolean(task, TRUE);
  g_object_unref(task);
}

static gboolean
names_account(GTask *task)
{
  PrgKeyringCall *call = g_task_get_task_data(task);

  return call->server != NULL && call->member != NULL;
}

static void
on_stored(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgKeyringCall *call = g_task_get_task_data(user_data);
  GError *error = NULL;

  if (prg_keyring_keeps_file())
    secret_password_store_finish(result, &error);
  else
    secret_service_store_finish(call->service, result, &error);
  if (prg_keyring_call_is_late(user_data, error))
    return;
  if (error != NULL)
    return prg_keyring_call_fail_or_retry(user_data, error);
  succeed(user_data);
}

static void
run_store(GTask *task)
{
  PrgKeyringCall *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = prg_keyring_call_attributes(call);

  if (prg_keyring_keeps_file())
    secret_password_storev_binary(&account_schema, attributes, SECRET_COLLECTION_DEFAULT, call->label,
                                  call->value, prg_keyring_call_cancellable(call), on_stored, task);
  else
    secret_service_store(call->service, &account_schema, attributes, SECRET_COLLECTION_DEFAULT, call->label,
                         call->value, prg_keyring_call_cancellable(call), on_stored, task);
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
  GTask *task = prg_keyring_call_new(self, server, member, cancellable, callback, user_data, run_store);
  PrgKeyringCall *call = g_task_get_task_data(task);

  g_task_set_source_tag(task, prg_keyring_store_async);
  if (!names_account(task) || *token == '\0')
    return prg_keyring_call_fail(task, PRG_ERROR_INVALID_ARGUMENT,
                                 _("an account needs a server, a member and a token"));
  call->label = g_strdup_printf("Progression: %s", call->server);
  call->value = secret_value_new(token, -1, "text/plain");
  prg_keyring_call_begin(task);
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
  PrgKeyringCall *call = g_task_get_task_data(user_data);
  GError *error = NULL;

  /* FALSE without an error: there was none */
  if (prg_keyring_keeps_file())
    secret_password_clear_finish(result, &error);
  else
    secret_service_clear_finish(call->service, result, &error);
  if (prg_keyring_call_is_late(user_data, error))
    return;
  if (error != NULL)
    return prg_keyring_call_fail_or_retry(user_data, error);
  succeed(user_data);
}

static void
run_clear(GTask *task)
{
  PrgKeyringCall *call = g_task_get_task_data(task);
  g_autoptr(GHashTable) attributes = prg_keyring_call_attributes(call);

  if (prg_keyring_keeps_file())
    secret_password_clearv(&account_schema, attributes, prg_keyring_call_cancellable(call), on_cleared, task);
  else
    secret_service_clear(call->service, &account_schema, attributes, prg_keyring_call_cancellable(call),
                         on_cleared, task);
}

void
prg_keyring_clear_async(PrgKeyring *self,
                        const char *server,
                        const char *member,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = prg_keyring_call_new(self, server, member, cancellable, callback, user_data, run_clear);

  g_task_set_source_tag(task, prg_keyring_clear_async);
  /* A clear that narrows nothing would remove every account. */
  if (!names_account(task))
    return prg_keyring_call_fail(task, PRG_ERROR_INVALID_ARGUMENT,
                                 _("an account needs a server and a member"));
  prg_keyring_call_begin(task);
}

gboolean
prg_keyring_clear_finish(PrgKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
  return g_task_propagate_boolean(G_TASK(result), error);
}
