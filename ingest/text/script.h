// Whether two characters side by side belong to one word, by their scripts.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SCRIPT_NONE = 0 };

// The script of a letter, mark or digit, as a number; SCRIPT_NONE if it belongs to all
// scripts or to one that writes words without anything between them.
unsigned script_of(uint32_t code);

// True if a mark: part of the character before it.
bool script_is_mark(uint32_t code);

// True of punctuation, white space and control characters, and of signs such as + and
// $; not of letters, digits, marks and pictures.
bool script_is_punctuation(uint32_t code);

// True if a word whose first (is_after: last) character is `edge` is complete with
// `beside` right before (after) it; of a character with marks, without the marks:
//   - if one of them is no letter, digit or mark;
//   - not if a mark follows, since it changes the last character;
//   - a letter is separate from one of another script, and from any letter of a script
//     that does not separate words;
//   - a digit is separate from a letter of a script that does not separate words, and
//     from one of another script than its own, if it has one.
bool script_separates(uint32_t edge, uint32_t beside, bool is_after);
