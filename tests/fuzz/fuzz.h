/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A target is one file with LLVMFuzzerTestOneInput(). It is linked with libFuzzer (`./dev fuzz`), or with fuzz-main.c, which runs
 * the corpus and a fixed number of seeded mutations (`./dev test`). A broken promise is a failed g_assert_…().
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Takes an input apart: bytes and numbers from the front, texts up to the next byte 0xff, which UTF-8 does not have. Past the
 * end there are zeros and empty texts. */
typedef struct {
  const guint8 *at;
  const guint8 *end;
} FuzzInput;
guint8 fuzz_byte(FuzzInput *self);
guint fuzz_below(FuzzInput *self, guint n); /* 0 … n − 1, from one byte */
gint64 fuzz_int64(FuzzInput *self);
char *fuzz_bytes(FuzzInput *self, gsize *length); /* up to 0xff, with nothing behind them (transfer full) */
char *fuzz_text(FuzzInput *self); /* the same as valid UTF-8 up to the first 0 (transfer full) */
char *fuzz_rest(FuzzInput *self, gsize *length); /* all that is left (transfer full) */
gint64 fuzz_number(FuzzInput *self); /* a text that is read as a decimal number, 0 if it is none */

#define FUZZ_TWO_53 (G_GINT64_CONSTANT(1) << 53)

/* Valid UTF-8; NULL is none. */
void fuzz_check_text(const char *text);
/* For people: valid, no longer than a reader's patience. */
void fuzz_check_message(const char *text);
/* @good and no error, or a PRG_ERROR with a message. */
void fuzz_check_error(gboolean good, const GError *error);
/* What a sum may hold: −2^53 … 2^53. */
void fuzz_check_xp(gint64 xp);

G_END_DECLS
