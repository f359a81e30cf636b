/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

/* Everybody but the rep's own machines. */

static gint64
some_award(SimRandom *random)
{
  static const gint64 awards[] = { 10, 30, 50, 60, 75, 100, 150, 200, 300 };
  return awards[sim_below(random, G_N_ELEMENTS(awards))];
}

static void
award_from_outside(History *self)
{
  gint64 award = some_award(&self->world.random);
  self->outside += award;
  sim_trace(self, "another program: %+" G_GINT64_FORMAT, award);
  sim_server_patch_total(self->server, sim_server_total(self->server) + award, NULL, "");
}

static void
begin_blind(History *self)
{
  self->blind = (Blind){ sim_server_total(self->server), some_award(&self->world.random),
                         sim_server_n_folds(self->server) + sim_below(&self->world.random, 4) };
  self->blind_active = TRUE;
  sim_trace(self, "blind writer: read %" G_GINT64_FORMAT, self->blind.base);
}

void
sim_end_blind(History *self)
{
  self->blind_active = FALSE;
  self->outside += self->blind.award;
  sim_trace(self, "blind writer: writes %" G_GINT64_FORMAT " over %" G_GINT64_FORMAT,
            self->blind.base + self->blind.award, sim_server_total(self->server));
  sim_server_patch_total(self->server, self->blind.base + self->blind.award, NULL, "");
}

static void
correct_by_person(History *self)
{
  gint64 delta = (gint64)sim_below(&self->world.random, 41) - 20;
  self->outside += delta;
  sim_trace(self, "a person: %+" G_GINT64_FORMAT, delta);
  sim_server_patch_total(self->server, sim_server_total(self->server) + delta, NULL,
                         "30303030-0000-4000-8000-00000000b002");
}

static void
delete_something(History *self)
{
  const char *id = sim_server_row_id(self->server, sim_below(&self->world.random, 40));
  if (sim_percent(&self->world.random, 10) && sim_server_has_record(self->server)) {
    sim_trace(self, "a person: deletes the record for good");
    sim_server_hard_delete_record(self->server);
    self->outside = 0;
  } else if (id) {
    /* Not after a restore either, when a row may live again that its owner took for corrected away.
     * Not a module's row: one deleted for good while another machine has the same module unsent is paid by nobody (docs). */
    gboolean hard = sim_percent(&self->world.random, 50) && !self->was_restored &&
                    !sim_server_row_pays_module(self->server, id);
    sim_trace(self, "a person: deletes a row %s", hard ? "for good" : "softly");
    if (!hard)
      g_hash_table_add(self->deleted, g_strdup(id));
    sim_server_delete_row(self->server, id, hard);
  }
}

static void
restore_backup(History *self)
{
  self->was_restored = TRUE;
  /* A restore takes the server down: no cycle goes on across it. */
  for (guint i = 0; i < self->options->devices; i++)
    self->devices[i]->cut_off = prg_machine_get_state(self->devices[i]->machine) == PRG_MACHINE_SYNCING;
  sim_trace(self, "server: restored from a backup");
  sim_server_free(self->server);
  self->server = sim_server_copy(self->backup);
  sim_server_set_time(self->server, self->world.now);
  self->outside = self->outside_in_backup;
  /* A row that the backup holds alive is alive again; one that it never held stays corrected away. */
  for (guint i = 0; i < sim_server_n_rows(self->server); i++) {
    gint64 amount;
    gboolean linked;
    const char *id = sim_server_row_id(self->server, i);
    if (sim_server_find_row(self->server, id, &amount, &linked) == 2)
      g_hash_table_add(self->deleted, g_strdup(id));
    else
      g_hash_table_remove(self->deleted, id);
  }
  g_clear_pointer(&self->lagging, sim_server_free);
}

static void
take_copies(History *self)
{
  if (sim_has(self, SIM_FAULT_STALE) && sim_percent(&self->world.random, 5)) {
    g_clear_pointer(&self->lagging, sim_server_free);
    self->lagging = sim_server_copy(self->server);
    self->lagging_since = self->world.now;
  }
  /* A backup of a record without ledger fields, restored after rows were posted, ends blocked for a person to decide (docs). */
  const PrgRecord *record = sim_server_record(self->server);
  gboolean begun = !record || record->ledger_xp.known;
  if (sim_has(self, SIM_FAULT_RESTORE) && begun && sim_percent(&self->world.random, 2) &&
      !self->blind_active) {
    g_clear_pointer(&self->backup, sim_server_free);
    self->backup = sim_server_copy(self->server);
    self->outside_in_backup = self->outside;
  }
}

void
sim_outside_world(History *self)
{
  gboolean record = sim_server_has_record(self->server);
  take_copies(self);
  if (self->blind_active && sim_server_n_folds(self->server) >= self->blind.after)
    sim_end_blind(self);
  else if (record && !self->blind_active && sim_strikes(self, SIM_FAULT_BLIND, 4))
    begin_blind(self);
  else if (record && !self->blind_active && sim_strikes(self, SIM_FAULT_OUTSIDE, 3))
    award_from_outside(self);
  else if (record && sim_strikes(self, SIM_FAULT_PERSON, 1))
    correct_by_person(self);
  if (sim_strikes(self, SIM_FAULT_DELETE, 1) && sim_percent(&self->world.random, 40))
    delete_something(self);
  if (self->backup && sim_strikes(self, SIM_FAULT_RESTORE, 1) && sim_percent(&self->world.random, 30))
    restore_backup(self);
}
