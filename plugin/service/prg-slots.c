/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-slots.h"
#include "prg-error.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

struct _PrgSlots {
  PrgJobs *jobs;     /* (owned) */
  GHashTable *taken; /* (owned) sender → number of slots (GUINT) */
  guint n_taken;
};

struct _PrgSlot {
  PrgSlots *slots;           /* (not owned) */
  char *sender;              /* (owned) */
  GCancellable *cancellable; /* (owned) */
  gulong stop_id;            /* on the jobs' cancellable */
  GSource *timer;            /* (owned) */
};

PrgSlots *
prg_slots_new(PrgJobs *jobs)
{
  PrgSlots *self = g_new0(PrgSlots, 1);

  self->jobs = prg_jobs_ref(jobs);
  self->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
prg_slots_free(PrgSlots *self)
{
  g_hash_table_unref(self->taken);
  prg_jobs_unref(self->jobs);
  g_free(self);
}

static guint
n_of(PrgSlots *self, const char *sender)
{
  return GPOINTER_TO_UINT(g_hash_table_lookup(self->taken, sender));
}

static void
count(PrgSlots *self, const char *sender, int change)
{
  guint n = n_of(self, sender) + (guint)change;

  self->n_taken += (guint)change;
  if (n == 0)
    g_hash_table_remove(self->taken, sender);
  else
    g_hash_table_replace(self->taken, g_strdup(sender), GUINT_TO_POINTER(n));
}

static gboolean
on_too_long(gpointer user_data)
{
  PrgSlot *self = user_data;

  g_cancellable_cancel(self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_stop(GCancellable *jobs, gpointer cancellable)
{
  g_cancellable_cancel(cancellable);
}

PrgSlot *
prg_slots_take(PrgSlots *self, const char *sender, GError **error)
{
  if (n_of(self, sender) >= PRG_SLOTS_OF_ONE || self->n_taken >= PRG_SLOTS_OF_ALL) {
    g_set_error(
        error, PRG_ERROR, PRG_ERROR_RATE_LIMITED,
        _("At most %d file descriptors of one program, and %d of all, are read or written at the same "
          "time; wait for the others' end"),
        PRG_SLOTS_OF_ONE, PRG_SLOTS_OF_ALL);
    return NULL;
  }
  PrgSlot *slot = g_new0(PrgSlot, 1);
  slot->slots = self;
  slot->sender = g_strdup(sender);
  slot->cancellable = g_cancellable_new();
  slot->stop_id = g_cancellable_connect(prg_jobs_get_cancellable(self->jobs), G_CALLBACK(on_stop),
                                        g_object_ref(slot->cancellable), g_object_unref);
  slot->timer = prg_jobs_add_timer(self->jobs, PRG_SLOTS_MAX_SECONDS * 1000, on_too_long, slot);
  count(self, sender, 1);
  return slot;
}

PrgSlot *
prg_slots_take_for(PrgSlots *self, GDBusMethodInvocation *invocation, int fd, GError **error)
{
  const char *sender = g_dbus_method_invocation_get_sender(invocation);
  PrgSlot *slot = prg_slots_take(self, sender ? sender : "", error);

  if (slot == NULL)
    close(fd);
  return slot;
}

GCancellable *
prg_slot_get_cancellable(PrgSlot *self)
{
  return self->cancellable;
}

void
prg_slot_free(PrgSlot *self)
{
  if (self == NULL)
    return;
  count(self->slots, self->sender, -1);
  g_cancellable_disconnect(prg_jobs_get_cancellable(self->slots->jobs), self->stop_id);
  prg_timer_clear(&self->timer);
  g_object_unref(self->cancellable);
  g_free(self->sender);
  g_free(self);
}
