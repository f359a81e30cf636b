/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-error.h"
#include "prg-file-watch.h"
#include "prg-session.h"

G_BEGIN_DECLS

/* What the files prg-session*.c share. */
typedef struct {
  char *server; /* (owned) origin */
  char *member; /* (owned) */
  char *token;  /* (owned) wiped when freed */
} PrgCredentials;
PrgCredentials *prg_credentials_new(const char *server, const char *member, const char *token);
void prg_credentials_free(PrgCredentials *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgCredentials, prg_credentials_free)
gboolean prg_credentials_equal(const PrgCredentials *a, const PrgCredentials *b);

struct _PrgSession {
  GObject parent;

  PrgJobs *jobs;               /* (owned) */
  char *directory;             /* (owned) */
  PrgSettings *settings;       /* (owned) (nullable) */
  PrgNetwork *network;         /* (owned) (nullable) */
  GDBusConnection *connection; /* (owned) */
  PrgKeyring *keyring;         /* (owned) (nullable) */
  PrgAccounts *accounts;       /* (owned) */
  char *machine;               /* (owned) hash of the machine id, "" = unknown */
  gboolean is_started;
  gboolean is_loaded; /* it is known which accounts there are */
  gboolean has_begun; /* the rules are known, or were waited for long enough; the account may be opened */
  gboolean is_ready;
  gboolean
      is_held; /* calls wait for the end of a switch or of a sign-out, whatever else becomes ready meanwhile */
  guint n_opening;  /* stores that are being opened */
  guint n_closing;  /* stores that are being closed */
  guint n_held;     /* stores of another installation that are being read */
  guint era;        /* counts closes: what was being opened before one is not wanted any more */
  gboolean is_busy; /* a sign-in, a sign-out or a switch is under way */

  PrgRules *rules;           /* (owned) in force */
  GBytes *rules_text;        /* (owned) (nullable) what @rules was made of, NULL = built in */
  char *rules_origin;        /* (owned) where @rules are from, in words */
  char *rules_notice;        /* (owned) "" = none: why the rules file is not used, shown in LastError */
  PrgFileWatch *rules_file;  /* (owned) (nullable) NULL = none is wanted */
  gboolean is_reading_rules; /* a read of @rules_file is under way */
  gboolean read_rules_again;
  GSource *rules_timer; /* (owned) (nullable) */

  PrgAccount *account;   /* (owned) (nullable) */
  PrgEngine *engine;     /* (owned) (nullable) */
  PrgTwenty *twenty;     /* (owned) (nullable) */
  PrgCredentials *token; /* (owned) (nullable) what @twenty was made of */
  char *store_error;     /* (owned) "" = none: why there is no engine */
  char *notice; /* (owned) "" = none: what a person should know of the account's store, shown in LastError */
  char *failed_method; /* (owned) "" = none: the method of @failure */
  char *failure;       /* (owned) "" = none: how work ended that had outlasted its call, shown in LastError */
  char *last_error;    /* (owned) (nullable) what prg_session_get_last_error() told last */
  guint open_delay;    /* ms until the store is tried again */
  GSource *open_timer; /* (owned) (nullable) */
  gboolean wants_open; /* once no other store is open */
  PrgEngine *closing;  /* (nullable) it lives until its store is closed */
  GTask *stop_task;    /* (owned) (nullable) returns when no store is open or locked */
  GTask *open_task;    /* (owned) (nullable) a sign-in that waits for the store */

  guint n_tokens;         /* how often one was taken into use */
  guint64 token_modified; /* when the keyring's item was stored, in s since the epoch; 0 = unknown */
  int token_problem;      /* PrgError: why there is no @twenty */
  char *token_reason;     /* (owned) "" = none */
  gboolean is_looking;    /* a keyring lookup is under way */
  gboolean look_again;
  gboolean is_required;    /* SignInRequired was raised for the present reason */
  PrgCredentials *refused; /* (owned) (nullable) a keyring item that the server did not take */
  GSource *look_timer;     /* (owned) (nullable) the keyring changed */
  GSource *again_timer;    /* (owned) (nullable) what it held could not be used yet */
  GSource *ready_timer;    /* (owned) (nullable) */
};

void prg_session_emit_state(PrgSession *self);
void prg_session_emit_account(PrgSession *self);
void prg_session_require_sign_in(PrgSession *self, const char *reason);
void prg_session_set_ready(PrgSession *self);
void prg_session_set_busy(PrgSession *self, gboolean is_busy);

/* Ends a stop that waited for the last store. */
void prg_session_end_stop(PrgSession *self);

/* Opens the account, or looks for one; the first call counts. */
void prg_session_begin_account(PrgSession *self);

#define PRG_BUILTIN_RULES _("the built-in rules stay in force")
/* prg-session-rules.c: follows the setting. The rules in force stay until others are read and found good. */
void prg_session_apply_rules_file(PrgSession *self);
void prg_session_drop_rules_file(PrgSession *self);

/* prg-session-store.c: the store and the engine of an account */
void prg_session_open(PrgSession *self);
void prg_session_apply_settings(PrgSession *self);
void prg_session_apply_network(PrgSession *self);
void prg_session_use_account(PrgSession *self, const PrgAccount *account);
/* What is being opened, or is to be tried again, is not wanted any more. */
void prg_session_drop_opening(PrgSession *self);
/* Stops the engine and closes the store; the account stays set. */
void
prg_session_close_async(PrgSession *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data);
gboolean prg_session_close_finish(PrgSession *self, GAsyncResult *result, GError **error);

/* prg-session-token.c */
gboolean prg_session_has_token(PrgSession *self, const PrgCredentials *credentials);
void prg_session_use_token(PrgSession *self, const PrgCredentials *credentials);
void prg_session_drop_token(PrgSession *self, int problem, const char *reason);

/* prg-session-sign.c: verifies and switches; @keep: store the token in the keyring */
void prg_session_adopt_async(PrgSession *self,
                             const PrgCredentials *credentials,
                             gboolean keep,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/* The store of the new account is open (or @error says why not, or that the service is being stopped). */
void prg_session_adopt_opened(PrgSession *self, const GError *error);
gboolean prg_session_adopt_finish(PrgSession *self, GAsyncResult *result, GError **error);

/* The id of a member as Twenty spells it. (transfer full) (nullable) */
char *prg_session_parse_member(const char *text, GError **error);
/* @server, or the preset one where it is "". (transfer full) (nullable) */
char *prg_session_choose_origin(PrgSession *self, const char *server, GError **error);

G_END_DECLS
