/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-panel-style.h"

void
prg_panel_set_icon(GtkImage *image, const char *const *names)
{
  g_autoptr(GIcon) icon = g_themed_icon_new_from_names((char **)names, -1);
  int size = gtk_image_get_pixel_size(image);

  gtk_image_set_from_gicon(image, icon, GTK_ICON_SIZE_MENU);
  gtk_image_set_pixel_size(image, size);
}

void
prg_panel_set_name(GtkWidget *widget, const char *name)
{
  atk_object_set_name(gtk_widget_get_accessible(widget), name);
}

void
prg_panel_add_style(GtkWidget *widget, const char *css)
{
  g_autoptr(GtkCssProvider) provider = gtk_css_provider_new();

  gtk_css_provider_load_from_data(provider, css, -1, NULL);
  gtk_style_context_add_provider(gtk_widget_get_style_context(widget), GTK_STYLE_PROVIDER(provider),
                                 GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}
