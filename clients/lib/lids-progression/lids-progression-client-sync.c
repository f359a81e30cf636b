/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Syncing and the account: methods and properties. */
#include "lids-progression-client-private.h"
#include <gio/gunixfdlist.h>

static const LidsMethod sync_now = { LIDS_INTERFACE_SYNC, "SyncNow", "()", TRUE };

/**
 * lids_progression_client_sync_now_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Sends what waits and reads what is new. After 20 seconds the answer is %LIDS_PROGRESSION_ERROR_STILL_RUNNING:
 * the work goes on and ends with [signal@ProgressionClient::sync-finished]. A second call joins the running cycle.
 * Errors: also %LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN, %LIDS_PROGRESSION_ERROR_OFFLINE,
 * %LIDS_PROGRESSION_ERROR_AUTHENTICATION_FAILED, %LIDS_PROGRESSION_ERROR_PERMISSION_DENIED,
 * %LIDS_PROGRESSION_ERROR_SCHEMA_MISSING, %LIDS_PROGRESSION_ERROR_RATE_LIMITED,
 * %LIDS_PROGRESSION_ERROR_SERVER_ERROR, %LIDS_PROGRESSION_ERROR_KEYRING_LOCKED,
 * %LIDS_PROGRESSION_ERROR_KEYRING_UNAVAILABLE, %LIDS_PROGRESSION_ERROR_STORAGE_FAILED.
 */
void
lids_progression_client_sync_now_async(LidsProgressionClient *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  lids_call(self, &sync_now, NULL, NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_sync_now_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.sync_now_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_sync_now_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &sync_now, result, error);

  return reply != NULL;
}

static const LidsMethod list_operations = { LIDS_INTERFACE_SYNC, "ListOperations", "(aa{sv})", TRUE };

/**
 * lids_progression_client_list_operations_async:
 * @self: a client
 * @filter: (nullable): `a{sv}`: `state` (`s`; absent = all that is not in the ledger), `limit` (`u`, at most
 *   1,000, default 100), `offset` (`u`)
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells what is not in the ledger yet, or is in a given state, in order of recording. Each operation has the keys
 * `id` s, `kind` s, `amount` x, `state` s, `note` s, `occurred-at` x and `ref` s.
 */
void
lids_progression_client_list_operations_async(LidsProgressionClient *self,
                                              GVariant *filter,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  g_return_if_fail(filter == NULL || g_variant_is_of_type(filter, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &list_operations, g_variant_new("(@a{sv})", lids_options(filter)), NULL, cancellable,
            callback, user_data);
}

/**
 * lids_progression_client_list_operations_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.list_operations_async].
 *
 * Returns: (transfer full): the operations, `aa{sv}`
 */
GVariant *
lids_progression_client_list_operations_finish(LidsProgressionClient *self,
                                               GAsyncResult *result,
                                               GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &list_operations, result, error);

  return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

static const LidsMethod retry_operation = { LIDS_INTERFACE_SYNC, "RetryOperation", "()", FALSE };

/**
 * lids_progression_client_retry_operation_async:
 * @self: a client
 * @id: a quarantined operation
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Sends an operation again that the server had refused. Never repeated by the library. Errors:
 * %LIDS_PROGRESSION_ERROR_UNKNOWN_ID, %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE if it is not quarantined.
 */
void
lids_progression_client_retry_operation_async(LidsProgressionClient *self,
                                              const char *id,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  g_return_if_fail(id != NULL);
  lids_call(self, &retry_operation, g_variant_new("(s)", id), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_retry_operation_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.retry_operation_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_retry_operation_finish(LidsProgressionClient *self,
                                               GAsyncResult *result,
                                               GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &retry_operation, result, error);

  return reply != NULL;
}

static const LidsMethod discard_operation = { LIDS_INTERFACE_SYNC, "DiscardOperation", "()", FALSE };

/**
 * lids_progression_client_discard_operation_async:
 * @self: a client
 * @id: a quarantined operation
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Gives an operation up that the server had refused: its XP leaves the total. Never repeated by the library.
 * Errors: as [method@ProgressionClient.retry_operation_async].
 */
void
lids_progression_client_discard_operation_async(LidsProgressionClient *self,
                                                const char *id,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data)
{
  g_return_if_fail(id != NULL);
  lids_call(self, &discard_operation, g_variant_new("(s)", id), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_discard_operation_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.discard_operation_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_discard_operation_finish(LidsProgressionClient *self,
                                                 GAsyncResult *result,
                                                 GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &discard_operation, result, error);

  return reply != NULL;
}

static const LidsMethod sign_in = { LIDS_INTERFACE_ACCOUNT, "SignIn", "()", FALSE };

/**
 * lids_progression_client_sign_in_async:
 * @self: a client
 * @server: the server, such as "https://crm.example.com"; "" = the one of the settings
 * @member: the workspace member's id in Twenty
 * @token_fd: a file descriptor to read the API key from, to its end; it is duplicated and stays yours
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Checks the key and the member with the server, then uses the account. The key goes to the service through the
 * descriptor and is in no message. Errors: %LIDS_PROGRESSION_ERROR_AUTHENTICATION_FAILED,
 * %LIDS_PROGRESSION_ERROR_UNKNOWN_ID (no such member), %LIDS_PROGRESSION_ERROR_STILL_RUNNING after 20 seconds
 * ([property@ProgressionClient:signed-in] tells the end), and those of [method@ProgressionClient.sync_now_async].
 */
void
lids_progression_client_sign_in_async(LidsProgressionClient *self,
                                      const char *server,
                                      const char *member,
                                      int token_fd,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
  g_autoptr(GError) error = NULL;

  g_return_if_fail(server != NULL);
  g_return_if_fail(member != NULL);
  if (g_unix_fd_list_append(fds, token_fd, &error) < 0) {
    g_task_report_error(self, callback, user_data, (gpointer)&sign_in, g_steal_pointer(&error));
    return;
  }
  lids_call(self, &sign_in, g_variant_new("(ssh)", server, member, 0), fds, cancellable, callback, user_data);
}

/**
 * lids_progression_client_sign_in_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.sign_in_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_sign_in_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &sign_in, result, error);

  return reply != NULL;
}

static const LidsMethod sign_out = { LIDS_INTERFACE_ACCOUNT, "SignOut", "(s)", FALSE };

/**
 * lids_progression_client_sign_out_async:
 * @self: a client
 * @options: (nullable): `a{sv}`: `pending` (`s`): what to do with what could not be sent: "refuse" (default),
 *   "keep" or "export"
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Sends what waits, for at most 10 seconds, then leaves the account. Errors:
 * %LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN, %LIDS_PROGRESSION_ERROR_PENDING_OPERATIONS,
 * %LIDS_PROGRESSION_ERROR_STORAGE_FAILED, %LIDS_PROGRESSION_ERROR_STILL_RUNNING.
 */
void
lids_progression_client_sign_out_async(LidsProgressionClient *self,
                                       GVariant *options,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_return_if_fail(options == NULL || g_variant_is_of_type(options, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &sign_out, g_variant_new("(@a{sv})", lids_options(options)), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_sign_out_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.sign_out_async].
 *
 * Returns: (transfer full): path of the file that was exported; "" = none
 */
char *
lids_progression_client_sign_out_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &sign_out, result, error);
  char *text = NULL;

  if (reply)
    g_variant_get(reply, "(s)", &text);
  return text;
}

/**
 * LidsProgressionClient:sync-state: (getter get_sync_state)
 *
 * How syncing goes.
 */
/**
 * lids_progression_client_get_sync_state:
 * @self: a client
 *
 * Gets how syncing goes.
 *
 * Returns: the value
 */
LidsSyncState
lids_progression_client_get_sync_state(LidsProgressionClient *self)
{
  return lids_mirror_get_sync_state(self);
}

/**
 * LidsProgressionClient:reason: (getter get_reason)
 *
 * Why syncing is in its state, in plain words; "" while there is nothing to say.
 */
/**
 * lids_progression_client_get_reason:
 * @self: a client
 *
 * Gets why syncing is in its state, in plain words; "" while there is nothing to say.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_reason(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_REASON);
}

/**
 * LidsProgressionClient:online: (getter is_online)
 *
 * Whether a network seems to be there.
 */
/**
 * lids_progression_client_is_online:
 * @self: a client
 *
 * Tells whether a network seems to be there.
 *
 * Returns: %TRUE if so
 */
gboolean
lids_progression_client_is_online(LidsProgressionClient *self)
{
  return lids_mirror_get_boolean(self, LIDS_PROPERTY_ONLINE);
}

/**
 * LidsProgressionClient:pending-operations: (getter get_pending_operations)
 *
 * Operations on this disk that are not known to be in the ledger.
 */
/**
 * lids_progression_client_get_pending_operations:
 * @self: a client
 *
 * Gets operations on this disk that are not known to be in the ledger.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_pending_operations(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_PENDING_OPERATIONS);
}

/**
 * LidsProgressionClient:quarantined-operations: (getter get_quarantined_operations)
 *
 * Operations that the server refused for a reason of their own.
 */
/**
 * lids_progression_client_get_quarantined_operations:
 * @self: a client
 *
 * Gets operations that the server refused for a reason of their own.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_quarantined_operations(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_QUARANTINED_OPERATIONS);
}

/**
 * LidsProgressionClient:waiting-elsewhere: (getter get_waiting_elsewhere)
 *
 * Operations of this account that wait in the store of another installation on this machine, and are not known here.
 */
/**
 * lids_progression_client_get_waiting_elsewhere:
 * @self: a client
 *
 * Gets how many operations of this account wait in the store of another installation on this machine, and are not known here.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_waiting_elsewhere(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_WAITING_ELSEWHERE);
}

/**
 * LidsProgressionClient:last-sync: (getter get_last_sync)
 *
 * Time of the last cycle that went well, Unix time in microseconds; 0 = never.
 */
/**
 * lids_progression_client_get_last_sync:
 * @self: a client
 *
 * Gets time of the last cycle that went well, Unix time in microseconds; 0 = never.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_last_sync(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_LAST_SYNC);
}

/**
 * LidsProgressionClient:next-sync: (getter get_next_sync)
 *
 * Time of the next planned cycle, Unix time in microseconds; 0 = none is planned.
 */
/**
 * lids_progression_client_get_next_sync:
 * @self: a client
 *
 * Gets time of the next planned cycle, Unix time in microseconds; 0 = none is planned.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_next_sync(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_NEXT_SYNC);
}

/**
 * LidsProgressionClient:last-error: (getter get_last_error)
 *
 * What went wrong last, in plain words; "" if the last cycle went well.
 */
/**
 * lids_progression_client_get_last_error:
 * @self: a client
 *
 * Gets what went wrong last, in plain words; "" if the last cycle went well.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_last_error(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_LAST_ERROR);
}

/**
 * LidsProgressionClient:signed-in: (getter is_signed_in)
 *
 * Whether an account is in use on this machine.
 */
/**
 * lids_progression_client_is_signed_in:
 * @self: a client
 *
 * Tells whether an account is in use on this machine.
 *
 * Returns: %TRUE if so
 */
gboolean
lids_progression_client_is_signed_in(LidsProgressionClient *self)
{
  return lids_mirror_get_boolean(self, LIDS_PROPERTY_SIGNED_IN);
}

/**
 * LidsProgressionClient:server: (getter get_server)
 *
 * The server's origin; "" = signed out.
 */
/**
 * lids_progression_client_get_server:
 * @self: a client
 *
 * Gets the server's origin; "" = signed out.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_server(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_SERVER);
}

/**
 * LidsProgressionClient:member-id: (getter get_member_id)
 *
 * The workspace member's id in Twenty; "" = signed out.
 */
/**
 * lids_progression_client_get_member_id:
 * @self: a client
 *
 * Gets the workspace member's id in Twenty; "" = signed out.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_member_id(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_MEMBER_ID);
}

/**
 * LidsProgressionClient:member-name: (getter get_member_name)
 *
 * The member's display name.
 */
/**
 * lids_progression_client_get_member_name:
 * @self: a client
 *
 * Gets the member's display name.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_member_name(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_MEMBER_NAME);
}
