/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_DEPTH 32
/* Paths are kept for each value: long ones of a hostile text would fill the memory. */
#define MAX_KEY 256
#define MAX_PATH 256

typedef struct {
  const char *at;
  const char *end;
  guint line;
  guint depth;
  GString *path;       /* (owned) */
  GHashTable *lines;   /* (nullable) */
  PrgJsonFault *fault; /* (nullable) */
} Scan;

void
prg_json_fault_clear(PrgJsonFault *self)
{
  g_clear_pointer(&self->path, g_free);
  g_clear_pointer(&self->problem, g_free);
}

static gboolean scan_value(Scan *self);

static gboolean
scan_fail(Scan *self, const char *problem)
{
  if (self->fault != NULL && self->fault->problem == NULL) {
    self->fault->line = self->line;
    self->fault->path = g_strdup(self->path->str);
    self->fault->problem = g_strdup(problem);
  }
  return FALSE;
}

/* "found '}', expected @expected" */
static gboolean
scan_expected(Scan *self, const char *expected)
{
  g_autofree char *problem = NULL;

  if (self->at >= self->end)
    problem = g_strdup_printf(_("found the end of the text, expected %s"), expected);
  else if (g_ascii_isprint(*self->at))
    problem = g_strdup_printf(_("found '%c', expected %s"), *self->at, expected);
  else
    problem = g_strdup_printf(_("found byte 0x%02x, expected %s"), (guchar)*self->at, expected);
  return scan_fail(self, problem);
}

static char
scan_peek(Scan *self)
{
  return self->at < self->end ? *self->at : '\0';
}

static void
scan_space(Scan *self)
{
  for (; self->at < self->end; self->at++) {
    if (*self->at == '\n')
      self->line++;
    else if (*self->at != ' ' && *self->at != '\t' && *self->at != '\r')
      return;
  }
}

static gboolean
scan_char(Scan *self, char expected)
{
  char text[] = { '\'', expected, '\'', '\0' };

  if (scan_peek(self) != expected)
    return scan_expected(self, text);
  self->at++;
  return TRUE;
}

/* The code unit behind "\u". */
static gboolean
scan_unit(Scan *self, guint *unit)
{
  *unit = 0;
  self->at++;
  for (guint i = 0; i < 4; i++, self->at++) {
    if (!g_ascii_isxdigit(scan_peek(self)))
      return scan_expected(self, _("four hexadecimal digits"));
    *unit = *unit * 16 + (guint)g_ascii_xdigit_value(*self->at);
  }
  return TRUE;
}

/* json-glib would make half a surrogate pair into bytes that are no UTF-8. */
static gboolean
scan_unicode(Scan *self)
{
  guint high = 0, low = 0;

  if (!scan_unit(self, &high))
    return FALSE;
  if (high == 0)
    return scan_fail(self, _("found U+0000, expected no such character"));
  if (high < 0xd800 || high > 0xdfff)
    return TRUE;
  if (high <= 0xdbff && self->end - self->at >= 2 && self->at[0] == '\\' && self->at[1] == 'u') {
    self->at++;
    if (!scan_unit(self, &low))
      return FALSE;
  }
  return (low >= 0xdc00 && low <= 0xdfff) ||
         scan_fail(self, _("found half a surrogate pair, expected a whole character"));
}

static gboolean
scan_escape(Scan *self)
{
  self->at++;
  if (scan_peek(self) == 'u')
    return scan_unicode(self);
  if (scan_peek(self) == '\0' || strchr("\"\\/bfnrt", scan_peek(self)) == NULL)
    return scan_expected(self, _("an escape character"));
  self->at++;
  return TRUE;
}

static gboolean
scan_string(Scan *self)
{
  if (!scan_char(self, '"'))
    return FALSE;
  while (scan_peek(self) != '"') {
    if (self->at >= self->end || (guchar)*self->at < 0x20)
      return scan_expected(self, "'\"'");
    if (*self->at != '\\')
      self->at++;
    else if (!scan_escape(self))
      return FALSE;
  }
  self->at++;
  return TRUE;
}

static gboolean
scan_digits(Scan *self)
{
  if (!g_ascii_isdigit(scan_peek(self)))
    return scan_expected(self, _("a digit"));
  while (g_ascii_isdigit(scan_peek(self)))
    self->at++;
  return TRUE;
}

static gboolean
scan_number(Scan *self)
{
  const char *start = self->at;
  g_autofree char *text = NULL;

  if (scan_peek(self) == '-')
    self->at++;
  if (scan_peek(self) == '0')
    self->at++;
  else if (!scan_digits(self))
    return FALSE;
  if (scan_peek(self) == '.') {
    self->at++;
    if (!scan_digits(self))
      return FALSE;
  }
  if (scan_peek(self) == 'e' || scan_peek(self) == 'E') {
    self->at++;
    if (scan_peek(self) == '+' || scan_peek(self) == '-')
      self->at++;
    if (!scan_digits(self))
      return FALSE;
  }
  text = g_strndup(start, (gsize)(self->at - start));
  /* json-glib reads an integer that is too long as any integer. */
  if (strpbrk(text, ".eE") == NULL && strlen(text) > 18)
    return scan_fail(self, _("found a number that is too long, expected at most 17 digits"));
  return isfinite(g_ascii_strtod(text, NULL)) ||
         scan_fail(self, _("found a number that is too large, expected one that a double can hold"));
}

static gboolean
scan_word(Scan *self)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    gsize length = strlen(words[i]);
    if ((gsize)(self->end - self->at) >= length && memcmp(self->at, words[i], length) == 0) {
      self->at += length;
      return TRUE;
    }
  }
  return scan_expected(self, _("a value"));
}

/* A value without a line of its own is found by what is around it. */
static void
note_line(Scan *self, guint line)
{
  if (self->lines != NULL && self->path->len <= MAX_PATH)
    g_hash_table_insert(self->lines, g_strdup(self->path->str), GUINT_TO_POINTER(line));
}

/* One member; @keys holds those seen in this object. */
static gboolean
scan_member(Scan *self, GHashTable *keys)
{
  gsize path_length = self->path->len;
  const char *start = self->at + 1;
  g_autofree char *key = NULL;
  guint key_line = self->line;

  if (!scan_string(self))
    return FALSE;
  key = g_strndup(start, (gsize)(self->at - start - 1));
  if (self->lines != NULL && strlen(key) > MAX_KEY)
    return scan_fail(self, _("found a key of more than 256 bytes, expected a shorter one"));
  g_string_append_printf(self->path, "%s%s", path_length > 0 ? "." : "", key);
  if (g_hash_table_contains(keys, key))
    return scan_fail(self, _("found this key a second time, expected it once"));
  note_line(self, key_line);
  g_hash_table_add(keys, g_steal_pointer(&key));
  scan_space(self);
  if (!scan_char(self, ':') || !scan_value(self))
    return FALSE;
  g_string_truncate(self->path, path_length);
  return TRUE;
}

static gboolean
scan_object(Scan *self)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

  self->at++;
  scan_space(self);
  if (scan_peek(self) == '}') {
    self->at++;
    return TRUE;
  }
  for (;;) {
    if (!scan_member(self, keys))
      return FALSE;
    scan_space(self);
    if (scan_peek(self) != ',')
      break;
    self->at++;
    scan_space(self);
  }
  return scan_char(self, '}');
}

static gboolean
scan_element(Scan *self, guint index)
{
  gsize path_length = self->path->len;

  scan_space(self);
  g_string_append_printf(self->path, "[%u]", index);
  note_line(self, self->line);
  if (!scan_value(self))
    return FALSE;
  g_string_truncate(self->path, path_length);
  return TRUE;
}

static gboolean
scan_array(Scan *self)
{
  self->at++;
  scan_space(self);
  if (scan_peek(self) == ']') {
    self->at++;
    return TRUE;
  }
  for (guint i = 0;; i++) {
    if (!scan_element(self, i))
      return FALSE;
    scan_space(self);
    if (scan_peek(self) != ',')
      break;
    self->at++;
  }
  return scan_char(self, ']');
}

static gboolean
scan_nested(Scan *self)
{
  gboolean ok;

  if (self->depth == MAX_DEPTH)
    return scan_fail(self, _("found deeper nesting than 32, expected less"));
  self->depth++;
  ok = scan_peek(self) == '{' ? scan_object(self) : scan_array(self);
  self->depth--;
  return ok;
}

static gboolean
scan_value(Scan *self)
{
  scan_space(self);
  switch (scan_peek(self)) {
  case '{':
  case '[':
    return scan_nested(self);
  case '"':
    return scan_string(self);
  case '-':
  case '0' ... '9':
    return scan_number(self);
  default:
    return scan_word(self);
  }
}

gboolean
prg_json_scan(const char *text, gsize length, GHashTable *lines, PrgJsonFault *fault)
{
  g_autoptr(GString) path = g_string_new(NULL);
  Scan scan = { .at = text, .end = text + length, .line = 1, .path = path, .lines = lines, .fault = fault };
  const char *invalid;

  if (!g_utf8_validate_len(text, length, &invalid)) {
    for (const char *p = text; p < invalid; p++)
      scan.line += *p == '\n';
    scan.at = invalid;
    return scan_expected(&scan, _("UTF-8 text"));
  }
  if (!scan_value(&scan))
    return FALSE;
  scan_space(&scan);
  return scan.at == scan.end || scan_expected(&scan, _("the end of the text"));
}

JsonNode *
prg_json_parse_object(const char *text, gsize length)
{
  g_autoptr(JsonParser) parser = NULL;
  JsonNode *root;

  if (!prg_json_scan(text, length, NULL, NULL))
    return NULL;
  parser = json_parser_new_immutable();
  if (!json_parser_load_from_data(parser, text, (gssize)length, NULL))
    return NULL;
  root = json_parser_get_root(parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_parser_steal_root(parser) : NULL;
}

/* One character of json-glib's output, or none. */
static void
append_repaired(GString *out, const char **at, gboolean in_string, gboolean in_exponent)
{
  if (in_string && **at == '\\')
    g_string_append_c(out, *(*at)++);
  if (in_string && **at == 0x1f)
    g_string_append(out, "\\u001f");
  else if (in_exponent && g_str_has_prefix(*at, ".0"))
    (*at)++;
  else
    g_string_append_c(out, **at);
}

/* json-glib 1.6 leaves the last control character, U+001F, in a string as it is, and prints 1e22 as "1e+22.0". No other reader
 * takes either. */
char *
prg_json_print(JsonNode *node)
{
  g_autofree char *text = json_to_string(node, FALSE);
  GString *out = g_string_sized_new(strlen(text));
  gboolean in_string = FALSE, in_exponent = FALSE;

  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"')
      in_string = !in_string;
    else if (!in_string)
      in_exponent = strchr("+-.0123456789", *p) != NULL ? in_exponent : *p == 'e';
    append_repaired(out, &p, in_string, in_exponent);
  }
  return g_string_free(out, FALSE);
}

char *
prg_json_print_object(JsonObject *object)
{
  g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);

  return prg_json_print(node);
}

char *
prg_json_quote(const char *text)
{
  g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);

  return prg_json_print(node);
}
