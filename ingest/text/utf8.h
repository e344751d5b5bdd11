// Reads characters from UTF-8, forwards and backwards.
//
// A byte that is not part of a character reads as code 0 of one byte, so that every
// text can be read and no byte is read twice.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct utf8_char {
    uint32_t code;
    size_t size; // bytes; 0: there is no character
};

// The character that begins at byte `at`.
struct utf8_char utf8_at(struct slice text, size_t at);

// The character that ends before byte `at`.
struct utf8_char utf8_before(struct slice text, size_t at);

// Writes the character, at most 4 bytes; returns how many. U+FFFD if it is not a
// character.
size_t utf8_put(char *out, uint32_t code);
