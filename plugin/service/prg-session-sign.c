/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing in and switching accounts. Nothing is kept before the server has confirmed the token and the
 * member. */
#include "prg-session-private.h"

#include <glib/gi18n-lib.h>

#define FLUSH_MS 3000

typedef struct {
  PrgCredentials *credentials; /* (owned) */
  gboolean keep;
  PrgTwenty *twenty;   /* (owned) (nullable) */
  PrgAccount *account; /* (owned) (nullable) once verified */
  GError *unopened;    /* (owned) (nullable) the account is in use, but its store could not be opened */
} Adoption;

static void
adoption_free(Adoption *self)
{
  prg_credentials_free(self->credentials);
  g_clear_object(&self->twenty);
  g_clear_pointer(&self->account, prg_account_free);
  g_clear_error(&self->unopened);
  g_free(self);
}

/* Ends the task, whichever way; @error: (transfer full) (nullable) */
static void
end_adoption(GTask *task, GError *error)
{
  PrgSession *self = g_task_get_source_object(task);

  self->is_busy = FALSE;
  if (error)
    g_task_return_error(task, error);
  else
    g_task_return_boolean(task, TRUE);
  g_object_unref(task);
  if (self->look_again && !self->is_looking && self->is_started) {
    self->look_again = FALSE;
    prg_session_check_keyring(self);
  }
}

static void
on_remembered(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  Adoption *adoption = g_task_get_task_data(task);
  GError *error = NULL;

  if (!prg_accounts_sync_finish(self->accounts, result, &error))
    g_prefix_error(&error, _("Signed in, but the next start would not know it: "));
  else
    error = g_steal_pointer(&adoption->unopened);
  end_adoption(task, error);
}

/* Who is told of a sign-in can rely on it, also when the service starts again without a network. */
static void
remember(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);

  prg_accounts_sync_async(self->accounts, on_remembered, task);
}

/* The next start must not serve the former account instead. Without one it finds the new one in the keyring, and nothing is written
 * to a folder that may not be ours. */
static void
keep_unopened(PrgSession *self, Adoption *adoption, const GError *error)
{
  g_autoptr(PrgAccount) former = prg_accounts_get_last(self->accounts);

  adoption->unopened = g_error_copy(error);
  g_prefix_error(
      &adoption->unopened,
      _("Signed in, but nothing can be recorded before the account's store can be opened, which is tried "
        "again and again: "));
  if (former)
    prg_accounts_set_last(self->accounts, self->account);
}

void
prg_session_adopt_opened(PrgSession *self, const GError *error)
{
  GTask *task = g_steal_pointer(&self->open_task);
  Adoption *adoption = task ? g_task_get_task_data(task) : NULL;

  if (task == NULL)
    return;
  if (!self->is_started) {
    end_adoption(task, error ? g_error_copy(error) : NULL);
    return;
  }
  if (error)
    keep_unopened(self, adoption, error);
  remember(task);
}

static void
on_old_cleared(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgJobs *jobs = user_data;
  g_autoptr(GError) error = NULL;

  if (!prg_keyring_clear_finish(PRG_KEYRING(source), result, &error))
    g_message("The token for the server's old address stays in the keyring: %s", error->message);
  prg_jobs_end(jobs);
}

/* The same account; its server may have moved. The token of the old address is of no use there. */
static void
stay(PrgSession *self, const Adoption *adoption)
{
  g_autoptr(PrgAccount) old = prg_account_copy(self->account);
  const gboolean is_same = prg_session_has_token(self, adoption->credentials);

  prg_session_use_account(self, adoption->account);
  prg_session_use_token(self, adoption->credentials);
  /* The server took it a moment ago, so it may have refused it for a while only. */
  if (is_same)
    prg_engine_retry(self->engine);
  if (adoption->keep && !g_str_equal(old->server, adoption->account->server))
    prg_keyring_clear_async(self->keyring, old->server, old->member, prg_jobs_begin(self->jobs),
                            on_old_cleared, self->jobs);
}

static void
on_switch_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = PRG_SESSION(source);
  Adoption *adoption = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;

  if (!prg_session_close_finish(self, result, &error))
    g_warning("The former account's store was not closed cleanly: %s", error->message);
  if (!self->is_started) {
    end_adoption(task,
                 g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The service is being stopped")));
    return;
  }
  prg_session_use_account(self, adoption->account);
  prg_session_use_token(self, adoption->credentials);
  self->open_task = task;
  self->is_held = FALSE; /* what is being opened holds them back from here on */
  prg_session_open(self);
}

static void
switch_account(GTask *task)
{
  PrgSession *self = g_task_get_source_object(task);
  Adoption *adoption = g_task_get_task_data(task);

  if (!self->is_started) {
    end_adoption(task,
                 g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The service is being stopped")));
    return;
  }
  prg_accounts_set_ignored(self->accounts, NULL, NULL);
  g_clear_pointer(&self->refused, prg_credentials_free);
  if (self->engine && g_str_equal(self->account->name, adoption->account->name)) {
    stay(self, adoption);
    remember(task);
    return;
  }
  prg_session_set_busy(self, TRUE);
  prg_session_close_async(self, FLUSH_MS, on_switch_closed, task);
}

static void
on_kept(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (prg_keyring_store_finish(PRG_KEYRING(source), result, &error))
    switch_account(task);
  else
    end_adoption(task, error);
}

static void
on_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PrgSession *self = g_task_get_source_object(task);
  Adoption *adoption = g_task_get_task_data(task);
  const PrgCredentials *credentials = adoption->credentials;
  g_autofree char *name = NULL;
  g_autofree char *workspace = NULL;
  GError *error = NULL;

  if (!prg_twenty_verify_finish(PRG_TWENTY(source), result, &name, &workspace, &error)) {
    end_adoption(task, error);
    return;
  }
  adoption->account = prg_account_new(credentials->server, credentials->member, name, workspace);
  if (adoption->keep && self->keyring)
    prg_keyring_store_async(self->keyring, credentials->server, credentials->member, credentials->token,
                            g_task_get_cancellable(task), on_kept, task);
  else
    switch_account(task);
}

void
prg_session_adopt_async(PrgSession *self,
                        const PrgCredentials *credentials,
                        gboolean keep,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new(self, prg_jobs_get_cancellable(self->jobs), callback, user_data);
  Adoption *adoption = g_new0(Adoption, 1);

  g_task_set_source_tag(task, prg_session_adopt_async);
  g_task_set_check_cancellable(task, FALSE);
  adoption->credentials = prg_credentials_new(credentials->server, credentials->member, credentials->token);
  adoption->keep = keep;
  g_task_set_task_data(task, adoption, (GDestroyNotify)adoption_free);
  if (self->is_busy) {
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_STILL_RUNNING,
                            _("Another sign-in or sign-out is under way; try again in a moment"));
    g_object_unref(task);
    return;
  }
  self->is_busy = TRUE;
  /* An account of this disk was confirmed before: it is served at once, and the engine finds out about its
   * token. */
  adoption->account =
      keep ? NULL : prg_accounts_find(self->accounts, credentials->server, credentials->member);
  if (adoption->account) {
    switch_account(task);
    return;
  }
  adoption->twenty = prg_twenty_new(credentials->server, credentials->token);
  prg_twenty_verify_async(adoption->twenty, credentials->member, g_task_get_cancellable(task), on_verified,
                          task);
}

gboolean
prg_session_adopt_finish(PrgSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- SignIn ---- */

char *
prg_session_choose_origin(PrgSession *self, const char *server, GError **error)
{
  g_autofree char *preset = self->settings ? prg_settings_get_server_url(self->settings) : g_strdup("");
  const char *text = *server ? server : preset;

  if (*text == '\0') {
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                        _("No server is given, and none is preset in the settings or in BACKEND_HOST"));
    return NULL;
  }
  return prg_twenty_parse_origin(text, error);
}

char *
prg_session_parse_member(const char *text, GError **error)
{
  if (g_uuid_string_is_valid(text))
    return g_ascii_strdown(text, -1);
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
              _("The member must be the id (a UUID) of a workspace member in Twenty; found “%.64s”"), text);
  return NULL;
}

static void
on_signed_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgSession *self = PRG_SESSION(source);
  GError *error = NULL;

  if (prg_session_adopt_finish(self, result, &error))
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
  prg_jobs_end(self->jobs);
}

void
prg_session_sign_in_async(PrgSession *self,
                          const char *server,
                          const char *member,
                          const char *token,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, NULL, callback, user_data);
  GError *error = NULL;
  g_autofree char *lower = prg_session_parse_member(member, &error);
  g_autofree char *origin = lower ? prg_session_choose_origin(self, server, &error) : NULL;

  g_task_set_source_tag(task, prg_session_sign_in_async);
  if (origin == NULL) {
    g_task_return_error(task, error);
    return;
  }
  g_autoptr(PrgCredentials) credentials = prg_credentials_new(origin, lower, token);
  prg_jobs_begin(self->jobs);
  prg_session_adopt_async(self, credentials, TRUE, on_signed_in, g_steal_pointer(&task));
}

gboolean
prg_session_sign_in_finish(PrgSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}
