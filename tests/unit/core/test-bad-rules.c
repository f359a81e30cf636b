/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-rules.h"
#include <string.h>

/* The first place in the catalogue that reads @find becomes @replace. An @ in @replace (taken out again)
 * stands on the line that the message must name; @path is the key it must name. */
typedef struct {
  const char *find;
  const char *replace;
  const char *path;
  const char *message; /* part of what is said */
} Mutation;

#define DIAL "{ \"kind\": \"dial_made\", \"xp\": 2, \"metric\": \"dials\", \"aliases\": [\"dial\"] }"
#define CONTACT "\"CONTACT\", \"connected\": true, \"kinds\": [\"call_connected\"]"
#define BRONZE "\"bronze\": { \"threshold\": 0.50, \"days\": 7, \"xp\": 100 }"
#define SMS "{ \"better\": \"higher\", \"elite\": 0.05, \"above\": 0.03, \"satisfactory\": 0.01 }"

static const Mutation mutations[] = {
  /* not JSON */
  { "\"version\": 1,", "\"version\": 1 /* no */@,", "the whole file", "found '/', expected '}'" },
  { "\"version\": 1,", "\"version\": @,", "version", "found ',', expected a value" },
  { "\"version\": 1,", "\"version\": 01@,", "the whole file", "found '1', expected '}'" },
  { "\"version\": 1,", "\"version\": NaN@,", "version", "found 'N', expected a value" },
  { "\"version\": 1,", "\"version\": 1, \"version\"@: 2,", "version", "a second time" },
  { "\"xp\": 2,", "\"xp\": 2, \"xp\"@: 3,", "sources[0].xp", "a second time" },
  { "\"xp\": 2,", "\"xp\": @1e999,", "sources[0].xp", "too large" },
  { "\"xp\": 2,", "\"xp\": @99999999999999999999,", "sources[0].xp", "too long" },
  { "\"xp\": 2,", "\"xp\": +@2,", "sources[0].xp", "found '+', expected a value" },
  { "\"xp\": 2,", "\"xp\": 2.@,", "sources[0].xp", "expected a digit" },
  { "\"Speed Dialer\"", "\"Speed@\nDialer\"", "specializations[0].name", "found byte 0x0a" },
  { "\"Speed Dialer\"", "\"Speed@ \\u0000\"", "specializations[0].name", "U+0000" },
  { "\"Speed Dialer\"", "\"Speed@ \\ud83cx\"", "specializations[0].name", "half a surrogate pair" },
  { "\"Speed Dialer\"", "\"Speed@ \\udf96\"", "specializations[0].name", "half a surrogate pair" },
  { "\"Speed Dialer\"", "\"Speed@ \\x\"", "specializations[0].name", "an escape" },
  { "\"Speed Dialer\"", "\"Speed@ \\u12G4\"", "specializations[0].name", "four hexadecimal digits" },
  { "\"Speed Dialer\"", "'@Speed Dialer'", "specializations[0].name", "found '''" },
  /* keys */
  { "\"version\": 1,", "@\"revision\": 1,", "revision", "an unknown key" },
  { DIAL, "@{ \"kind\": \"dial_made\", \"xp\": 2, \"colour\": \"red\" }", "sources[0].colour",
    "expected one of kind, xp, metric" },
  { DIAL, "@{ \"kind\": \"dial_made\" }", "sources[0].xp", "found no such key" },
  { "\"rampUpDials\": 200,", "", "efficiency.rampUpDials", "found no such key" },
  { "\"among\": \"dials\",", "", "badges[3].among", "found no such key" },
  { "\"of\": \"early_call\",", "\"of\": \"early_call\",\n @\"days\": 7,", "badges[10].days",
    "an unknown key" },
  { "\"bronze\": { \"count\": 1,", "@\"iron\": { \"count\": 1,", "badges[11].tiers.iron", "an unknown key" },
  { "\"measure\": \"streak\",", "", "badges[7].measure", "found no such key" },
  { "\"multipliers\": { \"dial_made\": 1.25, \"call_connected\": 1.1 }", "@\"multipliers\": {}",
    "specializations[0].multipliers", "found an object, expected an object of 1 to 100" },
  { "\"gold\": { \"xp\": 500 }", "", "badges[12].tiers", "bronze, silver, gold, platinum" },
  { "\"name\": \"Closer\",", "\"name\": \"Closer\", @\"names\": { \"De\": \"Ass\" },",
    "specializations[2].names.De", "found an unknown key, expected an object of 1 to 100 names by language" },
  { "\"name\": \"Closer\",", "\"name\": \"Closer\", @\"names\": {},", "specializations[2].names",
    "found an object, expected an object of 1 to 100" },
  { "\"name\": \"Closer\",", "\"name\": \"Closer\", @\"names\": { \"de\": \"\" },",
    "specializations[2].names.de", "expected a text of 1 to 80 characters" },
  { "\"name\": \"Closer\",", "\"name\": \"Closer\", @\"names\": \"Ass\",", "specializations[2].names",
    "found \"Ass\", expected an object" },
  /* types */
  { "\"xp\": 2,", "\"xp\": @\"2\",", "sources[0].xp", "found \"2\", expected an integer from 0 to 1000000" },
  { "\"xp\": 2,", "\"xp\": @2.5,", "sources[0].xp", "found 2.5, expected an integer" },
  { "\"xp\": 2,", "\"xp\": @null,", "sources[0].xp", "found null" },
  { "\"xp\": 2,", "\"xp\": @true,", "sources[0].xp", "found true" },
  { "\"xp\": 2,", "\"xp\": @[2],", "sources[0].xp", "found an array of 1" },
  { "\"aliases\": [\"dial\"]", "\"aliases\": @\"dial\"", "sources[0].aliases", "expected an array" },
  { "\"limits\": {", "\"limits\": @7, \"x\": {", "x", "an unknown key" },
  { "\"connected\": true", "\"connected\": @1", "calls.dispositions[0].connected",
    "found 1, expected true or false" },
  /* ranges and formats */
  { "\"xp\": 2,", "\"xp\": @-2,", "sources[0].xp", "found -2" },
  { "\"passScore\": 0.85", "@\"passScore\": 85", "modules[4].passScore",
    "found 85, expected a number from 0 to 1" },
  { "\"passScore\": 0.85", "@\"passScore\": -0.1", "modules[4].passScore", "expected a number from 0 to 1" },
  { "\"kind\": \"note_added\"", "@\"kind\": \"Note added\"", "sources[15].kind", "expected an id" },
  { "\"metric\": \"dials\"", "@\"metric\": \"totalXp\"", "sources[0].metric", "one of dials" },
  { "\"method\": \"CloseDeal\"", "@\"method\": \"AddXP\"", "sources[7].method", "D-Bus method" },
  { "\"rank\": \"E-4\"", "@\"rank\": \"E4\"", "ranks[3].rank", "a rank such as E-1" },
  { "\"earlyBeforeHour\": 9", "@\"earlyBeforeHour\": 24", "calls.earlyBeforeHour", "from 1 to 23" },
  { "\"xp\": 2,", "\"xp\": @100001,", "sources[0].xp", "found 100001, expected limits.maxAmount at most" },
  { "\"id\": \"module_0\", \"passScore\": 0.80, \"xp\": 50",
    "\"id\": \"module_0\", \"passScore\": 0.80, \"xp\": @100001", "modules[0].xp",
    "limits.maxAmount at most" },
  { "\"level\": 12, \"xp\": 1000", "\"level\": 12, \"xp\": @100001", "bosses[0].xp",
    "limits.maxAmount at most" },
  { BRONZE, "\"bronze\": { \"threshold\": 0.50, \"days\": 7, \"xp\": @100001 }", "badges[0].tiers.bronze.xp",
    "limits.maxAmount at most" },
  { "\"backdateDays\": 7", "@\"backdateDays\": 400", "limits.backdateDays", "from 0 to 31" },
  { "\"version\": 1,", "@\"version\": 0,", "version", "from 1" },
  { "\"dial_made\": 1.25", "@\"dial_made\": 0", "specializations[0].multipliers.dial_made", "0.001" },
  { "\"passes\": \"below\"", "@\"passes\": \"under\"", "ranks[3].metric.passes", "below or above" },
  { BRONZE, "@\"bronze\": { \"threshold\": 1.5, \"days\": 7, \"xp\": 100 }",
    "badges[0].tiers.bronze.threshold", "found 1.5" },
  { BRONZE, "@\"bronze\": { \"threshold\": 0.50, \"days\": 0, \"xp\": 100 }", "badges[0].tiers.bronze.days",
    "found 0" },
  /* an award that would read XP */
  { "\"measure\": \"streak\"", "@\"measure\": \"xp\"", "badges[7].measure",
    "found \"xp\", expected one of rate, within" },
  { "\"measure\": \"streak\"", "@\"measure\": \"level\"", "badges[7].measure", "found \"level\"" },
  { "\"of\": \"show_rate\"", "@\"of\": \"total_xp\"", "badges[4].of", "found \"total_xp\"" },
  /* levels */
  { "    0, 100, 250,", "    @1, 100, 250,", "levels[0]", "0 for level 1" },
  { "    0, 100, 250,", "    @0, 100, 100,", "levels[2]", "more than the level before" },
  { "82000, 96000", "@96000, 82000", "levels[23]", "more than the level before" },
  /* ids twice */
  { "\"kind\": \"email_sent\"", "@\"kind\": \"dial_made\"", "sources[10].kind", "not used above" },
  { "\"aliases\": [\"connect\"]", "@\"aliases\": [\"dial\"]", "sources[1].aliases[0]", "not used elsewhere" },
  { "\"aliases\": [\"connect\"]", "@\"aliases\": [\"email_sent\"]", "sources[1].aliases[0]",
    "not used elsewhere" },
  { "\"id\": \"module_1\"", "@\"id\": \"module_0\"", "modules[1].id", "not used above" },
  { "\"id\": \"CALLBACK\"", "@\"id\": \"CONTACT\"", "calls.dispositions[1].id", "not used above" },
  { "\"rank\": \"E-3\"", "@\"rank\": \"E-2\"", "ranks[2].rank", "not used above" },
  { "\"id\": \"sdr_3\"", "@\"id\": \"sdr_2\"", "ranks[2].id", "not used above" },
  { "\"id\": \"first_blood\"", "@\"id\": \"closer\"", "badges[11].id", "not used above" },
  { "\"id\": \"cadence_completion\"", "@\"id\": \"show_rate\"", "reportedMetrics[0].id",
    "nothing else gives" },
  { "\"id\": \"mentees\", \"unit\": \"count\"", "@\"id\": \"team_conversion\", \"unit\": \"count\"",
    "reportedMetrics[2].id", "nothing else gives" },
  { "\"unit\": \"count\"", "@\"unit\": \"percent\"", "reportedMetrics[2].unit", "ratio or count" },
  { "\"id\": \"senior_certification\"", "@\"id\": \"operative_certification\"", "exams[1].id",
    "not used above" },
  /* references */
  { CONTACT, "@\"CONTACT\", \"connected\": true, \"kinds\": [\"dance\"]", "calls.dispositions[0].kinds[0]",
    "a kind of sources" },
  { CONTACT, "@\"CONTACT\", \"connected\": true, \"kinds\": [\"dial_made\"]",
    "calls.dispositions[0].kinds[0]", "does not make anyway" },
  { "\"dial_made\": 1.25", "@\"dance\": 1.25", "specializations[0].multipliers.dance", "a kind of sources" },
  { "\"needs\": [] }", "@\"needs\": [\"module_6\"] }", "modules[0].needs[0]", "a module above this one" },
  { "\"badge\": \"redhawk_slayer.gold\"", "@\"badge\": \"redhawk_slayer.silver\"", "bosses[0].badge",
    "badge and tier" },
  { "\"closer.gold\"]", "@\"closest.gold\"]", "ranks[4].badges[1]", "badge and tier" },
  { "\"modules\": [\"module_6\"]", "@\"modules\": [\"module_7\"]", "ranks[6].modules[0]",
    "a module of modules" },
  { "\"boss\": \"redhawk\",", "@\"boss\": \"bluehawk\",", "ranks[4].boss", "a boss of bosses" },
  { "\"exam\": \"senior_certification\"", "@\"exam\": \"junior_certification\"", "ranks[4].exam",
    "an exam of exams" },
  { "\"of\": \"team_conversion\"", "@\"of\": \"charm\"", "ranks[6].metric.of", "reportedMetrics" },
  { "\"of\": \"team_conversion\"", "@\"of\": \"mentees\"", "ranks[6].metric.of",
    "a ratio of reportedMetrics" },
  { "\"unit\": \"count\"", "\"unit\": \"ratio\"", "ranks[5].mentees", "no count" },
  { "\"of\": \"email_sent\"", "@\"of\": \"letter_sent\"", "badges[8].of", "a kind of sources" },
  { "\"of\": \"redhawk\"", "@\"of\": \"bluehawk\"", "badges[12].of", "a boss of bosses" },
  { "\"module_5\": 100,", "@\"module_9\": 100,", "external.modules.module_9", "a module of modules" },
  { "\"kind\": \"streak_day\"", "\"kind\": \"streak_week\"", "sources[19].derived", "knows how to derive" },
  /* what the service itself relies on */
  { "\"kind\": \"deal_closed\", \"xp\": 300, \"metric\": \"deals\", \"paysOnce\": true",
    "@\"kind\": \"deal_closed\", \"xp\": 300, \"metric\": \"deals\", \"paysOnce\": false",
    "sources[7].paysOnce", "found false, expected true" },
  { "\"kind\": \"correction\", \"xp\": 0, \"activity\": false", "@\"kind\": \"correction\", \"xp\": 0",
    "sources[33].activity", "found true, expected false" },
  { "\"kind\": \"first_dial_of_day\", \"xp\": 25, \"activity\": false",
    "@\"kind\": \"first_dial_of_day\", \"xp\": 25", "sources[18].activity", "found true, expected false" },
  { "\"kind\": \"two_plus_minute_call\"", "\"kind\": \"three_minute_call\"", "sources",
    "two_plus_minute_call" },
  /* order */
  { "\"shortSeconds\": 30", "@\"shortSeconds\": 121", "calls.shortSeconds", "longSeconds at most" },
  { "\"eliteScore\": 0.95", "@\"eliteScore\": 0.75", "exams[0].eliteScore", "passScore at least" },
  { "\"call_connected\": 1.1 ", "@\"call_connected\": 1.0001 ",
    "specializations[0].multipliers.call_connected", "three decimals" },
  { "\"deal_closed\": 1.75", "@\"deal_closed\": 11", "specializations[2].multipliers.deal_closed",
    "maxMultiplier" },
  { "\"level\": 25,", "@\"level\": 26,", "ranks[6].level", "a level of the table" },
  { "\"level\": 18,", "@\"level\": 14,", "ranks[5].level", "at least the level of the rank before" },
  { "\"silver\": { \"count\": 25,", "@\"silver\": { \"count\": 5,", "badges[6].tiers.silver.count",
    "harder" },
  { "\"silver\": { \"threshold\": 0.40,", "@\"silver\": { \"threshold\": 0.60,",
    "badges[0].tiers.silver.threshold", "harder" },
  { SMS, "@{ \"better\": \"higher\", \"elite\": 0.05, \"above\": 0.06, \"satisfactory\": 0.01 }",
    "efficiency.tiers.sms_enrollment_rate.above", "easier" },
  { "\"maxAmount\": 100000", "\"maxAmount\": 200", "sources[7].xp", "maxAmount at most" },
};

static char *catalogue; /* (owned) */

static guint
line_of(const char *text, const char *place)
{
  guint line = 1;

  for (; text < place; text++)
    line += *text == '\n';
  return line;
}

/* The catalogue with @mutation, and the line at fault, 0 = not said. Returns: (transfer full) */
static char *
mutate(const Mutation *mutation, guint *line)
{
  const char *place = strstr(catalogue, mutation->find);
  g_autoptr(GString) text = g_string_new(catalogue);
  char *mark;

  g_assert_nonnull(place);
  g_string_erase(text, place - catalogue, (gssize)strlen(mutation->find));
  g_string_insert(text, place - catalogue, mutation->replace);
  mark = strchr(text->str, '@');
  *line = mark != NULL ? line_of(text->str, mark) : 0;
  if (mark != NULL)
    g_string_erase(text, mark - text->str, 1);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
test_mutation(gconstpointer data)
{
  const Mutation *mutation = data;
  guint line;
  g_autofree char *text = mutate(mutation, &line);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgRules) rules = prg_rules_new_from_json(text, -1, "my-rules.json", &error);
  g_autofree char *place = g_strdup_printf("my-rules.json:%u: %s: ", line, mutation->path);
  g_autofree char *path = g_strdup_printf(": %s: found ", mutation->path);

  g_assert_null(rules);
  g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  g_test_message("%s", error->message);
  if (line != 0)
    g_assert_true(g_str_has_prefix(error->message, place));
  g_assert_nonnull(strstr(error->message, path));
  g_assert_nonnull(strstr(error->message, "expected"));
  g_assert_nonnull(strstr(error->message, mutation->message));
}

static void
test_good_one(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgRules) rules = prg_rules_new_from_json(catalogue, -1, "rules.json", &error);

  g_assert_no_error(error);
  g_assert_nonnull(rules);
}

static void
test_no_catalogues(void)
{
  static const char *const texts[] = { "",  " ",          "null",           "[]",          "7", "\"x\"", "{}",
                                       "{", "{\"a\":1}}", "\xef\xbb\xbf{}", "{\"\xff\":1}" };
  g_autofree char *deep = g_strnfill(1000000, '[');

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null(prg_rules_new_from_json(texts[i], -1, "x.json", &error));
    g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
    g_assert_true(g_str_has_prefix(error->message, "x.json:1: "));
  }
  g_assert_null(prg_rules_new_from_json(deep, -1, "x.json", NULL));
  g_assert_null(prg_rules_new_from_json("{}\0", 3, "x.json", NULL));
}

/* One fault does not hide the next: values first, and once they are right, what they say of each other. */
static void
test_all_faults(void)
{
  static const char *const values[] = { "colour", "levels[1]", "sources[0].xp", "limits.backdateDays" };
  static const char *const references[] = { "levels[2]", "modules[0].needs[0]", "badges[12].of",
                                            "external.modules.module_9" };
  const struct {
    const char *const *paths;
    guint n_paths;
    const char *const edits[4][2];
  } cases[] = {
    { values,
      G_N_ELEMENTS(values),
      { { "\"version\": 1,", "\"version\": 1, \"colour\": 7," },
        { "0, 100, 250", "0, \"100\", 250" },
        { "\"xp\": 2,", "\"xp\": -2," },
        { "\"backdateDays\": 7", "\"backdateDays\": 400" } } },
    { references,
      G_N_ELEMENTS(references),
      { { "0, 100, 250", "0, 250, 100" },
        { "\"needs\": [] }", "\"needs\": [\"module_6\"] }" },
        { "\"of\": \"redhawk\"", "\"of\": \"bluehawk\"" },
        { "\"module_5\": 100,", "\"module_9\": 100," } } },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GString) text = g_string_new(catalogue);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)prg_rules_fault_free);

    for (guint k = 0; k < G_N_ELEMENTS(cases[i].edits); k++)
      g_assert_cmpuint(g_string_replace(text, cases[i].edits[k][0], cases[i].edits[k][1], 1), ==, 1);
    g_assert_null(prg_rules_parse(text->str, text->len, faults));
    g_assert_cmpuint(faults->len, ==, cases[i].n_paths);
    for (guint k = 0; k < faults->len; k++)
      g_assert_cmpstr(((PrgRulesFault *)g_ptr_array_index(faults, k))->path, ==, cases[i].paths[k]);
  }
}

/* Whatever a byte becomes: refused or taken, with a message, without a crash. */
static void
test_random_damage(void)
{
  static const char bytes[] = "{}[]\",:0123456789-.eE\\\n ax\xff";
  gsize length = strlen(catalogue);

  for (guint i = 0; i < 1500; i++) {
    g_autofree char *text = g_strdup(catalogue);
    g_autoptr(GError) error = NULL;
    g_autoptr(PrgRules) rules = NULL;
    guint places = (guint)g_test_rand_int_range(1, 4);

    for (guint k = 0; k < places; k++)
      text[g_test_rand_int_range(0, (gint)length)] = bytes[g_test_rand_int_range(0, sizeof bytes - 1)];
    rules = prg_rules_new_from_json(text, g_test_rand_int_range((gint)length / 2, (gint)length + 1), "x.json",
                                    &error);
    g_assert_true((rules == NULL) == (error != NULL));
    if (error != NULL)
      g_assert_true(g_str_has_prefix(error->message, "x.json:"));
  }
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  if (argc != 2 || !g_file_get_contents(argv[1], &catalogue, NULL, NULL))
    return 1;
  g_test_add_func("/bad-rules/good-one", test_good_one);
  g_test_add_func("/bad-rules/no-catalogues", test_no_catalogues);
  g_test_add_func("/bad-rules/all-faults", test_all_faults);
  g_test_add_func("/bad-rules/random-damage", test_random_damage);
  for (guint i = 0; i < G_N_ELEMENTS(mutations); i++) {
    g_autofree char *path = g_strdup_printf("/bad-rules/mutation/%02u", i);
    g_test_add_data_func(path, &mutations[i], test_mutation);
  }
  result = g_test_run();
  g_free(catalogue);
  return result;
}
