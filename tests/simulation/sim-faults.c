/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-faults.h"

static const struct {
  const char *name, *meaning;
} faults_table[SIM_N_FAULTS] = {
  [SIM_FAULT_LOSS] = { "loss", "a request is lost" },
  [SIM_FAULT_REPLY] = { "reply", "the reply is lost after the server has carried the request out" },
  [SIM_FAULT_DUPLICATE] = { "duplicate", "a request is carried out twice" },
  [SIM_FAULT_REORDER] = { "reorder", "a request is carried out after one that was sent later" },
  [SIM_FAULT_DELAY] = { "delay", "a request or its reply is under way for up to 25 s" },
  [SIM_FAULT_HANG] = { "hang", "a request that the client gave up on is carried out later" },
  [SIM_FAULT_CRASH] = { "crash", "a machine loses its memory, at any step" },
  [SIM_FAULT_STALE] = { "stale", "reads from a replica that lags, record and ledger apart" },
  [SIM_FAULT_LIMIT] = { "limit", "429 or LIMIT_REACHED, without Retry-After" },
  [SIM_FAULT_OUTAGE] = { "outage", "a 400 that stands for an outage; the write may have been done" },
  [SIM_FAULT_TOKEN] = { "token", "the token expires and is renewed" },
  [SIM_FAULT_OFFLINE] = { "offline", "the network goes and comes back" },
  [SIM_FAULT_CLOCK] = { "clock", "a machine's clock is wrong, by up to a day" },
  [SIM_FAULT_RESTORE] = { "restore", "the server is restored from an older backup" },
  [SIM_FAULT_DELETE] = { "delete", "a person deletes rows and the record, softly or for good" },
  [SIM_FAULT_OUTSIDE] = { "outside", "another program's award, read and written at once" },
  [SIM_FAULT_BLIND] = { "blind", "another program's award, written 0 to 3 folds after it has read" },
  [SIM_FAULT_PERSON] = { "person", "a person corrects totalXp" },
  [SIM_FAULT_DISK] = { "disk", "the disk refuses a commit" },
  [SIM_FAULT_REFUSE] = { "refuse", "the server refuses some rows for a while, or takes smaller batches" },
  [SIM_FAULT_TIMELINE] = { "timeline", "the timeline comes late" },
  [SIM_FAULT_DAMAGE] = { "damage", "a store is damaged: only its own operations are saved" },
  [SIM_FAULT_GONE] = { "gone", "a machine is lost for good, with all that it holds" },
  [SIM_FAULT_EXPORT] = { "export", "a machine signs out with operations pending; another imports them" },
  [SIM_FAULT_REVOKE] = { "revoke", "an event is revoked" },
  [SIM_FAULT_RETRY] = { "retry", "a person retries or discards what the server refused" },
  [SIM_FAULT_NIGHT] = { "night", "midnight, with the awards of a new day" },
  [SIM_FAULT_EDIT] = { "edit", "a person edits what a row brings" },
};

const char *
sim_fault_name(SimFault fault)
{
  return faults_table[fault].name;
}

char *
sim_faults_help(void)
{
  GString *text = g_string_new("Faults:\n");
  for (guint i = 0; i < SIM_N_FAULTS; i++)
    g_string_append_printf(text, "  %-10s %s\n", faults_table[i].name, faults_table[i].meaning);
  g_string_append(text,
                  "\nWithout --faults each history draws about three of four of its family's faults. "
                  "Left out of a family: "
                  "blind, of the exact\none; delete, edit, restore, person and revoke, of the blind one. A "
                  "history has delete or restore, "
                  "not both.");
  return g_string_free(text, FALSE);
}

char *
sim_faults_to_string(SimFaults faults)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < SIM_N_FAULTS; i++)
    if (faults & SIM_BIT(i))
      g_string_append_printf(text, "%s%s", text->len ? "," : "", faults_table[i].name);
  return g_string_free(text, FALSE);
}

static gboolean
add_by_name(const char *name, SimFaults *faults)
{
  for (guint i = 0; i < SIM_N_FAULTS; i++)
    if (g_str_equal(faults_table[i].name, name)) {
      *faults |= SIM_BIT(i);
      return TRUE;
    }
  return *name == '\0';
}

gboolean
sim_faults_parse(const char *text, SimFaults *faults)
{
  g_auto(GStrv) names = g_strsplit(text, ",", -1);
  *faults = 0;
  for (guint i = 0; names[i]; i++)
    if (!add_by_name(names[i], faults)) {
      g_printerr("unknown fault: %s; --help lists them\n", names[i]);
      return FALSE;
    }
  return TRUE;
}

/* Blind: what a blind write erased is told from the timeline. A backup or a deleted record takes the timeline's rows with it; and a
 * correction or a revocation that a sleeping program overwrites may be undone (docs): there the numbers prove nothing, so no bound can be
 * stated. */
SimFaults
sim_faults_of_family(gboolean blind)
{
  if (!blind)
    return SIM_FAULTS_ALL & ~SIM_BIT(SIM_FAULT_BLIND);
  return SIM_FAULTS_ALL & ~(SIM_BIT(SIM_FAULT_PERSON) | SIM_BIT(SIM_FAULT_REVOKE) |
                            SIM_BIT(SIM_FAULT_DELETE) | SIM_BIT(SIM_FAULT_RESTORE) | SIM_BIT(SIM_FAULT_EDIT));
}

/* A row that was deleted softly and is brought back by a restore may hide, by equal counts, another one that the restore lost: the
 * protocol's page names this limit. The two are simulated apart. */
SimFaults
sim_faults_without_excluded(SimFaults faults)
{
  return faults & SIM_BIT(SIM_FAULT_RESTORE) ? faults & ~SIM_BIT(SIM_FAULT_DELETE) : faults;
}

SimFaults
sim_faults_draw(SimFaults family, guint64 seed)
{
  SimRandom random = { seed ^ 0x5eed5eed5eed5eedu };
  SimFaults drawn = (SimFaults)sim_random(&random) | (SimFaults)sim_random(&random);
  SimFaults always = family & SIM_BIT(SIM_FAULT_BLIND); /* the family's own */
  SimFaults faults = (family & drawn) | always;
  /* Neither of the two that exclude each other is starved. */
  if (sim_percent(&random, 40))
    faults &= ~SIM_BIT(SIM_FAULT_RESTORE);
  return sim_faults_without_excluded(faults);
}
