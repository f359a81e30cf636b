/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-schema.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Provisioning against a small server of our own that holds objects and fields, and speaks both formats of
 * the metadata API. */

#define N_ALL (2 + 19 + 10)

typedef struct {
  gboolean new_format;
  guint page;         /* objects a page */
  GPtrArray *objects; /* (owned) (element-type utf8) */
  GHashTable *fields; /* (owned) "object.field" → type */
  GPtrArray *log;     /* (owned) (element-type utf8) writes, in order: "object" or "object.field" */
  guint reads;
  gboolean hides; /* the list leaves out what exists (a lagging copy) */
} Server;

static const char *const others[] = { "person", "company", "task", "note" };

static Server *
server_new(gboolean new_format)
{
  Server *self = g_new0(Server, 1);
  self->new_format = new_format;
  self->page = 2;
  self->objects = g_ptr_array_new_with_free_func(g_free);
  self->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->log = g_ptr_array_new_with_free_func(g_free);
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
    g_ptr_array_add(self->objects, g_strdup(others[i]));
  return self;
}

static void
server_free(Server *self)
{
  g_ptr_array_unref(self->objects);
  g_ptr_array_unref(self->log);
  g_hash_table_unref(self->fields);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

static void
server_add_field(Server *self, const char *path, const char *type)
{
  g_hash_table_replace(self->fields, g_strdup(path), g_strdup(type));
}

static char *
id_of(guint index)
{
  return g_strdup_printf("00000000-0000-4000-8000-%012u", index);
}

static void
append_object(Server *self, GString *out, guint index)
{
  const char *name = g_ptr_array_index(self->objects, index);
  g_autofree char *id = id_of(index);
  g_string_append_printf(out,
                         "{\"id\":\"%s\",\"nameSingular\":\"%s\",\"isActive\":true,\"fields\":[{\"name\":"
                         "\"name\",\"type\":\"TEXT\"}",
                         id, name);
  GHashTableIter iter;
  gpointer path, type;
  g_hash_table_iter_init(&iter, self->fields);
  while (g_hash_table_iter_next(&iter, &path, &type))
    if (g_str_has_prefix(path, name) && ((const char *)path)[strlen(name)] == '.')
      g_string_append_printf(out, ",{\"name\":\"%s\",\"type\":\"%s\",\"isActive\":true}",
                             (char *)path + strlen(name) + 1, (char *)type);
  g_string_append(out, "]}");
}

static char *
answer_list(Server *self, const char *path)
{
  const char *after = strstr(path, "starting_after=");
  guint first =
      after == NULL
          ? 0
          : (guint)g_ascii_strtoull(after + strlen("starting_after=00000000-0000-4000-8000-"), NULL, 10) + 1;
  guint visible = self->hides ? G_N_ELEMENTS(others) : self->objects->len;
  guint last = MIN(first + self->page, visible);
  g_autofree char *cursor = id_of(last - 1);
  g_autoptr(GString) out = g_string_new(self->new_format ? "{\"data\":[" : "{\"data\":{\"objects\":[");
  for (guint i = first; i < last; i++) {
    g_string_append(out, i > first ? "," : "");
    append_object(self, out, i);
  }
  g_string_append_printf(out, "]%s,\"pageInfo\":{\"hasNextPage\":%s,\"endCursor\":\"%s\"}}",
                         self->new_format ? "" : "}", last < visible ? "true" : "false", cursor);
  self->reads++;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
answer_made(Server *self, const char *root, guint index)
{
  g_autofree char *id = id_of(index);
  if (self->new_format)
    return g_strdup_printf("{\"id\":\"%s\"}", id);
  return g_strdup_printf("{\"data\":{\"%s\":{\"id\":\"%s\"}}}", root, id);
}

static char *
answer_exists(const char *part, const char *code)
{
  return g_strdup_printf("{\"statusCode\":400,\"error\":\"METADATA_VALIDATION_ERROR\",\"message\":\"Multiple "
                         "validation errors\","
                         "\"errors\":{\"%s\":[{\"errors\":[{\"code\":\"%s\",\"message\":\"taken\"}]}]}}",
                         part, code);
}

static char *
post_object(Server *self, JsonObject *body, guint *status)
{
  const char *name = json_object_get_string_member(body, "nameSingular");
  *status = g_ptr_array_find_with_equal_func(self->objects, name, g_str_equal, NULL) ? 400 : 201;
  if (*status == 400)
    return answer_exists("objectMetadata", "OBJECT_ALREADY_EXISTS");
  g_ptr_array_add(self->objects, g_strdup(name));
  g_ptr_array_add(self->log, g_strdup(name));
  return answer_made(self, "createOneObject", self->objects->len - 1);
}

static char *
post_field(Server *self, JsonObject *body, guint *status)
{
  const char *id = json_object_get_string_member(body, "objectMetadataId");
  guint index = (guint)g_ascii_strtoull(id + strlen("00000000-0000-4000-8000-"), NULL, 10);
  g_assert_cmpuint(index, <, self->objects->len);
  const char *type = json_object_get_string_member(body, "type");
  char *path = g_strconcat(g_ptr_array_index(self->objects, index), ".",
                           json_object_get_string_member(body, "name"), NULL);
  g_ptr_array_add(self->log, path);
  if (g_str_equal(type, "RELATION")) {
    JsonObject *relation = json_object_get_object_member(body, "relationCreationPayload");
    const char *target = json_object_get_string_member(relation, "targetObjectMetadataId");
    guint at = (guint)g_ascii_strtoull(target + strlen("00000000-0000-4000-8000-"), NULL, 10);
    g_assert_cmpstr(json_object_get_string_member(relation, "type"), ==, "MANY_TO_ONE");
    g_assert_cmpstr(g_ptr_array_index(self->objects, at), ==, "repProgression");
  }
  *status = g_hash_table_contains(self->fields, path) ? 400 : 201;
  if (*status == 400)
    return answer_exists("fieldMetadata", "NOT_AVAILABLE");
  server_add_field(self, path, type);
  return answer_made(self, "createOneField", 500 + self->log->len);
}

static char *
server_answer(Server *self, const PrgWireRequest *request, guint *status)
{
  *status = 200;
  if (g_str_equal(request->method, "GET"))
    return answer_list(self, request->path);
  g_autoptr(JsonNode) body = json_from_string(request->body, NULL);
  if (g_str_equal(request->path, "/rest/metadata/objects"))
    return post_object(self, json_node_get_object(body), status);
  g_assert_cmpstr(request->path, ==, "/rest/metadata/fields");
  return post_field(self, json_node_get_object(body), status);
}

/* Runs a plan to its end, or for @steps answers. */
static GPtrArray *
run(Server *self, gboolean dry_run, guint steps, GError **error)
{
  g_autoptr(PrgSchemaPlan) plan = prg_schema_plan_new(dry_run);
  for (guint i = 0; i < steps; i++) {
    g_autoptr(PrgWireRequest) request = prg_schema_plan_next(plan);
    if (request == NULL)
      break;
    guint status = 0;
    g_autofree char *body = server_answer(self, request, &status);
    if (!prg_schema_plan_feed(plan, status, body, strlen(body), error))
      return NULL;
  }
  return prg_schema_plan_get_created(plan);
}

static void
assert_complete(Server *self)
{
  guint n_fields = 0;
  const PrgSchemaField *fields = prg_schema_fields(&n_fields);
  g_assert_cmpuint(n_fields, ==, N_ALL - 2);
  for (guint i = 0; i < n_fields; i++) {
    g_autofree char *path = g_strconcat(fields[i].object, ".", fields[i].name, NULL);
    g_assert_cmpstr(g_hash_table_lookup(self->fields, path), ==, fields[i].type);
  }
}

static void
test_bare(gconstpointer format)
{
  g_autoptr(Server) server = server_new(format != NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) made = run(server, FALSE, 1000, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(made->len, ==, N_ALL);
  g_assert_cmpuint(server->log->len, ==, N_ALL);
  for (guint i = 0; i < N_ALL; i++)
    g_assert_cmpstr(g_ptr_array_index(made, i), ==, g_ptr_array_index(server->log, i));
  g_assert_cmpstr(g_ptr_array_index(made, 0), ==, "repProgression");
  g_assert_cmpstr(g_ptr_array_index(made, 1), ==, "xpEvent");
  g_assert_cmpstr(g_ptr_array_index(made, N_ALL - 1), ==, "xpEvent.rep"); /* needs both objects */
  assert_complete(server);
  g_autoptr(GPtrArray) again = run(server, FALSE, 1000, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(again->len, ==, 0);
  g_assert_cmpuint(server->log->len, ==, N_ALL);
}

static void
test_dry_run(void)
{
  g_autoptr(Server) server = server_new(FALSE);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) dry = run(server, TRUE, 1000, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(server->log->len, ==, 0);
  g_assert_cmpuint(server->reads, ==, 2); /* four objects, two a page */
  g_autoptr(GPtrArray) made = run(server, FALSE, 1000, &error);
  g_assert_cmpuint(dry->len, ==, made->len);
  for (guint i = 0; i < made->len; i++)
    g_assert_cmpstr(g_ptr_array_index(dry, i), ==, g_ptr_array_index(made, i));
}

/* Broken off after every possible step, then run again. */
static void
test_resume(void)
{
  for (guint steps = 0; steps < N_ALL + 3; steps++) {
    g_autoptr(Server) server = server_new(steps % 2 == 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) part = run(server, FALSE, steps, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) rest = run(server, FALSE, 1000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(part->len + rest->len, ==, N_ALL);
    g_assert_cmpuint(server->log->len, ==, N_ALL);
    assert_complete(server);
  }
}

/* Only what is missing: a workspace whose record object other programs use already. */
static void
test_upgrade(void)
{
  g_autoptr(Server) server = server_new(FALSE);
  g_autoptr(GError) error = NULL;
  g_ptr_array_add(server->objects, g_strdup("repProgression"));
  server_add_field(server, "repProgression.totalXp", "NUMBER");
  server_add_field(server, "repProgression.badges", "TEXT");
  server_add_field(server, "repProgression.extra", "CURRENCY");
  g_autoptr(GPtrArray) made = run(server, FALSE, 1000, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(made->len, ==, N_ALL - 3);
  g_assert_cmpstr(g_ptr_array_index(made, 0), ==, "xpEvent");
  assert_complete(server);
}

static void
test_wrong_type(void)
{
  g_autoptr(Server) server = server_new(FALSE);
  g_autoptr(GError) error = NULL;
  g_ptr_array_add(server->objects, g_strdup("xpEvent"));
  server_add_field(server, "xpEvent.seq", "TEXT");
  g_assert_null(run(server, FALSE, 1000, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_SERVER_ERROR);
  g_assert_nonnull(strstr(error->message, "xpEvent.seq"));
  g_assert_nonnull(strstr(error->message, "NUMBER"));
  g_assert_cmpuint(server->log->len, ==, 0); /* nothing is begun */
}

/* Another administrator was faster between our list and our write. */
static void
test_race(void)
{
  g_autoptr(Server) server = server_new(FALSE);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSchemaPlan) plan = prg_schema_plan_new(FALSE);
  for (guint i = 0; i < 1000; i++) {
    g_autoptr(PrgWireRequest) request = prg_schema_plan_next(plan);
    if (request == NULL)
      break;
    if (i == 2) {
      g_ptr_array_add(server->objects, g_strdup("repProgression"));
      server_add_field(server, "repProgression.badges", "TEXT");
    }
    if (i == 10)
      server_add_field(server, "xpEvent.ref", "TEXT");
    guint status = 0;
    g_autofree char *body = server_answer(server, request, &status);
    g_assert_true(prg_schema_plan_feed(plan, status, body, strlen(body), &error));
  }
  g_assert_null(prg_schema_plan_next(plan));
  g_autoptr(GPtrArray) made = prg_schema_plan_get_created(plan);
  g_assert_cmpuint(made->len, ==, N_ALL - 3);
  assert_complete(server);
}

/* It exists, says the server, but never lists it: an end, not a loop. */
static void
test_hidden(void)
{
  g_autoptr(Server) server = server_new(FALSE);
  g_autoptr(GError) error = NULL;
  g_ptr_array_add(server->objects, g_strdup("repProgression"));
  server->hides = TRUE;
  g_assert_null(run(server, FALSE, 1000, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_SERVER_ERROR);
  g_assert_nonnull(strstr(error->message, "repProgression"));
}

static void
test_failures(void)
{
  static const struct {
    guint status;
    const char *body;
    PrgError code;
  } cases[] = {
    { 403, "{\"messages\":[\"no\"],\"code\":\"PERMISSION_DENIED\"}", PRG_ERROR_PERMISSION_DENIED },
    { 401, "{\"messages\":[\"Token invalid.\"]}", PRG_ERROR_AUTHENTICATION_FAILED },
    { 403, "{\"messages\":[\"This API Key is revoked\"]}", PRG_ERROR_AUTHENTICATION_FAILED },
    { 500, "{\"messages\":[\"oops\"]}", PRG_ERROR_SERVER_ERROR },
    { 200, "<html>", PRG_ERROR_SERVER_ERROR },
    { 200, "{}", PRG_ERROR_SERVER_ERROR },
    { 200, "{\"data\":[],\"pageInfo\":{\"hasNextPage\":true}}", PRG_ERROR_SERVER_ERROR },
    { 200, "{\"data\":[{\"nameSingular\":\"xpEvent\",\"id\":\"nope\"}]}", PRG_ERROR_SERVER_ERROR },
    { 200,
      "{\"data\":[{\"nameSingular\":\"xpEvent\",\"id\":\"00000000-0000-4000-8000-000000000001\",\"isActive\":"
      "false}]}",
      PRG_ERROR_SERVER_ERROR },
    { 0, "", PRG_ERROR_SERVER_ERROR },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgSchemaPlan) plan = prg_schema_plan_new(FALSE);
    g_autoptr(GError) error = NULL;
    g_test_message("case %u", (guint)i);
    g_assert_false(prg_schema_plan_feed(plan, cases[i].status, cases[i].body, strlen(cases[i].body), &error));
    g_assert_error(error, PRG_ERROR, (gint)cases[i].code);
  }
}

/* A list whose pages never end. */
static void
test_endless(void)
{
  g_autoptr(PrgSchemaPlan) plan = prg_schema_plan_new(FALSE);
  g_autoptr(GError) error = NULL;
  guint pages = 0;
  while (error == NULL && pages < 10000) {
    g_autofree char *body =
        g_strdup_printf("{\"data\":[],\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"c%u\"}}", pages++);
    prg_schema_plan_feed(plan, 200, body, strlen(body), &error);
  }
  g_assert_error(error, PRG_ERROR, PRG_ERROR_SERVER_ERROR);
  g_assert_cmpuint(pages, <=, 100);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/schema/bare/old-format", NULL, test_bare);
  g_test_add_data_func("/schema/bare/new-format", "new", test_bare);
  g_test_add_func("/schema/dry-run", test_dry_run);
  g_test_add_func("/schema/resume", test_resume);
  g_test_add_func("/schema/upgrade", test_upgrade);
  g_test_add_func("/schema/wrong-type", test_wrong_type);
  g_test_add_func("/schema/race", test_race);
  g_test_add_func("/schema/hidden", test_hidden);
  g_test_add_func("/schema/failures", test_failures);
  g_test_add_func("/schema/endless", test_endless);
  return g_test_run();
}
