/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, what the role may do, and the workspace's rate limit. */
#pragma once

#include "sim-schema.h"

G_BEGIN_DECLS

typedef enum { SIM_MAY_READ, SIM_MAY_WRITE, SIM_MAY_DELETE, SIM_MAY_DESTROY, SIM_MAY_METADATA } SimAction;

typedef enum { SIM_AUTH_FINE, SIM_AUTH_NONE, SIM_AUTH_INVALID, SIM_AUTH_EXPIRED, SIM_AUTH_REVOKED } SimAuth;

SimAuth sim_auth_check(Sim *sim, const char *authorization, SimIdentity **identity);
/* The refusal in REST's or GraphQL's words. */
SimReply *sim_auth_refuse(SimAuth auth, gboolean graphql);
void sim_identity_free(SimIdentity *identity);

gboolean sim_role_known(const char *role);
gboolean sim_may(SimContext *context, SimObject *object, SimAction action, GError **error);
GHashTable *sim_hidden_fields(sqlite3 *db, const char *role);
/* Takes one token of the workspace's bucket; users' tokens are not limited. */
gboolean sim_rate_take(SimContext *context, GError **error);

char *sim_token_make(Sim *sim, const char *name, const char *role, const char *member, gint64 ttl_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimIdentity, sim_identity_free)

G_END_DECLS
