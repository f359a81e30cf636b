/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-fault.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

Fault write_fault, sync_fault, read_fault, truncate_fault;

static gboolean
fails(Fault *self)
{
  self->calls++;
  if (self->countdown == 0)
    return FALSE;
  if (self->countdown > 1) {
    self->countdown--;
    return FALSE;
  }
  if (!self->lasting)
    self->countdown = 0;
  errno = self->code;
  return TRUE;
}

void
faults_clear(void)
{
  write_fault = sync_fault = read_fault = truncate_fault = (Fault){ 0 };
}

#define PUBLIC __attribute__((visibility("default")))
PUBLIC ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at);
PUBLIC ssize_t pread64(int fd, void *bytes, size_t length, off64_t at);
PUBLIC int fdatasync(int fd);
PUBLIC int ftruncate64(int fd, off64_t length);
PUBLIC ssize_t read(int fd, void *bytes, size_t length);

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
  return fails(&write_fault) ? -1 : syscall(SYS_pwrite64, fd, bytes, length, at);
}

ssize_t
pread64(int fd, void *bytes, size_t length, off64_t at)
{
  return fails(&read_fault) ? -1 : syscall(SYS_pread64, fd, bytes, length, at);
}

/* Of regular files only: not the wake-ups of the main loop. */
ssize_t
read(int fd, void *bytes, size_t length)
{
  struct stat info;

  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && read_fault.lasting && read_fault.countdown == 1) {
    errno = read_fault.code;
    return -1;
  }
  return syscall(SYS_read, fd, bytes, length);
}

int
fdatasync(int fd)
{
  return fails(&sync_fault) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate64(int fd, off64_t length)
{
  return fails(&truncate_fault) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

void
assert_refused(const GError *error, const char *directory, const char *advice)
{
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_test_message("%s", error->message);
  g_assert_nonnull(strstr(error->message, directory));
  if (advice != NULL)
    g_assert_nonnull(strstr(error->message, advice));
}

void
assert_nothing_set_aside(const char *directory)
{
  g_autofree char *aside = fixture_find(directory, "damaged");

  g_assert_null(aside);
}

/* The operations [0, n), and nothing else. */
void
assert_holds(const char *directory, guint n)
{
  g_autoptr(PrgSnapshot) snapshot = NULL;
  PrgStore *store = fixture_open(directory, &snapshot);

  fixture_close(store);
  g_assert_cmpuint(snapshot->entries->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_true(fixture_operation_is(fixture_entry(snapshot, i)->operation, i));
}

/* What another process would find if this one died now. */
void
assert_holds_after_crash(Fixture *self, guint n)
{
  static const char *const suffixes[] = { ".db", ".db-wal" };
  g_autofree char *directory = g_build_filename(self->root, "crash", NULL);

  g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
    g_autofree char *from = fixture_path(self->directory, suffixes[i]);
    g_autofree char *to = fixture_path(directory, suffixes[i]);
    g_autoptr(GBytes) bytes = fixture_read(from);

    fixture_write(to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
  }
  assert_holds(directory, n);
  fixture_remove(directory);
}

GPtrArray *
some_changes(guint from, guint to)
{
  GPtrArray *changes = prg_changes_new();

  for (guint i = from; i < to; i++)
    fixture_put(changes, i, PRG_OPERATION_NEW);
  return changes;
}
