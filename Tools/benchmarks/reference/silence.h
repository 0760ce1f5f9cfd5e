// What every reference master needs: the silence between frames, and the check sum.
#include <sys/prctl.h>
#include <time.h>

// 3.5 characters of 11 bits, 1,750 us above 19,200 baud: the same that is asked of the station.
static long silence_of(int baud) { return baud > 19200 ? 1750 : (38500000 + baud - 1) / baud; }

static void silence(long microseconds) {
  struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

// Without this the kernel may add 50 us to each sleep; the station asks for the same.
static void sharpen(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

static inline unsigned crc(const unsigned char *bytes, int length) {
  unsigned sum = 0xFFFF;
  for (int index = 0; index < length; index++) {
    sum ^= bytes[index];
    for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >> 1 ^ 0xA001 : sum >> 1;
  }
  return sum;
}
