/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-progression-client-private.h"

GVariant *
lids_options(GVariant *options)
{
  return options ? options : g_variant_new("a{sv}", NULL);
}

GVariant *
lids_options_with_id(GVariant *options)
{
  GVariant *given = lids_options(options);
  g_autofree char *id = NULL;
  GVariantDict dict;

  g_variant_dict_init(&dict, given);
  if (g_variant_dict_contains(&dict, "id")) {
    g_variant_dict_clear(&dict);
    return given;
  }
  if (options == NULL || g_variant_is_floating(options))
    g_variant_unref(g_variant_ref_sink(given));
  id = g_uuid_string_random();
  g_variant_dict_insert(&dict, "id", "s", id);
  return g_variant_dict_end(&dict);
}
