/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-dbus.h"

G_BEGIN_DECLS

/* How long a call may take, from its arrival to its answer, whatever the disk and the network do. The promise is 20 seconds. */
#define PRG_GATE_DEADLINE_MS 19000

/**
 * PrgGate: every call comes through here: it is refused, waits its turn, or is carried out.
 *
 * The bus delivers calls as soon as the name is owned. A rep whose total is on this disk must never see 0 in
 * that moment, so calls, reading a property included, wait in order until the account's store has been read
 * and the gate opens. What one program may ask for is bounded (prg-callers.h), and so is the size of a call's
 * arguments: larger ones hold nothing that a method takes. The interface skeletons made here pass through the
 * gate. A call whose turn has not come within PRG_GATE_DEADLINE_MS is refused and never carried out: its caller is about to give it up.
 * Reference counted; each skeleton holds a reference.
 */
#define PRG_GATE_MAX_ARGUMENTS (64 * 1024)

typedef struct _PrgGate PrgGate;
PrgGate *prg_gate_new(GMainContext *context);
PrgGate *prg_gate_ref(PrgGate *self);
void prg_gate_unref(PrgGate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgGate, prg_gate_unref)

/* Calls that waited are carried out from the loop, each caller's in order. */
void prg_gate_open(PrgGate *self);
void prg_gate_close(PrgGate *self);
/* When @invocation, which came through a gate, must be answered (µs, monotonic). */
gint64 prg_gate_get_deadline(GDBusMethodInvocation *invocation);
/* Answers what waits with Cancelled, for good: the service stops. */
void prg_gate_refuse(PrgGate *self);

PrgDbusProgression *prg_gate_progression_new(PrgGate *self); /* (transfer full) */
PrgDbusSync *prg_gate_sync_new(PrgGate *self);               /* (transfer full) */
PrgDbusAccount *prg_gate_account_new(PrgGate *self);         /* (transfer full) */

G_END_DECLS
