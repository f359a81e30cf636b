/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-filter.h"

#include <string.h>

char *
fuzz_filter_parameter(const char *path, const char *name)
{
  const char *query = strchr(path, '?');
  g_auto(GStrv) pairs = g_strsplit(query == NULL ? "" : query + 1, "&", -1);
  char *value = NULL;

  for (guint i = 0; pairs[i] != NULL; i++) {
    gsize length = strcspn(pairs[i], "=");
    if (length != strlen(name) || strncmp(pairs[i], name, length) != 0)
      continue;
    g_assert_null(value);
    g_assert_true(pairs[i][length] == '=' && strchr(pairs[i], '+') == NULL);
    value = g_uri_unescape_string(pairs[i] + length + 1, NULL);
    g_assert_nonnull(value);
  }
  return value;
}

char *
fuzz_filter_of(const char *path, const char *resource)
{
  gsize length = strlen(resource);
  char *filter = fuzz_filter_parameter(path, "filter");

  g_assert_true(strncmp(path, resource, length) == 0 && path[length] == '?');
  g_assert_nonnull(filter);
  return filter;
}

GPtrArray *
fuzz_filter_split(const char *text)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
  const char *start = text, *p = text;
  gboolean quoted = FALSE;
  int depth = 0;

  for (; *p != '\0'; p++) {
    quoted ^= *p == '"';
    if (!quoted)
      depth += *p == '(' || *p == '[' ? 1 : *p == ')' || *p == ']' ? -1 : 0;
    g_assert_cmpint(depth, >=, 0);
    if (*p != ',' || quoted || depth > 0)
      continue;
    g_ptr_array_add(parts, g_strndup(start, (gsize)(p - start)));
    start = p + 1;
  }
  g_assert_false(quoted);
  g_assert_cmpint(depth, ==, 0);
  g_ptr_array_add(parts, g_strdup(start));
  return parts;
}

GPtrArray *
fuzz_filter_group(const char *text, const char *word)
{
  gsize head = strlen(word), length = strlen(text);

  g_assert_true(g_str_has_prefix(text, word) && text[head] == '(' && text[length - 1] == ')');
  g_autofree char *inner = g_strndup(text + head + 1, length - head - 2);
  return fuzz_filter_split(inner);
}

void
fuzz_filter_check(const char *text, const char *name, const char *op, const char *value)
{
  g_autofree char *bare = g_strdup_printf("%s[%s]:%s", name, op, value);
  g_autofree char *quoted = g_strdup_printf("%s[%s]:\"%s\"", name, op, value);

  if (!g_str_equal(text, bare))
    g_assert_cmpstr(text, ==, quoted);
}
