/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include "prg-error.h"

#include <glib/gi18n-lib.h>

/*
 * The object lives in its owner's thread, the files in the worker's. What both see is the queue, which
 * belongs to the worker as much as to the object: an object that is dropped without being closed lets the
 * worker finish and go by itself.
 */

typedef enum {
  JOB_OPEN,
  JOB_COMMIT,
  JOB_AUDIT,
  JOB_CLOSE,
} JobKind;

/* What a task of this store carries. */
typedef struct {
  JobKind kind;
  GPtrArray *changes; /* (owned) (nullable) COMMIT */
  guint limit;        /* AUDIT */
  char *directory;    /* (owned) (nullable) OPEN */
  char *account;      /* (owned) (nullable) OPEN */
} Job;

typedef struct {
  PrgSnapshot *snapshot; /* (owned) (nullable) */
  PrgStoreReport report;
} Opened;

struct _PrgStore {
  GObject parent;
  GAsyncQueue *jobs; /* (owned) (element-type GTask) */
  GThread *thread;   /* (owned) (nullable) NULL = joined */
  gboolean closed;   /* guarded by the lock of @jobs: nothing is queued behind the closing job */
};

G_DEFINE_FINAL_TYPE(PrgStore, prg_store, G_TYPE_OBJECT)

static void
job_free(gpointer data)
{
  Job *self = data;

  g_clear_pointer(&self->changes, g_ptr_array_unref);
  g_free(self->directory);
  g_free(self->account);
  g_free(self);
}

static Job *
job_new(JobKind kind)
{
  Job *self = g_new0(Job, 1);

  self->kind = kind;
  return self;
}

static void
opened_free(gpointer data)
{
  Opened *self = data;

  g_clear_pointer(&self->snapshot, prg_snapshot_free);
  prg_store_report_clear(&self->report);
  g_free(self);
}

void
prg_store_report_clear(PrgStoreReport *report)
{
  g_free(report->set_aside);
  g_free(report->reason);
  *report = (PrgStoreReport){ 0 };
}

/* --- the worker's side --- */

typedef struct {
  PrgStoreFiles *files; /* (owned) (nullable) */
  PrgStoreDb *db;       /* (owned) (nullable) */
} Worker;

static void
worker_clear(Worker *self)
{
  g_clear_pointer(&self->db, prg_store_db_free);
  g_clear_pointer(&self->files, prg_store_files_free); /* the lock last */
}

/* The worker goes: nothing may be queued any more. */
static void
give_up(GTask *task)
{
  PrgStore *store = g_task_get_source_object(task);

  g_async_queue_lock(store->jobs);
  store->closed = TRUE;
  g_async_queue_unlock(store->jobs);
}

/* Returns TRUE if the store is open. */
static gboolean
work_open(Worker *self, GTask *task, const Job *job)
{
  Opened *opened = g_new0(Opened, 1);
  GError *error = NULL;

  if (g_cancellable_is_cancelled(g_task_get_cancellable(task)))
    g_set_error(&error, PRG_ERROR, PRG_ERROR_CANCELLED, _("Cancelled before it was begun"));
  else
    self->files = prg_store_files_open(job->directory, job->account, &error);
  if (self->files != NULL)
    self->db = prg_store_files_open_db(self->files, &opened->snapshot, &opened->report, &error);
  if (self->db != NULL) {
    g_task_return_pointer(task, opened, opened_free);
    return TRUE;
  }
  opened_free(opened);
  worker_clear(self);
  give_up(task);
  g_task_return_error(task, error);
  return FALSE;
}

static void
work_commit(Worker *self, GTask *task, const Job *job)
{
  GError *error = NULL;

  if (prg_store_changes_commit(self->db, job->changes, &error))
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
}

static void
work_audit(Worker *self, GTask *task, const Job *job)
{
  GError *error = NULL;
  GPtrArray *entries = prg_store_rows_audit(self->db, job->limit, &error);

  if (entries != NULL)
    g_task_return_pointer(task, entries, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error(task, error);
}

/* A checkpoint that fails loses nothing: the WAL stays and is read at the next start. */
static void
work_close(Worker *self, GTask *task)
{
  GError *error = NULL;
  const gboolean done = prg_store_db_checkpoint(self->db, &error);

  worker_clear(self);
  if (done)
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
}

static gboolean
return_if_cancelled(GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable(task);

  if (cancellable == NULL || !g_cancellable_is_cancelled(cancellable))
    return FALSE;
  g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_CANCELLED, _("Cancelled before it was begun"));
  return TRUE;
}

/* Returns FALSE if this was the last job. */
static gboolean
work(Worker *self, GTask *task)
{
  const Job *job = g_task_get_task_data(task);

  switch (job->kind) {
  case JOB_OPEN:
    return work_open(self, task, job);
  case JOB_COMMIT:
    if (!return_if_cancelled(task))
      work_commit(self, task, job);
    return TRUE;
  case JOB_AUDIT:
    if (!return_if_cancelled(task))
      work_audit(self, task, job);
    return TRUE;
  case JOB_CLOSE:
  default:
    work_close(self, task);
    return FALSE;
  }
}

/* @data: (transfer full) the queue */
static gpointer
run_worker(gpointer data)
{
  g_autoptr(GAsyncQueue) jobs = data;
  Worker self = { NULL, NULL };
  gboolean more = TRUE;

  while (more) {
    g_autoptr(GTask) task = g_async_queue_pop(jobs);

    more = work(&self, task);
  }
  return NULL;
}

/* --- the owner's side --- */

/* Takes the task over. */
static void
push(PrgStore *self, GTask *task, Job *job)
{
  gboolean closed;

  g_task_set_task_data(task, job, job_free);
  /* A commit that was done is never reported as cancelled. */
  g_task_set_check_cancellable(task, FALSE);
  g_async_queue_lock(self->jobs);
  closed = self->closed;
  self->closed = closed || job->kind == JOB_CLOSE;
  if (!closed)
    g_async_queue_push_unlocked(self->jobs, g_object_ref(task));
  g_async_queue_unlock(self->jobs);
  if (closed)
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("The store is closed"));
  g_object_unref(task);
}

/* The last reference may fall in the worker itself, with the last task. */
static void
join(PrgStore *self)
{
  GThread *thread = g_steal_pointer(&self->thread);

  if (thread == NULL)
    return;
  if (thread == g_thread_self())
    g_thread_unref(thread);
  else
    g_thread_join(thread);
}

static void
prg_store_dispose(GObject *object)
{
  PrgStore *self = PRG_STORE(object);

  if (self->thread != NULL && !self->closed)
    push(self, g_task_new(NULL, NULL, NULL, NULL), job_new(JOB_CLOSE));
  join(self);
  G_OBJECT_CLASS(prg_store_parent_class)->dispose(object);
}

static void
prg_store_finalize(GObject *object)
{
  PrgStore *self = PRG_STORE(object);

  g_async_queue_unref(self->jobs);
  G_OBJECT_CLASS(prg_store_parent_class)->finalize(object);
}

static void
prg_store_class_init(PrgStoreClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_store_dispose;
  G_OBJECT_CLASS(klass)->finalize = prg_store_finalize;
}

static void
prg_store_init(PrgStore *self)
{
  self->jobs = g_async_queue_new_full(g_object_unref);
  self->thread = g_thread_new("prg-store", run_worker, g_async_queue_ref(self->jobs));
}

void
prg_store_open_async(const char *directory,
                     const char *account,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  PrgStore *self = g_object_new(PRG_TYPE_STORE, NULL);
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Job *job = job_new(JOB_OPEN);

  job->directory = g_strdup(directory);
  job->account = g_strdup(account);
  g_task_set_source_tag(task, prg_store_open_async);
  push(self, task, job);
  g_object_unref(self);
}

PrgStore *
prg_store_open_finish(GAsyncResult *result, PrgSnapshot **snapshot, PrgStoreReport *report, GError **error)
{
  PrgStore *self = g_task_get_source_object(G_TASK(result));
  Opened *opened = g_task_propagate_pointer(G_TASK(result), error);

  if (opened == NULL) {
    join(self);
    return NULL;
  }
  if (snapshot != NULL)
    *snapshot = g_steal_pointer(&opened->snapshot);
  if (report != NULL) {
    *report = opened->report;
    opened->report = (PrgStoreReport){ 0 };
  }
  opened_free(opened);
  return g_object_ref(self);
}

void
prg_store_commit_async(PrgStore *self,
                       GPtrArray *changes,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Job *job = job_new(JOB_COMMIT);

  job->changes = g_ptr_array_ref(changes);
  g_task_set_source_tag(task, prg_store_commit_async);
  push(self, task, job);
}

gboolean
prg_store_commit_finish(PrgStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

void
prg_store_audit_async(PrgStore *self,
                      guint limit,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Job *job = job_new(JOB_AUDIT);

  job->limit = limit;
  g_task_set_source_tag(task, prg_store_audit_async);
  push(self, task, job);
}

GPtrArray *
prg_store_audit_finish(PrgStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

void
prg_store_close_async(PrgStore *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(self, NULL, callback, user_data);

  g_task_set_source_tag(task, prg_store_close_async);
  push(self, task, job_new(JOB_CLOSE));
}

gboolean
prg_store_close_finish(PrgStore *self, GAsyncResult *result, GError **error)
{
  join(self);
  return g_task_propagate_boolean(G_TASK(result), error);
}

/* --- blocking --- */

/* A main context of its own, so that nothing else runs in the caller meanwhile. */
typedef struct {
  GMainContext *context; /* (owned) */
  GAsyncResult *result;  /* (owned) (nullable) */
} Wait;

static void
wait_begin(Wait *self)
{
  *self = (Wait){ .context = g_main_context_new() };
  g_main_context_push_thread_default(self->context);
}

static void
on_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *self = user_data;

  self->result = g_object_ref(result);
}

static GAsyncResult *
wait_for(Wait *self)
{
  while (self->result == NULL)
    g_main_context_iteration(self->context, TRUE);
  return self->result;
}

static void
wait_end(Wait *self)
{
  g_main_context_pop_thread_default(self->context);
  g_object_unref(self->result);
  g_main_context_unref(self->context);
}

PrgStore *
prg_store_open(const char *directory,
               const char *account,
               PrgSnapshot **snapshot,
               PrgStoreReport *report,
               GError **error)
{
  PrgStore *self;
  Wait wait;

  wait_begin(&wait);
  prg_store_open_async(directory, account, NULL, on_result, &wait);
  self = prg_store_open_finish(wait_for(&wait), snapshot, report, error);
  wait_end(&wait);
  return self;
}

gboolean
prg_store_commit(PrgStore *self, GPtrArray *changes, GError **error)
{
  gboolean done;
  Wait wait;

  wait_begin(&wait);
  prg_store_commit_async(self, changes, NULL, on_result, &wait);
  done = prg_store_commit_finish(self, wait_for(&wait), error);
  wait_end(&wait);
  return done;
}

gboolean
prg_store_close(PrgStore *self, GError **error)
{
  gboolean done;
  Wait wait;

  wait_begin(&wait);
  prg_store_close_async(self, on_result, &wait);
  done = prg_store_close_finish(self, wait_for(&wait), error);
  wait_end(&wait);
  return done;
}
