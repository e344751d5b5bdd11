// Finds the elements of a list that a message brought by their id, or by a handle.
//
// The index is the places of the elements in the order of their ids, made once per
// message in its arena; a search takes time logarithmic in the length of the list,
// whatever ids a stranger chose. Of elements with the same id the first one is found;
// those without are not.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ingest/json.h"

struct decode_index {
    const void **elements;
    size_t count;
    size_t id_offset;
    bool is_by_handle; // the ids are handles
};

// `size` and `id_offset` tell where an element's `struct slice` id is. Keeps the list.
// Without memory the index is empty, and the arena has failed.
void decode_index_init(struct decode_index *index, struct arena *arena,
                       struct json_list list, size_t size, size_t id_offset);

// The same of handles, of which case, "@" and blanks do not matter.
void decode_index_init_by_handle(struct decode_index *index, struct arena *arena,
                                 struct json_list list, size_t size,
                                 size_t handle_offset);

// NULL if there is none.
const void *decode_index_find(const struct decode_index *index, struct slice id);

// Compares handles in that way: <0, 0 or >0.
int decode_index_compare_handles(struct slice a, struct slice b);
