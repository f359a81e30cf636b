/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-progression-types-private.h"

/* What is absent is "": no field of a text is NULL. */
static char *
look_up_text(GVariant *dict, const char *key)
{
  char *text = NULL;

  return g_variant_lookup(dict, key, "s", &text) ? text : g_strdup("");
}

GPtrArray *
lids_list_new(GVariant *dicts, gpointer (*create)(GVariant *dict), GDestroyNotify destroy)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(destroy);
  GVariantIter iter;
  GVariant *dict;

  g_variant_iter_init(&iter, dicts);
  while ((dict = g_variant_iter_next_value(&iter)) != NULL) {
    g_ptr_array_add(list, create(dict));
    g_variant_unref(dict);
  }
  return list;
}

/* ---- LidsEarned ---- */

G_DEFINE_BOXED_TYPE(LidsEarned, lids_earned, lids_earned_copy, lids_earned_free)

/**
 * lids_earned_copy:
 * @self: what to copy
 *
 * Copies all of it.
 *
 * Returns: (transfer full): the copy
 */
LidsEarned *
lids_earned_copy(const LidsEarned *self)
{
  LidsEarned *copy = g_new0(LidsEarned, 1);

  *copy = *self;
  copy->id = g_strdup(self->id);
  return copy;
}

/**
 * lids_earned_free:
 * @self: (transfer full): what to free
 *
 * Frees it with all that it holds.
 */
void
lids_earned_free(LidsEarned *self)
{
  g_free(self->id);
  g_free(self);
}

LidsEarned *
lids_earned_new(GVariant *reply)
{
  LidsEarned *self = g_new0(LidsEarned, 1);

  g_variant_get(reply, "(sxxub)", &self->id, &self->earned, &self->total, &self->level, &self->leveled_up);
  return self;
}

/* ---- LidsGate ---- */

G_DEFINE_BOXED_TYPE(LidsGate, lids_gate, lids_gate_copy, lids_gate_free)

/**
 * lids_gate_copy:
 * @self: what to copy
 *
 * Copies all of it.
 *
 * Returns: (transfer full): the copy
 */
LidsGate *
lids_gate_copy(const LidsGate *self)
{
  LidsGate *copy = g_new0(LidsGate, 1);

  *copy = *self;
  copy->kind = g_strdup(self->kind);
  copy->id = g_strdup(self->id);
  copy->needed = self->needed ? g_variant_ref(self->needed) : NULL;
  copy->have = self->have ? g_variant_ref(self->have) : NULL;
  copy->passes = g_strdup(self->passes);
  return copy;
}

/**
 * lids_gate_free:
 * @self: (transfer full): what to free
 *
 * Frees it with all that it holds.
 */
void
lids_gate_free(LidsGate *self)
{
  g_free(self->kind);
  g_free(self->id);
  g_clear_pointer(&self->needed, g_variant_unref);
  g_clear_pointer(&self->have, g_variant_unref);
  g_free(self->passes);
  g_free(self);
}

gpointer
lids_gate_new(GVariant *dict)
{
  LidsGate *self = g_new0(LidsGate, 1);

  self->kind = look_up_text(dict, "kind");
  self->id = look_up_text(dict, "id");
  self->needed = g_variant_lookup_value(dict, "needed", NULL);
  self->have = g_variant_lookup_value(dict, "have", NULL);
  g_variant_lookup(dict, "met", "b", &self->met);
  self->passes = look_up_text(dict, "passes");
  g_variant_lookup(dict, "suspended", "b", &self->suspended);
  return self;
}

/* ---- LidsBadge ---- */

G_DEFINE_BOXED_TYPE(LidsBadge, lids_badge, lids_badge_copy, lids_badge_free)

/**
 * lids_badge_copy:
 * @self: what to copy
 *
 * Copies all of it.
 *
 * Returns: (transfer full): the copy
 */
LidsBadge *
lids_badge_copy(const LidsBadge *self)
{
  LidsBadge *copy = g_new0(LidsBadge, 1);

  *copy = *self;
  copy->id = g_strdup(self->id);
  copy->name = g_strdup(self->name);
  copy->tier = g_strdup(self->tier);
  copy->next_tier = g_strdup(self->next_tier);
  copy->passes = g_strdup(self->passes);
  copy->why = g_strdup(self->why);
  return copy;
}

/**
 * lids_badge_free:
 * @self: (transfer full): what to free
 *
 * Frees it with all that it holds.
 */
void
lids_badge_free(LidsBadge *self)
{
  g_free(self->id);
  g_free(self->name);
  g_free(self->tier);
  g_free(self->next_tier);
  g_free(self->passes);
  g_free(self->why);
  g_free(self);
}

gpointer
lids_badge_new(GVariant *dict)
{
  LidsBadge *self = g_new0(LidsBadge, 1);

  self->id = look_up_text(dict, "id");
  self->name = look_up_text(dict, "name");
  self->tier = look_up_text(dict, "tier");
  self->next_tier = look_up_text(dict, "next-tier");
  g_variant_lookup(dict, "progress", "d", &self->progress);
  g_variant_lookup(dict, "needed", "d", &self->needed);
  self->passes = look_up_text(dict, "passes");
  g_variant_lookup(dict, "known", "b", &self->known);
  self->why = look_up_text(dict, "why");
  return self;
}

/* ---- LidsRate ---- */

G_DEFINE_BOXED_TYPE(LidsRate, lids_rate, lids_rate_copy, lids_rate_free)

/**
 * lids_rate_copy:
 * @self: what to copy
 *
 * Copies all of it.
 *
 * Returns: (transfer full): the copy
 */
LidsRate *
lids_rate_copy(const LidsRate *self)
{
  LidsRate *copy = g_new0(LidsRate, 1);

  *copy = *self;
  copy->metric = g_strdup(self->metric);
  copy->key = g_strdup(self->key);
  copy->tier = g_strdup(self->tier);
  return copy;
}

/**
 * lids_rate_free:
 * @self: (transfer full): what to free
 *
 * Frees it with all that it holds.
 */
void
lids_rate_free(LidsRate *self)
{
  g_free(self->metric);
  g_free(self->key);
  g_free(self->tier);
  g_free(self);
}

gpointer
lids_rate_new(GVariant *dict)
{
  LidsRate *self = g_new0(LidsRate, 1);

  self->metric = look_up_text(dict, "metric");
  self->key = look_up_text(dict, "key");
  self->known = g_variant_lookup(dict, "value", "d", &self->value);
  self->tier = look_up_text(dict, "tier");
  g_variant_lookup(dict, "numerator", "x", &self->numerator);
  g_variant_lookup(dict, "denominator", "x", &self->denominator);
  return self;
}

/* ---- LidsLeader ---- */

G_DEFINE_BOXED_TYPE(LidsLeader, lids_leader, lids_leader_copy, lids_leader_free)

/**
 * lids_leader_copy:
 * @self: what to copy
 *
 * Copies all of it.
 *
 * Returns: (transfer full): the copy
 */
LidsLeader *
lids_leader_copy(const LidsLeader *self)
{
  LidsLeader *copy = g_new0(LidsLeader, 1);

  *copy = *self;
  copy->name = g_strdup(self->name);
  copy->member = g_strdup(self->member);
  copy->rank = g_strdup(self->rank);
  return copy;
}

/**
 * lids_leader_free:
 * @self: (transfer full): what to free
 *
 * Frees it with all that it holds.
 */
void
lids_leader_free(LidsLeader *self)
{
  g_free(self->name);
  g_free(self->member);
  g_free(self->rank);
  g_free(self);
}

gpointer
lids_leader_new(GVariant *dict)
{
  LidsLeader *self = g_new0(LidsLeader, 1);

  g_variant_lookup(dict, "position", "u", &self->position);
  self->name = look_up_text(dict, "name");
  self->member = look_up_text(dict, "member");
  g_variant_lookup(dict, "total-xp", "x", &self->total_xp);
  g_variant_lookup(dict, "level", "u", &self->level);
  self->rank = look_up_text(dict, "rank");
  g_variant_lookup(dict, "me", "b", &self->me);
  return self;
}
