#include "ingest/decode_index.h"

#include <string.h>

static struct slice
id_of(const struct decode_index *index, const void *element)
{
    return *(const struct slice *)(const void *)((const char *)element +
                                                 index->id_offset);
}

// Merges the neighbours [0, middle) and [middle, count) of `from` into `to`.
static void
merge(const struct decode_index *index, const void **from, size_t middle, size_t count,
      const void **to)
{
    size_t left = 0;
    size_t right = middle;
    for (size_t i = 0; i < count; i++) {
        bool is_left = left < middle && (right >= count ||
                                         slice_compare(id_of(index, from[left]),
                                                       id_of(index, from[right])) <= 0);
        to[i] = is_left ? from[left++] : from[right++];
    }
}

// Stable, bottom-up; `spare` has as many places. Returns the array that holds the
// result.
static const void **
sort(const struct decode_index *index, const void **elements, const void **spare)
{
    for (size_t width = 1; width < index->count; width *= 2) {
        for (size_t at = 0; at < index->count; at += 2 * width) {
            size_t rest = index->count - at;
            size_t count = rest < 2 * width ? rest : 2 * width;
            merge(index, elements + at, count < width ? count : width, count,
                  spare + at);
        }
        const void **swap = elements;
        elements = spare;
        spare = swap;
    }
    return elements;
}

void
decode_index_init(struct decode_index *index, struct arena *arena,
                  struct json_list list, size_t size, size_t id_offset)
{
    *index = (struct decode_index){.id_offset = id_offset};
    const void **elements = arena_alloc(arena, 2 * list.count, sizeof(*elements));
    if (elements == NULL) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const void *element = (const char *)list.items + i * size;
        if (!slice_is_none(id_of(index, element))) {
            elements[index->count++] = element;
        }
    }
    index->elements = sort(index, elements, elements + list.count);
}

const void *
decode_index_find(const struct decode_index *index, struct slice id)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(id_of(index, index->elements[middle]), id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found =
        low < index->count && slice_equal(id_of(index, index->elements[low]), id);
    return is_found ? index->elements[low] : NULL;
}
