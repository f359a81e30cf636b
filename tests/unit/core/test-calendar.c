/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"

static void
test_known_days(void)
{
  static const struct {
    const char *text;
    gint number;
  } days[] = {
    { "1970-01-01", 0 },     { "1970-01-02", 1 },     { "1970-12-31", 364 },   { "1972-02-29", 789 },
    { "2000-01-01", 10957 }, { "2000-02-29", 11016 }, { "2026-11-20", 20777 }, { "9999-12-31", 2932896 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
    g_autofree char *text = prg_day_format(days[i].number);
    gint number = -1;

    g_assert_true(prg_day_parse(days[i].text, &number));
    g_assert_cmpint(number, ==, days[i].number);
    g_assert_cmpstr(text, ==, days[i].text);
  }
}

static void
test_no_days(void)
{
  static const char *const texts[] = {
    "",           "1969-12-31", "2026-11-31",  "2026-02-29",           "1900-02-29",
    "2100-02-29", "2026-13-01", "2026-00-10",  "2026-10-00",           "2026-1-01",
    "2026-01-1",  "20260101",   "2026/01/01",  "2026-01-01 ",          " 2026-01-01",
    "+026-01-01", "2026-01-0x", "10000-01-01", "2026-01-01T00:00:00Z",
  };
  gint number;

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_test_message("%s", texts[i]);
    g_assert_false(prg_day_parse(texts[i], &number));
  }
  g_assert_false(prg_day_parse(NULL, &number));
  g_assert_true(prg_day_parse("2024-02-29", NULL));
}

/* Every day of 1970–2100, against GLib's own calendar. */
static void
test_round_trip(void)
{
  g_autoptr(GDateTime) moment = g_date_time_new_utc(1970, 1, 1, 12, 0, 0);

  for (gint day = 0; g_date_time_get_year(moment) <= 2100; day++) {
    g_autofree char *expected = g_date_time_format(moment, "%Y-%m-%d");
    g_autofree char *text = prg_day_format(day);
    g_autoptr(GDateTime) next = g_date_time_add_days(moment, 1);
    gint number = -1;

    g_assert_cmpstr(text, ==, expected);
    g_assert_true(prg_day_parse(text, &number));
    g_assert_cmpint(number, ==, day);
    g_date_time_unref(moment);
    moment = g_steal_pointer(&next);
  }
}

/* Random instants in zones with DST, half hours, and on both sides of the date line. */
static void
test_day_of_zones(void)
{
  static const char *const names[] = {
    "UTC",         "America/New_York",   "Europe/Berlin",     "Asia/Kolkata",
    "Asia/Tokyo",  "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe",
    "Pacific/Apia"
  };

  for (guint i = 0; i < 20000; i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(names[i % G_N_ELEMENTS(names)]);
    gint64 seconds = (gint64)g_test_rand_int_range(0, G_MAXINT32) + g_test_rand_int_range(0, 86400 * 365);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
    g_autofree char *expected = g_date_time_format(local, "%Y-%m-%d");
    g_autofree char *day = prg_day_of(seconds * G_USEC_PER_SEC + g_test_rand_int_range(0, 1000000), zone);

    g_assert_cmpstr(day, ==, expected);
    g_assert_cmpint(prg_hour_of(seconds * G_USEC_PER_SEC, zone), ==, g_date_time_get_hour(local));
  }
}

static void
test_day_of_edges(void)
{
  static const struct {
    const char *instant, *zone, *day;
  } cases[] = {
    { "2026-11-20T23:59:59.999Z", "UTC", "2026-11-20" },
    { "2026-11-21T00:00:00.000Z", "UTC", "2026-11-21" },
    { "2026-11-21T04:59:59.999Z", "America/New_York", "2026-11-20" },
    { "2026-11-21T05:00:00.000Z", "America/New_York", "2026-11-21" },
    { "2026-03-08T04:59:59.999Z", "America/New_York", "2026-03-07" }, /* the night that DST begins */
    { "2026-03-09T03:59:59.999Z", "America/New_York", "2026-03-08" },
    { "2026-11-01T03:59:59.999Z", "America/New_York", "2026-10-31" }, /* and the one when it ends */
    { "2026-11-02T04:59:59.999Z", "America/New_York", "2026-11-01" },
    { "2026-11-20T10:00:00Z", "Pacific/Kiritimati", "2026-11-21" }, /* UTC+14 and UTC−11 at one instant */
    { "2026-11-20T10:00:00Z", "Pacific/Pago_Pago", "2026-11-19" },
    { "2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29" }, /* the day that Samoa left out */
    { "2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(cases[i].zone);
    g_autofree char *day = NULL;
    gint64 instant = 0;

    g_assert_nonnull(zone);
    g_assert_true(prg_instant_parse(cases[i].instant, &instant));
    day = prg_day_of(instant, zone);
    g_test_message("%s in %s", cases[i].instant, cases[i].zone);
    g_assert_cmpstr(day, ==, cases[i].day);
  }
}

static void
test_instants(void)
{
  static const struct {
    const char *text;
    gint64 utc_us;
  } instants[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01T00:00:00.000001Z", 1 },
    { "1969-12-31T23:59:59.999Z", -1000 },
    { "2026-11-20T10:00:00.000Z", NOW },
    { "2026-11-20T10:00:00.413Z", NOW + 413000 },
    { "2026-11-20T10:00:00,4136299Z", NOW + 413629 },
    { "2026-11-20 10:00Z", NOW },
    { "2026-11-20t12:00:00+02:00", NOW },
    { "2026-11-20T12:00:00+0200", NOW },
    { "2026-11-20T12:00:00+02", NOW },
    { "2026-11-20T04:30:00-05:30", NOW },
  };

  for (guint i = 0; i < G_N_ELEMENTS(instants); i++) {
    gint64 utc_us = G_MININT64;

    g_test_message("%s", instants[i].text);
    g_assert_true(prg_instant_parse(instants[i].text, &utc_us));
    g_assert_cmpint(utc_us, ==, instants[i].utc_us);
  }
}

static void
test_no_instants(void)
{
  static const char *const texts[] = {
    "",
    "now",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-11-20T10",
    "2026-11-20T24:00:00Z",
    "2026-11-20T10:60:00Z",
    "2026-11-20T10:00:60Z",
    "2026-11-20T10:00:00.Z",
    "2026-11-20T10:00:00+2",
    "2026-11-20T10:00:00+24:00",
    "2026-11-20T10:00:00+02:60",
    "2026-11-20T10:00:00+02:0",
    "2026-11-20T10:00:00ZZ",
    "2026-02-30T10:00:00Z",
    "0000-01-01T00:00:00Z",
    "1793700000",
  };
  gint64 utc_us;

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_test_message("%s", texts[i]);
    g_assert_false(prg_instant_parse(texts[i], &utc_us));
  }
  g_assert_false(prg_instant_parse(NULL, &utc_us));
}

static void
test_instant_format(void)
{
  g_autofree char *milliseconds = prg_instant_format(NOW + 413999);
  g_autofree char *before = prg_instant_format(-1);
  g_autofree char *most = prg_instant_format(G_MAXINT64);
  g_autofree char *least = prg_instant_format(G_MININT64);

  g_assert_cmpstr(milliseconds, ==, "2026-11-20T10:00:00.413Z");
  g_assert_cmpstr(before, ==, "1969-12-31T23:59:59.999Z");
  g_assert_cmpstr(most, ==, "9999-12-31T23:59:59.999Z");
  g_assert_cmpstr(least, ==, "0001-01-01T00:00:00.000Z");
  for (guint i = 0; i < 5000; i++) {
    gint64 instant = (gint64)g_test_rand_int_range(G_MININT32, G_MAXINT32) * 1000000 +
                     g_test_rand_int_range(0, 1000) * 1000;
    g_autofree char *text = prg_instant_format(instant);
    gint64 parsed = 0;

    g_assert_true(prg_instant_parse(text, &parsed));
    g_assert_cmpint(parsed, ==, instant);
  }
}

static void
assert_day_end(const char *zone_name, const char *from, const char *end)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(zone_name);
  gint64 start = 0;

  g_assert_nonnull(zone);
  g_assert_true(prg_instant_parse(from, &start));
  g_autofree char *found = prg_instant_format(prg_day_end(start, zone));
  g_assert_cmpstr(found, ==, end);
}

static void
test_day_end(void)
{
  assert_day_end("UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00.000Z");
  assert_day_end("UTC", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z");
  /* A day of 23 hours, one of 25. */
  assert_day_end("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00.000Z");
  assert_day_end("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00.000Z");
  /* A midnight that does not exist, one that comes twice, and a whole day that was left out. */
  assert_day_end("America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-04T03:00:00.000Z");
  assert_day_end("America/Havana", "2026-10-31T20:00:00Z", "2026-11-01T04:00:00.000Z");
  assert_day_end("Pacific/Apia", "2011-12-29T20:00:00Z", "2011-12-30T10:00:00.000Z");
}

static void
test_day_end_of_any_instant(void)
{
  static const char *const zones[] = { "UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata",
                                       "Pacific/Kiritimati" };

  for (guint i = 0; i < 2000; i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(zones[i % G_N_ELEMENTS(zones)]);
    gint64 now =
        (gint64)g_test_rand_int_range(0, G_MAXINT32) * G_USEC_PER_SEC + g_test_rand_int_range(0, 1000000);
    gint64 end = prg_day_end(now, zone);
    g_autofree char *today = prg_day_of(now, zone);
    g_autofree char *last = prg_day_of(end - 1, zone);
    g_autofree char *next = prg_day_of(end, zone);

    g_assert_cmpint(end, >, now);
    g_assert_cmpint(end - now, <=, 26 * 3600 * (gint64)G_USEC_PER_SEC);
    g_assert_cmpstr(last, ==, today);
    g_assert_cmpstr(next, >, today);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/calendar/known-days", test_known_days);
  g_test_add_func("/calendar/no-days", test_no_days);
  g_test_add_func("/calendar/round-trip", test_round_trip);
  g_test_add_func("/calendar/day-of-zones", test_day_of_zones);
  g_test_add_func("/calendar/day-of-edges", test_day_of_edges);
  g_test_add_func("/calendar/instants", test_instants);
  g_test_add_func("/calendar/no-instants", test_no_instants);
  g_test_add_func("/calendar/instant-format", test_instant_format);
  g_test_add_func("/calendar/day-end", test_day_end);
  g_test_add_func("/calendar/day-end-of-any-instant", test_day_end_of_any_instant);
  return g_test_run();
}
