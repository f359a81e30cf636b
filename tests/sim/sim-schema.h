/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data model: objects and fields, kept in the database beside the records. */
#pragma once

#include "sim-store.h"

G_BEGIN_DECLS

typedef struct {
  const char *name, *label, *type, *description, *icon, *default_value, *settings;
  const char *target; /* id of the related object */
  gboolean unique, system, required;
} SimFieldSpec;

typedef struct {
  const char *singular, *plural, *label, *labels, *description, *icon;
  gboolean system;
} SimObjectSpec;

SimSchema *sim_schema_load(sqlite3 *db);
void sim_schema_free(SimSchema *schema);
/* The data model of the live database, read again after a change. */
SimSchema *sim_schema_get(Sim *sim);
void sim_schema_touch(Sim *sim);

SimObject *sim_schema_plural(SimSchema *schema, const char *name);
SimObject *sim_schema_singular(SimSchema *schema, const char *name);
SimObject *sim_schema_by_id(SimSchema *schema, const char *id);
/* By the key that records use: the join column of a relation, the name of any other field. */
SimField *sim_object_field(SimObject *object, const char *key);
SimField *sim_object_named(SimObject *object, const char *name);

void sim_schema_standard(sqlite3 *db, gint64 now);
char *sim_schema_create_object(sqlite3 *db, const SimObjectSpec *spec, gint64 now);
char *sim_schema_create_field(sqlite3 *db, const char *object_id, const SimFieldSpec *spec, gint64 now);
void sim_schema_drop_field(sqlite3 *db, SimObject *object, SimField *field);
void sim_schema_drop_object(sqlite3 *db, SimObject *object);
/* The objects and fields that the client's ProvisionServer makes. */
void sim_schema_provision(Sim *sim);
/* Both ends of a many-to-one relation; returns the id of the near one. */
char *sim_schema_relate(sqlite3 *db,
                        SimObject *from,
                        const char *name,
                        const char *label,
                        SimObject *to,
                        const char *back_label,
                        const char *back_icon,
                        gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSchema, sim_schema_free)

G_END_DECLS
