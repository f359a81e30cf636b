/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-twenty.h"
#include "raw-server.h"

#include <glib/gstdio.h>
#include <string.h>

/* A program of its own: the leak checker falls over the TLS library's threads. */

static GTlsCertificate *
make_certificate(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp("prg-tls-XXXXXX", &error);
  g_assert_no_error(error);
  g_autofree char *key = g_build_filename(folder, "key.pem", NULL);
  g_autofree char *certificate = g_build_filename(folder, "certificate.pem", NULL);
  const char *argv[] = { "openssl",   "req",   "-x509",         "-newkey", "rsa:2048",
                         "-nodes",    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                         "-days",     "2",     "-keyout",       key,       "-out",
                         certificate, NULL };
  gint status = 0;
  g_spawn_sync(NULL, (char **)argv, NULL,
               G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
               NULL, NULL, &status, &error);
  g_assert_no_error(error);
  g_assert_true(g_spawn_check_wait_status(status, NULL));
  GTlsCertificate *loaded = g_tls_certificate_new_from_files(certificate, key, &error);
  g_assert_no_error(error);
  g_unlink(key);
  g_unlink(certificate);
  g_rmdir(folder);
  return loaded;
}

static gboolean
handle(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data)
{
  return raw_server_answer(self, out, "200 OK", "", "{\"data\":{\"repProgressions\":[]}}");
}

static void
exchange_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(PrgAnswer **)user_data = prg_twenty_exchange_finish(PRG_TWENTY(source), result, NULL);
}

/* A certificate that nobody vouches for: the request, and with it the token, never leaves. */
static void
test_untrusted(void)
{
  g_autofree char *openssl = g_find_program_in_path("openssl");
  if (openssl == NULL || !g_tls_backend_supports_tls(g_tls_backend_get_default())) {
    g_test_skip("no openssl or no TLS backend");
    return;
  }
  g_autoptr(GTlsCertificate) certificate = make_certificate();
  g_autoptr(RawServer) server = raw_server_new(handle, NULL, certificate);
  g_autofree char *origin = raw_server_dup_origin(server);
  g_autoptr(PrgTwenty) twenty = prg_twenty_new(origin, "secret-token-0123456789");
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "member");
  PrgAnswer *answer = NULL;
  prg_twenty_exchange_async(twenty, request, NULL, exchange_cb, &answer);
  while (answer == NULL)
    g_main_context_iteration(NULL, TRUE);
  g_test_message("%s", answer->message);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  g_assert_nonnull(strstr(answer->message, "certificate is refused"));
  g_assert_nonnull(strstr(answer->message, "trusts"));
  g_assert_cmpuint(raw_server_n_requests(server), ==, 0);
  prg_answer_free(answer);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/twenty/tls/untrusted", test_untrusted);
  return g_test_run();
}
