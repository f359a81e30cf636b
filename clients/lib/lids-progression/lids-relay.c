/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's signals, raised again by the client. */
#include "lids-progression-client-private.h"

#define MAX_ARGUMENTS 4

typedef enum {
  SIGNAL_XP_EARNED,
  SIGNAL_LEVEL_UP,
  SIGNAL_RANK_UP,
  SIGNAL_BADGE_UNLOCKED,
  SIGNAL_BOSS_DEFEATED,
  SIGNAL_SYNC_FINISHED,
  SIGNAL_OPERATION_QUARANTINED,
  SIGNAL_SIGN_IN_REQUIRED,
  N_SIGNALS,
} Signal;

static const struct {
  const char *name;
  const char *member;    /* its name on the bus */
  const char *arguments; /* their types there */
} relayed[N_SIGNALS] = {
  [SIGNAL_XP_EARNED] = { "xp-earned", "XpEarned", "ssxx" },
  [SIGNAL_LEVEL_UP] = { "level-up", "LevelUp", "uu" },
  [SIGNAL_RANK_UP] = { "rank-up", "RankUp", "ss" },
  [SIGNAL_BADGE_UNLOCKED] = { "badge-unlocked", "BadgeUnlocked", "s" },
  [SIGNAL_BOSS_DEFEATED] = { "boss-defeated", "BossDefeated", "s" },
  [SIGNAL_SYNC_FINISHED] = { "sync-finished", "SyncFinished", "bub" },
  [SIGNAL_OPERATION_QUARANTINED] = { "operation-quarantined", "OperationQuarantined", "ss" },
  [SIGNAL_SIGN_IN_REQUIRED] = { "sign-in-required", "SignInRequired", "s" },
};

static guint signals[N_SIGNALS];

static GType
type_of(char argument)
{
  switch (argument) {
  case 'b':
    return G_TYPE_BOOLEAN;
  case 'u':
    return G_TYPE_UINT;
  case 'x':
    return G_TYPE_INT64;
  default:
    return G_TYPE_STRING;
  }
}

static guint
create_signal(GType type, Signal signal)
{
  const char *arguments = relayed[signal].arguments;
  GType types[MAX_ARGUMENTS];
  guint n = 0;

  for (; arguments[n]; n++)
    types[n] = type_of(arguments[n]);
  return g_signal_newv(relayed[signal].name, type, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL, G_TYPE_NONE, n,
                       types);
}

/**
 * LidsProgressionClient::xp-earned:
 * @self: the client
 * @id: the operation's id; "" for XP from elsewhere
 * @event_type: its event type; "external" for XP from elsewhere
 * @amount: its XP; negative for a correction, 0 for an event without XP
 * @total: the total with it
 *
 * XP was earned, by whatever program. A call may earn several rows; each is a signal of its own.
 */
/**
 * LidsProgressionClient::level-up:
 * @self: the client
 * @from: highest level announced before
 * @to: the level now
 *
 * A level was reached. Each level is announced once per account.
 */
/**
 * LidsProgressionClient::rank-up:
 * @self: the client
 * @from: rank announced before
 * @to: the rank now
 *
 * A rank was reached; likewise announced once.
 */
/**
 * LidsProgressionClient::badge-unlocked:
 * @self: the client
 * @badge: the badge with its tier, such as "closer.gold"
 *
 * A badge was won; likewise announced once.
 */
/**
 * LidsProgressionClient::boss-defeated:
 * @self: the client
 * @boss: the boss
 *
 * A boss was defeated.
 */
/**
 * LidsProgressionClient::sync-finished:
 * @self: the client
 * @ok: whether the cycle went well; if not, [property@ProgressionClient:last-error] says why
 * @pushed: operations that the server has taken
 * @changed: whether something new came from the server
 *
 * A cycle of syncing has ended.
 */
/**
 * LidsProgressionClient::operation-quarantined:
 * @self: the client
 * @id: the operation
 * @reason: what the server said
 *
 * The server refused an operation for a reason of its own. A person must look at it.
 */
/**
 * LidsProgressionClient::sign-in-required:
 * @self: the client
 * @reason: why, in plain words
 *
 * Somebody must sign in: nobody is, or the server no longer takes the key.
 */
void
lids_relay_install(GObjectClass *object_class)
{
  for (guint signal = 0; signal < N_SIGNALS; signal++)
    signals[signal] = create_signal(G_OBJECT_CLASS_TYPE(object_class), signal);
}

static void
raise_signal(LidsProgressionClient *self, Signal signal, GVariant *parameters)
{
  GValue values[MAX_ARGUMENTS + 1] = { G_VALUE_INIT };
  gsize n = g_variant_n_children(parameters);

  g_value_init(&values[0], LIDS_TYPE_PROGRESSION_CLIENT);
  g_value_set_object(&values[0], self);
  for (gsize i = 0; i < n; i++) {
    g_autoptr(GVariant) argument = g_variant_get_child_value(parameters, i);
    g_dbus_gvariant_to_gvalue(argument, &values[i + 1]);
  }
  g_signal_emitv(values, signals[signal], 0, NULL);
  for (gsize i = 0; i <= n; i++)
    g_value_unset(&values[i]);
}

void
lids_relay_signal(LidsProgressionClient *self, const char *member, GVariant *parameters)
{
  for (guint signal = 0; signal < N_SIGNALS; signal++) {
    g_autofree char *type = g_strdup_printf("(%s)", relayed[signal].arguments);
    if (g_str_equal(relayed[signal].member, member) && g_variant_is_of_type(parameters, G_VARIANT_TYPE(type)))
      raise_signal(self, signal, parameters);
  }
}
