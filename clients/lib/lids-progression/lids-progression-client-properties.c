/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that tell of the rep. */
#include "lids-progression-client-private.h"

/**
 * LidsProgressionClient:running: (getter is_running)
 *
 * Whether the service is on the bus and all properties are current. While it is not, they keep their last
 * values; a call starts the service.
 */
/**
 * lids_progression_client_is_running:
 * @self: a client
 *
 * Tells whether the service is on the bus and all properties are current. While it is not, they keep their
 * last values; a call starts the service.
 *
 * Returns: %TRUE if so
 */
gboolean
lids_progression_client_is_running(LidsProgressionClient *self)
{
  g_return_val_if_fail(LIDS_IS_PROGRESSION_CLIENT(self), FALSE);
  return self->is_running;
}

/**
 * LidsProgressionClient:name: (getter get_name)
 *
 * The rep's display name, as Twenty shows it; "" while nobody is signed in.
 */
/**
 * lids_progression_client_get_name:
 * @self: a client
 *
 * Gets the rep's display name, as Twenty shows it; "" while nobody is signed in.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_name(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_NAME);
}

/**
 * LidsProgressionClient:total-xp: (getter get_total_xp)
 *
 * All XP, what waits to be sent included.
 */
/**
 * lids_progression_client_get_total_xp:
 * @self: a client
 *
 * Gets all XP, what waits to be sent included.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_total_xp(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_TOTAL_XP);
}

/**
 * LidsProgressionClient:pending-xp: (getter get_pending_xp)
 *
 * The part of the total that is not in Twenty's ledger yet.
 */
/**
 * lids_progression_client_get_pending_xp:
 * @self: a client
 *
 * Gets the part of the total that is not in Twenty's ledger yet.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_pending_xp(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_PENDING_XP);
}

/**
 * LidsProgressionClient:level: (getter get_level)
 *
 * The level that the total gives, from 1; 0 = not known yet.
 */
/**
 * lids_progression_client_get_level:
 * @self: a client
 *
 * Gets the level that the total gives, from 1; 0 = not known yet.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_level(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_LEVEL);
}

/**
 * LidsProgressionClient:level-xp: (getter get_level_xp)
 *
 * XP at which this level started.
 */
/**
 * lids_progression_client_get_level_xp:
 * @self: a client
 *
 * Gets XP at which this level started.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_level_xp(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_LEVEL_XP);
}

/**
 * LidsProgressionClient:next-level-xp: (getter get_next_level_xp)
 *
 * XP at which the next level starts; 0 at the top.
 */
/**
 * lids_progression_client_get_next_level_xp:
 * @self: a client
 *
 * Gets XP at which the next level starts; 0 at the top.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_next_level_xp(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_NEXT_LEVEL_XP);
}

/**
 * LidsProgressionClient:rank: (getter get_rank)
 *
 * The rank's code, "E-1" to "E-7"; "" while nobody is signed in.
 */
/**
 * lids_progression_client_get_rank:
 * @self: a client
 *
 * Gets the rank's code, "E-1" to "E-7"; "" while nobody is signed in.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_rank(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_RANK);
}

/**
 * LidsProgressionClient:rank-name: (getter get_rank_name)
 *
 * The rank's name for people.
 */
/**
 * lids_progression_client_get_rank_name:
 * @self: a client
 *
 * Gets the rank's name for people.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_rank_name(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_RANK_NAME);
}

/**
 * LidsProgressionClient:next-rank: (getter get_next_rank)
 *
 * The rank above; "" at the top and while nobody is signed in.
 */
/**
 * lids_progression_client_get_next_rank:
 * @self: a client
 *
 * Gets the rank above; "" at the top and while nobody is signed in.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_next_rank(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_NEXT_RANK);
}

/**
 * LidsProgressionClient:next-rank-name: (getter get_next_rank_name)
 *
 * Its name for people.
 */
/**
 * lids_progression_client_get_next_rank_name:
 * @self: a client
 *
 * Gets its name for people.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_next_rank_name(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_NEXT_RANK_NAME);
}

/**
 * LidsProgressionClient:closed-deals: (getter get_closed_deals)
 *
 * Deals closed, revoked ones left out.
 */
/**
 * lids_progression_client_get_closed_deals:
 * @self: a client
 *
 * Gets deals closed, revoked ones left out.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_closed_deals(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_CLOSED_DEALS);
}

/**
 * LidsProgressionClient:streak-days: (getter get_streak_days)
 *
 * Consecutive active local days that end today or yesterday.
 */
/**
 * lids_progression_client_get_streak_days:
 * @self: a client
 *
 * Gets consecutive active local days that end today or yesterday.
 *
 * Returns: the value
 */
guint
lids_progression_client_get_streak_days(LidsProgressionClient *self)
{
  return lids_mirror_get_uint(self, LIDS_PROPERTY_STREAK_DAYS);
}

/**
 * LidsProgressionClient:last-activity: (getter get_last_activity)
 *
 * Time of the latest activity, Unix time in microseconds; 0 = never.
 */
/**
 * lids_progression_client_get_last_activity:
 * @self: a client
 *
 * Gets time of the latest activity, Unix time in microseconds; 0 = never.
 *
 * Returns: the value
 */
gint64
lids_progression_client_get_last_activity(LidsProgressionClient *self)
{
  return lids_mirror_get_int64(self, LIDS_PROPERTY_LAST_ACTIVITY);
}

/**
 * LidsProgressionClient:badges: (getter get_badges)
 *
 * Badges with their tier, such as "closer.gold".
 */
/**
 * lids_progression_client_get_badges:
 * @self: a client
 *
 * Gets badges with their tier, such as "closer.gold".
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_badges(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_BADGES);
}

/**
 * LidsProgressionClient:completed-modules: (getter get_completed_modules)
 *
 * Training modules passed.
 */
/**
 * lids_progression_client_get_completed_modules:
 * @self: a client
 *
 * Gets training modules passed.
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_completed_modules(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_COMPLETED_MODULES);
}

/**
 * LidsProgressionClient:certifications: (getter get_certifications)
 *
 * Certifications earned.
 */
/**
 * lids_progression_client_get_certifications:
 * @self: a client
 *
 * Gets certifications earned.
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_certifications(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_CERTIFICATIONS);
}

/**
 * LidsProgressionClient:defeated-bosses: (getter get_defeated_bosses)
 *
 * Bosses defeated.
 */
/**
 * lids_progression_client_get_defeated_bosses:
 * @self: a client
 *
 * Gets bosses defeated.
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_defeated_bosses(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_DEFEATED_BOSSES);
}

/**
 * LidsProgressionClient:passed-exams: (getter get_passed_exams)
 *
 * Exams passed.
 */
/**
 * lids_progression_client_get_passed_exams:
 * @self: a client
 *
 * Gets exams passed.
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_passed_exams(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_PASSED_EXAMS);
}

/**
 * LidsProgressionClient:titles: (getter get_titles)
 *
 * Titles won.
 */
/**
 * lids_progression_client_get_titles:
 * @self: a client
 *
 * Gets titles won.
 *
 * Returns: (transfer none) (array zero-terminated=1): the list; valid until the property changes
 */
const char *const *
lids_progression_client_get_titles(LidsProgressionClient *self)
{
  return lids_mirror_get_texts(self, LIDS_PROPERTY_TITLES);
}

/**
 * LidsProgressionClient:active-title: (getter get_active_title)
 *
 * The title the rep shows; "" = none.
 */
/**
 * lids_progression_client_get_active_title:
 * @self: a client
 *
 * Gets the title the rep shows; "" = none.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_active_title(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_ACTIVE_TITLE);
}

/**
 * LidsProgressionClient:specialization: (getter get_specialization)
 *
 * The chosen specialization; "" = none.
 */
/**
 * lids_progression_client_get_specialization:
 * @self: a client
 *
 * Gets the chosen specialization; "" = none.
 *
 * Returns: (transfer none): the text; valid until the property changes
 */
const char *
lids_progression_client_get_specialization(LidsProgressionClient *self)
{
  return lids_mirror_get_text(self, LIDS_PROPERTY_SPECIALIZATION);
}
