/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include "prg-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/*
 * Just enough of SQLite's file format (https://www.sqlite.org/fileformat2.html) to find rows when the tree
 * above them is gone, and to see what SQLite keeps quiet about. Every number of the file is distrusted: all
 * reads are checked against the page or file they are in. What a row means is for the caller, who has its
 * check sum.
 */

#define PAGE PRG_STORE_PAGE_SIZE
#define FILE_HEADER 100
#define WAL_HEADER PRG_STORE_LOG_HEADER
#define FRAME_HEADER PRG_STORE_LOG_FRAME_HEADER
#define FRAME (FRAME_HEADER + PAGE)
#define TABLE_LEAF 0x0d
#define MAX_VALUES 32
#define WAL_MAGIC 0x377f0682 /* the lowest bit set: check sums over big-endian words */

typedef struct {
  char *db; /* (owned) (nullable) */
  gsize db_length;
  char *wal; /* (owned) (nullable) */
  gsize wal_length;
  GHashTable *frames; /* (owned) page number → offset in @wal of its newest page, as numbers */
} Pages;

static guint32
be16(const guint8 *p)
{
  return (guint32)(p[0] << 8 | p[1]);
}

static guint32
be32(const guint8 *p)
{
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | (guint32)p[3];
}

/* Returns the bytes it took, 0 if it goes past @end. */
static guint
read_varint(const guint8 *p, const guint8 *end, guint64 *number)
{
  *number = 0;
  for (guint i = 0; i < 9; i++) {
    if (p + i >= end)
      return 0;
    if (i == 8) {
      *number = *number << 8 | p[i];
      return 9;
    }
    *number = *number << 7 | (p[i] & 0x7f);
    if (!(p[i] & 0x80))
      return i + 1;
  }
  return 0;
}

/* --- the WAL --- */

static const guint8 *
frame_at(const Pages *self, gsize index)
{
  return (const guint8 *)self->wal + WAL_HEADER + index * FRAME;
}

static gsize
n_frames(const Pages *self)
{
  return self->wal_length < WAL_HEADER ? 0 : (self->wal_length - WAL_HEADER) / FRAME;
}

/* Frames of an earlier round of the WAL carry another salt. */
static gboolean
has_salt(const guint8 *frame, const guint8 *salt)
{
  return memcmp(frame + 8, salt, 8) == 0;
}

static gboolean
is_commit(const guint8 *frame)
{
  return be32(frame + 4) != 0;
}

static void
add_to_sum(const guint8 *bytes, gsize length, gboolean big_endian, guint32 sum[2])
{
  for (gsize i = 0; i + 8 <= length; i += 8) {
    const guint32 a = be32(bytes + i), b = be32(bytes + i + 4);

    sum[0] += (big_endian ? a : GUINT32_SWAP_LE_BE(a)) + sum[1];
    sum[1] += (big_endian ? b : GUINT32_SWAP_LE_BE(b)) + sum[0];
  }
}

static gboolean
sum_is(const guint8 *stored, const guint32 sum[2])
{
  return be32(stored) == sum[0] && be32(stored + 4) == sum[1];
}

/* Whether @frame was written right behind @before, as far as their own words go. */
static gboolean
continues(const guint8 *before, const guint8 *frame, gboolean big_endian)
{
  guint32 sum[2] = { be32(before + 16), be32(before + 20) };

  add_to_sum(frame, 8, big_endian, sum);
  add_to_sum(frame + FRAME_HEADER, PAGE, big_endian, sum);
  return sum_is(frame + 16, sum);
}

/* How many commits stand in one unbroken run behind the first frame that does not fit, in the same round of the WAL. */
static guint
commits_out_of_reach(const Pages *self, const guint8 *header, gboolean big_endian, guint32 sum[2])
{
  gboolean broken = FALSE;
  guint commits = 0, most = 0;

  for (gsize i = 0; i < n_frames(self); i++) {
    const guint8 *frame = frame_at(self, i);

    if (!broken) {
      add_to_sum(frame, 8, big_endian, sum);
      add_to_sum(frame + FRAME_HEADER, PAGE, big_endian, sum);
      broken = !has_salt(frame, header + 16) || !sum_is(frame + 16, sum);
    }
    if (!broken)
      continue;
    if (!has_salt(frame, header + 16) || i == 0 || !continues(frame_at(self, i - 1), frame, big_endian))
      commits = 0;
    commits += has_salt(frame, header + 16) && is_commit(frame);
    most = MAX(most, commits);
  }
  return most;
}

/*
 * A power cut leaves at most one commit torn, the last, and that one was never acknowledged: SQLite drops it
 * rightly. Two commits in a row behind a broken frame were acknowledged, at least the first: that is damage. Not in a
 * row: a torn commit before the rest of another one, longer and torn by an earlier power cut. SQLite writes over that without
 * a new salt when it was the first of its round.
 */
static char *
check_wal(const Pages *self)
{
  const guint8 *header = (const guint8 *)self->wal;
  guint32 sum[2] = { 0, 0 };
  gboolean big_endian;

  if (self->wal_length < WAL_HEADER + FRAME)
    return NULL;
  big_endian = (be32(header) & 1) != 0;
  add_to_sum(header, 24, big_endian, sum);
  if ((be32(header) & ~1u) != WAL_MAGIC || be32(header + 8) != PAGE || !sum_is(header + 24, sum))
    return g_strdup(_("the header of its write-ahead log is damaged"));
  if (commits_out_of_reach(self, header, big_endian, sum) < 2)
    return NULL;
  return g_strdup(_("its write-ahead log is damaged in the middle"));
}

/* --- files --- */

static void
pages_clear(Pages *self)
{
  g_free(self->db);
  g_free(self->wal);
  g_clear_pointer(&self->frames, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pages, pages_clear)

/* A file that is not there is empty; one that cannot be read is an error, and says nothing about damage. */
static gboolean
read_if_there(const char *path, char **bytes, gsize *length, GError **error)
{
  g_autoptr(GError) local_error = NULL;

  if (g_file_get_contents(path, bytes, length, &local_error) ||
      g_error_matches(local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
              _("%s. Check the disk and the rights of the folder."), local_error->message);
  return FALSE;
}

static gboolean
read_wal(Pages *self, const char *path, GError **error)
{
  g_autofree char *wal = g_strconcat(path, "-wal", NULL);

  return read_if_there(wal, &self->wal, &self->wal_length, error);
}

static char *
check_header(const guint8 *header, gsize length)
{
  if (length < FILE_HEADER)
    return g_strdup(length == 0 ? _("it is empty") : _("it is shorter than its header"));
  if (memcmp(header, "SQLite format 3", 16) != 0)
    return g_strdup(_("it is not a database"));
  /* SQLite would open it for reading only, or not at all: that must not look like a file system that refuses. */
  if (header[18] < 1 || header[18] > 2 || header[19] < 1 || header[19] > 2)
    return g_strdup(_("its header names an unknown format"));
  return NULL;
}

/* Only the header is read: the file may be large, and SQLite reads the rest anyway. */
static gboolean
check_file(const char *path, char **damage, GError **error)
{
  guint8 header[FILE_HEADER];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t length = fd >= 0 ? read(fd, header, sizeof header) : errno == ENOENT ? 0 : -1;
  const int code = errno;

  if (fd >= 0)
    close(fd);
  if (length < 0)
    return prg_store_fail_errno(path, code, NC_("could not", "read"), error);
  *damage = check_header(header, (gsize)length);
  return TRUE;
}

gboolean
prg_store_pages_check(const char *path, char **damage, GError **error)
{
  g_auto(Pages) pages = { 0 };

  if (!check_file(path, damage, error) || !read_wal(&pages, path, error))
    return FALSE;
  if (*damage == NULL)
    *damage = check_wal(&pages);
  return TRUE;
}

/* --- rows --- */

/* The newest version of page @number (from 1). (nullable) */
static const guint8 *
page_at(const Pages *self, guint32 number)
{
  const gsize in_wal = GPOINTER_TO_SIZE(g_hash_table_lookup(self->frames, GUINT_TO_POINTER(number)));

  if (in_wal != 0)
    return (const guint8 *)self->wal + in_wal;
  if (number == 0 || (gsize)number * PAGE > self->db_length)
    return NULL;
  return (const guint8 *)self->db + (gsize)(number - 1) * PAGE;
}

/* The rest of a long row lies in a chain of pages. */
static gboolean
append_overflow(const Pages *self, guint32 number, gsize length, GByteArray *payload)
{
  while (payload->len < length) {
    const guint8 *page = page_at(self, number);
    const gsize n = MIN(length - payload->len, PAGE - 4);

    if (page == NULL)
      return FALSE;
    g_byte_array_append(payload, page + 4, (guint)n);
    number = be32(page);
  }
  return TRUE;
}

/* How much of a row of @length bytes is on the leaf itself (fileformat2, "B-tree Cell Format"). */
static gsize
local_length(gsize length)
{
  const gsize most = PAGE - 35, least = (PAGE - 12) * 32 / 255 - 23;
  const gsize some = least + (length > least ? (length - least) % (PAGE - 4) : 0);

  if (length <= most)
    return length;
  return some <= most ? some : least;
}

static gint64
read_integer(const guint8 *bytes, guint length)
{
  guint64 number = length > 0 && (bytes[0] & 0x80) ? G_MAXUINT64 : 0;

  for (guint i = 0; i < length; i++)
    number = number << 8 | bytes[i];
  return (gint64)number;
}

/* Takes one value off @body. FALSE if it goes past @end. */
static gboolean
read_value(guint64 type, const guint8 **body, const guint8 *end, PrgStoreValue *value)
{
  static const guint8 lengths[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0 };
  const guint64 length = type < G_N_ELEMENTS(lengths) ? lengths[type] : (type - 12) / 2;

  *value = (PrgStoreValue){ .type = PRG_STORE_OTHER };
  if (type == 10 || type == 11 || length > (guint64)(end - *body))
    return FALSE;
  if (type == 0) {
    value->type = PRG_STORE_NULL;
  } else if (type <= 6 || type == 8 || type == 9) {
    value->type = PRG_STORE_INTEGER;
    value->number = type >= 8 ? (gint64)(type - 8) : read_integer(*body, (guint)length);
  } else if (type >= 13 && type % 2 == 1) {
    value->type = PRG_STORE_TEXT;
    value->text = (const char *)*body;
    value->length = length;
  }
  *body += length;
  return TRUE;
}

/* A record: the length of its head, the types, the values. Returns how many values, 0 if it is none. */
static guint
read_record(const GByteArray *payload, PrgStoreValue values[MAX_VALUES])
{
  const guint8 *p = payload->data, *end = payload->data + payload->len, *body;
  guint64 head = 0, type;
  guint n = 0, took = read_varint(p, end, &head);

  if (took == 0 || head < took || head > payload->len)
    return 0;
  body = payload->data + head;
  for (p += took; p < payload->data + head; p += took) {
    took = read_varint(p, payload->data + head, &type);
    if (took == 0 || n == MAX_VALUES || !read_value(type, &body, end, &values[n++]))
      return 0;
  }
  return n;
}

static void
read_cell(const Pages *self, const guint8 *page, gsize at, PrgStorePageFunc func, gpointer user_data)
{
  g_autoptr(GByteArray) payload = g_byte_array_new();
  const guint8 *p = page + at, *end = page + PAGE;
  PrgStoreValue values[MAX_VALUES];
  guint64 length = 0, rowid = 0;
  guint took = read_varint(p, end, &length), n;
  gsize local;

  p += took;
  if (took == 0 || length == 0 || length > PRG_STORE_TEXT_LIMIT ||
      length > self->db_length + self->wal_length || (took = read_varint(p, end, &rowid)) == 0)
    return;
  p += took;
  local = local_length(length);
  if (local + (local < length ? 4 : 0) > (gsize)(end - p))
    return;
  g_byte_array_append(payload, p, (guint)local);
  if (local < length && !append_overflow(self, be32(p + local), length, payload))
    return;
  n = read_record(payload, values);
  if (n > 0)
    func((gint64)rowid, values, n, user_data);
}

static void
read_page(const Pages *self, const guint8 *page, gboolean is_first, PrgStorePageFunc func, gpointer user_data)
{
  const gsize header = is_first ? FILE_HEADER : 0;
  const guint n = be16(page + header + 3);

  if (page[header] != TABLE_LEAF)
    return;
  for (guint i = 0; i < n && header + 8 + 2 * (i + 1) <= PAGE; i++)
    read_cell(self, page, be16(page + header + 8 + 2 * i) % PAGE, func, user_data);
}

/* The frame behind the last commit: what comes after was never acknowledged. */
static gsize
end_of_commits(const Pages *self)
{
  gsize end = n_frames(self);

  while (end > 0 && !is_commit(frame_at(self, end - 1)))
    end--;
  return end;
}

gboolean
prg_store_pages_foreach(const char *path, PrgStorePageFunc func, gpointer user_data, GError **error)
{
  g_auto(Pages) pages = { .frames = g_hash_table_new(NULL, NULL) };
  gsize end;

  if (!read_if_there(path, &pages.db, &pages.db_length, error) || !read_wal(&pages, path, error))
    return FALSE;
  end = end_of_commits(&pages);
  for (gsize i = 0; i < end; i++)
    g_hash_table_insert(pages.frames, GUINT_TO_POINTER(be32(frame_at(&pages, i))),
                        GSIZE_TO_POINTER(WAL_HEADER + i * FRAME + FRAME_HEADER));
  for (gsize i = end; i > 0; i--) {
    const guint8 *frame = frame_at(&pages, i - 1);

    read_page(&pages, frame + FRAME_HEADER, be32(frame) == 1, func, user_data);
  }
  for (gsize i = 0; i + PAGE <= pages.db_length; i += PAGE)
    read_page(&pages, (const guint8 *)pages.db + i, i == 0, func, user_data);
  return TRUE;
}
