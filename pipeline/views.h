// Read access to the state of the pipeline: one person, cascade or board at a time.
//
// The third header that sinks read. Changes no state that is written anywhere. Slices
// and arrays point into the pipeline and are valid until its next call; a change is
// valid until the next one is filled, by this header or by pipeline/changes.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/changes.h"

struct pipeline;

#define VIEWS_NONE UINT32_MAX

// ── people ─────────────────────────────────────────────────────────────────

// The person with that id, or VIEWS_NONE.
uint32_t views_find_user(const struct pipeline *pipeline, struct slice id);
// The person who holds a handle, written in any case, or VIEWS_NONE.
uint32_t views_find_holder(const struct pipeline *pipeline, struct slice network,
                           struct slice handle);
// The same in whichever network; if in several, in the first by name. Searches all
// people.
uint32_t views_search_holder(const struct pipeline *pipeline, struct slice handle);
// Every field of the hash that has a value, also of people who have no key.
void views_user(struct pipeline *pipeline, uint32_t user, struct change *ret_change);
// The entry in the ledger of carriers; false if there is none.
bool views_carrier(struct pipeline *pipeline, uint32_t user, struct change *ret_change);
// The person's own posts with the most reshares, greatest first, then by id; searches
// all posts. Returns how many, at most `most`.
size_t views_posts_of(const struct pipeline *pipeline, uint32_t user,
                      uint32_t *ret_cascades, size_t most);

// Handle and name: none if not known.
struct views_person {
    struct slice id, handle, name;
};
struct views_person views_person(const struct pipeline *pipeline, uint32_t user);

// ── cascades ───────────────────────────────────────────────────────────────

// The post with that id, if it has a cascade or replies and is not deleted; or
// VIEWS_NONE.
uint32_t views_find_cascade(const struct pipeline *pipeline, struct slice id);
// The fields, the author and the first amplifiers and carriers, as in an alert.
void views_cascade(struct pipeline *pipeline, uint32_t cascade,
                   struct change *ret_change);
// Only what a list of cascades shows of one: author, handle, text, created_ms, size,
// velocity_5m, forecast, forecast_low, forecast_high, stage and network.
void views_cascade_line(struct pipeline *pipeline, uint32_t cascade,
                        struct change *ret_change);
// The author, or VIEWS_NONE.
uint32_t views_author(const struct pipeline *pipeline, uint32_t cascade);
// Through whom most reshares came, and how many; VIEWS_NONE: none is known.
uint32_t views_first_carrier(const struct pipeline *pipeline, uint32_t cascade,
                             uint64_t *ret_people);

// How many reshares there were at that time after the root's.
struct views_point {
    usec age;
    uint64_t size;
};
enum { VIEWS_POINTS_MIN = 3 };
// The growth so far, in at most `most` points (VIEWS_POINTS_MIN or more) of which
// neither part decreases. The first is (0, 0), the last has the present size.
size_t views_growth(const struct pipeline *pipeline, uint32_t cascade,
                    struct views_point *ret_points, size_t most);

// ── windows ────────────────────────────────────────────────────────────────

struct views_window {
    struct slice name; // "1h"
    usec length;
    usec seen;        // of it since the first post; 0 before
    usec before;      // the same of the window before it
    bool is_complete; // all of it, and nothing was left out in it
};
uint32_t views_windows(const struct pipeline *pipeline);
struct views_window views_window(const struct pipeline *pipeline, uint32_t index);

// ── boards ─────────────────────────────────────────────────────────────────

enum views_owner { VIEWS_PEOPLE, VIEWS_CASCADES, VIEWS_HASHTAGS };

struct views_board {
    struct slice name;   // "mentions:1h", or the metric for a board without a window
    struct slice metric; // "mentions"
    struct slice window; // "1h", or "all" for a board without a window
    enum views_owner owner;
    uint64_t unit; // as in struct change
};

struct views_entry {
    uint32_t owner;
    uint32_t place;
    uint64_t score;
};

uint32_t views_boards(const struct pipeline *pipeline);
struct views_board views_board(const struct pipeline *pipeline, uint32_t index);
// The first entries as of the last flush, in the order of their ranks; returns how
// many. `space` has room for views_top(pipeline) entries, of which the first are the
// result.
uint32_t views_top(const struct pipeline *pipeline);
uint32_t views_entries(const struct pipeline *pipeline, uint32_t index,
                       struct views_entry *space, uint32_t most);
struct slice views_owner_id(const struct pipeline *pipeline, enum views_owner kind,
                            uint32_t owner);
