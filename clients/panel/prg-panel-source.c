/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-source.h"

#include <glib/gi18n-lib.h>
#include <lids-progression/lids-progression.h>

struct _PrgPanelSource {
  GObject parent_instance;
  GCancellable *cancellable;     /* (owned) */
  LidsProgressionClient *client; /* (owned) (nullable): NULL = not there yet */
  char *absent;                  /* (owned) (nullable): why there is none */
  guint changed_id;              /* an idle source; 0 = nothing is new */
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(PrgPanelSource, prg_panel_source, G_TYPE_OBJECT)

/* ---- facts ---- */

static gboolean
tell_changed(gpointer data)
{
  PrgPanelSource *self = data;

  self->changed_id = 0;
  g_signal_emit(self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

/* What arrives together is told once. */
static void
on_changed(PrgPanelSource *self)
{
  if (self->changed_id == 0 && !g_cancellable_is_cancelled(self->cancellable))
    self->changed_id = g_idle_add(tell_changed, self);
}

void
prg_panel_source_get_facts(PrgPanelSource *self, PrgPanelFacts *facts)
{
  LidsProgressionClient *client = self->client;

  *facts = (PrgPanelFacts){ .absent = self->absent };
  if (client == NULL)
    return;
  facts->present = lids_progression_client_is_running(client);
  facts->signed_in = lids_progression_client_is_signed_in(client);
  facts->level = lids_progression_client_get_level(client);
  facts->total_xp = lids_progression_client_get_total_xp(client);
  facts->level_xp = lids_progression_client_get_level_xp(client);
  facts->next_level_xp = lids_progression_client_get_next_level_xp(client);
  facts->rank_name = lids_progression_client_get_rank_name(client);
  facts->next_rank = lids_progression_client_get_next_rank_name(client);
  facts->pending = lids_progression_client_get_pending_operations(client);
  facts->quarantined = lids_progression_client_get_quarantined_operations(client);
  facts->elsewhere = lids_progression_client_get_waiting_elsewhere(client);
  facts->last_sync = lids_progression_client_get_last_sync(client);
  facts->sync_state = lids_progression_client_get_sync_state(client);
  facts->reason = lids_progression_client_get_reason(client);
  facts->last_error = lids_progression_client_get_last_error(client);
  facts->absent = _("A click here tries to start it");
}

/* ---- questions ---- */

/* @task: without a client it fails at once. Returns: whether there is one */
static gboolean
has_client(PrgPanelSource *self, GTask *task)
{
  if (self->client)
    return TRUE;
  g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s",
                          self->absent ? self->absent : _("The progression service does not answer"));
  return FALSE;
}

static void
sync_cb(GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  lids_progression_client_sync_now_finish(LIDS_PROGRESSION_CLIENT(object), result, &error);
  if (error && !g_error_matches(error, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_STILL_RUNNING))
    g_task_return_error(task, error);
  else {
    g_clear_error(&error);
    g_task_return_boolean(task, TRUE);
  }
}

void
prg_panel_source_sync_async(PrgPanelSource *self, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr(GTask) task = g_task_new(self, self->cancellable, callback, data);

  g_task_set_source_tag(task, prg_panel_source_sync_async);
  if (has_client(self, task))
    lids_progression_client_sync_now_async(self->client, self->cancellable, sync_cb, g_steal_pointer(&task));
}

gboolean
prg_panel_source_sync_finish(PrgPanelSource *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

static void
gates_cb(GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;
  GPtrArray *gates =
      lids_progression_client_get_eligibility_finish(LIDS_PROGRESSION_CLIENT(object), result, NULL, &error);

  if (error && !g_error_matches(error, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN)) {
    g_task_return_error(task, error);
    return;
  }
  g_clear_error(&error);
  g_task_return_pointer(task, gates, (GDestroyNotify)g_ptr_array_unref);
}

void
prg_panel_source_gates_async(PrgPanelSource *self, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr(GTask) task = g_task_new(self, self->cancellable, callback, data);

  g_task_set_source_tag(task, prg_panel_source_gates_async);
  if (has_client(self, task))
    lids_progression_client_get_eligibility_async(self->client, "", self->cancellable, gates_cb,
                                                  g_steal_pointer(&task));
}

GPtrArray *
prg_panel_source_gates_finish(PrgPanelSource *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- life ---- */

static void
connect_cb(GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr(PrgPanelSource) self = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(LidsProgressionClient) client = lids_progression_client_new_finish(result, &error);

  if (g_cancellable_is_cancelled(self->cancellable))
    return;
  if (client)
    g_signal_connect_object(client, "notify", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
  else
    self->absent = g_strdup(error->message);
  self->client = g_steal_pointer(&client);
  on_changed(self);
}

void
prg_panel_source_close(PrgPanelSource *self)
{
  g_cancellable_cancel(self->cancellable);
  g_clear_handle_id(&self->changed_id, g_source_remove);
}

static void
prg_panel_source_finalize(GObject *object)
{
  PrgPanelSource *self = PRG_PANEL_SOURCE(object);

  prg_panel_source_close(self);
  g_clear_object(&self->client);
  g_clear_object(&self->cancellable);
  g_free(self->absent);
  G_OBJECT_CLASS(prg_panel_source_parent_class)->finalize(object);
}

static void
prg_panel_source_class_init(PrgPanelSourceClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = prg_panel_source_finalize;
  signals[CHANGED] = g_signal_new("changed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
}

static void
prg_panel_source_init(PrgPanelSource *self)
{
  self->cancellable = g_cancellable_new();
  lids_progression_client_new_async(NULL, LIDS_PROGRESSION_CLIENT_FLAGS_NONE, self->cancellable, connect_cb,
                                    g_object_ref(self));
}

PrgPanelSource *
prg_panel_source_new(void)
{
  return g_object_new(PRG_TYPE_PANEL_SOURCE, NULL);
}
