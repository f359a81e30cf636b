/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-store.h"

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS meta_object (id TEXT PRIMARY KEY, singular TEXT UNIQUE, plural TEXT UNIQUE,"
    " label TEXT, labels TEXT, description TEXT, icon TEXT, system INT, active INT, created INT, updated "
    "INT);"
    "CREATE TABLE IF NOT EXISTS meta_field (id TEXT PRIMARY KEY, object_id TEXT, name TEXT, label TEXT,"
    " description TEXT, icon TEXT, type TEXT, default_value TEXT, settings TEXT, target TEXT,"
    " is_unique INT, system INT, active INT, nullable INT, created INT, updated INT, UNIQUE (object_id, "
    "name));"
    "CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, name TEXT, role TEXT, member TEXT,"
    " expires INT, revoked INT);"
    "CREATE TABLE IF NOT EXISTS hidden (role TEXT, object TEXT, field TEXT);"
    "CREATE TABLE IF NOT EXISTS timeline (due INT, name TEXT, target TEXT, record TEXT, member TEXT, diff "
    "TEXT);"
    "CREATE INDEX IF NOT EXISTS timeline_record ON timeline (record);";

sqlite3 *
sim_store_open(const char *path, GError **error)
{
  sqlite3 *db = NULL;
  if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, tables, NULL, NULL, NULL) != SQLITE_OK) {
    g_set_error(error, SIM_ERROR, SIM_ERR_INTERNAL, "cannot open %s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
  }
  /* Nothing here must survive a power cut; the tests want speed. LIKE is exact, ilike lowers both sides. */
  sqlite3_exec(db, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA case_sensitive_like=ON", NULL,
               NULL, NULL);
  return db;
}

void
sim_store_copy_into(sqlite3 *from, sqlite3 *to)
{
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == NULL || sqlite3_backup_step(backup, -1) != SQLITE_DONE)
    g_critical("snapshot failed: %s", sqlite3_errmsg(to));
  sqlite3_backup_finish(backup);
}

sqlite3 *
sim_store_copy(sqlite3 *from)
{
  sqlite3 *to = sim_store_open(":memory:", NULL);
  sim_store_copy_into(from, to);
  return to;
}

static void
unref_value(gpointer value)
{
  if (value != NULL)
    g_variant_unref(value);
}

GPtrArray *
sim_values_new(void)
{
  return g_ptr_array_new_with_free_func(unref_value);
}

void
sim_values_add(GPtrArray *values, GVariant *value)
{
  g_ptr_array_add(values, value != NULL ? g_variant_ref_sink(value) : NULL);
}

GVariant *
sim_text_value(const char *text)
{
  return text != NULL ? g_variant_new_string(text) : NULL;
}

static void
bind_value(sqlite3_stmt *statement, int place, GVariant *value)
{
  if (value == NULL)
    sqlite3_bind_null(statement, place);
  else if (g_variant_is_of_type(value, G_VARIANT_TYPE_INT64))
    sqlite3_bind_int64(statement, place, g_variant_get_int64(value));
  else if (g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE))
    sqlite3_bind_double(statement, place, g_variant_get_double(value));
  else
    sqlite3_bind_text(statement, place, g_variant_get_string(value, NULL), -1, SQLITE_TRANSIENT);
}

sqlite3_stmt *
sim_prepare(sqlite3 *db, const char *sql, GPtrArray *values)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
    g_critical("%s: %s", sqlite3_errmsg(db), sql);
    return NULL;
  }
  for (guint i = 0; values != NULL && i < values->len; i++)
    bind_value(statement, (int)i + 1, values->pdata[i]);
  return statement;
}

gboolean
sim_run(sqlite3 *db, const char *sql, GPtrArray *values, GError **error)
{
  g_autoptr(sqlite3_stmt) statement = sim_prepare(db, sql, values);
  int result = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;
  if (result == SQLITE_DONE || result == SQLITE_ROW)
    return TRUE;
  if (sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE ||
      sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_PRIMARYKEY)
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_DUPLICATE, "A duplicate entry was detected");
  else
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_INTERNAL, "Data validation error.");
  return FALSE;
}

void
sim_must(sqlite3 *db, const char *sql, GPtrArray *values)
{
  g_autoptr(GError) error = NULL;
  if (!sim_run(db, sql, values, &error))
    g_critical("%s: %s", sqlite3_errmsg(db), sql);
}

gint64
sim_count(sqlite3 *db, const char *sql, GPtrArray *values)
{
  g_autoptr(sqlite3_stmt) statement = sim_prepare(db, sql, values);
  return statement != NULL && sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
}

const char *
sim_column_text(sqlite3_stmt *statement, int column)
{
  return (const char *)sqlite3_column_text(statement, column);
}
