/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"

#include <string.h>

#define DAY_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)
#define FIRST_YEAR 1970
#define LAST_YEAR 9999
#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define DAYS_PER_ERA 146097 /* 400 years */

typedef struct {
  gint year, month, day;
} Civil;

/* Years begin in March here, so that the leap day is the last of the year. */
static gint
days_from_civil(Civil civil)
{
  gint year = civil.month <= 2 ? civil.year - 1 : civil.year;
  gint era = (year >= 0 ? year : year - 399) / 400;
  gint year_of_era = year - era * 400;
  gint month = civil.month > 2 ? civil.month - 3 : civil.month + 9;
  gint day_of_year = (153 * month + 2) / 5 + civil.day - 1;
  gint day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

  return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static Civil
civil_from_days(gint number)
{
  gint shifted = number + DAYS_TO_1970;
  gint era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
  gint day_of_era = shifted - era * DAYS_PER_ERA;
  gint year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  gint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  gint month = (5 * day_of_year + 2) / 153;
  Civil civil = {
    .year = year_of_era + era * 400 + (month >= 10 ? 1 : 0),
    .month = month < 10 ? month + 3 : month - 9,
    .day = day_of_year - (153 * month + 2) / 5 + 1,
  };

  return civil;
}

static gint
days_in_month(gint year, gint month)
{
  static const gint days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly @count digits at *@text, which moves behind them. */
static gboolean
take_digits(const char **text, guint count, gint *value)
{
  *value = 0;
  for (guint i = 0; i < count; i++, (*text)++) {
    if (!g_ascii_isdigit(**text))
      return FALSE;
    *value = *value * 10 + (**text - '0');
  }
  return TRUE;
}

static gboolean
take_char(const char **text, char expected)
{
  if (**text != expected)
    return FALSE;
  (*text)++;
  return TRUE;
}

static gboolean
take_date(const char **text, Civil *civil)
{
  return take_digits(text, 4, &civil->year) && take_char(text, '-') && take_digits(text, 2, &civil->month) &&
         take_char(text, '-') && take_digits(text, 2, &civil->day) && civil->year >= 1 && civil->month >= 1 &&
         civil->month <= 12 && civil->day >= 1 && civil->day <= days_in_month(civil->year, civil->month);
}

gboolean
prg_day_parse(const char *text, gint *number)
{
  Civil civil;

  if (text == NULL || !take_date(&text, &civil) || *text != '\0' || civil.year < FIRST_YEAR)
    return FALSE;
  if (number != NULL)
    *number = days_from_civil(civil);
  return TRUE;
}

static void
put_digits(char *text, guint count, gint value)
{
  for (; count > 0; count--, value /= 10)
    text[count - 1] = (char)('0' + value % 10);
}

static void
put_date(char *text, Civil civil)
{
  put_digits(text, 4, civil.year);
  put_digits(text + 5, 2, civil.month);
  put_digits(text + 8, 2, civil.day);
}

char *
prg_day_format(gint number)
{
  gint last = days_from_civil((Civil){ LAST_YEAR, 12, 31 });
  Civil civil = civil_from_days(CLAMP(number, 0, last));
  char *text = g_strdup("yyyy-mm-dd");

  put_date(text, civil);
  return text;
}

static gint64
floor_div(gint64 value, gint64 divisor)
{
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/* Seconds since the epoch on the clocks of @zone. */
static gint64
local_seconds(gint64 utc_us, GTimeZone *zone)
{
  gint64 seconds = floor_div(utc_us, G_USEC_PER_SEC);
  gint interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, seconds);

  return seconds + (interval < 0 ? 0 : g_time_zone_get_offset(zone, interval));
}

char *
prg_day_of(gint64 utc_us, GTimeZone *zone)
{
  gint64 number = floor_div(local_seconds(utc_us, zone), 86400);

  return prg_day_format((gint)CLAMP(number, G_MININT / 2, G_MAXINT / 2));
}

/* Midnight may not exist, or come twice; so the change of the day is looked for, not computed. */
gint64
prg_day_end(gint64 utc_us, GTimeZone *zone)
{
  g_autofree char *today = prg_day_of(utc_us, zone);
  gint64 before = utc_us;
  gint64 after = utc_us + 2 * DAY_US; /* no day is longer */

  while (after - before > 1) {
    gint64 middle = before + (after - before) / 2;
    g_autofree char *day = prg_day_of(middle, zone);

    if (g_str_equal(day, today))
      before = middle;
    else
      after = middle;
  }
  return after;
}

gint
prg_hour_of(gint64 utc_us, GTimeZone *zone)
{
  gint64 seconds = local_seconds(utc_us, zone);

  return (gint)((seconds - floor_div(seconds, 86400) * 86400) / 3600);
}

/* ".413" → µs; digits beyond the sixth say nothing here. */
static gboolean
take_fraction(const char **text, gint64 *us)
{
  gint64 unit = G_USEC_PER_SEC / 10;

  *us = 0;
  if (**text != '.' && **text != ',')
    return TRUE;
  (*text)++;
  if (!g_ascii_isdigit(**text))
    return FALSE;
  for (; g_ascii_isdigit(**text); (*text)++, unit /= 10)
    *us += (**text - '0') * unit;
  return TRUE;
}

/* "Z", "+02", "+02:00", "+0200" → seconds east. */
static gboolean
take_zone(const char **text, gint *seconds)
{
  gint hours, minutes = 0;
  gint sign = **text == '-' ? -1 : 1;

  *seconds = 0;
  if (take_char(text, 'Z') || take_char(text, 'z'))
    return TRUE;
  if (!take_char(text, '+') && !take_char(text, '-'))
    return FALSE;
  if (!take_digits(text, 2, &hours))
    return FALSE;
  if (**text != '\0' && ((void)take_char(text, ':'), !take_digits(text, 2, &minutes)))
    return FALSE;
  *seconds = sign * (hours * 3600 + minutes * 60);
  return hours <= 23 && minutes <= 59;
}

gboolean
prg_instant_parse(const char *text, gint64 *utc_us)
{
  Civil civil;
  gint hours, minutes, seconds = 0, offset;
  gint64 fraction = 0;

  if (text == NULL || !take_date(&text, &civil))
    return FALSE;
  if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
    return FALSE;
  if (!take_digits(&text, 2, &hours) || !take_char(&text, ':') || !take_digits(&text, 2, &minutes))
    return FALSE;
  if (take_char(&text, ':') && (!take_digits(&text, 2, &seconds) || !take_fraction(&text, &fraction)))
    return FALSE;
  if (!take_zone(&text, &offset) || *text != '\0' || hours > 23 || minutes > 59 || seconds > 59)
    return FALSE;
  *utc_us = days_from_civil(civil) * DAY_US +
            (gint64)(hours * 3600 + minutes * 60 + seconds - offset) * G_USEC_PER_SEC + fraction;
  return TRUE;
}

char *
prg_instant_format(gint64 utc_us)
{
  gint64 first = days_from_civil((Civil){ 1, 1, 1 }) * DAY_US;
  gint64 end = (days_from_civil((Civil){ LAST_YEAR, 12, 31 }) + 1) * DAY_US;
  gint64 clamped = CLAMP(utc_us, first, end - 1);
  gint64 day = floor_div(clamped, DAY_US);
  gint ms = (gint)((clamped - day * DAY_US) / 1000);
  Civil civil = civil_from_days((gint)day);

  char *text = g_strdup("yyyy-mm-ddThh:mm:ss.mmmZ");
  put_date(text, civil);
  put_digits(text + 11, 2, ms / 3600000);
  put_digits(text + 14, 2, ms / 60000 % 60);
  put_digits(text + 17, 2, ms / 1000 % 60);
  put_digits(text + 20, 3, ms % 1000);
  return text;
}
