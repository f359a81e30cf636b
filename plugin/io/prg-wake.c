/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-wake.h"

static gboolean
dispatch(GSource *self, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time(self, -1);
  return callback(user_data);
}

GSource *
prg_wake_new(GMainContext *context, GSourceFunc callback, gpointer user_data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  GSource *self = g_source_new(&funcs, sizeof(GSource));

  g_source_set_callback(self, callback, user_data, NULL);
  g_source_attach(self, context);
  return self;
}

void
prg_wake_set(GSource *self)
{
  g_source_set_ready_time(self, 0);
}

static void
drop(gpointer self, GClosure *closure)
{
  g_source_unref(self);
}

gulong
prg_wake_connect(GSource *self, gpointer object, const char *signal)
{
  return g_signal_connect_data(object, signal, G_CALLBACK(prg_wake_set), g_source_ref(self), drop,
                               G_CONNECT_SWAPPED);
}
