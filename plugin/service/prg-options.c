/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-options.h"
#include "prg-calendar.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_MULTIPLIERS 16
#define MAX_MULTIPLIER_NAME 128

static void G_GNUC_PRINTF(2, 3) refuse(GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start(arguments, format);
  message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error_literal(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, message);
}

static void
refuse_type(const char *key, const char *expected, GVariant *found, GError **error)
{
  refuse(error, _("Option “%s” must be %s; found type '%s'"), key, expected,
         g_variant_get_type_string(found));
}

/* FALSE: no integer, or one above the largest gint64 (@too_big). */
static gboolean
variant_to_integer(GVariant *value, gint64 *number, gboolean *too_big)
{
  *too_big = FALSE;
  switch (g_variant_classify(value)) {
  case G_VARIANT_CLASS_BYTE:
    *number = g_variant_get_byte(value);
    return TRUE;
  case G_VARIANT_CLASS_INT16:
    *number = g_variant_get_int16(value);
    return TRUE;
  case G_VARIANT_CLASS_UINT16:
    *number = g_variant_get_uint16(value);
    return TRUE;
  case G_VARIANT_CLASS_INT32:
    *number = g_variant_get_int32(value);
    return TRUE;
  case G_VARIANT_CLASS_UINT32:
    *number = g_variant_get_uint32(value);
    return TRUE;
  case G_VARIANT_CLASS_INT64:
    *number = g_variant_get_int64(value);
    return TRUE;
  case G_VARIANT_CLASS_UINT64:
    *too_big = g_variant_get_uint64(value) > G_MAXINT64;
    *number = (gint64)g_variant_get_uint64(value);
    return !*too_big;
  default:
    return FALSE;
  }
}

static gboolean
variant_to_double(GVariant *value, double *number)
{
  gint64 integer;
  gboolean too_big;

  if (g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE)) {
    *number = g_variant_get_double(value);
    return TRUE;
  }
  if (variant_to_integer(value, &integer, &too_big)) {
    *number = (double)integer;
    return TRUE;
  }
  if (too_big)
    *number = (double)g_variant_get_uint64(value);
  return too_big;
}

static gboolean
has_range(const PrgOptionSpec *spec)
{
  return spec->minimum != 0 || spec->maximum != 0;
}

static gboolean
read_integer(const PrgOptionSpec *spec, GVariant *value, gint64 *number, GError **error)
{
  gboolean too_big;

  if (!variant_to_integer(value, number, &too_big)) {
    if (too_big)
      refuse(error, _("Option “%s” is too large: %" PRIu64), spec->key, g_variant_get_uint64(value));
    else
      refuse_type(spec->key, _("an integer"), value, error);
    return FALSE;
  }
  if (has_range(spec) && (*number < spec->minimum || *number > spec->maximum)) {
    refuse(error, _("Option “%s” must be from %" PRId64 " to %" PRId64 "; found %" PRId64), spec->key,
           spec->minimum, spec->maximum, *number);
    return FALSE;
  }
  return TRUE;
}

gboolean
prg_options_check_text(const char *name, const char *text, gsize minimum, gsize maximum, GError **error)
{
  gsize length = strlen(text);

  if (!g_utf8_validate_len(text, length, NULL)) {
    refuse(error, _("%s is not valid UTF-8"), name);
    return FALSE;
  }
  if (length < minimum) {
    refuse(error, _("%s must not be empty"), name);
    return FALSE;
  }
  if (length > maximum) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE, _("%s may be %zu bytes long; found %zu"), name,
                maximum, length);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_text(const PrgOptionSpec *spec, GVariant *value, char **text, GError **error)
{
  g_autofree char *name = g_strdup_printf(_("Option “%s”"), spec->key);

  if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
    refuse_type(spec->key, _("a string"), value, error);
    return FALSE;
  }
  const char *found = g_variant_get_string(value, NULL);
  if (!prg_options_check_text(name, found, (gsize)spec->minimum,
                              has_range(spec) ? (gsize)spec->maximum : G_MAXSIZE, error))
    return FALSE;
  g_free(*text);
  *text = g_strdup(found);
  return TRUE;
}

static gboolean
read_id(const PrgOptionSpec *spec, GVariant *value, char **text, GError **error)
{
  if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
    refuse_type(spec->key, _("a string"), value, error);
    return FALSE;
  }
  const char *found = g_variant_get_string(value, NULL);
  glong length = g_utf8_validate(found, -1, NULL) ? g_utf8_strlen(found, -1) : -1;
  if (length < spec->minimum || length > spec->maximum) {
    refuse(error, _("Option “%s” must be %" PRId64 " to %" PRId64 " characters of UTF-8; found %ld"),
           spec->key, spec->minimum, spec->maximum, MAX(length, 0));
    return FALSE;
  }
  g_free(*text);
  *text = g_strdup(found);
  return TRUE;
}

static gboolean
read_instant(const PrgOptionSpec *spec, GVariant *value, gint64 *instant, GError **error)
{
  gboolean too_big;

  if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
    const char *text = g_variant_get_string(value, NULL);
    if (!prg_instant_parse(text, instant)) {
      refuse(error, _("Option “%s” must be Unix time in µs or ISO 8601 text with a zone; found '%.64s'"),
             spec->key, text);
      return FALSE;
    }
  } else if (!variant_to_integer(value, instant, &too_big)) {
    refuse_type(spec->key, _("Unix time in µs or ISO 8601 text"), value, error);
    return FALSE;
  }
  if (*instant < 0) {
    refuse(error, _("Option “%s” lies before 1970"), spec->key);
    return FALSE;
  }
  return TRUE;
}

static int
compare_names(gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp(a, b);
}

static gboolean
add_multiplier(const PrgOptionSpec *spec, GTree *tree, const char *name, GVariant *boxed, GError **error)
{
  g_autoptr(GVariant) value = g_variant_is_of_type(boxed, G_VARIANT_TYPE_VARIANT)
                                  ? g_variant_get_variant(boxed)
                                  : g_variant_ref(boxed);
  double factor;

  if (!variant_to_double(value, &factor)) {
    refuse(error, _("Multiplier “%.64s” must be a number; found type '%s'"), name,
           g_variant_get_type_string(value));
    return FALSE;
  }
  if (*name == '\0' || strlen(name) > MAX_MULTIPLIER_NAME) {
    refuse(error, _("A multiplier's name must be 1 to %d bytes long"), MAX_MULTIPLIER_NAME);
    return FALSE;
  }
  if (!isfinite(factor) || factor * 1000 < spec->minimum || factor * 1000 > spec->maximum) {
    refuse(error, _("Multiplier “%s” must be from %g to %g; found %g"), name, spec->minimum / 1000.0,
           spec->maximum / 1000.0, factor);
    return FALSE;
  }
  gint64 *thousandths = g_new(gint64, 1);
  *thousandths = (gint64)floor(factor * 1000 + 0.5);
  g_tree_insert(tree, g_strdup(name), thousandths);
  return TRUE;
}

static gboolean
read_multipliers(const PrgOptionSpec *spec, GVariant *value, GTree **target, GError **error)
{
  g_autoptr(GTree) tree = g_tree_new_full(compare_names, NULL, g_free, g_free);
  GVariantIter iter;
  GVariant *entry;

  if (!g_variant_is_of_type(value, G_VARIANT_TYPE("a{s*}"))) {
    refuse_type(spec->key, _("a dictionary of names and numbers (a{sd})"), value, error);
    return FALSE;
  }
  if (g_variant_n_children(value) > MAX_MULTIPLIERS) {
    refuse(error, _("Option “%s” may hold %d multipliers"), spec->key, MAX_MULTIPLIERS);
    return FALSE;
  }
  g_variant_iter_init(&iter, value);
  while ((entry = g_variant_iter_next_value(&iter)) != NULL) {
    g_autoptr(GVariant) owned G_GNUC_UNUSED = entry;
    g_autoptr(GVariant) key = g_variant_get_child_value(entry, 0);
    g_autoptr(GVariant) number = g_variant_get_child_value(entry, 1);
    if (g_tree_lookup(tree, g_variant_get_string(key, NULL))) {
      refuse(error, _("Multiplier “%.64s” is given twice"), g_variant_get_string(key, NULL));
      return FALSE;
    }
    if (!add_multiplier(spec, tree, g_variant_get_string(key, NULL), number, error))
      return FALSE;
  }
  g_clear_pointer(target, g_tree_unref);
  *target = g_steal_pointer(&tree);
  return TRUE;
}

static gboolean
read_plain(const PrgOptionSpec *spec, GVariant *value, gpointer place, GError **error)
{
  if (spec->type == PRG_OPTION_BOOLEAN) {
    if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
      refuse_type(spec->key, _("a boolean"), value, error);
      return FALSE;
    }
    *(gboolean *)place = g_variant_get_boolean(value);
    return TRUE;
  }
  if (!g_variant_is_of_type(value, G_VARIANT_TYPE_HANDLE)) {
    refuse_type(spec->key, _("a file descriptor (h)"), value, error);
    return FALSE;
  }
  *(gint32 *)place = g_variant_get_handle(value);
  return TRUE;
}

static gboolean
read_option(const PrgOptionSpec *spec, GVariant *value, gpointer target, GError **error)
{
  gpointer place = (char *)target + spec->value;

  switch (spec->type) {
  case PRG_OPTION_TEXT:
    return read_text(spec, value, place, error);
  case PRG_OPTION_ID:
    return read_id(spec, value, place, error);
  case PRG_OPTION_INTEGER:
    return read_integer(spec, value, place, error);
  case PRG_OPTION_INSTANT:
    return read_instant(spec, value, place, error);
  case PRG_OPTION_MULTIPLIERS:
    return read_multipliers(spec, value, place, error);
  case PRG_OPTION_BOOLEAN:
  case PRG_OPTION_HANDLE:
  default:
    return read_plain(spec, value, place, error);
  }
}

static const PrgOptionSpec *
find_spec(const PrgOptionSpec *specs, guint n_specs, const char *key)
{
  for (guint i = 0; i < n_specs; i++)
    if (g_str_equal(specs[i].key, key))
      return &specs[i];
  return NULL;
}

static void
refuse_key(const PrgOptionSpec *specs, guint n_specs, const char *key, GError **error)
{
  g_autoptr(GString) known = g_string_new(NULL);

  for (guint i = 0; i < n_specs; i++)
    g_string_append_printf(known, "%s“%s”", i ? ", " : "", specs[i].key);
  refuse(error, _("Unknown option “%.64s”; this method takes %s"), key, known->str);
}

gboolean
prg_options_read(GVariant *options,
                 const PrgOptionSpec *specs,
                 guint n_specs,
                 gpointer target,
                 GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *key;
  GVariant *child;

  g_variant_iter_init(&iter, options);
  while (g_variant_iter_next(&iter, "{&sv}", &key, &child)) {
    g_autoptr(GVariant) value = child;
    const PrgOptionSpec *spec = find_spec(specs, n_specs, key);
    if (spec == NULL) {
      refuse_key(specs, n_specs, key, error);
      return FALSE;
    }
    if (!g_hash_table_add(seen, (gpointer)spec->key)) {
      refuse(error, _("Option “%s” is given twice"), key);
      return FALSE;
    }
    if (!read_option(spec, value, target, error))
      return FALSE;
    if (spec->present)
      *(gboolean *)((char *)target + spec->present) = TRUE;
  }
  return TRUE;
}

static gboolean
append_multiplier(gpointer key, gpointer value, gpointer user_data)
{
  GString *text = user_data;

  g_string_append_printf(text, "%s%s=%" G_GINT64_FORMAT, text->len ? "," : "", (const char *)key,
                         *(gint64 *)value);
  return FALSE;
}

char *
prg_options_multipliers_to_string(GTree *multipliers)
{
  GString *text = g_string_new(NULL);

  if (multipliers)
    g_tree_foreach(multipliers, append_multiplier, text);
  return g_string_free(text, FALSE);
}
