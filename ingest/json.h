// Reading JSON: one walk over a message fills a struct.
//
// What is read is told by tables: one row per key, with the kind of value wanted and
// where it goes in the table's struct. Keys without a row are skipped; of their values
// only the brackets are looked at. A message is refused when it is not one whole JSON
// object, when a value that is read has another type than its row wants or is out of
// range, holds half a surrogate pair, or when a key that is read occurs twice in one
// object. null in a field that is read is the same as a missing key.
//
// The reader does not know what the fields mean; decoders do. The one implementation in
// the program stands on simdjson; the tests have another one, to compare.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

enum {
    JSON_PADDING =
        64, // readable bytes that must follow a message; their values are free
    JSON_DEPTH_MAX =
        64, // objects and arrays within one another, the outermost included
    JSON_FIELDS_MAX = 64, // rows of one table
};

enum json_error {
    JSON_OK,
    JSON_BAD,       // broken syntax, or bytes after the end
    JSON_UTF8,      // invalid UTF-8
    JSON_DEEP,      // more than JSON_DEPTH_MAX
    JSON_VALUE,     // a value that is read has the wrong type or is out of range
    JSON_REPEATED,  // a key that is read occurs twice
    JSON_LONG,      // longer than the reader's capacity
    JSON_MANY,      // a list with more elements than its row allows
    JSON_NO_OBJECT, // a message, but not an object
    JSON_MEMORY,    // the arena is full
};

enum json_kind {
    JSON_TEXT,    // string                        -> struct slice
    JSON_ID,      // string or unsigned integer    -> struct slice, as written
    JSON_COUNT,   // unsigned integer              -> struct json_count
    JSON_SCALAR,  // string or integer             -> struct json_scalar
    JSON_BOOL,    //                               -> bool, absent: false
    JSON_PRESENT, // any value but null            -> bool
    JSON_STRUCT,  // object                        -> pointer to the sub-table's struct
    JSON_STRUCTS, // array of objects              -> struct json_list
    JSON_ONE_OR_MORE, // object or array of objects    -> struct json_list
    JSON_TEXTS, // array of strings              -> struct json_list of struct slice
    JSON_LATER, // any value but null, read when more is known -> struct json_later
};

struct json_count {
    uint64_t value;
    bool is_given;
};

struct json_scalar {
    struct slice text; // none: not a string
    int64_t number;
    bool is_number;
};

struct json_list {
    const void *items; // NULL: absent; an empty list has a pointer
    size_t count;
};

struct json_later {
    const void *place; // NULL: absent
    const void *shape;
};

struct json_table;

struct json_field {
    const char *key; // printable ASCII without '"', '\' and '/'
    enum json_kind kind;
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

struct json;

#ifdef __cplusplus
extern "C" {
#endif

// A reader for the given tables and all tables below them; messages up to `capacity`
// bytes. Keeps the tables. NULL when the system has no memory.
struct json *json_create(const struct json_table *const *tables, size_t count,
                         size_t capacity);
void json_destroy(struct json **json);

// Starts on a message, which must be followed by JSON_PADDING readable bytes. Borrows
// it until the next call of json_open; whatever is read points into it, into the arena
// given to the read, or into the reader. After an error the message cannot be read.
enum json_error json_open(struct json *json, struct slice message);

// Looks for the first of the message's own keys that `table` has; ret_row is its row,
// or the number of rows if no key is known. Does not look at values.
enum json_error json_first(struct json *json, const struct json_table *table,
                           size_t *ret_row);

// Reads the message into `raw`, the struct of `table`, which becomes all absent first.
// Once per message. Objects and lists are placed in the arena.
enum json_error json_read(struct json *json, const struct json_table *table, void *raw,
                          struct arena *arena);

// The same for a value that was left for later, an object or a string; JSON_VALUE if it
// is something else. Once per value.
enum json_error json_read_later(struct json *json, const struct json_later *later,
                                void *raw, struct arena *arena);
enum json_error json_text_later(struct json *json, const struct json_later *later,
                                struct slice *ret_text);

#ifdef __cplusplus
}
#endif
