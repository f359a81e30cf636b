/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-operation.h"
#include "prg-record.h"

G_BEGIN_DECLS

/*
 * One exchange with the server that holds the ledger: what the sync protocol asks, what it may hear. Plain data: the Twenty
 * client turns it into HTTP, the simulation's model server answers it directly.
 */

typedef enum {
  PRG_OUTCOME_OK,
  PRG_OUTCOME_CONFLICT,       /* compare-and-swap matched no row */
  PRG_OUTCOME_DUPLICATE,      /* an id or unique value exists already */
  PRG_OUTCOME_RETRY,          /* rate limit or overload, nothing was done: again after @retry_after */
  PRG_OUTCOME_AUTH,           /* the token is missing, bad, expired or revoked */
  PRG_OUTCOME_FORBIDDEN,      /* the role lacks a permission: @message names it */
  PRG_OUTCOME_SCHEMA_MISSING, /* an object or field does not exist: @message names it */
  PRG_OUTCOME_REFUSED,        /* the server refused this content for good; nothing was done */
  PRG_OUTCOME_UNKNOWN,        /* anything else: a write may or may not have happened */
} PrgOutcome;
const char *prg_outcome_to_string(PrgOutcome outcome);

typedef enum {
  PRG_REQUEST_DISCOVER, /* the member's records, soft-deleted ones too, with their raw keys (REST) */
  PRG_REQUEST_CREATE,   /* create the record @record_id for @member */
  PRG_REQUEST_READ, /* the record; with @full also the ledger's groups; with @unlinked also rows without a record */
  PRG_REQUEST_SWAP,      /* compare-and-swap of the record: initialise or fold */
  PRG_REQUEST_POST,      /* create the rows @operations, all or nothing */
  PRG_REQUEST_READ_BACK, /* which of @ids exist, soft-deleted ones too */
  PRG_REQUEST_FETCH,     /* rows of the ledger from @since on, one page */
  PRG_REQUEST_TIMELINE,  /* who changed totalXp, from @since on */
  PRG_REQUEST_RELINK,    /* attach the member's rows without a record to @record_id */
  PRG_REQUEST_BOARD,     /* all reps, highest total first, one page; no part of the sync protocol */
} PrgRequestKind;
const char *prg_request_kind_to_string(PrgRequestKind kind);

/* The fields that a compare-and-swap writes; a NULL or unset one is not sent. */
typedef struct {
  gboolean set_total, set_ledger, set_external, set_external_deals, set_deals, set_level, set_streak,
      set_activity;
  gint64 total_xp, ledger_xp, ledger_count, external_xp, external_deals, closed_deals;
  gint64 current_level, streak_days;
  gint64 last_activity;     /* µs UTC */
  char *badges;             /* (owned) (nullable) JSON array text; likewise below */
  char *completed_modules;  /* (owned) (nullable) */
  char *certifications;     /* (owned) (nullable) */
  char *defeated_bosses;    /* (owned) (nullable) */
  char *passed_exams;       /* (owned) (nullable) */
  char *current_rank;       /* (owned) (nullable) */
  char *efficiency_metrics; /* (owned) (nullable) JSON object text */
  char *fold_token;         /* (owned) always */
  char *fold_log;           /* (owned) always */
} PrgFold;
PrgFold *prg_fold_new(void); /* every string NULL */
void prg_fold_free(PrgFold *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgFold, prg_fold_free)

typedef struct {
  PrgRequestKind kind;
  char *member;          /* (owned) */
  char *member_name;     /* (owned) CREATE */
  char *record_id;       /* (owned) never empty except for DISCOVER, BOARD */
  gboolean full;         /* READ */
  gboolean unlinked;     /* READ */
  PrgRecord *before;     /* (owned) SWAP: the state it must still have */
  PrgFold *fold;         /* (owned) SWAP */
  GPtrArray *operations; /* (owned) (element-type PrgOperation) POST */
  GPtrArray *ids;        /* (owned) (element-type utf8) READ_BACK */
  gint64 since;          /* µs UTC, FETCH and TIMELINE; 0 = from the beginning */
  char *cursor;          /* (owned) FETCH, TIMELINE, BOARD: "" = first page */
  guint page;            /* FETCH, BOARD: rows wanted, 1–200 */
  gboolean
      all_groups; /* READ, FETCH: the server is one that shows all groups, and cannot be asked for a number of them */
} PrgRequest;
PrgRequest *prg_request_new(
    PrgRequestKind kind); /* every string "" (set with prg_record_set()), every pointer else NULL */
void prg_request_free(PrgRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgRequest, prg_request_free)

/* Groups that are asked for: without a number Twenty shows 50 of them and does not say that there are more. An answer with so many may
 * not be whole either. */
#define PRG_MAX_GROUPS 10000

/* Rows of one device and one event type in the ledger (soft-deleted ones are not counted by the server). */
typedef struct {
  const char *device; /* interned; "" where the server holds null */
  const char *kind;   /* interned; likewise */
  gint64 count;
  gint64 sum;
} PrgGroup;

/* A row as read back or fetched. */
typedef struct {
  PrgOperation *operation; /* (owned) created_at set */
  char *member;            /* (owned) its workspaceMemberId */
  char *record_id;         /* (owned) its rep, "" = null */
  gboolean deleted;
} PrgRow;
void prg_row_free(PrgRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgRow, prg_row_free)

/* One write of the record as the server's timeline tells it. */
typedef struct {
  gint64 at; /* µs UTC */
  gboolean has_total;
  gint64 total_before, total_after; /* null counts as 0 */
  gboolean is_fold;                 /* it changed foldToken, or created the record */
  char *token_after;                /* (owned) "" = not a fold, or the creation */
  char *member;                     /* (owned) who, "" = a key */
  PrgIdSet *modules_added;          /* (owned) completedModules after without before */
  PrgIdSet *modules_removed;        /* (owned) (nullable) before without after, NULL = none or not told */
} PrgTimelineRow;
void prg_timeline_row_free(PrgTimelineRow *self);

typedef struct {
  PrgOutcome outcome;
  gboolean reached; /* something answered by HTTP, Twenty or not; FALSE: the network or the server is away */
  char *message;    /* (owned) for people: what the server said, never a secret; "" when OK */
  gint64 retry_after; /* µs, 0 = not said */
  gint64 server_time; /* µs UTC from the Date header, 0 = none */
  GPtrArray *
      records; /* (owned) (nullable) (element-type PrgRecord) DISCOVER, READ (0 or 1), CREATE, SWAP (as after it), BOARD */
  GPtrArray *missing;  /* (owned) (nullable) (element-type utf8) DISCOVER: "repProgression.foldToken", … */
  GArray *groups;      /* (owned) (nullable) (element-type PrgGroup) READ full */
  gint64 unlinked;     /* READ unlinked: how many rows of the member have no record; -1 = not asked */
  GPtrArray *rows;     /* (owned) (nullable) (element-type PrgRow) READ_BACK, FETCH */
  GPtrArray *timeline; /* (owned) (nullable) (element-type PrgTimelineRow) TIMELINE, oldest first */
  gboolean too_large;  /* there is more than is read of an answer: ask for less. UNKNOWN */
  gint64 older;        /* FETCH: how many rows of the record were created before @since */
  char *next_cursor;   /* (owned) FETCH, TIMELINE, BOARD: "" = that was the last page */
} PrgAnswer;
PrgAnswer *prg_answer_new(PrgOutcome outcome,
                          const char *message); /* arrays NULL, next_cursor "", unlinked -1 */
void prg_answer_free(PrgAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAnswer, prg_answer_free)

G_END_DECLS
