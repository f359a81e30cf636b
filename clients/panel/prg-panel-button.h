/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part that stands in the panel: a toggle button with icon, text and bar. It knows GTK and the view, not the panel or the bus. */
#pragma once

#include "prg-panel-model.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PRG_TYPE_PANEL_BUTTON (prg_panel_button_get_type())
G_DECLARE_FINAL_TYPE(PrgPanelButton, prg_panel_button, PRG, PANEL_BUTTON, GtkToggleButton)

/* Returns: (transfer floating) */
GtkWidget *prg_panel_button_new(void);

/* @view: (transfer none) */
void prg_panel_button_show(PrgPanelButton *self, const PrgPanelView *view);

/* What there is room for. */
void prg_panel_button_fit(PrgPanelButton *self, PrgPanelFit fit);

G_END_DECLS
