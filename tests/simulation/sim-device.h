/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-machine.h"
#include "sim-world.h"

/*
 * One machine of the rep: the shipped book and state machine over a modelled disk. The disk takes a change
 * set whole or not at all; a crash forgets everything but the disk.
 */
typedef struct {
  guint number;
  SimUuid id;
  GPtrArray *entries;  /* (owned) (element-type PrgEntry) the disk, in order of first commit */
  GHashTable *by_id;   /* (owned) id → PrgEntry, borrowed from entries */
  GHashTable *meta;    /* (owned) */
  char *base;          /* (owned) (nullable) */
  guint flags;         /* audit entries that flag a possible loss */
  PrgBook *book;       /* (owned) memory: lost in a crash */
  PrgMachine *machine; /* (owned) likewise */
  PrgRequest *request; /* (owned) (nullable) what the machine asked for and nobody has sent yet */
  GPtrArray *changes;  /* (owned) (nullable) the commit under way */
  gboolean is_sent;    /* its request is under way */
  gboolean has_token;  /* the server takes its token */
  gboolean is_online;
  gboolean is_away;         /* signed out */
  gboolean is_cut_off;      /* its connection was cut: the next answer does not come */
  gboolean is_changed;      /* since the invariants were checked */
  gboolean retry_wanted;    /* somebody asked for a new look while a request was under way */
  gint64 boot;              /* when it started, µs: its monotonic clock counts from there */
  gint64 skew;              /* its wall clock minus the true time */
  gint64 budget, budget_at; /* µs of sending left: 50 requests, one more every 1.2 s */
  guint n_requests;
} SimDevice;

SimDevice *sim_device_new(guint number, SimWorld *world);
void sim_device_free(SimDevice *self);
void sim_device_crash(SimDevice *self, SimWorld *world);
/* The store was damaged: own operations are saved from it, the base and others' rows are not. */
void sim_device_damage(SimDevice *self, SimWorld *world);

/* Feeds one input; the answer (nullable) is consumed. While a commit is under way only its result may be fed. */
void sim_device_feed(SimDevice *self, SimWorld *world, PrgInputKind kind, PrgAnswer *answer, gboolean online);
gboolean sim_device_is_due(const SimDevice *self, const SimWorld *world); /* would a WAKE do anything now? */
gint64 sim_device_wake_at(const SimDevice *self);                         /* in world time, 0 = never */
gboolean sim_device_is_resting(const SimDevice *self);                    /* nothing is under way */
void sim_device_write(SimDevice *self, SimWorld *world);        /* the commit under way reaches the disk */
void sim_device_drop_changes(SimDevice *self, SimWorld *world); /* the disk refuses it */
PrgRequest *sim_device_send(SimDevice *self); /* the machine's request goes out. Returns: (transfer full) */

/* A command's transaction: on the disk, in the book, acknowledged. (transfer full) */
void sim_device_commit_command(SimDevice *self, SimWorld *world, GPtrArray *changes);
PrgMoment sim_device_moment(const SimDevice *self, const SimWorld *world, const char *random_id);
const PrgView *sim_device_view(const SimDevice *self, const SimWorld *world);
gint64 sim_device_total(const SimDevice *self, const SimWorld *world);

/* sim-device-check.c */
void sim_device_check_transition(SimDevice *self,
                                 SimWorld *world,
                                 const PrgEntry *stored,
                                 const PrgChange *change);
/* Everything that must hold of one machine at every moment. */
void sim_device_check(SimDevice *self, SimWorld *world);
/* A restart must show just what was shown before it. */
typedef struct {
  gint64 total, level, deals, pending, last_activity;
  guint n_sets, n_pending;
} SimShown;
SimShown sim_device_shown(const SimDevice *self, const SimWorld *world);
void sim_device_check_restart(const SimDevice *self, SimWorld *world, const SimShown *before);

/* sim-user.c: what a rep does on it. */
void sim_user_earn(SimDevice *self, SimWorld *world);
gboolean sim_user_revoke(SimDevice *self, SimWorld *world); /* something, FALSE = nothing */
gboolean sim_user_settle(SimDevice *self, SimWorld *world, gboolean discards); /* one that was refused */
guint
sim_user_import(SimDevice *self, SimWorld *world, GPtrArray *operations); /* of another machine's export */
GPtrArray *sim_user_export(const SimDevice *self);                        /* (transfer full) */
