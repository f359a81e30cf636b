/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-gate.h"
#include "prg-session.h"

G_BEGIN_DECLS

/* The interface org.lids.Progression on top of a session. */
typedef struct _PrgProgressionAdapter PrgProgressionAdapter;
PrgProgressionAdapter *prg_progression_adapter_new(PrgSession *session, PrgGate *gate);
void prg_progression_adapter_free(PrgProgressionAdapter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgProgressionAdapter, prg_progression_adapter_free)
GDBusInterfaceSkeleton *
prg_progression_adapter_get_skeleton(PrgProgressionAdapter *self); /* (transfer none) */
/* No signal goes out and no timer runs afterwards. */
void prg_progression_adapter_stop(PrgProgressionAdapter *self);

G_END_DECLS
