// Splits JSON documents that arrive in pieces of any size: the elements of an array, or
// a line with several objects and arrays. A file or a body whose messages are the
// elements of one array is read in this way without being kept in memory. This module
// parses brackets, strings and commas; the decoder parses the elements.
//
//   - An element is an object or an array within the array, or outside arrays an
//     object. Any other text between two commas, brackets or line ends is returned,
//     too, so that it is refused and counted. A missing comma does not matter. In an
//     array an element with text behind its brackets is returned with that text;
//     outside arrays the text is apart.
//   - An array outside arrays is read as its elements. So is one within an array if
//     is_flat is set, or if it is too long, or broken but not nested too deep; then at
//     most JSON_DEPTH_MAX arrays are open.
//   - A broken element does not affect others. It is returned up to the place where the
//     fault is detected (so it is never whole JSON), and the next one is searched for.
//     That is the one after the comma behind its last bracket; or a '{' after a comma
//     within an object, where JSON has none; or the next '{' at the start of a line
//     with the same indent; or, if the broken one did not begin a line, the next '{'
//     after a comma that is followed by the first key of the first element that has
//     one.
//   - If none of these is found up to the end of the array, the bytes that are not read
//     are counted, from the first '{' after a comma on.
//   - An element over ARRAY_ELEMENT_MAX bytes is dropped, and the next one searched for
//     in the same way.
//   - Outside arrays another document also begins at a '{' or '[' behind the last
//     bracket of a broken one, or at a '{' behind a bracket within an object.
//   - Outside arrays a line end is returned as ARRAY_OVER, unless a comma precedes it.
//
// The result does not depend on how the bytes are cut into pieces. Pure.
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
    ARRAY_NONE,    // more bytes are needed; at the end: there was nothing more
    ARRAY_ELEMENT, // its brackets are complete, or text in place of an element
    ARRAY_CUT,     // the bytes end within it
    ARRAY_LONG,    // too long: nothing is returned
    ARRAY_OVER,    // a line has ended outside arrays
};

enum array_place {
    ARRAY_BETWEEN, // elements
    ARRAY_WITHIN,  // an element
    ARRAY_BEHIND,  // an element: what follows decides if it is one
    ARRAY_OTHER,   // within text that is not an element
    ARRAY_LOST,    // behind a broken element
};

struct array {
    enum array_place place;
    bool is_flat;
    bool is_continued; // a comma, or a ']' without partner, was read last
    size_t level;      // arrays that are open; 0: outside
    size_t documents;  // objects and arrays begun outside arrays
    size_t looked;     // how many bytes of the current element were read
    size_t closed;     // its length up to its last bracket
    size_t depth;
    uint64_t objects; // a bit for each open bracket, the innermost lowest: 1 is '{'
    char before;      // the last byte outside strings that is no space; '"': a string
    bool is_string;
    bool is_escape;

    // How elements are laid out: the column of the next byte, if only spaces and commas
    // are before it, and the indent of the current element.
    size_t column;
    bool is_margin;
    size_t indent; // SIZE_MAX: it does not begin a line
    size_t key_len;
    char key[ARRAY_KEY_MAX]; // how elements begin

    uint64_t missed; // bytes since another element may have begun after a broken one
};

// What was found in the pending bytes: those up to `used` are consumed.
struct array_step {
    enum array_found found;
    struct slice element; // points into the pending bytes
    bool is_deep;         // it ends where more than JSON_DEPTH_MAX brackets are open
    size_t used;
    uint64_t lines_before; // line ends before the element
    uint64_t lines;        // line ends before `used`
    uint64_t missed;       // bytes in which elements may be that cannot be found
};

enum array_begin { ARRAY_IS_NONE, ARRAY_IS_ONE, ARRAY_UNKNOWN };

// White space of JSON.
static inline bool
array_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Checks if the bytes begin like an array of objects or arrays, or an empty one.
// Leading spaces are allowed. ARRAY_UNKNOWN: more bytes are needed (never with is_all).
enum array_begin array_begins(struct slice bytes, bool is_all);

// True if the text does not end within a document.
bool array_is_whole(struct slice text);
// True if it ends within an array.
bool array_is_open(struct slice text);
// True if it has two documents or more, or a comma or bracket behind one.
bool array_is_sequence(struct slice text);

// Starts within an array, behind its '[' or an element.
void array_reset(struct array *array);
// Starts outside arrays. is_flat: arrays within arrays are no elements, but theirs are.
void array_reset_documents(struct array *array, bool is_flat);

// `pending` are the bytes not consumed yet, those of the previous call included;
// is_all: no more will come.
void array_next(struct array *array, struct slice pending, bool is_all,
                struct array_step *ret_step);
