// Panels of a wall on TCP ports of the loopback address, each answering so long after a request had come (Samsung MDC, address 1 each).
//   panels LATENCY_MICROSECONDS ANSWERING MUTE HOLES
// Prints all ports in one line: those that answer, those that accept and never do, and those that take no connection and refuse none (their
// queue is full). Ends with its standard input.
#define _GNU_SOURCE
#include "mdc.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { MOST = 1024 };

struct panel { unsigned char on, input, wall, layout[2], mode; int is_mute; };
struct answer { int64_t due; int slot; unsigned serial; int count; unsigned char bytes[24]; };

// Listeners first, then standard input, then connections; -1 where there is none.
static int descriptors[MOST], waiting;
static struct panel panels[MOST];
// Of a connection: whose it is, what came of a request so far, and which connection of its slot it is.
static struct { int panel, count; unsigned serial; unsigned char held[300]; } links[MOST];
static int listeners, slots;
// All answers take equally long: the oldest is the next.
static struct answer queue[MOST * 4];
static unsigned first, last;
static int64_t latency;

static int put(unsigned char *to, const char *text) {
  int count = (int)strlen(text);
  memcpy(to, text, (size_t)count);
  return count;
}

// What is read; -1: it has nothing like that.
static int value_of(const struct panel *panel, int command, unsigned char *to) {
  switch (command) {
  case 0x00: return memcpy(to, (unsigned char[]){panel->on, 255, 255, panel->input, 16, 0, 0}, 7), 7;
  case 0x0D: return memcpy(to, (unsigned char[]){0, 0, 2, 0, 42, 0}, 6), 6;
  case 0x0E: return put(to, "1010.3");
  case 0x11: return to[0] = panel->on, 1;
  case 0x14: return to[0] = panel->input, 1;
  case 0x5C: return panel->wall ? (to[0] = panel->mode, 1) : -1;
  case 0x67: return put(to, "panel");
  case 0x83: return memcpy(to, (unsigned char[]){0x17, 0x70}, 2), 2;
  case 0x84: return to[0] = panel->wall, 1;
  case 0x89: return panel->wall ? (memcpy(to, panel->layout, 2), 2) : -1;
  case 0x8A: return put(to, "QM55B");
  default: return -1;
  }
}

static int set_value(struct panel *panel, int command, const unsigned char *data, int count) {
  if (command == 0x14 && count == 1) panel->input = data[0];
  else if (command == 0x84 && count == 1 && data[0] < 2) panel->wall = data[0];
  else if (command == 0x89 && count == 2 && panel->wall) memcpy(panel->layout, data, 2);
  else if (command == 0x5C && count == 1 && panel->wall && data[0] < 2) panel->mode = data[0];
  else return 0;
  return 1;
}

static void answer_request(int slot, const unsigned char *request, int64_t now) {
  struct panel *panel = &panels[links[slot].panel];
  struct answer *answer = &queue[last % (MOST * 4)];
  unsigned char body[16] = {'A', request[1]};
  int length = request[3], count;
  if (panel->is_mute || request[2] != 1 || last - first == MOST * 4) return;
  if (length == 0) count = value_of(panel, request[1], body + 2);
  else if (length <= 2 && set_value(panel, request[1], request + 4, length)) count = put_bytes(body + 2, request + 4, length);
  else count = -1;
  if (count < 0) body[0] = 'N', body[2] = 1, count = 1;
  *answer = (struct answer){now + latency, slot, links[slot].serial, 0, {0}};
  answer->count = mdc_frame(answer->bytes, 0xFF, 1, body, count + 2);
  last++;
}

static void watch(int slot, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)slot};
  descriptors[slot] = descriptor;
  if (epoll_ctl(waiting, EPOLL_CTL_ADD, descriptor, &event) < 0) exit(1);
}

static void drop(int slot) {
  close(descriptors[slot]);
  descriptors[slot] = -1;
  links[slot].serial++;
}

static void take_connection(int listener) {
  int client = accept(descriptors[listener], NULL, NULL), slot = listeners, one = 1;
  if (client < 0) return;
  while (slot < slots && descriptors[slot] >= 0) slot++;
  if (slot == MOST) { close(client); return; }
  if (slot == slots) slots++;
  fcntl(client, F_SETFL, O_NONBLOCK);
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  watch(slot, client);
  links[slot].panel = listener;
  links[slot].count = 0;
}

static void read_requests(int slot, int64_t now) {
  unsigned char *held = links[slot].held;
  ssize_t count = read(descriptors[slot], held + links[slot].count, sizeof links[slot].held - (size_t)links[slot].count);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return drop(slot);
  links[slot].count += (int)count;
  for (;;) {
    int have = links[slot].count, length = have > 3 ? 5 + held[3] : 5;
    if (have > 0 && held[0] != 0xAA) return drop(slot);
    if (have < length) return;
    if (sum(held + 1, length - 2) != held[length - 1]) return drop(slot);
    answer_request(slot, held, now);
    memmove(held, held + length, (size_t)(have - length));
    links[slot].count = have - length;
  }
}

static int listen_at(int backlog, int *port) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (void *)&address, length) < 0 || listen(listener, backlog) < 0) exit(1);
  getsockname(listener, (void *)&address, &length);
  *port = ntohs(address.sin_port);
  return listener;
}

// A queue of one place, taken: what else comes is neither let in nor turned away.
static void fill(int port) {
  for (int index = 0; index < 2; index++) {
    struct sockaddr_in address = loopback(port);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client < 0 || (connect(client, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS)) exit(1);
  }
}

int main(int argc, char **argv) {
  struct rlimit files = {MOST * 2, MOST * 2};
  if (argc != 5) return 2;
  latency = atol(argv[1]) * 1000;
  waiting = epoll_create1(0);
  int answering = atoi(argv[2]), mute = atoi(argv[3]), holes = atoi(argv[4]), port;
  if (answering + mute + holes > 300) return 2;
  setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  for (int index = 0; index < answering + mute; index++) {
    watch(index, listen_at(16, &port));
    panels[index] = (struct panel){1, 0x21, 0, {0x11, 1}, 0, index >= answering};
    printf("%d ", port);
  }
  listeners = answering + mute;
  for (int index = 0; index < holes; index++) {
    listen_at(0, &port);
    fill(port);
    printf("%d ", port);
  }
  printf("\n");
  fflush(stdout);
  int input = listeners++;
  slots = listeners;
  watch(input, 0);
  for (;;) {
    struct epoll_event found[64];
    int64_t rest = first == last ? 1000000000 : queue[first % (MOST * 4)].due - nanoseconds();
    struct timespec limit = {rest > 0 ? rest / 1000000000 : 0, rest > 0 ? rest % 1000000000 : 0};
    int count = epoll_pwait2(waiting, found, 64, &limit, NULL);
    if (count < 0 && errno != EINTR) return 1;
    int64_t now = nanoseconds();
    for (int index = 0; index < count; index++) {
      int slot = (int)found[index].data.u32;
      char line[64];
      if (slot > input) { if (descriptors[slot] >= 0) read_requests(slot, now); }
      else if (slot < input) take_connection(slot);
      else if (read(0, line, sizeof line) <= 0) return 0;
    }
    while (first != last && queue[first % (MOST * 4)].due <= nanoseconds()) {
      struct answer *answer = &queue[first++ % (MOST * 4)];
      if (links[answer->slot].serial != answer->serial || descriptors[answer->slot] < 0) continue;
      if (send(descriptors[answer->slot], answer->bytes, (size_t)answer->count, MSG_NOSIGNAL) != answer->count) drop(answer->slot);
    }
  }
}
