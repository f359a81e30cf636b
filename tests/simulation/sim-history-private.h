/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-device.h"
#include "sim-history.h"
#include "sim-server.h"

#define MAX_DEVICES 4
#define MEMBER "20202020-0000-4000-8000-00000000a001"

typedef struct {
  gint64 at;
  PrgRequest *request; /* (owned) */
} Hung;

/* A blind writer between its read and its write. */
typedef struct {
  gint64 base; /* the total it read */
  gint64 award;
  guint after; /* folds it sleeps through */
} Blind;

typedef struct {
  const SimOptions *options;
  SimResult *result;
  SimWorld world;
  SimServer *server;
  SimServer *backup;  /* (nullable) */
  SimServer *lagging; /* (nullable) what a slow replica shows */
  gint64 lagging_since;
  gint64 outside, outside_in_backup; /* the truth of what others gave */
  SimDevice *devices[MAX_DEVICES];
  GPtrArray *acked;    /* (element-type PrgOperation) */
  GPtrArray *hung;     /* (element-type Hung) */
  GHashTable *deleted; /* ids that a person deleted softly */
  Blind blind;
  gboolean blind_active, calm, was_restored;
  guint steps;
} History;

gboolean sim_has(const History *self, guint fault);
/* Faults strike while the history lasts, not when it comes to rest. */
gboolean sim_strikes(History *self, guint fault, guint percent);
void sim_trace(const History *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* sim-hands.c: other programs, persons, the server's keeper */
void sim_outside_world(History *self);
void sim_end_blind(History *self);
