/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-codec.h"

G_BEGIN_DECLS

/* What Twenty must hold: the two objects and their fields. One table for provisioning, for the check of a record's keys, for the docs. */
typedef struct {
  const char *object; /* nameSingular */
  const char *name;
  const char *label;
  const char *type; /* TEXT, NUMBER, DATE_TIME, RELATION */
  gboolean unique;
} PrgSchemaField;
const PrgSchemaField *prg_schema_fields(guint *n_fields);

/* What is still to be created, from the metadata of the server as read. */
typedef struct _PrgSchemaPlan PrgSchemaPlan;

/* Steps of provisioning, pure: list the objects (paged), then one request per missing object, field, relation; each answer is fed
 * back. See prg-schema.c for the order. */
PrgSchemaPlan *prg_schema_plan_new(gboolean dry_run);
void prg_schema_plan_free(PrgSchemaPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgSchemaPlan, prg_schema_plan_free)
/* The next request, NULL = done. (transfer full) (nullable) */
PrgWireRequest *prg_schema_plan_next(PrgSchemaPlan *self);
/* Feeds an answer; FALSE with PRG_ERROR_PERMISSION_DENIED, AUTHENTICATION_FAILED or SERVER_ERROR naming the step and what the server said. */
gboolean
prg_schema_plan_feed(PrgSchemaPlan *self, guint status, const char *body, gsize length, GError **error);
/* (transfer full) (element-type utf8) "repProgression", "repProgression.foldToken", … made (or, dry, to be made), in order */
GPtrArray *prg_schema_plan_get_created(PrgSchemaPlan *self);

G_END_DECLS
