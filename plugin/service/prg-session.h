/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-accounts.h"
#include "prg-engine.h"
#include "prg-keyring.h"
#include "prg-network.h"
#include "prg-settings.h"

G_BEGIN_DECLS

/**
 * PrgSession: an account's life on this machine: who it is, its store and engine, its token.
 *
 * The account of last time is served from its store at once. Keyring and network come later, or never: XP is
 * kept meanwhile.
 *
 * Signals:
 * - `ready` (): calls can be answered. Raised again after an account was switched.
 * - `busy` (): an account is being switched; calls must wait for `ready`.
 * - `account-changed` (): account, or what is known of it.
 * - `engine-changed` (): the engine came, went or was replaced.
 * - `state-changed` (): state, reason, network, or what the engine says of itself.
 * - `taken` (GPtrArray *changes), `sync-finished` (gboolean, guint, gboolean): as the engine's.
 * - `sign-in-required` (const char *reason).
 */
#define PRG_TYPE_SESSION (prg_session_get_type())
G_DECLARE_FINAL_TYPE(PrgSession, prg_session, PRG, SESSION, GObject)

/* @connection: to the session bus. @directory: where stores live. @settings: (nullable) without them the built-in values hold. */
PrgSession *
prg_session_new(PrgJobs *jobs, GDBusConnection *connection, const char *directory, PrgSettings *settings);
void prg_session_start(PrgSession *self);
/* Flushes for at most @timeout_ms, closes the store; the account is served again by the next start. */
void
prg_session_stop_async(PrgSession *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data);
gboolean prg_session_stop_finish(PrgSession *self, GAsyncResult *result, GError **error);

/* Another installation's store is locked because of us: a stop waits for the release, as that installation may be the next owner of the
 * bus name. */
void prg_session_hold_store(PrgSession *self);
void prg_session_release_store(PrgSession *self);

PrgJobs *prg_session_get_jobs(PrgSession *self);             /* (transfer none) */
const char *prg_session_get_directory(PrgSession *self);     /* (transfer none) */
const PrgAccount *prg_session_get_account(PrgSession *self); /* (nullable) (transfer none) */
PrgEngine *prg_session_get_engine(PrgSession *self);         /* (nullable) (transfer none) */
PrgRules *prg_session_get_rules(PrgSession *self);           /* (transfer none) */
gboolean prg_session_get_online(PrgSession *self);
/* State and words for people, the engine's or, without a working one, the session's own. */
const char *prg_session_get_state(PrgSession *self);
const char *prg_session_get_reason(PrgSession *self);
const char *prg_session_get_last_error(PrgSession *self);
/* The work of @method, which was answered before, has failed: in LastError until it is settled. */
void prg_session_tell_failure(PrgSession *self, const char *method, const char *message);
/* @method went well: what is told of an earlier failure of it is over, and of any, if another account is in use now or a person has
 * tried again (SyncNow). */
void prg_session_settle_failure(PrgSession *self, const char *method);

/* The engine; else NOT_SIGNED_IN (and `sign-in-required` is raised) or STORAGE_FAILED. (transfer none)
 * (nullable) */
PrgEngine *prg_session_require_engine(PrgSession *self, GError **error);
/* The account's client; else NOT_SIGNED_IN, KEYRING_LOCKED or KEYRING_UNAVAILABLE. (transfer none) (nullable)
 */
PrgTwenty *prg_session_require_twenty(PrgSession *self, GError **error);
/* Looks the token up again: the keyring may have been unlocked. */
void prg_session_check_keyring(PrgSession *self);

/* @server "" = preset. Checks with the server first; nothing is kept before that went well. */
void prg_session_sign_in_async(PrgSession *self,
                               const char *server,
                               const char *member,
                               const char *token,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean prg_session_sign_in_finish(PrgSession *self, GAsyncResult *result, GError **error);

typedef enum { PRG_PENDING_REFUSE, PRG_PENDING_KEEP, PRG_PENDING_EXPORT } PrgPendingPolicy;
void prg_session_sign_out_async(PrgSession *self,
                                PrgPendingPolicy policy,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* @exported: (out) (transfer full) path of the export, "" = none. */
gboolean prg_session_sign_out_finish(PrgSession *self, GAsyncResult *result, char **exported, GError **error);

/* @token: (nullable) an administrator's. Returns (finish): (transfer full) (element-type utf8) what was
 * created. */
void prg_session_provision_async(PrgSession *self,
                                 gboolean dry_run,
                                 const char *token,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
GPtrArray *prg_session_provision_finish(PrgSession *self, GAsyncResult *result, GError **error);

G_END_DECLS
