// Modbus RTU slave: the last suffix of what was heard that begins with this address and has the right length and CRC is the request.
#include "panel.h"

static uint8_t heard[256];  // a ring: the newest 256 bytes
static uint8_t first;
static unsigned count;
static uint32_t last_byte;
static uint32_t silence;  // t3.5 in ticks
static uint8_t own_address;
static bool is_broken, is_sending;

static uint8_t pdu[256];
static unsigned pdu_count;
static uint8_t reply[256];
static unsigned reply_count;

static uint8_t at(unsigned index) { return index < count ? heard[(uint8_t)(first + index)] : 0; }

static void forget(void) { count = first = 0; }

void modbus_set(uint8_t address, uint32_t baud) {
  own_address = address;
  // 38.5 bits, or 1,750 us above 19,200 baud (MODBUS over Serial Line V1.02, 2.5.1.1), rounded up to ticks of 1 ms.
  silence = baud > 19200 ? 2 : (38500 + baud - 1) / baud;
}

bool modbus_is_listening(void) { return count > 0; }
bool modbus_is_sending(void) { return is_sending; }

void modbus_hear(uint8_t byte) {
  if (is_sending) return;
  last_byte = now;
  if (is_broken) return;
  heard[(uint8_t)(first + count)] = byte;
  if (count < 256) count++;
  else first++;
}

void modbus_line_error(void) {
  if (is_sending) return;
  forget();
  is_broken = true;
  last_byte = now;
}

void modbus_transmitted(void) {
  if (is_sending && !(reply[1] & 0x80) && panel.restart_shown) panel.restart_told = true;
  is_sending = false;
  forget();
}

uint16_t crc16(const uint8_t *bytes, unsigned length) {
  uint16_t crc = 0xFFFF;
  while (length--) crc = crc16_byte(crc, *bytes++);
  return crc;
}

// Length of the request that begins at `start`, 0 if none can, -1 if only the CRC can tell.
static int request_length(unsigned start) {
  unsigned there = count - start, length;
  switch (at(start + 1)) {
    case 0x01 ... 0x06:
    case 0x08: return 8;
    case 0x0F:
    case 0x10:
      if (there < 7) return 0;
      length = 9u + at(start + 6);
      break;
    case 0x11: return 4;
    case 0x16: return 10;
    case 0x17:
      if (there < 11) return 0;
      length = 13u + at(start + 10);
      break;
    case 0x18: return 6;
    case 0x2B: return there < 3 ? 0 : at(start + 2) == 0x0E ? 7 : -1;
    default: return -1;
  }
  return length <= 256 ? (int)length : 0;
}

// Whether the bytes from `start` on, whose CRC is good, are a request.
static bool is_request(unsigned start) {
  int length = count - start < 4 ? 0 : request_length(start);
  return length < 0 || (unsigned)length == count - start;
}

// One byte back in the CRC: run from its end with 0, it is FFFF at each byte from which on the bytes are a frame with a good CRC.
static uint16_t crc16_back(uint16_t crc, uint8_t byte) {
  static const uint16_t table[16] = {
      0x0000, 0x4003, 0x8006, 0xC005, 0x400F, 0x000C, 0xC009, 0x800A,
      0x801E, 0xC01D, 0x0018, 0x401B, 0xC011, 0x8012, 0x4017, 0x0014,
  };
  crc = (uint16_t)(crc << 4 ^ table[crc >> 12]);
  crc = (uint16_t)(crc << 4 ^ table[crc >> 12]);
  return crc ^ byte;
}

// Puts the request into `pdu`; false when none was for this node.
static bool find_request(bool *is_broadcast) {
  uint16_t crc = 0;
  for (int start = (int)count - 1; start >= 0; start--) {
    uint8_t address = heard[(uint8_t)(first + (unsigned)start)];
    crc = crc16_back(crc, address);
    if (crc != 0xFFFF || (address != own_address && address != 0) || !is_request((unsigned)start)) continue;
    *is_broadcast = address == 0;
    pdu_count = 0;
    for (unsigned index = (unsigned)start + 1; index < count - 2; index++) pdu[pdu_count++] = heard[(uint8_t)(first + index)];
    return true;
  }
  return false;
}

static int check_range(uint16_t start, unsigned quantity, unsigned limit, unsigned length) {
  if (pdu_count != length || quantity < 1 || quantity > limit) return ILLEGAL_VALUE;
  return (unsigned)start + quantity > 0x10000 ? ILLEGAL_ADDRESS : 0;
}

static int parse(Request *request) {
  // What lies behind a short request is not looked at before its length was found right.
  uint16_t start = be16(pdu + 1), quantity = be16(pdu + 3);
  *request = (Request){pdu[0], start, quantity, 0, 0};
  switch (pdu[0]) {
    case 0x01:
    case 0x02: return check_range(start, quantity, 2000, 5);
    case 0x03:
    case 0x04: return check_range(start, quantity, 125, 5);
    case 0x05: return pdu_count == 5 && (quantity == 0xFF00 || quantity == 0) ? 0 : ILLEGAL_VALUE;
    case 0x06: return pdu_count == 5 ? 0 : ILLEGAL_VALUE;
    case 0x08: return start != 0 ? ILLEGAL_FUNCTION : pdu_count == 5 ? 0 : ILLEGAL_VALUE;
    case 0x0F:
      if (pdu[5] != (quantity + 7) >> 3) return ILLEGAL_VALUE;
      return check_range(start, quantity, 1968, 6u + pdu[5]);
    case 0x10:
      if (pdu[5] != quantity * 2) return ILLEGAL_VALUE;
      return check_range(start, quantity, 123, 6u + pdu[5]);
    case 0x11: return pdu_count == 1 ? 0 : ILLEGAL_VALUE;
    case 0x16: return pdu_count == 7 ? 0 : ILLEGAL_VALUE;
    case 0x17: {
      unsigned length = 10u + pdu[9];
      request->write_start = be16(pdu + 5), request->write_count = be16(pdu + 7);
      if (pdu[9] != request->write_count * 2 || pdu_count != length || quantity < 1 || quantity > 125) return ILLEGAL_VALUE;
      int wrong = check_range(request->write_start, request->write_count, 121, length);
      return wrong ? wrong : check_range(start, quantity, 125, length);
    }
    case 0x18: return pdu_count == 3 ? 0 : ILLEGAL_VALUE;
    case 0x2B:
      if (pdu[1] != 0x0E) return ILLEGAL_FUNCTION;
      return pdu_count == 4 && pdu[2] >= 1 && pdu[2] <= 4 ? 0 : ILLEGAL_VALUE;
    default: return ILLEGAL_FUNCTION;
  }
}

static void repeat_request(unsigned length) {
  for (unsigned index = 1; index < length; index++) reply[reply_count++] = pdu[index];
}

static int reply_inputs(uint16_t start, unsigned quantity) {
  reply[reply_count++] = (uint8_t)((quantity + 7) >> 3);
  uint8_t byte = 0;
  for (unsigned index = 0; index < quantity;) {
    bool on;
    int wrong = panel_discrete((uint16_t)(start + index), &on);
    if (wrong) return wrong;
    if (on) byte |= (uint8_t)(1 << (index & 7));
    index++;
    if ((index & 7) == 0 || index == quantity) reply[reply_count++] = byte, byte = 0;
  }
  return 0;
}

static int reply_registers(uint16_t start, unsigned quantity, int (*read)(uint16_t, uint16_t *)) {
  reply[reply_count++] = (uint8_t)(quantity * 2);
  for (; quantity; quantity--, start++, reply_count += 2) {
    uint16_t value;
    int wrong = read(start, &value);
    if (wrong) return wrong;
    put16(reply + reply_count, value);
  }
  return 0;
}

static int write_registers(uint16_t start, unsigned quantity, const uint8_t *values) {
  for (unsigned index = 0; index < quantity; index++) {
    int wrong = panel_check((uint16_t)(start + index), be16(values + 2 * index));
    if (wrong) return wrong;
  }
  for (unsigned index = 0; index < quantity; index++) panel_set((uint16_t)(start + index), be16(values + 2 * index));
  return 0;
}

static unsigned append_object(uint8_t object) {
  unsigned length = panel_identification(object, reply + reply_count + 2);
  if (length == 0) return 0;
  reply[reply_count] = object, reply[reply_count + 1] = (uint8_t)length;
  reply_count += 2 + length;
  return 1;
}

static int reply_identification(uint8_t code, uint8_t object) {
  reply[reply_count++] = 0x0E;
  reply[reply_count++] = code;
  reply[reply_count++] = 0x81;
  // More follows: no; next object: 0.
  reply[reply_count++] = 0;
  reply[reply_count++] = 0;
  unsigned tail = reply_count++;
  unsigned objects = 0;
  if (code == 4) {
    objects = append_object(object);
  } else {
    // All three fit into one answer, whatever the category.
    for (unsigned id = object <= 2 ? object : 0; id <= 2; id++) objects += append_object((uint8_t)id);
  }
  reply[tail] = (uint8_t)objects;
  return objects ? 0 : ILLEGAL_ADDRESS;
}

static int perform(const Request *request) {
  int wrong;
  switch (request->function) {
    case 0x02: return reply_inputs(request->start, request->count);
    case 0x03: return reply_registers(request->start, request->count, panel_holding);
    case 0x04: return reply_registers(request->start, request->count, panel_input);
    case 0x06:
    case 0x10:
      wrong = request->function == 0x06 ? write_registers(request->start, 1, pdu + 3)
                                        : write_registers(request->start, request->count, pdu + 6);
      if (wrong) return wrong;
      panel_wrote(request);
      repeat_request(5);
      return 0;
    case 0x08: repeat_request(5); return 0;
    case 0x11: return ILLEGAL_FUNCTION;
    case 0x16: {
      uint16_t value;
      wrong = panel_holding(request->start, &value);
      if (wrong) return wrong;
      value = (uint16_t)((value & request->count) | (be16(pdu + 5) & ~request->count));
      wrong = panel_check(request->start, value);
      if (wrong) return wrong;
      panel_set(request->start, value);
      panel_wrote(request);
      repeat_request(7);
      return 0;
    }
    case 0x17:
      // A range that cannot be read must not be found out after the write has been done.
      for (unsigned index = 0; index < request->count; index++) {
        uint16_t value;
        wrong = panel_holding((uint16_t)(request->start + index), &value);
        if (wrong) return wrong;
      }
      wrong = write_registers(request->write_start, request->write_count, pdu + 10);
      if (wrong) return wrong;
      panel_wrote(request);
      return reply_registers(request->start, request->count, panel_holding);
    case 0x2B: return reply_identification(pdu[2], pdu[3]);
    default: return ILLEGAL_ADDRESS;  // coils, and queues by 18: there are none
  }
}

void modbus_tick(void) {
  if ((count == 0 && !is_broken) || now - last_byte < silence) return;
  Request request;
  bool is_broadcast;
  is_broken = false;
  bool is_mine = find_request(&is_broadcast);
  forget();
  if (!is_mine) return;
  reply[0] = own_address, reply[1] = pdu[0];
  reply_count = 2;
  int wrong = parse(&request);
  if (!wrong) wrong = panel_begin(&request, is_broadcast);
  // Only writes make sense for all at once.
  if (is_broadcast && (request.function < 0x05 || request.function == 0x08 || request.function > 0x16 || request.function == 0x11)) return;
  if (!wrong) wrong = perform(&request);
  if (is_broadcast) return;
  if (wrong) {
    reply[1] = pdu[0] | 0x80, reply[2] = (uint8_t)wrong;
    reply_count = 3;
  }
  uint16_t crc = crc16(reply, reply_count);
  reply[reply_count++] = (uint8_t)crc;
  reply[reply_count++] = (uint8_t)(crc >> 8);
  is_sending = true;
  firmware_settle();
  board_send(reply, reply_count);
}
