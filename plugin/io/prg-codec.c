/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-codec-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_MESSAGE 500
#define MAX_ERRORS 16 /* of one answer that are looked at */

PrgWireRequest *
prg_wire_request_new(const char *method, char *path, char *body)
{
  PrgWireRequest *self = g_new0(PrgWireRequest, 1);
  self->method = method;
  self->path = path;
  self->body = body;
  return self;
}

void
prg_wire_request_free(PrgWireRequest *self)
{
  if (self == NULL)
    return;
  g_free(self->path);
  g_free(self->body);
  g_free(self);
}

/* --- messages --- */

static gboolean
is_token_char(char c)
{
  return g_ascii_isalnum(c) || (c != '\0' && strchr("-_.~+/=", c) != NULL);
}

/* How many bytes at @text look like a secret: what follows "Bearer ", or a JSON web token. */
static gsize
secret_length(const char *text)
{
  gsize skip = g_ascii_strncasecmp(text, "bearer ", 7) == 0 ? 7 : 0;
  gsize length = skip;
  while (is_token_char(text[length]))
    length++;
  if (skip > 0)
    return length > skip + 8 ? length : 0;
  return g_str_has_prefix(text, "eyJ") && length >= 20 ? length : 0;
}

static gboolean
is_invisible(gunichar c)
{
  GUnicodeType type = g_unichar_type(c);
  return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* @text as valid UTF-8 with a space for every character that shows nothing. (transfer full) */
static char *
visible_text(const char *text)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  GString *out = g_string_new(NULL);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p))
    if (is_invisible(g_utf8_get_char(p)))
      g_string_append_c(out, ' ');
    else
      g_string_append_unichar(out, g_utf8_get_char(p));
  return g_string_free(out, FALSE);
}

/* Secrets are looked for in what will be seen: a tab between "Bearer" and the token hides it no longer. */
char *
prg_codec_clean_message(const char *text)
{
  g_autofree char *visible = visible_text(text == NULL ? "" : text);
  GString *out = g_string_new(NULL);
  glong characters = 0;
  for (const char *p = visible; *p != '\0' && characters < MAX_MESSAGE; characters++) {
    gsize secret = secret_length(p);
    if (secret > 0)
      g_string_append_c(out, '*');
    else
      g_string_append_unichar(out, g_utf8_get_char(p));
    p = secret > 0 ? p + secret : g_utf8_next_char(p);
  }
  g_strstrip(out->str);
  return g_string_free(out, FALSE);
}

/* --- what an error answer says --- */

typedef struct {
  GPtrArray *codes;    /* (owned) (element-type utf8) `code`, `subCode`, `error` */
  GPtrArray *messages; /* (owned) (element-type utf8) */
  gboolean has_errors; /* GraphQL's errors[] is there and not empty */
  gboolean has_code;   /* a code of the server's own, not only `error` */
} Facts;

static void
facts_clear(Facts *self)
{
  g_clear_pointer(&self->codes, g_ptr_array_unref);
  g_clear_pointer(&self->messages, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Facts, facts_clear)

static gboolean
facts_add_code(Facts *self, JsonObject *json, const char *name)
{
  char *text = NULL;
  if (prg_wire_get_text(json, name, &text) != PRG_WIRE_VALUE) {
    g_free(text);
    return FALSE;
  }
  g_ptr_array_add(self->codes, text);
  return TRUE;
}

static void
facts_add_node(Facts *self, JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
    return;
  g_autofree char *message = prg_codec_clean_message(json_node_get_string(node));
  if (*message != '\0')
    g_ptr_array_add(self->messages, g_steal_pointer(&message));
}

/* `messages` and `message`: a string or an array of them. */
static void
facts_add_messages(Facts *self, JsonObject *json, const char *name)
{
  facts_add_node(self, json_object_get_member(json, name));
  JsonArray *array = prg_wire_get_array(json, name);
  for (guint i = 0; array != NULL && i < MIN(json_array_get_length(array), MAX_ERRORS); i++)
    facts_add_node(self, json_array_get_element(array, i));
}

static void
facts_add_graphql(Facts *self, JsonArray *errors)
{
  self->has_errors = json_array_get_length(errors) > 0;
  for (guint i = 0; i < MIN(json_array_get_length(errors), MAX_ERRORS); i++) {
    JsonObject *error = prg_wire_array_object(errors, i);
    if (error == NULL)
      continue;
    facts_add_messages(self, error, "message");
    JsonObject *extensions = prg_wire_get_object(error, "extensions");
    self->has_code |= facts_add_code(self, extensions, "code");
    self->has_code |= facts_add_code(self, extensions, "subCode");
  }
}

static void
facts_read(Facts *self, JsonNode *root)
{
  self->codes = g_ptr_array_new_with_free_func(g_free);
  self->messages = g_ptr_array_new_with_free_func(g_free);
  JsonObject *json = prg_wire_object_of(root);
  if (json == NULL) {
    facts_add_node(self, root);
    return;
  }
  facts_add_messages(self, json, "messages");
  facts_add_messages(self, json, "message");
  self->has_code |= facts_add_code(self, json, "code");
  facts_add_code(self, json, "error");
  JsonArray *errors = prg_wire_get_array(json, "errors");
  if (errors != NULL)
    facts_add_graphql(self, errors);
}

static gboolean
has_code(const Facts *self, const char *code)
{
  for (guint i = 0; i < self->codes->len; i++)
    if (g_str_equal(g_ptr_array_index(self->codes, i), code))
      return TRUE;
  return FALSE;
}

/* The server quotes values that came from us or from other programs: only what stands before the first quote
 * is its own word. */
static gboolean
says(const Facts *self, const char *words)
{
  for (guint i = 0; i < self->messages->len; i++) {
    const char *message = g_ptr_array_index(self->messages, i);
    g_autofree char *own = g_strndup(message, strcspn(message, "'\"`"));
    if (strstr(own, words) != NULL)
      return TRUE;
  }
  return FALSE;
}

static gboolean
matches(const Facts *self, const char *prefix, const char *part)
{
  for (guint i = 0; i < self->messages->len; i++) {
    const char *message = g_ptr_array_index(self->messages, i);
    if (g_str_has_prefix(message, prefix) && strstr(message, part) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* An object or field that does not exist, as REST, the GraphQL schema and the ordering say it. */
static gboolean
is_schema_missing(const Facts *self)
{
  return matches(self, "object '", "' not found") || matches(self, "Object ", "doesn't have any \"") ||
         matches(self, "Cannot query field \"", "\" on type \"") ||
         matches(self, "Field \"", "\" is not defined by type ") || matches(self, "Unknown type \"", "\"") ||
         has_code(self, "FIELD_NOT_FOUND");
}

/* A fault of the server's own surroundings, whatever the status: it comes as 400 too. */
static gboolean
is_outage(const Facts *self)
{
  static const char *const words[] = { "ECONNREFUSED",
                                       "ECONNRESET",
                                       "ETIMEDOUT",
                                       "ENOTFOUND",
                                       "EAI_AGAIN",
                                       "EPIPE",
                                       "Connection terminated",
                                       "terminating connection",
                                       "too many clients",
                                       "deadlock detected",
                                       "could not serialize",
                                       "the database system is",
                                       "timeout exceeded" };
  if (has_code(self, "INTERNAL_SERVER_ERROR"))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
    if (says(self, words[i]))
      return TRUE;
  return FALSE;
}

static PrgOutcome
classify_access(guint status, const Facts *facts)
{
  if (has_code(facts, "PERMISSION_DENIED"))
    return PRG_OUTCOME_FORBIDDEN;
  /* 403 is how the server refuses a missing or a revoked key. */
  if (status == 401 || status == 403 || has_code(facts, "UNAUTHENTICATED"))
    return PRG_OUTCOME_AUTH;
  if (has_code(facts, "FORBIDDEN"))
    return says(facts, "revoked") || says(facts, "Missing authentication") ? PRG_OUTCOME_AUTH
                                                                           : PRG_OUTCOME_FORBIDDEN;
  return PRG_OUTCOME_OK;
}

static gboolean
is_too_large(guint status)
{
  return status == 413 || status == 414 || status == 431;
}

static PrgOutcome
classify_facts(guint status, const Facts *facts)
{
  if (!facts->has_errors && (status == 200 || status == 201))
    return PRG_OUTCOME_OK;
  PrgOutcome access = classify_access(status, facts);
  if (access != PRG_OUTCOME_OK)
    return access;
  if (status == 429 || has_code(facts, "LIMIT_REACHED"))
    return PRG_OUTCOME_RETRY;
  if (is_too_large(status))
    return PRG_OUTCOME_REFUSED;
  if (status < 200 || (status >= 300 && status < 400) || status >= 500 || is_outage(facts))
    return PRG_OUTCOME_UNKNOWN;
  if (is_schema_missing(facts))
    return PRG_OUTCOME_SCHEMA_MISSING;
  if (matches(facts, "A duplicate entry was detected", ""))
    return PRG_OUTCOME_DUPLICATE;
  if (facts->has_code || has_code(facts, "BadRequestException") || has_code(facts, "NotFoundException") ||
      has_code(facts, "METADATA_VALIDATION_ERROR"))
    return PRG_OUTCOME_REFUSED;
  return PRG_OUTCOME_UNKNOWN;
}

static char *
join_messages(guint status, const Facts *facts)
{
  if (facts->messages->len == 0)
    return g_strdup_printf(_("The server answered with status %u and no explanation"), status);
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < facts->messages->len; i++)
    g_string_append_printf(text, "%s%s", i > 0 ? "; " : "",
                           (const char *)g_ptr_array_index(facts->messages, i));
  return prg_codec_clean_message(text->str);
}

/* The body is no JSON object: a proxy, a captive portal or a cut-off answer spoke, not the server's program.
 */
static PrgOutcome
classify_foreign(guint status, gboolean html, char **message)
{
  if (status == 0)
    *message = g_strdup(_("No answer from the server"));
  else if (status >= 300 && status < 400)
    *message = g_strdup_printf(
        _("Redirected elsewhere (status %u): a captive portal, or the wrong address? Log in to the "
          "network with a browser, or check the server's address."),
        status);
  else if (html)
    *message = g_strdup_printf(
        _("A web page came instead of an answer (status %u): a captive portal, or no Twenty server? "
          "Log in to the network with a browser, or check the server's address."),
        status);
  else
    *message = g_strdup_printf(
        _("The answer (status %u) cannot be read: a captive portal, or no Twenty server? Log in to "
          "the network with a browser, or check the server's address."),
        status);
  if (status == 401)
    return PRG_OUTCOME_AUTH;
  if (status == 429)
    return PRG_OUTCOME_RETRY;
  return is_too_large(status) ? PRG_OUTCOME_REFUSED : PRG_OUTCOME_UNKNOWN;
}

static gboolean
is_html(const char *body, gsize length)
{
  gsize i = 0;
  while (i < length && g_ascii_isspace(body[i]))
    i++;
  return i < length && body[i] == '<';
}

PrgOutcome
prg_codec_open(guint status, const char *body, gsize length, JsonNode **root, char **message)
{
  g_autoptr(JsonNode) node = status == 0 ? NULL : prg_wire_parse(body, (gssize)length);
  gboolean redirect = status >= 300 && status < 400;
  /* A bare JSON string is how some failures are told, never a success. */
  gboolean text =
      node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
  *root = NULL;
  if (redirect || (prg_wire_object_of(node) == NULL && !(text && status >= 400 && status != 403)))
    return classify_foreign(status, body != NULL && is_html(body, length), message);
  g_auto(Facts) facts = { 0 };
  facts_read(&facts, node);
  PrgOutcome outcome = classify_facts(status, &facts);
  *message = outcome == PRG_OUTCOME_OK ? g_strdup("") : join_messages(status, &facts);
  if (outcome == PRG_OUTCOME_OK)
    *root = g_steal_pointer(&node);
  return outcome;
}

PrgOutcome
prg_codec_classify(guint status, const char *body, gsize length, char **message)
{
  g_autoptr(JsonNode) root = NULL;
  g_autofree char *text = NULL;
  PrgOutcome outcome = prg_codec_open(status, body, length, &root, &text);
  if (message != NULL)
    *message = g_steal_pointer(&text);
  return outcome;
}

/* --- sign-in --- */

PrgWireRequest *
prg_codec_encode_member(const char *member)
{
  g_autofree char *escaped = g_uri_escape_string(member, NULL, FALSE);
  return prg_wire_request_new("GET", g_strconcat("/rest/workspaceMembers/", escaped, NULL), NULL);
}

static JsonObject *
get_data(JsonNode *root, const char *name)
{
  return prg_wire_get_object(prg_wire_get_object(prg_wire_object_of(root), "data"), name);
}

gboolean
prg_codec_decode_member(const char *body, gsize length, char **name)
{
  *name = NULL;
  g_autoptr(JsonNode) root = prg_wire_parse(body, (gssize)length);
  JsonObject *member = get_data(root, "workspaceMember");
  g_autofree char *id = prg_wire_dup_text(member, "id");
  if (*id == '\0')
    return FALSE;
  JsonObject *full = prg_wire_get_object(member, "name");
  g_autofree char *first = prg_wire_dup_text(full, "firstName");
  g_autofree char *last = prg_wire_dup_text(full, "lastName");
  g_autofree char *both = g_strdup_printf("%s %s", first, last);
  g_autofree char *cut = prg_wire_cut(both, 200);
  *name = prg_codec_clean_message(cut);
  return TRUE;
}

PrgWireRequest *
prg_codec_encode_workspace(void)
{
  return prg_wire_request_new("POST", g_strdup("/metadata"),
                              g_strdup("{\"query\":\"{currentWorkspace{id}}\"}"));
}

gboolean
prg_codec_decode_workspace(const char *body, gsize length, char **workspace_id)
{
  g_autoptr(JsonNode) root = prg_wire_parse(body, (gssize)length);
  g_autofree char *id = prg_wire_dup_text(get_data(root, "currentWorkspace"), "id");
  gboolean good = g_uuid_string_is_valid(id);
  *workspace_id = good ? g_ascii_strdown(id, -1) : NULL;
  return good;
}
