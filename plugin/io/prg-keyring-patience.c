/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-keyring-patience.h"

#define FIRST_PAUSE_S 60
#define LAST_PAUSE_S 3600

struct _PrgKeyringPatience {
  void (*news)(gpointer user_data);
  gpointer user_data;
  GMainContext *context; /* (owned) */
  GQueue late;           /* (element-type GTask) (not owned) */
  GSource *clock;        /* (owned) (nullable) */
  guint pause_s;         /* of the next clock */
};

PrgKeyringPatience *
prg_keyring_patience_new(void (*news)(gpointer user_data), gpointer user_data)
{
  PrgKeyringPatience *self = g_new0(PrgKeyringPatience, 1);

  self->news = news;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default();
  self->pause_s = FIRST_PAUSE_S;
  g_queue_init(&self->late);
  return self;
}

static void
clear_clock(PrgKeyringPatience *self)
{
  if (self->clock != NULL)
    g_source_destroy(self->clock);
  g_clear_pointer(&self->clock, g_source_unref);
}

void
prg_keyring_patience_free(PrgKeyringPatience *self)
{
  if (self == NULL)
    return;
  clear_clock(self);
  g_queue_clear(&self->late);
  g_main_context_unref(self->context);
  g_free(self);
}

gboolean
prg_keyring_patience_is_waiting(PrgKeyringPatience *self)
{
  return !g_queue_is_empty(&self->late);
}

void
prg_keyring_patience_remove(PrgKeyringPatience *self, GTask *task)
{
  if (g_queue_remove(&self->late, task))
    self->news(self->user_data);
}

void
prg_keyring_patience_forget(PrgKeyringPatience *self)
{
  g_queue_clear(&self->late);
}

static gboolean
on_clock(gpointer user_data)
{
  PrgKeyringPatience *self = user_data;

  clear_clock(self);
  /* An answer may have got lost: libsecret 0.20 listens for it a moment too late. */
  g_queue_clear(&self->late);
  self->news(self->user_data);
  return G_SOURCE_REMOVE;
}

void
prg_keyring_patience_ask_later(PrgKeyringPatience *self)
{
  if (self->clock != NULL)
    return;
  self->clock = g_timeout_source_new_seconds(self->pause_s);
  g_source_set_callback(self->clock, on_clock, self, NULL);
  g_source_attach(self->clock, self->context);
  self->pause_s = MIN(self->pause_s * 2, LAST_PAUSE_S);
}

void
prg_keyring_patience_add(PrgKeyringPatience *self, GTask *task)
{
  g_queue_push_tail(&self->late, task);
  prg_keyring_patience_ask_later(self);
}
