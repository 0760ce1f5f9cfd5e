// Reference controller of a wall of Samsung MDC panels: sets the part of the picture and the input of all of them, and reads both back.
//   wall parallel|sequential PORT ...    panels on TCP ports of the loopback address, one each, by one poll(2) loop or one after the other
//   wall chain PATH                      16 panels on a serial line at 9,600 baud: sets the input of all, then reads it back of all
// Says "ready". Each line on standard input, 0 or 1, is a layout; it answers with the microseconds and the commands that it took.
// Ends with its standard input.
#define _GNU_SOURCE
#include "mdc.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <termios.h>

enum { MOST = 256, STEPS = 6, CHAIN = 16 };

struct command { unsigned char code, count, data[2]; };
struct panel { int step, count; unsigned char held[300]; };

static struct pollfd lines[MOST];
static struct panel panels[MOST];
static int count;

// Two layouts of which every panel has another part and another input: one picture over 8 x 8, and four over 4 x 4 each.
static struct command step_of(int panel, int layout, int step) {
  unsigned char size = layout ? 0x44 : 0x88, place = (unsigned char)(layout ? panel % 16 + 1 : panel + 1);
  switch (step) {
  case 0: return (struct command){0x89, 2, {size, place}};
  case 1: return (struct command){0x5C, 1, {1, 0}};
  case 2: return (struct command){0x14, 1, {layout ? 0x23 : 0x21, 0}};
  case 3: return (struct command){0x84, 0, {1, 0}};
  case 4: return (struct command){0x89, 0, {size, place}};
  default: return (struct command){0x14, 0, {layout ? 0x23 : 0x21, 0}};
  }
}

static int fail(const char *what) {
  fprintf(stderr, "wall: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void ask(int fd, int id, struct command command) {
  unsigned char frame[16];
  int length = mdc_frame(frame, command.code, id, command.data, command.count);
  if (write(fd, frame, (size_t)length) != length) fail("write");
}

// 1 with a whole answer, which must be yes, and what was set.
static int heard(int fd, struct panel *panel, int id, struct command command) {
  ssize_t length = read(fd, panel->held + panel->count, sizeof panel->held - (size_t)panel->count);
  if (length <= 0) { if (length < 0 && errno == EAGAIN) return 0; fail("read"); }
  panel->count += (int)length;
  unsigned char *held = panel->held;
  if (panel->count < 4 || panel->count < 5 + held[3]) return 0;
  int data = held[3] - 2, whole = panel->count == 5 + held[3];
  if (!whole || held[0] != 0xAA || held[1] != 0xFF || held[2] != id || held[4] != 'A' || held[5] != command.code || data < 1
      || sum(held + 1, panel->count - 2) != held[panel->count - 1] || memcmp(held + 6, command.data, (size_t)data)) {
    errno = EPROTO;
    fail("answer");
  }
  panel->count = 0;
  return 1;
}

static void wait_for(int fd, struct panel *panel, int id, struct command command) {
  struct pollfd one = {fd, POLLIN, 0};
  ask(fd, id, command);
  do if (poll(&one, 1, 10000) <= 0) fail("no answer"); while (!heard(fd, panel, id, command));
}

static void all_at_once(int layout) {
  int open = count;
  for (int index = 0; index < count; index++) {
    panels[index].step = 0;
    ask(lines[index].fd, 1, step_of(index, layout, 0));
  }
  while (open > 0) {
    if (poll(lines, (nfds_t)count, 10000) <= 0) fail("no answer");
    for (int index = 0; index < count; index++) {
      struct panel *panel = &panels[index];
      if (!lines[index].revents || !heard(lines[index].fd, panel, 1, step_of(index, layout, panel->step))) continue;
      if (++panel->step == STEPS) open--;
      else ask(lines[index].fd, 1, step_of(index, layout, panel->step));
    }
  }
}

static void one_after_the_other(int layout) {
  for (int index = 0; index < count; index++)
    for (int step = 0; step < STEPS; step++) wait_for(lines[index].fd, &panels[index], 1, step_of(index, layout, step));
}

static void along_the_chain(int layout) {
  for (int reads = 0; reads < 2; reads++)
    for (int id = 1; id <= CHAIN; id++) wait_for(lines[0].fd, &panels[0], id, step_of(id - 1, layout, reads ? 5 : 2));
}

static int connect_to(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (void *)&address, sizeof address) < 0) fail("connect");
  return fd;
}

static int open_line(const char *path) {
  int fd = open(path, O_RDWR | O_NOCTTY);
  struct termios state;
  if (fd < 0 || tcgetattr(fd, &state) < 0) fail(path);
  cfmakeraw(&state);
  cfsetspeed(&state, B9600);
  state.c_cflag |= CLOCAL | CREAD;
  if (tcsetattr(fd, TCSANOW, &state) < 0) fail(path);
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int is_chain = !strcmp(argv[1], "chain"), is_parallel = !strcmp(argv[1], "parallel");
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (is_chain) {
    lines[count++].fd = open_line(argv[2]);
  } else {
    for (int index = 2; index < argc && count < MOST; index++) {
      lines[count] = (struct pollfd){connect_to(atoi(argv[index])), POLLIN, 0};
      wait_for(lines[count].fd, &panels[count], 1, (struct command){0x84, 1, {1, 0}});
      fcntl(lines[count].fd, F_SETFL, O_NONBLOCK);
      count++;
    }
  }
  printf("ready\n");
  fflush(stdout);
  for (char line[64]; fgets(line, sizeof line, stdin);) {
    int64_t start = nanoseconds();
    if (is_chain) along_the_chain(line[0] == '1');
    else if (is_parallel) all_at_once(line[0] == '1');
    else one_after_the_other(line[0] == '1');
    printf("%lld %d\n", (long long)(nanoseconds() - start) / 1000, is_chain ? 2 * CHAIN : count * STEPS);
    fflush(stdout);
  }
  return 0;
}
