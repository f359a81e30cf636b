/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#define MAX_TOKEN (16 * 1024)

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
  interrupted = number;
}

/* Reads one line; an interrupt ends it, so that the terminal can be put right. */
static gssize
read_line(int tty, char *buffer, gsize size)
{
  gsize length = 0;

  while (length < size && !interrupted) {
    gssize got = read(tty, buffer + length, 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0 || buffer[length] == '\n')
      break;
    length++;
  }
  return interrupted ? -1 : (gssize)length;
}

static gssize
ask(int tty, const char *prompt, char *buffer, gsize size)
{
  struct sigaction action = { .sa_handler = on_interrupt };
  struct sigaction old_interrupt;
  struct sigaction old_terminate;
  struct termios shown;
  struct termios hidden;

  if (tcgetattr(tty, &shown) != 0 || write(tty, prompt, strlen(prompt)) < 0)
    return -1;
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
  hidden = shown;
  hidden.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
  tcsetattr(tty, TCSAFLUSH, &hidden);
  gssize length = read_line(tty, buffer, size);
  tcsetattr(tty, TCSAFLUSH, &shown);
  sigaction(SIGINT, &old_interrupt, NULL);
  sigaction(SIGTERM, &old_terminate, NULL);
  if (write(tty, "\n", 1) < 0)
    length = -1;
  return length;
}

/* A pipe takes 64 KiB without a reader: the whole token fits. */
static int
pipe_with(const char *bytes, gsize length)
{
  int ends[2];

  if (pipe2(ends, O_CLOEXEC) != 0)
    return -1;
  gssize written = write(ends[1], bytes, length);
  close(ends[1]);
  if (written == (gssize)length)
    return ends[0];
  close(ends[0]);
  return -1;
}

/* Ctrl+\ at the prompt would leave what was typed in a file. */
static void
forbid_core_files(void)
{
  const struct rlimit none = { 0, 0 };

  if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
    g_printerr("%s\n", _("Core files cannot be switched off"));
}

/* From the terminal, into a pipe. Returns: -1 if there is none */
static int
ask_for_token(const char *prompt)
{
  char buffer[MAX_TOKEN];
  int fd = -1;

  forbid_core_files();
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  gssize length = tty >= 0 ? ask(tty, prompt, buffer, sizeof buffer) : -1;
  if (length > 0)
    fd = pipe_with(buffer, (gsize)length);
  explicit_bzero(buffer, sizeof buffer);
  if (tty >= 0)
    close(tty);
  return fd;
}

int
prg_cli_open_token(const char *prompt)
{
  int fd = isatty(STDIN_FILENO) ? ask_for_token(prompt) : dup(STDIN_FILENO);

  if (fd < 0)
    g_printerr("%s\n", _("No token was given"));
  return fd;
}
