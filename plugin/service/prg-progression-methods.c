/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of org.lids.Progression that earn, choose or take back. */
#include "prg-command.h"
#include "prg-dbus-error.h"
#include "prg-options.h"
#include "prg-progression-private.h"
#include "prg-reply.h"

#include <glib/gi18n-lib.h>

#define MAX_CALL_SECONDS 86400

#define OPTION(key, type, minimum, maximum, field)                     \
  {                                                                    \
    key, type, minimum, maximum, G_STRUCT_OFFSET(PrgCommand, field), 0 \
  }
#define OPTION_DETAILS OPTION("details", PRG_OPTION_TEXT, 0, PRG_MAX_DETAILS, details)
#define OPTION_OCCURRED OPTION("occurred-at", PRG_OPTION_INSTANT, 0, 0, occurred_at)
#define OPTION_ID OPTION("id", PRG_OPTION_ID, 1, PRG_MAX_CALLER_ID, caller_id)
/* How large they may be is the catalogue's to say; here only what cannot be counted with. */
#define OPTION_MULTIPLIERS OPTION("multipliers", PRG_OPTION_MULTIPLIERS, 0, 1000000, multipliers)
#define OPTION_AMOUNT                                                        \
  {                                                                          \
    "amount", PRG_OPTION_INTEGER, 0, 0, G_STRUCT_OFFSET(PrgCommand, amount), \
        G_STRUCT_OFFSET(PrgCommand, has_amount)                              \
  }

static const PrgOptionSpec xp_options[] = {
  OPTION_AMOUNT,  OPTION_MULTIPLIERS, OPTION("ref", PRG_OPTION_TEXT, 0, PRG_MAX_TEXT, ref),
  OPTION_DETAILS, OPTION_OCCURRED,    OPTION_ID,
};
static const PrgOptionSpec call_options[] = { OPTION_ID, OPTION_OCCURRED, OPTION_DETAILS };
static const PrgOptionSpec deal_options[] = { OPTION_AMOUNT, OPTION_MULTIPLIERS, OPTION_OCCURRED,
                                              OPTION_DETAILS };

/* ---- submitting ---- */

/* The out arguments of a command that is on disk. (transfer floating) (nullable) */
typedef GVariant *(*Answer)(PrgEngine *engine, const PrgCommand *command);

typedef struct {
  PrgJobs *jobs;       /* (owned) */
  PrgReply *reply;     /* (owned) (nullable) NULL once answered */
  PrgCommand *command; /* (owned) */
  Answer answer;
} Submission;

static void
submission_free(Submission *self)
{
  prg_command_free(self->command);
  prg_jobs_unref(self->jobs);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

static GVariant *
answer_earned(PrgEngine *engine, const PrgCommand *command)
{
  return g_variant_new("(sxxub)", command->id ? command->id : "", command->earned, command->total,
                       command->level, command->leveled_up);
}

static GVariant *
answer_total(PrgEngine *engine, const PrgCommand *command)
{
  return g_variant_new("(x)", command->total);
}

static GVariant *
answer_nothing(PrgEngine *engine, const PrgCommand *command)
{
  return NULL;
}

static GVariant *
answer_newly(PrgEngine *engine, const PrgCommand *command)
{
  return g_variant_new("(b)", !command->is_answered);
}

static GVariant *
answer_attempts(PrgEngine *engine, const PrgCommand *command)
{
  gint64 attempts = prg_view_get_boss_attempts(prg_engine_get_view(engine), command->ref);

  return g_variant_new("(u)", (guint)CLAMP(attempts, 0, G_MAXUINT32));
}

static GVariant *
answer_rank(PrgEngine *engine, const PrgCommand *command)
{
  return g_variant_new("(s)", prg_facts_rank_of(prg_engine_get_view(engine)->record));
}

static void
on_submitted(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Submission) submission = user_data;
  PrgEngine *engine = PRG_ENGINE(source);
  GError *error = NULL;

  if (prg_engine_submit_finish(engine, result, NULL, &error))
    prg_reply_return_value(g_steal_pointer(&submission->reply),
                           submission->answer(engine, submission->command));
  else
    prg_reply_return_error(g_steal_pointer(&submission->reply), error);
  prg_jobs_end(submission->jobs);
}

/* Not cancelled by a stop: what is on its way to the disk gets its answer. */
static void
submit(PrgProgressionAdapter *self,
       PrgEngine *engine,
       GDBusMethodInvocation *invocation,
       PrgCommand *command,
       Answer answer)
{
  Submission *submission = g_new0(Submission, 1);

  submission->jobs = prg_jobs_ref(prg_session_get_jobs(self->session));
  submission->reply = prg_reply_new(
      self->session, invocation,
      _("The disk is slow: the call is being written. Repeat it with the same id to learn its answer."));
  submission->command = command;
  submission->answer = answer;
  prg_jobs_begin(submission->jobs);
  prg_engine_submit_async(engine, prg_command_plan, command, NULL, NULL, on_submitted, submission);
}

PrgEngine *
prg_progression_admit(PrgProgressionAdapter *self, GDBusMethodInvocation *invocation)
{
  GError *error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);

  if (engine == NULL)
    prg_dbus_error_return(invocation, error);
  return engine;
}

/* Ends a method whose arguments are bad. */
static gboolean
refuse(GDBusMethodInvocation *invocation, GError *error)
{
  prg_dbus_error_return(invocation, error);
  return TRUE;
}

static gboolean
check_id(const char *name, const char *text, GError **error)
{
  return prg_options_check_text(name, text, 1, PRG_MAX_TEXT, error);
}

/* ---- handlers ---- */

static gboolean
on_add_xp(PrgDbusProgression *skeleton,
          GDBusMethodInvocation *invocation,
          const char *event_type,
          GVariant *options,
          PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("AddXP", prg_earn_xp);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, event_type);
  if (!prg_options_check_text("event_type", event_type, 1, 128, &error) ||
      !prg_options_read(options, xp_options, G_N_ELEMENTS(xp_options), command, &error) ||
      !prg_command_check_kind(prg_session_get_rules(self->session), event_type, command->has_amount, &error))
    return refuse(invocation, error);
  const PrgSource *source = prg_rules_find_source(prg_session_get_rules(self->session), event_type);
  if (source)
    prg_record_set(&command->kind, source->kind);
  submit(self, engine, invocation, g_steal_pointer(&command), answer_earned);
  return TRUE;
}

static gboolean
on_record_call(PrgDbusProgression *skeleton,
               GDBusMethodInvocation *invocation,
               const char *disposition,
               guint duration,
               const char *lead,
               GVariant *options,
               PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("RecordCall", prg_earn_call);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, "dial_made");
  prg_record_set(&command->disposition, disposition);
  prg_record_set(&command->ref, lead);
  command->duration_s = duration;
  if (duration > MAX_CALL_SECONDS)
    g_set_error(&error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("duration_s must be at most %d; found %u"),
                MAX_CALL_SECONDS, duration);
  if (error || !prg_options_check_text("disposition", disposition, 1, 128, &error) ||
      !prg_options_check_text("lead_id", lead, 0, PRG_MAX_TEXT, &error) ||
      !prg_options_read(options, call_options, G_N_ELEMENTS(call_options), command, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command), answer_earned);
  return TRUE;
}

static gboolean
on_close_deal(PrgDbusProgression *skeleton,
              GDBusMethodInvocation *invocation,
              const char *deal,
              GVariant *options,
              PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("CloseDeal", prg_earn_deal);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, "deal_closed");
  prg_record_set(&command->ref, deal);
  if (!check_id("deal_id", deal, &error) ||
      !prg_options_read(options, deal_options, G_N_ELEMENTS(deal_options), command, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command), answer_earned);
  return TRUE;
}

/* Methods of an id, and where they have one of a number: by their names on the bus. */
typedef struct {
  const char *method;
  PrgEarnFunc earn;
  const char *kind;
  Answer answer;
  glong minimum; /* characters of the id */
  glong maximum; /* likewise; 0 = PRG_MAX_TEXT bytes */
} Simple;

static const Simple simple_methods[] = {
  { "CompleteModule", prg_earn_module, "module_passed", answer_earned, 1, 0 },
  { "PassExam", prg_earn_exam, "exam_passed", answer_earned, 1, 0 },
  { "DefeatBoss", prg_earn_boss, "boss_defeated", answer_earned, 1, 0 },
  { "RecordBossAttempt", prg_earn_boss_attempt, "boss_attempted", answer_attempts, 1, 0 },
  { "EarnCertification", prg_earn_certification, "certification_earned", answer_earned, 1,
    PRG_MAX_CERTIFICATION },
  { "AwardBadge", prg_earn_badge, "badge_earned", answer_newly, 1, 0 },
  { "ReportMetric", prg_earn_metric, "metric_reported", answer_nothing, 1, 0 },
  { "SetSpecialization", prg_earn_specialization, "specialization_chosen", answer_nothing, 1, 0 },
  { "SetActiveTitle", prg_earn_title, "title_chosen", answer_nothing, 0, 0 },
  { "Promote", prg_earn_promotion, "promoted", answer_rank, 0, 0 },
};

static const Simple *
find_simple(GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name(invocation);

  for (guint i = 0; i < G_N_ELEMENTS(simple_methods); i++)
    if (g_str_equal(simple_methods[i].method, method))
      return &simple_methods[i];
  g_assert_not_reached();
}

static gboolean
check_simple(const Simple *simple, const char *id, GError **error)
{
  if (!prg_options_check_text(_("The id"), id, (gsize)simple->minimum, PRG_MAX_TEXT, error))
    return FALSE;
  if (simple->maximum == 0 || g_utf8_strlen(id, -1) <= simple->maximum)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE, _("The id may be %ld characters long; found %ld"),
              simple->maximum, g_utf8_strlen(id, -1));
  return FALSE;
}

static gboolean
on_id_and_number(PrgDbusProgression *skeleton,
                 GDBusMethodInvocation *invocation,
                 const char *id,
                 double number,
                 PrgProgressionAdapter *self)
{
  const Simple *simple = find_simple(invocation);
  PrgEngine *engine = prg_progression_admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new(simple->method, simple->earn);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, simple->kind);
  prg_record_set(&command->ref, id);
  command->score = number;
  if (!check_simple(simple, id, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command), simple->answer);
  return TRUE;
}

static gboolean
on_id(PrgDbusProgression *skeleton,
      GDBusMethodInvocation *invocation,
      const char *id,
      PrgProgressionAdapter *self)
{
  return on_id_and_number(skeleton, invocation, id, 0, self);
}

static gboolean
on_promote(PrgDbusProgression *skeleton, GDBusMethodInvocation *invocation, PrgProgressionAdapter *self)
{
  return on_id(skeleton, invocation, "", self);
}

static gboolean
on_revoke_event(PrgDbusProgression *skeleton,
                GDBusMethodInvocation *invocation,
                const char *id,
                const char *reason,
                PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("RevokeEvent", NULL);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->ref, id);
  prg_record_set(&command->details, reason);
  if (!check_id("id", id, &error) || !prg_options_check_text("reason", reason, 1, PRG_MAX_TEXT, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command), answer_total);
  return TRUE;
}

void
prg_progression_connect_methods(PrgProgressionAdapter *self)
{
  const struct {
    const char *signal;
    GCallback handler;
  } handlers[] = {
    { "handle-add-xp", G_CALLBACK(on_add_xp) },
    { "handle-record-call", G_CALLBACK(on_record_call) },
    { "handle-close-deal", G_CALLBACK(on_close_deal) },
    { "handle-complete-module", G_CALLBACK(on_id_and_number) },
    { "handle-pass-exam", G_CALLBACK(on_id_and_number) },
    { "handle-defeat-boss", G_CALLBACK(on_id) },
    { "handle-record-boss-attempt", G_CALLBACK(on_id) },
    { "handle-earn-certification", G_CALLBACK(on_id) },
    { "handle-award-badge", G_CALLBACK(on_id) },
    { "handle-report-metric", G_CALLBACK(on_id_and_number) },
    { "handle-set-specialization", G_CALLBACK(on_id) },
    { "handle-set-active-title", G_CALLBACK(on_id) },
    { "handle-promote", G_CALLBACK(on_promote) },
    { "handle-revoke-event", G_CALLBACK(on_revoke_event) },
  };

  for (guint i = 0; i < G_N_ELEMENTS(handlers); i++)
    g_signal_connect(self->skeleton, handlers[i].signal, handlers[i].handler, self);
}
