/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-network.h"
#include "prg-codec.h"

#define GIVES_UP_AFTER (30 * G_USEC_PER_SEC)
#define REPLICA_LAGS (15 * G_USEC_PER_SEC)

static void
flight_free(SimFlight *flight)
{
  prg_request_free(flight->request);
  prg_answer_free(flight->answer);
  g_free(flight);
}

void
sim_network_init(SimNetwork *self, SimWorld *world, SimFlaw flaw)
{
  self->world = world;
  self->server = sim_server_new(world->member, world->now);
  sim_server_set_world(self->server, world);
  sim_server_set_flaw(self->server, flaw);
  self->flights = g_ptr_array_new_with_free_func((GDestroyNotify)flight_free);
}

void
sim_network_clear(SimNetwork *self)
{
  g_ptr_array_unref(self->flights);
  sim_server_free(self->server);
  sim_server_free(self->lagging);
}

/* ---- what the server answers ---- */

static gint64
seconds(SimNetwork *self, guint most)
{
  return (gint64)sim_below(&self->world->random, most * 1000) * 1000;
}

static PrgAnswer *
unknown(const char *message)
{
  return prg_answer_new(PRG_OUTCOME_UNKNOWN, message);
}

/* As the wire says it, read by the shipped codec. */
static PrgAnswer *
answer_from_wire(SimNetwork *self, const PrgRequest *request, guint status, const char *body)
{
  return prg_codec_decode(request, status, body, strlen(body), self->world->rules);
}

static PrgAnswer *
rate_limit(SimNetwork *self, const PrgRequest *request)
{
  if (sim_percent(&self->world->random, 50))
    return answer_from_wire(self, request, 429,
                            "{\"statusCode\":429,\"error\":\"HttpException\","
                            "\"messages\":[\"Limit reached (100 tokens per 60000 ms)\"]}");
  return answer_from_wire(
      self, request, 200,
      "{\"data\":null,\"errors\":[{\"message\":\"Limit reached (100 tokens per 60000 ms)\","
      "\"extensions\":{\"subCode\":\"LIMIT_REACHED\",\"code\":\"BAD_USER_INPUT\"}}]}");
}

static PrgAnswer *
outage(SimNetwork *self, const PrgRequest *request)
{
  return answer_from_wire(self, request, 400,
                          "{\"statusCode\":400,\"error\":\"AggregateError\","
                          "\"messages\":[\"connect ECONNREFUSED 127.0.0.1:5432\"]}");
}

static gboolean
is_read(const PrgRequest *request)
{
  return request->kind == PRG_REQUEST_READ || request->kind == PRG_REQUEST_READ_BACK ||
         request->kind == PRG_REQUEST_FETCH || request->kind == PRG_REQUEST_TIMELINE;
}

static PrgAnswer *
lagging_answer(SimNetwork *self, const PrgRequest *request)
{
  SimRandom *random = &self->world->random;
  if (sim_server_is_behind(self->lagging, self->server))
    sim_struck(self->world, SIM_FAULT_STALE);
  if (request->kind == PRG_REQUEST_READ && sim_percent(random, 50))
    return sim_percent(random, 50) ? sim_server_torn_read(self->server, self->lagging, request)
                                   : sim_server_torn_read(self->lagging, self->server, request);
  return sim_server_execute(self->lagging, request);
}

static PrgAnswer *
execute(SimNetwork *self, const PrgRequest *request)
{
  SimWorld *world = self->world;
  sim_server_set_time(self->server, world->now);
  self->n_writes += !is_read(request) && request->kind != PRG_REQUEST_DISCOVER;
  gboolean lags = self->lagging && world->now - self->lagging_since < REPLICA_LAGS;
  PrgAnswer *answer = is_read(request) && lags && sim_may(world, SIM_FAULT_STALE, 30)
                          ? lagging_answer(self, request)
                          : sim_server_execute(self->server, request);
  if (sim_has(world, SIM_FAULT_CLOCK))
    answer->server_time = world->now - world->now % G_USEC_PER_SEC; /* the Date header */
  return answer;
}

/* ---- sending ---- */

/* What keeps a request from ever being carried out. */
static PrgAnswer *
failure_on_the_way(SimNetwork *self, SimDevice *device, const PrgRequest *request)
{
  SimWorld *world = self->world;
  if (device->is_cut_off) {
    device->is_cut_off = FALSE;
    return unknown("connection lost");
  }
  if (!device->is_online && !world->calm)
    return unknown("no route to the server");
  if (!device->has_token)
    return prg_answer_new(PRG_OUTCOME_AUTH, "Token has expired.");
  if (sim_strikes(world, SIM_FAULT_OUTAGE, 1))
    self->outage_until = world->now + seconds(self, 20);
  if (world->now < self->outage_until && !world->calm)
    return outage(self, request);
  if (sim_strikes(world, SIM_FAULT_LIMIT, 4))
    return rate_limit(self, request);
  return sim_strikes(world, SIM_FAULT_LOSS, 6) ? unknown("request lost") : NULL;
}

/* Slow ways: what the client does not wait for is given up. */
static void
draw_way(SimNetwork *self, SimFlight *flight)
{
  SimWorld *world = self->world;
  if (sim_may(world, SIM_FAULT_HANG, 5)) {
    flight->is_hung = TRUE;
    flight->given_up_at = world->now + (sim_percent(&world->random, 60) ? 0 : seconds(self, 30));
    flight->carried_out_at = flight->given_up_at + seconds(self, 90);
  } else if (sim_may(world, SIM_FAULT_REORDER, 5)) {
    flight->is_held = TRUE;
    flight->carried_out_at = world->now + seconds(self, 60);
  } else if (sim_strikes(world, SIM_FAULT_DELAY, 6)) {
    flight->carried_out_at = world->now + (sim_percent(&world->random, 50) ? 0 : seconds(self, 12));
    flight->answered_at = flight->carried_out_at + seconds(self, 13);
  }
  flight->is_doubled = sim_strikes(world, SIM_FAULT_DUPLICATE, 4);
  flight->reply_is_lost = sim_strikes(world, SIM_FAULT_REPLY, 6);
}

void
sim_network_send(SimNetwork *self, SimDevice *device)
{
  SimFlight *flight = g_new0(SimFlight, 1);
  flight->device = device;
  flight->request = sim_device_send(device);
  flight->serial = ++self->n_sent;
  flight->carried_out_at = flight->answered_at = self->world->now;
  flight->given_up_at = self->world->now + GIVES_UP_AFTER;
  flight->answer = failure_on_the_way(self, device, flight->request);
  if (!flight->answer)
    draw_way(self, flight);
  g_ptr_array_add(self->flights, flight);
}

/* ---- arriving ---- */

static gboolean
has_arrived(const SimNetwork *self, const SimFlight *flight)
{
  if (flight->answer)
    return FALSE;
  gboolean overtaken = flight->is_held && self->last_carried_out > flight->serial;
  return overtaken || flight->carried_out_at <= self->world->now;
}

static void
carry_out(SimNetwork *self, SimFlight *flight)
{
  SimWorld *world = self->world;
  flight->answer = execute(self, flight->request);
  if (flight->is_held && self->last_carried_out > flight->serial)
    sim_struck(world, SIM_FAULT_REORDER);
  if (flight->is_hung)
    sim_struck(world, SIM_FAULT_HANG);
  if (!flight->device || flight->is_hung || flight->is_held)
    sim_trace(world, "server: a late %s is carried out: %s",
              prg_request_kind_to_string(flight->request->kind),
              prg_outcome_to_string(flight->answer->outcome));
  self->last_carried_out = MAX(self->last_carried_out, flight->serial);
  flight->answered_at = MAX(flight->answered_at, world->now);
  if (flight->is_doubled) {
    prg_answer_free(flight->answer);
    flight->answer = execute(self, flight->request);
  }
  if (!flight->reply_is_lost)
    return;
  prg_answer_free(flight->answer);
  flight->answer = sim_has(world, SIM_FAULT_OUTAGE) && sim_percent(&world->random, 30)
                       ? outage(self, flight->request)
                       : unknown("reply lost");
}

void
sim_network_run(SimNetwork *self)
{
  for (guint i = 0; i < self->flights->len;) {
    SimFlight *flight = g_ptr_array_index(self->flights, i);
    gboolean has_run = has_arrived(self, flight);
    if (has_run)
      carry_out(self, flight);
    if (flight->answer && !flight->device)
      g_ptr_array_remove_index(self->flights, i);
    else
      i++;
    if (has_run)
      i = 0; /* one that was held may be due now */
  }
}

void
sim_network_drop_requests(SimNetwork *self)
{
  for (guint i = 0; i < self->flights->len; i++) {
    SimFlight *flight = g_ptr_array_index(self->flights, i);
    if (flight->answer)
      continue;
    flight->answer = prg_answer_new(PRG_OUTCOME_UNKNOWN, "the server went down");
    flight->answered_at = self->world->now;
  }
}

static SimFlight *
flight_of(const SimNetwork *self, const SimDevice *device)
{
  for (guint i = 0; i < self->flights->len; i++) {
    SimFlight *flight = g_ptr_array_index(self->flights, i);
    if (flight->device == device)
      return flight;
  }
  return NULL;
}

PrgAnswer *
sim_network_receive(SimNetwork *self, SimDevice *device)
{
  SimFlight *flight = flight_of(self, device);
  gint64 now = self->world->now;
  if (!flight)
    return NULL;
  if (flight->answer && flight->answered_at <= now && !(flight->is_hung && flight->given_up_at <= now)) {
    PrgAnswer *answer = g_steal_pointer(&flight->answer);
    g_ptr_array_remove(self->flights, flight);
    if (!device->is_cut_off)
      return answer;
    device->is_cut_off = FALSE;
    prg_answer_free(answer);
    return unknown("connection lost");
  }
  if (flight->given_up_at > now)
    return NULL;
  sim_network_abandon(self, device);
  return unknown("timed out");
}

gint64
sim_network_next_at(const SimNetwork *self, const SimDevice *device)
{
  const SimFlight *flight = flight_of(self, device);
  if (!flight)
    return 0;
  return MIN(flight->answer ? flight->answered_at : flight->carried_out_at, flight->given_up_at);
}

void
sim_network_abandon(SimNetwork *self, SimDevice *device)
{
  SimFlight *flight = flight_of(self, device);
  if (!flight)
    return;
  flight->device = NULL;
  if (flight->answer)
    g_ptr_array_remove(self->flights, flight);
}
