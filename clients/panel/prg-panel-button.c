/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-button.h"

#include "prg-panel-style.h"

struct _PrgPanelButton {
  GtkToggleButton parent_instance;
  GtkBox *box;         /* (not owned): child */
  GtkImage *icon;      /* (not owned): child */
  GtkBox *column;      /* (not owned): child */
  GtkLabel *label;     /* (not owned): child */
  GtkProgressBar *bar; /* (not owned): child */
  char *text;          /* (owned): for a wide panel */
  char *text_short;    /* (owned): for a narrow one */
  gboolean known;      /* whether there is a level to show */
  PrgPanelFit fit;
};

G_DEFINE_FINAL_TYPE(PrgPanelButton, prg_panel_button, GTK_TYPE_TOGGLE_BUTTON)

/* A theme's bar is wide and a theme's button is high: a panel has no room for that. No colours: those are the theme's. */
static const char style[] = "button { padding: 0 3px; min-width: 0; min-height: 0; }"
                            "progressbar trough { min-width: 20px; min-height: 3px; }"
                            "progressbar progress { min-height: 3px; }";

/* Shows what there is room for. */
static void
arrange(PrgPanelButton *self)
{
  gboolean full = self->fit.layout == PRG_PANEL_FULL;
  gboolean stacked = self->fit.layout == PRG_PANEL_STACKED;
  const char *text = self->fit.layout == PRG_PANEL_ICON ? "" : full ? self->text : self->text_short;

  gtk_label_set_text(self->label, text);
  gtk_widget_set_visible(GTK_WIDGET(self->label), *text != '\0');
  gtk_widget_set_visible(GTK_WIDGET(self->bar), self->known && (full || stacked));
  gtk_widget_set_visible(GTK_WIDGET(self->column), *text != '\0');
  gtk_orientable_set_orientation(GTK_ORIENTABLE(self->box),
                                 stacked ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
}

/* The open popup says all that the tooltip says, and is behind it. */
static void
prg_panel_button_toggled(GtkToggleButton *button)
{
  gtk_widget_set_has_tooltip(GTK_WIDGET(button), !gtk_toggle_button_get_active(button));
}

void
prg_panel_button_show(PrgPanelButton *self, const PrgPanelView *view)
{
  prg_panel_set_icon(self->icon, view->icons);
  gtk_progress_bar_set_fraction(self->bar, view->fraction);
  g_free(self->text);
  self->text = g_strdup(view->label);
  g_free(self->text_short);
  self->text_short = g_strdup(view->level_short);
  self->known = view->known;
  gtk_widget_set_tooltip_text(GTK_WIDGET(self), view->tooltip);
  prg_panel_button_toggled(GTK_TOGGLE_BUTTON(self));
  prg_panel_set_name(GTK_WIDGET(self), view->name);
  prg_panel_set_name(GTK_WIDGET(self->icon), view->status);
  prg_panel_set_name(GTK_WIDGET(self->bar), view->xp);
  arrange(self);
}

void
prg_panel_button_fit(PrgPanelButton *self, PrgPanelFit fit)
{
  g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

  if (fit.small)
    pango_attr_list_insert(attributes, pango_attr_scale_new(PANGO_SCALE_SMALL));
  gtk_label_set_attributes(self->label, attributes);
  gtk_image_set_pixel_size(self->icon, fit.icon_size);
  self->fit = fit;
  arrange(self);
}

static void
prg_panel_button_finalize(GObject *object)
{
  PrgPanelButton *self = PRG_PANEL_BUTTON(object);

  g_free(self->text);
  g_free(self->text_short);
  G_OBJECT_CLASS(prg_panel_button_parent_class)->finalize(object);
}

static void
prg_panel_button_class_init(PrgPanelButtonClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = prg_panel_button_finalize;
  GTK_TOGGLE_BUTTON_CLASS(klass)->toggled = prg_panel_button_toggled;
}

static void
prg_panel_button_init(PrgPanelButton *self)
{
  self->text = g_strdup("");
  self->text_short = g_strdup("");
  self->box = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4));
  self->column = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
  self->icon = GTK_IMAGE(gtk_image_new());
  self->label = GTK_LABEL(gtk_label_new(""));
  self->bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
  gtk_widget_set_valign(GTK_WIDGET(self->column), GTK_ALIGN_CENTER);
  gtk_box_pack_start(self->column, GTK_WIDGET(self->label), FALSE, FALSE, 0);
  gtk_box_pack_start(self->column, GTK_WIDGET(self->bar), FALSE, FALSE, 0);
  gtk_box_pack_start(self->box, GTK_WIDGET(self->icon), FALSE, FALSE, 0);
  gtk_box_pack_start(self->box, GTK_WIDGET(self->column), TRUE, TRUE, 0);
  gtk_widget_set_halign(GTK_WIDGET(self->box), GTK_ALIGN_CENTER);
  gtk_widget_set_valign(GTK_WIDGET(self->box), GTK_ALIGN_CENTER);
  gtk_container_add(GTK_CONTAINER(self), GTK_WIDGET(self->box));
  gtk_button_set_relief(GTK_BUTTON(self), GTK_RELIEF_NONE);
  prg_panel_add_style(GTK_WIDGET(self), style);
  prg_panel_add_style(GTK_WIDGET(self->bar), style);
  gtk_widget_show_all(GTK_WIDGET(self->box));
  arrange(self);
}

GtkWidget *
prg_panel_button_new(void)
{
  return g_object_new(PRG_TYPE_PANEL_BUTTON, NULL);
}
