// What alert rules remember of cascades: one row for each rule and post for which it
// has raised an alert, or whose conditions hold while the alert waits.
//
// Rows are found by the hashes of the post and the rule, not by the cascade's record,
// so that an alert is raised only once even if the record is evicted and created again.
// When the memory is full a 32nd part is evicted: rows that have raised nothing first,
// else the next ones in table order. Rows in a digest that is not published yet stay.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

#define ALERT_ROW_NONE UINT32_MAX

enum alert_row_flag {
    ALERT_ROW_WAITS = 1 << 0, // its conditions hold: waits for hysteresis, cooldown or
                              // the queue
    ALERT_ROW_TIMED = 1 << 1, // may hold by the passing of time alone
    ALERT_ROW_SHORT = 1 << 2, // waits for the daily budget
    ALERT_ROW_OPEN = 1 << 3,  // the cascade's close is to be reported
};

struct alert_row {
    uint64_t post; // hashes, keyed; both 0: the row is free
    uint64_t rule;
    usec held;        // clock since which the conditions hold; USEC_NONE: they do not
    usec raised;      // clock of the last alert; USEC_NONE: none
    uint32_t cascade; // record of the post, valid while its birth is the same
    uint32_t birth;
    uint32_t level;  // the highest raised; 0: none
    uint32_t size;   // of the cascade then
    uint32_t digest; // number of the digest that will contain it; 0: none
    uint32_t flags;  // enum alert_row_flag; of a free row: the next one + 1
};

struct alert_memory {
    struct alert_row *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t count;
    uint32_t free; // index + 1
    uint32_t hand; // where the next eviction begins
    struct table by_key;
    uint64_t forgotten; // rows that had raised something
};

// False when the system refuses the memory.
bool alert_memory_init(struct alert_memory *memory, uint32_t capacity);
void alert_memory_fini(struct alert_memory *memory);

uint32_t alert_memory_find(const struct alert_memory *memory, uint64_t post,
                           uint64_t rule);
// Finds or creates. ALERT_ROW_NONE: full, and every row is in a digest. `left` is
// called with each row before it is evicted.
typedef void (*alert_left_fn)(void *context, struct alert_row *row);
uint32_t alert_memory_put(struct alert_memory *memory, uint64_t post, uint64_t rule,
                          alert_left_fn left, void *context);
void alert_memory_drop(struct alert_memory *memory, uint32_t row);

// True if there is room for rows that only wait for time.
bool alert_memory_is_roomy(const struct alert_memory *memory);

// Saves the contents, or loads them into an empty memory of the same capacity.
void alert_memory_move(struct alert_memory *memory, struct snapshot *snapshot);

static inline struct alert_row *
alert_memory_at(const struct alert_memory *memory, uint32_t row)
{
    return &memory->rows[row];
}
