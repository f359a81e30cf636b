/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-dbus-error.h"
#include "prg-dbus.h"
#include <lids-progression/lids-progression.h>

/* A service that notes what it is asked and answers what it is told to. The bus is the session's that the test runs in. */
typedef struct {
  GDBusConnection *connection;   /* (owned) the service's */
  PrgDbusProgression *skeleton;  /* (owned) */
  GDBusConnection *client_side;  /* (owned) */
  LidsProgressionClient *client; /* (owned) */
  GPtrArray *options;            /* (owned) (element-type GVariant) of each call of AddXP, as they came */
  const char *error;             /* (nullable) the name of the error that is answered */
} Fixture;

static gboolean
on_add_xp(PrgDbusProgression *skeleton,
          GDBusMethodInvocation *invocation,
          const char *event_type,
          GVariant *options,
          gpointer user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add(fixture->options, g_variant_ref(options));
  if (fixture->error)
    g_dbus_method_invocation_return_dbus_error(invocation, fixture->error, "for people");
  else
    prg_dbus_progression_complete_add_xp(skeleton, invocation, "row", 10, 110, 2, TRUE);
  return TRUE;
}

static gboolean
on_promote(PrgDbusProgression *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add(fixture->options, g_variant_ref_sink(g_variant_new("a{sv}", NULL)));
  g_dbus_method_invocation_return_dbus_error(invocation, fixture->error, "for people");
  return TRUE;
}

static void
on_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref(result);
}

/* (transfer full) */
static GAsyncResult *
await(GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration(NULL, TRUE);
  return g_steal_pointer(slot);
}

static GDBusConnection *
connect_to_bus(void)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync(
      g_getenv("DBUS_SESSION_BUS_ADDRESS"),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
      NULL, &error);

  g_assert_no_error(error);
  return connection;
}

/* Asks the bus for something about the name; the answer is a number. */
static guint
ask_bus(GDBusConnection *connection, const char *method, GVariant *parameters)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, parameters,
      G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  guint answer;

  g_assert_no_error(error);
  g_variant_get(reply, "(u)", &answer);
  return answer;
}

static LidsProgressionClient *
new_client(GDBusConnection *connection)
{
  GAsyncResult *slot = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  LidsProgressionClient *client;

  lids_progression_client_new_async(connection, LIDS_PROGRESSION_CLIENT_FLAGS_NONE, NULL, on_result, &slot);
  result = await(&slot);
  client = lids_progression_client_new_finish(result, &error);
  g_assert_no_error(error);
  return client;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fixture->options = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
  fixture->connection = connect_to_bus();
  fixture->skeleton = prg_dbus_progression_skeleton_new();
  g_signal_connect(fixture->skeleton, "handle-add-xp", G_CALLBACK(on_add_xp), fixture);
  g_signal_connect(fixture->skeleton, "handle-promote", G_CALLBACK(on_promote), fixture);
  g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(fixture->skeleton), fixture->connection,
                                   "/org/lids/Progression", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(
      ask_bus(fixture->connection, "RequestName", g_variant_new("(su)", "org.lids.Progression", 0)), ==, 1);
  fixture->client_side = connect_to_bus();
  fixture->client = new_client(fixture->client_side);
}

static void
on_gone(gpointer user_data, GObject *object)
{
  gboolean *gone = user_data;

  *gone = TRUE;
}

/* The client goes with the last reference, and with it all that it had asked GDBus for. */
static void
tear_down(Fixture *fixture, gconstpointer data)
{
  gboolean gone = FALSE;

  g_object_weak_ref(G_OBJECT(fixture->client), on_gone, &gone);
  g_clear_object(&fixture->client);
  g_assert_true(gone);
  g_assert_cmpuint(ask_bus(fixture->connection, "ReleaseName", g_variant_new("(s)", "org.lids.Progression")),
                   ==, 1);
  g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(fixture->skeleton));
  g_clear_object(&fixture->skeleton);
  g_dbus_connection_close_sync(fixture->client_side, NULL, NULL);
  g_dbus_connection_close_sync(fixture->connection, NULL, NULL);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  g_clear_object(&fixture->client_side);
  g_clear_object(&fixture->connection);
  g_ptr_array_unref(fixture->options);
}

/* @options: (transfer floating) (nullable). (transfer full) (nullable) */
static LidsEarned *
add_xp(Fixture *fixture, GVariant *options, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr(GAsyncResult) result = NULL;

  lids_progression_client_add_xp_async(fixture->client, "email_sent", options, NULL, on_result, &slot);
  result = await(&slot);
  return lids_progression_client_add_xp_finish(fixture->client, result, error);
}

/* The id in a call's options. (transfer full) (nullable) */
static char *
id_of(Fixture *fixture, guint call)
{
  char *id = NULL;

  g_variant_lookup(g_ptr_array_index(fixture->options, call), "id", "s", &id);
  return id;
}

/* "NotSignedIn" → "not-signed-in". (transfer full) */
static char *
nick_of(const char *camel)
{
  g_autoptr(GString) nick = g_string_new(NULL);

  for (const char *at = camel; *at; at++) {
    if (g_ascii_isupper(*at) && nick->len > 0)
      g_string_append_c(nick, '-');
    g_string_append_c(nick, g_ascii_tolower(*at));
  }
  return g_string_free(g_steal_pointer(&nick), FALSE);
}

/* Every error of the service's own table arrives as the code that has its name, and the domain has no other of the service's. */
static void
test_errors(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GEnumClass) codes = g_type_class_ref(LIDS_TYPE_PROGRESSION_ERROR);

  g_assert_cmpint(codes->n_values, ==, PRG_N_ERRORS + 2);
  for (int code = 0; code < (int)PRG_N_ERRORS; code++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *nick = nick_of(strrchr(prg_dbus_error_name(code), '.') + 1);
    const GEnumValue *expected = g_enum_get_value_by_nick(codes, nick);

    fixture->error = prg_dbus_error_name(code);
    g_assert_nonnull(expected);
    g_assert_null(add_xp(fixture, NULL, &error));
    g_assert_error(error, LIDS_PROGRESSION_ERROR, expected->value);
    g_assert_cmpstr(error->message, ==, "for people");
  }
}

/* An error of the bus, and what the caller gets; how often a repeatable call is sent, and one that is not. */
static const struct {
  const char *name;
  int code;
  guint n_repeatable;
  guint n_other;
} from_bus[] = {
  { "org.freedesktop.DBus.Error.NoReply", LIDS_PROGRESSION_ERROR_NO_ANSWER, 3, 1 },
  { "org.freedesktop.DBus.Error.Disconnected", LIDS_PROGRESSION_ERROR_NO_ANSWER, 3, 1 },
  { "org.freedesktop.DBus.Error.TimedOut", LIDS_PROGRESSION_ERROR_NO_ANSWER, 1, 1 },
  { "org.freedesktop.DBus.Error.ServiceUnknown", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 1, 1 },
  { "org.freedesktop.DBus.Error.NameHasNoOwner", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 1, 1 },
  { "org.freedesktop.DBus.Error.Spawn.ExecFailed", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 1, 1 },
  { "org.freedesktop.DBus.Error.Spawn.ServiceNotFound", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 1, 1 },
  { "org.freedesktop.DBus.Error.Spawn.ChildExited", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 3, 3 },
  { "org.freedesktop.DBus.Error.UnknownObject", LIDS_PROGRESSION_ERROR_UNAVAILABLE, 3, 3 },
  { "org.lids.Progression.Error.Cancelled", LIDS_PROGRESSION_ERROR_CANCELLED, 3, 1 },
  { "org.lids.Progression.Error.StillRunning", LIDS_PROGRESSION_ERROR_STILL_RUNNING, 3, 1 },
  { "org.lids.Progression.Error.StorageFailed", LIDS_PROGRESSION_ERROR_STORAGE_FAILED, 3, 1 },
  { "org.lids.Progression.Error.Offline", LIDS_PROGRESSION_ERROR_OFFLINE, 1, 1 },
};

static void
test_repeats(Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS(from_bus); i++) {
    GAsyncResult *slot = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;
    g_autofree char *first = NULL;

    fixture->error = from_bus[i].name;
    g_assert_null(add_xp(fixture, NULL, &error));
    g_assert_error(error, LIDS_PROGRESSION_ERROR, from_bus[i].code);
    g_assert_cmpuint(fixture->options->len, ==, from_bus[i].n_repeatable);
    first = id_of(fixture, 0);
    g_assert_true(g_uuid_string_is_valid(first));
    for (guint call = 1; call < fixture->options->len; call++) {
      g_autofree char *id = id_of(fixture, call);
      g_assert_cmpstr(id, ==, first);
    }
    g_ptr_array_set_size(fixture->options, 0);
    lids_progression_client_promote_async(fixture->client, NULL, on_result, &slot);
    result = await(&slot);
    g_assert_null(lids_progression_client_promote_finish(fixture->client, result, &other));
    g_assert_error(other, LIDS_PROGRESSION_ERROR, from_bus[i].code);
    g_assert_cmpuint(fixture->options->len, ==, from_bus[i].n_other);
    g_ptr_array_set_size(fixture->options, 0);
  }
}

/* A caller's id and other options go through as they are; else each call has an id of its own. */
static void
test_ids(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) kept = g_variant_ref_sink(g_variant_new_parsed("{'id': <'mine'>, 'ref': <'lead-7'>}"));
  g_autoptr(GVariant) plain = g_variant_ref_sink(g_variant_new_parsed("{'ref': <'lead-7'>}"));
  GVariant *options[] = { kept, plain, NULL, g_variant_new_parsed("{'ref': <'lead-7'>}") };
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LidsEarned) earned = add_xp(fixture, options[i], &error);
    const char *ref = NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(earned->id, ==, "row");
    g_assert_cmpint(earned->earned, ==, 10);
    g_assert_cmpint(earned->total, ==, 110);
    g_assert_cmpuint(earned->level, ==, 2);
    g_assert_true(earned->leveled_up);
    g_assert_true(g_hash_table_add(seen, id_of(fixture, i)));
    g_variant_lookup(g_ptr_array_index(fixture->options, i), "ref", "&s", &ref);
    g_assert_cmpstr(ref, ==, options[i] ? "lead-7" : NULL);
  }
  g_assert_true(g_variant_equal(g_ptr_array_index(fixture->options, 0), kept));
}

static void
on_level(GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *n_notified = user_data;

  /* Both came in one message: who is told of one sees the other. */
  g_assert_cmpint(lids_progression_client_get_total_xp(LIDS_PROGRESSION_CLIENT(object)), ==, 260);
  ++*n_notified;
}

static void
test_notify(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  guint n_notified = 0;

  g_assert_cmpuint(lids_progression_client_get_level(fixture->client), ==, 0);
  g_signal_connect(fixture->client, "notify::level", G_CALLBACK(on_level), &n_notified);
  g_object_set(fixture->skeleton, "total-xp", (gint64)260, "level", 3, NULL);
  while (n_notified == 0)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(lids_progression_client_get_level(fixture->client), ==, 3);
  /* What is told again without being different is no change. */
  g_dbus_connection_emit_signal(
      fixture->connection, NULL, "/org/lids/Progression", "org.freedesktop.DBus.Properties",
      "PropertiesChanged", g_variant_new_parsed("('org.lids.Progression', {'Level': <uint32 3>}, @as [])"),
      &error);
  g_assert_no_error(error);
  g_object_set(fixture->skeleton, "level", 4, NULL);
  while (lids_progression_client_get_level(fixture->client) != 4)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(n_notified, ==, 2);
}

/* What the caller cancels is his own error, not the service's. */
static void
test_cancelled(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new();
  GAsyncResult *slot = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel(cancellable);
  lids_progression_client_add_xp_async(fixture->client, "email_sent", NULL, cancellable, on_result, &slot);
  result = await(&slot);
  g_assert_null(lids_progression_client_add_xp_finish(fixture->client, result, &error));
  g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_closed(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_dbus_connection_close_sync(fixture->client_side, NULL, NULL);
  /* GIO may answer before it has closed. */
  while (!g_dbus_connection_is_closed(fixture->client_side))
    g_main_context_iteration(NULL, TRUE);
  g_assert_null(add_xp(fixture, NULL, &error));
  g_assert_error(error, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_UNAVAILABLE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/client/errors", Fixture, NULL, set_up, test_errors, tear_down);
  g_test_add("/client/repeats", Fixture, NULL, set_up, test_repeats, tear_down);
  g_test_add("/client/ids", Fixture, NULL, set_up, test_ids, tear_down);
  g_test_add("/client/notify", Fixture, NULL, set_up, test_notify, tear_down);
  g_test_add("/client/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  g_test_add("/client/closed", Fixture, NULL, set_up, test_closed, tear_down);
  return g_test_run();
}
