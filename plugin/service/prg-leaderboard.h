/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-board.h"
#include "prg-session.h"

G_BEGIN_DECLS

/**
 * PrgLeaderboard: fetches what Twenty says of all reps, and keeps it for a minute, and for the time without a network.
 *
 * The last answer is an account value (`leaderboard`), so it goes where the account goes and outlives a restart.
 */
typedef struct _PrgLeaderboard PrgLeaderboard;
PrgLeaderboard *prg_leaderboard_new(PrgSession *session);
void prg_leaderboard_free(PrgLeaderboard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgLeaderboard, prg_leaderboard_free)

/* An answer of the last minute is given as it is; calls meanwhile share one fetch. While the server cannot be asked (no network, no
 * token, a failure, the rate limit) the last answer is given. What it refuses is an error, as prg_engine_sync_async()'s. */
void prg_leaderboard_get_async(PrgLeaderboard *self, GAsyncReadyCallback callback, gpointer user_data);
/* Returns: (transfer full) (nullable) */
PrgBoard *prg_leaderboard_get_finish(GAsyncResult *result, GError **error);

G_END_DECLS
