/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PrgOperation:
 *
 * One immutable fact about a rep: one row of the ledger. Reference counted; every string is non-NULL ("" = absent).
 */
typedef struct {
  const char *id;        /* UUID, lower case; v4, or v5 for what pays once */
  const char *device;    /* UUID of the device that made it (interned) */
  gint64 seq;            /* counter of that device, from 1 */
  const char *kind;      /* event type, a source of the catalogue, e.g. "dial_made" (interned) */
  gint64 amount;         /* XP, 0 and negative allowed */
  const char *ref;       /* what it is about: lead, deal, module, badge.tier, day, revoked id … */
  gint64 occurred_at;    /* UTC, µs since the epoch */
  const char *local_day; /* "YYYY-MM-DD" on the rep's calendar (interned) */
  const char *zone;      /* IANA zone of that calendar (interned) */
  const char *details;   /* text of a JSON object, or "" */
  const char
      *cause; /* id of the operation it came with (a call's first row, an award's trigger), "" = itself */
  gint64 created_at; /* the ledger's createdAt in µs, 0 = not read from the ledger yet */
} PrgOperation;

/* Copies @fields (NULL strings become ""). Returns: (transfer full) */
PrgOperation *prg_operation_new(const PrgOperation *fields);
PrgOperation *prg_operation_ref(PrgOperation *self);
void prg_operation_unref(PrgOperation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgOperation, prg_operation_unref)

/* How far ahead of the server's clock a time may lie: two clocks are never alike. */
#define PRG_MAX_AHEAD (5 * 60 * (gint64)G_USEC_PER_SEC)

/* What a machine whose clock was ahead recorded, as it may go into the ledger at the server's time @now: not later than that, on
 * @zone's day of it, with the machine's own time in details as `occurred-at`. Returns: (transfer full) (nullable) NULL = it may go as
 * it is. */
PrgOperation *prg_operation_not_after(const PrgOperation *self, gint64 now, GTimeZone *zone);
/* Bytes that it holds in memory; what is interned is shared and not counted. */
gsize prg_operation_size(const PrgOperation *self);

/* UUID v5 over "kind\0ref" in the name space of @member (hashed into one first when it is no UUID): the id of what pays
 * once. Returns: (transfer full) 36 characters, lower case. */
char *prg_operation_pays_once_id(const char *member, const char *kind, const char *ref);

/* UUID v5 of @name in the name space of the UUID @parent: rows of one call, in a fixed order. Returns: (transfer full) */
char *prg_operation_child_id(const char *parent, const char *name);

/**
 * PrgOperationState: where an operation stands between this disk and Twenty's ledger.
 *
 * The numbers are stored on disk: never renumber.
 */
typedef enum {
  PRG_OPERATION_NEW = 0,  /* on disk, never sent */
  PRG_OPERATION_SENT = 1, /* sent at least once, outcome not known: read back before any sum is believed */
  PRG_OPERATION_LEDGERED = 2,    /* a row of the ledger */
  PRG_OPERATION_FOLDED = 3,      /* and part of Twenty's totalXp */
  PRG_OPERATION_QUARANTINED = 4, /* refused for a reason of its own: a person must look */
  PRG_OPERATION_VOIDED = 5,      /* its row was soft-deleted in Twenty: a person's correction */
  PRG_OPERATION_SUPERSEDED = 6,  /* another device's row of the same pays-once id won */
  PRG_OPERATION_REMOTE = 7,      /* another device's row, replicated */
  PRG_OPERATION_DISCARDED = 8,   /* a person threw a quarantined one away */
} PrgOperationState;

const char *prg_operation_state_to_string(PrgOperationState state); /* "new", "sent", … */
gboolean prg_operation_state_from_string(const char *text, PrgOperationState *state);
/* Recorded on this disk and not known to be in the ledger: new, sent or quarantined. */
gboolean prg_operation_state_is_unsettled(PrgOperationState state);

G_END_DECLS
