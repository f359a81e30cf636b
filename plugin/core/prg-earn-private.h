/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-earn.h"
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The rows of one call while they are made. */
typedef struct {
  const PrgView *view;
  const PrgRules *rules;
  const PrgMoment *moment;
  const PrgEarnRequest *request;
  gint64 occurred_at;
  char *local_day;       /* (owned) of @occurred_at */
  GPtrArray *operations; /* (owned) (element-type PrgOperation) */
} PrgEarning;

void prg_earning_clear(PrgEarning *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrgEarning, prg_earning_clear)

/* Checks what every request has: time, ref, texts, the caller's id. FALSE with @error. */
gboolean prg_earning_begin(PrgEarning *self, GError **error);

/* What an event of @kind with @base XP is worth: the rep's specialization, then the caller's multipliers.
 * FALSE with @error. */
gboolean prg_earning_price(PrgEarning *self, const char *kind, gint64 base, gint64 *amount, GError **error);

/* Adds a row about the request's ref. @id (transfer full); @details (nullable); @cause "" for the first row
 * of a call. */
PrgOperation *prg_earning_add(PrgEarning *self,
                              const char *kind,
                              char *id,
                              gint64 amount,
                              const char *details,
                              const char *cause);

/* The id of the request's first row: of what pays once, of the caller's own id, or fresh. Returns: (transfer
 * full) */
char *prg_earning_first_id(PrgEarning *self, const char *kind);

/* {"text": @text}, "" for no text. Returns: (transfer full) */
char *prg_earning_text(const char *text);

/* Returns: (transfer full) the rows made, to be returned to the caller. */
GPtrArray *prg_earning_end(PrgEarning *self);

gboolean prg_earning_fail(GError **error, gint code, const char *format, ...)
    G_GNUC_PRINTF(3, 4); /* Returns: FALSE */

G_END_DECLS
