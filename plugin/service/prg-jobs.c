/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-jobs.h"

struct _PrgJobs {
  gatomicrefcount references;
  GMainContext *context;     /* (owned) */
  GCancellable *cancellable; /* (owned) */
  guint n_running;
  void (*on_idle)(gpointer user_data); /* (nullable) */
  gpointer on_idle_data;
};

PrgJobs *
prg_jobs_new(GMainContext *context)
{
  PrgJobs *self = g_new0(PrgJobs, 1);

  g_atomic_ref_count_init(&self->references);
  self->context = g_main_context_ref(context);
  self->cancellable = g_cancellable_new();
  return self;
}

PrgJobs *
prg_jobs_ref(PrgJobs *self)
{
  g_atomic_ref_count_inc(&self->references);
  return self;
}

void
prg_jobs_unref(PrgJobs *self)
{
  if (!g_atomic_ref_count_dec(&self->references))
    return;
  g_main_context_unref(self->context);
  g_object_unref(self->cancellable);
  g_free(self);
}

GMainContext *
prg_jobs_get_context(PrgJobs *self)
{
  return self->context;
}

GCancellable *
prg_jobs_get_cancellable(PrgJobs *self)
{
  return self->cancellable;
}

GCancellable *
prg_jobs_begin(PrgJobs *self)
{
  self->n_running++;
  return self->cancellable;
}

static gboolean
on_jobs_idle(gpointer user_data)
{
  PrgJobs *self = user_data;

  if (self->on_idle && self->n_running == 0) {
    void (*callback)(gpointer) = g_steal_pointer(&self->on_idle);
    callback(self->on_idle_data);
  }
  return G_SOURCE_REMOVE;
}

/* From the loop, never from within the last job's callback: its own objects are still in use there. */
static void
schedule_idle(PrgJobs *self)
{
  g_autoptr(GSource) source = g_idle_source_new();

  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, on_jobs_idle, prg_jobs_ref(self), (GDestroyNotify)prg_jobs_unref);
  g_source_attach(source, self->context);
}

void
prg_jobs_end(PrgJobs *self)
{
  g_return_if_fail(self->n_running > 0);
  self->n_running--;
  if (self->n_running == 0 && self->on_idle)
    schedule_idle(self);
}

void
prg_jobs_cancel(PrgJobs *self)
{
  g_cancellable_cancel(self->cancellable);
}

gboolean
prg_jobs_is_cancelled(PrgJobs *self)
{
  return g_cancellable_is_cancelled(self->cancellable);
}

void
prg_jobs_wait(PrgJobs *self, void (*callback)(gpointer user_data), gpointer user_data)
{
  g_return_if_fail(self->on_idle == NULL);
  self->on_idle = callback;
  self->on_idle_data = user_data;
  if (self->n_running == 0)
    schedule_idle(self);
}

GSource *
prg_jobs_add_timer(PrgJobs *self, guint milliseconds, GSourceFunc callback, gpointer user_data)
{
  /* Whole seconds may be grouped with other wake-ups. */
  GSource *source = milliseconds >= 60000 ? g_timeout_source_new_seconds(milliseconds / 1000)
                                          : g_timeout_source_new(milliseconds);

  g_source_set_callback(source, callback, user_data, NULL);
  g_source_attach(source, self->context);
  return source;
}

void
prg_timer_clear(GSource **timer)
{
  if (*timer == NULL)
    return;
  g_source_destroy(*timer);
  g_clear_pointer(timer, g_source_unref);
}
