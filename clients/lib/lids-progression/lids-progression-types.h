/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <lids-progression/lids-macros.h>

G_BEGIN_DECLS

/**
 * LidsSyncState:
 * @LIDS_SYNC_STATE_UNKNOWN: the service has not told yet, or tells a state that this library does not know
 * @LIDS_SYNC_STATE_SIGNED_OUT: no account
 * @LIDS_SYNC_STATE_OFFLINE: no network
 * @LIDS_SYNC_STATE_IDLE: all well
 * @LIDS_SYNC_STATE_SYNCING: sending or reading
 * @LIDS_SYNC_STATE_WAITING: will try again
 * @LIDS_SYNC_STATE_PAUSED: the key is missing, refused, or its keyring is locked; XP is kept meanwhile
 * @LIDS_SYNC_STATE_BLOCKED: a person must act; see [property@ProgressionClient:reason]
 *
 * How syncing goes. XP is earned in any state but %LIDS_SYNC_STATE_SIGNED_OUT. New states may be added.
 */
typedef enum {
  LIDS_SYNC_STATE_UNKNOWN,
  LIDS_SYNC_STATE_SIGNED_OUT,
  LIDS_SYNC_STATE_OFFLINE,
  LIDS_SYNC_STATE_IDLE,
  LIDS_SYNC_STATE_SYNCING,
  LIDS_SYNC_STATE_WAITING,
  LIDS_SYNC_STATE_PAUSED,
  LIDS_SYNC_STATE_BLOCKED,
} LidsSyncState;

/**
 * LidsEarned:
 * @id: id of the operation that was recorded
 * @earned: XP of this call, derived awards (badges, streak days) included; 0 for what had been paid before
 * @total: the total after it
 * @level: the level after it
 * @leveled_up: whether this call raised the level
 *
 * What a call brought. Its memory is the library's business: fields may be added at the end.
 */
typedef struct {
  char *id;
  gint64 earned;
  gint64 total;
  guint level;
  gboolean leveled_up;
} LidsEarned;

#define LIDS_TYPE_EARNED (lids_earned_get_type())
LIDS_API GType lids_earned_get_type(void) G_GNUC_CONST;
LIDS_API LidsEarned *lids_earned_copy(const LidsEarned *self);
LIDS_API void lids_earned_free(LidsEarned *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LidsEarned, lids_earned_free)

/**
 * LidsGate:
 * @kind: "level", "deals", "badge", "module", "metric", "boss", "exam", "mentees" or "certification"
 * @id: the badge, module, metric …; "" where the kind says it all
 * @needed: what is needed: a number (`d`) for level, deals, metric and mentees, a text (`s`) for a badge, a
 *   boolean (`b`) for the others
 * @have: (nullable): what the rep has, of the same type; %NULL: unknown, and so not met
 * @met: whether the condition holds
 * @passes: how @have is compared: "at-least", "below" or "above" (both strictly)
 * @suspended: the rate is shown, but not judged while the rep is in ramp-up
 *
 * One condition of a rank, and how the rep stands.
 */
typedef struct {
  char *kind;
  char *id;
  GVariant *needed;
  GVariant *have;
  gboolean met;
  char *passes;
  gboolean suspended;
} LidsGate;

#define LIDS_TYPE_GATE (lids_gate_get_type())
LIDS_API GType lids_gate_get_type(void) G_GNUC_CONST;
LIDS_API LidsGate *lids_gate_copy(const LidsGate *self);
LIDS_API void lids_gate_free(LidsGate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LidsGate, lids_gate_free)

/**
 * LidsBadge:
 * @id: the badge, without tier
 * @name: its name for people
 * @tier: the highest tier held, "" = none
 * @next_tier: the next tier, "" = there is none
 * @progress: the number now
 * @needed: the number that the next tier needs; without one, the highest tier
 * @passes: how @progress is compared: "at-least", "below" or "above"
 * @known: %FALSE: not judged now
 * @why: what stands in the way besides the number, "" = nothing: "rate-unknown", "too-few", "too-many",
 *   "window-not-covered" or "ramp-up"
 *
 * A badge of the catalogue, and how far its next tier is.
 */
typedef struct {
  char *id;
  char *name;
  char *tier;
  char *next_tier;
  double progress;
  double needed;
  char *passes;
  gboolean known;
  char *why;
} LidsBadge;

#define LIDS_TYPE_BADGE (lids_badge_get_type())
LIDS_API GType lids_badge_get_type(void) G_GNUC_CONST;
LIDS_API LidsBadge *lids_badge_copy(const LidsBadge *self);
LIDS_API void lids_badge_free(LidsBadge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LidsBadge, lids_badge_free)

/**
 * LidsRate:
 * @metric: its name in gates
 * @key: its name in Twenty
 * @known: whether @value is known
 * @value: the rate, from 0 to 1
 * @tier: "elite", "above" or "satisfactory"; "" = below these, unknown, or not judged
 * @numerator: what is counted
 * @denominator: of how many
 *
 * A rate of the last seven local days.
 */
typedef struct {
  char *metric;
  char *key;
  gboolean known;
  double value;
  char *tier;
  gint64 numerator;
  gint64 denominator;
} LidsRate;

#define LIDS_TYPE_RATE (lids_rate_get_type())
LIDS_API GType lids_rate_get_type(void) G_GNUC_CONST;
LIDS_API LidsRate *lids_rate_copy(const LidsRate *self);
LIDS_API void lids_rate_free(LidsRate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LidsRate, lids_rate_free)

/**
 * LidsLeader:
 * @position: from 1; reps with equal totals share one
 * @name: the rep's name
 * @member: the rep's id in Twenty
 * @total_xp: the total
 * @level: the level that it gives
 * @rank: the rank's code
 * @me: whether this is the rep who is signed in
 *
 * A line of the leaderboard.
 */
typedef struct {
  guint position;
  char *name;
  char *member;
  gint64 total_xp;
  guint level;
  char *rank;
  gboolean me;
} LidsLeader;

#define LIDS_TYPE_LEADER (lids_leader_get_type())
LIDS_API GType lids_leader_get_type(void) G_GNUC_CONST;
LIDS_API LidsLeader *lids_leader_copy(const LidsLeader *self);
LIDS_API void lids_leader_free(LidsLeader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LidsLeader, lids_leader_free)

G_END_DECLS
