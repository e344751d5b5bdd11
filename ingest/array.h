// The elements of a JSON array, found in bytes that come in any pieces. A file or a
// body whose messages are the elements of one array is read with it without being held
// in memory. Knows brackets, strings and commas; what an element means is for the
// decoder to find out.
//
//   - An element is an object or an array within the array. Whatever else is between
//     two commas, brackets or line ends is handed out too, so that it is refused and
//     counted. A missing comma does not matter.
//   - An element that is broken costs itself: it is handed out up to where that shows
//     (so it is never whole JSON), and the next one is looked for. That is the next '{'
//     at the start of a line with the same indent; or, if the broken one did not begin
//     a line, the next '{' behind a comma that is followed by the same first key.
//   - An element over ARRAY_ELEMENT_MAX bytes is dropped, and the next one looked for
//     in the same way.
//   - The array is over at its ']' if a line end, another bracket or the end of the
//     bytes follows.
// How the bytes were cut into pieces never matters. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
    ARRAY_ELEMENT_MAX = 1 << 23,
    ARRAY_KEY_MAX = 64, // of the bytes up to the end of an element's first key
};

enum array_found {
    ARRAY_NONE,    // more bytes are needed, or at the end: that was all
    ARRAY_ELEMENT, // whole as far as its brackets go, or what stands in place of one
    ARRAY_CUT,     // the bytes end within it
    ARRAY_LONG,    // one that is too long: nothing is handed out
    ARRAY_OVER,    // the array has ended: what follows is not part of it
};

enum array_place {
    ARRAY_BETWEEN, // elements
    ARRAY_WITHIN,  // an element
    ARRAY_BEHIND,  // an element: what follows shows whether it is one
    ARRAY_OTHER,   // within what is no element
    ARRAY_LOST,    // behind one that is broken
    ARRAY_CLOSED,  // behind the ']'
};

struct array {
    enum array_place place;
    size_t looked; // bytes of the element at hand looked at
    size_t closed; // its length up to its last bracket
    size_t depth;
    uint64_t objects; // a bit for each open bracket, the innermost lowest: 1 is '{'
    char before;      // the last byte outside strings that is no space; '"': a string
    bool is_string;
    bool is_escape;

    // How elements are laid out: where in its line the next byte is, whether only
    // spaces and commas are before it, and the indent of the element at hand.
    size_t column;
    bool is_margin;
    size_t indent; // SIZE_MAX: it does not begin a line
    size_t key_len;
    char key[ARRAY_KEY_MAX]; // how the broken element began
};

// What was found in the pending bytes: they are done with up to `used`.
struct array_step {
    enum array_found found;
    struct slice element; // points into them
    size_t used;
    uint64_t lines_before; // line ends before the element
    uint64_t lines;        // line ends before `used`
};

enum array_begin { ARRAY_IS_NONE, ARRAY_IS_ONE, ARRAY_UNKNOWN };

// Whether the bytes begin as an array of objects or arrays does, or an empty one.
// Spaces may lead. ARRAY_UNKNOWN: more are needed to tell (never if they are all).
enum array_begin array_begins(struct slice bytes, bool is_all);

// Whether the brackets of an object or array close within the text.
bool array_is_whole(struct slice text);

// Within an array, behind its '[' or an element.
void array_reset(struct array *array);

// `pending` are the bytes not yet done with, those of the call before among them;
// is_all: no more will come.
void array_next(struct array *array, struct slice pending, bool is_all,
                struct array_step *ret_step);
