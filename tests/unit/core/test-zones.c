/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streaks over every zone's changes of the clock from 2024 to 2027, and over travel. What day it is where the rep is, says the C library
 * here: the code under test asks GTimeZone. */
#include "core-helpers.h"
#include <time.h>

#define ZONE_LIST "/usr/share/zoneinfo/tzdata.zi"
#define HOUR 3600
#define DAY (24 * HOUR)
#define FIRST_SECOND 1704067200 /* 2024-01-01T00:00:00Z */
#define LAST_SECOND 1830297600  /* 2028-01-01T00:00:00Z */
#define FIRST_DIAL_XP 25
#define STREAK_DAY_XP 10

static PrgRules *rules;

/* ---- the oracle ---- */

/* The C library is in this zone from now on. */
static void
oracle_enter(const char *zone)
{
  g_autofree char *value = g_strconcat(":", zone, NULL);

  g_setenv("TZ", value, TRUE);
  tzset();
}

static long
oracle_offset(gint64 second)
{
  time_t at = (time_t)second;
  struct tm local;

  g_assert_nonnull(localtime_r(&at, &local));
  return local.tm_gmtoff;
}

/* Days since 1970 where the rep is. */
static gint
oracle_day(gint64 second)
{
  return (gint)((second + oracle_offset(second)) / DAY);
}

/* ---- a rep ---- */

typedef struct {
  PrgView *view;
  GHashTable *paid; /* set of "kind ref" */
  GHashTable *days; /* set of GINT local days, as the oracle says */
  gint64 streak_xp, first_dial_xp;
  gint64 seq;
} Rep;

static void
rep_init(Rep *self)
{
  *self = (Rep){ prg_view_new(),
                 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                 g_hash_table_new(NULL, NULL),
                 0,
                 0,
                 0 };
}

static void
rep_clear(Rep *self)
{
  prg_view_free(self->view);
  g_hash_table_unref(self->paid);
  g_hash_table_unref(self->days);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rep, rep_clear)

static gboolean
is_paid(const char *kind, const char *ref, gpointer paid)
{
  g_autofree char *key = g_strconcat(kind, " ", ref, NULL);

  return g_hash_table_contains(paid, key);
}

static void
take_awards(Rep *self, const PrgMoment *moment, const char *today)
{
  g_autoptr(GPtrArray) awards = prg_derive(self->view, rules, today, is_paid, self->paid);

  for (guint i = 0; i < awards->len; i++) {
    const PrgAward *award = g_ptr_array_index(awards, i);
    g_autoptr(PrgOperation) operation = prg_earn_award(moment, award, ++self->seq, "");

    if (g_str_equal(award->kind, "streak_day"))
      self->streak_xp += award->amount;
    else if (g_str_equal(award->kind, "first_dial_of_day"))
      self->first_dial_xp += award->amount;
    g_assert_true(g_hash_table_add(self->paid, g_strconcat(award->kind, " ", award->ref, NULL)));
    prg_apply(self->view, rules, operation, PRG_APPLY_NEW);
  }
}

/* One dial at @at (µs) in @zone, with all that follows from it. Returns: (transfer full) today */
static char *
dial(Rep *self, GTimeZone *zone, const char *name, gint64 at)
{
  PrgMoment moment = { MEMBER, DEVICE, ++self->seq, FRESH_ID, at, zone, name };
  PrgEarnRequest request = {
    .kind = "", .ref = "", .details = "", .caller_id = "", .disposition = "NO_ANSWER"
  };
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rows = prg_earn_call(self->view, rules, &moment, &request, &error);
  char *today = prg_day_of(at, zone);

  g_assert_no_error(error);
  for (guint i = 0; i < rows->len; i++) {
    const PrgOperation *row = g_ptr_array_index(rows, i);
    g_assert_cmpstr(row->local_day, ==, today);
    prg_apply(self->view, rules, row, PRG_APPLY_NEW);
  }
  take_awards(self, &moment, today);
  return today;
}

/* The same where the C library is, checked: the day is the oracle's, the streak is as many days as were lived, each paid once. */
static void
dial_here(Rep *self, GTimeZone *zone, const char *name, gint64 at)
{
  gint day = oracle_day(at / G_USEC_PER_SEC);
  g_autofree char *today = dial(self, zone, name, at);
  g_autofree char *expected = prg_day_format(day);
  guint n;

  g_hash_table_add(self->days, GINT_TO_POINTER(day));
  n = g_hash_table_size(self->days);
  if (!g_str_equal(today, expected) || prg_view_streak(self->view, today) != n ||
      self->streak_xp != (n - 1) * STREAK_DAY_XP || self->first_dial_xp != n * FIRST_DIAL_XP)
    g_error("%s at %" G_GINT64_FORMAT " µs: day %s, expected %s; streak %u, expected %u; %" G_GINT64_FORMAT
            " XP for streak days, %" G_GINT64_FORMAT " for first dials",
            name, at, today, expected, prg_view_streak(self->view, today), n, self->streak_xp,
            self->first_dial_xp);
}

/* ---- every zone ---- */

/* (element-type utf8) all zones and links */
static GPtrArray *
list_zones(void)
{
  GPtrArray *zones = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  g_assert_true(g_file_get_contents(ZONE_LIST, &text, NULL, NULL));
  lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_auto(GStrv) words = g_strsplit(lines[i], " ", 4);

    if (g_str_equal(lines[i], "") || g_strv_length(words) < 3)
      continue;
    if (g_str_equal(words[0], "Z"))
      g_ptr_array_add(zones, g_strdup(words[1]));
    else if (g_str_equal(words[0], "L"))
      g_ptr_array_add(zones, g_strdup(words[2]));
  }
  return zones;
}

/* The first second from @low on, not after @high, at which @differs from what holds at @low. */
static gint64
find_change(gint64 low, gint64 high, gboolean (*is_same)(gint64, gint64))
{
  gint64 start = low;

  while (high - low > 1) {
    gint64 middle = low + (high - low) / 2;
    if (is_same(start, middle))
      low = middle;
    else
      high = middle;
  }
  return high;
}

static gboolean
has_same_offset(gint64 a, gint64 b)
{
  return oracle_offset(a) == oracle_offset(b);
}

static gboolean
has_same_day(gint64 a, gint64 b)
{
  return oracle_day(a) == oracle_day(b);
}

/* The seconds at which the clocks here change. (element-type gint64) */
static GArray *
list_changes(void)
{
  GArray *changes = g_array_new(FALSE, FALSE, sizeof(gint64));

  for (gint64 second = FIRST_SECOND; second < LAST_SECOND; second += DAY) {
    if (has_same_offset(second, second + DAY))
      continue;
    gint64 change = find_change(second, second + DAY, has_same_offset);
    g_array_append_val(changes, change);
  }
  return changes;
}

static gint
compare_instants(gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

  return (first > second) - (first < second);
}

static void
add_around(GArray *instants, gint64 second)
{
  const gint64 at[] = { second * G_USEC_PER_SEC - 1, second * G_USEC_PER_SEC, (second + 1) * G_USEC_PER_SEC };

  g_array_append_vals(instants, at, G_N_ELEMENTS(at));
}

/* Three days before and after @change: around it and each local midnight, an hour on both sides of the change, and every seven hours. */
static GArray *
list_instants(gint64 change)
{
  GArray *instants = g_array_new(FALSE, FALSE, sizeof(gint64));
  gint64 start = change - 3 * DAY, end = change + 3 * DAY;

  add_around(instants, change);
  add_around(instants, change - HOUR);
  add_around(instants, change + HOUR);
  for (gint64 second = start; second < end; second += 6 * HOUR) {
    gint64 odd = second * G_USEC_PER_SEC + 123457;
    g_array_append_val(instants, odd);
    if (!has_same_day(second, second + 6 * HOUR))
      add_around(instants, find_change(second, second + 6 * HOUR, has_same_day));
  }
  g_array_sort(instants, compare_instants);
  return instants;
}

typedef enum { EVERY, FIRST_OF_DAY, LAST_OF_DAY, ALTERNATING, N_HABITS } Habit;

/* Whether a rep of this habit works at the instant @i. */
static gboolean
works_at(Habit habit, GArray *instants, guint i)
{
  gint64 at = g_array_index(instants, gint64, i) / G_USEC_PER_SEC;
  gint64 before = i > 0 ? g_array_index(instants, gint64, i - 1) / G_USEC_PER_SEC : at - 3 * DAY;
  gint64 after =
      i + 1 < instants->len ? g_array_index(instants, gint64, i + 1) / G_USEC_PER_SEC : at + 3 * DAY;
  gboolean is_first = !has_same_day(before, at);
  gboolean is_last = !has_same_day(at, after);

  switch (habit) {
  case FIRST_OF_DAY:
    return is_first;
  case LAST_OF_DAY:
    return is_last;
  case ALTERNATING:
    return oracle_day(at) % 2 == 0 ? is_first : is_last;
  case EVERY:
  case N_HABITS:
  default:
    return TRUE;
  }
}

static void
live_over(GTimeZone *zone, const char *name, gint64 change, Habit habit)
{
  g_autoptr(GArray) instants = list_instants(change);
  g_auto(Rep) rep = { 0 };

  rep_init(&rep);
  for (guint i = 0; i < instants->len; i++) {
    if (works_at(habit, instants, i))
      dial_here(&rep, zone, name, g_array_index(instants, gint64, i));
  }
  g_assert_cmpuint(g_hash_table_size(rep.days), >=, 6);
}

/* Every zone is lived in over all its changes, and over the leap day; links to it over the leap day. Days with a change are lived by a rep
 * who works all day, and by three who work once a day. */
static void
test_every_zone(void)
{
  g_autoptr(GPtrArray) zones = list_zones();
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  guint n_changes = 0, n_odd = 0;

  for (guint i = 0; i < zones->len; i++) {
    const char *name = g_ptr_array_index(zones, i);
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(name);
    g_autoptr(GArray) changes = NULL;

    g_assert_nonnull(zone);
    oracle_enter(name);
    changes = list_changes();
    live_over(zone, name, FIRST_SECOND + 59 * DAY, EVERY);
    n_odd += oracle_offset(FIRST_SECOND) % HOUR != 0;
    for (guint k = 0; k < changes->len; k++) {
      gint64 change = g_array_index(changes, gint64, k);
      char *key = g_strdup_printf("%" G_GINT64_FORMAT " %ld %ld", change, oracle_offset(change - 1),
                                  oracle_offset(change));

      n_changes++;
      /* The same second and the same offsets are the same days: Europe has them forty times. */
      if (!g_hash_table_add(seen, key))
        continue;
      for (guint habit = 0; habit < N_HABITS; habit++)
        live_over(zone, name, change, (Habit)habit);
    }
  }
  g_test_message("%u zones, %u of them not on the hour; %u changes, %u of them different", zones->len, n_odd,
                 n_changes, g_hash_table_size(seen));
  g_assert_cmpuint(zones->len, >, 500);
  g_assert_cmpuint(n_odd, >, 10);
  g_assert_cmpuint(n_changes, >, 1000);
  g_assert_cmpuint(g_hash_table_size(seen), >, 100);
}

/* Days that begin at one o'clock or have two midnights, by their dates: the list above holds them. */
static void
test_midnight_changes(void)
{
  static const struct {
    const char *zone;
    gint64 at; /* UTC second of the change, worked out by hand */
    gboolean has_gap;
  } cases[] = {
    { "America/Havana", 1710046800, TRUE },  /* 2024-03-10T05:00Z: 00:00 becomes 01:00 */
    { "Africa/Cairo", 1714082400, TRUE },    /* 2024-04-25T22:00Z: 00:00 becomes 01:00 */
    { "Asia/Beirut", 1711836000, TRUE },     /* 2024-03-30T22:00Z: 00:00 becomes 01:00 */
    { "Asia/Beirut", 1729976400, FALSE },    /* 2024-10-26T21:00Z: 00:00 becomes 23:00 */
    { "Africa/Cairo", 1730408400, FALSE },   /* 2024-10-31T21:00Z: 00:00 becomes 23:00 */
    { "America/Santiago", 1725768000, TRUE } /* 2024-09-08T04:00Z: 00:00 becomes 01:00 */
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(cases[i].zone);

    oracle_enter(cases[i].zone);
    g_assert_cmpint(oracle_offset(cases[i].at - 1) < oracle_offset(cases[i].at), ==, cases[i].has_gap);
    for (guint habit = 0; habit < N_HABITS; habit++)
      live_over(zone, cases[i].zone, cases[i].at, (Habit)habit);
  }
}

/* ---- travel ---- */

typedef struct {
  const char *zone;
  const char *instant; /* UTC */
  const char *day;     /* local, by hand */
  guint streak;        /* afterwards */
} Stop;

static void
travel(const Stop *stops, guint n_stops, guint n_days)
{
  g_auto(Rep) rep = { 0 };

  rep_init(&rep);
  for (guint i = 0; i < n_stops; i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(stops[i].zone);
    g_autofree char *today = NULL;
    gint64 at;

    g_assert_true(prg_instant_parse(stops[i].instant, &at));
    today = dial(&rep, zone, stops[i].zone, at);
    g_assert_cmpstr(today, ==, stops[i].day);
    g_assert_cmpuint(prg_view_streak(rep.view, today), ==, stops[i].streak);
  }
  g_assert_cmpint(rep.first_dial_xp, ==, n_days * FIRST_DIAL_XP);
  g_assert_cmpint(rep.streak_xp, ==, (stops[n_stops - 1].streak - 1) * STREAK_DAY_XP);
}

/* 20 November is lived twice, and paid once. */
static void
test_tokyo_to_honolulu(void)
{
  static const Stop stops[] = {
    { "Asia/Tokyo", "2026-11-19T01:00:00Z", "2026-11-19", 1 },
    { "Asia/Tokyo", "2026-11-20T09:00:00Z", "2026-11-20", 2 },
    { "Pacific/Honolulu", "2026-11-20T09:30:00Z", "2026-11-19", 2 },
    { "Pacific/Honolulu", "2026-11-20T20:00:00Z", "2026-11-20", 2 },
    { "Pacific/Honolulu", "2026-11-21T20:00:00Z", "2026-11-21", 3 },
  };

  travel(stops, G_N_ELEMENTS(stops), 3);
}

/* 20 November does not exist for who flies on the 19th and lands on the 21st: no day without work has passed. */
static void
test_honolulu_to_auckland(void)
{
  static const Stop stops[] = {
    { "Pacific/Honolulu", "2026-11-18T20:00:00Z", "2026-11-18", 1 },
    { "Pacific/Honolulu", "2026-11-20T02:00:00Z", "2026-11-19", 2 },
    { "Pacific/Auckland", "2026-11-20T20:00:00Z", "2026-11-21", 3 },
    { "Pacific/Auckland", "2026-11-21T20:00:00Z", "2026-11-22", 4 },
  };

  travel(stops, G_N_ELEMENTS(stops), 4);
}

/* There and back again: the day that was left out is lived on the way home, between the two. */
static void
test_auckland_and_back(void)
{
  static const Stop stops[] = {
    { "Pacific/Honolulu", "2026-11-20T02:00:00Z", "2026-11-19", 1 },
    { "Pacific/Auckland", "2026-11-20T20:00:00Z", "2026-11-21", 2 },
    { "Pacific/Honolulu", "2026-11-21T09:00:00Z", "2026-11-20", 3 },
    { "Pacific/Honolulu", "2026-11-21T20:00:00Z", "2026-11-21", 3 },
    { "Pacific/Honolulu", "2026-11-22T20:00:00Z", "2026-11-22", 4 },
  };

  /* 19, 20, 21 and 22 November: the 20th continues the 19th, and the 21st was paid before. */
  travel(stops, G_N_ELEMENTS(stops), 4);
}

/* A day without work in one zone ends a streak, however near its neighbours were worked on; and so does one on a journey. */
static void
test_a_day_off(void)
{
  static const Stop at_home[] = {
    { "America/New_York", "2026-03-08T04:59:59Z", "2026-03-07", 1 },
    { "America/New_York", "2026-03-09T04:00:00Z", "2026-03-09", 1 }, /* 8 March has 23 hours */
  };
  static const Stop at_troll[] = {
    { "Antarctica/Troll", "2026-03-28T23:59:59Z", "2026-03-28", 1 },
    { "Antarctica/Troll", "2026-03-29T22:00:00Z", "2026-03-30", 1 }, /* 29 March has 22 */
  };
  static const Stop away[] = {
    { "America/Los_Angeles", "2026-11-19T18:00:00Z", "2026-11-19", 1 },
    { "Asia/Tokyo", "2026-11-21T01:00:00Z", "2026-11-21", 1 },
  };

  travel(at_home, G_N_ELEMENTS(at_home), 2);
  travel(at_troll, G_N_ELEMENTS(at_troll), 2);
  travel(away, G_N_ELEMENTS(away), 2);
}

/* Flights over the world, also with a clock that is still at home: a streak of work every few hours never ends, and no day is paid twice. */
static void
test_random_travel(void)
{
  g_autoptr(GPtrArray) zones = list_zones();

  for (guint run = 0; run < 200; run++) {
    g_auto(Rep) rep = { 0 };
    gint64 at = (FIRST_SECOND + (gint64)g_test_rand_int_range(0, 1400) * DAY) * G_USEC_PER_SEC;
    gint64 start = at;
    guint streak = 0;

    rep_init(&rep);
    for (guint stop = 0; stop < 25; stop++) {
      const char *name = g_ptr_array_index(zones, (guint)g_test_rand_int_range(0, (gint)zones->len));
      g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(name);
      guint now;
      g_autofree char *today = dial(&rep, zone, name, at);

      now = prg_view_streak(rep.view, today);
      if (now < streak)
        g_error("%s, %" G_GINT64_FORMAT " µs: the streak fell from %u to %u", name, at, streak, now);
      streak = now;
      at += g_test_rand_int_range(HOUR, 11 * HOUR) * (gint64)G_USEC_PER_SEC;
    }
    /* A day for each 24 hours, and one more at each end for the zones. */
    g_assert_cmpuint(streak, <=, (at - start) / DAY_US + 3);
    g_assert_cmpint(rep.streak_xp, ==, (streak - 1) * STREAK_DAY_XP);
  }
}

/* ---- the clock ---- */

/* Set back by hours over midnight, or by days, and right again: nothing is paid twice, and the streak goes on as if nothing had been. */
static void
test_clock_set_back(void)
{
  static const gint64 back[] = { HOUR, 5 * HOUR, 11 * HOUR, DAY, 2 * DAY, 3 * DAY };
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");

  for (guint i = 0; i < G_N_ELEMENTS(back); i++) {
    g_auto(Rep) rep = { 0 };
    gint64 at = NOW - 10 * HOUR * (gint64)G_USEC_PER_SEC; /* one o'clock in Berlin */

    rep_init(&rep);
    for (guint day = 0; day < 5; day++, at += DAY_US)
      g_free(dial(&rep, zone, "Europe/Berlin", at));
    at -= DAY_US;
    g_assert_cmpint(rep.streak_xp, ==, 4 * STREAK_DAY_XP);
    for (guint k = 0; k < 3; k++)
      g_free(dial(&rep, zone, "Europe/Berlin", at - (back[i] + k) * G_USEC_PER_SEC));
    g_assert_cmpint(rep.streak_xp, ==, 4 * STREAK_DAY_XP);
    g_assert_cmpint(rep.first_dial_xp, ==, 5 * FIRST_DIAL_XP);
    for (guint day = 0; day < 2; day++, at += DAY_US) {
      g_autofree char *today = dial(&rep, zone, "Europe/Berlin", at);
      g_assert_cmpuint(prg_view_streak(rep.view, today), ==, 5 + day);
    }
    g_assert_cmpint(rep.streak_xp, ==, 5 * STREAK_DAY_XP);
    g_assert_cmpint(rep.first_dial_xp, ==, 6 * FIRST_DIAL_XP);
  }
}

/* Another app alone made a day active: it counts, pays streak_day but no first dial, and passes over no day. */
static void
test_another_app(void)
{
  static const gint offsets[] = { 0, 1, 3 };
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_auto(Rep) rep = { 0 };

  rep_init(&rep);
  g_free(dial(&rep, utc, "UTC", NOW));
  for (guint i = 1; i < G_N_ELEMENTS(offsets); i++) {
    g_autofree char *day = day_after(TODAY, offsets[i]);
    PrgMoment moment = { MEMBER, DEVICE, ++rep.seq, FRESH_ID, NOW + offsets[i] * DAY_US, utc, "UTC" };
    PrgAward seen = { "external_activity", day, 0, day };
    g_autoptr(PrgOperation) row = prg_earn_award(&moment, &seen, ++rep.seq, "");

    prg_apply(rep.view, rules, row, PRG_APPLY_NEW);
    take_awards(&rep, &moment, day);
    g_assert_cmpuint(prg_view_streak(rep.view, day), ==, i == 1 ? 2 : 1);
  }
  g_assert_cmpint(rep.streak_xp, ==, STREAK_DAY_XP);
  g_assert_cmpint(rep.first_dial_xp, ==, FIRST_DIAL_XP);
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/streak/every-zone", test_every_zone);
  g_test_add_func("/streak/midnight-changes", test_midnight_changes);
  g_test_add_func("/streak/tokyo-to-honolulu", test_tokyo_to_honolulu);
  g_test_add_func("/streak/honolulu-to-auckland", test_honolulu_to_auckland);
  g_test_add_func("/streak/auckland-and-back", test_auckland_and_back);
  g_test_add_func("/streak/a-day-off", test_a_day_off);
  g_test_add_func("/streak/random-travel", test_random_travel);
  g_test_add_func("/streak/clock-set-back", test_clock_set_back);
  g_test_add_func("/streak/another-app", test_another_app);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}
