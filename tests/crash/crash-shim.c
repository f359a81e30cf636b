/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the real service: counts the calls that change something outside the process (files, names,
 * sockets) and, at a chosen one, kills the process or lets the call fail.
 *
 * A test arms it through a small file that both map (PRG_CRASH_CONTROL): so a running service is armed without
 * being asked anything, and the start of the service is not among the places unless it is meant. A shim rather than
 * ptrace: hundreds of kills take minutes, and no thread is stopped that would otherwise run. The calls stand in front
 * of the C library's; SQLite, GLib and libsoup reach the kernel through these names alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The layout is known to tests/crash/crash.py. */
typedef enum { OFF, KILL_BEFORE, KILL_HALF, KILL_AFTER, FAIL } Mode;
typedef enum { DATA = 1, SYNC = 2, NAMES = 4, SOCKETS = 8 } Kind;

typedef struct {
  uint32_t mode;
  uint32_t kinds;    /* which calls count */
  int32_t countdown; /* 1: the next one is the place */
  int32_t code;      /* FAIL: errno */
  uint32_t lasting;  /* FAIL: and every call after it */
  uint32_t seen;     /* calls that counted */
  uint32_t fired;
  int32_t pid;   /* of the process that reached the place */
  char name[32]; /* of the call there */
} Control;

static Control *control;

__attribute__((constructor)) static void
map_control(void)
{
  const char *path = getenv("PRG_CRASH_CONTROL");
  const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
  void *map = fd >= 0 ? mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

  if (fd >= 0)
    close(fd);
  if (map == MAP_FAILED)
    abort(); /* without it the test would prove nothing */
  control = map;
}

static void
die(void)
{
  for (;;)
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

/* What is to be done at this call. */
static Mode
at(Kind kind, const char *name)
{
  const uint32_t mode = control != NULL ? __atomic_load_n(&control->mode, __ATOMIC_SEQ_CST) : OFF;
  int32_t left;

  if (mode == OFF || (control->kinds & kind) == 0)
    return OFF;
  __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&control->fired, __ATOMIC_SEQ_CST))
    return mode == FAIL && control->lasting ? FAIL : OFF;
  left = __atomic_sub_fetch(&control->countdown, 1, __ATOMIC_SEQ_CST);
  if (left != 0)
    return OFF;
  strncpy(control->name, name, sizeof control->name - 1);
  control->pid = (int32_t)syscall(SYS_getpid);
  __atomic_store_n(&control->fired, 1, __ATOMIC_SEQ_CST);
  if (mode == KILL_BEFORE)
    die();
  return mode;
}

/* Regular files, folders and sockets; not the standard streams, and no wake-up of a main loop. */
static Kind
kind_of(int fd, Kind of_file)
{
  struct stat info;

  if (fd <= 2 || fstat(fd, &info) != 0)
    return 0;
  if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
    return of_file;
  return S_ISSOCK(info.st_mode) ? SOCKETS : 0;
}

static long
end(Mode mode, long result)
{
  if (mode == KILL_AFTER || mode == KILL_HALF)
    die();
  return result;
}

static long
fail(void)
{
  errno = control->code;
  return -1;
}

#define PUBLIC __attribute__((visibility("default")))
/* Carries out CALL as the mode wants it. */
#define AROUND(kind, name, call)        \
  do {                                  \
    const Mode mode = at((kind), name); \
                                        \
    if (mode == FAIL)                   \
      return fail();                    \
    return end(mode, (call));           \
  } while (0)
/* The same for a call that may be done by half. */
#define AROUND_BYTES(kind, name, length, call) \
  do {                                         \
    const Mode mode = at((kind), name);        \
                                               \
    if (mode == FAIL)                          \
      return fail();                           \
    if (mode == KILL_HALF)                     \
      (length) /= 2;                           \
    return end(mode, (call));                  \
  } while (0)

/* --- bytes --- */

PUBLIC ssize_t
write(int fd, const void *bytes, size_t length)
{
  AROUND_BYTES(kind_of(fd, DATA), "write", length, syscall(SYS_write, fd, bytes, length));
}

PUBLIC ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
  AROUND_BYTES(kind_of(fd, DATA), "pwrite", length, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

PUBLIC ssize_t
writev(int fd, const struct iovec *parts, int n)
{
  AROUND(kind_of(fd, DATA), "writev", syscall(SYS_writev, fd, parts, n));
}

PUBLIC ssize_t
send(int fd, const void *bytes, size_t length, int flags)
{
  AROUND_BYTES(kind_of(fd, DATA), "send", length, syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0));
}

PUBLIC ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
  AROUND(kind_of(fd, DATA), "sendmsg", syscall(SYS_sendmsg, fd, message, flags));
}

PUBLIC int
ftruncate64(int fd, off64_t length)
{
  AROUND(kind_of(fd, DATA), "ftruncate", (int)syscall(SYS_ftruncate, fd, length));
}

PUBLIC int
fallocate64(int fd, int mode_bits, off64_t offset, off64_t length)
{
  AROUND(kind_of(fd, DATA), "fallocate", (int)syscall(SYS_fallocate, fd, mode_bits, offset, length));
}

/* --- syncs --- */

PUBLIC int
fsync(int fd)
{
  AROUND(kind_of(fd, SYNC), "fsync", (int)syscall(SYS_fsync, fd));
}

PUBLIC int
fdatasync(int fd)
{
  AROUND(kind_of(fd, SYNC), "fdatasync", (int)syscall(SYS_fdatasync, fd));
}

/* --- names --- */

static int
open_at(int folder, const char *path, int flags, mode_t bits)
{
  if ((flags & O_CREAT) == 0 || syscall(SYS_faccessat, folder, path, F_OK) == 0)
    return (int)syscall(SYS_openat, folder, path, flags, bits);
  AROUND(NAMES, "create", (int)syscall(SYS_openat, folder, path, flags, bits));
}

#define WITH_BITS                        \
  va_list rest;                          \
  mode_t bits;                           \
                                         \
  va_start(rest, flags);                 \
  bits = (mode_t)va_arg(rest, unsigned); \
  va_end(rest)

PUBLIC int
open64(const char *path, int flags, ...)
{
  WITH_BITS;
  return open_at(AT_FDCWD, path, flags, bits);
}

PUBLIC int
openat64(int folder, const char *path, int flags, ...)
{
  WITH_BITS;
  return open_at(folder, path, flags, bits);
}

PUBLIC int
rename(const char *from, const char *to)
{
  AROUND(NAMES, "rename", (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

PUBLIC int
link(const char *from, const char *to)
{
  AROUND(NAMES, "link", (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

PUBLIC int
unlink(const char *path)
{
  AROUND(NAMES, "unlink", (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

PUBLIC int
mkdir(const char *path, mode_t bits)
{
  AROUND(NAMES, "mkdir", (int)syscall(SYS_mkdirat, AT_FDCWD, path, bits));
}

PUBLIC int
fchmod(int fd, mode_t bits)
{
  AROUND(kind_of(fd, NAMES), "fchmod", (int)syscall(SYS_fchmod, fd, bits));
}

PUBLIC int
chmod(const char *path, mode_t bits)
{
  AROUND(NAMES, "chmod", (int)syscall(SYS_fchmodat, AT_FDCWD, path, bits));
}
