// Arithmetic that a Cortex-M0 has no instruction for: Run-time ABI for the Arm Architecture (IHI 0043), §4.2 and §4.3.1.
#include <stdint.h>

#if __ARM_ARCH_6M__
// Quotient in r0, remainder in r1: as the low and the high half of one 64-bit value. A divisor of 0 gives 0, as `udiv` does.
uint64_t __aeabi_uidivmod(uint32_t value, uint32_t divisor) {
  uint32_t quotient = 0, bit = 1;
  if (divisor == 0) return (uint64_t)value << 32;
  while (divisor < value && !(divisor & 0x80000000u)) divisor <<= 1, bit <<= 1;
  for (; bit; bit >>= 1, divisor >>= 1)
    if (value >= divisor) value -= divisor, quotient |= bit;
  return (uint64_t)value << 32 | quotient;
}
uint32_t __aeabi_uidiv(uint32_t value, uint32_t divisor) { return (uint32_t)__aeabi_uidivmod(value, divisor); }

uint64_t __aeabi_idivmod(int32_t value, int32_t divisor) {
  uint64_t both = __aeabi_uidivmod(value < 0 ? 0u - (uint32_t)value : (uint32_t)value, divisor < 0 ? 0u - (uint32_t)divisor : (uint32_t)divisor);
  uint32_t quotient = (uint32_t)both, remainder = (uint32_t)(both >> 32);
  if ((value < 0) != (divisor < 0)) quotient = 0u - quotient;
  if (value < 0) remainder = 0u - remainder;
  return (uint64_t)remainder << 32 | quotient;
}
int32_t __aeabi_idiv(int32_t value, int32_t divisor) { return (int32_t)(uint32_t)__aeabi_idivmod(value, divisor); }

// 64 x 64 -> 64 from 16 x 16 -> 32.
uint64_t __aeabi_lmul(uint64_t left, uint64_t right) {
  uint32_t a = (uint32_t)left, b = (uint32_t)right;
  uint32_t al = a & 0xFFFF, ah = a >> 16, bl = b & 0xFFFF, bh = b >> 16;
  uint32_t low = al * bl, middle = ah * bl, middle2 = al * bh;
  uint32_t high = ah * bh + (middle >> 16) + (middle2 >> 16);
  uint32_t sum = low + (middle << 16);
  high += sum < low;
  low = sum + (middle2 << 16);
  high += low < sum;
  high += (uint32_t)(left >> 32) * b + a * (uint32_t)(right >> 32);
  return (uint64_t)high << 32 | low;
}
#endif

// Shifts of 64-bit values by 0...63, in halves.
typedef union {
  uint64_t whole;
  struct {
    uint32_t low, high;
  };
} Halves;

uint64_t __aeabi_llsl(uint64_t value, int32_t by) {
  Halves v = {value};
  if (by >= 32) v.high = v.low << (by - 32), v.low = 0;
  else if (by > 0) v.high = v.high << by | v.low >> (32 - by), v.low <<= by;
  return v.whole;
}

uint64_t __aeabi_llsr(uint64_t value, int32_t by) {
  Halves v = {value};
  if (by >= 32) v.low = v.high >> (by - 32), v.high = 0;
  else if (by > 0) v.low = v.low >> by | v.high << (32 - by), v.high >>= by;
  return v.whole;
}

int64_t __aeabi_lasr(int64_t value, int32_t by) {
  Halves v = {(uint64_t)value};
  int32_t high = (int32_t)v.high;
  if (by >= 32) v.low = (uint32_t)(high >> (by - 32)), v.high = (uint32_t)(high >> 31);
  else if (by > 0) v.low = v.low >> by | v.high << (32 - by), v.high = (uint32_t)(high >> by);
  return (int64_t)v.whole;
}
