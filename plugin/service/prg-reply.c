/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-reply.h"
#include "prg-clock.h"
#include "prg-dbus-error.h"
#include "prg-gate.h"

struct _PrgReply {
  PrgSession *session;               /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) (nullable) NULL once answered */
  GDBusMethodInvocation *
      under_way; /* (owned) (nullable) the same, for the gate: it counts what it started until this is gone */
  char *method;  /* (owned) */
  GSource *timer; /* (owned) (nullable) */
  char *message;  /* (owned) */
  gboolean forgets_failure, waits_for_server;
};

static gboolean
on_reply_deadline(gpointer user_data)
{
  PrgReply *self = user_data;

  prg_dbus_error_return(g_steal_pointer(&self->invocation),
                        g_error_new_literal(PRG_ERROR, PRG_ERROR_STILL_RUNNING, self->message));
  prg_timer_clear(&self->timer);
  if (self->waits_for_server)
    g_clear_object(&self->under_way);
  return G_SOURCE_REMOVE;
}

PrgReply *
prg_reply_new(PrgSession *session, GDBusMethodInvocation *invocation, const char *message)
{
  PrgReply *self = g_new0(PrgReply, 1);
  gint64 left = MAX(prg_gate_get_deadline(invocation) - prg_clock_monotonic(), 0);

  self->session = g_object_ref(session);
  self->invocation = invocation;
  self->under_way = g_object_ref(invocation);
  self->method = g_strdup(g_dbus_method_invocation_get_method_name(invocation));
  self->message = g_strdup(message);
  self->timer =
      prg_jobs_add_timer(prg_session_get_jobs(session), (guint)(left / 1000), on_reply_deadline, self);
  return self;
}

PrgReply *
prg_reply_forget_failure(PrgReply *self)
{
  self->forgets_failure = TRUE;
  return self;
}

PrgReply *
prg_reply_wait_for_server(PrgReply *self)
{
  self->waits_for_server = TRUE;
  return self;
}

static void
prg_reply_free(PrgReply *self)
{
  prg_timer_clear(&self->timer);
  g_clear_object(&self->under_way);
  g_free(self->method);
  g_object_unref(self->session);
  g_free(self->message);
  g_free(self);
}

void
prg_reply_return_value(PrgReply *self, GVariant *value)
{
  g_autoptr(GVariant) owned = value ? g_variant_ref_sink(value) : NULL;

  prg_session_settle_failure(self->session, self->method);
  if (self->invocation)
    g_dbus_method_invocation_return_value(g_steal_pointer(&self->invocation), owned);
  prg_reply_free(self);
}

void
prg_reply_return_error(PrgReply *self, GError *error)
{
  if (self->invocation) {
    prg_dbus_error_return(g_steal_pointer(&self->invocation), error);
  } else {
    g_autofree char *message = prg_dbus_error_message_for(error);
    if (!self->forgets_failure)
      prg_session_tell_failure(self->session, self->method, message);
    g_error_free(error);
  }
  prg_reply_free(self);
}
