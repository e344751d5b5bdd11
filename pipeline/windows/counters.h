// Counters: each holds one number per window of one tally and its owner.
//
// Counters of TALLY_VELOCITY count over 5 minutes and one hour, whatever windows are
// configured; all others count over the configured windows. A counter lives as long as
// a step list of pipeline/windows/windows.h refers to it.
//
// Most counters are small and take a few bytes. The numbers of a larger one move
// permanently to a spill with full-size fields (struct counter_spill).
//
//     | owner | next | kind | dirty | members | refs, refs, value, value, value … |
//                                             | index of the spill                |
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pipeline/windows/tally.h"

struct snapshot;

#define COUNTER_NONE UINT32_MAX
#define COUNTER_ORPHAN UINT32_MAX // as owner: it has none any more
#define COUNTER_MAX ((uint32_t)1 << 28)

enum counter_kind {
    COUNTER_TALLY = 0x1F,    // the bits that hold the tally
    COUNTER_MERGED = 1 << 5, // its numbers belong to another counter: the owner
    COUNTER_HIDDEN = 1 << 6, // counts, but is not on any board
    COUNTER_SPILLED = 1 << 7,
};

enum { COUNTER_REFS_BYTES = 2, COUNTER_SPILL_BYTES = 4 };

struct counter {
    uint32_t owner; // index in the table its tally belongs to
    uint32_t next;  // the owner's next counter
    uint8_t kind;
    uint8_t dirty;   // bit per slot to be written; or, of a campaign, its number
    uint8_t members; // bit per slot: candidate of that board
    uint8_t small[]; // see above
};

struct counter_spill {
    uint32_t refs;
    uint32_t next; // of the free ones
    uint64_t value[];
};

// Rows of one size, as many as there are counters.
struct counters_pool {
    char *rows;
    size_t stride;
    uint32_t high; // rows ever used
    uint32_t free; // head of the free list, linked by `next`
};

struct counters {
    struct counters_pool rows;
    struct counters_pool spills;
    uint32_t capacity;
    uint32_t slots; // values of a counter
    uint32_t dead;  // destroyed but not yet reusable, linked by `next`
    uint32_t count, of_campaigns;
};

// False when the system refuses the memory.
bool counters_init(struct counters *counters, uint32_t capacity, uint32_t slots);
void counters_fini(struct counters *counters);

// A new counter of that owner; there must be room.
uint32_t counters_create(struct counters *counters, enum tally tally, uint32_t owner);
// Destroys a counter with no refs; its index is reused after counters_bury.
void counters_destroy(struct counters *counters, uint32_t index);
// No list refers to the counters destroyed so far any more: their indexes may be
// reused.
void counters_bury(struct counters *counters);

// Adds to the number in a slot. If an addition leaves a window before its undo does,
// the number may be below zero, modulo 2^64, until the undo leaves too.
void counters_add(struct counters *counters, uint32_t index, uint32_t slot,
                  int64_t amount);
// One entry more, or one less, in a step list refers to the counter.
void counters_refer(struct counters *counters, uint32_t index, int change);

// Saves the contents, or loads them into empty ones of the same capacity and slots.
void counters_move(struct counters *counters, struct snapshot *snapshot);

static inline enum tally
counter_tally(const struct counter *counter)
{
    return (enum tally)(counter->kind & COUNTER_TALLY);
}

static inline bool
counter_is_unlisted(const struct counter *counter)
{
    return (counter->kind & (COUNTER_HIDDEN | COUNTER_MERGED)) != 0;
}

static inline bool
counter_is_spilled(const struct counter *counter)
{
    return (counter->kind & COUNTER_SPILLED) != 0;
}

static inline uint32_t
counter_spill_index(const struct counter *counter)
{
    uint32_t index;
    memcpy(&index, counter->small, sizeof(index));
    return index;
}

static inline struct counter *
counters_at(const struct counters *counters, uint32_t index)
{
    return (struct counter *)(void *)(counters->rows.rows +
                                      (size_t)index * counters->rows.stride);
}

static inline struct counter_spill *
counters_spill(const struct counters *counters, uint32_t index)
{
    return (struct counter_spill *)(void *)(counters->spills.rows +
                                            (size_t)index * counters->spills.stride);
}

static inline uint64_t
counters_value(const struct counters *counters, const struct counter *counter,
               uint32_t slot)
{
    if (!counter_is_spilled(counter)) {
        return counter->small[COUNTER_REFS_BYTES + slot];
    }
    return counters_spill(counters, counter_spill_index(counter))->value[slot];
}

// How many entries in step lists refer to this counter.
static inline uint32_t
counters_refs(const struct counters *counters, const struct counter *counter)
{
    if (counter_is_spilled(counter)) {
        return counters_spill(counters, counter_spill_index(counter))->refs;
    }
    uint16_t refs;
    memcpy(&refs, counter->small, sizeof(refs));
    return refs;
}
