/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-codec.h"
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Shared by the files of the codec; nobody else includes this. */

/* Up to here a double, and so a NUMBER of Twenty, is exact. No sum beyond it is believed. */
#define PRG_WIRE_MAX_SAFE (G_GINT64_CONSTANT(1) << 53)

/* What stands under a key. A hostile server can put anything anywhere, so every access names the type it
 * expects. */
typedef enum {
  PRG_WIRE_ABSENT,
  PRG_WIRE_NULL,
  PRG_WIRE_VALUE,
  PRG_WIRE_WRONG, /* another type, or a value that cannot be read */
} PrgWireState;

/* Strict: UTF-8, one value, no comments, at most 64 levels deep. @length -1 = NUL-terminated. (transfer full)
 * (nullable) */
JsonNode *prg_wire_parse(const char *text, gssize length);
JsonObject *prg_wire_object_of(JsonNode *node);                      /* (nullable) (transfer none) */
JsonObject *prg_wire_get_object(JsonObject *self, const char *name); /* (nullable) (transfer none) */
JsonArray *prg_wire_get_array(JsonObject *self, const char *name);   /* (nullable) (transfer none) */
JsonObject *prg_wire_array_object(JsonArray *self, guint index);     /* (nullable) (transfer none) */
/* @text: (out) (transfer full) valid UTF-8, "" unless PRG_WIRE_VALUE */
PrgWireState prg_wire_get_text(JsonObject *self, const char *name, char **text);
char *prg_wire_dup_text(JsonObject *self, const char *name); /* "" for everything else */
PrgWireState prg_wire_get_number(JsonObject *self, const char *name, PrgNumber *number);
/* @utc_us: 0 unless PRG_WIRE_VALUE */
PrgWireState prg_wire_get_instant(JsonObject *self, const char *name, gint64 *utc_us);
gboolean prg_wire_get_true(JsonObject *self, const char *name);
char *prg_wire_print(JsonNode *node); /* one line (transfer full) */
/* @text cut to @max characters. (transfer full) */
char *prg_wire_cut(const char *text, glong max);

/* For people: valid UTF-8, no control characters, nothing that looks like a token, at most 500 characters.
 * (transfer full) */
char *prg_codec_clean_message(const char *text);
/* Like prg_codec_classify(); for PRG_OUTCOME_OK also the parsed body. @root: (out) (transfer full) (nullable)
 */
PrgOutcome prg_codec_open(guint status, const char *body, gsize length, JsonNode **root, char **message);

/* A record or row as REST or GraphQL shows it; NULL = not even the shape of one. @strict: every key of the
 * ledger must be there, as in an answer to our own selection. (transfer full) (nullable) */
PrgRecord *prg_codec_record_from_json(JsonObject *json, const PrgRules *rules, gboolean strict);
PrgRow *prg_codec_row_from_json(JsonObject *json);
PrgTimelineRow *prg_codec_timeline_from_json(JsonObject *json, gboolean *malformed);
/* The text of the column `details`: the operation's own details with zone and cause. (transfer full) */
char *prg_codec_pack_details(const PrgOperation *operation);

G_END_DECLS
