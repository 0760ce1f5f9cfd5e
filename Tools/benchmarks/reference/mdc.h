// What the references of the wall share: frames of Samsung MDC, time, addresses.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline unsigned char sum(const unsigned char *bytes, int count) {
  unsigned char total = 0;
  for (int index = 0; index < count; index++) total += bytes[index];
  return total;
}

static inline int put_bytes(unsigned char *to, const unsigned char *bytes, int count) {
  memcpy(to, bytes, (size_t)count);
  return count;
}

// AA CMD ID LEN DATA CHK; answers its length.
static inline int mdc_frame(unsigned char *to, int command, int id, const unsigned char *data, int count) {
  to[0] = 0xAA;
  to[1] = (unsigned char)command;
  to[2] = (unsigned char)id;
  to[3] = (unsigned char)count;
  memcpy(to + 4, data, (size_t)count);
  to[4 + count] = sum(to + 1, 3 + count);
  return 5 + count;
}

static inline int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}
