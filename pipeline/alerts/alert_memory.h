// What alert rules remember of cascades: one row for each rule and post that it has
// raised something about, or whose conditions hold while something is waited for.
//
// Rows are found by the post's and the rule's hash, not by the cascade's record, so
// that an alert is raised once also if the record is forgotten and made again. When the
// memory is full a thirty-second part goes: rows that have raised nothing first, else
// the next ones in the order of their places. Rows in a digest that is not told yet
// stay.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

#define ALERT_ROW_NONE UINT32_MAX

enum alert_row_flag {
    ALERT_ROW_WAITS = 1 << 0, // its conditions hold: hysteresis, cooldown or the queue
    ALERT_ROW_TIMED = 1 << 1, // time alone may make them hold
    ALERT_ROW_SHORT = 1 << 2, // waits for the daily budget
    ALERT_ROW_OPEN = 1 << 3,  // the cascade's close is to be told
};

struct alert_row {
    uint64_t post; // hashes, keyed; a row that is free has neither
    uint64_t rule;
    usec held;        // clock since which the conditions hold; USEC_NONE: they do not
    usec raised;      // clock of the last alert; USEC_NONE: none
    uint32_t cascade; // record of the post, valid while its birth is the same
    uint32_t birth;
    uint32_t level;  // the highest raised; 0: none
    uint32_t size;   // of the cascade then
    uint32_t digest; // number of the digest that is to tell it; 0: none
    uint32_t flags;  // enum alert_row_flag; of a free row: the next one + 1
};

struct alert_memory {
    struct alert_row *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t count;
    uint32_t free; // index + 1
    uint32_t hand; // where the next eviction looks
    struct table by_key;
    uint64_t forgotten; // rows that had raised something
};

// False when the system refuses the memory.
bool alert_memory_init(struct alert_memory *memory, uint32_t capacity);
void alert_memory_fini(struct alert_memory *memory);

uint32_t alert_memory_find(const struct alert_memory *memory, uint64_t post,
                           uint64_t rule);
// Finds or makes. ALERT_ROW_NONE: full, and every row is in a digest. `left` is called
// with each row before it is forgotten.
typedef void (*alert_left_fn)(void *context, struct alert_row *row);
uint32_t alert_memory_put(struct alert_memory *memory, uint64_t post, uint64_t rule,
                          alert_left_fn left, void *context);
void alert_memory_drop(struct alert_memory *memory, uint32_t row);

// True if there is room for rows that only wait for time.
bool alert_memory_is_roomy(const struct alert_memory *memory);

// Contents out of, or into an empty memory of the same capacity.
void alert_memory_move(struct alert_memory *memory, struct snapshot *snapshot);

static inline struct alert_row *
alert_memory_at(const struct alert_memory *memory, uint32_t row)
{
    return &memory->rows[row];
}
