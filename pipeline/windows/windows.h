// Sliding windows: exact counts over the last 5 minutes, hour, day.
//
// A window of length W has 60 steps of s = W/60 and, at clock `now`, covers the steps
// floor(now/s)-59 … floor(now/s). Every window keeps a list of what was added in each
// of its steps; when a step leaves the window, what was added in it is subtracted.
// Memory is proportional to the number of events, not to counters × steps:
//
//     window "1h":  step 0 ─▶ [ (counter 7, 1) (counter 9, 120) … ] ─▶ [ … ]
//                   step 1 ─▶ [ … ]                 chunks of 512 bytes
//                   …
//                   step 59
//
// Most amounts are 1. They take 4 bytes in lists of their own; others take 8 bytes. The
// longest window keeps its entries longest, so its lists are packed while they grow and
// when their step is over (pipeline/windows/packed_entries.h): 2 to 3 bytes an entry.
//
// Limits: at most 8 windows; `capacity` entries in all lists together; one amount is at
// most UINT32_MAX.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/usec.h"
#include "pipeline/windows/counters.h"

struct snapshot;

enum {
    WINDOWS_STEPS = 60,
    WINDOWS_MAX = OPTION_SPANS_MAX + 2,
    WINDOWS_CHUNK = 126,     // words
    WINDOWS_PACK = 1 << 14,  // entries packed at once; takes under 1 ms
    WINDOWS_VELOCITY_5M = 0, // slots of a velocity counter
    WINDOWS_VELOCITY_1H = 1,
};

// The lists of a step. If the top bit of the word is set, the amount is taken back.
enum windows_kind {
    WINDOWS_ONES,    // counter
    WINDOWS_AMOUNTS, // counter, amount
    WINDOWS_PACKED,  // bytes of pipeline/windows/packed_entries.h
    WINDOWS_KINDS,
};

struct windows_chunk {
    uint32_t next;
    uint32_t count; // words used, or bytes
    uint32_t words[WINDOWS_CHUNK];
};

struct windows_list {
    uint32_t first; // chunk + 1; 0: none
    uint32_t last;
    uint32_t chunks;
};

struct window {
    usec step;
    int64_t current; // the newest step
    uint64_t entries;
    uint32_t slot;
    bool is_packed;
    struct windows_list list[WINDOWS_KINDS][WINDOWS_STEPS];
};

// Called whenever values of a counter changed; slots is a bit mask.
typedef void (*windows_touched_fn)(void *context, uint32_t counter, uint32_t slots);

struct windows {
    struct window window[WINDOWS_MAX]; // configured ones, then velocity 5m and 1h
    uint32_t shown;                    // how many are configured
    uint32_t longest;                  // index of the longest configured one
    struct counters counters;
    struct windows_chunk *chunks;
    uint32_t chunk_capacity;
    uint32_t chunk_high;
    uint32_t chunk_free; // chunk + 1
    uint32_t chunk_count;
    uint64_t *scratch; // of packing
    windows_touched_fn touched;
    void *context;
};

// Keeps context, which is passed to `touched`; borrows spans.
struct windows_needs {
    const struct option_spans *spans;
    uint64_t bytes;    // for the lists
    uint32_t counters; // how many
    windows_touched_fn touched;
    void *context;
};
// False when the system refuses the memory.
bool windows_init(struct windows *windows, const struct windows_needs *needs);
void windows_fini(struct windows *windows);

// Moves the clock forward (a smaller time changes nothing) and subtracts what left the
// windows.
void windows_advance(struct windows *windows, usec now);

// Moves the clock back (a greater time changes nothing). What was added in later steps
// now belongs to the current step.
void windows_rewind(struct windows *windows, usec now);

// True if a post that adds `amounts` amounts, each to a new counter, is certain to fit.
bool windows_have_room(const struct windows *windows, size_t amounts);

// The step of each window that a time lies in. Valid until the windows are rewound.
struct windows_moment {
    int64_t step[WINDOWS_MAX];
};
// The time must not be later than the clock.
struct windows_moment windows_moment(const struct windows *windows, usec time);

// Adds amount > 0 at that moment in every window that still covers it. False if none
// does (nothing changed then).
bool windows_add(struct windows *windows, const struct windows_moment *moment,
                 uint32_t counter, uint32_t amount);

// Takes back an amount added at that time to a counter that was one of TALLY_VELOCITY
// or not. Does nothing once the time has left the windows, whatever the index stands
// for by then.
struct windows_amount {
    uint32_t counter;
    uint32_t amount;
    bool is_velocity;
};
void windows_take_back(struct windows *windows, const struct windows_moment *moment,
                       struct windows_amount taken);

// The counter has no owner any more; it is freed when no entry refers to it.
void windows_counter_orphan(struct windows *windows, uint32_t index);
// The counter continues to count, but leaves the boards.
void windows_counter_hide(struct windows *windows, uint32_t index);
// Redirects all entries of `from`, and what is taken back from it later, to `into`, a
// counter of the same tally. `from` is freed when no entry refers to it.
void windows_counter_merge(struct windows *windows, uint32_t from, uint32_t into);

// Saves the contents, or loads them into freshly initialised windows of the same
// lengths and capacities.
void windows_move(struct windows *windows, struct snapshot *snapshot);

// Calls visit for the counter of every entry of window `index`, in unspecified order.
typedef void (*windows_visit_fn)(void *context, uint32_t counter);
void windows_visit(struct windows *windows, uint32_t index, windows_visit_fn visit,
                   void *context);
