/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

void
fixture_set_up(Fixture *self, gconstpointer data)
{
  self->root = g_dir_make_tmp("prg-store-XXXXXX", NULL);
  g_assert_nonnull(self->root);
  self->directory = g_build_filename(self->root, "store", NULL);
}

void
fixture_remove(const char *directory)
{
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *path = g_build_filename(directory, name, NULL);

    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
      fixture_remove(path);
    else
      g_unlink(path);
  }
  g_rmdir(directory);
}

void
fixture_tear_down(Fixture *self, gconstpointer data)
{
  fixture_remove(self->root);
  g_free(self->root);
  g_free(self->directory);
}

static const char *const texts[] = {
  "",
  "plain",
  "Robert'); DROP TABLE operations;--",
  "?1 :a @b $c %s %n \" ` \\ ]]",
  "Zoë — Größe 你好 👩‍💻 e\xcc\x81",
  "line\nline\ttab\r\x01\x7f",
};

char *
fixture_operation_id(guint i)
{
  return g_strdup_printf("%08x-0000-4000-8000-%012x", i * 2654435761u, i);
}

PrgOperation *
fixture_operation(guint i)
{
  static const char *const kinds[] = { "dial_made", "call_connected", "deal_closed" };
  g_autofree char *id = fixture_operation_id(i);
  g_autofree char *ref = g_strdup_printf("lead-%u-%s", i, texts[i % G_N_ELEMENTS(texts)]);
  g_autofree char *cause = i % 3 == 0 ? g_strdup("") : fixture_operation_id(i - i % 3);
  g_autofree char *filler = g_strnfill(i % 97 == 13 ? 9000 : i % 200, 'x'); /* some longer than a page */
  g_autofree char *details =
      i % 5 == 0 ? g_strdup("")
                 : g_strdup_printf("{\"text\":\"%s %s\"}", texts[(i / 2) % G_N_ELEMENTS(texts)], filler);
  g_autofree char *local_day = g_strdup_printf("2026-%02u-%02u", i / 28 % 12 + 1, i % 28 + 1);

  return prg_operation_new(&(PrgOperation){
      .id = id,
      .device = i % 2 == 0 ? "00000000-0000-4000-8000-00000000000a" : "00000000-0000-4000-8000-00000000000b",
      .seq = (gint64)i + 1,
      .kind = kinds[i % 3],
      .amount = i % 11 == 0 ? G_MININT64 + i : (gint64)i * 10 - 100,
      .ref = ref,
      .occurred_at = G_GINT64_CONSTANT(1790000000000000) + i,
      .local_day = local_day,
      .zone = "America/Argentina/Buenos_Aires",
      .details = details,
      .cause = cause,
      .created_at = i % 4 == 0 ? 0 : G_GINT64_CONSTANT(1790000000000001) + i });
}

gboolean
fixture_operation_is(const PrgOperation *a, guint i)
{
  g_autoptr(PrgOperation) b = fixture_operation(i);

  return g_str_equal(a->id, b->id) && g_str_equal(a->device, b->device) && a->seq == b->seq &&
         g_str_equal(a->kind, b->kind) && a->amount == b->amount && g_str_equal(a->ref, b->ref) &&
         a->occurred_at == b->occurred_at && g_str_equal(a->local_day, b->local_day) &&
         g_str_equal(a->zone, b->zone) && g_str_equal(a->details, b->details) &&
         g_str_equal(a->cause, b->cause) && a->created_at == b->created_at;
}

void
fixture_put(GPtrArray *changes, guint i, PrgOperationState state)
{
  g_autoptr(PrgOperation) operation = fixture_operation(i);

  prg_changes_put(changes, operation, state, FALSE);
}

void
fixture_fill(PrgStore *store, guint from, guint to, guint per_commit)
{
  for (guint i = from; i < to;) {
    g_autoptr(GPtrArray) changes = prg_changes_new();
    g_autoptr(GError) error = NULL;

    for (const guint end = MIN(i + per_commit, to); i < end; i++)
      fixture_put(changes, i, PRG_OPERATION_NEW);
    prg_store_commit(store, changes, &error);
    g_assert_no_error(error);
  }
}

PrgStore *
fixture_open(const char *directory, PrgSnapshot **snapshot)
{
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = prg_store_open(directory, ACCOUNT, snapshot, &report, &error);

  g_assert_no_error(error);
  g_assert_nonnull(store);
  g_assert_cmpstr(report.reason, ==, NULL);
  g_assert_false(report.damaged);
  g_assert_cmpstr(report.set_aside, ==, NULL);
  g_assert_cmpuint(report.saved, ==, 0);
  g_assert_cmpuint(report.migrated_from, ==, 0);
  prg_store_report_clear(&report);
  return store;
}

void
fixture_close(PrgStore *store)
{
  g_autoptr(GError) error = NULL;

  prg_store_close(store, &error);
  g_assert_no_error(error);
  g_assert_finalize_object(store);
}

const PrgEntry *
fixture_entry(PrgSnapshot *snapshot, guint index)
{
  g_assert_cmpuint(index, <, snapshot->entries->len);
  return g_ptr_array_index(snapshot->entries, index);
}

char *
fixture_find(const char *directory, const char *part)
{
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  const char *name;
  char *found = NULL;

  g_assert_nonnull(dir);
  while (found == NULL && (name = g_dir_read_name(dir)) != NULL) {
    if (strstr(name, part) != NULL)
      found = g_build_filename(directory, name, NULL);
  }
  return found;
}

char *
fixture_path(const char *directory, const char *suffix)
{
  return g_strdup_printf("%s/" ACCOUNT "%s", directory, suffix);
}

GBytes *
fixture_read(const char *path)
{
  g_autoptr(GError) error = NULL;
  char *bytes = NULL;
  gsize length = 0;

  g_file_get_contents(path, &bytes, &length, &error);
  g_assert_no_error(error);
  return g_bytes_new_take(bytes, length);
}

void
fixture_write(const char *path, const void *bytes, gsize length)
{
  g_autoptr(GError) error = NULL;

  g_file_set_contents_full(path, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error(error);
}

guint
fixture_n_threads(void)
{
  g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name(dir) != NULL)
    n++;
  return n;
}
