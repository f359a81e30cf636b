/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgKeyring: the account's secret in the system keyring. The only user of libsecret.
 *
 * Item: schema `org.lids.Progression.Account`, attributes `server` (origin) and `member`; the secret is the token, nothing else.
 * Never prompts by itself; a sandbox's portal may. Every call has a timeout of 15 s (a stopped daemon hangs for ever otherwise).
 */
#define PRG_TYPE_KEYRING (prg_keyring_get_type())
G_DECLARE_FINAL_TYPE(PrgKeyring, prg_keyring, PRG, KEYRING, GObject)

/* Signal `changed`: the service appeared, vanished, was unlocked or locked, or an item may have changed: look up again. In a
 * sandbox: the portals came, the Secret portal answered late, or it is time to ask it again. */
/* @connection: the host's, to the session bus; all calls go over it. In a Flatpak libsecret also uses GLib's shared one.
 * @timeout_ms: how long a call may take; 0 = 15 s */
PrgKeyring *prg_keyring_new(GDBusConnection *connection, guint timeout_ms);

typedef struct {
  char *server;     /* (owned) */
  char *member;     /* (owned) */
  char *token;      /* (owned) wiped when freed */
  guint64 modified; /* s since the epoch */
} PrgSecretItem;
void prg_secret_item_free(PrgSecretItem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgSecretItem, prg_secret_item_free)

/* Finds the newest item, narrowed to @server and @member where given. Returns NULL without error: there is none.
 * Errors: KEYRING_LOCKED (told from missing by the collection's Locked property), KEYRING_UNAVAILABLE, CANCELLED. A call that a
 * replaced daemon held, or that failed on a proxy gone stale, begins anew by itself. */
void prg_keyring_lookup_async(PrgKeyring *self,
                              const char *server,
                              const char *member,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
PrgSecretItem *prg_keyring_lookup_finish(PrgKeyring *self, GAsyncResult *result, GError **error);

/* Stores (replaces) the token; @label is shown in keyring tools. Errors as above. */
void prg_keyring_store_async(PrgKeyring *self,
                             const char *server,
                             const char *member,
                             const char *token,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean prg_keyring_store_finish(PrgKeyring *self, GAsyncResult *result, GError **error);

/* Removes the item; no item is no error. */
void prg_keyring_clear_async(PrgKeyring *self,
                             const char *server,
                             const char *member,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean prg_keyring_clear_finish(PrgKeyring *self, GAsyncResult *result, GError **error);

G_END_DECLS
