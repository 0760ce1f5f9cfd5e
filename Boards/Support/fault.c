// Fault entries. Written without a compiler's prologue: the stack may be what is broken.
#include "support.h"

// Reads program counter and link register from the frame that the processor stacked, takes a fresh stack (nothing is returned to) and
// goes on in Swift: faultTaken(entry, programCounter, linkRegister). A frame that is not in the stack's memory is not read.
#define FAULT_ENTRY(name, number)                      \
  __attribute__((naked, used)) void name(void) {       \
    __asm__ volatile(                                  \
        "mrs r3, msp\n"                                \
        "movs r1, #0\n"                                \
        "movs r2, #0\n"                                \
        "ldr r0, =_stack_bottom\n"                     \
        "cmp r3, r0\n"                                 \
        "blo 1f\n"                                     \
        "ldr r0, =_stack_top\n"                        \
        "subs r0, #32\n"                               \
        "cmp r3, r0\n"                                 \
        "bhi 1f\n"                                     \
        "ldr r1, [r3, #24]\n"                          \
        "ldr r2, [r3, #20]\n"                          \
        "1: ldr r0, =_stack_top\n"                     \
        "msr msp, r0\n"                                \
        "movs r0, #" #number "\n"                      \
        "ldr r3, =faultTaken\n"                        \
        "bx r3\n"                                      \
        ".pool\n");                                    \
  }
FAULT_ENTRY(hardFaultEntry, 1)
FAULT_ENTRY(watchdogEntry, 5)
