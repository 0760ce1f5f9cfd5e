// Reference masters for one line with 16 nodes at addresses 1 to 16: each transaction reads one input register, 8 bytes asked, 7 answered.
//   line libmodbus|bare|termios PATH BAUD COUNT [PAUSE_MICROSECONDS]
// libmodbus: as its manual shows, with the silence of t3.5 kept by a sleep after each answer.
// bare:      libmodbus as shipped, which keeps no silence.
// termios:   plain read(2) and write(2) with VMIN, and the same sleep.
// PAUSE is waited for instead of t3.5, for a line that is polled slowly.
#include "silence.h"
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int fail(const char *what) {
  fprintf(stderr, "line: %s: %s\n", what, modbus_strerror(errno));
  return 1;
}

static int run_libmodbus(const char *path, int baud, long count, long pause, int keeps_silence) {
  modbus_t *bus = modbus_new_rtu(path, baud, 'N', 8, 1);
  uint16_t word;
  if (!bus || modbus_set_response_timeout(bus, 0, 300000) < 0 || modbus_connect(bus) < 0) return fail(path);
  for (long index = 0; index < count; index++) {
    modbus_set_slave(bus, (int)(index % 16) + 1);
    // On a busy machine the other end may be late once in a while: asked again, as a station would.
    for (int tries = 0; modbus_read_input_registers(bus, 0x100 + (int)(index & 15), 1, &word) != 1; tries++) {
      if (tries == 10) return fail("answer");
      modbus_flush(bus);
      silence(20000);
    }
    if (keeps_silence) silence(pause);
  }
  modbus_close(bus);
  modbus_free(bus);
  return 0;
}

static int run_termios(const char *path, int baud, long count, long pause) {
  int line = open(path, O_RDWR | O_NOCTTY);
  struct termios state;
  if (line < 0 || tcgetattr(line, &state) < 0) return fail(path);
  cfmakeraw(&state);
  cfsetspeed(&state, baud == 9600 ? B9600 : baud == 19200 ? B19200 : B115200);
  state.c_cflag |= CLOCAL | CREAD;
  state.c_cc[VMIN] = 7;
  state.c_cc[VTIME] = 0;
  if (tcsetattr(line, TCSANOW, &state) < 0) return fail(path);
  for (long index = 0; index < count; index++) {
    unsigned char request[8] = {index % 16 + 1, 4, 1, index & 15, 0, 1}, answer[7];
    unsigned sum = crc(request, 6);
    request[6] = sum & 0xFF;
    request[7] = sum >> 8;
    if (write(line, request, 8) != 8) return fail("write");
    if (read(line, answer, 7) != 7 || answer[0] != request[0] || crc(answer, 7) != 0) return fail("answer");
    silence(pause);
  }
  close(line);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int baud = atoi(argv[3]);
  long count = atol(argv[4]), pause = argc > 5 ? atol(argv[5]) : silence_of(baud);
  sharpen();
  if (!strcmp(argv[1], "libmodbus")) return run_libmodbus(argv[2], baud, count, pause, 1);
  if (!strcmp(argv[1], "bare")) return run_libmodbus(argv[2], baud, count, pause, 0);
  if (!strcmp(argv[1], "termios")) return run_termios(argv[2], baud, count, pause);
  return 2;
}
