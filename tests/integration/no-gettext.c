/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into a desktop program beside the sanitizers' library, which leaves glibc's lock of message catalogues in a state
 * that nobody can take it in: then the program stands still before main(). Nothing is translated, and nothing locked. */
#define SHIM __attribute__((visibility("default")))

SHIM char *bindtextdomain(const char *domain, const char *folder);
SHIM char *bind_textdomain_codeset(const char *domain, const char *codeset);
SHIM char *gettext(const char *text);
SHIM char *dgettext(const char *domain, const char *text);
SHIM char *dcgettext(const char *domain, const char *text, int category);
SHIM char *ngettext(const char *one, const char *many, unsigned long n);
SHIM char *dngettext(const char *domain, const char *one, const char *many, unsigned long n);

char *
bindtextdomain(const char *domain, const char *folder)
{
  return (char *)folder;
}

char *
bind_textdomain_codeset(const char *domain, const char *codeset)
{
  return (char *)codeset;
}

char *
gettext(const char *text)
{
  return (char *)text;
}

char *
dgettext(const char *domain, const char *text)
{
  return (char *)text;
}

char *
dcgettext(const char *domain, const char *text, int category)
{
  return (char *)text;
}

char *
ngettext(const char *one, const char *many, unsigned long n)
{
  return (char *)(n == 1 ? one : many);
}

char *
dngettext(const char *domain, const char *one, const char *many, unsigned long n)
{
  return (char *)(n == 1 ? one : many);
}
