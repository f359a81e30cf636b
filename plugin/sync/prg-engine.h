/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"
#include "prg-earn.h"
#include "prg-store.h"
#include "prg-twenty.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgEngine: carries out what the pure state machine decides for one account. Owns the timer, the cancellable
 * and the order of commits. Runs on the thread-default main context it was created in.
 *
 * Signals (all after the store has committed, none while stopped):
 * - `taken` (GPtrArray *changes): the book took a change set over (element-type PrgChange).
 * - `state-changed` (): state, reason, next or last sync, last error changed.
 * - `sync-finished` (gboolean ok, guint pushed, gboolean changed)
 * - `sign-in-required` (const char *reason): the server no longer takes the token.
 */
#define PRG_TYPE_ENGINE (prg_engine_get_type())
G_DECLARE_FINAL_TYPE(PrgEngine, prg_engine, PRG, ENGINE, GObject)

typedef enum {
  PRG_ENGINE_SIGNED_OUT,
  PRG_ENGINE_OFFLINE,
  PRG_ENGINE_IDLE,
  PRG_ENGINE_SYNCING,
  PRG_ENGINE_WAITING, /* backoff */
  PRG_ENGINE_PAUSED,  /* the token was refused */
  PRG_ENGINE_BLOCKED, /* @reason says why */
} PrgEngineState;
const char *prg_engine_state_to_string(PrgEngineState state); /* "signed-out", "offline", … */

/* Takes @store (transfer full) and @book (transfer full). No request is made before prg_engine_set_twenty()
 * and prg_engine_start(). */
PrgEngine *prg_engine_new(PrgStore *store, PrgBook *book);
void prg_engine_start(PrgEngine *self);

PrgBook *prg_engine_get_book(PrgEngine *self);       /* (transfer none) */
PrgStore *prg_engine_get_store(PrgEngine *self);     /* (transfer none) */
const PrgView *prg_engine_get_view(PrgEngine *self); /* (transfer none) at the local day of now */
PrgEngineState prg_engine_get_state(PrgEngine *self);
const char *prg_engine_get_reason(PrgEngine *self);     /* "" unless blocked, paused or waiting */
const char *prg_engine_get_last_error(PrgEngine *self); /* "" = the last cycle went well */
gint64 prg_engine_get_last_sync(PrgEngine *self);       /* µs UTC, 0 = never */
gint64 prg_engine_get_next_sync(PrgEngine *self);       /* µs UTC, 0 = none planned */

/* NULL: no token (keyring locked, signed out): earn and queue only. */
void prg_engine_set_twenty(PrgEngine *self, PrgTwenty *twenty);
void prg_engine_set_member_name(PrgEngine *self, const char *name); /* for a record that must be created */
void prg_engine_set_network(PrgEngine *self, gboolean online, gboolean metered);
void
prg_engine_set_timing(PrgEngine *self, guint sync_interval_s, guint push_delay_ms, gboolean sync_on_metered);
/* Between two commits; the awards that are due by the new rules are committed with them. Raises `taken`, without changes if there is none. */
void prg_engine_set_rules(PrgEngine *self, PrgRules *rules);

/* The moment for prg_earn_*: member, device, sequence, fresh id, corrected time, zone. Valid until the next
 * call. */
const PrgMoment *prg_engine_get_moment(PrgEngine *self);

/* Plans one change set. Runs in the lane, where all earlier commits are in the book and none is under way: whatever
 * depends on the book must be looked up here, not before.
 * Returns: (transfer full) (element-type PrgChange), NULL with @error; an empty array = nothing to record. */
typedef GPtrArray *(*PrgPlanFunc)(PrgEngine *engine, gpointer user_data, GError **error);
/* Serialises commands; the callback runs after the commit (one transaction) is on disk and in the book. */
void prg_engine_submit_async(PrgEngine *self,
                             PrgPlanFunc plan,
                             gpointer plan_data,
                             GDestroyNotify plan_destroy,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/* @n_changes: (out) (optional) how many were committed. */
gboolean prg_engine_submit_finish(PrgEngine *self, GAsyncResult *result, guint *n_changes, GError **error);

/* Commits changes that hold whatever the book holds (account values), in order with everything else. */
void prg_engine_commit_async(PrgEngine *self,
                             GPtrArray *changes,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean prg_engine_commit_finish(PrgEngine *self, GAsyncResult *result, GError **error);

/* Records the awards that are due by now, if any: to be called when a new local day begins. */
void prg_engine_award_due(PrgEngine *self);

/* Pushes, reads and folds now; joins a running cycle. Errors: NOT_SIGNED_IN, OFFLINE, AUTHENTICATION_FAILED,
 * PERMISSION_DENIED, SCHEMA_MISSING, RATE_LIMITED, SERVER_ERROR, STORAGE_FAILED, CANCELLED. */
void prg_engine_sync_async(PrgEngine *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean prg_engine_sync_finish(PrgEngine *self,
                                GAsyncResult *result,
                                guint *pushed,
                                gboolean *changed,
                                GError **error);

/* One request that is no part of the protocol and changes nothing here (@request: transfer full). One request is in flight at a
 * time, look-ups and the protocol's in turn, and all of them share its budget. Errors: as prg_engine_sync_async(). */
void prg_engine_look_up_async(PrgEngine *self,
                              PrgRequest *request,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
/* Returns: (transfer full) (nullable) an answer whose outcome is OK */
PrgAnswer *prg_engine_look_up_finish(PrgEngine *self, GAsyncResult *result, GError **error);

/* Tells the machine that something outside may have changed (schema provisioned, unblocked by a person): look
 * again now. */
void prg_engine_retry(PrgEngine *self);

/* Flushes for at most @timeout_ms (0 = not at all), cancels what runs, closes the store. After the callback
 * nothing of it runs. */
void
prg_engine_stop_async(PrgEngine *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data);
/* A stop that is under way flushes no longer: somebody waits for the store. */
void prg_engine_stop_flushing(PrgEngine *self);
gboolean prg_engine_stop_finish(PrgEngine *self, GAsyncResult *result, GError **error);

G_END_DECLS
