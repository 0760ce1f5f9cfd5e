// Reference server of event streams: one thread, poll(2), and a write(2) of the same bytes to every connection.
//   fanout FILE
// Prints its port. Each line on standard input sends the file's bytes to all; it answers with the monotonic time in microseconds at which it
// began. Ends with its standard input.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096 };
static struct pollfd wanted[MOST];
static nfds_t count = 2;
static char frame[1 << 20];
static size_t frame_bytes;
static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n";

static void drop(nfds_t index) {
  close(wanted[index].fd);
  wanted[index] = wanted[--count];
}

static void take_connection(void) {
  int client = accept(wanted[1].fd, NULL, NULL), room = 192 * 1024;
  if (client < 0 || count == MOST) return;
  // As the station's server has it: the largest event fits, so that no write waits.
  setsockopt(client, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  fcntl(client, F_SETFL, O_NONBLOCK);
  wanted[count++] = (struct pollfd){client, POLLIN, 0};
}

static void read_request(nfds_t index) {
  char bytes[4096];
  if (read(wanted[index].fd, bytes, sizeof bytes) <= 0) drop(index);
  else if (write(wanted[index].fd, head, sizeof head - 1) < 0) drop(index);
}

static void send_all(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  for (nfds_t index = count; index-- > 2;) {
    if (write(wanted[index].fd, frame, frame_bytes) != (ssize_t)frame_bytes) drop(index);
  }
  printf("%lld\n", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
  fflush(stdout);
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  struct rlimit files = {MOST, MOST};
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (!file || listener < 0) return 1;
  frame_bytes = fread(frame, 1, sizeof frame, file);
  setrlimit(RLIMIT_NOFILE, &files);
  if (bind(listener, (void *)&address, sizeof address) < 0 || listen(listener, 1024) < 0) return 1;
  getsockname(listener, (void *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  wanted[0] = (struct pollfd){0, POLLIN, 0};
  wanted[1] = (struct pollfd){listener, POLLIN, 0};
  while (poll(wanted, count, -1) > 0) {
    char line[64];
    for (nfds_t index = count; index-- > 2;) if (wanted[index].revents) read_request(index);
    if (wanted[1].revents) take_connection();
    if (!wanted[0].revents) continue;
    if (read(0, line, sizeof line) <= 0) return 0;
    send_all();
  }
  return 1;
}
