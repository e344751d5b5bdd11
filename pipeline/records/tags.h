// The hashtags in use: a text and its counter. A hashtag is forgotten when its counter
// is zero in every window.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slab.h"
#include "base/table.h"
#include "pipeline/windows/windows.h"

struct snapshot;

#define TAG_NONE UINT32_MAX

struct tag {
    uint32_t text;    // slab text
    uint32_t counter; // of TALLY_HASHTAGS, and behind it those of campaigns; or
                      // COUNTER_NONE
    uint32_t refs;    // on a published board
    bool is_fading;   // in the list of tags whose counter became empty
};

struct tags {
    struct tag *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t count;
    uint32_t free; // index + 1, linked by `counter`
    uint32_t *fading;
    uint32_t fading_count;
    uint32_t held; // of them, those that the last sweep could not free
    struct table by_text;
    struct slab *texts;
    struct hash_key key;
};

// Keeps texts. False when the system refuses the memory.
bool tags_init(struct tags *tags, uint32_t capacity, struct slab *texts,
               const struct hash_key *key);
void tags_fini(struct tags *tags);

// TAG_NONE if not found.
uint32_t tags_find(const struct tags *tags, struct slice text);
// True if `count` more are certain to fit, after a sweep if needed.
bool tags_make_room(struct tags *tags, struct windows *windows, size_t count);
// Finds or creates; there must be room.
uint32_t tags_put(struct tags *tags, struct slice text);

// The tag's counter may have become empty.
void tags_fade(struct tags *tags, uint32_t tag);
// Forgets the fading tags whose counter is empty and that no board holds.
void tags_sweep(struct tags *tags, struct windows *windows);

// Saves the contents without the key, or loads them into an empty table of the same
// capacity.
void tags_move(struct tags *tags, struct snapshot *snapshot);

static inline struct slice
tags_text(const struct tags *tags, uint32_t tag)
{
    return slab_text(tags->texts, tags->rows[tag].text);
}
