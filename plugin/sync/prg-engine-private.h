/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-engine.h"
#include "prg-machine.h"

G_BEGIN_DECLS

/* A command, a change set, or a look for due awards, perhaps by new rules, that waits for the lane. */
typedef struct {
  PrgPlanFunc plan; /* (nullable) */
  gpointer plan_data;
  GDestroyNotify plan_destroy;
  gboolean is_derivation; /* no command: only the awards that are due */
  GPtrArray *changes;     /* (owned) (nullable) */
  GTask *task;            /* (owned) */
  PrgRules *rules;        /* (owned) (nullable) a derivation's: they hold from then on */
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
  GCancellable *cancellable; /* (owned) (nullable) of the request under way, the machine's or a look-up */
  GQueue lookups;            /* (element-type GTask) look-ups that wait */
  PrgRequest *deferred;      /* (owned) (nullable) the machine's request, while a look-up is under way */
  gulong lookup_cancel_id;
  gint64 lookup_at;     /* monotonic µs, when the next look-up may go out; 0 = none waits for that */
  gint64 lookup_after;  /* monotonic µs: no look-up before; the server asked for it */
  gboolean lookup_last; /* the last request was a look-up: the machine is next */
  GQueue jobs;          /* (element-type PrgJob) */
  GQueue events;        /* (element-type PrgEvent) */

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

/* Sends a request of the machine, now or after a look-up. @request: (transfer full) */
void prg_lane_send(PrgEngine *self, PrgRequest *request);

/* prg-lookup.c */
void prg_lookup_begin(PrgEngine *self); /* sends the next one, if it is a look-up's turn */
void prg_lookup_stop(PrgEngine *self);  /* what must still be pushed does not wait for a look-up */
void prg_lookup_run(PrgEngine *self);   /* likewise, when the machine has nothing to send */

/* prg-engine.c */
GError *prg_engine_error_of(PrgOutcome outcome, gboolean reached, const char *message);
void prg_engine_refresh_zone(PrgEngine *self);
void prg_engine_tell_waiters(PrgEngine *self, gboolean ok, guint pushed, gboolean changed);
void prg_engine_close_when_idle(PrgEngine *self);

G_END_DECLS
