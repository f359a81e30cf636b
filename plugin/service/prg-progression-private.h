/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-announce.h"
#include "prg-leaderboard.h"
#include "prg-progression-adapter.h"

G_BEGIN_DECLS

struct _PrgProgressionAdapter {
  PrgSession *session;          /* (owned) */
  PrgDbusProgression *skeleton; /* (owned) */
  PrgLeaderboard *leaderboard;  /* (owned) */
  PrgFacts *facts;              /* (owned) (nullable) the rep as last told; NULL: no engine */
  PrgAnnounced *announced;      /* (owned) (nullable) */
  GQueue outgoing;   /* (owned) (element-type Outgoing) signals that wait for their commit, in order */
  GSource *midnight; /* (owned) (nullable) */
};

/* prg-progression-methods.c */
void prg_progression_connect_methods(PrgProgressionAdapter *self);
/* The engine, if @invocation may go on; else it has been answered. (transfer none) (nullable) */
PrgEngine *prg_progression_admit(PrgProgressionAdapter *self, GDBusMethodInvocation *invocation);

/* prg-progression-looks.c */
void prg_progression_connect_looks(PrgProgressionAdapter *self);

G_END_DECLS
