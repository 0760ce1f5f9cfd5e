// Clocks, UART, pins, converter, watchdog of the LM3S6965, and the main loop. Pins: Boards/lm3s6965evb/README.md.
#include "lm3s6965.h"

#define BUTTONS_E 0x0F
#define BUTTON_F (1 << 1)
#define BUTTONS_B (7 << 4)
#define TAMPER (1 << 0)
#define DIRECTION (1 << 4)
#define BUZZER (1 << 5)
#define MULTIPLEXER (7 << 5)
enum { RECEIVE_EMPTY = 1 << 4, SEND_FULL = 1 << 5, SENDS = 1 << 3, RECEIVE_INTERRUPT = 1 << 4, SEND_INTERRUPT = 1 << 5 };
#define LINE_ERROR 0x100
#define CONVERSION_TICKS 5

uint64_t clock_ms;

// Bytes from the interrupt: one writer, one reader.
static volatile uint16_t received[256];
static volatile uint32_t written, taken;
// The answer that leaves: filled while nothing is sent.
static uint8_t sending[256];
static volatile uint32_t send_count, send_next;
static volatile uint32_t ticks;
static bool is_sending;
static uint32_t baud_due;

void tick_handler(void) { ticks++; }

static void fill_uart(void) {
  while (!(UARTFR & SEND_FULL) && send_next < send_count) UARTDR = sending[send_next++];
}

void uart_handler(void) {
  UARTICR = 0x7F0;
  while (!(UARTFR & RECEIVE_EMPTY)) {
    // Overrun, break, parity, framing error in bits 11...8.
    uint32_t value = UARTDR;
    uint16_t entry = (uint16_t)((value & 0xFF) | (value & 0xF00 ? LINE_ERROR : 0));
    // When all is full the newest place turns into an error: the frame is broken, and is known to be.
    if (written - taken < 256) received[written++ & 255] = entry;
    else received[(written - 1) & 255] = LINE_ERROR;
  }
  fill_uart();
  if (send_next >= send_count) UARTIM = RECEIVE_INTERRUPT;
}

static void open_uart(uint32_t baud) {
  PINS(PORT_C, DIRECTION) = 0;
  UARTCTL = 0;
  // In 64ths of 16 clocks a bit, rounded.
  uint32_t divisor = (CORE_HERTZ * 4 + (baud >> 1)) / baud;
  UARTIBRD = divisor >> 6;
  UARTFBRD = divisor & 63;
  // 8 bits, no FIFO: with it an odd byte would be told of 32 bits late, and t3.5 counts from the last byte.
  UARTLCRH = 3 << 5;
  UARTICR = 0x7FF;
  // A byte that lies there already would never be told of again: its interrupt has just been cleared.
  for (unsigned left = 16; !(UARTFR & RECEIVE_EMPTY) && left; left--) (void)UARTDR;
  UARTIM = RECEIVE_INTERRUPT;
  UARTCTL = 1 << 9 | 1 << 8 | 1;
}

void board_open_line(uint32_t baud) {
  if (is_sending) baud_due = baud;
  else open_uart(baud);
}

void board_send(const uint8_t *bytes, unsigned count) {
  for (unsigned index = 0; index < count; index++) sending[index] = bytes[index];
  send_next = 0;
  send_count = count;
  is_sending = true;
  PINS(PORT_C, DIRECTION) = DIRECTION;
  fill_uart();
  UARTIM = send_next < send_count ? RECEIVE_INTERRUPT | SEND_INTERRUPT : RECEIVE_INTERRUPT;
}

void board_lamp(unsigned button, bool on) {
  uint32_t pin = 1u << (button - 1);
  PINS(PORT_D, pin) = on ? pin : 0;
}

void board_buzzer(bool on) { PINS(PORT_C, BUZZER) = on ? BUZZER : 0; }

// Buttons pull to ground: 1...4 at PE0...3, 5 at PF1, 6...8 at PB4...6.
static uint8_t contacts(void) {
  uint32_t e = ~PINS(PORT_E, BUTTONS_E) & BUTTONS_E, f = ~PINS(PORT_F, BUTTON_F) & BUTTON_F, b = ~PINS(PORT_B, BUTTONS_B) & BUTTONS_B;
  return (uint8_t)(e | f << 3 | b << 1);
}

// The switch pulls to ground while the housing is shut: a cut wire counts as open.
static bool housing_is_open(void) { return PINS(PORT_B, TAMPER) != 0; }

// --- converter: lines behind a multiplexer at ADC0, the supply at ADC1; a timer starts each conversion when the multiplexer has settled --
static void start_conversion(unsigned channel) {
  if (channel > 0) PINS(PORT_A, MULTIPLEXER) = (channel - 1) << 5;
  ADC_SSMUX3 = channel == 0;
  TIMER_CTL = 1 << 5 | 1;
}

static bool converted(uint16_t *value) {
  if (ADC_SSFSTAT3 & 1 << 8) return false;
  *value = (uint16_t)((ADC_SSFIFO3 & 0x3FF) << 2);
  return true;
}

static bool converter_works(void) {
  uint16_t value;
  start_conversion(0);
  for (unsigned patience = 20000; patience; patience--)
    if (converted(&value)) return true;
  return false;
}

// The lowest bit of 16 conversions of the temperature sensor.
static uint16_t noise(void) {
  uint16_t bits = 0;
  ADC_SSCTL3 = 1 << 3 | 1 << 1;
  for (unsigned index = 0; index < 16; index++) {
    TIMER_CTL = 1 << 5 | 1;
    for (unsigned patience = 20000; (ADC_SSFSTAT3 & 1 << 8) && patience; patience--) {
    }
    bits = (uint16_t)(bits << 1 ^ bits >> 15 ^ (ADC_SSFIFO3 & 0x3FF));
  }
  ADC_SSCTL3 = 1 << 1;
  return bits;
}

// --- start -----------------------------------------------------------------------------------------------------------------------------
static void start_clocks(void) {
  // Run from the crystal, power the PLL up, wait for it, then divide its 200 MHz by 4.
  uint32_t value = (RCC | 1 << 11) & ~(1u << 22);
  RCC = value;
  value = (value & ~(0xFu << 6 | 3 << 4 | 1 << 13 | 1)) | 0xE << 6;
  RCC = value;
  value = (value & ~(0xFu << 23)) | 3 << 23 | 1 << 22;
  RCC = value;
  for (unsigned patience = 100000; !(RIS & 1 << 6) && patience; patience--) {
  }
  RCC = value & ~(1u << 11);
  RCGC0 = 1 << 16 | 1 << 3;
  RCGC1 = 1 << 0 | 1 << 12 | 1 << 16;
  RCGC2 = 0x3F;
  // Three clocks before a peripheral may be touched.
  (void)RCGC2;
  (void)RCGC2;
}

static void open_pins(void) {
  AFSEL(PORT_A) |= 3;
  DEN(PORT_A) |= 3;
  PUR(PORT_E) |= BUTTONS_E;
  DEN(PORT_E) |= BUTTONS_E;
  PUR(PORT_F) |= BUTTON_F;
  DEN(PORT_F) |= BUTTON_F;
  PUR(PORT_B) |= BUTTONS_B | TAMPER;
  DEN(PORT_B) |= BUTTONS_B | TAMPER;
  DIR(PORT_D) |= 0xFF;
  DEN(PORT_D) |= 0xFF;
  PINS(PORT_D, 0xFF) = 0;
  DIR(PORT_C) |= DIRECTION | BUZZER;
  DEN(PORT_C) |= DIRECTION | BUZZER;
  PINS(PORT_C, DIRECTION | BUZZER) = 0;
  DIR(PORT_A) |= MULTIPLEXER;
  DEN(PORT_A) |= MULTIPLEXER;
  ADC_ACTSS = 0;
  // Sequencer 3 is started by the timer; its only sample is its last.
  ADC_EMUX = 5 << 12;
  ADC_SSCTL3 = 1 << 1;
  ADC_ACTSS = 1 << 3;
  TIMER_CFG = 0;
  TIMER_TAMR = 1;
  TIMER_TAILR = CORE_HERTZ / 10000;
}

static uint8_t reset_cause(void) {
  uint32_t cause = RESC;
  RESC = 0;
  for (unsigned bit = 1; bit <= 4; bit++)
    if (cause >> bit & 1) return (uint8_t)bit;
  return cause & 1 ? 6 : 0;
}

// The lower four bytes of the Ethernet address; 1 for a board whose address was never burnt in.
static uint32_t burnt_in_unit(void) {
  uint32_t low = USER_REG0, high = USER_REG1;
  uint32_t unit = (low >> 16 & 0xFF) << 24 | (high & 0xFF) << 16 | (high >> 8 & 0xFF) << 8 | (high >> 16 & 0xFF);
  return unit == 0 || unit == 0xFFFFFFFF ? 1 : unit;
}

// The header in front of this image says what it is.
static void describe_image(void) {
  const uint8_t *header = (const uint8_t *)&_image_start - 0x200;
  uint16_t *about = panel.about;
  if (be32(header) == 0x4C4E4C46) {
    for (unsigned index = 0; index < 3; index++) about[index] = be16(header + 6 + 2 * index);
    for (unsigned index = 0; index < 4; index++) about[3 + index] = be16(header + 32 + 2 * index);
  } else {
    about[0] = board.number, about[1] = 0x0101;
  }
  about[7] = (uint32_t)header == board.layout.slot1;
}

static void sample_pins(bool is_first) {
  static uint8_t closed;
  static bool is_open;
  uint8_t pins = contacts();
  bool housing = housing_is_open();
  if (is_first || pins != closed) {
    closed = pins;
    panel_advance();
    panel_contacts(pins);
  }
  if (is_first || housing != is_open) {
    is_open = housing;
    panel_tamper(housing);
  }
}

// One channel after the other; what a conversion brought is taken when the next one is due.
static void convert(void) {
  static uint32_t next;
  static uint8_t channel;
  uint16_t value;
  if ((int32_t)(ticks - next) < 0) return;
  next = ticks + CONVERSION_TICKS;
  if (converted(&value)) {
    // 3.0 V reference behind a divider by 6: 18,000 mV at full scale.
    if (channel == 0) panel.supply_mv = (uint16_t)(value * 18000u >> 12);
    else panel_line(channel, value);
  }
  channel = channel >= BUTTONS ? 0 : channel + 1;
  start_conversion(channel);
}

static void start(bool memory_is_good) {
  start_clocks();
  open_pins();
  SYST_RVR = CORE_HERTZ / 1000 - 1;
  SYST_CVR = 0;
  SYST_CSR = 7;
  NVIC_ISER0 = 1 << 5 | 1 << 18;
  eeprom_open();
  panel.unit = burnt_in_unit();
  FaultRecord record = fault_record();
  uint8_t cause = reset_cause();
  panel.reset_cause = record.restart ? (uint8_t)record.restart : cause;
  fault_note_started();
  describe_image();
  panel.about[10] = record.count > 0xFFFF ? 0xFFFF : (uint16_t)record.count;
  panel.about[11] = (uint16_t)record.cause;
  panel.about[12] = (uint16_t)(record.program_counter >> 16), panel.about[13] = (uint16_t)record.program_counter;
  panel.about[14] = (uint16_t)(record.link_register >> 16), panel.about[15] = (uint16_t)record.link_register;
  panel.about[ABOUT_SELF_TEST] = (memory_is_good ? 0 : TEST_RAM) | (converter_works() ? 0 : TEST_CONVERTER);
  WDTLOCK = 0x1ACCE551;
  WDTLOAD = CORE_HERTZ;
  WDTCTL = 3;
  WDTLOCK = 1;
  __asm__ volatile("cpsie i\n isb" ::: "memory");
  // The clock goes on from where it stood; the reset itself took less than a tick.
  if (clock_restore(&clock_ms)) clock_ms++;
  firmware_start(noise());
  open_uart(panel_baud(panel.settings.baud_code));
  sample_pins(true);
}

void board_run(bool memory_is_good) {
  uint32_t seen = 0;
  start(memory_is_good);
  for (;;) {
    uint32_t tick = ticks, passed = tick - seen;
    seen = tick;
    clock_ms += passed;
    while (taken != written) {
      uint16_t value = received[taken & 255];
      taken++;
      if (value & LINE_ERROR) modbus_line_error();
      else modbus_hear((uint8_t)value);
    }
    if (passed) {
      sample_pins(false);
      convert();
      // A byte that came just now belongs to the frame: it is heard first, in the next round.
      if (taken == written) firmware_tick();
    }
    if (is_sending && send_next >= send_count && !(UARTFR & SENDS)) {
      is_sending = false;
      PINS(PORT_C, DIRECTION) = 0;
      modbus_transmitted();
      if (baud_due) open_uart(baud_due);
      baud_due = 0;
    }
    if (!stack_is_whole()) fault_restart(CAUSE_STACK, 0, 0);
    WDTLOCK = 0x1ACCE551;
    WDTICR = 1;
    WDTLOCK = 1;
    __asm__ volatile("cpsid i" ::: "memory");
    if (taken == written && ticks == seen) __asm__ volatile("dsb\n wfi" ::: "memory");
    __asm__ volatile("cpsie i\n isb" ::: "memory");
  }
}
