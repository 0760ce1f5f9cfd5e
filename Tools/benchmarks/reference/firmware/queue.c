// Events that the host has not acknowledged, and their two copies in memory that survives a reset.
#include "panel.h"

Queue queue;

static bool is_finger(const Event *event) { return event->kind == PRESS || event->kind == AGAIN; }

static int first_press(unsigned button) {
  for (int index = 0; index < queue.count; index++)
    if (queue.events[index].button == button && is_finger(&queue.events[index])) return index;
  return -1;
}

bool queue_holds_press(unsigned button) { return first_press(button) >= 0; }

static void remove_from(unsigned index, unsigned places) {
  queue.count -= (uint8_t)places;
  for (; index < queue.count; index++) queue.events[index] = queue.events[index + places];
}

// Drops the newest event that nobody has to be told of, for a first press.
static bool make_room(unsigned kind) {
  queue.dropped++;
  if (kind != PRESS) return false;
  for (int index = queue.count - 1; index >= 0; index--) {
    const Event *event = &queue.events[index];
    if (!is_finger(event) || first_press(event->button) != index) {
      remove_from((unsigned)index, 1);
      return true;
    }
  }
  return false;
}

void queue_append(unsigned kind, unsigned button, uint64_t at) {
  queue.is_dirty = true;
  if (queue.count == QUEUE_PLACES && !make_room(kind)) return;
  queue.events[queue.count++] = (Event){(uint8_t)kind, (uint8_t)button, ++queue.last_sequence, at};
}

void queue_press(unsigned button, uint64_t at) { queue_append(queue_holds_press(button) ? AGAIN : PRESS, button, at); }

void queue_acknowledge(uint32_t sequence) {
  if (sequence > queue.last_sequence) return;
  unsigned gone = 0;
  while (gone < queue.count && queue.events[gone].sequence <= sequence) gone++;
  if (gone == 0) return;
  queue.is_dirty = true;
  remove_from(0, gone);
}

void queue_renumber(uint32_t offset) {
  queue.is_dirty = true;
  for (unsigned index = 0; index < queue.count; index++) queue.events[index].sequence += offset;
  queue.last_sequence += offset;
}

void queue_start_over(void) {
  queue.is_dirty = true;
  queue.count = 0;
  queue.last_sequence = 0;
  queue.dropped = 0;
}

// --- kept copies -------------------------------------------------------------------------------------------------------------------------
// Two clocks of 3 words (low, high, seal), then two queues: seal, generation, epoch and count, last sequence, dropped, 4 words an event.
#define FORMAT 0x4C4B0001u
#define QUEUE_WORDS (5 + 4 * QUEUE_PLACES)
static uint32_t generation;
static unsigned current, clock_turn;

static volatile uint32_t *copy_of(unsigned copy) { return kept_words + 6 + copy * QUEUE_WORDS; }
static uint32_t clock_seal(uint32_t low, uint32_t high) { return ~(low ^ (high << 16 | high >> 16) ^ FORMAT); }

void clock_keep(void) {
  volatile uint32_t *at = kept_words + 3 * clock_turn;
  clock_turn ^= 1;
  uint32_t low = (uint32_t)clock_ms, high = (uint32_t)(clock_ms >> 32);
  at[2] = 0;
  at[0] = low;
  at[1] = high;
  at[2] = clock_seal(low, high);
}

bool clock_restore(uint64_t *instant) {
  bool found = false;
  for (unsigned copy = 0; copy < 2; copy++) {
    volatile uint32_t *at = kept_words + 3 * copy;
    uint32_t low = at[0], high = at[1];
    uint64_t value = (uint64_t)high << 32 | low;
    if (at[2] != clock_seal(low, high) || (found && value <= *instant)) continue;
    *instant = value;
    found = true;
  }
  return found;
}

static uint32_t word_sum(uint32_t crc, uint32_t word) {
  for (unsigned byte = 0; byte < 4; byte++, word >>= 8) crc = crc32_byte(crc, (uint8_t)word);
  return crc;
}

static uint32_t sum(volatile uint32_t *at, unsigned count) {
  uint32_t crc = word_sum(0xFFFFFFFF, FORMAT);
  for (unsigned index = 1; index < 5 + 4 * count; index++) crc = word_sum(crc, at[index]);
  // 0 means: unsealed.
  return ~crc ? ~crc : 1;
}

// The copy that is not current is unsealed, written and sealed: a reset leaves the state before or the one after.
void queue_keep(void) {
  unsigned copy = current ^ 1;
  volatile uint32_t *at = copy_of(copy);
  queue.is_dirty = false;
  at[0] = 0;
  at[1] = ++generation;
  at[2] = (uint32_t)panel.shown_epoch << 16 | (panel.epoch_stored ? 0x8000u : 0) | queue.count;
  at[3] = queue.last_sequence;
  at[4] = queue.dropped;
  volatile uint32_t *place = at + 5;
  for (unsigned index = 0; index < queue.count; index++, place += 4) {
    const Event *event = &queue.events[index];
    place[0] = event->sequence;
    place[1] = (uint32_t)event->kind << 8 | event->button;
    place[2] = (uint32_t)event->at;
    place[3] = (uint32_t)(event->at >> 32);
  }
  at[0] = sum(at, queue.count);
  current = copy;
}

bool queue_restore(uint16_t *epoch, bool *was_shown) {
  bool found = false;
  for (unsigned copy = 0; copy < 2; copy++) {
    volatile uint32_t *at = copy_of(copy);
    unsigned count = at[2] & 0x7FFF;
    if (count > QUEUE_PLACES || at[0] != sum(at, count) || (found && at[1] - generation >= 0x80000000u)) continue;
    found = true;
    generation = at[1];
    current = copy;
  }
  if (!found) return false;
  volatile uint32_t *at = copy_of(current);
  queue_start_over();
  unsigned count = at[2] & 0x7FFF;
  volatile uint32_t *place = at + 5;
  for (unsigned index = 0; index < count; index++, place += 4) {
    uint8_t kind = (uint8_t)(place[1] >> 8);
    if (kind < PRESS || kind > AGAIN) continue;
    queue.events[queue.count++] = (Event){kind, (uint8_t)place[1], place[0], (uint64_t)place[3] << 32 | place[2]};
  }
  queue.last_sequence = at[3];
  queue.dropped = (uint16_t)at[4];
  *epoch = (uint16_t)(at[2] >> 16);
  *was_shown = at[2] & 0x8000;
  return true;
}
