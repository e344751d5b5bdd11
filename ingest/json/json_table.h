// What to read from a JSON message (json.h): tables with a row for each key and the
// type of its value.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { JSON_FIELDS_MAX = 64 }; // rows of one table

enum json_kind {
    JSON_TEXT,    // string                        -> struct slice
    JSON_ID,      // string or integer             -> struct slice, as written; a
                  // negative integer is none
    JSON_COUNT,   // unsigned integer              -> struct json_count
    JSON_SCALAR,  // string or integer             -> struct json_scalar
    JSON_BOOL,    //                               -> bool, absent: false
    JSON_PRESENT, // any value but null            -> bool
    JSON_STRUCT,  // object                        -> pointer to the sub-table's struct
    JSON_STRUCTS, // array of objects              -> struct json_list
    JSON_ONE_OR_MORE, // object or array of objects    -> struct json_list
    JSON_TEXTS, // array of strings              -> struct json_list of struct slice
    JSON_LATER, // any value but null, read when more is known -> struct json_later

    // Added to a row's kind.
    JSON_VITAL = 1 << 7, // a bad value makes the object unusable
    JSON_ONCE = 1 << 8,  // a second value makes the object unusable
    JSON_APART = 1 << 9, // STRUCTS, ONE_OR_MORE: each element is a message of its own;
                         // PRESENT: nested at any depth
};

// Added to the kind of a JSON_STRUCT: vital, and so are false and "", which else are
// the same as no object.
enum { JSON_EXACT = 1 << 10 | JSON_VITAL };

struct json_count {
    uint64_t value;
    bool is_given;
};

struct json_scalar {
    struct slice text; // none: not a string; JSON_UNUSABLE: dropped
    int64_t number;
    bool is_number;
};

struct json_list {
    const void *items; // NULL: absent; an empty list has a pointer
    size_t count;
    size_t dropped;        // elements that are unusable or too many
    unsigned char *errors; // JSON_APART: enum json_error of each of these
};

struct json_later {
    const void *place; // NULL: absent
    const void *shape;
};

struct json_table;

struct json_field {
    const char *key;                // printable ASCII without '"', '\' and '/'
    int kind;                       // enum json_kind, perhaps with JSON_VITAL
    size_t offset;                  // in the table's struct
    const struct json_table *table; // STRUCT, STRUCTS, ONE_OR_MORE, LATER
    size_t max;                     // STRUCTS, ONE_OR_MORE, TEXTS: elements
};

struct json_table {
    const struct json_field *fields; // ends with a row without key
    size_t size; // of the struct, whose zeroed form means "all absent"
};

#define JSON_FIELD_END                                                                 \
    {                                                                                  \
        NULL, JSON_TEXT, 0, NULL, 0                                                    \
    }

// The same for an object in which values of other keys may be nested at any depth.
#define JSON_FIELD_END_APART                                                           \
    {                                                                                  \
        NULL, JSON_PRESENT | JSON_APART, 0, NULL, 0                                    \
    }

static inline enum json_kind
json_kind_of(const struct json_field *field)
{
    return (enum json_kind)(field->kind & ~(JSON_EXACT | JSON_ONCE | JSON_APART));
}

// A text or id that was given but is invalid: empty, but distinct from the empty
// string.
#define JSON_UNUSABLE                                                                  \
    {                                                                                  \
        json_shape_unusable, 0                                                         \
    }

#ifdef __cplusplus
extern "C" {
#endif

extern const char json_shape_unusable[];

#ifdef __cplusplus
}
#endif
