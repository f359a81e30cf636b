/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The applet's button as GTK draws it: which texts and bars are visible, and whether it fits in the panel. Needs a display. */
#include "prg-panel-button.h"

/* The first visible widget of a type at or below @widget, NULL = none. (transfer none) */
static GtkWidget *
find_visible(GtkWidget *widget, GType type)
{
  g_autoptr(GList) children = NULL;

  if (!gtk_widget_get_visible(widget))
    return NULL;
  if (g_type_is_a(G_OBJECT_TYPE(widget), type))
    return widget;
  if (!GTK_IS_CONTAINER(widget))
    return NULL;
  children = gtk_container_get_children(GTK_CONTAINER(widget));
  for (GList *link = children; link; link = link->next) {
    GtkWidget *found = find_visible(link->data, type);

    if (found)
      return found;
  }
  return NULL;
}

static PrgPanelView *
view_of(gboolean signed_in)
{
  PrgPanelFacts facts = { .present = TRUE,
                          .signed_in = signed_in,
                          .level = 12,
                          .total_xp = 10000,
                          .level_xp = 9200,
                          .next_level_xp = 12000,
                          .rank_name = "Operative",
                          .sync_state = signed_in ? LIDS_SYNC_STATE_IDLE : LIDS_SYNC_STATE_SIGNED_OUT };

  return prg_panel_view_new(&facts);
}

static void
expect(PrgPanelButton *button, const char *text, gboolean has_bar)
{
  GtkWidget *label = find_visible(GTK_WIDGET(button), GTK_TYPE_LABEL);
  GtkWidget *bar = find_visible(GTK_WIDGET(button), GTK_TYPE_PROGRESS_BAR);

  g_assert_cmpstr(label ? gtk_label_get_text(GTK_LABEL(label)) : NULL, ==, text);
  g_assert_cmpint(bar != NULL, ==, has_bar);
  if (bar)
    g_assert_cmpfloat_with_epsilon(gtk_progress_bar_get_fraction(GTK_PROGRESS_BAR(bar)), 800 / 2800.0, 1e-9);
  g_assert_nonnull(find_visible(GTK_WIDGET(button), GTK_TYPE_IMAGE));
}

/* px that the button asks for across the panel. */
static int
breadth(PrgPanelButton *button, PrgPanelMode mode)
{
  GtkRequisition natural;

  gtk_widget_get_preferred_size(GTK_WIDGET(button), NULL, &natural);
  return mode == PRG_PANEL_HORIZONTAL ? natural.height : natural.width;
}

static void
test_fits(void)
{
  static const struct {
    PrgPanelMode mode;
    int size, icon;
    const char *text; /* NULL = none */
    gboolean has_bar;
  } cases[] = {
    { PRG_PANEL_HORIZONTAL, 16, 12, "L12", FALSE },
    { PRG_PANEL_HORIZONTAL, 24, 16, "L12", FALSE },
    { PRG_PANEL_HORIZONTAL, 26, 16, "Operative · Level 12", TRUE },
    { PRG_PANEL_HORIZONTAL, 48, 44, "Operative · Level 12", TRUE },
    { PRG_PANEL_VERTICAL, 20, 12, NULL, FALSE },
    { PRG_PANEL_VERTICAL, 36, 24, "L12", TRUE },
    { PRG_PANEL_DESKBAR, 200, 24, "Operative · Level 12", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    PrgPanelButton *button = PRG_PANEL_BUTTON(prg_panel_button_new());
    g_autoptr(PrgPanelView) view = view_of(TRUE);
    g_autoptr(PrgPanelView) signed_out = view_of(FALSE);

    gtk_container_add(GTK_CONTAINER(window), GTK_WIDGET(button));
    prg_panel_button_fit(button, prg_panel_fit(cases[i].mode, cases[i].size, 1, cases[i].icon));
    prg_panel_button_show(button, view);
    gtk_widget_show(GTK_WIDGET(button));
    gtk_widget_show(window);
    expect(button, cases[i].text, cases[i].has_bar);
    g_assert_cmpint(breadth(button, cases[i].mode), <=, cases[i].size);
    prg_panel_button_show(button, signed_out);
    g_assert_null(find_visible(GTK_WIDGET(button), GTK_TYPE_PROGRESS_BAR));
    gtk_widget_destroy(window);
  }
}

static void
test_tooltip(void)
{
  GtkWidget *button = g_object_ref_sink(prg_panel_button_new());
  g_autoptr(PrgPanelView) view = view_of(TRUE);

  prg_panel_button_show(PRG_PANEL_BUTTON(button), view);
  g_assert_true(gtk_widget_get_has_tooltip(button));
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), TRUE);
  g_assert_false(gtk_widget_get_has_tooltip(button));
  prg_panel_button_show(PRG_PANEL_BUTTON(button), view);
  g_assert_false(gtk_widget_get_has_tooltip(button));
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), FALSE);
  g_assert_true(gtk_widget_get_has_tooltip(button));
  g_object_unref(button);
}

/* The theme has an icon for each state. */
static void
test_icons(void)
{
  GtkIconTheme *theme = gtk_icon_theme_get_default();

  for (int state = LIDS_SYNC_STATE_UNKNOWN; state <= LIDS_SYNC_STATE_BLOCKED; state++) {
    PrgPanelFacts facts = { .present = TRUE, .signed_in = TRUE, .sync_state = (LidsSyncState)state };
    g_autoptr(PrgPanelView) view = prg_panel_view_new(&facts);

    g_assert_true(gtk_icon_theme_has_icon(theme, view->icons[0]));
  }
}

int
main(int argc, char **argv)
{
  gtk_test_init(&argc, &argv, NULL);
  g_test_add_func("/panel/fits", test_fits);
  g_test_add_func("/panel/tooltip", test_tooltip);
  g_test_add_func("/panel/icons", test_icons);
  return g_test_run();
}
