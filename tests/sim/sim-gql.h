/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GraphQL over the records (/graphql) and over the signed-in user (/metadata). */
#pragma once

#include "sim-gql-parse.h"
#include "sim-record.h"

G_BEGIN_DECLS

SimReply *sim_graphql(SimContext *context, const SimRequest *request);
SimReply *sim_graphql_metadata(SimContext *context, const SimRequest *request);
/* What /graphql says of a document to somebody without a token. */
SimReply *sim_graphql_stranger(const SimRequest *request);
/* {"data":{root:null,…},"errors":[error]} for every root of the request's document. (transfer full) */
SimReply *sim_graphql_all_fail(const SimRequest *request, const GError *error);
/* The names of the document's roots, joined with commas. (nullable) */
char *sim_graphql_operation(const SimRequest *request);

/* Parts that the executor's files share. */
JsonNode *sim_select_record(SimContext *context, SimObject *object, JsonObject *record, GPtrArray *selection);
JsonNode *sim_select_connection(SimContext *context,
                                SimObject *object,
                                JsonObject *arguments,
                                JsonObject *filter,
                                GPtrArray *selection,
                                gboolean nested,
                                GError **error);
JsonNode *sim_select_groups(SimContext *context,
                            SimObject *object,
                            JsonObject *arguments,
                            GPtrArray *selection,
                            GError **error);
GArray *sim_order_parse(SimObject *object, JsonNode *node, GError **error);
SimReply *sim_gql_errors_only(JsonNode *error);
JsonNode *sim_gql_no_such_field(const SimSelection *root, gboolean mutation);
SimDocument *sim_gql_open(const SimRequest *request, SimReply **refusal);

G_END_DECLS
