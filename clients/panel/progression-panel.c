/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The panel plugin: tells the applet how much room there is, places its popup, and nothing else. It stays in memory once loaded, because
 * GTK's types do.
 */
#include "prg-panel-applet.h"

#include <glib/gi18n-lib.h>
#include <libxfce4panel/libxfce4panel.h>

typedef struct {
  XfcePanelPlugin parent_instance;
  PrgPanelApplet *applet; /* (owned) */
  gboolean autohide_blocked;
} ProgressionPanel;

typedef struct {
  XfcePanelPluginClass parent_class;
} ProgressionPanelClass;

/* What the panel's macros define. */
GType progression_panel_get_type(void);
void progression_panel_register_type(XfcePanelTypeModule *module);
XFCE_PANEL_DEFINE_PLUGIN_RESIDENT(ProgressionPanel, progression_panel)

static void
block_autohide(ProgressionPanel *self, gboolean blocked)
{
  if (self->autohide_blocked != blocked)
    xfce_panel_plugin_block_autohide(XFCE_PANEL_PLUGIN(self), blocked);
  self->autohide_blocked = blocked;
}

static void
on_resized(ProgressionPanel *self)
{
  GtkWidget *popup = GTK_WIDGET(prg_panel_applet_get_popup(self->applet));
  GtkWidget *button = GTK_WIDGET(prg_panel_applet_get_button(self->applet));
  int x, y;

  block_autohide(self, TRUE);
  xfce_panel_plugin_position_widget(XFCE_PANEL_PLUGIN(self), popup, button, &x, &y);
  gtk_window_move(GTK_WINDOW(popup), x, y);
}

static void
on_closed(ProgressionPanel *self)
{
  block_autohide(self, FALSE);
}

static PrgPanelMode
mode_of(XfcePanelPlugin *plugin)
{
  switch (xfce_panel_plugin_get_mode(plugin)) {
  case XFCE_PANEL_PLUGIN_MODE_VERTICAL:
    return PRG_PANEL_VERTICAL;
  case XFCE_PANEL_PLUGIN_MODE_DESKBAR:
    return PRG_PANEL_DESKBAR;
  default:
    return PRG_PANEL_HORIZONTAL;
  }
}

static void
fit(XfcePanelPlugin *plugin)
{
  ProgressionPanel *self = (ProgressionPanel *)plugin;
  PrgPanelMode mode = mode_of(plugin);
  int size = xfce_panel_plugin_get_size(plugin);
  int rows = (int)xfce_panel_plugin_get_nrows(plugin);

  /* In a deskbar the applet takes the whole width, elsewhere one row. */
  xfce_panel_plugin_set_small(plugin, mode != PRG_PANEL_DESKBAR);
  if (self->applet)
    prg_panel_button_fit(prg_panel_applet_get_button(self->applet),
                         prg_panel_fit(mode, size, rows, xfce_panel_plugin_get_icon_size(plugin)));
}

static gboolean
progression_panel_size_changed(XfcePanelPlugin *plugin, int size)
{
  fit(plugin);
  return TRUE;
}

static void
progression_panel_mode_changed(XfcePanelPlugin *plugin, XfcePanelPluginMode mode)
{
  fit(plugin);
}

static void
progression_panel_nrows_changed(XfcePanelPlugin *plugin, guint rows)
{
  fit(plugin);
}

/* `xfce4-panel --plugin-event=lids-progression:popup`: for a key of the desktop. */
static gboolean
progression_panel_remote_event(XfcePanelPlugin *plugin, const char *name, const GValue *value)
{
  ProgressionPanel *self = (ProgressionPanel *)plugin;
  GtkToggleButton *button =
      self->applet ? GTK_TOGGLE_BUTTON(prg_panel_applet_get_button(self->applet)) : NULL;

  if (button == NULL || g_strcmp0(name, "popup") != 0)
    return FALSE;
  gtk_toggle_button_set_active(button, !gtk_toggle_button_get_active(button));
  return TRUE;
}

static void
progression_panel_construct(XfcePanelPlugin *plugin)
{
  ProgressionPanel *self = (ProgressionPanel *)plugin;
  GtkWidget *button;

  bindtextdomain(GETTEXT_PACKAGE, PRG_LOCALEDIR);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
  self->applet = prg_panel_applet_new();
  button = GTK_WIDGET(prg_panel_applet_get_button(self->applet));
  g_signal_connect_swapped(self->applet, "resized", G_CALLBACK(on_resized), self);
  g_signal_connect_swapped(self->applet, "closed", G_CALLBACK(on_closed), self);
  gtk_container_add(GTK_CONTAINER(plugin), button);
  xfce_panel_plugin_add_action_widget(plugin, button);
  fit(plugin);
  gtk_widget_show(button);
}

static void
progression_panel_free_data(XfcePanelPlugin *plugin)
{
  ProgressionPanel *self = (ProgressionPanel *)plugin;

  if (self->applet == NULL)
    return;
  g_signal_handlers_disconnect_by_data(self->applet, self);
  prg_panel_applet_close(self->applet);
  g_clear_object(&self->applet);
}

static void
progression_panel_class_init(ProgressionPanelClass *klass)
{
  XfcePanelPluginClass *plugin_class = XFCE_PANEL_PLUGIN_CLASS(klass);

  plugin_class->construct = progression_panel_construct;
  plugin_class->size_changed = progression_panel_size_changed;
  plugin_class->mode_changed = progression_panel_mode_changed;
  plugin_class->nrows_changed = progression_panel_nrows_changed;
  plugin_class->remote_event = progression_panel_remote_event;
  plugin_class->free_data = progression_panel_free_data;
}

static void
progression_panel_init(ProgressionPanel *self)
{
}
