/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

/* One history: random steps, then rest. */

void
sim_result_clear(SimResult *self)
{
  g_clear_pointer(&self->failure, g_free);
}

/* To a little before midnight, so that the awards of a day and of the next one meet in the outbox. */
static void
pass_to_midnight(SimWorld *world)
{
  gint64 midnight = (world->now / G_TIME_SPAN_DAY + 1) * G_TIME_SPAN_DAY;
  gint64 before = (gint64)sim_below(&world->random, 60) * G_USEC_PER_SEC;
  if (midnight - before <= world->now)
    return;
  world->now = midnight - before;
  sim_trace(world, "it is nearly midnight");
  sim_struck(world, SIM_FAULT_NIGHT);
}

static void
pass_time(SimHistory *self)
{
  SimWorld *world = &self->world;
  SimRandom *random = &world->random;
  guint kind = sim_below(random, 100);
  gint64 us = kind < 70   ? sim_below(random, 300000)
              : kind < 95 ? sim_below(random, 5000000)
                          : (gint64)sim_below(random, 400) * G_USEC_PER_SEC;
  world->now += us + 1;
  if (sim_may(world, SIM_FAULT_NIGHT, 1))
    pass_to_midnight(world);
  sim_server_set_time(self->network.server, world->now);
  sim_network_run(&self->network);
}

/* What the rep and others do on the machine; the lane takes commands when no commit is under way. */
static gboolean
use(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  if (device->changes)
    return FALSE;
  gboolean may_earn = self->options->earnings == 0 || self->n_earnings < self->options->earnings;
  if (self->result->steps < self->quiet_from && sim_percent(&world->random, 12)) {
    self->n_earnings++;
    if (may_earn)
      sim_user_earn(device, world);
    sim_trace(world, "device %u: earned, shows %" G_GINT64_FORMAT, device->number,
              sim_device_total(device, world));
    return TRUE;
  }
  if (sim_may(world, SIM_FAULT_REVOKE, 1) && sim_user_revoke(device, world))
    sim_struck(world, SIM_FAULT_REVOKE);
  else if (sim_may(world, SIM_FAULT_RETRY, 8) &&
           sim_user_settle(device, world, sim_percent(&world->random, 40)))
    sim_struck(world, SIM_FAULT_RETRY);
  else
    return FALSE;
  return TRUE;
}

static void
check(SimHistory *self)
{
  SimWorld *world = &self->world;
  gint64 total = sim_server_total(self->network.server), most = sim_world_bound(world);
  if (total > most)
    sim_fail(world, "Twenty's total is %" G_GINT64_FORMAT ", above what was ever earned, %" G_GINT64_FORMAT,
             total, most);
  for (guint i = 0; i < self->n_devices; i++)
    sim_device_check(self->devices[i], world);
}

static void
one_step(SimHistory *self)
{
  SimWorld *world = &self->world;
  SimDevice *device = self->devices[sim_below(&world->random, self->n_devices)];
  pass_time(self);
  sim_outside_world(self);
  if (self->n_devices > 1 && sim_may(world, SIM_FAULT_GONE, 1) && sim_percent(&world->random, 40)) {
    sim_lose_device(self, device);
    return;
  }
  sim_befall(self, device);
  if (!use(self, device) && !sim_take_turn(self, device) && sim_percent(&world->random, 5))
    sim_device_feed(device, world, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  check(self);
}

static guint
draw_devices(guint64 seed, const SimOptions *options)
{
  SimRandom random = { seed ^ 0xdec1dedec1deu };
  return options->devices ? options->devices : 2 + sim_below(&random, 3);
}

static void
open_history(SimHistory *self, guint64 seed, PrgRules *rules)
{
  SimWorld *world = &self->world;
  world->rules = rules;
  world->trace = self->options->trace;
  world->faults = self->result->faults;
  world->struck = self->result->struck;
  sim_world_init(world, seed);
  sim_network_init(&self->network, world, self->options->flaw);
  if (sim_has(world, SIM_FAULT_TIMELINE))
    sim_server_set_timeline_lag(self->network.server, sim_below(&world->random, 3000) * 1000);
  if (sim_percent(&world->random, 60)) {
    sim_world_give(world, sim_below(&world->random, 3000));
    sim_server_create_record(self->network.server, world->outside);
  }
  self->n_devices = self->result->devices;
  for (guint i = 0; i < self->n_devices; i++)
    self->devices[i] = sim_device_new(i, world);
}

/* For who reads a trace: every operation that a machine and the ledger do not see alike. */
static void
tell_differences(const SimHistory *self, const SimDevice *device)
{
  static const char *const found_names[] = { "not there", "there", "deleted" };
  for (guint i = 0; i < device->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(device->entries, i);
    const PrgOperation *operation = entry->operation;
    gint64 amount = 0;
    gboolean linked = FALSE;
    guint found = sim_server_find_row(self->network.server, operation->id, &amount, &linked);
    if (found == 1 && amount == operation->amount && prg_entry_is_on_ledger(entry) && entry->in_base)
      continue;
    sim_trace(&self->world,
              "device %u holds %s %s %s of %.8s as %s%s, %+" G_GINT64_FORMAT
              "; in the ledger: %s, %+" G_GINT64_FORMAT,
              device->number, operation->kind, operation->ref, operation->id, operation->device,
              prg_operation_state_to_string(entry->state), entry->in_base ? "" : " (not in the base)",
              operation->amount, found_names[found], amount);
  }
}

static void
close_history(SimHistory *self)
{
  SimResult *result = self->result;
  for (guint i = 0; self->world.trace && self->world.failure && i < self->n_devices; i++)
    tell_differences(self, self->devices[i]);
  result->failure = g_steal_pointer(&self->world.failure);
  result->held = result->failure == NULL;
  result->n_operations = self->world.n_operations;
  result->n_requests = self->network.n_sent;
  result->earnings = self->n_earnings;
  for (guint i = 0; i < self->n_devices; i++)
    sim_device_free(self->devices[i]);
  sim_network_clear(&self->network);
  g_clear_pointer(&self->backup, sim_server_free);
  sim_world_clear(&self->world);
}

void
sim_history_run(PrgRules *rules, guint64 seed, const SimOptions *options, SimResult *result)
{
  result->faults =
      options->draw ? sim_faults_draw(options->faults, seed) : sim_faults_without_excluded(options->faults);
  result->devices = draw_devices(seed, options);
  SimHistory history = { .options = options, .result = result };
  open_history(&history, seed, rules);
  guint drawn = 60 + sim_below(&history.world.random, 240);
  guint steps = options->steps ? options->steps : drawn;
  /* Some reps rest before the others' mischief ends: rows that arrive later hide what is missing. */
  history.quiet_from = sim_percent(&history.world.random, 30) ? drawn / 2 : drawn;
  while (result->steps < steps && !history.world.failure) {
    one_step(&history);
    result->steps++;
  }
  if (!history.world.failure)
    sim_settle(&history);
  if (!history.world.failure)
    sim_check_end(&history);
  close_history(&history);
}
