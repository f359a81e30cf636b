/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * Strict JSON before json-glib sees it: json-glib takes comments and repeated keys, gives no line of a value,
 * and recurses as deep as a hostile text wants.
 */

/* Where a text breaks the rules of JSON. */
typedef struct {
  guint line;    /* from 1 */
  char *path;    /* (owned) of the value at fault: "badges[0].tiers.bronze", "" = the whole text */
  char *problem; /* (owned) what was found and what was expected */
} PrgJsonFault;
void prg_json_fault_clear(PrgJsonFault *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrgJsonFault, prg_json_fault_clear)

/* Checks @text: RFC 8259, UTF-8 without U+0000, nesting of 32 at most, no key twice in an object, numbers
 * within a double.
 * @lines: (nullable) takes path (owned) → line (GUINT) of every value. @fault: (nullable) zeroed before. */
gboolean prg_json_scan(const char *text, gsize length, GHashTable *lines, PrgJsonFault *fault);

/* The object that @text holds, NULL if it is anything else. Returns: (transfer full) (nullable) */
JsonNode *prg_json_parse_object(const char *text, gsize length);

/* Any value as compact text on one line. Returns: (transfer full) */
char *prg_json_print(JsonNode *node);

/* An object as compact text. Returns: (transfer full) */
char *prg_json_print_object(JsonObject *object);

/* One string literal with its quotes. Returns: (transfer full) */
char *prg_json_quote(const char *text);

G_END_DECLS
