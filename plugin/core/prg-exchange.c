/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-exchange.h"

static const char *const outcome_names[] = {
  [PRG_OUTCOME_OK] = "ok",
  [PRG_OUTCOME_CONFLICT] = "conflict",
  [PRG_OUTCOME_DUPLICATE] = "duplicate",
  [PRG_OUTCOME_RETRY] = "retry",
  [PRG_OUTCOME_AUTH] = "auth",
  [PRG_OUTCOME_FORBIDDEN] = "forbidden",
  [PRG_OUTCOME_SCHEMA_MISSING] = "schema-missing",
  [PRG_OUTCOME_REFUSED] = "refused",
  [PRG_OUTCOME_UNKNOWN] = "unknown",
};

static const char *const request_names[] = {
  [PRG_REQUEST_DISCOVER] = "discover", [PRG_REQUEST_CREATE] = "create",
  [PRG_REQUEST_READ] = "read",         [PRG_REQUEST_SWAP] = "swap",
  [PRG_REQUEST_POST] = "post",         [PRG_REQUEST_READ_BACK] = "read-back",
  [PRG_REQUEST_FETCH] = "fetch",       [PRG_REQUEST_TIMELINE] = "timeline",
  [PRG_REQUEST_RELINK] = "relink",     [PRG_REQUEST_BOARD] = "leaderboard",
};

const char *
prg_outcome_to_string(PrgOutcome outcome)
{
  return (guint)outcome < G_N_ELEMENTS(outcome_names) ? outcome_names[outcome] : "unknown";
}

const char *
prg_request_kind_to_string(PrgRequestKind kind)
{
  return (guint)kind < G_N_ELEMENTS(request_names) ? request_names[kind] : "unknown";
}

PrgFold *
prg_fold_new(void)
{
  return g_new0(PrgFold, 1);
}

void
prg_fold_free(PrgFold *self)
{
  if (self == NULL)
    return;
  g_free(self->badges);
  g_free(self->completed_modules);
  g_free(self->certifications);
  g_free(self->defeated_bosses);
  g_free(self->passed_exams);
  g_free(self->current_rank);
  g_free(self->efficiency_metrics);
  g_free(self->fold_token);
  g_free(self->fold_log);
  g_free(self);
}

PrgRequest *
prg_request_new(PrgRequestKind kind)
{
  PrgRequest *self = g_new0(PrgRequest, 1);

  self->kind = kind;
  self->member = g_strdup("");
  self->member_name = g_strdup("");
  self->record_id = g_strdup("");
  self->cursor = g_strdup("");
  return self;
}

void
prg_request_free(PrgRequest *self)
{
  if (self == NULL)
    return;
  g_free(self->member);
  g_free(self->member_name);
  g_free(self->record_id);
  g_free(self->cursor);
  prg_record_free(self->before);
  prg_fold_free(self->fold);
  g_clear_pointer(&self->operations, g_ptr_array_unref);
  g_clear_pointer(&self->ids, g_ptr_array_unref);
  g_free(self);
}

void
prg_row_free(PrgRow *self)
{
  if (self == NULL)
    return;
  g_clear_pointer(&self->operation, prg_operation_unref);
  g_free(self->member);
  g_free(self->record_id);
  g_free(self);
}

void
prg_timeline_row_free(PrgTimelineRow *self)
{
  if (self == NULL)
    return;
  g_free(self->token_after);
  g_free(self->member);
  prg_id_set_free(self->modules_added);
  prg_id_set_free(self->modules_removed);
  g_free(self);
}

PrgAnswer *
prg_answer_new(PrgOutcome outcome, const char *message)
{
  PrgAnswer *self = g_new0(PrgAnswer, 1);

  self->outcome = outcome;
  self->message = g_strdup(message != NULL ? message : "");
  self->next_cursor = g_strdup("");
  self->unlinked = -1;
  return self;
}

void
prg_answer_free(PrgAnswer *self)
{
  if (self == NULL)
    return;
  g_free(self->message);
  g_clear_pointer(&self->records, g_ptr_array_unref);
  g_clear_pointer(&self->missing, g_ptr_array_unref);
  g_clear_pointer(&self->groups, g_array_unref);
  g_clear_pointer(&self->rows, g_ptr_array_unref);
  g_clear_pointer(&self->timeline, g_ptr_array_unref);
  g_free(self->next_cursor);
  g_free(self);
}
