/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-twenty-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_ORIGIN 500

gboolean
prg_twenty_is_loopback(const char *host)
{
  if (g_ascii_strcasecmp(host, "localhost") == 0)
    return TRUE;
  g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
  return address != NULL && g_inet_address_get_is_loopback(address);
}

static gboolean
refuse(GError **error, const char *what)
{
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("The server's address %s"), what);
  return FALSE;
}

/* Signs that a browser would repair or decode, each in its own way. */
static gboolean
check_signs(const char *text, GError **error)
{
  if (*text == '\0')
    return refuse(error, _("is empty"));
  if (!g_utf8_validate(text, -1, NULL) || strlen(text) > MAX_ORIGIN)
    return refuse(error, _("is not a readable text of moderate length"));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (g_unichar_isspace(c) || !g_unichar_isprint(c) || strchr("\\%<>\"{}|^`", (int)MIN(c, 127)) != NULL)
      return refuse(error, _("holds a sign that no address has"));
  }
  return TRUE;
}

/* The last label decides whether a name is meant as a number ("127.1", "0x7f.1", "2130706433"): such short
 * forms are read differently by different programs. */
static gboolean
is_numeric_name(const char *host)
{
  const char *dot = strrchr(host, '.');
  const char *label = dot == NULL ? host : dot + 1;
  if (g_str_has_prefix(label, "0x"))
    return TRUE;
  return *label != '\0' && strspn(label, "0123456789") == strlen(label);
}

static gboolean
is_name(const char *host)
{
  g_auto(GStrv) labels = g_strsplit(host, ".", -1);
  for (guint i = 0; labels[i] != NULL; i++) {
    gsize length = strlen(labels[i]);
    if (length == 0 || length > 63 || labels[i][0] == '-' || labels[i][length - 1] == '-' ||
        strspn(labels[i], "abcdefghijklmnopqrstuvwxyz0123456789-_") != length)
      return FALSE;
  }
  return *host != '\0' && strlen(host) <= 253;
}

/* Lower case, ASCII (IDN), IPv6 in its short form without brackets. (transfer full) (nullable) */
static char *
normalise_host(const char *raw)
{
  g_autoptr(GInetAddress) address = g_inet_address_new_from_string(raw);
  if (address != NULL)
    return g_inet_address_to_string(address);
  g_autofree char *ascii = g_hostname_to_ascii(raw);
  if (ascii == NULL)
    return NULL;
  g_autofree char *host = g_ascii_strdown(ascii, -1);
  if (g_str_has_suffix(host, "."))
    host[strlen(host) - 1] = '\0';
  return is_name(host) && !is_numeric_name(host) ? g_steal_pointer(&host) : NULL;
}

typedef struct {
  char *scheme; /* (owned) (nullable) lower case */
  char *host;   /* (owned) (nullable) without brackets */
  int port;     /* -1 = none */
} Parts;

static void
parts_clear(Parts *self)
{
  g_free(self->scheme);
  g_free(self->host);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static gboolean
parse_port(const char *text, int *port, GError **error)
{
  guint64 value = 0;
  if (!g_ascii_string_to_unsigned(text, 10, 1, 65535, &value, NULL))
    return refuse(error, _("has an impossible port"));
  *port = (int)value;
  return TRUE;
}

static gboolean
split_host(const char *authority, Parts *parts, GError **error)
{
  const char *colon;
  if (*authority == '[') {
    const char *end = strchr(authority, ']');
    if (end == NULL || (end[1] != '\0' && end[1] != ':'))
      return refuse(error, _("has a broken IPv6 part"));
    parts->host = g_strndup(authority + 1, end - authority - 1);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(parts->host);
    if (address == NULL || g_inet_address_get_family(address) != G_SOCKET_FAMILY_IPV6)
      return refuse(error, _("has a broken IPv6 part"));
    colon = end[1] == ':' ? end + 1 : NULL;
  } else {
    colon = strchr(authority, ':');
    parts->host = colon == NULL ? g_strdup(authority) : g_strndup(authority, colon - authority);
  }
  parts->port = -1;
  return colon == NULL || parse_port(colon + 1, &parts->port, error);
}

static gboolean
split_address(const char *text, Parts *parts, GError **error)
{
  const char *rest = strstr(text, "://");
  if (rest != NULL)
    parts->scheme = g_ascii_strdown(text, rest - text);
  if (parts->scheme != NULL && !g_str_equal(parts->scheme, "https") && !g_str_equal(parts->scheme, "http"))
    return refuse(error, _("must begin with https://"));
  rest = rest == NULL ? text : rest + 3;
  gsize length = strcspn(rest, "/?#");
  if (rest[length] != '\0' && !g_str_equal(rest + length, "/"))
    return refuse(error, _("must be the server's name alone, without a path"));
  g_autofree char *authority = g_strndup(rest, length);
  if (strchr(authority, '@') != NULL)
    return refuse(error, _("must not hold a user name or password"));
  return split_host(authority, parts, error);
}

char *
prg_twenty_parse_origin(const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip(g_strdup(text == NULL ? "" : text));
  g_auto(Parts) parts = { NULL, NULL, -1 };
  if (!check_signs(stripped, error) || !split_address(stripped, &parts, error))
    return NULL;
  g_autofree char *host = normalise_host(parts.host);
  if (host == NULL) {
    refuse(error, _("holds no valid server name"));
    return NULL;
  }
  gboolean loopback = prg_twenty_is_loopback(host);
  const char *scheme = parts.scheme != NULL ? parts.scheme : loopback ? "http" : "https";
  gboolean secure = g_str_equal(scheme, "https");
  if (!secure && !loopback) {
    refuse(error, _("must begin with https://: without encryption anybody on the way could read the key"));
    return NULL;
  }
  gboolean bracket = strchr(host, ':') != NULL;
  g_autofree char *port = NULL;
  if (parts.port != -1 && parts.port != (secure ? 443 : 80))
    port = g_strdup_printf(":%d", parts.port);
  return g_strconcat(scheme, "://", bracket ? "[" : "", host, bracket ? "]" : "", port == NULL ? "" : port,
                     NULL);
}
