/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define LOAD_OPERATIONS "SELECT position, " PRG_STORE_COLUMNS " FROM operations ORDER BY position"
#define LOAD_BASE "SELECT text, sum FROM base"
#define LOAD_META "SELECT key, value, sum FROM meta"

/* --- check sums --- */

#define SUM_START G_GUINT64_CONSTANT(0xcbf29ce484222325)
#define SUM_PRIME G_GUINT64_CONSTANT(0x00000100000001b3)

/* FNV-1a, 64 bits: any one changed byte changes it. On disk: never change it. */
static guint64
sum_bytes(guint64 sum, const void *bytes, gsize length)
{
  const guint8 *p = bytes;

  for (gsize i = 0; i < length; i++)
    sum = (sum ^ p[i]) * SUM_PRIME;
  return sum;
}

static guint64
sum_number(guint64 sum, gint64 number)
{
  const guint64 bytes = GUINT64_TO_LE((guint64)number);

  return sum_bytes(sum, &bytes, sizeof bytes);
}

/* With its length in front: "ab", "c" is not "a", "bc", and no text is not an empty text. */
static guint64
sum_text(guint64 sum, const char *text)
{
  if (text == NULL)
    return sum_number(sum, -1);
  sum = sum_number(sum, (gint64)strlen(text));
  return sum_bytes(sum, text, strlen(text));
}

gint64
prg_store_rows_sum_pair(const char *key, const char *value)
{
  return (gint64)sum_text(sum_text(SUM_START, key), value);
}

gint64
prg_store_rows_sum(const PrgEntry *entry)
{
  const PrgOperation *operation = entry->operation;
  guint64 sum = sum_text(SUM_START, operation->id);

  sum = sum_text(sum, operation->device);
  sum = sum_number(sum, operation->seq);
  sum = sum_text(sum, operation->kind);
  sum = sum_number(sum, operation->amount);
  sum = sum_text(sum, operation->ref);
  sum = sum_number(sum, operation->occurred_at);
  sum = sum_text(sum, operation->local_day);
  sum = sum_text(sum, operation->zone);
  sum = sum_text(sum, operation->details);
  sum = sum_text(sum, operation->cause);
  sum = sum_number(sum, operation->created_at);
  sum = sum_number(sum, entry->state);
  sum = sum_number(sum, entry->in_base);
  sum = sum_text(sum, entry->note);
  return (gint64)sum_text(sum, entry->answer);
}

/* --- reading --- */

void
prg_store_rows_values(sqlite3_stmt *statement, PrgStoreValue *values, guint n)
{
  for (guint i = 0; i < n; i++) {
    const int column = (int)i;

    values[i] = (PrgStoreValue){ .type = PRG_STORE_OTHER };
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      values[i].type = PRG_STORE_NULL;
      break;
    case SQLITE_INTEGER:
      values[i].type = PRG_STORE_INTEGER;
      values[i].number = sqlite3_column_int64(statement, column);
      break;
    case SQLITE_TEXT:
      values[i].type = PRG_STORE_TEXT;
      values[i].text = (const char *)sqlite3_column_text(statement, column);
      values[i].length = (gsize)sqlite3_column_bytes(statement, column);
      break;
    default:
      break;
    }
  }
}

static gboolean
is_text(const PrgStoreValue *value)
{
  return value->type == PRG_STORE_TEXT && value->text != NULL &&
         g_utf8_validate_len(value->text, value->length, NULL);
}

static const PrgStoreType column_types[PRG_STORE_N_COLUMNS] = {
  [PRG_STORE_POSITION] = PRG_STORE_OTHER, /* not looked at: NULL in a record, the row's number from SQLite */
  [PRG_STORE_ID] = PRG_STORE_TEXT,
  [PRG_STORE_DEVICE] = PRG_STORE_TEXT,
  [PRG_STORE_SEQ] = PRG_STORE_INTEGER,
  [PRG_STORE_KIND] = PRG_STORE_TEXT,
  [PRG_STORE_AMOUNT] = PRG_STORE_INTEGER,
  [PRG_STORE_REF] = PRG_STORE_TEXT,
  [PRG_STORE_OCCURRED_AT] = PRG_STORE_INTEGER,
  [PRG_STORE_LOCAL_DAY] = PRG_STORE_TEXT,
  [PRG_STORE_ZONE] = PRG_STORE_TEXT,
  [PRG_STORE_DETAILS] = PRG_STORE_TEXT,
  [PRG_STORE_CAUSE] = PRG_STORE_TEXT,
  [PRG_STORE_CREATED_AT] = PRG_STORE_INTEGER,
  [PRG_STORE_STATE] = PRG_STORE_INTEGER,
  [PRG_STORE_IN_BASE] = PRG_STORE_INTEGER,
  [PRG_STORE_NOTE] = PRG_STORE_NULL, /* NULL or text */
  [PRG_STORE_ANSWER] = PRG_STORE_NULL,
  [PRG_STORE_SUM] = PRG_STORE_INTEGER,
};

static gboolean
types_are_right(const PrgStoreValue *values)
{
  for (guint i = PRG_STORE_ID; i < PRG_STORE_N_COLUMNS; i++) {
    const gboolean may_be_null = column_types[i] == PRG_STORE_NULL;

    if (column_types[i] == PRG_STORE_INTEGER
            ? values[i].type != PRG_STORE_INTEGER
            : !is_text(&values[i]) && !(may_be_null && values[i].type == PRG_STORE_NULL))
      return FALSE;
  }
  return values[PRG_STORE_ID].length > 0 && values[PRG_STORE_STATE].number >= PRG_OPERATION_NEW &&
         values[PRG_STORE_STATE].number <= PRG_OPERATION_DISCARDED && values[PRG_STORE_IN_BASE].number >= 0 &&
         values[PRG_STORE_IN_BASE].number <= 1;
}

static char *
copy_text(const PrgStoreValue *value)
{
  return value->type == PRG_STORE_TEXT ? g_strndup(value->text, value->length) : NULL;
}

static PrgOperation *
operation_from_values(const PrgStoreValue *values)
{
  g_autofree char *id = copy_text(&values[PRG_STORE_ID]);
  g_autofree char *device = copy_text(&values[PRG_STORE_DEVICE]);
  g_autofree char *kind = copy_text(&values[PRG_STORE_KIND]);
  g_autofree char *ref = copy_text(&values[PRG_STORE_REF]);
  g_autofree char *local_day = copy_text(&values[PRG_STORE_LOCAL_DAY]);
  g_autofree char *zone = copy_text(&values[PRG_STORE_ZONE]);
  g_autofree char *details = copy_text(&values[PRG_STORE_DETAILS]);
  g_autofree char *cause = copy_text(&values[PRG_STORE_CAUSE]);

  return prg_operation_new(&(PrgOperation){ .id = id,
                                            .device = device,
                                            .seq = values[PRG_STORE_SEQ].number,
                                            .kind = kind,
                                            .amount = values[PRG_STORE_AMOUNT].number,
                                            .ref = ref,
                                            .occurred_at = values[PRG_STORE_OCCURRED_AT].number,
                                            .local_day = local_day,
                                            .zone = zone,
                                            .details = details,
                                            .cause = cause,
                                            .created_at = values[PRG_STORE_CREATED_AT].number });
}

PrgEntry *
prg_store_rows_entry(const PrgStoreValue values[PRG_STORE_N_COLUMNS])
{
  PrgEntry *entry;

  if (!types_are_right(values))
    return NULL;
  entry = g_new0(PrgEntry, 1);
  entry->operation = operation_from_values(values);
  entry->state = (PrgOperationState)values[PRG_STORE_STATE].number;
  entry->in_base = (gboolean)values[PRG_STORE_IN_BASE].number;
  entry->note = copy_text(&values[PRG_STORE_NOTE]);
  entry->answer = copy_text(&values[PRG_STORE_ANSWER]);
  if (prg_store_rows_sum(entry) == values[PRG_STORE_SUM].number)
    return entry;
  prg_entry_free(entry);
  return NULL;
}

gboolean
prg_store_rows_meta_is_sound(const PrgStoreValue *key, const PrgStoreValue *value, const PrgStoreValue *sum)
{
  g_autofree char *key_text = NULL, *value_text = NULL;

  if (!is_text(key) || !is_text(value) || sum->type != PRG_STORE_INTEGER)
    return FALSE;
  key_text = copy_text(key);
  value_text = copy_text(value);
  return prg_store_rows_sum_pair(key_text, value_text) == sum->number;
}

/* Takes one row over; FALSE if it is malformed. */
typedef gboolean (*TakeRow)(const PrgStoreValue *values, PrgSnapshot *snapshot);

static gboolean
take_operation(const PrgStoreValue *values, PrgSnapshot *snapshot)
{
  PrgEntry *entry = prg_store_rows_entry(values);

  if (entry != NULL)
    g_ptr_array_add(snapshot->entries, entry);
  return entry != NULL;
}

static gboolean
take_base(const PrgStoreValue *values, PrgSnapshot *snapshot)
{
  const PrgStoreValue key = { .type = PRG_STORE_TEXT, .text = "base", .length = 4 };

  if (!prg_store_rows_meta_is_sound(&key, &values[0], &values[1]))
    return FALSE;
  snapshot->base = copy_text(&values[0]);
  return TRUE;
}

static gboolean
take_meta(const PrgStoreValue *values, PrgSnapshot *snapshot)
{
  if (!prg_store_rows_meta_is_sound(&values[0], &values[1], &values[2]))
    return FALSE;
  g_hash_table_insert(snapshot->meta, copy_text(&values[0]), copy_text(&values[1]));
  return TRUE;
}

static gboolean
load_table(PrgStoreDb *self,
           const char *sql,
           guint n_columns,
           TakeRow take,
           PrgSnapshot *snapshot,
           GError **error)
{
  PrgStoreValue values[PRG_STORE_N_COLUMNS];
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
  gboolean sound = TRUE;

  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
      break;
    prg_store_rows_values(statement, values, n_columns);
    sound = take(values, snapshot);
    if (!sound)
      break;
  }
  if (!sound)
    prg_store_db_set_damage(self, _("a row is not as it was written"), error);
  else if (code != SQLITE_DONE)
    sound = prg_store_db_fail(self, code, NC_("could not", "read"), error);
  sqlite3_finalize(statement);
  return sound;
}

PrgSnapshot *
prg_store_rows_load(PrgStoreDb *self, GError **error)
{
  g_autoptr(PrgSnapshot) snapshot = prg_snapshot_new();

  if (load_table(self, LOAD_OPERATIONS, PRG_STORE_N_COLUMNS, take_operation, snapshot, error) &&
      load_table(self, LOAD_BASE, 2, take_base, snapshot, error) &&
      load_table(self, LOAD_META, 3, take_meta, snapshot, error))
    return g_steal_pointer(&snapshot);
  return NULL;
}

void
prg_store_audit_free(PrgStoreAudit *self)
{
  if (self == NULL)
    return;
  g_free(self->text);
  g_free(self);
}

static PrgStoreAudit *
read_audit(sqlite3_stmt *statement)
{
  PrgStoreValue values[2];
  PrgStoreAudit *entry;

  prg_store_rows_values(statement, values, 2);
  if (values[0].type != PRG_STORE_INTEGER || !is_text(&values[1]))
    return NULL;
  entry = g_new0(PrgStoreAudit, 1);
  entry->at = values[0].number;
  entry->text = copy_text(&values[1]);
  return entry;
}

GPtrArray *
prg_store_rows_audit(PrgStoreDb *self, guint limit, GError **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)prg_store_audit_free);
  sqlite3_stmt *statement = self->statements[PRG_STORE_AUDIT_LIST];
  int code = sqlite3_bind_int64(statement, 1, limit);

  while (code == SQLITE_OK || code == SQLITE_ROW) {
    PrgStoreAudit *entry;

    code = sqlite3_step(statement);
    entry = code == SQLITE_ROW ? read_audit(statement) : NULL;
    if (entry != NULL)
      g_ptr_array_add(entries, entry);
  }
  sqlite3_reset(statement);
  if (code == SQLITE_DONE)
    return g_steal_pointer(&entries);
  prg_store_db_fail(self, code, NC_("could not", "read"), error);
  return NULL;
}
