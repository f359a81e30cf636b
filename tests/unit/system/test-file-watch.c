/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-file-watch.h"
#include "prg-file.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT 1000

typedef struct {
  char *folder;       /* (owned) */
  PrgFileWatch *file; /* (owned) */
  char *text;         /* (owned) (nullable) as read last; an error's message after "! " */
  gboolean is_reading, again;
} Fixture;

static void read_now(Fixture *self);

static void
on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;
  g_autoptr(GError) error = NULL;

  self->is_reading = FALSE;
  g_free(self->text);
  self->text = prg_file_read_finish(result, NULL, &error);
  if (self->text == NULL)
    self->text = g_strconcat("! ", error->message, NULL);
  if (self->again)
    read_now(self);
}

static void
on_renewed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true(prg_file_watch_renew_finish(self->file, result, NULL));
  prg_file_read_async(prg_file_watch_get_path(self->file), LIMIT, NULL, on_read, self);
}

/* As the service does: watch, then read. */
static void
read_now(Fixture *self)
{
  self->again = self->is_reading;
  if (self->is_reading)
    return;
  self->is_reading = TRUE;
  prg_file_watch_renew_async(self->file, NULL, on_renewed, self);
}

static gboolean
is_as(Fixture *self, const char *expected)
{
  if (self->is_reading || self->text == NULL)
    return FALSE;
  return *expected == '!' ? *self->text == '!' && strstr(self->text, expected + 2) != NULL
                          : g_str_equal(self->text, expected);
}

/* Runs the loop until @expected was read, "! " and a part of the message for an error. The harness ends a wait that is in vain. */
static void
await(Fixture *self, const char *expected)
{
  while (!is_as(self, expected))
    g_main_context_iteration(NULL, TRUE);
}

static char *
path_of(Fixture *self, const char *name)
{
  return g_build_filename(self->folder, name, NULL);
}

static void
follow(Fixture *self, const char *name)
{
  g_autofree char *path = path_of(self, name);

  self->file = prg_file_watch_new(path);
  g_signal_connect_swapped(self->file, "changed", G_CALLBACK(read_now), self);
  read_now(self);
}

/* Written in place, as a shell's redirection does. */
static void
write_file(Fixture *self, const char *name, const char *text)
{
  g_autofree char *path = path_of(self, name);
  FILE *stream = g_fopen(path, "we");

  g_assert_nonnull(stream);
  g_assert_cmpint(fputs(text, stream), >=, 0);
  g_assert_cmpint(fclose(stream), ==, 0);
}

static void
move_file(Fixture *self, const char *from, const char *to)
{
  g_autofree char *old = path_of(self, from);
  g_autofree char *new = path_of(self, to);

  g_assert_cmpint(g_rename(old, new), ==, 0);
}

static void
make_folder(Fixture *self, const char *name)
{
  g_autofree char *path = path_of(self, name);

  g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
}

static void
link_to(Fixture *self, const char *target, const char *name)
{
  g_autofree char *path = path_of(self, name);

  g_assert_cmpint(symlink(target, path), ==, 0);
}

static void
set_up(Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp("progression-watch-XXXXXX", NULL);
  g_assert_nonnull(self->folder);
}

static void
remove_all(const char *path)
{
  g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *inner = g_build_filename(path, name, NULL);
    remove_all(inner);
  }
  g_remove(path);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
  while (self->is_reading)
    g_main_context_iteration(NULL, TRUE);
  g_assert_finalize_object(self->file);
  g_free(self->text);
  remove_all(self->folder);
  g_free(self->folder);
}

static void
test_in_place(Fixture *self, gconstpointer data)
{
  write_file(self, "rules", "one");
  follow(self, "rules");
  await(self, "one");
  write_file(self, "rules", "two");
  await(self, "two");
  write_file(self, "rules", "");
  await(self, "");
}

static void
test_renamed_over(Fixture *self, gconstpointer data)
{
  write_file(self, "rules", "one");
  follow(self, "rules");
  await(self, "one");
  for (guint i = 0; i < 5; i++) {
    g_autofree char *text = g_strdup_printf("number %u", i);
    write_file(self, "rules.new", text);
    move_file(self, "rules.new", "rules");
    await(self, text);
  }
}

static void
test_removed_and_made(Fixture *self, gconstpointer data)
{
  static const char gone[] = "! No such file";
  g_autofree char *path = path_of(self, "rules");

  follow(self, "rules");
  await(self, gone);
  write_file(self, "rules", "one");
  await(self, "one");
  g_assert_cmpint(g_remove(path), ==, 0);
  await(self, gone);
  write_file(self, "rules", "two");
  await(self, "two");
  move_file(self, "rules", "elsewhere");
  await(self, gone);
}

/* The folders come later, one by one, or all at once by a rename, and go again. */
static void
test_folder_comes_later(Fixture *self, gconstpointer data)
{
  follow(self, "a/b/rules");
  await(self, "! ");
  make_folder(self, "a");
  make_folder(self, "a/b");
  write_file(self, "a/b/rules", "one");
  await(self, "one");
  move_file(self, "a", "old");
  await(self, "! ");
  write_file(self, "old/b/rules", "two");
  move_file(self, "old", "a");
  await(self, "two");
  make_folder(self, "c");
  make_folder(self, "c/b");
  write_file(self, "c/b/rules", "three");
  move_file(self, "a", "old");
  move_file(self, "c", "a");
  await(self, "three");
  write_file(self, "a/b/rules", "four");
  await(self, "four");
}

/* As configuration management does: rules → ..data/rules, ..data → a folder of each version. */
static void
test_links(Fixture *self, gconstpointer data)
{
  make_folder(self, "v1");
  make_folder(self, "v2");
  write_file(self, "v1/rules", "one");
  write_file(self, "v2/rules", "two");
  link_to(self, "v1", "..data");
  link_to(self, "..data/rules", "rules");
  follow(self, "rules");
  await(self, "one");
  link_to(self, "v2", "..new");
  move_file(self, "..new", "..data");
  await(self, "two");
  write_file(self, "v2/rules", "two and a half");
  await(self, "two and a half");
  link_to(self, "v1/../v1/./rules", "rules.new");
  move_file(self, "rules.new", "rules");
  await(self, "one");
  link_to(self, "loop", "loop");
  link_to(self, "loop", "rules.new");
  move_file(self, "rules.new", "rules");
  await(self, "! ");
}

/* What is no file may become one, and the other way round. */
static void
test_no_files(Fixture *self, gconstpointer data)
{
  g_autofree char *path = path_of(self, "rules");

  g_assert_cmpint(mkfifo(path, 0644), ==, 0);
  follow(self, "rules");
  await(self, "! no regular file");
  g_assert_cmpint(g_remove(path), ==, 0);
  await(self, "! No such file");
  make_folder(self, "rules");
  await(self, "! no regular file");
  g_assert_cmpint(g_rmdir(path), ==, 0);
  write_file(self, "rules", "one");
  await(self, "one");
  link_to(self, "/dev/zero", "rules.new");
  move_file(self, "rules.new", "rules");
  await(self, "! no regular file");
}

int
main(int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*run)(Fixture *, gconstpointer);
  } tests[] = {
    { "/file-watch/in-place", test_in_place },
    { "/file-watch/renamed-over", test_renamed_over },
    { "/file-watch/removed-and-made", test_removed_and_made },
    { "/file-watch/folder-comes-later", test_folder_comes_later },
    { "/file-watch/links", test_links },
    { "/file-watch/no-files", test_no_files },
  };

  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
    g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run, tear_down);
  return g_test_run();
}
