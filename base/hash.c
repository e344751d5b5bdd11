#include "base/hash.h"

#include <string.h>

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static inline void
sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline uint64_t
load64(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

// The last len % 8 bytes as a little-endian number. A load that overlaps the words
// before is faster than a loop over bytes.
static inline uint64_t
load_tail(struct slice bytes)
{
    size_t left = bytes.len % 8;
    if (left == 0) {
        return 0;
    }
    if (bytes.len >= 8) {
        return load64(bytes.ptr + bytes.len - 8) >> (8 * (8 - left));
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < left; i++) {
        tail |= (uint64_t)(unsigned char)bytes.ptr[i] << (8 * i);
    }
    return tail;
}

uint64_t
hash_slice(const struct hash_key *key, struct slice bytes)
{
    struct sip s = {
        .v0 = key->k0 ^ 0x736f6d6570736575U,
        .v1 = key->k1 ^ 0x646f72616e646f6dU,
        .v2 = key->k0 ^ 0x6c7967656e657261U,
        .v3 = key->k1 ^ 0x7465646279746573U,
    };
    for (size_t i = 0; i + 8 <= bytes.len; i += 8) {
        uint64_t word = load64(bytes.ptr + i);
        s.v3 ^= word;
        sip_round(&s);
        s.v0 ^= word;
    }
    uint64_t last = load_tail(bytes) | (uint64_t)bytes.len << 56;
    s.v3 ^= last;
    sip_round(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t
hash_known(struct slice bytes)
{
    static const struct hash_key key = {0, 0};
    return hash_slice(&key, bytes);
}
