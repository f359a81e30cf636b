/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small things that both widgets do. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @names: (transfer none): names of symbolic icons, best first, NULL at the end */
void prg_panel_set_icon(GtkImage *image, const char *const *names);

/* What a screen reader calls the widget. */
void prg_panel_set_name(GtkWidget *widget, const char *name);

/* A style sheet for one widget. A widget's sheet does not reach its children, but for the parts that it draws itself. */
void prg_panel_add_style(GtkWidget *widget, const char *css);

G_END_DECLS
