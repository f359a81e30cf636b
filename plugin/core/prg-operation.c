/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-operation.h"

#include "prg-calendar.h"
#include "prg-json.h"

#include <string.h>

#define UUID_BYTES 16
/* The name space for URLs of RFC 4122, appendix C: only for names that are no UUID themselves. */
#define URL_NAME_SPACE "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

static const char *
intern(const char *text)
{
  return g_intern_string(text != NULL ? text : "");
}

static char *
copy(const char *text)
{
  return g_strdup(text != NULL ? text : "");
}

PrgOperation *
prg_operation_new(const PrgOperation *fields)
{
  PrgOperation *self = g_atomic_rc_box_new0(PrgOperation);

  *self = *fields;
  self->id = copy(fields->id);
  self->device = intern(fields->device);
  self->kind = intern(fields->kind);
  self->ref = copy(fields->ref);
  self->local_day = intern(fields->local_day);
  self->zone = intern(fields->zone);
  self->details = copy(fields->details);
  self->cause = copy(fields->cause);
  return self;
}

gsize
prg_operation_size(const PrgOperation *self)
{
  return sizeof *self + strlen(self->id) + strlen(self->ref) + strlen(self->details) + strlen(self->cause);
}

PrgOperation *
prg_operation_ref(PrgOperation *self)
{
  return g_atomic_rc_box_acquire(self);
}

static void
operation_clear(gpointer data)
{
  PrgOperation *self = data;

  g_free((gpointer)self->id);
  g_free((gpointer)self->ref);
  g_free((gpointer)self->details);
  g_free((gpointer)self->cause);
}

void
prg_operation_unref(PrgOperation *self)
{
  g_atomic_rc_box_release_full(self, operation_clear);
}

/* The 16 bytes of a UUID text; FALSE if it is none. */
static gboolean
uuid_parse(const char *text, guint8 bytes[UUID_BYTES])
{
  guint n = 0;

  if (!g_uuid_string_is_valid(text))
    return FALSE;
  for (const char *p = text; *p != '\0' && n < UUID_BYTES;) {
    if (*p == '-') {
      p++;
      continue;
    }
    bytes[n++] = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
    p += 2;
  }
  return TRUE;
}

static char *
uuid_format(const guint8 bytes[UUID_BYTES])
{
  static const char digits[] = "0123456789abcdef";
  GString *text = g_string_sized_new(36);

  for (guint i = 0; i < UUID_BYTES; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      g_string_append_c(text, '-');
    g_string_append_c(text, digits[bytes[i] >> 4]);
    g_string_append_c(text, digits[bytes[i] & 0xf]);
  }
  return g_string_free(text, FALSE);
}

/* RFC 4122, 4.3, with SHA-1. */
static void
uuid_v5(const guint8 name_space[UUID_BYTES], const void *name, gsize length, guint8 uuid[UUID_BYTES])
{
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize digest_length = sizeof digest;

  g_checksum_update(checksum, name_space, UUID_BYTES);
  g_checksum_update(checksum, name, (gssize)length);
  g_checksum_get_digest(checksum, digest, &digest_length);
  memcpy(uuid, digest, UUID_BYTES);
  uuid[6] = (guint8)((uuid[6] & 0x0f) | 0x50);
  uuid[8] = (guint8)((uuid[8] & 0x3f) | 0x80);
}

/* @text itself when it is a UUID, else one made from it. */
static void
name_space_of(const char *text, guint8 bytes[UUID_BYTES])
{
  guint8 url[UUID_BYTES];

  if (uuid_parse(text, bytes))
    return;
  (void)uuid_parse(URL_NAME_SPACE, url);
  uuid_v5(url, text, strlen(text), bytes);
}

/* Returns: (transfer full) */
static char *
details_with_time(const PrgOperation *self)
{
  g_autoptr(JsonNode) node = prg_json_parse_object(self->details, strlen(self->details));
  g_autoptr(JsonObject) object =
      node == NULL ? json_object_new() : json_object_ref(json_node_get_object(node));
  g_autofree char *time = prg_instant_format(self->occurred_at);

  json_object_set_string_member(object, "occurred-at", time);
  return prg_json_print_object(object);
}

PrgOperation *
prg_operation_not_after(const PrgOperation *self, gint64 now, GTimeZone *zone)
{
  PrgOperation fields = *self;

  if (self->occurred_at <= now + PRG_MAX_AHEAD)
    return NULL;
  g_autofree char *day = prg_day_of(now, zone);
  g_autofree char *details = details_with_time(self);
  fields.occurred_at = now;
  fields.local_day = day;
  fields.details = details;
  return prg_operation_new(&fields);
}

char *
prg_operation_pays_once_id(const char *member, const char *kind, const char *ref)
{
  guint8 name_space[UUID_BYTES], uuid[UUID_BYTES];
  g_autoptr(GString) name = g_string_new(kind);

  g_string_append_c(name, '\0');
  g_string_append(name, ref);
  name_space_of(member, name_space);
  uuid_v5(name_space, name->str, name->len, uuid);
  return uuid_format(uuid);
}

char *
prg_operation_child_id(const char *parent, const char *name)
{
  guint8 name_space[UUID_BYTES], uuid[UUID_BYTES];

  name_space_of(parent, name_space);
  uuid_v5(name_space, name, strlen(name), uuid);
  return uuid_format(uuid);
}

static const char *const state_names[] = {
  [PRG_OPERATION_NEW] = "new",
  [PRG_OPERATION_SENT] = "sent",
  [PRG_OPERATION_LEDGERED] = "ledgered",
  [PRG_OPERATION_FOLDED] = "folded",
  [PRG_OPERATION_QUARANTINED] = "quarantined",
  [PRG_OPERATION_VOIDED] = "voided",
  [PRG_OPERATION_SUPERSEDED] = "superseded",
  [PRG_OPERATION_REMOTE] = "remote",
  [PRG_OPERATION_DISCARDED] = "discarded",
};

const char *
prg_operation_state_to_string(PrgOperationState state)
{
  return (guint)state < G_N_ELEMENTS(state_names) ? state_names[state] : "unknown";
}

gboolean
prg_operation_state_is_unsettled(PrgOperationState state)
{
  return state == PRG_OPERATION_NEW || state == PRG_OPERATION_SENT || state == PRG_OPERATION_QUARANTINED;
}

gboolean
prg_operation_state_from_string(const char *text, PrgOperationState *state)
{
  for (guint i = 0; i < G_N_ELEMENTS(state_names); i++) {
    if (g_strcmp0(text, state_names[i]) == 0) {
      *state = (PrgOperationState)i;
      return TRUE;
    }
  }
  return FALSE;
}
