/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-book.h"
#include "prg-store.h"
#include <glib/gstdio.h>

/*
 * Speed as ratios within one run, so that a slow machine and a fast one say the same:
 *  - a call's transaction (all its rows, awards and the view) against one row alone;
 *  - a call on a rep with a long history against a call on a new rep, in the store and in memory.
 */

#define ROUNDS 300
#define MEMBER "20202020-0000-4000-8000-00000000a001"
#define DEVICE "30303030-0000-4000-8000-00000000c001"

static PrgOperation *
new_operation(guint n)
{
  static const char *const kinds[] = { "dial_made", "call_connected", "note_added", "email_sent" };
  g_autofree char *id = g_uuid_string_random();
  PrgOperation fields = { .id = id,
                          .device = DEVICE,
                          .seq = n + 1,
                          .kind = kinds[n % G_N_ELEMENTS(kinds)],
                          .amount = 2,
                          .ref = "lead",
                          .occurred_at = g_get_real_time(),
                          .local_day = "2026-11-20",
                          .zone = "UTC" };
  return prg_operation_new(&fields);
}

static GPtrArray *
new_changes(guint n, guint rows)
{
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < rows; i++) {
    g_autoptr(PrgOperation) operation = new_operation(n * rows + i);
    prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
  }
  return changes;
}

static int
compare(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

static gint64
median_commit(PrgStore *store, guint rows)
{
  gint64 times[ROUNDS];
  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) changes = new_changes(i, rows);
    gint64 start = g_get_monotonic_time();
    if (!prg_store_commit(store, changes, &error))
      g_error("%s", error->message);
    times[i] = g_get_monotonic_time() - start;
  }
  qsort(times, ROUNDS, sizeof(gint64), compare);
  return times[ROUNDS / 2];
}

static PrgStore *
open_store(const char *directory, const char *name)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = prg_store_open(directory, name, &snapshot, &report, &error);
  if (!store)
    g_error("%s", error->message);
  prg_store_report_clear(&report);
  return store;
}

static void
bench_store(const char *directory)
{
  g_autoptr(PrgStore) store = open_store(directory, "bench");
  gint64 one = median_commit(store, 1);
  gint64 call = median_commit(store, 5);
  g_autoptr(GPtrArray) history = new_changes(1000, 20000);
  prg_store_commit(store, history, NULL);
  gint64 late = median_commit(store, 5);
  g_print("store: a call of 5 rows / one row            %5.2f\n", (double)call / (double)MAX(one, 1));
  g_print("store: a call after 20,000 rows / before     %5.2f\n", (double)late / (double)MAX(call, 1));
  prg_store_close(store, NULL);
}

/* Median time to take one call into a book of @history rows and read the total. */
static gint64
median_take(PrgRules *rules, guint history)
{
  gint64 times[ROUNDS];
  g_autoptr(PrgBook) book = prg_book_new(rules, MEMBER, DEVICE, prg_snapshot_new());
  g_autoptr(GPtrArray) old = new_changes(0, history);
  prg_book_take(book, old);
  prg_book_view(book, "2026-11-20");
  for (guint i = 0; i < ROUNDS; i++) {
    g_autoptr(GPtrArray) changes = new_changes(i + history, 5);
    gint64 start = g_get_monotonic_time();
    prg_book_take(book, changes);
    prg_book_view(book, "2026-11-20");
    times[i] = g_get_monotonic_time() - start;
  }
  qsort(times, ROUNDS, sizeof(gint64), compare);
  return times[ROUNDS / 2];
}

static void
bench_book(void)
{
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  gint64 fresh = median_take(rules, 1);
  gint64 long_history = median_take(rules, 50000);
  g_print("memory: a call after 50,000 rows / a first   %5.2f\n",
          (double)long_history / (double)MAX(fresh, 1));
}

int
main(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp("prg-bench-XXXXXX", &error);
  if (!directory)
    g_error("%s", error->message);
  bench_store(directory);
  bench_book();
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_unlink(path);
  }
  g_rmdir(directory);
  return 0;
}
