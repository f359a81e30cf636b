/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-record.h"

G_BEGIN_DECLS

/* /rest/… but not /rest/metadata. */
SimReply *sim_rest(SimContext *context, const SimRequest *request);
/* /rest/metadata/objects and fields. */
SimReply *sim_metadata(SimContext *context, const SimRequest *request);

JsonNode *sim_body_parse(const SimRequest *request, SimReply **refusal);
SimReply *sim_reply_not_found(const SimRequest *request);

G_END_DECLS
