#include "pipeline/records/tags.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
tags_init(struct tags *tags, uint32_t capacity, struct slab *texts,
          const struct hash_key *key)
{
    tags->capacity = capacity;
    tags->texts = texts;
    tags->key = *key;
    tags->rows = region_reserve((size_t)capacity * sizeof(*tags->rows));
    tags->fading = region_reserve((size_t)capacity * sizeof(*tags->fading));
    return tags->rows != NULL && tags->fading != NULL &&
           table_init(&tags->by_text, capacity);
}

void
tags_fini(struct tags *tags)
{
    table_fini(&tags->by_text);
    region_release(tags->fading, (size_t)tags->capacity * sizeof(*tags->fading));
    region_release(tags->rows, (size_t)tags->capacity * sizeof(*tags->rows));
}

static uint32_t
find_hashed(const struct tags *tags, struct slice text, uint64_t hash)
{
    struct table_walk walk = table_walk(&tags->by_text, hash);
    uint32_t tag;
    while ((tag = table_next(&tags->by_text, &walk)) != TABLE_NONE) {
        if (slice_equal(tags_text(tags, tag), text)) {
            return tag;
        }
    }
    return TAG_NONE;
}

uint32_t
tags_find(const struct tags *tags, struct slice text)
{
    return find_hashed(tags, text, hash_slice(&tags->key, text));
}

uint32_t
tags_put(struct tags *tags, struct slice text)
{
    uint64_t hash = hash_slice(&tags->key, text);
    uint32_t tag = find_hashed(tags, text, hash);
    if (tag != TAG_NONE) {
        return tag;
    }
    tag = tags->free;
    if (tag != 0) {
        tag--;
        tags->free = tags->rows[tag].counter;
    } else {
        assert(tags->high < tags->capacity);
        tag = tags->high++;
    }
    tags->rows[tag] = (struct tag){
        .text = slab_text_put(tags->texts, text),
        .counter = COUNTER_NONE,
    };
    table_add(&tags->by_text, hash, tag);
    tags->count++;
    tags_fade(tags, tag);
    return tag;
}

void
tags_fade(struct tags *tags, uint32_t tag)
{
    struct tag *row = &tags->rows[tag];
    if (!row->is_fading) {
        row->is_fading = true;
        tags->fading[tags->fading_count++] = tag;
    } else if (tags->held != 0) {
        tags->held--; // a sweep may free it now
    }
}

static bool
tag_try_destroy(struct tags *tags, struct windows *windows, uint32_t tag)
{
    struct tag *row = &tags->rows[tag];
    if (row->counter != COUNTER_NONE) {
        if (counters_refs(&windows->counters,
                          counters_at(&windows->counters, row->counter)) != 0) {
            return true; // in use again
        }
        if (row->refs != 0) {
            return false;
        }
        while (row->counter != COUNTER_NONE) {
            uint32_t index = row->counter;
            row->counter = counters_at(&windows->counters, index)->next;
            counters_destroy(&windows->counters, index);
        }
    } else if (row->refs != 0) {
        return false;
    }
    table_remove(&tags->by_text, hash_slice(&tags->key, tags_text(tags, tag)), tag);
    slab_text_free(tags->texts, row->text);
    row->text = SLAB_NONE;
    row->counter = tags->free;
    tags->free = tag + 1;
    tags->count--;
    return true;
}

void
tags_sweep(struct tags *tags, struct windows *windows)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tags->fading_count; i++) {
        uint32_t tag = tags->fading[i];
        if (tag_try_destroy(tags, windows, tag)) {
            tags->rows[tag].is_fading = false;
        } else {
            tags->fading[kept++] = tag;
        }
    }
    tags->fading_count = kept;
    tags->held = kept;
}

bool
tags_make_room(struct tags *tags, struct windows *windows, size_t count)
{
    if (tags->capacity - tags->count < count && tags->fading_count > tags->held) {
        tags_sweep(tags, windows);
    }
    return tags->capacity - tags->count >= count;
}

void
tags_move(struct tags *tags, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, tags->rows, sizeof(*tags->rows), &tags->high,
                  tags->capacity);
    SNAPSHOT_VALUE(snapshot, tags->count);
    SNAPSHOT_VALUE(snapshot, tags->free);
    SNAPSHOT_VALUE(snapshot, tags->held);
    snapshot_rows(snapshot, tags->fading, sizeof(*tags->fading), &tags->fading_count,
                  tags->capacity);
    table_move(&tags->by_text, snapshot);
}
