/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-fault.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Commits 20 operations with @fault armed: refused or not, nothing is half there, neither here nor after a crash, and a
 * refused commit goes through afterwards. Returns whether it was refused. */
static gboolean
commit_with_fault(Fixture *self, PrgStore *store, Fault *fault, Fault armed, const char *advice, guint *n)
{
  g_autoptr(GPtrArray) changes = some_changes(*n, *n + 20);
  g_autoptr(GError) error = NULL;
  gboolean refused;

  *fault = armed;
  refused = !prg_store_commit(store, changes, &error);
  faults_clear();
  if (refused) {
    assert_refused(error, self->directory, advice);
    assert_holds_after_crash(self, *n);
    g_clear_error(&error);
    prg_store_commit(store, changes, &error);
    g_assert_no_error(error);
  }
  *n += 20;
  assert_holds_after_crash(self, *n);
  return refused;
}

/* Fails the first call of a commit, then its second … until a commit has no such call any more. Twice: the first commit
 * starts the WAL anew, the others go on with it. */
static void
sweep_commit(Fixture *self, Fault *fault, int code, const char *advice)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);
  guint n = 0;

  for (guint pass = 0; pass < 2; pass++) {
    gint nth = 1;

    while (commit_with_fault(self, store, fault, (Fault){ .countdown = nth, .code = code }, advice, &n))
      nth++;
    g_assert_cmpint(nth, >, 1);
  }
  fixture_close(store);
  assert_holds(self->directory, n);
  assert_nothing_set_aside(self->directory);
}

static void
test_disk_full(Fixture *self, gconstpointer data)
{
  sweep_commit(self, &write_fault, ENOSPC, "Free some space");
}

static void
test_write_error(Fixture *self, gconstpointer data)
{
  sweep_commit(self, &write_fault, EIO, "Input/output error");
}

static void
test_sync_error(Fixture *self, gconstpointer data)
{
  sweep_commit(self, &sync_fault, EIO, "Input/output error");
}

/* Full for a long while: each commit is refused, each reading works, and then it goes on. */
static void
test_long_full(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 30, 3);
  write_fault = (Fault){ .countdown = 1, .code = ENOSPC, .lasting = TRUE };
  for (guint i = 0; i < 50; i++) {
    g_autoptr(GPtrArray) changes = some_changes(30, 60);
    g_autoptr(GError) error = NULL;

    g_assert_false(prg_store_commit(store, changes, &error));
    assert_refused(error, self->directory, "Free some space");
  }
  faults_clear();
  assert_holds_after_crash(self, 30);
  fixture_fill(store, 30, 60, 5);
  fixture_close(store);
  assert_holds(self->directory, 60);
}

/* No room to close tidily: the WAL stays and holds everything. */
static void
test_close_refused(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  g_autoptr(GError) error = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 100, 3);
  write_fault = (Fault){ .countdown = 1, .code = ENOSPC, .lasting = TRUE };
  g_assert_false(prg_store_close(store, &error));
  faults_clear();
  assert_refused(error, self->directory, "Free some space");
  g_assert_finalize_object(store);
  assert_holds(self->directory, 100);
}

typedef struct {
  Fault *fault;
  int code;
  gboolean lasting;
} Kind;

/* A sound store whose files cannot be read or written just now: refused, never set aside, and there
 * afterwards. With and without a WAL left by a crash. */
static void
sweep_open(Fixture *self, const Kind *kind, const char *directory)
{
  gboolean more = TRUE;

  for (gint nth = 1; more; nth++) {
    g_autoptr(PrgSnapshot) snapshot = NULL;
    g_autoptr(GError) error = NULL;
    PrgStore *store;

    *kind->fault = (Fault){ .countdown = nth, .code = kind->code, .lasting = kind->lasting };
    store = prg_store_open(directory, ACCOUNT, &snapshot, NULL, &error);
    more = store == NULL || kind->fault->countdown == 0;
    faults_clear();
    assert_nothing_set_aside(directory);
    if (store == NULL) {
      assert_refused(error, directory, NULL);
    } else {
      g_assert_cmpuint(snapshot->entries->len, ==, 100);
      prg_store_close(store, NULL);
      g_object_unref(store);
    }
  }
  assert_holds(directory, 100);
}

static void
test_open_refused(Fixture *self, gconstpointer data)
{
  static const Kind kinds[] = {
    { &read_fault, EIO, FALSE },     { &read_fault, EIO, TRUE },     { &write_fault, EIO, FALSE },
    { &write_fault, ENOSPC, FALSE }, { &write_fault, ENOSPC, TRUE }, { &sync_fault, EIO, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    g_autoptr(PrgSnapshot) nothing = NULL;
    g_autofree char *directory = g_strdup_printf("%s/open-%u", self->root, i);
    PrgStore *store = fixture_open(directory, &nothing);

    fixture_fill(store, 0, 100, 3);
    write_fault = (Fault){ .countdown = 1, .code = ENOSPC, .lasting = TRUE };
    prg_store_close(store, NULL); /* leaves the WAL */
    g_object_unref(store);
    faults_clear();
    sweep_open(self, &kinds[i], directory);
    sweep_open(self, &kinds[i], directory);
  }
}

/* The first opening, with no room for it: nothing half made stays in the way. */
static void
test_create_refused(Fixture *self, gconstpointer data)
{
  gboolean more = TRUE;

  for (gint nth = 1; more; nth++) {
    g_autofree char *directory = g_strdup_printf("%s/new-%d", self->root, nth);
    g_autoptr(GError) error = NULL;
    PrgStore *store;

    write_fault = (Fault){ .countdown = nth, .code = ENOSPC, .lasting = TRUE };
    store = prg_store_open(directory, ACCOUNT, NULL, NULL, &error);
    more = store == NULL;
    faults_clear();
    if (more)
      assert_refused(error, directory, "Free some space");
    else
      fixture_close(store);
    assert_holds(directory, 0);
  }
}

/* A damaged file, and no room to repair it: it stays where it is until there is. */
static void
test_repair_refused(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, snapshot = NULL;
  g_autofree char *path = fixture_path(self->directory, ".db");
  g_autoptr(GBytes) before = NULL, after = NULL;
  g_autoptr(GError) error = NULL;
  PrgStoreReport report = { 0 };
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 100, 10);
  fixture_close(store);
  {
    g_autoptr(GBytes) sound = fixture_read(path);
    g_autofree char *bytes = g_memdup2(g_bytes_get_data(sound, NULL), g_bytes_get_size(sound));

    memset(bytes, 0, 4096);
    fixture_write(path, bytes, g_bytes_get_size(sound));
    before = fixture_read(path);
  }
  write_fault = (Fault){ .countdown = 3, .code = ENOSPC, .lasting = TRUE };
  g_assert_null(prg_store_open(self->directory, ACCOUNT, NULL, NULL, &error));
  faults_clear();
  assert_refused(error, self->directory, "Free some space");
  g_clear_error(&error);
  assert_nothing_set_aside(self->directory);
  after = fixture_read(path);
  g_assert_true(g_bytes_equal(before, after));

  store = prg_store_open(self->directory, ACCOUNT, &snapshot, &report, &error);
  g_assert_no_error(error);
  g_assert_true(report.damaged);
  g_assert_cmpuint(report.saved, ==, 100);
  prg_store_report_clear(&report);
  fixture_close(store);
}

/* --- real file systems --- */

/* Runs @function in a child of its own, which may lose its rights or mount things. 77: it could not set that
 * up. */
static void
in_child(void (*function)(Fixture *self), Fixture *self)
{
  const pid_t pid = fork();
  int status = 0;

  g_assert_cmpint(pid, >=, 0);
  if (pid == 0) {
    signal(SIGABRT, SIG_DFL);
    function(self);
    _exit(0);
  }
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
    g_test_skip("not allowed on this machine");
  else
    g_assert_cmpint(status, ==, 0);
}

/* Commits until it is refused; returns how many operations were taken. */
static guint
fill_up(PrgStore *store, const char *directory, guint from)
{
  for (guint n = from;; n += 10) {
    g_autoptr(GPtrArray) changes = some_changes(n, n + 10);
    g_autoptr(GError) error = NULL;

    if (prg_store_commit(store, changes, &error))
      continue;
    assert_refused(error, directory, "Free some space");
    return n;
  }
}

static void
fill_tmpfs(Fixture *self)
{
  const int flags = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
  g_autofree char *ballast = g_build_filename(self->root, "ballast", NULL);
  g_autofree char *filler = g_strnfill(150 * 1024, 'x');
  g_autoptr(PrgSnapshot) nothing = NULL;
  PrgStore *store;
  guint n;

  if (unshare(flags) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", self->root, "tmpfs", 0, "size=600k") != 0)
    _exit(77);
  fixture_write(ballast, filler, 150 * 1024);
  store = fixture_open(self->directory, &nothing);
  n = fill_up(store, self->directory, 0);
  g_assert_cmpuint(n, >=, 10);
  g_assert_cmpuint(fill_up(store, self->directory, n), ==, n);
  assert_nothing_set_aside(self->directory);
  g_unlink(ballast);
  fixture_fill(store, n, n + 10, 10);
  fixture_close(store);
  assert_holds(self->directory, n + 10);

  /* The same file system, then read-only. */
  if (mount("none", self->root, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
    _exit(77);
  {
    g_autoptr(GError) error = NULL;

    g_assert_null(prg_store_open(self->directory, ACCOUNT, NULL, NULL, &error));
    assert_refused(error, self->directory, "writable for this user");
  }
}

static void
test_real_full(Fixture *self, gconstpointer data)
{
  in_child(fill_tmpfs, self);
}

static void
limit_size(Fixture *self)
{
  struct rlimit limit;
  g_autoptr(PrgSnapshot) nothing = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);
  guint n;

  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = 200 * 1024;
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  n = fill_up(store, self->directory, 0);
  g_assert_cmpuint(n, >=, 10);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  fixture_fill(store, n, n + 10, 10);
  fixture_close(store);
  assert_holds(self->directory, n + 10);
}

static void
test_size_limit(Fixture *self, gconstpointer data)
{
  in_child(limit_size, self);
}

/* Somebody else's directory is not used, whatever its rights; root becomes somebody else first. */
static void
open_without_rights(Fixture *self)
{
  g_autoptr(GError) error = NULL;

  if (geteuid() == 0 &&
      (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
    _exit(77);
  g_assert_null(prg_store_open(self->directory, ACCOUNT, NULL, NULL, &error));
  assert_refused(error, self->directory, "belongs to another user (0)");
}

static void
test_read_only_directory(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  g_autofree char *db = fixture_path(self->directory, ".db"), *lock = fixture_path(self->directory, ".lock");
  PrgStore *store;

  /* No store yet: it cannot be made. */
  g_assert_cmpint(g_mkdir(self->directory, 0755), ==, 0);
  g_assert_cmpint(g_chmod(self->root, 0755), ==, 0);
  g_assert_cmpint(g_chmod(self->directory, 0555), ==, 0);
  if (geteuid() == 0)
    in_child(open_without_rights, self);
  /* One that was there: it is left as it is. */
  store = fixture_open(self->directory, &nothing);
  fixture_fill(store, 0, 10, 1);
  fixture_close(store);
  if (geteuid() == 0) {
    g_assert_cmpint(g_chmod(self->directory, 0555), ==, 0);
    g_assert_cmpint(g_chmod(db, 0444), ==, 0);
    g_assert_cmpint(g_chmod(lock, 0666), ==, 0);
    in_child(open_without_rights, self);
  }
  assert_nothing_set_aside(self->directory);
  assert_holds(self->directory, 10);
}

int
main(int argc, char *argv[])
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
  g_test_add("/store/refusal/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD("disk-full", test_disk_full);
  ADD("write-error", test_write_error);
  ADD("sync-error", test_sync_error);
  ADD("long-full", test_long_full);
  ADD("close-refused", test_close_refused);
  ADD("open-refused", test_open_refused);
  ADD("create-refused", test_create_refused);
  ADD("repair-refused", test_repair_refused);
  ADD("real-full", test_real_full);
  ADD("size-limit", test_size_limit);
  ADD("read-only-directory", test_read_only_directory);
  return g_test_run();
}
