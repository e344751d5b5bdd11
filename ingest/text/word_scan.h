// A first look at a text: whether it may contain one of the words of an automaton in
// the form in which texts are compared (ingest/text/word_form.h), found without making
// that form. Most texts contain none.
//
// Each character is one of three:
//   - its compared form is known, whatever is beside it: it goes through the automaton;
//   - white space: a run of it goes through the automaton as one space;
//   - marks, parts of Hangul syllables, bytes that are no character and what is beyond
//     WORD_SCAN_CODES: the form depends on more. The answer is then "may contain".
//
// A word that begins with an ASCII letter or digit is complete only at the start of a
// run of these, so within a run nothing is begun.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/automaton.h"
#include "base/slice.h"

enum { WORD_SCAN_SHORT = 0x800, WORD_SCAN_CODES = 0x20000 };

struct word_scan {
    // The compared form of characters of one and two bytes; 0: it depends on more, or
    // is longer than two bytes.
    uint16_t form[WORD_SCAN_SHORT];
    // Bit per character: its compared form is the character itself.
    uint64_t same[WORD_SCAN_CODES / 64];
    // By the first byte: an ASCII letter or digit.
    bool is_in_run[256];
};

// scratch: is reset. False if it has no room.
bool word_scan_init(struct word_scan *scan, struct arena *scratch);

// False: none of the words is complete in the form of the text. The automaton must
// have words; they are in that form.
bool word_scan_may_contain(const struct word_scan *scan,
                           const struct automaton *automaton, struct slice text);
