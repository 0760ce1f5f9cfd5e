#ifndef LINLI_SERIAL_SHIM_H
#define LINLI_SERIAL_SHIM_H

// libserialport, and the kernel interfaces that Swift cannot import by itself (variadic ioctl(2) and prctl(2), request numbers that are
// macros of expressions, and termios2, whose header collides with <termios.h>).

#include <libserialport.h>
#include <linux/serial.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <termios.h>
#include <time.h>

/// struct termios2 of the kernel (asm-generic/termbits.h), which alone tells the line speed as a number.
struct linli_termios2 {
  unsigned int input_flags;
  unsigned int output_flags;
  unsigned int control_flags;
  unsigned int local_flags;
  unsigned char line_discipline;
  unsigned char control_characters[19];
  unsigned int input_speed;
  unsigned int output_speed;
};

static inline int linli_read_termios2(int fd, struct linli_termios2 *settings) {
  return ioctl(fd, _IOR('T', 0x2A, struct linli_termios2), settings);
}

/// Lets the other side of a pseudo-terminal be opened and tells its number (/dev/pts/number).
static inline int linli_unlock_pseudo_terminal(int fd, unsigned int *number) {
  int locked = 0;
  if (ioctl(fd, TIOCSPTLCK, &locked) < 0) return -1;
  return ioctl(fd, TIOCGPTN, number);
}

static inline int linli_set_exclusive(int fd, int on) { return ioctl(fd, on ? TIOCEXCL : TIOCNXCL); }

static inline int linli_set_break(int fd, int on) { return ioctl(fd, on ? TIOCSBRK : TIOCCBRK); }

static inline int linli_unsent_bytes(int fd, int *count) { return ioctl(fd, TIOCOUTQ, count); }

/// Asks the driver to hand over each byte at once; -1 where it has no such switch.
static inline int linli_set_low_latency(int fd) {
  struct serial_struct state;
  if (ioctl(fd, TIOCGSERIAL, &state) < 0) return -1;
  if (state.flags & ASYNC_LOW_LATENCY) return 0;
  state.flags |= ASYNC_LOW_LATENCY;
  return ioctl(fd, TIOCSSERIAL, &state);
}

static inline int linli_read_rs485(int fd, struct serial_rs485 *settings) { return ioctl(fd, TIOCGRS485, settings); }

static inline int linli_write_rs485(int fd, const struct serial_rs485 *settings) { return ioctl(fd, TIOCSRS485, settings); }

/// glibc declares ppoll(2) only for GNU sources, which Swift's view of it is not.
extern int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *signals);

static inline int linli_wait(struct pollfd *descriptors, nfds_t count, const struct timespec *limit) {
  return ppoll(descriptors, count, limit, 0);
}

/// accept4(2) and the spawn action are declared for GNU sources only, too. A connection that is no child's from its first moment, as another
/// thread may start a program at any time.
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

static inline int linli_accept(int listener, int flags) { return accept4(listener, 0, 0, flags | SOCK_CLOEXEC); }

extern int pipe2(int ends[2], int flags);

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// The slack that the kernel may add to this thread's timed waits.
static inline int linli_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

#endif
