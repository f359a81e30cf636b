/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of org.lids.Progression that only look. */
#include "prg-calendar.h"
#include "prg-dbus-error.h"
#include "prg-history.h"
#include "prg-progression-private.h"
#include "prg-reply.h"
#include "prg-standing.h"

#include <glib/gi18n-lib.h>

/* @answer: (transfer floating) (nullable) the out arguments; else @error: (transfer full) */
static gboolean
give(GDBusMethodInvocation *invocation, GVariant *answer, GError *error)
{
  if (answer == NULL)
    prg_dbus_error_return(invocation, error);
  else
    g_dbus_method_invocation_return_value(invocation, answer);
  return TRUE;
}

/* @list: (transfer floating) (nullable) the one out argument */
static gboolean
give_list(GDBusMethodInvocation *invocation, GVariant *list, GError *error)
{
  return give(invocation, list ? g_variant_new_tuple(&list, 1) : NULL, error);
}

/* (transfer full) the rep's local day */
static char *
today_of(PrgEngine *engine)
{
  const PrgMoment *moment = prg_engine_get_moment(engine);

  return prg_day_of(moment->now, moment->zone);
}

static gboolean
on_list_events(PrgDbusProgression *skeleton,
               GDBusMethodInvocation *invocation,
               GVariant *filter,
               PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  GVariant *events = prg_history_events(prg_engine_get_book(engine), filter, &error);
  return give_list(invocation, events, error);
}

static gboolean
on_get_daily_metrics(PrgDbusProgression *skeleton,
                     GDBusMethodInvocation *invocation,
                     const char *from,
                     const char *to,
                     PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  g_autofree char *today = today_of(engine);
  GVariant *days = prg_history_days(prg_engine_get_view(engine), from, to, today, &error);
  return give_list(invocation, days, error);
}

static gboolean
on_get_eligibility(PrgDbusProgression *skeleton,
                   GDBusMethodInvocation *invocation,
                   const char *rank,
                   PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_progression_admit(self, invocation);
  GError *error = NULL;

  if (engine == NULL)
    return TRUE;
  g_autofree char *today = today_of(engine);
  GVariant *answer = prg_standing_eligibility(prg_engine_get_view(engine),
                                              prg_session_get_rules(self->session), rank, today, &error);
  return give(invocation, answer, error);
}

/* Methods without arguments, about the rep as he stands. */
static gboolean
give_standing(PrgProgressionAdapter *self,
              GDBusMethodInvocation *invocation,
              GVariant *(*standing)(const PrgView *view, const PrgRules *rules, const char *today))
{
  PrgEngine *engine = prg_progression_admit(self, invocation);

  if (engine == NULL)
    return TRUE;
  g_autofree char *today = today_of(engine);
  GVariant *answer = standing(prg_engine_get_view(engine), prg_session_get_rules(self->session), today);
  return give(invocation, answer, NULL);
}

static gboolean
on_get_badges(PrgDbusProgression *skeleton, GDBusMethodInvocation *invocation, PrgProgressionAdapter *self)
{
  return give_standing(self, invocation, prg_standing_badges);
}

static gboolean
on_get_efficiency(PrgDbusProgression *skeleton,
                  GDBusMethodInvocation *invocation,
                  PrgProgressionAdapter *self)
{
  return give_standing(self, invocation, prg_standing_efficiency);
}

/* ---- GetLeaderboard ---- */

typedef struct {
  PrgProgressionAdapter *adapter;
  PrgReply *reply; /* (owned) */
  guint limit;
} Ranking;

static void
on_leaderboard(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Ranking *ranking = user_data;
  PrgSession *session = ranking->adapter->session;
  GError *error = NULL;
  g_autoptr(PrgBoard) board = prg_leaderboard_get_finish(result, &error);
  PrgEngine *engine = board ? prg_session_require_engine(session, &error) : NULL;

  if (engine)
    prg_reply_return_value(
        ranking->reply,
        prg_standing_leaderboard(board, prg_engine_get_book(engine), prg_engine_get_view(engine),
                                 prg_dbus_progression_get_name(ranking->adapter->skeleton), ranking->limit));
  else
    prg_reply_return_error(ranking->reply, error);
  prg_jobs_end(prg_session_get_jobs(session));
}

static gboolean
on_get_leaderboard(PrgDbusProgression *skeleton,
                   GDBusMethodInvocation *invocation,
                   guint limit,
                   PrgProgressionAdapter *self)
{
  PrgJobs *jobs = prg_session_get_jobs(self->session);

  if (prg_progression_admit(self, invocation) == NULL)
    return TRUE;
  Ranking *ranking = g_new0(Ranking, 1);
  ranking->adapter = self;
  ranking->limit = limit;
  ranking->reply = prg_reply_wait_for_server(prg_reply_forget_failure(
      prg_reply_new(self->session, invocation, _("The server is slow; ask again for its answer"))));
  prg_jobs_begin(jobs);
  prg_leaderboard_get_async(self->leaderboard, on_leaderboard, ranking);
  return TRUE;
}

void
prg_progression_connect_looks(PrgProgressionAdapter *self)
{
  g_signal_connect(self->skeleton, "handle-list-events", G_CALLBACK(on_list_events), self);
  g_signal_connect(self->skeleton, "handle-get-daily-metrics", G_CALLBACK(on_get_daily_metrics), self);
  g_signal_connect(self->skeleton, "handle-get-eligibility", G_CALLBACK(on_get_eligibility), self);
  g_signal_connect(self->skeleton, "handle-get-badges", G_CALLBACK(on_get_badges), self);
  g_signal_connect(self->skeleton, "handle-get-efficiency", G_CALLBACK(on_get_efficiency), self);
  g_signal_connect(self->skeleton, "handle-get-leaderboard", G_CALLBACK(on_get_leaderboard), self);
}
