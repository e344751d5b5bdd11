#include "ingest/decode/decode_index.h"

#include "ingest/text/text.h"

#include <string.h>

static struct slice
id_of(const struct decode_index *index, const void *element)
{
    return *(const struct slice *)(const void *)((const char *)element +
                                                 index->id_offset);
}

int
decode_index_compare_handles(struct slice a, struct slice b)
{
    a = text_handle(a);
    b = text_handle(b);
    size_t i = 0;
    while (i < a.len && i < b.len && slice_lower(a.ptr[i]) == slice_lower(b.ptr[i])) {
        i++;
    }
    if (i < a.len && i < b.len) {
        return (unsigned char)slice_lower(a.ptr[i]) <
                       (unsigned char)slice_lower(b.ptr[i])
                   ? -1
                   : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int
compare(const struct decode_index *index, struct slice a, struct slice b)
{
    return index->is_by_handle ? decode_index_compare_handles(a, b)
                               : slice_compare(text_trim(a), text_trim(b));
}

// Merges the neighbours [0, middle) and [middle, count) of `from` into `to`.
static void
merge(const struct decode_index *index, const void **from, size_t middle, size_t count,
      const void **to)
{
    size_t left = 0;
    size_t right = middle;
    for (size_t i = 0; i < count; i++) {
        bool is_left = left < middle &&
                       (right >= count || compare(index, id_of(index, from[left]),
                                                  id_of(index, from[right])) <= 0);
        to[i] = is_left ? from[left++] : from[right++];
    }
}

// Stable, bottom-up; `spare` has room for as many. Returns the array that contains the
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

static void
fill(struct decode_index *index, struct arena *arena, struct json_list list,
     size_t size)
{
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

void
decode_index_init(struct decode_index *index, struct arena *arena,
                  struct json_list list, size_t size, size_t id_offset)
{
    *index = (struct decode_index){.id_offset = id_offset};
    fill(index, arena, list, size);
}

void
decode_index_init_by_handle(struct decode_index *index, struct arena *arena,
                            struct json_list list, size_t size, size_t handle_offset)
{
    *index = (struct decode_index){.id_offset = handle_offset, .is_by_handle = true};
    fill(index, arena, list, size);
}

const void *
decode_index_find(const struct decode_index *index, struct slice id)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(index, id_of(index, index->elements[middle]), id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < index->count &&
                    compare(index, id_of(index, index->elements[low]), id) == 0;
    return is_found ? index->elements[low] : NULL;
}
