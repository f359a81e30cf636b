/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options-target.h"

#include <string.h>

static gboolean
read_text(const char *text, Target *target, GError **error)
{
  g_autoptr(GError) syntax = NULL;
  g_autoptr(GVariant) options = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &syntax);

  g_assert_no_error(syntax);
  return prg_options_read(options, specs, G_N_ELEMENTS(specs), target, error);
}

static void
test_integers_of_any_type(void)
{
  const struct {
    const char *text;
    gint64 expected;
  } cases[] = {
    { "{'amount': <byte 7>}", 7 },
    { "{'amount': <int16 -7>}", -7 },
    { "{'amount': <uint16 65535>}", 65535 },
    { "{'amount': <-2000000000>}", -2000000000 },
    { "{'amount': <uint32 4000000000>}", 4000000000 },
    { "{'amount': <int64 -9000000000>}", -9000000000 },
    { "{'amount': <uint64 9223372036854775807>}", G_MAXINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Target) target = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_true(read_text(cases[i].text, &target, &error));
    g_assert_no_error(error);
    g_assert_true(target.has_amount);
    g_assert_cmpint(target.amount, ==, cases[i].expected);
  }
}

static void
test_nothing_given(void)
{
  g_auto(Target) target = { .amount = 5 };
  g_autoptr(GError) error = NULL;

  g_assert_true(read_text("{}", &target, &error));
  g_assert_false(target.has_amount);
  g_assert_cmpint(target.amount, ==, 5);
}

/* Refused, and the message names what a caller needs to know. */
static void
test_refusals(void)
{
  const struct {
    const char *text;
    const char *named[3];
  } cases[] = {
    { "{'amuont': <5>}", { "amuont", "amount" } },
    { "{'amount': <'5'>}", { "amount", "integer", "'s'" } },
    { "{'amount': <5.0>}", { "amount", "integer", "'d'" } },
    { "{'amount': <uint64 9223372036854775808>}", { "amount", "9223372036854775808" } },
    { "{'limit': <0>}", { "limit", "100", "found 0" } },
    { "{'limit': <101>}", { "limit", "100", "found 101" } },
    { "{'flag': <1>}", { "flag", "boolean", "'i'" } },
    { "{'text': <5>}", { "text", "string", "'i'" } },
    { "{'text': <b'bytes'>}", { "text", "string", "'ay'" } },
    { "{'id': <''>}", { "id", "characters", "found 0" } },
    { "{'id': <'abcde'>}", { "id", "characters", "found 5" } },
    { "{'at': <'yesterday'>}", { "at", "ISO 8601", "yesterday" } },
    { "{'at': <'2026-03-02T09:30:00'>}", { "at", "zone" } },
    { "{'at': <-1>}", { "at", "1970" } },
    { "{'at': <true>}", { "at", "'b'" } },
    { "{'multipliers': <5>}", { "multipliers", "a{sd}", "'i'" } },
    { "{'multipliers': <{'m': 'x'}>}", { "m", "number", "'s'" } },
    { "{'multipliers': <{'m': -0.5}>}", { "m", "-0.5" } },
    { "{'multipliers': <{'m': 10.5}>}", { "m", "10.5" } },
    { "{'multipliers': <{'m': nan}>}", { "m", "nan" } },
    { "{'multipliers': <{'m': inf}>}", { "m", "inf" } },
    { "{'multipliers': <{'': 1.0}>}", { "name" } },
    { "{'multipliers': <{'m': 1.0, 'm': 2.0}>}", { "m", "twice" } },
    { "{'handle': <5>}", { "handle", "file descriptor" } },
    { "{'amount': <1>, 'amount': <2>}", { "amount", "twice" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Target) target = { 0 };
    g_autoptr(GError) error = NULL;
    g_test_message("%s", cases[i].text);
    g_assert_false(read_text(cases[i].text, &target, &error));
    g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
    for (guint j = 0; j < G_N_ELEMENTS(cases[i].named) && cases[i].named[j]; j++)
      g_assert_nonnull(strstr(error->message, cases[i].named[j]));
  }
}

static void
test_text_limits(void)
{
  g_auto(Target) target = { 0 };
  g_autoptr(GError) error = NULL;

  g_assert_true(read_text("{'text': <'12345678'>, 'id': <'äöüß'>}", &target, &error));
  g_assert_no_error(error);
  g_assert_cmpstr(target.text, ==, "12345678");
  g_assert_cmpstr(target.id, ==, "äöüß");
  g_assert_false(read_text("{'text': <'123456789'>}", &target, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE);
}

static void
test_bad_utf8(void)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(prg_options_check_text("lead_id", "a\xff", 0, 100, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_clear_error(&error);
  g_assert_false(prg_options_check_text("lead_id", "", 1, 100, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
}

static void
test_instants(void)
{
  /* 2026-03-02 00:00 UTC is day 20514 since the epoch. */
  const gint64 expected = (G_GINT64_CONSTANT(20514) * 86400 + 9 * 3600 + 30 * 60) * G_USEC_PER_SEC;
  const char *const texts[] = {
    "{'at': <int64 1772443800000000>}",
    "{'at': <'2026-03-02T09:30:00Z'>}",
    "{'at': <'2026-03-02T10:30:00+01:00'>}",
  };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_auto(Target) target = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_true(read_text(texts[i], &target, &error));
    g_assert_no_error(error);
    g_assert_cmpint(target.at, ==, expected);
  }
}

static void
test_multipliers(void)
{
  const char *const texts[] = {
    "{'multipliers': <{'b': 1.25, 'a': 2.0, 'B': 0.0}>}",
    "{'multipliers': <{'b': <1.25>, 'a': <2>, 'B': <byte 0>}>}",
  };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_auto(Target) target = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_true(read_text(texts[i], &target, &error));
    g_assert_no_error(error);
    g_autofree char *text = prg_options_multipliers_to_string(target.multipliers);
    g_assert_cmpstr(text, ==, "B=0,a=2000,b=1250");
  }
}

/* Whatever variant comes in: an answer or an error that names a key, never a crash. */
static void
test_any_variant(void)
{
  static const char *const values[] = { "<5>",          "<'x'>",        "<true>",      "<@as []>",
                                        "<{'a': 1.0}>", "<{'a': <1>}>", "<int64 -1>",  "<1e300>",
                                        "<('a', 1)>",   "<@ay []>",     "<@a{sd} {}>", "<<5>>" };

  for (int round = 0; round < 2000; round++) {
    const char *key = specs[g_test_rand_int_range(0, G_N_ELEMENTS(specs))].key;
    const char *value = values[g_test_rand_int_range(0, G_N_ELEMENTS(values))];
    g_autofree char *text = g_strdup_printf("{'%s': %s}", key, value);
    g_auto(Target) target = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean ok = read_text(text, &target, &error);
    g_assert_true(ok == (error == NULL));
    if (error && !g_str_equal(key, "multipliers"))
      g_assert_nonnull(strstr(error->message, key));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/options/integers-of-any-type", test_integers_of_any_type);
  g_test_add_func("/options/nothing-given", test_nothing_given);
  g_test_add_func("/options/refusals", test_refusals);
  g_test_add_func("/options/text-limits", test_text_limits);
  g_test_add_func("/options/bad-utf8", test_bad_utf8);
  g_test_add_func("/options/instants", test_instants);
  g_test_add_func("/options/multipliers", test_multipliers);
  g_test_add_func("/options/any-variant", test_any_variant);
  return g_test_run();
}
