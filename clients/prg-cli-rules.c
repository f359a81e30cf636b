/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules file. Needs neither a bus nor the service: an administrator checks a file where no desktop session runs. The parser is the
 * service's own, so that what is found good here is taken there. */
#include "prg-cli.h"
#include "prg-rules.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

/* A file, "-" for standard input; no more than one byte too much of it. Returns: (transfer full) (nullable) */
static char *
read_catalogue(const char *path, gsize *length, GError **error)
{
  g_autoptr(GFile) file = g_file_new_for_commandline_arg(g_str_equal(path, "-") ? "/dev/stdin" : path);
  g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
  g_autofree char *text = g_malloc(PRG_RULES_MAX_BYTES + 1);

  if (stream == NULL ||
      !g_input_stream_read_all(G_INPUT_STREAM(stream), text, PRG_RULES_MAX_BYTES + 1, length, NULL, error))
    return NULL;
  return g_steal_pointer(&text);
}

/* Those of one line stay in the order of the check. */
static gint
compare_lines(gconstpointer a, gconstpointer b)
{
  const PrgRulesFault *first = *(const PrgRulesFault *const *)a;
  const PrgRulesFault *second = *(const PrgRulesFault *const *)b;

  return (first->line > second->line) - (first->line < second->line);
}

static void
print_faults_as_json(guint version, GPtrArray *faults)
{
  GVariantBuilder list, result;

  g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
  for (guint i = 0; i < faults->len; i++) {
    const PrgRulesFault *fault = g_ptr_array_index(faults, i);
    g_variant_builder_open(&list, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&list, "{sv}", "line", g_variant_new_uint32(fault->line));
    g_variant_builder_add(&list, "{sv}", "key", g_variant_new_string(fault->path));
    g_variant_builder_add(&list, "{sv}", "problem", g_variant_new_string(fault->problem));
    g_variant_builder_close(&list);
  }
  g_variant_builder_init(&result, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&result, "{sv}", "valid", g_variant_new_boolean(faults->len == 0));
  g_variant_builder_add(&result, "{sv}", "version", g_variant_new_uint32(version));
  g_variant_builder_add(&result, "{sv}", "faults", g_variant_builder_end(&list));
  prg_cli_print_json(g_variant_builder_end(&result));
}

static int
check_file(PrgCli *cli, const char *path)
{
  g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)prg_rules_fault_free);
  g_autoptr(GError) error = NULL;
  gsize length = 0;
  g_autofree char *text = read_catalogue(path, &length, &error);
  g_autofree char *name = prg_cli_show(path);

  if (text == NULL)
    return prg_cli_usage(_("%s cannot be read: %s"), name, error->message);
  g_autoptr(PrgRules) rules = prg_rules_parse(text, length, faults);
  g_ptr_array_sort(faults, compare_lines);
  if (cli->json) {
    print_faults_as_json(rules ? prg_rules_get_version(rules) : 0, faults);
  } else if (rules) {
    g_print(ngettext("%s is good: version %u, %u level.\n", "%s is good: version %u, %u levels.\n",
                     prg_rules_n_levels(rules)),
            name, prg_rules_get_version(rules), prg_rules_n_levels(rules));
  } else {
    for (guint i = 0; i < faults->len; i++) {
      const PrgRulesFault *fault = g_ptr_array_index(faults, i);
      g_printerr("%s:%u: %s: %s\n", name, fault->line, fault->path, fault->problem);
    }
  }
  return rules ? PRG_EXIT_OK : PRG_EXIT_ERROR;
}

static int
show_builtin(void)
{
  g_autoptr(GBytes) bytes = prg_rules_builtin_json();
  gsize length = 0;
  const char *text = g_bytes_get_data(bytes, &length);

  fwrite(text, 1, length, stdout);
  return PRG_EXIT_OK;
}

int
prg_cli_rules(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("rules"), NULL, argc, argv, 1, 2, &words);

  if (code != PRG_EXIT_OK)
    return code;
  if (g_str_equal(words[0], "check") && words[1])
    return check_file(cli, words[1]);
  if (g_str_equal(words[0], "show") && words[1] == NULL)
    return show_builtin();
  return prg_cli_usage(_("Usage: progression rules check FILE, or progression rules show"));
}
