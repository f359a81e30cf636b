/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* twenty-sim: a look-alike of Twenty CRM for tests, on the loopback interface only. */
#include "sim-auth.h"
#include "sim-leaks.h"
#include "sim-record.h"
#include "sim-server.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static gint option_port;
static char *option_data;
static char *option_token_file;
static gboolean option_provisioned;
static gboolean option_rate_limit;

static const GOptionEntry options[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &option_port, "Port (0: any free one)", "N" },
  { "data", 0, 0, G_OPTION_ARG_FILENAME, &option_data, "Database file (default: in memory)", "FILE" },
  { "provisioned", 0, 0, G_OPTION_ARG_NONE, &option_provisioned, "Make the product's objects and fields",
    NULL },
  { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &option_token_file, "Write the admin key there too", "FILE" },
  { "rate-limit", 0, 0, G_OPTION_ARG_NONE, &option_rate_limit, "100 requests in 60 s", NULL },
  G_OPTION_ENTRY_NULL
};

static char *
admin_token(Sim *sim)
{
  g_autoptr(sqlite3_stmt) row =
      sim_prepare(sim->db, "SELECT token FROM token WHERE name = '" SIM_ADMIN_KEY_NAME "'", NULL);
  if (sqlite3_step(row) == SQLITE_ROW)
    return g_strdup(sim_column_text(row, 0));
  return sim_token_make(sim, SIM_ADMIN_KEY_NAME, "admin", NULL, 0);
}

static Sim *
sim_new(GError **error)
{
  sqlite3 *db = sim_store_open(option_data != NULL ? option_data : ":memory:", error);
  if (db == NULL)
    return NULL;
  Sim *sim = g_new0(Sim, 1);
  sim->db = db;
  sim->tokens = 100;
  sim->config.rate_limit = option_rate_limit;
  sim->config.rest_update_many = TRUE;
  sim->config.microseconds = TRUE;
  sim->config.groups_limited = TRUE;
  sim->config.batch_max = 200;
  sim->config.timeline_delay_ms = 20;
  sim->faults = g_ptr_array_new_with_free_func((GDestroyNotify)sim_fault_free);
  sim->log = g_ptr_array_new_with_free_func((GDestroyNotify)sim_log_free);
  sim->waits = g_ptr_array_new_with_free_func(sim_wait_free);
  sim->foreign = g_ptr_array_new_with_free_func(sim_foreign_free);
  if (sim_schema_singular(sim_schema_get(sim), "workspaceMember") == NULL) {
    sim_schema_standard(sim->db, sim_now(sim));
    sim_schema_touch(sim);
    sim_member_add(sim, "20202020-0000-4000-8000-00000000a001", "Robin Sample", "robin@example.test");
  }
  if (option_provisioned)
    sim_schema_provision(sim);
  sim->admin_token = admin_token(sim);
  return sim;
}

static void
sim_free(Sim *sim)
{
  g_ptr_array_unref(sim->waits);
  g_ptr_array_unref(sim->faults);
  g_ptr_array_unref(sim->log);
  g_ptr_array_unref(sim->foreign);
  g_clear_pointer(&sim->schema, sim_schema_free);
  g_clear_pointer(&sim->snapshot, sqlite3_close);
  sqlite3_close(sim->db);
  g_free(sim->config.refuse_value);
  g_free(sim->admin_token);
  g_free(sim);
}

static gboolean
listen_on(Sim *sim, SoupServer *server, GError **error)
{
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, (guint16)option_port);
  sim_leaks_begin();
  gboolean listening = soup_server_listen(server, address, 0, error);
  GSList *uris = listening ? soup_server_get_uris(server) : NULL;
  sim_leaks_end();
  if (!listening)
    return FALSE;
  sim->port = (guint16)g_uri_get_port(uris->data);
  g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
  return option_token_file == NULL || g_file_set_contents(option_token_file, sim->admin_token, -1, error);
}

static gboolean
on_signal(gpointer loop)
{
  g_main_loop_quit(loop);
  return G_SOURCE_CONTINUE;
}

static void
serve(Sim *sim, SoupServer *server)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  guint term = g_unix_signal_add(SIGTERM, on_signal, loop);
  guint intr = g_unix_signal_add(SIGINT, on_signal, loop);
  printf("TWENTY_URL=http://127.0.0.1:%u\nTWENTY_TOKEN=%s\n", sim->port, sim->admin_token);
  fflush(stdout);
  g_main_loop_run(loop);
  g_source_remove(term);
  g_source_remove(intr);
  soup_server_disconnect(server);
}

#ifdef SIM_LEAK_CHECK
/* libsoup's server also keeps the socket of a connection that closes before any request: whole stacks tell it from ours. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *
__asan_default_options(void)
{
  return "fast_unwind_on_malloc=0";
}

__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void)
{
  return "leak:g_socket_accept\n";
}
#endif

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context = g_option_context_new("- a look-alike of Twenty CRM for tests");
  setlocale(LC_ALL, "C.UTF-8");
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  g_option_context_add_main_entries(context, options, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    g_printerr("twenty-sim: %s\n", error->message);
    return 2;
  }
  Sim *sim = sim_new(&error);
  if (sim == NULL) {
    g_printerr("twenty-sim: %s\n", error->message);
    return 1;
  }
  g_autoptr(SoupServer) server = soup_server_new("server-header", "twenty-sim", NULL);
  sim_server_attach(sim, server);
  gboolean fine = listen_on(sim, server, &error);
  if (fine)
    serve(sim, server);
  else
    g_printerr("twenty-sim: %s\n", error->message);
  g_clear_object(&server);
  sim_free(sim);
  return fine ? 0 : 1;
}
