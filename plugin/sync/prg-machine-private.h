/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-attribution.h"
#include "prg-backoff.h"
#include "prg-calendar.h"
#include "prg-fold-log.h"
#include "prg-machine.h"

G_BEGIN_DECLS

/*
 * A cycle runs through these phases; each asks for one request or one commit.
 *
 *   DISCOVER ─ CREATE ┐
 *                     ├─ READ ─ INITIALISE / RELINK ─ RESOLVE ─ PUSH ─ READ ─ VERIFY ─ FETCH ─ TIMELINE ─
 * FOLD ─ SETTLE GLANCE ───────────┘   (the record alone; goes on only if it changed)
 */
typedef enum {
  PRG_PHASE_REST,
  PRG_PHASE_DISCOVER,
  PRG_PHASE_CREATE,
  PRG_PHASE_GLANCE,
  PRG_PHASE_READ,
  PRG_PHASE_INITIALISE,
  PRG_PHASE_RELINK,
  PRG_PHASE_RESOLVE, /* read SENT operations back */
  PRG_PHASE_MARK,    /* commit: the next batch is SENT */
  PRG_PHASE_POST,
  PRG_PHASE_VERIFY, /* read back what the ledger acknowledged: rows are missing */
  PRG_PHASE_FETCH,
  PRG_PHASE_FETCHED, /* the last page of rows is in the book */
  PRG_PHASE_TIMELINE,
  PRG_PHASE_FOLD,
  PRG_PHASE_SETTLE, /* commit: the reading is the base now */
  PRG_PHASE_SETTLED,
  PRG_PHASE_END,
} PrgPhase;

struct _PrgMachine {
  PrgBook *book;     /* (not owned) */
  char *member_name; /* (owned) */
  gint64 interval, push_delay;
  gboolean sync_on_metered, online, metered, has_token;

  PrgMachineState state;
  char *reason;     /* (owned) */
  char *last_error; /* (owned) */
  PrgOutcome outcome;
  gint64 last_sync;     /* wall */
  gint64 epoch;         /* the server's time when the monotonic clock was 0, 0 = not known */
  gboolean wall_is_off; /* this machine's clock did not agree with the last answer */
  gboolean busy;        /* a request or commit was asked for */
  PrgPhase after_commit;

  /* timers, monotonic, 0 = off */
  gint64 pull_from; /* when @pull_at was planned as an interval from then; 0 = it was not */
  gint64 pull_at, push_at, push_first, fold_at, retry_at, fold_allowed_at, return_allowed_at, throttled_until;
  gint64 retry_after; /* what the server asked for, µs */
  guint seen_pending; /* pending operations when push_at was set */
  guint attempt;
  guint slow;    /* debounce is doubled this often because of the rate limit */
  guint glances; /* idle pulls since the last whole reading */
  PrgBucket bucket;

  /* the session: until the token, the server or the schema changes */
  gboolean discovered;
  gboolean ready;  /* the record was read and has its ledger fields: rows may be sent */
  char *record_id; /* (owned) "" = not known */
  guint batch_limit;
  guint page; /* rows that are fetched at a time: fewer where their texts are long */

  /* the cycle */
  PrgPhase phase;
  gboolean forced, forced_again;
  gboolean whole;             /* READ also asks for rows without a record */
  PrgBase *reading;           /* (owned) (nullable) the last whole reading */
  gint64 unlinked;            /* rows of the member without a record, -1 = not asked */
  GPtrArray *batch;           /* (owned) (element-type PrgOperation) in flight */
  GPtrArray *asked;           /* (owned) ids in the read-back under way */
  GHashTable *absent;         /* (owned) ids proven absent in this cycle: may be sent */
  GHashTable *skipped;        /* (owned) id → kind: refused one by one in this cycle */
  char *refusal;              /* (owned) what the server said of the last one of them */
  GHashTable *accepted_kinds; /* (owned) kinds the ledger took in this cycle */
  GPtrArray *relink;          /* (owned) ids of rows without the right record */
  GPtrArray *verify;          /* (owned) (nullable) own acknowledged ids still to be checked */
  GHashTable *fetched;        /* (owned) (nullable) ids seen in a rescan */
  GPtrArray *timeline;        /* (owned) (nullable) */
  PrgFold *fold;              /* (owned) (nullable) the fold under way */
  PrgRecord *folded;          /* (owned) (nullable) the record after it */
  PrgJudgement judgement;
  char *cursor;      /* (owned) of FETCH or TIMELINE */
  guint split;       /* rows a POST may hold while a refused one is searched for, 0 = no search */
  gint64 wait_until; /* monotonic: no request before, 0 = at once */
  guint n_requests, n_conflicts, n_rounds, n_verified, timeline_tries;
  gint64 conflict_updated_at;
  gboolean fetch_done, rescan, judged, need_fold, did_fold, rebase;
  gint64 fetch_since;
  gint64
      older; /* rows of the ledger that are not replicated: too old, or their id means something else here */
  gboolean heal;            /* another program wrote since the last fold: derived fields ride along once */
  gboolean timeline_wanted; /* this reading is settled although the timeline has not told it whole yet */
  gboolean probed; /* rows were looked for since the last reading: the record must be read after that */
  gboolean dropped_record; /* the record was read again after a refused row */
  guint pushed;
  gboolean changed;
};

static inline const PrgBase *
prg_machine_base(PrgMachine *self)
{
  return prg_book_get_base(self->book);
}

/* prg-cycle.c */
void prg_cycle_begin(PrgMachine *self, const PrgInput *input);
void prg_cycle_advance(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_cycle_answer(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_cycle_clear(PrgMachine *self);
/* Ends the cycle; the machine's timers are set by the outcome. */
void prg_cycle_end(PrgMachine *self, PrgOutcome outcome, const char *message, gint64 retry_after);
/* An answer that no phase can use: ends the cycle by its outcome. */
void prg_cycle_fail(PrgMachine *self, const PrgAnswer *answer);
void prg_machine_ask(PrgMachine *self, PrgStep *step, PrgRequest *request);
void prg_machine_commit(PrgMachine *self, PrgStep *step, GPtrArray *changes, PrgPhase then);
gint64 prg_machine_now(PrgMachine *self, const PrgInput *input); /* µs UTC, the server's clock */
PrgMoment prg_machine_moment(PrgMachine *self, const PrgInput *input);
void prg_machine_set_reason(PrgMachine *self, PrgMachineState state, const char *reason);

/* prg-push.c */
void prg_push_resolve(PrgMachine *self, PrgStep *step);
void prg_push_mark(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_push_post(PrgMachine *self, PrgStep *step);
void prg_push_posted(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_push_resolved(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_push_verify(PrgMachine *self, PrgStep *step);
gboolean prg_push_has_work(PrgMachine *self); /* something may be sent now */
/* Whether somebody has changed in Twenty what a row says of kind or amount since @entry was taken; and taking it over. */
gboolean prg_push_row_was_edited(const PrgEntry *entry, const PrgRow *row);
void prg_push_take_edited(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes);
/* What a row of the ledger says of an own operation that is not acknowledged yet, as a change. */
void prg_push_resolve_row(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes);

/* prg-fold.c */
void prg_fold_initialise(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_fold_request(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_fold_answered(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_fold_settle(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_fold_settled(PrgMachine *self);
PrgFold *prg_fold_for_creation(PrgMachine *self, const PrgInput *input);

/* prg-reading.c */
gboolean prg_reading_is_faulty(const PrgRecord *record, const char *field); /* it could not be read */
void prg_reading_evaluate(PrgMachine *self, const PrgInput *input, PrgStep *step);
/* The reading is whole and to be believed: rows, then who wrote, then the fold. */
void prg_reading_go_on(PrgMachine *self, const PrgInput *input);
void prg_reading_timeline(PrgMachine *self, PrgStep *step);
void prg_reading_timeline_answered(PrgMachine *self, const PrgInput *input);

/* prg-rows.c */
gboolean prg_rows_agree(PrgMachine *self, gint64 older);
GPtrArray *prg_rows_suspects(PrgMachine *self); /* (transfer full) (element-type utf8) */
void prg_rows_fetch(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_rows_fetched(PrgMachine *self, const PrgInput *input, PrgStep *step);
void prg_rows_after(PrgMachine *self, const PrgInput *input); /* the last page is in the book */

#define PRG_MAX_PAGE 200
#define PRG_STALE_AFTER (20 * G_USEC_PER_SEC)
#define PRG_FOLD_PAUSE (60 * G_USEC_PER_SEC)
#define PRG_RETURN_PAUSE (10 * G_USEC_PER_SEC)
#define PRG_MAX_CONFLICTS 8
#define PRG_MAX_REQUESTS 5000
#define PRG_MAX_ROUNDS 40
#define PRG_FIRST_FETCH_DAYS 35
#define PRG_WHOLE_EVERY \
  6 /* every so many idle pulls the ledger is read too: the owner of unfolded rows may be gone */

G_END_DECLS
