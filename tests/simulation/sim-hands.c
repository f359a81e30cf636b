/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

/* Everybody but the rep's own machines. */

#define SERVER(self) ((self)->network.server)

static gint64
some_award(SimRandom *random)
{
  static const gint64 awards[] = { 10, 30, 50, 60, 75, 100, 150, 200, 300 };
  return awards[sim_below(random, G_N_ELEMENTS(awards))];
}

static void
award_from_outside(SimHistory *self)
{
  gint64 award = some_award(&self->world.random);
  sim_world_give(&self->world, award);
  sim_trace(&self->world, "another program: %+" G_GINT64_FORMAT, award);
  sim_server_patch_total(SERVER(self), sim_server_total(SERVER(self)) + award, NULL, "");
  sim_struck(&self->world, SIM_FAULT_OUTSIDE);
}

static void
begin_blind(SimHistory *self)
{
  guint folds = sim_server_n_folds(SERVER(self));
  self->blind = (SimBlind){ sim_server_total(SERVER(self)), some_award(&self->world.random), folds,
                            folds + sim_below(&self->world.random, 4) };
  self->blind_active = TRUE;
  sim_trace(&self->world, "blind writer: read %" G_GINT64_FORMAT, self->blind.base);
}

void
sim_end_blind(SimHistory *self)
{
  gint64 total = sim_server_total(SERVER(self));
  self->blind_active = FALSE;
  sim_world_give(&self->world, self->blind.award);
  sim_trace(&self->world, "blind writer: writes %" G_GINT64_FORMAT " over %" G_GINT64_FORMAT,
            self->blind.base + self->blind.award, total);
  if (total != self->blind.base)
    sim_struck(&self->world, SIM_FAULT_BLIND);
  /* What leaves the total as it stood is told by updatedAt alone; in the same millisecond as a fold by nothing at all (docs). */
  if (total == self->blind.base + self->blind.award) {
    self->world.now += G_TIME_SPAN_MILLISECOND;
    sim_server_set_time(SERVER(self), self->world.now + G_TIME_SPAN_MILLISECOND);
  }
  sim_server_patch_total(SERVER(self), self->blind.base + self->blind.award, NULL, "");
}

static void
correct_by_person(SimHistory *self)
{
  gint64 delta = (gint64)sim_below(&self->world.random, 41) - 20;
  sim_world_give(&self->world, delta);
  sim_trace(&self->world, "a person: %+" G_GINT64_FORMAT, delta);
  sim_server_patch_total(SERVER(self), sim_server_total(SERVER(self)) + delta, NULL,
                         "30303030-0000-4000-8000-00000000b002");
  sim_struck(&self->world, SIM_FAULT_PERSON);
}

static void
delete_record(SimHistory *self)
{
  gboolean hard = sim_percent(&self->world.random, 50);
  sim_trace(&self->world, "a person: deletes the record%s", hard ? " for good" : "");
  if (hard) {
    sim_server_hard_delete_record(SERVER(self));
    self->world.outside = 0;
  } else {
    sim_server_soft_delete_record(SERVER(self), TRUE);
  }
  sim_struck(&self->world, SIM_FAULT_DELETE);
}

static void
delete_row(SimHistory *self)
{
  SimServer *server = SERVER(self);
  const char *id = sim_server_row_id(server, sim_below(&self->world.random, 40));
  if (!id)
    return;
  /* Not after a restore either, when a row may live again that its owner took for corrected away.
   * Not a row that the record shows in a set: one deleted for good while another machine has the same unsent is paid by nobody (docs). */
  gboolean hard =
      sim_percent(&self->world.random, 50) && !self->was_restored && !sim_server_row_pays_for_set(server, id);
  sim_trace(&self->world, "a person: deletes the row %s %s", id, hard ? "for good" : "softly");
  if (!hard)
    sim_world_except(&self->world, id);
  sim_server_delete_row(server, id, hard);
  sim_struck(&self->world, SIM_FAULT_DELETE);
}

static void
edit_row(SimHistory *self)
{
  SimServer *server = SERVER(self);
  const char *id = sim_server_row_id(server, sim_below(&self->world.random, 40));
  if (!id)
    return;
  gint64 amount = sim_below(&self->world.random, 100);
  sim_trace(&self->world, "a person: edits the row %s to bring %" G_GINT64_FORMAT " XP", id, amount);
  sim_world_acknowledge(&self->world, sim_server_edit_row(server, id, NULL, amount));
  sim_struck(&self->world, SIM_FAULT_EDIT);
}

static void
delete_something(SimHistory *self)
{
  guint rows = sim_percent(&self->world.random, 30) ? 1 + sim_below(&self->world.random, 8) : 1;
  if (sim_percent(&self->world.random, 10) && sim_server_has_record(SERVER(self)))
    delete_record(self);
  else
    for (guint i = 0; i < rows; i++)
      delete_row(self);
}

static void
restore_backup(SimHistory *self)
{
  self->was_restored = TRUE;
  /* A restore takes the server down: no cycle goes on across it. */
  for (guint i = 0; i < self->n_devices; i++)
    self->devices[i]->is_cut_off = prg_machine_get_state(self->devices[i]->machine) == PRG_MACHINE_SYNCING;
  sim_network_drop_requests(&self->network);
  sim_trace(&self->world, "server: restored from a backup");
  sim_server_free(SERVER(self));
  SERVER(self) = sim_server_copy(self->backup);
  sim_server_set_time(SERVER(self), self->world.now);
  self->world.outside = self->outside_in_backup;
  g_clear_pointer(&self->network.lagging, sim_server_free);
  sim_struck(&self->world, SIM_FAULT_RESTORE);
}

static void
take_copies(SimHistory *self)
{
  SimWorld *world = &self->world;
  SimNetwork *network = &self->network;
  if (sim_may(world, SIM_FAULT_STALE, 5)) {
    sim_server_free(network->lagging);
    network->lagging = sim_server_copy(network->server);
    network->lagging_since = world->now;
  }
  /* A backup of a record without ledger fields, restored after rows were posted, ends blocked for a person to decide (docs). */
  const PrgRecord *record = sim_server_record(network->server);
  gboolean begun = !record || record->ledger_xp.known;
  if (begun && !self->blind_active && sim_may(world, SIM_FAULT_RESTORE, 2)) {
    sim_server_free(self->backup);
    self->backup = sim_server_copy(network->server);
    self->outside_in_backup = world->outside;
  }
}

void
sim_refuse_nothing(SimHistory *self)
{
  sim_server_set_batch_limit(SERVER(self), 200);
  sim_server_set_refused(SERVER(self), NULL);
}

static void
change_refusals(SimHistory *self)
{
  static const char *const refs[] = { "lead", "deal-1", "module_1", "2026" };
  SimRandom *random = &self->world.random;
  if (sim_percent(random, 25))
    sim_refuse_nothing(self);
  else if (sim_percent(random, 30))
    sim_server_set_batch_limit(SERVER(self), 3);
  else
    sim_server_set_refused(SERVER(self), refs[sim_below(random, G_N_ELEMENTS(refs))]);
  sim_server_set_silent(SERVER(self), sim_percent(random, 30));
}

static void
write_to_record(SimHistory *self)
{
  SimWorld *world = &self->world;
  if (self->blind_active) {
    if (sim_server_n_folds(SERVER(self)) >= self->blind.after)
      sim_end_blind(self);
  } else if (sim_may(world, SIM_FAULT_BLIND, 4)) {
    begin_blind(self);
  } else if (sim_may(world, SIM_FAULT_OUTSIDE, 3)) {
    award_from_outside(self);
  } else if (sim_may(world, SIM_FAULT_PERSON, 1)) {
    correct_by_person(self);
  }
}

void
sim_outside_world(SimHistory *self)
{
  SimWorld *world = &self->world;
  take_copies(self);
  if (sim_server_has_record(SERVER(self)))
    write_to_record(self);
  else if (sim_server_record(SERVER(self)) && sim_percent(&world->random, 5))
    sim_server_soft_delete_record(SERVER(self), FALSE); /* brought back in Twenty */
  if (sim_may(world, SIM_FAULT_REFUSE, 2))
    change_refusals(self);
  if (sim_may(world, SIM_FAULT_DELETE, 1) && sim_percent(&world->random, 40))
    delete_something(self);
  if (sim_may(world, SIM_FAULT_EDIT, 1))
    edit_row(self);
  if (self->backup && sim_may(world, SIM_FAULT_RESTORE, 1) && sim_percent(&world->random, 30))
    restore_backup(self);
}
