/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of the metadata API: a tree of what failed for every entity that was about to be made. */
#pragma once

#include "sim-schema.h"

G_BEGIN_DECLS

typedef struct {
  JsonObject *groups;  /* (owned) */
  JsonObject *summary; /* (owned) */
  guint total;
} SimMetaErrors;

SimMetaErrors *sim_meta_errors_new(void);
void sim_meta_errors_free(SimMetaErrors *errors);
/* @keys: names of UUID members beside universalIdentifier, NULL-terminated, may be NULL. Returns the list of
 * errors. */
JsonArray *
sim_meta_errors_entity(SimMetaErrors *errors, const char *group, const char *name, const char *const *keys);
void sim_meta_errors_add(JsonArray *list,
                         const char *code,
                         const char *message,
                         const char *user,
                         const char *value);
SimReply *sim_meta_errors_reply(SimMetaErrors *errors, const char *what);

/* The answer to a second creation of an object. */
SimReply *sim_meta_object_exists(const char *singular, const char *plural);
/* A field that cannot be made also cannot be shown in its two views. */
void sim_meta_errors_views(SimMetaErrors *errors);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimMetaErrors, sim_meta_errors_free)

G_END_DECLS
