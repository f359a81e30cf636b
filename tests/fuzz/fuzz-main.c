/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The targets without libFuzzer: fuzz-NAME [--runs N] [--seed S] FILE-OR-FOLDER… runs every input, and then N mutations of them.
 * A seed gives the same mutations on every machine. The input that fails is left as crash-<name of the program> in TMPDIR.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE 16384 /* what is larger is run as it is; only its beginning is mutated */
#define BEGINNING 1024
#define MAX_EDITS 6

static GPtrArray *inputs; /* (owned) (element-type GBytes) in the order of their names */
static const guint8 *under_way;
static gsize under_way_size;
static char crash_path[4096];

/* Only what a signal handler may call. */
static void
on_crash(int number)
{
  int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd >= 0 && write(fd, under_way, under_way_size) == (ssize_t)under_way_size) {
    static const char note[] = "# the failing input was written to ";
    (void)!write(STDERR_FILENO, note, sizeof note - 1);
    (void)!write(STDERR_FILENO, crash_path, strlen(crash_path));
    (void)!write(STDERR_FILENO, "\n", 1);
  }
  signal(number, SIG_DFL);
  raise(number);
}

static void
catch_crashes(const char *program)
{
  static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
  static char room[65536];
  const stack_t stack = { .ss_sp = room, .ss_size = sizeof room };
  const struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };
  g_autofree char *name = g_path_get_basename(program);

  /* A stack that ran over is a crash too, and leaves no room to handle it. */
  sigaltstack(&stack, NULL);
  g_snprintf(crash_path, sizeof crash_path, "%s/crash-%s", g_get_tmp_dir(), name);
  for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
    sigaction(signals[i], &action, NULL);
}

/* Exactly @size bytes with nothing behind them, so that a sanitizer sees a step too far. */
static void
run(const guint8 *data, gsize size)
{
  g_autofree guint8 *exact = g_memdup2(data, size);

  under_way = exact;
  under_way_size = size;
  LLVMFuzzerTestOneInput(exact, size);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_path(const char *path)
{
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  const char *name;
  char *bytes = NULL;
  gsize size = 0;

  if (folder == NULL) {
    if (!g_file_get_contents(path, &bytes, &size, NULL))
      g_error("%s: no such file or folder", path);
    g_ptr_array_add(inputs, g_bytes_new_take(bytes, size));
    return;
  }
  while ((name = g_dir_read_name(folder)) != NULL)
    g_ptr_array_add(names, g_build_filename(path, name, NULL));
  g_ptr_array_sort(names, compare_names);
  for (guint i = 0; i < names->len; i++)
    add_path(g_ptr_array_index(names, i));
}

/* --- mutations --- */

static gsize
below(GRand *random, gsize n)
{
  return n == 0 ? 0 : (gsize)g_rand_int(random) % n;
}

/* A piece of another input: so parts of valid texts meet. */
static void
paste(GRand *random, GByteArray *text)
{
  gsize size = 0;
  const guint8 *other = g_bytes_get_data(g_ptr_array_index(inputs, below(random, inputs->len)), &size);
  gsize from = below(random, size);
  gsize wanted = 1 + below(random, 64), length = MIN(size - from, wanted);
  gsize at = below(random, (gsize)text->len + 1);

  if (text->len + length > MAX_SIZE || length == 0)
    return;
  g_byte_array_set_size(text, text->len + (guint)length);
  memmove(text->data + at + length, text->data + at, text->len - length - at);
  memcpy(text->data + at, other + from, length);
}

static void
insert(GRand *random, GByteArray *text)
{
  static const char *const words[] = { "\"",    "{",    "}",       "[",       "]",    ",",
                                       ":",     "\\",   "null",    "true",    "-1",   "0",
                                       "1e999", "9e18", "\\u0000", "\\ud800", "\xff", "\n",
                                       "\xc3",  "%22",  "'",       "<>",      "\x7f", "999999999999999999" };
  const char *word = words[below(random, G_N_ELEMENTS(words))];
  gsize length = strlen(word), at = below(random, (gsize)text->len + 1);

  g_byte_array_set_size(text, text->len + (guint)length);
  memmove(text->data + at + length, text->data + at, text->len - length - at);
  memcpy(text->data + at, word, length);
}

static void
edit(GRand *random, GByteArray *text)
{
  gsize at = below(random, text->len), length = 1 + below(random, 16);

  switch (below(random, text->len > 0 ? 5 : 2)) {
  case 0:
    paste(random, text);
    break;
  case 1:
    insert(random, text);
    break;
  case 2:
    text->data[at] = (guint8)g_rand_int(random);
    break;
  case 3:
    text->data[at] ^= (guint8)(1u << below(random, 8));
    break;
  default:
    g_byte_array_remove_range(text, (guint)at, (guint)MIN(text->len - at, length));
    break;
  }
}

static void
run_mutations(guint32 seed, int runs)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(seed);

  for (int i = 0; i < runs; i++) {
    g_autoptr(GByteArray) text = g_byte_array_new();
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(g_ptr_array_index(inputs, below(random, inputs->len)), &size);

    g_byte_array_append(text, data, (guint)(size > MAX_SIZE ? BEGINNING : size));
    for (gsize edits = 1 + below(random, MAX_EDITS); edits > 0; edits--)
      edit(random, text);
    run(text->data, text->len);
  }
}

int
main(int argc, char **argv)
{
  int runs = 0, seed = 1;
  g_auto(GStrv) paths = NULL;
  const GOptionEntry entries[] = { { "runs", 0, 0, G_OPTION_ARG_INT, &runs, "mutations to run", "N" },
                                   { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "of the mutations", "S" },
                                   { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL,
                                     NULL },
                                   { NULL } };
  g_autoptr(GOptionContext) context = g_option_context_new("FILE-OR-FOLDER…");
  g_autoptr(GError) error = NULL;

  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error))
    g_error("%s", error->message);
  catch_crashes(argv[0]);
  LLVMFuzzerInitialize(&argc, &argv);
  inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    add_path(paths[i]);
  g_assert_cmpuint(inputs->len, >, 0);
  for (guint i = 0; i < inputs->len; i++)
    run(g_bytes_get_data(g_ptr_array_index(inputs, i), NULL), g_bytes_get_size(g_ptr_array_index(inputs, i)));
  g_print("ok 1 - %u inputs\n", inputs->len);
  run_mutations((guint32)seed, runs);
  g_print("ok 2 - %d mutations of them, seed %d\n1..2\n", runs, seed);
  g_ptr_array_unref(inputs);
  return 0;
}
