/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every answer of a server: the nine exchanges of the sync protocol, the errors in all formats, sign-in. */
#include "fuzz.h"

#include "../unit/codec/recording.h"
#include "prg-book.h"
#include "prg-calendar.h"

#include <string.h>

#define N_KINDS (PRG_REQUEST_RELINK + 1)
#define TODAY "2026-11-22"
#define MAX_IDS 200

static PrgRules *rules;

/* --- the question that fits the answer, so that answers are taken at all --- */

/* The text after @key at *@at, which moves behind it. (transfer full) (nullable) */
static char *
next_value(const char **at, const char *key)
{
  const char *found = strstr(*at, key);
  const char *end = found == NULL ? NULL : strchr(found + strlen(key), '"');

  if (end == NULL)
    return NULL;
  *at = end;
  return g_strndup(found + strlen(key), (gsize)(end - found) - strlen(key));
}

static void
ask_for_ids(PrgRequest *request, const char *body)
{
  const char *at = body;

  request->ids = g_ptr_array_new_with_free_func(g_free);
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  while (request->ids->len < MAX_IDS) {
    g_autofree char *id = next_value(&at, "\"id\":\"");
    if (id == NULL)
      return;
    if (!g_uuid_string_is_valid(id))
      continue;
    if (*request->record_id == '\0')
      prg_record_set(&request->record_id, id);
    g_ptr_array_add(request->operations, prg_operation_new(&(PrgOperation){ .id = id }));
    g_ptr_array_add(request->ids, g_steal_pointer(&id));
  }
}

static PrgRequest *
make_request(PrgRequestKind kind, guint8 flags, const char *body)
{
  PrgRequest *request = prg_request_new(kind);
  const char *at = body;
  g_autofree char *member = next_value(&at, "\"workspaceMemberId\":\"");

  request->full = (flags & 1) != 0;
  request->unlinked = (flags & 2) != 0;
  request->since = flags & 4 ? 1 : 0;
  prg_record_set(&request->cursor, flags & 8 ? "cursor" : "");
  prg_record_set(&request->member, member);
  if (flags & 32) /* about others than the answer speaks of */
    body = "\"id\":\"11111111-1111-4111-8111-111111111111\"";
  ask_for_ids(request, body);
  return request;
}

/* --- what an answer promises --- */

static void
check_number(const PrgNumber *number)
{
  fuzz_check_xp(number->value);
  g_assert_true(number->known || (number->value == 0 && number->raw == 0));
}

static void
check_record(const PrgRecord *record)
{
  const PrgNumber *const numbers[] = { &record->total_xp,    &record->current_level, &record->closed_deals,
                                       &record->streak_days, &record->ledger_xp,     &record->ledger_count,
                                       &record->external_xp, &record->external_deals };
  const char *const texts[] = { record->name,         record->workspace_member_id,
                                record->current_rank, record->efficiency_metrics,
                                record->fold_token,   record->fold_log,
                                record->updated_by };

  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    check_number(numbers[i]);
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    fuzz_check_text(texts[i]);
  for (guint i = 0; i < record->faults->len; i++)
    fuzz_check_message(g_ptr_array_index(record->faults, i));
}

/* The invariant of an operation, whoever made it: what is no object is wrapped in one. */
static void
check_row(const PrgRow *row)
{
  const PrgOperation *operation = row->operation;
  g_autoptr(JsonNode) details =
      *operation->details == '\0' ? NULL : json_from_string(operation->details, NULL);

  fuzz_check_xp(operation->amount);
  g_assert_cmpint(operation->seq, >=, 0);
  fuzz_check_text(operation->kind);
  fuzz_check_text(operation->device);
  fuzz_check_text(operation->ref);
  fuzz_check_text(operation->zone);
  fuzz_check_text(operation->details);
  g_assert_true(prg_day_parse(operation->local_day, NULL));
  g_assert_true(*operation->cause == '\0' || g_uuid_string_is_valid(operation->cause));
  g_assert_true(*operation->details == '\0' || (details != NULL && JSON_NODE_HOLDS_OBJECT(details)));
  fuzz_check_text(row->member);
}

/* An export of it can be imported again. */
static void
check_line(const PrgOperation *operation)
{
  g_autofree char *line = prg_codec_operation_to_json(operation);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgOperation) again = NULL;

  if (*operation->kind == '\0')
    return; /* a row without a type cannot be exported, and never is: it is another program's */
  again = prg_codec_operation_from_json(line, -1, &error);
  g_assert_no_error(error);
  g_assert_cmpint(again->amount, ==, operation->amount);
  g_assert_cmpstr(again->details, ==, operation->details);
}

/* What the rest of the service does with it. */
static void
use_rows(const PrgAnswer *answer)
{
  g_autoptr(PrgView) view = prg_view_new();
  gint64 sum = 0;

  for (guint i = 0; i < answer->rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(answer->rows, i);
    check_row(row);
    check_line(row->operation);
    prg_apply(view, rules, row->operation, PRG_APPLY_NEW);
    sum += row->operation->amount;
  }
  g_assert_cmpint(view->record->total_xp.value, ==, sum);
  prg_view_finish(view, rules, TODAY);
  fuzz_check_text(view->record->efficiency_metrics);
  g_autoptr(GPtrArray) awards = prg_derive(view, rules, TODAY, NULL, NULL);
  for (guint i = 0; i < awards->len; i++)
    fuzz_check_xp(((const PrgAward *)g_ptr_array_index(awards, i))->amount);
}

static void
use_base(const PrgAnswer *answer)
{
  const PrgRecord *record = answer->records->len > 0 ? g_ptr_array_index(answer->records, 0) : NULL;
  g_autoptr(PrgBase) base = prg_base_new(record, answer->groups, 0);
  g_autofree char *text = prg_base_to_json(base);
  g_autoptr(PrgBase) again = prg_base_from_json(text);
  PrgSnapshot *snapshot = prg_snapshot_new();

  fuzz_check_xp(base->ledger_sum);
  fuzz_check_xp(base->ledger_count);
  fuzz_check_xp(prg_base_deals(base));
  g_assert_cmpint(base->ledger_sum, ==, again->ledger_sum);
  g_assert_cmpint(base->ledger_count, ==, again->ledger_count);
  g_assert_cmpint(base->record->total_xp.value, ==, again->record->total_xp.value);
  snapshot->base = g_steal_pointer(&text);
  g_autoptr(PrgBook) book = prg_book_new(rules, "m", "d", snapshot);
  fuzz_check_text(prg_book_view(book, TODAY)->record->efficiency_metrics);
}

static void
use_timeline(const PrgAnswer *answer)
{
  for (guint i = 0; i < answer->timeline->len; i++) {
    const PrgTimelineRow *row = g_ptr_array_index(answer->timeline, i);
    fuzz_check_xp(row->total_before);
    fuzz_check_xp(row->total_after);
    fuzz_check_text(row->token_after);
    fuzz_check_text(row->member);
  }
}

static void
use_answer(const PrgAnswer *answer)
{
  for (guint i = 0; answer->records != NULL && i < answer->records->len; i++)
    check_record(g_ptr_array_index(answer->records, i));
  if (answer->rows != NULL)
    use_rows(answer);
  if (answer->records != NULL)
    use_base(answer);
  if (answer->timeline != NULL)
    use_timeline(answer);
  fuzz_check_xp(answer->older);
  fuzz_check_xp(answer->unlinked);
  fuzz_check_text(answer->next_cursor);
}

/* Nobody else's record is taken for the rep's, and no row that was not asked for. */
static void
check_ours(const PrgRequest *request, const PrgAnswer *answer)
{
  for (guint i = 0; answer->records != NULL && i < answer->records->len; i++) {
    const PrgRecord *record = g_ptr_array_index(answer->records, i);
    g_autofree char *wanted = g_ascii_strdown(request->record_id, -1);
    if (request->kind != PRG_REQUEST_DISCOVER)
      g_assert_cmpstr(record->id, ==, wanted);
    else if (*record->workspace_member_id != '\0')
      g_assert_cmpstr(record->workspace_member_id, ==, request->member);
  }
  for (guint i = 0; request->kind == PRG_REQUEST_READ_BACK && i < answer->rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(answer->rows, i);
    guint k = 0;
    while (k < request->ids->len &&
           g_ascii_strcasecmp(g_ptr_array_index(request->ids, k), row->operation->id) != 0)
      k++;
    g_assert_cmpuint(k, <, request->ids->len);
  }
}

static void
check_said(const char *message)
{
  fuzz_check_message(message);
  g_assert_cmpint(g_utf8_strlen(message, -1), <=, 500);
  for (const char *p = message; *p != '\0'; p = g_utf8_next_char(p))
    g_assert_false(g_unichar_iscntrl(g_utf8_get_char(p)));
}

static void
check_exchange(PrgRequestKind kind, guint8 flags, guint status, const char *body, gsize length)
{
  g_autofree char *text = g_strndup(body, length);
  g_autoptr(PrgRequest) request = make_request(kind, flags, text);
  g_autoptr(PrgAnswer) answer = prg_codec_decode(request, status, body, length, flags & 16 ? rules : NULL);

  g_assert_cmpint(answer->outcome, >=, PRG_OUTCOME_OK);
  g_assert_cmpint(answer->outcome, <=, PRG_OUTCOME_UNKNOWN);
  check_said(answer->message);
  g_assert_true((answer->outcome == PRG_OUTCOME_OK) == (*answer->message == '\0'));
  if (answer->outcome == PRG_OUTCOME_OK) {
    g_assert_true(status == 200 || status == 201);
    recording_assert_shape(request, answer);
    check_ours(request, answer);
    use_answer(answer);
  } else if (answer->outcome != PRG_OUTCOME_CONFLICT) {
    g_assert_true(answer->records == NULL && answer->rows == NULL && answer->groups == NULL &&
                  answer->timeline == NULL);
  }
}

static void
check_error_answer(guint status, const char *body, gsize length)
{
  g_autofree char *message = NULL;
  PrgOutcome outcome = prg_codec_classify(status, body, length, &message);

  g_assert_cmpint(outcome, <=, PRG_OUTCOME_UNKNOWN);
  g_assert_cmpint(outcome, !=, PRG_OUTCOME_CONFLICT);
  check_said(message);
  g_assert_true(outcome != PRG_OUTCOME_OK || status == 200 || status == 201);
}

static void
check_sign_in(const char *body, gsize length)
{
  g_autofree char *name = NULL;
  g_autofree char *workspace = NULL;

  if (prg_codec_decode_member(body, length, &name))
    check_said(name);
  else
    g_assert_null(name);
  if (prg_codec_decode_workspace(body, length, &workspace))
    g_assert_true(g_uuid_string_is_valid(workspace));
  else
    g_assert_null(workspace);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static const guint statuses[] = { 200, 201, 0, 301, 400, 401, 403, 404, 413, 429, 500, 503 };
  FuzzInput input = { data, data + size };
  guint entry = fuzz_below(&input, N_KINDS + 2);
  guint8 flags = fuzz_byte(&input);
  guint status = statuses[fuzz_below(&input, G_N_ELEMENTS(statuses))];
  gsize length = 0;
  g_autofree char *body = fuzz_rest(&input, &length);

  if (rules == NULL)
    rules = prg_rules_new_builtin();
  if (entry < N_KINDS)
    check_exchange((PrgRequestKind)entry, flags, status, body, length);
  else if (entry == N_KINDS)
    check_error_answer(status, body, length);
  else
    check_sign_in(body, length);
  return 0;
}
