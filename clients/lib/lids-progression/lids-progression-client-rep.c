/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods about the rep: ranks, choices, numbers to look at. */
#include "lids-progression-client-private.h"

static const LidsMethod promote = { LIDS_INTERFACE_PROGRESSION, "Promote", "(s)", FALSE };

/**
 * lids_progression_client_promote_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Promotes the rep to the next rank, if every gate of it is met. One rank for each call, so this one is never
 * repeated by the library. Errors: %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_promote_async(LidsProgressionClient *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  lids_call(self, &promote, NULL, NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_promote_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.promote_async].
 *
 * Returns: (transfer full): the rank now, such as "E-2"
 */
char *
lids_progression_client_promote_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &promote, result, error);
  char *text = NULL;

  if (reply)
    g_variant_get(reply, "(s)", &text);
  return text;
}

static const LidsMethod report_metric = { LIDS_INTERFACE_PROGRESSION, "ReportMetric", "()", TRUE };

/**
 * lids_progression_client_report_metric_async:
 * @self: a client
 * @metric: "cadence_completion", "team_conversion" (from 0 to 1) or "mentees"
 * @value: its value now
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Reports what a gate needs and nothing else measures. The last report counts. Errors:
 * %LIDS_PROGRESSION_ERROR_UNKNOWN_ID, %LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT.
 */
void
lids_progression_client_report_metric_async(LidsProgressionClient *self,
                                            const char *metric,
                                            double value,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_return_if_fail(metric != NULL);
  lids_call(self, &report_metric, g_variant_new("(sd)", metric, value), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_report_metric_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.report_metric_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_report_metric_finish(LidsProgressionClient *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &report_metric, result, error);

  return reply != NULL;
}

static const LidsMethod set_specialization = { LIDS_INTERFACE_PROGRESSION, "SetSpecialization", "()", TRUE };

/**
 * lids_progression_client_set_specialization_async:
 * @self: a client
 * @id: "speed_dialer", "relationship_builder", "closer" or "referral_master"
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Chooses the specialization. The last choice counts. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
 * %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_set_specialization_async(LidsProgressionClient *self,
                                                 const char *id,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data)
{
  g_return_if_fail(id != NULL);
  lids_call(self, &set_specialization, g_variant_new("(s)", id), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_set_specialization_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.set_specialization_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_set_specialization_finish(LidsProgressionClient *self,
                                                  GAsyncResult *result,
                                                  GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &set_specialization, result, error);

  return reply != NULL;
}

static const LidsMethod set_active_title = { LIDS_INTERFACE_PROGRESSION, "SetActiveTitle", "()", TRUE };

/**
 * lids_progression_client_set_active_title_async:
 * @self: a client
 * @title: one of [property@ProgressionClient:titles]; "" = show none
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Chooses the title that the rep shows. Errors: %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_set_active_title_async(LidsProgressionClient *self,
                                               const char *title,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data)
{
  g_return_if_fail(title != NULL);
  lids_call(self, &set_active_title, g_variant_new("(s)", title), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_set_active_title_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.set_active_title_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_set_active_title_finish(LidsProgressionClient *self,
                                                GAsyncResult *result,
                                                GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &set_active_title, result, error);

  return reply != NULL;
}

static const LidsMethod get_eligibility = { LIDS_INTERFACE_PROGRESSION, "GetEligibility", "(baa{sv})", TRUE };

/**
 * lids_progression_client_get_eligibility_async:
 * @self: a client
 * @rank: a rank, such as "E-4"; "" = the next one
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells what a rank asks for, and how the rep stands. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID.
 */
void
lids_progression_client_get_eligibility_async(LidsProgressionClient *self,
                                              const char *rank,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  g_return_if_fail(rank != NULL);
  lids_call(self, &get_eligibility, g_variant_new("(s)", rank), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_get_eligibility_finish:
 * @self: a client
 * @result: what the callback got
 * @eligible: (out) (optional): whether all gates are met
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.get_eligibility_async].
 *
 * Returns: (transfer container) (element-type LidsGate): the gates
 */
GPtrArray *
lids_progression_client_get_eligibility_finish(LidsProgressionClient *self,
                                               GAsyncResult *result,
                                               gboolean *eligible,
                                               GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &get_eligibility, result, error);
  g_autoptr(GVariant) list = NULL;

  if (reply == NULL)
    return NULL;
  if (eligible)
    g_variant_get_child(reply, 0, "b", eligible);
  list = g_variant_get_child_value(reply, 1);
  return lids_list_new(list, lids_gate_new, (GDestroyNotify)lids_gate_free);
}

static const LidsMethod list_badges = { LIDS_INTERFACE_PROGRESSION, "GetBadges", "(aa{sv})", TRUE };

/**
 * lids_progression_client_list_badges_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells of every badge of the catalogue how far the rep is.
 */
void
lids_progression_client_list_badges_async(LidsProgressionClient *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  lids_call(self, &list_badges, NULL, NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_list_badges_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.list_badges_async].
 *
 * Returns: (transfer container) (element-type LidsBadge): the badges, in the catalogue's order
 */
GPtrArray *
lids_progression_client_list_badges_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &list_badges, result, error);
  g_autoptr(GVariant) list = NULL;

  if (reply == NULL)
    return NULL;
  list = g_variant_get_child_value(reply, 0);
  return lids_list_new(list, lids_badge_new, (GDestroyNotify)lids_badge_free);
}

static const LidsMethod get_efficiency = { LIDS_INTERFACE_PROGRESSION, "GetEfficiency", "(baa{sv})", TRUE };

/**
 * lids_progression_client_get_efficiency_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells the rates of the last seven local days.
 */
void
lids_progression_client_get_efficiency_async(LidsProgressionClient *self,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data)
{
  lids_call(self, &get_efficiency, NULL, NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_get_efficiency_finish:
 * @self: a client
 * @result: what the callback got
 * @ramp_up: (out) (optional): too few dials: the rates are shown, not judged
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.get_efficiency_async].
 *
 * Returns: (transfer container) (element-type LidsRate): the rates
 */
GPtrArray *
lids_progression_client_get_efficiency_finish(LidsProgressionClient *self,
                                              GAsyncResult *result,
                                              gboolean *ramp_up,
                                              GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &get_efficiency, result, error);
  g_autoptr(GVariant) list = NULL;

  if (reply == NULL)
    return NULL;
  if (ramp_up)
    g_variant_get_child(reply, 0, "b", ramp_up);
  list = g_variant_get_child_value(reply, 1);
  return lids_list_new(list, lids_rate_new, (GDestroyNotify)lids_rate_free);
}

static const LidsMethod get_leaderboard = { LIDS_INTERFACE_PROGRESSION, "GetLeaderboard", "(aa{sv}x)", TRUE };

/**
 * lids_progression_client_get_leaderboard_async:
 * @self: a client
 * @limit: how many entries, 0 = all, at most 1,000
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells all reps of the workspace, highest total first. Without a network the last answer is given, with its time.
 * Errors: %LIDS_PROGRESSION_ERROR_OFFLINE if there is none yet, and those of
 * [method@ProgressionClient.sync_now_async].
 */
void
lids_progression_client_get_leaderboard_async(LidsProgressionClient *self,
                                              guint limit,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  lids_call(self, &get_leaderboard, g_variant_new("(u)", limit), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_get_leaderboard_finish:
 * @self: a client
 * @result: what the callback got
 * @as_of: (out) (optional): time of the server's answer, Unix time in microseconds
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.get_leaderboard_async].
 *
 * Returns: (transfer container) (element-type LidsLeader): the entries
 */
GPtrArray *
lids_progression_client_get_leaderboard_finish(LidsProgressionClient *self,
                                               GAsyncResult *result,
                                               gint64 *as_of,
                                               GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &get_leaderboard, result, error);
  g_autoptr(GVariant) list = NULL;

  if (reply == NULL)
    return NULL;
  if (as_of)
    g_variant_get_child(reply, 1, "x", as_of);
  list = g_variant_get_child_value(reply, 0);
  return lids_list_new(list, lids_leader_new, (GDestroyNotify)lids_leader_free);
}

static const LidsMethod list_events = { LIDS_INTERFACE_PROGRESSION, "ListEvents", "(aa{sv})", TRUE };

/**
 * lids_progression_client_list_events_async:
 * @self: a client
 * @filter: (nullable): `a{sv}`: `since` and `until` (`x` or `s`), `type` (`s`), `limit` (`u`, at most 1,000,
 *   default 100), `offset` (`u`)
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells the rep's history, newest first. Each event has the keys `id` s, `type` s, `amount` x, `ref` s,
 * `occurred-at` x, `local-day` s, `zone` s, `details` s, `cause` s, `device` s and `state` s.
 */
void
lids_progression_client_list_events_async(LidsProgressionClient *self,
                                          GVariant *filter,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_return_if_fail(filter == NULL || g_variant_is_of_type(filter, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &list_events, g_variant_new("(@a{sv})", lids_options(filter)), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_list_events_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.list_events_async].
 *
 * Returns: (transfer full): the events, `aa{sv}`
 */
GVariant *
lids_progression_client_list_events_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &list_events, result, error);

  return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

static const LidsMethod get_daily_metrics = { LIDS_INTERFACE_PROGRESSION, "GetDailyMetrics", "(aa{sv})",
                                              TRUE };

/**
 * lids_progression_client_get_daily_metrics_async:
 * @self: a client
 * @from_day: first local day, "YYYY-MM-DD"; "" = six days before @to_day
 * @to_day: last local day; "" = today
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Tells each day's numbers, ascending. Each day has the keys `day` s, `dials`, `connects`, `callsUnder30s`,
 * `callsOver2Min`, `appointments`, `shows`, `deals`, `smsEnrollments` and `xp`, all x, and `active` b.
 */
void
lids_progression_client_get_daily_metrics_async(LidsProgressionClient *self,
                                                const char *from_day,
                                                const char *to_day,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data)
{
  g_return_if_fail(from_day != NULL);
  g_return_if_fail(to_day != NULL);
  lids_call(self, &get_daily_metrics, g_variant_new("(ss)", from_day, to_day), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_get_daily_metrics_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.get_daily_metrics_async].
 *
 * Returns: (transfer full): the days, `aa{sv}`
 */
GVariant *
lids_progression_client_get_daily_metrics_finish(LidsProgressionClient *self,
                                                 GAsyncResult *result,
                                                 GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &get_daily_metrics, result, error);

  return reply ? g_variant_get_child_value(reply, 0) : NULL;
}
