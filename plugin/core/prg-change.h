/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-operation.h"

G_BEGIN_DECLS

/*
 * What one transaction of the store holds. A change set is committed whole or not at all; only after that the book in
 * memory takes it over (prg_book_take), so memory never runs ahead of the disk.
 */
typedef enum {
  PRG_CHANGE_PUT,   /* @operation with @state is there from now on (insert or replace) */
  PRG_CHANGE_STATE, /* operation @id has @state, @note and @in_base from now on */
  PRG_CHANGE_BASE, /* @text is the base: the last believed reading, serialised; every @in_base flag as given by STATE/PUT */
  PRG_CHANGE_META,  /* account value @id = @text (NULL removes it) */
  PRG_CHANGE_AUDIT, /* an entry @text (JSON object) at @at for people to read */
} PrgChangeKind;

typedef struct {
  PrgChangeKind kind;
  PrgOperation *operation; /* (owned) (nullable) PUT */
  char *id;                /* (owned) (nullable) STATE: operation; META: key */
  PrgOperationState state; /* PUT, STATE */
  gboolean in_base;        /* PUT, STATE: its amount is part of the base */
  char *note;              /* (owned) (nullable) PUT, STATE: why (quarantine, void), NULL = keep */
  gint64 created_at;       /* STATE: the ledger's createdAt, 0 = keep */
  char *answer;            /* (owned) (nullable) PUT: the reply given to the caller, for a repeated id */
  char *text;              /* (owned) (nullable) */
  gpointer parsed;         /* (owned) (nullable) BASE: what @text says, so that the book need not parse it */
  GDestroyNotify parsed_free;
  gint64 at; /* AUDIT: µs UTC */
} PrgChange;
void prg_change_free(PrgChange *self);

/* (element-type PrgChange) with the free function set */
GPtrArray *prg_changes_new(void);
/* The array owns the change returned, which takes a reference of its own on @operation. */
PrgChange *
prg_changes_put(GPtrArray *self, PrgOperation *operation, PrgOperationState state, gboolean in_base);
PrgChange *prg_changes_state(GPtrArray *self,
                             const char *id,
                             PrgOperationState state,
                             gboolean in_base,
                             const char *note);
/* The array owns the change returned; its @parsed may be set by who knows it. */
PrgChange *prg_changes_base(GPtrArray *self, const char *text);
void prg_changes_meta(GPtrArray *self, const char *key, const char *value);
void prg_changes_audit(GPtrArray *self, gint64 at, const char *json);

/* Everything a store holds of an account, as loaded. */
typedef struct {
  PrgOperation *operation; /* (owned) */
  PrgOperationState state;
  gboolean in_base;
  char *note;   /* (owned) (nullable) */
  char *answer; /* (owned) (nullable) */
} PrgEntry;
void prg_entry_free(PrgEntry *self);

/* A row of the ledger, ours or another device's. */
static inline gboolean
prg_operation_state_is_on_ledger(PrgOperationState state)
{
  return state == PRG_OPERATION_LEDGERED || state == PRG_OPERATION_FOLDED || state == PRG_OPERATION_REMOTE ||
         state == PRG_OPERATION_SUPERSEDED;
}

/* Taken back by a person: it counts no more. */
static inline gboolean
prg_operation_state_is_gone(PrgOperationState state)
{
  return state == PRG_OPERATION_VOIDED || state == PRG_OPERATION_DISCARDED;
}

static inline gboolean
prg_entry_is_on_ledger(const PrgEntry *self)
{
  return prg_operation_state_is_on_ledger(self->state);
}

/* An own operation that the ledger has acknowledged. */
static inline gboolean
prg_entry_is_acknowledged(const PrgEntry *self)
{
  return self->state == PRG_OPERATION_LEDGERED || self->state == PRG_OPERATION_FOLDED;
}

typedef struct {
  GPtrArray *entries; /* (owned) (element-type PrgEntry) in order of first commit */
  char *base;         /* (owned) (nullable) */
  GHashTable *meta;   /* (owned) utf8 → utf8 */
} PrgSnapshot;
PrgSnapshot *prg_snapshot_new(void);
void prg_snapshot_free(PrgSnapshot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgSnapshot, prg_snapshot_free)

G_END_DECLS
