/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-sync-adapter.h"
#include "prg-command.h"
#include "prg-dbus-error.h"
#include "prg-elsewhere.h"
#include "prg-handle.h"
#include "prg-history.h"
#include "prg-reply.h"
#include "prg-transfer.h"

#include <glib/gi18n-lib.h>

struct _PrgSyncAdapter {
  PrgSession *session;     /* (owned) */
  PrgSlots *slots;         /* (not owned) */
  PrgElsewhere *elsewhere; /* (owned) */
  PrgDbusSync *skeleton;   /* (owned) */
};

/* ---- properties ---- */

static void
set_engine_properties(PrgDbusSync *skeleton, PrgEngine *engine)
{
  PrgBook *book = engine ? prg_engine_get_book(engine) : NULL;

  prg_dbus_sync_set_pending_operations(skeleton, book ? prg_book_n_pending(book) : 0);
  prg_dbus_sync_set_quarantined_operations(skeleton,
                                           book ? prg_book_n_in_state(book, PRG_OPERATION_QUARANTINED) : 0);
  prg_dbus_sync_set_last_sync(skeleton, engine ? prg_engine_get_last_sync(engine) : 0);
  prg_dbus_sync_set_next_sync(skeleton, engine ? prg_engine_get_next_sync(engine) : 0);
}

static void
refresh(PrgSyncAdapter *self)
{
  PrgDbusSync *skeleton = self->skeleton;

  prg_dbus_sync_set_state(skeleton, prg_session_get_state(self->session));
  prg_dbus_sync_set_reason(skeleton, prg_session_get_reason(self->session));
  prg_dbus_sync_set_online(skeleton, prg_session_get_online(self->session));
  prg_dbus_sync_set_live(skeleton, FALSE);
  prg_dbus_sync_set_last_error(skeleton, prg_session_get_last_error(self->session));
  set_engine_properties(skeleton, prg_session_get_engine(self->session));
  prg_dbus_sync_set_waiting_elsewhere(skeleton, prg_elsewhere_count(self->elsewhere));
  g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(skeleton));
}

static void
on_changed(PrgSession *session, PrgSyncAdapter *self)
{
  refresh(self);
}

static void
on_taken(PrgSession *session, GPtrArray *changes, PrgSyncAdapter *self)
{
  refresh(self);
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_STATE && change->state == PRG_OPERATION_QUARANTINED)
      prg_dbus_sync_emit_operation_quarantined(self->skeleton, change->id, prg_history_note(change->note));
  }
}

static void
on_sync_finished(PrgSession *session, gboolean ok, guint pushed, gboolean changed, PrgSyncAdapter *self)
{
  refresh(self);
  prg_dbus_sync_emit_sync_finished(self->skeleton, ok, pushed, changed);
}

/* ---- SyncNow ---- */

typedef struct {
  PrgSyncAdapter *adapter;
  PrgReply *reply; /* (owned) */
  PrgSlot *slot;   /* (owned) (nullable) while a file descriptor is read or written */
} Call;

static Call *
call_new(PrgSyncAdapter *self, GDBusMethodInvocation *invocation, const char *message)
{
  Call *call = g_new0(Call, 1);

  call->adapter = self;
  call->reply = prg_reply_new(self->session, invocation, message);
  prg_jobs_begin(prg_session_get_jobs(self->session));
  return call;
}

/* @value: (transfer floating) (nullable); @error: (transfer full) (nullable) */
static void
call_end(Call *call, GVariant *value, GError *error)
{
  PrgJobs *jobs = prg_session_get_jobs(call->adapter->session);

  if (error)
    prg_reply_return_error(call->reply, error);
  else
    prg_reply_return_value(call->reply, value);
  prg_slot_free(call->slot);
  g_free(call);
  prg_jobs_end(jobs);
}

static void
on_synced(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  guint pushed;
  gboolean changed;

  prg_engine_sync_finish(PRG_ENGINE(source), result, &pushed, &changed, &error);
  call_end(user_data, NULL, error);
}

static gboolean
on_sync_now(PrgDbusSync *skeleton, GDBusMethodInvocation *invocation, PrgSyncAdapter *self)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);

  if (engine == NULL || prg_session_require_twenty(self->session, &error) == NULL) {
    /* It may have been unlocked without a signal; the next attempt will know. */
    prg_session_check_keyring(self->session);
    prg_dbus_error_return(invocation, error);
    return TRUE;
  }
  Call *call =
      call_new(self, invocation, _("Syncing takes longer than 20 seconds; SyncFinished tells its end"));
  call->reply = prg_reply_wait_for_server(prg_reply_forget_failure(call->reply));
  prg_engine_sync_async(engine, prg_jobs_get_cancellable(prg_session_get_jobs(self->session)), on_synced,
                        call);
  return TRUE;
}

/* ---- operations ---- */

static gboolean
on_list_operations(PrgDbusSync *skeleton,
                   GDBusMethodInvocation *invocation,
                   GVariant *filter,
                   PrgSyncAdapter *self)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);
  GVariant *list = engine ? prg_history_operations(prg_engine_get_book(engine), filter, &error) : NULL;

  if (list)
    g_dbus_method_invocation_return_value(invocation, g_variant_new_tuple(&list, 1));
  else
    prg_dbus_error_return(invocation, error);
  return TRUE;
}

static void
on_audit_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr(GPtrArray) entries = prg_store_audit_finish(PRG_STORE(source), result, &error);

  call_end(user_data, entries ? g_variant_new("(@aa{sv})", prg_history_audit(entries)) : NULL, error);
}

static gboolean
on_list_audit(PrgDbusSync *skeleton,
              GDBusMethodInvocation *invocation,
              GVariant *filter,
              PrgSyncAdapter *self)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);
  guint limit;

  if (engine == NULL || !prg_history_audit_limit(filter, &limit, &error)) {
    prg_dbus_error_return(invocation, error);
    return TRUE;
  }
  Call *call = call_new(self, invocation, _("The disk is slow"));
  call->reply = prg_reply_forget_failure(call->reply);
  prg_store_audit_async(prg_engine_get_store(engine), limit,
                        prg_jobs_get_cancellable(prg_session_get_jobs(self->session)), on_audit_listed, call);
  return TRUE;
}

static const PrgEntry *
find_quarantined(PrgBook *book, const char *id, GError **error)
{
  const PrgEntry *entry = prg_book_find(book, id);

  if (entry == NULL)
    g_set_error(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID, _("No operation with the id “%.64s” is known"), id);
  else if (entry->state != PRG_OPERATION_QUARANTINED)
    g_set_error(error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE,
                _("The operation is not quarantined; its state is “%s”"),
                prg_operation_state_to_string(entry->state));
  else
    return entry;
  return NULL;
}

static const char *
group_of(const PrgOperation *operation)
{
  return *operation->cause ? operation->cause : operation->id;
}

/* One that the ledger has held before is not new: whether another program has paid was asked before its first sending. */
static PrgOperationState
settled_state(const PrgEntry *entry, PrgOperationState wanted)
{
  return wanted == PRG_OPERATION_NEW && entry->operation->created_at != 0 ? PRG_OPERATION_SENT : wanted;
}

/* The rows of a call stand or fall together. */
static GPtrArray *
settle_group(PrgBook *book, const PrgEntry *chosen, PrgOperationState state)
{
  GPtrArray *changes = prg_changes_new();

  for (guint i = 0; i < prg_book_n_entries(book); i++) {
    const PrgEntry *entry = prg_book_get_entry(book, i);
    if (entry->state == PRG_OPERATION_QUARANTINED &&
        g_str_equal(group_of(entry->operation), group_of(chosen->operation)))
      prg_changes_state(changes, entry->operation->id, settled_state(entry, state), entry->in_base, "");
  }
  return changes;
}

/* What a person decided of a quarantined operation. */
typedef struct {
  char *id; /* (owned) */
  PrgOperationState state;
} Settlement;

static void
settlement_free(Settlement *settlement)
{
  g_free(settlement->id);
  g_free(settlement);
}

static GPtrArray *
plan_settlement(PrgEngine *engine, gpointer user_data, GError **error)
{
  const Settlement *settlement = user_data;
  PrgBook *book = prg_engine_get_book(engine);
  const PrgEntry *chosen = find_quarantined(book, settlement->id, error);

  return chosen ? settle_group(book, chosen, settlement->state) : NULL;
}

static void
on_settled(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgEngine *engine = PRG_ENGINE(source);
  GError *error = NULL;

  if (prg_engine_submit_finish(engine, result, NULL, &error))
    prg_engine_retry(engine);
  call_end(user_data, NULL, error);
}

static gboolean
settle(PrgSyncAdapter *self, GDBusMethodInvocation *invocation, const char *id, PrgOperationState state)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);

  if (engine == NULL) {
    prg_dbus_error_return(invocation, error);
    return TRUE;
  }
  Settlement *settlement = g_new0(Settlement, 1);
  settlement->id = g_strdup(id);
  settlement->state = state;
  prg_engine_submit_async(engine, plan_settlement, settlement, (GDestroyNotify)settlement_free, NULL,
                          on_settled, call_new(self, invocation, _("The disk is slow")));
  return TRUE;
}

static gboolean
on_retry_operation(PrgDbusSync *skeleton,
                   GDBusMethodInvocation *invocation,
                   const char *id,
                   PrgSyncAdapter *self)
{
  return settle(self, invocation, id, PRG_OPERATION_NEW);
}

static gboolean
on_discard_operation(PrgDbusSync *skeleton,
                     GDBusMethodInvocation *invocation,
                     const char *id,
                     PrgSyncAdapter *self)
{
  return settle(self, invocation, id, PRG_OPERATION_DISCARDED);
}

/* ---- Export, Import ---- */

static void
on_exported(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  prg_transfer_write_finish(result, &error);
  call_end(user_data, NULL, error);
}

/* The descriptor @handle of a call, with a slot; -1: the call has been answered. */
static int
take_descriptor(PrgSyncAdapter *self,
                GDBusMethodInvocation *invocation,
                GUnixFDList *fds,
                GVariant *handle,
                const char *name,
                gboolean to_write,
                PrgSlot **slot)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);
  int fd = engine ? prg_handle_take(fds, g_variant_get_handle(handle), name, to_write, &error) : -1;

  *slot = fd >= 0 ? prg_slots_take_for(self->slots, invocation, fd, &error) : NULL;
  if (*slot)
    return fd;
  prg_dbus_error_return(invocation, error);
  return -1;
}

static gboolean
on_export(PrgDbusSync *skeleton,
          GDBusMethodInvocation *invocation,
          GUnixFDList *fds,
          GVariant *handle,
          PrgSyncAdapter *self)
{
  PrgSlot *slot;
  int fd = take_descriptor(self, invocation, fds, handle, "destination", TRUE, &slot);

  if (fd < 0)
    return TRUE;
  PrgBook *book = prg_engine_get_book(prg_session_get_engine(self->session));
  g_autoptr(GPtrArray) operations = prg_transfer_pick(book);
  Call *call = call_new(self, invocation, _("The reader is slow; it still gets the whole export"));
  call->slot = slot;
  prg_transfer_write_async(fd, prg_book_get_member(book), operations, prg_slot_get_cancellable(slot),
                           on_exported, call);
  return TRUE;
}

typedef struct {
  Call *call;
  char *member;          /* (owned) */
  GPtrArray *operations; /* (owned) (nullable) (element-type PrgOperation) */
} Importing;

static void
importing_end(Importing *importing, guint added, GError *error)
{
  call_end(importing->call, error ? NULL : g_variant_new("(u)", added), error);
  g_free(importing->member);
  g_clear_pointer(&importing->operations, g_ptr_array_unref);
  g_free(importing);
}

static void
on_imported(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  guint added = 0;

  prg_engine_submit_finish(PRG_ENGINE(source), result, &added, &error);
  importing_end(user_data, added, error);
}

static GPtrArray *
plan_import(PrgEngine *engine, gpointer user_data, GError **error)
{
  const Importing *importing = user_data;

  return prg_transfer_plan(prg_engine_get_book(engine), importing->operations, error);
}

static void
on_import_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Importing *importing = user_data;
  GError *error = NULL;
  importing->operations = prg_transfer_read_finish(result, &error);
  PrgEngine *engine = error ? NULL : prg_session_require_engine(importing->call->adapter->session, &error);

  g_clear_pointer(&importing->call->slot, prg_slot_free);
  if (engine && !g_str_equal(prg_book_get_member(prg_engine_get_book(engine)), importing->member))
    error = g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The account was switched meanwhile"));
  if (error)
    importing_end(importing, 0, error);
  else
    prg_engine_submit_async(engine, plan_import, importing, NULL, NULL, on_imported, importing);
}

static gboolean
on_import(PrgDbusSync *skeleton,
          GDBusMethodInvocation *invocation,
          GUnixFDList *fds,
          GVariant *handle,
          PrgSyncAdapter *self)
{
  PrgSlot *slot;
  int fd = take_descriptor(self, invocation, fds, handle, "source", FALSE, &slot);

  if (fd < 0)
    return TRUE;
  Importing *importing = g_new0(Importing, 1);
  importing->call = call_new(self, invocation, _("Reading takes longer than 20 seconds; the import goes on"));
  importing->call->slot = slot;
  importing->member =
      g_strdup(prg_book_get_member(prg_engine_get_book(prg_session_get_engine(self->session))));
  prg_transfer_read_async(fd, importing->member, prg_slot_get_cancellable(slot), on_import_read, importing);
  return TRUE;
}

static void
on_elsewhere_imported(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  guint added = 0;

  prg_elsewhere_import_finish(result, &added, &error);
  call_end(user_data, error ? NULL : g_variant_new("(u)", added), error);
}

static gboolean
on_import_elsewhere(PrgDbusSync *skeleton, GDBusMethodInvocation *invocation, PrgSyncAdapter *self)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);

  if (engine)
    prg_elsewhere_import_async(
        self->elsewhere, engine, on_elsewhere_imported,
        call_new(self, invocation, _("Reading takes longer than 20 seconds; the import goes on")));
  else
    prg_dbus_error_return(invocation, error);
  return TRUE;
}

/* ---- life ---- */

static void
on_elsewhere_changed(gpointer user_data)
{
  refresh(user_data);
}

PrgSyncAdapter *
prg_sync_adapter_new(PrgSession *session, PrgGate *gate, PrgSlots *slots, const char *elsewhere)
{
  PrgSyncAdapter *self = g_new0(PrgSyncAdapter, 1);

  self->session = g_object_ref(session);
  self->slots = slots;
  self->elsewhere = prg_elsewhere_new(session, elsewhere, on_elsewhere_changed, self);
  self->skeleton = prg_gate_sync_new(gate);
  g_signal_connect(self->skeleton, "handle-sync-now", G_CALLBACK(on_sync_now), self);
  g_signal_connect(self->skeleton, "handle-list-operations", G_CALLBACK(on_list_operations), self);
  g_signal_connect(self->skeleton, "handle-list-audit", G_CALLBACK(on_list_audit), self);
  g_signal_connect(self->skeleton, "handle-retry-operation", G_CALLBACK(on_retry_operation), self);
  g_signal_connect(self->skeleton, "handle-discard-operation", G_CALLBACK(on_discard_operation), self);
  g_signal_connect(self->skeleton, "handle-export", G_CALLBACK(on_export), self);
  g_signal_connect(self->skeleton, "handle-import", G_CALLBACK(on_import), self);
  g_signal_connect(self->skeleton, "handle-import-elsewhere", G_CALLBACK(on_import_elsewhere), self);
  g_signal_connect(session, "state-changed", G_CALLBACK(on_changed), self);
  g_signal_connect(session, "engine-changed", G_CALLBACK(on_changed), self);
  g_signal_connect(session, "taken", G_CALLBACK(on_taken), self);
  g_signal_connect(session, "sync-finished", G_CALLBACK(on_sync_finished), self);
  refresh(self);
  return self;
}

void
prg_sync_adapter_stop(PrgSyncAdapter *self)
{
  prg_elsewhere_stop(self->elsewhere);
  g_signal_handlers_disconnect_by_data(self->session, self);
}

void
prg_sync_adapter_free(PrgSyncAdapter *self)
{
  if (self == NULL)
    return;
  prg_sync_adapter_stop(self);
  g_signal_handlers_disconnect_by_data(self->skeleton, self);
  g_object_unref(self->skeleton);
  prg_elsewhere_free(self->elsewhere);
  g_object_unref(self->session);
  g_free(self);
}

GDBusInterfaceSkeleton *
prg_sync_adapter_get_skeleton(PrgSyncAdapter *self)
{
  return G_DBUS_INTERFACE_SKELETON(self->skeleton);
}
