/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-codec-private.h"
#include "prg-error.h"
#include "prg-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_DEPTH 64
#define MAX_INT_DIGITS 18 /* what surely fits into 64 bits */
#define MAX_WORD 64       /* kinds, devices, zones */
#define MAX_TEXT 1048576  /* details, refs */

/* --- strict reading --- */

/* json-glib 1.6 takes comments, `var x =`, several values in a row, recurses without a limit, and turns an
 * integer of more than 64 bits into -1. This scan refuses the former and writes such an integer as a double.
 */
typedef struct {
  const char *text;
  gsize length;
  gsize at;
  guint depth;
  guint values; /* at depth 0 */
  GString *out;
} Scan;

/* The code unit of the escape \uXXXX at @at, -1 if there is none. */
static gint
scan_escape(const Scan *self, gsize at)
{
  gint unit = 0;
  if (at + 6 > self->length || self->text[at] != '\\' || self->text[at + 1] != 'u')
    return -1;
  for (gsize i = at + 2; i < at + 6; i++) {
    gint digit = g_ascii_xdigit_value(self->text[i]);
    if (digit < 0)
      return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/* Half a surrogate pair and U+0000 are no characters: one of them must not cost the whole answer. */
static void
scan_unicode(Scan *self, gint unit)
{
  gboolean high = unit >= 0xd800 && unit <= 0xdbff;
  gint next = high ? scan_escape(self, self->at + 6) : -1;
  gboolean pair = next >= 0xdc00 && next <= 0xdfff;
  gsize length = pair ? 12 : 6;
  if (pair || !(unit == 0 || (unit >= 0xd800 && unit <= 0xdfff)))
    g_string_append_len(self->out, self->text + self->at, length);
  else
    g_string_append(self->out, "\\ufffd");
  self->at += length;
}

static gboolean
scan_string(Scan *self)
{
  gsize start = self->at++;
  g_string_append_c(self->out, self->text[start]);
  while (self->at < self->length && self->text[self->at] != '"') {
    gint unit = scan_escape(self, self->at);
    if (unit >= 0) {
      scan_unicode(self, unit);
      continue;
    }
    gsize length = self->text[self->at] == '\\' && self->at + 1 < self->length ? 2 : 1;
    /* json-glib would make something of an escape without four digits. */
    if (length == 2 && self->text[self->at + 1] == 'u')
      return FALSE;
    g_string_append_len(self->out, self->text + self->at, length);
    self->at += length;
  }
  if (self->at >= self->length)
    return FALSE;
  g_string_append_c(self->out, self->text[self->at++]);
  return TRUE;
}

/* What no double can hold would be printed as "inf". */
static gboolean
is_finite(const char *text, gsize length)
{
  g_autofree char *number = g_strndup(text, length);
  return isfinite(g_ascii_strtod(number, NULL));
}

static gboolean
scan_number(Scan *self)
{
  gsize start = self->at;
  guint digits = 0;
  gboolean plain = TRUE;
  for (; self->at < self->length && strchr("+-.0123456789eE", self->text[self->at]) != NULL; self->at++) {
    if (g_ascii_isdigit(self->text[self->at]))
      digits++;
    else if (self->text[self->at] != '-')
      plain = FALSE;
  }
  g_string_append_len(self->out, self->text + start, self->at - start);
  if (plain && digits > MAX_INT_DIGITS)
    g_string_append(self->out, ".0");
  return (plain && digits <= MAX_INT_DIGITS) || is_finite(self->text + start, self->at - start);
}

static gboolean
scan_bracket(Scan *self, char c)
{
  if (c == '{' || c == '[')
    self->depth++;
  else
    self->depth--;
  if (self->depth > MAX_DEPTH)
    return FALSE;
  g_string_append_c(self->out, c);
  self->at++;
  return TRUE;
}

static gboolean
scan_step(Scan *self)
{
  char c = self->text[self->at];
  /* One value, and no bare number or word: no answer is one. */
  if (self->depth == 0 && !g_ascii_isspace(c) && (self->values++ > 0 || strchr("{[\"", c) == NULL))
    return FALSE;
  if (strchr("{}[]", c) != NULL)
    return scan_bracket(self, c);
  if (c == '"')
    return scan_string(self);
  if (g_ascii_isdigit(c) || c == '-')
    return scan_number(self);
  /* the letters of true, false and null */
  if (strchr(":, \t\r\n", c) == NULL && strchr("truefalsn", c) == NULL)
    return FALSE;
  g_string_append_c(self->out, c);
  self->at++;
  return TRUE;
}

JsonNode *
prg_wire_parse(const char *text, gssize length)
{
  gsize size = text == NULL ? 0 : length < 0 ? strlen(text) : (gsize)length;
  if (size == 0 || !g_utf8_validate_len(text, size, NULL))
    return NULL;
  g_autoptr(GString) out = g_string_sized_new(size + 16);
  Scan scan = { .text = text, .length = size, .out = out };
  while (scan.at < size)
    if (!scan_step(&scan))
      return NULL;
  if (scan.depth != 0 || scan.values == 0)
    return NULL;
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  if (!json_parser_load_from_data(parser, out->str, out->len, NULL))
    return NULL;
  return json_parser_steal_root(parser);
}

JsonObject *
prg_wire_object_of(JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonNode *
get_member(JsonObject *self, const char *name)
{
  return self == NULL ? NULL : json_object_get_member(self, name);
}

JsonObject *
prg_wire_get_object(JsonObject *self, const char *name)
{
  return prg_wire_object_of(get_member(self, name));
}

JsonArray *
prg_wire_get_array(JsonObject *self, const char *name)
{
  JsonNode *node = get_member(self, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonObject *
prg_wire_array_object(JsonArray *self, guint index)
{
  return prg_wire_object_of(json_array_get_element(self, index));
}

static PrgWireState
get_state(JsonNode *node)
{
  if (node == NULL)
    return PRG_WIRE_ABSENT;
  if (JSON_NODE_HOLDS_NULL(node))
    return PRG_WIRE_NULL;
  return JSON_NODE_HOLDS_VALUE(node) ? PRG_WIRE_VALUE : PRG_WIRE_WRONG;
}

PrgWireState
prg_wire_get_text(JsonObject *self, const char *name, char **text)
{
  JsonNode *node = get_member(self, name);
  PrgWireState state = get_state(node);
  if (state == PRG_WIRE_VALUE && json_node_get_value_type(node) != G_TYPE_STRING)
    state = PRG_WIRE_WRONG;
  *text = state == PRG_WIRE_VALUE ? g_utf8_make_valid(json_node_get_string(node), -1) : g_strdup("");
  return state;
}

char *
prg_wire_dup_text(JsonObject *self, const char *name)
{
  char *text = NULL;
  prg_wire_get_text(self, name, &text);
  return text;
}

static PrgNumber
number_from_double(double raw)
{
  double whole = CLAMP(floor(raw), -(double)PRG_WIRE_MAX_SAFE, (double)PRG_WIRE_MAX_SAFE);
  return (PrgNumber){ TRUE, (gint64)whole, raw };
}

PrgWireState
prg_wire_get_number(JsonObject *self, const char *name, PrgNumber *number)
{
  JsonNode *node = get_member(self, name);
  PrgWireState state = get_state(node);
  *number = (PrgNumber){ FALSE, 0, 0 };
  if (state != PRG_WIRE_VALUE)
    return state;
  GType type = json_node_get_value_type(node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return PRG_WIRE_WRONG;
  double raw = type == G_TYPE_INT64 ? (double)json_node_get_int(node) : json_node_get_double(node);
  if (!isfinite(raw))
    return PRG_WIRE_WRONG;
  *number = number_from_double(raw);
  return PRG_WIRE_VALUE;
}

PrgWireState
prg_wire_get_instant(JsonObject *self, const char *name, gint64 *utc_us)
{
  g_autofree char *text = NULL;
  PrgWireState state = prg_wire_get_text(self, name, &text);
  *utc_us = 0;
  if (state != PRG_WIRE_VALUE || prg_instant_parse(text, utc_us))
    return state;
  *utc_us = 0;
  return PRG_WIRE_WRONG;
}

gboolean
prg_wire_get_true(JsonObject *self, const char *name)
{
  JsonNode *node = get_member(self, name);
  return get_state(node) == PRG_WIRE_VALUE && json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
         json_node_get_boolean(node);
}

char *
prg_wire_print(JsonNode *node)
{
  return prg_json_print(node);
}

char *
prg_wire_cut(const char *text, glong max)
{
  return g_utf8_strlen(text, -1) <= max ? g_strdup(text) : g_utf8_substring(text, 0, max);
}

/* --- id sets --- */

char *
prg_codec_id_set_to_json(const PrgIdSet *set)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_array(builder);
  for (guint i = 0; i < prg_id_set_size(set); i++)
    json_builder_add_string_value(builder, prg_id_set_get(set, i));
  json_builder_end_array(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_wire_print(root);
}

gboolean
prg_codec_id_set_from_json(const char *text, PrgIdSet **set)
{
  *set = NULL;
  g_autoptr(JsonNode) root = prg_wire_parse(text, -1);
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY(root))
    return FALSE;
  g_autoptr(PrgIdSet) result = prg_id_set_new();
  JsonArray *array = json_node_get_array(root);
  for (guint i = 0; i < json_array_get_length(array); i++) {
    JsonNode *node = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
      return FALSE;
    g_autofree char *id = g_utf8_make_valid(json_node_get_string(node), -1);
    prg_id_set_add(result, id);
  }
  *set = g_steal_pointer(&result);
  return TRUE;
}

/* --- operations as lines of an export --- */

/* To the microsecond where ISO 8601 can say it, else the bare number. */
static void
add_instant(JsonBuilder *builder, const char *name, gint64 utc_us)
{
  json_builder_set_member_name(builder, name);
  g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(utc_us / G_USEC_PER_SEC);
  if (utc_us < 0 || seconds == NULL || g_date_time_get_year(seconds) > 9999) {
    json_builder_add_int_value(builder, utc_us);
    return;
  }
  g_autofree char *head = g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *text = g_strdup_printf("%s.%06dZ", head, (int)(utc_us % G_USEC_PER_SEC));
  json_builder_add_string_value(builder, text);
}

static void
add_text(JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value);
}

static void
add_int(JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, value);
}

char *
prg_codec_operation_to_json(const PrgOperation *operation)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_text(builder, "id", operation->id);
  add_text(builder, "device", operation->device);
  add_int(builder, "seq", operation->seq);
  add_text(builder, "kind", operation->kind);
  add_int(builder, "amount", operation->amount);
  add_text(builder, "ref", operation->ref);
  add_instant(builder, "occurredAt", operation->occurred_at);
  add_text(builder, "localDay", operation->local_day);
  add_text(builder, "zone", operation->zone);
  add_text(builder, "details", operation->details);
  add_text(builder, "cause", operation->cause);
  if (operation->created_at != 0)
    add_instant(builder, "createdAt", operation->created_at);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_wire_print(root);
}

char *
prg_codec_board_to_json(const PrgBoard *board)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_int(builder, "asOf", board->as_of);
  json_builder_set_member_name(builder, "reps");
  json_builder_begin_array(builder);
  for (guint i = 0; i < board->records->len; i++) {
    const PrgRecord *record = g_ptr_array_index(board->records, i);
    json_builder_begin_object(builder);
    add_text(builder, "id", record->id);
    add_text(builder, "name", record->name);
    add_text(builder, "workspaceMemberId", record->workspace_member_id);
    add_int(builder, "totalXp", record->total_xp.value);
    add_text(builder, "currentRank", record->current_rank);
    add_instant(builder, "createdAt", record->created_at);
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_wire_print(root);
}

PrgBoard *
prg_codec_board_from_json(const char *text)
{
  g_autoptr(JsonNode) root = prg_wire_parse(text, -1);
  JsonObject *object = prg_wire_object_of(root);
  JsonArray *reps = prg_wire_get_array(object, "reps");
  PrgNumber as_of;
  if (reps == NULL || prg_wire_get_number(object, "asOf", &as_of) != PRG_WIRE_VALUE)
    return NULL;
  PrgBoard *board = prg_board_new(as_of.value);
  for (guint i = 0; i < json_array_get_length(reps); i++) {
    PrgRecord *record = prg_codec_record_from_json(prg_wire_array_object(reps, i), NULL, FALSE);
    if (record != NULL)
      g_ptr_array_add(board->records, record);
  }
  return board;
}

/* The members of an export line that are checked while they are read; the first fault wins. */
typedef struct {
  JsonObject *json;
  GError **error;
  gboolean failed;
} Line;

static void
line_fail(Line *self, const char *name, const char *what)
{
  if (!self->failed)
    g_set_error(self->error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, "%s: %s", name, what);
  self->failed = TRUE;
}

static char *
line_text(Line *self, const char *name, glong max, gboolean required)
{
  char *text = NULL;
  PrgWireState state = prg_wire_get_text(self->json, name, &text);
  if (state == PRG_WIRE_WRONG)
    line_fail(self, name, _("not a text"));
  else if (required && *text == '\0')
    line_fail(self, name, "missing");
  else if (g_utf8_strlen(text, -1) > max)
    line_fail(self, name, _("too long"));
  return text;
}

static gint64
line_int(Line *self, const char *name, gint64 min, gboolean required)
{
  PrgNumber number;
  PrgWireState state = prg_wire_get_number(self->json, name, &number);
  if (state == PRG_WIRE_WRONG || (required && state != PRG_WIRE_VALUE))
    line_fail(self, name, _("not a number"));
  else if (number.raw != (double)number.value || number.value < min)
    line_fail(self, name, _("not a whole number in range"));
  return number.value;
}

static gint64
line_instant(Line *self, const char *name, gboolean required)
{
  JsonNode *node = json_object_get_member(self->json, name);
  if (node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
    return json_node_get_int(node);
  gint64 utc_us = 0;
  PrgWireState state = prg_wire_get_instant(self->json, name, &utc_us);
  if (state == PRG_WIRE_WRONG || (required && state != PRG_WIRE_VALUE))
    line_fail(self, name, _("not an instant"));
  return utc_us;
}

static void
line_check(Line *self, PrgOperation *fields)
{
  gint day = 0;
  if (!self->failed && !g_uuid_string_is_valid(fields->id))
    line_fail(self, "id", _("not a UUID"));
  if (!self->failed && *fields->local_day != '\0' && !prg_day_parse(fields->local_day, &day))
    line_fail(self, "localDay", _("not a day"));
  if (self->failed || *fields->details == '\0')
    return;
  g_autoptr(JsonNode) details = prg_wire_parse(fields->details, -1);
  if (prg_wire_object_of(details) == NULL)
    line_fail(self, "details", _("not the text of a JSON object"));
}

PrgOperation *
prg_codec_operation_from_json(const char *json, gssize length, GError **error)
{
  g_autoptr(JsonNode) root = prg_wire_parse(json, length);
  Line line = { prg_wire_object_of(root), error, FALSE };
  if (line.json == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("not a JSON object"));
    return NULL;
  }
  g_autofree char *raw_id = line_text(&line, "id", MAX_WORD, TRUE);
  g_autofree char *id = g_ascii_strdown(raw_id, -1);
  g_autofree char *device = line_text(&line, "device", MAX_WORD, FALSE);
  g_autofree char *kind = line_text(&line, "kind", MAX_WORD, TRUE);
  g_autofree char *ref = line_text(&line, "ref", MAX_TEXT, FALSE);
  g_autofree char *local_day = line_text(&line, "localDay", MAX_WORD, FALSE);
  g_autofree char *zone = line_text(&line, "zone", MAX_WORD, FALSE);
  g_autofree char *details = line_text(&line, "details", MAX_TEXT, FALSE);
  g_autofree char *cause = line_text(&line, "cause", MAX_WORD, FALSE);
  PrgOperation fields = {
    .id = id,
    .device = device,
    .kind = kind,
    .ref = ref,
    .local_day = local_day,
    .zone = zone,
    .details = details,
    .cause = cause,
    .seq = line_int(&line, "seq", 0, FALSE),
    .amount = line_int(&line, "amount", -PRG_WIRE_MAX_SAFE, TRUE),
    .occurred_at = line_instant(&line, "occurredAt", TRUE),
    .created_at = line_instant(&line, "createdAt", FALSE),
  };
  line_check(&line, &fields);
  return line.failed ? NULL : prg_operation_new(&fields);
}
