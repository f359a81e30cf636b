/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-history.h"
#include "prg-calendar.h"
#include "prg-json.h"
#include "prg-options.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_LIMIT 1000
#define DEFAULT_LIMIT 100
#define MAX_DAYS 3660

typedef struct {
  gboolean unused; /* keeps the offsets of the flags above 0 */
  gint64 since;
  gint64 until;
  gboolean has_until;
  char *kind;  /* (owned) "" = all */
  char *state; /* (owned) "" = pending */
  gint64 limit;
  gint64 offset;
} Filter;

static void
filter_init(Filter *filter)
{
  *filter = (Filter){ .kind = g_strdup(""), .state = g_strdup(""), .limit = DEFAULT_LIMIT };
}

static void
filter_clear(Filter *filter)
{
  g_clear_pointer(&filter->kind, g_free);
  g_clear_pointer(&filter->state, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filter, filter_clear)

static const PrgOptionSpec event_options[] = {
  { "since", PRG_OPTION_INSTANT, 0, 0, G_STRUCT_OFFSET(Filter, since), 0 },
  { "until", PRG_OPTION_INSTANT, 0, 0, G_STRUCT_OFFSET(Filter, until), G_STRUCT_OFFSET(Filter, has_until) },
  { "type", PRG_OPTION_TEXT, 0, 128, G_STRUCT_OFFSET(Filter, kind), 0 },
  { "limit", PRG_OPTION_INTEGER, 1, MAX_LIMIT, G_STRUCT_OFFSET(Filter, limit), 0 },
  { "offset", PRG_OPTION_INTEGER, 0, G_MAXUINT32, G_STRUCT_OFFSET(Filter, offset), 0 },
};

static const PrgOptionSpec operation_options[] = {
  { "state", PRG_OPTION_TEXT, 0, 64, G_STRUCT_OFFSET(Filter, state), 0 },
  { "limit", PRG_OPTION_INTEGER, 1, MAX_LIMIT, G_STRUCT_OFFSET(Filter, limit), 0 },
  { "offset", PRG_OPTION_INTEGER, 0, G_MAXUINT32, G_STRUCT_OFFSET(Filter, offset), 0 },
};

static const PrgOptionSpec audit_options[] = {
  { "limit", PRG_OPTION_INTEGER, 1, MAX_LIMIT, G_STRUCT_OFFSET(Filter, limit), 0 },
};

static void
add_text(GVariantBuilder *builder, const char *key, const char *value)
{
  g_variant_builder_add(builder, "{sv}", key, g_variant_new_string(value ? value : ""));
}

static void
add_number(GVariantBuilder *builder, const char *key, gint64 value)
{
  g_variant_builder_add(builder, "{sv}", key, g_variant_new_int64(value));
}

static GVariant *
event_to_variant(const PrgEntry *entry)
{
  const PrgOperation *operation = entry->operation;
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_text(&builder, "id", operation->id);
  add_text(&builder, "type", operation->kind);
  add_number(&builder, "amount", operation->amount);
  add_text(&builder, "ref", operation->ref);
  add_number(&builder, "occurred-at", operation->occurred_at);
  add_text(&builder, "local-day", operation->local_day);
  add_text(&builder, "zone", operation->zone);
  add_text(&builder, "details", operation->details);
  add_text(&builder, "cause", operation->cause);
  add_text(&builder, "device", operation->device);
  add_text(&builder, "state", prg_operation_state_to_string(entry->state));
  return g_variant_builder_end(&builder);
}

static gboolean
is_event_wanted(const PrgEntry *entry, const Filter *filter)
{
  const PrgOperation *operation = entry->operation;

  if (entry->state == PRG_OPERATION_DISCARDED)
    return FALSE;
  if (operation->occurred_at < filter->since ||
      (filter->has_until && operation->occurred_at >= filter->until))
    return FALSE;
  return *filter->kind == '\0' || g_str_equal(operation->kind, filter->kind);
}

static int
compare_newest_first(gconstpointer a, gconstpointer b)
{
  const PrgEntry *one = *(const PrgEntry *const *)a;
  const PrgEntry *other = *(const PrgEntry *const *)b;

  if (one->operation->occurred_at != other->operation->occurred_at)
    return one->operation->occurred_at < other->operation->occurred_at ? 1 : -1;
  if (one->operation->seq != other->operation->seq)
    return one->operation->seq < other->operation->seq ? 1 : -1;
  return g_strcmp0(one->operation->id, other->operation->id);
}

/* The aliases of the catalogue are allowed in a filter as they are in AddXP. */
static gboolean
resolve_kind(PrgBook *book, Filter *filter, GError **error)
{
  if (*filter->kind == '\0')
    return TRUE;
  const PrgSource *source = prg_rules_find_source(prg_book_get_rules(book), filter->kind);
  if (source) {
    prg_record_set(&filter->kind, source->kind);
    return TRUE;
  }
  for (guint i = 0; i < prg_book_n_entries(book); i++)
    if (g_str_equal(prg_book_get_entry(book, i)->operation->kind, filter->kind))
      return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_UNKNOWN_EVENT_TYPE, _("Unknown event type “%.128s”"), filter->kind);
  return FALSE;
}

static GVariant *
page_to_variant(GPtrArray *entries, const Filter *filter, GVariant *(*convert)(const PrgEntry *entry))
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
  for (gint64 i = filter->offset; i < (gint64)entries->len && i < filter->offset + filter->limit; i++)
    g_variant_builder_add_value(&builder, convert(g_ptr_array_index(entries, (guint)i)));
  return g_variant_builder_end(&builder);
}

GVariant *
prg_history_events(PrgBook *book, GVariant *options, GError **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new();
  g_auto(Filter) filter;

  filter_init(&filter);
  if (!prg_options_read(options, event_options, G_N_ELEMENTS(event_options), &filter, error) ||
      !resolve_kind(book, &filter, error))
    return NULL;
  for (guint i = 0; i < prg_book_n_entries(book); i++)
    if (is_event_wanted(prg_book_get_entry(book, i), &filter))
      g_ptr_array_add(entries, (gpointer)prg_book_get_entry(book, i));
  g_ptr_array_sort(entries, compare_newest_first);
  return page_to_variant(entries, &filter, event_to_variant);
}

const char *
prg_history_note(const char *note)
{
  return note && *note ? _(note) : "";
}

static GVariant *
operation_to_variant(const PrgEntry *entry)
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_text(&builder, "id", entry->operation->id);
  add_text(&builder, "kind", entry->operation->kind);
  add_number(&builder, "amount", entry->operation->amount);
  add_text(&builder, "state", prg_operation_state_to_string(entry->state));
  add_text(&builder, "note", prg_history_note(entry->note));
  add_number(&builder, "occurred-at", entry->operation->occurred_at);
  add_text(&builder, "ref", entry->operation->ref);
  return g_variant_builder_end(&builder);
}

GVariant *
prg_history_operations(PrgBook *book, GVariant *options, GError **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new();
  g_auto(Filter) filter;
  PrgOperationState state = PRG_OPERATION_NEW;

  filter_init(&filter);
  if (!prg_options_read(options, operation_options, G_N_ELEMENTS(operation_options), &filter, error))
    return NULL;
  if (*filter.state && !prg_operation_state_from_string(filter.state, &state)) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Option “state” must name a state; found “%.64s”"), filter.state);
    return NULL;
  }
  for (guint i = 0; i < prg_book_n_entries(book); i++) {
    const PrgEntry *entry = prg_book_get_entry(book, i);
    if (*filter.state ? entry->state == state : prg_operation_state_is_unsettled(entry->state))
      g_ptr_array_add(entries, (gpointer)entry);
  }
  return page_to_variant(entries, &filter, operation_to_variant);
}

gboolean
prg_history_audit_limit(GVariant *options, guint *limit, GError **error)
{
  g_auto(Filter) filter;

  filter_init(&filter);
  if (!prg_options_read(options, audit_options, G_N_ELEMENTS(audit_options), &filter, error))
    return FALSE;
  *limit = (guint)filter.limit;
  return TRUE;
}

static GVariant *
audit_to_variant(const PrgStoreAudit *entry)
{
  g_autoptr(JsonNode) root = prg_json_parse_object(entry->text, strlen(entry->text));
  JsonObject *object = root ? json_node_get_object(root) : NULL;
  gboolean flagged = object && json_object_get_boolean_member_with_default(object, "flagged", FALSE);
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_number(&builder, "at", entry->at);
  add_text(&builder, "event", object ? json_object_get_string_member_with_default(object, "event", "") : "");
  g_variant_builder_add(&builder, "{sv}", "flagged", g_variant_new_boolean(flagged));
  add_text(&builder, "text", entry->text);
  return g_variant_builder_end(&builder);
}

GVariant *
prg_history_audit(GPtrArray *entries)
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
  for (guint i = 0; i < entries->len; i++)
    g_variant_builder_add_value(&builder, audit_to_variant(g_ptr_array_index(entries, i)));
  return g_variant_builder_end(&builder);
}

static GVariant *
day_to_variant(const PrgDay *day)
{
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_text(&builder, "day", day->day);
  for (int metric = 0; metric < PRG_N_METRICS; metric++)
    add_number(&builder, prg_metric_to_string(metric), day->counters[metric]);
  add_number(&builder, "xp", day->xp);
  g_variant_builder_add(&builder, "{sv}", "active", g_variant_new_boolean(day->active));
  return g_variant_builder_end(&builder);
}

static gboolean
parse_day(const char *name, const char *text, gint fallback, gint *number, GError **error)
{
  *number = fallback;
  if (*text == '\0' || prg_day_parse(text, number))
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
              _("%s must be a day such as 2026-03-31; found “%.64s”"), name, text);
  return FALSE;
}

GVariant *
prg_history_days(const PrgView *view, const char *from, const char *to, const char *today, GError **error)
{
  GVariantBuilder builder;
  gint now = 0;
  gint first;
  gint last;

  prg_day_parse(today, &now);
  if (!parse_day("to_day", to, now, &last, error) || !parse_day("from_day", from, last - 6, &first, error))
    return NULL;
  if (first > last || last - first >= MAX_DAYS) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("from_day must not be after to_day, and at most %d days before it"), MAX_DAYS - 1);
    return NULL;
  }
  g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
  for (gint number = first; number <= last; number++) {
    g_autofree char *text = prg_day_format(number);
    const PrgDay *day = prg_view_get_day(view, text);
    if (day)
      g_variant_builder_add_value(&builder, day_to_variant(day));
  }
  return g_variant_builder_end(&builder);
}
