// Splits bytes from Redis into items, with hiredis' reader. Nothing is kept or
// allocated per item, so an array may have any number of elements. A single line has at
// most REDIS_READER_BYTES_MAX bytes; more is an error. Of a longer string only the item
// is handed out, without its text.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { REDIS_READER_BYTES_MAX = 1 << 20 };

enum redis_item_type {
    REDIS_ITEM_STATUS,
    REDIS_ITEM_ERROR,
    REDIS_ITEM_STRING,
    REDIS_ITEM_INTEGER,
    REDIS_ITEM_NIL,
    REDIS_ITEM_ARRAY, // its elements follow, one level deeper
};

struct redis_item {
    enum redis_item_type type;
    unsigned depth;    // 0: the reply itself
    size_t index;      // among its array's elements; 0 at depth 0
    int64_t number;    // INTEGER: the value. ARRAY: how many elements
    bool is_omitted;   // STRING: it is longer than the limit; the text is empty
    struct slice text; // STATUS, ERROR, STRING; points into the reader until return
};

// A server's text for messages: cut to fit, "?" for each byte that is not printable
// ASCII. Returns text.
const char *redis_reader_print(struct slice from, char *text, size_t size);

// Must not use the reader.
typedef void (*redis_item_fn)(void *context, const struct redis_item *item);

struct redis_reader;

// context is kept. NULL when memory is short.
struct redis_reader *redis_reader_create(redis_item_fn on_item, void *context);
void redis_reader_destroy(struct redis_reader **reader);

// Adds bytes (copies them) for redis_reader_next.
enum status redis_reader_feed(struct redis_reader *reader, struct slice bytes,
                              struct error *error) MUST_USE;

// Continues until one reply is complete: STATUS_OK, all its items were passed on.
// AGAIN: more bytes are needed. PARSE, RANGE, NOMEM: the stream is unusable from here
// on.
enum status redis_reader_next(struct redis_reader *reader,
                              struct error *error) MUST_USE;
