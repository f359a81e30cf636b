/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-history.h"
#include "sim-network.h"

/* A blind writer between its read and its write. */
typedef struct {
  gint64 base; /* the total it read */
  gint64 award;
  guint folds, after; /* folds when it read; those that it sleeps through */
} SimBlind;

typedef struct {
  const SimOptions *options;
  SimResult *result;
  SimWorld world;
  SimNetwork network;
  SimServer *backup; /* (owned) (nullable) */
  gint64 outside_in_backup;
  SimDevice *devices[SIM_MAX_DEVICES];
  guint n_devices, n_earnings, quiet_from;
  SimBlind blind;
  gboolean blind_active, was_restored;
} SimHistory;

/* sim-hands.c: other programs, persons, the server's keeper */
void sim_outside_world(SimHistory *self);
void sim_end_blind(SimHistory *self);
void sim_refuse_nothing(SimHistory *self);

/* sim-befall.c: what befalls one machine */
void sim_befall(SimHistory *self, SimDevice *device);
gboolean sim_take_turn(SimHistory *self, SimDevice *device); /* FALSE: there was nothing to do */
void sim_lose_device(SimHistory *self, SimDevice *device);   /* frees it */
void sim_sign_in(SimHistory *self, SimDevice *device, gboolean in);
void sim_set_online(SimHistory *self, SimDevice *device, gboolean online);

/* sim-end.c */
void sim_settle(SimHistory *self);
void sim_check_end(SimHistory *self);
