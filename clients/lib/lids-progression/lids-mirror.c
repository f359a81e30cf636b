/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service's properties were when it last told them. */
#include "lids-progression-client-private.h"

typedef struct {
  const char *name;
  LidsInterface interface;
  const char *member; /* the D-Bus property's name */
  const char *type;   /* of its value, and so of ours; a state is a text on the bus and an enumeration here */
} Mirrored;

static const Mirrored mirrored[LIDS_N_PROPERTIES] = {
  [LIDS_PROPERTY_NAME] = { "name", LIDS_INTERFACE_PROGRESSION, "Name", "s" },
  [LIDS_PROPERTY_TOTAL_XP] = { "total-xp", LIDS_INTERFACE_PROGRESSION, "TotalXp", "x" },
  [LIDS_PROPERTY_PENDING_XP] = { "pending-xp", LIDS_INTERFACE_PROGRESSION, "PendingXp", "x" },
  [LIDS_PROPERTY_LEVEL] = { "level", LIDS_INTERFACE_PROGRESSION, "Level", "u" },
  [LIDS_PROPERTY_LEVEL_XP] = { "level-xp", LIDS_INTERFACE_PROGRESSION, "LevelXp", "x" },
  [LIDS_PROPERTY_NEXT_LEVEL_XP] = { "next-level-xp", LIDS_INTERFACE_PROGRESSION, "NextLevelXp", "x" },
  [LIDS_PROPERTY_RANK] = { "rank", LIDS_INTERFACE_PROGRESSION, "Rank", "s" },
  [LIDS_PROPERTY_RANK_NAME] = { "rank-name", LIDS_INTERFACE_PROGRESSION, "RankName", "s" },
  [LIDS_PROPERTY_NEXT_RANK] = { "next-rank", LIDS_INTERFACE_PROGRESSION, "NextRank", "s" },
  [LIDS_PROPERTY_NEXT_RANK_NAME] = { "next-rank-name", LIDS_INTERFACE_PROGRESSION, "NextRankName", "s" },
  [LIDS_PROPERTY_CLOSED_DEALS] = { "closed-deals", LIDS_INTERFACE_PROGRESSION, "ClosedDeals", "u" },
  [LIDS_PROPERTY_STREAK_DAYS] = { "streak-days", LIDS_INTERFACE_PROGRESSION, "StreakDays", "u" },
  [LIDS_PROPERTY_LAST_ACTIVITY] = { "last-activity", LIDS_INTERFACE_PROGRESSION, "LastActivity", "x" },
  [LIDS_PROPERTY_BADGES] = { "badges", LIDS_INTERFACE_PROGRESSION, "Badges", "as" },
  [LIDS_PROPERTY_COMPLETED_MODULES] = { "completed-modules", LIDS_INTERFACE_PROGRESSION, "CompletedModules",
                                        "as" },
  [LIDS_PROPERTY_CERTIFICATIONS] = { "certifications", LIDS_INTERFACE_PROGRESSION, "Certifications", "as" },
  [LIDS_PROPERTY_DEFEATED_BOSSES] = { "defeated-bosses", LIDS_INTERFACE_PROGRESSION, "DefeatedBosses", "as" },
  [LIDS_PROPERTY_PASSED_EXAMS] = { "passed-exams", LIDS_INTERFACE_PROGRESSION, "PassedExams", "as" },
  [LIDS_PROPERTY_TITLES] = { "titles", LIDS_INTERFACE_PROGRESSION, "Titles", "as" },
  [LIDS_PROPERTY_ACTIVE_TITLE] = { "active-title", LIDS_INTERFACE_PROGRESSION, "ActiveTitle", "s" },
  [LIDS_PROPERTY_SPECIALIZATION] = { "specialization", LIDS_INTERFACE_PROGRESSION, "Specialization", "s" },
  [LIDS_PROPERTY_SYNC_STATE] = { "sync-state", LIDS_INTERFACE_SYNC, "State", "s" },
  [LIDS_PROPERTY_REASON] = { "reason", LIDS_INTERFACE_SYNC, "Reason", "s" },
  [LIDS_PROPERTY_ONLINE] = { "online", LIDS_INTERFACE_SYNC, "Online", "b" },
  [LIDS_PROPERTY_PENDING_OPERATIONS] = { "pending-operations", LIDS_INTERFACE_SYNC, "PendingOperations",
                                         "u" },
  [LIDS_PROPERTY_QUARANTINED_OPERATIONS] = { "quarantined-operations", LIDS_INTERFACE_SYNC,
                                             "QuarantinedOperations", "u" },
  [LIDS_PROPERTY_WAITING_ELSEWHERE] = { "waiting-elsewhere", LIDS_INTERFACE_SYNC, "WaitingElsewhere", "u" },
  [LIDS_PROPERTY_LAST_SYNC] = { "last-sync", LIDS_INTERFACE_SYNC, "LastSync", "x" },
  [LIDS_PROPERTY_NEXT_SYNC] = { "next-sync", LIDS_INTERFACE_SYNC, "NextSync", "x" },
  [LIDS_PROPERTY_LAST_ERROR] = { "last-error", LIDS_INTERFACE_SYNC, "LastError", "s" },
  [LIDS_PROPERTY_SIGNED_IN] = { "signed-in", LIDS_INTERFACE_ACCOUNT, "SignedIn", "b" },
  [LIDS_PROPERTY_SERVER] = { "server", LIDS_INTERFACE_ACCOUNT, "Server", "s" },
  [LIDS_PROPERTY_MEMBER_ID] = { "member-id", LIDS_INTERFACE_ACCOUNT, "WorkspaceMemberId", "s" },
  [LIDS_PROPERTY_MEMBER_NAME] = { "member-name", LIDS_INTERFACE_ACCOUNT, "MemberName", "s" },
};

static GParamSpec *
create_spec(guint property)
{
  const char *name = mirrored[property].name;
  const char *type = mirrored[property].type;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  if (property == LIDS_PROPERTY_SYNC_STATE)
    return g_param_spec_enum(name, NULL, NULL, LIDS_TYPE_SYNC_STATE, LIDS_SYNC_STATE_UNKNOWN, flags);
  if (g_str_equal(type, "b"))
    return g_param_spec_boolean(name, NULL, NULL, FALSE, flags);
  if (g_str_equal(type, "u"))
    return g_param_spec_uint(name, NULL, NULL, 0, G_MAXUINT, 0, flags);
  if (g_str_equal(type, "x"))
    return g_param_spec_int64(name, NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  if (g_str_equal(type, "as"))
    return g_param_spec_boxed(name, NULL, NULL, G_TYPE_STRV, flags);
  return g_param_spec_string(name, NULL, NULL, "", flags);
}

void
lids_mirror_install(GObjectClass *object_class)
{
  for (guint property = LIDS_PROPERTY_NAME; property < LIDS_N_PROPERTIES; property++)
    g_object_class_install_property(object_class, property, create_spec(property));
}

gboolean
lids_mirror_get_boolean(LidsProgressionClient *self, guint property)
{
  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), FALSE);
  return self->values[property] != NULL && g_variant_get_boolean(self->values[property]);
}

guint
lids_mirror_get_uint(LidsProgressionClient *self, guint property)
{
  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), 0);
  return self->values[property] ? g_variant_get_uint32(self->values[property]) : 0;
}

gint64
lids_mirror_get_int64(LidsProgressionClient *self, guint property)
{
  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), 0);
  return self->values[property] ? g_variant_get_int64(self->values[property]) : 0;
}

const char *
lids_mirror_get_text(LidsProgressionClient *self, guint property)
{
  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), "");
  return self->values[property] ? g_variant_get_string(self->values[property], NULL) : "";
}

/* A variant gives an array of its own, so it is kept beside the value. */
const char *const *
lids_mirror_get_texts(LidsProgressionClient *self, guint property)
{
  static const char *const none[] = { NULL };

  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), none);
  if (self->values[property] && self->texts[property] == NULL)
    self->texts[property] = g_variant_get_strv(self->values[property], NULL);
  return self->texts[property] ? self->texts[property] : none;
}

LidsSyncState
lids_mirror_get_sync_state(LidsProgressionClient *self)
{
  g_autoptr(GEnumClass) states = g_type_class_ref(LIDS_TYPE_SYNC_STATE);
  const GEnumValue *state =
      g_enum_get_value_by_nick(states, lids_mirror_get_text(self, LIDS_PROPERTY_SYNC_STATE));

  return state ? (LidsSyncState)state->value : LIDS_SYNC_STATE_UNKNOWN;
}

void
lids_mirror_get(LidsProgressionClient *self, guint property, GValue *value)
{
  const char *type = mirrored[property].type;

  if (property == LIDS_PROPERTY_SYNC_STATE)
    g_value_set_enum(value, lids_mirror_get_sync_state(self));
  else if (g_str_equal(type, "b"))
    g_value_set_boolean(value, lids_mirror_get_boolean(self, property));
  else if (g_str_equal(type, "u"))
    g_value_set_uint(value, lids_mirror_get_uint(self, property));
  else if (g_str_equal(type, "x"))
    g_value_set_int64(value, lids_mirror_get_int64(self, property));
  else if (g_str_equal(type, "as"))
    g_value_set_boxed(value, lids_mirror_get_texts(self, property));
  else
    g_value_set_string(value, lids_mirror_get_text(self, property));
}

static void
take(LidsProgressionClient *self, guint property, GVariant *value)
{
  if (!g_variant_is_of_type(value, G_VARIANT_TYPE(mirrored[property].type)))
    return;
  if (self->values[property] && g_variant_equal(self->values[property], value))
    return;
  lids_mirror_clear(self, property);
  self->values[property] = g_variant_ref(value);
  g_object_notify(G_OBJECT(self), mirrored[property].name);
}

void
lids_mirror_take_changes(LidsProgressionClient *self, LidsInterface interface, GVariant *changed)
{
  g_object_freeze_notify(G_OBJECT(self));
  for (guint property = LIDS_PROPERTY_NAME; property < LIDS_N_PROPERTIES; property++) {
    g_autoptr(GVariant) value = NULL;
    if (mirrored[property].interface == interface)
      value = g_variant_lookup_value(changed, mirrored[property].member, NULL);
    if (value)
      take(self, property, value);
  }
  g_object_thaw_notify(G_OBJECT(self));
}

void
lids_mirror_take_all(LidsProgressionClient *self, LidsInterface interface)
{
  g_object_freeze_notify(G_OBJECT(self));
  for (guint property = LIDS_PROPERTY_NAME; property < LIDS_N_PROPERTIES; property++) {
    g_autoptr(GVariant) value = NULL;
    if (mirrored[property].interface == interface)
      value = g_dbus_proxy_get_cached_property(self->proxies[interface], mirrored[property].member);
    if (value)
      take(self, property, value);
  }
  g_object_thaw_notify(G_OBJECT(self));
}

void
lids_mirror_clear(LidsProgressionClient *self, guint property)
{
  g_clear_pointer(&self->values[property], g_variant_unref);
  g_clear_pointer(&self->texts[property], g_free);
}
