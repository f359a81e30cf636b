/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call to the service, with what it takes to keep the promise at the caller's edge. The service may be killed, or replaced by
 * another process, between taking a call and answering it. What is repeatable (it pays once, or carries an id) is then sent again,
 * with the same arguments: the service gives the first answer or carries it out now, and in no case does it count twice.
 */
#include "lids-outcome.h"
#include "lids-progression-client-private.h"
#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>

typedef struct {
  const LidsMethod *method; /* (not owned) */
  GVariant *parameters;     /* (owned) (nullable) */
  GUnixFDList *fds;         /* (owned) (nullable) */
  guint n_attempts;
} Call;

static void
call_free(gpointer data)
{
  Call *call = data;

  g_clear_pointer(&call->parameters, g_variant_unref);
  g_clear_object(&call->fds);
  g_free(call);
}

static gboolean
may_repeat(const Call *call, GDBusConnection *connection, const GError *error)
{
  if (call->n_attempts >= LIDS_MAX_ATTEMPTS || g_dbus_connection_is_closed(connection))
    return FALSE;
  switch (lids_outcome_of(error)) {
  case LIDS_OUTCOME_NOT_DONE:
    return call->fds == NULL; /* a descriptor may have been read */
  case LIDS_OUTCOME_UNKNOWN:
    return call->method->is_repeatable;
  case LIDS_OUTCOME_GOES_ON: /* a sync's end is told by a signal; who waits for it looks there */
    return call->method->is_repeatable && call->method->interface == LIDS_INTERFACE_PROGRESSION;
  case LIDS_OUTCOME_FINAL:
  default:
    return FALSE;
  }
}

static void attempt(GTask *task);

static void
on_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GVariant) reply = NULL;
  GDBusConnection *connection = G_DBUS_CONNECTION(source);
  GError *error = NULL;

  reply = g_dbus_connection_call_with_unix_fd_list_finish(connection, NULL, result, &error);
  if (reply) {
    g_task_return_pointer(task, g_steal_pointer(&reply), (GDestroyNotify)g_variant_unref);
  } else if (may_repeat(g_task_get_task_data(task), connection, error)) {
    g_error_free(error);
    attempt(g_steal_pointer(&task));
  } else {
    g_task_return_error(task, lids_progression_error_convert(error));
  }
}

/* @task: (transfer full). The well-known name is the address, not its owner: so the bus starts the service anew if it is gone. */
static void
attempt(GTask *task)
{
  static const char *const interfaces[] = { LIDS_NAME, LIDS_NAME ".Sync", LIDS_NAME ".Account" };
  LidsProgressionClient *self = g_task_get_source_object(task);
  Call *call = g_task_get_task_data(task);

  call->n_attempts++;
  g_dbus_connection_call_with_unix_fd_list(
      self->connection, LIDS_NAME, LIDS_PATH, interfaces[call->method->interface], call->method->member,
      call->parameters, G_VARIANT_TYPE(call->method->reply), G_DBUS_CALL_FLAGS_NONE, LIDS_TIMEOUT_MS,
      call->fds, g_task_get_cancellable(task), on_answered, task);
}

void
lids_call(LidsProgressionClient *self,
          const LidsMethod *method,
          GVariant *parameters,
          GUnixFDList *fds,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  g_autoptr(GVariant) owned = parameters ? g_variant_ref_sink(parameters) : NULL;
  g_autoptr(GTask) task = NULL;
  Call *call;

  g_return_if_fail(LIDS_IS_PROGRESSION_CLIENT(self));
  task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, (gpointer)method);
  if (self->connection == NULL || g_dbus_connection_is_closed(self->connection)) {
    g_task_return_new_error(task, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_UNAVAILABLE,
                            self->connection
                                ? _("The connection to the session bus is closed; nothing was done")
                                : _("The client was not initialised; wait for it first"));
    return;
  }
  call = g_new0(Call, 1);
  call->method = method;
  call->parameters = g_steal_pointer(&owned);
  call->fds = fds ? g_object_ref(fds) : NULL;
  g_task_set_task_data(task, call, call_free);
  attempt(g_steal_pointer(&task));
}

GVariant *
lids_call_finish(LidsProgressionClient *self, const LidsMethod *method, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);
  g_return_val_if_fail(g_task_get_source_tag(G_TASK(result)) == (gpointer)method, NULL);
  return g_task_propagate_pointer(G_TASK(result), error);
}
