/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that does with the client library what it is told, line by line, and tells all that happens. A line is a
 * number, a method and its arguments, separated by tabs; the answer begins with that number. Calls do not wait for each other.
 */
#include <gio/gunixinputstream.h>
#include <lids-progression/lids-progression.h>
#include <stdio.h>

typedef struct {
  GMainLoop *loop;
  LidsProgressionClient *client; /* (owned) (nullable) */
  GDataInputStream *input;       /* (owned) */
} Program;

typedef struct {
  Program *program;
  char *number; /* (owned) */
  const struct Command *command;
} Request;

static void
answer_error(const char *number, const GError *error)
{
  g_autoptr(GEnumClass) codes = g_type_class_ref(LIDS_TYPE_PROGRESSION_ERROR);
  const GEnumValue *code =
      error->domain == LIDS_PROGRESSION_ERROR ? g_enum_get_value(codes, error->code) : NULL;

  g_autofree char *message = g_strdelimit(g_strdup(error->message), "\t\n", ' ');

  g_print("%s\terror\t%s\t%s\n", number, code ? code->value_nick : g_quark_to_string(error->domain), message);
}

static void
answer_earned(const char *number, LidsEarned *earned)
{
  g_print("%s\tearned\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%u\t%d\n", number, earned->id,
          earned->earned, earned->total, earned->level, earned->leveled_up);
  lids_earned_free(earned);
}

/* ---- the commands ---- */

/* @word: an id of the caller's, "" = none. (transfer floating) (nullable) */
static GVariant *
options_of(const char *word)
{
  GVariantDict dict;

  if (*word == '\0')
    return NULL;
  g_variant_dict_init(&dict, NULL);
  g_variant_dict_insert(&dict, "id", "s", word);
  return g_variant_dict_end(&dict);
}

static double
number_of(const char *word)
{
  return g_ascii_strtod(word, NULL);
}

typedef void (*Start)(LidsProgressionClient *client,
                      char **words,
                      GAsyncReadyCallback callback,
                      Request *request);
typedef void (*Finish)(LidsProgressionClient *client,
                       GAsyncResult *result,
                       const char *number,
                       GError **error);

#define STARTS(name, ...)                                                                             \
  static void start_##name(LidsProgressionClient *client, char **words, GAsyncReadyCallback callback, \
                           Request *request)                                                          \
  {                                                                                                   \
    lids_progression_client_##name##_async(client, __VA_ARGS__ NULL, callback, request);              \
  }
#define EARNS(name, ...)                                                                             \
  STARTS(name, __VA_ARGS__)                                                                          \
  static void finish_##name(LidsProgressionClient *client, GAsyncResult *result, const char *number, \
                            GError **error)                                                          \
  {                                                                                                  \
    LidsEarned *earned = lids_progression_client_##name##_finish(client, result, error);             \
    if (earned)                                                                                      \
      answer_earned(number, earned);                                                                 \
  }
#define DOES(name, ...)                                                                              \
  STARTS(name, __VA_ARGS__)                                                                          \
  static void finish_##name(LidsProgressionClient *client, GAsyncResult *result, const char *number, \
                            GError **error)                                                          \
  {                                                                                                  \
    if (lids_progression_client_##name##_finish(client, result, error))                              \
      g_print("%s\tdone\n", number);                                                                 \
  }
#define TELLS(name, type, format, ...)                                                               \
  STARTS(name, __VA_ARGS__)                                                                          \
  static void finish_##name(LidsProgressionClient *client, GAsyncResult *result, const char *number, \
                            GError **error)                                                          \
  {                                                                                                  \
    type value;                                                                                      \
    if (lids_progression_client_##name##_finish(client, result, &value, error))                      \
      g_print("%s\tdone\t%" format "\n", number, value);                                             \
  }
#define TEXT(name, ...)                                                                              \
  STARTS(name, __VA_ARGS__)                                                                          \
  static void finish_##name(LidsProgressionClient *client, GAsyncResult *result, const char *number, \
                            GError **error)                                                          \
  {                                                                                                  \
    g_autofree char *text = lids_progression_client_##name##_finish(client, result, error);          \
    if (text)                                                                                        \
      g_print("%s\tdone\t%s\n", number, text);                                                       \
  }
#define VARIANT(name, ...)                                                                           \
  STARTS(name, __VA_ARGS__)                                                                          \
  static void finish_##name(LidsProgressionClient *client, GAsyncResult *result, const char *number, \
                            GError **error)                                                          \
  {                                                                                                  \
    g_autoptr(GVariant) value = lids_progression_client_##name##_finish(client, result, error);      \
    g_autofree char *text = value ? g_variant_print(value, TRUE) : NULL;                             \
    if (text)                                                                                        \
      g_print("%s\tdone\t%s\n", number, text);                                                       \
  }

EARNS(add_xp, words[0], options_of(words[1]), )
EARNS(record_call, words[0], (guint)number_of(words[1]), words[2], options_of(words[3]), )
EARNS(close_deal, words[0], NULL, )
EARNS(complete_module, words[0], number_of(words[1]), )
EARNS(pass_exam, words[0], number_of(words[1]), )
EARNS(defeat_boss, words[0], )
EARNS(earn_certification, words[0], )
TELLS(award_badge, gboolean, "d", words[0], )
TELLS(record_boss_attempt, guint, "u", words[0], )
TELLS(revoke_event, gint64, G_GINT64_FORMAT, words[0], words[1], )
TEXT(promote, )
DOES(report_metric, words[0], number_of(words[1]), )
DOES(set_specialization, words[0], )
DOES(set_active_title, words[0], )
VARIANT(list_events, NULL, )
VARIANT(get_daily_metrics, "", "", )
DOES(sync_now, )
VARIANT(list_operations, NULL, )
DOES(retry_operation, words[0], )
DOES(discard_operation, words[0], )
DOES(sign_in, words[0], words[1], (int)number_of(words[2]), )
TEXT(sign_out, NULL, )
STARTS(list_badges, )
STARTS(get_eligibility, words[0], )
STARTS(get_efficiency, )
STARTS(get_leaderboard, (guint)number_of(words[0]), )

/* One line for each entry of a list, then "done". */
static void
finish_list_badges(LidsProgressionClient *client, GAsyncResult *result, const char *number, GError **error)
{
  g_autoptr(GPtrArray) list = lids_progression_client_list_badges_finish(client, result, error);

  for (guint i = 0; list && i < list->len; i++) {
    const LidsBadge *badge = g_ptr_array_index(list, i);
    g_print("%s\tentry\t%s\t%s\t%s\t%s\t%.17g\t%.17g\t%s\t%d\t%s\n", number, badge->id, badge->name,
            badge->tier, badge->next_tier, badge->progress, badge->needed, badge->passes, badge->known,
            badge->why);
  }
  if (list)
    g_print("%s\tdone\n", number);
}

static void
finish_get_eligibility(LidsProgressionClient *client,
                       GAsyncResult *result,
                       const char *number,
                       GError **error)
{
  gboolean eligible = FALSE;
  g_autoptr(GPtrArray) list =
      lids_progression_client_get_eligibility_finish(client, result, &eligible, error);

  for (guint i = 0; list && i < list->len; i++) {
    g_autoptr(LidsGate) gate = lids_gate_copy(g_ptr_array_index(list, i));
    g_autofree char *needed = g_variant_print(gate->needed, FALSE);
    g_autofree char *have = gate->have ? g_variant_print(gate->have, FALSE) : g_strdup("");
    g_print("%s\tentry\t%s\t%s\t%s\t%s\t%d\t%s\t%d\n", number, gate->kind, gate->id, needed, have, gate->met,
            gate->passes, gate->suspended);
  }
  if (list)
    g_print("%s\tdone\t%d\n", number, eligible);
}

static void
finish_get_efficiency(LidsProgressionClient *client, GAsyncResult *result, const char *number, GError **error)
{
  gboolean ramp_up = FALSE;
  g_autoptr(GPtrArray) list = lids_progression_client_get_efficiency_finish(client, result, &ramp_up, error);

  for (guint i = 0; list && i < list->len; i++) {
    const LidsRate *rate = g_ptr_array_index(list, i);
    g_print("%s\tentry\t%s\t%s\t%d\t%.17g\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\n", number,
            rate->metric, rate->key, rate->known, rate->value, rate->tier, rate->numerator,
            rate->denominator);
  }
  if (list)
    g_print("%s\tdone\t%d\n", number, ramp_up);
}

static void
finish_get_leaderboard(LidsProgressionClient *client,
                       GAsyncResult *result,
                       const char *number,
                       GError **error)
{
  gint64 as_of = 0;
  g_autoptr(GPtrArray) list = lids_progression_client_get_leaderboard_finish(client, result, &as_of, error);

  for (guint i = 0; list && i < list->len; i++) {
    const LidsLeader *leader = g_ptr_array_index(list, i);
    g_print("%s\tentry\t%u\t%s\t%s\t%" G_GINT64_FORMAT "\t%u\t%s\t%d\n", number, leader->position,
            leader->name, leader->member, leader->total_xp, leader->level, leader->rank, leader->me);
  }
  if (list)
    g_print("%s\tdone\t%" G_GINT64_FORMAT "\n", number, as_of);
}

#define COMMAND(name, words)                  \
  {                                           \
#name, words, start_##name, finish_##name \
  }

static const struct Command {
  const char *name;
  guint n_words;
  Start start;
  Finish finish;
} commands[] = {
  COMMAND(add_xp, 2),
  COMMAND(record_call, 4),
  COMMAND(close_deal, 1),
  COMMAND(complete_module, 2),
  COMMAND(pass_exam, 2),
  COMMAND(defeat_boss, 1),
  COMMAND(earn_certification, 1),
  COMMAND(award_badge, 1),
  COMMAND(record_boss_attempt, 1),
  COMMAND(revoke_event, 2),
  COMMAND(promote, 0),
  COMMAND(report_metric, 2),
  COMMAND(set_specialization, 1),
  COMMAND(set_active_title, 1),
  COMMAND(list_events, 0),
  COMMAND(get_daily_metrics, 0),
  COMMAND(sync_now, 0),
  COMMAND(list_operations, 0),
  COMMAND(retry_operation, 1),
  COMMAND(discard_operation, 1),
  COMMAND(sign_in, 3),
  COMMAND(sign_out, 0),
  COMMAND(list_badges, 0),
  COMMAND(get_eligibility, 1),
  COMMAND(get_efficiency, 0),
  COMMAND(get_leaderboard, 1),
};

/* ---- what happens ---- */

static void
on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Request *request = user_data;
  g_autoptr(GError) error = NULL;

  request->command->finish(LIDS_PROGRESSION_CLIENT(source), result, request->number, &error);
  if (error)
    answer_error(request->number, error);
  g_free(request->number);
  g_free(request);
}

static void
obey(Program *program, const char *line)
{
  g_auto(GStrv) words = g_strsplit(line, "\t", -1);

  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    if (g_strcmp0(words[1], commands[i].name) != 0 || g_strv_length(words) != commands[i].n_words + 2)
      continue;
    Request *request = g_new0(Request, 1);
    request->program = program;
    request->number = g_strdup(words[0]);
    request->command = &commands[i];
    commands[i].start(program->client, words + 2, on_answer, request);
    return;
  }
  g_error("no such command: %s", line);
}

static void
on_line(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish(program->input, result, NULL, NULL);

  if (line == NULL) {
    g_main_loop_quit(program->loop);
    return;
  }
  obey(program, line);
  g_data_input_stream_read_line_async(program->input, G_PRIORITY_DEFAULT, NULL, on_line, program);
}

static void
on_notify(GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autofree char *text = NULL;

  g_object_get_property(object, pspec->name, &value);
  text = g_strdup_value_contents(&value);
  g_print("notify\t%s\t%s\n", pspec->name, text);
}

static void
on_signal(GClosure *closure,
          GValue *reply,
          guint n_values,
          const GValue *values,
          gpointer hint,
          gpointer name)
{
  g_print("signal\t%s", (const char *)name);
  for (guint i = 1; i < n_values; i++) {
    g_autofree char *text = g_strdup_value_contents(&values[i]);
    g_print("\t%s", text);
  }
  g_print("\n");
}

static void
watch(LidsProgressionClient *client)
{
  g_autofree guint *ids = NULL;
  g_autofree GParamSpec **specs = NULL;
  guint n = 0;

  ids = g_signal_list_ids(LIDS_TYPE_PROGRESSION_CLIENT, &n);
  for (guint i = 0; i < n; i++) {
    GClosure *closure = g_closure_new_simple(sizeof *closure, NULL);
    g_closure_set_meta_marshal(closure, (gpointer)g_signal_name(ids[i]), on_signal);
    g_signal_connect_closure_by_id(client, ids[i], 0, closure, FALSE);
  }
  specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(client), &n);
  for (guint i = 0; i < n; i++)
    if (specs[i]->value_type != G_TYPE_DBUS_CONNECTION)
      on_notify(G_OBJECT(client), specs[i], NULL);
  g_signal_connect(client, "notify", G_CALLBACK(on_notify), NULL);
}

static void
on_client(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr(GError) error = NULL;

  program->client = lids_progression_client_new_finish(result, &error);
  if (program->client == NULL) {
    answer_error("0", error);
    g_main_loop_quit(program->loop);
    return;
  }
  watch(program->client);
  g_print("0\tready\n");
  g_data_input_stream_read_line_async(program->input, G_PRIORITY_DEFAULT, NULL, on_line, program);
}

/* The client goes with its last reference; what its calls still hold goes with their answers. */
static void
finish(Program *program)
{
  gpointer left = program->client;

  if (left == NULL)
    return;
  g_object_add_weak_pointer(G_OBJECT(left), &left);
  g_clear_object(&program->client);
  while (left)
    g_main_context_iteration(NULL, TRUE);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  g_print("0\tfinalized\n");
}

int
main(int argc, char **argv)
{
  g_autoptr(GInputStream) in = g_unix_input_stream_new(0, FALSE);
  g_autoptr(GDataInputStream) input = g_data_input_stream_new(in);
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  Program program = { .loop = loop, .input = input };
  const LidsProgressionClientFlags flags = g_strcmp0(argv[1], "--do-not-start") == 0
                                               ? LIDS_PROGRESSION_CLIENT_FLAGS_DO_NOT_START
                                               : LIDS_PROGRESSION_CLIENT_FLAGS_NONE;

  setvbuf(stdout, NULL, _IOLBF, 0);
  lids_progression_client_new_async(NULL, flags, NULL, on_client, &program);
  g_main_loop_run(loop);
  finish(&program);
  return 0;
}
