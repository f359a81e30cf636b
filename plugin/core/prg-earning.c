/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-earn-private.h"

#include "prg-calendar.h"
#include "prg-error.h"
#include "prg-json.h"
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* The D-Bus interface names these limits. */
#define MAX_ID 128           /* characters */
#define MAX_REF 1024         /* bytes */
#define MAX_TEXT (16 * 1024) /* bytes */
#define MAX_MULTIPLIERS 16

gboolean
prg_earning_fail(GError **error, gint code, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  if (error != NULL && *error == NULL)
    *error = g_error_new_valist(PRG_ERROR, code, format, args);
  va_end(args);
  return FALSE;
}

void
prg_earning_clear(PrgEarning *self)
{
  g_clear_pointer(&self->local_day, g_free);
  g_clear_pointer(&self->operations, g_ptr_array_unref);
}

/* An id or a ref: printable text. */
static gboolean
check_printable(const char *what, const char *text, GError **error)
{
  if (!g_utf8_validate(text, -1, NULL))
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s is not UTF-8"), what);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
    if (g_unichar_iscntrl(g_utf8_get_char(p)))
      return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s holds a control character"), what);
  }
  return TRUE;
}

static gboolean
check_id(const char *text, GError **error)
{
  if (!check_printable("id", text, error))
    return FALSE;
  return g_utf8_strlen(text, -1) <= MAX_ID ||
         prg_earning_fail(error, PRG_ERROR_TOO_LARGE, _("id is longer than %d characters"), MAX_ID);
}

static gboolean
check_ref(const char *text, GError **error)
{
  if (!check_printable("ref", text, error))
    return FALSE;
  return strlen(text) <= MAX_REF ||
         prg_earning_fail(error, PRG_ERROR_TOO_LARGE, _("ref is longer than %d bytes"), MAX_REF);
}

static gboolean
check_text(const char *text, GError **error)
{
  if (!g_utf8_validate(text, -1, NULL))
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("details is not UTF-8"));
  if (strlen(text) > MAX_TEXT)
    return prg_earning_fail(error, PRG_ERROR_TOO_LARGE, _("details is longer than %d bytes"), MAX_TEXT);
  return TRUE;
}

/* Callers read another clock than the server's: a little ahead is taken as now. */
static gboolean
check_time(PrgEarning *self, GError **error)
{
  gint64 asked = self->request->occurred_at;
  g_autofree char *today = prg_day_of(self->moment->now, self->moment->zone);
  gint today_number = 0, day_number = 0;

  if (asked > self->moment->now + PRG_MAX_AHEAD)
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("occurred-at lies in the future"));
  self->occurred_at = asked == 0 ? self->moment->now : MIN(asked, self->moment->now);
  self->local_day = prg_day_of(self->occurred_at, self->moment->zone);
  (void)prg_day_parse(today, &today_number);
  (void)prg_day_parse(self->local_day, &day_number);
  if (asked < 0 || today_number - day_number > prg_rules_backdate_days(self->rules))
    return prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT,
                            ngettext("occurred-at is more than %d day ago",
                                     "occurred-at is more than %d days ago",
                                     (gulong)prg_rules_backdate_days(self->rules)),
                            prg_rules_backdate_days(self->rules));
  return TRUE;
}

gboolean
prg_earning_begin(PrgEarning *self, GError **error)
{
  self->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  return check_ref(self->request->ref, error) && check_id(self->request->caller_id, error) &&
         check_text(self->request->details, error) && check_time(self, error);
}

typedef struct {
  PrgEarning *earning;
  gint64 amount;
  guint count;
  GError **error;
} Pricing;

/* One of the caller's multipliers. Returns: TRUE to stop, with the error set */
static gboolean
apply_multiplier(gpointer name, gpointer value, gpointer data)
{
  Pricing *self = data;
  gint64 thousandths = *(const gint64 *)value;
  gint64 most = prg_rules_max_multiplier(self->earning->rules);

  if (thousandths < 1 || thousandths > most)
    return !prg_earning_fail(self->error, PRG_ERROR_INVALID_ARGUMENT,
                             _("multiplier %s is %.3f, expected more than 0 and at most %.3f"),
                             (const char *)name, (double)thousandths / 1000, (double)most / 1000);
  if (++self->count > MAX_MULTIPLIERS)
    return !prg_earning_fail(self->error, PRG_ERROR_TOO_LARGE, _("more than %d multipliers"),
                             MAX_MULTIPLIERS);
  self->amount = prg_rules_multiply(self->amount, thousandths);
  return FALSE;
}

gboolean
prg_earning_price(PrgEarning *self, const char *kind, gint64 base, gint64 *amount, GError **error)
{
  g_autoptr(GError) local_error = NULL;
  gint64 bonus = prg_rules_specialization_bonus(self->rules, self->view->specialization, kind);
  gint64 most = prg_rules_max_amount(self->rules);
  Pricing pricing = { self, prg_rules_multiply(base, bonus), 0, &local_error };

  if (self->request->multipliers != NULL)
    g_tree_foreach(self->request->multipliers, apply_multiplier, &pricing);
  if (local_error != NULL) {
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
  }
  if (pricing.amount > most || pricing.amount < -most)
    return prg_earning_fail(error, PRG_ERROR_TOO_LARGE,
                            _("%" PRId64 " XP is more than one event may bring (%" PRId64 ")"),
                            pricing.amount, most);
  *amount = pricing.amount;
  return TRUE;
}

PrgOperation *
prg_earning_add(PrgEarning *self,
                const char *kind,
                char *id,
                gint64 amount,
                const char *details,
                const char *cause)
{
  g_autofree char *owned = id;
  const PrgOperation fields = {
    .id = owned,
    .device = self->moment->device,
    .seq = self->moment->next_seq + self->operations->len,
    .kind = kind,
    .amount = amount,
    .ref = self->request->ref,
    .occurred_at = self->occurred_at,
    .local_day = self->local_day,
    .zone = self->moment->zone_name,
    .details = details,
    .cause = cause,
  };
  PrgOperation *operation = prg_operation_new(&fields);

  g_ptr_array_add(self->operations, operation);
  return operation;
}

char *
prg_earning_first_id(PrgEarning *self, const char *kind)
{
  const PrgSource *source = prg_rules_find_source(self->rules, kind);

  /* Two devices that record the same deal must make the same row, whatever ids their callers use. */
  if (source != NULL && source->pays_once)
    return prg_operation_pays_once_id(self->moment->member, kind, self->request->ref);
  if (*self->request->caller_id != '\0')
    return prg_operation_pays_once_id(self->moment->member, "caller", self->request->caller_id);
  return g_strdup(self->moment->random_id);
}

char *
prg_earning_text(const char *text)
{
  g_autoptr(JsonObject) object = NULL;

  if (*text == '\0')
    return g_strdup("");
  object = json_object_new();
  json_object_set_string_member(object, "text", text);
  return prg_json_print_object(object);
}

GPtrArray *
prg_earning_end(PrgEarning *self)
{
  return g_steal_pointer(&self->operations);
}
