/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing out, and what an administrator does to the server. */
#include "prg-session-private.h"
#include "prg-transfer.h"

#include <glib/gi18n-lib.h>

#define FLUSH_MS 10000
/* Of one account; more would be a keyring that takes nothing away. */
#define MAX_SPELLINGS 16

typedef struct {
  PrgPendingPolicy policy;
  gboolean is_flushed; /* or was given up */
  GSource *timer;      /* (owned) (nullable) */
  char *exported;      /* (owned) */
  PrgAccount *left;    /* (owned) (nullable) once it has */
  guint n_cleared;     /* items of it that were spelled differently */
  guint step;          /* of the look at what is left */
} Leaving;

static void
leaving_free(Leaving *self)
{
  prg_timer_clear(&self->timer);
  g_free(self->exported);
  g_clear_pointer(&self->left, prg_account_free);
  g_free(self);
}

static guint
n_pending(PrgSession *self)
{
  return self->engine ? prg_book_n_pending(prg_engine_get_book(self->engine)) : 0;
}

/* @error: (transfer full) (nullable) */
static void
end_leaving(GTask *task, GError *error)
{
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);

  self->is_busy = FALSE;
  /* It stays, and its store was not to be opened while it left. */
  if (self->is_started && self->account && self->engine == NULL && self->open_timer == NULL)
    prg_session_open(self);
  prg_session_set_busy(self, FALSE);
  if (error)
    g_task_return_error(task, error);
  else
    g_task_return_pointer(task, g_steal_pointer(&leaving->exported), g_free);
  prg_jobs_end(self->jobs);
  g_object_unref(task);
}

/* The account has left, also if this could not be written down. */
static void
on_left_ignored(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);

  prg_accounts_sync_finish(self->accounts, result, NULL);
  end_leaving(task, NULL);
}

static void look_at_rest(GTask *task);

static void
on_spelled_cleared(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);
  GError *error = NULL;

  if (prg_keyring_clear_finish(PRG_KEYRING(source), result, &error)) {
    leaving->n_cleared++;
    look_at_rest(task);
    return;
  }
  g_prefix_error(&error, _("Signed out, but a token of the account is still in the keyring: "));
  prg_accounts_set_ignored(self->accounts, leaving->left->server, leaving->left->member);
  end_leaving(task, error);
}

static gboolean
is_of(const PrgSecretItem *item, const PrgAccount *account)
{
  g_autofree char *origin = prg_twenty_parse_origin(item->server, NULL);
  g_autofree char *member = prg_session_parse_member(item->member, NULL);

  return origin && member && g_str_equal(origin, account->server) && g_str_equal(member, account->member);
}

/* Another account's item must not sign its rep in because this one has left. */
static void
ignore(PrgSession *self, const PrgSecretItem *item)
{
  g_autofree char *origin = prg_twenty_parse_origin(item->server, NULL);
  g_autofree char *member = prg_session_parse_member(item->member, NULL);

  if (origin && member)
    prg_accounts_set_ignored(self->accounts, origin, member);
}

static void
on_rest_looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSecretItem) item = prg_keyring_lookup_finish(PRG_KEYRING(source), result, &error);

  if (item && is_of(item, leaving->left) && leaving->n_cleared < MAX_SPELLINGS && self->keyring) {
    prg_keyring_clear_async(self->keyring, item->server, item->member, prg_jobs_get_cancellable(self->jobs),
                            on_spelled_cleared, task);
    return;
  }
  if (error == NULL && leaving->step++ < 2) {
    look_at_rest(task);
    return;
  }
  if (item)
    ignore(self, item);
  self->look_again = FALSE;
  prg_accounts_sync_async(self->accounts, on_left_ignored, task);
}

/* The account's token may be there once more, put there by hand under a server or a member that is spelled differently. */
static void
look_at_rest(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);
  g_autofree char *capitals = g_ascii_strup(leaving->left->member, -1);
  const char *members[] = { leaving->left->member, capitals, NULL };

  if (self->keyring)
    prg_keyring_lookup_async(self->keyring, NULL, members[leaving->step],
                             prg_jobs_get_cancellable(self->jobs), on_rest_looked_up, task);
  else
    end_leaving(task, NULL);
}

static void
on_left_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = PRG_SESSION(source);
  Leaving *leaving = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;

  if (!prg_session_close_finish(self, result, &error))
    g_warning("The store was not closed cleanly: %s", error->message);
  leaving->left = g_steal_pointer(&self->account);
  prg_session_drop_token(self, PRG_ERROR_NOT_SIGNED_IN, "");
  prg_session_set_busy(self, FALSE); /* who calls now hears that nobody is signed in */
  look_at_rest(task);
}

static void
on_cleared(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  GError *error = NULL;

  if (!prg_keyring_clear_finish(PRG_KEYRING(source), result, &error)) {
    prg_accounts_set_last(self->accounts, self->account);
    end_leaving(task, error);
    return;
  }
  prg_session_close_async(self, 0, on_left_closed, task);
}

static gboolean
check_running(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);

  if (self->is_started && self->keyring)
    return TRUE;
  if (self->account)
    prg_accounts_set_last(self->accounts, self->account);
  end_leaving(task, g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The service is being stopped")));
  return FALSE;
}

static void
on_forgotten(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  GError *error = NULL;

  if (!prg_accounts_sync_finish(self->accounts, result, &error)) {
    prg_accounts_set_last(self->accounts, self->account);
    end_leaving(task, error);
    return;
  }
  if (!check_running(task))
    return;
  prg_keyring_clear_async(self->keyring, self->account->server, self->account->member,
                          prg_jobs_get_cancellable(self->jobs), on_cleared, task);
}

/* First the disk, then the keyring. Interrupted in between, the token that is still there signs the rep in again; the other
 * way round an account would stay that has none. */
static void
forget(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);

  if (!check_running(task))
    return;
  if (self->engine == NULL)
    prg_session_drop_opening(self); /* it would be remembered again */
  prg_accounts_set_last(self->accounts, NULL);
  prg_accounts_sync_async(self->accounts, on_forgotten, task);
}

static void
on_left_exported(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Leaving *leaving = g_task_get_task_data(task);
  GError *error = NULL;

  char *path = prg_transfer_save_finish(result, &error);

  if (path == NULL) {
    end_leaving(task, error);
    return;
  }
  g_free(leaving->exported);
  leaving->exported = path;
  forget(task);
}

/* Why the account may not leave. (transfer full) (nullable) */
static GError *
check_pending(PrgSession *self, PrgPendingPolicy policy)
{
  guint pending = n_pending(self);

  if (policy == PRG_PENDING_KEEP)
    return NULL;
  if (self->engine == NULL)
    return g_error_new(
        PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
        _("Sign out with pending=keep to leave what waits on this disk. It cannot be told what that is: %s"),
        *self->store_error ? self->store_error : _("the account is being opened"));
  if (pending == 0 || policy != PRG_PENDING_REFUSE)
    return NULL;
  return g_error_new(
      PRG_ERROR, PRG_ERROR_PENDING_OPERATIONS,
      ngettext("%u operation could not be sent to Twenty yet. Sign out with pending=keep to leave "
               "it on this disk, or with pending=export to also write it to a file",
               "%u operations could not be sent to Twenty yet. Sign out with pending=keep to leave "
               "them on this disk, or with pending=export to also write them to a file",
               pending),
      pending);
}

static void
leave_or_refuse(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);
  GError *error = NULL;

  if (!check_running(task))
    return;
  error = check_pending(self, leaving->policy);
  if (error) {
    end_leaving(task, error);
  } else if (leaving->policy == PRG_PENDING_EXPORT) {
    g_autoptr(GPtrArray) operations = prg_transfer_pick(prg_engine_get_book(self->engine));
    g_autofree char *directory = g_build_filename(self->directory, "exports", NULL);
    prg_transfer_save_async(directory, self->account->member, operations,
                            prg_jobs_get_cancellable(self->jobs), on_left_exported, task);
  } else {
    forget(task);
  }
}

static void flush(GTask *task);

static void
on_settled(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  const Leaving *leaving = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;

  if (!prg_engine_submit_finish(PRG_ENGINE(source), result, NULL, &error))
    g_debug("Nothing more is committed: %s", error->message);
  if (!check_running(task))
    return;
  if (leaving->is_flushed || self->twenty == NULL || n_pending(self) == 0) {
    leave_or_refuse(task);
    return;
  }
  /* Earned a moment ago, and never tried to send. That may take long, so the others' calls go on. */
  prg_session_set_busy(self, FALSE);
  flush(task);
}

static GPtrArray *
plan_nothing(PrgEngine *engine, gpointer user_data, GError **error)
{
  return prg_changes_new();
}

/* From here on calls wait, and what was taken before is carried out first: all that anybody is told to have earned is in the book when
 * it is counted or exported. */
static void
settle(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);

  prg_session_set_busy(self, TRUE);
  if (self->engine)
    prg_engine_submit_async(self->engine, plan_nothing, NULL, NULL, NULL, on_settled, task);
  else
    leave_or_refuse(task);
}

/* How the flush went does not matter: what counts is what is still pending. */
static void
end_flush(GTask *task)
{
  Leaving *leaving = g_task_get_task_data(task);

  if (leaving->is_flushed)
    return;
  leaving->is_flushed = TRUE;
  prg_timer_clear(&leaving->timer);
  settle(task);
}

static void
on_flushed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  g_autoptr(PrgJobs) jobs = prg_jobs_ref(self->jobs);
  g_autoptr(GError) error = NULL;

  if (!prg_engine_sync_finish(PRG_ENGINE(source), result, NULL, NULL, &error))
    g_debug("The last sync before signing out failed: %s", error->message);
  end_flush(task);
  prg_jobs_end(jobs);
}

static gboolean
on_flush_deadline(gpointer user_data)
{
  PrgSession *self = g_task_get_source_object(user_data);
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  end_flush(user_data);
  return G_SOURCE_REMOVE;
}

static void
flush(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);
  Leaving *leaving = g_task_get_task_data(task);

  leaving->timer = prg_jobs_add_timer(self->jobs, FLUSH_MS, on_flush_deadline, task);
  prg_jobs_begin(self->jobs);
  prg_engine_sync_async(self->engine, NULL, on_flushed, g_object_ref(task));
}

static gboolean
check_leaving(PrgSession *self, GError **error)
{
  if (self->is_busy) {
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_STILL_RUNNING,
                        _("Another sign-in or sign-out is under way; try again in a moment"));
    return FALSE;
  }
  if (self->account)
    return TRUE;
  g_set_error_literal(error, PRG_ERROR, PRG_ERROR_NOT_SIGNED_IN, prg_session_get_reason(self));
  return FALSE;
}

void
prg_session_sign_out_async(PrgSession *self,
                           PrgPendingPolicy policy,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new(self, NULL, callback, user_data);
  Leaving *leaving = g_new0(Leaving, 1);
  GError *error = NULL;

  g_task_set_source_tag(task, prg_session_sign_out_async);
  leaving->policy = policy;
  leaving->exported = g_strdup("");
  g_task_set_task_data(task, leaving, (GDestroyNotify)leaving_free);
  if (!check_leaving(self, &error)) {
    g_task_return_error(task, error);
    g_object_unref(task);
    return;
  }
  self->is_busy = TRUE;
  prg_jobs_begin(self->jobs);
  if (self->twenty && n_pending(self) > 0)
    flush(task);
  else
    settle(task);
}

gboolean
prg_session_sign_out_finish(PrgSession *self, GAsyncResult *result, char **exported, GError **error)
{
  *exported = g_task_propagate_pointer(G_TASK(result), error);
  return *exported != NULL;
}

/* ---- provisioning ---- */

static void
on_provisioned(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  GError *error = NULL;
  GPtrArray *created = prg_twenty_provision_finish(PRG_TWENTY(source), result, &error);

  if (created) {
    if (self->engine && self->is_started)
      prg_engine_retry(self->engine);
    g_task_return_pointer(task, created, (GDestroyNotify)g_ptr_array_unref);
  } else {
    g_task_return_error(task, error);
  }
  prg_jobs_end(self->jobs);
}

/* (transfer full) (nullable): the account's client, or one for @token that is forgotten afterwards */
static PrgTwenty *
choose_client(PrgSession *self, const char *token, GError **error)
{
  PrgTwenty *own = token ? NULL : prg_session_require_twenty(self, error);
  g_autofree char *origin = NULL;

  if (token == NULL)
    return own ? g_object_ref(own) : NULL;
  origin = self->account ? g_strdup(self->account->server) : prg_session_choose_origin(self, "", error);
  return origin ? prg_twenty_new(origin, token) : NULL;
}

void
prg_session_provision_async(PrgSession *self,
                            gboolean dry_run,
                            const char *token,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, NULL, callback, user_data);
  GError *error = NULL;
  g_autoptr(PrgTwenty) twenty = choose_client(self, token, &error);

  g_task_set_source_tag(task, prg_session_provision_async);
  if (twenty == NULL) {
    g_task_return_error(task, error);
    return;
  }
  /* The task keeps the client alive until it has answered. */
  g_task_set_task_data(task, g_object_ref(twenty), g_object_unref);
  prg_twenty_provision_async(twenty, dry_run, prg_jobs_begin(self->jobs), on_provisioned,
                             g_steal_pointer(&task));
}

GPtrArray *
prg_session_provision_finish(PrgSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}
