/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-earn-private.h"

#include "prg-calendar.h"
#include "prg-error.h"
#include "prg-json.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_KIND 64
#define MAX_DURATION_S 86400

/* Opens `earning`; NULL on the spot if the request is not acceptable. */
#define BEGIN(earning)                                                          \
  g_auto(PrgEarning) earning = { view, rules, moment, request, 0, NULL, NULL }; \
  if (!prg_earning_begin(&(earning), error))                                    \
  return NULL

static gboolean
is_kind(const char *text)
{
  gsize length = strlen(text);

  return length >= 1 && length <= MAX_KIND && g_ascii_isalpha(text[0]) &&
         strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length;
}

static gboolean
check_source(const PrgSource *source, const PrgEarnRequest *request, GError **error)
{
  if (source == NULL && !is_kind(request->kind))
    return prg_earning_fail(
        error, PRG_ERROR_INVALID_ARGUMENT,
        _("the event type must be 1 to %d letters, digits, '_', '.' or '-', a letter first"), MAX_KIND);
  if (source == NULL && !request->has_amount)
    return prg_earning_fail(error, PRG_ERROR_UNKNOWN_EVENT_TYPE,
                            _("the catalogue has no event type “%s”: give its amount"), request->kind);
  if (source != NULL && *source->method != '\0')
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s is recorded by %s"), source->kind,
                            source->method);
  if (source != NULL && source->derived)
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s is awarded by the service itself"),
                            source->kind);
  if (source != NULL && source->pays_once && *request->ref == '\0')
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s pays once for a ref: give one"),
                            source->kind);
  return TRUE;
}

static gboolean
check_amount(const char *kind, const PrgEarnRequest *request, GError **error)
{
  gboolean is_correction = g_str_equal(kind, "correction");

  if (is_correction && !request->has_amount)
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("a correction needs an amount"));
  if (request->has_amount && request->amount < 0 && !is_correction)
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("only a correction may take XP away"));
  return TRUE;
}

/* A row that comes with the first one: worth what the catalogue says. */
static gboolean
add_child(PrgEarning *earning, const char *kind, GError **error)
{
  const PrgOperation *first = g_ptr_array_index(earning->operations, 0);
  const PrgSource *source = prg_rules_find_source(earning->rules, kind);
  gint64 amount;

  if (!prg_earning_price(earning, kind, source->xp, &amount, error))
    return FALSE;
  prg_earning_add(earning, kind, prg_operation_child_id(first->id, kind), amount, NULL, first->id);
  return TRUE;
}

/* The zone is known only here: a row of its own lets every machine count early calls, over the rep's whole life. */
static gboolean
add_early_call(PrgEarning *earning, GError **error)
{
  return prg_hour_of(earning->occurred_at, earning->moment->zone) >= prg_rules_early_hour(earning->rules) ||
         add_child(earning, "early_call", error);
}

GPtrArray *
prg_earn_xp(const PrgView *view,
            const PrgRules *rules,
            const PrgMoment *moment,
            const PrgEarnRequest *request,
            GError **error)
{
  const PrgSource *source = prg_rules_find_source(rules, request->kind);
  const char *kind = source != NULL ? source->kind : request->kind;
  g_autofree char *details = NULL;
  gint64 amount;
  BEGIN(earning);

  if (!check_source(source, request, error) || !check_amount(kind, request, error))
    return NULL;
  if (!prg_earning_price(&earning, kind, request->has_amount ? request->amount : source->xp, &amount, error))
    return NULL;
  details = prg_earning_text(request->details);
  prg_earning_add(&earning, kind, prg_earning_first_id(&earning, kind), amount, details, "");
  if (g_str_equal(kind, "dial_made") && !add_early_call(&earning, error))
    return NULL;
  return prg_earning_end(&earning);
}

/* {"disposition": …, "duration": …, "text": …} Returns: (transfer full) */
static char *
call_details(const PrgEarnRequest *request)
{
  g_autoptr(JsonObject) object = json_object_new();

  json_object_set_string_member(object, "disposition", request->disposition);
  json_object_set_int_member(object, "duration", request->duration_s);
  if (*request->details != '\0')
    json_object_set_string_member(object, "text", request->details);
  return prg_json_print_object(object);
}

static gboolean
add_call_rows(PrgEarning *earning, const PrgDisposition *disposition, GError **error)
{
  gint64 duration = earning->request->duration_s;

  for (guint i = 0; disposition->kinds[i] != NULL; i++) {
    if (!add_child(earning, disposition->kinds[i], error))
      return FALSE;
  }
  if (disposition->connected && duration >= prg_rules_long_call_s(earning->rules))
    return add_child(earning, "two_plus_minute_call", error);
  if (disposition->connected && duration < prg_rules_short_call_s(earning->rules))
    return add_child(earning, "under_thirty_second_call", error);
  return TRUE;
}

GPtrArray *
prg_earn_call(const PrgView *view,
              const PrgRules *rules,
              const PrgMoment *moment,
              const PrgEarnRequest *request,
              GError **error)
{
  const PrgDisposition *disposition = prg_rules_find_disposition(rules, request->disposition);
  g_autofree char *details = NULL;
  gint64 amount;
  BEGIN(earning);

  if (disposition == NULL) {
    g_autofree char *known = g_strjoinv(", ", (char **)prg_rules_get_disposition_ids(rules));
    prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("unknown disposition, expected one of %s"), known);
    return NULL;
  }
  if (request->duration_s < 0 || request->duration_s > MAX_DURATION_S) {
    prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("a call lasts from 0 to %d seconds"),
                     MAX_DURATION_S);
    return NULL;
  }
  if (!prg_earning_price(&earning, "dial_made", prg_rules_find_source(rules, "dial_made")->xp, &amount,
                         error))
    return NULL;
  details = call_details(request);
  prg_earning_add(&earning, "dial_made", prg_earning_first_id(&earning, "dial_made"), amount, details, "");
  return add_call_rows(&earning, disposition, error) && add_early_call(&earning, error)
             ? prg_earning_end(&earning)
             : NULL;
}

static void
take_one(JsonObject *counts, const char *name)
{
  json_object_set_int_member(counts, name, json_object_get_int_member_with_default(counts, name, 0) - 1);
}

/* What the rows that are taken back counted into: the day's counters, the rep's events, the attempts at bosses. */
static void
add_counts(JsonObject *details, const PrgRules *rules, GPtrArray *revoked)
{
  JsonObject *counters = json_object_new(), *kinds = json_object_new(), *attempts = json_object_new();

  for (guint i = 0; i < revoked->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(revoked, i);
    const PrgSource *source = prg_rules_find_source(rules, operation->kind);

    if (source != NULL && source->metric != PRG_METRIC_NONE)
      take_one(counters, prg_metric_to_string((PrgMetric)source->metric));
    if (source != NULL)
      take_one(kinds, source->kind);
    if (g_str_equal(operation->kind, "boss_attempted"))
      take_one(attempts, operation->ref);
  }
  json_object_set_object_member(details, "counters", counters);
  json_object_set_object_member(details, "kinds", kinds);
  if (json_object_get_size(attempts) > 0)
    json_object_set_object_member(details, "attempts", json_object_ref(attempts));
  json_object_unref(attempts);
}

static char *
revocation_details(const PrgRules *rules, GPtrArray *revoked, const char *reason)
{
  g_autoptr(JsonObject) object = json_object_new();

  json_object_set_string_member(object, "reason", reason);
  add_counts(object, rules, revoked);
  return prg_json_print_object(object);
}

static gboolean
check_revocable(const PrgRules *rules, const PrgOperation *operation, GError **error)
{
  const PrgSource *source = prg_rules_find_source(rules, operation->kind);

  if (source != NULL && (source->derived || !source->activity))
    return prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s cannot be revoked"), operation->kind);
  return TRUE;
}

GPtrArray *
prg_earn_revocation(const PrgRules *rules,
                    const PrgMoment *moment,
                    GPtrArray *revoked,
                    const char *reason,
                    GError **error)
{
  const PrgOperation *first = g_ptr_array_index(revoked, 0);
  const char *kind = g_str_equal(first->kind, "deal_closed") ? "deal_revoked" : "correction";
  /* The ref is the service's own here; what the caller gave is the reason. */
  PrgEarnRequest request = { .kind = kind, .ref = first->id, .details = reason, .caller_id = "" };
  g_auto(PrgEarning) earning = { NULL, rules, moment, &request, 0, NULL, NULL };
  g_autofree char *details = NULL;
  gint64 sum = 0;

  if (!prg_earning_begin(&earning, error) || !check_revocable(rules, first, error))
    return NULL;
  for (guint i = 0; i < revoked->len; i++)
    sum += ((const PrgOperation *)g_ptr_array_index(revoked, i))->amount;
  details = revocation_details(rules, revoked, reason);
  prg_record_set(&earning.local_day, first->local_day);
  prg_earning_add(&earning, kind, prg_operation_pays_once_id(moment->member, kind, first->id), -sum, details,
                  "");
  return prg_earning_end(&earning);
}

PrgOperation *
prg_earn_award(const PrgMoment *moment, const PrgAward *award, gint64 seq, const char *cause)
{
  g_autofree char *id = prg_operation_pays_once_id(moment->member, award->kind, award->ref);
  const PrgOperation fields = {
    .id = id,
    .device = moment->device,
    .seq = seq,
    .kind = award->kind,
    .amount = award->amount,
    .ref = award->ref,
    .occurred_at = moment->now,
    .local_day = award->local_day,
    .zone = moment->zone_name,
    .details = award->details,
    .cause = cause,
  };

  return prg_operation_new(&fields);
}
