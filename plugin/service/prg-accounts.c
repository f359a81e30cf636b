/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-accounts.h"

#include <string.h>

#define FILE_NAME "accounts.ini"
#define GROUP_LAST "last"

struct _PrgAccounts {
  PrgJobs *jobs;  /* (owned) */
  GFile *file;    /* (owned) */
  GKeyFile *keys; /* (owned) */
  gboolean is_writing;
  gboolean is_dirty;
};

/* Ids come from a server: nothing but letters, digits, '-' and '_' reaches the file system. */
static char *
safe_name(const char *workspace, const char *member)
{
  g_autofree char *joined = g_strdup_printf("%s-%s", workspace, member);

  g_strcanon(joined, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_", '_');
  return strlen(joined) <= 120 ? g_steal_pointer(&joined)
                               : g_compute_checksum_for_string(G_CHECKSUM_SHA256, joined, -1);
}

PrgAccount *
prg_account_new(const char *server, const char *member, const char *member_name, const char *workspace)
{
  PrgAccount *self = g_new0(PrgAccount, 1);

  self->name = safe_name(workspace, member);
  self->server = g_strdup(server);
  self->member = g_strdup(member);
  self->member_name = g_strdup(member_name);
  self->workspace = g_strdup(workspace);
  return self;
}

PrgAccount *
prg_account_copy(const PrgAccount *self)
{
  return prg_account_new(self->server, self->member, self->member_name, self->workspace);
}

void
prg_account_free(PrgAccount *self)
{
  if (self == NULL)
    return;
  g_free(self->name);
  g_free(self->server);
  g_free(self->member);
  g_free(self->member_name);
  g_free(self->workspace);
  g_free(self);
}

PrgAccounts *
prg_accounts_new(PrgJobs *jobs, const char *directory)
{
  PrgAccounts *self = g_new0(PrgAccounts, 1);
  g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL);

  self->jobs = prg_jobs_ref(jobs);
  self->file = g_file_new_for_path(path);
  self->keys = g_key_file_new();
  return self;
}

void
prg_accounts_free(PrgAccounts *self)
{
  if (self == NULL)
    return;
  prg_jobs_unref(self->jobs);
  g_object_unref(self->file);
  g_key_file_unref(self->keys);
  g_free(self);
}

void
prg_accounts_load_async(PrgAccounts *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_file_load_contents_async(self->file, prg_jobs_get_cancellable(self->jobs), callback, user_data);
}

void
prg_accounts_load_finish(PrgAccounts *self, GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_load_contents_finish(self->file, result, &text, &length, NULL, &error)) {
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
        !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      g_warning("The list of accounts cannot be read: %s", error->message);
    return;
  }
  if (length > 0 && !g_key_file_load_from_data(self->keys, text, length, G_KEY_FILE_NONE, &error))
    g_warning("The list of accounts is damaged and starts anew: %s", error->message);
}

static char *
get(PrgAccounts *self, const char *group, const char *key)
{
  char *value = g_key_file_get_string(self->keys, group, key, NULL);

  return value ? value : g_strdup("");
}

static PrgAccount *
read_account(PrgAccounts *self, const char *name)
{
  g_autoptr(PrgAccount) account = NULL;
  g_autofree char *server = get(self, name, "server");
  g_autofree char *member = get(self, name, "member");
  g_autofree char *member_name = get(self, name, "member-name");
  g_autofree char *workspace = get(self, name, "workspace");

  account = prg_account_new(server, member, member_name, workspace);
  /* Somebody edited the file: the name would not lead to the right store. */
  if (*server == '\0' || *member == '\0' || !g_str_equal(account->name, name))
    return NULL;
  return g_steal_pointer(&account);
}

PrgAccount *
prg_accounts_get_last(PrgAccounts *self)
{
  g_autofree char *name = get(self, GROUP_LAST, "account");

  return *name ? read_account(self, name) : NULL;
}

PrgAccount *
prg_accounts_find(PrgAccounts *self, const char *server, const char *member)
{
  g_auto(GStrv) groups = g_key_file_get_groups(self->keys, NULL);

  for (guint i = 0; groups[i]; i++) {
    g_autoptr(PrgAccount) account = g_str_equal(groups[i], GROUP_LAST) ? NULL : read_account(self, groups[i]);
    if (account && g_str_equal(account->server, server) && g_str_equal(account->member, member))
      return g_steal_pointer(&account);
  }
  return NULL;
}

gboolean
prg_accounts_is_ignored(PrgAccounts *self, const char *server, const char *member)
{
  g_autofree char *ignored_server = get(self, GROUP_LAST, "ignored-server");
  g_autofree char *ignored_member = get(self, GROUP_LAST, "ignored-member");

  return *ignored_member && g_str_equal(ignored_server, server) && g_str_equal(ignored_member, member);
}

static void write_file(PrgAccounts *self);

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgAccounts *self = user_data;
  g_autoptr(GError) error = NULL;

  self->is_writing = FALSE;
  if (!g_file_replace_contents_finish(self->file, result, NULL, &error))
    g_warning("The list of accounts cannot be written: %s", error->message);
  if (self->is_dirty)
    write_file(self);
  prg_jobs_end(self->jobs);
}

/* Never cancelled: a sign-out just before the end must be remembered. */
static void
write_file(PrgAccounts *self)
{
  g_autoptr(GBytes) bytes = NULL;
  gsize length;

  self->is_dirty = self->is_writing;
  if (self->is_writing)
    return;
  self->is_writing = TRUE;
  char *text = g_key_file_to_data(self->keys, &length, NULL);
  bytes = g_bytes_new_take(text, length);
  prg_jobs_begin(self->jobs);
  g_file_replace_contents_bytes_async(self->file, bytes, NULL, FALSE,
                                      G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, NULL,
                                      on_written, self);
}

void
prg_accounts_set_last(PrgAccounts *self, const PrgAccount *account)
{
  g_key_file_set_string(self->keys, GROUP_LAST, "account", account ? account->name : "");
  if (account) {
    g_key_file_set_string(self->keys, account->name, "server", account->server);
    g_key_file_set_string(self->keys, account->name, "member", account->member);
    g_key_file_set_string(self->keys, account->name, "member-name", account->member_name);
    g_key_file_set_string(self->keys, account->name, "workspace", account->workspace);
  }
  write_file(self);
}

void
prg_accounts_set_ignored(PrgAccounts *self, const char *server, const char *member)
{
  g_autofree char *ignored = get(self, GROUP_LAST, "ignored-member");

  if (member == NULL && *ignored == '\0')
    return;
  g_key_file_set_string(self->keys, GROUP_LAST, "ignored-server", server ? server : "");
  g_key_file_set_string(self->keys, GROUP_LAST, "ignored-member", member ? member : "");
  write_file(self);
}
