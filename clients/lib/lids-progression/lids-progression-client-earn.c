/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods that earn, and the one that takes back. */
#include "lids-progression-client-private.h"

static const LidsMethod add_xp = { LIDS_INTERFACE_PROGRESSION, "AddXP", "(sxxub)", TRUE };

/**
 * lids_progression_client_add_xp_async:
 * @self: a client
 * @event_type: an event type of the catalogue, such as "email_sent"
 * @options: (nullable): `a{sv}`: `amount`, `multipliers`, `ref`, `details`, `occurred-at`, `id`
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records one event. Without an `id` in @options the library makes one up, so that the call counts once if it has
 * to be repeated. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_EVENT_TYPE, %LIDS_PROGRESSION_ERROR_ID_REUSED.
 */
void
lids_progression_client_add_xp_async(LidsProgressionClient *self,
                                     const char *event_type,
                                     GVariant *options,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail(event_type != NULL);
  g_return_if_fail(options == NULL || g_variant_is_of_type(options, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &add_xp, g_variant_new("(s@a{sv})", event_type, lids_options_with_id(options)), NULL,
            cancellable, callback, user_data);
}

/**
 * lids_progression_client_add_xp_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.add_xp_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_add_xp_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &add_xp, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod record_call = { LIDS_INTERFACE_PROGRESSION, "RecordCall", "(sxxub)", TRUE };

/**
 * lids_progression_client_record_call_async:
 * @self: a client
 * @disposition: CONTACT, CALLBACK, VOICEMAIL, NO_ANSWER, NOT_INTERESTED, WRONG_NUMBER or DNC
 * @duration: talk time in seconds, at most 86,400
 * @lead_id: the lead called; "" = unknown
 * @options: (nullable): `a{sv}`: `id`, `occurred-at`, `details`
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records one call with everything it is worth. Two calls of this method are two calls, unless they have the same
 * `id`; see [method@ProgressionClient.add_xp_async]. Errors: %LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT for an
 * unknown disposition, %LIDS_PROGRESSION_ERROR_ID_REUSED.
 */
void
lids_progression_client_record_call_async(LidsProgressionClient *self,
                                          const char *disposition,
                                          guint duration,
                                          const char *lead_id,
                                          GVariant *options,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_return_if_fail(disposition != NULL);
  g_return_if_fail(lead_id != NULL);
  g_return_if_fail(options == NULL || g_variant_is_of_type(options, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &record_call,
            g_variant_new("(sus@a{sv})", disposition, duration, lead_id, lids_options_with_id(options)), NULL,
            cancellable, callback, user_data);
}

/**
 * lids_progression_client_record_call_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.record_call_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_record_call_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &record_call, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod close_deal = { LIDS_INTERFACE_PROGRESSION, "CloseDeal", "(sxxub)", TRUE };

/**
 * lids_progression_client_close_deal_async:
 * @self: a client
 * @deal_id: the deal, 1 to 1,024 bytes
 * @options: (nullable): `a{sv}`: `amount`, `multipliers`, `details`, `occurred-at`
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records a closed deal. Each deal pays once per rep, on whatever machine.
 */
void
lids_progression_client_close_deal_async(LidsProgressionClient *self,
                                         const char *deal_id,
                                         GVariant *options,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  g_return_if_fail(deal_id != NULL);
  g_return_if_fail(options == NULL || g_variant_is_of_type(options, G_VARIANT_TYPE_VARDICT));
  lids_call(self, &close_deal, g_variant_new("(s@a{sv})", deal_id, lids_options(options)), NULL, cancellable,
            callback, user_data);
}

/**
 * lids_progression_client_close_deal_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.close_deal_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_close_deal_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &close_deal, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod complete_module = { LIDS_INTERFACE_PROGRESSION, "CompleteModule", "(sxxub)", TRUE };

/**
 * lids_progression_client_complete_module_async:
 * @self: a client
 * @module_id: a training module of the catalogue, such as "module_0"
 * @score: result, from 0 to 1
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records a passed module. Each pays once. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
 * %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_complete_module_async(LidsProgressionClient *self,
                                              const char *module_id,
                                              double score,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  g_return_if_fail(module_id != NULL);
  lids_call(self, &complete_module, g_variant_new("(sd)", module_id, score), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_complete_module_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.complete_module_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_complete_module_finish(LidsProgressionClient *self,
                                               GAsyncResult *result,
                                               GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &complete_module, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod pass_exam = { LIDS_INTERFACE_PROGRESSION, "PassExam", "(sxxub)", TRUE };

/**
 * lids_progression_client_pass_exam_async:
 * @self: a client
 * @exam_id: an exam of the catalogue, such as "operative_certification"
 * @score: result, from 0 to 1
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records a passed exam. Each pays once. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
 * %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_pass_exam_async(LidsProgressionClient *self,
                                        const char *exam_id,
                                        double score,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  g_return_if_fail(exam_id != NULL);
  lids_call(self, &pass_exam, g_variant_new("(sd)", exam_id, score), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_pass_exam_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.pass_exam_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_pass_exam_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &pass_exam, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod defeat_boss = { LIDS_INTERFACE_PROGRESSION, "DefeatBoss", "(sxxub)", TRUE };

/**
 * lids_progression_client_defeat_boss_async:
 * @self: a client
 * @boss_id: a boss of the catalogue, such as "redhawk"
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records a defeated boss. Each pays once. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
 * %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_defeat_boss_async(LidsProgressionClient *self,
                                          const char *boss_id,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_return_if_fail(boss_id != NULL);
  lids_call(self, &defeat_boss, g_variant_new("(s)", boss_id), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_defeat_boss_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.defeat_boss_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_defeat_boss_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &defeat_boss, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod earn_certification = { LIDS_INTERFACE_PROGRESSION, "EarnCertification", "(sxxub)",
                                               TRUE };

/**
 * lids_progression_client_earn_certification_async:
 * @self: a client
 * @certification_id: any text of 1 to 128 characters
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records a certification. Each pays once.
 */
void
lids_progression_client_earn_certification_async(LidsProgressionClient *self,
                                                 const char *certification_id,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data)
{
  g_return_if_fail(certification_id != NULL);
  lids_call(self, &earn_certification, g_variant_new("(s)", certification_id), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_earn_certification_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.earn_certification_async].
 *
 * Returns: (transfer full): what the call brought
 */
LidsEarned *
lids_progression_client_earn_certification_finish(LidsProgressionClient *self,
                                                  GAsyncResult *result,
                                                  GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &earn_certification, result, error);

  return reply ? lids_earned_new(reply) : NULL;
}

static const LidsMethod award_badge = { LIDS_INTERFACE_PROGRESSION, "AwardBadge", "(b)", TRUE };

/**
 * lids_progression_client_award_badge_async:
 * @self: a client
 * @badge: a badge of the catalogue with its tier, such as "closer.bronze"
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Awards a badge that a person decides about. Each tier pays once. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID.
 */
void
lids_progression_client_award_badge_async(LidsProgressionClient *self,
                                          const char *badge,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_return_if_fail(badge != NULL);
  lids_call(self, &award_badge, g_variant_new("(s)", badge), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_award_badge_finish:
 * @self: a client
 * @result: what the callback got
 * @newly_awarded: (out) (optional): %FALSE if the rep had it before; also if the call had to be repeated
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.award_badge_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_award_badge_finish(LidsProgressionClient *self,
                                           GAsyncResult *result,
                                           gboolean *newly_awarded,
                                           GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &award_badge, result, error);

  if (reply && newly_awarded)
    g_variant_get(reply, "(b)", newly_awarded);
  return reply != NULL;
}

static const LidsMethod record_boss_attempt = { LIDS_INTERFACE_PROGRESSION, "RecordBossAttempt", "(u)",
                                                FALSE };

/**
 * lids_progression_client_record_boss_attempt_async:
 * @self: a client
 * @boss_id: a boss of the catalogue
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Records an attempt at a boss that failed. Each call is an attempt, so this one is never repeated by the library:
 * %LIDS_PROGRESSION_ERROR_NO_ANSWER says that it may have been recorded.
 */
void
lids_progression_client_record_boss_attempt_async(LidsProgressionClient *self,
                                                  const char *boss_id,
                                                  GCancellable *cancellable,
                                                  GAsyncReadyCallback callback,
                                                  gpointer user_data)
{
  g_return_if_fail(boss_id != NULL);
  lids_call(self, &record_boss_attempt, g_variant_new("(s)", boss_id), NULL, cancellable, callback,
            user_data);
}

/**
 * lids_progression_client_record_boss_attempt_finish:
 * @self: a client
 * @result: what the callback got
 * @attempts: (out) (optional): failed attempts at this boss so far
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.record_boss_attempt_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_record_boss_attempt_finish(LidsProgressionClient *self,
                                                   GAsyncResult *result,
                                                   guint *attempts,
                                                   GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &record_boss_attempt, result, error);

  if (reply && attempts)
    g_variant_get(reply, "(u)", attempts);
  return reply != NULL;
}

static const LidsMethod revoke_event = { LIDS_INTERFACE_PROGRESSION, "RevokeEvent", "(x)", TRUE };

/**
 * lids_progression_client_revoke_event_async:
 * @self: a client
 * @id: an operation's id, such as [struct@Earned] holds
 * @reason: why; not empty, at most 1,024 bytes
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: data for @callback
 *
 * Takes back an event that was recorded by mistake, once. Errors: %LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
 * %LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE.
 */
void
lids_progression_client_revoke_event_async(LidsProgressionClient *self,
                                           const char *id,
                                           const char *reason,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data)
{
  g_return_if_fail(id != NULL);
  g_return_if_fail(reason != NULL);
  lids_call(self, &revoke_event, g_variant_new("(ss)", id, reason), NULL, cancellable, callback, user_data);
}

/**
 * lids_progression_client_revoke_event_finish:
 * @self: a client
 * @result: what the callback got
 * @total: (out) (optional): the total after it
 * @error: return location for an error
 *
 * Ends [method@ProgressionClient.revoke_event_async].
 *
 * Returns: %TRUE: done; %FALSE: @error is set
 */
gboolean
lids_progression_client_revoke_event_finish(LidsProgressionClient *self,
                                            GAsyncResult *result,
                                            gint64 *total,
                                            GError **error)
{
  g_autoptr(GVariant) reply = lids_call_finish(self, &revoke_event, result, error);

  if (reply && total)
    g_variant_get(reply, "(x)", total);
  return reply != NULL;
}
