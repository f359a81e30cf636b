/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-popup.h"

#include "prg-panel-style.h"

#include <gdk/gdkkeysyms.h>
#include <glib/gi18n-lib.h>

#define GAP 6          /* px */
#define WIDTH_CHARS 42 /* of text that wraps */
#define MAX_HEIGHT 320 /* px of the list of gates */

struct _PrgPanelPopup {
  GtkWindow parent_instance;
  /* All (not owned): children. */
  GtkLabel *rank;
  GtkLabel *level;
  GtkProgressBar *bar;
  GtkLabel *xp;
  GtkImage *icon;
  GtkLabel *state;
  GtkLabel *reason;
  GtkLabel *goal;
  GtkBox *gates;
  GtkLabel *waiting;
  GtkLabel *last_sync;
  GtkLabel *hint;
  GtkLabel *error;
  GtkButton *sync;
};

enum { SYNC_NOW, DISMISSED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(PrgPanelPopup, prg_panel_popup, GTK_TYPE_WINDOW)

static void
set_text(GtkLabel *label, const char *text)
{
  gtk_label_set_text(label, text ? text : "");
  gtk_widget_set_visible(GTK_WIDGET(label), text && *text);
}

/* One width for all, so that the window keeps its own while texts change. */
static void
set_width(GtkLabel *label)
{
  gtk_label_set_line_wrap(label, TRUE);
  gtk_label_set_width_chars(label, WIDTH_CHARS);
  gtk_label_set_max_width_chars(label, WIDTH_CHARS);
}

/* ---- what is shown ---- */

void
prg_panel_popup_show_view(PrgPanelPopup *self, const PrgPanelView *view, const char *last_sync, gboolean busy)
{
  g_autofree char *when = g_strdup_printf(_("Last sync: %s"), last_sync);

  set_text(self->rank, view->rank);
  set_text(self->level, view->level);
  set_text(self->xp, view->xp);
  gtk_progress_bar_set_fraction(self->bar, view->fraction);
  gtk_widget_set_visible(GTK_WIDGET(self->bar), view->known);
  prg_panel_set_name(GTK_WIDGET(self->bar), view->xp);
  prg_panel_set_icon(self->icon, view->icons);
  set_text(self->state, view->state);
  set_text(self->reason, view->reason);
  set_text(self->goal, view->goal);
  set_text(self->waiting, view->waiting);
  set_text(self->last_sync, view->known ? when : "");
  gtk_widget_set_visible(GTK_WIDGET(self->hint), view->needs_sign_in);
  gtk_widget_set_sensitive(GTK_WIDGET(self->sync), view->can_sync && !busy);
}

/* (transfer floating) */
static GtkWidget *
gate_row(const PrgPanelGate *gate)
{
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *label = gtk_label_new(gate->text);

  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_max_width_chars(GTK_LABEL(label), WIDTH_CHARS);
  gtk_container_add(GTK_CONTAINER(row), label);
  if (gate->fraction >= 0) {
    GtkWidget *bar = gtk_progress_bar_new();

    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(bar), gate->fraction);
    prg_panel_set_name(bar, gate->text);
    gtk_container_add(GTK_CONTAINER(row), bar);
  }
  gtk_widget_show_all(row);
  return row;
}

void
prg_panel_popup_show_gates(PrgPanelPopup *self, GPtrArray *gates, gboolean eligible)
{
  PrgPanelGate all = { .text = _("Everything is met"), .fraction = -1 };

  gtk_container_foreach(GTK_CONTAINER(self->gates), (GtkCallback)(void (*)(void))gtk_widget_destroy, NULL);
  for (guint i = 0; gates && i < gates->len; i++)
    gtk_container_add(GTK_CONTAINER(self->gates), gate_row(gates->pdata[i]));
  if (eligible)
    gtk_container_add(GTK_CONTAINER(self->gates), gate_row(&all));
}

void
prg_panel_popup_show_error(PrgPanelPopup *self, const char *error)
{
  set_text(self->error, error);
}

/* ---- how it is left ---- */

static gboolean
prg_panel_popup_key_press_event(GtkWidget *widget, GdkEventKey *event)
{
  if (event->keyval == GDK_KEY_Escape) {
    g_signal_emit(widget, signals[DISMISSED], 0);
    return GDK_EVENT_STOP;
  }
  return GTK_WIDGET_CLASS(prg_panel_popup_parent_class)->key_press_event(widget, event);
}

static gboolean
prg_panel_popup_focus_out_event(GtkWidget *widget, GdkEventFocus *event)
{
  gboolean stop = GTK_WIDGET_CLASS(prg_panel_popup_parent_class)->focus_out_event(widget, event);

  g_signal_emit(widget, signals[DISMISSED], 0);
  return stop;
}

static gboolean
prg_panel_popup_delete_event(GtkWidget *widget, GdkEventAny *event)
{
  g_signal_emit(widget, signals[DISMISSED], 0);
  return GDK_EVENT_STOP;
}

/* A window manager may leave the focus where it was, and without one nobody gives it: a key that opened the window would open it in vain. */
static gboolean
prg_panel_popup_map_event(GtkWidget *widget, GdkEventAny *event)
{
  PrgPanelPopup *self = PRG_PANEL_POPUP(widget);

  gdk_window_focus(gtk_widget_get_window(widget), GDK_CURRENT_TIME);
  gtk_widget_grab_focus(GTK_WIDGET(self->sync));
  return GDK_EVENT_PROPAGATE;
}

static void
on_sync_clicked(PrgPanelPopup *self)
{
  g_signal_emit(self, signals[SYNC_NOW], 0);
}

/* ---- how it is built ---- */

static GtkLabel *
add_label(GtkBox *box, const char *style)
{
  GtkWidget *label = gtk_label_new(NULL);

  gtk_label_set_xalign(GTK_LABEL(label), 0);
  set_width(GTK_LABEL(label));
  if (style)
    gtk_style_context_add_class(gtk_widget_get_style_context(label), style);
  gtk_box_pack_start(box, label, FALSE, FALSE, 0);
  return GTK_LABEL(label);
}

static void
embolden(GtkLabel *label)
{
  g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

  pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
  gtk_label_set_attributes(label, attributes);
}

static void
build_standing(PrgPanelPopup *self, GtkBox *box)
{
  self->rank = add_label(box, NULL);
  embolden(self->rank);
  self->level = add_label(box, NULL);
  self->bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
  gtk_box_pack_start(box, GTK_WIDGET(self->bar), FALSE, FALSE, 0);
  self->xp = add_label(box, NULL);
}

static void
build_gates(PrgPanelPopup *self, GtkBox *box)
{
  GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);

  self->goal = add_label(box, NULL);
  embolden(self->goal);
  self->gates = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP));
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
  gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), MAX_HEIGHT);
  gtk_container_add(GTK_CONTAINER(scrolled), GTK_WIDGET(self->gates));
  gtk_box_pack_start(box, scrolled, FALSE, FALSE, 0);
}

static void
build_sync(PrgPanelPopup *self, GtkBox *box)
{
  GtkBox *line = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP));

  gtk_box_pack_start(box, GTK_WIDGET(line), FALSE, FALSE, 0);
  self->icon = GTK_IMAGE(gtk_image_new());
  gtk_image_set_pixel_size(self->icon, 16);
  gtk_box_pack_start(line, GTK_WIDGET(self->icon), FALSE, FALSE, 0);
  self->state = add_label(line, NULL);
  gtk_label_set_width_chars(self->state, -1);
  self->reason = add_label(box, NULL);
  self->waiting = add_label(box, GTK_STYLE_CLASS_DIM_LABEL);
  self->last_sync = add_label(box, GTK_STYLE_CLASS_DIM_LABEL);
  self->hint = add_label(box, NULL);
  gtk_label_set_text(self->hint, _("To sign in, run in a terminal:\nprogression sign-in --help"));
  gtk_label_set_selectable(self->hint, TRUE);
  self->error = add_label(box, GTK_STYLE_CLASS_ERROR);
  self->sync = GTK_BUTTON(gtk_button_new_with_mnemonic(_("_Sync now")));
  gtk_box_pack_start(box, GTK_WIDGET(self->sync), FALSE, FALSE, 0);
  g_signal_connect_swapped(self->sync, "clicked", G_CALLBACK(on_sync_clicked), self);
}

static void
prg_panel_popup_class_init(PrgPanelPopupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

  widget_class->key_press_event = prg_panel_popup_key_press_event;
  widget_class->focus_out_event = prg_panel_popup_focus_out_event;
  widget_class->map_event = prg_panel_popup_map_event;
  widget_class->delete_event = prg_panel_popup_delete_event;
  signals[SYNC_NOW] = g_signal_new("sync-now", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
  signals[DISMISSED] = g_signal_new("dismissed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
}

static void
prg_panel_popup_init(PrgPanelPopup *self)
{
  GtkWindow *window = GTK_WINDOW(self);
  GtkWidget *frame = gtk_frame_new(NULL);
  GtkBox *box = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP));

  gtk_window_set_title(window, _("Progression"));
  gtk_window_set_decorated(window, FALSE);
  gtk_window_set_resizable(window, FALSE);
  gtk_window_set_skip_taskbar_hint(window, TRUE);
  gtk_window_set_skip_pager_hint(window, TRUE);
  gtk_window_set_keep_above(window, TRUE);
  gtk_window_stick(window);
  gtk_window_set_type_hint(window, GDK_WINDOW_TYPE_HINT_UTILITY);
  gtk_container_set_border_width(GTK_CONTAINER(box), 2 * GAP);
  build_standing(self, box);
  gtk_box_pack_start(box, gtk_separator_new(GTK_ORIENTATION_HORIZONTAL), FALSE, FALSE, 0);
  build_gates(self, box);
  gtk_box_pack_start(box, gtk_separator_new(GTK_ORIENTATION_HORIZONTAL), FALSE, FALSE, 0);
  build_sync(self, box);
  gtk_container_add(GTK_CONTAINER(frame), GTK_WIDGET(box));
  gtk_container_add(GTK_CONTAINER(window), frame);
  gtk_widget_show_all(frame);
  prg_panel_popup_show_error(self, NULL);
}

PrgPanelPopup *
prg_panel_popup_new(void)
{
  return g_object_new(PRG_TYPE_PANEL_POPUP, "type", GTK_WINDOW_TOPLEVEL, NULL);
}
