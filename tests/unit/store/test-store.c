/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_empty(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStore *store = fixture_open(self->directory, &snapshot);

  g_assert_cmpuint(snapshot->entries->len, ==, 0);
  g_assert_cmpstr(snapshot->base, ==, NULL);
  g_assert_cmpuint(g_hash_table_size(snapshot->meta), ==, 0);
  fixture_close(store);
}

static void
put_everything(GPtrArray *changes)
{
  for (guint i = 0; i < 1000; i++) {
    g_autoptr(PrgOperation) operation = fixture_operation(i);
    PrgChange *change = prg_changes_put(changes, operation, i % (PRG_OPERATION_DISCARDED + 1), i % 2);

    change->note = i % 3 == 0 ? g_strdup_printf("note %u 'é'", i) : NULL;
    change->answer = i % 4 == 0 ? g_strdup_printf("{\"answer\":%u}", i) : NULL;
  }
  prg_changes_base(changes, "{\"total\":9007199254740993,\"name\":\"Ünal\"}");
  prg_changes_meta(changes, "device", "a");
  prg_changes_meta(changes, "'; DELETE FROM meta; --", "日本語");
  prg_changes_meta(changes, "gone", "x");
  prg_changes_meta(changes, "gone", NULL);
  prg_changes_meta(changes, "empty", "");
}

static void
assert_entry(const PrgEntry *entry, guint i)
{
  g_autofree char *note = i % 3 == 0 ? g_strdup_printf("note %u 'é'", i) : NULL;
  g_autofree char *answer = i % 4 == 0 ? g_strdup_printf("{\"answer\":%u}", i) : NULL;

  g_assert_true(fixture_operation_is(entry->operation, i));
  g_assert_cmpint(entry->state, ==, i % (PRG_OPERATION_DISCARDED + 1));
  g_assert_cmpint(entry->in_base, ==, i % 2);
  g_assert_cmpstr(entry->note, ==, note);
  g_assert_cmpstr(entry->answer, ==, answer);
}

/* Every state, every field, notes, answers, base, values, in the order of the commits. */
static void
test_round_trip(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(GError) error = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  put_everything(changes);
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
  fixture_close(store);

  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 1000);
  for (guint i = 0; i < 1000; i++)
    assert_entry(fixture_entry(snapshot, i), i);
  g_assert_cmpstr(snapshot->base, ==, "{\"total\":9007199254740993,\"name\":\"Ünal\"}");
  g_assert_cmpuint(g_hash_table_size(snapshot->meta), ==, 3);
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "device"), ==, "a");
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "'; DELETE FROM meta; --"), ==, "日本語");
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "empty"), ==, "");
  fixture_close(store);
}

static void
put_three(PrgStore *store)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(PrgOperation) operation = fixture_operation(1);
  g_autoptr(GError) error = NULL;
  PrgChange *change;

  fixture_put(changes, 0, PRG_OPERATION_NEW);
  change = prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
  change->note = g_strdup("first");
  change->answer = g_strdup("answer");
  fixture_put(changes, 2, PRG_OPERATION_NEW);
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
}

/* Operation 1 has another amount and kind; operation 0 is in the ledger. */
static void
change_two(PrgStore *store)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(PrgOperation) operation = fixture_operation(1), other = NULL;
  g_autofree char *id = fixture_operation_id(0);
  g_autoptr(GError) error = NULL;
  PrgOperation fields = *operation;
  PrgChange *change;

  fields.amount = 4242;
  fields.kind = "badge_earned";
  other = prg_operation_new(&fields);
  prg_changes_put(changes, other, PRG_OPERATION_SUPERSEDED, TRUE);
  change = prg_changes_state(changes, id, PRG_OPERATION_LEDGERED, TRUE, "why");
  change->created_at = 77;
  prg_changes_state(changes, id, PRG_OPERATION_FOLDED, TRUE, NULL);
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
}

/* A repeated PUT replaces but stays where it was; no note and no answer keep what was there. */
static void
test_replace(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autofree char *id = fixture_operation_id(0), *other_id = fixture_operation_id(1);
  PrgStore *store = fixture_open(self->directory, &nothing);
  const PrgEntry *first, *second;

  put_three(store);
  change_two(store);
  fixture_close(store);

  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 3);
  first = fixture_entry(snapshot, 0);
  g_assert_cmpstr(first->operation->id, ==, id);
  g_assert_cmpint(first->state, ==, PRG_OPERATION_FOLDED);
  g_assert_true(first->in_base);
  g_assert_cmpstr(first->note, ==, "why");
  g_assert_cmpint(first->operation->created_at, ==, 77);
  second = fixture_entry(snapshot, 1);
  g_assert_cmpstr(second->operation->id, ==, other_id);
  g_assert_cmpint(second->operation->amount, ==, 4242);
  g_assert_cmpstr(second->operation->kind, ==, "badge_earned");
  g_assert_cmpint(second->state, ==, PRG_OPERATION_SUPERSEDED);
  g_assert_cmpstr(second->note, ==, "first");
  g_assert_cmpstr(second->answer, ==, "answer");
  g_assert_true(fixture_operation_is(fixture_entry(snapshot, 2)->operation, 2));
  fixture_close(store);
}

/* The order inside a change set counts too: the last word on a thing wins. */
static void
test_order(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(GError) error = NULL;
  g_autofree char *id = fixture_operation_id(3);
  PrgStore *store = fixture_open(self->directory, &nothing);

  prg_changes_meta(changes, "key", "1");
  fixture_put(changes, 3, PRG_OPERATION_NEW);
  prg_changes_state(changes, id, PRG_OPERATION_SENT, FALSE, NULL);
  prg_changes_base(changes, "1");
  prg_changes_meta(changes, "key", "2");
  prg_changes_base(changes, "2");
  prg_changes_state(changes, id, PRG_OPERATION_QUARANTINED, FALSE, "named");
  for (guint i = 20; i > 10; i--)
    fixture_put(changes, i, PRG_OPERATION_NEW);
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
  fixture_close(store);

  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "key"), ==, "2");
  g_assert_cmpstr(snapshot->base, ==, "2");
  g_assert_cmpint(fixture_entry(snapshot, 0)->state, ==, PRG_OPERATION_QUARANTINED);
  for (guint i = 0; i < 10; i++)
    g_assert_true(fixture_operation_is(fixture_entry(snapshot, i + 1)->operation, 20 - i));
  fixture_close(store);
}

static void
add_bad_change(GPtrArray *changes, guint which)
{
  g_autoptr(PrgOperation) bad_text = prg_operation_new(&(PrgOperation){ .id = "x", .ref = "\xff\xfe" });
  g_autoptr(PrgOperation) no_id = prg_operation_new(&(PrgOperation){ .kind = "dial_made" });

  switch (which) {
  case 0:
    prg_changes_state(changes, "never seen", PRG_OPERATION_SENT, FALSE, NULL);
    break;
  case 1:
    prg_changes_put(changes, bad_text, PRG_OPERATION_NEW, FALSE);
    break;
  case 2:
    prg_changes_put(changes, no_id, PRG_OPERATION_NEW, FALSE);
    break;
  case 3:
    fixture_put(changes, 9, (PrgOperationState)9);
    break;
  case 4:
    prg_changes_meta(changes, "key", "\xc3");
    break;
  default: {
    g_autofree char *huge = g_strnfill(40 * 1024 * 1024, 'x');

    prg_changes_base(changes, huge);
  }
  }
}

/* A change that cannot be made takes the good ones of its set with it, and nothing else. */
static void
test_all_or_nothing(Fixture *self, gconstpointer data)
{
  static const PrgError codes[] = { PRG_ERROR_UNKNOWN_ID,       PRG_ERROR_INVALID_ARGUMENT,
                                    PRG_ERROR_INVALID_ARGUMENT, PRG_ERROR_INVALID_ARGUMENT,
                                    PRG_ERROR_INVALID_ARGUMENT, PRG_ERROR_TOO_LARGE };
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autofree char *id = fixture_operation_id(0);
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 3, 3);
  for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
    g_autoptr(GPtrArray) changes = prg_changes_new();
    g_autoptr(GError) error = NULL;

    fixture_put(changes, 100, PRG_OPERATION_NEW);
    prg_changes_state(changes, id, PRG_OPERATION_VOIDED, TRUE, "no");
    prg_changes_base(changes, "no");
    prg_changes_meta(changes, "no", "no");
    prg_changes_audit(changes, 1, "{}");
    add_bad_change(changes, i);
    fixture_put(changes, 101, PRG_OPERATION_NEW);
    g_assert_false(prg_store_commit(store, changes, &error));
    g_assert_error(error, PRG_ERROR, (int)codes[i]);
  }
  fixture_fill(store, 3, 4, 1);
  fixture_close(store);

  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    g_assert_true(fixture_operation_is(fixture_entry(snapshot, i)->operation, i));
    g_assert_cmpint(fixture_entry(snapshot, i)->state, ==, PRG_OPERATION_NEW);
  }
  g_assert_cmpstr(snapshot->base, ==, NULL);
  g_assert_cmpuint(g_hash_table_size(snapshot->meta), ==, 0);
  fixture_close(store);
}

typedef struct {
  GMainLoop *loop;
  PrgStore *store;
  GString *order;  /* one letter per callback */
  GThread *thread; /* in which all callbacks must run */
  guint committed;
} Async;

static void
on_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Async *async = user_data;
  g_autoptr(GError) error = NULL;

  prg_store_close_finish(async->store, result, &error);
  g_assert_no_error(error);
  g_string_append_c(async->order, 'x');
  g_main_loop_quit(async->loop);
}

static void
on_committed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Async *async = user_data;
  g_autoptr(GError) error = NULL;

  g_assert_true(prg_store_commit_finish(PRG_STORE(source), result, &error));
  g_assert_no_error(error);
  g_assert_true(g_thread_self() == async->thread);
  async->committed++;
  g_string_append_c(async->order, 'c');
}

static void
on_audited(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Async *async = user_data;
  g_autoptr(GPtrArray) entries = prg_store_audit_finish(PRG_STORE(source), result, NULL);

  g_assert_cmpuint(entries->len, ==, 20); /* all that was committed before, none that was queued later */
  g_assert_cmpstr(((PrgStoreAudit *)g_ptr_array_index(entries, 0))->text, ==, "{\"n\":19}");
  g_string_append_c(async->order, 'a');
}

static void
on_refused(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Async *async = user_data;
  g_autoptr(GError) error = NULL;

  g_assert_false(prg_store_commit_finish(PRG_STORE(source), result, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_string_append_c(async->order, 'r');
}

static void
queue_commits(Async *async, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_autoptr(GPtrArray) changes = prg_changes_new();
    g_autofree char *entry = g_strdup_printf("{\"n\":%u}", i);

    fixture_put(changes, i, PRG_OPERATION_NEW);
    prg_changes_audit(changes, i, entry);
    prg_store_commit_async(async->store, changes, NULL, on_committed, async);
  }
}

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Async *async = user_data;
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GPtrArray) late = prg_changes_new();
  g_autoptr(GError) error = NULL;
  PrgStoreReport report;

  async->store = prg_store_open_finish(result, &snapshot, &report, &error);
  g_assert_no_error(error);
  queue_commits(async, 0, 20);
  prg_store_audit_async(async->store, 100, NULL, on_audited, async);
  queue_commits(async, 20, 40);
  prg_store_close_async(async->store, on_closed, async);
  prg_store_commit_async(async->store, late, NULL, on_refused, async);
}

/* Everything queued before the close is done and answered, in order, in the caller's thread, and the close
 * comes last. */
static void
test_async(Fixture *self, gconstpointer data)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  g_autoptr(GString) order = g_string_new(NULL);
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autofree char *twenty = NULL, *expected = NULL;
  const guint threads = fixture_n_threads();
  Async async = { .loop = loop, .order = order, .thread = g_thread_self() };
  PrgStore *store;

  prg_store_open_async(self->directory, ACCOUNT, NULL, on_opened, &async);
  g_main_loop_run(loop);
  g_assert_cmpuint(async.committed, ==, 40);
  /* The refused one needs no worker, so it may come anywhere. */
  g_string_erase(order, strchr(order->str, 'r') - order->str, 1);
  twenty = g_strnfill(20, 'c');
  expected = g_strdup_printf("%sa%sx", twenty, twenty);
  g_assert_cmpstr(order->str, ==, expected);
  g_assert_cmpuint(fixture_n_threads(), ==, threads);
  g_assert_finalize_object(async.store);

  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 40);
  fixture_close(store);
}

/* Dropped without a close, with work queued: the worker does all of it, gives the lock back and goes. */
static void
test_drop(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autofree char *path = fixture_path(self->directory, ".lock");
  PrgStore *store = fixture_open(self->directory, &nothing);
  int lock;

  for (guint i = 0; i < 30; i++) {
    g_autoptr(GPtrArray) changes = prg_changes_new();

    fixture_put(changes, i, PRG_OPERATION_NEW);
    prg_store_commit_async(store, changes, NULL, NULL, NULL);
  }
  g_object_unref(store);
  lock = open(path, O_RDWR | O_CLOEXEC);
  while (flock(lock, LOCK_EX | LOCK_NB) != 0)
    g_main_context_iteration(NULL, FALSE);
  close(lock);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 30);
  fixture_close(store);
}

static void
on_cancelled(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(prg_store_commit_finish(PRG_STORE(source), result, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_CANCELLED);
  *(gboolean *)user_data = TRUE;
}

static void
test_cancelled(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(GCancellable) cancellable = g_cancellable_new();
  gboolean called = FALSE;
  PrgStore *store = fixture_open(self->directory, &nothing);

  g_cancellable_cancel(cancellable);
  fixture_put(changes, 0, PRG_OPERATION_NEW);
  prg_store_commit_async(store, changes, cancellable, on_cancelled, &called);
  while (!called)
    g_main_context_iteration(NULL, TRUE);
  fixture_close(store);
  store = fixture_open(self->directory, &snapshot);
  g_assert_cmpuint(snapshot->entries->len, ==, 0);
  fixture_close(store);
}

static void
on_audit_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GPtrArray **entries = user_data;

  *entries = prg_store_audit_finish(PRG_STORE(source), result, NULL);
}

/* Newest first: by the order of the commits, no clock decides it. */
static void
test_audit(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  g_autoptr(GPtrArray) changes = prg_changes_new(), entries = NULL;
  g_autoptr(GError) error = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);
  const PrgStoreAudit *newest, *second;

  prg_changes_audit(changes, 30, "{\"what\":\"first\"}");
  prg_changes_audit(changes, 10, "{\"what\":\"sécond\"}");
  prg_changes_audit(changes, 20, "{\"what\":\"third\"}");
  prg_store_commit(store, changes, &error);
  g_assert_no_error(error);
  prg_store_audit_async(store, 2, NULL, on_audit_read, &entries);
  while (entries == NULL)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(entries->len, ==, 2);
  newest = g_ptr_array_index(entries, 0);
  second = g_ptr_array_index(entries, 1);
  g_assert_cmpstr(newest->text, ==, "{\"what\":\"third\"}");
  g_assert_cmpint(newest->at, ==, 20);
  g_assert_cmpstr(second->text, ==, "{\"what\":\"sécond\"}");
  g_assert_cmpint(second->at, ==, 10);
  fixture_close(store);
}

static guint
mode_of(const char *path)
{
  struct stat info;

  g_assert_cmpint(lstat(path, &info), ==, 0);
  return info.st_mode & 07777;
}

/* Whatever the umask says, and also when the directory was there and open to all. */
static void
test_modes(Fixture *self, gconstpointer data)
{
  static const guint umasks[] = { 0, 0777, 022 };

  for (guint i = 0; i < G_N_ELEMENTS(umasks); i++) {
    g_autoptr(PrgSnapshot) snapshot = NULL;
    g_autofree char *directory = g_strdup_printf("%s/deep-%u", self->root, i);
    g_autofree char *db = fixture_path(directory, ".db");
    g_autofree char *wal = fixture_path(directory, ".db-wal");
    g_autofree char *lock = fixture_path(directory, ".lock");
    const mode_t before = umask((mode_t)umasks[i]);
    PrgStore *store;

    if (umasks[i] == 022)
      g_assert_cmpint(g_mkdir(directory, 0755), ==, 0);
    store = fixture_open(directory, &snapshot);
    fixture_fill(store, 0, 10, 5);
    g_assert_cmpuint(mode_of(directory), ==, 0700);
    g_assert_cmpuint(mode_of(db), ==, 0600);
    g_assert_cmpuint(mode_of(wal), ==, 0600);
    g_assert_cmpuint(mode_of(lock), ==, 0600);
    fixture_close(store);
    g_assert_false(g_file_test(wal, G_FILE_TEST_EXISTS));
    umask(before);
  }
}

static void
test_unsafe_names(Fixture *self, gconstpointer data)
{
  static const char *const names[] = { "", ".", "..", "../up", "a/b", ".hidden", "x.damaged-1" };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null(prg_store_open(self->directory, names[i], NULL, NULL, &error));
    g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  }
  g_assert_false(g_file_test(self->directory, G_FILE_TEST_EXISTS));
}

/* Odd but safe names, among them those that SQLite or a shell would read in their own way. */
static void
test_names_and_list(Fixture *self, gconstpointer data)
{
  static const char *const names[] = { "file:x?mode=memory", "a b", "ünal", "x#y%41", "plain" };
  g_autoptr(GPtrArray) accounts = NULL, none = prg_store_list("/nonexistent");

  g_assert_cmpuint(none->len, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(PrgStore) store = prg_store_open(self->directory, names[i], NULL, NULL, &error);

    g_assert_no_error(error);
    fixture_fill(store, i, i + 1, 1);
    prg_store_close(store, &error);
    g_assert_no_error(error);
  }
  accounts = prg_store_list(self->directory);
  g_assert_cmpuint(accounts->len, ==, G_N_ELEMENTS(names));
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    g_assert_true(g_ptr_array_find_with_equal_func(accounts, names[i], g_str_equal, NULL));
}

/* A newer program's file: refused by name, and not one byte of it changes. user_version is at byte 60 of the
 * file and application_id ("PRG" and the version) at byte 68, see https://www.sqlite.org/fileformat2.html. */
static void
test_newer_version(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autofree char *path = fixture_path(self->directory, ".db");
  g_autoptr(GBytes) bytes = NULL, after = NULL;
  g_autofree char *newer = NULL, *aside = NULL;
  g_autoptr(GError) error = NULL;
  gsize length;
  PrgStore *store = fixture_open(self->directory, &snapshot);

  fixture_fill(store, 0, 10, 5);
  fixture_close(store);
  bytes = fixture_read(path);
  newer = g_memdup2(g_bytes_get_data(bytes, &length), g_bytes_get_size(bytes));
  g_assert_cmpint(memcmp(newer + 60, "\0\0\0\1", 4), ==, 0);
  g_assert_cmpint(memcmp(newer + 68, "PRG\1", 4), ==, 0);
  newer[63] = newer[71] = 7;
  fixture_write(path, newer, length);

  g_assert_null(prg_store_open(self->directory, ACCOUNT, NULL, NULL, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_assert_nonnull(strstr(error->message, "newer version"));
  g_assert_nonnull(strstr(error->message, path));
  after = fixture_read(path);
  g_assert_cmpmem(g_bytes_get_data(after, NULL), g_bytes_get_size(after), newer, length);
  aside = fixture_find(self->directory, "damaged");
  g_assert_null(aside);
}

int
main(int argc, char *argv[])
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
  g_test_add("/store/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD("empty", test_empty);
  ADD("round-trip", test_round_trip);
  ADD("replace", test_replace);
  ADD("order", test_order);
  ADD("all-or-nothing", test_all_or_nothing);
  ADD("async", test_async);
  ADD("drop", test_drop);
  ADD("cancelled", test_cancelled);
  ADD("audit", test_audit);
  ADD("modes", test_modes);
  ADD("unsafe-names", test_unsafe_names);
  ADD("names-and-list", test_names_and_list);
  ADD("newer-version", test_newer_version);
  return g_test_run();
}
