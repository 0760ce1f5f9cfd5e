// In front of the only image of a board without a boot loader: takes its stack and its reset handler. IMAGE is where its vectors lie.
#include <stdint.h>

__attribute__((naked, noreturn)) void stubEntry(void) {
  __asm__ volatile(
      "ldr r0, =_stub_image\n"
      "ldr r1, [r0]\n"
      "msr msp, r1\n"
      "ldr r0, [r0, #4]\n"
      "bx r0\n"
      ".pool\n");
}
// A fault before the image has set its own table: start again.
__attribute__((naked, noreturn)) void stubFault(void) {
  __asm__ volatile(
      "ldr r0, =0xE000ED0C\n"
      "ldr r1, =0x05FA0004\n"
      "str r1, [r0]\n"
      "1: b 1b\n"
      ".pool\n");
}
extern uint32_t _stub_stack;
__attribute__((section(".isr_vector"), used)) void *const stubVectors[16] = {
    &_stub_stack, (void *)stubEntry, (void *)stubFault, (void *)stubFault, (void *)stubFault, (void *)stubFault, (void *)stubFault,
};
