/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-command.h"
#include "prg-json.h"
#include "prg-options.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

PrgCommand *
prg_command_new(const char *method, PrgEarnFunc earn)
{
  PrgCommand *self = g_new0(PrgCommand, 1);

  self->method = method;
  self->earn = earn;
  self->kind = g_strdup("");
  self->ref = g_strdup("");
  self->details = g_strdup("");
  self->caller_id = g_strdup("");
  self->disposition = g_strdup("");
  return self;
}

void
prg_command_free(PrgCommand *self)
{
  if (self == NULL)
    return;
  g_free(self->kind);
  g_free(self->ref);
  g_free(self->details);
  g_free(self->caller_id);
  g_free(self->disposition);
  g_clear_pointer(&self->multipliers, g_tree_unref);
  g_free(self->id);
  g_free(self);
}

gboolean
prg_command_check_kind(const PrgRules *rules, const char *kind, gboolean has_amount, GError **error)
{
  const PrgSource *source = prg_rules_find_source(rules, kind);

  if (source == NULL)
    return TRUE; /* with an amount it may be the caller's own type; prg_earn_xp() judges that */
  if (source->derived) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Event type “%s” is awarded by the service itself and cannot be added"), source->kind);
    return FALSE;
  }
  if (*source->method) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Event type “%s” has a method of its own: use %s"), source->kind, source->method);
    return FALSE;
  }
  return TRUE;
}

/* All arguments in one text: two calls are the same call if and only if these are equal. */
static char *
canonical_text(const PrgCommand *self)
{
  g_autofree char *multipliers = prg_options_multipliers_to_string(self->multipliers);
  g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_new(
      "(sssssbxxxds)", self->method, self->kind, self->ref, self->details, self->disposition,
      self->has_amount, self->amount, self->occurred_at, self->duration_s, self->score, multipliers));

  return g_variant_print(value, FALSE);
}

static char *
answer_to_json(const PrgCommand *self)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  g_autofree char *request = canonical_text(self);

  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "request");
  json_builder_add_string_value(builder, request);
  json_builder_set_member_name(builder, "id");
  json_builder_add_string_value(builder, self->id);
  json_builder_set_member_name(builder, "earned");
  json_builder_add_int_value(builder, self->earned);
  json_builder_set_member_name(builder, "total");
  json_builder_add_int_value(builder, self->total);
  json_builder_set_member_name(builder, "level");
  json_builder_add_int_value(builder, self->level);
  json_builder_set_member_name(builder, "leveled_up");
  json_builder_add_boolean_value(builder, self->leveled_up);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_json_print(root);
}

/* Takes the first answer over if it was given to the same request. */
static gboolean
answer_from_json(PrgCommand *self, const char *text)
{
  g_autoptr(JsonNode) root = prg_json_parse_object(text, strlen(text));
  g_autofree char *request = canonical_text(self);

  if (root == NULL)
    return FALSE;
  JsonObject *object = json_node_get_object(root);
  if (g_strcmp0(json_object_get_string_member_with_default(object, "request", NULL), request) != 0)
    return FALSE;
  self->id = g_strdup(json_object_get_string_member_with_default(object, "id", ""));
  self->earned = json_object_get_int_member_with_default(object, "earned", 0);
  self->total = json_object_get_int_member_with_default(object, "total", 0);
  self->level = (guint)json_object_get_int_member_with_default(object, "level", 1);
  self->leveled_up = json_object_get_boolean_member_with_default(object, "leveled_up", FALSE);
  self->is_answered = TRUE;
  return TRUE;
}

/* The answer of a call that has nothing to record: the rep as he stands. */
static void
answer_unchanged(PrgCommand *self)
{
  self->earned = 0;
  self->level = self->level_before;
  self->leveled_up = FALSE;
  self->is_answered = TRUE;
}

static gboolean
check_repeated(PrgCommand *self, const PrgEntry *entry, GError **error)
{
  if (entry->answer && answer_from_json(self, entry->answer))
    return TRUE;
  /* Another device recorded it: its arguments are not known here, only what became of them. */
  if (entry->answer == NULL && (*self->kind == '\0' || g_str_equal(entry->operation->kind, self->kind)) &&
      g_str_equal(entry->operation->ref, self->ref)) {
    self->id = g_strdup(entry->operation->id);
    answer_unchanged(self);
    return TRUE;
  }
  g_set_error(error, PRG_ERROR, PRG_ERROR_ID_REUSED,
              _("The id “%s” was used before for another call; nothing was recorded"), self->caller_id);
  return FALSE;
}

static gboolean
is_known(PrgBook *book, const PrgOperation *operation)
{
  const PrgSource *source = prg_rules_find_source(prg_book_get_rules(book), operation->kind);

  if (prg_book_find(book, operation->id))
    return TRUE;
  return source && source->pays_once && prg_book_is_paid(operation->kind, operation->ref, book);
}

static void
drop_known(PrgBook *book, GPtrArray *operations)
{
  for (guint i = operations->len; i > 0; i--)
    if (is_known(book, g_ptr_array_index(operations, i - 1)))
      g_ptr_array_remove_index(operations, i - 1);
}

static GPtrArray *
plan_earning(PrgCommand *self, PrgBook *book, const PrgView *view, const PrgMoment *moment, GError **error)
{
  PrgEarnRequest request = {
    .kind = self->kind,
    .has_amount = self->has_amount,
    .amount = self->amount,
    .multipliers = self->multipliers,
    .ref = self->ref,
    .details = self->details,
    .occurred_at = self->occurred_at,
    .caller_id = self->caller_id,
    .disposition = self->disposition,
    .duration_s = self->duration_s,
    .score = self->score,
  };

  return self->earn(view, prg_book_get_rules(book), moment, &request, error);
}

static gboolean
check_revocable(PrgBook *book, const PrgEntry *entry, const char *id, GError **error)
{
  if (entry == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID,
                _("No event with the id “%.64s” is known on this machine"), id);
    return FALSE;
  }
  const PrgOperation *operation = entry->operation;
  const PrgSource *source = prg_rules_find_source(prg_book_get_rules(book), operation->kind);
  if (g_str_equal(operation->kind, "correction") || g_str_equal(operation->kind, "deal_revoked") ||
      (source && source->derived)) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE, _("An event of the type “%s” cannot be revoked"),
                operation->kind);
    return FALSE;
  }
  if (entry->state == PRG_OPERATION_VOIDED || entry->state == PRG_OPERATION_DISCARDED ||
      entry->state == PRG_OPERATION_SUPERSEDED) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE, _("The event “%.64s” does not count any more (%s)"),
                id, prg_operation_state_to_string(entry->state));
    return FALSE;
  }
  return TRUE;
}

static gboolean
comes_with(PrgBook *book, const PrgEntry *entry, const char *id)
{
  const PrgSource *source = prg_rules_find_source(prg_book_get_rules(book), entry->operation->kind);

  return g_str_equal(entry->operation->cause, id) && !(source && source->derived) &&
         entry->state != PRG_OPERATION_VOIDED && entry->state != PRG_OPERATION_DISCARDED &&
         entry->state != PRG_OPERATION_SUPERSEDED;
}

static GPtrArray *
plan_revocation(PrgCommand *self, PrgBook *book, const PrgMoment *moment, GError **error)
{
  g_autoptr(GPtrArray) revoked = g_ptr_array_new();
  const PrgEntry *entry = prg_book_find(book, self->ref);

  if (!check_revocable(book, entry, self->ref, error))
    return NULL;
  g_ptr_array_add(revoked, entry->operation);
  for (guint i = 0; i < prg_book_n_entries(book); i++)
    if (comes_with(book, prg_book_get_entry(book, i), self->ref))
      g_ptr_array_add(revoked, prg_book_get_entry(book, i)->operation);
  return prg_earn_revocation(prg_book_get_rules(book), moment, revoked, self->details, error);
}

/* The answer as it will be once @changes are on disk. */
static void
count_answer(PrgCommand *self, const PrgRules *rules, GPtrArray *changes)
{
  self->earned = 0;
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_PUT && change->state == PRG_OPERATION_NEW)
      self->earned += change->operation->amount;
  }
  self->total += self->earned;
  self->level = prg_rules_level_for(rules, self->total);
  self->leveled_up = self->level > self->level_before;
}

/* A caller's own id: the answer is kept with the first operation, in the same transaction. */
static GPtrArray *
plan_changes(PrgCommand *self, PrgBook *book, GPtrArray *operations, const PrgMoment *moment)
{
  GPtrArray *changes = prg_book_plan(book, operations, moment);

  count_answer(self, prg_book_get_rules(book), changes);
  if (*self->caller_id)
    ((PrgChange *)g_ptr_array_index(changes, 0))->answer = answer_to_json(self);
  return changes;
}

static gboolean
find_repeated(PrgCommand *self, PrgBook *book, const PrgEntry **entry, GError **error)
{
  *entry = NULL;
  if (*self->caller_id == '\0')
    return TRUE;
  g_autofree char *id = prg_operation_pays_once_id(prg_book_get_member(book), "caller", self->caller_id);
  *entry = prg_book_find(book, id);
  return *entry == NULL || check_repeated(self, *entry, error);
}

GPtrArray *
prg_command_plan(PrgEngine *engine, gpointer command, GError **error)
{
  PrgCommand *self = command;
  PrgBook *book = prg_engine_get_book(engine);
  const PrgView *view = prg_engine_get_view(engine);
  const PrgMoment *moment = prg_engine_get_moment(engine);
  g_autoptr(GPtrArray) operations = NULL;
  const PrgEntry *repeated;

  self->total = view->record->total_xp.value;
  self->level_before = prg_rules_level_for(prg_book_get_rules(book), self->total);
  if (!find_repeated(self, book, &repeated, error))
    return NULL;
  if (repeated)
    return prg_changes_new();
  if (!prg_book_check_room(book, 1, strlen(self->details), error))
    return NULL;
  operations =
      self->earn ? plan_earning(self, book, view, moment, error) : plan_revocation(self, book, moment, error);
  if (operations == NULL)
    return NULL;
  if (operations->len > 0)
    self->id = g_strdup(((PrgOperation *)g_ptr_array_index(operations, 0))->id);
  else
    self->id = prg_operation_pays_once_id(prg_book_get_member(book), self->kind, self->ref);
  drop_known(book, operations);
  if (operations->len == 0) {
    answer_unchanged(self);
    return prg_changes_new();
  }
  return plan_changes(self, book, operations, moment);
}
