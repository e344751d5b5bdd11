// Parses one token of a JSON text: strings without their quotes, numbers, words.
//
// A token is in a message that is valid UTF-8, is followed by JSON_PADDING readable
// bytes and ends in '}', so reading a few bytes past a token is always allowed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/slice.h"

enum { JSON_TOKEN_WORD = 8 };

#ifdef __cplusplus
extern "C" {
#endif

// Writes the contents of the escaped string to `out`, which has JSON_TOKEN_WORD bytes
// more room than `raw` is long. Half a surrogate pair becomes U+FFFD, and *ret_has_half
// is set. Returns the end of what was written, or NULL: an unknown escape.
char *json_token_unescape(struct slice raw, char *out, bool *ret_has_half);

// True if the token at `p` is an unsigned integer up to 2^64-1; its digits and value.
// The results are undefined if it is not.
bool json_token_digits(const char *p, struct slice *ret_digits, uint64_t *ret_value);

// True if the token at `p` is this word.
bool json_token_is(const char *p, struct slice word);

// True if the token at `p`, which is not a string, is one of JSON's words or a number.
bool json_token_is_plain(const char *p);

#ifdef __cplusplus
}
#endif

// The first `length` bytes, at most 8, as one number; the first is the lowest byte.
static inline uint64_t
json_token_word(const char *bytes, size_t length)
{
    static const uint64_t masks[JSON_TOKEN_WORD + 1] = {
        0,          0xff,         0xffff,         0xffffff,
        0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
        UINT64_MAX,
    };
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word & masks[length];
}

// The position of the first backslash in the word: the lowest bit set is that byte's
// high bit; 0: none.
static inline uint64_t
json_token_escapes(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t x = word ^ (ones * '\\');
    return (x - ones) & ~x & (ones << 7);
}

// The number whose decimal digits are the word's eight bytes; false if one is not a
// digit. Joins neighbours to pairs, pairs to fours, fours to eight.
static inline bool
json_token_eight(uint64_t word, uint64_t *ret_number)
{
    const uint64_t threes = 0x3030303030303030;
    // A byte is a digit if its upper half is 3, also after adding 6.
    if (((word & (word + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0) != threes) {
        return false;
    }
    word -= threes;
    word = word * 10 + (word >> 8);
    *ret_number = (((word & 0x000000ff000000ff) * 0x000f424000000064) +
                   ((word >> 16 & 0x000000ff000000ff) * 0x0000271000000001)) >>
                  32;
    return true;
}

static inline bool
json_token_has_escape(struct slice raw)
{
    const char *p = raw.ptr;
    size_t left = raw.len;
#ifdef __SSE2__
    const __m128i sign = _mm_set1_epi8('\\');
    unsigned found;
    for (;; p += sizeof(sign), left -= sizeof(sign)) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, sign));
        if (left <= sizeof(sign)) {
            return (found & ((1U << left) - 1)) != 0;
        }
        if (found != 0) {
            return true;
        }
    }
#else
    for (; left > JSON_TOKEN_WORD; p += JSON_TOKEN_WORD, left -= JSON_TOKEN_WORD) {
        if (json_token_escapes(json_token_word(p, JSON_TOKEN_WORD)) != 0) {
            return true;
        }
    }
    return json_token_escapes(json_token_word(p, left)) != 0;
#endif
}
