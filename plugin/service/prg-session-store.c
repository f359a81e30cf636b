/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store and the engine of the account in use, and the settings that reach them. */
#include "prg-clock.h"
#include "prg-session-private.h"

#include <glib/gi18n-lib.h>

#define META_DEVICE "device.id"
#define META_MACHINE "device.machine"
#define FIRST_OPEN_DELAY_MS 2000
#define LAST_OPEN_DELAY_MS 60000

/* ---- settings and network ---- */

static void
apply_timing(PrgSession *self)
{
  if (self->engine && self->settings)
    prg_engine_set_timing(self->engine, prg_settings_get_sync_interval(self->settings),
                          prg_settings_get_push_delay(self->settings),
                          prg_settings_get_sync_on_metered(self->settings));
}

void
prg_session_apply_settings(PrgSession *self)
{
  if (self->settings) {
    apply_timing(self);
    prg_session_apply_rules_file(self);
  }
  /* The first XP of the day is earned by the same rules as the last of the day before. */
  if (!self->is_reading_rules)
    prg_session_begin_account(self);
}

void
prg_session_apply_network(PrgSession *self)
{
  if (self->engine && self->network)
    prg_engine_set_network(self->engine, prg_network_get_online(self->network),
                           prg_network_get_metered(self->network));
}

/* ---- signals of the engine ---- */

static void
on_engine_taken(PrgEngine *engine, GPtrArray *changes, PrgSession *self)
{
  g_signal_emit_by_name(self, "taken", changes);
}

static void
on_engine_state(PrgEngine *engine, PrgSession *self)
{
  prg_session_emit_state(self);
}

static void
on_engine_finished(PrgEngine *engine, gboolean ok, guint pushed, gboolean changed, PrgSession *self)
{
  g_signal_emit_by_name(self, "sync-finished", ok, pushed, changed);
}

static void
on_engine_sign_in(PrgEngine *engine, const char *reason, PrgSession *self)
{
  prg_session_require_sign_in(self, reason);
}

static void
connect_engine(PrgSession *self)
{
  g_signal_connect(self->engine, "taken", G_CALLBACK(on_engine_taken), self);
  g_signal_connect(self->engine, "state-changed", G_CALLBACK(on_engine_state), self);
  g_signal_connect(self->engine, "sync-finished", G_CALLBACK(on_engine_finished), self);
  g_signal_connect(self->engine, "sign-in-required", G_CALLBACK(on_engine_sign_in), self);
}

/* ---- stores that are open, or locked ---- */

static void
settle_stores(PrgSession *self)
{
  prg_session_end_stop(self);
  if (self->wants_open && self->account && self->engine == NULL)
    prg_session_open(self);
}

static void
end_closing(PrgSession *self)
{
  self->n_closing--;
  settle_stores(self);
}

void
prg_session_hold_store(PrgSession *self)
{
  self->n_held++;
}

void
prg_session_release_store(PrgSession *self)
{
  g_return_if_fail(self->n_held > 0);
  self->n_held--;
  prg_session_end_stop(self);
}

/* ---- opening ---- */

/* This machine's device id: a copied disk must not continue the sequence of the machine it was copied from.
 */
static char *
choose_device(PrgSession *self, PrgSnapshot *snapshot)
{
  const char *device = g_hash_table_lookup(snapshot->meta, META_DEVICE);
  const char *machine = g_hash_table_lookup(snapshot->meta, META_MACHINE);

  if (device == NULL)
    return prg_clock_uuid();
  if (machine && *machine && *self->machine && !g_str_equal(machine, self->machine))
    return prg_clock_uuid();
  return g_strdup(device);
}

static void
on_meta_committed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgJobs *jobs = user_data;
  g_autoptr(GError) error = NULL;

  if (!prg_engine_commit_finish(PRG_ENGINE(source), result, &error))
    g_warning("The account's values could not be stored: %s", error->message);
  prg_jobs_end(jobs);
}

static void
put_meta(PrgBook *book, GPtrArray *changes, const char *key, const char *value)
{
  if (g_strcmp0(prg_book_get_meta(book, key), value) != 0)
    prg_changes_meta(changes, key, value);
}

static void
commit_account(PrgSession *self)
{
  PrgBook *book = prg_engine_get_book(self->engine);
  g_autoptr(GPtrArray) changes = prg_changes_new();

  put_meta(book, changes, META_DEVICE, prg_book_get_device(book));
  if (*self->machine)
    put_meta(book, changes, META_MACHINE, self->machine);
  put_meta(book, changes, "account.server", self->account->server);
  put_meta(book, changes, "account.member", self->account->member);
  put_meta(book, changes, "account.member-name", self->account->member_name);
  put_meta(book, changes, "account.workspace", self->account->workspace);
  if (changes->len == 0)
    return;
  prg_jobs_begin(self->jobs);
  prg_engine_commit_async(self->engine, changes, NULL, on_meta_committed, self->jobs);
}

void
prg_session_use_account(PrgSession *self, const PrgAccount *account)
{
  PrgAccount *copy = prg_account_copy(account);

  prg_account_free(self->account);
  self->account = copy;
  if (self->engine) {
    prg_engine_set_member_name(self->engine, copy->member_name);
    commit_account(self);
    prg_accounts_set_last(self->accounts, copy);
  }
  prg_session_settle_failure(self, "SignIn"); /* also one that the keyring brought about */
  prg_session_emit_account(self);
}

static void
report_opening(PrgSession *self, const PrgStoreReport *report)
{
  if (!report->damaged)
    return;
  g_autofree char *notice = g_strdup_printf(
      ngettext("The store was damaged (%s). It was set aside as %s; %u operation was saved from it.",
               "The store was damaged (%s). It was set aside as %s; %u operations were saved from it.",
               report->saved),
      report->reason ? report->reason : _("no reason given"), report->set_aside ? report->set_aside : "?",
      report->saved);
  g_warning("%s", notice);
  prg_record_set(&self->notice, notice);
}

/* @store, @snapshot: (transfer full) */
static void
use_store(PrgSession *self, PrgStore *store, PrgSnapshot *snapshot)
{
  g_autofree char *device = choose_device(self, snapshot);
  PrgBook *book = prg_book_new(self->rules, self->account->member, device, snapshot);

  self->engine = prg_engine_new(store, book);
  self->open_delay = 0;
  prg_record_set(&self->store_error, "");
  connect_engine(self);
  prg_engine_set_member_name(self->engine, self->account->member_name);
  apply_timing(self);
  prg_session_apply_network(self);
  if (self->twenty)
    prg_engine_set_twenty(self->engine, self->twenty);
  commit_account(self);
  prg_engine_start(self->engine);
  prg_accounts_set_last(self->accounts, self->account);
  g_signal_emit_by_name(self, "engine-changed");
  prg_session_emit_account(self);
}

static gboolean
on_open_again(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  prg_timer_clear(&self->open_timer);
  if (self->account && self->engine == NULL)
    prg_session_open(self);
  return G_SOURCE_REMOVE;
}

/* Another process may hold the lock a moment longer, a disk may get space again. */
static void
schedule_open(PrgSession *self, const char *message)
{
  prg_record_set(&self->store_error, message);
  self->open_delay = self->open_delay ? MIN(self->open_delay * 2, LAST_OPEN_DELAY_MS) : FIRST_OPEN_DELAY_MS;
  prg_timer_clear(&self->open_timer);
  self->open_timer = prg_jobs_add_timer(self->jobs, self->open_delay, on_open_again, self);
  prg_session_emit_state(self);
}

typedef struct {
  PrgSession *session; /* (owned) */
  guint era;           /* the session's when it was begun */
} Opening;

static void
opening_free(Opening *self)
{
  g_object_unref(self->session);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Opening, opening_free)

static void
on_superfluous_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgSession) self = user_data;

  prg_store_close_finish(PRG_STORE(source), result, NULL);
  g_object_unref(source);
  end_closing(self);
  prg_jobs_end(self->jobs);
}

/* Not after a close, which may be that of a switch, a sign-out or a stop. */
static gboolean
is_still_wanted(const Opening *opening)
{
  PrgSession *self = opening->session;

  return self->is_started && self->engine == NULL && self->account && opening->era == self->era;
}

static void
on_store_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Opening) opening = user_data;
  PrgSession *self = opening->session;
  PrgSnapshot *snapshot = NULL;
  PrgStoreReport report = { 0 };
  g_autoptr(GError) error = NULL;
  PrgStore *store = prg_store_open_finish(result, &snapshot, &report, &error);
  const gboolean is_wanted = is_still_wanted(opening);

  self->n_opening--;
  if (store && !is_wanted) {
    prg_snapshot_free(snapshot);
    prg_jobs_begin(self->jobs);
    self->n_closing++;
    prg_store_close_async(store, on_superfluous_closed, g_object_ref(self));
  } else if (store) {
    report_opening(self, &report);
    use_store(self, store, snapshot);
  } else if (is_wanted) {
    g_warning("The store cannot be opened: %s", error->message);
    schedule_open(self, error->message);
  }
  prg_store_report_clear(&report);
  if (is_wanted)
    prg_session_adopt_opened(self, error);
  if (self->is_started) {
    /* At the start the look at the keyring, or the deadline for it, ends the wait. */
    if (self->ready_timer == NULL || self->engine == NULL)
      prg_session_set_ready(self);
    prg_session_check_keyring(self);
  }
  settle_stores(self);
  prg_jobs_end(self->jobs);
}

void
prg_session_open(PrgSession *self)
{
  Opening *opening;

  /* One after the other: a store that is still open here is locked for us too. */
  self->wants_open = self->n_opening + self->n_closing > 0;
  if (self->wants_open)
    return;
  opening = g_new0(Opening, 1);
  opening->session = g_object_ref(self);
  opening->era = self->era;
  self->n_opening++;
  prg_store_open_async(self->directory, self->account->name, prg_jobs_begin(self->jobs), on_store_opened,
                       opening);
}

/* ---- closing ---- */

static void
on_engine_stopped(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(PrgSession) self = g_object_ref(g_task_get_source_object(task));
  GError *error = NULL;

  if (source == (GObject *)self->closing)
    self->closing = NULL;
  if (prg_engine_stop_finish(PRG_ENGINE(source), result, &error))
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
  g_object_unref(source);
  end_closing(self);
}

void
prg_session_drop_opening(PrgSession *self)
{
  self->era++;
  self->wants_open = FALSE;
  prg_timer_clear(&self->open_timer);
}

void
prg_session_close_async(PrgSession *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(self, NULL, callback, user_data);
  PrgEngine *engine = g_steal_pointer(&self->engine);

  g_task_set_source_tag(task, prg_session_close_async);
  prg_session_drop_opening(self);
  prg_record_set(&self->store_error, "");
  prg_record_set(&self->notice, "");
  self->open_delay = 0;
  if (engine == NULL) {
    if (self->closing && timeout_ms == 0)
      prg_engine_stop_flushing(self->closing);
    g_task_return_boolean(task, TRUE);
    g_object_unref(task);
    return;
  }
  g_signal_handlers_disconnect_by_data(engine, self);
  g_signal_emit_by_name(self, "engine-changed");
  self->closing = engine;
  self->n_closing++;
  prg_engine_stop_async(engine, timeout_ms, on_engine_stopped, task);
}

gboolean
prg_session_close_finish(PrgSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}
