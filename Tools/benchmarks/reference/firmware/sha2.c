// SHA-256 and SHA-512 (FIPS 180-4). The constants of SHA-256 are the upper halves of those of SHA-512.
#include "panel.h"

static const uint64_t rounds[80] = {
    0x428A2F98D728AE22, 0x7137449123EF65CD, 0xB5C0FBCFEC4D3B2F, 0xE9B5DBA58189DBBC,
    0x3956C25BF348B538, 0x59F111F1B605D019, 0x923F82A4AF194F9B, 0xAB1C5ED5DA6D8118,
    0xD807AA98A3030242, 0x12835B0145706FBE, 0x243185BE4EE4B28C, 0x550C7DC3D5FFB4E2,
    0x72BE5D74F27B896F, 0x80DEB1FE3B1696B1, 0x9BDC06A725C71235, 0xC19BF174CF692694,
    0xE49B69C19EF14AD2, 0xEFBE4786384F25E3, 0x0FC19DC68B8CD5B5, 0x240CA1CC77AC9C65,
    0x2DE92C6F592B0275, 0x4A7484AA6EA6E483, 0x5CB0A9DCBD41FBD4, 0x76F988DA831153B5,
    0x983E5152EE66DFAB, 0xA831C66D2DB43210, 0xB00327C898FB213F, 0xBF597FC7BEEF0EE4,
    0xC6E00BF33DA88FC2, 0xD5A79147930AA725, 0x06CA6351E003826F, 0x142929670A0E6E70,
    0x27B70A8546D22FFC, 0x2E1B21385C26C926, 0x4D2C6DFC5AC42AED, 0x53380D139D95B3DF,
    0x650A73548BAF63DE, 0x766A0ABB3C77B2A8, 0x81C2C92E47EDAEE6, 0x92722C851482353B,
    0xA2BFE8A14CF10364, 0xA81A664BBC423001, 0xC24B8B70D0F89791, 0xC76C51A30654BE30,
    0xD192E819D6EF5218, 0xD69906245565A910, 0xF40E35855771202A, 0x106AA07032BBD1B8,
    0x19A4C116B8D2D0C8, 0x1E376C085141AB53, 0x2748774CDF8EEB99, 0x34B0BCB5E19B48A8,
    0x391C0CB3C5C95A63, 0x4ED8AA4AE3418ACB, 0x5B9CCA4F7763E373, 0x682E6FF3D6B2B8A3,
    0x748F82EE5DEFB2FC, 0x78A5636F43172F60, 0x84C87814A1F0AB72, 0x8CC702081A6439EC,
    0x90BEFFFA23631E28, 0xA4506CEBDE82BDE9, 0xBEF9A3F7B2C67915, 0xC67178F2E372532B,
    0xCA273ECEEA26619C, 0xD186B8C721C0C207, 0xEADA7DD6CDE0EB1E, 0xF57D4F7FEE6ED178,
    0x06F067AA72176FBA, 0x0A637DC5A2C898A6, 0x113F9804BEF90DAE, 0x1B710B35131C471B,
    0x28DB77F523047D84, 0x32CAAB7B40C72493, 0x3C9EBE0A15C9BEBC, 0x431D67C49C100D4C,
    0x4CC5D4BECB3E42B6, 0x597F299CFC657E2A, 0x5FCB6FAB3AD6FAEC, 0x6C44198C4A475817,
};
static const uint64_t start[8] = {
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
};

static uint32_t rotated(uint32_t word, unsigned bits) { return word >> bits | word << (32 - bits); }
static uint64_t rotated64(uint64_t word, unsigned bits) { return word >> bits | word << (64 - bits); }

void sha256_start(SHA256 *hash) {
  hash->length = 0;
  for (unsigned index = 0; index < 8; index++) hash->state[index] = (uint32_t)(start[index] >> 32);
}

static void compress256(SHA256 *hash) {
  uint32_t *block = hash->block;
  uint32_t v[8];
  for (unsigned index = 0; index < 8; index++) v[index] = hash->state[index];
  uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
  for (unsigned round = 0; round < 64; round++) {
    unsigned place = round & 15;
    if (round > 15) {
      uint32_t old = block[(round + 1) & 15], recent = block[(round + 14) & 15];
      block[place] += (rotated(old, 7) ^ rotated(old, 18) ^ old >> 3) + block[(round + 9) & 15] + (rotated(recent, 17) ^ rotated(recent, 19) ^ recent >> 10);
    }
    uint32_t one = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) + (uint32_t)(rounds[round] >> 32) + block[place];
    uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)));
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  uint32_t w[8] = {a, b, c, d, e, f, g, h};
  for (unsigned index = 0; index < 8; index++) hash->state[index] += w[index];
}

void sha256_update(SHA256 *hash, uint8_t byte) {
  uint32_t *word = &hash->block[hash->length >> 2 & 15];
  *word = *word << 8 | byte;
  if ((++hash->length & 63) == 0) compress256(hash);
}

void sha256_finish(SHA256 *hash, uint8_t digest[32]) {
  uint32_t length = hash->length;
  sha256_update(hash, 0x80);
  while ((hash->length & 63) != 56) sha256_update(hash, 0);
  hash->block[14] = length >> 29;
  hash->block[15] = length << 3;
  compress256(hash);
  for (unsigned index = 0; index < 8; index++) put32(digest + 4 * index, hash->state[index]);
}

void sha512_start(SHA512 *hash) {
  hash->length = 0;
  for (unsigned index = 0; index < 8; index++) hash->state[index] = start[index];
}

static void compress512(SHA512 *hash) {
  uint64_t *block = hash->block;
  uint64_t v[8];
  for (unsigned index = 0; index < 8; index++) v[index] = hash->state[index];
  for (unsigned round = 0; round < 80; round++) {
    unsigned place = round & 15;
    if (round > 15) {
      uint64_t old = block[(round + 1) & 15], recent = block[(round + 14) & 15];
      block[place] += (rotated64(old, 1) ^ rotated64(old, 8) ^ old >> 7) + block[(round + 9) & 15] + (rotated64(recent, 19) ^ rotated64(recent, 61) ^ recent >> 6);
    }
    uint64_t a = v[0], e = v[4];
    uint64_t one = v[7] + (rotated64(e, 14) ^ rotated64(e, 18) ^ rotated64(e, 41)) + (v[6] ^ (e & (v[5] ^ v[6]))) + rounds[round] + block[place];
    uint64_t two = (rotated64(a, 28) ^ rotated64(a, 34) ^ rotated64(a, 39)) + ((a & v[1]) | (v[2] & (a | v[1])));
    for (unsigned index = 7; index > 0; index--) v[index] = v[index - 1];
    v[4] += one;
    v[0] = one + two;
  }
  for (unsigned index = 0; index < 8; index++) hash->state[index] += v[index];
}

void sha512_update(SHA512 *hash, uint8_t byte) {
  uint64_t *word = &hash->block[hash->length >> 3 & 15];
  *word = *word << 8 | byte;
  if ((++hash->length & 127) == 0) compress512(hash);
}

void sha512_finish(SHA512 *hash, uint8_t digest[64]) {
  uint32_t length = hash->length;
  sha512_update(hash, 0x80);
  while ((hash->length & 127) != 112) sha512_update(hash, 0);
  hash->block[14] = 0;
  hash->block[15] = (uint64_t)length << 3;
  compress512(hash);
  for (unsigned index = 0; index < 8; index++) {
    put32(digest + 8 * index, (uint32_t)(hash->state[index] >> 32));
    put32(digest + 8 * index + 4, (uint32_t)hash->state[index]);
  }
}
