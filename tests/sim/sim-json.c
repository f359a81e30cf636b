/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict JSON checker in front of json-glib, which is laxer than the server's parser and
 * words its errors otherwise. */
#include "sim-util.h"

#include <string.h>

typedef struct {
  const char *text;
  gsize length;
  gsize at;
  char *message; /* (owned) (nullable) */
} Checker;

static gboolean check_value(Checker *c);

static void
skip_space(Checker *c)
{
  while (c->at < c->length && strchr(" \t\r\n", c->text[c->at]) != NULL)
    c->at++;
}

static gboolean
fail(Checker *c, const char *what)
{
  if (c->message != NULL)
    return FALSE;
  guint line = 1;
  gsize start = 0;
  for (gsize i = 0; i < c->at && i < c->length; i++) {
    if (c->text[i] == '\n') {
      line++;
      start = i + 1;
    }
  }
  if (what != NULL)
    c->message =
        g_strdup_printf("%s in JSON at position %" G_GSIZE_FORMAT " (line %u column %" G_GSIZE_FORMAT ")",
                        what, c->at, line, c->at - start + 1);
  else if (c->at >= c->length)
    c->message = g_strdup("Unexpected end of JSON input");
  else
    c->message =
        g_strdup_printf("Unexpected token '%c', \"%.10s\"... is not valid JSON", c->text[c->at], c->text);
  return FALSE;
}

static gboolean
check_escape(Checker *c)
{
  c->at++;
  if (c->at < c->length && strchr("\"\\/bfnrt", c->text[c->at]) != NULL)
    return TRUE;
  guint digits = 0;
  while (digits < 4 && c->at + 1 + digits < c->length && g_ascii_isxdigit(c->text[c->at + 1 + digits]))
    digits++;
  if (c->at >= c->length || c->text[c->at] != 'u' || digits < 4)
    return fail(c, "Bad escaped character");
  c->at += 4;
  return TRUE;
}

static gboolean
check_string(Checker *c)
{
  c->at++;
  for (; c->at < c->length; c->at++) {
    char ch = c->text[c->at];
    if (ch == '"') {
      c->at++;
      return TRUE;
    }
    if (ch == '\\' && !check_escape(c))
      return FALSE;
    if (ch != '\\' && (guchar)ch < 0x20)
      return fail(c, "Bad control character in string literal");
  }
  return fail(c, "Unterminated string");
}

static gboolean
check_number(Checker *c)
{
  g_autoptr(GRegex) regex = g_regex_new("\\G-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?", G_REGEX_RAW, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  gint end = 0;
  if (!g_regex_match_full(regex, c->text, (gssize)c->length, (gint)c->at, 0, &match, NULL))
    return fail(c, NULL);
  g_match_info_fetch_pos(match, 0, NULL, &end);
  c->at = (gsize)end;
  return TRUE;
}

static gboolean
check_member(Checker *c)
{
  skip_space(c);
  if (c->at >= c->length || c->text[c->at] != '"')
    return fail(c, "Expected double-quoted property name");
  if (!check_string(c))
    return FALSE;
  skip_space(c);
  if (c->at >= c->length || c->text[c->at] != ':')
    return fail(c, "Expected ':' after property name");
  c->at++;
  return check_value(c);
}

static gboolean
check_list(Checker *c, char close, gboolean (*item)(Checker *))
{
  c->at++;
  skip_space(c);
  if (c->at < c->length && c->text[c->at] == close) {
    c->at++;
    return TRUE;
  }
  for (;;) {
    if (!item(c))
      return FALSE;
    skip_space(c);
    if (c->at < c->length && c->text[c->at] == close) {
      c->at++;
      return TRUE;
    }
    if (c->at >= c->length || c->text[c->at] != ',')
      return fail(c, close == '}' ? "Expected ',' or '}' after property value"
                                  : "Expected ',' or ']' after array element");
    c->at++;
  }
}

static gboolean
check_value(Checker *c)
{
  skip_space(c);
  if (c->at >= c->length)
    return fail(c, NULL);
  const char *here = c->text + c->at;
  if (*here == '{')
    return check_list(c, '}', check_member);
  if (*here == '[')
    return check_list(c, ']', check_value);
  if (*here == '"')
    return check_string(c);
  static const char *const words[] = { "true", "false", "null" };
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    if (g_str_has_prefix(here, words[i])) {
      c->at += strlen(words[i]);
      return TRUE;
    }
  }
  return check_number(c);
}

static char *
mark_nul(const char *text)
{
  g_autoptr(GString) out = g_string_sized_new(strlen(text));
  for (const char *p = text; *p != '\0'; p++) {
    if (*p != '\\') {
      g_string_append_c(out, *p);
    } else if (g_str_has_prefix(p, "\\u0000")) {
      g_string_append(out, SIM_NUL_MARK);
      p += 5;
    } else {
      g_string_append_len(out, p, p[1] != '\0' ? 2 : 1);
      p += p[1] != '\0' ? 1 : 0;
    }
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

JsonNode *
sim_json_parse(const char *text, char **message)
{
  Checker c = { .text = text, .length = strlen(text) };
  if (check_value(&c)) {
    skip_space(&c);
    if (c.at < c.length)
      fail(&c, "Unexpected non-whitespace character after JSON");
  }
  if (c.message != NULL) {
    *message = c.message;
    return NULL;
  }
  g_autofree char *marked = mark_nul(text);
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = json_from_string(marked, &error);
  if (node == NULL) {
    *message = g_strdup(error != NULL ? error->message : "Unexpected end of JSON input");
    return NULL;
  }
  return g_steal_pointer(&node);
}
