// The boot loader's vector table: the linker script puts the initial stack pointer in front of it.
#include "support.h"

void resetHandler(void);

#if __ARM_ARCH_6M__
// A Cortex-M0 takes every exception through the table at 0, for ever: each entry jumps on through the running image's table in RAM
// (`takeVectors`, HAL/Memory.swift). Until an image has put its own there, it holds the loader's.
__attribute__((naked, used)) static void forwardEntry(void) {
  __asm__ volatile(
      "ldr r0, =_forward_start\n"
      "mrs r1, ipsr\n"
      "lsls r1, r1, #2\n"
      "ldr r0, [r0, r1]\n"
      "bx r0\n"
      ".pool\n");
}
#define F forwardEntry
__attribute__((section(".isr_vector"), used)) void (*const bootVectors[47])(void) = {
    resetHandler, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
    F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
};
#else
__attribute__((section(".isr_vector"), used)) void (*const bootVectors[15])(void) = {
    resetHandler,
    hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry,
    hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry,
    hardFaultEntry, hardFaultEntry,
};
#endif
