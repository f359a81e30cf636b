/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "next-steps.h"
#include "power-disk.h"
#include "store-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The power is cut at any moment, and what was not synced arrives in part. Then the shipped code opens what is left:
 * every commit that was reported as done is there, the one under way is there whole or not at all, nothing is taken for
 * damaged. PRG_POWER_CUTS says how many cuts are tried; --seed chooses others.
 */

#define CUTS 3000
#define CUTS_PER_LIFE 40
#define LIVES 6 /* of one store, each from what the last cut left */
#define MAX_OPERATIONS 300

/* What a store should hold. */
typedef struct {
  guint n;
  guint8 states[MAX_OPERATIONS];
  guint commits; /* the base and an account value say it too */
} Content;

typedef struct {
  Fixture fixture;
  GRand *chance;   /* (owned) */
  guint number;    /* of the next folder */
  GArray *after;   /* (owned) (element-type Content) after each commit of this life, the first: before it */
  GArray *done;    /* (owned) (element-type guint) calls recorded when that commit was reported as done */
  guint cuts;      /* tried */
  guint cut_short; /* of those: the commit under way was not there */
} Power;

static guint
wanted_cuts(void)
{
  const char *text = g_getenv("PRG_POWER_CUTS");

  return text != NULL ? (guint)atoi(text) : CUTS;
}

/* @data: (nullable): NULL is the shipped release, else it is the next one */
static void
power_set_up(Power *self, gconstpointer data)
{
  next_steps_off = data == NULL;
  fixture_set_up(&self->fixture, data);
  self->chance = g_rand_new_with_seed((guint32)g_test_rand_int());
  self->after = g_array_new(FALSE, FALSE, sizeof(Content));
  self->done = g_array_new(FALSE, FALSE, sizeof(guint));
}

static void
power_tear_down(Power *self, gconstpointer data)
{
  g_rand_free(self->chance);
  g_array_unref(self->after);
  g_array_unref(self->done);
  fixture_tear_down(&self->fixture, data);
}

static char *
new_folder(Power *self)
{
  return g_strdup_printf("%s/%u", self->fixture.root, self->number++);
}

/* --- a life --- */

static void
note_done(Power *self, const Content *content, PowerDisk *disk)
{
  const guint length = power_disk_length(disk);

  g_array_append_val(self->after, *content);
  g_array_append_val(self->done, length);
}

static GPtrArray *
plan(Power *self, Content *content)
{
  GPtrArray *changes = prg_changes_new();
  /* Short commits over the rests of long ones. */
  const gint32 most = g_rand_int_range(self->chance, 0, 4) == 0 ? 40 : 6;
  const guint wished = (guint)g_rand_int_range(self->chance, 0, most);
  const guint n_new = MIN(wished, MAX_OPERATIONS - content->n);
  const guint n_old = content->n > 0 ? (guint)g_rand_int_range(self->chance, 0, 4) : 0;
  g_autofree char *count = g_strdup_printf("%u", ++content->commits);

  for (guint i = 0; i < n_new; i++) {
    content->states[content->n] = PRG_OPERATION_NEW;
    fixture_put(changes, content->n++, PRG_OPERATION_NEW);
  }
  for (guint i = 0; i < n_old; i++) {
    const guint which = (guint)g_rand_int_range(self->chance, 0, (gint32)content->n);
    const guint state = (guint)g_rand_int_range(self->chance, PRG_OPERATION_NEW, PRG_OPERATION_FOLDED + 1);
    g_autofree char *id = fixture_operation_id(which);

    content->states[which] = (guint8)state;
    prg_changes_state(changes, id, (PrgOperationState)state, FALSE, NULL);
  }
  prg_changes_base(changes, count);
  prg_changes_meta(changes, "count", count);
  prg_changes_audit(changes, 1, count);
  return changes;
}

/* Opens, commits, now and then closes and opens again. A short life is cut in its first commits. */
static void
live(Power *self, const char *directory, Content *content, PowerDisk *disk)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStore *store = fixture_open(directory, &snapshot);
  const guint commits = (guint)g_rand_int_range(self->chance, 1, g_rand_boolean(self->chance) ? 3 : 25);

  for (guint i = 0; i < commits; i++) {
    g_autoptr(GPtrArray) changes = plan(self, content);
    g_autoptr(GError) error = NULL;

    prg_store_commit(store, changes, &error);
    g_assert_no_error(error);
    note_done(self, content, disk);
    if (g_rand_int_range(self->chance, 0, 8) == 0) {
      g_autoptr(PrgSnapshot) again = NULL;

      fixture_close(store);
      store = fixture_open(directory, &again);
    }
  }
  if (g_rand_boolean(self->chance))
    fixture_close(store);
  else
    g_object_unref(store); /* closes too; the log may stay */
}

/* --- what a cut leaves --- */

/* (nullable): what is not as @content says */
static char *
difference(PrgSnapshot *snapshot, const Content *content)
{
  g_autofree char *count = g_strdup_printf("%u", content->commits);

  if (snapshot->entries->len != content->n)
    return g_strdup_printf("%u operations instead of %u", snapshot->entries->len, content->n);
  for (guint i = 0; i < content->n; i++) {
    const PrgEntry *entry = fixture_entry(snapshot, i);

    if (!fixture_operation_is(entry->operation, i) || entry->state != content->states[i])
      return g_strdup_printf("operation %u is another one, or in another state", i);
  }
  if (content->commits > 0 && (g_strcmp0(snapshot->base, count) != 0 ||
                               g_strcmp0(g_hash_table_lookup(snapshot->meta, "count"), count) != 0))
    return g_strdup_printf("base %s, value %s instead of %s", snapshot->base,
                           (char *)g_hash_table_lookup(snapshot->meta, "count"), count);
  return NULL;
}

/* The commits that were done when @length calls were, and perhaps the next one. Returns which state it is. */
static guint
expect_after_cut(Power *self, const char *directory, guint length)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autofree char *complaint = NULL, *other_complaint = NULL;
  guint done = 0;

  while (done + 1 < self->done->len && g_array_index(self->done, guint, done + 1) <= length)
    done++;
  fixture_close(fixture_open(directory, &snapshot));
  complaint = difference(snapshot, &g_array_index(self->after, Content, done));
  self->cut_short += complaint == NULL;
  if (complaint == NULL)
    return done;
  if (done + 1 < self->after->len)
    other_complaint = difference(snapshot, &g_array_index(self->after, Content, done + 1));
  if (other_complaint != NULL || done + 1 == self->after->len)
    g_error("%s; or %s", complaint, other_complaint ? other_complaint : "nothing else");
  return done + 1;
}

/* Cuts one recorded life in many places. *@directory: what the last cut left, for the next life. */
static void
cut_life(Power *self, PowerDisk *disk, char **directory, Content *content)
{
  const guint length = power_disk_length(disk);

  for (guint i = 0; i < CUTS_PER_LIFE; i++) {
    const guint at = (guint)g_rand_int_range(self->chance, 0, (gint32)length + 1);
    g_autofree char *left = new_folder(self);
    guint which;

    power_disk_cut(disk, at, self->chance, left);
    which = expect_after_cut(self, left, at);
    self->cuts++;
    if (i + 1 < CUTS_PER_LIFE) {
      fixture_remove(left);
      continue;
    }
    *content = g_array_index(self->after, Content, which);
    fixture_remove(*directory);
    g_free(*directory);
    *directory = g_steal_pointer(&left);
  }
}

static void
test_commits(Power *self, gconstpointer data)
{
  while (self->cuts < wanted_cuts()) {
    g_autofree char *directory = new_folder(self);
    Content content = { 0 };

    for (guint life = 0; life < LIVES; life++) {
      g_autoptr(PowerDisk) disk = power_disk_start(directory);

      g_array_set_size(self->after, 0);
      g_array_set_size(self->done, 0);
      note_done(self, &content, disk);
      live(self, directory, &content, disk);
      power_disk_stop(disk);
      /* The index of the log, shared memory in other programs, is never a file: nothing of it can be lost. */
      g_assert_false(power_disk_has_made(disk, "-shm"));
      cut_life(self, disk, &directory, &content);
    }
    fixture_remove(directory);
  }
  /* It did cut something short, and not everything. */
  g_test_message("%u cuts, the commit under way or none was missing after %u", self->cuts, self->cut_short);
  g_assert_cmpuint(self->cut_short, >, 0);
}

/* --- a repair --- */

static void
break_index(const char *directory)
{
  g_autofree char *path = fixture_path(directory, ".db");
  g_autoptr(GBytes) sound = fixture_read(path);
  gsize length;
  const void *bytes = g_bytes_get_data(sound, &length);
  g_autofree guint8 *broken = g_memdup2(bytes, length);

  memset(broken + 2 * 4096, 0xff, 4096); /* the second root: the index of the operations' ids */
  fixture_write(path, broken, length);
}

/* Every operation is there, whichever way the repair was interrupted; the base is not, after it. */
static void
expect_repaired(const char *directory, guint n)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = prg_store_open(directory, ACCOUNT, &snapshot, &report, &error);

  g_assert_no_error(error);
  prg_store_report_clear(&report);
  fixture_close(store);
  g_assert_cmpuint(snapshot->entries->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_true(fixture_operation_is(fixture_entry(snapshot, i)->operation, i));
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "device"), ==, "this one");
}

static void
test_repair(Power *self, gconstpointer data)
{
  const guint n = 60, cuts = wanted_cuts() / 10;
  g_autofree char *directory = new_folder(self);
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(PowerDisk) disk = NULL;
  PrgStore *store = fixture_open(directory, &snapshot);

  prg_changes_meta(changes, "device", "this one");
  g_assert_true(prg_store_commit(store, changes, NULL));
  fixture_fill(store, 0, n, 10);
  fixture_close(store);
  break_index(directory);
  disk = power_disk_start(directory);
  expect_repaired(directory, n);
  power_disk_stop(disk);
  g_assert_cmpuint(power_disk_length(disk), >, 20);
  for (guint i = 0; i < cuts; i++) {
    g_autofree char *left = new_folder(self);

    power_disk_cut(disk, (guint)g_rand_int_range(self->chance, 0, (gint32)power_disk_length(disk) + 1),
                   self->chance, left);
    expect_repaired(left, n);
    fixture_remove(left);
  }
}

/* --- an update --- */

static void
make_shipped(const char *directory, guint n)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStore *store;

  next_steps_off = TRUE;
  store = fixture_open(directory, &snapshot);
  fixture_fill(store, 0, n, 10);
  fixture_close(store);
  next_steps_off = FALSE;
}

/* The shipped release opens what it knows, and refuses what a newer one has written, whole. */
static void
expect_shipped_is_careful(const char *directory, guint n)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store;

  next_steps_off = TRUE;
  store = prg_store_open(directory, ACCOUNT, &snapshot, &report, &error);
  next_steps_off = FALSE;
  g_assert_false(report.damaged);
  prg_store_report_clear(&report);
  if (store == NULL) {
    g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
    g_assert_nonnull(strstr(error->message, "newer version"));
    return;
  }
  fixture_close(store);
  g_assert_cmpuint(snapshot->entries->len, ==, n);
}

/* Every operation is there, as it was. Returns the version that the update began with, 0 if all of it was done. */
static guint
expect_updated(const char *directory, guint n)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = prg_store_open(directory, ACCOUNT, &snapshot, &report, &error);
  const guint from = report.migrated_from;

  g_assert_no_error(error);
  g_assert_cmpstr(report.reason, ==, NULL);
  prg_store_report_clear(&report);
  fixture_close(store);
  g_assert_cmpuint(snapshot->entries->len, ==, n);
  for (guint i = 0; i < n; i++) {
    g_assert_true(fixture_operation_is(fixture_entry(snapshot, i)->operation, i));
    g_assert_cmpint(fixture_entry(snapshot, i)->state, ==, PRG_OPERATION_NEW);
  }
  return from;
}

static void
test_update(Power *self, gconstpointer data)
{
  const guint n = 60, cuts = wanted_cuts() / 10;
  g_autofree char *directory = new_folder(self);
  g_autoptr(PowerDisk) disk = NULL;
  guint left_at[NEXT_STEPS + 1] = { 0 }, shipped;

  make_shipped(directory, n);
  disk = power_disk_start(directory);
  shipped = expect_updated(directory, n);
  power_disk_stop(disk);
  g_assert_cmpuint(shipped, >, 0);
  for (guint i = 0; i < cuts; i++) {
    g_autofree char *left = new_folder(self);
    guint from;

    power_disk_cut(disk, (guint)g_rand_int_range(self->chance, 0, (gint32)power_disk_length(disk) + 1),
                   self->chance, left);
    if (g_rand_boolean(self->chance))
      expect_shipped_is_careful(left, n);
    from = expect_updated(left, n);
    left_at[from > 0 ? from - shipped : NEXT_STEPS]++;
    g_assert_cmpuint(expect_updated(left, n), ==, 0);
    fixture_remove(left);
  }
  /* Before the first step, between two versions, and after the last one. */
  for (guint i = 0; i <= NEXT_STEPS; i++)
    g_assert_cmpuint(left_at[i], >, 0);
}

/* --- the model itself --- */

/* A store that is not synced must be seen to lose something: else nothing above is proven. */
static void
test_model(Power *self, gconstpointer data)
{
  const char *path = self->fixture.directory;
  g_autofree char *file = g_build_filename(path, "file", NULL);
  guint lost = 0, kept = 0, halves = 0;
  g_autoptr(PowerDisk) disk = NULL;
  int fd;

  g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
  disk = power_disk_start(path);
  fd = g_open(file, O_RDWR | O_CREAT, 0600);
  g_assert_cmpint(pwrite(fd, "first", 5, 0), ==, 5);
  g_assert_cmpint(pwrite(fd, "second", 6, 600), ==, 6);
  close(fd);
  power_disk_stop(disk);
  for (guint i = 0; i < 500; i++) {
    g_autofree char *left = new_folder(self);
    g_autofree char *there = g_build_filename(left, "file", NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;

    power_disk_cut(disk, power_disk_length(disk), self->chance, left);
    if (!g_file_get_contents(there, &bytes, &length, NULL) || length == 0)
      lost++;
    else if (length == 606 && memcmp(bytes, "first", 5) == 0 && memcmp(bytes + 600, "second", 6) == 0)
      kept++;
    else
      halves++;
    fixture_remove(left);
  }
  g_assert_cmpuint(lost, >, 0);
  g_assert_cmpuint(kept, >, 0);
  g_assert_cmpuint(halves, >, 0);
}

int
main(int argc, char *argv[])
{
  if (g_access("/dev/shm", W_OK) == 0)
    g_setenv("TMPDIR", "/dev/shm", TRUE);
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function, release) \
  g_test_add("/store/power/" name, Power, release, power_set_up, function, power_tear_down)
  ADD("model", test_model, NULL);
  ADD("commits", test_commits, NULL);
  ADD("repair", test_repair, NULL);
  ADD("repair-next", test_repair, "next"); /* an operation has one column more */
  ADD("update", test_update, "next");
  return g_test_run();
}
