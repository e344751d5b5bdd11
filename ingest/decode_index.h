// Finds the elements of a list that a message brought by their id.
//
// The index is the places of the elements in the order of their ids, made once per
// message in its arena; a search takes time logarithmic in the length of the list,
// whatever ids a stranger chose. Of elements with the same id the first one is found;
// those without are not.
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ingest/json.h"

struct decode_index {
    const void **elements;
    size_t count;
    size_t id_offset;
};

// `size` and `id_offset` tell where an element's `struct slice` id is. Keeps the list.
// Without memory the index is empty, and the arena has failed.
void decode_index_init(struct decode_index *index, struct arena *arena,
                       struct json_list list, size_t size, size_t id_offset);

// NULL if there is none.
const void *decode_index_find(const struct decode_index *index, struct slice id);
