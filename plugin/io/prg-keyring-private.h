/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two parts of PrgKeyring share. The one place that includes libsecret. */
#pragma once

#include "prg-error.h"
#include "prg-keyring-limit.h"
#include "prg-keyring-patience.h"
#include "prg-keyring-watch.h"
#include "prg-keyring.h"

#include <libsecret/secret.h>

struct _PrgKeyring {
  GObject parent_instance;
  GDBusConnection *connection;  /* (owned) */
  PrgKeyringWatch *watch;       /* (owned) */
  SecretService *service;       /* (owned) (nullable) as long as it works */
  GQueue calls;                 /* (element-type GTask) (not owned) under way */
  PrgKeyringPatience *patience; /* (owned) */
  gboolean has_failed;          /* no key for the file; looking again may help when the portals come */
  guint timeout_ms;
};

/* One call of this interface: the account it is about, and what to do once the keyring proved open. */
typedef struct {
  char *server;            /* (owned) (nullable) */
  char *member;            /* (owned) (nullable) */
  char *label;             /* (owned) (nullable) */
  SecretValue *value;      /* (owned) (nullable) wiped by libsecret */
  SecretRetrievable *item; /* (owned) (nullable) found by a lookup */
  SecretService *service;  /* (owned) (nullable) */
  PrgKeyringLimit limit;
  GSource *impatience; /* (owned) (nullable) where libsecret cannot be cancelled: tells the caller */
  gboolean retried, replaced, given_up;
  void (*run)(GTask *task); /* takes the task */
} PrgKeyringCall;

/* Whether libsecret keeps the items in a file. */
gboolean prg_keyring_keeps_file(void);

/* (transfer full) An empty text narrows nothing. */
GTask *prg_keyring_call_new(PrgKeyring *self,
                            const char *server,
                            const char *member,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data,
                            void (*run)(GTask *));
/* Takes @task: every step hands it to the next, the last one frees it. */
void prg_keyring_call_begin(GTask *task);
/* Everything under way begins anew, or ends where that cannot help. */
void prg_keyring_call_begin_all_anew(PrgKeyring *self);

/* (transfer none) (nullable) What libsecret is given. */
GCancellable *prg_keyring_call_cancellable(PrgKeyringCall *call);
/* (transfer full) (element-type utf8 utf8) */
GHashTable *prg_keyring_call_attributes(PrgKeyringCall *call);
/* Takes @task and @error (nullable) if the task was given up. */
gboolean prg_keyring_call_is_late(GTask *task, GError *error);
/* The call is over; what is left is to tell. */
void prg_keyring_call_end(GTask *task);
/* Takes @task. */
void prg_keyring_call_fail(GTask *task, PrgError code, const char *message);
/* Takes @task and @error. Tries once more where the proxy may be what broke. */
void prg_keyring_call_fail_or_retry(GTask *task, GError *error);
