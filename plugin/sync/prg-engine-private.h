/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-engine.h"
#include "prg-machine.h"

G_BEGIN_DECLS

/* A command, a change set or a look for due awards that waits for the lane. */
typedef struct {
  PrgPlanFunc plan; /* (nullable) */
  gpointer plan_data;
  GDestroyNotify plan_destroy;
  gboolean is_derivation; /* no command: only the awards that are due */
  GPtrArray *changes;     /* (owned) (nullable) */
  GTask *task;            /* (owned) */
} PrgJob;

/* An input of the machine that waits for the lane. */
typedef struct {
  PrgInputKind kind;
  PrgAnswer *answer; /* (owned) (nullable) */
  char *message;     /* (owned) (nullable) */
  gboolean online, metered;
} PrgEvent;

struct _PrgEngine {
  GObject parent_instance;
  PrgStore *store;       /* (owned) */
  PrgBook *book;         /* (owned) */
  PrgMachine *machine;   /* (owned) */
  PrgTwenty *twenty;     /* (owned) (nullable) */
  GMainContext *context; /* (owned) */
  GSource *timer;        /* (owned) (nullable) */
  gint64 timer_at;
  GCancellable *cancellable; /* (owned) (nullable) of the request under way */
  GQueue jobs;               /* (element-type PrgJob) */
  GQueue events;             /* (element-type PrgEvent) */

  gboolean committing, pumping, started, credentials_changed, reached, storage_failed;
  GPtrArray *waiters;  /* (owned) (element-type GTask) callers of sync */
  GTask *stopping;     /* (owned) (nullable) */
  GSource *stop_timer; /* (owned) (nullable) */
  gboolean closing;
  PrgMoment moment;
  char *random_id, *zone_name; /* (owned) (nullable) parts of @moment */
  GTimeZone *zone;             /* (owned) (nullable) */
  PrgEngineState shown_state;
  char *shown_text; /* (owned) what state-changed told last */
};

typedef enum {
  PRG_ENGINE_TAKEN,
  PRG_ENGINE_STATE_CHANGED,
  PRG_ENGINE_SYNC_FINISHED,
  PRG_ENGINE_SIGN_IN_REQUIRED,
  PRG_ENGINE_N_SIGNALS,
} PrgEngineSignal;
extern guint prg_engine_signals[PRG_ENGINE_N_SIGNALS];

typedef struct {
  guint pushed;
  gboolean changed;
} PrgSyncResult;

/* prg-lane.c */
void prg_job_free(PrgJob *job);
void prg_event_free(PrgEvent *event);
PrgEvent *prg_lane_push_event(PrgEngine *self, PrgInputKind kind, PrgAnswer *answer, const char *message);
void prg_lane_run(PrgEngine *self);
void prg_lane_stop_timer(PrgEngine *self);

/* prg-engine.c */
void prg_engine_refresh_zone(PrgEngine *self);
void prg_engine_tell_waiters(PrgEngine *self, gboolean ok, guint pushed, gboolean changed);
void prg_engine_close_when_idle(PrgEngine *self);

G_END_DECLS
