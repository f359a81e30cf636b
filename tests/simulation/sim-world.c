/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-world.h"

static void
fact_free(SimFact *fact)
{
  prg_operation_unref(fact->operation);
  g_free(fact);
}

void
sim_world_init(SimWorld *self, guint64 seed)
{
  self->random.state = seed;
  self->member = SIM_MEMBER;
  self->now = G_GINT64_CONSTANT(1795000000) * G_USEC_PER_SEC +
              (gint64)sim_below(&self->random, 86400) * G_USEC_PER_SEC;
  self->zone = g_time_zone_new_utc();
  self->facts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)fact_free);
}

void
sim_world_clear(SimWorld *self)
{
  g_clear_pointer(&self->facts, g_hash_table_unref);
  g_clear_pointer(&self->zone, g_time_zone_unref);
  g_clear_pointer(&self->failure, g_free);
}

static void
print_line(const SimWorld *self, const char *text)
{
  g_print("%10.3f  %s\n", (double)(self->now % (G_GINT64_CONSTANT(100000) * G_USEC_PER_SEC)) / G_USEC_PER_SEC,
          text);
}

void
sim_trace(const SimWorld *self, const char *format, ...)
{
  if (!self->trace)
    return;
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  print_line(self, text);
}

void
sim_fail(SimWorld *self, const char *format, ...)
{
  if (self->failure)
    return;
  va_list arguments;
  va_start(arguments, format);
  self->failure = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  sim_trace(self, "FAILED: %s", self->failure);
}

gboolean
sim_has(const SimWorld *self, SimFault fault)
{
  return (self->faults & SIM_BIT(fault)) != 0;
}

gboolean
sim_may(SimWorld *self, SimFault fault, guint percent)
{
  return !self->calm && sim_has(self, fault) && sim_percent(&self->random, percent);
}

void
sim_struck(SimWorld *self, SimFault fault)
{
  self->struck[fault]++;
}

gboolean
sim_strikes(SimWorld *self, SimFault fault, guint percent)
{
  if (!sim_may(self, fault, percent))
    return FALSE;
  sim_struck(self, fault);
  return TRUE;
}

/* ---- the truth ---- */

void
sim_world_acknowledge(SimWorld *self, PrgOperation *operation)
{
  SimFact *fact = g_hash_table_lookup(self->facts, operation->id);
  if (fact) {
    if (operation->amount > fact->most)
      self->earned += MAX(operation->amount, 0) - MAX(fact->most, 0);
    fact->least = MIN(fact->least, operation->amount);
    fact->most = MAX(fact->most, operation->amount);
    return;
  }
  fact = g_new0(SimFact, 1);
  *fact = (SimFact){ prg_operation_ref(operation), operation->amount, operation->amount, FALSE };
  g_hash_table_insert(self->facts, (gpointer)fact->operation->id, fact);
  self->earned += MAX(operation->amount, 0);
  self->n_operations++;
}

void
sim_world_except(SimWorld *self, const char *id)
{
  SimFact *fact = g_hash_table_lookup(self->facts, id);
  if (!fact || fact->excepted)
    return;
  fact->excepted = TRUE;
  self->n_excepted++;
}

void
sim_world_give(SimWorld *self, gint64 amount)
{
  self->outside += amount;
  self->outside_highest = MAX(self->outside_highest, self->outside);
}

void
sim_world_check_row(SimWorld *self, const PrgOperation *row)
{
  const SimFact *fact = g_hash_table_lookup(self->facts, row->id);
  if (!fact)
    sim_fail(self, "the ledger takes %s %s, which nobody earned", row->kind, row->id);
  else if (!g_str_equal(row->kind, fact->operation->kind) || !g_str_equal(row->ref, fact->operation->ref))
    sim_fail(self, "the ledger takes %s as %s %s; it was earned as %s %s", row->id, row->kind, row->ref,
             fact->operation->kind, fact->operation->ref);
  else if (row->amount < fact->least || row->amount > fact->most)
    sim_fail(self,
             "the ledger takes %s %s with %" G_GINT64_FORMAT " XP; it was earned with %" G_GINT64_FORMAT,
             row->kind, row->id, row->amount, fact->operation->amount);
}

gint64
sim_world_bound(const SimWorld *self)
{
  return self->outside_highest + self->earned;
}
