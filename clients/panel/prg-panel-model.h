/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the panel shows for a given state of the service: texts, fractions, icon names, layout. Pure: no GTK, no bus, no clock; of the client
 * library it uses the types. What a rank needs and where a level starts is the service's to say; nothing of it is known here.
 */
#pragma once

#include <lids-progression/lids-progression-types.h>

G_BEGIN_DECLS

/* What the service said last. All texts are borrowed and never NULL once the facts are used, but for those marked. */
typedef struct {
  gboolean present;         /* the service answers */
  gboolean signed_in;       /* Account.SignedIn */
  guint level;              /* Level */
  gint64 total_xp;          /* TotalXp */
  gint64 level_xp;          /* LevelXp: where this level started */
  gint64 next_level_xp;     /* NextLevelXp; 0 = the top */
  LidsSyncState sync_state; /* Sync.State */
  guint pending;            /* Sync.PendingOperations */
  guint quarantined;        /* Sync.QuarantinedOperations */
  guint elsewhere;          /* Sync.WaitingElsewhere */
  gint64 last_sync;         /* Sync.LastSync, µs since 1970 UTC; 0 = never */
  const char *rank_name;    /* RankName (nullable) */
  const char *next_rank;    /* NextRankName; "" = the top (nullable) */
  const char *reason;       /* Sync.Reason (nullable) */
  const char *last_error;   /* Sync.LastError (nullable) */
  const char *absent;       /* why the service does not answer, while present is false (nullable) */
} PrgPanelFacts;

/* The state that the icon tells. */
typedef enum {
  PRG_PANEL_SYNCED,
  PRG_PANEL_SYNCING,
  PRG_PANEL_PENDING, /* XP waits for its turn */
  PRG_PANEL_WAITING, /* a cycle failed; the service tries again by itself */
  PRG_PANEL_OFFLINE,
  PRG_PANEL_REFUSED, /* the server refused an operation */
  PRG_PANEL_BLOCKED, /* a person must act */
  PRG_PANEL_SIGN_IN, /* nobody is signed in, or the key is missing or refused */
  PRG_PANEL_ABSENT,  /* the service does not answer */
} PrgPanelSync;

/* What is shown. */
typedef struct {
  PrgPanelSync sync;
  const char *const *icons; /* names of symbolic icons, best first (not owned) */
  char *state;              /* the state in words: "Offline" (owned) */
  char *status;             /* and with what waits: "Offline: 3 to send" (owned) */
  char *reason;             /* why; "" = nothing to say (owned) */
  char *rank;               /* "Operative"; "" = unknown (owned) */
  char *level;              /* "Level 12"; "" = unknown (owned) */
  char *level_short;        /* "L12"; "" = unknown (owned) */
  char *
      label; /* what a wide panel shows: "Operative · Level 12", or the state; "" = the icon says it (owned) */
  char *xp;          /* "12,500 XP, 3,000 to level 14"; "" = unknown (owned) */
  char *tooltip;     /* plain text, several lines (owned) */
  char *name;        /* for a screen reader, one line (owned) */
  char *goal;        /* "For Senior Operative", "The highest rank"; "" = unknown (owned) */
  char *waiting;     /* "3 operations wait to be sent", and a line for those refused; "" = no claim (owned) */
  double fraction;   /* of the way to the next level, 0 to 1 */
  gboolean known;    /* whether there is a level to show */
  gboolean can_sync; /* whether Sync now makes sense */
  gboolean needs_sign_in; /* whether to tell how to sign in */
} PrgPanelView;

/*
 * prg_panel_view_new:
 * @facts: what the service said
 *
 * Returns: (transfer full): what to show; free with prg_panel_view_free()
 */
PrgPanelView *prg_panel_view_new(const PrgPanelFacts *facts);
void prg_panel_view_free(PrgPanelView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgPanelView, prg_panel_view_free)

/* One gate that is not met. */
typedef struct {
  char *text;      /* "Deals 4 of 10" (owned) */
  double fraction; /* 0 to 1; below 0 = there is no bar */
} PrgPanelGate;

void prg_panel_gate_free(PrgPanelGate *gate);

/*
 * prg_panel_gates_new:
 * @gates: (transfer none) (element-type LidsGate): what a rank asks for
 *
 * Unknown kinds are shown by their name.
 *
 * Returns: (transfer full) (element-type PrgPanelGate): those that are not met, in the service's order
 */
GPtrArray *prg_panel_gates_new(GPtrArray *gates);

/*
 * prg_panel_time:
 * @when: µs since 1970 UTC; 0 = never
 * @now: (transfer none): local time now
 *
 * Returns: (transfer full): the local time for people: "never", "14:32", or with the date if it was another day
 */
char *prg_panel_time(gint64 when, GDateTime *now);

/* How much the panel has room for. */
typedef enum {
  PRG_PANEL_ICON,    /* the icon alone */
  PRG_PANEL_SHORT,   /* icon and "L12" side by side */
  PRG_PANEL_STACKED, /* icon over "L12" over a bar */
  PRG_PANEL_FULL,    /* icon; rank and level over a bar */
} PrgPanelLayout;

typedef enum {
  PRG_PANEL_HORIZONTAL,
  PRG_PANEL_VERTICAL,
  PRG_PANEL_DESKBAR,
} PrgPanelMode;

/* How the button uses its room. */
typedef struct {
  PrgPanelLayout layout;
  int icon_size;  /* px */
  gboolean small; /* a line of text in the usual size would be too high */
} PrgPanelFit;

/*
 * prg_panel_fit:
 * @mode: the panel's mode
 * @size: px of the panel across all of its rows
 * @rows: its number of rows, from 1
 * @icon_size: px of icons that the panel proposes
 *
 * Returns: what fits. A panel of several rows gives a horizontal or vertical applet one of them, and a deskbar its whole width.
 */
PrgPanelFit prg_panel_fit(PrgPanelMode mode, int size, int rows, int icon_size);

G_END_DECLS
