// Writes commands in the Redis protocol into memory that is known to be large enough.
//
// hiredis' formatter allocates every command; at a hundred thousand commands a second
// the sink writes them in place instead. Every function returns the end of what it
// wrote.
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/slice.h"

// The most bytes of a length with its mark and line ends: "$" 20 digits CRLF … CRLF.
enum { REDIS_WRITE_FRAME = 25, REDIS_WRITE_NUMBER = 20 };

static inline char *
redis_write_bytes(char *at, struct slice bytes)
{
    memcpy(at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

static inline char *
redis_write_number(char *at, uint64_t value)
{
    char digits[REDIS_WRITE_NUMBER];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    memcpy(at, digits + first, sizeof(digits) - first);
    return at + sizeof(digits) - first;
}

// mark: '*' before the number of words of a command, '$' before the length of a word.
static inline char *
redis_write_mark(char *at, char mark, size_t value)
{
    *at++ = mark;
    at = redis_write_number(at, value);
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

// One word made of two parts.
static inline char *
redis_write_pair(char *at, struct slice head, struct slice tail)
{
    at = redis_write_mark(at, '$', head.len + tail.len);
    at = redis_write_bytes(at, head);
    if (tail.len != 0) {
        at = redis_write_bytes(at, tail);
    }
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static inline char *
redis_write_word(char *at, struct slice word)
{
    at = redis_write_mark(at, '$', word.len);
    if (word.len != 0) {
        at = redis_write_bytes(at, word);
    }
    *at++ = '\r';
    *at++ = '\n';
    return at;
}
