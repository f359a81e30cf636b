/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

/* What befalls one machine, and its turn. */

static void
crash(SimHistory *self, SimDevice *device, const char *when)
{
  sim_trace(&self->world, "device %u: crash %s", device->number, when);
  sim_network_abandon(&self->network, device);
  sim_device_crash(device, &self->world);
}

/* The old token's request is cancelled first; only then the machine hears of the new one. */
static void
tell_credentials(SimHistory *self, SimDevice *device)
{
  if (device->changes) {
    device->retry_wanted = TRUE;
    return;
  }
  if (device->is_sent || device->request) {
    sim_network_abandon(&self->network, device);
    g_clear_pointer(&device->request, prg_request_free);
    device->is_sent = FALSE;
    sim_device_feed(device, &self->world, PRG_INPUT_LOST, NULL, FALSE);
  }
  if (device->changes)
    device->retry_wanted = TRUE;
  else
    sim_device_feed(device, &self->world, PRG_INPUT_CREDENTIALS, NULL, !device->is_away);
}

void
sim_sign_in(SimHistory *self, SimDevice *device, gboolean in)
{
  device->is_away = !in;
  sim_trace(&self->world, "device %u: signs %s", device->number, in ? "in" : "out");
  tell_credentials(self, device);
}

void
sim_set_online(SimHistory *self, SimDevice *device, gboolean online)
{
  if (device->is_online == online)
    return;
  device->is_online = online;
  sim_trace(&self->world, "device %u: %s", device->number, online ? "online" : "offline");
  sim_device_feed(device, &self->world, PRG_INPUT_NETWORK, NULL, online);
}

static void
toggle_token(SimHistory *self, SimDevice *device)
{
  device->has_token = !device->has_token;
  sim_trace(&self->world, "device %u: token %s", device->number, device->has_token ? "renewed" : "expires");
  if (device->has_token)
    tell_credentials(self, device);
}

/* The machine with the pending operations stays away, or comes back later; the store keeps them either way. */
static void
move_operations(SimHistory *self, SimDevice *device)
{
  SimDevice *other = self->devices[sim_below(&self->world.random, self->n_devices)];
  g_autoptr(GPtrArray) operations = sim_user_export(device);
  if (operations->len == 0 || other == device || other->changes)
    return;
  sim_sign_in(self, device, FALSE);
  guint added = sim_user_import(other, &self->world, operations);
  sim_trace(&self->world, "device %u: imports %u operations of device %u", other->number, added,
            device->number);
  if (added > 0)
    sim_struck(&self->world, SIM_FAULT_EXPORT);
}

static void
damage_store(SimHistory *self, SimDevice *device)
{
  sim_trace(&self->world, "device %u: its store is damaged", device->number);
  sim_network_abandon(&self->network, device);
  sim_device_damage(device, &self->world);
}

static gboolean
is_held_by_others(const SimHistory *self, const SimDevice *device, const char *id)
{
  for (guint i = 0; i < self->n_devices; i++) {
    const PrgEntry *entry =
        self->devices[i] == device ? NULL : g_hash_table_lookup(self->devices[i]->by_id, id);
    if (entry && entry->state != PRG_OPERATION_REMOTE && !prg_operation_state_is_gone(entry->state))
      return TRUE;
  }
  return FALSE;
}

/* What nobody else has earned too now counts only as far as the ledger holds it. */
void
sim_lose_device(SimHistory *self, SimDevice *device)
{
  guint at = 0;
  sim_trace(&self->world, "device %u: is lost for good", device->number);
  for (guint i = 0; i < device->entries->len; i++) {
    const char *id = ((PrgEntry *)g_ptr_array_index(device->entries, i))->operation->id;
    if (!is_held_by_others(self, device, id))
      sim_world_except(&self->world, id);
  }
  self->result->flagged = self->result->flagged || device->flags > 0;
  sim_network_abandon(&self->network, device);
  while (self->devices[at] != device)
    at++;
  self->devices[at] = self->devices[--self->n_devices];
  sim_device_free(device);
  sim_struck(&self->world, SIM_FAULT_GONE);
}

static void
set_clock(SimHistory *self, SimDevice *device)
{
  device->skew = ((gint64)sim_below(&self->world.random, 2 * 86400) - 86400) * G_USEC_PER_SEC;
  sim_trace(&self->world, "device %u: its clock is %+" G_GINT64_FORMAT " s", device->number,
            device->skew / G_USEC_PER_SEC);
  device->is_changed = TRUE;
}

/* While a commit is under way nothing of this reaches the machine: one lane. */
static void
befall_idle_lane(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  if (sim_strikes(world, SIM_FAULT_TOKEN, 1))
    toggle_token(self, device);
  else if (sim_may(world, SIM_FAULT_OFFLINE, device->is_online ? 1 : 8)) {
    sim_struck(world, SIM_FAULT_OFFLINE);
    sim_set_online(self, device, !device->is_online);
  } else if (device->is_away && sim_percent(&world->random, 5))
    sim_sign_in(self, device, TRUE);
  else if (!device->is_away && sim_may(world, SIM_FAULT_EXPORT, 1))
    move_operations(self, device);
}

void
sim_befall(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  if (sim_may(world, SIM_FAULT_CRASH, 1) && sim_percent(&world->random, 50)) {
    sim_struck(world, SIM_FAULT_CRASH);
    crash(self, device,
          device->changes   ? "before a commit"
          : device->is_sent ? "during a request"
                            : "at rest");
  }
  if (sim_may(world, SIM_FAULT_DAMAGE, 1) && sim_percent(&world->random, 20)) {
    sim_struck(world, SIM_FAULT_DAMAGE);
    damage_store(self, device);
  }
  if (sim_may(world, SIM_FAULT_CLOCK, 1) && sim_percent(&world->random, 50)) {
    sim_struck(world, SIM_FAULT_CLOCK);
    set_clock(self, device);
  }
  if (!device->changes)
    befall_idle_lane(self, device);
  if (!device->changes && device->retry_wanted) {
    device->retry_wanted = device->is_sent || device->request;
    if (!device->retry_wanted)
      sim_device_feed(device, world, PRG_INPUT_CREDENTIALS, NULL, !device->is_away);
  }
}

/* ---- its turn ---- */

static void
commit(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  if (sim_strikes(world, SIM_FAULT_CRASH, 1)) {
    crash(self, device, "before a commit");
  } else if (sim_strikes(world, SIM_FAULT_DISK, 2)) {
    sim_trace(world, "device %u: the disk refuses a commit", device->number);
    sim_device_drop_changes(device, world);
  } else {
    sim_device_write(device, world);
    if (sim_strikes(world, SIM_FAULT_CRASH, 1))
      crash(self, device, "after a commit");
  }
}

static gboolean
receive(SimHistory *self, SimDevice *device)
{
  SimWorld *world = &self->world;
  PrgAnswer *answer = sim_network_receive(&self->network, device);
  if (!answer)
    return FALSE;
  sim_trace(world, "device %u: %s %s", device->number, prg_outcome_to_string(answer->outcome),
            answer->message);
  device->is_sent = FALSE;
  if (sim_strikes(world, SIM_FAULT_CRASH, 1)) {
    prg_answer_free(answer);
    crash(self, device, "with an answer in hand");
  } else {
    sim_device_feed(device, world, PRG_INPUT_ANSWER, answer, FALSE);
  }
  return TRUE;
}

/* For who reads a trace: what a request is about. (transfer full) */
static char *
describe(const PrgRequest *request)
{
  GString *text = g_string_new(prg_request_kind_to_string(request->kind));
  for (guint i = 0; request->operations && i < request->operations->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(request->operations, i);
    g_string_append_printf(text, " %.8s %s %s %+" G_GINT64_FORMAT ";", operation->id, operation->kind,
                           operation->ref, operation->amount);
  }
  for (guint i = 0; request->ids && i < request->ids->len; i++)
    g_string_append_printf(text, " %.8s", (char *)g_ptr_array_index(request->ids, i));
  if (request->kind == PRG_REQUEST_SWAP && request->fold->set_total)
    g_string_append_printf(text, " total %" G_GINT64_FORMAT, request->fold->total_xp);
  if (request->kind == PRG_REQUEST_SWAP && request->fold->set_ledger)
    g_string_append_printf(text, " ledger %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT,
                           request->fold->ledger_xp, request->fold->ledger_count);
  if (request->kind == PRG_REQUEST_SWAP && request->fold->completed_modules)
    g_string_append_printf(text, " modules %s", request->fold->completed_modules);
  return g_string_free(text, FALSE);
}

static void
send_request(SimHistory *self, SimDevice *device)
{
  g_autofree char *what = self->world.trace ? describe(device->request) : NULL;
  sim_trace(&self->world, "device %u: %s ->", device->number, what);
  sim_network_send(&self->network, device);
  sim_network_run(&self->network);
  receive(self, device);
}

gboolean
sim_take_turn(SimHistory *self, SimDevice *device)
{
  if (device->changes)
    commit(self, device);
  else if (device->request)
    send_request(self, device);
  else if (device->is_sent)
    return receive(self, device);
  else if (sim_device_is_due(device, &self->world))
    sim_device_feed(device, &self->world, PRG_INPUT_WAKE, NULL, FALSE);
  else
    return FALSE;
  return TRUE;
}
