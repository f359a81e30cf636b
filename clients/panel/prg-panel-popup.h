/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window that a click opens: how the rep stands, what the next rank still asks for, and Sync now. A window of its own: a GtkPopover cannot
 * leave the panel's window on X11. It knows GTK and the view, not the panel or the bus.
 */
#pragma once

#include "prg-panel-model.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PRG_TYPE_PANEL_POPUP (prg_panel_popup_get_type())
G_DECLARE_FINAL_TYPE(PrgPanelPopup, prg_panel_popup, PRG, PANEL_POPUP, GtkWindow)

/*
 * Signals:
 * sync-now: the button was pressed.
 * dismissed: Escape, or the focus went elsewhere: the window wants to be hidden.
 */

/* Returns: (transfer none): a hidden window, which belongs to GTK until gtk_widget_destroy() */
PrgPanelPopup *prg_panel_popup_new(void);

/*
 * prg_panel_popup_show_view:
 * @view: (transfer none): what to show
 * @last_sync: the time of the last sync, for people
 * @busy: whether a sync that was asked for here is under way
 */
void prg_panel_popup_show_view(PrgPanelPopup *self,
                               const PrgPanelView *view,
                               const char *last_sync,
                               gboolean busy);

/*
 * prg_panel_popup_show_gates:
 * @gates: (transfer none) (nullable) (element-type PrgPanelGate): what is missing; NULL = not known
 * @eligible: whether nothing is missing
 */
void prg_panel_popup_show_gates(PrgPanelPopup *self, GPtrArray *gates, gboolean eligible);

/* @error: (nullable): what went wrong with what was asked for here, in plain words; NULL = nothing */
void prg_panel_popup_show_error(PrgPanelPopup *self, const char *error);

G_END_DECLS
