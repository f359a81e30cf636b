/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

/* Coming to rest, and what must hold then. */

#define HOUR (G_TIME_SPAN_HOUR)
/* An idle machine glances every 5 minutes ± 10 %, and reads the ledger now and then. */
#define IDLE_REQUESTS_AN_HOUR 20
#define MAX_ROUNDS 12

static void
run_until_rest(SimHistory *self, SimDevice *device)
{
  for (guint i = 0; i < 2000 && !self->world.failure; i++) {
    self->world.now += 20000;
    sim_server_set_time(self->network.server, self->world.now);
    if (sim_device_is_resting(device)) {
      if (prg_machine_get_state(device->machine) != PRG_MACHINE_SYNCING)
        return;
      self->world.now = MAX(self->world.now, sim_device_wake_at(device)); /* the rate budget */
    }
    sim_take_turn(self, device);
    sim_device_check(device, &self->world);
  }
  sim_fail(&self->world, "device %u does not come to rest", device->number);
}

/* Whatever was wrong is put right: network, token, disk, clock, refusals; nobody is signed out. */
static void
put_right(SimHistory *self, SimDevice *device)
{
  device->has_token = TRUE;
  device->is_cut_off = FALSE;
  run_until_rest(self, device);
  sim_set_online(self, device, TRUE);
  run_until_rest(self, device);
  device->is_away = FALSE;
  while (sim_user_settle(device, &self->world, FALSE))
    run_until_rest(self, device);
  device->retry_wanted = FALSE;
  sim_device_feed(device, &self->world, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  run_until_rest(self, device);
}

static void
sync_now(SimHistory *self, SimDevice *device)
{
  self->world.now += 25 * G_USEC_PER_SEC;
  sim_device_feed(device, &self->world, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  run_until_rest(self, device);
  sim_trace(&self->world, "device %u: at rest, %s %s, shows %" G_GINT64_FORMAT ", Twenty %" G_GINT64_FORMAT,
            device->number, prg_machine_state_to_string(prg_machine_get_state(device->machine)),
            prg_machine_get_last_error(device->machine), sim_device_total(device, &self->world),
            sim_server_total(self->network.server));
}

/* A fold that waits for a late timeline comes in seconds; an idle machine's next glance is minutes away. */
static gboolean
plans_a_fold(SimHistory *self, SimDevice *device)
{
  gint64 at = sim_device_wake_at(device);
  return at != 0 && at < self->world.now + 30 * G_USEC_PER_SEC;
}

/* One round. FALSE: nobody wrote anything, learnt anything or complained, so another round would be the same. */
static gboolean
sync_all(SimHistory *self)
{
  guint n_writes = self->network.n_writes;
  gboolean goes_on = FALSE;
  for (guint i = 0; i < self->n_devices && !self->world.failure; i++) {
    SimDevice *device = self->devices[i];
    gint64 before = sim_device_total(device, &self->world);
    sync_now(self, device);
    goes_on |= *prg_machine_get_last_error(device->machine) || plans_a_fold(self, device) ||
               sim_device_total(device, &self->world) != before ||
               sim_server_total(self->network.server) != sim_device_total(device, &self->world);
  }
  return goes_on || self->network.n_writes != n_writes;
}

void
sim_settle(SimHistory *self)
{
  SimServer *server = self->network.server;
  self->world.calm = TRUE;
  sim_trace(&self->world, "all is put right, and comes to rest");
  if (sim_server_record(server) && !sim_server_has_record(server))
    sim_server_soft_delete_record(server, FALSE);
  if (self->blind_active)
    sim_end_blind(self);
  sim_refuse_nothing(self);
  self->world.now += 130 * G_USEC_PER_SEC; /* hung requests end, replicas catch up */
  sim_network_run(&self->network);
  for (guint i = 0; i < self->n_devices && !self->world.failure; i++)
    put_right(self, self->devices[i]);
  for (guint round = 0; round < MAX_ROUNDS && !self->world.failure; round++)
    if (!sync_all(self))
      return;
  sim_fail(&self->world, "no rest after %u rounds", MAX_ROUNDS);
}

/* ---- the truth ---- */

/* The total as it must be: what others gave, and every fact once, as the ledger has it. Appends nothing; fails on a lost fact. */
static gint64
count_truth(SimHistory *self)
{
  gint64 sum = self->world.outside, amount = 0;
  gboolean linked = FALSE;
  GHashTableIter iter;
  gpointer id, value;
  g_hash_table_iter_init(&iter, self->world.facts);
  while (g_hash_table_iter_next(&iter, &id, &value)) {
    const SimFact *fact = value;
    guint found = sim_server_find_row(self->network.server, id, &amount, &linked);
    if (found == 1 && !linked)
      sim_fail(&self->world, "the row of %s %s has no record", fact->operation->kind, (char *)id);
    if (found == 0 && !fact->excepted)
      sim_fail(&self->world, "acknowledged %s %s is not in the ledger", fact->operation->kind, (char *)id);
    if (found == 1)
      sum += amount;
    else if (!fact->excepted)
      sum += fact->most;
  }
  return sum;
}

static void
check_device(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  const SimServer *server = self->network.server;
  const PrgRecord *shown = sim_device_view(device, world)->record;
  gint64 total = sim_server_total(server);
  if (shown->total_xp.value != total)
    sim_fail(world, "device %u shows %" G_GINT64_FORMAT ", Twenty %" G_GINT64_FORMAT, device->number,
             shown->total_xp.value, total);
  if (prg_book_n_pending(device->book) > 0 || prg_book_pending_xp(device->book) != 0)
    sim_fail(world, "device %u still has %u operations pending", device->number,
             prg_book_n_pending(device->book));
  if (prg_machine_get_state(device->machine) != PRG_MACHINE_IDLE ||
      *prg_machine_get_last_error(device->machine))
    sim_fail(world, "device %u ends %s: %s", device->number,
             prg_machine_state_to_string(prg_machine_get_state(device->machine)),
             prg_machine_get_last_error(device->machine));
  if (shown->closed_deals.value != sim_server_record(server)->closed_deals.value)
    sim_fail(world, "device %u shows %" G_GINT64_FORMAT " deals, Twenty %" G_GINT64_FORMAT, device->number,
             shown->closed_deals.value, sim_server_record(server)->closed_deals.value);
  if (shown->current_level.value != sim_server_record(server)->current_level.value &&
      sim_server_ledger_count(server, NULL) > 0) /* the level rides along with a fold */
    sim_fail(world, "device %u shows level %" G_GINT64_FORMAT ", Twenty %" G_GINT64_FORMAT, device->number,
             shown->current_level.value, sim_server_record(server)->current_level.value);
}

static void
check_record(SimHistory *self)
{
  const PrgRecord *record = sim_server_record(self->network.server);
  gint64 sum = sim_server_ledger_sum(self->network.server);
  gint64 count = sim_server_ledger_count(self->network.server, NULL);
  if (record->ledger_xp.value != sum || record->ledger_count.value != count)
    sim_fail(&self->world,
             "the record says %" G_GINT64_FORMAT " XP of %" G_GINT64_FORMAT
             " rows, the ledger has %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT,
             record->ledger_xp.value, record->ledger_count.value, sum, count);
  if (record->total_xp.value != record->external_xp.value + sum)
    sim_fail(&self->world, "totalXp is not externalXp and the ledger's sum");
}

/* Nothing to do is nothing done: no machine may spin, or write what stands there. */
static void
idle_for_an_hour(SimHistory *self, SimDevice *device)
{
  gint64 end = self->world.now + HOUR, total = sim_server_total(self->network.server);
  guint requests = device->n_requests;
  gint64 updated_at = sim_server_record(self->network.server)->updated_at;
  while (!self->world.failure) {
    gint64 at = sim_device_wake_at(device);
    if (at == 0 || at > end)
      break;
    self->world.now = MAX(self->world.now, at);
    sim_device_feed(device, &self->world, PRG_INPUT_WAKE, NULL, FALSE);
    run_until_rest(self, device);
  }
  if (device->n_requests - requests > IDLE_REQUESTS_AN_HOUR)
    sim_fail(&self->world, "device %u: %u requests in an idle hour", device->number,
             device->n_requests - requests);
  if (sim_server_total(self->network.server) != total ||
      sim_server_record(self->network.server)->updated_at != updated_at)
    sim_fail(&self->world, "device %u writes the record in an idle hour", device->number);
}

void
sim_check_end(SimHistory *self)
{
  SimWorld *world = &self->world;
  gint64 total = sim_server_total(self->network.server);
  gint64 expected = count_truth(self);
  self->result->exact = total == expected;
  check_record(self);
  for (guint i = 0; i < self->n_devices; i++) {
    self->result->flagged = self->result->flagged || self->devices[i]->flags > 0;
    check_device(self, self->devices[i]);
  }
  if (total > expected)
    sim_fail(world, "the total ended at %" G_GINT64_FORMAT ", above the truth %" G_GINT64_FORMAT, total,
             expected);
  else if (total < expected && !sim_has(world, SIM_FAULT_BLIND))
    sim_fail(world, "the total ended at %" G_GINT64_FORMAT ", the truth is %" G_GINT64_FORMAT, total,
             expected);
  else if (total < expected && !self->result->flagged)
    sim_fail(world, "%" G_GINT64_FORMAT " XP were lost and nothing is flagged", expected - total);
  SimDevice *one = self->devices[sim_below(&world->random, self->n_devices)];
  if (world->failure || sim_percent(&world->random, 75))
    return;
  sim_device_crash(one, world); /* a restart shows the same */
  run_until_rest(self, one);
  sync_now(self, one);
  idle_for_an_hour(self, one);
}
