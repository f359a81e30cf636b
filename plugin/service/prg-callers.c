/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-callers.h"
#include "prg-error.h"
#include "prg-limiter.h"

#include <glib/gi18n-lib.h>

typedef struct {
  gpointer call;
  gint64 since;
} Waiting;

typedef struct {
  char *name;     /* (owned) */
  GQueue waiting; /* (element-type Waiting) owned */
  guint n_running;
  gboolean is_ready; /* in the queue of those whose turn comes */
} Caller;

struct _PrgCallers {
  PrgLimiter *limiter; /* (owned) */
  GHashTable *by_name; /* (owned) name → Caller; those with a call that waits or runs */
  GQueue ready;        /* (element-type Caller) not owned */
  guint n_unanswered;  /* of all */
};

static void
caller_free(gpointer data)
{
  Caller *self = data;

  g_free(self->name);
  g_free(self);
}

PrgCallers *
prg_callers_new(void)
{
  PrgCallers *self = g_new0(PrgCallers, 1);

  self->limiter = prg_limiter_new();
  self->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, caller_free);
  g_queue_init(&self->ready);
  return self;
}

void
prg_callers_free(PrgCallers *self)
{
  g_queue_clear(&self->ready);
  g_hash_table_unref(self->by_name);
  prg_limiter_free(self->limiter);
  g_free(self);
}

static guint
n_unanswered(const Caller *caller)
{
  return caller ? caller->waiting.length + caller->n_running : 0;
}

static gboolean
admit(PrgCallers *self, const Caller *caller, const char *sender, gboolean counts, gint64 now, GError **error)
{
  if (n_unanswered(caller) >= PRG_CALLERS_MAX_UNANSWERED)
    g_set_error(error, PRG_ERROR, PRG_ERROR_RATE_LIMITED,
                _("%d calls of this program wait for an answer; wait for some before calling again"),
                PRG_CALLERS_MAX_UNANSWERED);
  else if (self->n_unanswered >= PRG_CALLERS_MAX_ALL)
    g_set_error(error, PRG_ERROR, PRG_ERROR_RATE_LIMITED,
                _("%d calls of all programs wait for an answer; call again in a moment"),
                PRG_CALLERS_MAX_ALL);
  else if (counts && !prg_limiter_take(self->limiter, sender, now))
    g_set_error(error, PRG_ERROR, PRG_ERROR_RATE_LIMITED,
                _("More than %d commands a second from one program; call again in a moment"),
                PRG_LIMITER_RATE);
  else
    return TRUE;
  return FALSE;
}

static Caller *
add_caller(PrgCallers *self, const char *name)
{
  Caller *caller = g_new0(Caller, 1);

  caller->name = g_strdup(name);
  g_queue_init(&caller->waiting);
  g_hash_table_insert(self->by_name, caller->name, caller);
  return caller;
}

/* Puts @caller at the end of the queue of those whose turn comes, or forgets it. */
static void
settle(PrgCallers *self, Caller *caller)
{
  if (caller->waiting.length > 0 && caller->n_running < PRG_CALLERS_MAX_RUNNING) {
    if (!caller->is_ready)
      g_queue_push_tail(&self->ready, caller);
    caller->is_ready = TRUE;
  } else if (n_unanswered(caller) == 0) {
    g_hash_table_remove(self->by_name, caller->name);
  }
}

gboolean
prg_callers_push(PrgCallers *self,
                 const char *sender,
                 gpointer call,
                 gboolean counts,
                 gint64 now,
                 GError **error)
{
  Caller *caller = g_hash_table_lookup(self->by_name, sender);

  if (!admit(self, caller, sender, counts, now, error))
    return FALSE;
  if (caller == NULL)
    caller = add_caller(self, sender);
  Waiting *waiting = g_new(Waiting, 1);
  *waiting = (Waiting){ call, now };
  g_queue_push_tail(&caller->waiting, waiting);
  self->n_unanswered++;
  settle(self, caller);
  return TRUE;
}

/* The first call that waits; there is one. */
static gpointer
take_first(Caller *caller)
{
  g_autofree Waiting *waiting = g_queue_pop_head(&caller->waiting);

  return waiting->call;
}

gpointer
prg_callers_pop(PrgCallers *self)
{
  Caller *caller = g_queue_pop_head(&self->ready);

  if (caller == NULL)
    return NULL;
  gpointer call = take_first(caller);
  caller->is_ready = FALSE;
  caller->n_running++;
  settle(self, caller);
  return call;
}

void
prg_callers_done(PrgCallers *self, const char *sender)
{
  Caller *caller = g_hash_table_lookup(self->by_name, sender);

  g_return_if_fail(caller != NULL && caller->n_running > 0);
  caller->n_running--;
  self->n_unanswered--;
  settle(self, caller);
}

gint64
prg_callers_oldest(PrgCallers *self)
{
  GHashTableIter iter;
  Caller *caller;
  gint64 oldest = G_MAXINT64;

  g_hash_table_iter_init(&iter, self->by_name);
  while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&caller)) {
    const Waiting *first = g_queue_peek_head(&caller->waiting);
    if (first)
      oldest = MIN(oldest, first->since);
  }
  return oldest;
}

gpointer
prg_callers_expire(PrgCallers *self, gint64 since)
{
  GHashTableIter iter;
  Caller *caller;

  g_hash_table_iter_init(&iter, self->by_name);
  while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&caller)) {
    const Waiting *first = g_queue_peek_head(&caller->waiting);
    if (first == NULL || first->since > since)
      continue;
    gpointer call = take_first(caller);
    self->n_unanswered--;
    if (caller->waiting.length == 0 && caller->is_ready)
      caller->is_ready = !g_queue_remove(&self->ready, caller);
    settle(self, caller);
    return call;
  }
  return NULL;
}

gpointer
prg_callers_drain(PrgCallers *self)
{
  return prg_callers_expire(self, G_MAXINT64);
}

guint
prg_callers_n_ready(PrgCallers *self)
{
  return self->ready.length;
}

guint
prg_callers_n_callers(PrgCallers *self)
{
  return g_hash_table_size(self->by_name);
}
