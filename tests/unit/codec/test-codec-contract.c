/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "recording.h"

#include <string.h>

/* What each recorded answer means, written by hand from what the recording's note says happened. */

static GPtrArray *recordings;

typedef struct {
  const char *id;
  PrgOutcome outcome;
} Meaning;

static const Meaning meanings[] = {
  { "create-same-id", PRG_OUTCOME_DUPLICATE },
  { "create-duplicate-unique", PRG_OUTCOME_DUPLICATE },
  { "batch-one-id-exists", PRG_OUTCOME_DUPLICATE },
  { "batch-same-id-twice", PRG_OUTCOME_DUPLICATE },
  { "ledger-batch-again", PRG_OUTCOME_DUPLICATE },
  { "row-post-soft-deleted-id", PRG_OUTCOME_DUPLICATE },
  { "gql-create-many-dup", PRG_OUTCOME_DUPLICATE },
  { "gql-two-mutations-second-fails", PRG_OUTCOME_DUPLICATE },
  { "create-unknown-field", PRG_OUTCOME_SCHEMA_MISSING },
  { "list-order-unknown-field", PRG_OUTCOME_SCHEMA_MISSING },
  { "object-not-exist", PRG_OUTCOME_SCHEMA_MISSING },
  { "rate-bad-object-not-limited", PRG_OUTCOME_SCHEMA_MISSING },
  { "auth-other-workspace", PRG_OUTCOME_SCHEMA_MISSING },
  { "auth-none-gql", PRG_OUTCOME_SCHEMA_MISSING }, /* we never ask without a token */
  { "gql-unknown-object", PRG_OUTCOME_SCHEMA_MISSING },
  { "create-wrong-type-string-number", PRG_OUTCOME_REFUSED },
  { "create-wrong-type-number-text", PRG_OUTCOME_REFUSED },
  { "create-object-for-text", PRG_OUTCOME_REFUSED },
  { "create-1e400", PRG_OUTCOME_REFUSED },
  { "create-date-bad", PRG_OUTCOME_REFUSED },
  { "create-bad-id", PRG_OUTCOME_REFUSED },
  { "create-id-uuid-v7", PRG_OUTCOME_REFUSED },
  { "batch-201", PRG_OUTCOME_REFUSED },
  { "batch-one-invalid", PRG_OUTCOME_REFUSED },
  { "list-starting-after-bad", PRG_OUTCOME_REFUSED },
  { "list-starting-after-other-order", PRG_OUTCOME_REFUSED },
  { "list-filter-malformed", PRG_OUTCOME_REFUSED },
  { "patch-many-no-filter-on-200plus", PRG_OUTCOME_REFUSED },
  { "gql-cas-emptyfilter", PRG_OUTCOME_REFUSED },
  { "gql-cas-nofilter", PRG_OUTCOME_REFUSED },
  { "gql-create-many-201", PRG_OUTCOME_REFUSED },
  { "gql-wrong-type-var", PRG_OUTCOME_REFUSED },
  { "gql-find-one-unknown", PRG_OUTCOME_REFUSED },
  { "rate-gql-5-roots", PRG_OUTCOME_REFUSED },
  { "members-get-unknown", PRG_OUTCOME_REFUSED },
  { "http-431", PRG_OUTCOME_REFUSED },
  { "create-text-nul", PRG_OUTCOME_UNKNOWN },
  { "create-malformed-json", PRG_OUTCOME_UNKNOWN },
  { "create-no-content-type", PRG_OUTCOME_UNKNOWN },
  { "batch-object", PRG_OUTCOME_UNKNOWN },
  { "gql-cas-updatedAt-eq", PRG_OUTCOME_UNKNOWN },
  { "gql-syntax-error", PRG_OUTCOME_UNKNOWN },
  { "unknown-route", PRG_OUTCOME_UNKNOWN },
  { "http-body-11MiB", PRG_OUTCOME_UNKNOWN },
  { "http-charset-latin1", PRG_OUTCOME_UNKNOWN },
  { "http-if-none-match", PRG_OUTCOME_UNKNOWN },
  { "options-cors", PRG_OUTCOME_UNKNOWN },
  { "down-pg-get", PRG_OUTCOME_UNKNOWN },
  { "down-pg-list", PRG_OUTCOME_UNKNOWN },
  { "down-pg-patch", PRG_OUTCOME_UNKNOWN },
  { "down-pg-cas", PRG_OUTCOME_UNKNOWN },
  { "down-pg-create", PRG_OUTCOME_UNKNOWN },
  { "down-pg-gql", PRG_OUTCOME_UNKNOWN },
  { "down-pg-cold-get", PRG_OUTCOME_UNKNOWN },
  { "down-pg-cold-patch", PRG_OUTCOME_UNKNOWN },
  { "down-pg-cold-gql", PRG_OUTCOME_UNKNOWN },
  { "down-pg-cold-meta", PRG_OUTCOME_UNKNOWN },
  { "down-redis-get", PRG_OUTCOME_UNKNOWN },
  { "down-redis-patch", PRG_OUTCOME_UNKNOWN },
  { "down-redis-gql", PRG_OUTCOME_UNKNOWN },
  { "auth-none", PRG_OUTCOME_AUTH },
  { "auth-garbage", PRG_OUTCOME_AUTH },
  { "auth-garbage-gql", PRG_OUTCOME_AUTH },
  { "auth-bad-signature", PRG_OUTCOME_AUTH },
  { "auth-basic", PRG_OUTCOME_AUTH },
  { "auth-bearer-empty", PRG_OUTCOME_AUTH },
  { "auth-expired", PRG_OUTCOME_AUTH },
  { "auth-expired-gql", PRG_OUTCOME_AUTH },
  { "auth-revoked", PRG_OUTCOME_AUTH },
  { "auth-revoked-gql", PRG_OUTCOME_AUTH },
  { "oauth-garbage-bearer", PRG_OUTCOME_AUTH },
  { "perm-read-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-read-denied-gql", PRG_OUTCOME_FORBIDDEN },
  { "perm-create-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-update-denied-gql", PRG_OUTCOME_FORBIDDEN },
  { "perm-cas-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-batch-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-metadata-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-metadata-list-denied", PRG_OUTCOME_FORBIDDEN },
  { "perm-field-update", PRG_OUTCOME_FORBIDDEN },
  { "gql-currentUser-apikey", PRG_OUTCOME_FORBIDDEN },
  { "rate-429-rest-get", PRG_OUTCOME_RETRY },
  { "rate-429-rest-patch", PRG_OUTCOME_RETRY },
  { "rate-429-rest-batch", PRG_OUTCOME_RETRY },
  { "rate-429-gql", PRG_OUTCOME_RETRY },
  { "rate-429-gql-mutation", PRG_OUTCOME_RETRY },
  { "meta-object-create-duplicate", PRG_OUTCOME_REFUSED },
  { "meta-field-create-reserved-name", PRG_OUTCOME_REFUSED },
  { "meta-object-create", PRG_OUTCOME_OK },
  { "newmeta-object-create", PRG_OUTCOME_OK },
  { "relation-create", PRG_OUTCOME_OK },
  { "perm-object-level-other-ok", PRG_OUTCOME_OK },
  { "down-pg-back", PRG_OUTCOME_OK },
};

static void
test_meanings(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
    const Recording *one = recording_find(recordings, meanings[i].id);
    g_autofree char *message = NULL;
    PrgOutcome outcome = prg_codec_classify(one->status, one->body, strlen(one->body), &message);
    g_test_message("%s: %s (%s)", one->id, prg_outcome_to_string(outcome), message);
    g_assert_cmpstr(prg_outcome_to_string(outcome), ==, prg_outcome_to_string(meanings[i].outcome));
    g_assert_true((outcome == PRG_OUTCOME_OK) == (*message == '\0'));
    g_assert_cmpint(g_utf8_strlen(message, -1), <=, 500);
  }
}

/* Nothing that the server did not carry out may look done, and no recorded success may look refused. */
static void
test_statuses(void)
{
  for (guint i = 0; i < recordings->len; i++) {
    const Recording *one = g_ptr_array_index(recordings, i);
    PrgOutcome outcome = prg_codec_classify(one->status, one->body, strlen(one->body), NULL);
    gboolean object = one->answer != NULL && JSON_NODE_HOLDS_OBJECT(one->answer);
    gboolean errors = object && json_object_has_member(json_node_get_object(one->answer), "errors");
    gboolean success = object && !errors && (one->status == 200 || one->status == 201);
    g_test_message("%s", one->id);
    g_assert_true(success == (outcome == PRG_OUTCOME_OK));
  }
}

static PrgAnswer *
decode(const char *id, PrgRequestKind kind, PrgRequest **request)
{
  const Recording *one = recording_find(recordings, id);
  g_autofree char *body = recording_complete(one);
  *request = recording_request(one, kind);
  g_test_message("%s", id);
  return prg_codec_decode(*request, one->status, body, strlen(body), NULL);
}

static const struct {
  const char *id;
  PrgRequestKind kind;
  PrgOutcome outcome;
} exchanges[] = {
  { "ledger-record-create", PRG_REQUEST_CREATE, PRG_OUTCOME_OK },
  { "record-recreate", PRG_REQUEST_CREATE, PRG_OUTCOME_OK },
  { "create-with-client-id", PRG_REQUEST_CREATE, PRG_OUTCOME_OK },
  { "create-duplicate-unique", PRG_REQUEST_CREATE, PRG_OUTCOME_DUPLICATE },
  { "down-pg-create", PRG_REQUEST_CREATE, PRG_OUTCOME_UNKNOWN },
  { "perm-create-denied", PRG_REQUEST_CREATE, PRG_OUTCOME_FORBIDDEN },
  { "ledger-read-groupby", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "ledger-read-again", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "ledger-read-groupby-rows", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "ledger-groupby-soft-deleted-row", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "fold-read", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "record-soft-deleted-read", PRG_REQUEST_READ, PRG_OUTCOME_OK },
  { "rate-429-gql", PRG_REQUEST_READ, PRG_OUTCOME_RETRY },
  { "gql-find-one", PRG_REQUEST_READ, PRG_OUTCOME_UNKNOWN }, /* another root than asked for */
  { "ledger-init-cas", PRG_REQUEST_SWAP, PRG_OUTCOME_OK },
  { "ledger-init-cas-repeat", PRG_REQUEST_SWAP, PRG_OUTCOME_OK },
  { "fold-cas", PRG_REQUEST_SWAP, PRG_OUTCOME_OK },
  { "fold-cas-stale-by-updatedAt", PRG_REQUEST_SWAP, PRG_OUTCOME_CONFLICT },
  { "gql-cas-nomatch", PRG_REQUEST_SWAP, PRG_OUTCOME_CONFLICT },
  { "gql-cas-updatedAt-eq", PRG_REQUEST_SWAP, PRG_OUTCOME_UNKNOWN },
  { "gql-cas-emptyfilter", PRG_REQUEST_SWAP, PRG_OUTCOME_REFUSED },
  { "rate-429-gql-mutation", PRG_REQUEST_SWAP, PRG_OUTCOME_RETRY },
  { "ledger-batch", PRG_REQUEST_POST, PRG_OUTCOME_OK },
  { "ledger-batch-again", PRG_REQUEST_POST, PRG_OUTCOME_DUPLICATE },
  { "batch-1", PRG_REQUEST_POST,
    PRG_OUTCOME_UNKNOWN }, /* the server chose the id: not the row that was sent */
  { "batch-dup-setup", PRG_REQUEST_POST, PRG_OUTCOME_OK },
  { "batch-one-invalid", PRG_REQUEST_POST, PRG_OUTCOME_REFUSED },
  { "perm-batch-denied", PRG_REQUEST_POST, PRG_OUTCOME_FORBIDDEN },
  { "rate-429-rest-batch", PRG_REQUEST_POST, PRG_OUTCOME_RETRY },
  { "ledger-read-back", PRG_REQUEST_READ_BACK, PRG_OUTCOME_OK },
  { "timeline", PRG_REQUEST_TIMELINE, PRG_OUTCOME_OK },
  { "rows-relink", PRG_REQUEST_RELINK, PRG_OUTCOME_OK },
  { "list-filter-eq-quoted", PRG_REQUEST_DISCOVER, PRG_OUTCOME_OK },
  { "soft-filter-or", PRG_REQUEST_DISCOVER, PRG_OUTCOME_OK },
  { "list-filter-no-match", PRG_REQUEST_DISCOVER, PRG_OUTCOME_OK },
  { "auth-other-workspace", PRG_REQUEST_DISCOVER, PRG_OUTCOME_SCHEMA_MISSING },
  { "auth-revoked", PRG_REQUEST_DISCOVER, PRG_OUTCOME_AUTH },
  { "perm-read-denied", PRG_REQUEST_DISCOVER, PRG_OUTCOME_FORBIDDEN },
  { "down-pg-list", PRG_REQUEST_DISCOVER, PRG_OUTCOME_UNKNOWN },
};

static void
test_exchanges(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(exchanges); i++) {
    g_autoptr(PrgRequest) request = NULL;
    g_autoptr(PrgAnswer) answer = decode(exchanges[i].id, exchanges[i].kind, &request);
    g_test_message("%s: %s", prg_outcome_to_string(answer->outcome), answer->message);
    g_assert_cmpstr(prg_outcome_to_string(answer->outcome), ==, prg_outcome_to_string(exchanges[i].outcome));
    if (answer->outcome == PRG_OUTCOME_OK)
      recording_assert_shape(request, answer);
  }
}

static void
test_read_values(void)
{
  g_autoptr(PrgRequest) request = NULL;
  g_autoptr(PrgAnswer) answer = decode("ledger-groupby-soft-deleted-row", PRG_REQUEST_READ, &request);
  const PrgRecord *record = g_ptr_array_index(answer->records, 0);
  gint64 updated_at = 0;
  g_assert_cmpstr(record->id, ==, "fbd10b80-ddf7-4997-8c50-8174b84f5de5");
  g_assert_cmpint(record->total_xp.value, ==, 2550);
  g_assert_cmpint(record->ledger_xp.value, ==, 304);
  g_assert_cmpint(record->ledger_count.value, ==, 4);
  g_assert_cmpint(record->external_xp.value, ==, 2500);
  g_assert_false(record->external_deals.known);
  g_assert_cmpint(record->closed_deals.value, ==, 1);
  g_assert_true(prg_id_set_contains(record->completed_modules, "module_0"));
  g_assert_true(prg_instant_parse("2026-11-22T08:53:01.368Z", &updated_at));
  g_assert_cmpint(record->updated_at, ==, updated_at);
  g_assert_false(record->deleted);
  g_assert_cmpstr(record->updated_by, ==, "");
  g_assert_cmpuint(record->faults->len, ==, 0);
  gint64 count = 0, sum = 0;
  for (guint i = 0; i < answer->groups->len; i++) {
    count += g_array_index(answer->groups, PrgGroup, i).count;
    sum += g_array_index(answer->groups, PrgGroup, i).sum;
  }
  g_assert_cmpint(count, ==, 3); /* one of four rows is soft-deleted */
  g_assert_cmpint(sum, ==, 302);
  g_assert_cmpint(answer->unlinked, ==, -1);
}

static void
test_swap_values(void)
{
  g_autoptr(PrgRequest) request = NULL;
  g_autoptr(PrgAnswer) answer = decode("fold-cas", PRG_REQUEST_SWAP, &request);
  const PrgRecord *record = g_ptr_array_index(answer->records, 0);
  gint64 updated_at = 0;
  g_assert_true(prg_instant_parse("2026-11-22T08:53:01.334Z", &updated_at));
  g_assert_cmpint(record->total_xp.value, ==, 2804);
  g_assert_cmpint(record->updated_at, ==, updated_at);
}

static void
test_row_values(void)
{
  g_autoptr(PrgRequest) request = NULL;
  g_autoptr(PrgAnswer) answer = decode("ledger-batch", PRG_REQUEST_POST, &request);
  const PrgRow *row = g_ptr_array_index(answer->rows, 2);
  gint64 created_at = 0;
  g_assert_true(prg_instant_parse("2026-11-22T08:53:00.965Z", &created_at));
  g_assert_cmpstr(row->operation->id, ==, "cafd5596-6a15-4dfb-9b60-510d4e2ce0b5");
  g_assert_cmpstr(row->operation->kind, ==, "deal_closed");
  g_assert_cmpint(row->operation->amount, ==, 300);
  g_assert_cmpint(row->operation->created_at, ==, created_at);
  g_assert_cmpint(row->operation->occurred_at, ==, created_at); /* null in the row */
  g_assert_cmpstr(row->operation->local_day, ==, "2026-11-22");
  g_assert_cmpstr(row->operation->zone, ==, "");
  g_assert_cmpstr(row->record_id, ==, "fbd10b80-ddf7-4997-8c50-8174b84f5de5");
  g_assert_cmpstr(row->member, ==, "rec2-fbd10b80");
  g_assert_false(row->deleted);
}

/* The server's own account of what other tests call: initialise, fold, and another program's blind write. */
static void
test_timeline_values(void)
{
  g_autoptr(PrgRequest) request = NULL;
  g_autoptr(PrgAnswer) answer = decode("timeline", PRG_REQUEST_TIMELINE, &request);
  g_assert_cmpuint(answer->timeline->len, ==, 5);
  const PrgTimelineRow *creation = g_ptr_array_index(answer->timeline, 0);
  const PrgTimelineRow *first = g_ptr_array_index(answer->timeline, 1);
  const PrgTimelineRow *module = g_ptr_array_index(answer->timeline, 2);
  const PrgTimelineRow *fold = g_ptr_array_index(answer->timeline, 3);
  const PrgTimelineRow *blind = g_ptr_array_index(answer->timeline, 4);
  g_assert_true(creation->is_fold);
  g_assert_cmpstr(creation->token_after, ==, "");
  g_assert_false(creation->has_total);
  g_assert_false(first->has_total);
  g_assert_cmpuint(prg_id_set_size(module->modules_added), ==, 1);
  g_assert_true(prg_id_set_contains(module->modules_added, "module_0"));
  g_assert_cmpuint(prg_id_set_size(module->modules_removed), ==, 0);
  g_assert_true(fold->has_total);
  g_assert_cmpint(fold->total_before, ==, 2500);
  g_assert_cmpint(fold->total_after, ==, 2804);
  g_assert_true(blind->has_total);
  g_assert_cmpint(blind->total_before, ==, 2804);
  g_assert_cmpint(blind->total_after, ==, 2550);
  g_assert_false(blind->is_fold);
  g_assert_cmpstr(blind->member, ==, "");
  g_assert_cmpstr(answer->next_cursor, ==, "");
}

/* Recorded before the fields of the ledger existed, and with a field that the role may not see. */
static void
test_missing(void)
{
  g_autoptr(PrgRequest) request = NULL;
  const Recording *one = recording_find(recordings, "soft-filter-or");
  request = recording_request(one, PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "wm-del");
  g_autoptr(PrgAnswer) answer = prg_codec_decode(request, one->status, one->body, strlen(one->body), NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 1);
  g_assert_true(((PrgRecord *)g_ptr_array_index(answer->records, 0))->deleted);
  g_assert_cmpuint(answer->missing->len, ==, 6);
  g_assert_true(
      g_ptr_array_find_with_equal_func(answer->missing, "repProgression.foldToken", g_str_equal, NULL));
  g_assert_true(
      g_ptr_array_find_with_equal_func(answer->missing, "repProgression.ledgerXp", g_str_equal, NULL));
  g_assert_false(
      g_ptr_array_find_with_equal_func(answer->missing, "repProgression.totalXp", g_str_equal, NULL));
}

/* A filter that was bent by an odd member id must not hand us somebody else's record. */
static void
test_other_member(void)
{
  const Recording *one = recording_find(recordings, "soft-filter-or");
  g_autoptr(PrgRequest) request = recording_request(one, PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "somebody");
  g_autoptr(PrgAnswer) answer = prg_codec_decode(request, one->status, one->body, strlen(one->body), NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 0);
}

static void
test_account(void)
{
  const Recording *member = recording_find(recordings, "members-get");
  const Recording *workspace = recording_find(recordings, "gql-currentWorkspace-apikey");
  g_autofree char *name = NULL;
  g_autofree char *id = NULL;
  g_assert_true(prg_codec_decode_member(member->body, strlen(member->body), &name));
  g_assert_cmpint(g_utf8_strlen(name, -1), >, 3);
  g_assert_nonnull(strchr(name, ' '));
  g_assert_true(prg_codec_decode_workspace(workspace->body, strlen(workspace->body), &id));
  g_assert_true(g_uuid_string_is_valid(id));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  recordings = recording_load();
  g_test_add_func("/codec/contract/meanings", test_meanings);
  g_test_add_func("/codec/contract/statuses", test_statuses);
  g_test_add_func("/codec/contract/exchanges", test_exchanges);
  g_test_add_func("/codec/contract/read", test_read_values);
  g_test_add_func("/codec/contract/swap", test_swap_values);
  g_test_add_func("/codec/contract/rows", test_row_values);
  g_test_add_func("/codec/contract/timeline", test_timeline_values);
  g_test_add_func("/codec/contract/missing", test_missing);
  g_test_add_func("/codec/contract/other-member", test_other_member);
  g_test_add_func("/codec/contract/account", test_account);
  int result = g_test_run();
  g_ptr_array_unref(recordings);
  return result;
}
