/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-announce.h"
#include "prg-limiter.h"
#include "prg-progression-adapter.h"

G_BEGIN_DECLS

struct _PrgProgressionAdapter {
  PrgSession *session;          /* (owned) */
  PrgDbusProgression *skeleton; /* (owned) */
  PrgLimiter *limiter;          /* (owned) */
  PrgFacts *facts;              /* (owned) (nullable) the rep as last told; NULL: no engine */
  PrgAnnounced *announced;      /* (owned) (nullable) */
  GQueue outgoing;   /* (owned) (element-type Outgoing) signals that wait for their commit, in order */
  GSource *midnight; /* (owned) (nullable) */
};

/* prg-progression-methods.c */
void prg_progression_connect_methods(PrgProgressionAdapter *self);

G_END_DECLS
