/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-gate.h"
#include "prg-session.h"
#include "prg-slots.h"

G_BEGIN_DECLS

/* The interface org.lids.Progression.Sync on top of a session. */
typedef struct _PrgSyncAdapter PrgSyncAdapter;
/* @elsewhere: where another installation on this machine keeps its stores */
PrgSyncAdapter *
prg_sync_adapter_new(PrgSession *session, PrgGate *gate, PrgSlots *slots, const char *elsewhere);
void prg_sync_adapter_free(PrgSyncAdapter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgSyncAdapter, prg_sync_adapter_free)
GDBusInterfaceSkeleton *prg_sync_adapter_get_skeleton(PrgSyncAdapter *self); /* (transfer none) */
void prg_sync_adapter_stop(PrgSyncAdapter *self);

G_END_DECLS
