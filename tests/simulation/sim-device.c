/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-device.h"

/* ---- starting, stopping ---- */

static PrgSnapshot *
read_disk(const SimDevice *self)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  for (guint i = 0; i < self->entries->len; i++) {
    const PrgEntry *stored = g_ptr_array_index(self->entries, i);
    PrgEntry *entry = g_new0(PrgEntry, 1);
    entry->operation = prg_operation_ref(stored->operation);
    entry->state = stored->state;
    entry->in_base = stored->in_base;
    g_ptr_array_add(snapshot->entries, entry);
  }
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, self->meta);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_insert(snapshot->meta, g_strdup(key), g_strdup(value));
  snapshot->base = g_strdup(self->base);
  return snapshot;
}

static void
boot(SimDevice *self, SimWorld *world)
{
  self->boot = world->now;
  self->budget = 50 * 1200 * 1000;
  self->budget_at = world->now;
  self->book = prg_book_new(world->rules, world->member, self->id.text, read_disk(self));
  self->machine = prg_machine_new(self->book);
  self->is_changed = TRUE;
  if (!self->is_online)
    sim_device_feed(self, world, PRG_INPUT_NETWORK, NULL, FALSE);
  sim_device_feed(self, world, PRG_INPUT_CREDENTIALS, NULL, !self->is_away);
}

SimDevice *
sim_device_new(guint number, SimWorld *world)
{
  SimDevice *self = g_new0(SimDevice, 1);
  self->number = number;
  /* The same ids in every history: they are interned, for good. */
  g_snprintf(self->id.text, sizeof self->id.text, "%08u-0000-4000-8000-dddddddddddd", number);
  self->entries = g_ptr_array_new_with_free_func((GDestroyNotify)prg_entry_free);
  self->by_id = g_hash_table_new(g_str_hash, g_str_equal);
  self->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->has_token = self->is_online = TRUE;
  boot(self, world);
  return self;
}

static void
lose_memory(SimDevice *self)
{
  g_clear_pointer(&self->request, prg_request_free);
  g_clear_pointer(&self->changes, g_ptr_array_unref);
  g_clear_pointer(&self->machine, prg_machine_free);
  g_clear_pointer(&self->book, prg_book_free);
  self->is_sent = self->retry_wanted = FALSE;
}

void
sim_device_free(SimDevice *self)
{
  lose_memory(self);
  g_hash_table_unref(self->by_id);
  g_ptr_array_unref(self->entries);
  g_hash_table_unref(self->meta);
  g_free(self->base);
  g_free(self);
}

void
sim_device_crash(SimDevice *self, SimWorld *world)
{
  SimShown before = sim_device_shown(self, world);
  lose_memory(self);
  boot(self, world);
  sim_device_check_restart(self, world, &before);
}

void
sim_device_damage(SimDevice *self, SimWorld *world)
{
  lose_memory(self);
  g_clear_pointer(&self->base, g_free);
  for (guint i = self->entries->len; i > 0; i--) {
    PrgEntry *entry = g_ptr_array_index(self->entries, i - 1);
    entry->in_base = FALSE;
    if (entry->state != PRG_OPERATION_REMOTE)
      continue;
    g_hash_table_remove(self->by_id, entry->operation->id);
    g_ptr_array_remove_index(self->entries, i - 1);
  }
  boot(self, world);
}

/* ---- the machine ---- */

/* A bound of its own, not the machine's: 50 requests in a burst, one more every 1.2 s. */
static void
check_rate(SimDevice *self, SimWorld *world)
{
  const gint64 each = 1200 * 1000;
  self->budget = MIN(self->budget + world->now - self->budget_at, 50 * each);
  self->budget_at = world->now;
  self->budget -= each;
  if (self->budget < 0)
    sim_fail(world, "device %u sends more than 50 requests at once and one every 1.2 s", self->number);
}

/* What the machine asks for, and that it asks for one thing at a time. */
static void
take_step(SimDevice *self, SimWorld *world, PrgStep *step)
{
  gboolean is_busy = self->request || self->changes || self->is_sent;
  if (step->request && step->changes)
    sim_fail(world, "device %u asks for a request and a commit at once", self->number);
  else if ((step->request || step->changes) && is_busy)
    sim_fail(world, "device %u asks for something while something else is under way", self->number);
  if (step->request)
    check_rate(self, world);
  if (!self->request)
    self->request = g_steal_pointer(&step->request);
  if (!self->changes)
    self->changes = g_steal_pointer(&step->changes);
}

void
sim_device_feed(SimDevice *self, SimWorld *world, PrgInputKind kind, PrgAnswer *answer, gboolean online)
{
  g_autoptr(PrgAnswer) owned = answer;
  SimUuid token = sim_uuid(&world->random);
  PrgInput input = { .kind = kind,
                     .mono = world->now - self->boot + 1,
                     .wall = world->now + self->skew,
                     .random = sim_random(&world->random),
                     .token = token.text,
                     .zone = world->zone,
                     .zone_name = "UTC",
                     .answer = owned,
                     .message = "disk full",
                     .online = online };
  g_auto(PrgStep) step = { 0 };
  if (world->failure)
    return;
  g_assert(!self->changes);
  prg_machine_step(self->machine, &input, &step);
  take_step(self, world, &step);
  self->is_changed = TRUE;
}

gint64
sim_device_wake_at(const SimDevice *self)
{
  gint64 at = prg_machine_get_wake_at(self->machine);
  return at == 0 ? 0 : at + self->boot - 1;
}

gboolean
sim_device_is_due(const SimDevice *self, const SimWorld *world)
{
  gint64 at = sim_device_wake_at(self);
  return at != 0 && at <= world->now;
}

gboolean
sim_device_is_resting(const SimDevice *self)
{
  return !self->changes && !self->request && !self->is_sent;
}

PrgRequest *
sim_device_send(SimDevice *self)
{
  self->n_requests++;
  self->is_sent = TRUE;
  return g_steal_pointer(&self->request);
}

/* ---- the disk ---- */

static void
write_put(SimDevice *self, SimWorld *world, const PrgChange *change)
{
  PrgEntry *entry = g_hash_table_lookup(self->by_id, change->operation->id);
  sim_device_check_transition(self, world, entry, change);
  if (entry) {
    g_hash_table_remove(self->by_id, entry->operation->id);
    prg_operation_unref(entry->operation);
  } else {
    entry = g_new0(PrgEntry, 1);
    g_ptr_array_add(self->entries, entry);
  }
  entry->operation = prg_operation_ref(change->operation);
  entry->state = change->state;
  entry->in_base = change->in_base;
  g_hash_table_insert(self->by_id, (gpointer)entry->operation->id, entry);
  if (change->state == PRG_OPERATION_NEW)
    sim_world_acknowledge(world, entry->operation);
}

static void
write_state(SimDevice *self, SimWorld *world, const PrgChange *change)
{
  PrgEntry *entry = g_hash_table_lookup(self->by_id, change->id);
  g_assert_nonnull(entry);
  sim_device_check_transition(self, world, entry, change);
  entry->state = change->state;
  entry->in_base = change->in_base;
  if (change->created_at == 0 || change->created_at == entry->operation->created_at)
    return;
  PrgOperation fields = *entry->operation;
  fields.created_at = change->created_at;
  PrgOperation *operation = prg_operation_new(&fields);
  g_hash_table_remove(self->by_id, entry->operation->id);
  prg_operation_unref(entry->operation);
  entry->operation = operation;
  g_hash_table_insert(self->by_id, (gpointer)operation->id, entry);
}

static void
write_one(SimDevice *self, SimWorld *world, const PrgChange *change)
{
  switch (change->kind) {
  case PRG_CHANGE_PUT:
    write_put(self, world, change);
    break;
  case PRG_CHANGE_STATE:
    write_state(self, world, change);
    break;
  case PRG_CHANGE_BASE:
    g_free(self->base);
    self->base = g_strdup(change->text);
    break;
  case PRG_CHANGE_META:
    if (change->text)
      g_hash_table_replace(self->meta, g_strdup(change->id), g_strdup(change->text));
    else
      g_hash_table_remove(self->meta, change->id);
    break;
  case PRG_CHANGE_AUDIT:
    sim_trace(world, "device %u: audit %s", self->number, change->text);
    self->flags += strstr(change->text, "\"flagged\":true") != NULL;
    break;
  }
}

/* First the disk, then the book. */
static void
write_all(SimDevice *self, SimWorld *world, GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++)
    write_one(self, world, g_ptr_array_index(changes, i));
  prg_book_take(self->book, changes);
  self->is_changed = TRUE;
}

void
sim_device_write(SimDevice *self, SimWorld *world)
{
  g_autoptr(GPtrArray) changes = g_steal_pointer(&self->changes);
  write_all(self, world, changes);
  sim_device_feed(self, world, PRG_INPUT_COMMITTED, NULL, FALSE);
}

void
sim_device_drop_changes(SimDevice *self, SimWorld *world)
{
  g_clear_pointer(&self->changes, g_ptr_array_unref);
  sim_device_feed(self, world, PRG_INPUT_COMMIT_FAILED, NULL, FALSE);
}

void
sim_device_commit_command(SimDevice *self, SimWorld *world, GPtrArray *changes)
{
  g_autoptr(GPtrArray) owned = changes;
  write_all(self, world, owned);
  sim_device_feed(self, world, PRG_INPUT_WAKE, NULL, FALSE);
}

/* ---- what it shows ---- */

PrgMoment
sim_device_moment(const SimDevice *self, const SimWorld *world, const char *random_id)
{
  return (PrgMoment){ .member = world->member,
                      .device = self->id.text,
                      .next_seq = prg_book_next_seq(self->book),
                      .random_id = random_id,
                      .now = prg_machine_time(self->machine, world->now - self->boot + 1,
                                              world->now + self->skew),
                      .zone = world->zone,
                      .zone_name = "UTC" };
}

const PrgView *
sim_device_view(const SimDevice *self, const SimWorld *world)
{
  PrgMoment moment = sim_device_moment(self, world, "");
  g_autofree char *today = prg_day_of(moment.now, world->zone);
  return prg_book_view(self->book, today);
}

gint64
sim_device_total(const SimDevice *self, const SimWorld *world)
{
  return sim_device_view(self, world)->record->total_xp.value;
}
