/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-codec.h"
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The recorded exchanges of a real server, read from the file that PRG_CONTRACT names. */
typedef struct {
  char *id;         /* (owned) */
  JsonNode *sent;   /* (owned) (nullable) body of the request */
  char *path;       /* (owned) */
  guint status;     /* 0 = no answer came */
  JsonNode *answer; /* (owned) (nullable) */
  char *body;       /* (owned) the answer as text */
} Recording;

GPtrArray *recording_load(void); /* (transfer full) (element-type Recording) */
const Recording *recording_find(GPtrArray *all, const char *id); /* aborts if it is missing */

/* The answer as our own, larger selection would have drawn it: keys that the recorded query did not ask for
 * are null, and groups have the device before the event type. (transfer full) */
char *recording_complete(const Recording *self);

/* A request of @kind that asks for what the recorded one asked for: record, ids, operations. (transfer full)
 */
PrgRequest *recording_request(const Recording *self, PrgRequestKind kind);

/* Fails the test unless every part of an OK answer has the promised shape. */
void recording_assert_shape(const PrgRequest *request, const PrgAnswer *answer);

G_END_DECLS
