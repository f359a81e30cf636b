/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-engine.h"

G_BEGIN_DECLS

#define PRG_MAX_TEXT 1024
#define PRG_MAX_DETAILS (16 * 1024)
#define PRG_MAX_CALLER_ID 128
#define PRG_MAX_CERTIFICATION 128

/**
 * PrgCommand: one call of a user that earns or takes back: its checked arguments, then its answer.
 *
 * A caller's own id makes a call repeatable: the answer is kept with the operation, together with a text of
 * all arguments.
 */
typedef GPtrArray *(*PrgEarnFunc)(const PrgView *view,
                                  const PrgRules *rules,
                                  const PrgMoment *moment,
                                  const PrgEarnRequest *request,
                                  GError **error);

typedef struct {
  const char *method; /* static */
  PrgEarnFunc earn;   /* NULL: a revocation of @ref */
  char *kind;         /* (owned), like the other texts; "" where not given */
  char *ref;
  char *details; /* of a revocation: the reason */
  char *caller_id;
  char *disposition;
  GTree *multipliers; /* (owned) (nullable) */
  gboolean has_amount;
  gint64 amount;
  gint64 occurred_at;
  gint64 duration_s;
  double score;

  /* The answer */
  gboolean is_answered; /* nothing had to be recorded */
  char *id;             /* (owned) (nullable) */
  gint64 earned;
  gint64 total;
  guint level;
  gboolean leveled_up;
  guint level_before;
} PrgCommand;

PrgCommand *prg_command_new(const char *method, PrgEarnFunc earn);
void prg_command_free(PrgCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgCommand, prg_command_free)

/* A PrgPlanFunc, once for a command; @command: a PrgCommand that outlives the submit. Its answer holds if the submit succeeds. */
GPtrArray *prg_command_plan(PrgEngine *engine, gpointer command, GError **error);

/* AddXP only: refuses types that have a method of their own or are derived. */
gboolean prg_command_check_kind(const PrgRules *rules, const char *kind, gboolean has_amount, GError **error);

G_END_DECLS
