/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-elsewhere.h"
#include "prg-store.h"
#include "prg-transfer.h"

struct _PrgElsewhere {
  PrgSession *session; /* (owned) */
  char *directory;     /* (owned) */
  void (*changed)(gpointer user_data);
  gpointer user_data;
  GHashTable *waiting; /* (owned) ids that wait there and are not known to the engine in use */
};

/* ---- looking ---- */

typedef struct {
  PrgElsewhere *elsewhere;
  PrgEngine *engine; /* (owned) the account that was in use */
} Look;

static void
look_free(Look *self)
{
  g_object_unref(self->engine);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Look, look_free)

static void
read_async(PrgElsewhere *self, GAsyncReadyCallback callback, gpointer user_data)
{
  prg_session_hold_store(self->session);
  prg_store_read_beside_async(prg_session_get_directory(self->session), self->directory,
                              prg_session_get_account(self->session)->name,
                              prg_jobs_begin(prg_session_get_jobs(self->session)), callback, user_data);
}

static void
take_found(PrgElsewhere *self, PrgBook *book, GPtrArray *found)
{
  for (guint i = 0; i < found->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(found, i);
    if (prg_book_find(book, operation->id) == NULL)
      g_hash_table_add(self->waiting, g_strdup(operation->id));
  }
  if (prg_elsewhere_count(self) == 0)
    return;
  g_message("%u operations wait in another installation's store in %s; “progression import --elsewhere” "
            "takes them over",
            prg_elsewhere_count(self), self->directory);
  self->changed(self->user_data);
}

static void
on_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Look) look = user_data;
  PrgElsewhere *self = look->elsewhere;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) found = prg_store_read_beside_finish(result, &error);

  prg_session_release_store(self->session);
  if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning("The store of another installation cannot be read: %s", error->message);
  if (found && look->engine == prg_session_get_engine(self->session))
    take_found(self, prg_engine_get_book(look->engine), found);
  prg_jobs_end(prg_session_get_jobs(self->session));
}

static void
on_engine_changed(PrgSession *session, PrgElsewhere *self)
{
  PrgEngine *engine = prg_session_get_engine(session);

  g_hash_table_remove_all(self->waiting);
  if (engine == NULL)
    return;
  Look *look = g_new0(Look, 1);
  look->elsewhere = self;
  look->engine = g_object_ref(engine);
  read_async(self, on_looked, look);
}

/* Whatever way they came, by an import or from the ledger. */
static void
on_taken(PrgSession *session, GPtrArray *changes, PrgElsewhere *self)
{
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_PUT)
      g_hash_table_remove(self->waiting, change->operation->id);
  }
}

guint
prg_elsewhere_count(PrgElsewhere *self)
{
  return g_hash_table_size(self->waiting);
}

/* ---- taking over ---- */

typedef struct {
  PrgElsewhere *elsewhere;
  PrgEngine *engine;     /* (owned) */
  GPtrArray *operations; /* (owned) (nullable) (element-type PrgOperation) */
} Takeover;

static void
takeover_free(gpointer data)
{
  Takeover *self = data;

  g_object_unref(self->engine);
  g_clear_pointer(&self->operations, g_ptr_array_unref);
  g_free(self);
}

static GPtrArray *
plan_takeover(PrgEngine *engine, gpointer user_data, GError **error)
{
  const Takeover *takeover = user_data;

  return prg_transfer_plan(prg_engine_get_book(engine), takeover->operations, error);
}

static void
return_takeover(GTask *task, guint added, GError *error)
{
  const Takeover *takeover = g_task_get_task_data(task);
  PrgElsewhere *self = takeover->elsewhere;
  PrgJobs *jobs = prg_session_get_jobs(self->session);

  if (error)
    g_task_return_error(task, error);
  else
    g_task_return_int(task, added);
  g_object_unref(task);
  prg_jobs_end(jobs);
}

static void
on_submitted(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  guint added = 0;

  prg_engine_submit_finish(PRG_ENGINE(source), result, &added, &error);
  return_takeover(user_data, added, error);
}

static void
on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Takeover *takeover = g_task_get_task_data(task);
  GError *error = NULL;

  takeover->operations = prg_store_read_beside_finish(result, &error);
  prg_session_release_store(takeover->elsewhere->session);
  if (takeover->operations)
    prg_engine_submit_async(takeover->engine, plan_takeover, takeover, NULL, NULL, on_submitted, task);
  else
    return_takeover(task, 0, error);
}

void
prg_elsewhere_import_async(PrgElsewhere *self,
                           PrgEngine *engine,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new(NULL, NULL, callback, user_data);
  Takeover *takeover = g_new0(Takeover, 1);

  takeover->elsewhere = self;
  takeover->engine = g_object_ref(engine);
  g_task_set_source_tag(task, prg_elsewhere_import_async);
  g_task_set_task_data(task, takeover, takeover_free);
  read_async(self, on_read, task);
}

gboolean
prg_elsewhere_import_finish(GAsyncResult *result, guint *added, GError **error)
{
  const gssize count = g_task_propagate_int(G_TASK(result), error);

  *added = (guint)MAX(count, 0);
  return count >= 0;
}

/* ---- life ---- */

PrgElsewhere *
prg_elsewhere_new(PrgSession *session,
                  const char *directory,
                  void (*changed)(gpointer user_data),
                  gpointer user_data)
{
  PrgElsewhere *self = g_new0(PrgElsewhere, 1);

  self->session = g_object_ref(session);
  self->directory = g_strdup(directory);
  self->changed = changed;
  self->user_data = user_data;
  self->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect(session, "engine-changed", G_CALLBACK(on_engine_changed), self);
  g_signal_connect(session, "taken", G_CALLBACK(on_taken), self);
  return self;
}

void
prg_elsewhere_stop(PrgElsewhere *self)
{
  g_signal_handlers_disconnect_by_data(self->session, self);
}

void
prg_elsewhere_free(PrgElsewhere *self)
{
  if (self == NULL)
    return;
  prg_elsewhere_stop(self);
  g_hash_table_unref(self->waiting);
  g_object_unref(self->session);
  g_free(self->directory);
  g_free(self);
}
