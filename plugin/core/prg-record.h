/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A NUMBER field of Twenty: a double that may be null. @value is what we count with (floor of @raw, clamped to ±2^53). */
typedef struct {
  gboolean known; /* FALSE = null */
  gint64 value;
  double raw; /* exactly what the server holds, for compare-and-swap */
} PrgNumber;

static inline PrgNumber
prg_number(gint64 value)
{
  return (PrgNumber){ TRUE, value, (double)value };
}

/* The members of a TEXT field that holds a JSON array of ids; keeps order of first sight, no duplicates. */
typedef struct _PrgIdSet PrgIdSet;
PrgIdSet *prg_id_set_new(void);
PrgIdSet *prg_id_set_copy(const PrgIdSet *self);
void prg_id_set_free(PrgIdSet *self);
gboolean prg_id_set_add(PrgIdSet *self, const char *id); /* TRUE if it was new */
gboolean prg_id_set_contains(const PrgIdSet *self, const char *id);
guint prg_id_set_size(const PrgIdSet *self);
const char *prg_id_set_get(const PrgIdSet *self, guint index);
gboolean prg_id_set_equal(const PrgIdSet *a, const PrgIdSet *b); /* as sets */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgIdSet, prg_id_set_free)

/**
 * PrgRecord: Twenty's `repProgression` as read, or as it is to be shown.
 *
 * The fifteen fields of the domain, then the six of the ledger. A field that could not be read (malformed JSON, an
 * unknown rank, a negative counter) is left at its empty value and named in @faults; it never stops a sync.
 */
typedef struct {
  char *id;                  /* (owned) UUID, "" = no record yet */
  char *name;                /* (owned) */
  char *workspace_member_id; /* (owned) */
  PrgNumber total_xp;
  PrgNumber current_level;
  char *current_rank; /* (owned) "E-1" … "E-7", "" = unset or unreadable */
  PrgNumber closed_deals;
  PrgIdSet *badges; /* (owned) `badge.tier` */
  PrgNumber streak_days;
  PrgIdSet *completed_modules; /* (owned) */
  PrgIdSet *certifications;    /* (owned) */
  PrgIdSet *defeated_bosses;   /* (owned) */
  PrgIdSet *passed_exams;      /* (owned) */
  char *efficiency_metrics;    /* (owned) the JSON object's text as read, "" = none */
  gint64 last_activity;        /* µs UTC, 0 = never */

  PrgNumber ledger_xp;
  PrgNumber ledger_count;
  PrgNumber external_xp;
  PrgNumber external_deals;
  char *fold_token; /* (owned) "" = none */
  char *fold_log;   /* (owned) "" = none */

  gint64 created_at; /* µs UTC */
  gint64 updated_at; /* µs UTC, the server shows whole milliseconds */
  gboolean deleted;  /* soft-deleted */
  char *updated_by;  /* (owned) member id of the last writer, "" = a key or a program */
  GPtrArray *faults; /* (owned) (element-type utf8) "badges: not a JSON array", … */
} PrgRecord;

PrgRecord *prg_record_new(void);
PrgRecord *prg_record_copy(const PrgRecord *self);
void prg_record_free(PrgRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgRecord, prg_record_free)

/* Of several living records of one member the oldest is in use, then the one with the lowest id: the same choice on every
 * device. Below 0: @a comes first. */
gint prg_record_compare_use(const PrgRecord *a, const PrgRecord *b);

/* Replaces an owned string: `prg_record_set(&record->name, "x")`. NULL becomes "". */
void prg_record_set(char **field, const char *value);

G_END_DECLS
