/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-schema.h"
#include "prg-twenty-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the client does with answers: exchanges of the sync protocol, sign-in, provisioning. */

static const char *
body_of(const PrgWireAnswer *wire)
{
  return (const char *)wire->body->data;
}

/* --- one exchange --- */

static GPtrArray *
copy_ids(const GPtrArray *ids)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < ids->len; i++)
    g_ptr_array_add(copy, g_strdup(g_ptr_array_index(ids, i)));
  return copy;
}

/* What the decoder looks at; the caller's request need not outlive the call. */
static PrgRequest *
copy_request(const PrgRequest *request)
{
  PrgRequest *copy = prg_request_new(request->kind);
  prg_record_set(&copy->member, request->member);
  prg_record_set(&copy->record_id, request->record_id);
  prg_record_set(&copy->cursor, request->cursor);
  copy->full = request->full;
  copy->unlinked = request->unlinked;
  copy->since = request->since;
  copy->page = request->page;
  if (request->ids != NULL) {
    g_clear_pointer(&copy->ids, g_ptr_array_unref);
    copy->ids = copy_ids(request->ids);
  }
  if (request->operations == NULL)
    return copy;
  g_clear_pointer(&copy->operations, g_ptr_array_unref);
  copy->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  for (guint i = 0; i < request->operations->len; i++)
    g_ptr_array_add(copy->operations, prg_operation_ref(g_ptr_array_index(request->operations, i)));
  return copy;
}

static PrgAnswer *
decode(PrgTwenty *self, const PrgRequest *request, const PrgWireAnswer *wire)
{
  PrgAnswer *answer =
      prg_codec_decode(request, wire->status, body_of(wire), wire->body->len, prg_twenty_get_rules(self));
  answer->reached = wire->reached;
  answer->too_large = wire->too_large;
  answer->server_time = wire->server_time;
  answer->retry_after = wire->retry_after;
  char *message = prg_twenty_redact(self, *wire->failure != '\0' ? wire->failure : answer->message);
  g_free(answer->message);
  answer->message = message;
  return answer;
}

static void send_request(GTask *task, const PrgRequest *request);

static void
exchange_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgWireAnswer) wire = prg_twenty_send_finish(PRG_TWENTY(source), result, &error);
  if (wire == NULL) {
    g_task_return_error(task, g_steal_pointer(&error));
    return;
  }
  PrgTwenty *self = PRG_TWENTY(source);
  PrgRequest *request = g_task_get_task_data(task);
  g_autoptr(PrgAnswer) answer = decode(self, request, wire);
  if (prg_codec_knows_no_limit(request, answer)) {
    request->all_groups = TRUE;
    send_request(g_steal_pointer(&task), request);
  } else {
    g_task_return_pointer(task, g_steal_pointer(&answer), (GDestroyNotify)prg_answer_free);
  }
}

/* Takes @task. Of @request a copy is kept for the decoder, with all that READ and FETCH need to be sent again. That a server is too old to
 * limit its groups is not remembered: it may be replaced by a newer one, which leaves some out. */
static void
send_request(GTask *task, const PrgRequest *request)
{
  PrgTwenty *self = g_task_get_source_object(task);
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  prg_twenty_send_async(self, wire, g_task_get_cancellable(task), exchange_cb, task);
}

void
prg_twenty_exchange_async(PrgTwenty *self,
                          const PrgRequest *request,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_twenty_exchange_async);
  g_task_set_check_cancellable(task, FALSE);
  g_task_set_task_data(task, copy_request(request), (GDestroyNotify)prg_request_free);
  send_request(task, request);
}

PrgAnswer *
prg_twenty_exchange_finish(PrgTwenty *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- failures of sign-in and provisioning --- */

static PrgError
error_of_outcome(PrgOutcome outcome)
{
  switch (outcome) {
  case PRG_OUTCOME_AUTH:
    return PRG_ERROR_AUTHENTICATION_FAILED;
  case PRG_OUTCOME_FORBIDDEN:
    return PRG_ERROR_PERMISSION_DENIED;
  case PRG_OUTCOME_RETRY:
    return PRG_ERROR_RATE_LIMITED;
  case PRG_OUTCOME_OK:
  case PRG_OUTCOME_CONFLICT:
  case PRG_OUTCOME_DUPLICATE:
  case PRG_OUTCOME_SCHEMA_MISSING:
  case PRG_OUTCOME_REFUSED:
  case PRG_OUTCOME_UNKNOWN:
  default:
    return PRG_ERROR_SERVER_ERROR;
  }
}

/* NULL if the answer is a good one. (transfer full) (nullable) */
static GError *
error_of_wire(PrgTwenty *self, const PrgWireAnswer *wire)
{
  if (wire->status == 0)
    return g_error_new_literal(PRG_ERROR, PRG_ERROR_OFFLINE, wire->failure);
  g_autofree char *said = NULL;
  PrgOutcome outcome = prg_codec_classify(wire->status, body_of(wire), wire->body->len, &said);
  if (outcome == PRG_OUTCOME_OK)
    return NULL;
  g_autofree char *text = prg_twenty_redact(self, *wire->failure != '\0' ? wire->failure : said);
  return g_error_new_literal(PRG_ERROR, error_of_outcome(outcome), text);
}

/* --- sign-in --- */

typedef struct {
  char *name;         /* (owned) (nullable) */
  char *workspace_id; /* (owned) (nullable) */
} Identity;

static void
identity_free(Identity *self)
{
  g_free(self->name);
  g_free(self->workspace_id);
  g_free(self);
}

static void
verify_workspace_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgTwenty *self = PRG_TWENTY(source);
  Identity *identity = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgWireAnswer) wire = prg_twenty_send_finish(self, result, &error);
  if (wire != NULL)
    error = error_of_wire(self, wire);
  if (error == NULL && !prg_codec_decode_workspace(body_of(wire), wire->body->len, &identity->workspace_id))
    g_set_error(&error, PRG_ERROR, PRG_ERROR_SERVER_ERROR,
                _("The server does not say which workspace the key belongs to"));
  if (error != NULL)
    g_task_return_error(task, g_steal_pointer(&error));
  else
    g_task_return_boolean(task, TRUE);
}

/* 404, and 400 for what is no UUID at all. */
static gboolean
is_unknown_member(const PrgWireAnswer *wire)
{
  g_autofree char *said = NULL;
  PrgOutcome outcome = prg_codec_classify(wire->status, body_of(wire), wire->body->len, &said);
  return outcome == PRG_OUTCOME_REFUSED &&
         (wire->status == 404 || g_str_has_suffix(said, "is not a valid UUID"));
}

static void
verify_member_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgTwenty *self = PRG_TWENTY(source);
  Identity *identity = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgWireAnswer) wire = prg_twenty_send_finish(self, result, &error);
  if (wire != NULL && is_unknown_member(wire))
    g_set_error(&error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID, _("The workspace has no such member"));
  else if (wire != NULL)
    error = error_of_wire(self, wire);
  if (error == NULL && !prg_codec_decode_member(body_of(wire), wire->body->len, &identity->name))
    g_set_error(&error, PRG_ERROR, PRG_ERROR_SERVER_ERROR,
                _("The server's answer about the member cannot be read"));
  if (error != NULL) {
    g_task_return_error(task, g_steal_pointer(&error));
    return;
  }
  g_autoptr(PrgWireRequest) next = prg_codec_encode_workspace();
  GCancellable *cancellable = g_task_get_cancellable(task);
  prg_twenty_send_async(self, next, cancellable, verify_workspace_cb, g_steal_pointer(&task));
}

void
prg_twenty_verify_async(PrgTwenty *self,
                        const char *member,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_twenty_verify_async);
  g_task_set_check_cancellable(task, FALSE);
  g_task_set_task_data(task, g_new0(Identity, 1), (GDestroyNotify)identity_free);
  if (member == NULL || *member == '\0') {
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_UNKNOWN_ID, _("No member is named"));
    return;
  }
  g_autoptr(PrgWireRequest) wire = prg_codec_encode_member(member);
  prg_twenty_send_async(self, wire, cancellable, verify_member_cb, g_steal_pointer(&task));
}

gboolean
prg_twenty_verify_finish(PrgTwenty *self,
                         GAsyncResult *result,
                         char **name,
                         char **workspace_id,
                         GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
  Identity *identity = g_task_get_task_data(G_TASK(result));
  gboolean good = g_task_propagate_boolean(G_TASK(result), error);
  if (name != NULL)
    *name = good ? g_strdup(identity->name) : NULL;
  if (workspace_id != NULL)
    *workspace_id = good ? g_strdup(identity->workspace_id) : NULL;
  return good;
}

/* --- provisioning --- */

static void provision_next(GTask *task);

static void
provision_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgTwenty *self = PRG_TWENTY(source);
  PrgSchemaPlan *plan = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgWireAnswer) wire = prg_twenty_send_finish(self, result, &error);
  if (wire != NULL && *wire->failure != '\0')
    error = error_of_wire(self, wire);
  if (error == NULL)
    prg_schema_plan_feed(plan, wire->status, body_of(wire), wire->body->len, &error);
  if (error == NULL) {
    provision_next(g_steal_pointer(&task));
    return;
  }
  g_autofree char *text = prg_twenty_redact(self, error->message);
  g_task_return_error(task, g_error_new_literal(error->domain, error->code, text));
}

/* Takes @task. */
static void
provision_next(GTask *task)
{
  g_autoptr(GTask) owned = task;
  PrgSchemaPlan *plan = g_task_get_task_data(task);
  g_autoptr(PrgWireRequest) wire = prg_schema_plan_next(plan);
  if (wire == NULL) {
    g_task_return_pointer(task, prg_schema_plan_get_created(plan), (GDestroyNotify)g_ptr_array_unref);
    return;
  }
  GCancellable *cancellable = g_task_get_cancellable(task);
  prg_twenty_send_async(g_task_get_source_object(task), wire, cancellable, provision_cb,
                        g_steal_pointer(&owned));
}

void
prg_twenty_provision_async(PrgTwenty *self,
                           gboolean dry_run,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_twenty_provision_async);
  g_task_set_check_cancellable(task, FALSE);
  g_task_set_task_data(task, prg_schema_plan_new(dry_run), (GDestroyNotify)prg_schema_plan_free);
  provision_next(task);
}

GPtrArray *
prg_twenty_provision_finish(PrgTwenty *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);
  return g_task_propagate_pointer(G_TASK(result), error);
}
