/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lids-progression-types.h"

G_BEGIN_DECLS

/* @reply: (sxxub), the answer of every method that earns. (transfer full) */
LidsEarned *lids_earned_new(GVariant *reply);
/* Each takes one dictionary (a{sv}) of an answer; what it lacks is 0 or "". (transfer full) */
gpointer lids_gate_new(GVariant *dict);
gpointer lids_badge_new(GVariant *dict);
gpointer lids_rate_new(GVariant *dict);
gpointer lids_leader_new(GVariant *dict);
/* A list of them. @dicts: aa{sv}. (transfer full) */
GPtrArray *lids_list_new(GVariant *dicts, gpointer (*create)(GVariant *dict), GDestroyNotify destroy);

G_END_DECLS
