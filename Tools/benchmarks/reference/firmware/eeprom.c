// A 64 KiB EEPROM (AT24C512) at I2C address 0x50 as stable memory; below lies the processor's own flash, which is only read. It has no
// erasure: FF is written, and only where something else stands. Pages of 128 bytes, 5 ms a write.
#include "lm3s6965.h"

#define BASE 0x80000000u
#define BYTES 0x10000u
#define DEVICE 0x50u
#define CHUNK 64u
#define PAGE 1024u
#define WINDOW 32u
#define PATIENCE_MS 50
enum { RUN = 1, START = 2, STOP = 4, ACKNOWLEDGE = 8 };
enum { IS_BUSY = 1, HAS_FAILED = 2 };
enum { IDLE, SETTLING, DUE, FAILED };

static uint8_t step;
static bool is_erasing, is_waiting;
static uint8_t data[CHUNK];
static uint32_t address, end, first;
static uint32_t since;
// The last bytes that were read: one bus transfer for a row of reads.
static uint8_t window[WINDOW];
static uint32_t window_at = 0xFFFFFFFF;

void eeprom_open(void) {
  AFSEL(PORT_B) |= 3 << 2;
  ODR(PORT_B) |= 1 << 3;
  DEN(PORT_B) |= 3 << 2;
  I2CMCR = 1 << 4;
  // SCL = clock / (2 * 10 * (TPR + 1)): 357 kHz.
  I2CMTPR = 6;
}

// One step on the bus; false when nobody acknowledged or it took too long.
static bool bus_step(uint32_t command) {
  I2CMCS = command;
  // A byte takes 25 us.
  unsigned patience = 20000;
  uint32_t status = I2CMCS;
  while ((status & IS_BUSY) && patience--) status = I2CMCS;
  if (!(status & (IS_BUSY | HAS_FAILED))) return true;
  I2CMCS = STOP;
  return false;
}

static bool send(uint8_t byte, uint32_t command) {
  I2CMDR = byte;
  return bus_step(command);
}

static bool select(uint32_t at, bool is_last) {
  I2CMSA = DEVICE << 1;
  return send((uint8_t)(at >> 8), START | RUN) && send((uint8_t)at, is_last ? STOP | RUN : RUN);
}

static bool fetch(uint32_t offset) {
  window_at = 0xFFFFFFFF;
  if (!select(offset, false)) return false;
  I2CMSA = DEVICE << 1 | 1;
  for (unsigned index = 0; index < WINDOW; index++) {
    if (!bus_step(RUN | (index == 0 ? START : 0) | (index == WINDOW - 1 ? STOP : ACKNOWLEDGE))) return false;
    window[index] = (uint8_t)I2CMDR;
  }
  window_at = offset;
  return true;
}

uint8_t memory_read(uint32_t at) {
  if (at < BASE) return at < 0x40000 ? *(const uint8_t *)at : 0xFF;
  uint32_t offset = at - BASE;
  if (offset >= BYTES) return 0xFF;
  // A chip that does not answer reads as FF, which no record is; the next read asks it again.
  if ((offset & ~(WINDOW - 1)) != window_at && !fetch(offset & ~(WINDOW - 1))) return 0xFF;
  return window[offset & (WINDOW - 1)];
}

static void begin(uint32_t at, uint32_t length, bool erases) {
  address = first = at - BASE;
  bool fits = at >= BASE && address < BYTES && length <= BYTES - address;
  end = fits ? address + length : address;
  is_erasing = erases;
  window_at = 0xFFFFFFFF;
  is_waiting = false;
  step = erases || fits ? DUE : FAILED;
}

void memory_erase(uint32_t page) { begin(page, PAGE, true); }

void memory_write(const uint8_t *bytes, unsigned count, uint32_t at) {
  for (unsigned index = 0; index < count; index++) data[index] = bytes[index];
  begin(at, count, false);
}

static bool is_blank(void) {
  for (unsigned index = 0; index < CHUNK; index++)
    if (memory_read(BASE + address + index) != 0xFF) return false;
  return true;
}

// Sends the next chunk, which ends where a page of the chip ends.
static void put(void) {
  while (is_erasing && address < end && is_blank()) address += CHUNK;
  if (address >= end) {
    step = IDLE;
    return;
  }
  uint32_t count = CHUNK - (address & (CHUNK - 1));
  if (count > end - address) count = end - address;
  step = FAILED;
  if (!select(address, false)) return;
  for (uint32_t index = 0; index < count; index++) {
    uint8_t byte = is_erasing ? 0xFF : data[address - first + index];
    if (!send(byte, index + 1 == count ? STOP | RUN : RUN)) return;
  }
  address += count;
  window_at = 0xFFFFFFFF;
  step = SETTLING;
}

int memory_finished(void) {
  switch (step) {
    case FAILED: step = IDLE; return MEMORY_FAILED;
    case SETTLING:
      // While the chip writes it does not acknowledge its address.
      if (!select(0, true)) {
        if (is_waiting && reached(since + PATIENCE_MS + 1)) step = FAILED;
        if (!is_waiting) since = now;
        is_waiting = true;
        return MEMORY_BUSY;
      }
      is_waiting = false;
      if (address < end) {
        step = DUE;
        return MEMORY_BUSY;
      }
      step = IDLE;
      return MEMORY_DONE;
    case DUE:
      put();
      return step == IDLE ? MEMORY_DONE : MEMORY_BUSY;
    default: return MEMORY_BUSY;
  }
}
