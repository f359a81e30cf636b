/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <lids-progression/lids-progression-types.h>

G_BEGIN_DECLS

/**
 * LidsProgressionClientFlags:
 * @LIDS_PROGRESSION_CLIENT_FLAGS_NONE: start the service, so that its properties are known
 * @LIDS_PROGRESSION_CLIENT_FLAGS_DO_NOT_START: wait until somebody starts it. A call starts it all the same.
 *
 * What making a client may do.
 */
typedef enum /*< flags >*/ {
  LIDS_PROGRESSION_CLIENT_FLAGS_NONE = 0,
  LIDS_PROGRESSION_CLIENT_FLAGS_DO_NOT_START = 1 << 0,
} LidsProgressionClientFlags;

#define LIDS_TYPE_PROGRESSION_CLIENT (lids_progression_client_get_type())
LIDS_API
G_DECLARE_FINAL_TYPE(LidsProgressionClient, lids_progression_client, LIDS, PROGRESSION_CLIENT, GObject)

LIDS_API void lids_progression_client_new_async(GDBusConnection *connection,
                                                LidsProgressionClientFlags flags,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data);
LIDS_API LidsProgressionClient *lids_progression_client_new_finish(GAsyncResult *result, GError **error);

/* ---- properties ---- */

LIDS_API gboolean lids_progression_client_is_running(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_name(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_total_xp(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_pending_xp(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_level(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_level_xp(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_next_level_xp(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_rank(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_rank_name(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_next_rank(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_next_rank_name(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_closed_deals(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_streak_days(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_last_activity(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_badges(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_completed_modules(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_certifications(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_defeated_bosses(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_passed_exams(LidsProgressionClient *self);
LIDS_API const char *const *lids_progression_client_get_titles(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_active_title(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_specialization(LidsProgressionClient *self);
LIDS_API LidsSyncState lids_progression_client_get_sync_state(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_reason(LidsProgressionClient *self);
LIDS_API gboolean lids_progression_client_is_online(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_pending_operations(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_quarantined_operations(LidsProgressionClient *self);
LIDS_API guint lids_progression_client_get_waiting_elsewhere(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_last_sync(LidsProgressionClient *self);
LIDS_API gint64 lids_progression_client_get_next_sync(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_last_error(LidsProgressionClient *self);
LIDS_API gboolean lids_progression_client_is_signed_in(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_server(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_member_id(LidsProgressionClient *self);
LIDS_API const char *lids_progression_client_get_member_name(LidsProgressionClient *self);

/* ---- methods ---- */

LIDS_API void lids_progression_client_add_xp_async(LidsProgressionClient *self,
                                                   const char *event_type,
                                                   GVariant *options,
                                                   GCancellable *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer user_data);
LIDS_API LidsEarned *
lids_progression_client_add_xp_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_record_call_async(LidsProgressionClient *self,
                                                        const char *disposition,
                                                        guint duration,
                                                        const char *lead_id,
                                                        GVariant *options,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
LIDS_API LidsEarned *
lids_progression_client_record_call_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_close_deal_async(LidsProgressionClient *self,
                                                       const char *deal_id,
                                                       GVariant *options,
                                                       GCancellable *cancellable,
                                                       GAsyncReadyCallback callback,
                                                       gpointer user_data);
LIDS_API LidsEarned *
lids_progression_client_close_deal_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_complete_module_async(LidsProgressionClient *self,
                                                            const char *module_id,
                                                            double score,
                                                            GCancellable *cancellable,
                                                            GAsyncReadyCallback callback,
                                                            gpointer user_data);
LIDS_API LidsEarned *lids_progression_client_complete_module_finish(LidsProgressionClient *self,
                                                                    GAsyncResult *result,
                                                                    GError **error);
LIDS_API void lids_progression_client_pass_exam_async(LidsProgressionClient *self,
                                                      const char *exam_id,
                                                      double score,
                                                      GCancellable *cancellable,
                                                      GAsyncReadyCallback callback,
                                                      gpointer user_data);
LIDS_API LidsEarned *
lids_progression_client_pass_exam_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_defeat_boss_async(LidsProgressionClient *self,
                                                        const char *boss_id,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
LIDS_API LidsEarned *
lids_progression_client_defeat_boss_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_earn_certification_async(LidsProgressionClient *self,
                                                               const char *certification_id,
                                                               GCancellable *cancellable,
                                                               GAsyncReadyCallback callback,
                                                               gpointer user_data);
LIDS_API LidsEarned *lids_progression_client_earn_certification_finish(LidsProgressionClient *self,
                                                                       GAsyncResult *result,
                                                                       GError **error);
LIDS_API void lids_progression_client_award_badge_async(LidsProgressionClient *self,
                                                        const char *badge,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
LIDS_API gboolean lids_progression_client_award_badge_finish(LidsProgressionClient *self,
                                                             GAsyncResult *result,
                                                             gboolean *newly_awarded,
                                                             GError **error);
LIDS_API void lids_progression_client_record_boss_attempt_async(LidsProgressionClient *self,
                                                                const char *boss_id,
                                                                GCancellable *cancellable,
                                                                GAsyncReadyCallback callback,
                                                                gpointer user_data);
LIDS_API gboolean lids_progression_client_record_boss_attempt_finish(LidsProgressionClient *self,
                                                                     GAsyncResult *result,
                                                                     guint *attempts,
                                                                     GError **error);
LIDS_API void lids_progression_client_revoke_event_async(LidsProgressionClient *self,
                                                         const char *id,
                                                         const char *reason,
                                                         GCancellable *cancellable,
                                                         GAsyncReadyCallback callback,
                                                         gpointer user_data);
LIDS_API gboolean lids_progression_client_revoke_event_finish(LidsProgressionClient *self,
                                                              GAsyncResult *result,
                                                              gint64 *total,
                                                              GError **error);
LIDS_API void lids_progression_client_promote_async(LidsProgressionClient *self,
                                                    GCancellable *cancellable,
                                                    GAsyncReadyCallback callback,
                                                    gpointer user_data);
LIDS_API char *
lids_progression_client_promote_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_report_metric_async(LidsProgressionClient *self,
                                                          const char *metric,
                                                          double value,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
LIDS_API gboolean lids_progression_client_report_metric_finish(LidsProgressionClient *self,
                                                               GAsyncResult *result,
                                                               GError **error);
LIDS_API void lids_progression_client_set_specialization_async(LidsProgressionClient *self,
                                                               const char *id,
                                                               GCancellable *cancellable,
                                                               GAsyncReadyCallback callback,
                                                               gpointer user_data);
LIDS_API gboolean lids_progression_client_set_specialization_finish(LidsProgressionClient *self,
                                                                    GAsyncResult *result,
                                                                    GError **error);
LIDS_API void lids_progression_client_set_active_title_async(LidsProgressionClient *self,
                                                             const char *title,
                                                             GCancellable *cancellable,
                                                             GAsyncReadyCallback callback,
                                                             gpointer user_data);
LIDS_API gboolean lids_progression_client_set_active_title_finish(LidsProgressionClient *self,
                                                                  GAsyncResult *result,
                                                                  GError **error);
LIDS_API void lids_progression_client_get_eligibility_async(LidsProgressionClient *self,
                                                            const char *rank,
                                                            GCancellable *cancellable,
                                                            GAsyncReadyCallback callback,
                                                            gpointer user_data);
LIDS_API GPtrArray *lids_progression_client_get_eligibility_finish(LidsProgressionClient *self,
                                                                   GAsyncResult *result,
                                                                   gboolean *eligible,
                                                                   GError **error);
LIDS_API void lids_progression_client_list_badges_async(LidsProgressionClient *self,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
LIDS_API GPtrArray *
lids_progression_client_list_badges_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_get_efficiency_async(LidsProgressionClient *self,
                                                           GCancellable *cancellable,
                                                           GAsyncReadyCallback callback,
                                                           gpointer user_data);
LIDS_API GPtrArray *lids_progression_client_get_efficiency_finish(LidsProgressionClient *self,
                                                                  GAsyncResult *result,
                                                                  gboolean *ramp_up,
                                                                  GError **error);
LIDS_API void lids_progression_client_get_leaderboard_async(LidsProgressionClient *self,
                                                            guint limit,
                                                            GCancellable *cancellable,
                                                            GAsyncReadyCallback callback,
                                                            gpointer user_data);
LIDS_API GPtrArray *lids_progression_client_get_leaderboard_finish(LidsProgressionClient *self,
                                                                   GAsyncResult *result,
                                                                   gint64 *as_of,
                                                                   GError **error);
LIDS_API void lids_progression_client_list_events_async(LidsProgressionClient *self,
                                                        GVariant *filter,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
LIDS_API GVariant *
lids_progression_client_list_events_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);
LIDS_API void lids_progression_client_get_daily_metrics_async(LidsProgressionClient *self,
                                                              const char *from_day,
                                                              const char *to_day,
                                                              GCancellable *cancellable,
                                                              GAsyncReadyCallback callback,
                                                              gpointer user_data);
LIDS_API GVariant *lids_progression_client_get_daily_metrics_finish(LidsProgressionClient *self,
                                                                    GAsyncResult *result,
                                                                    GError **error);
LIDS_API void lids_progression_client_sync_now_async(LidsProgressionClient *self,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
LIDS_API gboolean lids_progression_client_sync_now_finish(LidsProgressionClient *self,
                                                          GAsyncResult *result,
                                                          GError **error);
LIDS_API void lids_progression_client_list_operations_async(LidsProgressionClient *self,
                                                            GVariant *filter,
                                                            GCancellable *cancellable,
                                                            GAsyncReadyCallback callback,
                                                            gpointer user_data);
LIDS_API GVariant *lids_progression_client_list_operations_finish(LidsProgressionClient *self,
                                                                  GAsyncResult *result,
                                                                  GError **error);
LIDS_API void lids_progression_client_retry_operation_async(LidsProgressionClient *self,
                                                            const char *id,
                                                            GCancellable *cancellable,
                                                            GAsyncReadyCallback callback,
                                                            gpointer user_data);
LIDS_API gboolean lids_progression_client_retry_operation_finish(LidsProgressionClient *self,
                                                                 GAsyncResult *result,
                                                                 GError **error);
LIDS_API void lids_progression_client_discard_operation_async(LidsProgressionClient *self,
                                                              const char *id,
                                                              GCancellable *cancellable,
                                                              GAsyncReadyCallback callback,
                                                              gpointer user_data);
LIDS_API gboolean lids_progression_client_discard_operation_finish(LidsProgressionClient *self,
                                                                   GAsyncResult *result,
                                                                   GError **error);
LIDS_API void lids_progression_client_sign_in_async(LidsProgressionClient *self,
                                                    const char *server,
                                                    const char *member,
                                                    int token_fd,
                                                    GCancellable *cancellable,
                                                    GAsyncReadyCallback callback,
                                                    gpointer user_data);
LIDS_API gboolean lids_progression_client_sign_in_finish(LidsProgressionClient *self,
                                                         GAsyncResult *result,
                                                         GError **error);
LIDS_API void lids_progression_client_sign_out_async(LidsProgressionClient *self,
                                                     GVariant *options,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
LIDS_API char *
lids_progression_client_sign_out_finish(LidsProgressionClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
