/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-error.h"
#include "prg-twenty.h"
#include "raw-server.h"

#include <string.h>

#define TOKEN "secret-token-0123456789"
#define MEMBER "11111111-2222-4333-8444-555555555555"
#define RECORD "99999999-8888-4777-8666-555555555555"
#define EMPTY_LIST "{\"data\":{\"repProgressions\":[]},\"totalCount\":0,\"pageInfo\":{\"hasNextPage\":false}}"

/* --- waiting --- */

typedef struct {
  GAsyncResult *result; /* (owned) (nullable) */
} Wait;

static void
wait_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((Wait *)user_data)->result = g_object_ref(result);
}

static GAsyncResult *
wait_for(Wait *wait)
{
  while (wait->result == NULL)
    g_main_context_iteration(NULL, TRUE);
  return wait->result;
}

static PrgRequest *
discover(void)
{
  PrgRequest *request = prg_request_new(PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, MEMBER);
  return request;
}

static PrgAnswer *
exchange(PrgTwenty *twenty, GCancellable *cancellable, GError **error)
{
  PrgRequest *request = discover();
  Wait wait = { NULL };
  prg_twenty_exchange_async(twenty, request, cancellable, wait_cb, &wait);
  prg_request_free(request); /* need not outlive the call */
  g_autoptr(GAsyncResult) result = wait_for(&wait);
  return prg_twenty_exchange_finish(twenty, result, error);
}

static PrgTwenty *
client(RawServer *server)
{
  g_autofree char *origin = raw_server_dup_origin(server);
  return prg_twenty_new(origin, TOKEN);
}

/* One exchange that comes back with an answer; the client is gone afterwards. */
static PrgAnswer *
ask(RawServer *server, guint timeout_s)
{
  g_autoptr(GError) error = NULL;
  PrgTwenty *twenty = client(server);
  g_object_add_weak_pointer(G_OBJECT(twenty), (gpointer *)&twenty);
  if (timeout_s > 0)
    prg_twenty_set_timeout(twenty, timeout_s);
  PrgAnswer *answer = exchange(twenty, NULL, &error);
  g_assert_no_error(error);
  g_object_unref(twenty);
  while (twenty != NULL)
    g_main_context_iteration(NULL, TRUE);
  g_assert_null(strstr(answer->message, TOKEN));
  return answer;
}

static guint
count(const char *text, const char *part)
{
  guint n = 0;
  for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part))
    n++;
  return n;
}

/* --- what is sent --- */

static gboolean
handle_empty_list(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  return raw_server_answer(self, out, "200 OK", user_data == NULL ? "" : user_data, EMPTY_LIST);
}

static void
test_request(void)
{
  g_autoptr(RawServer) server =
      raw_server_new(handle_empty_list, (gpointer) "Date: Sun, 22 Nov 2026 08:53:00 GMT\r\n", NULL);
  g_autoptr(PrgAnswer) answer = ask(server, 0);
  gint64 date = 0;
  g_assert_true(prg_instant_parse("2026-11-22T08:53:00Z", &date));
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 0);
  g_assert_cmpint(answer->server_time, ==, date);
  g_assert_cmpint(answer->retry_after, ==, 0);
  g_autofree char *request = raw_server_dup_request(server, 0);
  g_assert_true(g_str_has_prefix(request, "GET /rest/repProgressions?filter="));
  g_assert_cmpuint(count(request, "\r\nAuthorization: Bearer " TOKEN "\r\n"), ==, 1);
  g_assert_cmpuint(count(request, "\r\nAccept: application/json\r\n"), ==, 1);
  g_assert_cmpuint(count(request, "\r\nUser-Agent: lids-progression/"), ==, 1);
  g_assert_cmpuint(count(request, "\r\nCookie:"), ==, 0);
  g_assert_cmpuint(count(request, "\r\nAccept-Encoding:"), ==, 0);
  g_assert_cmpuint(count(request, TOKEN), ==, 1);
}

static void
test_post(void)
{
  g_autoptr(RawServer) server = raw_server_new(handle_empty_list, NULL, NULL);
  g_autoptr(PrgTwenty) twenty = client(server);
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_READ);
  prg_record_set(&request->record_id, RECORD);
  Wait wait = { NULL };
  prg_twenty_exchange_async(twenty, request, NULL, wait_cb, &wait);
  g_autoptr(GAsyncResult) result = wait_for(&wait);
  g_autoptr(PrgAnswer) answer = prg_twenty_exchange_finish(twenty, result, NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN); /* a list is no answer to this */
  g_autofree char *sent = raw_server_dup_request(server, 0);
  g_assert_true(g_str_has_prefix(sent, "POST /graphql HTTP/1.1\r\n"));
  g_assert_cmpuint(count(sent, "\r\nContent-Type: application/json\r\n"), ==, 1);
  g_assert_nonnull(strstr(sent, RECORD));
}

/* No cookie comes back, and one connection serves them all. */
static void
test_keep_alive(void)
{
  g_autoptr(RawServer) server =
      raw_server_new(handle_empty_list, (gpointer) "Set-Cookie: a=b; Path=/\r\n", NULL);
  g_autoptr(PrgTwenty) twenty = client(server);
  for (guint i = 0; i < 3; i++) {
    g_autoptr(PrgAnswer) answer = exchange(twenty, NULL, NULL);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
    g_autofree char *request = raw_server_dup_request(server, i);
    g_assert_cmpuint(count(request, "\r\nCookie:"), ==, 0);
  }
  g_assert_cmpuint(raw_server_n_requests(server), ==, 3);
  g_assert_cmpuint(raw_server_n_connections(server), ==, 1);
}

/* --- answers that never come whole --- */

static gboolean
handle_hang(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  raw_server_hang(self);
  return FALSE;
}

static void
assert_times_out(RawHandler handler)
{
  g_autoptr(RawServer) server = raw_server_new(handler, NULL, NULL);
  gint64 start = g_get_monotonic_time();
  g_autoptr(PrgAnswer) answer = ask(server, 1);
  gint64 elapsed = g_get_monotonic_time() - start;
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_assert_nonnull(strstr(answer->message, "1 second"));
  g_assert_cmpint(elapsed, >=, 500 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint(elapsed, <, 10 * G_TIME_SPAN_SECOND);
}

static void
test_timeout(void)
{
  assert_times_out(handle_hang);
}

/* Some bytes all the time: a timeout of the socket alone would never strike. */
static gboolean
handle_trickle(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  gboolean open = raw_server_write(
      self, out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n");
  while (open) {
    GPollFD fd;
    g_assert_true(g_cancellable_make_pollfd(raw_server_get_cancellable(self), &fd));
    open = g_poll(&fd, 1, 20) == 0; /* the pace of the slow server */
    g_cancellable_release_fd(raw_server_get_cancellable(self));
    open = open && raw_server_write(self, out, " ");
  }
  return FALSE;
}

static gboolean
handle_trickled_headers(RawServer *self,
                        GOutputStream *out,
                        const char *request,
                        guint index,
                        gpointer user_data)
{
  gboolean open = raw_server_write(self, out, "HTTP/1.1 200 OK\r\nX-Slow: ");
  while (open) {
    GPollFD fd;
    g_assert_true(g_cancellable_make_pollfd(raw_server_get_cancellable(self), &fd));
    open = g_poll(&fd, 1, 20) == 0;
    g_cancellable_release_fd(raw_server_get_cancellable(self));
    open = open && raw_server_write(self, out, "a");
  }
  return FALSE;
}

static void
test_trickle(void)
{
  assert_times_out(handle_trickle);
  assert_times_out(handle_trickled_headers);
}

/* Endless; the client must hang up long before memory is full. */
static gboolean
handle_huge(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  g_autofree char *megabyte = g_strnfill(1 << 20, 'a');
  gboolean open = raw_server_write(
      self, out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\"");
  guint sent = 0;
  while (open && sent++ < 4096)
    open = raw_server_write(self, out, megabyte);
  g_atomic_int_set((gint *)user_data, (gint)sent);
  return FALSE;
}

static void
test_huge(void)
{
  gint megabytes = 0;
  RawServer *server = raw_server_new(handle_huge, &megabytes, NULL);
  g_autoptr(PrgAnswer) answer = ask(server, 0);
  raw_server_free(server);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_assert_nonnull(strstr(answer->message, "larger than 8 MiB"));
  g_assert_cmpint(g_atomic_int_get(&megabytes), <, 100);
}

static gboolean
handle_drop(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  if (user_data != NULL)
    raw_server_write(self, out, user_data);
  return FALSE;
}

static void
test_drop(void)
{
  static const char *const beginnings[] = {
    NULL,
    "HTTP/1.1 200",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" EMPTY_LIST,
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"dat\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: "
    "close\r\n\r\n{\"data\":{\"repProgressions\":[",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(beginnings); i++) {
    g_autoptr(RawServer) server = raw_server_new(handle_drop, (gpointer)beginnings[i], NULL);
    g_autoptr(PrgAnswer) answer = ask(server, 5);
    g_test_message("%u: %s", (guint)i, answer->message);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
    g_assert_cmpstr(answer->message, !=, "");
  }
}

/* --- answers that mislead --- */

static void
test_redirect(void)
{
  static const char *const statuses[] = { "301 Moved", "302 Found", "303 See Other", "307 Temporary",
                                          "308 Permanent" };
  g_autoptr(RawServer) other = raw_server_new(handle_empty_list, NULL, NULL);
  g_autofree char *there = raw_server_dup_origin(other);
  for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
    g_autofree char *raw = g_strdup_printf(
        "HTTP/1.1 %s\r\nLocation: %s/rest/repProgressions\r\nContent-Length: 0\r\n\r\n", statuses[i], there);
    g_autoptr(RawServer) server = raw_server_new(handle_drop, raw, NULL);
    g_autoptr(PrgAnswer) answer = ask(server, 5);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
    g_assert_cmpuint(raw_server_n_requests(server), ==, 1);
  }
  g_assert_cmpuint(raw_server_n_connections(other), ==, 0);
}

typedef struct {
  const char *status;
  const char *headers;
  const char *body;
} Scripted;

static gboolean
handle_script(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  const Scripted *script = (const Scripted *)user_data + index;
  return raw_server_answer(self, out, script->status, script->headers, script->body);
}

static PrgAnswer *
ask_scripted(const char *status, const char *headers, const char *body, guint *requests)
{
  Scripted script[] = { { status, headers, body }, { status, headers, body } };
  g_autoptr(RawServer) server = raw_server_new(handle_script, script, NULL);
  PrgAnswer *answer = ask(server, 5);
  if (requests != NULL)
    *requests = raw_server_n_requests(server);
  return answer;
}

static void
test_statuses(void)
{
  g_autoptr(PrgAnswer) empty = ask_scripted("204 No Content", "", "", NULL);
  g_assert_cmpint(empty->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_autoptr(PrgAnswer) portal = ask_scripted("200 OK", "", "<!DOCTYPE html><title>Guest Wi-Fi</title>", NULL);
  g_assert_cmpint(portal->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_assert_nonnull(strstr(portal->message, "captive portal"));
  g_autoptr(PrgAnswer) gateway = ask_scripted("502 Bad Gateway", "", "<html>nginx</html>", NULL);
  g_assert_cmpint(gateway->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_autoptr(PrgAnswer) firewall = ask_scripted("403 Forbidden", "", "<html>blocked</html>", NULL);
  g_assert_cmpint(firewall->outcome, ==, PRG_OUTCOME_UNKNOWN);
}

/* No second request with other credentials, no dialog. */
static void
test_challenge(void)
{
  guint requests = 0;
  g_autoptr(PrgAnswer) answer = ask_scripted("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n",
                                             "{\"messages\":[\"Token invalid.\"]}", &requests);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_AUTH);
  g_assert_cmpstr(answer->message, ==, "Token invalid.");
  g_assert_cmpuint(requests, ==, 1);
}

static void
test_retry_after(void)
{
  static const struct {
    const char *headers;
    gint64 seconds;
  } cases[] = {
    { "Retry-After: 17\r\n", 17 },
    { "Retry-After: 0\r\n", 0 },
    { "Date: Sun, 22 Nov 2026 08:53:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 08:54:30 GMT\r\n", 90 },
    { "Date: Sun, 22 Nov 2026 08:53:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 08:50:00 GMT\r\n", 0 },
    { "Retry-After: soon\r\n", 0 },
    { "Retry-After: -5\r\n", 0 },
    { "Retry-After: 999999999\r\n", 86400 },
    { "", 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgAnswer) answer =
        ask_scripted("429 Too Many Requests", cases[i].headers, "{\"messages\":[\"Limit reached\"]}", NULL);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_RETRY);
    g_assert_cmpint(answer->retry_after, ==, cases[i].seconds * G_USEC_PER_SEC);
  }
}

static void
test_echo(void)
{
  g_autoptr(PrgAnswer) answer = ask_scripted(
      "400 Bad Request", "", "{\"error\":\"BadRequestException\",\"messages\":[\"no " TOKEN "!\"]}", NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_REFUSED);
  g_assert_cmpstr(answer->message, ==, "no *!");
}

/* --- tokens --- */

static void
test_bad_token(void)
{
  static const char *const tokens[] = { "",
                                        "a\r\nX-Evil: 1",
                                        "a\nb",
                                        "a b",
                                        "caf\xc3\xa9",
                                        "a\x7f"
                                        "b",
                                        "a\x01"
                                        "b" };
  g_autoptr(RawServer) server = raw_server_new(handle_empty_list, NULL, NULL);
  g_autofree char *origin = raw_server_dup_origin(server);
  for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++) {
    g_autoptr(PrgTwenty) twenty = prg_twenty_new(origin, tokens[i]);
    g_autoptr(PrgAnswer) answer = exchange(twenty, NULL, NULL);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_AUTH);
    g_assert_cmpstr(answer->message, !=, "");
  }
  g_assert_cmpuint(raw_server_n_connections(server), ==, 0);
  g_autoptr(PrgTwenty) pasted = prg_twenty_new(origin, " " TOKEN "\n");
  g_autoptr(PrgAnswer) good = exchange(pasted, NULL, NULL);
  g_assert_cmpint(good->outcome, ==, PRG_OUTCOME_OK);
}

static void
test_bad_origin(void)
{
  g_autoptr(PrgTwenty) twenty = prg_twenty_new("http://crm.example.com", TOKEN);
  g_autoptr(PrgAnswer) answer = exchange(twenty, NULL, NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_assert_nonnull(strstr(answer->message, "https://"));
}

/* --- cancelling --- */

static gboolean
cancel_it(gpointer data)
{
  g_cancellable_cancel(data);
  return G_SOURCE_REMOVE;
}

static gboolean
handle_cancel(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  g_main_context_invoke(NULL, cancel_it, user_data); /* once the request has surely arrived */
  raw_server_hang(self);
  return FALSE;
}

static void
test_cancel(void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new();
  g_autoptr(RawServer) server = raw_server_new(handle_cancel, cancellable, NULL);
  g_autoptr(PrgTwenty) twenty = client(server);
  g_autoptr(GError) error = NULL;
  g_assert_null(exchange(twenty, cancellable, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_CANCELLED);
  g_clear_error(&error);
  g_assert_null(exchange(twenty, cancellable, &error)); /* cancelled before it began */
  g_assert_error(error, PRG_ERROR, PRG_ERROR_CANCELLED);
  g_assert_cmpuint(raw_server_n_requests(server), ==, 1);
}

/* --- sign-in and provisioning --- */

#define GOOD_MEMBER                                  \
  "{\"data\":{\"workspaceMember\":{\"id\":\"" MEMBER \
  "\",\"name\":{\"firstName\":\"Ada\",\"lastName\":\"Example\"}}}}"
#define GOOD_WORKSPACE "{\"data\":{\"currentWorkspace\":{\"id\":\"AAAAAAAA-2222-4333-8444-555555555555\"}}}"

static void
verify(const Scripted *script, char **name, char **workspace_id, GError **error)
{
  g_autoptr(RawServer) server = raw_server_new(handle_script, (gpointer)script, NULL);
  g_autoptr(PrgTwenty) twenty = client(server);
  Wait wait = { NULL };
  prg_twenty_verify_async(twenty, MEMBER, NULL, wait_cb, &wait);
  g_autoptr(GAsyncResult) result = wait_for(&wait);
  gboolean good = prg_twenty_verify_finish(twenty, result, name, workspace_id, error);
  g_assert_true(good == (*error == NULL));
}

static void
test_verify(void)
{
  static const Scripted good[] = { { "200 OK", "", GOOD_MEMBER }, { "200 OK", "", GOOD_WORKSPACE } };
  g_autofree char *name = NULL;
  g_autofree char *workspace_id = NULL;
  g_autoptr(GError) error = NULL;
  verify(good, &name, &workspace_id, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(name, ==, "Ada Example");
  g_assert_cmpstr(workspace_id, ==, "aaaaaaaa-2222-4333-8444-555555555555");
}

static void
test_verify_errors(void)
{
  static const struct {
    Scripted script[2];
    PrgError code;
  } cases[] = {
    { { { "404 Not Found", "", "{\"error\":\"NotFoundException\",\"messages\":[\"Record not found\"]}" } },
      PRG_ERROR_UNKNOWN_ID },
    { { { "400 Bad Request", "",
          "{\"error\":\"BadRequestException\",\"messages\":[\"'x' is not a valid UUID\"]}" } },
      PRG_ERROR_UNKNOWN_ID },
    { { { "401 Unauthorized", "", "{\"messages\":[\"Token invalid.\"]}" } },
      PRG_ERROR_AUTHENTICATION_FAILED },
    { { { "403 Forbidden", "", "{\"messages\":[\"This API Key is revoked\"]}" } },
      PRG_ERROR_AUTHENTICATION_FAILED },
    { { { "400 Bad Request", "",
          "{\"error\":\"Error\",\"messages\":[\"no\"],\"code\":\"PERMISSION_DENIED\"}" } },
      PRG_ERROR_PERMISSION_DENIED },
    { { { "500 Oops", "", "{}" } }, PRG_ERROR_SERVER_ERROR },
    { { { "404 Not Found", "", "<html>nothing here</html>" } }, PRG_ERROR_SERVER_ERROR },
    { { { "200 OK", "", "{\"data\":{}}" } }, PRG_ERROR_SERVER_ERROR },
    { { { "200 OK", "", GOOD_MEMBER }, { "200 OK", "", "{\"data\":{\"currentWorkspace\":null}}" } },
      PRG_ERROR_SERVER_ERROR },
    { { { "429 Slow", "", "{}" } }, PRG_ERROR_RATE_LIMITED },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *name = NULL;
    g_autofree char *workspace_id = NULL;
    g_autoptr(GError) error = NULL;
    g_test_message("case %u", (guint)i);
    verify(cases[i].script, &name, &workspace_id, &error);
    g_assert_error(error, PRG_ERROR, (gint)cases[i].code);
    g_assert_null(name);
    g_assert_null(workspace_id);
  }
}

static void
test_offline(void)
{
  RawServer *gone = raw_server_new(handle_empty_list, NULL, NULL);
  g_autoptr(PrgTwenty) twenty = client(gone);
  raw_server_free(gone);
  g_autoptr(PrgAnswer) answer = exchange(twenty, NULL, NULL);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  Wait wait = { NULL };
  prg_twenty_verify_async(twenty, MEMBER, NULL, wait_cb, &wait);
  g_autoptr(GAsyncResult) result = wait_for(&wait);
  g_autoptr(GError) error = NULL;
  g_assert_false(prg_twenty_verify_finish(twenty, result, NULL, NULL, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_OFFLINE);
}

static GPtrArray *
provision(const Scripted *script, GError **error)
{
  g_autoptr(RawServer) server = raw_server_new(handle_script, (gpointer)script, NULL);
  g_autoptr(PrgTwenty) twenty = client(server);
  Wait wait = { NULL };
  prg_twenty_provision_async(twenty, TRUE, NULL, wait_cb, &wait);
  g_autoptr(GAsyncResult) result = wait_for(&wait);
  return prg_twenty_provision_finish(twenty, result, error);
}

static void
test_provision(void)
{
  static const Scripted bare[] = { { "200 OK", "",
                                     "{\"data\":{\"objects\":[]},\"pageInfo\":{\"hasNextPage\":false}}" } };
  static const Scripted denied[] = { { "403 Forbidden", "",
                                       "{\"messages\":[\"no\"],\"code\":\"PERMISSION_DENIED\"}" } };
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) made = provision(bare, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(made->len, ==, 2 + 19 + 10);
  g_assert_null(provision(denied, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_PERMISSION_DENIED);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/twenty/request", test_request);
  g_test_add_func("/twenty/post", test_post);
  g_test_add_func("/twenty/keep-alive", test_keep_alive);
  g_test_add_func("/twenty/timeout", test_timeout);
  g_test_add_func("/twenty/trickle", test_trickle);
  g_test_add_func("/twenty/huge", test_huge);
  g_test_add_func("/twenty/drop", test_drop);
  g_test_add_func("/twenty/redirect", test_redirect);
  g_test_add_func("/twenty/statuses", test_statuses);
  g_test_add_func("/twenty/challenge", test_challenge);
  g_test_add_func("/twenty/retry-after", test_retry_after);
  g_test_add_func("/twenty/echo", test_echo);
  g_test_add_func("/twenty/bad-token", test_bad_token);
  g_test_add_func("/twenty/bad-origin", test_bad_origin);
  g_test_add_func("/twenty/cancel", test_cancel);
  g_test_add_func("/twenty/verify", test_verify);
  g_test_add_func("/twenty/verify-errors", test_verify_errors);
  g_test_add_func("/twenty/offline", test_offline);
  g_test_add_func("/twenty/provision", test_provision);
  return g_test_run();
}
