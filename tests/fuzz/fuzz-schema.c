/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Provisioning against any metadata: a dry run asks only, a real one creates what its table names and nothing else. */
#include "fuzz.h"

#include "prg-error.h"
#include "prg-schema.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define MAX_STEPS 300

static void
check_request(const PrgWireRequest *wire, gboolean dry)
{
  g_autoptr(JsonNode) body = wire->body == NULL ? NULL : json_from_string(wire->body, NULL);

  g_assert_true(g_str_has_prefix(wire->path, "/rest/metadata/"));
  for (const char *p = wire->path; *p != '\0'; p++)
    g_assert_true(g_ascii_isgraph(*p));
  if (g_str_equal(wire->method, "GET")) {
    g_assert_null(wire->body);
    return;
  }
  g_assert_cmpstr(wire->method, ==, "POST");
  g_assert_false(dry);
  g_assert_nonnull(body);
  g_assert_true(JSON_NODE_HOLDS_OBJECT(body));
  if (!g_str_equal(wire->path, "/rest/metadata/fields"))
    return;
  const char *id = json_object_get_string_member(json_node_get_object(body), "objectMetadataId");
  g_assert_true(g_uuid_string_is_valid(id));
}

static gboolean
is_of_schema(const char *created)
{
  guint n = 0;
  const PrgSchemaField *fields = prg_schema_fields(&n);

  for (guint i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat(fields[i].object, ".", fields[i].name, NULL);
    if (g_str_equal(created, fields[i].object) || g_str_equal(created, path))
      return TRUE;
  }
  return FALSE;
}

static void
check_created(PrgSchemaPlan *plan)
{
  g_autoptr(GPtrArray) created = prg_schema_plan_get_created(plan);

  for (guint i = 0; i < created->len; i++)
    g_assert_true(is_of_schema(g_ptr_array_index(created, i)));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static const guint statuses[] = { 200, 201, 400, 401, 403, 404, 429, 500, 0, 301 };
  FuzzInput input = { data, data + size };
  gboolean dry = fuzz_byte(&input) & 1;
  g_autoptr(PrgSchemaPlan) plan = prg_schema_plan_new(dry);
  gboolean good = TRUE;

  for (guint step = 0; good && input.at < input.end && step < MAX_STEPS; step++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(PrgWireRequest) wire = prg_schema_plan_next(plan);
    if (wire == NULL)
      break;
    check_request(wire, dry);
    guint status = statuses[fuzz_below(&input, G_N_ELEMENTS(statuses))];
    gsize length = 0;
    g_autofree char *body = fuzz_bytes(&input, &length);
    good = prg_schema_plan_feed(plan, status, body, length, &error);
    fuzz_check_error(good, error);
  }
  check_created(plan);
  return 0;
}
