/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-run.h"

/* A failing history made smaller: fewer machines, fewer kinds of faults, fewer steps, fewer commands. Each is tried, and kept if the history
 * still fails, in whatever way. Its numbers then come out otherwise, so this is a search, not a cut. */

typedef struct {
  PrgRules *rules; /* (not owned) */
  guint64 seed;
  SimOptions smallest;
  char *failure; /* (owned) of @smallest */
} Shrinking;

static gboolean
try(Shrinking *self, const SimOptions *smaller)
{
  SimResult result = { 0 };
  sim_history_run(self->rules, self->seed, smaller, &result);
  if (!result.held) {
    self->smallest = *smaller;
    g_free(self->failure);
    self->failure = g_steal_pointer(&result.failure);
  }
  sim_result_clear(&result);
  return !result.held;
}

static gboolean
drop_faults(Shrinking *self)
{
  gboolean any = FALSE;
  for (guint i = 0; i < SIM_N_FAULTS; i++) {
    SimOptions smaller = self->smallest;
    smaller.faults &= ~SIM_BIT(i);
    any |= smaller.faults != self->smallest.faults && try(self, &smaller);
  }
  return any;
}

static gboolean
drop_devices(Shrinking *self)
{
  for (guint n = 1; n < self->smallest.devices; n++) {
    SimOptions smaller = self->smallest;
    smaller.devices = n;
    if (try(self, &smaller))
      return TRUE;
  }
  return FALSE;
}

/* From a few upwards, so that the first that fails is short. */
static gboolean
cut(Shrinking *self, guint *field)
{
  gsize offset = (gsize)((char *)field - (char *)&self->smallest);
  for (guint n = 1; n < *field; n += 1 + n / 8) {
    SimOptions smaller = self->smallest;
    *(guint *)((char *)&smaller + offset) = n;
    if (try(self, &smaller))
      return TRUE;
  }
  return FALSE;
}

static char *
to_arguments(const Shrinking *self)
{
  const SimOptions *options = &self->smallest;
  g_autofree char *faults = sim_faults_to_string(options->faults);
  g_autofree char *flaw =
      options->flaw ? g_strdup_printf(" --flaw %s", sim_flaw_to_string(options->flaw)) : g_strdup("");
  return g_strdup_printf("--replay %" G_GUINT64_FORMAT
                         " --devices %u --steps %u --earnings %u --faults '%s'%s",
                         self->seed, options->devices, options->steps, options->earnings, faults, flaw);
}

char *
sim_shrink(PrgRules *rules, guint64 seed, const SimOptions *options, const SimResult *result, char **failure)
{
  Shrinking self = {
    .rules = rules, .seed = seed, .smallest = *options, .failure = g_strdup(result->failure)
  };
  self.smallest.faults = result->faults;
  self.smallest.draw = FALSE;
  self.smallest.devices = result->devices;
  self.smallest.steps = result->steps;
  self.smallest.earnings = MAX(result->earnings, 1);
  for (guint round = 0; round < 3; round++) {
    gboolean smaller = drop_devices(&self);
    smaller |= drop_faults(&self);
    smaller |= cut(&self, &self.smallest.steps);
    smaller |= cut(&self, &self.smallest.earnings);
    if (!smaller)
      break;
  }
  *failure = self.failure;
  return to_arguments(&self);
}
