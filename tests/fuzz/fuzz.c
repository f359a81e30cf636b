/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "prg-error.h"

#include <string.h>

#define MAX_MESSAGE 65536

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
  g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

guint8
fuzz_byte(FuzzInput *self)
{
  return self->at < self->end ? *self->at++ : 0;
}

guint
fuzz_below(FuzzInput *self, guint n)
{
  return fuzz_byte(self) % n;
}

gint64
fuzz_int64(FuzzInput *self)
{
  guint64 number = 0;

  for (guint i = 0; i < 8; i++)
    number |= (guint64)fuzz_byte(self) << (8 * i);
  return (gint64)number;
}

char *
fuzz_bytes(FuzzInput *self, gsize *length)
{
  const guint8 *stop = self->at < self->end ? memchr(self->at, 0xff, (gsize)(self->end - self->at)) : NULL;
  const guint8 *end = stop != NULL ? stop : self->end;
  char *bytes = g_memdup2(self->at, (gsize)(end - self->at));

  *length = (gsize)(end - self->at);
  self->at = stop != NULL ? stop + 1 : self->end;
  return bytes != NULL ? bytes : g_strdup("");
}

char *
fuzz_text(FuzzInput *self)
{
  gsize length = 0;
  g_autofree char *bytes = fuzz_bytes(self, &length);
  g_autofree char *text = g_strndup(bytes, length);

  return g_utf8_make_valid(text, -1);
}

char *
fuzz_rest(FuzzInput *self, gsize *length)
{
  char *bytes;

  *length = (gsize)(self->end - self->at);
  bytes = g_memdup2(self->at, *length);
  self->at = self->end;
  return bytes != NULL ? bytes : g_strdup("");
}

gint64
fuzz_number(FuzzInput *self)
{
  g_autofree char *text = fuzz_text(self);

  return g_ascii_strtoll(text, NULL, 10);
}

void
fuzz_check_text(const char *text)
{
  g_assert_nonnull(text);
  g_assert_true(g_utf8_validate(text, -1, NULL));
}

void
fuzz_check_message(const char *text)
{
  fuzz_check_text(text);
  g_assert_cmpuint(strlen(text), <=, MAX_MESSAGE);
}

void
fuzz_check_error(gboolean good, const GError *error)
{
  g_assert_true(good == (error == NULL));
  if (good)
    return;
  g_assert_true(error->domain == PRG_ERROR);
  g_assert_cmpint(error->code, >=, 0);
  g_assert_cmpint(error->code, <, PRG_N_ERRORS);
  fuzz_check_message(error->message);
  g_assert_cmpstr(error->message, !=, "");
}

void
fuzz_check_xp(gint64 xp)
{
  g_assert_cmpint(xp, >=, -FUZZ_TWO_53);
  g_assert_cmpint(xp, <=, FUZZ_TWO_53);
}
