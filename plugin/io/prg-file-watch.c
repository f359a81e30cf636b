/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-file-watch.h"

#include <sys/stat.h>

#define MAX_LINKS 40
#define MAX_ROUNDS 8

struct _PrgFileWatch {
  GObject parent_instance;
  char *path;            /* (owned) */
  GMainContext *context; /* (owned) where `changed` is raised */
  GPtrArray *monitors;   /* (owned) (element-type GFileMonitor) */
  GStrv way;             /* (owned) (nullable) what is watched, see look_up_way() */
};

G_DEFINE_FINAL_TYPE(PrgFileWatch, prg_file_watch, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* After this nothing is raised, although the monitor's own source may be under way. */
static void
forget_monitor(gpointer data)
{
  g_file_monitor_cancel(data);
  g_object_unref(data);
}

static void
prg_file_watch_finalize(GObject *object)
{
  PrgFileWatch *self = PRG_FILE_WATCH(object);

  g_ptr_array_unref(self->monitors);
  g_strfreev(self->way);
  g_free(self->path);
  g_main_context_unref(self->context);
  G_OBJECT_CLASS(prg_file_watch_parent_class)->finalize(object);
}

static void
prg_file_watch_class_init(PrgFileWatchClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = prg_file_watch_finalize;
  signals[SIGNAL_CHANGED] =
      g_signal_new("changed", PRG_TYPE_FILE_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
prg_file_watch_init(PrgFileWatch *self)
{
  self->context = g_main_context_ref_thread_default();
  self->monitors = g_ptr_array_new_with_free_func(forget_monitor);
}

PrgFileWatch *
prg_file_watch_new(const char *path)
{
  PrgFileWatch *self = g_object_new(PRG_TYPE_FILE_WATCH, NULL);

  self->path = g_strdup(path);
  return self;
}

const char *
prg_file_watch_get_path(PrgFileWatch *self)
{
  return self->path;
}

/* ---- the way to a file ---- */

/* Puts the parts of @path before those that are left. */
static void
push_parts(GQueue *parts, const char *path)
{
  g_auto(GStrv) words = g_strsplit(path, "/", -1);

  for (guint i = g_strv_length(words); i > 0; i--)
    if (*words[i - 1] != '\0')
      g_queue_push_head(parts, g_strdup(words[i - 1]));
}

/* The next folder of the way, after "." and "..", whose @folder has no symbolic link in it. (transfer full) */
static char *
step_into(const char *folder, const char *part)
{
  if (g_str_equal(part, "."))
    return g_strdup(folder);
  if (g_str_equal(part, ".."))
    return g_path_get_dirname(folder);
  return g_build_filename(folder, part, NULL);
}

/* Every name that is looked up on the way to @path, through all symbolic links, as far as there is one: a change of any of them may make
 * it another file. GIO's monitor of a file looks at the last name alone, and polls for a folder that is missing.
 * Returns: (transfer full) full paths */
static GStrv
look_up_way(const char *path)
{
  g_autoptr(GStrvBuilder) way = g_strv_builder_new();
  g_autofree char *folder = g_strdup("/");
  g_auto(GQueue) parts = G_QUEUE_INIT;
  guint n_links = 0;

  push_parts(&parts, path);
  while (!g_queue_is_empty(&parts)) {
    g_autofree char *part = g_queue_pop_head(&parts);
    g_autofree char *next = step_into(folder, part);
    g_autofree char *target = NULL;
    struct stat info;

    g_strv_builder_add(way, next);
    if (lstat(next, &info) != 0)
      break;
    target = S_ISLNK(info.st_mode) ? g_file_read_link(next, NULL) : NULL;
    if (target == NULL) {
      g_free(folder);
      folder = g_steal_pointer(&next);
      continue;
    }
    if (++n_links > MAX_LINKS)
      break;
    push_parts(&parts, target);
    if (g_path_is_absolute(target)) {
      g_free(folder);
      folder = g_strdup("/");
    }
  }
  g_queue_clear_full(&parts, g_free);
  return g_strv_builder_end(way);
}

/* ---- watching ---- */

static gboolean
is_on_way(PrgFileWatch *self, GFile *file)
{
  g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;

  return path != NULL && g_strv_contains((const char *const *)self->way, path);
}

static void
on_event(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, PrgFileWatch *self)
{
  /* A writer that has not finished: the hint that it has comes when it closes the file, or two seconds after its last write. */
  if (event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_PRE_UNMOUNT)
    return;
  if (is_on_way(self, file) || is_on_way(self, other))
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static void
watch_folder(PrgFileWatch *self, const char *folder)
{
  g_autoptr(GFile) file = g_file_new_for_path(folder);
  g_autoptr(GError) error = NULL;
  GFileMonitor *monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);

  if (monitor == NULL) {
    g_warning("Changes of %s are not noticed: %s", self->path, error->message);
    return;
  }
  g_signal_connect_object(monitor, "changed", G_CALLBACK(on_event), self, 0);
  g_ptr_array_add(self->monitors, monitor);
}

/* All anew: a folder with the name of an earlier one may be another folder. @way: (transfer full) */
static void
watch_way(PrgFileWatch *self, GStrv way)
{
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(self->context);
  g_autoptr(GHashTable) folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer folder;

  g_strfreev(self->way);
  self->way = way;
  for (guint i = 0; way[i] != NULL; i++)
    g_hash_table_add(folders, g_path_get_dirname(way[i]));
  /* GIO's inotify backend cannot watch the root: it would poll for a folder without a name. */
  g_hash_table_remove(folders, "/");
  g_ptr_array_set_size(self->monitors, 0);
  g_hash_table_iter_init(&iter, folders);
  while (g_hash_table_iter_next(&iter, &folder, NULL))
    watch_folder(self, folder);
}

/* ---- renewing ---- */

static void
look_in_worker(GTask *worker, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer(worker, look_up_way(task_data), (GDestroyNotify)g_strfreev);
}

static void look(GTask *task);

/* All of the way must be watched before it is looked up for the last time: then nothing that comes later is missed. */
static void
on_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  PrgFileWatch *self = g_task_get_source_object(task);
  guint rounds = GPOINTER_TO_UINT(g_task_get_task_data(task)) + 1;
  GError *error = NULL;
  g_auto(GStrv) way = g_task_propagate_pointer(G_TASK(result), &error);

  if (way == NULL) {
    g_task_return_error(task, error);
    return;
  }
  if (rounds == MAX_ROUNDS ||
      (rounds > 1 && g_strv_equal((const char *const *)self->way, (const char *const *)way))) {
    g_task_return_boolean(task, TRUE);
    return;
  }
  watch_way(self, g_steal_pointer(&way));
  g_task_set_task_data(task, GUINT_TO_POINTER(rounds), NULL);
  look(g_steal_pointer(&task));
}

/* @task: (transfer full) */
static void
look(GTask *task)
{
  PrgFileWatch *self = g_task_get_source_object(task);
  /* Without a source object: a worker lets go of it late, and monitors must not end in its thread. */
  g_autoptr(GTask) worker = g_task_new(NULL, g_task_get_cancellable(task), on_looked, task);

  g_task_set_source_tag(worker, look);
  g_task_set_task_data(worker, g_strdup(self->path), g_free);
  g_task_run_in_thread(worker, look_in_worker);
}

void
prg_file_watch_renew_async(PrgFileWatch *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);

  g_task_set_source_tag(task, prg_file_watch_renew_async);
  look(task);
}

gboolean
prg_file_watch_renew_finish(PrgFileWatch *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}
