/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema of the product, as the client's own provisioning makes it. */
#include "sim-schema.h"

typedef struct {
  const char *name, *type;
} Column;

static const Column progression[] = {
  { "totalXp", "NUMBER" },
  { "currentLevel", "NUMBER" },
  { "currentRank", "TEXT" },
  { "closedDeals", "NUMBER" },
  { "badges", "TEXT" },
  { "streakDays", "NUMBER" },
  { "completedModules", "TEXT" },
  { "certifications", "TEXT" },
  { "defeatedBosses", "TEXT" },
  { "passedExams", "TEXT" },
  { "efficiencyMetrics", "TEXT" },
  { "lastActivityDate", "DATE_TIME" },
  { "ledgerXp", "NUMBER" },
  { "ledgerCount", "NUMBER" },
  { "externalXp", "NUMBER" },
  { "externalDeals", "NUMBER" },
  { "foldToken", "TEXT" },
  { "foldLog", "TEXT" },
};

static const Column event[] = {
  { "workspaceMemberId", "TEXT" }, { "device", "TEXT" },     { "seq", "NUMBER" },
  { "eventType", "TEXT" },         { "xpAmount", "NUMBER" }, { "ref", "TEXT" },
  { "occurredAt", "DATE_TIME" },   { "localDay", "TEXT" },   { "details", "TEXT" },
};

static void
add_columns(Sim *sim, const char *object_id, const Column *columns, guint n_columns, gint64 now)
{
  for (guint i = 0; i < n_columns; i++) {
    SimFieldSpec spec = { .name = columns[i].name, .label = columns[i].name, .type = columns[i].type };
    g_free(sim_schema_create_field(sim->db, object_id, &spec, now));
  }
}

void
sim_schema_provision(Sim *sim)
{
  gint64 now = sim_now(sim);
  SimObjectSpec reps = { "repProgression",
                         "repProgressions",
                         "Rep progression",
                         "Rep progressions",
                         "Progression of one sales rep",
                         "IconTrophy",
                         FALSE };
  SimObjectSpec events = { "xpEvent", "xpEvents", "XP event", "XP events", NULL, "IconBolt", FALSE };
  if (sim_schema_singular(sim_schema_get(sim), "repProgression") != NULL)
    return;
  g_autofree char *rep = sim_schema_create_object(sim->db, &reps, now);
  SimFieldSpec member = {
    .name = "workspaceMemberId", .label = "Workspace member id", .type = "TEXT", .unique = TRUE
  };
  g_free(sim_schema_create_field(sim->db, rep, &member, now));
  add_columns(sim, rep, progression, G_N_ELEMENTS(progression), now);
  g_autofree char *row = sim_schema_create_object(sim->db, &events, now);
  add_columns(sim, row, event, G_N_ELEMENTS(event), now);
  sim_schema_touch(sim);
  SimSchema *schema = sim_schema_get(sim);
  g_free(sim_schema_relate(sim->db, sim_schema_by_id(schema, row), "rep", "Rep",
                           sim_schema_by_id(schema, rep), "XP events", "IconBolt", now));
  sim_schema_touch(sim);
}
