/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-bridge.h"

typedef struct {
  GSource source;
  GMainContext *inner; /* (owned) */
  GArray *polled;      /* (owned) (element-type GPollFD) added to the source: must not move while they are */
  GArray *wanted;      /* (owned) (element-type GPollFD) what inner asked for last */
  int priority;        /* of what is ready in inner */
} Bridge;

/* Returns: what inner wants to wait for, in milliseconds; -1 = for its files alone. */
static int
query(Bridge *self)
{
  int timeout, n_wanted;

  while ((n_wanted = g_main_context_query(self->inner, self->priority, &timeout,
                                          (GPollFD *)(gpointer)self->wanted->data, (int)self->wanted->len)) >
         (int)self->wanted->len)
    g_array_set_size(self->wanted, (guint)n_wanted);
  g_array_set_size(self->wanted, (guint)n_wanted);
  return timeout;
}

static gboolean
is_polled(Bridge *self)
{
  if (self->polled->len != self->wanted->len)
    return FALSE;
  for (guint i = 0; i < self->polled->len; i++) {
    const GPollFD *polled = &g_array_index(self->polled, GPollFD, i);
    const GPollFD *wanted = &g_array_index(self->wanted, GPollFD, i);

    if (polled->fd != wanted->fd || polled->events != wanted->events)
      return FALSE;
  }
  return TRUE;
}

static void
poll_wanted(Bridge *self)
{
  GArray *former = self->polled;

  if (is_polled(self))
    return;
  for (guint i = 0; i < former->len; i++)
    g_source_remove_poll(&self->source, &g_array_index(former, GPollFD, i));
  self->polled = self->wanted;
  self->wanted = former;
  for (guint i = 0; i < self->polled->len; i++)
    g_source_add_poll(&self->source, &g_array_index(self->polled, GPollFD, i));
}

/* Never says that it is ready: then check would be left out, and that is where inner finds out what to dispatch. */
static gboolean
bridge_prepare(GSource *source, int *timeout)
{
  Bridge *self = (Bridge *)source;

  g_main_context_prepare(self->inner, &self->priority);
  *timeout = query(self);
  poll_wanted(self);
  return FALSE;
}

static gboolean
bridge_check(GSource *source)
{
  Bridge *self = (Bridge *)source;

  return g_main_context_check(self->inner, self->priority, (GPollFD *)(gpointer)self->polled->data,
                              (int)self->polled->len);
}

static gboolean
bridge_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
  Bridge *self = (Bridge *)source;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(self->inner);

  g_main_context_dispatch(self->inner);
  return G_SOURCE_CONTINUE;
}

static void
bridge_finalize(GSource *source)
{
  Bridge *self = (Bridge *)source;

  g_main_context_release(self->inner);
  g_main_context_unref(self->inner);
  g_array_unref(self->polled);
  g_array_unref(self->wanted);
}

GSource *
prg_bridge_new(GMainContext *inner)
{
  static GSourceFuncs functions = {
    .prepare = bridge_prepare,
    .check = bridge_check,
    .dispatch = bridge_dispatch,
    .finalize = bridge_finalize,
  };
  GSource *source = g_source_new(&functions, sizeof(Bridge));
  Bridge *self = (Bridge *)source;

  g_source_set_name(source, "org.lids.Progression");
  self->inner = g_main_context_ref(inner);
  self->polled = g_array_new(FALSE, TRUE, sizeof(GPollFD));
  self->wanted = g_array_new(FALSE, TRUE, sizeof(GPollFD));
  if (!g_main_context_acquire(inner))
    g_critical("Another thread iterates the context");
  return source;
}
