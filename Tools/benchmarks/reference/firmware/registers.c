// The panel as registers: map 1.1 of Protocols/CallPanel/README.md.
#include "panel.h"

#define POLL 0x0100
#define ORDER 0x0200
#define ORDER_COUNT 8
#define REPORT 0x0300
#define REPORT_COUNT 16
#define EVENTS 4
#define EVENT_REGISTERS 5
#define REPORT_END (REPORT + REPORT_COUNT + EVENTS * EVENT_REGISTERS)
#define SILENT_MASK 0x0400
#define NEW_ADDRESS 0x0410
#define NEW_BAUD 0x0411
#define ARM 0x0412
#define ARM_KEY 0x4C4C
#define IDENTIFY 0x0420
#define ABOUT 0x0010
#define STATUS 0x0030
#define UPDATE_BEGIN 0x0500
#define UPDATE_BEGIN_COUNT 66
#define UPDATE_BLOCK 0x0580
#define UPDATE_BLOCK_COUNT 33
#define UPDATE_ORDER 0x05C0
#define UPDATE_ORDER_COUNT 3

static uint16_t staged[ORDER_COUNT];
static uint8_t staged_update[2 * UPDATE_BEGIN_COUNT];
// The exchange block as it was when it was last asked for.
static uint16_t report[REPORT_END - REPORT];
static char version[12];
static uint8_t version_length;

static void append_decimal(unsigned number) {
  char digits[5];
  unsigned count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count) version[version_length++] = digits[--count];
}

void panel_name_version(void) {
  version_length = 0;
  append_decimal(panel.about[1] >> 8);
  version[version_length++] = '.';
  append_decimal(panel.about[1] & 0xFF);
  version[version_length++] = '.';
  append_decimal(panel.about[2]);
}

unsigned panel_identification(uint8_t object, uint8_t *to) {
  static const char vendor[] = "Linli", product[] = {'C', 'P', '-', '0' + BUTTONS};
  const char *text = object == 0 ? vendor : object == 1 ? product : version;
  unsigned length = object == 0 ? 5 : object == 1 ? sizeof product : object == 2 ? version_length : 0;
  for (unsigned index = 0; index < length; index++) to[index] = (uint8_t)text[index];
  return length;
}

static bool lamps_differ(void) {
  uint32_t wishes = (uint32_t)panel.order[7] << 16 | panel.order[6];
  for (unsigned button = 1; button <= BUTTONS; button++, wishes >>= 4)
    if ((wishes & 15) <= FAULT && !(panel.settings.silent >> (button - 1) & 1) && (wishes & 15) != lamps_shown(button)) return true;
  return false;
}

static uint16_t status(unsigned token) {
  unsigned waiting = panel.epoch_stored ? queue.count : 0;
  unsigned word = token << 12 | (waiting > 7 ? 7 : waiting);
  if (panel.restart_unseen) word |= 1 << 3;
  if (panel.lines) word |= 1 << 4;
  if (panel.tamper) word |= 1 << 5;
  if (panel.stuck | panel.chatters) word |= 1 << 6;
  if (panel.saving || panel.retrying || panel.armed) word |= 1 << 7;
  if (panel.silence_noted) word |= 1 << 8;
  if (lamps_differ()) word |= 1 << 9;
  if (panel.changed) word |= 1 << 10;
  return (uint16_t)word;
}

static void take_snapshot(void) {
  uint32_t lamps = lamps_all_shown(), seconds = (uint32_t)(clock_ms - panel.started_at) / 1000;
  uint16_t *at = report;
  unsigned waiting = panel.epoch_stored ? queue.count : 0;
  *at++ = status(panel.order[0] & 15);
  *at++ = panel.shown_epoch;
  *at++ = (uint16_t)waiting;
  *at++ = (uint16_t)lamps;
  *at++ = (uint16_t)(lamps >> 16);
  *at++ = panel.lines;
  *at++ = (uint16_t)(panel.stuck << 8 | panel.chatters);
  *at++ = panel.settings.boot_count;
  *at++ = (uint16_t)(panel.reset_cause << 8 | panel.settings.silent);
  *at++ = (uint16_t)(panel.unit >> 16);
  *at++ = (uint16_t)panel.unit;
  *at++ = (uint16_t)(seconds >> 16);
  *at++ = (uint16_t)seconds;
  *at++ = panel.supply_mv;
  *at++ = queue.dropped;
  *at++ = panel.closed;
  for (unsigned index = 0; index < EVENTS; index++, at += EVENT_REGISTERS) {
    if (index >= waiting) {
      for (unsigned place = 0; place < EVENT_REGISTERS; place++) at[place] = 0;
      continue;
    }
    const Event *event = &queue.events[index];
    uint64_t age = clock_ms - event->at;
    uint32_t shown = age >> 32 ? 0xFFFFFFFF : (uint32_t)age;
    at[0] = (uint16_t)(event->sequence >> 16);
    at[1] = (uint16_t)event->sequence;
    at[2] = (uint16_t)(event->kind << 8 | event->button);
    at[3] = (uint16_t)(shown >> 16);
    at[4] = (uint16_t)shown;
  }
}

static bool touches_order(unsigned start, unsigned count) { return start < ORDER + ORDER_COUNT && start + count > ORDER; }

// Outside of the order and of the update, or exactly the order: half of one could acknowledge what was never read.
static bool is_whole_order(unsigned start, unsigned count) {
  return (start == ORDER && count == ORDER_COUNT) || (!touches_order(start, count) && start + count <= UPDATE_BEGIN);
}

static bool is_whole_update(unsigned start, unsigned count) {
  return (start == UPDATE_BEGIN && count == UPDATE_BEGIN_COUNT) || (start == UPDATE_BLOCK && count == UPDATE_BLOCK_COUNT) ||
         (start == UPDATE_ORDER && count == UPDATE_ORDER_COUNT);
}

int panel_begin(const Request *request, bool is_for_all) {
  panel_host_spoke();
  panel.is_for_all = is_for_all;
  panel.restart_shown = false;
  bool is_allowed = true;
  switch (request->function) {
    case 0x03:
      take_snapshot();
      panel.restart_shown = panel.restart_unseen && request->start == REPORT;
      break;
    case 0x06:
    case 0x16: is_allowed = !touches_order(request->start, 1) && request->start < UPDATE_BEGIN; break;
    case 0x10: is_allowed = is_whole_order(request->start, request->count) || is_whole_update(request->start, request->count); break;
    case 0x17: is_allowed = is_whole_order(request->write_start, request->write_count); break;
  }
  return is_allowed ? 0 : ILLEGAL_ADDRESS;
}

int panel_input(uint16_t address, uint16_t *value) {
  if (address >= POLL && address < POLL + 16) {
    *value = status(address - POLL);
    if (panel.restart_unseen) panel.restart_shown = true;
    return 0;
  }
  if (address >= ABOUT && address < ABOUT + 16) {
    *value = panel.about[address - ABOUT];
    return 0;
  }
  switch (address) {
    case 0x0000: *value = 0x0101; break;
    case 0x0001: *value = (uint16_t)(panel.unit >> 16); break;
    case 0x0002: *value = (uint16_t)panel.unit; break;
    case 0x0003: *value = BUTTONS; break;
    case STATUS: *value = update.state; break;
    case STATUS + 1: *value = update.refusal; break;
    case STATUS + 2: *value = update.next_block; break;
    case STATUS + 3: *value = update.blocks; break;
    case STATUS + 4: *value = update.percent; break;
    case STATUS + 5: *value = update.slot; break;
    case STATUS + 6: *value = 64; break;
    case STATUS + 7: *value = update.slot == NO_SLOT ? 0 : (uint16_t)(board.layout.slot_bytes >> 10); break;
    default: return ILLEGAL_ADDRESS;
  }
  return 0;
}

int panel_discrete(uint16_t address, bool *value) {
  if (address < 8) *value = panel.closed >> address & 1;
  else if (address == 8) *value = panel.tamper;
  else if (address >= 0x10 && address < 0x20) *value = panel.lines >> (address - 0x10) & 1;
  else return ILLEGAL_ADDRESS;
  return 0;
}

int panel_holding(uint16_t address, uint16_t *value) {
  if (address >= REPORT && address < REPORT_END) {
    *value = report[address - REPORT];
    return 0;
  }
  if (address >= ORDER && address < ORDER + ORDER_COUNT) {
    *value = panel.order[address - ORDER];
    return 0;
  }
  switch (address) {
    case SILENT_MASK: *value = panel.settings.silent; break;
    case NEW_ADDRESS: *value = panel.armed ? panel.pending_address : panel.settings.address; break;
    case NEW_BAUD: *value = panel.armed ? panel.pending_baud : panel.settings.baud_code; break;
    case ARM: *value = panel.armed; break;
    case IDENTIFY: *value = (uint16_t)lamps_identify_seconds(); break;
    default: return ILLEGAL_ADDRESS;
  }
  return 0;
}

static bool is_address(uint16_t value) { return value >= 1 && value <= 247; }

int panel_check(uint16_t address, uint16_t value) {
  bool is_valid = true;
  if (address >= UPDATE_BEGIN) {
    if (address == UPDATE_BLOCK) {
      if (update.state != UPDATE_RECEIVING || value > update.next_block || value >= update.blocks) return ILLEGAL_VALUE;
      if (value == update.next_block && !update_is_ready()) return DEVICE_BUSY;
    } else if (address == UPDATE_ORDER + 2) {
      is_valid = value >= 1 && value <= 3;
    }
    return is_valid ? 0 : ILLEGAL_VALUE;
  }
  if (address >= ORDER && address < ORDER + ORDER_COUNT) return 0;
  switch (address) {
    case SILENT_MASK: is_valid = value <= 0xFF; break;
    case NEW_ADDRESS: is_valid = is_address(value); break;
    case NEW_BAUD: is_valid = panel_baud(value) != 0; break;
    case ARM: is_valid = value == ARM_KEY && is_address(panel.pending_address); break;
    case IDENTIFY: is_valid = value <= 60; break;
    default: return ILLEGAL_ADDRESS;
  }
  return is_valid ? 0 : ILLEGAL_VALUE;
}

static void set_silent_mask(uint8_t mask) {
  if (mask == panel.settings.silent) return;
  panel.settings.silent = mask;
  lamps_silence_changed();
  for (unsigned button = 1; button <= BUTTONS; button++)
    if (mask >> (button - 1) & 1) lamps_show(OFF, button);
  panel.changed = true;
  panel_save();
}

void panel_set(uint16_t address, uint16_t value) {
  if (address >= UPDATE_BEGIN) {
    unsigned start = address >= UPDATE_ORDER ? UPDATE_ORDER : address >= UPDATE_BLOCK ? UPDATE_BLOCK : UPDATE_BEGIN;
    put16(staged_update + 2 * (address - start), value);
    return;
  }
  if (address >= ORDER && address < ORDER + ORDER_COUNT) {
    staged[address - ORDER] = value;
    return;
  }
  switch (address) {
    case SILENT_MASK: set_silent_mask((uint8_t)value & BUTTON_MASK); break;
    case NEW_ADDRESS: panel.armed = false, panel.pending_address = value; break;
    case NEW_BAUD: panel.armed = false, panel.pending_baud = value; break;
    case ARM: panel.armed = true, panel.armed_at = now; break;
    case IDENTIFY: lamps_identify(value); break;
  }
}

// A lamp follows the host forward only, or to fault, or back to off.
static void indicate(unsigned button, unsigned wish) {
  if (wish > FAULT || wish == FAST_BLINK || (panel.settings.silent >> (button - 1) & 1)) return;
  unsigned shown = lamps_shown(button);
  bool waits = queue_holds_press(button);
  if (wish == OFF) {
    lamps_show(waits ? FAST_BLINK : OFF, button);
  } else if (wish == FAULT) {
    if (!(waits && shown == FAST_BLINK)) lamps_show(FAULT, button);
  } else {
    bool is_under_way = shown != OFF && shown != FAST_BLINK && shown != FAULT;
    if (is_under_way ? wish > shown : !waits) lamps_show(wish, button);
  }
}

static void obey(void) {
  uint32_t unit = (uint32_t)staged[1] << 16 | staged[2];
  staged[0] &= 0x030F;
  if (unit != panel.unit) {
    // Meant for the panel that hung here before: only the token is taken.
    panel.order[0] = (panel.order[0] & 0x0300) | (staged[0] & 15);
    return;
  }
  for (unsigned index = 0; index < ORDER_COUNT; index++) panel.order[index] = staged[index];
  // What nobody was told since this start, nobody can have seen.
  if ((staged[0] & 1 << 8) && panel.restart_told && !panel.is_for_all) panel.restart_unseen = false;
  lamps_set_muted(staged[0] & 1 << 9);
  if (staged[3] == panel.shown_epoch && panel.epoch_stored) queue_acknowledge((uint32_t)staged[4] << 16 | staged[5]);
  uint32_t wishes = (uint32_t)staged[7] << 16 | staged[6];
  for (unsigned button = 1; button <= BUTTONS; button++, wishes >>= 4) indicate(button, wishes & 15);
}

static void obey_update(uint16_t start) {
  bool is_mine = be32(staged_update) == panel.unit;
  if (start == UPDATE_BLOCK) update_take(be16(staged_update), staged_update + 2);
  else if (start == UPDATE_BEGIN && is_mine) update_begin(staged_update + 4);
  else if (start == UPDATE_ORDER && is_mine) update_order(be16(staged_update + 4));
}

void panel_wrote(const Request *request) {
  if (request->function == 0x10) {
    if (request->start == ORDER) obey();
    else if (request->start >= UPDATE_BEGIN) obey_update(request->start);
  } else if (request->function == 0x17) {
    if (request->write_start == ORDER) obey();
    take_snapshot();
    panel.restart_shown = panel.restart_unseen && request->start == REPORT;
    // From here on the host knows, if the answer arrives; if it does not, the exchange is repeated.
    if (request->write_start == ORDER) panel.changed = panel.silence_noted = false;
  }
}
