/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"

G_BEGIN_DECLS

/**
 * PrgMachine: the sync protocol as a pure state machine: (state, input) → (state, action).
 *
 * It never waits and never does anything itself. After an input it asks for at most one thing: a request to
 * be sent or a change set to be committed; the next input is then the answer or the commit's result. With
 * nothing asked it rests until @wake_at. All knowledge that must outlive a crash is in the book; losing the
 * machine at any moment is harmless.
 */
typedef struct _PrgMachine PrgMachine;

typedef enum {
  PRG_MACHINE_SIGNED_OUT,
  PRG_MACHINE_OFFLINE,
  PRG_MACHINE_IDLE,
  PRG_MACHINE_SYNCING,
  PRG_MACHINE_WAITING,
  PRG_MACHINE_PAUSED,
  PRG_MACHINE_BLOCKED,
} PrgMachineState;
const char *prg_machine_state_to_string(PrgMachineState state);

typedef enum {
  PRG_INPUT_WAKE,   /* time passed, or something changed that the machine reads from the book (new operations)
                     */
  PRG_INPUT_ANSWER, /* @answer to the request that was asked for */
  PRG_INPUT_COMMITTED,     /* the change set is on disk and in the book */
  PRG_INPUT_COMMIT_FAILED, /* it is not: @message */
  PRG_INPUT_NETWORK,       /* @online, @metered */
  PRG_INPUT_CREDENTIALS,   /* a token is there (@online TRUE) or not */
  PRG_INPUT_SYNC_NOW,      /* a person asks: now, whole, folding without waiting */
  PRG_INPUT_LOST,          /* the request was cancelled: nothing is known of it */
} PrgInputKind;

typedef struct {
  PrgInputKind kind;
  gint64 mono;       /* µs, monotonic */
  gint64 wall;       /* µs UTC as this machine's clock says */
  guint64 random;    /* fresh random bits */
  const char *token; /* a fresh UUID v4 */
  GTimeZone *zone;
  const char *zone_name;
  PrgAnswer *answer;   /* ANSWER; may be taken apart */
  const char *message; /* COMMIT_FAILED */
  gboolean online;     /* NETWORK, CREDENTIALS */
  gboolean metered;    /* NETWORK */
} PrgInput;

/* What is asked for, and what happened. Cleared by prg_step_clear(). */
typedef struct {
  PrgRequest *request; /* (owned) (nullable) send this */
  GPtrArray *changes;  /* (owned) (nullable) (element-type PrgChange) commit this */
  gboolean finished;   /* a cycle ended: */
  gboolean ok;         /* … well */
  gboolean forced;     /* … and it was one that SYNC_NOW asked for */
  guint pushed;        /* … operations the ledger took */
  gboolean changed;    /* … Twenty held something new */
  gboolean sign_in_required;
} PrgStep;
void prg_step_clear(PrgStep *step);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrgStep, prg_step_clear)

/* @book outlives the machine. */
PrgMachine *prg_machine_new(PrgBook *book);
void prg_machine_free(PrgMachine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgMachine, prg_machine_free)

void
prg_machine_set_timing(PrgMachine *self, gint64 interval_us, gint64 push_delay_us, gboolean sync_on_metered);
void prg_machine_set_member_name(PrgMachine *self, const char *name);

/* One step. @step must be cleared. */
void prg_machine_step(PrgMachine *self, const PrgInput *input, PrgStep *step);

gint64 prg_machine_get_wake_at(PrgMachine *self); /* monotonic µs, 0 = only an input wakes it */
PrgMachineState prg_machine_get_state(PrgMachine *self);
const char *prg_machine_get_reason(PrgMachine *self);     /* "" unless blocked, paused or waiting */
PrgOutcome prg_machine_get_outcome(PrgMachine *self);     /* of the last cycle */
const char *prg_machine_get_last_error(PrgMachine *self); /* "" = the last cycle went well */
gint64 prg_machine_get_last_sync(PrgMachine *self);       /* µs UTC, 0 = never */
gint64 prg_machine_get_next_sync(PrgMachine *self, gint64 mono, gint64 wall); /* µs UTC, 0 = none planned */

/* Requests that others make beside the protocol count like its own. µs until one may go out, 0 = now. */
gint64 prg_machine_request_wait(PrgMachine *self, gint64 mono);
void prg_machine_take_request(PrgMachine *self, gint64 mono);
void prg_machine_drain_requests(PrgMachine *self, gint64 mono); /* the server said that there were too many */

/* µs UTC by the server's clock, as far as it is known; @mono and @wall: this machine's clocks. */
gint64 prg_machine_time(PrgMachine *self, gint64 mono, gint64 wall);
gboolean prg_machine_is_busy(PrgMachine *self); /* a request or a commit is under way */

G_END_DECLS
