/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP: takes requests in, lets faults happen to them, keeps the log. */
#pragma once

#include "sim.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct {
  char *kind;     /* (owned) */
  char *method;   /* (owned) (nullable) */
  char *path;     /* (owned) (nullable) prefix */
  char *contains; /* (owned) (nullable) part of path, query or body */
  char *text;     /* (owned) (nullable) arg as a text */
  gint64 arg;
  gint64 times; /* left; 0: for ever */
  gint64 skip;  /* matches still to let pass */
} SimFault;

typedef struct {
  guint n;
  char *method;        /* (owned) */
  char *path;          /* (owned) with the query */
  char *operation;     /* (owned) (nullable) */
  char *fault;         /* (owned) (nullable) */
  char *authorization; /* (owned) (nullable) hash, never the token */
  guint status;        /* 0: not answered */
} SimLogEntry;

/* A write of another program that read the record earlier. */
typedef struct {
  char *record;   /* (owned) id */
  JsonNode *data; /* (owned) */
  char *member;   /* (owned) (nullable) the signed-in member who writes */
  gint64 after;   /* fold writes still to come */
} SimForeign;

/* Gives the answer its ETag, and makes it a 304 if the client has it. */
void sim_reply_tag(SimReply *reply, const SimRequest *request);
SimReply *sim_dispatch(Sim *sim, const SimRequest *request, gboolean stale);

void sim_server_attach(Sim *sim, SoupServer *server);

SimFault *sim_fault_read(JsonObject *object, char **message);
void sim_fault_free(SimFault *fault);
/* The fault that happens to this request: a copy, or NULL. (transfer full) */
SimFault *sim_fault_take(Sim *sim, const SimRequest *request);
/* The answer of a fault that keeps the request from being executed; NULL for the other kinds. */
SimReply *sim_fault_answer(const SimFault *fault, const SimRequest *request);
/* Spoils the answer of an executed request. */
void sim_fault_spoil(const SimFault *fault, SimReply *reply);

SimLogEntry *sim_log_add(Sim *sim, const SimRequest *request, const SimFault *fault);
SimLogEntry *sim_log_find(Sim *sim, guint n);
void sim_log_free(SimLogEntry *entry);
void sim_wait_free(gpointer wait);
/* Answers the long polls that the log now satisfies. */
void sim_log_changed(Sim *sim);

/* /_sim/…; FALSE: not a control request. Answers now or, for a long poll, later. */
gboolean sim_control(Sim *sim, SoupServerMessage *message, const SimRequest *request);
void sim_server_send(Sim *sim, SoupServerMessage *message, const SimReply *reply);

void sim_foreign_free(gpointer foreign);
gboolean sim_foreign_add(Sim *sim, JsonObject *order, char **message);
/* One more fold write has happened. */
void sim_foreign_step(Sim *sim);
void sim_member_add(Sim *sim, const char *id, const char *name, const char *email);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimFault, sim_fault_free)

G_END_DECLS
