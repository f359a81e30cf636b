/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-session-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(PrgSession, prg_session, G_TYPE_OBJECT)

enum {
  READY,
  BUSY,
  ACCOUNT_CHANGED,
  ENGINE_CHANGED,
  STATE_CHANGED,
  TAKEN,
  SYNC_FINISHED,
  SIGN_IN_REQUIRED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

#define NOBODY _("Nobody is signed in on this machine. Sign in to earn XP.")
#define LOOKING _("The keyring has not answered yet. XP is kept on this machine until then.")
/* A network change, a keyring signal: several come together. */
#define SETTLE_MS 200
/* The first calls wait so long for the keyring: it is quick as a rule, and then SyncNow finds the token. */
#define READY_MS 1000

PrgCredentials *
prg_credentials_new(const char *server, const char *member, const char *token)
{
  PrgCredentials *self = g_new0(PrgCredentials, 1);

  self->server = g_strdup(server);
  self->member = g_strdup(member);
  self->token = g_strdup(token);
  return self;
}

void
prg_credentials_free(PrgCredentials *self)
{
  if (self == NULL)
    return;
  explicit_bzero(self->token, strlen(self->token));
  g_free(self->token);
  g_free(self->server);
  g_free(self->member);
  g_free(self);
}

gboolean
prg_credentials_equal(const PrgCredentials *a, const PrgCredentials *b)
{
  return a && b && g_str_equal(a->server, b->server) && g_str_equal(a->member, b->member) &&
         g_str_equal(a->token, b->token);
}

static void
prg_session_finalize(GObject *object)
{
  PrgSession *self = PRG_SESSION(object);

  prg_timer_clear(&self->open_timer);
  prg_timer_clear(&self->look_timer);
  prg_timer_clear(&self->again_timer);
  prg_timer_clear(&self->ready_timer);
  prg_session_drop_rules_file(self);
  g_clear_object(&self->engine);
  g_clear_object(&self->twenty);
  g_clear_object(&self->keyring);
  g_clear_object(&self->connection);
  g_clear_object(&self->network);
  g_clear_object(&self->settings);
  g_clear_pointer(&self->token, prg_credentials_free);
  g_clear_pointer(&self->refused, prg_credentials_free);
  g_clear_pointer(&self->account, prg_account_free);
  g_clear_pointer(&self->accounts, prg_accounts_free);
  g_clear_pointer(&self->rules, prg_rules_unref);
  g_clear_pointer(&self->rules_text, g_bytes_unref);
  g_free(self->rules_origin);
  g_free(self->rules_notice);
  g_free(self->last_error);
  g_free(self->machine);
  g_free(self->store_error);
  g_free(self->notice);
  g_free(self->failed_method);
  g_free(self->failure);
  g_free(self->token_reason);
  g_free(self->directory);
  g_clear_pointer(&self->jobs, prg_jobs_unref);
  G_OBJECT_CLASS(prg_session_parent_class)->finalize(object);
}

static guint
new_signal(const char *name, guint n_arguments, GType a, GType b, GType c)
{
  return g_signal_new(name, PRG_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                      n_arguments, a, b, c);
}

static void
prg_session_class_init(PrgSessionClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = prg_session_finalize;
  signals[READY] = new_signal("ready", 0, 0, 0, 0);
  signals[BUSY] = new_signal("busy", 0, 0, 0, 0);
  signals[ACCOUNT_CHANGED] = new_signal("account-changed", 0, 0, 0, 0);
  signals[ENGINE_CHANGED] = new_signal("engine-changed", 0, 0, 0, 0);
  signals[STATE_CHANGED] = new_signal("state-changed", 0, 0, 0, 0);
  signals[TAKEN] = new_signal("taken", 1, G_TYPE_PTR_ARRAY, 0, 0);
  signals[SYNC_FINISHED] = new_signal("sync-finished", 3, G_TYPE_BOOLEAN, G_TYPE_UINT, G_TYPE_BOOLEAN);
  signals[SIGN_IN_REQUIRED] = new_signal("sign-in-required", 1, G_TYPE_STRING, 0, 0);
}

static void
prg_session_init(PrgSession *self)
{
  self->rules = prg_rules_new_builtin();
  self->rules_origin = g_strdup(PRG_BUILTIN_RULES);
  self->rules_notice = g_strdup("");
  self->machine = g_strdup("");
  self->store_error = g_strdup("");
  self->notice = g_strdup("");
  self->failed_method = g_strdup("");
  self->failure = g_strdup("");
  self->token_reason = g_strdup("");
  self->token_problem = PRG_ERROR_NOT_SIGNED_IN;
}

PrgSession *
prg_session_new(PrgJobs *jobs, GDBusConnection *connection, const char *directory, PrgSettings *settings)
{
  PrgSession *self = g_object_new(PRG_TYPE_SESSION, NULL);

  self->jobs = prg_jobs_ref(jobs);
  self->connection = g_object_ref(connection);
  self->directory = g_strdup(directory);
  self->settings = settings ? g_object_ref(settings) : NULL;
  self->accounts = prg_accounts_new(jobs, directory);
  return self;
}

/* ---- what others are told ---- */

void
prg_session_emit_state(PrgSession *self)
{
  g_signal_emit(self, signals[STATE_CHANGED], 0);
}

void
prg_session_emit_account(PrgSession *self)
{
  g_signal_emit(self, signals[ACCOUNT_CHANGED], 0);
  g_signal_emit(self, signals[STATE_CHANGED], 0);
}

void
prg_session_require_sign_in(PrgSession *self, const char *reason)
{
  g_signal_emit(self, signals[SIGN_IN_REQUIRED], 0, reason);
}

void
prg_session_set_ready(PrgSession *self)
{
  /* A store that is being opened comes back here, well or not: until then a call waits, and is not refused. */
  if (self->is_ready || !self->is_started || self->is_held ||
      ((self->n_opening > 0 || self->wants_open) && self->engine == NULL))
    return;
  prg_timer_clear(&self->ready_timer);
  self->is_ready = TRUE;
  g_signal_emit(self, signals[READY], 0);
}

void
prg_session_set_busy(PrgSession *self, gboolean is_busy)
{
  self->is_held = is_busy;
  if (is_busy) {
    self->is_ready = FALSE;
    g_signal_emit(self, signals[BUSY], 0);
  } else {
    prg_session_set_ready(self);
  }
}

/* ---- start ---- */

static void
on_settings_changed(PrgSettings *settings, PrgSession *self)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  if (self->is_loaded)
    prg_session_apply_settings(self);
}

static void
on_network_changed(PrgNetwork *network, PrgSession *self)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  if (!self->is_started)
    return;
  prg_session_apply_network(self);
  prg_session_emit_state(self);
  /* An account found in the keyring may have waited for the server. */
  if (self->account == NULL && prg_network_get_online(network))
    prg_session_check_keyring(self);
}

static gboolean
on_keyring_settled(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  prg_timer_clear(&self->look_timer);
  prg_session_check_keyring(self);
  return G_SOURCE_REMOVE;
}

static void
on_keyring_changed(PrgKeyring *keyring, PrgSession *self)
{
  if (!self->is_started || self->look_timer)
    return;
  g_clear_pointer(&self->refused, prg_credentials_free);
  self->look_timer = prg_jobs_add_timer(self->jobs, SETTLE_MS, on_keyring_settled, self);
}

static gboolean
on_ready_deadline(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  prg_timer_clear(&self->ready_timer);
  prg_session_set_ready(self);
  return G_SOURCE_REMOVE;
}

static void
begin(PrgSession *self)
{
  self->account = prg_accounts_get_last(self->accounts);
  self->is_loaded = TRUE;
  prg_session_emit_account(self);
  prg_session_apply_settings(self);
}

void
prg_session_begin_account(PrgSession *self)
{
  if (self->has_begun)
    return;
  self->has_begun = TRUE;
  prg_timer_clear(&self->ready_timer);
  self->ready_timer = prg_jobs_add_timer(self->jobs, READY_MS, on_ready_deadline, self);
  if (self->account)
    prg_session_open(self); /* the keyring's turn comes once it is read */
  else
    prg_session_check_keyring(self);
}

static void
on_machine_id(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgSession) self = user_data;
  g_autofree char *text = NULL;
  gsize length;

  if (g_file_load_contents_finish(G_FILE(source), result, &text, &length, NULL, NULL) && length > 0) {
    /* The id itself is not for others to see; the store keeps a hash with our own name in it. */
    g_autofree char *salted = g_strdup_printf("lids-progression:%s", g_strchomp(text));
    g_free(self->machine);
    self->machine = g_compute_checksum_for_string(G_CHECKSUM_SHA256, salted, -1);
  }
  if (self->is_started)
    begin(self);
  prg_jobs_end(self->jobs);
}

static void
on_accounts_loaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgSession) self = user_data;
  g_autoptr(GFile) file = g_file_new_for_path("/etc/machine-id");

  prg_accounts_load_finish(self->accounts, result);
  g_file_load_contents_async(file, prg_jobs_get_cancellable(self->jobs), on_machine_id, g_object_ref(self));
}

void
prg_session_start(PrgSession *self)
{
  g_return_if_fail(!self->is_started);
  self->is_started = TRUE;
  self->network = prg_network_new();
  self->keyring = prg_keyring_new(self->connection, 0);
  g_signal_connect_object(self->network, "changed", G_CALLBACK(on_network_changed), self, 0);
  g_signal_connect_object(self->keyring, "changed", G_CALLBACK(on_keyring_changed), self, 0);
  if (self->settings)
    g_signal_connect_object(self->settings, "changed", G_CALLBACK(on_settings_changed), self, 0);
  prg_jobs_begin(self->jobs);
  prg_accounts_load_async(self->accounts, on_accounts_loaded, g_object_ref(self));
}

/* ---- stop ---- */

void
prg_session_end_stop(PrgSession *self)
{
  g_autoptr(GTask) task = NULL;
  const GError *error;

  /* Also while a store is being opened, or while a switch closes one, nobody else could use it. */
  if (self->stop_task == NULL || self->n_opening + self->n_closing + self->n_held > 0)
    return;
  task = g_steal_pointer(&self->stop_task);
  error = g_task_get_task_data(task);
  if (error)
    g_task_return_error(task, g_error_copy(error));
  else
    g_task_return_boolean(task, TRUE);
}

static void
on_stop_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgSession *self = PRG_SESSION(source);
  GError *error = NULL;

  g_clear_object(&self->keyring);
  g_clear_object(&self->network);
  self->stop_task = user_data;
  if (!prg_session_close_finish(self, result, &error))
    g_task_set_task_data(self->stop_task, error, (GDestroyNotify)g_error_free);
  prg_session_end_stop(self);
}

void
prg_session_stop_async(PrgSession *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(self, NULL, callback, user_data);
  g_autoptr(GError) stopping =
      g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The service is being stopped"));

  g_task_set_source_tag(task, prg_session_stop_async);
  self->is_started = FALSE;
  self->is_loaded = FALSE;
  self->has_begun = FALSE;
  self->is_ready = FALSE;
  prg_session_drop_rules_file(self);
  prg_timer_clear(&self->look_timer);
  prg_timer_clear(&self->again_timer);
  prg_timer_clear(&self->ready_timer);
  if (self->network)
    g_signal_handlers_disconnect_by_data(self->network, self);
  if (self->keyring)
    g_signal_handlers_disconnect_by_data(self->keyring, self);
  if (self->settings)
    g_signal_handlers_disconnect_by_data(self->settings, self);
  prg_session_adopt_opened(self, stopping);
  prg_session_close_async(self, timeout_ms, on_stop_closed, task);
}

gboolean
prg_session_stop_finish(PrgSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- getters ---- */

PrgJobs *
prg_session_get_jobs(PrgSession *self)
{
  return self->jobs;
}

const char *
prg_session_get_directory(PrgSession *self)
{
  return self->directory;
}

const PrgAccount *
prg_session_get_account(PrgSession *self)
{
  return self->account;
}

PrgEngine *
prg_session_get_engine(PrgSession *self)
{
  return self->engine;
}

PrgRules *
prg_session_get_rules(PrgSession *self)
{
  /* A change reaches the account's book between two commits; until then the old ones hold. */
  return self->engine ? prg_book_get_rules(prg_engine_get_book(self->engine)) : self->rules;
}

gboolean
prg_session_get_online(PrgSession *self)
{
  return self->network && prg_network_get_online(self->network);
}

const char *
prg_session_get_state(PrgSession *self)
{
  if (self->account == NULL)
    return prg_engine_state_to_string(PRG_ENGINE_SIGNED_OUT);
  if (self->engine == NULL)
    return prg_engine_state_to_string(*self->store_error ? PRG_ENGINE_BLOCKED : PRG_ENGINE_WAITING);
  if (self->twenty == NULL)
    return prg_engine_state_to_string(PRG_ENGINE_PAUSED);
  return prg_engine_state_to_string(prg_engine_get_state(self->engine));
}

const char *
prg_session_get_reason(PrgSession *self)
{
  if (self->account == NULL)
    return *self->token_reason ? self->token_reason : NOBODY;
  if (self->engine == NULL)
    return self->store_error;
  if (self->twenty == NULL)
    return *self->token_reason ? self->token_reason : LOOKING;
  return prg_engine_get_reason(self->engine);
}

/* Work that failed after its call was answered, and a rules file that is not used, are told beside what ails the sync: none hides
 * another. */
const char *
prg_session_get_last_error(PrgSession *self)
{
  const char *text = self->engine ? prg_engine_get_last_error(self->engine) : self->store_error;
  const char *parts[] = { *text ? text : self->notice, self->failure, self->rules_notice };
  g_autoptr(GString) all = g_string_new(NULL);

  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    g_string_append_printf(all, "%s%s", all->len > 0 && *parts[i] ? "; " : "", parts[i]);
  g_free(self->last_error);
  self->last_error = g_string_free(g_steal_pointer(&all), FALSE);
  return self->last_error;
}

static void
set_failure(PrgSession *self, const char *method, const char *text)
{
  prg_record_set(&self->failed_method, method);
  prg_record_set(&self->failure, text);
  prg_session_emit_state(self);
}

void
prg_session_tell_failure(PrgSession *self, const char *method, const char *message)
{
  g_autofree char *text = g_strdup_printf("%s: %s", method, message);

  g_warning("%s", text);
  set_failure(self, method, text);
}

void
prg_session_settle_failure(PrgSession *self, const char *method)
{
  static const char *const all[] = { "SignIn", "SignOut", "SyncNow", NULL };

  if (*self->failure && (g_str_equal(method, self->failed_method) || g_strv_contains(all, method)))
    set_failure(self, "", "");
}

PrgEngine *
prg_session_require_engine(PrgSession *self, GError **error)
{
  if (self->engine)
    return self->engine;
  if (self->account) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("Nothing can be recorded: %s"),
                *self->store_error ? self->store_error : _("the account is being opened"));
    return NULL;
  }
  g_set_error_literal(error, PRG_ERROR, PRG_ERROR_NOT_SIGNED_IN, prg_session_get_reason(self));
  prg_session_require_sign_in(self, prg_session_get_reason(self));
  return NULL;
}

PrgTwenty *
prg_session_require_twenty(PrgSession *self, GError **error)
{
  if (self->twenty)
    return self->twenty;
  if (self->account == NULL)
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_NOT_SIGNED_IN, NOBODY);
  else if (*self->token_reason == '\0')
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_KEYRING_UNAVAILABLE, LOOKING);
  else
    g_set_error_literal(error, PRG_ERROR, self->token_problem, self->token_reason);
  return NULL;
}
