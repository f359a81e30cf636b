/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of org.lids.Progression. */
#include "prg-calendar.h"
#include "prg-clock.h"
#include "prg-command.h"
#include "prg-dbus-error.h"
#include "prg-history.h"
#include "prg-options.h"
#include "prg-progression-private.h"

#include <math.h>

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

typedef struct {
  PrgProgressionAdapter *adapter;
  PrgJobs *jobs;                     /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) */
  PrgCommand *command;               /* (owned) */
} Submission;

static void
submission_free(Submission *self)
{
  prg_command_free(self->command);
  prg_jobs_unref(self->jobs);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

static void
return_answer(GDBusMethodInvocation *invocation, const PrgCommand *command)
{
  if (command->earn == NULL)
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(x)", command->total));
  else
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(sxxub)", command->id ? command->id : "",
                                                                    command->earned, command->total,
                                                                    command->level, command->leveled_up));
}

static void
on_submitted(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Submission) submission = user_data;
  PrgEngine *engine = PRG_ENGINE(source);
  g_autoptr(GPtrArray) changes = NULL;
  GError *error = NULL;

  if (prg_engine_submit_finish(engine, result, &changes, &error)) {
    prg_command_finish(submission->command, prg_book_get_rules(prg_engine_get_book(engine)), changes);
    return_answer(submission->invocation, submission->command);
  } else {
    prg_dbus_error_return(submission->invocation, error);
  }
  prg_jobs_end(submission->jobs);
}

/* Not cancelled by a stop: what is on its way to the disk gets its answer. */
static void
submit(PrgProgressionAdapter *self, PrgEngine *engine, GDBusMethodInvocation *invocation, PrgCommand *command)
{
  Submission *submission = g_new0(Submission, 1);

  submission->adapter = self;
  submission->jobs = prg_jobs_ref(prg_session_get_jobs(self->session));
  submission->invocation = invocation;
  submission->command = command;
  prg_jobs_begin(submission->jobs);
  prg_engine_submit_async(engine, prg_command_plan, command, NULL, NULL, on_submitted, submission);
}

/* The engine, if @invocation may go on; else it has been answered. */
static PrgEngine *
admit(PrgProgressionAdapter *self, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender(invocation);
  GError *error = NULL;
  PrgEngine *engine = NULL;

  if (!prg_limiter_take(self->limiter, sender ? sender : "", prg_clock_monotonic()))
    g_set_error(&error, PRG_ERROR, PRG_ERROR_RATE_LIMITED, "More than %d commands a second from one program",
                PRG_LIMITER_RATE);
  else
    engine = prg_session_require_engine(self->session, &error);
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

static gboolean
check_score(double score, GError **error)
{
  if (isfinite(score) && score >= 0 && score <= 1)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, "score must be from 0 to 1; found %g", score);
  return FALSE;
}

/* ---- handlers ---- */

static gboolean
on_add_xp(PrgDbusProgression *skeleton,
          GDBusMethodInvocation *invocation,
          const char *event_type,
          GVariant *options,
          PrgProgressionAdapter *self)
{
  PrgEngine *engine = admit(self, invocation);
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
  submit(self, engine, invocation, g_steal_pointer(&command));
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
  PrgEngine *engine = admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("RecordCall", prg_earn_call);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, "dial_made");
  prg_record_set(&command->disposition, disposition);
  prg_record_set(&command->ref, lead);
  command->duration_s = duration;
  if (duration > MAX_CALL_SECONDS)
    g_set_error(&error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, "duration_s must be at most %d; found %u",
                MAX_CALL_SECONDS, duration);
  if (error || !prg_options_check_text("disposition", disposition, 1, 128, &error) ||
      !prg_options_check_text("lead_id", lead, 0, PRG_MAX_TEXT, &error) ||
      !prg_options_read(options, call_options, G_N_ELEMENTS(call_options), command, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command));
  return TRUE;
}

static gboolean
on_close_deal(PrgDbusProgression *skeleton,
              GDBusMethodInvocation *invocation,
              const char *deal,
              GVariant *options,
              PrgProgressionAdapter *self)
{
  PrgEngine *engine = admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("CloseDeal", prg_earn_deal);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, "deal_closed");
  prg_record_set(&command->ref, deal);
  if (!check_id("deal_id", deal, &error) ||
      !prg_options_read(options, deal_options, G_N_ELEMENTS(deal_options), command, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command));
  return TRUE;
}

/* Methods of an id and a score. */
static gboolean
submit_scored(PrgProgressionAdapter *self,
              GDBusMethodInvocation *invocation,
              PrgCommand *owned,
              const char *kind,
              const char *id,
              double score)
{
  PrgEngine *engine = admit(self, invocation);
  g_autoptr(PrgCommand) command = owned;
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->kind, kind);
  prg_record_set(&command->ref, id);
  command->score = score;
  if (!check_id("The id", id, &error) || !check_score(score, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command));
  return TRUE;
}

static gboolean
on_complete_module(PrgDbusProgression *skeleton,
                   GDBusMethodInvocation *invocation,
                   const char *module,
                   double score,
                   PrgProgressionAdapter *self)
{
  return submit_scored(self, invocation, prg_command_new("CompleteModule", prg_earn_module), "module_passed",
                       module, score);
}

static gboolean
on_pass_exam(PrgDbusProgression *skeleton,
             GDBusMethodInvocation *invocation,
             const char *exam,
             double score,
             PrgProgressionAdapter *self)
{
  return submit_scored(self, invocation, prg_command_new("PassExam", prg_earn_exam), "exam_passed", exam,
                       score);
}

static gboolean
on_defeat_boss(PrgDbusProgression *skeleton,
               GDBusMethodInvocation *invocation,
               const char *boss,
               PrgProgressionAdapter *self)
{
  return submit_scored(self, invocation, prg_command_new("DefeatBoss", prg_earn_boss), "boss_defeated", boss,
                       0);
}

static gboolean
on_revoke_event(PrgDbusProgression *skeleton,
                GDBusMethodInvocation *invocation,
                const char *id,
                const char *reason,
                PrgProgressionAdapter *self)
{
  PrgEngine *engine = admit(self, invocation);
  g_autoptr(PrgCommand) command = prg_command_new("RevokeEvent", NULL);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  prg_record_set(&command->ref, id);
  prg_record_set(&command->details, reason);
  if (!check_id("id", id, &error) || !prg_options_check_text("reason", reason, 1, PRG_MAX_TEXT, &error))
    return refuse(invocation, error);
  submit(self, engine, invocation, g_steal_pointer(&command));
  return TRUE;
}

/* @value: (transfer floating) (nullable) */
static gboolean
return_list(GDBusMethodInvocation *invocation, GVariant *value, GError *error)
{
  if (value == NULL)
    return refuse(invocation, error);
  g_dbus_method_invocation_return_value(invocation, g_variant_new_tuple(&value, 1));
  return TRUE;
}

static gboolean
on_list_events(PrgDbusProgression *skeleton,
               GDBusMethodInvocation *invocation,
               GVariant *filter,
               PrgProgressionAdapter *self)
{
  PrgEngine *engine = admit(self, invocation);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  GVariant *events = prg_history_events(prg_engine_get_book(engine), filter, &error);
  return return_list(invocation, events, error);
}

static gboolean
on_get_daily_metrics(PrgDbusProgression *skeleton,
                     GDBusMethodInvocation *invocation,
                     const char *from,
                     const char *to,
                     PrgProgressionAdapter *self)
{
  PrgEngine *engine = admit(self, invocation);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  const PrgView *view = prg_engine_get_view(engine);
  const PrgMoment *moment = prg_engine_get_moment(engine);
  g_autofree char *today = prg_day_of(moment->now, moment->zone);
  GVariant *days = prg_history_days(view, from, to, today, &error);
  return return_list(invocation, days, error);
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
    { "handle-complete-module", G_CALLBACK(on_complete_module) },
    { "handle-pass-exam", G_CALLBACK(on_pass_exam) },
    { "handle-defeat-boss", G_CALLBACK(on_defeat_boss) },
    { "handle-revoke-event", G_CALLBACK(on_revoke_event) },
    { "handle-list-events", G_CALLBACK(on_list_events) },
    { "handle-get-daily-metrics", G_CALLBACK(on_get_daily_metrics) },
  };

  for (guint i = 0; i < G_N_ELEMENTS(handlers); i++)
    g_signal_connect(self->skeleton, handlers[i].signal, handlers[i].handler, self);
}
