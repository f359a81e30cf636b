/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-device.h"
#include "sim-server.h"

#define SIM_MAX_DEVICES 4

/* One request between its machine and the server. */
typedef struct {
  SimDevice *device;   /* (not owned) (nullable) NULL: nobody waits for the answer any more */
  PrgRequest *request; /* (owned) */
  PrgAnswer *answer;   /* (owned) (nullable) once it was carried out, or was found to fail */
  guint serial;        /* in order of sending */
  gint64 carried_out_at, answered_at, given_up_at; /* µs */
  gboolean is_held;                                /* until a later one was carried out */
  gboolean is_hung; /* it counts when it is carried out after it was given up on */
  gboolean reply_is_lost;
  gboolean is_doubled;
} SimFlight;

typedef struct {
  SimWorld *world;    /* (not owned) */
  SimServer *server;  /* (owned) */
  SimServer *lagging; /* (owned) (nullable) what a slow replica shows */
  gint64 lagging_since;
  gint64 outage_until;
  GPtrArray *flights; /* (owned) (element-type SimFlight) in order of sending */
  guint n_sent, n_writes, last_carried_out;
} SimNetwork;

void sim_network_init(SimNetwork *self, SimWorld *world, SimFlaw flaw);
void sim_network_clear(SimNetwork *self);
/* The machine's request goes out. */
void sim_network_send(SimNetwork *self, SimDevice *device);
/* Carries out what has arrived by now. */
void sim_network_run(SimNetwork *self);
/* (transfer full) (nullable) the answer that has come for @device, or that it stops waiting for */
PrgAnswer *sim_network_receive(SimNetwork *self, SimDevice *device);
/* When something happens for @device, 0 = nothing is under way for it. */
gint64 sim_network_next_at(const SimNetwork *self, const SimDevice *device);
/* The server goes down: what it has not carried out by now, it never will. */
void sim_network_drop_requests(SimNetwork *self);
void sim_network_abandon(SimNetwork *self, SimDevice *device); /* it crashed, or cancelled its request */
