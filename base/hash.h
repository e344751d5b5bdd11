// SipHash-1-3 (Aumasson & Bernstein 2012): a keyed 64-bit hash of bytes.
//
// Ids are chosen by people who post, so every table is keyed with a seed that they do
// not know. No visible output may depend on the order that a hash gives: same posts,
// another seed, same output.
#pragma once

#include <stdint.h>

#include "base/slice.h"

struct hash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t hash_slice(const struct hash_key *key, struct slice bytes);
// With a fixed key: for what a collision does not harm.
uint64_t hash_known(struct slice bytes);
