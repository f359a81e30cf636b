/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The token: found in the keyring, whoever put it there, and given to the engine. */
#include "prg-session-private.h"

#include <glib/gi18n-lib.h>

#define TRY_AGAIN_MS 60000

gboolean
prg_session_has_token(PrgSession *self, const PrgCredentials *credentials)
{
  return self->twenty && prg_credentials_equal(self->token, credentials);
}

void
prg_session_use_token(PrgSession *self, const PrgCredentials *credentials)
{
  g_autoptr(PrgCredentials) copy = NULL;

  self->n_tokens++;
  self->token_problem = PRG_ERROR_NOT_SIGNED_IN;
  prg_record_set(&self->token_reason, "");
  self->is_required = FALSE;
  if (prg_session_has_token(self, credentials))
    return;
  copy = prg_credentials_new(credentials->server, credentials->member, credentials->token);
  g_clear_pointer(&self->token, prg_credentials_free);
  self->token = g_steal_pointer(&copy);
  g_clear_object(&self->twenty);
  self->twenty = prg_twenty_new(self->token->server, self->token->token);
  prg_twenty_set_rules(self->twenty, self->rules);
  if (self->engine)
    prg_engine_set_twenty(self->engine, self->twenty);
  prg_session_emit_account(self);
}

void
prg_session_drop_token(PrgSession *self, int problem, const char *reason)
{
  self->token_problem = problem;
  prg_record_set(&self->token_reason, reason);
  g_clear_object(&self->twenty);
  g_clear_pointer(&self->token, prg_credentials_free);
  if (self->engine)
    prg_engine_set_twenty(self->engine, NULL);
  prg_session_emit_account(self);
}

/* ---- looking it up ---- */

typedef enum {
  LOOK_OWN,      /* the account's own item */
  LOOK_MEMBER,   /* the member's on another server: it moved */
  LOOK_CAPITALS, /* the member's, stored by hand with a UUID in capitals */
  LOOK_ANY,      /* anybody's: the user was switched */
} LookStep;

typedef struct {
  PrgSession *session; /* (owned) */
  LookStep step;
  guint n_tokens; /* when it began */
} Look;

static void look(PrgSession *self, LookStep step, guint n_tokens);

static gboolean
on_try_again(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  prg_timer_clear(&self->again_timer);
  prg_session_check_keyring(self);
  return G_SOURCE_REMOVE;
}

static void
end_look(PrgSession *self)
{
  self->is_looking = FALSE;
  prg_session_set_ready(self);
  if (!self->look_again || !self->is_started)
    return;
  self->look_again = FALSE;
  prg_session_check_keyring(self);
}

static void
require_once(PrgSession *self, const char *reason)
{
  if (!self->is_required)
    prg_session_require_sign_in(self, reason);
  self->is_required = TRUE;
}

static void
miss_token(PrgSession *self)
{
  const char *reason = _(
      "The keyring holds no token for this account. Sign in to sync; XP is kept on this machine until then.");

  if (self->account == NULL) {
    prg_session_drop_token(self, PRG_ERROR_NOT_SIGNED_IN, "");
    return;
  }
  prg_session_drop_token(self, PRG_ERROR_NOT_SIGNED_IN, reason);
  require_once(self, reason);
}

static void
fail_look(PrgSession *self, const GError *error)
{
  gboolean is_locked = g_error_matches(error, PRG_ERROR, PRG_ERROR_KEYRING_LOCKED);
  g_autofree char *reason = NULL;

  /* A token that is in use stays in use when its keyring is locked again. */
  if (self->twenty || g_error_matches(error, PRG_ERROR, PRG_ERROR_CANCELLED))
    return;
  if (is_locked)
    reason = g_strdup(
        self->account ? _("The keyring is locked. Unlock it to sync; XP is kept on this machine until then.")
                      : _("The keyring is locked. Unlock it to sign in."));
  else
    reason = g_strdup_printf(
        self->account
            ? _("The keyring does not answer (%s). Start it to sync; XP is kept on this machine until then.")
            : _("The keyring does not answer (%s). Start it to sign in."),
        error->message);
  prg_session_drop_token(self, is_locked ? PRG_ERROR_KEYRING_LOCKED : PRG_ERROR_KEYRING_UNAVAILABLE, reason);
}

/* What the keyring gave could not be used; offline is no verdict. */
static void
fail_adoption(PrgSession *self, const GError *error)
{
  g_autofree char *reason =
      g_strdup_printf(_("The account found in the keyring cannot be used: %s"), error->message);

  if (g_error_matches(error, PRG_ERROR, PRG_ERROR_CANCELLED) || !self->is_started)
    return;
  g_clear_pointer(&self->token, prg_credentials_free);
  prg_session_drop_token(self, error->domain == PRG_ERROR ? error->code : PRG_ERROR_SERVER_ERROR, reason);
  if (g_error_matches(error, PRG_ERROR, PRG_ERROR_AUTHENTICATION_FAILED) ||
      g_error_matches(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID)) {
    prg_session_require_sign_in(self, reason);
    return;
  }
  g_clear_pointer(&self->refused, prg_credentials_free);
  /* What is misspelled stays so until the keyring changes. */
  if (self->again_timer == NULL && !g_error_matches(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT))
    self->again_timer = prg_jobs_add_timer(self->jobs, TRY_AGAIN_MS, on_try_again, self);
}

static void
on_look_adopted(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgSession *self = PRG_SESSION(source);
  g_autoptr(GError) error = NULL;

  if (!prg_session_adopt_finish(self, result, &error))
    fail_adoption(self, error);
  end_look(self);
  prg_jobs_end(self->jobs);
}

/* The key that the server refused, stored anew, is tried again; once, or each change of the keyring would bring another refusal. */
static void
use_own_item(PrgSession *self, const PrgSecretItem *item, const PrgCredentials *credentials)
{
  const gboolean is_anew = item->modified > self->token_modified && prg_session_has_token(self, credentials);

  self->token_modified = item->modified;
  prg_session_use_token(self, credentials);
  if (is_anew && self->engine && prg_engine_get_state(self->engine) == PRG_ENGINE_PAUSED)
    prg_engine_retry(self->engine);
}

/* What @item means, however it is spelled. (transfer full) (nullable) */
static PrgCredentials *
read_item(const PrgSecretItem *item, GError **error)
{
  g_autofree char *origin = prg_twenty_parse_origin(item->server, error);
  g_autofree char *member = origin ? prg_session_parse_member(item->member, error) : NULL;

  return member ? prg_credentials_new(origin, member, item->token) : NULL;
}

static void
use_item(PrgSession *self, const PrgSecretItem *item)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgCredentials) credentials = read_item(item, &error);

  if (credentials == NULL) {
    fail_adoption(self, error);
    end_look(self);
  } else if (self->account && g_str_equal(self->account->server, credentials->server) &&
             g_str_equal(self->account->member, credentials->member)) {
    use_own_item(self, item, credentials);
    end_look(self);
  } else if (prg_accounts_is_ignored(self->accounts, credentials->server, credentials->member) ||
             prg_credentials_equal(self->refused, credentials)) {
    if (self->refused == NULL)
      miss_token(self);
    end_look(self);
  } else {
    g_clear_pointer(&self->refused, prg_credentials_free);
    self->refused = prg_credentials_new(credentials->server, credentials->member, credentials->token);
    prg_session_set_ready(self);
    prg_jobs_begin(self->jobs);
    prg_session_adopt_async(self, credentials, FALSE, on_look_adopted, NULL);
  }
}

static void
on_looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Look *data = user_data;
  g_autoptr(PrgSession) self = data->session;
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSecretItem) item = prg_keyring_lookup_finish(PRG_KEYRING(source), result, &error);

  if (!self->is_started) {
    self->is_looking = FALSE;
  } else if (error) {
    fail_look(self, error);
    end_look(self);
  } else if (self->is_busy || data->n_tokens != self->n_tokens) {
    /* Somebody signs in or out, or has meanwhile: what the keyring held before is no news. */
    self->look_again = self->look_again || self->is_busy;
    end_look(self);
  } else if (item) {
    use_item(self, item);
  } else if (data->step < LOOK_ANY) {
    look(self, data->step + 1, data->n_tokens);
  } else {
    miss_token(self);
    end_look(self);
  }
  prg_jobs_end(self->jobs);
}

static void
look(PrgSession *self, LookStep step, guint n_tokens)
{
  Look *data = g_new0(Look, 1);
  const PrgAccount *account = self->account;
  g_autofree char *capitals = account ? g_ascii_strup(account->member, -1) : NULL;
  const char *member;

  if (account == NULL)
    step = LOOK_ANY;
  member = step == LOOK_ANY ? NULL : step == LOOK_CAPITALS ? capitals : account->member;
  data->session = g_object_ref(self);
  data->step = step;
  data->n_tokens = n_tokens;
  prg_keyring_lookup_async(self->keyring, step == LOOK_OWN ? account->server : NULL, member,
                           prg_jobs_begin(self->jobs), on_looked_up, data);
}

void
prg_session_check_keyring(PrgSession *self)
{
  if (!self->is_started)
    return;
  if (self->is_looking || self->is_busy) {
    self->look_again = TRUE;
    return;
  }
  self->is_looking = TRUE;
  look(self, LOOK_OWN, self->n_tokens);
}
