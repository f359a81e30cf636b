/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-device.h"

/* Commands, as the service makes them from the rules and the view. */

static GPtrArray *
plan_something(SimDevice *self, SimWorld *world, const PrgView *view, const PrgMoment *moment, GError **error)
{
  static const char *const dispositions[] = { "CONTACT", "CALLBACK", "VOICEMAIL", "NO_ANSWER" };
  static const char *const kinds[] = { "dial_made", "note_added", "appointment_set", "email_sent" };
  static const char *const modules[] = { "module_0", "module_1", "module_2" };
  static const char *const deals[] = { "deal-0", "deal-1", "deal-2", "deal-3" };
  PrgEarnRequest request = { .kind = "", .ref = "", .details = "", .caller_id = "", .disposition = "" };
  switch (sim_below(&world->random, 10)) {
  case 0:
    request.ref = deals[sim_below(&world->random, 4)];
    return prg_earn_deal(view, world->rules, moment, &request, error);
  case 1:
    request.ref = modules[sim_below(&world->random, 3)];
    request.score = 1;
    return prg_earn_module(view, world->rules, moment, &request, error);
  case 2:
  case 3:
  case 4:
    request.kind = kinds[sim_below(&world->random, 4)];
    return prg_earn_xp(view, world->rules, moment, &request, error);
  default:
    request.ref = "lead";
    request.disposition = dispositions[sim_below(&world->random, 4)];
    request.duration_s = sim_below(&world->random, 200);
    return prg_earn_call(view, world->rules, moment, &request, error);
  }
}

/* What pays once and is here already is answered without recording, as the service does. */
static gboolean
is_new(const SimDevice *self, GPtrArray *operations)
{
  return operations->len > 0 &&
         !prg_book_find(self->book, ((PrgOperation *)g_ptr_array_index(operations, 0))->id);
}

void
sim_user_earn(SimDevice *self, SimWorld *world)
{
  SimUuid id = sim_uuid(&world->random);
  PrgMoment moment = sim_device_moment(self, world, id.text);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) operations =
      plan_something(self, world, sim_device_view(self, world), &moment, &error);
  g_assert_no_error(error);
  if (is_new(self, operations))
    sim_device_commit_command(self, world, prg_book_plan(self->book, operations, &moment));
}

/* ---- revoking ---- */

static gboolean
counts(const PrgEntry *entry)
{
  return entry->state != PRG_OPERATION_VOIDED && entry->state != PRG_OPERATION_DISCARDED &&
         entry->state != PRG_OPERATION_SUPERSEDED;
}

static gboolean
is_derived(const SimWorld *world, const PrgOperation *operation)
{
  const PrgSource *source = prg_rules_find_source(world->rules, operation->kind);
  return source && source->derived;
}

static gboolean
is_revocable(const SimWorld *world, const PrgEntry *entry)
{
  const char *kind = entry->operation->kind;
  return counts(entry) && !is_derived(world, entry->operation) && !g_str_equal(kind, "correction") &&
         !g_str_equal(kind, "deal_revoked") && *entry->operation->cause == '\0';
}

static GPtrArray *
with_children(SimDevice *self, const SimWorld *world, const PrgEntry *entry)
{
  GPtrArray *revoked = g_ptr_array_new();
  g_ptr_array_add(revoked, entry->operation);
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *child = prg_book_get_entry(self->book, i);
    if (g_str_equal(child->operation->cause, entry->operation->id) && !is_derived(world, child->operation) &&
        counts(child))
      g_ptr_array_add(revoked, child->operation);
  }
  return revoked;
}

gboolean
sim_user_revoke(SimDevice *self, SimWorld *world)
{
  if (self->entries->len == 0)
    return FALSE;
  const PrgEntry *entry = prg_book_get_entry(self->book, sim_below(&world->random, self->entries->len));
  if (!is_revocable(world, entry))
    return FALSE;
  SimUuid id = sim_uuid(&world->random);
  PrgMoment moment = sim_device_moment(self, world, id.text);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) revoked = with_children(self, world, entry);
  g_autoptr(GPtrArray) operations =
      prg_earn_revocation(world->rules, &moment, revoked, "a mis-click", &error);
  g_assert_no_error(error);
  if (!is_new(self, operations))
    return FALSE;
  sim_trace(world, "device %u: revokes %s %s", self->number, entry->operation->kind, entry->operation->id);
  sim_device_commit_command(self, world, prg_book_plan(self->book, operations, &moment));
  return TRUE;
}

/* ---- what the server refused ---- */

static const char *
group_of(const PrgOperation *operation)
{
  return *operation->cause ? operation->cause : operation->id;
}

gboolean
sim_user_settle(SimDevice *self, SimWorld *world, gboolean discards)
{
  const char *group = NULL;
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    if (entry->state != PRG_OPERATION_QUARANTINED ||
        (group && !g_str_equal(group, group_of(entry->operation))))
      continue;
    group = group_of(entry->operation);
    prg_changes_state(changes, entry->operation->id, discards ? PRG_OPERATION_DISCARDED : PRG_OPERATION_NEW,
                      entry->in_base, "");
    if (discards)
      sim_world_except(world, entry->operation->id);
  }
  if (!group) {
    g_ptr_array_unref(changes);
    return FALSE;
  }
  sim_trace(world, "device %u: a person %s what was refused, %u rows", self->number,
            discards ? "discards" : "retries", changes->len);
  sim_device_commit_command(self, world, changes);
  self->retry_wanted = TRUE;
  return TRUE;
}

/* ---- from machine to machine ---- */

GPtrArray *
sim_user_export(const SimDevice *self)
{
  GPtrArray *operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    if (entry->state == PRG_OPERATION_NEW || entry->state == PRG_OPERATION_SENT ||
        entry->state == PRG_OPERATION_QUARANTINED)
      g_ptr_array_add(operations, prg_operation_ref(entry->operation));
  }
  return operations;
}

guint
sim_user_import(SimDevice *self, SimWorld *world, GPtrArray *operations)
{
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < operations->len; i++) {
    PrgOperation *operation = g_ptr_array_index(operations, i);
    if (!prg_book_find(self->book, operation->id))
      prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
  }
  guint added = changes->len;
  sim_device_commit_command(self, world, changes);
  return added;
}
