/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rules are in force: the built-in ones, or those of a file that is followed while it changes. */
#include "prg-file.h"
#include "prg-session-private.h"

#include <glib/gi18n-lib.h>

/* An editor makes several changes of one; a writer that makes a new file is given time to fill it. */
#define SETTLE_MS 200
/* The account waits so long for its rules at the start: an answering disk needs a thousandth of it. */
#define FIRST_READ_MS 5000

static void read_when_settled(PrgSession *self);

static void
tell(PrgSession *self, const char *notice)
{
  if (g_str_equal(self->rules_notice, notice))
    return;
  if (*notice)
    g_warning("%s", notice);
  prg_record_set(&self->rules_notice, notice);
  prg_session_emit_state(self);
}

/* @rules: (transfer full). @text: (nullable) NULL = built in */
static void
use_rules(PrgSession *self, PrgRules *rules, GBytes *text, const char *origin)
{
  prg_rules_unref(self->rules);
  self->rules = rules;
  g_clear_pointer(&self->rules_text, g_bytes_unref);
  self->rules_text = text ? g_bytes_ref(text) : NULL;
  prg_record_set(&self->rules_origin, origin);
  if (self->twenty)
    prg_twenty_set_rules(self->twenty, self->rules);
  if (self->engine)
    prg_engine_set_rules(self->engine, self->rules);
  tell(self, "");
}

/* The rules in force stay; a person is told why. */
static void
refuse(PrgSession *self, const char *problem)
{
  g_autofree char *notice =
      g_strdup_printf(_("The rules file is not used; %s: %s"), self->rules_origin, problem);

  tell(self, notice);
}

static void
take_text(PrgSession *self, const char *json, gsize length)
{
  const char *path = prg_file_watch_get_path(self->rules_file);
  g_autoptr(GBytes) text = g_bytes_new(json, length);
  g_autoptr(GError) error = NULL;

  if (self->rules_text && g_bytes_equal(text, self->rules_text)) {
    tell(self, "");
    return;
  }
  PrgRules *rules = prg_rules_new_from_json(json, (gssize)length, path, &error);
  if (rules) {
    g_autofree char *origin =
        g_strdup_printf(_("version %u of %s stays in force"), prg_rules_get_version(rules), path);
    use_rules(self, rules, text, origin);
  } else {
    g_autofree char *problem =
        g_strdup_printf(_("%s. For all that is wrong: progression rules check %s"), error->message, path);
    refuse(self, problem);
  }
}

/* What came of a read that is over. @text: (nullable) */
static void
end_read(PrgSession *self, const char *text, gsize length, const GError *error)
{
  self->is_reading_rules = FALSE;
  if (self->read_rules_again) {
    read_when_settled(self);
    return;
  }
  if (text)
    take_text(self, text, length);
  else
    refuse(self, error->message);
  prg_session_begin_account(self);
}

/* A read that is under way. */
typedef struct {
  PrgSession *session; /* (owned) */
  PrgFileWatch *file;  /* (owned) the setting may name another one meanwhile */
} Read;

static void
read_free(Read *self)
{
  g_object_unref(self->session);
  g_object_unref(self->file);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Read, read_free)

static void
on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Read) read = user_data;
  PrgSession *self = read->session;
  g_autoptr(GError) error = NULL;
  gsize length = 0;
  g_autofree char *text = prg_file_read_finish(result, &length, &error);

  if (self->is_started && self->rules_file == read->file)
    end_read(self, text, length, error);
  prg_jobs_end(self->jobs);
}

static void
on_watched(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Read *read = user_data;

  /* It fails when the service stops; so does what follows then. */
  (void)prg_file_watch_renew_finish(read->file, result, NULL);
  prg_file_read_async(prg_file_watch_get_path(read->file), PRG_RULES_MAX_BYTES,
                      prg_jobs_get_cancellable(read->session->jobs), on_read, read);
}

static void
read_file(PrgSession *self)
{
  Read *read = g_new0(Read, 1);

  *read = (Read){ g_object_ref(self), g_object_ref(self->rules_file) };
  self->is_reading_rules = TRUE;
  self->read_rules_again = FALSE;
  prg_file_watch_renew_async(self->rules_file, prg_jobs_begin(self->jobs), on_watched, read);
}

static gboolean
on_settled(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  prg_timer_clear(&self->rules_timer);
  read_file(self);
  return G_SOURCE_REMOVE;
}

static void
read_when_settled(PrgSession *self)
{
  if (self->rules_timer == NULL)
    self->rules_timer = prg_jobs_add_timer(self->jobs, SETTLE_MS, on_settled, self);
}

static void
on_file_changed(PrgFileWatch *file, PrgSession *self)
{
  if (self->is_reading_rules)
    self->read_rules_again = TRUE;
  else
    read_when_settled(self);
}

static gboolean
on_first_read_late(gpointer user_data)
{
  PrgSession *self = user_data;
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED =
      g_main_context_pusher_new(prg_jobs_get_context(self->jobs));

  refuse(self, _("it could not be read within 5 s. It is used once it can be read"));
  prg_session_begin_account(self);
  return G_SOURCE_REMOVE;
}

void
prg_session_drop_rules_file(PrgSession *self)
{
  prg_timer_clear(&self->rules_timer);
  if (self->rules_file)
    g_signal_handlers_disconnect_by_data(self->rules_file, self);
  g_clear_object(&self->rules_file);
  self->is_reading_rules = self->read_rules_again = FALSE;
}

void
prg_session_apply_rules_file(PrgSession *self)
{
  g_autofree char *path = prg_settings_get_rules_file(self->settings);

  if (self->rules_file && g_str_equal(path, prg_file_watch_get_path(self->rules_file)))
    return;
  prg_session_drop_rules_file(self);
  if (*path == '\0') {
    if (self->rules_text)
      use_rules(self, prg_rules_new_builtin(), NULL, PRG_BUILTIN_RULES);
    tell(self, "");
    return;
  }
  if (!g_path_is_absolute(path)) {
    g_autofree char *problem = g_strdup_printf(_("“%s” does not start with “/”"), path);
    refuse(self, problem);
    return;
  }
  self->rules_file = prg_file_watch_new(path);
  g_signal_connect(self->rules_file, "changed", G_CALLBACK(on_file_changed), self);
  if (!self->has_begun && self->ready_timer == NULL)
    self->ready_timer = prg_jobs_add_timer(self->jobs, FIRST_READ_MS, on_first_read_late, self);
  read_file(self);
}
