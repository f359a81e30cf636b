/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-history-private.h"

static const char *const fault_names[] = { "loss",   "hang",    "crash",  "stale",    "limit",
                                           "token",  "restore", "delete", "outside",  "blind",
                                           "person", "disk",    "refuse", "timeline", "damage" };

guint
sim_fault_from_string(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(fault_names); i++)
    if (g_str_equal(fault_names[i], name))
      return 1u << i;
  return 0;
}

const char *
sim_fault_to_string(guint bit)
{
  for (guint i = 0; i < G_N_ELEMENTS(fault_names); i++)
    if (bit == 1u << i)
      return fault_names[i];
  return "";
}

void
sim_result_clear(SimResult *self)
{
  g_clear_pointer(&self->failure, g_free);
}

static void
hung_free(Hung *hung)
{
  prg_request_free(hung->request);
  g_free(hung);
}

gboolean
sim_has(const History *self, guint fault)
{
  return (self->result->faults & fault) != 0;
}

gboolean
sim_strikes(History *self, guint fault, guint percent)
{
  return !self->calm && sim_has(self, fault) && sim_percent(&self->world.random, percent);
}

void
sim_trace(const History *self, const char *format, ...)
{
  if (!self->options->trace)
    return;
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_print("%8.3f  %s\n", (double)(self->world.now % (1000 * G_TIME_SPAN_DAY)) / G_USEC_PER_SEC, text);
}

static void fail(History *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
fail(History *self, const char *format, ...)
{
  if (self->result->failure)
    return;
  va_list arguments;
  va_start(arguments, format);
  self->result->failure = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  sim_trace(self, "FAILED: %s", self->result->failure);
}

/* ---- the network ---- */

static void
run_hung(History *self)
{
  for (guint i = 0; i < self->hung->len;) {
    Hung *hung = g_ptr_array_index(self->hung, i);
    if (hung->at > self->world.now) {
      i++;
      continue;
    }
    g_autoptr(PrgAnswer) answer = sim_server_execute(self->server, hung->request);
    sim_trace(self, "server: hung %s carried out: %s", prg_request_kind_to_string(hung->request->kind),
              prg_outcome_to_string(answer->outcome));
    g_ptr_array_remove_index(self->hung, i);
  }
}

static gboolean
is_read(const PrgRequest *request)
{
  return request->kind == PRG_REQUEST_READ || request->kind == PRG_REQUEST_READ_BACK ||
         request->kind == PRG_REQUEST_FETCH || request->kind == PRG_REQUEST_TIMELINE;
}

static PrgAnswer *
lagging_answer(History *self, const PrgRequest *request)
{
  if (request->kind == PRG_REQUEST_READ && sim_percent(&self->world.random, 50))
    return sim_percent(&self->world.random, 50) ? sim_server_torn_read(self->server, self->lagging, request)
                                                : sim_server_torn_read(self->lagging, self->server, request);
  return sim_server_execute(self->lagging, request);
}

static PrgAnswer *
execute(History *self, const PrgRequest *request)
{
  sim_server_set_time(self->server, self->world.now);
  gboolean lags = self->lagging && self->world.now - self->lagging_since < 15 * G_USEC_PER_SEC;
  if (is_read(request) && lags && sim_strikes(self, SIM_FAULT_STALE, 30))
    return lagging_answer(self, request);
  return sim_server_execute(self->server, request);
}

static PrgAnswer *
unknown(const char *message)
{
  return prg_answer_new(PRG_OUTCOME_UNKNOWN, message);
}

/* @request is consumed when it hangs. */
static PrgAnswer *
send_request(History *self, SimDevice *device, PrgRequest **request)
{
  SimRandom *random = &self->world.random;
  if (device->cut_off) {
    device->cut_off = FALSE;
    return unknown("connection lost");
  }
  if (!device->has_token)
    return prg_answer_new(PRG_OUTCOME_AUTH, "Token has expired.");
  if (sim_strikes(self, SIM_FAULT_HANG, 5)) {
    Hung *hung = g_new0(Hung, 1);
    hung->at = self->world.now + (gint64)sim_below(random, 90) * G_USEC_PER_SEC;
    hung->request = g_steal_pointer(request);
    g_ptr_array_add(self->hung, hung);
    return unknown("timed out");
  }
  if (sim_strikes(self, SIM_FAULT_LIMIT, 5))
    return sim_percent(random, 50) ? prg_answer_new(PRG_OUTCOME_RETRY, "Limit reached")
                                   : unknown("ECONNREFUSED");
  if (sim_strikes(self, SIM_FAULT_LOSS, 6))
    return unknown("request lost");
  g_autoptr(PrgAnswer) answer = execute(self, *request);
  if (sim_strikes(self, SIM_FAULT_LOSS, 4)) {
    g_autoptr(PrgAnswer) first G_GNUC_UNUSED = g_steal_pointer(&answer);
    answer = execute(self, *request); /* delivered twice */
  }
  if (sim_strikes(self, SIM_FAULT_LOSS, 6))
    return unknown("reply lost");
  return g_steal_pointer(&answer);
}

/* ---- a machine's turn ---- */

static void
exchange(History *self, SimDevice *device)
{
  g_autoptr(PrgRequest) request = g_steal_pointer(&device->step.request);
  PrgRequestKind kind = request->kind;
  PrgAnswer *answer = send_request(self, device, &request);
  sim_trace(self, "device %u: %s -> %s %s", device->number, prg_request_kind_to_string(kind),
            prg_outcome_to_string(answer->outcome), answer->message);
  if (sim_strikes(self, SIM_FAULT_CRASH, 2)) {
    prg_answer_free(answer);
    sim_trace(self, "device %u: crash with an answer in hand", device->number);
    sim_device_crash(device, &self->world);
    return;
  }
  sim_device_feed(device, &self->world, PRG_INPUT_ANSWER, answer, FALSE);
}

static void
commit(History *self, SimDevice *device)
{
  if (sim_strikes(self, SIM_FAULT_CRASH, 2)) {
    sim_trace(self, "device %u: crash before a commit", device->number);
    sim_device_crash(device, &self->world);
  } else if (sim_strikes(self, SIM_FAULT_DISK, 2)) {
    sim_trace(self, "device %u: the disk refuses a commit", device->number);
    sim_device_drop_changes(device, &self->world);
  } else {
    sim_device_write(device, &self->world);
    if (sim_strikes(self, SIM_FAULT_CRASH, 2)) {
      sim_trace(self, "device %u: crash after a commit", device->number);
      sim_device_crash(device, &self->world);
    }
  }
}

/* Returns FALSE when there was nothing to do. */
static gboolean
take_turn(History *self, SimDevice *device)
{
  if (device->step.changes)
    commit(self, device);
  else if (device->step.request)
    exchange(self, device);
  else if (sim_device_is_due(device, &self->world))
    sim_device_feed(device, &self->world, PRG_INPUT_WAKE, NULL, FALSE);
  else
    return FALSE;
  return TRUE;
}

static void
damage_store(History *self, SimDevice *device)
{
  if (!sim_strikes(self, SIM_FAULT_DAMAGE, 1) || !sim_percent(&self->world.random, 20))
    return;
  sim_trace(self, "device %u: its store is damaged", device->number);
  sim_device_damage(device, &self->world);
}

static void
toggle_token(History *self, SimDevice *device)
{
  if (!sim_strikes(self, SIM_FAULT_TOKEN, 1))
    return;
  device->has_token = !device->has_token;
  sim_trace(self, "device %u: token %s", device->number, device->has_token ? "renewed" : "expires");
  if (device->has_token && !prg_machine_is_busy(device->machine))
    sim_device_feed(device, &self->world, PRG_INPUT_CREDENTIALS, NULL, TRUE);
}

/* ---- the truth ---- */

/* What the total may be at most: what others gave, and every operation that was acknowledged, once. */
static gint64
truth(History *self)
{
  g_autoptr(GHashTable) best = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < self->acked->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(self->acked, i);
    gint64 *amount = g_hash_table_lookup(best, operation->id);
    if (!amount)
      g_hash_table_insert(best, (gpointer)operation->id, g_memdup2(&operation->amount, sizeof(gint64)));
    else
      *amount = MAX(*amount, operation->amount);
  }
  gint64 sum = self->outside;
  GHashTableIter iter;
  gpointer id, amount;
  g_hash_table_iter_init(&iter, best);
  while (g_hash_table_iter_next(&iter, &id, &amount)) {
    gint64 held;
    gboolean linked;
    /* A deleted row that its owner had not missed yet was sent again after the server was restored: it counts. */
    if (!g_hash_table_contains(self->deleted, id) ||
        sim_server_find_row(self->server, id, &held, &linked) == 1)
      sum += *(gint64 *)amount;
  }
  return sum;
}

/* Operations that the machine itself adds (awards after a pull) are acknowledged as soon as they are on a
 * disk. */
static void
collect_acked(History *self)
{
  g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < self->acked->len; i++)
    g_hash_table_add(known, (gpointer)((PrgOperation *)g_ptr_array_index(self->acked, i))->id);
  for (guint d = 0; d < self->options->devices; d++) {
    SimDevice *device = self->devices[d];
    for (guint i = 0; i < device->order->len; i++) {
      const PrgEntry *entry = g_hash_table_lookup(device->disk, g_ptr_array_index(device->order, i));
      if (g_hash_table_add(known, (gpointer)entry->operation->id))
        g_ptr_array_add(self->acked, prg_operation_ref(entry->operation));
    }
  }
}

static void
check_never_above(History *self)
{
  if (self->blind_active || sim_has(self, SIM_FAULT_DELETE | SIM_FAULT_RESTORE | SIM_FAULT_PERSON))
    return; /* a correction is seen a little later */
  collect_acked(self);
  gint64 most = truth(self);
  if (sim_server_total(self->server) > most)
    fail(self, "Twenty's total %" G_GINT64_FORMAT " is above the truth %" G_GINT64_FORMAT,
         sim_server_total(self->server), most);
  for (guint i = 0; i < self->options->devices; i++) {
    gint64 total = sim_device_total(self->devices[i], &self->world);
    if (total > most)
      fail(self, "device %u shows %" G_GINT64_FORMAT ", above the truth %" G_GINT64_FORMAT, i, total, most);
  }
}

static void
check_rows(History *self)
{
  for (guint i = 0; i < self->acked->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(self->acked, i);
    gint64 amount = 0;
    gboolean linked = FALSE;
    guint found = sim_server_find_row(self->server, operation->id, &amount, &linked);
    if (found == 0 && g_hash_table_contains(self->deleted, operation->id))
      continue; /* deleted softly, then for good: a correction, not a loss */
    for (guint d = 0; found == 0 && d < self->options->devices; d++) {
      const PrgEntry *entry = prg_book_find(self->devices[d]->book, operation->id);
      sim_trace(self, "device %u holds %s as %s", d, operation->id,
                entry ? prg_operation_state_to_string(entry->state) : "nothing");
    }
    if (found == 0)
      fail(self, "acknowledged %s %s is not in the ledger", operation->kind, operation->id);
    else if (found == 1 && !linked)
      fail(self, "the row of %s %s has no record", operation->kind, operation->id);
    else if (amount != operation->amount)
      fail(self, "the row of %s %s has %" G_GINT64_FORMAT " XP", operation->kind, operation->id, amount);
  }
}

static void
check_end(History *self)
{
  collect_acked(self);
  const PrgRecord *record = sim_server_record(self->server);
  gint64 expected = truth(self), total = sim_server_total(self->server),
         sum = sim_server_ledger_sum(self->server);
  self->result->lost = expected - total;
  self->result->exact = total == expected;
  check_rows(self);
  if (record->ledger_xp.value != sum)
    fail(self, "ledgerXp %" G_GINT64_FORMAT " is not the ledger's sum %" G_GINT64_FORMAT,
         record->ledger_xp.value, sum);
  if (total > expected)
    fail(self, "the total ended at %" G_GINT64_FORMAT ", above the truth %" G_GINT64_FORMAT, total, expected);
  for (guint i = 0; i < self->options->devices; i++) {
    gint64 shown = sim_device_total(self->devices[i], &self->world);
    self->result->flagged = self->result->flagged || self->devices[i]->flags > 0;
    if (shown != total)
      fail(self, "device %u shows %" G_GINT64_FORMAT ", Twenty %" G_GINT64_FORMAT, i, shown, total);
  }
  if (total < expected && !sim_has(self, SIM_FAULT_BLIND))
    fail(self, "the total ended at %" G_GINT64_FORMAT ", the truth is %" G_GINT64_FORMAT, total, expected);
  if (total < expected && sim_has(self, SIM_FAULT_BLIND) && !self->result->flagged)
    fail(self, "%" G_GINT64_FORMAT " XP were lost and nothing is flagged", expected - total);
}

/* ---- a history ---- */

static void
pass_time(History *self)
{
  SimRandom *random = &self->world.random;
  guint kind = sim_below(random, 100);
  gint64 us = kind < 70   ? sim_below(random, 300000)
              : kind < 95 ? sim_below(random, 5000000)
                          : (gint64)sim_below(random, 400) * G_USEC_PER_SEC;
  self->world.now += us + 1;
  sim_server_set_time(self->server, self->world.now);
  run_hung(self);
}

static void
one_step(History *self)
{
  SimDevice *device = self->devices[sim_below(&self->world.random, self->options->devices)];
  pass_time(self);
  sim_outside_world(self);
  toggle_token(self, device);
  damage_store(self, device);
  if (sim_strikes(self, SIM_FAULT_REFUSE, 1))
    sim_server_set_batch_limit(self->server, 60);
  if (!device->step.changes && sim_percent(&self->world.random, 12)) {
    sim_device_earn(device, &self->world, self->acked);
    sim_trace(self, "device %u: earned, shows %" G_GINT64_FORMAT, device->number,
              sim_device_total(device, &self->world));
  } else if (!take_turn(self, device) && sim_percent(&self->world.random, 5) &&
             !prg_machine_is_busy(device->machine)) {
    sim_device_feed(device, &self->world, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  }
  check_never_above(self);
}

static void
run_until_rest(History *self, SimDevice *device)
{
  for (guint i = 0; i < 2000; i++) {
    self->world.now += 20000;
    sim_server_set_time(self->server, self->world.now);
    if (!device->step.changes && !device->step.request && !prg_machine_is_busy(device->machine)) {
      gint64 at = sim_device_wake_at(device);
      if (prg_machine_get_state(device->machine) != PRG_MACHINE_SYNCING)
        return;
      self->world.now = MAX(self->world.now, at); /* the rate budget */
    }
    take_turn(self, device);
  }
  fail(self, "device %u does not come to rest", device->number);
}

static void
settle(History *self)
{
  self->calm = TRUE;
  if (self->blind_active)
    sim_end_blind(self);
  self->world.now += 100 * G_USEC_PER_SEC; /* hung requests end, replicas catch up */
  run_hung(self);
  for (guint i = 0; i < self->options->devices; i++) {
    SimDevice *device = self->devices[i];
    run_until_rest(self, device);
    device->has_token = TRUE;
    sim_device_feed(device, &self->world, PRG_INPUT_CREDENTIALS, NULL, TRUE);
    run_until_rest(self, device);
  }
  for (guint round = 0; round < 6; round++)
    for (guint i = 0; i < self->options->devices; i++) {
      self->world.now += 25 * G_USEC_PER_SEC;
      sim_device_feed(self->devices[i], &self->world, PRG_INPUT_SYNC_NOW, NULL, FALSE);
      run_until_rest(self, self->devices[i]);
      sim_trace(self, "device %u: at rest, %s %s, shows %" G_GINT64_FORMAT ", Twenty %" G_GINT64_FORMAT, i,
                prg_machine_state_to_string(prg_machine_get_state(self->devices[i]->machine)),
                prg_machine_get_last_error(self->devices[i]->machine),
                sim_device_total(self->devices[i], &self->world), sim_server_total(self->server));
    }
}

static void
open_history(History *self, PrgRules *rules)
{
  self->world.now = G_GINT64_CONSTANT(1795000000) * G_USEC_PER_SEC +
                    (gint64)sim_below(&self->world.random, 86400) * G_USEC_PER_SEC;
  self->world.zone = g_time_zone_new_utc();
  self->world.member = MEMBER;
  self->server = sim_server_new(MEMBER, self->world.now);
  self->acked = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  self->hung = g_ptr_array_new_with_free_func((GDestroyNotify)hung_free);
  self->deleted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (sim_has(self, SIM_FAULT_TIMELINE))
    sim_server_set_timeline_lag(self->server, sim_below(&self->world.random, 3000) * 1000);
  if (sim_percent(&self->world.random, 60)) {
    self->outside = sim_below(&self->world.random, 3000);
    sim_server_create_record(self->server, self->outside);
  }
  for (guint i = 0; i < self->options->devices; i++)
    self->devices[i] = sim_device_new(i, rules, &self->world);
}

static void
close_history(History *self)
{
  for (guint i = 0; i < self->options->devices; i++)
    sim_device_free(self->devices[i]);
  sim_server_free(self->server);
  g_clear_pointer(&self->backup, sim_server_free);
  g_clear_pointer(&self->lagging, sim_server_free);
  g_ptr_array_unref(self->acked);
  g_ptr_array_unref(self->hung);
  g_hash_table_unref(self->deleted);
  g_time_zone_unref(self->world.zone);
}

static guint
draw_faults(guint64 seed, const SimOptions *options)
{
  SimRandom random = { seed ^ 0x5eed5eed5eed5eedu };
  guint drawn = (guint)sim_random(&random) | (guint)sim_random(&random); /* three of four */
  guint always = options->faults & SIM_FAULT_BLIND;                      /* the family's own */
  guint faults = options->draw ? (options->faults & drawn) | always : options->faults;
  /* A row that was deleted softly and is brought back by a restore may hide, by equal counts, another that the restore lost: the protocol's
   * page names this limit. The two are simulated apart. */
  if (faults & SIM_FAULT_RESTORE)
    faults &= ~(guint)SIM_FAULT_DELETE;
  return faults;
}

void
sim_history_run(PrgRules *rules, guint64 seed, const SimOptions *options, SimResult *result)
{
  result->faults = draw_faults(seed, options);
  History history = { .options = options, .result = result, .world.random.state = seed };
  open_history(&history, rules);
  guint steps = 60 + sim_below(&history.world.random, 240);
  for (guint i = 0; i < steps && !result->failure; i++)
    one_step(&history);
  if (!result->failure) {
    settle(&history);
    check_end(&history);
  }
  result->held = result->failure == NULL;
  close_history(&history);
}
