// One small record that survives every cut of power: two pages, written one place after the other, the newest good one counts.
#include "panel.h"

#define RECORD 32
#define TRIES 3
enum { IDLE, DUE, ERASING, WRITING };

static uint32_t page_bytes(void) { return board.layout.page_bytes; }
static uint32_t page_end(uint32_t offset) { return offset < page_bytes() ? page_bytes() : 2 * page_bytes(); }

// CRC-32 (IEEE 802.3), four bits at a time.
uint32_t crc32_byte(uint32_t crc, uint8_t byte) {
  static const uint32_t table[16] = {
      0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
      0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
  };
  crc ^= byte;
  crc = crc >> 4 ^ table[crc & 15];
  return crc >> 4 ^ table[crc & 15];
}

static uint32_t record_sum(const uint8_t *record) {
  uint32_t crc = 0xFFFFFFFF;
  for (unsigned index = 0; index < RECORD - 4; index++) crc = crc32_byte(crc, record[index]);
  return ~crc;
}

// Reads what lies at `offset`; its sequence number when it is a good record, else 0.
static uint32_t read_record(Store *store, uint32_t offset) {
  for (unsigned index = 0; index < RECORD; index++) store->record[index] = memory_read(store->page + offset + index);
  uint32_t number = be32(store->record);
  return record_sum(store->record) == be32(store->record + RECORD - 4) && number != 0xFFFFFFFF ? number : 0;
}

static bool is_blank(const Store *store, uint32_t offset) {
  for (unsigned index = 0; index < RECORD; index++)
    if (memory_read(store->page + offset + index) != 0xFF) return false;
  return true;
}

bool store_load(Store *store, uint32_t page, unsigned *damaged) {
  *store = (Store){.page = page, .result = -1};
  *damaged = 0;
  uint32_t newest = 0;
  for (uint32_t offset = 0; offset < 2 * page_bytes(); offset += RECORD) {
    uint32_t number = read_record(store, offset);
    if (number <= store->sequence) continue;
    newest = offset;
    store->sequence = number;
    for (unsigned index = 0; index < 24; index++) store->payload[index] = store->record[4 + index];
  }
  // Without a record, whatever lies there is of no use: begin with a clean page.
  if (store->sequence == 0) return false;
  uint32_t end = page_end(newest), next = newest + RECORD;
  store->place = end;
  for (; next < end; next += RECORD) {
    if (is_blank(store, next)) {
      if (store->place == end) store->place = next;
    } else {
      ++*damaged;
      store->place = end;
    }
  }
  store->is_erased = store->place < end;
  if (store->is_erased) return true;
  // The page is full: what follows in the other one are old records, or the next ones, none of them whole.
  store->place = end == 2 * page_bytes() ? 0 : end;
  for (next = store->place; next < page_end(store->place) && !is_blank(store, next) && !read_record(store, next); next += RECORD) ++*damaged;
  return true;
}

void store_save(Store *store, const uint8_t payload[24]) {
  for (unsigned index = 0; index < 24; index++) store->payload[index] = payload[index];
  store->result = -1;
  store->tries = 0;
  if (store->step == IDLE) store->step = DUE;
  else store->is_outdated = true;
}

bool store_has_work(const Store *store) { return store->step == DUE; }
bool store_is_busy(const Store *store) { return store->step != IDLE; }

int store_outcome(Store *store) {
  int result = store->result;
  store->result = -1;
  return result;
}

void store_begin(Store *store) {
  store->is_outdated = false;
  if (!store->is_erased) {
    store->step = ERASING;
    memory_erase(store->page + (store->place < page_bytes() ? 0 : page_bytes()));
    return;
  }
  store->step = WRITING;
  put32(store->record, store->sequence + 1);
  for (unsigned index = 0; index < 24; index++) store->record[4 + index] = store->payload[index];
  put32(store->record + RECORD - 4, record_sum(store->record));
  memory_write(store->record, RECORD, store->page + store->place);
}

static void failed(Store *store) {
  if (++store->tries < TRIES) return;
  store->tries = 0;
  store->step = IDLE;
  store->result = 0;
}

void store_finished(Store *store, bool succeeded) {
  if (store->step == ERASING) {
    // An erasure that failed may still have left a place that can be written.
    store->is_erased = true;
    store->step = DUE;
    if (!succeeded) failed(store);
    return;
  }
  if (store->step != WRITING) return;
  for (unsigned index = 0; succeeded && index < RECORD; index++)
    succeeded = memory_read(store->page + store->place + index) == store->record[index];
  store->step = DUE;
  uint32_t end = page_end(store->place);
  store->place += RECORD;
  if (store->place >= end) {
    store->place = end == 2 * page_bytes() ? 0 : end;
    store->is_erased = false;
  }
  if (!succeeded) {
    failed(store);
    return;
  }
  store->sequence++;
  store->tries = 0;
  if (store->is_outdated) return;
  store->step = IDLE;
  store->result = 1;
}
