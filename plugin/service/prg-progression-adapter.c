/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties and signals of org.lids.Progression. */
#include "prg-calendar.h"
#include "prg-clock.h"
#include "prg-codec.h"
#include "prg-json.h"
#include "prg-names.h"
#include "prg-progression-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define VERSION 1

/* ---- properties ---- */

static void
set_strv(PrgDbusProgression *skeleton, const char *property, const PrgIdSet *set)
{
  guint n = set ? prg_id_set_size(set) : 0;
  g_autofree const char **items = g_new0(const char *, n + 1);

  for (guint i = 0; i < n; i++)
    items[i] = prg_id_set_get(set, i);
  g_object_set(skeleton, property, items, NULL);
}

static void
add_metric(JsonObject *object, const char *name, JsonNode *node, gpointer user_data)
{
  if (JSON_NODE_HOLDS_VALUE(node) &&
      (json_node_get_value_type(node) == G_TYPE_DOUBLE || json_node_get_value_type(node) == G_TYPE_INT64))
    g_variant_builder_add(user_data, "{sd}", name, json_node_get_double(node));
}

/* Numbers of the record's JSON object; what is no number (when it was calculated) is not for this property.
 */
static GVariant *
metrics_to_variant(const char *text)
{
  GVariantBuilder builder;
  g_autoptr(JsonNode) root = prg_json_parse_object(text, strlen(text));

  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sd}"));
  if (root)
    json_object_foreach_member(json_node_get_object(root), add_metric, &builder);
  return g_variant_builder_end(&builder);
}

static void
set_numbers(PrgDbusProgression *skeleton, const PrgRecord *record, PrgRules *rules, gint64 pending)
{
  gint64 total = record->total_xp.value;
  guint level = prg_rules_level_for(rules, total);

  prg_dbus_progression_set_total_xp(skeleton, total);
  prg_dbus_progression_set_pending_xp(skeleton, pending);
  prg_dbus_progression_set_level(skeleton, level);
  prg_dbus_progression_set_level_xp(skeleton, prg_rules_level_xp(rules, level));
  prg_dbus_progression_set_next_level_xp(skeleton, prg_rules_next_level_xp(rules, level));
  prg_dbus_progression_set_closed_deals(skeleton, (guint)CLAMP(record->closed_deals.value, 0, G_MAXUINT32));
  prg_dbus_progression_set_streak_days(skeleton, (guint)CLAMP(record->streak_days.value, 0, G_MAXUINT32));
  prg_dbus_progression_set_last_activity(skeleton, record->last_activity);
}

static const char *
display_name(PrgProgressionAdapter *self, const PrgRecord *record)
{
  const PrgAccount *account = prg_session_get_account(self->session);

  if (record->name && *record->name)
    return record->name;
  return account ? account->member_name : "";
}

/* @rank: (nullable) */
static const char *
rank_name(PrgRules *rules, const char *rank)
{
  const char *canonical = rank && *rank ? prg_rules_canonical_rank(rules, rank) : NULL;

  return canonical ? prg_names_show(rules, PRG_NAME_RANK, canonical, prg_rules_rank_name(rules, rank)) : "";
}

/* @rank: (nullable) NULL: nobody is signed in */
static void
set_ranks(PrgDbusProgression *skeleton, PrgRules *rules, const char *rank)
{
  const char *next = rank ? prg_rules_next_rank(rules, rank) : NULL;

  prg_dbus_progression_set_rank(skeleton, rank ? rank : "");
  prg_dbus_progression_set_rank_name(skeleton, rank_name(rules, rank));
  prg_dbus_progression_set_next_rank(skeleton, next ? next : "");
  prg_dbus_progression_set_next_rank_name(skeleton, rank_name(rules, next));
}

static void
set_view(PrgProgressionAdapter *self, const PrgView *view, gint64 pending)
{
  PrgDbusProgression *skeleton = self->skeleton;
  PrgRules *rules = prg_session_get_rules(self->session);
  const PrgRecord *record = view->record;
  const char *rank = prg_facts_rank_of(record);

  set_numbers(skeleton, record, rules, pending);
  prg_dbus_progression_set_name(skeleton, display_name(self, record));
  set_ranks(skeleton, rules, prg_session_get_account(self->session) ? rank : NULL);
  set_strv(skeleton, "badges", record->badges);
  set_strv(skeleton, "completed-modules", record->completed_modules);
  set_strv(skeleton, "certifications", record->certifications);
  set_strv(skeleton, "defeated-bosses", record->defeated_bosses);
  set_strv(skeleton, "passed-exams", record->passed_exams);
  set_strv(skeleton, "titles", view->titles);
  prg_dbus_progression_set_active_title(skeleton, view->active_title ? view->active_title : "");
  prg_dbus_progression_set_specialization(skeleton, view->specialization ? view->specialization : "");
  prg_dbus_progression_set_efficiency_metrics(skeleton, metrics_to_variant(record->efficiency_metrics));
}

/* One PropertiesChanged with all that differs, before any signal or answer that follows. */
static void
refresh(PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_session_get_engine(self->session);

  if (engine) {
    const PrgView *view = prg_engine_get_view(engine);
    set_view(self, view, prg_book_pending_xp(prg_engine_get_book(engine)));
  } else {
    g_autoptr(PrgView) empty = prg_view_new();
    set_view(self, empty, 0);
  }
  g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
}

/* ---- signals ---- */

typedef struct {
  PrgProgressionAdapter *adapter;
  GPtrArray *news; /* (owned) (element-type PrgNews) */
  gboolean is_committed;
  gboolean has_failed;
} Outgoing;

static void
outgoing_free(Outgoing *self)
{
  g_ptr_array_unref(self->news);
  g_free(self);
}

static void
emit_one(PrgDbusProgression *skeleton, const PrgNews *news)
{
  switch (news->kind) {
  case PRG_NEWS_XP_EARNED:
    prg_dbus_progression_emit_xp_earned(skeleton, news->id, news->text, news->amount, news->total);
    break;
  case PRG_NEWS_LEVEL_UP:
    prg_dbus_progression_emit_level_up(skeleton, (guint)news->amount, (guint)news->total);
    break;
  case PRG_NEWS_RANK_UP:
    prg_dbus_progression_emit_rank_up(skeleton, news->id, news->text);
    break;
  case PRG_NEWS_BADGE_UNLOCKED:
    prg_dbus_progression_emit_badge_unlocked(skeleton, news->text);
    break;
  case PRG_NEWS_BOSS_DEFEATED:
    prg_dbus_progression_emit_boss_defeated(skeleton, news->text);
    break;
  }
}

/* What could not be noted as announced stays unsaid, so that it is not said twice. */
static void
emit_outgoing(PrgProgressionAdapter *self)
{
  Outgoing *outgoing;

  while ((outgoing = g_queue_peek_head(&self->outgoing)) != NULL && outgoing->is_committed) {
    g_queue_pop_head(&self->outgoing);
    for (guint i = 0; i < outgoing->news->len; i++) {
      const PrgNews *news = g_ptr_array_index(outgoing->news, i);
      if (news->kind == PRG_NEWS_XP_EARNED || !outgoing->has_failed)
        emit_one(self->skeleton, news);
    }
    outgoing_free(outgoing);
  }
}

static void
on_announced(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outgoing *outgoing = user_data;
  PrgProgressionAdapter *self = outgoing->adapter;
  g_autoptr(GError) error = NULL;

  if (!prg_engine_commit_finish(PRG_ENGINE(source), result, &error)) {
    g_warning("What was announced could not be stored: %s", error->message);
    outgoing->has_failed = TRUE;
  }
  outgoing->is_committed = TRUE;
  emit_outgoing(self);
  prg_jobs_end(prg_session_get_jobs(self->session));
}

static void
commit_announced(PrgProgressionAdapter *self, Outgoing *outgoing)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autofree char *level = g_strdup_printf("%u", self->announced->level);
  g_autofree char *badges = prg_codec_id_set_to_json(self->announced->badges);

  prg_changes_meta(changes, PRG_META_ANNOUNCED_LEVEL, level);
  prg_changes_meta(changes, PRG_META_ANNOUNCED_RANK, self->announced->rank);
  prg_changes_meta(changes, PRG_META_ANNOUNCED_BADGES, badges);
  prg_jobs_begin(prg_session_get_jobs(self->session));
  prg_engine_commit_async(prg_session_get_engine(self->session), changes, NULL, on_announced, outgoing);
}

static PrgFacts *
facts_of(PrgProgressionAdapter *self, PrgEngine *engine)
{
  return prg_facts_new(prg_engine_get_view(engine), prg_session_get_rules(self->session),
                       prg_book_get_base(prg_engine_get_book(engine))->known);
}

/* @changes: (element-type PrgChange) */
static void
announce(PrgProgressionAdapter *self, PrgEngine *engine, GPtrArray *changes)
{
  g_autoptr(PrgFacts) before = g_steal_pointer(&self->facts);
  gboolean moved = FALSE;

  self->facts = facts_of(self, engine);
  g_autoptr(GPtrArray) news = prg_announce(changes, before, self->facts, self->announced, &moved);
  if (news->len == 0 && !moved)
    return;
  Outgoing *outgoing = g_new0(Outgoing, 1);
  outgoing->adapter = self;
  outgoing->news = g_steal_pointer(&news);
  outgoing->is_committed = !moved;
  g_queue_push_tail(&self->outgoing, outgoing);
  if (moved)
    commit_announced(self, outgoing);
  emit_outgoing(self);
}

/* ---- what the session tells ---- */

static void
on_taken(PrgSession *session, GPtrArray *changes, PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_session_get_engine(session);

  refresh(self);
  if (engine && self->facts)
    announce(self, engine, changes);
}

static void
on_engine_changed(PrgSession *session, PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_session_get_engine(session);

  g_clear_pointer(&self->facts, prg_facts_free);
  g_clear_pointer(&self->announced, prg_announced_free);
  if (engine) {
    PrgBook *book = prg_engine_get_book(engine);
    PrgIdSet *badges = NULL;
    const char *text = prg_book_get_meta(book, PRG_META_ANNOUNCED_BADGES);
    if (text && !prg_codec_id_set_from_json(text, &badges))
      badges = NULL;
    self->announced = prg_announced_new(prg_book_get_meta(book, PRG_META_ANNOUNCED_LEVEL),
                                        prg_book_get_meta(book, PRG_META_ANNOUNCED_RANK), badges);
    g_clear_pointer(&badges, prg_id_set_free);
    self->facts = facts_of(self, engine);
  }
  refresh(self);
}

/* ---- midnight: a streak may end, a day leaves the metrics' window, a badge's window is covered ---- */

static void schedule_midnight(PrgProgressionAdapter *self);

static gboolean
on_midnight(gpointer user_data)
{
  PrgProgressionAdapter *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(prg_session_get_jobs(self->session)));
  PrgEngine *engine = prg_session_get_engine(self->session);

  refresh(self);
  if (engine)
    prg_engine_award_due(engine);
  schedule_midnight(self);
  return G_SOURCE_REMOVE;
}

/* The day is the rep's: of the server's time, in this machine's zone. */
static void
schedule_midnight(PrgProgressionAdapter *self)
{
  PrgEngine *engine = prg_session_get_engine(self->session);
  g_autoptr(GTimeZone) zone = prg_clock_zone();
  gint64 wall = prg_clock_wall();
  gint64 now = engine ? prg_engine_get_moment(engine)->now : wall;

  prg_timer_clear(&self->midnight);
  self->midnight = prg_clock_alarm_new(wall + prg_day_end(now, zone) - now);
  g_source_set_callback(self->midnight, on_midnight, self, NULL);
  g_source_attach(self->midnight, prg_jobs_get_context(prg_session_get_jobs(self->session)));
}

/* A sync may have told another time, and the machine may have travelled meanwhile. */
static void
on_sync_finished(PrgProgressionAdapter *self)
{
  refresh(self);
  schedule_midnight(self);
}

PrgProgressionAdapter *
prg_progression_adapter_new(PrgSession *session, PrgGate *gate)
{
  PrgProgressionAdapter *self = g_new0(PrgProgressionAdapter, 1);

  self->session = g_object_ref(session);
  self->skeleton = prg_gate_progression_new(gate);
  self->leaderboard = prg_leaderboard_new(session);
  g_queue_init(&self->outgoing);
  prg_dbus_progression_set_version(self->skeleton, VERSION);
  prg_progression_connect_methods(self);
  prg_progression_connect_looks(self);
  g_signal_connect(session, "taken", G_CALLBACK(on_taken), self);
  g_signal_connect(session, "engine-changed", G_CALLBACK(on_engine_changed), self);
  g_signal_connect_swapped(session, "account-changed", G_CALLBACK(refresh), self);
  g_signal_connect_swapped(session, "sync-finished", G_CALLBACK(on_sync_finished), self);
  refresh(self);
  schedule_midnight(self);
  return self;
}

void
prg_progression_adapter_stop(PrgProgressionAdapter *self)
{
  prg_timer_clear(&self->midnight);
  g_signal_handlers_disconnect_by_data(self->session, self);
}

void
prg_progression_adapter_free(PrgProgressionAdapter *self)
{
  if (self == NULL)
    return;
  prg_progression_adapter_stop(self);
  g_signal_handlers_disconnect_by_data(self->skeleton, self);
  g_queue_clear_full(&self->outgoing, (GDestroyNotify)outgoing_free);
  g_clear_pointer(&self->facts, prg_facts_free);
  g_clear_pointer(&self->announced, prg_announced_free);
  prg_leaderboard_free(self->leaderboard);
  g_object_unref(self->skeleton);
  g_object_unref(self->session);
  g_free(self);
}

GDBusInterfaceSkeleton *
prg_progression_adapter_get_skeleton(PrgProgressionAdapter *self)
{
  return G_DBUS_INTERFACE_SKELETON(self->skeleton);
}
