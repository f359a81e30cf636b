/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts source, button and popup together. It knows nothing of xfce4-panel, which places what is here. */
#pragma once

#include "prg-panel-button.h"
#include "prg-panel-popup.h"

G_BEGIN_DECLS

#define PRG_TYPE_PANEL_APPLET (prg_panel_applet_get_type())
G_DECLARE_FINAL_TYPE(PrgPanelApplet, prg_panel_applet, PRG, PANEL_APPLET, GObject)

/*
 * Signals:
 * resized: the popup is open, or has another size: place it.
 * closed: the popup is hidden.
 */

/* Returns: (transfer full): a new applet, which shows something at once */
PrgPanelApplet *prg_panel_applet_new(void);

/* Ends everything: no callback runs afterwards, and the popup is gone. The button is its parent's. */
void prg_panel_applet_close(PrgPanelApplet *self);

/* Returns: (transfer none): for the panel to pack */
PrgPanelButton *prg_panel_applet_get_button(PrgPanelApplet *self);

/* Returns: (transfer none) */
PrgPanelPopup *prg_panel_applet_get_popup(PrgPanelApplet *self);

G_END_DECLS
