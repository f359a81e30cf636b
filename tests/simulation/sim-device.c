/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-device.h"
#include "prg-calendar.h"

static void
boot(SimDevice *self, SimWorld *world)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  for (guint i = 0; i < self->order->len; i++) {
    const PrgEntry *stored = g_hash_table_lookup(self->disk, g_ptr_array_index(self->order, i));
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
  self->boot = world->now;
  self->book = prg_book_new(self->rules, world->member, self->id, snapshot);
  self->machine = prg_machine_new(self->book);
  sim_device_feed(self, world, PRG_INPUT_CREDENTIALS, NULL, self->has_token);
}

SimDevice *
sim_device_new(guint number, PrgRules *rules, SimWorld *world)
{
  SimDevice *self = g_new0(SimDevice, 1);
  self->number = number;
  self->id = sim_uuid(&world->random);
  self->rules = prg_rules_ref(rules);
  self->disk = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)prg_entry_free);
  self->order = g_ptr_array_new_with_free_func(g_free);
  self->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->has_token = TRUE;
  boot(self, world);
  return self;
}

static void
lose_memory(SimDevice *self)
{
  prg_step_clear(&self->step);
  g_clear_pointer(&self->machine, prg_machine_free);
  g_clear_pointer(&self->book, prg_book_free);
}

void
sim_device_free(SimDevice *self)
{
  lose_memory(self);
  g_hash_table_unref(self->disk);
  g_ptr_array_unref(self->order);
  g_hash_table_unref(self->meta);
  prg_rules_unref(self->rules);
  g_free(self->base);
  g_free(self->id);
  g_free(self);
}

void
sim_device_crash(SimDevice *self, SimWorld *world)
{
  lose_memory(self);
  boot(self, world);
}

void
sim_device_damage(SimDevice *self, SimWorld *world)
{
  lose_memory(self);
  g_clear_pointer(&self->base, g_free);
  for (guint i = self->order->len; i > 0; i--) {
    const char *id = g_ptr_array_index(self->order, i - 1);
    PrgEntry *entry = g_hash_table_lookup(self->disk, id);
    entry->in_base = FALSE;
    if (entry->state == PRG_OPERATION_REMOTE) {
      g_hash_table_remove(self->disk, id);
      g_ptr_array_remove_index(self->order, i - 1);
    }
  }
  boot(self, world);
}

void
sim_device_feed(SimDevice *self, SimWorld *world, PrgInputKind kind, PrgAnswer *answer, gboolean online)
{
  g_autoptr(PrgAnswer) owned = answer;
  g_autofree char *token = sim_uuid(&world->random);
  PrgInput input = { .kind = kind,
                     .mono = world->now - self->boot + 1,
                     .wall = world->now,
                     .random = sim_random(&world->random),
                     .token = token,
                     .zone = world->zone,
                     .zone_name = "UTC",
                     .answer = owned,
                     .message = "disk full",
                     .online = online };
  prg_step_clear(&self->step);
  prg_machine_step(self->machine, &input, &self->step);
}

gint64
sim_device_wake_at(SimDevice *self)
{
  gint64 at = prg_machine_get_wake_at(self->machine);
  return at == 0 ? 0 : at + self->boot - 1;
}

gboolean
sim_device_is_due(SimDevice *self, SimWorld *world)
{
  gint64 at = sim_device_wake_at(self);
  return at != 0 && at <= world->now;
}

/* ---- the disk ---- */

static void
write_put(SimDevice *self, const PrgChange *change)
{
  const char *id = change->operation->id;
  if (!g_hash_table_contains(self->disk, id))
    g_ptr_array_add(self->order, g_strdup(id));
  PrgEntry *entry = g_new0(PrgEntry, 1);
  entry->operation = prg_operation_ref(change->operation);
  entry->state = change->state;
  entry->in_base = change->in_base;
  g_hash_table_replace(self->disk, g_strdup(id), entry);
}

static void
write_state(SimDevice *self, const PrgChange *change)
{
  PrgEntry *entry = g_hash_table_lookup(self->disk, change->id);
  g_assert_nonnull(entry);
  entry->state = change->state;
  entry->in_base = change->in_base;
  if (change->created_at == 0)
    return;
  PrgOperation fields = *entry->operation;
  fields.created_at = change->created_at;
  PrgOperation *operation = prg_operation_new(&fields);
  prg_operation_unref(entry->operation);
  entry->operation = operation;
}

static void
write_one(SimDevice *self, const PrgChange *change)
{
  switch (change->kind) {
  case PRG_CHANGE_PUT:
    write_put(self, change);
    break;
  case PRG_CHANGE_STATE:
    write_state(self, change);
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
    self->audits++;
    if (strstr(change->text, "\"flagged\":true"))
      self->flags++;
    break;
  }
}

static void
write_all(SimDevice *self, GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++)
    write_one(self, g_ptr_array_index(changes, i));
}

void
sim_device_write(SimDevice *self, SimWorld *world)
{
  g_autoptr(GPtrArray) changes = g_steal_pointer(&self->step.changes);
  write_all(self, changes);
  prg_book_take(self->book, changes);
  sim_device_feed(self, world, PRG_INPUT_COMMITTED, NULL, FALSE);
}

void
sim_device_drop_changes(SimDevice *self, SimWorld *world)
{
  sim_device_feed(self, world, PRG_INPUT_COMMIT_FAILED, NULL, FALSE);
}

/* ---- earning ---- */

static GPtrArray *
plan_something(SimDevice *self, SimWorld *world, const PrgView *view, const PrgMoment *moment, GError **error)
{
  static const char *const dispositions[] = { "CONTACT", "CALLBACK", "VOICEMAIL", "NO_ANSWER" };
  static const char *const kinds[] = { "dial_made", "note_added", "appointment_set", "email_sent" };
  static const char *const modules[] = { "module_0", "module_1", "module_2" };
  g_autofree char *deal = g_strdup_printf("deal-%u", sim_below(&world->random, 4));
  PrgEarnRequest request = { .kind = "", .ref = "", .details = "", .caller_id = "", .disposition = "" };
  switch (sim_below(&world->random, 10)) {
  case 0:
    request.ref = deal;
    return prg_earn_deal(view, self->rules, moment, &request, error);
  case 1:
    request.ref = modules[sim_below(&world->random, 3)];
    request.score = 1;
    return prg_earn_module(view, self->rules, moment, &request, error);
  case 2:
  case 3:
  case 4:
    request.kind = kinds[sim_below(&world->random, 4)];
    return prg_earn_xp(view, self->rules, moment, &request, error);
  default:
    request.ref = "lead";
    request.disposition = dispositions[sim_below(&world->random, 4)];
    request.duration_s = sim_below(&world->random, 200);
    return prg_earn_call(view, self->rules, moment, &request, error);
  }
}

void
sim_device_earn(SimDevice *self, SimWorld *world, GPtrArray *acked)
{
  g_autofree char *id = sim_uuid(&world->random);
  PrgMoment moment = { .member = world->member,
                       .device = self->id,
                       .next_seq = prg_book_next_seq(self->book),
                       .random_id = id,
                       .now = world->now,
                       .zone = world->zone,
                       .zone_name = "UTC" };
  g_autofree char *today = prg_day_of(world->now, world->zone);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) operations =
      plan_something(self, world, prg_book_view(self->book, today), &moment, &error);
  g_assert_no_error(error);
  /* What pays once and is here already is answered without recording, as the service does. */
  if (operations->len == 0 ||
      prg_book_find(self->book, ((PrgOperation *)g_ptr_array_index(operations, 0))->id))
    return;
  g_autoptr(GPtrArray) changes = prg_book_plan(self->book, operations, &moment, NULL);
  write_all(self, changes);
  prg_book_take(self->book, changes);
  for (guint i = 0; i < changes->len; i++)
    g_ptr_array_add(acked, prg_operation_ref(((PrgChange *)g_ptr_array_index(changes, i))->operation));
  if (!prg_machine_is_busy(self->machine))
    sim_device_feed(self, world, PRG_INPUT_WAKE, NULL, FALSE);
}

gint64
sim_device_total(SimDevice *self, SimWorld *world)
{
  g_autofree char *today = prg_day_of(world->now, world->zone);
  return prg_book_view(self->book, today)->record->total_xp.value;
}
