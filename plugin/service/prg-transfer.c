/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-transfer.h"
#include "prg-codec.h"
#include "prg-error.h"
#include "prg-file.h"
#include "prg-json.h"
#include "prg-store.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT "org.lids.Progression.export"
#define VERSION 1
#define MAX_TOKEN (16 * 1024)
/* A pipe that is ready takes this much without blocking, whatever its flags are: the descriptor is shared
 * with the caller. */
#define PIECE 4096

typedef struct {
  int fd;                /* -1: none yet */
  char *directory;       /* (owned) (nullable) */
  char *member;          /* (owned) (nullable) */
  GPtrArray *operations; /* (owned) (nullable) (element-type PrgOperation) */
} Transfer;

static void
transfer_free(Transfer *self)
{
  if (self->fd >= 0)
    close(self->fd);
  g_free(self->directory);
  g_free(self->member);
  g_clear_pointer(&self->operations, g_ptr_array_unref);
  g_free(self);
}

static GTask *
transfer_task_new(int fd,
                  const char *member,
                  GPtrArray *operations,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  GTask *task = g_task_new(NULL, cancellable, callback, user_data);
  Transfer *transfer = g_new0(Transfer, 1);

  transfer->fd = fd;
  transfer->member = g_strdup(member);
  transfer->operations = operations ? g_ptr_array_ref(operations) : NULL;
  g_task_set_task_data(task, transfer, (GDestroyNotify)transfer_free);
  return task;
}

/* ---- pure parts ---- */

GPtrArray *
prg_transfer_pick(PrgBook *book)
{
  GPtrArray *operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);

  for (guint i = 0; i < prg_book_n_entries(book); i++) {
    const PrgEntry *entry = prg_book_get_entry(book, i);
    if (prg_operation_state_is_unsettled(entry->state))
      g_ptr_array_add(operations, prg_operation_ref(entry->operation));
  }
  return operations;
}

GPtrArray *
prg_transfer_plan(PrgBook *book, GPtrArray *operations, GError **error)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  gsize size = 0;

  for (guint i = 0; i < operations->len; i++) {
    PrgOperation *operation = g_ptr_array_index(operations, i);
    if (prg_book_find(book, operation->id))
      continue;
    /* The ledger has held it before. */
    prg_changes_put(changes, operation, operation->created_at != 0 ? PRG_OPERATION_SENT : PRG_OPERATION_NEW,
                    FALSE);
    size += prg_operation_size(operation);
  }
  return prg_book_check_room(book, changes->len, size, error) ? g_steal_pointer(&changes) : NULL;
}

char *
prg_transfer_header(const char *member)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();

  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "format");
  json_builder_add_string_value(builder, FORMAT);
  json_builder_set_member_name(builder, "version");
  json_builder_add_int_value(builder, VERSION);
  json_builder_set_member_name(builder, "member");
  json_builder_add_string_value(builder, member);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_json_print(root);
}

static gboolean
check_header(const char *line, const char *member, GError **error)
{
  /* Not json-glib's own parser: it recurses as deep as the line says. */
  g_autoptr(JsonNode) root = prg_json_parse_object(line, strlen(line));
  JsonObject *object = root ? json_node_get_object(root) : NULL;

  if (object == NULL ||
      g_strcmp0(json_object_get_string_member_with_default(object, "format", NULL), FORMAT) != 0) {
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                        _("Line 1: this is no export of operations (its header is missing)"));
    return FALSE;
  }
  if (json_object_get_int_member_with_default(object, "version", 0) != VERSION) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Line 1: only version %d of the format is understood"), VERSION);
    return FALSE;
  }
  if (g_strcmp0(json_object_get_string_member_with_default(object, "member", NULL), member) != 0) {
    g_set_error_literal(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                        _("Line 1: these operations belong to another member than the one who is signed in"));
    return FALSE;
  }
  return TRUE;
}

/* Kinds, devices, days and zones are interned: what one file brings of them stays in memory for ever. */
static gboolean
check_words(const char *line, gsize length, guint *n_words, guint number, GError **error)
{
  static const char *const members[] = { "device", "kind", "localDay", "zone" };
  g_autoptr(JsonNode) root = prg_json_parse_object(line, length);

  if (root == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Line %u: not a JSON object; nothing was imported"), number);
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
    const char *word = json_object_get_string_member_with_default(json_node_get_object(root), members[i], "");
    *n_words += word != NULL && g_quark_try_string(word) == 0 ? 1 : 0;
  }
  if (*n_words <= PRG_TRANSFER_MAX_WORDS)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
              _("Line %u: more than %d different devices, kinds, days and zones; nothing was imported"),
              number, PRG_TRANSFER_MAX_WORDS);
  return FALSE;
}

static gboolean
check_count(guint n_operations, guint number, GError **error)
{
  if (n_operations < PRG_BOOK_MAX_PENDING)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
              _("Line %u: at most %d operations may be imported; nothing was imported"), number,
              PRG_BOOK_MAX_PENDING);
  return FALSE;
}

static gboolean
check_amount(const PrgOperation *operation, guint number, GError **error)
{
  if (ABS(operation->amount) <= PRG_TRANSFER_MAX_AMOUNT)
    return TRUE;
  g_set_error(
      error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
      _("Line %u: amount: no event is worth more than %d XP; found %" PRId64 "; nothing was imported"),
      number, PRG_TRANSFER_MAX_AMOUNT, operation->amount);
  return FALSE;
}

static gboolean
add_line(GPtrArray *operations,
         GHashTable *seen,
         const char *line,
         gsize length,
         guint number,
         GError **error)
{
  g_autoptr(GError) cause = NULL;
  PrgOperation *operation = prg_codec_operation_from_json(line, (gssize)length, &cause);

  if (operation == NULL) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("Line %u: %s; nothing was imported"), number,
                cause ? cause->message : _("not an operation"));
    return FALSE;
  }
  if (!check_amount(operation, number, error) || !check_count(operations->len, number, error)) {
    prg_operation_unref(operation);
    return FALSE;
  }
  if (g_hash_table_contains(seen, operation->id)) {
    prg_operation_unref(operation);
    return TRUE;
  }
  g_ptr_array_add(operations, operation);
  g_hash_table_add(seen, (gpointer)operation->id);
  return TRUE;
}

static gboolean
parse_line(GPtrArray *operations,
           GHashTable *seen,
           guint *n_words,
           const char *line,
           gsize length,
           guint number,
           const char *member,
           GError **error)
{
  g_autofree char *copy = NULL;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (memchr(line, 0, length) || !g_utf8_validate_len(line, length, NULL)) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("Line %u: not valid UTF-8 text; nothing was imported"), number);
    return FALSE;
  }
  copy = g_strndup(line, length);
  if (number == 1)
    return check_header(copy, member, error);
  return check_words(copy, length, n_words, number, error) &&
         add_line(operations, seen, copy, length, number, error);
}

GPtrArray *
prg_transfer_parse(const char *text, gsize length, const char *member, GError **error)
{
  g_autoptr(GPtrArray) operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  const char *end = text + length;
  guint number = 0;
  guint n_words = 0;

  for (const char *line = text; line < end || number == 0;) {
    const char *newline = line < end ? memchr(line, '\n', (gsize)(end - line)) : NULL;
    const char *stop = newline ? newline : end;
    if (!parse_line(operations, seen, &n_words, line, (gsize)(stop - line), ++number, member, error))
      return NULL;
    line = newline ? newline + 1 : end;
  }
  return g_steal_pointer(&operations);
}

char *
prg_transfer_parse_token(const char *bytes, gsize length, GError **error)
{
  const char *problem = NULL;

  if (length > 0 && bytes[length - 1] == '\n')
    length--;
  if (length > 0 && bytes[length - 1] == '\r')
    length--;
  if (length == 0)
    problem = _("The token is empty");
  else if (length > MAX_TOKEN)
    problem = _("The token is longer than 16 KiB");
  for (gsize i = 0; i < length && problem == NULL; i++)
    if ((guchar)bytes[i] <= 0x20 || (guchar)bytes[i] >= 0x7f)
      problem = _("The token holds a character that no token has (a space, a line break, a control or "
                  "non-ASCII character)");
  if (problem == NULL)
    return g_strndup(bytes, length);
  g_set_error_literal(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, problem);
  return NULL;
}

void
prg_transfer_wipe(char *token)
{
  if (token == NULL)
    return;
  explicit_bzero(token, strlen(token));
  g_free(token);
}

/* ---- writing ---- */

static gboolean
write_text(GOutputStream *stream, const char *text, gsize length, GCancellable *cancellable, GError **error)
{
  for (gsize done = 0; done < length;) {
    gssize written =
        g_output_stream_write(stream, text + done, MIN(length - done, PIECE), cancellable, error);
    if (written < 0)
      return FALSE;
    done += (gsize)written;
  }
  return TRUE;
}

static gboolean
write_operations(const Transfer *transfer, GCancellable *cancellable, GError **error)
{
  g_autoptr(GOutputStream) stream = g_unix_output_stream_new(transfer->fd, FALSE);
  g_autofree char *header = prg_transfer_header(transfer->member);
  g_autoptr(GString) buffer = g_string_new(header);

  g_string_append_c(buffer, '\n');
  for (guint i = 0; i < transfer->operations->len; i++) {
    g_autofree char *line = prg_codec_operation_to_json(g_ptr_array_index(transfer->operations, i));
    g_string_append(buffer, line);
    g_string_append_c(buffer, '\n');
    if (buffer->len < PIECE)
      continue;
    if (!write_text(stream, buffer->str, buffer->len, cancellable, error))
      return FALSE;
    g_string_truncate(buffer, 0);
  }
  return write_text(stream, buffer->str, buffer->len, cancellable, error);
}

/* Says what failed in the project's own domain; a cancelled task keeps its own error. */
static void
return_storage_error(GTask *task, const char *what, const char *cause)
{
  g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, "%s: %s", what, cause);
}

static void
write_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Transfer *transfer = task_data;
  g_autoptr(GError) error = NULL;

  if (!write_operations(transfer, cancellable, &error)) {
    return_storage_error(task, _("The export could not be written"), error->message);
    return;
  }
  /* The reader waits for the end of the file: it must come before the answer. */
  close(transfer->fd);
  transfer->fd = -1;
  g_task_return_boolean(task, TRUE);
}

void
prg_transfer_write_async(int fd,
                         const char *member,
                         GPtrArray *operations,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr(GTask) task = transfer_task_new(fd, member, operations, cancellable, callback, user_data);

  g_task_set_source_tag(task, prg_transfer_write_async);
  g_task_run_in_thread(task, write_in_thread);
}

gboolean
prg_transfer_write_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

/* @error: (transfer full) of a stream */
static void
return_write_error(GTask *task, const char *path, GError *error)
{
  const int system_errno = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE)    ? ENOSPC
                           : g_error_matches(error, G_IO_ERROR, G_IO_ERROR_READ_ONLY) ? EROFS
                                                                                      : EIO;

  g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("Could not write “%s”: %s. %s"), path,
                          error->message, prg_error_disk_advice(system_errno));
  g_error_free(error);
}

static void
save_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Transfer *transfer = task_data;
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
  g_autofree char *name =
      g_strdup_printf("operations-%s-%06d.jsonl", stamp, g_date_time_get_microsecond(now));
  g_autofree char *path = g_build_filename(transfer->directory, name, NULL);
  g_autofree char *temporary = g_build_filename(transfer->directory, "unfinished", NULL);
  GError *error = NULL;
  gboolean done = FALSE;

  if (prg_store_make_directory(transfer->directory, &error))
    transfer->fd = prg_file_begin(temporary, &error);
  if (transfer->fd >= 0 && write_operations(transfer, cancellable, &error))
    done = prg_file_end(temporary, transfer->fd, path, &error);
  else if (transfer->fd >= 0)
    prg_file_abandon(temporary, transfer->fd);
  transfer->fd = -1;
  if (done)
    g_task_return_pointer(task, g_steal_pointer(&path), g_free);
  else if (error->domain == PRG_ERROR)
    g_task_return_error(task, error);
  else
    return_write_error(task, path, error);
}

void
prg_transfer_save_async(const char *directory,
                        const char *member,
                        GPtrArray *operations,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr(GTask) task = transfer_task_new(-1, member, operations, cancellable, callback, user_data);

  g_task_set_source_tag(task, prg_transfer_save_async);
  ((Transfer *)g_task_get_task_data(task))->directory = g_strdup(directory);
  g_task_run_in_thread(task, save_in_thread);
}

char *
prg_transfer_save_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- reading ---- */

/* (transfer full) (nullable) everything up to @limit bytes and a piece more. A token fits the first buffer, so
 * that growing leaves no copy behind. @first: (0 = any) what begins otherwise is not read to its end. */
static GByteArray *
read_all(int fd, gsize limit, char first, GCancellable *cancellable, GError **error)
{
  g_autoptr(GInputStream) stream = g_unix_input_stream_new(fd, FALSE);
  g_autoptr(GByteArray) bytes = g_byte_array_sized_new((guint)MIN(limit + PIECE, 64 * 1024));
  guint8 piece[PIECE];
  gssize got = 0;

  while (bytes->len <= limit && (first == 0 || bytes->len == 0 || bytes->data[0] == first) &&
         (got = g_input_stream_read(stream, piece, sizeof piece, cancellable, error)) > 0)
    g_byte_array_append(bytes, piece, (guint)got);
  explicit_bzero(piece, sizeof piece);
  return got < 0 ? NULL : g_steal_pointer(&bytes);
}

static void
read_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Transfer *transfer = task_data;
  GError *error = NULL;
  g_autoptr(GByteArray) bytes = read_all(transfer->fd, PRG_TRANSFER_MAX_BYTES, '{', cancellable, &error);
  GPtrArray *operations = NULL;

  if (bytes && bytes->len > PRG_TRANSFER_MAX_BYTES)
    g_set_error_literal(&error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
                        _("An import may be 64 MiB long; nothing was imported"));
  else if (bytes)
    operations = prg_transfer_parse((const char *)bytes->data, bytes->len, transfer->member, &error);
  if (operations) {
    g_task_return_pointer(task, operations, (GDestroyNotify)g_ptr_array_unref);
  } else if (error->domain == PRG_ERROR) {
    g_task_return_error(task, error);
  } else {
    return_storage_error(task, _("The import could not be read"), error->message);
    g_error_free(error);
  }
}

void
prg_transfer_read_async(int fd,
                        const char *member,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr(GTask) task = transfer_task_new(fd, member, NULL, cancellable, callback, user_data);

  g_task_set_source_tag(task, prg_transfer_read_async);
  g_task_run_in_thread(task, read_in_thread);
}

GPtrArray *
prg_transfer_read_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
read_token_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Transfer *transfer = task_data;
  g_autoptr(GError) error = NULL;
  /* One byte more than the longest token with its line end tells that it is too long. */
  g_autoptr(GByteArray) bytes = read_all(transfer->fd, MAX_TOKEN + 2, 0, cancellable, &error);
  char *token = bytes ? prg_transfer_parse_token((const char *)bytes->data, bytes->len, &error) : NULL;

  if (bytes)
    explicit_bzero(bytes->data, bytes->len);
  if (token)
    g_task_return_pointer(task, token, (GDestroyNotify)prg_transfer_wipe);
  else if (error->domain == PRG_ERROR)
    g_task_return_error(task, g_steal_pointer(&error));
  else
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("The token could not be read: %s"),
                            error->message);
}

void
prg_transfer_read_token_async(int fd,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr(GTask) task = transfer_task_new(fd, NULL, NULL, cancellable, callback, user_data);

  g_task_set_source_tag(task, prg_transfer_read_token_async);
  g_task_run_in_thread(task, read_token_in_thread);
}

char *
prg_transfer_read_token_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}
