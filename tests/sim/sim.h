/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types that all parts of the look-alike share. */
#pragma once

#include "sim-util.h"

#include <sqlite3.h>

G_BEGIN_DECLS

#define SIM_ERROR (sim_error_quark())
#define SIM_WORKSPACE_ID "20202020-1c25-4d02-bf25-6aeccf7ea419"
#define SIM_ADMIN_KEY_NAME "sim-admin"
#define SIM_DENIED "Entity performing the request does not have permission"
#define SIM_PAGE_REST 60
#define SIM_PAGE_MAX 200

typedef enum {
  SIM_ERR_BAD_REQUEST, /* 400 BadRequestException */
  SIM_ERR_ARGS,        /* the same, about a value; GraphQL names it INVALID_ARGS_DATA */
  SIM_ERR_DUPLICATE,
  SIM_ERR_QUERY_INPUT, /* INVALID_QUERY_INPUT */
  SIM_ERR_NOT_FOUND,
  SIM_ERR_TOO_MANY,
  SIM_ERR_BATCH_MAX,
  SIM_ERR_INTERNAL,
  SIM_ERR_PERMISSION,
  SIM_ERR_LIMIT,
  SIM_ERR_CURSOR,
  SIM_ERR_FIELD,
  SIM_ERR_TYPE,
  SIM_ERR_OUTAGE,
  SIM_ERR_DUPLICATE_ROOT,
} SimErrorCode;

typedef enum {
  SIM_KIND_TEXT,
  SIM_KIND_NUMBER,
  SIM_KIND_TIME,
  SIM_KIND_UUID,
  SIM_KIND_BOOLEAN,
  SIM_KIND_JSON,   /* RAW_JSON, ACTOR, FULL_NAME: a JSON text in the database */
  SIM_KIND_PLAIN,  /* SELECT: text that may be null */
  SIM_KIND_SEARCH, /* computed from the name */
  SIM_KIND_ONE,    /* MANY_TO_ONE: holds a join column */
  SIM_KIND_MANY,   /* ONE_TO_MANY: no column */
} SimKind;

typedef struct {
  char *id;            /* (owned) */
  char *object_id;     /* (owned) */
  char *name;          /* (owned) */
  char *label;         /* (owned) */
  char *description;   /* (owned) (nullable) */
  char *icon;          /* (owned) (nullable) */
  char *type;          /* (owned) Twenty's word for it */
  char *default_value; /* (owned) (nullable) JSON */
  char *settings;      /* (owned) (nullable) JSON */
  char *target;        /* (owned) (nullable) id of the related object */
  char *column;        /* (owned) (nullable) its column, also its key in records */
  SimKind kind;
  gboolean unique, system, active, nullable;
  gint64 created, updated;
} SimField;

typedef struct {
  char *id;          /* (owned) */
  char *singular;    /* (owned) */
  char *plural;      /* (owned) */
  char *label;       /* (owned) */
  char *labels;      /* (owned) */
  char *description; /* (owned) (nullable) */
  char *icon;        /* (owned) (nullable) */
  char *table;       /* (owned) quoted */
  gboolean system, active;
  gint64 created, updated;
  GPtrArray *fields; /* (owned) (element-type SimField) */
} SimObject;

typedef struct {
  GPtrArray *objects; /* (owned) (element-type SimObject) in order of creation */
} SimSchema;

typedef struct {
  char *name;   /* (owned) name of the key, or of the member */
  char *role;   /* (owned) */
  char *member; /* (owned) (nullable) workspace member of a user's token */
} SimIdentity;

typedef struct {
  gboolean rate_limit, rest_update_many, new_metadata, microseconds;
  gboolean groups_limited; /* FALSE: as servers were before they limited the groups of a groupBy */
  guint latency_ms, batch_max, timeline_delay_ms;
  gint64 clock_offset_us;
  char *refuse_value; /* (owned) (nullable) */
} SimConfig;

typedef struct {
  sqlite3 *db;       /* (owned) */
  sqlite3 *snapshot; /* (owned) (nullable) the last backup */
  SimSchema *schema; /* (owned) (nullable) cache of the data model in db */
  SimConfig config;
  char *admin_token;  /* (owned) */
  double tokens;      /* left in the bucket */
  gint64 refilled;    /* monotonic µs of the last accepted call */
  gint64 last_write;  /* newest updatedAt given out, µs */
  GPtrArray *foreign; /* (owned) (element-type SimForeign) */
  GPtrArray *faults;  /* (owned) (element-type SimFault) */
  GPtrArray *log;     /* (owned) (element-type SimLogEntry) */
  GPtrArray *waits;   /* (owned) (element-type SimWait) long polls on the log */
  guint16 port;
} Sim;

/* What one request works with. */
typedef struct {
  Sim *sim;              /* (unowned) */
  sqlite3 *db;           /* (unowned) the database, or the snapshot for a stale read */
  SimSchema *schema;     /* (unowned) */
  SimIdentity *identity; /* (unowned) */
  GHashTable *hidden;    /* (unowned) (nullable) set of "object.field" that the role may not see */
  gboolean fold_written; /* an update-many of progressions matched */
} SimContext;

typedef struct {
  char *method;        /* (owned) */
  char *path;          /* (owned) percent-encoded, without the query */
  char *query;         /* (owned) (nullable) */
  char *body;          /* (owned) valid UTF-8 */
  gsize body_length;   /* as received */
  char *content_type;  /* (owned) (nullable) */
  char *authorization; /* (owned) (nullable) */
  char *none_match;    /* (owned) (nullable) */
} SimRequest;

typedef struct {
  guint status;
  char *type;     /* (owned) (nullable) content type */
  char *body;     /* (owned) (nullable) */
  char *location; /* (owned) (nullable) */
  char *tag;      /* (owned) (nullable) the ETag */
  gboolean etag;  /* the answer carries a weak ETag */
  gboolean no_store;
} SimReply;

GQuark sim_error_quark(void);

SimReply *sim_reply_new(guint status, const char *type, char *body);
SimReply *sim_reply_json(guint status, JsonNode *node);
SimReply *sim_reply_error(const GError *error);
/* The errors that stand before the record API: no charset, no ETag, keys in another order. */
SimReply *sim_reply_gate(guint status, const char *message, const char *error);
void sim_reply_free(SimReply *reply);
/* One element of GraphQL's errors. */
JsonNode *sim_error_graphql(const GError *error);
JsonNode *
sim_graphql_error(const char *message, const char *code, const char *sub_code, JsonNode *user_message);

void sim_request_free(SimRequest *request);
SimRequest *sim_request_copy(const SimRequest *request);
/* One parameter of the query, decoded. (nullable) */
char *sim_request_param(const SimRequest *request, const char *name);

gint64 sim_now(Sim *sim);
/* The time of a write: newer than every earlier one, also when shown in milliseconds. */
gint64 sim_write_time(Sim *sim);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimReply, sim_reply_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimRequest, sim_request_free)

G_END_DECLS
