/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-codec-private.h"

#include <string.h>

/* Records and rows as Twenty shows them. A field that another program spoiled is left empty and named; only
 * what the ledger's arithmetic stands on must be right, or the whole answer is not believed. */

#define MAX_WORD \
  64 /* characters of what is interned: a hostile server must not fill the table of interned strings with \
        novels */

static void
take(char **field, char *value)
{
  g_free(*field);
  *field = value;
}

static void
add_fault(PrgRecord *record, const char *name, const char *what)
{
  g_ptr_array_add(record->faults, g_strdup_printf("%s: %s", name, what));
}

/* --- the record --- */

static void
read_text(PrgRecord *record, JsonObject *json, const char *name, char **field)
{
  char *text = NULL;
  if (prg_wire_get_text(json, name, &text) == PRG_WIRE_WRONG)
    add_fault(record, name, "not a text");
  take(field, text);
}

static void
read_id_set(PrgRecord *record, JsonObject *json, const char *name, PrgIdSet **field)
{
  g_autofree char *text = NULL;
  PrgWireState state = prg_wire_get_text(json, name, &text);
  PrgIdSet *set = NULL;
  if (state != PRG_WIRE_WRONG && *text == '\0')
    return;
  if (!prg_codec_id_set_from_json(text, &set)) {
    add_fault(record, name, "not a JSON array of texts");
    return;
  }
  prg_id_set_free(*field);
  *field = set;
}

static void
read_metrics(PrgRecord *record, JsonObject *json)
{
  g_autofree char *text = NULL;
  PrgWireState state = prg_wire_get_text(json, "efficiencyMetrics", &text);
  if (state != PRG_WIRE_WRONG && *text == '\0')
    return;
  g_autoptr(JsonNode) root = prg_wire_parse(text, -1);
  if (prg_wire_object_of(root) == NULL)
    add_fault(record, "efficiencyMetrics", "not a JSON object");
  else
    take(&record->efficiency_metrics, g_steal_pointer(&text));
}

static const char *
plain_rank(const char *text)
{
  static const char *const ranks[] = { "E-1", "E-2", "E-3", "E-4", "E-5", "E-6", "E-7" };
  for (gsize i = 0; i < G_N_ELEMENTS(ranks); i++)
    if (g_str_equal(text, ranks[i]))
      return ranks[i];
  return NULL;
}

static void
read_rank(PrgRecord *record, JsonObject *json, const PrgRules *rules)
{
  g_autofree char *text = NULL;
  PrgWireState state = prg_wire_get_text(json, "currentRank", &text);
  if (state != PRG_WIRE_WRONG && *text == '\0')
    return;
  const char *rank = rules != NULL ? prg_rules_canonical_rank(rules, text) : plain_rank(text);
  if (rank == NULL)
    add_fault(record, "currentRank", "not a known rank");
  else if (!g_str_equal(rank, text))
    add_fault(record, "currentRank", "not a code"); /* understood, but not what other programs expect there */
  if (rank != NULL)
    prg_record_set(&record->current_rank, rank);
}

/* What only ever counts up from zero. */
static void
read_counter(PrgRecord *record, JsonObject *json, const char *name, PrgNumber *field)
{
  if (prg_wire_get_number(json, name, field) == PRG_WIRE_WRONG)
    add_fault(record, name, "not a number");
  if (field->value >= 0 && field->value <= G_MAXINT32)
    return;
  add_fault(record, name, field->value < 0 ? "negative" : "too large");
  field->value = 0; /* the raw value stays: a compare-and-swap needs it */
}

/* FALSE: what stands there is no number, or (@strict) the key is missing. */
static gboolean
read_sum(JsonObject *json, const char *name, gboolean strict, PrgNumber *field)
{
  PrgWireState state = prg_wire_get_number(json, name, field);
  return state != PRG_WIRE_WRONG && !(strict && state == PRG_WIRE_ABSENT);
}

static gboolean
read_ledger(PrgRecord *record, JsonObject *json, gboolean strict)
{
  if (!read_sum(json, "totalXp", strict, &record->total_xp) ||
      !read_sum(json, "ledgerXp", strict, &record->ledger_xp) ||
      !read_sum(json, "ledgerCount", strict, &record->ledger_count) ||
      !read_sum(json, "externalXp", strict, &record->external_xp) ||
      !read_sum(json, "externalDeals", strict, &record->external_deals))
    return FALSE;
  read_text(record, json, "foldToken", &record->fold_token);
  read_text(record, json, "foldLog", &record->fold_log);
  return TRUE;
}

static gboolean
read_times(PrgRecord *record, JsonObject *json, gboolean strict)
{
  gint64 deleted_at = 0;
  PrgWireState updated = prg_wire_get_instant(json, "updatedAt", &record->updated_at);
  PrgWireState deleted = prg_wire_get_instant(json, "deletedAt", &deleted_at);
  if (updated == PRG_WIRE_WRONG || (strict && updated != PRG_WIRE_VALUE) ||
      (strict && deleted == PRG_WIRE_ABSENT))
    return FALSE;
  record->deleted = deleted == PRG_WIRE_VALUE || deleted == PRG_WIRE_WRONG;
  prg_wire_get_instant(json, "createdAt", &record->created_at);
  if (prg_wire_get_instant(json, "lastActivityDate", &record->last_activity) == PRG_WIRE_WRONG)
    add_fault(record, "lastActivityDate", "not an instant");
  return TRUE;
}

/* "" unless it is a UUID; lower case, as the ids we make. */
static char *
read_uuid(JsonObject *json, const char *name)
{
  g_autofree char *text = prg_wire_dup_text(json, name);
  return g_uuid_string_is_valid(text) ? g_ascii_strdown(text, -1) : g_strdup("");
}

PrgRecord *
prg_codec_record_from_json(JsonObject *json, const PrgRules *rules, gboolean strict)
{
  if (json == NULL)
    return NULL;
  g_autoptr(PrgRecord) record = prg_record_new();
  take(&record->id, read_uuid(json, "id"));
  if (*record->id == '\0' || !read_ledger(record, json, strict) || !read_times(record, json, strict))
    return NULL;
  read_text(record, json, "name", &record->name);
  read_text(record, json, "workspaceMemberId", &record->workspace_member_id);
  read_counter(record, json, "currentLevel", &record->current_level);
  read_counter(record, json, "closedDeals", &record->closed_deals);
  read_counter(record, json, "streakDays", &record->streak_days);
  read_rank(record, json, rules);
  read_id_set(record, json, "badges", &record->badges);
  read_id_set(record, json, "completedModules", &record->completed_modules);
  read_id_set(record, json, "certifications", &record->certifications);
  read_id_set(record, json, "defeatedBosses", &record->defeated_bosses);
  read_id_set(record, json, "passedExams", &record->passed_exams);
  read_metrics(record, json);
  take(&record->updated_by, prg_wire_dup_text(prg_wire_get_object(json, "updatedBy"), "workspaceMemberId"));
  return g_steal_pointer(&record);
}

/* --- rows --- */

char *
prg_codec_pack_details(const PrgOperation *operation)
{
  if (*operation->zone == '\0' && *operation->cause == '\0')
    return g_strdup(operation->details);
  g_autoptr(JsonNode) root = prg_wire_parse(operation->details, -1);
  g_autoptr(JsonObject) packed = json_object_new();
  JsonObject *own = prg_wire_object_of(root);
  g_autoptr(GList) names = own == NULL ? NULL : json_object_get_members(own);
  for (GList *l = names; l != NULL; l = l->next)
    json_object_set_member(packed, l->data, json_object_dup_member(own, l->data));
  if (*operation->zone != '\0')
    json_object_set_string_member(packed, "zone", operation->zone);
  if (*operation->cause != '\0')
    json_object_set_string_member(packed, "cause", operation->cause);
  g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), packed);
  return prg_wire_print(node);
}

static char *
text_details(const char *text)
{
  g_autoptr(JsonObject) object = json_object_new();
  json_object_set_string_member(object, "text", text);
  g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
  return prg_wire_print(node);
}

/* Everything of @object but @zone and @cause, where those were understood. */
static char *
own_details(JsonObject *object, const char *zone, const char *cause)
{
  g_autoptr(JsonObject) own = json_object_new();
  g_autoptr(GList) names = json_object_get_members(object);
  for (GList *l = names; l != NULL; l = l->next) {
    gboolean packed =
        (*zone != '\0' && g_str_equal(l->data, "zone")) || (*cause != '\0' && g_str_equal(l->data, "cause"));
    if (!packed)
      json_object_set_member(own, l->data, json_object_dup_member(object, l->data));
  }
  if (json_object_get_size(own) == 0)
    return g_strdup("");
  g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), own);
  return prg_wire_print(node);
}

/* Takes zone and cause out of the column's text again. A foreign row may hold anything there. */
static char *
unpack_details(const char *text, char **zone, char **cause)
{
  g_autoptr(JsonNode) root = prg_wire_parse(text, -1);
  JsonObject *object = prg_wire_object_of(root);
  *zone = prg_wire_dup_text(object, "zone");
  *cause = read_uuid(object, "cause");
  if (g_utf8_strlen(*zone, -1) > MAX_WORD)
    prg_record_set(zone, "");
  if (object == NULL)
    return *text == '\0' ? g_strdup("") : text_details(text);
  return own_details(object, *zone, *cause);
}

static char *
read_word(JsonObject *json, const char *name)
{
  g_autofree char *text = prg_wire_dup_text(json, name);
  return prg_wire_cut(text, MAX_WORD);
}

/* The rep's day; rows of other programs have none, theirs is the UTC day. */
static char *
read_day(JsonObject *json, gint64 instant)
{
  g_autofree char *text = prg_wire_dup_text(json, "localDay");
  gint number = 0;
  if (prg_day_parse(text, &number))
    return g_steal_pointer(&text);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  return prg_day_of(instant, utc);
}

static PrgOperation *
read_operation(JsonObject *json, const char *id, gint64 created_at)
{
  PrgNumber amount, seq;
  if (prg_wire_get_number(json, "xpAmount", &amount) == PRG_WIRE_WRONG)
    return NULL;
  prg_wire_get_number(json, "seq", &seq);
  gint64 occurred_at = 0;
  if (prg_wire_get_instant(json, "occurredAt", &occurred_at) != PRG_WIRE_VALUE)
    occurred_at = created_at;
  g_autofree char *raw_details = prg_wire_dup_text(json, "details");
  g_autofree char *zone = NULL;
  g_autofree char *cause = NULL;
  g_autofree char *details = unpack_details(raw_details, &zone, &cause);
  g_autofree char *device = read_word(json, "device");
  g_autofree char *kind = read_word(json, "eventType");
  g_autofree char *ref = prg_wire_dup_text(json, "ref");
  g_autofree char *day = read_day(json, occurred_at);
  PrgOperation fields = {
    .id = id,
    .device = device,
    .kind = kind,
    .ref = ref,
    .local_day = day,
    .zone = zone,
    .details = details,
    .cause = cause,
    .seq = MAX(seq.value, 0),
    .amount = amount.value,
    .occurred_at = occurred_at,
    .created_at = created_at,
  };
  return prg_operation_new(&fields);
}

PrgRow *
prg_codec_row_from_json(JsonObject *json)
{
  gint64 created_at = 0;
  if (json == NULL || prg_wire_get_instant(json, "createdAt", &created_at) != PRG_WIRE_VALUE)
    return NULL;
  g_autofree char *id = read_uuid(json, "id");
  if (*id == '\0')
    return NULL;
  PrgOperation *operation = read_operation(json, id, created_at);
  if (operation == NULL)
    return NULL;
  PrgRow *row = g_new0(PrgRow, 1);
  row->operation = operation;
  row->member = prg_wire_dup_text(json, "workspaceMemberId");
  row->record_id = read_uuid(json, "repId");
  gint64 deleted_at = 0;
  PrgWireState deleted = prg_wire_get_instant(json, "deletedAt", &deleted_at);
  row->deleted = deleted == PRG_WIRE_VALUE || deleted == PRG_WIRE_WRONG;
  return row;
}

/* --- the timeline --- */

/* Ids that the text under @key has and that under @other has not; empty if it cannot be read. Returns: (transfer full) */
static PrgIdSet *
read_difference(JsonObject *change, const char *key, const char *other)
{
  g_autofree char *text = prg_wire_dup_text(change, key);
  g_autofree char *other_text = prg_wire_dup_text(change, other);
  g_autoptr(PrgIdSet) ids = NULL;
  g_autoptr(PrgIdSet) others = NULL;
  PrgIdSet *difference = prg_id_set_new();
  prg_codec_id_set_from_json(other_text, &others);
  if (!prg_codec_id_set_from_json(text, &ids))
    return difference;
  for (guint i = 0; i < prg_id_set_size(ids); i++) {
    const char *id = prg_id_set_get(ids, i);
    if (others == NULL || !prg_id_set_contains(others, id))
      prg_id_set_add(difference, id);
  }
  return difference;
}

/* FALSE: totalXp changed, but from or to something that is no number. */
static gboolean
read_total(JsonObject *diff, PrgNumber *before, PrgNumber *after)
{
  JsonObject *change = prg_wire_get_object(diff, "totalXp");
  PrgWireState was = prg_wire_get_number(change, "before", before);
  PrgWireState is = prg_wire_get_number(change, "after", after);
  return !json_object_has_member(diff, "totalXp") ||
         (change != NULL && was != PRG_WIRE_WRONG && is != PRG_WIRE_WRONG);
}

/* A creation is told without a diff: it opens the story of the record, as a fold would. */
static PrgTimelineRow *
new_creation(gint64 at)
{
  PrgTimelineRow *row = g_new0(PrgTimelineRow, 1);
  row->at = at;
  row->is_fold = TRUE;
  row->token_after = g_strdup("");
  row->member = g_strdup("");
  row->modules_added = prg_id_set_new();
  return row;
}

/* NULL without @malformed: a row that tells of no write (deletion, restoration). */
PrgTimelineRow *
prg_codec_timeline_from_json(JsonObject *json, gboolean *malformed)
{
  gint64 at = 0;
  PrgNumber before, after;
  *malformed = json == NULL || prg_wire_get_instant(json, "createdAt", &at) != PRG_WIRE_VALUE;
  JsonObject *diff = *malformed ? NULL : prg_wire_get_object(prg_wire_get_object(json, "properties"), "diff");
  if (diff == NULL) {
    g_autofree char *name = *malformed ? NULL : prg_wire_dup_text(json, "name");
    return g_strcmp0(name, "repProgression.created") == 0 ? new_creation(at) : NULL;
  }
  *malformed = !read_total(diff, &before, &after);
  if (*malformed)
    return NULL;
  PrgTimelineRow *row = g_new0(PrgTimelineRow, 1);
  row->at = at;
  row->has_total = json_object_has_member(diff, "totalXp");
  row->total_before = before.value;
  row->total_after = after.value;
  row->is_fold = json_object_has_member(diff, "foldToken");
  row->token_after = prg_wire_dup_text(prg_wire_get_object(diff, "foldToken"), "after");
  row->member = prg_wire_dup_text(json, "workspaceMemberId");
  row->modules_added = read_difference(prg_wire_get_object(diff, "completedModules"), "after", "before");
  row->modules_removed = read_difference(prg_wire_get_object(diff, "completedModules"), "before", "after");
  return row;
}
