/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A disk whose power can be cut. It stands below SQLite's VFS, at the C library's calls, so that the store's own files,
 * renames and directory syncs are modelled with SQLite's: everything that happens in one folder is recorded in order. What a
 * cut at any moment may leave is made afterwards, as often as wanted.
 *
 * A file's bytes and length last once the file was synced; names, once their folder was. Of what was not synced any part
 * may have arrived, in any order: all, nothing, the older part, some calls, or some sectors of some calls; what lies in
 * between holds zeros or old rubbish. A sector is written whole, and none is touched that no call named; a rename is done or not.
 */
typedef struct _PowerDisk PowerDisk;

/* @directory may be missing yet. What is there now has lasted. One at a time. */
PowerDisk *power_disk_start(const char *directory);
void power_disk_stop(PowerDisk *self); /* ends the recording; what was recorded stays */
void power_disk_free(PowerDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PowerDisk, power_disk_free)

/* How many calls were recorded so far. */
guint power_disk_length(PowerDisk *self);
/* Whether a file with @part in its name was ever made. */
gboolean power_disk_has_made(PowerDisk *self, const char *part);
/* Writes into the new folder @directory what a cut after the first @length calls may leave. */
void power_disk_cut(PowerDisk *self, guint length, GRand *chance, const char *directory);
