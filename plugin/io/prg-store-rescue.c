/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include <glib/gstdio.h>

/*
 * Two ways, because each finds what the other does not: SQLite follows the tree and the WAL and gives the
 * newest version of each row, until it meets a damaged page; reading page by page needs no tree. The first
 * find of an id counts. A row that only the second way found may be an older version of itself: its state
 * then says less than is true ("sent" instead of "ledgered"), and the sync engine finds out by asking Twenty
 * for the id.
 *
 * A later version of the schema has more columns, behind these. Which table a record found page by page is of, its
 * check sum says.
 */

#define N_META_COLUMNS 4 /* position, key, value, sum */

typedef struct {
  gint64 position;
  PrgEntry *entry; /* (owned) */
} Found;

typedef struct {
  GArray *found;    /* (owned) (element-type Found) */
  GHashTable *seen; /* (owned) ids of what was found or is left on purpose */
  GHashTable *meta; /* (not owned) */
} Rescue;

static void
take_operation(Rescue *self, gint64 position, const PrgStoreValue *values)
{
  PrgEntry *entry = prg_store_rows_entry(values);
  Found found = { position, entry };

  if (entry == NULL)
    return;
  if (!g_hash_table_add(self->seen, g_strdup(entry->operation->id)) || entry->state == PRG_OPERATION_REMOTE) {
    prg_entry_free(entry);
    return;
  }
  entry->in_base = FALSE;
  g_array_append_val(self->found, found);
}

static void
take_meta(Rescue *self, const PrgStoreValue *values)
{
  g_autofree char *key = NULL;

  if (!prg_store_rows_meta_is_sound(&values[1], &values[2], &values[3]))
    return;
  key = g_strndup(values[1].text, values[1].length);
  if (!g_hash_table_contains(self->meta, key))
    g_hash_table_insert(self->meta, g_steal_pointer(&key), g_strndup(values[2].text, values[2].length));
}

static void
take_row(gint64 rowid, const PrgStoreValue *values, guint n, gpointer user_data)
{
  if (n >= PRG_STORE_N_COLUMNS)
    take_operation(user_data, rowid, values);
  else if (n >= N_META_COLUMNS)
    take_meta(user_data, values);
}

static void
read_table(PrgStoreDb *db, const char *sql, guint n_columns, Rescue *self)
{
  PrgStoreValue values[PRG_STORE_N_COLUMNS];
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2(db->db, sql, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_column_count(statement) == (int)n_columns) {
    while (sqlite3_step(statement) == SQLITE_ROW) {
      prg_store_rows_values(statement, values, n_columns);
      take_row(values[0].number, values, n_columns, self);
    }
  }
  sqlite3_finalize(statement);
}

/* From both ends: all but what lies between the first and the last damaged page. */
static void
read_tables(Rescue *self, const char *path)
{
  g_autoptr(PrgStoreDb) db = prg_store_db_open_damaged(path);

  if (db == NULL)
    return;
  read_table(db, "SELECT position, " PRG_STORE_COLUMNS " FROM operations ORDER BY position",
             PRG_STORE_N_COLUMNS, self);
  read_table(db, "SELECT position, " PRG_STORE_COLUMNS " FROM operations ORDER BY position DESC",
             PRG_STORE_N_COLUMNS, self);
  read_table(db, "SELECT position, key, value, sum FROM meta ORDER BY position", N_META_COLUMNS, self);
  read_table(db, "SELECT position, key, value, sum FROM meta ORDER BY position DESC", N_META_COLUMNS, self);
}

static int
compare_positions(gconstpointer a, gconstpointer b)
{
  const Found *one = a, *other = b;

  return (one->position > other->position) - (one->position < other->position);
}

PrgSnapshot *
prg_store_rescue(const char *path, GError **error)
{
  g_autoptr(PrgSnapshot) snapshot = prg_snapshot_new();
  g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Found));
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Rescue self = { found, seen, snapshot->meta };
  GStatBuf info;
  gboolean done;

  /* SQLite deletes the WAL of an empty file. */
  if (g_stat(path, &info) == 0 && info.st_size > 0)
    read_tables(&self, path);
  done = prg_store_pages_foreach(path, take_row, &self, error);
  g_array_sort(found, compare_positions);
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add(snapshot->entries, g_array_index(found, Found, i).entry);
  return done ? g_steal_pointer(&snapshot) : NULL;
}
