/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* This program is its own second process: `test-store-processes --child hold|write <directory>`. */

#define PER_COMMIT 3 /* a call's rows: never a part of them */
#define KILLS 100

static void
say(guint number)
{
  g_assert_cmpint(write(STDOUT_FILENO, &number, sizeof number), ==, sizeof number);
}

static PrgStore *
child_open(const char *directory, PrgSnapshot **snapshot)
{
  g_autoptr(GError) error = NULL;
  PrgStore *store = prg_store_open(directory, ACCOUNT, snapshot, NULL, &error);

  g_assert_no_error(error);
  return store;
}

/* Says how many commits the store has, after each. Until it is killed. */
static void
child_write(const char *directory)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(PrgStore) store = child_open(directory, &snapshot);

  for (guint n = snapshot->entries->len / PER_COMMIT;; n++) {
    g_autoptr(GPtrArray) changes = prg_changes_new();
    g_autofree char *count = g_strdup_printf("%u", n + 1);
    g_autofree char *last = fixture_operation_id(n * PER_COMMIT);

    for (guint i = 0; i < PER_COMMIT; i++)
      fixture_put(changes, n * PER_COMMIT + i, PRG_OPERATION_NEW);
    prg_changes_state(changes, last, PRG_OPERATION_SENT, FALSE, NULL);
    prg_changes_base(changes, count);
    prg_changes_meta(changes, "count", count);
    if (!prg_store_commit(store, changes, NULL))
      _exit(1);
    say(n + 1);
  }
}

static int
child_main(const char *what, const char *directory)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (g_str_equal(what, "write")) {
    child_write(directory);
  } else {
    g_autoptr(PrgSnapshot) snapshot = NULL;
    PrgStore *store = child_open(directory, &snapshot);

    say(0);
    pause();
    g_object_unref(store);
  }
  return 0;
}

typedef struct {
  GPid pid;
  int out;
} Child;

static Child
child_start(const char *what, const char *directory)
{
  const char *argv[] = { "/proc/self/exe", "--child", what, directory, NULL };
  g_autoptr(GError) error = NULL;
  Child child;

  g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child.pid, NULL,
                           &child.out, NULL, &error);
  g_assert_no_error(error);
  return child;
}

/* The next number it says, FALSE at the end. */
static gboolean
child_hear(const Child *child, guint *number)
{
  const ssize_t length = read(child->out, number, sizeof *number);

  g_assert_true(length == 0 || length == sizeof *number);
  return length > 0;
}

/* SIGKILL; returns the last number it had said, or @heard. */
static guint
child_kill(const Child *child, guint heard)
{
  int status = 0;

  g_assert_cmpint(kill(child->pid, SIGKILL), ==, 0);
  while (child_hear(child, &heard))
    continue;
  g_assert_cmpint(waitpid(child->pid, &status, 0), ==, child->pid);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  close(child->out);
  return heard;
}

static void
test_second_process(Fixture *self, gconstpointer data)
{
  const Child child = child_start("hold", self->directory);
  g_autofree char *pid = g_strdup_printf("process %d:", (int)child.pid);
  g_autofree char *path = fixture_path(self->directory, ".db");
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  guint number;

  g_assert_true(child_hear(&child, &number));
  g_assert_null(prg_store_open(self->directory, ACCOUNT, &snapshot, &report, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_assert_nonnull(strstr(error->message, pid));
  g_assert_nonnull(strstr(error->message, path));
  g_assert_null(snapshot);
  g_assert_false(report.damaged);

  /* The lock dies with the process. */
  child_kill(&child, 0);
  fixture_close(fixture_open(self->directory, &snapshot));
}

static void
test_same_process(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  g_autoptr(GError) error = NULL;
  const guint threads = fixture_n_threads();
  PrgStore *store = fixture_open(self->directory, &snapshot);

  g_assert_null(prg_store_open(self->directory, ACCOUNT, NULL, NULL, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_assert_nonnull(strstr(error->message, "already open in this process"));
  fixture_fill(store, 0, 5, 1); /* and the first goes on */
  fixture_close(store);
  g_assert_cmpuint(fixture_n_threads(), ==, threads);
}

/* All that was acknowledged is there, besides at most the one commit that was under way at each kill, whole.
 * Returns how many commits are there. */
static guint
check_after_kill(const char *directory, guint acknowledged, guint kills)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStore *store = fixture_open(directory, &snapshot);
  const guint n = snapshot->entries->len / PER_COMMIT;
  g_autofree char *count = n > 0 ? g_strdup_printf("%u", n) : NULL;

  fixture_close(store);
  g_assert_cmpuint(snapshot->entries->len % PER_COMMIT, ==, 0);
  g_assert_cmpuint(n, >=, acknowledged);
  g_assert_cmpuint(n, <=, acknowledged + kills);
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "count"), ==, count);
  g_assert_cmpstr(snapshot->base, ==, count);
  for (guint i = 0; i < snapshot->entries->len; i++) {
    const PrgEntry *entry = fixture_entry(snapshot, i);

    g_assert_true(fixture_operation_is(entry->operation, i));
    g_assert_cmpint(entry->state, ==, i % PER_COMMIT == 0 ? PRG_OPERATION_SENT : PRG_OPERATION_NEW);
  }
  return n;
}

static void
spin(gint64 microseconds)
{
  const gint64 end = g_get_monotonic_time() + microseconds;

  while (g_get_monotonic_time() < end)
    continue;
}

static void
test_kill(Fixture *self, gconstpointer data)
{
  guint acknowledged = 0, kills = 0;

  for (guint round = 0; round < KILLS; round++) {
    const Child child = child_start("write", self->directory);
    const guint hear = (guint)g_test_rand_int_range(0, 12);

    /* At a random point: in the opening, in a commit, between two. */
    for (guint i = 0; i < hear; i++)
      g_assert_true(child_hear(&child, &acknowledged));
    spin(g_test_rand_int_range(0, hear == 0 ? 20000 : 3000));
    acknowledged = child_kill(&child, acknowledged);
    kills++;
    g_test_message("round %u: %u commits", round, acknowledged);
    /* Now and then the next process meets the WAL of the killed one. */
    if (g_test_rand_bit() && round + 1 < KILLS)
      continue;
    acknowledged = check_after_kill(self->directory, acknowledged, kills);
    kills = 0;
  }
  g_assert_cmpuint(acknowledged, >, KILLS);
}

int
main(int argc, char *argv[])
{
  if (argc == 4 && g_str_equal(argv[1], "--child"))
    return child_main(argv[2], argv[3]);
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
  g_test_add("/store/processes/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD("second", test_second_process);
  ADD("same", test_same_process);
  ADD("kill", test_kill);
  return g_test_run();
}
