/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-calendar.h"

/* Name spaces of RFC 4122, appendix C. */
#define DNS "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define URL "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

static void
test_v5_vectors(void)
{
  /* RFC 9562, appendix A.4, and the examples of Python's uuid module. */
  g_autofree char *rfc = prg_operation_child_id(DNS, "www.example.com");
  g_autofree char *python = prg_operation_child_id(DNS, "python.org");
  g_autofree char *upper = prg_operation_child_id("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "python.org");

  g_assert_cmpstr(rfc, ==, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  g_assert_cmpstr(python, ==, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
  g_assert_cmpstr(upper, ==, python);
}

static void
test_pays_once_id(void)
{
  /* uuid.uuid5(MEMBER, "module_passed\0module_0") */
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "module_passed", "module_0");
  g_autofree char *again = prg_operation_pays_once_id(MEMBER, "module_passed", "module_0");
  g_autofree char *shifted = prg_operation_pays_once_id(MEMBER, "module_passe", "dmodule_0");
  g_autofree char *empty = prg_operation_pays_once_id(MEMBER, "record", "");

  g_assert_cmpstr(id, ==, "843aab0b-8c6e-5c55-8c99-4b6956104f3c");
  g_assert_cmpstr(id, ==, again);
  g_assert_cmpstr(id, !=, shifted);
  g_assert_cmpstr(empty, ==, "32ab21d1-1055-5092-ae0e-f3d9ca7d045a");
}

static void
test_member_that_is_no_uuid(void)
{
  /* uuid.uuid5(uuid.uuid5(NAMESPACE_URL, "rep-7"), "streak_day\0002026-11-20") */
  g_autofree char *id = prg_operation_pays_once_id("rep-7", "streak_day", "2026-11-20");
  g_autofree char *other = prg_operation_pays_once_id("rep-8", "streak_day", "2026-11-20");

  g_assert_cmpstr(id, ==, "490b1fec-711c-558d-aae9-bb1510c9c051");
  g_assert_cmpstr(id, !=, other);
}

static void
test_not_after(void)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_offset(2 * 3600);
  gint64 now = 0, raw = 0;
  g_assert_true(prg_instant_parse("2026-03-02T23:30:00Z", &now));
  g_assert_true(prg_instant_parse("2026-03-12T08:00:00Z", &raw));
  const PrgOperation fields = { .id = "a",
                                .kind = "dial_made",
                                .amount = 2,
                                .occurred_at = raw,
                                .local_day = "2026-03-12",
                                .details = "{\"text\":\"x\"}" };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);
  g_autoptr(PrgOperation) sent = prg_operation_not_after(operation, now, zone);

  g_assert_cmpint(sent->occurred_at, ==, now);
  g_assert_cmpstr(sent->local_day, ==, "2026-03-03"); /* in the zone */
  g_assert_cmpstr(sent->details, ==, "{\"text\":\"x\",\"occurred-at\":\"2026-03-12T08:00:00.000Z\"}");
  g_assert_cmpstr(sent->id, ==, "a");
  g_assert_cmpint(sent->amount, ==, 2);
  g_assert_null(prg_operation_not_after(sent, now, zone));
  g_assert_null(prg_operation_not_after(operation, raw - 5 * 60 * (gint64)G_USEC_PER_SEC, zone));
}

static void
test_copies_and_absent_strings(void)
{
  char kind[] = "dial_made";
  const PrgOperation fields = { .id = "a", .kind = kind, .amount = -7, .created_at = 5 };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);
  g_autoptr(PrgOperation) same = prg_operation_ref(operation);

  kind[0] = 'x';
  g_assert_cmpstr(operation->kind, ==, "dial_made");
  g_assert_true(operation->kind == g_intern_string("dial_made"));
  g_assert_cmpstr(operation->device, ==, "");
  g_assert_cmpstr(operation->ref, ==, "");
  g_assert_cmpstr(operation->local_day, ==, "");
  g_assert_cmpstr(operation->zone, ==, "");
  g_assert_cmpstr(operation->details, ==, "");
  g_assert_cmpstr(operation->cause, ==, "");
  g_assert_cmpint(operation->amount, ==, -7);
  g_assert_cmpint(operation->created_at, ==, 5);
  g_assert_true(same == operation);
}

/* The numbers are on disk and the names in exports. */
static void
test_states(void)
{
  static const struct {
    int number;
    const char *name;
  } states[] = {
    { 0, "new" },    { 1, "sent" },       { 2, "ledgered" }, { 3, "folded" },    { 4, "quarantined" },
    { 5, "voided" }, { 6, "superseded" }, { 7, "remote" },   { 8, "discarded" },
  };
  PrgOperationState state;

  for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
    g_assert_cmpstr(prg_operation_state_to_string((PrgOperationState)states[i].number), ==, states[i].name);
    g_assert_true(prg_operation_state_from_string(states[i].name, &state));
    g_assert_cmpint((int)state, ==, states[i].number);
  }
  g_assert_false(prg_operation_state_from_string("lost", &state));
  g_assert_false(prg_operation_state_from_string(NULL, &state));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/operation/v5-vectors", test_v5_vectors);
  g_test_add_func("/operation/pays-once-id", test_pays_once_id);
  g_test_add_func("/operation/member-that-is-no-uuid", test_member_that_is_no_uuid);
  g_test_add_func("/operation/not-after", test_not_after);
  g_test_add_func("/operation/copies-and-absent-strings", test_copies_and_absent_strings);
  g_test_add_func("/operation/states", test_states);
  return g_test_run();
}
