/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reader for the part of GraphQL that clients send: one operation with variables, aliases,
 * arguments and nested selections. Fragments and directives are not read. */
#pragma once

#include "sim-util.h"

G_BEGIN_DECLS

typedef struct {
  char *name;            /* (owned) */
  char *alias;           /* (owned) the key in the answer */
  JsonObject *arguments; /* (owned) variables filled in, enum values as strings; absent variables left out */
  GPtrArray *selection;  /* (owned) (nullable) (element-type SimSelection) */
  guint line, column;    /* where it stands, from 1 */
} SimSelection;

typedef struct {
  gboolean mutation;
  gboolean subscription;
  GPtrArray *roots; /* (owned) (element-type SimSelection) */
} SimDocument;

/* NULL and an error element of GraphQL's form in @error if the text is not read. */
SimDocument *sim_gql_parse(const char *text, JsonObject *variables, JsonNode **error);
void sim_document_free(SimDocument *document);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDocument, sim_document_free)

G_END_DECLS
