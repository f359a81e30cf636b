/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-jobs.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgSlots: who reads from or writes to a caller's file descriptor at the moment.
 *
 * The other end may hang for ever, and each such transfer holds a thread that name look-ups and files need
 * too. So there are few at a time, and each ends after PRG_SLOTS_MAX_SECONDS at the latest.
 */
#define PRG_SLOTS_OF_ONE 2
#define PRG_SLOTS_OF_ALL 6
#define PRG_SLOTS_MAX_SECONDS 300

typedef struct _PrgSlots PrgSlots;
typedef struct _PrgSlot PrgSlot;

PrgSlots *prg_slots_new(PrgJobs *jobs);
/* After the last slot of it. */
void prg_slots_free(PrgSlots *self);

/* @sender: the caller on the bus. Returns: (transfer full) (nullable); RATE_LIMITED: too many at the same
 * time */
PrgSlot *prg_slots_take(PrgSlots *self, const char *sender, GError **error);
/* A slot for the caller of @invocation and its descriptor @fd, which is closed if there is none. */
PrgSlot *prg_slots_take_for(PrgSlots *self, GDBusMethodInvocation *invocation, int fd, GError **error);
/* Cancelled when the service stops, or the transfer takes too long. (transfer none) */
GCancellable *prg_slot_get_cancellable(PrgSlot *self);
void prg_slot_free(PrgSlot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgSlot, prg_slot_free)

G_END_DECLS
