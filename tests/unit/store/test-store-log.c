/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-fault.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A commit that was refused is not in the log for the next process: its caller was told that it was not recorded. */

#define LASTING(error_code) ((Fault){ .countdown = 1, .code = (error_code), .lasting = TRUE })

static GError *
commit_refused(Fixture *self, PrgStore *store, guint from, guint to)
{
  g_autoptr(GPtrArray) changes = some_changes(from, to);
  GError *error = NULL;

  g_assert_false(prg_store_commit(store, changes, &error));
  assert_refused(error, self->directory, "check the disk");
  return error;
}

static gboolean
is_in_doubt(const GError *error)
{
  return strstr(error->message, "may be recorded all the same") != NULL;
}

/* For as long as nothing can be synced, each commit writes all of itself, and is taken back. @n: what is there before. */
static void
refuse_syncs(Fixture *self, PrgStore *store, guint n)
{
  /* Short ones behind long ones: what is left of a long one must not look like the end of a broken log. */
  for (guint length = 60; length > 0; length /= 3) {
    g_autoptr(GError) error = NULL;

    sync_fault = LASTING(EIO);
    error = commit_refused(self, store, n, n + length);
    faults_clear();
    g_assert_false(is_in_doubt(error));
    assert_holds_after_crash(self, n);
  }
}

static void
test_syncs_refused(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, some = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  refuse_syncs(self, store, 0);
  fixture_fill(store, 0, 30, 3);
  refuse_syncs(self, store, 30);
  fixture_close(store);
  /* All is in the file; the first commit begins the log anew. */
  store = fixture_open(self->directory, &some);
  refuse_syncs(self, store, 30);
  fixture_fill(store, 30, 60, 3);
  refuse_syncs(self, store, 60);
  fixture_close(store);
  assert_holds(self->directory, 60);
  assert_nothing_set_aside(self->directory);
}

/* A log that grows past its checkpoint and begins anew, with refusals in between. */
static void
test_long_log(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);
  guint n = 0;

  for (guint round = 0; round < 30; round++, n += 120) {
    fixture_fill(store, n, n + 120, 2);
    if (round % 3 == 2)
      refuse_syncs(self, store, n + 120);
  }
  fixture_close(store);
  assert_holds(self->directory, n);
}

/* The log of a process that died, on a disk that does not even let it be read into the file. */
static void
test_log_of_another(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL, some = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 30, 3);
  write_fault = LASTING(ENOSPC);
  prg_store_close(store, NULL); /* leaves the log */
  g_object_unref(store);
  faults_clear();
  store = fixture_open(self->directory, &some);
  refuse_syncs(self, store, 30);
  fixture_close(store);
  assert_holds(self->directory, 30);
}

/* Nothing works at all: the caller is told that the outcome is open, nothing goes behind it, and it is taken back when that is
 * possible. */
static void
test_in_doubt(Fixture *self, gconstpointer data)
{
  g_autoptr(PrgSnapshot) nothing = NULL;
  g_autoptr(GError) first = NULL, second = NULL;
  PrgStore *store = fixture_open(self->directory, &nothing);

  fixture_fill(store, 0, 30, 3);
  sync_fault = truncate_fault = LASTING(EIO);
  first = commit_refused(self, store, 30, 40);
  g_assert_true(is_in_doubt(first));
  sync_fault = (Fault){ 0 };
  write_fault = LASTING(EIO);
  second = commit_refused(self, store, 30, 31);
  g_assert_false(is_in_doubt(second));
  faults_clear();
  assert_holds_after_crash(self, 40); /* as the first one was told */
  fixture_fill(store, 30, 33, 3);
  assert_holds_after_crash(self, 33);
  fixture_close(store);
  assert_holds(self->directory, 33);
}

int
main(int argc, char *argv[])
{
  if (g_access("/dev/shm", W_OK) == 0)
    g_setenv("TMPDIR", "/dev/shm", TRUE); /* many commits; no disk must be slow for them */
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
  g_test_add("/store/log/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD("syncs-refused", test_syncs_refused);
  ADD("long", test_long_log);
  ADD("of-another", test_log_of_another);
  ADD("in-doubt", test_in_doubt);
  return g_test_run();
}
