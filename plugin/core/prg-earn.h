/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-operation.h"
#include "prg-rules.h"
#include "prg-view.h"

G_BEGIN_DECLS

/* Everything about the moment that pure code may not find out by itself. */
typedef struct {
  const char *member;    /* workspace member id */
  const char *device;    /* this device's id */
  gint64 next_seq;       /* first unused sequence number of this device */
  const char *random_id; /* a fresh UUID v4: the operation's id unless it pays once or the caller gave one */
  gint64 now;            /* µs UTC, corrected by the server's offset */
  GTimeZone *zone;
  const char *zone_name;
} PrgMoment;

/* What a caller asked for, after the bus layer has checked types. Strings "" and numbers 0 where not given. */
typedef struct {
  const char *kind; /* AddXP's event type, or what the method stands for */
  gboolean has_amount;
  gint64 amount;
  GTree *multipliers; /* (nullable) name → gint64* thousandths; byte order of names */
  const char *ref;
  const char *details;   /* free text of the caller */
  gint64 occurred_at;    /* 0 = now */
  const char *caller_id; /* the caller's own id, "" = none */
  /* RecordCall */
  const char *disposition;
  gint64 duration_s;
  /* CompleteModule, PassExam; ReportMetric's value */
  double score;
} PrgEarnRequest;

/* Each makes the operations of one call: the caller's own ones first (the first one's id is the answer's), nothing derived.
 * @request's ref is the deal, module, exam … that the method is about. What pays once and is in @view already gives an empty array:
 * nothing to record, no error. Checks against @rules and @view; errors: INVALID_ARGUMENT, UNKNOWN_EVENT_TYPE, UNKNOWN_ID,
 * NOT_ELIGIBLE, TOO_LARGE. prg_earn_xp() is AddXP: it refuses kinds that are derived or have a method of their own.
 * Returns: (transfer full) (element-type PrgOperation) (nullable) */
GPtrArray *prg_earn_xp(const PrgView *view,
                       const PrgRules *rules,
                       const PrgMoment *moment,
                       const PrgEarnRequest *request,
                       GError **error);
GPtrArray *prg_earn_call(const PrgView *view,
                         const PrgRules *rules,
                         const PrgMoment *moment,
                         const PrgEarnRequest *request,
                         GError **error);
GPtrArray *prg_earn_deal(const PrgView *view,
                         const PrgRules *rules,
                         const PrgMoment *moment,
                         const PrgEarnRequest *request,
                         GError **error);
GPtrArray *prg_earn_module(const PrgView *view,
                           const PrgRules *rules,
                           const PrgMoment *moment,
                           const PrgEarnRequest *request,
                           GError **error);
GPtrArray *prg_earn_exam(const PrgView *view,
                         const PrgRules *rules,
                         const PrgMoment *moment,
                         const PrgEarnRequest *request,
                         GError **error);
GPtrArray *prg_earn_boss(const PrgView *view,
                         const PrgRules *rules,
                         const PrgMoment *moment,
                         const PrgEarnRequest *request,
                         GError **error);
GPtrArray *prg_earn_certification(const PrgView *view,
                                  const PrgRules *rules,
                                  const PrgMoment *moment,
                                  const PrgEarnRequest *request,
                                  GError **error);
GPtrArray *prg_earn_badge(const PrgView *view,
                          const PrgRules *rules,
                          const PrgMoment *moment,
                          const PrgEarnRequest *request,
                          GError **error);
GPtrArray *prg_earn_boss_attempt(const PrgView *view,
                                 const PrgRules *rules,
                                 const PrgMoment *moment,
                                 const PrgEarnRequest *request,
                                 GError **error);
/* ref = the specialization, from its level on, or the title, one of the rep's, "" for none. */
GPtrArray *prg_earn_specialization(const PrgView *view,
                                   const PrgRules *rules,
                                   const PrgMoment *moment,
                                   const PrgEarnRequest *request,
                                   GError **error);
GPtrArray *prg_earn_title(const PrgView *view,
                          const PrgRules *rules,
                          const PrgMoment *moment,
                          const PrgEarnRequest *request,
                          GError **error);
/* ref = the metric, score = its value (a ratio or a whole number, as the catalogue says): one row metric_reported with details
 * {"value": …}. */
GPtrArray *prg_earn_metric(const PrgView *view,
                           const PrgRules *rules,
                           const PrgMoment *moment,
                           const PrgEarnRequest *request,
                           GError **error);
/* One rank up, if every gate of the next rank holds; ref is not used. One row `promoted`, ref = the new rank "E-n", details
 * {"from": "E-(n-1)"}. NOT_ELIGIBLE names all that is missing, or that the rep is at the top. */
GPtrArray *prg_earn_promotion(const PrgView *view,
                              const PrgRules *rules,
                              const PrgMoment *moment,
                              const PrgEarnRequest *request,
                              GError **error);
/* One compensating row for @revoked (the operation itself first, then those it caused, derived awards left out).
 * Its id is v5, so that two devices revoke once; its local day is the revoked one's, so that the day's counters fall. */
GPtrArray *prg_earn_revocation(const PrgRules *rules,
                               const PrgMoment *moment,
                               GPtrArray *revoked,
                               const char *reason,
                               GError **error);

/* Turns a due award into an operation of this device. @cause = id of the operation that made it due, "" = none. */
PrgOperation *prg_earn_award(const PrgMoment *moment, const PrgAward *award, gint64 seq, const char *cause);

G_END_DECLS
