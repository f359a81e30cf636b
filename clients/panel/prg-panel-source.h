/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the panel's facts come from: the client library. It starts the service once; when the service ends, the facts say so, and the next
 * question starts it again. It has no timer: it hears of changes.
 */
#pragma once

#include "prg-panel-model.h"

G_BEGIN_DECLS

#define PRG_TYPE_PANEL_SOURCE (prg_panel_source_get_type())
G_DECLARE_FINAL_TYPE(PrgPanelSource, prg_panel_source, PRG, PANEL_SOURCE, GObject)

/*
 * Signals:
 * changed: what prg_panel_source_get_facts() tells is new. Raised once for what arrives together.
 */

/* Returns: (transfer full): a source that connects by itself */
PrgPanelSource *prg_panel_source_new(void);

/* Ends everything under way. No signal is raised afterwards. */
void prg_panel_source_close(PrgPanelSource *self);

/* @facts: (out): filled with texts that stay valid until the main loop runs again */
void prg_panel_source_get_facts(PrgPanelSource *self, PrgPanelFacts *facts);

/*
 * prg_panel_source_sync_async:
 * prg_panel_source_sync_finish:
 *
 * SyncNow. Work that goes on after 20 seconds is no error.
 */
void prg_panel_source_sync_async(PrgPanelSource *self, GAsyncReadyCallback callback, gpointer data);
gboolean prg_panel_source_sync_finish(PrgPanelSource *self, GAsyncResult *result, GError **error);

/*
 * prg_panel_source_gates_async:
 * prg_panel_source_gates_finish:
 *
 * What the next rank still asks for. Errors: those of the client library; its message is for people. Nobody being signed in is no error: the facts
 * tell it.
 *
 * Returns: (transfer full) (nullable) (element-type LidsGate): all gates of the next rank; NULL = error, or nobody is signed in
 */
void prg_panel_source_gates_async(PrgPanelSource *self, GAsyncReadyCallback callback, gpointer data);
GPtrArray *prg_panel_source_gates_finish(PrgPanelSource *self, GAsyncResult *result, GError **error);

G_END_DECLS
