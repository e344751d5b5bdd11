// Reads JSON: one pass over a message fills a struct.
//
// Tables determine what is read: one row per key, with the kind of value and its place
// in the table's struct. Keys without a row are skipped; of their values only the
// brackets are checked. A message is refused when it is not one whole JSON object. null
// in a field that is read is the same as a missing key. Half a surrogate pair is read
// as U+FFFD; a text that contains some counts as one dropped value.
//
// A value of another type than its row requires, or out of range, is dropped and
// counted: a text, id or scalar becomes JSON_UNUSABLE, anything else is absent. If the
// row is JSON_VITAL, the object that contains it is unusable instead, and is dropped
// from the row or list that contains it, up to the message, which is refused. But false
// and "" where an object is required are dropped like any other value, because programs
// write them for an absent object, unless the row is JSON_EXACT. An unusable element
// of a list affects no other element. Of a list with too many elements the first ones
// are kept and the others dropped; if the row is JSON_VITAL the object is unusable. A
// dropped value must still be valid JSON.
//
// If a key that is read occurs twice in an object, the last value counts, as with most
// readers of JSON; the earlier one is dropped. If the row is JSON_ONCE or JSON_VITAL,
// the object is unusable.
//
// Each element of a JSON_APART list is like a message of its own: whatever is wrong
// with it, nesting, syntax and bytes that JSON does not allow (invalid UTF-8, a control
// character in a string) included, affects only it, as long as its brackets and quotes
// balance. The list contains the errors; json_dropped does not count them. Such bytes
// in another value that is JSON_APART do not matter; anywhere else the message is
// refused for them.
//
// The reader does not interpret the fields; decoders do. The program's implementation
// uses simdjson; the tests have another one, for comparison.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ingest/json/json_table.h"

struct arena;

enum {
    JSON_PADDING =
        64, // readable bytes that must follow a message; their values are free
    JSON_DEPTH_MAX = 64, // nested objects and arrays, the outermost included
};

enum json_error {
    JSON_OK,
    JSON_BAD,       // broken syntax, or bytes after the end
    JSON_UTF8,      // invalid UTF-8
    JSON_DEEP,      // more than JSON_DEPTH_MAX
    JSON_VALUE,     // a value that is read has the wrong type or is out of range
    JSON_REPEATED,  // a key that may occur once occurs twice
    JSON_LONG,      // longer than the reader's capacity
    JSON_MANY,      // a list with more elements than its row allows
    JSON_NO_OBJECT, // a message, but not an object
    JSON_MEMORY,    // the arena is full
};

struct json;

#ifdef __cplusplus
extern "C" {
#endif

// A reader for the given tables and all tables below them; messages up to `capacity`
// bytes. Keeps the tables. NULL when the system has no memory.
struct json *json_create(const struct json_table *const *tables, size_t count,
                         size_t capacity);
void json_destroy(struct json **json);

// Starts reading a message, which must be followed by JSON_PADDING readable bytes.
// Borrows it until the next call of json_open; what is read points into it, into the
// arena passed to the read, or into the reader. After an error the message cannot be
// read.
enum json_error json_open(struct json *json, struct slice message);

// Starts reading a part of the message, or a text that it contained as a string. What
// was read before stays valid; JSON_LATER values of before can no longer be read.
enum json_error json_open_part(struct json *json, struct slice message);

// How many values were dropped since json_open.
size_t json_dropped(const struct json *json);

// Finds the first of the message's own keys that `table` has; *ret_row is its row, or
// the number of rows if no key is known; then the brackets of all values are checked.
enum json_error json_first(struct json *json, const struct json_table *table,
                           size_t *ret_row);

// Reads the message into `raw`, the struct of `table`, which is cleared first. Once per
// message. Objects and lists are allocated in the arena.
enum json_error json_read(struct json *json, const struct json_table *table, void *raw,
                          struct arena *arena);

// The same for a JSON_LATER value: an object (JSON_VALUE if it is something else), or a
// string (JSON_UNUSABLE if it is something else). Once per value.
enum json_error json_read_later(struct json *json, const struct json_later *later,
                                void *raw, struct arena *arena);
enum json_error json_text_later(struct json *json, const struct json_later *later,
                                struct slice *ret_text);

#ifdef __cplusplus
}
#endif
