/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Days and instants: what is read is printed again, and GLib's own calendar agrees. */
#include "fuzz.h"

#include "prg-calendar.h"

#include <string.h>

#define LAST_DAY 2932896 /* 9999-12-31 */
#define FIRST_INSTANT G_GINT64_CONSTANT(-62135596800000000)
#define LAST_INSTANT G_GINT64_CONSTANT(253402300799999999)

static void
check_day_text(const char *text)
{
  gint number = 0;

  if (!prg_day_parse(text, &number))
    return;
  g_autofree char *again = prg_day_format(number);
  g_assert_cmpstr(again, ==, text);
  g_assert_true(number >= 0 && number <= LAST_DAY);
}

static gint64
floor_ms(gint64 us)
{
  return us - ((us % 1000) + 1000) % 1000;
}

static gint64
unix_us(GDateTime *time)
{
  return g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
}

/* GLib takes fewer forms, and rounds the fraction its own way: compared to the second. */
static void
check_against_glib(const char *text, gint64 utc_us)
{
  g_autoptr(GDateTime) theirs = g_date_time_new_from_iso8601(text, NULL);

  if (theirs != NULL)
    g_assert_cmpint(ABS(unix_us(theirs) - utc_us), <=, 1);
}

static void
check_instant_text(const char *text)
{
  gint64 utc_us = 0, again = 0;

  if (!prg_instant_parse(text, &utc_us))
    return;
  check_against_glib(text, utc_us);
  g_autofree char *printed = prg_instant_format(utc_us);
  g_assert_true(prg_instant_parse(printed, &again));
  if (utc_us >= FIRST_INSTANT && utc_us <= LAST_INSTANT)
    g_assert_cmpint(again, ==, floor_ms(utc_us));
}

static void
check_instant(gint64 utc_us)
{
  gint64 again = 0;
  g_autofree char *text = prg_instant_format(utc_us);

  g_assert_cmpuint(strlen(text), ==, 24);
  g_assert_true(prg_instant_parse(text, &again));
  g_assert_cmpint(again, ==, floor_ms(CLAMP(utc_us, FIRST_INSTANT, LAST_INSTANT)));
}

static void
check_day(gint number)
{
  gint again = -1;
  g_autofree char *text = prg_day_format(number);

  g_assert_true(prg_day_parse(text, &again));
  g_assert_cmpint(again, ==, CLAMP(number, 0, LAST_DAY));
}

/* The day in a zone is the one that GLib's calendar shows there. */
static void
check_local_day(gint64 utc_us, guint zone_number)
{
  static const char *const names[] = { "UTC",
                                       "Europe/Berlin",
                                       "America/New_York",
                                       "Asia/Kolkata",
                                       "Pacific/Apia",
                                       "Pacific/Chatham",
                                       "America/St_Johns",
                                       "Africa/Monrovia",
                                       "Asia/Kathmandu",
                                       "Pacific/Kiritimati",
                                       "Australia/Lord_Howe",
                                       "-23:59" };
  static GTimeZone *zones[G_N_ELEMENTS(names)];
  guint n = zone_number % G_N_ELEMENTS(names);

  if (zones[n] == NULL)
    zones[n] = g_time_zone_new_identifier(names[n]);
  if (zones[n] == NULL)
    return;
  g_autofree char *day = prg_day_of(utc_us, zones[n]);
  g_assert_true(prg_day_parse(day, NULL));
  if (utc_us < G_TIME_SPAN_DAY || utc_us > LAST_INSTANT - G_TIME_SPAN_DAY * 2)
    return;
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(utc_us / G_USEC_PER_SEC);
  g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zones[n]);
  g_autofree char *expected = g_date_time_format(local, "%Y-%m-%d");
  g_assert_cmpstr(day, ==, expected);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };

  if (fuzz_byte(&input) & 1) {
    g_autofree char *text = fuzz_text(&input);
    check_day_text(text);
    check_instant_text(text);
  } else {
    gint64 number = fuzz_int64(&input);
    check_instant(number);
    check_day((gint)(guint32)number);
    check_local_day(number, fuzz_byte(&input));
    check_local_day((gint64)((guint64)number % (guint64)LAST_INSTANT), fuzz_byte(&input));
  }
  return 0;
}
