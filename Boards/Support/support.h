// What Swift cannot say: addresses that the linker gives, and the few instructions that are not loads and stores.
#ifndef LINLI_SUPPORT_H
#define LINLI_SUPPORT_H
#include <stdint.h>

// Linker symbols (common.ld). Functions, because an `extern` variable counts as unsafe shared state in Swift 6.
#define LINLI_SYMBOL(name)                                                   \
  extern uint32_t name;                                      \
  static inline uintptr_t support##name(void) { return (uintptr_t)&name; }
LINLI_SYMBOL(_stack_bottom)
LINLI_SYMBOL(_stack_top)
LINLI_SYMBOL(_data_source)
LINLI_SYMBOL(_data_start)
LINLI_SYMBOL(_data_end)
LINLI_SYMBOL(_bss_start)
LINLI_SYMBOL(_bss_end)
LINLI_SYMBOL(_state_start)
LINLI_SYMBOL(_state_end)
LINLI_SYMBOL(_kept_start)
LINLI_SYMBOL(_hooks_start)
LINLI_SYMBOL(_forward_start)
LINLI_SYMBOL(_image_start)

static inline void support_wait_for_interrupt(void) { __asm__ volatile("dsb\n wfi" ::: "memory"); }
static inline void support_disable_interrupts(void) { __asm__ volatile("cpsid i" ::: "memory"); }
static inline void support_enable_interrupts(void) { __asm__ volatile("cpsie i\n isb" ::: "memory"); }
static inline void support_barrier(void) { __asm__ volatile("dsb\n isb" ::: "memory"); }
static inline uintptr_t support_stack_pointer(void) {
  uintptr_t value;
  __asm__ volatile("mov %0, sp" : "=r"(value));
  return value;
}
// Leaves for another image: its stack, its reset handler.
__attribute__((noreturn)) static inline void support_jump(uint32_t stack, uint32_t entry) {
  __asm__ volatile("msr msp, %0\n bx %1" ::"r"(stack), "r"(entry) : "memory");
  __builtin_unreachable();
}

// Exception entries in fault.c; they end in `faultTaken` (Swift).
void hardFaultEntry(void);
void watchdogEntry(void);
static inline uint32_t support_hard_fault_address(void) { return (uint32_t)(uintptr_t)&hardFaultEntry; }
#endif
