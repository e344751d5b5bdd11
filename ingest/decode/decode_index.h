// Finds the elements of a list in a message by id, or by handle.
//
// The index contains the elements in the order of their ids; it is built once per
// message in its arena. A search takes time logarithmic in the length of the list, for
// all ids. Of elements with the same id the first one is found; those without an id are
// not.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ingest/json/json.h"

struct decode_index {
    const void **elements;
    size_t count;
    size_t id_offset;
    bool is_by_handle; // the ids are handles
};

// `size` and `id_offset` give the place of an element's `struct slice` id. Keeps the
// list. If memory is short the index is empty, and the arena has failed.
void decode_index_init(struct decode_index *index, struct arena *arena,
                       struct json_list list, size_t size, size_t id_offset);

// The same for handles: case, "@" and blanks are ignored.
void decode_index_init_by_handle(struct decode_index *index, struct arena *arena,
                                 struct json_list list, size_t size,
                                 size_t handle_offset);

// NULL if there is none.
const void *decode_index_find(const struct decode_index *index, struct slice id);

// Compares handles by the same rules: <0, 0 or >0.
int decode_index_compare_handles(struct slice a, struct slice b);
