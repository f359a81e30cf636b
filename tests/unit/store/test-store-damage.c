/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define N_OPERATIONS 500
#define PAGE 4096
/* The smallest row of the fixture takes about 200 bytes of a page. */
#define ROWS_PER_PAGE 20
#define FLIPS 400
#define WAL_FLIPS 150

/* What a sound store of N_OPERATIONS looks like on disk, and how to damage it. */
typedef struct {
  Fixture fixture;
  GBytes *db;   /* (owned) closed properly: all in one file */
  GBytes *old;  /* (owned) as left by a crash: the file … */
  GBytes *wal;  /* (owned) … and its log */
  guint number; /* of the next directory */
} Damage;

static void
damage_set_up(Damage *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  g_autofree char *db = NULL, *wal = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(GError) error = NULL;
  PrgStore *store;

  fixture_set_up(&self->fixture, data);
  db = fixture_path(self->fixture.directory, ".db");
  wal = fixture_path(self->fixture.directory, ".db-wal");
  store = fixture_open(self->fixture.directory, &nothing);
  prg_changes_meta(changes, "device", "this one");
  prg_changes_base(changes, "{}");
  prg_changes_audit(changes, 1, "{}");
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
  fixture_fill(store, 0, N_OPERATIONS, 10);
  self->old = fixture_read(db);
  self->wal = fixture_read(wal);
  fixture_close(store);
  self->db = fixture_read(db);
  g_assert_cmpuint(g_bytes_get_size(self->db), >, 20 * PAGE);
  g_assert_cmpuint(g_bytes_get_size(self->wal), >, 20 * PAGE);
}

static void
damage_tear_down(Damage *self, gconstpointer data)
{
  g_bytes_unref(self->db);
  g_bytes_unref(self->old);
  g_bytes_unref(self->wal);
  fixture_tear_down(&self->fixture, data);
}

/* The result of opening files damaged in one way. */
typedef struct {
  gboolean damaged;
  guint saved;
  gboolean has[N_OPERATIONS];
  char *device; /* (owned) (nullable) */
  char *base;   /* (owned) (nullable) */
} Outcome;

static void
outcome_clear(Outcome *self)
{
  g_free(self->device);
  g_free(self->base);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static guint
number_of(const char *id)
{
  return (guint)g_ascii_strtoull(id + 24, NULL, 16);
}

/* Nothing that was not written, nothing twice, all in order; but the damaged byte may be one row's number. */
static void
take_entries(Outcome *outcome, PrgSnapshot *snapshot, guint may_be_astray)
{
  guint next = 0, astray = 0;

  for (guint i = 0; i < snapshot->entries->len; i++) {
    const PrgEntry *entry = fixture_entry(snapshot, i);
    const guint number = number_of(entry->operation->id);

    g_assert_cmpuint(number, <, N_OPERATIONS);
    g_assert_false(outcome->has[number]);
    astray += number < next;
    g_assert_true(fixture_operation_is(entry->operation, number));
    g_assert_cmpint(entry->state, ==, PRG_OPERATION_NEW);
    g_assert_false(entry->in_base);
    outcome->has[number] = TRUE;
    next = number + 1;
  }
  g_assert_cmpuint(astray, <=, may_be_astray);
  outcome->saved = snapshot->entries->len;
  outcome->device = g_strdup(g_hash_table_lookup(snapshot->meta, "device"));
  outcome->base = g_strdup(snapshot->base);
}

static void
assert_kept(const char *path, const void *bytes, gsize length)
{
  g_autoptr(GBytes) kept = fixture_read(path);

  g_assert_cmpmem(g_bytes_get_data(kept, NULL), g_bytes_get_size(kept), bytes, length);
}

/* The report and the directory agree, and not a byte of the damaged files is lost. */
static void
check_report(const PrgStoreReport *report, const char *directory, GBytes *db, GBytes *wal)
{
  g_autofree char *aside = fixture_find(directory, "damaged-2");

  if (!report->damaged) {
    g_assert_null(aside);
    g_assert_null(report->set_aside);
    return;
  }
  g_free(aside);
  aside = NULL;
  g_assert_nonnull(report->reason);
  g_assert_true(g_str_has_suffix(report->set_aside, ".db"));
  if (db != NULL)
    assert_kept(report->set_aside, g_bytes_get_data(db, NULL), g_bytes_get_size(db));
  if (wal != NULL) {
    g_autofree char *path = g_strconcat(report->set_aside, "-wal", NULL);

    assert_kept(path, g_bytes_get_data(wal, NULL), g_bytes_get_size(wal));
  }
}

static void
open_outcome(const char *directory, GBytes *db, GBytes *wal, Outcome *outcome)
{
  g_autoptr(PrgSnapshot) snapshot = NULL, again = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = prg_store_open(directory, ACCOUNT, &snapshot, &report, &error);

  g_assert_no_error(error);
  check_report(&report, directory, db, wal);
  take_entries(outcome, snapshot, report.damaged ? 1 : 0);
  outcome->damaged = report.damaged;
  if (report.damaged)
    g_assert_cmpuint(report.saved, ==, outcome->saved);
  prg_store_report_clear(&report);
  /* It works, and the next start finds it sound. */
  fixture_fill(store, N_OPERATIONS, N_OPERATIONS + 1, 1);
  fixture_close(store);
  fixture_close(fixture_open(directory, &again));
  g_assert_cmpuint(again->entries->len, ==, outcome->saved + 1);
}

/* Opens a store of these files; NULL: no such file. */
static void
try(Damage *self, GBytes *db, GBytes *wal, Outcome *outcome)
{
  g_autofree char *directory = g_strdup_printf("%s/%u", self->fixture.root, self->number++);
  g_autofree char *db_path = fixture_path(directory, ".db");
  g_autofree char *wal_path = fixture_path(directory, ".db-wal");

  *outcome = (Outcome){ 0 };
  g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
  if (db != NULL)
    fixture_write(db_path, g_bytes_get_data(db, NULL), g_bytes_get_size(db));
  if (wal != NULL)
    fixture_write(wal_path, g_bytes_get_data(wal, NULL), g_bytes_get_size(wal));
  open_outcome(directory, db, wal, outcome);
  fixture_remove(directory);
}

static GBytes *
flipped(GBytes *bytes, gsize at, guint8 mask)
{
  gsize length;
  const void *from = g_bytes_get_data(bytes, &length);
  guint8 *copy = g_memdup2(from, length);

  g_assert_cmpuint(at, <, length);
  copy[at] ^= mask;
  return g_bytes_new_take(copy, length);
}

static GBytes *
zeroed(GBytes *bytes, gsize at, gsize n)
{
  gsize length;
  const void *from = g_bytes_get_data(bytes, &length);
  guint8 *copy = g_memdup2(from, length);

  memset(copy + at, 0, MIN(n, length - at));
  return g_bytes_new_take(copy, length);
}

/* Harmless means: exactly what was written. */
static void
assert_unharmed(const Outcome *outcome)
{
  g_assert_cmpuint(outcome->saved, ==, N_OPERATIONS);
  g_assert_cmpstr(outcome->device, ==, "this one");
  g_assert_cmpstr(outcome->base, ==, "{}");
}

static void
test_sound(Damage *self, gconstpointer data)
{
  g_auto(Outcome) closed = { 0 }, crashed = { 0 };

  try(self, self->db, NULL, &closed);
  g_assert_false(closed.damaged);
  assert_unharmed(&closed);
  try(self, self->old, self->wal, &crashed);
  g_assert_false(crashed.damaged);
  assert_unharmed(&crashed);
}

/* One damaged byte costs at most the rows of its page. */
static void
test_flips(Damage *self, gconstpointer data)
{
  const int size = (int)g_bytes_get_size(self->db);
  guint noticed = 0;

  for (guint i = 0; i < FLIPS; i++) {
    /* Every fourth in the header and the schema's page. */
    const int at = g_test_rand_int_range(0, i % 4 == 0 ? 200 : size);
    g_autoptr(GBytes) db = flipped(self->db, (gsize)at, (guint8)g_test_rand_int_range(1, 256));
    g_auto(Outcome) outcome = { 0 };

    g_test_message("byte %d", at);
    try(self, db, NULL, &outcome);
    noticed += outcome.damaged;
    g_assert_cmpuint(outcome.saved, >=, N_OPERATIONS - ROWS_PER_PAGE);
    if (outcome.damaged)
      g_assert_null(outcome.base);
    else
      assert_unharmed(&outcome);
  }
  g_assert_cmpuint(noticed, >, FLIPS / 4);
}

/* Also the root of the tree: the rows are found without it. */
static void
test_zeroed_pages(Damage *self, gconstpointer data)
{
  const gsize size = g_bytes_get_size(self->db);

  for (gsize at = 0; at < size; at += PAGE) {
    g_autoptr(GBytes) db = zeroed(self->db, at, PAGE);
    g_auto(Outcome) outcome = { 0 };

    g_test_message("page %u", (guint)(at / PAGE + 1));
    try(self, db, NULL, &outcome);
    g_assert_cmpuint(outcome.saved, >=, N_OPERATIONS - ROWS_PER_PAGE);
    if (!outcome.damaged)
      assert_unharmed(&outcome);
  }
}

static void
test_truncated(Damage *self, gconstpointer data)
{
  const gsize size = g_bytes_get_size(self->db);

  for (gsize length = 0; length < size; length += PAGE) {
    g_autoptr(GBytes) db = g_bytes_new_from_bytes(self->db, 0, length);
    const gint64 lost_pages = (gint64)((size - length) / PAGE);
    g_auto(Outcome) outcome = { 0 };

    g_test_message("%u pages left", (guint)(length / PAGE));
    try(self, db, NULL, &outcome);
    g_assert_true(outcome.damaged);
    g_assert_cmpint(outcome.saved, >=, N_OPERATIONS - lost_pages * ROWS_PER_PAGE);
  }
}

static void
test_not_a_database(Damage *self, gconstpointer data)
{
  g_autofree char *noise = g_malloc(64 * 1024);
  g_autoptr(GBytes) db = NULL;
  g_auto(Outcome) outcome = { 0 };

  for (guint i = 0; i < 64 * 1024; i++)
    noise[i] = (char)g_test_rand_int_range(0, 256);
  db = g_bytes_new(noise, 64 * 1024);
  try(self, db, NULL, &outcome);
  g_assert_true(outcome.damaged);
  g_assert_cmpuint(outcome.saved, ==, 0);
}

/* A changed letter in a row is no damage to SQLite. */
static void
test_changed_text(Damage *self, gconstpointer data)
{
  static const char zone[] = "America/Argentina/Buenos_Aires";
  gsize length;
  const guint8 *bytes = g_bytes_get_data(self->db, &length);
  const guint8 *at = memmem(bytes, length, zone, strlen(zone));
  g_autoptr(GBytes) db = NULL;
  g_auto(Outcome) outcome = { 0 };

  g_assert_nonnull(at);
  db = flipped(self->db, (gsize)(at - bytes), 1);
  try(self, db, NULL, &outcome);
  g_assert_true(outcome.damaged);
  g_assert_cmpuint(outcome.saved, ==, N_OPERATIONS - 1);
  g_assert_cmpstr(outcome.device, ==, "this one");
  g_assert_null(outcome.base);
}

/* SQLite drops the rest of a broken WAL without a word. Only the last commit may go unreported: a power cut
 * looks so. */
static void
test_wal_flips(Damage *self, gconstpointer data)
{
  const int size = (int)g_bytes_get_size(self->wal);
  guint noticed = 0;

  for (guint i = 0; i < WAL_FLIPS; i++) {
    const int at = g_test_rand_int_range(0, i % 4 == 0 ? 100 : size);
    g_autoptr(GBytes) wal = flipped(self->wal, (gsize)at, (guint8)g_test_rand_int_range(1, 256));
    g_auto(Outcome) outcome = { 0 };

    g_test_message("byte %d", at);
    try(self, self->old, wal, &outcome);
    noticed += outcome.damaged;
    if (outcome.damaged)
      g_assert_cmpuint(outcome.saved, >=, N_OPERATIONS - ROWS_PER_PAGE);
    else if (outcome.saved != N_OPERATIONS)
      g_assert_cmpuint(outcome.saved, ==, N_OPERATIONS - 10);
  }
  g_assert_cmpuint(noticed, >, WAL_FLIPS / 2);
}

/* A power cut tears the last commit: never acknowledged, no damage. */
static void
test_torn_wal(Damage *self, gconstpointer data)
{
  const gsize size = g_bytes_get_size(self->wal);

  for (gsize less = 1; less < 3 * PAGE; less += 511) {
    g_autoptr(GBytes) wal = g_bytes_new_from_bytes(self->wal, 0, size - less);
    g_auto(Outcome) outcome = { 0 };

    try(self, self->old, wal, &outcome);
    g_assert_false(outcome.damaged);
    g_assert_cmpuint(outcome.saved % 10, ==, 0);
    g_assert_cmpuint(outcome.saved, >=, N_OPERATIONS - 30);
    g_assert_cmpuint(outcome.saved, <, N_OPERATIONS);
  }
}

/* SQLite would delete the WAL of an empty file. */
static void
test_wal_alone(Damage *self, gconstpointer data)
{
  g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
  g_auto(Outcome) without = { 0 }, with_empty = { 0 };

  try(self, NULL, self->wal, &without);
  g_assert_true(without.damaged);
  g_assert_cmpuint(without.saved, ==, N_OPERATIONS);
  try(self, empty, self->wal, &with_empty);
  g_assert_true(with_empty.damaged);
  g_assert_cmpuint(with_empty.saved, ==, N_OPERATIONS);
}

/* Of the base's flags and other devices' rows nothing is taken over; of the people's decisions everything. */
static void
test_states(Damage *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autofree char *directory = g_build_filename(self->fixture.root, "states", NULL);
  g_autofree char *path = fixture_path(directory, ".db");
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(GBytes) sound = NULL, broken = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = fixture_open(directory, &nothing);

  for (guint i = 0; i <= PRG_OPERATION_DISCARDED; i++) {
    g_autoptr(PrgOperation) operation = fixture_operation(i);
    PrgChange *change = prg_changes_put(changes, operation, i, TRUE);

    change->note = g_strdup("note");
    change->answer = g_strdup("answer");
  }
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
  fixture_close(store);
  sound = fixture_read(path);
  broken = zeroed(sound, 0, 16);
  fixture_write(path, g_bytes_get_data(broken, NULL), g_bytes_get_size(broken));

  store = prg_store_open(directory, ACCOUNT, &snapshot, &report, &error);
  g_assert_no_error(error);
  g_assert_true(report.damaged);
  g_assert_cmpuint(report.saved, ==, PRG_OPERATION_DISCARDED);
  for (guint i = 0; i < PRG_OPERATION_DISCARDED; i++) {
    const PrgEntry *entry = fixture_entry(snapshot, i);

    g_assert_cmpint(entry->state, ==, i < PRG_OPERATION_REMOTE ? i : i + 1);
    g_assert_true(fixture_operation_is(entry->operation, entry->state));
    g_assert_cmpstr(entry->note, ==, "note");
    g_assert_cmpstr(entry->answer, ==, "answer");
    g_assert_false(entry->in_base);
  }
  prg_store_report_clear(&report);
  fixture_close(store);
}

/* A crash in the middle of a repair, before and after each of its steps on the disk. */
static void
test_interrupted_repair(Damage *self, gconstpointer data)
{
  static const struct {
    const char *db, *ready, *wal;
    gboolean damaged;
  } cases[] = {
    { "bad", "good", "bad", TRUE }, /* the new file is ready, nothing moved yet */
    { NULL, "good", "bad", TRUE },  /* the old file is away, its WAL not yet */
    { NULL, "good", NULL, FALSE },  /* all is away: as after the creation of a new store */
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *directory = g_strdup_printf("%s/repair-%u", self->fixture.root, i);
    g_autofree char *db = fixture_path(directory, ".db"), *wal = fixture_path(directory, ".db-wal");
    g_autofree char *ready = fixture_path(directory, ".ready"), *fresh = fixture_path(directory, ".fresh");
    g_auto(Outcome) outcome = { 0 };

    g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
    if (cases[i].db != NULL)
      fixture_write(db, "bad", 3);
    if (cases[i].wal != NULL)
      fixture_write(wal, g_bytes_get_data(self->wal, NULL), g_bytes_get_size(self->wal));
    fixture_write(ready, g_bytes_get_data(self->db, NULL), g_bytes_get_size(self->db));
    fixture_write(fresh, "half a file", 11);
    open_outcome(directory, NULL, cases[i].wal != NULL ? self->wal : NULL, &outcome);
    g_assert_cmpint(outcome.damaged, ==, cases[i].damaged);
    g_assert_cmpuint(outcome.saved, ==, N_OPERATIONS);
    g_assert_false(g_file_test(ready, G_FILE_TEST_EXISTS));
  }
}

int
main(int argc, char *argv[])
{
  /* Thousands of syncs, and no power cut to survive: in memory where there is such a place. */
  if (g_access("/dev/shm", W_OK) == 0)
    g_setenv("TMPDIR", "/dev/shm", TRUE);
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
  g_test_add("/store/damage/" name, Damage, NULL, damage_set_up, function, damage_tear_down)
  ADD("sound", test_sound);
  ADD("flips", test_flips);
  ADD("zeroed-pages", test_zeroed_pages);
  ADD("truncated", test_truncated);
  ADD("not-a-database", test_not_a_database);
  ADD("changed-text", test_changed_text);
  ADD("wal-flips", test_wal_flips);
  ADD("torn-wal", test_torn_wal);
  ADD("wal-alone", test_wal_alone);
  ADD("states", test_states);
  ADD("interrupted-repair", test_interrupted_repair);
  return g_test_run();
}
