// Ed25519 signatures (RFC 8032, pure, strict, cofactorless), verified in steps of some milliseconds. Elements of the field are 8 words below
// 2^256, multiplied by 32 x 32 -> 64. Not constant-time: all that is known here is public.
#include "panel.h"

typedef uint32_t Element[8];
enum { D, TWICE_D, ROOT, BASE };
static const Element constants[6] = {
    {0x135978A3, 0x75EB4DCA, 0x4141D8AB, 0x00700A4D, 0x7779E898, 0x8CC74079, 0x2B6FFE73, 0x52036CEE},  // d
    {0x26B2F159, 0xEBD69B94, 0x8283B156, 0x00E0149A, 0xEEF3D130, 0x198E80F2, 0x56DFFCE7, 0x2406D9DC},  // 2d
    {0x4A0EA0B0, 0xC4EE1B27, 0xAD2FE478, 0x2F431806, 0x3DFBD7A7, 0x2B4D0099, 0x4FC1DF0B, 0x2B832480},  // a square root of -1
    {0xD740913E, 0x9D103905, 0xD140BEB3, 0xFD399F05, 0x688F8A09, 0xA5C18434, 0x98F81267, 0x44FD2F92},  // the base point: y - x
    {0xF58C3B85, 0x2FBC93C6, 0xFB8C0E19, 0xCF932DC6, 0x643D42C2, 0x270B4898, 0x33D4BA65, 0x07CF9D3A},  // y + x
    {0x877AAA68, 0xABC91205, 0xCCAAC49E, 0x26D9E823, 0xDD43598C, 0x5A1B7DCB, 0x9F0C65A8, 0x6F117B68},  // 2d x y
};
static const Element order = {0x5CF5D3ED, 0x5812631A, 0xA2F79CD6, 0x14DEF9DE, 0x00000000, 0x00000000, 0x00000000, 0x10000000};

// The point at work (extended coordinates), what is needed besides, and summands: y - x, y + x, 2dt, 2z.
static Element x, y, z, t, e, f, g, h;
static Element base_point[4], minus_key[4], both[4];

static enum { REFUSED, ACCEPTED, TAKING, REDUCING, ROOTING, FINDING, NEGATING, JOINING, ADDING, INVERTING, COMPARING } phase;
static bool is_key_odd;
static int position;
static SHA512 hash;
static uint8_t digest[64], sent[32];
static Element response, challenge;

static void copy(Element to, const Element from) {
  for (unsigned index = 0; index < 8; index++) to[index] = from[index];
}

static void set(Element to, uint32_t small) {
  for (unsigned index = 0; index < 8; index++, small = 0) to[index] = small;
}

// Adds a small number; 2^256 is 38 modulo p.
static void carry(Element to, uint64_t small) {
  while (small) {
    for (unsigned index = 0; index < 8 && small; index++) {
      small += to[index];
      to[index] = (uint32_t)small;
      small >>= 32;
    }
    small *= 38;
  }
}

static void multiply(Element to, const Element a, const Element b) {
  uint32_t product[16] = {0};
  for (unsigned row = 0; row < 8; row++) {
    uint64_t sum = 0;
    for (unsigned index = 0; index < 8; index++) {
      sum += (uint64_t)a[row] * b[index] + product[row + index];
      product[row + index] = (uint32_t)sum;
      sum >>= 32;
    }
    product[row + 8] = (uint32_t)sum;
  }
  uint64_t sum = 0;
  for (unsigned index = 0; index < 8; index++) {
    sum += product[index] + (uint64_t)product[index + 8] * 38;
    to[index] = (uint32_t)sum;
    sum >>= 32;
  }
  carry(to, sum * 38);
}

static void square(Element to, const Element a) { multiply(to, a, a); }

static void add(Element to, const Element a, const Element b) {
  uint64_t sum = 0;
  for (unsigned index = 0; index < 8; index++) {
    sum += (uint64_t)a[index] + b[index];
    to[index] = (uint32_t)sum;
    sum >>= 32;
  }
  carry(to, sum * 38);
}

static void subtract(Element to, const Element a, const Element b) {
  int64_t sum = 0;
  for (unsigned index = 0; index < 8; index++) {
    sum += (int64_t)a[index] - b[index];
    to[index] = (uint32_t)sum;
    sum >>= 32;
  }
  // What was borrowed is 2^256, which is 38.
  for (unsigned index = 0; sum; index++) {
    sum = (int64_t)to[index & 7] + ((index & 7) == 0 ? sum * 38 : sum);
    to[index & 7] = (uint32_t)sum;
    sum >>= 32;
  }
}

static bool is_below(const Element a, const Element b) {
  for (int index = 7; index >= 0; index--)
    if (a[index] != b[index]) return a[index] < b[index];
  return false;
}

static const Element prime = {0xFFFFFFED, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x7FFFFFFF};

static void reduce(Element a) {
  // 2^255 is 19. The first addition may carry into bit 255 again.
  for (unsigned pass = 0; pass < 2; pass++) {
    uint32_t top = a[7] >> 31;
    a[7] &= 0x7FFFFFFF;
    carry(a, top * 19);
  }
  if (!is_below(a, prime)) set(a, a[0] - 0xFFFFFFED);
}

static bool is_zero(Element a) {
  uint32_t any = 0;
  reduce(a);
  for (unsigned index = 0; index < 8; index++) any |= a[index];
  return any == 0;
}

// --- points ------------------------------------------------------------------------------------------------------------------------------
static void set_neutral(void) { set(x, 0), set(y, 1), set(z, 1), set(t, 0); }

static void keep(Element summand[4]) {
  subtract(summand[0], y, x);
  add(summand[1], y, x);
  multiply(summand[2], t, constants[TWICE_D]);
  add(summand[3], z, z);
}

static void double_point(bool with_t) {
  add(e, x, y), square(e, e);
  square(h, x), square(g, y), square(f, z);
  add(f, f, f), add(t, h, g);
  subtract(e, e, t), subtract(g, g, h), subtract(f, f, g);
  multiply(x, e, f), multiply(y, g, t), multiply(z, f, g);
  if (with_t) multiply(t, e, t);
}

static void add_summand(Element summand[4], bool with_t) {
  subtract(e, y, x), multiply(g, e, summand[0]);
  add(e, y, x), multiply(h, e, summand[1]);
  multiply(e, t, summand[2]), multiply(f, z, summand[3]);
  add(t, h, g), subtract(h, h, g), add(g, f, e), subtract(f, f, e);
  multiply(x, h, f), multiply(y, g, t), multiply(z, f, g);
  if (with_t) multiply(t, h, t);
}

// z^(2^252 - 3) into e, in slices: what both a square root and an inverse need. x(n) = z^(2^n - 1) by doubling and adding one up to 250.
#define SLICE 12
static struct {
  uint8_t reached, squarings, goal;
  uint8_t bits;
} power;
enum { DOUBLE, ADD_ONE, END };

static void start_power(void) {
  power.reached = 1, power.bits = 0x2F, power.goal = DOUBLE, power.squarings = 0;
  copy(f, z);
  square(e, z);
}

static bool step_power(void) {
  for (unsigned left = SLICE; left; left--) {
    if (power.squarings) {
      power.squarings--;
      square(e, e);
      continue;
    }
    multiply(e, e, power.goal == DOUBLE ? f : z);
    if (power.goal == END) return true;
    if (power.goal == ADD_ONE) {
      power.reached++;
    } else {
      power.reached *= 2;
      bool adds_one = power.bits & 1;
      power.bits >>= 1;
      if (adds_one) {
        power.goal = ADD_ONE;
        power.squarings = 1;
        continue;
      }
    }
    power.goal = power.reached == 250 ? END : DOUBLE;
    power.squarings = power.reached == 250 ? 2 : power.reached;
    copy(f, e);
  }
  return false;
}

// First half of finding the x of y: the power's base, u v^7, in z; u = y^2 - 1 in x, v = d y^2 + 1 in g, u v^3 in t.
static void prepare_root(void) {
  set(h, 1);
  square(x, y);
  multiply(g, constants[D], x), add(g, g, h);
  subtract(x, x, h);
  square(t, g), multiply(t, t, g);
  square(z, t), multiply(z, z, g), multiply(z, z, x);
  multiply(t, t, x);
}

// Second half: from the power to minus the point whose x is odd or not.
static bool finish_root(bool is_odd) {
  multiply(e, t, e);
  square(h, e), multiply(h, h, g);
  add(f, h, x), subtract(h, h, x);
  if (!is_zero(h)) {
    if (!is_zero(f)) return false;
    multiply(e, e, constants[ROOT]);
  }
  if (is_zero(e) && is_odd) return false;
  set(x, 0);
  if ((e[0] & 1) == is_odd) subtract(x, x, e);
  else add(x, x, e);
  set(z, 1);
  multiply(t, x, y);
  return true;
}

// --- verifying ---------------------------------------------------------------------------------------------------------------------------
static void load(Element to, const uint8_t *bytes) {
  for (unsigned index = 0; index < 8; index++, bytes += 4)
    to[index] = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

void ed25519_begin(const uint8_t key[32], const uint8_t signature[64]) {
  sha512_start(&hash);
  for (unsigned index = 0; index < 32; index++) {
    sent[index] = signature[index];
    sha512_update(&hash, signature[index]);
  }
  for (unsigned index = 0; index < 32; index++) sha512_update(&hash, key[index]);
  load(response, signature + 32);
  load(y, key);
  is_key_odd = y[7] >> 31;
  y[7] &= 0x7FFFFFFF;
  set(challenge, 0);
  phase = is_below(response, order) && is_below(y, prime) ? TAKING : REFUSED;
}

void ed25519_update(uint8_t byte) {
  if (phase == TAKING) sha512_update(&hash, byte);
}

// Takes one byte more at the lower end, modulo the order, bit by bit.
static void append_modulo_order(uint8_t byte) {
  for (int bit = 7; bit >= 0; bit--) {
    uint32_t low = byte >> bit & 1u;
    for (unsigned index = 0; index < 8; index++) {
      uint32_t word = challenge[index];
      challenge[index] = word << 1 | low;
      low = word >> 31;
    }
    if (is_below(challenge, order)) continue;
    int64_t difference = 0;
    for (unsigned index = 0; index < 8; index++) {
      difference += (int64_t)challenge[index] - order[index];
      challenge[index] = (uint32_t)difference;
      difference >>= 32;
    }
  }
}

static bool bit_of(const Element number, int bit) { return number[bit >> 5] >> (bit & 31) & 1; }

static bool compare(void) {
  // 1/z = z^(2^255 - 21)
  square(e, e), square(e, e), square(e, e);
  multiply(e, e, z), multiply(e, e, z), multiply(e, e, z);
  multiply(x, x, e), multiply(y, y, e);
  reduce(x), reduce(y);
  y[7] |= x[0] << 31;
  load(e, sent);
  uint32_t any = 0;
  for (unsigned index = 0; index < 8; index++) any |= e[index] ^ y[index];
  return any == 0;
}

int ed25519_step(void) {
  switch (phase) {
    case REFUSED: return 0;
    case ACCEPTED: return 1;
    case TAKING:
      sha512_finish(&hash, digest);
      position = 63;
      phase = REDUCING;
      break;
    case REDUCING:
      for (unsigned count = 0; count < 8; count++) append_modulo_order(digest[position--]);
      if (position >= 0) break;
      prepare_root();
      start_power();
      phase = ROOTING;
      break;
    case ROOTING:
      if (step_power()) phase = FINDING;
      break;
    case FINDING:
      phase = REFUSED;
      if (!finish_root(is_key_odd)) break;
      keep(minus_key);
      // Twice: a key of order 8 or less verifies nothing.
      double_point(false);
      if (!is_zero(x) && !is_zero(y)) phase = NEGATING;
      break;
    case NEGATING:
      for (unsigned index = 0; index < 3; index++) copy(base_point[index], constants[BASE + index]);
      set(base_point[3], 2);
      set_neutral();
      add_summand(minus_key, true);
      phase = JOINING;
      break;
    case JOINING:
      add_summand(base_point, true);
      keep(both);
      set_neutral();
      position = 252;
      phase = ADDING;
      break;
    case ADDING: {
      bool takes_base = bit_of(response, position), takes_key = bit_of(challenge, position);
      double_point(takes_base || takes_key);
      if (takes_base || takes_key) add_summand(takes_base ? takes_key ? both : base_point : minus_key, false);
      if (--position >= 0) break;
      start_power();
      phase = INVERTING;
      break;
    }
    case INVERTING:
      if (step_power()) phase = COMPARING;
      break;
    case COMPARING: phase = compare() ? ACCEPTED : REFUSED; break;
  }
  return -1;
}
