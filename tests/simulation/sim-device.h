/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-machine.h"
#include "sim-random.h"

/*
 * One machine of the rep: the shipped book and state machine over a modelled disk. The disk takes a change
 * set whole or not at all; a crash forgets everything but the disk.
 */
typedef struct {
  guint number;
  char *id;            /* (owned) device id */
  PrgRules *rules;     /* (owned) */
  GHashTable *disk;    /* (owned) id → PrgEntry */
  GPtrArray *order;    /* (owned) (element-type utf8) ids in order of first commit */
  GHashTable *meta;    /* (owned) */
  char *base;          /* (owned) (nullable) */
  guint audits, flags; /* audit entries; those that flag a possible loss */
  gint64 restored;
  PrgBook *book;       /* (owned) memory: lost in a crash */
  PrgMachine *machine; /* (owned) likewise */
  PrgStep step;        /* what the machine asks for */
  gboolean has_token;
  gboolean cut_off; /* its connection was cut: the next answer does not come */
  gint64 boot;      /* when it started, µs: its monotonic clock counts from there */
} SimDevice;

typedef struct {
  gint64 now; /* µs UTC, everybody's */
  SimRandom random;
  GTimeZone *zone; /* (owned) */
  const char *member;
} SimWorld;

SimDevice *sim_device_new(guint number, PrgRules *rules, SimWorld *world);
void sim_device_free(SimDevice *self);
void sim_device_crash(SimDevice *self, SimWorld *world);
/* The store was damaged: own operations are saved from it, the base and others' rows are not. */
void sim_device_damage(SimDevice *self, SimWorld *world);

/* Feeds one input; the answer (nullable) is consumed. */
void sim_device_feed(SimDevice *self, SimWorld *world, PrgInputKind kind, PrgAnswer *answer, gboolean online);
gboolean sim_device_is_due(SimDevice *self, SimWorld *world); /* would a WAKE do anything now? */
gint64 sim_device_wake_at(SimDevice *self);                   /* in world time, 0 = never */
void sim_device_write(SimDevice *self,
                      SimWorld *world); /* writes step.changes to the disk and tells the machine */
void sim_device_drop_changes(SimDevice *self, SimWorld *world); /* the disk refuses them */

/* Earns something, as a command of a user does: one transaction. Appends the operations to @acked
 * (element-type PrgOperation). */
void sim_device_earn(SimDevice *self, SimWorld *world, GPtrArray *acked);
gint64 sim_device_total(SimDevice *self, SimWorld *world);
