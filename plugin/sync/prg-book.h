/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-change.h"
#include "prg-earn.h"
#include "prg-exchange.h"
#include "prg-view.h"

G_BEGIN_DECLS

/**
 * PrgBook: everything the store holds of one account, in memory: outbox, ledger replica, base, values. Pure.
 *
 * The store is written first; prg_book_take() then folds the same change set into memory. It is the one
 * reducer.
 */
typedef struct _PrgBook PrgBook;

/* All of it is in memory, so what waits to be sent is bounded: its number, and its texts. What was sent is no reason to refuse XP. */
#define PRG_BOOK_MAX_PENDING 100000
#define PRG_BOOK_MAX_MIB 128

/* What the last believed reading said of the ledger, and what it makes of the record. */
typedef struct {
  gboolean known;    /* FALSE: nothing was read yet */
  PrgRecord *record; /* (owned) as read */
  GArray *groups;    /* (owned) (element-type PrgGroup) */
  gint64 ledger_count;
  gint64 ledger_sum;
  gint64 older; /* rows of the ledger that were never replicated: older than the first fetch went back */
} PrgBase;

/* @member: workspace member id; @device: this machine's device id. @snapshot is consumed (transfer full). */
PrgBook *prg_book_new(PrgRules *rules, const char *member, const char *device, PrgSnapshot *snapshot);
void prg_book_free(PrgBook *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgBook, prg_book_free)

void prg_book_set_rules(PrgBook *self, PrgRules *rules);
PrgRules *prg_book_get_rules(PrgBook *self); /* (transfer none) */
const char *prg_book_get_member(PrgBook *self);
const char *prg_book_get_device(PrgBook *self);

/* Takes over what the store has just committed (element-type PrgChange). */
void prg_book_take(PrgBook *self, GPtrArray *changes);

const PrgBase *prg_book_get_base(PrgBook *self);
const char *prg_book_get_meta(PrgBook *self, const char *key); /* (nullable) */
gint64 prg_book_next_seq(PrgBook *self);

const PrgEntry *prg_book_find(PrgBook *self, const char *id); /* (nullable) */
guint prg_book_n_entries(PrgBook *self);
const PrgEntry *prg_book_get_entry(PrgBook *self, guint index); /* in order of first commit */

guint prg_book_n_pending(PrgBook *self); /* NEW and SENT */
/* Whether so many more operations with so many bytes of texts may be taken in. TOO_LARGE. */
gboolean prg_book_check_room(PrgBook *self, guint n_operations, gsize n_bytes, GError **error);
guint prg_book_n_in_state(PrgBook *self, PrgOperationState state);
gint64
prg_book_pending_xp(PrgBook *self); /* amount of what is not in the ledger yet (NEW, SENT, QUARANTINED) */

/* The view at the local day @today: base + own operations it does not hold. Cached until the next take.
 * (transfer none) */
const PrgView *prg_book_view(PrgBook *self, const char *today);
/* TRUE while own operations were sent and their outcome is not known, or nothing was read yet: derive must
 * wait. */
gboolean prg_book_is_unresolved(PrgBook *self);

/* Whether an award is paid already: an entry with its pays-once id, or a set of the base that holds it.
 * PrgIsPaid. */
gboolean prg_book_is_paid(const char *kind, const char *ref, gpointer self);

/* The operations of one command (from prg_earn_*) with the awards they make due, as a change set for the
 * store, all NEW.
 * Returns: (transfer full) (element-type PrgChange) the operations in their order, then the awards */
GPtrArray *prg_book_plan(PrgBook *self, GPtrArray *operations, const PrgMoment *moment);

/* Appends to @changes the awards that are due on @view (conditions hold, nobody paid them yet), as NEW
 * operations.
 * @cause: id of what made them due, "" = a pull. Returns how many. */
guint prg_book_plan_awards(PrgBook *self,
                           const PrgView *view,
                           const PrgMoment *moment,
                           const char *cause,
                           GPtrArray *changes);

/* The awards that are due now, for the store: a day that ends makes some due that no operation does. Returns: (transfer full)
 * (element-type PrgChange) */
GPtrArray *prg_book_plan_due(PrgBook *self, const PrgMoment *moment);

/* A view over @base instead of the book's own. @ledger_only leaves out what is not in the ledger yet: what a
 * fold may write. Everything the ledger holds counts as part of @base. Returns: (transfer full), not finished
 * with a day. */
PrgView *prg_book_view_over(PrgBook *self, const PrgBase *base, gboolean ledger_only);

/* Whether a set of @record holds already what @operation pays once for (its module, badge, exam, boss …). */
/* Whether @kind puts its ref into a set of the record, where other programs see it and may put it too. */
gboolean prg_book_is_set_kind(PrgBook *self, const char *kind);
gboolean prg_book_base_holds(const PrgRecord *record, const PrgOperation *operation);

/* Rows of the ledger that are held here: own acknowledged ones and other machines' replicated ones. */
guint prg_book_n_on_ledger(PrgBook *self);
/* createdAt of the newest replicated or acknowledged row, 0 = none. */
gint64 prg_book_newest_row(PrgBook *self);

/* Serialised base for the store, and back (NULL or damaged text gives an unknown base). */
char *prg_base_to_json(const PrgBase *self);
PrgBase *prg_base_from_json(const char *json);
PrgBase *prg_base_new(const PrgRecord *record, GArray *groups, gint64 older);
PrgBase *prg_base_copy(const PrgBase *self);
/* @self as a restart reads it from the store: without faults, and numbers out of bounds as what they were taken for.
 * Returns: (transfer full) */
PrgBase *prg_base_settled(const PrgBase *self);
gboolean prg_base_equal(const PrgBase *a, const PrgBase *b); /* both settled: the same JSON text */
void prg_base_free(PrgBase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgBase, prg_base_free)
/* Rows and XP of the ledger by event type. */
gint64 prg_base_count_of(const PrgBase *self, const char *kind);
/* Deals that the ledger holds, those revoked taken off. */
gint64 prg_base_deals(const PrgBase *self);

G_END_DECLS
