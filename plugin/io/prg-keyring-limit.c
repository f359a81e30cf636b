/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-keyring-limit.h"

static void
release_outer(PrgKeyringLimit *self)
{
  if (self->outer_id != 0)
    g_cancellable_disconnect(self->outer, self->outer_id);
  self->outer_id = 0;
}

static gboolean
on_timed_out(gpointer user_data)
{
  PrgKeyringLimit *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel(self->inner);
  return G_SOURCE_REMOVE;
}

static void
on_outer_cancelled(GCancellable *outer, gpointer inner)
{
  g_cancellable_cancel(inner);
}

void
prg_keyring_limit_arm(PrgKeyringLimit *self)
{
  release_outer(self);
  g_clear_object(&self->inner);
  self->inner = g_cancellable_new();
  if (self->outer != NULL)
    self->outer_id = g_cancellable_connect(self->outer, G_CALLBACK(on_outer_cancelled),
                                           g_object_ref(self->inner), g_object_unref);
}

void
prg_keyring_limit_init(PrgKeyringLimit *self, GCancellable *outer, guint timeout_ms, GMainContext *context)
{
  self->outer = outer == NULL ? NULL : g_object_ref(outer);
  prg_keyring_limit_arm(self);
  self->clock = g_timeout_source_new(timeout_ms);
  g_source_set_callback(self->clock, on_timed_out, self, NULL);
  g_source_attach(self->clock, context);
}

void
prg_keyring_limit_end(PrgKeyringLimit *self)
{
  g_source_destroy(self->clock);
  release_outer(self);
}

void
prg_keyring_limit_clear(PrgKeyringLimit *self)
{
  g_source_unref(self->clock);
  g_clear_object(&self->inner);
  g_clear_object(&self->outer);
}
