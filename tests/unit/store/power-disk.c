/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "power-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECTOR 512

typedef enum { WRITE, TRUNCATE, SYNC, CREATE, RENAME, UNLINK, MKDIR, SYNC_NAMES, SYNC_PARENT } EventKind;

typedef struct {
  EventKind kind;
  guint file; /* number of the file, whatever its name */
  goffset at; /* WRITE: where; TRUNCATE: the new length */
  gsize length;
  char *bytes;      /* (owned) (nullable) WRITE */
  char *name;       /* (owned) (nullable) CREATE, UNLINK, RENAME: the new name */
  char *other_name; /* (owned) (nullable) RENAME: the old name */
} Event;

struct _PowerDisk {
  char *directory;   /* (owned) */
  char *parent;      /* (owned) */
  gboolean was_made; /* the folder was there at the start */
  GArray *events;    /* (owned) (element-type Event) */
  GHashTable *files; /* (owned) inode → number + 1 of the file that has it now */
  GHashTable *names; /* (owned) name → number + 1 at the start */
  GPtrArray *start;  /* (owned) (element-type GByteArray) what the files held at the start */
  guint n_files;
};

static GMutex mutex;
static PowerDisk *recording; /* (not owned) (nullable) guarded by @mutex */

static void
event_clear(gpointer data)
{
  Event *self = data;

  g_free(self->bytes);
  g_free(self->name);
  g_free(self->other_name);
}

/* --- recording --- */

static void
add(PowerDisk *self, Event event)
{
  g_array_append_val(self->events, event);
}

/* NULL: not in this folder. */
static const char *
name_of(PowerDisk *self, const char *path)
{
  const gsize length = strlen(self->directory);

  if (strncmp(path, self->directory, length) != 0 || path[length] != '/')
    return NULL;
  return path + length + 1;
}

static gboolean
is_folder(const struct stat *info, const char *path)
{
  struct stat folder;

  return stat(path, &folder) == 0 && folder.st_ino == info->st_ino && folder.st_dev == info->st_dev;
}

/* The number of the open file. FALSE: none of this folder. */
static gboolean
file_of(PowerDisk *self, const struct stat *info, guint *file)
{
  const guint found =
      GPOINTER_TO_UINT(g_hash_table_lookup(self->files, GSIZE_TO_POINTER((gsize)info->st_ino)));

  *file = found - 1;
  return S_ISREG(info->st_mode) && found != 0;
}

static void
record_bytes(int fd, EventKind kind, const void *bytes, gsize length, goffset at)
{
  struct stat info;
  guint file;

  g_mutex_lock(&mutex);
  if (recording != NULL && fstat(fd, &info) == 0 && file_of(recording, &info, &file))
    add(recording,
        (Event){ .kind = kind, .file = file, .at = at, .length = length, .bytes = g_memdup2(bytes, length) });
  g_mutex_unlock(&mutex);
}

static void
record_sync(int fd)
{
  struct stat info;
  guint file;

  g_mutex_lock(&mutex);
  if (recording != NULL && fstat(fd, &info) == 0) {
    if (file_of(recording, &info, &file))
      add(recording, (Event){ .kind = SYNC, .file = file });
    else if (S_ISDIR(info.st_mode) && is_folder(&info, recording->directory))
      add(recording, (Event){ .kind = SYNC_NAMES });
    else if (S_ISDIR(info.st_mode) && is_folder(&info, recording->parent))
      add(recording, (Event){ .kind = SYNC_PARENT });
  }
  g_mutex_unlock(&mutex);
}

static void
record_create(int fd, const char *path)
{
  struct stat info;

  g_mutex_lock(&mutex);
  if (recording != NULL && name_of(recording, path) != NULL && fstat(fd, &info) == 0) {
    /* An inode may be that of a file that is gone. */
    g_hash_table_insert(recording->files, GSIZE_TO_POINTER((gsize)info.st_ino),
                        GUINT_TO_POINTER(++recording->n_files));
    add(recording, (Event){ .kind = CREATE,
                            .file = recording->n_files - 1,
                            .name = g_strdup(name_of(recording, path)) });
  }
  g_mutex_unlock(&mutex);
}

/* @info: of the file before the call */
static void
record_name(EventKind kind, const struct stat *info, const char *path, const char *old_path)
{
  guint file;

  g_mutex_lock(&mutex);
  if (recording != NULL && name_of(recording, path) != NULL && file_of(recording, info, &file))
    add(recording, (Event){ .kind = kind,
                            .file = file,
                            .name = g_strdup(name_of(recording, path)),
                            .other_name = old_path ? g_strdup(name_of(recording, old_path)) : NULL });
  g_mutex_unlock(&mutex);
}

static void
record_mkdir(const char *path)
{
  g_mutex_lock(&mutex);
  if (recording != NULL && g_str_equal(path, recording->directory))
    add(recording, (Event){ .kind = MKDIR });
  g_mutex_unlock(&mutex);
}

/* --- the calls, in front of the C library's --- */

#define PUBLIC __attribute__((visibility("default")))
PUBLIC ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at);
PUBLIC int ftruncate64(int fd, off64_t length);
PUBLIC int open64(const char *path, int flags, ...);

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
  const ssize_t written = syscall(SYS_pwrite64, fd, bytes, length, at);

  if (written > 0)
    record_bytes(fd, WRITE, bytes, (gsize)written, at);
  return written;
}

int
ftruncate64(int fd, off64_t length)
{
  const int result = (int)syscall(SYS_ftruncate, fd, length);

  if (result == 0)
    record_bytes(fd, TRUNCATE, NULL, 0, length);
  return result;
}

PUBLIC int
fdatasync(int fd)
{
  const int result = (int)syscall(SYS_fdatasync, fd);

  if (result == 0)
    record_sync(fd);
  return result;
}

PUBLIC int
fsync(int fd)
{
  const int result = (int)syscall(SYS_fsync, fd);

  if (result == 0)
    record_sync(fd);
  return result;
}

int
open64(const char *path, int flags, ...)
{
  const gboolean is_new = (flags & O_CREAT) != 0 && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
  va_list rest;
  int fd;

  va_start(rest, flags);
  fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, va_arg(rest, unsigned));
  va_end(rest);
  if (fd >= 0 && is_new)
    record_create(fd, path);
  return fd;
}

PUBLIC int
rename(const char *from, const char *to)
{
  struct stat info = { 0 };
  const gboolean is_there = lstat(from, &info) == 0;
  const int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);

  if (result == 0 && is_there)
    record_name(RENAME, &info, to, from);
  return result;
}

PUBLIC int
unlink(const char *path)
{
  struct stat info = { 0 };
  const gboolean is_there = lstat(path, &info) == 0;
  const int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);

  if (result == 0 && is_there)
    record_name(UNLINK, &info, path, NULL);
  return result;
}

/* AddressSanitizer makes the folder of its reports before it is ready to check anything. */
PUBLIC __attribute__((no_sanitize("address", "undefined"))) int
mkdir(const char *path, mode_t mode)
{
  const int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);

  if (g_atomic_pointer_get(&recording) != NULL && result == 0)
    record_mkdir(path);
  return result;
}

/* --- beginning and end --- */

static void
take_what_is_there(PowerDisk *self)
{
  g_autoptr(GDir) dir = g_dir_open(self->directory, 0, NULL);
  const char *name;

  self->was_made = dir != NULL;
  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *path = g_build_filename(self->directory, name, NULL);
    char *bytes = NULL;
    gsize length = 0;
    struct stat info;

    g_assert_true(lstat(path, &info) == 0 && g_file_get_contents(path, &bytes, &length, NULL));
    g_hash_table_insert(self->files, GSIZE_TO_POINTER((gsize)info.st_ino), GUINT_TO_POINTER(++self->n_files));
    g_hash_table_insert(self->names, g_strdup(name), GUINT_TO_POINTER(self->n_files));
    g_ptr_array_add(self->start, g_byte_array_new_take((guint8 *)bytes, length));
  }
}

PowerDisk *
power_disk_start(const char *directory)
{
  PowerDisk *self = g_new0(PowerDisk, 1);

  self->directory = g_strdup(directory);
  self->parent = g_path_get_dirname(directory);
  self->events = g_array_new(FALSE, FALSE, sizeof(Event));
  g_array_set_clear_func(self->events, event_clear);
  self->files = g_hash_table_new(NULL, NULL);
  self->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->start = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
  take_what_is_there(self);
  g_mutex_lock(&mutex);
  g_assert_null(recording);
  recording = self;
  g_mutex_unlock(&mutex);
  return self;
}

void
power_disk_stop(PowerDisk *self)
{
  g_mutex_lock(&mutex);
  if (recording == self)
    recording = NULL;
  g_mutex_unlock(&mutex);
}

void
power_disk_free(PowerDisk *self)
{
  power_disk_stop(self);
  g_free(self->directory);
  g_free(self->parent);
  g_array_unref(self->events);
  g_hash_table_unref(self->files);
  g_hash_table_unref(self->names);
  g_ptr_array_unref(self->start);
  g_free(self);
}

guint
power_disk_length(PowerDisk *self)
{
  g_mutex_lock(&mutex);
  const guint length = self->events->len;
  g_mutex_unlock(&mutex);
  return length;
}

gboolean
power_disk_has_made(PowerDisk *self, const char *part)
{
  for (guint i = 0; i < self->events->len; i++) {
    const Event *event = &g_array_index(self->events, Event, i);

    if (event->kind == CREATE && strstr(event->name, part) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* --- the cut --- */

typedef enum { KEEP_ALL, KEEP_NONE, KEEP_OLDER, KEEP_SOME, KEEP_SECTORS, N_LUCKS } Luck;

typedef struct {
  PowerDisk *disk;
  GRand *chance;
  Luck luck, names_luck;
  gboolean rubbish;   /* what was never written holds something, not zeros */
  GPtrArray *files;   /* (owned) (element-type GByteArray) what lasts of each */
  GPtrArray *waiting; /* (owned) (element-type GPtrArray of Event) not synced, of each */
  GHashTable *names;  /* (owned) name → number + 1, as they last */
  GPtrArray *moves;   /* (owned) (element-type Event) of names, not synced */
  gboolean made, made_for_good;
} Cut;

static void
set_length(Cut *self, GByteArray *bytes, gsize length)
{
  const guint before = bytes->len;

  g_byte_array_set_size(bytes, (guint)length);
  for (guint i = before; i < length; i++)
    bytes->data[i] = self->rubbish ? (guint8)g_rand_int(self->chance) : 0;
}

static void
put_bytes(Cut *self, GByteArray *bytes, const Event *event, gsize from, gsize to)
{
  const gsize end = (gsize)event->at + to;

  if (end > bytes->len)
    set_length(self, bytes, end);
  memcpy(bytes->data + event->at + from, event->bytes + from, to - from);
}

/* Sector by sector, as the disk would have written them: each arrives or does not. */
static void
put_sectors(Cut *self, GByteArray *bytes, const Event *event)
{
  for (gsize from = 0; from < event->length;) {
    const gsize rest = SECTOR - ((gsize)event->at + from) % SECTOR;
    const gsize to = MIN(from + rest, event->length);

    if (g_rand_boolean(self->chance))
      put_bytes(self, bytes, event, from, to);
    from = to;
  }
}

static void
apply(Cut *self, const Event *event, gboolean torn)
{
  GByteArray *bytes = g_ptr_array_index(self->files, event->file);

  if (event->kind == TRUNCATE)
    set_length(self, bytes, (gsize)event->at);
  else if (torn)
    put_sectors(self, bytes, event);
  else
    put_bytes(self, bytes, event, 0, event->length);
}

/* Which of @n events that wait arrive: TRUE for the one after the other. */
static gboolean
arrives(Cut *self, Luck luck, guint i, guint older)
{
  switch (luck) {
  case KEEP_ALL:
    return TRUE;
  case KEEP_OLDER:
    return i < older;
  case KEEP_SOME:
  case KEEP_SECTORS:
    return g_rand_boolean(self->chance);
  default:
    return FALSE;
  }
}

static guint
some_older(Cut *self, GPtrArray *events)
{
  return (guint)g_rand_int_range(self->chance, 0, (gint32)events->len + 1);
}

static void
settle_file(Cut *self, guint file, gboolean synced)
{
  GPtrArray *waiting = g_ptr_array_index(self->waiting, file);
  const guint older = synced ? 0 : some_older(self, waiting);

  for (guint i = 0; i < waiting->len; i++) {
    const gboolean torn = !synced && self->luck == KEEP_SECTORS;

    if (synced || (torn ? TRUE : arrives(self, self->luck, i, older)))
      apply(self, g_ptr_array_index(waiting, i), torn);
  }
  g_ptr_array_set_size(waiting, 0);
}

static void
move_name(Cut *self, const Event *event)
{
  if (event->kind == RENAME)
    g_hash_table_remove(self->names, event->other_name);
  if (event->kind == UNLINK)
    g_hash_table_remove(self->names, event->name);
  else
    g_hash_table_insert(self->names, g_strdup(event->name), GUINT_TO_POINTER(event->file + 1));
}

static void
settle_names(Cut *self, gboolean synced)
{
  const guint older = synced ? 0 : some_older(self, self->moves);

  for (guint i = 0; i < self->moves->len; i++)
    if (synced || arrives(self, self->names_luck, i, older))
      move_name(self, g_ptr_array_index(self->moves, i));
  g_ptr_array_set_size(self->moves, 0);
}

static void
replay(Cut *self, Event *event)
{
  switch (event->kind) {
  case WRITE:
  case TRUNCATE:
    g_ptr_array_add(g_ptr_array_index(self->waiting, event->file), event);
    break;
  case SYNC:
    settle_file(self, event->file, TRUE);
    break;
  case CREATE:
  case RENAME:
  case UNLINK:
    g_ptr_array_add(self->moves, event);
    break;
  case MKDIR:
    self->made = TRUE;
    break;
  case SYNC_NAMES:
    settle_names(self, TRUE);
    break;
  case SYNC_PARENT:
  default:
    self->made_for_good = self->made;
    break;
  }
}

static void
cut_begin(Cut *self)
{
  PowerDisk *disk = self->disk;
  GHashTableIter iter;
  gpointer name, number;

  self->luck = (Luck)g_rand_int_range(self->chance, 0, N_LUCKS);
  self->names_luck = (Luck)g_rand_int_range(self->chance, 0, N_LUCKS);
  self->rubbish = g_rand_boolean(self->chance);
  self->made = self->made_for_good = disk->was_made;
  self->files = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
  self->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  self->moves = g_ptr_array_new();
  self->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < disk->n_files; i++) {
    const GByteArray *before = i < disk->start->len ? g_ptr_array_index(disk->start, i) : NULL;
    GByteArray *bytes = g_byte_array_new();

    if (before != NULL)
      g_byte_array_append(bytes, before->data, before->len);
    g_ptr_array_add(self->files, bytes);
    g_ptr_array_add(self->waiting, g_ptr_array_new());
  }
  g_hash_table_iter_init(&iter, disk->names);
  while (g_hash_table_iter_next(&iter, &name, &number))
    g_hash_table_insert(self->names, g_strdup(name), number);
}

static void
cut_write(Cut *self, const char *directory)
{
  GHashTableIter iter;
  gpointer name, number;

  if (!self->made_for_good && (!self->made || g_rand_boolean(self->chance)))
    return;
  g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
  g_hash_table_iter_init(&iter, self->names);
  while (g_hash_table_iter_next(&iter, &name, &number)) {
    const GByteArray *bytes = g_ptr_array_index(self->files, GPOINTER_TO_UINT(number) - 1);
    g_autofree char *path = g_build_filename(directory, name, NULL);
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    if (bytes->len > 0)
      g_assert_cmpuint(fwrite(bytes->data, 1, bytes->len, file), ==, bytes->len);
    g_assert_cmpint(fclose(file), ==, 0);
  }
}

static void
cut_end(Cut *self)
{
  g_ptr_array_unref(self->files);
  g_ptr_array_unref(self->waiting);
  g_ptr_array_unref(self->moves);
  g_hash_table_unref(self->names);
}

void
power_disk_cut(PowerDisk *self, guint length, GRand *chance, const char *directory)
{
  Cut cut = { .disk = self, .chance = chance };

  g_mutex_lock(&mutex);
  g_assert_cmpuint(length, <=, self->events->len);
  cut_begin(&cut);
  for (guint i = 0; i < length; i++)
    replay(&cut, &g_array_index(self->events, Event, i));
  g_mutex_unlock(&mutex);
  for (guint i = 0; i < cut.files->len; i++)
    settle_file(&cut, i, FALSE);
  settle_names(&cut, FALSE);
  cut_write(&cut, directory);
  cut_end(&cut);
}
