/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-schema.h"

/* What the server adds to every object. */
static const SimFieldSpec automatic[] = {
  { .name = "id",
    .label = "Id",
    .type = "UUID",
    .description = "Id",
    .icon = "Icon123",
    .default_value = "\"uuid\"",
    .system = TRUE,
    .required = TRUE },
  { .name = "createdAt",
    .label = "Creation date",
    .type = "DATE_TIME",
    .description = "Creation date",
    .icon = "IconCalendar",
    .default_value = "\"now\"",
    .system = TRUE,
    .required = TRUE },
  { .name = "createdBy",
    .label = "Created by",
    .type = "ACTOR",
    .description = "The creator of the record",
    .icon = "IconCreativeCommonsSa",
    .default_value = "{\"name\":\"''\",\"source\":\"'MANUAL'\"}",
    .system = TRUE,
    .required = TRUE },
  { .name = "deletedAt",
    .label = "Deleted at",
    .type = "DATE_TIME",
    .description = "Deletion date",
    .icon = "IconCalendarClock",
    .system = TRUE },
  { .name = "position",
    .label = "Position",
    .type = "POSITION",
    .description = "Position",
    .icon = "IconHierarchy2",
    .default_value = "0",
    .system = TRUE,
    .required = TRUE },
  { .name = "updatedAt",
    .label = "Last update",
    .type = "DATE_TIME",
    .description = "Last time the record was changed",
    .icon = "IconCalendarClock",
    .default_value = "\"now\"",
    .system = TRUE,
    .required = TRUE },
  { .name = "updatedBy",
    .label = "Updated by",
    .type = "ACTOR",
    .description = "The workspace member who last updated the record",
    .icon = "IconUserCircle",
    .default_value = "{\"name\":\"''\",\"source\":\"'MANUAL'\"}",
    .system = TRUE,
    .required = TRUE },
  { .name = "searchVector",
    .label = "Search vector",
    .type = "TS_VECTOR",
    .description = "Search vector",
    .icon = "IconSearch",
    .system = TRUE },
};

static const char *const companions[][4] = {
  { "timelineActivities", "Timeline Activities", "IconTimelineEvent", "Timeline Activity" },
  { "attachments", "Attachments", "IconFileImport", "Attachment" },
  { "noteTargets", "Notes", "IconNotes", "Note Target" },
  { "taskTargets", "Tasks", "IconCheckbox", "Task Target" },
};

static SimKind
kind_of(const char *type, const char *settings)
{
  static const struct {
    const char *type;
    SimKind kind;
  } kinds[] = { { "TEXT", SIM_KIND_TEXT },       { "NUMBER", SIM_KIND_NUMBER },
                { "POSITION", SIM_KIND_NUMBER }, { "NUMERIC", SIM_KIND_NUMBER },
                { "DATE_TIME", SIM_KIND_TIME },  { "UUID", SIM_KIND_UUID },
                { "BOOLEAN", SIM_KIND_BOOLEAN }, { "SELECT", SIM_KIND_PLAIN },
                { "TS_VECTOR", SIM_KIND_SEARCH } };
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (g_str_equal(type, kinds[i].type))
      return kinds[i].kind;
  }
  if (!g_str_equal(type, "RELATION"))
    return SIM_KIND_JSON;
  return settings != NULL && g_strrstr(settings, "MANY_TO_ONE") != NULL ? SIM_KIND_ONE : SIM_KIND_MANY;
}

static const char *
sql_type(SimKind kind)
{
  switch (kind) {
  case SIM_KIND_NUMBER:
    return "REAL";
  case SIM_KIND_TIME:
  case SIM_KIND_BOOLEAN:
    return "INTEGER";
  default:
    return "TEXT";
  }
}

static char *
column_of(SimKind kind, const char *name)
{
  if (kind == SIM_KIND_MANY || kind == SIM_KIND_SEARCH)
    return NULL;
  return kind == SIM_KIND_ONE ? g_strconcat(name, "Id", NULL) : g_strdup(name);
}

static void
field_free(gpointer data)
{
  SimField *field = data;
  g_free(field->id);
  g_free(field->object_id);
  g_free(field->name);
  g_free(field->label);
  g_free(field->description);
  g_free(field->icon);
  g_free(field->type);
  g_free(field->default_value);
  g_free(field->settings);
  g_free(field->target);
  g_free(field->column);
  g_free(field);
}

static void
object_free(gpointer data)
{
  SimObject *object = data;
  g_free(object->id);
  g_free(object->singular);
  g_free(object->plural);
  g_free(object->label);
  g_free(object->labels);
  g_free(object->description);
  g_free(object->icon);
  g_free(object->table);
  g_ptr_array_unref(object->fields);
  g_free(object);
}

void
sim_schema_free(SimSchema *schema)
{
  g_ptr_array_unref(schema->objects);
  g_free(schema);
}

static SimField *
read_field(sqlite3_stmt *row)
{
  SimField *field = g_new0(SimField, 1);
  field->id = g_strdup(sim_column_text(row, 0));
  field->object_id = g_strdup(sim_column_text(row, 1));
  field->name = g_strdup(sim_column_text(row, 2));
  field->label = g_strdup(sim_column_text(row, 3));
  field->description = g_strdup(sim_column_text(row, 4));
  field->icon = g_strdup(sim_column_text(row, 5));
  field->type = g_strdup(sim_column_text(row, 6));
  field->default_value = g_strdup(sim_column_text(row, 7));
  field->settings = g_strdup(sim_column_text(row, 8));
  field->target = g_strdup(sim_column_text(row, 9));
  field->unique = sqlite3_column_int(row, 10);
  field->system = sqlite3_column_int(row, 11);
  field->active = sqlite3_column_int(row, 12);
  field->nullable = sqlite3_column_int(row, 13);
  field->created = sqlite3_column_int64(row, 14);
  field->updated = sqlite3_column_int64(row, 15);
  field->kind = kind_of(field->type, field->settings);
  field->column = column_of(field->kind, field->name);
  return field;
}

static SimObject *
read_object(sqlite3_stmt *row)
{
  SimObject *object = g_new0(SimObject, 1);
  object->id = g_strdup(sim_column_text(row, 0));
  object->singular = g_strdup(sim_column_text(row, 1));
  object->plural = g_strdup(sim_column_text(row, 2));
  object->label = g_strdup(sim_column_text(row, 3));
  object->labels = g_strdup(sim_column_text(row, 4));
  object->description = g_strdup(sim_column_text(row, 5));
  object->icon = g_strdup(sim_column_text(row, 6));
  object->system = sqlite3_column_int(row, 7);
  object->active = sqlite3_column_int(row, 8);
  object->created = sqlite3_column_int64(row, 9);
  object->updated = sqlite3_column_int64(row, 10);
  object->table = g_strdup_printf("\"r_%s\"", object->singular);
  object->fields = g_ptr_array_new_with_free_func(field_free);
  return object;
}

SimSchema *
sim_schema_load(sqlite3 *db)
{
  SimSchema *schema = g_new0(SimSchema, 1);
  schema->objects = g_ptr_array_new_with_free_func(object_free);
  g_autoptr(sqlite3_stmt) objects = sim_prepare(db, "SELECT * FROM meta_object ORDER BY rowid", NULL);
  while (sqlite3_step(objects) == SQLITE_ROW)
    g_ptr_array_add(schema->objects, read_object(objects));
  g_autoptr(sqlite3_stmt) fields = sim_prepare(db, "SELECT * FROM meta_field ORDER BY rowid", NULL);
  while (sqlite3_step(fields) == SQLITE_ROW) {
    SimObject *object = sim_schema_by_id(schema, sim_column_text(fields, 1));
    if (object != NULL)
      g_ptr_array_add(object->fields, read_field(fields));
  }
  return schema;
}

SimSchema *
sim_schema_get(Sim *sim)
{
  if (sim->schema == NULL)
    sim->schema = sim_schema_load(sim->db);
  return sim->schema;
}

void
sim_schema_touch(Sim *sim)
{
  g_clear_pointer(&sim->schema, sim_schema_free);
}

static SimObject *
find_object(SimSchema *schema, const char *name, gsize offset)
{
  for (guint i = 0; i < schema->objects->len; i++) {
    SimObject *object = schema->objects->pdata[i];
    if (g_str_equal(*(char **)((char *)object + offset), name))
      return object;
  }
  return NULL;
}

SimObject *
sim_schema_plural(SimSchema *schema, const char *name)
{
  return find_object(schema, name, G_STRUCT_OFFSET(SimObject, plural));
}

SimObject *
sim_schema_singular(SimSchema *schema, const char *name)
{
  return find_object(schema, name, G_STRUCT_OFFSET(SimObject, singular));
}

SimObject *
sim_schema_by_id(SimSchema *schema, const char *id)
{
  return find_object(schema, id, G_STRUCT_OFFSET(SimObject, id));
}

SimField *
sim_object_field(SimObject *object, const char *key)
{
  for (guint i = 0; i < object->fields->len; i++) {
    SimField *field = object->fields->pdata[i];
    if (field->active && field->column != NULL && g_str_equal(field->column, key))
      return field;
  }
  return NULL;
}

SimField *
sim_object_named(SimObject *object, const char *name)
{
  for (guint i = 0; i < object->fields->len; i++) {
    SimField *field = object->fields->pdata[i];
    if (g_str_equal(field->name, name))
      return field;
  }
  return NULL;
}

static char *
table_of(sqlite3 *db, const char *object_id)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(object_id));
  g_autoptr(sqlite3_stmt) row = sim_prepare(db, "SELECT singular FROM meta_object WHERE id = ?", values);
  return sqlite3_step(row) == SQLITE_ROW ? g_strdup_printf("r_%s", sim_column_text(row, 0)) : NULL;
}

static void
add_column(sqlite3 *db, const char *object_id, SimKind kind, const char *name, gboolean unique)
{
  g_autofree char *column = column_of(kind, name);
  g_autofree char *table = table_of(db, object_id);
  if (column == NULL || g_str_equal(column, "id"))
    return;
  g_autofree char *add =
      g_strdup_printf("ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", table, column, sql_type(kind));
  sim_must(db, add, NULL);
  if (!unique && kind != SIM_KIND_ONE)
    return;
  g_autofree char *index = g_strdup_printf("CREATE %sINDEX \"i_%s_%s\" ON \"%s\" (\"%s\")",
                                           unique ? "UNIQUE " : "", table, column, table, column);
  sim_must(db, index, NULL);
}

char *
sim_schema_create_field(sqlite3 *db, const char *object_id, const SimFieldSpec *spec, gint64 now)
{
  g_autofree char *seed = g_strdup_printf("field %s %s", object_id, spec->name);
  char *id = sim_uuid_from(seed);
  g_autoptr(GPtrArray) values = sim_values_new();
  const char *texts[] = { id,         object_id,  spec->name,          spec->label,    spec->description,
                          spec->icon, spec->type, spec->default_value, spec->settings, spec->target };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  gint64 numbers[] = { spec->unique, spec->system, TRUE, !spec->required, now, now };
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    sim_values_add(values, g_variant_new_int64(numbers[i]));
  sim_must(db, "INSERT INTO meta_field VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", values);
  add_column(db, object_id, kind_of(spec->type, spec->settings), spec->name, spec->unique);
  return id;
}

static void
make_field(sqlite3 *db, const char *object_id, const SimFieldSpec *spec, gint64 now)
{
  g_free(sim_schema_create_field(db, object_id, spec, now));
}

static char *
insert_object(sqlite3 *db, const SimObjectSpec *spec, gint64 now)
{
  g_autofree char *seed = g_strconcat("object ", spec->singular, NULL);
  char *id = sim_uuid_from(seed);
  g_autoptr(GPtrArray) values = sim_values_new();
  const char *texts[] = { id,           spec->singular,    spec->plural, spec->label,
                          spec->labels, spec->description, spec->icon };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  gint64 numbers[] = { spec->system, TRUE, now, now };
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    sim_values_add(values, g_variant_new_int64(numbers[i]));
  sim_must(db, "INSERT INTO meta_object VALUES (?,?,?,?,?,?,?,?,?,?,?)", values);
  g_autofree char *table = g_strdup_printf("CREATE TABLE \"r_%s\" (id TEXT PRIMARY KEY)", spec->singular);
  sim_must(db, table, NULL);
  return id;
}

/* New rows go before the first live one. */
static void
index_positions(sqlite3 *db, const char *singular)
{
  g_autofree char *sql =
      g_strdup_printf("CREATE INDEX \"p_%s\" ON \"r_%s\" (deletedAt, position)", singular, singular);
  sim_must(db, sql, NULL);
}

/* The timeline has one join column for every object. */
static void
add_to_timeline(sqlite3 *db, const char *object_id, const char *singular, gint64 now)
{
  g_autofree char *timeline = sim_uuid_from("object timelineActivity");
  g_autofree char *capital = sim_capital(singular);
  g_autofree char *name = g_strconcat("target", capital, NULL);
  SimFieldSpec spec = { .name = name,
                        .label = capital,
                        .type = "RELATION",
                        .target = object_id,
                        .settings = "{\"relationType\":\"MANY_TO_ONE\",\"onDelete\":\"CASCADE\"}" };
  make_field(db, timeline, &spec, now);
}

char *
sim_schema_create_object(sqlite3 *db, const SimObjectSpec *spec, gint64 now)
{
  char *id = insert_object(db, spec, now);
  SimFieldSpec name = {
    .name = "name", .label = "Name", .type = "TEXT", .description = "Name", .icon = "IconAbc"
  };
  make_field(db, id, &name, now);
  for (guint i = 0; i < G_N_ELEMENTS(automatic); i++)
    make_field(db, id, &automatic[i], now);
  for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
    g_autofree char *capital = sim_capital(spec->plural);
    g_autofree char *words = g_strdup_printf("%s tied to the %s", capital, companions[i][3]);
    g_autofree char *timeline = sim_uuid_from("object timelineActivity");
    SimFieldSpec companion = { .name = companions[i][0],
                               .label = companions[i][1],
                               .type = "RELATION",
                               .icon = companions[i][2],
                               .description = words,
                               .settings = "{\"relationType\":\"ONE_TO_MANY\"}",
                               .target = i == 0 ? timeline : NULL };
    make_field(db, id, &companion, now);
  }
  add_to_timeline(db, id, spec->singular, now);
  index_positions(db, spec->singular);
  return id;
}

static void
standard_object(sqlite3 *db,
                const SimObjectSpec *spec,
                const SimFieldSpec *fields,
                guint n_fields,
                gint64 now)
{
  g_autofree char *id = insert_object(db, spec, now);
  for (guint i = 0; i < G_N_ELEMENTS(automatic); i++)
    make_field(db, id, &automatic[i], now);
  for (guint i = 0; i < n_fields; i++)
    make_field(db, id, &fields[i], now);
}

void
sim_schema_standard(sqlite3 *db, gint64 now)
{
  static const SimFieldSpec member[] = {
    { .name = "name", .label = "Name", .type = "FULL_NAME" },
    { .name = "colorScheme", .label = "Color Scheme", .type = "TEXT" },
    { .name = "locale", .label = "Language", .type = "TEXT" },
    { .name = "avatarUrl", .label = "Avatar Url", .type = "TEXT" },
    { .name = "userEmail", .label = "User Email", .type = "TEXT" },
    { .name = "jobTitle", .label = "Job title", .type = "TEXT" },
    { .name = "calendarStartDay", .label = "Start of the week", .type = "NUMBER" },
    { .name = "userId", .label = "User Id", .type = "UUID" },
    { .name = "timeZone", .label = "Time zone", .type = "TEXT" },
    { .name = "dateFormat", .label = "Date format", .type = "SELECT" },
    { .name = "timeFormat", .label = "Time format", .type = "SELECT" },
    { .name = "numberFormat", .label = "Number format", .type = "SELECT" },
  };
  static const SimFieldSpec activity[] = {
    { .name = "properties", .label = "Event details", .type = "RAW_JSON" },
    { .name = "happensAt", .label = "Happens At", .type = "DATE_TIME" },
    { .name = "name", .label = "Event name", .type = "TEXT" },
    { .name = "linkedRecordCachedName", .label = "Linked Record cached name", .type = "TEXT" },
    { .name = "linkedRecordId", .label = "Linked Record id", .type = "UUID" },
    { .name = "linkedObjectMetadataId", .label = "Linked Object Metadata Id", .type = "UUID" },
    { .name = "workspaceMemberId", .label = "Workspace Member", .type = "UUID" },
  };
  static const char *const targets[] = {
    "targetCompanyId",     "targetDashboardId", "targetMessageCampaignId",
    "targetMessageListId", "targetNoteId",      "targetOpportunityId",
    "targetTaskId",        "targetWorkflowId",  "targetWorkflowVersionId",
    "targetWorkflowRunId"
  };
  SimObjectSpec members = { "workspaceMember",
                            "workspaceMembers",
                            "Workspace Member",
                            "Workspace Members",
                            "A workspace member",
                            "IconUserCircle",
                            TRUE };
  SimObjectSpec timeline = { "timelineActivity",
                             "timelineActivities",
                             "Timeline Activity",
                             "Timeline Activities",
                             "Aggregated / filtered event to be displayed on the timeline",
                             "IconTimelineEvent",
                             TRUE };
  standard_object(db, &timeline, activity, G_N_ELEMENTS(activity), now);
  standard_object(db, &members, member, G_N_ELEMENTS(member), now);
  g_autofree char *id = sim_uuid_from("object timelineActivity");
  for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
    SimFieldSpec spec = { .name = targets[i], .label = targets[i], .type = "UUID" };
    make_field(db, id, &spec, now);
  }
}

void
sim_schema_drop_field(sqlite3 *db, SimObject *object, SimField *field)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(field->id));
  sim_must(db, "DELETE FROM meta_field WHERE id = ?", values);
  if (field->column == NULL)
    return;
  g_autofree char *index =
      g_strdup_printf("DROP INDEX IF EXISTS \"i_r_%s_%s\"", object->singular, field->column);
  g_autofree char *column =
      g_strdup_printf("ALTER TABLE %s DROP COLUMN \"%s\"", object->table, field->column);
  sim_must(db, index, NULL);
  sim_must(db, column, NULL);
}

void
sim_schema_drop_object(sqlite3 *db, SimObject *object)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(object->id));
  g_autoptr(SimSchema) schema = sim_schema_load(db);
  for (guint i = 0; i < schema->objects->len; i++) {
    SimObject *other = schema->objects->pdata[i];
    for (guint j = 0; j < other->fields->len; j++) {
      SimField *field = other->fields->pdata[j];
      if (g_strcmp0(field->target, object->id) == 0 && !g_str_equal(other->id, object->id))
        sim_schema_drop_field(db, other, field);
    }
  }
  g_autofree char *drop = g_strdup_printf("DROP TABLE %s", object->table);
  sim_must(db, drop, NULL);
  sim_must(db, "DELETE FROM meta_field WHERE object_id = ?", values);
  sim_must(db, "DELETE FROM meta_object WHERE id = ?", values);
}

char *
sim_schema_relate(sqlite3 *db,
                  SimObject *from,
                  const char *name,
                  const char *label,
                  SimObject *to,
                  const char *back_label,
                  const char *back_icon,
                  gint64 now)
{
  g_autofree char *settings = g_strdup_printf(
      "{\"onDelete\":\"SET_NULL\",\"relationType\":\"MANY_TO_ONE\",\"joinColumnName\":\"%sId\"}", name);
  g_autofree char *capital = sim_capital(from->plural);
  g_autofree char *words = g_strdup_printf("%s tied to the %s", capital, to->label);
  g_autofree char *back = sim_camel(back_label);
  SimFieldSpec near = { .name = name,
                        .label = label,
                        .type = "RELATION",
                        .description = words,
                        .icon = "IconRelationOneToMany",
                        .settings = settings,
                        .target = to->id };
  SimFieldSpec far = { .name = back,
                       .label = back_label,
                       .type = "RELATION",
                       .icon = back_icon,
                       .settings = "{\"relationType\":\"ONE_TO_MANY\"}",
                       .target = from->id };
  char *id = sim_schema_create_field(db, from->id, &near, now);
  make_field(db, to->id, &far, now);
  return id;
}
