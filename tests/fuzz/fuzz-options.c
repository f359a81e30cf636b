/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of D-Bus methods: dictionaries in GVariant's text form, and as bytes that are no dictionary's. */
#include "fuzz.h"

#include "../unit/service/options-target.h"
#include "prg-dbus-error.h"

#include <math.h>
#include <string.h>

/* One key of another type, twice or unknown: such a dictionary is never taken. */
static gboolean
is_acceptable(GVariant *options)
{
  static const char *const types[] = { "s", "s", NULL, NULL, "b", NULL, NULL, "h" };
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GVariantIter iter;
  const char *key;
  GVariant *child;
  gboolean fine = TRUE;

  g_variant_iter_init(&iter, options);
  while (fine && g_variant_iter_next(&iter, "{&sv}", &key, &child)) {
    g_autoptr(GVariant) value = child;
    guint i = 0;
    while (i < G_N_ELEMENTS(specs) && !g_str_equal(specs[i].key, key))
      i++;
    fine = i < G_N_ELEMENTS(specs) && g_hash_table_add(seen, g_strdup(key)) &&
           (types[i] == NULL || g_str_equal(types[i], g_variant_get_type_string(value)));
  }
  return fine;
}

static gboolean
check_multiplier(gpointer name, gpointer value, gpointer user_data)
{
  gint64 thousandths = *(const gint64 *)value;

  fuzz_check_text(name);
  g_assert_cmpstr(name, !=, "");
  g_assert_cmpint(thousandths, >=, 0);
  g_assert_cmpint(thousandths, <=, TARGET_MAX_THOUSANDTHS);
  return FALSE;
}

static void
check_taken(const Target *target)
{
  g_autofree char *multipliers = prg_options_multipliers_to_string(target->multipliers);

  g_assert_true(target->text == NULL ||
                (g_utf8_validate(target->text, -1, NULL) && strlen(target->text) <= TARGET_MAX_TEXT));
  g_assert_true(target->id == NULL || g_utf8_validate(target->id, -1, NULL));
  g_assert_true(target->id == NULL ||
                (*target->id != '\0' && g_utf8_strlen(target->id, -1) <= TARGET_MAX_ID));
  g_assert_true(target->limit >= 1 && target->limit <= 100);
  g_assert_true(target->flag == TRUE || target->flag == FALSE);
  g_assert_cmpint(target->at, >=, 0);
  if (target->multipliers != NULL)
    g_tree_foreach(target->multipliers, check_multiplier, NULL);
  fuzz_check_text(multipliers);
}

/* Refused by name, in a message that the bus takes. */
static void
check_refusal(gboolean good, const GError *error)
{
  g_autofree char *message = NULL;

  g_assert_true(good == (error == NULL));
  if (good)
    return;
  message = prg_dbus_error_message_for(error);
  fuzz_check_message(message);
}

static void
check_options(GVariant *options)
{
  g_auto(Target) target = { .limit = 1 };
  g_auto(Target) again = { .limit = 1 };
  g_autoptr(GError) error = NULL;
  gboolean good = prg_options_read(options, specs, G_N_ELEMENTS(specs), &target, &error);

  check_refusal(good, error);
  g_assert_true(good || error->code == PRG_ERROR_INVALID_ARGUMENT || error->code == PRG_ERROR_TOO_LARGE);
  g_assert_true(!good || is_acceptable(options));
  if (!good)
    return;
  check_taken(&target);
  g_assert_true(prg_options_read(options, specs, G_N_ELEMENTS(specs), &again, NULL));
  g_assert_cmpint(again.amount, ==, target.amount);
}

/* As it comes from the bus: bytes that nobody vouches for, brought into the normal form. */
static void
check_bytes(const char *data, gsize length)
{
  g_autoptr(GBytes) bytes = g_bytes_new(data, length);
  g_autoptr(GVariant) raw =
      g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
  g_autoptr(GVariant) normal = g_variant_get_normal_form(raw);

  check_options(normal);
}

static void
check_text(const char *text)
{
  g_autoptr(GVariant) options = NULL;

  /* GLib's own parser stumbles over escapes of half a surrogate pair. */
  if (strstr(text, "\\u") == NULL && strstr(text, "\\U") == NULL)
    options = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  if (options == NULL)
    return;
  check_options(options);
  check_bytes(g_variant_get_data(options), g_variant_get_size(options));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };
  gboolean text = fuzz_byte(&input) & 1;
  gsize length = 0;

  if (text) {
    g_autofree char *source = fuzz_text(&input);
    check_text(source);
  } else {
    g_autofree char *bytes = fuzz_rest(&input, &length);
    check_bytes(bytes, length);
  }
  return 0;
}
