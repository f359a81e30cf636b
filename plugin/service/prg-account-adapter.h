/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-gate.h"
#include "prg-session.h"
#include "prg-slots.h"

G_BEGIN_DECLS

/* The interface org.lids.Progression.Account on top of a session. */
typedef struct _PrgAccountAdapter PrgAccountAdapter;
PrgAccountAdapter *prg_account_adapter_new(PrgSession *session, PrgGate *gate, PrgSlots *slots);
void prg_account_adapter_free(PrgAccountAdapter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAccountAdapter, prg_account_adapter_free)
GDBusInterfaceSkeleton *prg_account_adapter_get_skeleton(PrgAccountAdapter *self); /* (transfer none) */
void prg_account_adapter_stop(PrgAccountAdapter *self);

G_END_DECLS
