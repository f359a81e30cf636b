/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for what real parts do in their own time. */
#pragma once

#include <gio/gio.h>

#define WAIT_MS 10000

static inline gboolean
wait_on_tick(gpointer over)
{
  *(gboolean *)over = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the main loop until *@value differs from @old; FALSE after ten seconds. */
static inline gboolean
wait_while(const guint *value, guint old)
{
  gboolean over = FALSE;
  guint timer = g_timeout_add(WAIT_MS, wait_on_tick, &over);

  while (*value == old && !over)
    g_main_context_iteration(NULL, TRUE);
  if (!over)
    g_source_remove(timer);
  return *value != old;
}

/* Runs the main loop for @ms: the only way to see that nothing happens. */
static inline void
wait_idle(guint ms)
{
  gboolean over = FALSE;

  g_timeout_add(ms, wait_on_tick, &over);
  while (!over)
    g_main_context_iteration(NULL, TRUE);
}

static inline void
wait_count(guint *count)
{
  (*count)++;
}

/* Runs another program to its end, which must be a good one. */
static inline void
wait_run(const char *const *argv, const char *input)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) child = g_subprocess_newv(
      argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | (input ? G_SUBPROCESS_FLAGS_STDIN_PIPE : 0), &error);

  g_assert_no_error(error);
  g_subprocess_communicate_utf8(child, input, NULL, NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_true(g_subprocess_get_successful(child));
}
