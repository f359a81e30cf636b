/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-device.h"

/* What must hold of one machine at every moment. Counted anew from the modelled disk and the base, not asked of the book. */

#define TO(state) (1u << PRG_OPERATION_##state)

/* From which state an operation may go where. */
static const guint transitions[] = {
  [PRG_OPERATION_NEW] = TO(NEW) | TO(SENT) | TO(LEDGERED) | TO(SUPERSEDED) | TO(QUARANTINED) | TO(VOIDED),
  [PRG_OPERATION_SENT] = TO(SENT) | TO(LEDGERED) | TO(SUPERSEDED) | TO(QUARANTINED) | TO(VOIDED),
  [PRG_OPERATION_LEDGERED] = TO(LEDGERED) | TO(FOLDED) | TO(SENT) | TO(SUPERSEDED) | TO(VOIDED),
  [PRG_OPERATION_FOLDED] = TO(FOLDED) | TO(SENT) | TO(LEDGERED) | TO(SUPERSEDED) | TO(VOIDED),
  [PRG_OPERATION_QUARANTINED] =
      TO(QUARANTINED) | TO(NEW) | TO(DISCARDED) | TO(LEDGERED) | TO(SUPERSEDED) | TO(VOIDED),
  [PRG_OPERATION_VOIDED] = TO(VOIDED) | TO(LEDGERED) | TO(REMOTE),
  [PRG_OPERATION_SUPERSEDED] = TO(SUPERSEDED) | TO(SENT) | TO(LEDGERED) | TO(VOIDED),
  [PRG_OPERATION_REMOTE] = TO(REMOTE) | TO(VOIDED) | TO(LEDGERED) | TO(SUPERSEDED),
  [PRG_OPERATION_DISCARDED] = TO(DISCARDED) | TO(LEDGERED) | TO(SUPERSEDED) | TO(VOIDED),
};

void
sim_device_check_transition(SimDevice *self, SimWorld *world, const PrgEntry *stored, const PrgChange *change)
{
  if (!stored)
    return;
  const PrgOperation *was = stored->operation, *is = change->operation ? change->operation : was;
  if (!(transitions[stored->state] & (1u << change->state)))
    sim_fail(world, "device %u turns %s %s from %s into %s", self->number, was->kind, was->id,
             prg_operation_state_to_string(stored->state), prg_operation_state_to_string(change->state));
  if (!g_str_equal(was->kind, is->kind) || !g_str_equal(was->ref, is->ref))
    sim_fail(world, "device %u turns %s %s into %s %s", self->number, was->kind, was->ref, is->kind, is->ref);
}

typedef struct {
  gint64 unproven, pending_xp;
  guint n_pending;
} Sums;

static void
add_entry(Sums *sums, const PrgEntry *entry)
{
  gboolean is_pending = entry->state == PRG_OPERATION_NEW || entry->state == PRG_OPERATION_SENT;
  if (is_pending || entry->state == PRG_OPERATION_QUARANTINED)
    sums->pending_xp += entry->operation->amount;
  sums->n_pending += is_pending;
  if (!entry->in_base && entry->state != PRG_OPERATION_VOIDED && entry->state != PRG_OPERATION_DISCARDED)
    sums->unproven += entry->operation->amount;
}

/* Memory holds what the disk holds. */
static gboolean
is_same(const PrgEntry *stored, const PrgEntry *held)
{
  return stored->state == held->state && stored->in_base == held->in_base &&
         stored->operation->amount == held->operation->amount &&
         g_str_equal(stored->operation->id, held->operation->id);
}

static void
check_entries(SimDevice *self, SimWorld *world, Sums *sums)
{
  if (self->entries->len != prg_book_n_entries(self->book))
    sim_fail(world, "device %u holds %u operations, its disk %u", self->number,
             prg_book_n_entries(self->book), self->entries->len);
  for (guint i = 0; i < self->entries->len && !world->failure; i++) {
    const PrgEntry *stored = g_ptr_array_index(self->entries, i);
    if (!is_same(stored, prg_book_get_entry(self->book, i)))
      sim_fail(world, "device %u: memory and disk differ in %s", self->number, stored->operation->id);
    add_entry(sums, stored);
  }
}

static void
check_view(SimDevice *self, SimWorld *world, const Sums *sums)
{
  const PrgBase *base = prg_book_get_base(self->book);
  const PrgRecord *shown = sim_device_view(self, world)->record;
  gint64 read =
      base->known ? base->record->total_xp.value + base->ledger_sum - base->record->ledger_xp.value : 0;
  gint64 total = shown->total_xp.value, most = sim_world_bound(world);
  if (total != read + sums->unproven)
    sim_fail(world,
             "device %u shows %" G_GINT64_FORMAT "; read were %" G_GINT64_FORMAT
             ", own not in it %" G_GINT64_FORMAT,
             self->number, total, read, sums->unproven);
  if (total > most)
    sim_fail(world, "device %u shows %" G_GINT64_FORMAT ", above what was ever earned, %" G_GINT64_FORMAT,
             self->number, total, most);
  if (shown->current_level.value != (gint64)prg_rules_level_for(world->rules, total))
    sim_fail(world, "device %u shows level %" G_GINT64_FORMAT " at %" G_GINT64_FORMAT " XP", self->number,
             shown->current_level.value, total);
}

void
sim_device_check(SimDevice *self, SimWorld *world)
{
  Sums sums = { 0 };
  if (!self->is_changed || world->failure)
    return;
  self->is_changed = FALSE;
  check_entries(self, world, &sums);
  check_view(self, world, &sums);
  if (prg_book_pending_xp(self->book) != sums.pending_xp || prg_book_n_pending(self->book) != sums.n_pending)
    sim_fail(world,
             "device %u says %" G_GINT64_FORMAT " XP of %u operations are pending; it is %" G_GINT64_FORMAT
             " of %u",
             self->number, prg_book_pending_xp(self->book), prg_book_n_pending(self->book), sums.pending_xp,
             sums.n_pending);
  if (prg_machine_is_busy(self->machine) == sim_device_is_resting(self))
    sim_fail(world, "device %u: its machine %s, but %s is under way", self->number,
             prg_machine_is_busy(self->machine) ? "waits" : "rests",
             sim_device_is_resting(self) ? "nothing" : "something");
}

SimShown
sim_device_shown(const SimDevice *self, const SimWorld *world)
{
  const PrgView *view = sim_device_view(self, world);
  const PrgRecord *record = view->record;
  return (SimShown){ .total = record->total_xp.value,
                     .level = record->current_level.value,
                     .deals = record->closed_deals.value,
                     .pending = prg_book_pending_xp(self->book),
                     .last_activity = record->last_activity,
                     .n_sets = prg_id_set_size(record->completed_modules) + prg_id_set_size(record->badges),
                     .n_pending = prg_book_n_pending(self->book) };
}

void
sim_device_check_restart(const SimDevice *self, SimWorld *world, const SimShown *before)
{
  SimShown after = sim_device_shown(self, world);
  const struct {
    const char *what;
    gint64 before, after;
  } numbers[] = {
    { "total", before->total, after.total },
    { "level", before->level, after.level },
    { "closed deals", before->deals, after.deals },
    { "pending XP", before->pending, after.pending },
    { "pending operations", before->n_pending, after.n_pending },
    { "last activity", before->last_activity, after.last_activity },
    { "badges and modules", before->n_sets, after.n_sets },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
    if (numbers[i].before != numbers[i].after)
      sim_fail(world, "device %u: a restart turns its %s from %" G_GINT64_FORMAT " into %" G_GINT64_FORMAT,
               self->number, numbers[i].what, numbers[i].before, numbers[i].after);
}
