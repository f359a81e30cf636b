/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-model.h"

#include "lids-words.h"
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* A row of this many px has room for a line of text. */
#define ROW_TEXT 20
/* A row of this many px has room for a line of text with a bar below. */
#define ROW_FULL 25
/* A column of this many px has room for "L12". */
#define COLUMN_STACKED 30
/* A deskbar of this many px has room for the rank's name. */
#define DESKBAR_FULL 120
#define ICON_BESIDE 24
#define ICON_ABOVE 32

/* ---- the state of syncing ---- */

/* Standard names; the second and third are for themes without the first. */
static const char *const icon_names[][4] = {
  [PRG_PANEL_SYNCED] = { "emblem-ok-symbolic", "emblem-default-symbolic", "object-select-symbolic", NULL },
  [PRG_PANEL_SYNCING] = { "emblem-synchronizing-symbolic", "view-refresh-symbolic", NULL },
  [PRG_PANEL_PENDING] = { "document-send-symbolic", "go-up-symbolic", NULL },
  [PRG_PANEL_WAITING] = { "appointment-soon-symbolic", "content-loading-symbolic", NULL },
  [PRG_PANEL_OFFLINE] = { "network-offline-symbolic", NULL },
  [PRG_PANEL_REFUSED] = { "dialog-warning-symbolic", NULL },
  [PRG_PANEL_BLOCKED] = { "dialog-error-symbolic", NULL },
  [PRG_PANEL_SIGN_IN] = { "dialog-password-symbolic", "avatar-default-symbolic", NULL },
  [PRG_PANEL_ABSENT] = { "process-stop-symbolic", "dialog-error-symbolic", NULL },
};

static const char *
text_of(const char *text)
{
  return text ? text : "";
}

/* What matters most comes first: what a person must do, then what keeps XP from being sent. */
static PrgPanelSync
sync_of(const PrgPanelFacts *facts)
{
  LidsSyncState state = facts->sync_state;

  if (!facts->present)
    return PRG_PANEL_ABSENT;
  if (!facts->signed_in || state == LIDS_SYNC_STATE_SIGNED_OUT || state == LIDS_SYNC_STATE_PAUSED)
    return PRG_PANEL_SIGN_IN;
  if (state == LIDS_SYNC_STATE_BLOCKED)
    return PRG_PANEL_BLOCKED;
  if (facts->quarantined > 0)
    return PRG_PANEL_REFUSED;
  if (state == LIDS_SYNC_STATE_OFFLINE)
    return PRG_PANEL_OFFLINE;
  if (state == LIDS_SYNC_STATE_SYNCING)
    return PRG_PANEL_SYNCING;
  if (state == LIDS_SYNC_STATE_WAITING)
    return PRG_PANEL_WAITING;
  return facts->pending > 0 ? PRG_PANEL_PENDING : PRG_PANEL_SYNCED;
}

static const char *
words_of(PrgPanelSync sync, gboolean signed_in)
{
  switch (sync) {
  case PRG_PANEL_SYNCED:
    return _("Synced");
  case PRG_PANEL_SYNCING:
    return _("Syncing");
  case PRG_PANEL_PENDING:
    return _("Not sent yet");
  case PRG_PANEL_WAITING:
    return _("Will try again");
  case PRG_PANEL_OFFLINE:
    return _("Offline");
  case PRG_PANEL_REFUSED:
    return _("Refused by the server");
  case PRG_PANEL_BLOCKED:
    return _("Blocked");
  case PRG_PANEL_SIGN_IN:
    return signed_in ? _("Sign-in needed") : _("Not signed in");
  case PRG_PANEL_ABSENT:
    break;
  }
  return _("The progression service does not answer");
}

/* The state with the number that belongs to it. (transfer full) */
static char *
status_of(const PrgPanelFacts *facts, PrgPanelSync sync)
{
  const char *words = words_of(sync, facts->signed_in);

  if (sync == PRG_PANEL_REFUSED)
    return g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "%s: %u operation", "%s: %u operations", facts->quarantined), words,
        facts->quarantined);
  if (facts->pending > 0 && sync != PRG_PANEL_ABSENT)
    return g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%s: %u to send", "%s: %u to send", facts->pending),
                           words, facts->pending);
  return g_strdup(words);
}

/* (transfer full) */
static char *
reason_of(const PrgPanelFacts *facts)
{
  if (!facts->present)
    return g_strdup(text_of(facts->absent));
  if (*text_of(facts->reason))
    return g_strdup(facts->reason);
  if (*text_of(facts->last_error) || facts->elsewhere == 0)
    return g_strdup(text_of(facts->last_error));
  return g_strdup_printf(
      g_dngettext(GETTEXT_PACKAGE, "%u operation waits in another installation on this machine",
                  "%u operations wait in another installation on this machine", facts->elsewhere),
      facts->elsewhere);
}

/* ---- level and XP ---- */

static double
fraction_of(const PrgPanelFacts *facts)
{
  gint64 way = facts->next_level_xp - facts->level_xp;
  gint64 gone = facts->total_xp - facts->level_xp;

  if (facts->next_level_xp == 0)
    return 1;
  return way <= 0 ? 0 : CLAMP((double)gone / (double)way, 0, 1);
}

/* (transfer full) */
static char *
xp_of(const PrgPanelFacts *facts)
{
  if (facts->next_level_xp == 0)
    return g_strdup_printf(_("%'" PRId64 " XP, the highest level"), facts->total_xp);
  return g_strdup_printf(_("%'" PRId64 " XP, %'" PRId64 " to level %u"), facts->total_xp,
                         MAX(facts->next_level_xp - facts->total_xp, 0), facts->level + 1);
}

/* (transfer full) */
static char *
goal_of(const PrgPanelFacts *facts)
{
  const char *next = text_of(facts->next_rank);

  return *next ? g_strdup_printf(_("For %s"), next) : g_strdup(_("The highest rank"));
}

/* Appends a text behind a separator, if there is one to append. */
static void
append(GString *all, const char *separator, const char *text)
{
  if (*text == '\0')
    return;
  if (all->len > 0)
    g_string_append(all, separator);
  g_string_append(all, text);
}

/* A line for what waits and one for what was refused. What another installation has is told by the reason. (transfer full) */
static char *
waiting_of(const PrgPanelFacts *facts)
{
  GString *all = g_string_new(NULL);

  if (facts->pending > 0)
    g_string_printf(all,
                    g_dngettext(GETTEXT_PACKAGE, "%u operation waits to be sent",
                                "%u operations wait to be sent", facts->pending),
                    facts->pending);
  if (facts->quarantined > 0) {
    g_autofree char *refused =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%u operation was refused by the server",
                                    "%u operations were refused by the server", facts->quarantined),
                        facts->quarantined);
    append(all, "\n", refused);
  }
  if (all->len == 0 && facts->elsewhere == 0)
    g_string_assign(all, _("Everything is sent"));
  return g_string_free(all, FALSE);
}

/* (transfer full) */
static char *
label_of(const PrgPanelView *view, gboolean present)
{
  if (!view->known)
    return g_strdup(present ? view->state : "");
  /* Translators: rank and level, such as "Operative · Level 12". */
  return *view->rank ? g_strdup_printf(_("%s · %s"), view->rank, view->level) : g_strdup(view->level);
}

/* (transfer full) */
static char *
join(const PrgPanelView *view, const char *separator)
{
  GString *all = g_string_new(NULL);

  append(all, separator, view->rank);
  append(all, separator, view->level);
  append(all, separator, view->xp);
  append(all, separator, view->status);
  append(all, separator, view->reason);
  return g_string_free(all, FALSE);
}

static void
show_standing(PrgPanelView *view, const PrgPanelFacts *facts)
{
  view->rank = g_strdup(view->known ? text_of(facts->rank_name) : "");
  view->level = view->known ? g_strdup_printf(_("Level %u"), facts->level) : g_strdup("");
  /* Translators: the level where there is room for three letters only. */
  view->level_short = view->known ? g_strdup_printf(C_("short", "L%u"), facts->level) : g_strdup("");
  view->label = label_of(view, facts->present);
  view->xp = view->known ? xp_of(facts) : g_strdup("");
  view->goal = view->known ? goal_of(facts) : g_strdup("");
  view->waiting = view->known ? waiting_of(facts) : g_strdup("");
  view->fraction = view->known ? fraction_of(facts) : 0;
}

PrgPanelView *
prg_panel_view_new(const PrgPanelFacts *facts)
{
  PrgPanelView *view = g_new0(PrgPanelView, 1);

  view->sync = sync_of(facts);
  view->icons = icon_names[view->sync];
  view->known = facts->present && facts->signed_in;
  view->can_sync = view->known && facts->sync_state != LIDS_SYNC_STATE_SYNCING;
  view->needs_sign_in = view->sync == PRG_PANEL_SIGN_IN;
  view->state = g_strdup(words_of(view->sync, facts->signed_in));
  view->status = status_of(facts, view->sync);
  view->reason = reason_of(facts);
  show_standing(view, facts);
  view->tooltip = join(view, "\n");
  view->name = join(view, ", ");
  return view;
}

void
prg_panel_view_free(PrgPanelView *view)
{
  g_free(view->state);
  g_free(view->status);
  g_free(view->reason);
  g_free(view->rank);
  g_free(view->level);
  g_free(view->level_short);
  g_free(view->label);
  g_free(view->xp);
  g_free(view->tooltip);
  g_free(view->name);
  g_free(view->goal);
  g_free(view->waiting);
  g_free(view);
}

/* ---- gates ---- */

void
prg_panel_gate_free(PrgPanelGate *gate)
{
  g_free(gate->text);
  g_free(gate);
}

/* An id of the catalogue as people write it: "opener_elite" is "Opener elite". (transfer full) */
static char *
name_of(const char *id)
{
  char *name = g_strdelimit(g_strdup(id), "_-.", ' ');

  name[0] = g_ascii_toupper(name[0]);
  return name;
}

/* What a gate is about. (transfer full) */
static char *
subject_of(const char *kind, const char *id)
{
  g_autofree char *name = name_of(*id ? id : lids_words_of("gate", kind));

  if (*id == '\0')
    return g_steal_pointer(&name);
  if (g_str_equal(kind, "badge"))
    return g_strdup_printf(_("Badge %s"), name);
  if (g_str_equal(kind, "module"))
    return g_strdup_printf(_("Module %s"), g_str_has_prefix(name, "Module ") ? name + 7 : name);
  if (g_str_equal(kind, "exam"))
    return g_strdup_printf(_("Exam %s"), name);
  if (g_str_equal(kind, "boss"))
    return g_strdup_printf(_("Boss %s"), name);
  if (g_str_equal(kind, "certification"))
    return g_strdup_printf(_("Certification %s"), name);
  return g_steal_pointer(&name);
}

/* A number of a gate; rates are ratios in the interface and per cent for people. (transfer full) */
static char *
number_of(double number, gboolean rate)
{
  g_autofree char *text = lids_words_number(rate ? number * 100 : number);

  return rate ? g_strdup_printf(_("%s%%"), text) : g_steal_pointer(&text);
}

static PrgPanelGate *
number_gate(const LidsGate *gate, const char *subject)
{
  PrgPanelGate *shown = g_new0(PrgPanelGate, 1);
  gboolean rate = g_str_equal(gate->kind, "metric");
  gboolean known = gate->have && g_variant_is_of_type(gate->have, G_VARIANT_TYPE_DOUBLE);
  double number = known ? g_variant_get_double(gate->have) : 0;
  double needed = g_variant_get_double(gate->needed);
  g_autofree char *found = known ? number_of(number, rate) : g_strdup(_("unknown"));
  g_autofree char *goal = number_of(needed, rate);

  if (gate->suspended)
    shown->text = g_strdup_printf(_("%s %s, not judged yet"), subject, found);
  else if (g_str_equal(gate->passes, "below"))
    shown->text = g_strdup_printf(_("%s %s, must be below %s"), subject, found, goal);
  else if (g_str_equal(gate->passes, "above"))
    shown->text = g_strdup_printf(_("%s %s, must be above %s"), subject, found, goal);
  else
    shown->text = g_strdup_printf(_("%s %s of %s"), subject, found, goal);
  /* A rate is no way that one goes from its start to its end. */
  shown->fraction = rate || needed <= 0 ? -1 : CLAMP(number / needed, 0, 1);
  return shown;
}

static PrgPanelGate *
word_gate(const LidsGate *gate, const char *subject)
{
  PrgPanelGate *shown = g_new0(PrgPanelGate, 1);
  const char *found = "";
  const char *needed;

  shown->fraction = -1;
  if (!g_variant_is_of_type(gate->needed, G_VARIANT_TYPE_STRING)) {
    shown->text = g_strdup_printf(_("%s: missing"), subject);
    return shown;
  }
  needed = lids_words_of("tier", g_variant_get_string(gate->needed, NULL));
  if (gate->have && g_variant_is_of_type(gate->have, G_VARIANT_TYPE_STRING))
    found = lids_words_of("tier", g_variant_get_string(gate->have, NULL));
  shown->text = *found ? g_strdup_printf(_("%s: %s, now %s"), subject, needed, found)
                       : g_strdup_printf(_("%s: %s"), subject, needed);
  return shown;
}

GPtrArray *
prg_panel_gates_new(GPtrArray *gates)
{
  GPtrArray *shown = g_ptr_array_new_with_free_func((GDestroyNotify)prg_panel_gate_free);

  for (guint i = 0; i < gates->len; i++) {
    const LidsGate *gate = gates->pdata[i];
    g_autofree char *subject = gate->met ? NULL : subject_of(gate->kind, gate->id);

    if (subject)
      g_ptr_array_add(shown, g_variant_is_of_type(gate->needed, G_VARIANT_TYPE_DOUBLE)
                                 ? number_gate(gate, subject)
                                 : word_gate(gate, subject));
  }
  return shown;
}

/* ---- time, room ---- */

char *
prg_panel_time(gint64 when, GDateTime *now)
{
  g_autoptr(GDateTime) utc = when > 0 ? g_date_time_new_from_unix_utc(when / G_USEC_PER_SEC) : NULL;
  g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, g_date_time_get_timezone(now)) : NULL;

  if (!local)
    return g_strdup(_("never"));
  if (g_date_time_get_year(local) == g_date_time_get_year(now) &&
      g_date_time_get_day_of_year(local) == g_date_time_get_day_of_year(now))
    return g_date_time_format(local, "%H:%M");
  return g_date_time_format(local, "%x %H:%M");
}

static PrgPanelLayout
layout_of(PrgPanelMode mode, int size, int row)
{
  switch (mode) {
  case PRG_PANEL_DESKBAR:
    return size >= DESKBAR_FULL     ? PRG_PANEL_FULL
           : size >= COLUMN_STACKED ? PRG_PANEL_STACKED
                                    : PRG_PANEL_ICON;
  case PRG_PANEL_VERTICAL:
    return row >= COLUMN_STACKED ? PRG_PANEL_STACKED : PRG_PANEL_ICON;
  case PRG_PANEL_HORIZONTAL:
    break;
  }
  return row >= ROW_FULL ? PRG_PANEL_FULL : PRG_PANEL_SHORT;
}

PrgPanelFit
prg_panel_fit(PrgPanelMode mode, int size, int rows, int icon_size)
{
  int row = size / MAX(rows, 1);
  PrgPanelLayout layout = layout_of(mode, size, row);
  /* Beside text an icon is no higher than the text with its bar, and over it no larger than it is drawn for. */
  int largest = layout == PRG_PANEL_FULL ? ICON_BESIDE : layout == PRG_PANEL_STACKED ? ICON_ABOVE : icon_size;

  return (PrgPanelFit){ .layout = layout,
                        .icon_size = MIN(icon_size, largest),
                        .small = layout == PRG_PANEL_SHORT && row < ROW_TEXT };
}
