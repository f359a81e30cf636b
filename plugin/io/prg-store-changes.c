/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include "prg-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static const char *const statement_texts[PRG_STORE_N_STATEMENTS] = {
  [PRG_STORE_BEGIN] = "BEGIN IMMEDIATE",
  [PRG_STORE_COMMIT] = "COMMIT",
  [PRG_STORE_ROLLBACK] = "ROLLBACK",
  [PRG_STORE_FIND] = "SELECT position, " PRG_STORE_COLUMNS " FROM operations WHERE id = ?1",
  /* The position of a row that is there stays. */
  [PRG_STORE_PUT] =
      "INSERT INTO operations (" PRG_STORE_COLUMNS
      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
      "?16, ?17) ON CONFLICT (id) DO UPDATE SET device = ?2, seq = ?3, kind = ?4, amount = ?5, ref = ?6, "
      "occurred_at = ?7, local_day = ?8, zone = ?9, details = ?10, cause = ?11, created_at = ?12, state = "
      "?13, "
      "in_base = ?14, note = ?15, answer = ?16, sum = ?17",
  [PRG_STORE_BASE_SET] = "INSERT OR REPLACE INTO base (one, text, sum) VALUES (1, ?1, ?2)",
  [PRG_STORE_BASE_REMOVE] = "DELETE FROM base",
  [PRG_STORE_META_SET] = ("INSERT INTO meta (key, value, sum) VALUES (?1, ?2, ?3) "
                          "ON CONFLICT (key) DO UPDATE SET value = ?2, sum = ?3"),
  [PRG_STORE_META_REMOVE] = "DELETE FROM meta WHERE key = ?1",
  [PRG_STORE_AUDIT_ADD] = "INSERT INTO audit (at, text) VALUES (?1, ?2)",
  [PRG_STORE_AUDIT_LIST] = "SELECT at, text FROM audit ORDER BY position DESC LIMIT ?1",
};

gboolean
prg_store_changes_prepare(PrgStoreDb *self, GError **error)
{
  for (guint i = 0; i < PRG_STORE_N_STATEMENTS; i++) {
    const int code = sqlite3_prepare_v3(self->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &self->statements[i], NULL);

    if (code != SQLITE_OK)
      return prg_store_db_fail(self, code, NC_("could not", "read"), error);
  }
  return TRUE;
}

/* Text longer than the limit never reaches the statement: binding says so. The texts outlive the step. */
static int
bind_text(sqlite3_stmt *statement, int index, const char *text)
{
  return text != NULL ? sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC)
                      : sqlite3_bind_null(statement, index);
}

static gboolean
finish(PrgStoreDb *self, PrgStoreStatement which, int code, GError **error)
{
  sqlite3_stmt *statement = self->statements[which];
  gboolean done;

  errno = 0;
  if (code == SQLITE_OK)
    code = sqlite3_step(statement);
  done = code == SQLITE_DONE || code == SQLITE_ROW ||
         prg_store_db_fail(self, code, NC_("could not", "write to"), error);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return done;
}

static gboolean
is_valid(const char *text)
{
  return text == NULL || g_utf8_validate(text, -1, NULL);
}

/* What could not be read back as it was written must not get in. */
static gboolean
check_texts(const char *const *texts, gsize n, GError **error)
{
  gsize length = 0;

  for (gsize i = 0; i < n; i++) {
    if (!is_valid(texts[i])) {
      g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("A text to store is not valid UTF-8"));
      return FALSE;
    }
    length += texts[i] != NULL ? strlen(texts[i]) : 0;
  }
  if (length < PRG_STORE_TEXT_LIMIT / 2)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE, _("A row of %zu bytes is too large to store"), length);
  return FALSE;
}

static gboolean
check_entry(const PrgEntry *entry, GError **error)
{
  const PrgOperation *operation = entry->operation;
  const char *texts[] = { operation->id,        operation->device,  operation->kind,  operation->ref,
                          operation->local_day, operation->details, operation->cause, operation->zone,
                          entry->note,          entry->answer };

  if (*operation->id == '\0' || (int)entry->state < PRG_OPERATION_NEW ||
      entry->state > PRG_OPERATION_DISCARDED) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("An operation without id or with the unknown state %d"), (int)entry->state);
    return FALSE;
  }
  return check_texts(texts, G_N_ELEMENTS(texts), error);
}

static gboolean
write_entry(PrgStoreDb *self, const PrgEntry *entry, GError **error)
{
  sqlite3_stmt *statement = self->statements[PRG_STORE_PUT];
  const PrgOperation *operation = entry->operation;
  int code;

  if (!check_entry(entry, error))
    return FALSE;
  code = bind_text(statement, PRG_STORE_ID, operation->id);
  code |= bind_text(statement, PRG_STORE_DEVICE, operation->device);
  code |= sqlite3_bind_int64(statement, PRG_STORE_SEQ, operation->seq);
  code |= bind_text(statement, PRG_STORE_KIND, operation->kind);
  code |= sqlite3_bind_int64(statement, PRG_STORE_AMOUNT, operation->amount);
  code |= bind_text(statement, PRG_STORE_REF, operation->ref);
  code |= sqlite3_bind_int64(statement, PRG_STORE_OCCURRED_AT, operation->occurred_at);
  code |= bind_text(statement, PRG_STORE_LOCAL_DAY, operation->local_day);
  code |= bind_text(statement, PRG_STORE_ZONE, operation->zone);
  code |= bind_text(statement, PRG_STORE_DETAILS, operation->details);
  code |= bind_text(statement, PRG_STORE_CAUSE, operation->cause);
  code |= sqlite3_bind_int64(statement, PRG_STORE_CREATED_AT, operation->created_at);
  code |= sqlite3_bind_int(statement, PRG_STORE_STATE, (int)entry->state);
  code |= sqlite3_bind_int(statement, PRG_STORE_IN_BASE, entry->in_base);
  code |= bind_text(statement, PRG_STORE_NOTE, entry->note);
  code |= bind_text(statement, PRG_STORE_ANSWER, entry->answer);
  code |= sqlite3_bind_int64(statement, PRG_STORE_SUM, prg_store_rows_sum(entry));
  return finish(self, PRG_STORE_PUT, code, error);
}

/* *@entry = NULL if there is no such row. */
static gboolean
find(PrgStoreDb *self, const char *id, PrgEntry **entry, GError **error)
{
  PrgStoreValue values[PRG_STORE_N_COLUMNS];
  sqlite3_stmt *statement = self->statements[PRG_STORE_FIND];
  int code = bind_text(statement, 1, id);
  gboolean found = TRUE;

  *entry = NULL;
  if (code == SQLITE_OK)
    code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    prg_store_rows_values(statement, values, PRG_STORE_N_COLUMNS);
    *entry = prg_store_rows_entry(values);
    found = *entry != NULL || prg_store_db_set_damage(self, _("a row is not as it was written"), error);
  } else if (code != SQLITE_DONE) {
    found = prg_store_db_fail(self, code, NC_("could not", "read"), error);
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return found;
}

static const char *
keep(const char *text, const char *before)
{
  return text != NULL ? text : before;
}

static gboolean
put(PrgStoreDb *self, const PrgChange *change, PrgEntry *before, GError **error)
{
  const PrgEntry after = { .operation = change->operation,
                           .state = change->state,
                           .in_base = change->in_base != FALSE,
                           .note = (char *)keep(change->note, before != NULL ? before->note : NULL),
                           .answer = (char *)keep(change->answer, before != NULL ? before->answer : NULL) };

  return write_entry(self, &after, error);
}

static gboolean
set_state(PrgStoreDb *self, const PrgChange *change, PrgEntry *before, GError **error)
{
  PrgOperation operation;
  PrgEntry after;

  if (before == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID, _("The store has no operation %s"), change->id);
    return FALSE;
  }
  operation = *before->operation;
  if (change->created_at != 0)
    operation.created_at = change->created_at;
  after = (PrgEntry){ .operation = &operation,
                      .state = change->state,
                      .in_base = change->in_base != FALSE,
                      .note = (char *)keep(change->note, before->note),
                      .answer = before->answer };
  return write_entry(self, &after, error);
}

static gboolean
change_operation(PrgStoreDb *self, const PrgChange *change, GError **error)
{
  const gboolean is_put = change->kind == PRG_CHANGE_PUT;
  PrgEntry *before = NULL;
  gboolean done;

  if (!find(self, is_put ? change->operation->id : change->id, &before, error))
    return FALSE;
  done = is_put ? put(self, change, before, error) : set_state(self, change, before, error);
  if (before != NULL)
    prg_entry_free(before);
  return done;
}

static gboolean
change_base(PrgStoreDb *self, const char *text, GError **error)
{
  sqlite3_stmt *statement = self->statements[PRG_STORE_BASE_SET];
  int code;

  if (text == NULL)
    return finish(self, PRG_STORE_BASE_REMOVE, SQLITE_OK, error);
  if (!check_texts(&text, 1, error))
    return FALSE;
  code =
      bind_text(statement, 1, text) | sqlite3_bind_int64(statement, 2, prg_store_rows_sum_pair("base", text));
  return finish(self, PRG_STORE_BASE_SET, code, error);
}

static gboolean
change_meta(PrgStoreDb *self, const char *key, const char *value, GError **error)
{
  const PrgStoreStatement which = value != NULL ? PRG_STORE_META_SET : PRG_STORE_META_REMOVE;
  const char *texts[] = { key, value };
  int code;

  if (!check_texts(texts, G_N_ELEMENTS(texts), error))
    return FALSE;
  code = bind_text(self->statements[which], 1, key);
  if (value != NULL) {
    code |= bind_text(self->statements[which], 2, value);
    code |= sqlite3_bind_int64(self->statements[which], 3, prg_store_rows_sum_pair(key, value));
  }
  return finish(self, which, code, error);
}

static gboolean
add_audit(PrgStoreDb *self, gint64 at, const char *text, GError **error)
{
  sqlite3_stmt *statement = self->statements[PRG_STORE_AUDIT_ADD];

  if (!check_texts(&text, 1, error))
    return FALSE;
  return finish(self, PRG_STORE_AUDIT_ADD,
                sqlite3_bind_int64(statement, 1, at) | bind_text(statement, 2, text), error);
}

static gboolean
apply(PrgStoreDb *self, const PrgChange *change, GError **error)
{
  switch (change->kind) {
  case PRG_CHANGE_PUT:
  case PRG_CHANGE_STATE:
    return change_operation(self, change, error);
  case PRG_CHANGE_BASE:
    return change_base(self, change->text, error);
  case PRG_CHANGE_META:
    return change_meta(self, change->id, change->text, error);
  case PRG_CHANGE_AUDIT:
    return add_audit(self, change->at, change->text, error);
  default:
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("Unknown kind of change %d"),
                (int)change->kind);
    return FALSE;
  }
}

static gboolean
undo(PrgStoreDb *self)
{
  if (!sqlite3_get_autocommit(self->db))
    finish(self, PRG_STORE_ROLLBACK, SQLITE_OK, NULL);
  return FALSE;
}

gboolean
prg_store_changes_commit(PrgStoreDb *self, GPtrArray *changes, GError **error)
{
  if (self->in_doubt && !prg_store_log_take_back(self, error))
    return FALSE;
  if (!finish(self, PRG_STORE_BEGIN, SQLITE_OK, error))
    return undo(self);
  for (guint i = 0; i < changes->len; i++) {
    if (!apply(self, g_ptr_array_index(changes, i), error))
      return undo(self);
  }
  if (finish(self, PRG_STORE_COMMIT, SQLITE_OK, error))
    return TRUE;
  undo(self);
  if (!prg_store_log_take_back(self, NULL) && error != NULL && *error != NULL) {
    g_autofree char *said = g_steal_pointer(&(*error)->message);

    (*error)->message =
        g_strconcat(said,
                    _(" If the service ends before the disk works again, this may be recorded all the same: "
                      "what has an id of its own can be repeated safely."),
                    NULL);
  }
  return FALSE;
}
