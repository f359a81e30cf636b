/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that uses the generated proxies of the client library. It records a call and prints what it then sees, a line each: a
 * word, a tab, a value in GVariant's text format. The file that its argument names gets an export.
 */
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <lids-progression/lids-progression.h>
#include <locale.h>
#include <unistd.h>

#define NAME "org.lids.Progression"
#define PATH "/org/lids/Progression"

typedef struct {
  LidsDbusProgression *progression; /* (owned) (nullable) */
  gint64 total;                     /* what the answer said */
  gboolean signalled;
} Program;

/* @value: (transfer floating) or (transfer none) */
static void
tell(const char *word, GVariant *value)
{
  g_autoptr(GVariant) kept = g_variant_ref_sink(value);
  g_autofree char *text = g_variant_print(kept, TRUE);

  g_print("%s\t%s\n", word, text);
}

static void
on_proxy(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr(GError) error = NULL;

  program->progression = lids_dbus_progression_proxy_new_for_bus_finish(result, &error);
  g_assert_no_error(error);
}

static void
on_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autofree char *id = NULL;
  g_autoptr(GError) error = NULL;
  gint64 earned = 0;
  guint level = 0;
  gboolean leveled_up = FALSE;

  lids_dbus_progression_call_record_call_finish(program->progression, &id, &earned, &program->total, &level,
                                                &leveled_up, result, &error);
  g_assert_no_error(error);
  tell("RecordCall", g_variant_new("(sxxub)", id, earned, program->total, level, leveled_up));
}

static void
on_xp_earned(LidsDbusProgression *progression,
             const char *id,
             const char *event_type,
             gint64 amount,
             gint64 total,
             gpointer user_data)
{
  Program *program = user_data;

  program->signalled = program->signalled || g_strcmp0(event_type, "dial_made") == 0;
}

/* Until the answer, the signal and the changed property have come. */
static void
record(Program *program)
{
  g_signal_connect(program->progression, "xp-earned", G_CALLBACK(on_xp_earned), program);
  lids_dbus_progression_call_record_call(program->progression, "CONTACT", 150, "lead-1",
                                         g_variant_new("a{sv}", NULL), NULL, on_recorded, program);
  while (program->total == 0 || !program->signalled ||
         lids_dbus_progression_get_total_xp(program->progression) != program->total)
    g_main_context_iteration(NULL, TRUE);
}

static void
look(LidsDbusProgression *progression)
{
  g_autoptr(GVariant) rates = NULL;
  g_autoptr(GError) error = NULL;
  gboolean ramp_up = FALSE;

  lids_dbus_progression_call_get_efficiency_sync(progression, &ramp_up, &rates, NULL, &error);
  g_assert_no_error(error);
  tell("GetEfficiency", g_variant_new("(b@aa{sv})", ramp_up, rates));
  tell("EfficiencyMetrics", lids_dbus_progression_get_efficiency_metrics(progression));
  tell("Name", g_variant_new_string(lids_dbus_progression_get_name(progression)));
}

/* With the library's error domain known, a refusal has its code. */
static void
be_refused(LidsDbusProgression *progression)
{
  g_autoptr(GVariant) days = NULL;
  g_autoptr(GError) error = NULL;

  lids_dbus_progression_call_get_daily_metrics_sync(progression, "no day", "", &days, NULL, &error);
  g_assert_error(error, LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT);
  g_assert_true(g_dbus_error_strip_remote_error(error));
  tell("refused", g_variant_new_string(error->message));
}

static void
look_at_sync(const char *file)
{
  g_autoptr(LidsDbusSync) sync = NULL;
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
  g_autoptr(GVariant) entries = NULL;
  g_autoptr(GError) error = NULL;
  const int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

  sync = lids_dbus_sync_proxy_new_for_bus_sync(G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, NAME, PATH, NULL,
                                               &error);
  g_assert_no_error(error);
  lids_dbus_sync_call_list_audit_sync(sync, g_variant_new("a{sv}", NULL), &entries, NULL, &error);
  g_assert_no_error(error);
  tell("ListAudit", entries);
  g_assert_cmpint(g_unix_fd_list_append(fds, fd, &error), ==, 0);
  lids_dbus_sync_call_export_sync(sync, g_variant_new_handle(0), fds, NULL, NULL, &error);
  g_assert_no_error(error);
  close(fd);
}

static void
look_at_account(void)
{
  g_autoptr(LidsDbusAccount) account = NULL;
  g_autoptr(GError) error = NULL;

  account = lids_dbus_account_proxy_new_for_bus_sync(G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, NAME, PATH,
                                                     NULL, &error);
  g_assert_no_error(error);
  tell("WorkspaceMemberId", g_variant_new_string(lids_dbus_account_get_workspace_member_id(account)));
}

int
main(int argc, char **argv)
{
  Program program = { 0 };

  if (argc != 2)
    return 2;
  setlocale(LC_ALL, "");
  lids_progression_error_quark();
  lids_dbus_progression_proxy_new_for_bus(G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, NAME, PATH, NULL,
                                          on_proxy, &program);
  while (program.progression == NULL)
    g_main_context_iteration(NULL, TRUE);
  record(&program);
  look(program.progression);
  be_refused(program.progression);
  look_at_sync(argv[1]);
  look_at_account();
  g_clear_object(&program.progression);
  return 0;
}
