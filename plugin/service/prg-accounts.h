/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-jobs.h"

G_BEGIN_DECLS

/* One account of this machine. Its store is `<name>.db`. No secret is in here. */
typedef struct {
  char *name;        /* (owned) "<workspace>-<member>", a safe file name */
  char *server;      /* (owned) origin */
  char *member;      /* (owned) */
  char *member_name; /* (owned) */
  char *workspace;   /* (owned) */
} PrgAccount;
PrgAccount *
prg_account_new(const char *server, const char *member, const char *member_name, const char *workspace);
PrgAccount *prg_account_copy(const PrgAccount *self);
void prg_account_free(PrgAccount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAccount, prg_account_free)

/**
 * PrgAccounts: the small file `accounts.ini` beside the stores: which accounts this disk has, which one was
 * in use last, and which keyring item a sign-out left behind on purpose. With it a rep's cache is served
 * before keyring and network have answered.
 */
typedef struct _PrgAccounts PrgAccounts;

PrgAccounts *prg_accounts_new(PrgJobs *jobs, const char *directory);
void prg_accounts_free(PrgAccounts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAccounts, prg_accounts_free)

/* Reads the file; one that is missing or damaged counts as empty. */
void prg_accounts_load_async(PrgAccounts *self, GAsyncReadyCallback callback, gpointer user_data);
void prg_accounts_load_finish(PrgAccounts *self, GAsyncResult *result);

PrgAccount *prg_accounts_get_last(PrgAccounts *self); /* (transfer full) (nullable) */
PrgAccount *
prg_accounts_find(PrgAccounts *self, const char *server, const char *member); /* (transfer full) (nullable) */
gboolean prg_accounts_is_ignored(PrgAccounts *self, const char *server, const char *member);

/* Each also writes the file, in the background. */
void prg_accounts_set_last(PrgAccounts *self, const PrgAccount *account); /* (nullable): signed out */
void prg_accounts_set_ignored(PrgAccounts *self, const char *server, const char *member); /* (nullable) */

/* Ends when all that was set is on disk; what could not be written is tried again. Errors: PRG_ERROR_STORAGE_FAILED. */
void prg_accounts_sync_async(PrgAccounts *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean prg_accounts_sync_finish(PrgAccounts *self, GAsyncResult *result, GError **error);

G_END_DECLS
