// Takes an image block by block into the other slot, verifies it in slices, and writes its header last.
#include "panel.h"

#define PATIENCE_MS 600000
#define HASHED_PER_SLICE 32
#define PAYLOAD 0x200
enum { NONE, BOARD, LENGTH, SLOT, HEADER, HASH, SIGNATURE, MEMORY, ABORTED, NO_BOOT_LOADER, TRIAL };
enum { VERIFY = 1, ACTIVATE, ABORT };
enum { IDLE, WAITING, ERASE_DUE, ERASING, WRITE_DUE, WRITING, SIGNATURE_DUE, SIGNING, HASHING, HEADER_DUE, HEADER_WRITING };

Update update;
static uint8_t step;
static bool restart_due;
static uint8_t header[128];
static uint8_t chunk[64];
static bool has_chunk;
static uint32_t address;
static uint32_t hashed;
static SHA256 hash;
static uint32_t heard_at;

uint32_t slot_address(uint16_t slot) { return slot == 0 ? board.layout.slot0 : board.layout.slot1; }

int header_mismatch(const uint8_t head[128], uint16_t slot) {
  if (be32(head) != 0x4C4E4C46 || be16(head + 4) != 1) return HEADER;
  uint32_t length = be32(head + 12);
  uint32_t capacity = board.layout.slot_bytes > PAYLOAD ? board.layout.slot_bytes - PAYLOAD : 0;
  if (be16(head + 6) != board.number) return BOARD;
  if (length == 0 || length > capacity || (length & 3)) return LENGTH;
  return be16(head + 16) != slot && be16(head + 16) != 0xFFFF ? SLOT : NONE;
}

static bool uses_memory(void) { return step == ERASING || step == WRITING || step == HEADER_WRITING; }

static void fail(uint16_t refusal) {
  update.state = UPDATE_FAILED;
  update.refusal = refusal;
  // An operation of the memory that runs is waited for.
  if (!uses_memory()) step = IDLE;
}

void update_start(uint16_t running) {
  update.slot = running <= 1 && board.layout.slot_bytes > 0 ? (uint16_t)(1 - running) : NO_SLOT;
}

void update_begin(const uint8_t bytes[128]) {
  if (update.slot == NO_SLOT) return fail(NO_BOOT_LOADER);
  // The other slot holds what would have to come back.
  if (update.on_trial) return fail(TRIAL);
  // A new image would be told of while the old one is being started.
  if (update.wants_activation) return;
  int mismatch = header_mismatch(bytes, update.slot);
  if (mismatch) return fail((uint16_t)mismatch);
  // Built with test hooks: it belongs into no building.
  if (be16(bytes + 18) & 1) return fail(BOARD);
  for (unsigned index = 0; index < sizeof header; index++) header[index] = bytes[index];
  heard_at = now;
  update.state = UPDATE_RECEIVING;
  update.refusal = NONE;
  update.next_block = 0;
  update.blocks = (uint16_t)((be32(header + 12) + 63) >> 6);
  update.percent = 0;
  has_chunk = false;
  if (uses_memory()) restart_due = true;
  else step = SIGNATURE_DUE;
}

bool update_is_ready(void) { return step == WAITING; }

static void set_chunk(const uint8_t *bytes, uint32_t at) {
  for (unsigned index = 0; index < sizeof chunk; index++) chunk[index] = bytes[index];
  has_chunk = true;
  address = at;
}

void update_take(uint16_t number, const uint8_t block[64]) {
  if (update.state != UPDATE_RECEIVING || number > update.next_block || number >= update.blocks) return;
  heard_at = now;
  if (number != update.next_block || step != WAITING) return;
  set_chunk(block, slot_address(update.slot) + PAYLOAD + ((uint32_t)number << 6));
  update.next_block = number + 1;
  step = (address & (board.layout.page_bytes - 1)) == 0 ? ERASE_DUE : WRITE_DUE;
}

void update_order(uint16_t command) {
  heard_at = now;
  switch (command) {
    case VERIFY:
      if (update.state != UPDATE_RECEIVING || update.next_block != update.blocks || step != WAITING) return;
      update.state = UPDATE_VERIFYING;
      sha256_start(&hash);
      hashed = 0;
      step = HASHING;
      break;
    case ACTIVATE:
      if (update.state == UPDATE_READY) update.wants_activation = true;
      break;
    case ABORT:
      if (update.state != UPDATE_IDLE && !update.wants_activation) fail(ABORTED);
      break;
  }
}

void update_activation_failed(void) {
  update.wants_activation = false;
  fail(MEMORY);
}

bool update_has_work(void) { return step == ERASE_DUE || step == WRITE_DUE || step == HEADER_DUE; }
bool update_is_verifying(void) { return step == SIGNATURE_DUE || step == SIGNING || step == HASHING; }

void update_advance(void) {
  if (update.state == UPDATE_RECEIVING && reached(heard_at + PATIENCE_MS)) fail(ABORTED);
}

void update_begin_operation(void) {
  if (step == ERASE_DUE) {
    step = ERASING;
    memory_erase(address & ~(board.layout.page_bytes - 1));
  } else {
    step = step == WRITE_DUE ? WRITING : HEADER_WRITING;
    memory_write(chunk, sizeof chunk, address);
  }
}

static bool holds_chunk(void) {
  for (unsigned index = 0; index < sizeof chunk; index++)
    if (memory_read(address + index) != chunk[index]) return false;
  return true;
}

void update_finished(bool succeeded) {
  if (restart_due) {
    restart_due = has_chunk = false;
    step = update.state == UPDATE_RECEIVING ? SIGNATURE_DUE : IDLE;
    return;
  }
  uint8_t ended = step;
  step = IDLE;
  // Given up meanwhile: the memory is free again, nothing else is to be done.
  if (update.state != UPDATE_RECEIVING && update.state != UPDATE_VERIFYING) return;
  if (!succeeded || (ended != ERASING && !holds_chunk())) return fail(MEMORY);
  if (ended == ERASING) {
    step = has_chunk ? WRITE_DUE : WAITING;
  } else if (ended == WRITING) {
    step = WAITING;
  } else if (address != slot_address(update.slot)) {
    set_chunk(header, slot_address(update.slot));
    step = HEADER_DUE;
  } else {
    update.state = UPDATE_READY;
  }
}

static void hash_some(void) {
  uint32_t start = slot_address(update.slot) + PAYLOAD, length = be32(header + 12);
  for (unsigned count = 0; count < HASHED_PER_SLICE && hashed < length; count++, hashed++) sha256_update(&hash, memory_read(start + hashed));
  update.percent = length >> 6 ? (uint16_t)((hashed >> 6) * 100 / (length >> 6)) : 100;
  if (hashed != length) return;
  uint8_t sum[32];
  sha256_finish(&hash, sum);
  for (unsigned index = 0; index < 32; index++)
    if (sum[index] != header[32 + index]) return fail(HASH);
  // The second half first: the header is recognised by its beginning.
  set_chunk(header + 64, slot_address(update.slot) + 64);
  step = HEADER_DUE;
}

void update_slice(void) {
  if (step == HASHING) {
    hash_some();
  } else if (step == SIGNATURE_DUE) {
    ed25519_begin(board.key, header + 64);
    for (unsigned index = 0; index < 64; index++) ed25519_update(header[index]);
    step = SIGNING;
  } else {
    int verdict = ed25519_step();
    if (verdict < 0) return;
    if (!verdict) return fail(SIGNATURE);
    // The page with the header goes first: from here on the slot counts as empty.
    address = slot_address(update.slot);
    step = ERASE_DUE;
  }
}
