/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgKeyringPatience: keeps in mind which calls were given up and are still unanswered, and when to ask a keyring again that says nothing by
 * itself. Knows tasks and clocks only; a part of PrgKeyring.
 */
typedef struct _PrgKeyringPatience PrgKeyringPatience;

/* (transfer full) @news: an answer came after all, or it is time to ask again. In the thread-default main context. */
PrgKeyringPatience *prg_keyring_patience_new(void (*news)(gpointer user_data), gpointer user_data);
void prg_keyring_patience_free(PrgKeyringPatience *self);

/* @task was answered without the library, which still works on it: waited for until the clock below has run down. */
void prg_keyring_patience_add(PrgKeyringPatience *self, GTask *task);
gboolean prg_keyring_patience_is_waiting(PrgKeyringPatience *self);
/* The library answered @task. */
void prg_keyring_patience_remove(PrgKeyringPatience *self, GTask *task);
/* Nobody will answer any more. */
void prg_keyring_patience_forget(PrgKeyringPatience *self);

/* Asks for @news in a minute; twice as late each time, up to an hour, since there may be a prompt each time. */
void prg_keyring_patience_ask_later(PrgKeyringPatience *self);

G_END_DECLS
