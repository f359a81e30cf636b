/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-applet.h"

#include "prg-panel-source.h"

struct _PrgPanelApplet {
  GObject parent_instance;
  PrgPanelSource *source; /* (owned) (nullable): NULL = closed */
  PrgPanelButton *button; /* (owned) */
  PrgPanelPopup *popup;   /* (owned) */
  gboolean syncing;       /* a sync that was asked for here is under way */
  gboolean asking;        /* gates were asked for */
  gboolean ask_again;     /* and something changed since */
};

enum { RESIZED, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(PrgPanelApplet, prg_panel_applet, G_TYPE_OBJECT)

static gboolean
is_open(PrgPanelApplet *self)
{
  return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->button));
}

/* ---- what is missing for the next rank: asked for only while somebody looks ---- */

static void ask_gates(PrgPanelApplet *self);

static void
ask_gates_cb(GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr(PrgPanelApplet) self = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) missing = NULL;
  g_autoptr(GPtrArray) gates = prg_panel_source_gates_finish(PRG_PANEL_SOURCE(source), result, &error);

  self->asking = FALSE;
  if (self->source == NULL || !is_open(self))
    return;
  missing = gates ? prg_panel_gates_new(gates) : NULL;
  prg_panel_popup_show_gates(self->popup, missing, gates && gates->len > 0 && missing->len == 0);
  if (error)
    prg_panel_popup_show_error(self->popup, error->message);
  g_signal_emit(self, signals[RESIZED], 0);
  if (self->ask_again)
    ask_gates(self);
}

static void
ask_gates(PrgPanelApplet *self)
{
  self->ask_again = self->asking;
  if (self->asking)
    return;
  self->asking = TRUE;
  prg_panel_source_gates_async(self->source, ask_gates_cb, g_object_ref(self));
}

/* ---- what the service says ---- */

static void
show(PrgPanelApplet *self)
{
  PrgPanelFacts facts = { 0 };
  g_autoptr(PrgPanelView) view = NULL;

  prg_panel_source_get_facts(self->source, &facts);
  view = prg_panel_view_new(&facts);
  prg_panel_button_show(self->button, view);
  if (is_open(self)) {
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *last_sync = prg_panel_time(facts.last_sync, now);

    prg_panel_popup_show_view(self->popup, view, last_sync, self->syncing);
    g_signal_emit(self, signals[RESIZED], 0);
  }
}

static void
on_source_changed(PrgPanelApplet *self)
{
  show(self);
  if (is_open(self))
    ask_gates(self);
}

/* ---- what a person does ---- */

static void
on_sync_now_cb(GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr(PrgPanelApplet) self = data;
  g_autoptr(GError) error = NULL;

  prg_panel_source_sync_finish(PRG_PANEL_SOURCE(source), result, &error);
  self->syncing = FALSE;
  if (self->source == NULL)
    return;
  prg_panel_popup_show_error(self->popup, error ? error->message : NULL);
  show(self);
}

static void
on_sync_now(PrgPanelApplet *self)
{
  if (self->syncing)
    return;
  self->syncing = TRUE;
  prg_panel_popup_show_error(self->popup, NULL);
  show(self);
  prg_panel_source_sync_async(self->source, on_sync_now_cb, g_object_ref(self));
}

static void
on_toggled(PrgPanelApplet *self)
{
  if (is_open(self)) {
    prg_panel_popup_show_error(self->popup, NULL);
    prg_panel_popup_show_gates(self->popup, NULL, FALSE);
    on_source_changed(self);
    gtk_window_present_with_time(GTK_WINDOW(self->popup), gtk_get_current_event_time());
  } else {
    gtk_widget_hide(GTK_WIDGET(self->popup));
    g_signal_emit(self, signals[CLOSED], 0);
  }
}

static void
on_dismissed(PrgPanelApplet *self)
{
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->button), FALSE);
}

/* ---- life ---- */

void
prg_panel_applet_close(PrgPanelApplet *self)
{
  if (self->source == NULL)
    return;
  g_signal_handlers_disconnect_by_data(self->source, self);
  g_signal_handlers_disconnect_by_data(self->button, self);
  g_signal_handlers_disconnect_by_data(self->popup, self);
  prg_panel_source_close(self->source);
  g_clear_object(&self->source);
  gtk_widget_destroy(GTK_WIDGET(self->popup));
}

PrgPanelButton *
prg_panel_applet_get_button(PrgPanelApplet *self)
{
  return self->button;
}

PrgPanelPopup *
prg_panel_applet_get_popup(PrgPanelApplet *self)
{
  return self->popup;
}

static void
prg_panel_applet_dispose(GObject *object)
{
  PrgPanelApplet *self = PRG_PANEL_APPLET(object);

  prg_panel_applet_close(self);
  g_clear_object(&self->button);
  g_clear_object(&self->popup);
  G_OBJECT_CLASS(prg_panel_applet_parent_class)->dispose(object);
}

static void
prg_panel_applet_class_init(PrgPanelAppletClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = prg_panel_applet_dispose;
  signals[RESIZED] = g_signal_new("resized", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
  signals[CLOSED] = g_signal_new("closed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
prg_panel_applet_init(PrgPanelApplet *self)
{
  self->source = prg_panel_source_new();
  self->button = g_object_ref_sink(PRG_PANEL_BUTTON(prg_panel_button_new()));
  self->popup = g_object_ref(prg_panel_popup_new());
  g_signal_connect_swapped(self->source, "changed", G_CALLBACK(on_source_changed), self);
  g_signal_connect_swapped(self->button, "toggled", G_CALLBACK(on_toggled), self);
  g_signal_connect_swapped(self->popup, "sync-now", G_CALLBACK(on_sync_now), self);
  g_signal_connect_swapped(self->popup, "dismissed", G_CALLBACK(on_dismissed), self);
  show(self);
}

PrgPanelApplet *
prg_panel_applet_new(void)
{
  return g_object_new(PRG_TYPE_PANEL_APPLET, NULL);
}
