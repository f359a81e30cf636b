/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-file.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *folder;    /* (owned) */
  char *path;      /* (owned) */
  char *temporary; /* (owned) where it is written first */
} Place;

static void
set_up(Place *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp("prg-file-XXXXXX", NULL);
  self->path = g_build_filename(self->folder, "file", NULL);
  self->temporary = g_strconcat(self->path, ".new", NULL);
}

static void
tear_down(Place *self, gconstpointer data)
{
  (void)g_unlink(self->path);
  (void)g_unlink(self->temporary);
  g_assert_cmpint(g_rmdir(self->folder), ==, 0);
  g_free(self->folder);
  g_free(self->path);
  g_free(self->temporary);
}

static void
assert_holds(const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  struct stat info;

  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, expected);
  g_assert_cmpint(stat(path, &info), ==, 0);
  g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

static void
replace(Place *self, const char *text)
{
  g_autoptr(GError) error = NULL;

  prg_file_replace(self->path, text, strlen(text), &error);
  g_assert_no_error(error);
  g_assert_cmpint(g_access(self->temporary, F_OK), !=, 0);
}

static void
test_replace(Place *self, gconstpointer data)
{
  replace(self, "first");
  assert_holds(self->path, "first");
  replace(self, "");
  assert_holds(self->path, "");
  /* What a crash left under the temporary name is longer, and does not matter. */
  g_assert_true(g_file_set_contents(self->temporary, "rubbish of a longer kind", -1, NULL));
  g_assert_cmpint(g_chmod(self->temporary, 0600), ==, 0);
  replace(self, "third");
  assert_holds(self->path, "third");
}

static void
expect_refused(Place *self, const char *advice)
{
  g_autofree char *text = g_strnfill(100000, 'x');
  g_autoptr(GError) error = NULL;

  g_assert_false(prg_file_replace(self->path, text, 100000, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED);
  g_assert_nonnull(strstr(error->message, self->path));
  g_assert_nonnull(strstr(error->message, advice));
}

/* The disk takes only a part: the old file is as it was, and no part is left. */
static void
test_full(Place *self, gconstpointer data)
{
  struct rlimit limit, before;

  replace(self, "first");
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 50000;
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  expect_refused(self, "Free some space");
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
  assert_holds(self->path, "first");
  g_assert_cmpint(g_access(self->temporary, F_OK), !=, 0);
}

/* The temporary file cannot be made at all. */
static void
test_in_the_way(Place *self, gconstpointer data)
{
  replace(self, "first");
  g_assert_cmpint(symlink("/dev/null", self->temporary), ==, 0); /* never followed */
  expect_refused(self, "Check that the folder exists");
  assert_holds(self->path, "first");
}

static void
test_abandon(Place *self, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const int fd = prg_file_begin(self->temporary, &error);

  g_assert_no_error(error);
  g_assert_cmpint(write(fd, "half", 4), ==, 4);
  prg_file_abandon(self->temporary, fd);
  g_assert_cmpint(g_access(self->temporary, F_OK), !=, 0);
  g_assert_cmpint(g_access(self->path, F_OK), !=, 0);
}

int
main(int argc, char *argv[])
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/file/" name, Place, NULL, set_up, function, tear_down)
  ADD("replace", test_replace);
  ADD("full", test_full);
  ADD("in-the-way", test_in_the_way);
  ADD("abandon", test_abandon);
  return g_test_run();
}
