/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-accounts.h"
#include "prg-error.h"
#include "prg-file.h"

#include <string.h>

#define FILE_NAME "accounts.ini"
#define MAX_FILE (1024 * 1024)
#define GROUP_LAST "last"

struct _PrgAccounts {
  PrgJobs *jobs;      /* (owned) */
  GFile *file;        /* (owned) */
  GKeyFile *keys;     /* (owned) */
  char *path;         /* (owned) of it */
  GPtrArray *waiters; /* (owned) (element-type GTask) for what was set to be on disk */
  gboolean is_writing;
  gboolean is_dirty;
  gboolean has_failed; /* the last time it was written */
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

  self->jobs = prg_jobs_ref(jobs);
  self->path = g_build_filename(directory, FILE_NAME, NULL);
  self->file = g_file_new_for_path(self->path);
  self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
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
  g_ptr_array_unref(self->waiters);
  g_free(self->path);
  g_key_file_unref(self->keys);
  g_free(self);
}

void
prg_accounts_load_async(PrgAccounts *self, GAsyncReadyCallback callback, gpointer user_data)
{
  prg_file_read_async(g_file_peek_path(self->file), MAX_FILE, prg_jobs_get_cancellable(self->jobs), callback,
                      user_data);
}

void
prg_accounts_load_finish(PrgAccounts *self, GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  gsize length;
  g_autofree char *text = prg_file_read_finish(result, &length, &error);

  if (text == NULL) {
    if (!g_error_matches(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID) &&
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

/* ---- writing ---- */

typedef struct {
  char *path; /* (owned) */
  char *text; /* (owned) */
  gsize length;
} Writing;

static void
writing_free(Writing *self)
{
  g_free(self->path);
  g_free(self->text);
  g_free(self);
}

static void
write_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Writing *writing = task_data;
  GError *error = NULL;

  if (prg_file_replace(writing->path, writing->text, writing->length, &error))
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
}

static void
tell_waiters(PrgAccounts *self, const GError *error)
{
  g_autoptr(GPtrArray) waiters = g_steal_pointer(&self->waiters);

  self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; i < waiters->len; i++) {
    if (error)
      g_task_return_error(g_ptr_array_index(waiters, i), g_error_copy(error));
    else
      g_task_return_boolean(g_ptr_array_index(waiters, i), TRUE);
  }
}

static void write_file(PrgAccounts *self);

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
  PrgAccounts *self = user_data;
  g_autoptr(GError) error = NULL;

  self->is_writing = FALSE;
  if (!g_task_propagate_boolean(G_TASK(result), &error))
    g_warning("The list of accounts cannot be written: %s", error->message);
  self->has_failed = error != NULL;
  if (self->is_dirty)
    write_file(self);
  else
    tell_waiters(self, error);
  prg_jobs_end(self->jobs);
}

/* Never cancelled: a sign-out just before the end must be remembered. */
static void
write_file(PrgAccounts *self)
{
  g_autoptr(GTask) task = NULL;
  Writing *writing;

  self->is_dirty = self->is_writing;
  if (self->is_writing)
    return;
  self->is_writing = TRUE;
  writing = g_new0(Writing, 1);
  writing->path = g_strdup(self->path);
  writing->text = g_key_file_to_data(self->keys, &writing->length, NULL);
  prg_jobs_begin(self->jobs);
  task = g_task_new(NULL, NULL, on_written, self);
  g_task_set_source_tag(task, write_file);
  g_task_set_task_data(task, writing, (GDestroyNotify)writing_free);
  g_task_run_in_thread(task, write_in_thread);
}

void
prg_accounts_sync_async(PrgAccounts *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(NULL, NULL, callback, user_data);

  g_task_set_source_tag(task, prg_accounts_sync_async);
  if (!self->is_writing && !self->has_failed) {
    g_task_return_boolean(task, TRUE);
    g_object_unref(task);
    return;
  }
  g_ptr_array_add(self->waiters, task);
  if (!self->is_writing)
    write_file(self);
}

gboolean
prg_accounts_sync_finish(PrgAccounts *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
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
