/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-exchange.h"
#include "sim-world.h"

/*
 * A model of Twenty at the level of PrgRequest and PrgAnswer: one member's record and ledger rows, the
 * timeline, soft and hard deletes, snapshots. Every request is atomic. Written from the recorded exchanges,
 * not from the client.
 */
typedef struct _SimServer SimServer;

/* What a test lets the model do wrong, to see that the simulation finds it. */
typedef enum {
  SIM_FLAW_NONE,
  SIM_FLAW_ADDS_TWICE, /* a fold that raises the total raises it twice */
  SIM_FLAW_FORGETS,    /* of a batch that it has accepted, the last row is missing */
  SIM_FLAW_RENAMES,    /* a row gets another id */
} SimFlaw;
gboolean sim_flaw_from_string(const char *name, SimFlaw *flaw);
const char *sim_flaw_to_string(SimFlaw flaw);

SimServer *sim_server_new(const char *member, gint64 now);
/* @world hears of every row that is taken, and of faults that strike here. Without one nothing is told. */
void sim_server_set_world(SimServer *self, SimWorld *world);
void sim_server_set_flaw(SimServer *self, SimFlaw flaw);
void sim_server_free(SimServer *self);
SimServer *sim_server_copy(const SimServer *self); /* a snapshot */

void sim_server_set_time(SimServer *self, gint64 now);
void sim_server_set_timeline_lag(SimServer *self, gint64 lag);
/* A row whose ref holds @text (static) is refused, naming it, or silently; NULL = none. */
void sim_server_set_refused(SimServer *self, const char *text);
void sim_server_set_silent(SimServer *self, gboolean silent);
void sim_server_set_batch_limit(SimServer *self, guint limit);

/* (transfer full) Carries the request out. */
PrgAnswer *sim_server_execute(SimServer *self, const PrgRequest *request);
/* READ with the record of @self and the ledger of @ledger: the two halves of one request are no transaction.
 */
PrgAnswer *sim_server_torn_read(SimServer *self, SimServer *ledger, const PrgRequest *request);

/* Another program or person. @member "" = a program's key. */
void sim_server_create_record(SimServer *self, gint64 total);
gboolean sim_server_has_record(const SimServer *self);
gint64 sim_server_total(const SimServer *self);
gint64 sim_server_ledger_sum(const SimServer *self);
gint64 sim_server_ledger_count(const SimServer *self, const char *kind);      /* NULL = of all */
gboolean sim_server_is_behind(const SimServer *self, const SimServer *other); /* record or ledger differ */
guint sim_server_n_rows(const SimServer *self);
guint sim_server_n_folds(const SimServer *self);
void sim_server_patch_total(SimServer *self, gint64 total, const char *module, const char *member);
gboolean sim_server_has_module(const SimServer *self, const char *module);
void sim_server_soft_delete_record(SimServer *self, gboolean deleted);
void sim_server_hard_delete_record(SimServer *self);
/* The @nth row; returns its id, NULL if there is none. */
const char *sim_server_row_id(const SimServer *self, guint nth);
/* A module or a badge, which the record shows as well. */
gboolean sim_server_row_pays_for_set(const SimServer *self, const char *id);
void sim_server_delete_row(SimServer *self, const char *id, gboolean hard);
/* It hangs on another record from now on. */
void sim_server_move_row(SimServer *self, const char *id, const char *record_id);
/* Changes what a row says; @id may be the row's own and is no longer good then. @kind: (nullable). Returns: (transfer none) */
PrgOperation *sim_server_edit_row(SimServer *self, const char *id, const char *kind, gint64 amount);
/* 0 absent, 1 live, 2 soft-deleted; amount and record */
guint sim_server_find_row(const SimServer *self, const char *id, gint64 *amount, gboolean *linked);
const PrgRecord *sim_server_record(const SimServer *self);
