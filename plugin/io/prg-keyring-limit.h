/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgKeyringLimit: how long a call to the keyring may go on: until its caller cancels it, its time is over, or it is to begin
 * anew. Knows GIO only; a part of PrgKeyring.
 */
typedef struct {
  GCancellable *inner; /* (owned) what libsecret sees */
  GCancellable *outer; /* (owned) (nullable) the caller's */
  gulong outer_id;
  GSource *clock; /* (owned) */
  gboolean timed_out;
} PrgKeyringLimit;

/* @outer: (nullable) (transfer none). @context: where the clock runs */
void
prg_keyring_limit_init(PrgKeyringLimit *self, GCancellable *outer, guint timeout_ms, GMainContext *context);
/* A new @inner, which nobody has cancelled yet. The clock goes on. */
void prg_keyring_limit_arm(PrgKeyringLimit *self);
/* The call is over: nothing is cancelled any more. */
void prg_keyring_limit_end(PrgKeyringLimit *self);
void prg_keyring_limit_clear(PrgKeyringLimit *self);

G_END_DECLS
