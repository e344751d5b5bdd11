// Tables prepared for reading: one look-up finds the row of a key.
//
// A shape is a hash table of a table's rows by the key's first eight bytes. Most keys
// of a message are not needed and find an empty slot; on a match the rest of the key is
// compared, too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ingest/json/json.h"
#include "ingest/json/json_token.h"

enum { JSON_SHAPE_SLOTS = 256, JSON_SHAPES_MAX = 64 };

struct json_shape;

struct json_shape_row {
    uint64_t head; // the first eight bytes of the key, padded with zeros
    uint64_t tail; // the last eight bytes of a longer one
    size_t length;
    const struct json_field *field;
    enum json_kind kind;
    bool is_vital;
    bool is_strict;
    bool is_once;
    bool is_apart;
    const struct json_shape *child; // of the row's table
};

struct json_shape {
    size_t size;        // of the table's struct
    bool is_rest_apart; // keys without a row: JSON_APART
    size_t count;
    struct json_shape_row rows[JSON_FIELDS_MAX];
    uint8_t slots[JSON_SHAPE_SLOTS]; // row numbers from 1; 0 = free
};

struct json_shapes {
    size_t count;
    const struct json_table *tables[JSON_SHAPES_MAX];
    struct json_shape shapes[JSON_SHAPES_MAX];
};

#ifdef __cplusplus
extern "C" {
#endif

// The shape of this table; at the first call creates it, and those of the tables below
// it. Keeps the tables.
const struct json_shape *json_shape_add(struct json_shapes *shapes,
                                        const struct json_table *table);

// NULL if it was not added.
const struct json_shape *json_shape_find(const struct json_shapes *shapes,
                                         const struct json_table *table);

#ifdef __cplusplus
}
#endif

static inline size_t
json_shape_slot(uint64_t head)
{
    return (head * 0x9e3779b97f4a7c15) >> 56;
}

static inline bool
json_shape_fits(const struct json_shape_row *row, uint64_t head, struct slice key)
{
    const size_t word = JSON_TOKEN_WORD;
    return row->head == head && row->length == key.len &&
           (key.len <= word ||
            (row->tail == json_token_word(key.ptr + key.len - word, word) &&
             (key.len <= 2 * word || memcmp(key.ptr + word, row->field->key + word,
                                            key.len - 2 * word) == 0)));
}

// The row of this key or NULL. Needs JSON_TOKEN_WORD readable bytes from the key on.
static inline const struct json_shape_row *
json_shape_match(const struct json_shape *shape, struct slice key)
{
    const size_t word = JSON_TOKEN_WORD;
    uint64_t head = json_token_word(key.ptr, key.len < word ? key.len : word);
    size_t slot = json_shape_slot(head);
    for (; shape->slots[slot] != 0; slot = (slot + 1) % JSON_SHAPE_SLOTS) {
        const struct json_shape_row *row = &shape->rows[shape->slots[slot] - 1];
        if (json_shape_fits(row, head, key)) {
            return row;
        }
    }
    return NULL;
}
