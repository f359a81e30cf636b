/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that only look. */
#include "lids-words.h"
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>

/* ---- status ---- */

static gint64
number_of(GVariantDict *properties, const char *name)
{
  g_autoptr(GVariant) value = g_variant_dict_lookup_value(properties, name, NULL);

  if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_INT64))
    return g_variant_get_int64(value);
  if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32(value);
  return 0;
}

/* (transfer none), valid as long as @properties */
static const char *
text_of(GVariantDict *properties, const char *name)
{
  const char *text = "";

  g_variant_dict_lookup(properties, name, "&s", &text);
  return text;
}

/* The labels of the status, so that their column is as wide as the widest in any language. */
static const char *const labels[] = {
  N_("Rep"),       N_("XP"),          N_("Level"),   N_("Rank"),        N_("Title"),     N_("Deals"),
  N_("Streak"),    N_("Last active"), N_("Badges"),  N_("Server"),      N_("Sync"),      N_("Reason"),
  N_("Last sync"), N_("Last error"),  N_("Pending"), N_("Quarantined"), N_("Elsewhere"),
};

static int
label_width(void)
{
  int width = 12;

  for (guint i = 0; i < G_N_ELEMENTS(labels); i++)
    width = MAX(width, prg_cli_width(_(labels[i])));
  return width;
}

/* Only what there is. @label: one of the above, or " " */
static void
print_field(const char *label, const char *text)
{
  const int widths[] = { label_width(), 0 };

  if (*text)
    prg_cli_print_row((const char *[]){ _(label), text }, widths, 2);
}

static void
print_list(GVariantDict *properties, const char *label, const char *name)
{
  g_autofree const char **items = NULL;

  if (!g_variant_dict_lookup(properties, name, "^a&s", &items))
    return;
  for (guint i = 0; items[i]; i++)
    print_field(i == 0 ? label : " ", items[i]);
}

static void
print_progress(GVariantDict *properties)
{
  gint64 next = number_of(properties, "NextLevelXp");
  gint64 pending = number_of(properties, "PendingXp");
  g_autoptr(GString) xp = g_string_new(NULL);
  g_autofree char *level = g_strdup_printf("%" G_GINT64_FORMAT, number_of(properties, "Level"));
  g_autofree char *rank =
      g_strdup_printf("%s %s", text_of(properties, "Rank"), text_of(properties, "RankName"));
  g_autofree char *deals = g_strdup_printf("%" G_GINT64_FORMAT, number_of(properties, "ClosedDeals"));
  gint64 days = number_of(properties, "StreakDays");
  g_autofree char *streak =
      g_strdup_printf(ngettext("%" PRId64 " day", "%" PRId64 " days", (gulong)days), days);
  g_autofree char *activity = prg_cli_format_time(number_of(properties, "LastActivity"));

  g_string_printf(xp, "%" G_GINT64_FORMAT, number_of(properties, "TotalXp"));
  if (next > 0)
    g_string_append_printf(xp, _(" (next level at %" PRId64 ")"), next);
  if (pending != 0)
    g_string_append_printf(xp, _(", %" PRId64 " not sent yet"), pending);
  print_field(N_("Rep"), text_of(properties, "Name"));
  print_field(N_("XP"), xp->str);
  print_field(N_("Level"), level);
  print_field(N_("Rank"), rank);
  print_field(N_("Title"), text_of(properties, "ActiveTitle"));
  print_field(N_("Deals"), deals);
  print_field(N_("Streak"), streak);
  print_field(N_("Last active"), activity);
  print_list(properties, N_("Badges"), "Badges");
}

static void
print_sync(GVariantDict *sync)
{
  g_autofree char *last = prg_cli_format_time(number_of(sync, "LastSync"));
  gint64 n_pending = number_of(sync, "PendingOperations");
  gint64 n_refused = number_of(sync, "QuarantinedOperations");
  g_autofree char *pending = g_strdup_printf(
      ngettext("%" PRId64 " operation", "%" PRId64 " operations", (gulong)n_pending), n_pending);
  g_autofree char *refused =
      g_strdup_printf(ngettext("%" PRId64 " operation (see: progression operations)",
                               "%" PRId64 " operations (see: progression operations)", (gulong)n_refused),
                      n_refused);

  gint64 n_elsewhere = number_of(sync, "WaitingElsewhere");
  g_autofree char *elsewhere = g_strdup_printf(
      ngettext(
          "%" PRId64 " operation waits in another installation's store (see: progression import --elsewhere)",
          "%" PRId64 " operations wait in another installation's store (see: progression import --elsewhere)",
          (gulong)n_elsewhere),
      n_elsewhere);

  print_field(N_("Sync"), lids_words_of("state", text_of(sync, "State")));
  print_field(N_("Reason"), text_of(sync, "Reason"));
  print_field(N_("Last sync"), last);
  print_field(N_("Last error"), text_of(sync, "LastError"));
  if (n_pending > 0)
    print_field(N_("Pending"), pending);
  if (n_refused > 0)
    print_field(N_("Quarantined"), refused);
  if (n_elsewhere > 0)
    print_field(N_("Elsewhere"), elsewhere);
}

static int
print_status(PrgCli *cli, GVariantDict *progression, GVariantDict *sync, GVariantDict *account)
{
  gboolean signed_in = FALSE;

  g_variant_dict_lookup(account, "SignedIn", "b", &signed_in);
  if (cli->json) {
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "progression", g_variant_dict_end(progression));
    g_variant_builder_add(&builder, "{sv}", "sync", g_variant_dict_end(sync));
    g_variant_builder_add(&builder, "{sv}", "account", g_variant_dict_end(account));
    prg_cli_print_json(g_variant_builder_end(&builder));
  } else {
    if (signed_in)
      print_progress(progression);
    print_field(N_("Server"), text_of(account, "Server"));
    print_sync(sync);
  }
  return signed_in ? PRG_EXIT_OK : PRG_EXIT_NOT_SIGNED_IN;
}

int
prg_cli_status(PrgCli *cli, int argc, char **argv)
{
  g_autoptr(GVariantDict) progression = NULL;
  g_autoptr(GVariantDict) sync = NULL;
  g_autoptr(GVariantDict) account = NULL;
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("status"), NULL, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_get_all(cli, "", &progression);
  if (code == PRG_EXIT_OK)
    code = prg_cli_get_all(cli, ".Sync", &sync);
  if (code == PRG_EXIT_OK)
    code = prg_cli_get_all(cli, ".Account", &account);
  return code == PRG_EXIT_OK ? print_status(cli, progression, sync, account) : code;
}

/* ---- lists ---- */

/* How wide the columns are, so that they hold the longest of a list. */
typedef struct {
  int kind;
  int state;
  int amount;
} Widths;

/* A catalogue may have longer kinds; beside them the other columns would have no room. */
#define MAX_KIND_WIDTH 40

/* (transfer full) */
static char *
amount_of(GVariant *dict, int width)
{
  return g_strdup_printf("%+*" G_GINT64_FORMAT, width, prg_cli_dict_number(dict, "amount"));
}

/* @key: where the kind is */
static Widths
measure(GVariant *list, const char *key)
{
  Widths widths = { .amount = 6 };

  for (gsize i = 0; i < g_variant_n_children(list); i++) {
    g_autoptr(GVariant) dict = g_variant_get_child_value(list, i);
    g_autofree char *amount = amount_of(dict, 0);
    widths.kind = MAX(widths.kind, prg_cli_width(prg_cli_dict_text(dict, key)));
    widths.state = MAX(widths.state, prg_cli_width(prg_cli_dict_text(dict, "state")));
    widths.amount = MAX(widths.amount, prg_cli_width(amount));
  }
  widths.kind = MIN(widths.kind, MAX_KIND_WIDTH);
  return widths;
}

/* Prints the list that a reply is. @key: where the kind is */
static int
print_rows(PrgCli *cli,
           GVariant *reply,
           const char *key,
           const char *nothing,
           void (*print)(GVariant *dict, const Widths *widths))
{
  g_autoptr(GVariant) list = g_variant_get_child_value(reply, 0);
  gsize n = g_variant_n_children(list);
  Widths widths = measure(list, key);

  if (cli->json || n == 0)
    return prg_cli_print_list(cli, list, nothing, NULL);
  for (gsize i = 0; i < n; i++) {
    g_autoptr(GVariant) dict = g_variant_get_child_value(list, i);
    print(dict, &widths);
  }
  return PRG_EXIT_OK;
}

/* What is said of the line above. */
static void
print_below(const char *text)
{
  const int widths[] = { 3, 0 };

  if (*text)
    prg_cli_print_row((const char *[]){ "", text }, widths, 2);
}

static void
print_event(GVariant *dict, const Widths *list)
{
  const int widths[] = { 16, list->kind, list->amount, 0 };
  g_autofree char *time = prg_cli_format_time(prg_cli_dict_number(dict, "occurred-at"));
  g_autofree char *amount = amount_of(dict, list->amount);
  const int id_widths[] = { 16, 0 };

  prg_cli_print_row(
      (const char *[]){ time, prg_cli_dict_text(dict, "type"), amount, prg_cli_dict_text(dict, "ref") },
      widths, 4);
  prg_cli_print_row((const char *[]){ "", prg_cli_dict_text(dict, "id") }, id_widths, 2);
}

static int
add_time(GVariantBuilder *filter, const char *key, const char *text)
{
  gint64 time;

  if (text == NULL)
    return PRG_EXIT_OK;
  int code = prg_cli_parse_time(text, &time);
  if (code == PRG_EXIT_OK)
    g_variant_builder_add(filter, "{sv}", key, g_variant_new_int64(time));
  return code;
}

int
prg_cli_events(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *since = NULL;
  g_autofree char *until = NULL;
  g_autofree char *type = NULL;
  int limit = 0;
  g_auto(GStrv) words = NULL;
  g_auto(GVariantBuilder) filter = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_autoptr(GVariant) reply = NULL;
  GOptionEntry entries[] = {
    { "since", 0, 0, G_OPTION_ARG_STRING, &since, N_("From this time on"), N_("TIME") },
    { "until", 0, 0, G_OPTION_ARG_STRING, &until, N_("Before this time"), N_("TIME") },
    { "type", 0, 0, G_OPTION_ARG_STRING, &type, N_("Only this event type"), N_("TYPE") },
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, N_("At most so many"), N_("N") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("events"), entries, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = add_time(&filter, "since", since);
  if (code == PRG_EXIT_OK)
    code = add_time(&filter, "until", until);
  if (type)
    g_variant_builder_add(&filter, "{sv}", "type", g_variant_new_string(type));
  if (limit)
    g_variant_builder_add(&filter, "{sv}", "limit", g_variant_new_int32(limit));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "ListEvents", g_variant_new("(a{sv})", &filter), NULL, &reply);
  return code == PRG_EXIT_OK ? print_rows(cli, reply, "type", _("No events"), print_event) : code;
}

static void
print_operation(GVariant *dict, const Widths *list)
{
  const int widths[] = { 36, list->state, list->amount, 0 };
  g_autofree char *amount = amount_of(dict, list->amount);

  prg_cli_print_row((const char *[]){ prg_cli_dict_text(dict, "id"), prg_cli_dict_text(dict, "state"), amount,
                                      prg_cli_dict_text(dict, "kind") },
                    widths, 4);
  print_below(prg_cli_dict_text(dict, "note"));
}

int
prg_cli_operations(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *state = NULL;
  int limit = 0;
  g_auto(GStrv) words = NULL;
  g_auto(GVariantBuilder) filter = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_autoptr(GVariant) reply = NULL;
  GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_STRING, &state, N_("Only those in this state"), N_("STATE") },
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, N_("At most so many"), N_("N") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("operations"), entries, argc, argv, 0, 0, &words);

  if (state)
    g_variant_builder_add(&filter, "{sv}", "state", g_variant_new_string(state));
  if (limit)
    g_variant_builder_add(&filter, "{sv}", "limit", g_variant_new_int32(limit));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Sync", "ListOperations", g_variant_new("(a{sv})", &filter), NULL, &reply);
  return code == PRG_EXIT_OK ? print_rows(cli, reply, "kind", _("Nothing waits to be sent"), print_operation)
                             : code;
}

/* (transfer full) */
static char *
format_json(JsonNode *node)
{
  g_autoptr(GString) list = g_string_new(NULL);

  if (json_node_get_value_type(node) == G_TYPE_STRING)
    return json_node_dup_string(node);
  if (!JSON_NODE_HOLDS_ARRAY(node))
    return json_to_string(node, FALSE);
  for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++) {
    g_autofree char *text = format_json(json_array_get_element(json_node_get_array(node), i));
    g_string_append_printf(list, "%s%s", i > 0 ? "; " : "", text);
  }
  return g_string_free(g_steal_pointer(&list), FALSE);
}

/* The members of an entry of the audit that are not shown elsewhere: "total: 52, external: -20". (transfer full) */
static char *
format_members(JsonObject *object)
{
  static const char *const shown[] = { "event", "flagged", "reason", NULL };
  g_autoptr(GList) names = json_object_get_members(object);
  g_autoptr(GString) line = g_string_new(NULL);

  for (GList *name = names; name; name = name->next) {
    g_autofree char *text = format_json(json_object_get_member(object, name->data));
    if (*text && !g_strv_contains(shown, name->data))
      g_string_append_printf(line, "%s%s: %s", line->len > 0 ? ", " : "", (const char *)name->data, text);
  }
  return g_string_free(g_steal_pointer(&line), FALSE);
}

static void
print_judgement(const char *text)
{
  g_autoptr(JsonNode) root = json_from_string(text, NULL);

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
    print_below(text);
    return;
  }
  JsonObject *object = json_node_get_object(root);
  g_autofree char *members = format_members(object);
  print_below(json_object_get_string_member_with_default(object, "reason", ""));
  print_below(members);
}

static void
print_audit(GVariant *dict, const Widths *list)
{
  const int widths[] = { 16, list->kind, 0 };
  gboolean flagged = FALSE;
  g_autofree char *time = prg_cli_format_time(prg_cli_dict_number(dict, "at"));

  g_variant_lookup(dict, "flagged", "b", &flagged);
  prg_cli_print_row(
      (const char *[]){ time, prg_cli_dict_text(dict, "event"), flagged ? _("look at it") : "" }, widths, 3);
  print_judgement(prg_cli_dict_text(dict, "text"));
}

int
prg_cli_audit(PrgCli *cli, int argc, char **argv)
{
  int limit = 0;
  g_auto(GStrv) words = NULL;
  g_auto(GVariantBuilder) filter = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_autoptr(GVariant) reply = NULL;
  GOptionEntry entries[] = {
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, N_("At most so many"), N_("N") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("audit"), entries, argc, argv, 0, 0, &words);

  if (limit)
    g_variant_builder_add(&filter, "{sv}", "limit", g_variant_new_int32(limit));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, ".Sync", "ListAudit", g_variant_new("(a{sv})", &filter), NULL, &reply);
  return code == PRG_EXIT_OK ? print_rows(cli, reply, "event", _("Nothing was found"), print_audit) : code;
}
