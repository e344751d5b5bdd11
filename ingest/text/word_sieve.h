// Dismisses most texts without a word at a few instructions per byte (shift-or; Baeza-
// Yates and Gonnet, 1992).
//
// Of each word a piece of 1 to 8 bytes is looked for: its longest run of ASCII that is
// no white space, with the white space beside it. Without such a run the piece is any
// byte beyond ASCII. Words share a few groups; for each byte value a number has, by
// place in the piece and group, a 1 where the byte is not allowed:
//
//     state = state << 8 | stops[byte]     a 0 in the highest byte: a piece ends here
//
// Characters beyond ASCII whose compared form (ingest/text/word_form.h) is ASCII are a
// group of their own. So where no piece ends there is no word in the form of the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct word_sieve {
    uint64_t stops[256];
    uint64_t start; // state before a text
};

// words: in the form that is compared, sorted, none of white space alone; borrowed.
void word_sieve_init(struct word_sieve *sieve, const struct slice *words, size_t count);

// False: the form of the text contains none of the words.
static inline bool
word_sieve_may_contain(const struct word_sieve *sieve, struct slice text)
{
    uint64_t state = sieve->start;
    uint64_t all = UINT64_MAX;
    for (size_t i = 0; i < text.len; i++) {
        state = state << 8 | sieve->stops[(unsigned char)text.ptr[i]];
        all &= state;
    }
    return all >> 56 != 0xff;
}
