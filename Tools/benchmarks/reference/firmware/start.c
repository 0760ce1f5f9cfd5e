// From reset to the main loop: memory, vectors, faults.
#include "lm3s6965.h"

extern uint32_t _stack_bottom, _stack_top, _data_source, _data_start, _data_end, _bss_start, _bss_end, _forward_start;
#define PAINT 0x5AC55AC5u
#define FAULT_MAGIC 0x4641554Cu
enum { BY_WATCHDOG = 3, BY_SOFTWARE = 4, BY_FAULT = 5 };

__attribute__((section(".noinit"))) static volatile union {
  FaultRecord record;
  uint32_t words[16];
} fault;
__attribute__((section(".noinit"))) volatile uint32_t kept_words[KEPT_WORDS];

static uint32_t *stack_pointer(void) {
  uint32_t *value;
  __asm__ volatile("mov %0, sp" : "=r"(value));
  return value;
}

// Each word with two patterns and back, before anything lies in it.
static bool test_memory(volatile uint32_t *start, volatile uint32_t *end) {
  bool is_good = true;
  for (volatile uint32_t *at = start; at < end; at++) *at = 0x5555AAAA ^ (uint32_t)at;
  for (volatile uint32_t *at = start; at < end; at++) {
    uint32_t pattern = 0x5555AAAA ^ (uint32_t)at;
    if (*at != pattern) is_good = false;
    *at = ~pattern;
    if (*at != ~pattern) is_good = false;
  }
  return is_good;
}

__attribute__((noreturn, used)) void resetHandler(void) {
  __asm__ volatile("cpsid i" ::: "memory");
  bool is_good = test_memory(&_stack_bottom, stack_pointer() - 16);
  is_good &= test_memory(&_data_start, &_forward_start);
  for (uint32_t *at = &_stack_bottom, *end = stack_pointer() - 16; at < end; at++) *at = PAINT;
  for (uint32_t *from = &_data_source, *to = &_data_start; to < &_data_end;) *to++ = *from++;
  for (uint32_t *at = &_bss_start; at < &_bss_end;) *at++ = 0;
  VTOR = (uint32_t)&_image_start;
  board_run(is_good);
}

bool stack_is_whole(void) { return (&_stack_bottom)[0] == PAINT && (&_stack_bottom)[1] == PAINT; }

static uint32_t record_sum(const FaultRecord *record) {
  const uint32_t *word = &record->magic;
  uint32_t sum = 0x13579BDF;
  for (unsigned index = 0; index < 6; index++) sum = (sum << 5 | sum >> 27) ^ word[index];
  return sum;
}

FaultRecord fault_record(void) {
  FaultRecord record = fault.record;
  if (record.magic != FAULT_MAGIC || record.sum != record_sum(&record)) return (FaultRecord){.magic = FAULT_MAGIC};
  return record;
}

static void store(FaultRecord *record) {
  record->sum = record_sum(record);
  fault.record = *record;
}

// From here on a start that nobody asked for is not taken for the one before.
void fault_note_started(void) {
  FaultRecord record = fault_record();
  record.restart = 0;
  store(&record);
}

__attribute__((noreturn)) static void restart(FaultRecord *record, uint32_t reason) {
  record->restart = reason;
  store(record);
  __asm__ volatile("dsb\n isb" ::: "memory");
  AIRCR = 0x05FA0004;
  __asm__ volatile("dsb\n isb" ::: "memory");
  for (;;) {
  }
}

void fault_restart(uint32_t cause, uint32_t program_counter, uint32_t link_register) {
  FaultRecord record = fault_record();
  record.cause = cause;
  record.program_counter = program_counter;
  record.link_register = link_register;
  if (record.count != 0xFFFFFFFF) record.count++;
  restart(&record, cause == CAUSE_WATCHDOG ? BY_WATCHDOG : BY_FAULT);
}

void board_restart(void) {
  FaultRecord record = fault_record();
  restart(&record, BY_SOFTWARE);
}

// From the entries in Boards/Support/fault.c, on a fresh stack.
__attribute__((used)) void faultTaken(uint32_t cause, uint32_t program_counter, uint32_t link_register) {
  if (program_counter == 0 && link_register == 0) cause = CAUSE_STACK;
  if (cause == CAUSE_TRAP) {
    uint32_t status = CFSR;
    if (status & 0x1010) cause = CAUSE_STACK;
    else if (status & 0xFF) cause = CAUSE_PROTECTION;
    else if (status & 0xFF00) cause = CAUSE_BUS;
    else if (status & 0xFFFE0000) cause = CAUSE_USAGE;
    CFSR = status;
  }
  fault_restart(cause, program_counter, link_register);
}

static void unexpected(void) { fault_restart(CAUSE_TRAP, 1, 0); }

void hardFaultEntry(void);
void watchdogEntry(void);
typedef void (*Handler)(void);
__attribute__((section(".isr_vector"), used)) static const Handler vectors[15 + 32] = {
    [0] = resetHandler, [1 ... 5] = hardFaultEntry, [6 ... 13] = unexpected, [14] = tick_handler,
    [15 ... 19] = unexpected, [20] = uart_handler, [21 ... 32] = unexpected, [33] = watchdogEntry, [34 ... 46] = unexpected,
};
