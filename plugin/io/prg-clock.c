/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-clock.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ZONE_DIR "/usr/share/zoneinfo/"

gint64
prg_clock_wall(void)
{
  return g_get_real_time();
}

gint64
prg_clock_monotonic(void)
{
  struct timespec now;

  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
    return g_get_monotonic_time();
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

GTimeZone *
prg_clock_zone(void)
{
  return g_time_zone_new_local();
}

/* Whether @name stands in the zone database. $TZ and /etc/timezone hold what people typed there: a POSIX rule
 * such as "CET-1CEST", a path, or nothing. */
static gboolean
is_iana_name(const char *name)
{
  g_autofree char *path = NULL;

  if (name == NULL || !g_ascii_isalpha(name[0]) || strstr(name, "..") != NULL)
    return FALSE;
  path = g_build_filename(ZONE_DIR, name, NULL);
  return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* (transfer full) (nullable) */
static char *
debian_zone_name(void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents("/etc/timezone", &text, NULL, NULL))
    return NULL;
  return g_strdup(g_strstrip(text));
}

/* (transfer full) (nullable): what /etc/localtime links to */
static char *
linked_zone_name(void)
{
  g_autofree char *target = g_file_read_link("/etc/localtime", NULL);
  const char *zone = target == NULL ? NULL : strstr(target, "/zoneinfo/");

  return zone == NULL ? NULL : g_strdup(zone + strlen("/zoneinfo/"));
}

char *
prg_clock_zone_name(void)
{
  const char *environment = g_getenv("TZ");
  g_autofree char *linked = linked_zone_name();
  g_autofree char *written = debian_zone_name();

  /* A set TZ decides alone, as it does for the C library: the system's zone must not name days that it does
   * not count. */
  if (environment != NULL) {
    environment += environment[0] == ':' ? 1 : 0;
    return g_strdup(is_iana_name(environment) ? environment : "UTC");
  }
  if (is_iana_name(linked))
    return g_steal_pointer(&linked);
  if (is_iana_name(written))
    return g_steal_pointer(&written);
  return g_strdup("UTC");
}

/* ---- an alarm ---- */

typedef struct {
  GSource source;
  int fd; /* (owned) -1 = none */
} Alarm;

static gboolean
alarm_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
  Alarm *self = (Alarm *)source;
  guint64 expirations;

  /* Fails with ECANCELED when the clock was set; either way it was read. */
  if (self->fd >= 0 && read(self->fd, &expirations, sizeof expirations) < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  return callback ? callback(user_data) : G_SOURCE_REMOVE;
}

static void
alarm_finalize(GSource *source)
{
  Alarm *self = (Alarm *)source;

  if (self->fd >= 0)
    close(self->fd);
}

/* A timer of GLib's counts the time that the machine is awake, whatever the wall clock says. */
GSource *
prg_clock_alarm_new(gint64 at)
{
  static GSourceFuncs funcs = { .dispatch = alarm_dispatch, .finalize = alarm_finalize };
  GSource *source = g_source_new(&funcs, sizeof(Alarm));
  Alarm *self = (Alarm *)source;
  /* 0 would switch the timer off. */
  const struct itimerspec when = { .it_value = { .tv_sec = MAX(at / G_USEC_PER_SEC, 1),
                                                 .tv_nsec = at % G_USEC_PER_SEC * 1000 } };

  self->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->fd >= 0 &&
      timerfd_settime(self->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) == 0) {
    g_source_add_unix_fd(source, self->fd, G_IO_IN);
  } else {
    /* Only a filter of system calls gets here. */
    g_source_set_ready_time(source, prg_clock_monotonic() + MAX(at - prg_clock_wall(), 0));
  }
  g_source_set_static_name(source, "[progression] alarm");
  return source;
}

guint64
prg_clock_random(void)
{
  guint64 bits = 0;
  ssize_t n;

  do
    n = getrandom(&bits, sizeof bits, 0);
  while (n < 0 && errno == EINTR);
  /* Only a kernel without getrandom() or a filter of system calls gets here. */
  if (n != sizeof bits)
    bits = ((guint64)g_random_int() << 32) | g_random_int();
  return bits;
}

char *
prg_clock_uuid(void)
{
  return g_uuid_string_random();
}
