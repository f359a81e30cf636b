/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lids-progression-client.h"
#include "lids-progression-error-private.h"
#include "lids-progression-types-private.h"
#include <lids-progression/lids-enum-types.h>

G_BEGIN_DECLS

#define LIDS_NAME "org.lids.Progression"
#define LIDS_PATH "/org/lids/Progression"

typedef enum {
  LIDS_INTERFACE_PROGRESSION,
  LIDS_INTERFACE_SYNC,
  LIDS_INTERFACE_ACCOUNT,
  LIDS_N_INTERFACES,
} LidsInterface;

/* Ids of GObject properties; from NAME on they are the service's. */
enum {
  LIDS_PROPERTY_0,
  LIDS_PROPERTY_CONNECTION,
  LIDS_PROPERTY_FLAGS,
  LIDS_PROPERTY_RUNNING,
  LIDS_PROPERTY_NAME,
  LIDS_PROPERTY_TOTAL_XP,
  LIDS_PROPERTY_PENDING_XP,
  LIDS_PROPERTY_LEVEL,
  LIDS_PROPERTY_LEVEL_XP,
  LIDS_PROPERTY_NEXT_LEVEL_XP,
  LIDS_PROPERTY_RANK,
  LIDS_PROPERTY_RANK_NAME,
  LIDS_PROPERTY_NEXT_RANK,
  LIDS_PROPERTY_NEXT_RANK_NAME,
  LIDS_PROPERTY_CLOSED_DEALS,
  LIDS_PROPERTY_STREAK_DAYS,
  LIDS_PROPERTY_LAST_ACTIVITY,
  LIDS_PROPERTY_BADGES,
  LIDS_PROPERTY_COMPLETED_MODULES,
  LIDS_PROPERTY_CERTIFICATIONS,
  LIDS_PROPERTY_DEFEATED_BOSSES,
  LIDS_PROPERTY_PASSED_EXAMS,
  LIDS_PROPERTY_TITLES,
  LIDS_PROPERTY_ACTIVE_TITLE,
  LIDS_PROPERTY_SPECIALIZATION,
  LIDS_PROPERTY_SYNC_STATE,
  LIDS_PROPERTY_REASON,
  LIDS_PROPERTY_ONLINE,
  LIDS_PROPERTY_PENDING_OPERATIONS,
  LIDS_PROPERTY_QUARANTINED_OPERATIONS,
  LIDS_PROPERTY_WAITING_ELSEWHERE,
  LIDS_PROPERTY_LAST_SYNC,
  LIDS_PROPERTY_NEXT_SYNC,
  LIDS_PROPERTY_LAST_ERROR,
  LIDS_PROPERTY_SIGNED_IN,
  LIDS_PROPERTY_SERVER,
  LIDS_PROPERTY_MEMBER_ID,
  LIDS_PROPERTY_MEMBER_NAME,
  LIDS_N_PROPERTIES,
};

struct _LidsProgressionClient {
  GObject parent;
  GDBusConnection *connection; /* (owned) (nullable) until it is found */
  LidsProgressionClientFlags flags;
  GDBusProxy *proxies
      [LIDS_N_INTERFACES]; /* (owned) (nullable) until they are made; for properties and signals only */
  GVariant *values[LIDS_N_PROPERTIES]; /* (owned) (nullable) not heard of yet */
  const char *
      *texts[LIDS_N_PROPERTIES]; /* (owned) (nullable) the array of a list; its texts are the value's */
  gboolean is_running;
};

/* ---- the mirror: lids-mirror.c ---- */

void lids_mirror_install(GObjectClass *object_class);
void lids_mirror_get(LidsProgressionClient *self, guint property, GValue *value);
/* Takes over what has changed (a{sv}) and notifies of what is different. */
void lids_mirror_take_changes(LidsProgressionClient *self, LidsInterface interface, GVariant *changed);
/* Likewise, with all that the proxy knows. */
void lids_mirror_take_all(LidsProgressionClient *self, LidsInterface interface);
void lids_mirror_clear(LidsProgressionClient *self, guint property);
gboolean lids_mirror_get_boolean(LidsProgressionClient *self, guint property);
guint lids_mirror_get_uint(LidsProgressionClient *self, guint property);
gint64 lids_mirror_get_int64(LidsProgressionClient *self, guint property);
const char *lids_mirror_get_text(LidsProgressionClient *self, guint property);
const char *const *lids_mirror_get_texts(LidsProgressionClient *self, guint property);
LidsSyncState lids_mirror_get_sync_state(LidsProgressionClient *self);

/* ---- the signals: lids-relay.c ---- */

void lids_relay_install(GObjectClass *object_class);
/* Raises the signal that the service has sent. */
void lids_relay_signal(LidsProgressionClient *self, const char *member, GVariant *parameters);

/* ---- options of a call: lids-options.c ---- */

/* @options, or empty ones. Both functions: @options (transfer floating) (nullable). Returns: floating, for g_variant_new("@a{sv}") */
GVariant *lids_options(GVariant *options);
/* Likewise, with an id of our own if the caller gave none. */
GVariant *lids_options_with_id(GVariant *options);

/* ---- calls: lids-call.c ---- */

/* A method of the service, and what may be done when its answer is lost. */
typedef struct {
  LidsInterface interface;
  const char *member;
  const char *reply;      /* type of the answer */
  gboolean is_repeatable; /* carried out twice it does what it does once */
} LidsMethod;

/* Calls a method; what is repeatable is repeated when its answer is lost. @method is also the task's source tag.
 * @parameters: (transfer floating) (nullable); @fds: (nullable) */
void lids_call(LidsProgressionClient *self,
               const LidsMethod *method,
               GVariant *parameters,
               GUnixFDList *fds,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data);
/* (transfer full) (nullable) NULL: failed, in this library's domain wherever the service or its absence is the reason */
GVariant *
lids_call_finish(LidsProgressionClient *self, const LidsMethod *method, GAsyncResult *result, GError **error);

G_END_DECLS
