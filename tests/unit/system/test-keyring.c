/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Against a real gnome-keyring-daemon on a bus that starts nothing by itself. */
#include "prg-keyring.h"

#include "prg-error.h"
#include "wait.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SECRETS "org.freedesktop.secrets"
#define SECRETS_PATH "/org/freedesktop/secrets"
#define LOGIN_PATH SECRETS_PATH "/collection/login"
#define PASSWORD "master"
#define SERVER "https://crm.example.com"
#define MEMBER "6f1b5a3e-0000-4000-8000-000000000001"
#define OTHER "6f1b5a3e-0000-4000-8000-000000000002"

typedef struct {
  GDBusConnection *bus; /* (owned) */
  GSubprocess *daemon;  /* (owned) (nullable) */
  char *data;           /* (owned) where the daemon keeps its files: a new place for each case */
  PrgKeyring *keyring;  /* (owned) */
  guint changes;
} Fixture;

/* --- The daemon --- */

static void
daemon_start(Fixture *f, gboolean unlock)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  GOutputStream *input;

  g_subprocess_launcher_setenv(launcher, "XDG_DATA_HOME", f->data, TRUE);
  f->daemon = g_subprocess_launcher_spawn(launcher, &error, "gnome-keyring-daemon", "--foreground",
                                          "--components=secrets", unlock ? "--unlock" : NULL, NULL);
  g_assert_no_error(error);
  input = g_subprocess_get_stdin_pipe(f->daemon);
  if (unlock)
    g_assert_true(g_output_stream_write_all(input, PASSWORD, strlen(PASSWORD), NULL, NULL, NULL));
  g_assert_true(g_output_stream_close(input, NULL, NULL));
  wait_run((const char *const[]){ "gdbus", "wait", "--session", "--timeout", "10", SECRETS, NULL }, NULL);
}

/* Returns when it stands still: on a busy machine its threads may run a moment longer. */
static void
daemon_stop(Fixture *f)
{
  siginfo_t info;
  int pid = atoi(g_subprocess_get_identifier(f->daemon));

  g_subprocess_send_signal(f->daemon, SIGSTOP);
  g_assert_cmpint(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), ==, 0);
}

static void
daemon_kill(Fixture *f)
{
  if (f->daemon == NULL)
    return;
  g_subprocess_send_signal(f->daemon, SIGKILL);
  g_subprocess_wait(f->daemon, NULL, NULL);
  g_clear_object(&f->daemon);
}

/* The bus notices a dead process a little later: the next case must not see this one's service vanish. */
static void
wait_until_gone(Fixture *f)
{
  gboolean owned = TRUE;

  while (owned) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        f->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
        g_variant_new("(s)", SECRETS), NULL, G_DBUS_CALL_FLAGS_NONE, WAIT_MS, NULL, &error);
    g_assert_no_error(error);
    g_variant_get(answer, "(b)", &owned);
  }
}

/* A synchronous call to the daemon, which is another process. (transfer full) */
static GVariant *
daemon_call(Fixture *f, const char *interface, const char *method, GVariant *arguments)
{
  g_autoptr(GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_sync(f->bus, SECRETS, SECRETS_PATH, interface, method, arguments,
                                                 NULL, G_DBUS_CALL_FLAGS_NONE, WAIT_MS, NULL, &error);

  g_assert_no_error(error);
  return answer;
}

static void
daemon_lock(Fixture *f)
{
  const char *const paths[] = { LOGIN_PATH, NULL };
  G_GNUC_UNUSED g_autoptr(GVariant) answer =
      daemon_call(f, "org.freedesktop.Secret.Service", "Lock", g_variant_new("(^ao)", paths));
}

static void
daemon_unlock(Fixture *f)
{
  g_autoptr(GVariant) session = daemon_call(f, "org.freedesktop.Secret.Service", "OpenSession",
                                            g_variant_new("(sv)", "plain", g_variant_new_string("")));
  GVariant *parameters = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, NULL, 0, 1);
  GVariant *password = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, PASSWORD, strlen(PASSWORD), 1);
  g_autoptr(GVariant) answer = NULL;
  const char *path = NULL;

  g_variant_get(session, "(v&o)", NULL, &path);
  answer =
      daemon_call(f, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface", "UnlockWithMasterPassword",
                  g_variant_new("(o(o@ay@ays))", LOGIN_PATH, path, parameters, password, "text/plain"));
}

/* --- Calls --- */

typedef struct {
  GAsyncResult *result; /* (owned) (nullable) */
  guint done;
} Waiting;

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiting *waiting = user_data;

  waiting->result = g_object_ref(result);
  waiting->done = 1;
}

static PrgSecretItem *
lookup(PrgKeyring *keyring, const char *server, const char *member, GCancellable *cancellable, GError **error)
{
  Waiting waiting = { NULL, 0 };
  PrgSecretItem *item;

  prg_keyring_lookup_async(keyring, server, member, cancellable, on_done, &waiting);
  g_assert_true(wait_while(&waiting.done, 0));
  item = prg_keyring_lookup_finish(keyring, waiting.result, error);
  g_object_unref(waiting.result);
  return item;
}

static gboolean
store(PrgKeyring *keyring, const char *member, const char *token, GError **error)
{
  Waiting waiting = { NULL, 0 };
  gboolean ok;

  prg_keyring_store_async(keyring, SERVER, member, token, NULL, on_done, &waiting);
  g_assert_true(wait_while(&waiting.done, 0));
  ok = prg_keyring_store_finish(keyring, waiting.result, error);
  g_object_unref(waiting.result);
  return ok;
}

static gboolean
clear(PrgKeyring *keyring, const char *member, GError **error)
{
  Waiting waiting = { NULL, 0 };
  gboolean ok;

  prg_keyring_clear_async(keyring, SERVER, member, NULL, on_done, &waiting);
  g_assert_true(wait_while(&waiting.done, 0));
  ok = prg_keyring_clear_finish(keyring, waiting.result, error);
  g_object_unref(waiting.result);
  return ok;
}

static void
assert_stored(PrgKeyring *keyring, const char *member, const char *token)
{
  g_autoptr(GError) error = NULL;

  g_assert_true(store(keyring, member, token, &error));
  g_assert_no_error(error);
}

/* @token NULL: there is none, and no error. */
static void
assert_found(PrgKeyring *keyring, const char *server, const char *member, const char *token)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSecretItem) item = lookup(keyring, server, member, NULL, &error);

  g_assert_no_error(error);
  g_assert_cmpstr(item == NULL ? NULL : item->token, ==, token);
}

static void
assert_lookup_fails(PrgKeyring *keyring, PrgError code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(lookup(keyring, NULL, NULL, NULL, &error));
  g_assert_error(error, PRG_ERROR, (int)code);
}

static void
set_up(Fixture *f, gconstpointer absent)
{
  f->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
  f->data = g_build_filename(g_get_home_dir(), g_test_get_path(), NULL);
  if (absent == NULL)
    daemon_start(f, TRUE);
  f->keyring = prg_keyring_new(f->bus, 0);
  g_signal_connect_swapped(f->keyring, "changed", G_CALLBACK(wait_count), &f->changes);
  if (absent == NULL) {
    g_assert_true(wait_while(&f->changes, 0)); /* the service appeared */
    f->changes = 0;
  }
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
  PrgKeyring *weak = f->keyring;

  g_object_add_weak_pointer(G_OBJECT(weak), (gpointer *)&weak);
  g_clear_object(&f->keyring);
  g_assert_null(weak);
  daemon_kill(f);
  wait_until_gone(f);
  g_clear_object(&f->bus);
  g_free(f->data);
}

/* --- Cases --- */

static void
test_stored(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgSecretItem) item = NULL;

  assert_found(f->keyring, NULL, NULL, NULL);
  assert_stored(f->keyring, MEMBER, "first");
  item = lookup(f->keyring, NULL, NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(item->server, ==, SERVER);
  g_assert_cmpstr(item->member, ==, MEMBER);
  g_assert_cmpstr(item->token, ==, "first");
  assert_found(f->keyring, SERVER, MEMBER, "first");
  assert_found(f->keyring, SERVER, "", "first");
  assert_found(f->keyring, SERVER, OTHER, NULL);
  assert_found(f->keyring, "https://other.example.com", NULL, NULL);
}

static void
test_replaced_and_cleared(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;

  assert_stored(f->keyring, MEMBER, "first");
  assert_stored(f->keyring, MEMBER, "second");
  assert_found(f->keyring, SERVER, MEMBER, "second");
  assert_stored(f->keyring, OTHER, "third");
  g_assert_true(clear(f->keyring, MEMBER, &error));
  g_assert_no_error(error);
  assert_found(f->keyring, SERVER, MEMBER, NULL);
  assert_found(f->keyring, SERVER, OTHER, "third");
  g_assert_true(clear(f->keyring, MEMBER, &error));
  g_assert_no_error(error);
}

static void
test_refused(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) no_member = NULL;
  g_autoptr(GError) no_token = NULL;
  g_autoptr(GError) clear_all = NULL;

  assert_stored(f->keyring, MEMBER, "first");
  g_assert_false(store(f->keyring, "", "token", &no_member));
  g_assert_error(no_member, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_assert_false(store(f->keyring, MEMBER, "", &no_token));
  g_assert_error(no_token, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_assert_false(clear(f->keyring, NULL, &clear_all));
  g_assert_error(clear_all, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  assert_found(f->keyring, NULL, NULL, "first");
}

/* The keyring's times have whole seconds. */
static void
next_second(void)
{
  gint64 now = g_get_real_time() / G_USEC_PER_SEC;

  while (g_get_real_time() / G_USEC_PER_SEC == now)
    wait_idle(10);
}

static void
test_newest(Fixture *f, gconstpointer unused)
{
  assert_stored(f->keyring, MEMBER, "first");
  next_second();
  assert_stored(f->keyring, OTHER, "second");
  assert_found(f->keyring, SERVER, NULL, "second");
  next_second();
  assert_stored(f->keyring, MEMBER, "third");
  assert_found(f->keyring, NULL, NULL, "third");
}

static void
test_secret_tool(Fixture *f, gconstpointer unused)
{
  const char *const half[] = { "secret-tool", "store",      "--label=Progression",          "server",
                               SERVER,        "xdg:schema", "org.lids.Progression.Account", NULL };
  const char *const whole[] = { "secret-tool", "store",      "--label=Progression",
                                "server",      SERVER,       "member",
                                MEMBER,        "xdg:schema", "org.lids.Progression.Account",
                                NULL };

  wait_run(half, "not an account\n");
  g_assert_true(wait_while(&f->changes, 0));
  assert_found(f->keyring, NULL, NULL, NULL);
  wait_idle(200);
  f->changes = 0;
  wait_run(whole, "from a shell\n");
  g_assert_true(wait_while(&f->changes, 0));
  assert_found(f->keyring, SERVER, MEMBER, "from a shell");
}

/* Whoever looks up on `changed` must not be called again by that. */
static void
test_lookup_is_quiet(Fixture *f, gconstpointer unused)
{
  assert_stored(f->keyring, MEMBER, "first");
  g_assert_true(wait_while(&f->changes, 0));
  wait_idle(200);
  f->changes = 0;
  assert_found(f->keyring, NULL, NULL, "first");
  wait_idle(200);
  g_assert_cmpuint(f->changes, ==, 0);
}

static void
test_locked(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) no_store = NULL;
  g_autoptr(GError) no_clear = NULL;

  assert_stored(f->keyring, MEMBER, "first");
  g_assert_true(wait_while(&f->changes, 0));
  wait_idle(200);
  f->changes = 0;
  daemon_lock(f);
  g_assert_true(wait_while(&f->changes, 0));
  assert_lookup_fails(f->keyring, PRG_ERROR_KEYRING_LOCKED);
  g_assert_false(store(f->keyring, MEMBER, "second", &no_store));
  g_assert_error(no_store, PRG_ERROR, PRG_ERROR_KEYRING_LOCKED);
  g_assert_false(clear(f->keyring, MEMBER, &no_clear));
  g_assert_error(no_clear, PRG_ERROR, PRG_ERROR_KEYRING_LOCKED);
  wait_idle(200);
  f->changes = 0;
  daemon_unlock(f);
  g_assert_true(wait_while(&f->changes, 0));
  assert_found(f->keyring, NULL, NULL, "first");
}

/* The daemon is replaced between two calls, before this process hears of it. */
static void
test_replaced_daemon(Fixture *f, gconstpointer unused)
{
  assert_stored(f->keyring, MEMBER, "first");
  daemon_kill(f);
  daemon_start(f, TRUE);
  assert_found(f->keyring, NULL, NULL, "first");
  assert_stored(f->keyring, MEMBER, "second");
  daemon_kill(f);
  daemon_start(f, TRUE);
  assert_stored(f->keyring, OTHER, "third");
  assert_found(f->keyring, NULL, MEMBER, "second");
}

/* libsecret goes on with a session that the daemon no longer knows; it shares this process's connection, so
 * the test may close it. */
static void
test_dead_session(Fixture *f, gconstpointer unused)
{
  guint closed = 0;

  assert_stored(f->keyring, MEMBER, "first");
  assert_found(f->keyring, NULL, NULL, "first");
  for (guint i = 0; i < 20; i++) {
    g_autofree char *path = g_strdup_printf(SECRETS_PATH "/session/s%u", i);
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        f->bus, SECRETS, path, "org.freedesktop.Secret.Session", "Close", NULL, NULL, 0, WAIT_MS, NULL, NULL);
    closed += answer != NULL;
  }
  g_assert_cmpuint(closed, >=, 1);
  assert_found(f->keyring, NULL, NULL, "first");
  assert_stored(f->keyring, MEMBER, "second");
  assert_found(f->keyring, NULL, NULL, "second");
}

/* (transfer full) */
static GDBusConnection *
connect_bus(void)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, NULL, NULL);

  return g_dbus_connection_new_for_address_sync(
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
}

/* Calls go over the connection that was lent: when it is closed they fail, and over another one the keyring is there again. */
static void
test_lent_connection(Fixture *f, gconstpointer unused)
{
  g_autoptr(GDBusConnection) first = connect_bus();
  g_autoptr(GDBusConnection) second = connect_bus();
  g_autoptr(PrgKeyring) early = prg_keyring_new(first, 0);
  g_autoptr(PrgKeyring) late = prg_keyring_new(second, 0);
  guint closed = 0;

  assert_stored(early, MEMBER, "first");
  assert_found(early, NULL, NULL, "first");
  g_signal_connect_swapped(first, "closed", G_CALLBACK(wait_count), &closed);
  g_assert_true(g_dbus_connection_close_sync(first, NULL, NULL));
  g_assert_true(wait_while(&closed, 0));
  assert_lookup_fails(early, PRG_ERROR_KEYRING_UNAVAILABLE);
  assert_found(late, NULL, NULL, "first");
  assert_stored(late, MEMBER, "second");
  assert_found(f->keyring, NULL, NULL, "second");
}

static void
test_comes_and_goes(Fixture *f, gconstpointer unused)
{
  assert_stored(f->keyring, MEMBER, "first");
  g_assert_true(wait_while(&f->changes, 0));
  wait_idle(200);
  f->changes = 0;
  daemon_kill(f);
  g_assert_true(wait_while(&f->changes, 0));
  assert_lookup_fails(f->keyring, PRG_ERROR_KEYRING_UNAVAILABLE);
  daemon_start(f, TRUE);
  g_assert_true(wait_while(&f->changes, 1));
  assert_found(f->keyring, NULL, NULL, "first");
}

static void
test_absent(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;

  assert_lookup_fails(f->keyring, PRG_ERROR_KEYRING_UNAVAILABLE);
  g_assert_false(store(f->keyring, MEMBER, "first", &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_KEYRING_UNAVAILABLE);
  g_assert_null(strstr(error->message, "first"));
  wait_idle(200);
  g_assert_cmpuint(f->changes, ==, 0);
}

/* Storing would ask for the password of a new keyring: never by itself. */
static void
test_no_collection(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;

  daemon_start(f, FALSE);
  assert_found(f->keyring, NULL, NULL, NULL);
  g_assert_false(store(f->keyring, MEMBER, "first", &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_KEYRING_UNAVAILABLE);
  g_assert_nonnull(strstr(error->message, "no default keyring"));
}

static void
test_stopped(Fixture *f, gconstpointer unused)
{
  g_autoptr(PrgKeyring) hasty = prg_keyring_new(f->bus, 200);
  gint64 start;

  assert_stored(f->keyring, MEMBER, "first");
  daemon_stop(f);
  start = g_get_monotonic_time();
  assert_lookup_fails(hasty, PRG_ERROR_KEYRING_UNAVAILABLE);
  g_assert_cmpint(g_get_monotonic_time() - start, >=, 200 * 1000);
  g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
  g_subprocess_send_signal(f->daemon, SIGCONT);
  assert_found(f->keyring, NULL, NULL, "first");
}

static void
test_cancelled(Fixture *f, gconstpointer unused)
{
  g_autoptr(GCancellable) before = g_cancellable_new();
  g_autoptr(GCancellable) meanwhile = g_cancellable_new();
  g_autoptr(GError) early = NULL;
  g_autoptr(GError) late = NULL;
  Waiting waiting = { NULL, 0 };

  g_cancellable_cancel(before);
  g_assert_null(lookup(f->keyring, NULL, NULL, before, &early));
  g_assert_error(early, PRG_ERROR, PRG_ERROR_CANCELLED);

  daemon_stop(f);
  prg_keyring_lookup_async(f->keyring, NULL, NULL, meanwhile, on_done, &waiting);
  wait_idle(50);
  g_assert_cmpuint(waiting.done, ==, 0);
  g_cancellable_cancel(meanwhile);
  g_assert_true(wait_while(&waiting.done, 0));
  g_assert_null(prg_keyring_lookup_finish(f->keyring, waiting.result, &late));
  g_assert_error(late, PRG_ERROR, PRG_ERROR_CANCELLED);
  g_object_unref(waiting.result);
  g_subprocess_send_signal(f->daemon, SIGCONT);
}

/* Drops the last reference to the object while a call runs: the call keeps it, and ends. */
static void
test_dropped(Fixture *f, gconstpointer unused)
{
  PrgKeyring *keyring = prg_keyring_new(f->bus, 0);
  Waiting waiting = { NULL, 0 };

  prg_keyring_lookup_async(keyring, NULL, NULL, NULL, on_done, &waiting);
  g_object_unref(keyring);
  g_assert_true(wait_while(&waiting.done, 0));
  g_object_add_weak_pointer(G_OBJECT(keyring), (gpointer *)&keyring);
  g_object_unref(waiting.result);
  wait_idle(50);
  g_assert_null(keyring);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define CASE(name, absent, function) \
  g_test_add("/keyring/" name, Fixture, absent, set_up, function, tear_down)
  CASE("stored", NULL, test_stored);
  CASE("replaced-and-cleared", NULL, test_replaced_and_cleared);
  CASE("refused", NULL, test_refused);
  CASE("newest", NULL, test_newest);
  CASE("secret-tool", NULL, test_secret_tool);
  CASE("lookup-is-quiet", NULL, test_lookup_is_quiet);
  CASE("locked", NULL, test_locked);
  CASE("replaced-daemon", NULL, test_replaced_daemon);
  CASE("dead-session", NULL, test_dead_session);
  CASE("lent-connection", NULL, test_lent_connection);
  CASE("comes-and-goes", NULL, test_comes_and_goes);
  CASE("absent", "absent", test_absent);
  CASE("no-collection", "absent", test_no_collection);
  CASE("stopped", NULL, test_stopped);
  CASE("cancelled", NULL, test_cancelled);
  CASE("dropped", NULL, test_dropped);
  return g_test_run();
}
