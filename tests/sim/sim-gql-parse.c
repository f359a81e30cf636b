/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-gql-parse.h"

#include <string.h>

typedef enum { TOKEN_END, TOKEN_PUNCTUATION, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING } TokenKind;

typedef struct {
  const char *text;
  const char *at;    /* behind the current token */
  const char *start; /* of the current token */
  TokenKind kind;
  GString *value;        /* (owned) the token's text, a string's contents */
  JsonObject *variables; /* (unowned) (nullable) */
  GHashTable *defaults;  /* (owned) name → JsonNode */
  JsonNode *error;       /* (owned) (nullable) */
} Parser;

static void
selection_free(gpointer data)
{
  SimSelection *selection = data;
  g_free(selection->name);
  g_free(selection->alias);
  g_clear_pointer(&selection->arguments, json_object_unref);
  g_clear_pointer(&selection->selection, g_ptr_array_unref);
  g_free(selection);
}

void
sim_document_free(SimDocument *document)
{
  g_clear_pointer(&document->roots, g_ptr_array_unref);
  g_free(document);
}

static void
place_of(Parser *p, const char *where, guint *line, guint *column)
{
  *line = 1;
  *column = 1;
  for (const char *c = p->text; c < where; c++) {
    *column = *c == '\n' ? 1 : *column + 1;
    *line += *c == '\n' ? 1 : 0;
  }
}

static gboolean
syntax_error(Parser *p, const char *expected)
{
  guint line, column;
  if (p->error != NULL)
    return FALSE;
  place_of(p, p->start, &line, &column);
  g_autofree char *found = p->kind == TOKEN_END      ? g_strdup("<EOF>")
                           : p->kind == TOKEN_NAME   ? g_strdup_printf("Name \"%s\"", p->value->str)
                           : p->kind == TOKEN_STRING ? g_strdup_printf("String \"%s\"", p->value->str)
                           : p->kind == TOKEN_NUMBER ? g_strdup_printf("Int \"%s\"", p->value->str)
                                                     : g_strdup_printf("\"%s\"", p->value->str);
  g_autofree char *message = expected != NULL
                                 ? g_strdup_printf("Syntax Error: Expected %s, found %s.", expected, found)
                                 : g_strdup_printf("Syntax Error: Unexpected %s.", found);
  JsonObject *where = json_object_new();
  json_object_set_int_member(where, "line", line);
  json_object_set_int_member(where, "column", column);
  JsonArray *locations = json_array_new();
  json_array_add_object_element(locations, where);
  JsonObject *body = json_object_new();
  json_object_set_string_member(body, "message", message);
  json_object_set_array_member(body, "locations", locations);
  p->error = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(p->error, body);
  return FALSE;
}

static void
read_escape(Parser *p)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  const char *known = strchr(from, *p->at);
  if (*p->at == 'u' && strlen(p->at) >= 5) {
    g_autofree char *hex = g_strndup(p->at + 1, 4);
    g_string_append_unichar(p->value, (gunichar)g_ascii_strtoull(hex, NULL, 16));
    p->at += 5;
  } else if (*p->at != '\0') {
    g_string_append_c(p->value, known != NULL ? to[known - from] : *p->at);
    p->at++;
  }
}

static void
read_string(Parser *p)
{
  p->kind = TOKEN_STRING;
  p->at++;
  while (*p->at != '\0' && *p->at != '"') {
    if (*p->at == '\\') {
      p->at++;
      read_escape(p);
    } else {
      g_string_append_c(p->value, *p->at++);
    }
  }
  if (*p->at == '"')
    p->at++;
}

static void
read_run(Parser *p, TokenKind kind, const char *extra)
{
  p->kind = kind;
  while (g_ascii_isalnum(*p->at) || (*p->at != '\0' && strchr(extra, *p->at) != NULL))
    g_string_append_c(p->value, *p->at++);
}

static void
next(Parser *p)
{
  g_string_truncate(p->value, 0);
  for (;;) {
    while (*p->at != '\0' && strchr(" \t\r\n,", *p->at) != NULL)
      p->at++;
    if (*p->at != '#')
      break;
    p->at += strcspn(p->at, "\n");
  }
  p->start = p->at;
  if (*p->at == '\0')
    p->kind = TOKEN_END;
  else if (*p->at == '"')
    read_string(p);
  else if (g_ascii_isalpha(*p->at) || *p->at == '_')
    read_run(p, TOKEN_NAME, "_");
  else if (g_ascii_isdigit(*p->at) || *p->at == '-')
    read_run(p, TOKEN_NUMBER, "+-.");
  else {
    p->kind = TOKEN_PUNCTUATION;
    g_string_append_c(p->value, *p->at++);
  }
}

static gboolean
is_mark(Parser *p, char mark)
{
  return p->kind == TOKEN_PUNCTUATION && p->value->str[0] == mark;
}

static gboolean
take_mark(Parser *p, char mark)
{
  const char expected[] = { '"', mark, '"', '\0' };
  if (!is_mark(p, mark))
    return syntax_error(p, expected);
  next(p);
  return TRUE;
}

static char *
take_name(Parser *p)
{
  if (p->kind != TOKEN_NAME) {
    syntax_error(p, "Name");
    return NULL;
  }
  char *name = g_strdup(p->value->str);
  next(p);
  return name;
}

static JsonNode *read_value(Parser *p, gboolean *absent);

static JsonNode *
read_variable(Parser *p, gboolean *absent)
{
  next(p);
  g_autofree char *name = take_name(p);
  if (name == NULL)
    return NULL;
  JsonNode *given = p->variables != NULL ? json_object_get_member(p->variables, name) : NULL;
  if (given == NULL)
    given = g_hash_table_lookup(p->defaults, name);
  *absent = given == NULL;
  return sim_json_copy(given);
}

static JsonNode *
read_list(Parser *p)
{
  g_autoptr(JsonArray) array = json_array_new();
  next(p);
  while (!is_mark(p, ']')) {
    gboolean absent = FALSE;
    JsonNode *item = read_value(p, &absent);
    if (item == NULL)
      return NULL;
    json_array_add_element(array, item);
  }
  next(p);
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_set_array(node, array);
  return node;
}

/* name: value pairs up to @close: an input object, or a field's arguments. */
static JsonObject *
read_pairs(Parser *p, char close)
{
  g_autoptr(JsonObject) object = json_object_new();
  next(p);
  while (!is_mark(p, close)) {
    gboolean absent = FALSE;
    g_autofree char *name = take_name(p);
    if (name == NULL || !take_mark(p, ':'))
      return NULL;
    JsonNode *value = read_value(p, &absent);
    if (value == NULL)
      return NULL;
    if (absent)
      json_node_unref(value);
    else
      json_object_set_member(object, name, value);
  }
  next(p);
  return g_steal_pointer(&object);
}

static JsonNode *
read_word(Parser *p)
{
  g_autofree char *word = take_name(p);
  if (g_str_equal(word, "null"))
    return json_node_new(JSON_NODE_NULL);
  if (!g_str_equal(word, "true") && !g_str_equal(word, "false"))
    return sim_json_string(word);
  JsonNode *node = json_node_new(JSON_NODE_VALUE);
  json_node_set_boolean(node, g_str_equal(word, "true"));
  return node;
}

static JsonNode *
read_value(Parser *p, gboolean *absent)
{
  JsonNode *node = NULL;
  if (is_mark(p, '$'))
    return read_variable(p, absent);
  if (is_mark(p, '['))
    return read_list(p);
  if (is_mark(p, '{')) {
    JsonObject *object = read_pairs(p, '}');
    if (object == NULL)
      return NULL;
    node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
  }
  if (p->kind == TOKEN_NAME)
    return read_word(p);
  if (p->kind == TOKEN_STRING)
    node = sim_json_string(p->value->str);
  else if (p->kind == TOKEN_NUMBER)
    node = sim_json_number(g_ascii_strtod(p->value->str, NULL));
  if (node == NULL)
    syntax_error(p, NULL);
  else
    next(p);
  return node;
}

static GPtrArray *read_selections(Parser *p);

static SimSelection *
read_field(Parser *p)
{
  SimSelection *field = g_new0(SimSelection, 1);
  place_of(p, p->start, &field->line, &field->column);
  field->name = take_name(p);
  if (field->name != NULL && is_mark(p, ':')) {
    next(p);
    field->alias = g_steal_pointer(&field->name);
    field->name = take_name(p);
  }
  if (field->alias == NULL)
    field->alias = g_strdup(field->name);
  if (field->name != NULL)
    field->arguments = is_mark(p, '(') ? read_pairs(p, ')') : json_object_new();
  if (field->arguments != NULL && is_mark(p, '{'))
    field->selection = read_selections(p);
  if (p->error == NULL)
    return field;
  selection_free(field);
  return NULL;
}

static GPtrArray *
read_selections(Parser *p)
{
  g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(selection_free);
  next(p);
  do {
    SimSelection *field = read_field(p);
    if (field == NULL)
      return NULL;
    g_ptr_array_add(fields, field);
  } while (!is_mark(p, '}'));
  next(p);
  return g_steal_pointer(&fields);
}

/* ($name: [Type!]! = default, …): only the defaults matter, the server checks values by field. */
static gboolean
read_definitions(Parser *p)
{
  next(p);
  while (!is_mark(p, ')')) {
    if (!take_mark(p, '$'))
      return FALSE;
    g_autofree char *name = take_name(p);
    if (name == NULL || !take_mark(p, ':'))
      return FALSE;
    while (p->kind == TOKEN_NAME || is_mark(p, '[') || is_mark(p, ']') || is_mark(p, '!'))
      next(p);
    if (!is_mark(p, '='))
      continue;
    gboolean absent = FALSE;
    next(p);
    JsonNode *value = read_value(p, &absent);
    if (value == NULL)
      return FALSE;
    g_hash_table_insert(p->defaults, g_steal_pointer(&name), value);
  }
  next(p);
  return TRUE;
}

static SimDocument *
read_document(Parser *p)
{
  g_autoptr(SimDocument) document = g_new0(SimDocument, 1);
  next(p);
  if (p->kind == TOKEN_NAME) {
    g_autofree char *word = take_name(p);
    document->mutation = g_str_equal(word, "mutation");
    document->subscription = g_str_equal(word, "subscription");
    if (!document->mutation && !document->subscription && !g_str_equal(word, "query")) {
      p->start -= strlen(word);
      syntax_error(p, NULL);
      return NULL;
    }
    if (p->kind == TOKEN_NAME)
      next(p);
    if (is_mark(p, '(') && !read_definitions(p))
      return NULL;
  }
  if (!is_mark(p, '{')) {
    syntax_error(p, "\"{\"");
    return NULL;
  }
  document->roots = read_selections(p);
  return document->roots != NULL ? g_steal_pointer(&document) : NULL;
}

SimDocument *
sim_gql_parse(const char *text, JsonObject *variables, JsonNode **error)
{
  Parser parser = {
    .text = text, .at = text, .start = text, .variables = variables, .value = g_string_new(NULL)
  };
  parser.defaults = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_node_unref);
  SimDocument *document = read_document(&parser);
  g_string_free(parser.value, TRUE);
  g_hash_table_unref(parser.defaults);
  *error = parser.error;
  return document;
}
