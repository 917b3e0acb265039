/* dice.h - numbers that look random and repeat: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).  Integers only. */
#ifndef RECTIFY_REHEARSE_DICE_H
#define RECTIFY_REHEARSE_DICE_H

#include <stdint.h>

static inline uint64_t dice_mix(uint64_t z) {
  z += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* The next number below `below` (1 or more) of the sequence *seed. */
static inline uint32_t dice_next(uint64_t *seed, uint32_t below) {
  *seed += UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(dice_mix(*seed) % below);
}

/* A number below `below` that depends on nothing but its arguments. */
static inline uint32_t dice_of(uint64_t seed, uint64_t a, uint64_t b, uint32_t below) {
  return (uint32_t)(dice_mix(dice_mix(seed ^ dice_mix(a)) ^ b) % below);
}

#endif
