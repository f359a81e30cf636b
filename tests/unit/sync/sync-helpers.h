/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"
#include "prg-calendar.h"
#include <stdio.h>
#include <string.h>

#define MEMBER "11111111-1111-4111-8111-111111111111"
#define DEVICE "22222222-2222-4222-8222-222222222222"
#define OTHER_DEVICE "33333333-3333-4333-8333-333333333333"
#define PERSON "44444444-4444-4444-8444-444444444444"
#define RECORD "55555555-5555-4555-8555-555555555555"
#define TODAY "2026-11-20"

/* 2026-11-20T10:00:00Z: 20,777 days after the epoch. */
#define NOW ((G_GINT64_CONSTANT(20777) * 86400 + 36000) * G_USEC_PER_SEC)

static inline char *
numbered_id(guint number)
{
  return g_strdup_printf("66666666-6666-4666-8666-%012u", number);
}

static inline PrgOperation *
make_operation(const char *id, const char *kind, const char *ref, gint64 amount, const char *device)
{
  const PrgOperation fields = { .id = id,
                                .device = g_intern_string(device),
                                .seq = 1,
                                .kind = g_intern_string(kind),
                                .amount = amount,
                                .ref = ref,
                                .occurred_at = NOW,
                                .local_day = TODAY,
                                .zone = "UTC",
                                .details = "{}" };
  return prg_operation_new(&fields);
}

/* An operation that pays once, with the id that every device gives it. */
static inline PrgOperation *
make_once(const char *kind, const char *ref, gint64 amount, const char *device)
{
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, kind, ref);
  return make_operation(id, kind, ref, amount, device);
}

static inline PrgOperation *
with_created_at(PrgOperation *operation, gint64 created_at)
{
  g_autoptr(PrgOperation) old = operation;
  PrgOperation fields = *old;
  fields.created_at = created_at;
  return prg_operation_new(&fields);
}

static inline void
add_entry(PrgSnapshot *snapshot, PrgOperation *operation, PrgOperationState state, gboolean in_base)
{
  PrgEntry *entry = g_new0(PrgEntry, 1);
  entry->operation = operation;
  entry->state = state;
  entry->in_base = in_base;
  g_ptr_array_add(snapshot->entries, entry);
}
