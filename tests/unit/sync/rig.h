/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../../simulation/sim-server.h"
#include "prg-machine.h"
#include "sync-helpers.h"

/*
 * The shipped book and machine on a table: a clock that the test moves, a disk that takes what it is given, and the
 * simulation's model of Twenty, which a test may answer for.
 */
typedef struct {
  PrgRules *rules;     /* (owned) */
  PrgBook *book;       /* (owned) */
  PrgMachine *machine; /* (owned) */
  PrgStep step;        /* what the machine asks for */
  SimServer *server;   /* (owned) */
  GTimeZone *zone;     /* (owned) */
  gint64 now, boot;    /* µs UTC */
  guint64 random;
  guint n_ids;
  GString *log;           /* (owned) kinds of the requests, by spaces */
  GArray *batches;        /* (owned) (element-type guint) rows in each POST */
  GPtrArray *audits;      /* (owned) (element-type utf8) */
  GPtrArray *ids;         /* (owned) (element-type utf8) of what was earned */
  const char *refuse_ref; /* a POST with a row of this ref is refused without a word about it */
  const char *details;    /* of what is earned next, here or elsewhere; NULL = none */
  gint64 server_ahead;    /* how far Twenty's clock is ahead, 0 = it does not say */
  guint n_finished;
  gboolean finished_ok, was_forced, sign_in_required;
} Rig;

/* @total: of a record without ledger fields; negative = there is no record. Not signed in yet. */
Rig *rig_new(gint64 total);
void rig_free(Rig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

/* The process dies and comes back: only the disk is left. With @empty_disk not even that. */
void rig_restart(Rig *self, gboolean empty_disk);

void rig_feed(Rig *self, PrgInputKind kind, PrgAnswer *answer, gboolean online);
void rig_network(Rig *self, gboolean online, gboolean metered);
void rig_sign_in(Rig *self); /* and runs to rest */
void rig_sync(Rig *self);    /* SyncNow, to rest */
void rig_wake(Rig *self);    /* sleeps until the machine wants to wake, feeds that, runs to rest */

/* Carries out what is asked, until the machine rests. */
void rig_run(Rig *self);
/* The same, until it asks for @kind. (transfer none) */
const PrgRequest *rig_until(Rig *self, PrgRequestKind kind);
void rig_answer(Rig *self, PrgAnswer *answer); /* (transfer full) instead of the server */
void rig_outcome(Rig *self, PrgOutcome outcome, const char *message);
void rig_serve(Rig *self); /* the server answers what is asked */
/* The server carries it out, and the reply is lost. */
void rig_lose_reply(Rig *self);
void rig_commit(Rig *self);      /* the disk takes what is asked */
void rig_fail_commit(Rig *self); /* it does not */

/* A user earns; one transaction. Returns: the first operation's id, good as long as the rig. */
const char *rig_earn(Rig *self, const char *kind, const char *ref, gint64 amount);
/* Another device's row appears in the ledger. */
void rig_post_elsewhere(Rig *self, const char *kind, const char *ref, gint64 amount);

PrgRecord *rig_record(Rig *self); /* Twenty's, to be changed by a test */
void rig_touch(Rig *self);        /* after that: updatedAt moves */
gint64 rig_total(Rig *self);      /* as this machine shows it */
PrgOperationState rig_state_of(Rig *self, const char *id);
guint rig_count_audits(Rig *self, const char *text);
void rig_clear_log(Rig *self);
gboolean rig_asked(Rig *self, PrgRequestKind kind);

#define SECOND ((gint64)G_USEC_PER_SEC)
#define rig_assert_state(rig, expected) \
  g_assert_cmpstr(prg_machine_state_to_string(prg_machine_get_state((rig)->machine)), ==, expected)
#define rig_assert_reason(rig, text) g_assert_nonnull(strstr(prg_machine_get_reason((rig)->machine), text))
