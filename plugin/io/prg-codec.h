/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-board.h"
#include "prg-exchange.h"
#include "prg-rules.h"

G_BEGIN_DECLS

/*
 * Twenty's wire format, and our own JSON texts: pure, no network. Builds a request's method, path and body from PrgRequest, and
 * parses the answer's status and body into PrgAnswer. Every parser takes hostile bytes.
 */

typedef struct {
  const char *method; /* static */
  char *path;         /* (owned) path and query, percent-encoded */
  char *body;         /* (owned) (nullable) JSON */
} PrgWireRequest;
PrgWireRequest *prg_wire_request_new(const char *method, char *path, char *body); /* takes path and body */
void prg_wire_request_free(PrgWireRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgWireRequest, prg_wire_request_free)

/* Asserts that every filter of a write carries an id. */
PrgWireRequest *prg_codec_encode(const PrgRequest *request);
/* @status: HTTP status, 0 = no answer (timeout, connection lost); @content_type (nullable); @body (nullable). Never fails: what
 * cannot be understood is PRG_OUTCOME_UNKNOWN. Missing fields, faults of single fields, both error formats are handled here.
 * @rules (nullable) only for rank spellings. Returns: (transfer full) */
PrgAnswer *prg_codec_decode(const PrgRequest *request,
                            guint status,
                            const char *body,
                            gsize length,
                            const PrgRules *rules);

/* Whether @answer refuses @request because the server is too old to know a limit of groups; it has none then. */
gboolean prg_codec_knows_no_limit(const PrgRequest *request, const PrgAnswer *answer);

/* Outcome and message of any error answer, REST, GraphQL or metadata; PRG_OUTCOME_OK if it is none. @message: (out) (transfer full) */
PrgOutcome prg_codec_classify(guint status, const char *body, gsize length, char **message);

/* Sign-in: GET a workspace member; who the token's workspace is. */
PrgWireRequest *prg_codec_encode_member(const char *member);
gboolean prg_codec_decode_member(const char *body, gsize length, char **name);
PrgWireRequest *prg_codec_encode_workspace(void);
gboolean prg_codec_decode_workspace(const char *body, gsize length, char **workspace_id);

/* One operation as a JSON object on one line (Export, Import, and the store's rescue file), and back. */
char *prg_codec_operation_to_json(const PrgOperation *operation);
PrgOperation *prg_codec_operation_from_json(const char *json, gssize length, GError **error);

/* A leaderboard as text for this disk, and back; NULL if it is none. */
char *prg_codec_board_to_json(const PrgBoard *board);
PrgBoard *prg_codec_board_from_json(const char *text);

/* JSON text of an id set ("[\"a\",\"b\"]"), and back; anything but an array of strings is FALSE. */
char *prg_codec_id_set_to_json(const PrgIdSet *set);
gboolean prg_codec_id_set_from_json(const char *text, PrgIdSet **set);

G_END_DECLS
