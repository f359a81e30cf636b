/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-twenty.h"

static const struct {
  const char *text;
  const char *origin; /* NULL = refused */
} cases[] = {
  { "https://crm.example.com", "https://crm.example.com" },
  { "https://crm.example.com/", "https://crm.example.com" },
  { "  https://crm.example.com \n", "https://crm.example.com" },
  { "HTTPS://CRM.Example.COM/", "https://crm.example.com" },
  { "https://crm.example.com.", "https://crm.example.com" },
  { "https://crm.example.com:443", "https://crm.example.com" },
  { "https://crm.example.com:8443/", "https://crm.example.com:8443" },
  { "crm.example.com", "https://crm.example.com" },
  { "crm.example.com:8443", "https://crm.example.com:8443" },
  { "crm", "https://crm" },
  { "https://b\xc3\xbc"
    "cher.example",
    "https://xn--bcher-kva.example" },
  { "https://192.0.2.7:3000", "https://192.0.2.7:3000" },
  { "https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443" },
  { "[2001:db8:0:0::1]", "https://[2001:db8::1]" },
  { "http://127.0.0.1:3000", "http://127.0.0.1:3000" },
  { "http://127.9.9.9", "http://127.9.9.9" },
  { "127.0.0.1:3000", "http://127.0.0.1:3000" },
  { "localhost:3000", "http://localhost:3000" },
  { "http://localhost:80/", "http://localhost" },
  { "https://localhost:443", "https://localhost" },
  { "http://[::1]:3000", "http://[::1]:3000" },
  { "[::1]", "http://[::1]" },
  /* cleartext beyond this computer */
  { "http://crm.example.com", NULL },
  { "http://192.0.2.7", NULL },
  { "http://localhost.example.com", NULL },
  { "http://127.0.0.1.example.com", NULL },
  { "http://[2001:db8::1]", NULL },
  { "http://0.0.0.0", NULL },
  /* numbers that programs read differently */
  { "http://127.1", NULL },
  { "http://2130706433", NULL },
  { "http://0x7f.0.0.1", NULL },
  { "http://0x7f000001", NULL },
  { "https://256.1.1.1", NULL },
  /* more than a server's name */
  { "https://user@crm.example.com", NULL },
  { "https://user:secret@crm.example.com", NULL },
  { "https://crm.example.com@evil.example", NULL },
  { "https://crm.example.com/login", NULL },
  { "https://crm.example.com//", NULL },
  { "https://crm.example.com?x=1", NULL },
  { "https://crm.example.com/#a", NULL },
  /* ports */
  { "https://crm.example.com:", NULL },
  { "https://crm.example.com:0", NULL },
  { "https://crm.example.com:65536", NULL },
  { "https://crm.example.com:-1", NULL },
  { "https://crm.example.com:80:80", NULL },
  { "https://crm.example.com:8o", NULL },
  /* other schemes */
  { "javascript:alert(1)", NULL },
  { "javascript://crm.example.com", NULL },
  { "file:///etc/passwd", NULL },
  { "file:/etc/passwd", NULL },
  { "ftp://crm.example.com", NULL },
  { "ws://crm.example.com", NULL },
  { "mailto:a@crm.example.com", NULL },
  { "://crm.example.com", NULL },
  { "//crm.example.com", NULL },
  /* no name at all, or not one */
  { "", NULL },
  { "   ", NULL },
  { "https://", NULL },
  { "https:///", NULL },
  { "https://.", NULL },
  { "https://crm..example.com", NULL },
  { "https://-crm.example.com", NULL },
  { "https://crm example.com", NULL },
  { "https://crm.example.com\r\nX-Evil: 1", NULL },
  { "https://crm\texample.com", NULL },
  { "https://exa%6dple.com", NULL },
  { "https://crm.example.com\\@evil.example", NULL },
  { "https://[::1", NULL },
  { "https://[::1]x", NULL },
  { "https://[127.0.0.1]", NULL },
  { "https://[fe80::1%25eth0]", NULL },
  { "https://\xff\xfe", NULL },
};

static void
test_table(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *origin = prg_twenty_parse_origin(cases[i].text, &error);
    g_test_message("case %u", (guint)i);
    g_assert_cmpstr(origin, ==, cases[i].origin);
    if (origin == NULL)
      g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  }
}

/* What comes out goes in again unchanged: the origin is a key of stores and keyrings. */
static void
test_stable(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    if (cases[i].origin == NULL)
      continue;
    g_autofree char *again = prg_twenty_parse_origin(cases[i].origin, NULL);
    g_assert_cmpstr(again, ==, cases[i].origin);
  }
}

/* A password in the address must not come back in the message. */
static void
test_no_secret(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(prg_twenty_parse_origin("https://user:hunter2secret@crm.example.com", &error));
  g_assert_null(g_strstr_len(error->message, -1, "hunter2secret"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/twenty/origin/table", test_table);
  g_test_add_func("/twenty/origin/stable", test_stable);
  g_test_add_func("/twenty/origin/no-secret", test_no_secret);
  return g_test_run();
}
