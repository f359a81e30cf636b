/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-server.h"

typedef struct {
  PrgOperation *operation; /* (owned) immutable, shared with copies of the server */
  const char *record_id;   /* interned */
  gboolean deleted;
} SimRow;

struct _SimServer {
  char *member;        /* (owned) */
  PrgRecord *record;   /* (owned) (nullable) */
  GPtrArray *rows;     /* (owned) (element-type SimRow) in order of creation */
  GHashTable *by_id;   /* (owned) id → SimRow */
  GPtrArray *timeline; /* (owned) (element-type PrgTimelineRow) rc boxes, shared with copies of the server */
  gint64 now;          /* µs, moves on with every write */
  gint64 timeline_lag;
  const char *refused;       /* (nullable) static */
  gboolean refuses_silently; /* its refusals name no value */
  guint batch_limit;
  guint n_folds;
  SimWorld *world; /* (not owned) (nullable) */
  SimFlaw flaw;
};

void sim_server_touch(SimServer *self, const char *member);
void sim_server_write_timeline(SimServer *self,
                               const PrgRecord *before,
                               const char *member,
                               const char *module,
                               gboolean fold);
