/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the panel shows for what the service says. */
#include "prg-panel-model.h"

#include <libintl.h>
#include <locale.h>

/* A rep whom nothing is wrong with. Level 6 runs from 1,300 to 1,900 XP. */
static PrgPanelFacts
good(void)
{
  return (PrgPanelFacts){ .present = TRUE,
                          .signed_in = TRUE,
                          .level = 6,
                          .total_xp = 1450,
                          .level_xp = 1300,
                          .next_level_xp = 1900,
                          .rank_name = "SDR 2",
                          .next_rank = "SDR 3",
                          .sync_state = LIDS_SYNC_STATE_IDLE,
                          .reason = "",
                          .last_error = "" };
}

static void
test_standing(void)
{
  PrgPanelFacts facts = good();
  g_autoptr(PrgPanelView) view = prg_panel_view_new(&facts);

  g_assert_cmpstr(view->rank, ==, "SDR 2");
  g_assert_cmpstr(view->level, ==, "Level 6");
  g_assert_cmpstr(view->level_short, ==, "L6");
  g_assert_cmpstr(view->label, ==, "SDR 2 · Level 6");
  g_assert_cmpstr(view->xp, ==, "1450 XP, 450 to level 7");
  g_assert_cmpstr(view->goal, ==, "For SDR 3");
  g_assert_cmpstr(view->waiting, ==, "Everything is sent");
  g_assert_cmpstr(view->name, ==, "SDR 2, Level 6, 1450 XP, 450 to level 7, Synced");
  g_assert_cmpstr(view->tooltip, ==, "SDR 2\nLevel 6\n1450 XP, 450 to level 7\nSynced");
  g_assert_cmpfloat(view->fraction, ==, 0.25);
  g_assert_true(view->known);
  g_assert_true(view->can_sync);
  g_assert_false(view->needs_sign_in);
}

static void
test_fraction(void)
{
  static const struct {
    gint64 total, level, next;
    double fraction;
  } cases[] = {
    { 1300, 1300, 1900, 0 }, { 1600, 1300, 1900, 0.5 },
    { 1900, 1300, 1900, 1 }, { 2000, 1300, 1900, 1 },  /* a level that is told a moment later */
    { 1200, 1300, 1900, 0 }, { 112000, 112000, 0, 1 }, /* the top */
    { 5, 5, 5, 0 },          { -40, 0, 100, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PrgPanelFacts facts = good();
    g_autoptr(PrgPanelView) view = NULL;

    facts.total_xp = cases[i].total;
    facts.level_xp = cases[i].level;
    facts.next_level_xp = cases[i].next;
    view = prg_panel_view_new(&facts);
    g_assert_cmpfloat(view->fraction, ==, cases[i].fraction);
  }
}

static void
test_top(void)
{
  PrgPanelFacts facts = good();
  g_autoptr(PrgPanelView) view = NULL;

  facts.level = 25;
  facts.total_xp = facts.level_xp = 112000;
  facts.next_level_xp = 0;
  facts.next_rank = "";
  view = prg_panel_view_new(&facts);
  g_assert_cmpstr(view->xp, ==, "112000 XP, the highest level");
  g_assert_cmpstr(view->goal, ==, "The highest rank");
}

/* "Everything is sent" only where that is so. */
static void
test_waiting(void)
{
  static const struct {
    guint pending, quarantined, elsewhere;
    const char *waiting;
  } cases[] = {
    { 0, 0, 0, "Everything is sent" },
    { 1, 0, 0, "1 operation waits to be sent" },
    { 3, 0, 2, "3 operations wait to be sent" },
    { 0, 1, 0, "1 operation was refused by the server" },
    { 0, 2, 1, "2 operations were refused by the server" },
    { 3, 2, 0, "3 operations wait to be sent\n2 operations were refused by the server" },
    { 0, 0, 4, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PrgPanelFacts facts = good();
    g_autoptr(PrgPanelView) view = NULL;

    facts.pending = cases[i].pending;
    facts.quarantined = cases[i].quarantined;
    facts.elsewhere = cases[i].elsewhere;
    view = prg_panel_view_new(&facts);
    g_assert_cmpstr(view->waiting, ==, cases[i].waiting);
  }
}

/* One for each icon, and which of two things that hold at once is told. */
static void
test_states(void)
{
  static const struct {
    gboolean present, signed_in;
    LidsSyncState state;
    guint pending, quarantined;
    PrgPanelSync sync;
    const char *status;
    gboolean can_sync;
  } cases[] = {
    { 1, 1, LIDS_SYNC_STATE_IDLE, 0, 0, PRG_PANEL_SYNCED, "Synced", 1 },
    { 1, 1, LIDS_SYNC_STATE_SYNCING, 0, 0, PRG_PANEL_SYNCING, "Syncing", 0 },
    { 1, 1, LIDS_SYNC_STATE_SYNCING, 2, 0, PRG_PANEL_SYNCING, "Syncing: 2 to send", 0 },
    { 1, 1, LIDS_SYNC_STATE_IDLE, 3, 0, PRG_PANEL_PENDING, "Not sent yet: 3 to send", 1 },
    { 1, 1, LIDS_SYNC_STATE_WAITING, 3, 0, PRG_PANEL_WAITING, "Will try again: 3 to send", 1 },
    { 1, 1, LIDS_SYNC_STATE_OFFLINE, 0, 0, PRG_PANEL_OFFLINE, "Offline", 1 },
    { 1, 1, LIDS_SYNC_STATE_OFFLINE, 7, 0, PRG_PANEL_OFFLINE, "Offline: 7 to send", 1 },
    { 1, 1, LIDS_SYNC_STATE_IDLE, 0, 1, PRG_PANEL_REFUSED, "Refused by the server: 1 operation", 1 },
    { 1, 1, LIDS_SYNC_STATE_SYNCING, 0, 2, PRG_PANEL_REFUSED, "Refused by the server: 2 operations", 0 },
    { 1, 1, LIDS_SYNC_STATE_BLOCKED, 4, 1, PRG_PANEL_BLOCKED, "Blocked: 4 to send", 1 },
    { 1, 1, LIDS_SYNC_STATE_PAUSED, 4, 0, PRG_PANEL_SIGN_IN, "Sign-in needed: 4 to send", 1 },
    { 1, 0, LIDS_SYNC_STATE_SIGNED_OUT, 0, 0, PRG_PANEL_SIGN_IN, "Not signed in", 0 },
    { 0, 0, LIDS_SYNC_STATE_UNKNOWN, 0, 0, PRG_PANEL_ABSENT, "The progression service does not answer", 0 },
    { 0, 1, LIDS_SYNC_STATE_IDLE, 3, 0, PRG_PANEL_ABSENT, "The progression service does not answer", 0 },
    { 1, 1, LIDS_SYNC_STATE_UNKNOWN, 0, 0, PRG_PANEL_SYNCED, "Synced", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PrgPanelFacts facts = good();
    g_autoptr(PrgPanelView) view = NULL;

    facts.present = cases[i].present;
    facts.signed_in = cases[i].signed_in;
    facts.sync_state = cases[i].state;
    facts.pending = cases[i].pending;
    facts.quarantined = cases[i].quarantined;
    view = prg_panel_view_new(&facts);
    g_assert_cmpint(view->sync, ==, cases[i].sync);
    g_assert_cmpstr(view->status, ==, cases[i].status);
    g_assert_cmpint(view->can_sync, ==, cases[i].can_sync);
    g_assert_cmpint(view->needs_sign_in, ==, cases[i].sync == PRG_PANEL_SIGN_IN);
    g_assert_nonnull(view->icons[0]);
    g_assert_true(g_str_has_suffix(view->icons[0], "-symbolic"));
  }
}

/* No two states look alike. */
static void
test_icons(void)
{
  static const LidsSyncState states[] = { LIDS_SYNC_STATE_IDLE,    LIDS_SYNC_STATE_SYNCING,
                                          LIDS_SYNC_STATE_WAITING, LIDS_SYNC_STATE_OFFLINE,
                                          LIDS_SYNC_STATE_BLOCKED, LIDS_SYNC_STATE_PAUSED };
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

  for (guint i = 0; i < G_N_ELEMENTS(states) + 3; i++) {
    PrgPanelFacts facts = good();
    g_autoptr(PrgPanelView) view = NULL;

    facts.sync_state = i < G_N_ELEMENTS(states) ? states[i] : LIDS_SYNC_STATE_IDLE;
    facts.pending = i == G_N_ELEMENTS(states);
    facts.quarantined = i == G_N_ELEMENTS(states) + 1;
    facts.present = i != G_N_ELEMENTS(states) + 2;
    view = prg_panel_view_new(&facts);
    g_assert_true(g_hash_table_add(seen, (gpointer)view->icons[0]));
  }
}

static void
test_reason(void)
{
  PrgPanelFacts facts = good();
  g_autoptr(PrgPanelView) view = NULL;
  g_autoptr(PrgPanelView) error = NULL;
  g_autoptr(PrgPanelView) elsewhere = NULL;

  facts.sync_state = LIDS_SYNC_STATE_BLOCKED;
  facts.reason = "the record was deleted in Twenty";
  facts.last_error = "another thing";
  view = prg_panel_view_new(&facts);
  g_assert_cmpstr(view->reason, ==, "the record was deleted in Twenty");
  g_assert_true(g_str_has_suffix(view->tooltip, "\nBlocked\nthe record was deleted in Twenty"));
  facts.reason = "";
  facts.elsewhere = 3;
  error = prg_panel_view_new(&facts);
  g_assert_cmpstr(error->reason, ==, "another thing");
  facts.last_error = "";
  elsewhere = prg_panel_view_new(&facts);
  g_assert_cmpstr(elsewhere->reason, ==, "3 operations wait in another installation on this machine");
}

static void
test_unknown(void)
{
  PrgPanelFacts signed_out = { .present = TRUE,
                               .sync_state = LIDS_SYNC_STATE_SIGNED_OUT,
                               .reason = "nobody is signed in" };
  PrgPanelFacts nothing = { .absent = "it is not installed" };
  g_autoptr(PrgPanelView) view = prg_panel_view_new(&signed_out);
  g_autoptr(PrgPanelView) none = prg_panel_view_new(&nothing);

  g_assert_cmpstr(view->label, ==, "Not signed in");
  g_assert_cmpstr(view->level_short, ==, "");
  g_assert_cmpstr(view->name, ==, "Not signed in, nobody is signed in");
  g_assert_cmpstr(view->goal, ==, "");
  g_assert_false(view->known);
  g_assert_cmpstr(none->label, ==, "");
  g_assert_cmpstr(none->tooltip, ==, "The progression service does not answer\nit is not installed");
}

static void
expect_gate(GPtrArray *gates, guint index, const char *text, double fraction)
{
  PrgPanelGate *gate = g_ptr_array_index(gates, index);

  g_assert_cmpstr(gate->text, ==, text);
  g_assert_cmpfloat(gate->fraction, ==, fraction);
}

/* A gate that is not met; what an entry has not stays as it is. */
static void
add_gate(GPtrArray *gates, LidsGate gate)
{
  LidsGate *entry = g_new(LidsGate, 1);

  *entry = gate;
  if (entry->needed)
    g_variant_ref_sink(entry->needed);
  if (entry->have)
    g_variant_ref_sink(entry->have);
  g_ptr_array_add(gates, entry);
}

static void
free_gate(gpointer data)
{
  LidsGate *gate = data;

  g_clear_pointer(&gate->needed, g_variant_unref);
  g_clear_pointer(&gate->have, g_variant_unref);
  g_free(gate);
}

#define NUMBER g_variant_new_double
#define TEXT g_variant_new_string
#define FLAG g_variant_new_boolean

static void
test_number_gates(void)
{
  g_autoptr(GPtrArray) gates = g_ptr_array_new_with_free_func(free_gate);
  g_autoptr(GPtrArray) shown = NULL;

  add_gate(gates, (LidsGate){ "level", "", NUMBER(10), NUMBER(4), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "deals", "", NUMBER(25), NUMBER(30), TRUE, "at-least" });
  add_gate(gates, (LidsGate){ "metric", "sub_30s_drop_rate", NUMBER(0.5), NUMBER(0.625), FALSE, "below" });
  add_gate(gates,
           (LidsGate){ "metric", "call_to_appt_rate", NUMBER(0.05), NUMBER(0.025), FALSE, "above", TRUE });
  add_gate(gates, (LidsGate){ "metric", "team_conversion", NUMBER(0.05), NULL, FALSE, "above" });
  add_gate(gates, (LidsGate){ "mentees", "", NUMBER(2), NULL, FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "level", "", NUMBER(5), TEXT("five"), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "deals", "", NUMBER(24690), NUMBER(12345), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "metric", "team_conversion", NUMBER(0.07), NUMBER(1. / 3), FALSE, "below" });
  shown = prg_panel_gates_new(gates);
  g_assert_cmpuint(shown->len, ==, 8);
  expect_gate(shown, 0, "Level 4 of 10", 0.4);
  expect_gate(shown, 1, "Sub 30s drop rate 62.5%, must be below 50%", -1);
  expect_gate(shown, 2, "Call to appt rate 2.5%, not judged yet", -1);
  expect_gate(shown, 3, "Team conversion unknown, must be above 5%", -1);
  expect_gate(shown, 4, "Mentees unknown of 2", 0);
  expect_gate(shown, 5, "Level unknown of 5", 0);
  expect_gate(shown, 6, "Deals 12345 of 24690", 0.5);
  expect_gate(shown, 7, "Team conversion 33.33%, must be below 7%", -1);
}

static void
test_word_gates(void)
{
  g_autoptr(GPtrArray) gates = g_ptr_array_new_with_free_func(free_gate);
  g_autoptr(GPtrArray) shown = NULL;

  add_gate(gates, (LidsGate){ "badge", "opener_elite", TEXT("gold"), TEXT("silver"), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "badge", "closer", TEXT("gold"), TEXT(""), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "module", "module_3", FLAG(TRUE), FLAG(TRUE), TRUE, "at-least" });
  add_gate(gates, (LidsGate){ "module", "module_4", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates,
           (LidsGate){ "exam", "operative_certification", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "boss", "redhawk", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "certification", "leadership", FLAG(TRUE), NULL, FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "of_a_later_version", "", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "module", "cold_calls", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "badge", "closer", TEXT("of_a_later_version"), TEXT(""), FALSE, "at-least" });
  shown = prg_panel_gates_new(gates);
  g_assert_cmpuint(shown->len, ==, 9);
  expect_gate(shown, 0, "Badge Opener elite: gold, now silver", -1);
  expect_gate(shown, 1, "Badge Closer: gold", -1);
  expect_gate(shown, 2, "Module 4: missing", -1);
  expect_gate(shown, 3, "Exam Operative certification: missing", -1);
  expect_gate(shown, 4, "Boss Redhawk: missing", -1);
  expect_gate(shown, 5, "Certification Leadership: missing", -1);
  expect_gate(shown, 6, "Of a later version: missing", -1);
  expect_gate(shown, 7, "Module Cold calls: missing", -1);
  expect_gate(shown, 8, "Badge Closer: of_a_later_version", -1);
}

/* The decimal sign of the locale, and the interface's words in the language of the person. */
static void
test_german(void)
{
  PrgPanelFacts facts = good();
  g_autoptr(GPtrArray) gates = g_ptr_array_new_with_free_func(free_gate);
  g_autoptr(GPtrArray) shown = NULL;
  g_autoptr(PrgPanelView) view = NULL;

  if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
    g_test_skip("this machine can make no German locale");
    return;
  }
  add_gate(gates, (LidsGate){ "metric", "show_rate", NUMBER(0.5), NUMBER(0.625), FALSE, "below" });
  add_gate(gates, (LidsGate){ "deals", "", NUMBER(24690), NUMBER(12345), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "badge", "closer", TEXT("gold"), TEXT("silver"), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "module", "module_4", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  add_gate(gates, (LidsGate){ "certification", "", FLAG(TRUE), FLAG(FALSE), FALSE, "at-least" });
  shown = prg_panel_gates_new(gates);
  facts.quarantined = 2;
  view = prg_panel_view_new(&facts);
  setlocale(LC_ALL, "C.UTF-8");
  g_assert_cmpuint(shown->len, ==, 5);
  expect_gate(shown, 0, "Show rate 62,5 %, muss unter 50 % liegen", -1);
  expect_gate(shown, 1, "Abschlüsse 12345 von 24690", 0.5);
  expect_gate(shown, 2, "Abzeichen Closer: Gold, jetzt Silber", -1);
  expect_gate(shown, 3, "Modul 4: fehlt", -1);
  expect_gate(shown, 4, "Zertifikat: fehlt", -1);
  g_assert_cmpstr(view->xp, ==, "1.450 XP, noch 450 bis Stufe 7");
  g_assert_cmpstr(view->waiting, ==, "2 Vorgänge wurden vom Server abgelehnt");
}

static void
test_time(void)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_offset(2 * 3600);
  g_autoptr(GDateTime) now = g_date_time_new(zone, 2026, 3, 2, 15, 0, 0);
  g_autoptr(GDateTime) noon = g_date_time_new(zone, 2026, 3, 2, 0, 5, 0);
  g_autoptr(GDateTime) before = g_date_time_new(zone, 2026, 3, 1, 23, 55, 0);
  g_autofree char *never = prg_panel_time(0, now);
  g_autofree char *today = prg_panel_time(g_date_time_to_unix(noon) * G_USEC_PER_SEC, now);
  g_autofree char *yesterday = prg_panel_time(g_date_time_to_unix(before) * G_USEC_PER_SEC, now);
  g_autofree char *beyond = prg_panel_time(G_MAXINT64, now);

  g_assert_cmpstr(never, ==, "never");
  g_assert_cmpstr(today, ==, "00:05");
  g_assert_cmpstr(yesterday, ==, "03/01/26 23:55");
  g_assert_cmpstr(beyond, !=, "");
}

static void
test_fit(void)
{
  static const struct {
    PrgPanelMode mode;
    int size, rows, icon;
    PrgPanelFit fit;
  } cases[] = {
    { PRG_PANEL_HORIZONTAL, 16, 1, 12, { PRG_PANEL_SHORT, 12, TRUE } },
    { PRG_PANEL_HORIZONTAL, 24, 1, 16, { PRG_PANEL_SHORT, 16, FALSE } },
    { PRG_PANEL_HORIZONTAL, 26, 1, 16, { PRG_PANEL_FULL, 16, FALSE } },
    { PRG_PANEL_HORIZONTAL, 48, 1, 44, { PRG_PANEL_FULL, 24, FALSE } },
    { PRG_PANEL_HORIZONTAL, 48, 2, 22, { PRG_PANEL_SHORT, 22, FALSE } },
    { PRG_PANEL_HORIZONTAL, 48, 0, 22, { PRG_PANEL_FULL, 22, FALSE } },
    { PRG_PANEL_VERTICAL, 16, 1, 12, { PRG_PANEL_ICON, 12, FALSE } },
    { PRG_PANEL_VERTICAL, 48, 1, 44, { PRG_PANEL_STACKED, 32, FALSE } },
    { PRG_PANEL_VERTICAL, 48, 2, 22, { PRG_PANEL_ICON, 22, FALSE } },
    { PRG_PANEL_DESKBAR, 24, 1, 16, { PRG_PANEL_ICON, 16, FALSE } },
    { PRG_PANEL_DESKBAR, 48, 2, 22, { PRG_PANEL_STACKED, 22, FALSE } },
    { PRG_PANEL_DESKBAR, 160, 5, 30, { PRG_PANEL_FULL, 24, FALSE } },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PrgPanelFit fit = prg_panel_fit(cases[i].mode, cases[i].size, cases[i].rows, cases[i].icon);

    g_assert_cmpint(fit.layout, ==, cases[i].fit.layout);
    g_assert_cmpint(fit.icon_size, ==, cases[i].fit.icon_size);
    g_assert_cmpint(fit.small, ==, cases[i].fit.small);
  }
}

int
main(int argc, char **argv)
{
  g_unsetenv("LANGUAGE");
  setlocale(LC_ALL, "C.UTF-8");
  bindtextdomain(GETTEXT_PACKAGE, PRG_TEST_TRANSLATIONS);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/panel/standing", test_standing);
  g_test_add_func("/panel/fraction", test_fraction);
  g_test_add_func("/panel/top", test_top);
  g_test_add_func("/panel/waiting", test_waiting);
  g_test_add_func("/panel/states", test_states);
  g_test_add_func("/panel/icons", test_icons);
  g_test_add_func("/panel/reason", test_reason);
  g_test_add_func("/panel/unknown", test_unknown);
  g_test_add_func("/panel/number-gates", test_number_gates);
  g_test_add_func("/panel/word-gates", test_word_gates);
  g_test_add_func("/panel/german", test_german);
  g_test_add_func("/panel/time", test_time);
  g_test_add_func("/panel/fit", test_fit);
  return g_test_run();
}
