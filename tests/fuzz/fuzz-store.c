/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store's files with bytes changed: checked and searched for what they still hold, and never trusted. */
#include "fuzz.h"

#include "prg-error.h"
#include "prg-store-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_ROWS 20
#define MAX_PATCHES 64

static char *folder; /* (owned) */
static char *path, *wal_path;
static char *db, *wal; /* (owned) the sound files */
static gsize db_length, wal_length;

/* --- the sound store: some of it in the file, some of it in the write-ahead log --- */

static void
put(PrgStore *store, int number)
{
  g_autofree char *id = g_strdup_printf("00000000-0000-4000-8000-%012d", number);
  g_autofree char *ref = g_strnfill(number % 10 == 0 ? 9000 : 20, 'r'); /* some rows do not fit onto a page */
  const PrgOperation fields = { .id = id,
                                .device = "d",
                                .seq = number,
                                .kind = "dial_made",
                                .amount = number,
                                .ref = ref,
                                .local_day = "2026-11-20",
                                .details = "{\"text\":\"ä\"}" };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);
  g_autoptr(GPtrArray) changes = prg_changes_new();

  prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
  prg_changes_meta(changes, "name", ref);
  g_assert_true(prg_store_commit(store, changes, NULL));
}

static PrgStore *
open_store(void)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStoreReport report = { 0 };
  g_autoptr(GError) error = NULL;
  PrgStore *store = prg_store_open(folder, "sound", &snapshot, &report, &error);

  g_assert_no_error(error);
  prg_store_report_clear(&report);
  return store;
}

static void
remove_folder(void)
{
  static const char *const names[] = { "sound.db",  "sound.db-wal",  "sound.lock",
                                       "broken.db", "broken.db-wal", "broken.db-shm" };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *file = g_build_filename(folder, names[i], NULL);
    (void)g_unlink(file);
  }
  (void)g_rmdir(folder);
}

static void
make_store(void)
{
  g_autofree char *sound = NULL;
  g_autofree char *sound_wal = NULL;

  folder = g_dir_make_tmp("fuzz-store-XXXXXX", NULL);
  g_assert_nonnull(folder);
  atexit(remove_folder);
  path = g_build_filename(folder, "broken.db", NULL);
  wal_path = g_build_filename(folder, "broken.db-wal", NULL);
  sound = g_build_filename(folder, "sound.db", NULL);
  sound_wal = g_strconcat(sound, "-wal", NULL);
  PrgStore *store = open_store();
  for (int i = 1; i <= N_ROWS / 2; i++)
    put(store, i);
  g_assert_true(prg_store_close(store, NULL));
  g_object_unref(store);
  store = open_store();
  for (int i = N_ROWS / 2 + 1; i <= N_ROWS; i++)
    put(store, i);
  g_assert_true(g_file_get_contents(sound, &db, &db_length, NULL));
  g_assert_true(g_file_get_contents(sound_wal, &wal, &wal_length, NULL));
  g_assert_true(prg_store_close(store, NULL));
  g_object_unref(store);
}

/* --- damage --- */

/* Where (three bytes), how many (one byte), with what. Offsets count through the file and then the log. */
static guint
patch(FuzzInput *input, char *first, char *second)
{
  guint n = 0;

  for (; input->at < input->end && n < MAX_PATCHES; n++) {
    gsize at = fuzz_byte(input) | (gsize)fuzz_byte(input) << 8 | (gsize)fuzz_byte(input) << 16;
    at %= db_length + wal_length;
    for (guint length = 1 + fuzz_below(input, 16); length > 0 && at < db_length + wal_length; length--, at++)
      *(at < db_length ? first + at : second + at - db_length) = (char)fuzz_byte(input);
  }
  return n;
}

static void
write_file(const char *name, const char *bytes, gsize length)
{
  FILE *file =
      g_fopen(name, "we"); /* g_file_set_contents() would sync the disk, or leave a longer file's end */

  g_assert_nonnull(file);
  g_assert_cmpuint(fwrite(bytes, 1, length, file), ==, length);
  g_assert_cmpint(fclose(file), ==, 0);
}

/* A row comes back as it was written or not at all. (put() makes the amount the number of the row.) libFuzzer sees both sides of the
 * comparison of check sums, and can learn to write a good one. */
static void
check_row(const PrgOperation *operation)
{
#ifdef FUZZ_BY_CHANCE
  g_autofree char *id = g_strdup_printf("00000000-0000-4000-8000-%012d", (int)operation->amount);

  g_assert_cmpstr(operation->id, ==, id);
  g_assert_cmpint(operation->seq, ==, operation->amount);
  g_assert_cmpstr(operation->kind, ==, "dial_made");
  g_assert_cmpuint(strspn(operation->ref, "r"), ==, strlen(operation->ref));
#endif
  g_assert_cmpstr(operation->id, !=, "");
}

static void
check_rescued(const PrgSnapshot *snapshot)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

  for (guint i = 0; i < snapshot->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(snapshot->entries, i);
    const PrgOperation *operation = entry->operation;
    check_row(operation);
    g_assert_true(g_hash_table_add(seen, (gpointer)operation->id));
    fuzz_check_text(operation->kind);
    fuzz_check_text(operation->ref);
    fuzz_check_text(operation->details);
    g_assert_false(entry->in_base);
    g_assert_cmpint(entry->state, >=, PRG_OPERATION_NEW);
    g_assert_cmpint(entry->state, <=, PRG_OPERATION_DISCARDED);
    g_assert_cmpint(entry->state, !=, PRG_OPERATION_REMOTE);
  }
}

static void
check_files(guint n_patches)
{
  g_autofree char *damage = NULL;
  g_autoptr(GError) error = NULL;
  gboolean readable = prg_store_pages_check(path, &damage, &error);

  fuzz_check_error(readable, error);
  g_assert_true(readable);
  g_assert_true(n_patches > 0 || damage == NULL);
  g_autoptr(PrgSnapshot) snapshot = prg_store_rescue(path, &error);
  fuzz_check_error(snapshot != NULL, error);
  g_assert_nonnull(snapshot);
  check_rescued(snapshot);
  g_assert_true(n_patches > 0 || snapshot->entries->len == N_ROWS);
}

/* A rescue reads: what it may still be needed for stays as it is. */
static void
check_unchanged(const char *bytes, gsize length)
{
  g_autofree char *now = NULL;
  gsize now_length = 0;

  g_assert_true(g_file_get_contents(path, &now, &now_length, NULL));
  g_assert_cmpmem(now, now_length, bytes, length);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };

  if (folder == NULL)
    make_store();
  gsize cut = fuzz_byte(&input);
  g_autofree char *first = g_memdup2(db, db_length);
  g_autofree char *second = g_memdup2(wal, wal_length);
  guint n = patch(&input, first, second);
  gsize length = cut < 128 ? db_length : db_length * (cut - 128) / 128;
  write_file(path, first, length);
  write_file(wal_path, second, wal_length);
  check_files(cut < 128 ? n : n + 1);
  check_unchanged(first, length);
  return 0;
}
