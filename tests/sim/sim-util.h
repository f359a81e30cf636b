/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Stands in parsed text where the JSON said \u0000: GLib strings cannot hold the real character. */
#define SIM_NUL_MARK "\xef\xbf\xbf"

gboolean sim_uuid_valid(const char *text);
char *sim_uuid_from(const char *seed);

/* Times are microseconds since 1970 (UTC). */
char *sim_time_format(gint64 us);
gboolean sim_time_parse(const char *text, gint64 *us);
char *sim_time_http(gint64 us);

JsonNode *sim_json_string(const char *text);
JsonNode *sim_json_number(double value);
JsonNode *sim_json_copy(JsonNode *node);
char *sim_json_print(JsonNode *node);
char *sim_json_print_object(JsonObject *object);
const char *sim_json_text(JsonObject *object, const char *key);
gint64 sim_json_int(JsonObject *object, const char *key, gint64 fallback);
gboolean sim_json_flag(JsonObject *object, const char *key, gboolean fallback);
gboolean sim_json_is_string(JsonNode *node);
gboolean sim_json_is_number(JsonNode *node);
JsonObject *sim_json_object(JsonNode *node);
JsonArray *sim_json_array(JsonNode *node);

/* As node's util.inspect writes a value inside an error message. */
char *sim_json_inspect(JsonNode *node);

/* Strict parse; the message of a failure reads as V8's. An empty text is refused. */
JsonNode *sim_json_parse(const char *text, char **message);

/* Like the server's tsvector of one text. */
char *sim_search_vector(const char *text);
char *sim_capital(const char *name);
char *sim_camel(const char *label);
char *sim_sha1_base64(const char *data, gsize length);

G_END_DECLS
