// The posts that other posts refer to: facts about each, its counts and its amplifiers.
//
// A record is made when a post is first retweeted, quoted or replied to. It contains
// facts about the post (author, text, time, the post it quotes) and the counts of its
// cascade. A cascade is closed when nothing happened for 6 hours or the post is 7 days
// old. Once it is closed and zero in every window, its counts are forgotten and its key
// is deleted from Redis. The facts remain as long as there is room, so that paths
// through the post are still known.
//
// When less than a sixteenth of the capacity is free, just enough records are evicted,
// in this order: first closed ones, those without counts before others; then open ones;
// last those whose close an alert rule has yet to report. Within each of these groups,
// the smallest by retweets, quotes and replies goes first, and among equals the longest
// idle. A record with an alert that is not written is never evicted. Candidates are
// chosen a 32nd part of the capacity at a time; a candidate that has changed since so
// that others should go first is spared. Eviction frees the tree, and the nodes that
// wait for a place in it, at once. The rest is freed with the record when its key has
// been deleted from Redis. Until then it is in one of the rows beyond the capacity (as
// many again), so that no post has to wait for the deletion. Eviction changes no counts
// of other records. `evicted` counts the records that still had counts, `evicted_open`
// the open ones and `evicted_early` those that were open or counted in a window.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/queue.h"
#include "base/slab.h"
#include "base/table.h"
#include "base/timers.h"
#include "base/usec.h"
#include "pipeline/records/cascade.h"
#include "pipeline/records/eviction.h"
#include "pipeline/windows/windows.h"

struct snapshot;
struct users;

struct cascades {
    struct cascade *rows;
    uint32_t capacity;
    uint32_t high; // of twice as many rows
    uint32_t count;
    uint32_t free; // index + 1, linked by `parent`
    uint32_t births;
    uint32_t leaving;   // of the count: evicted, their keys have yet to be deleted
    struct queue queue; // of cascades to write
    struct eviction eviction;
    struct timers timers; // one for the close of each that has events
    struct table by_id;
    struct slab *texts;
    struct trees *trees;
    struct users *users;
    struct windows *windows;
    struct hash_key key;
    void (*closed)(void *context, uint32_t cascade);
    bool (*needs)(void *context, uint32_t cascade);
    void *context;
    uint64_t evicted, evicted_open, evicted_early;
    usec evicted_at; // clock of the last such eviction; USEC_NONE: none
};

// What the table uses beside its own rows; all but the key is kept.
struct cascades_needs {
    struct slab *texts;
    struct trees *trees;
    struct users *users;
    struct windows *windows;
    const struct hash_key *key;
    void (*closed)(void *context, uint32_t cascade); // it may be open again later
    bool (*needs)(void *context, uint32_t cascade);  // for an alert in the queue
    void *context;
};
// False when the system refuses the memory.
bool cascades_init(struct cascades *cascades, uint32_t capacity,
                   const struct cascades_needs *needs);
void cascades_fini(struct cascades *cascades);

// False when records should be evicted.
bool cascades_has_room(const struct cascades *cascades);
// Evicts records in that case.
void cascades_make_room(struct cascades *cascades, usec clock);
// True if `count` more are certain to fit, after evicting others if needed.
bool cascades_ensure_room(struct cascades *cascades, uint32_t count, usec clock);

// Frees an evicted record that nothing refers to any more. Call it after dropping a
// reference.
void cascades_settle(struct cascades *cascades, uint32_t cascade);

uint32_t cascades_find(const struct cascades *cascades, struct slice id);

// Finds or makes the record of a post; hash: of its id. There must be room.
uint32_t cascades_put(struct cascades *cascades, struct slice id, uint64_t hash,
                      bool *ret_is_new);

void cascades_queue(struct cascades *cascades, uint32_t cascade, uint32_t dirty);
// An author known by handle only is replaced by one with an id, no other is.
void cascades_set_author(struct cascades *cascades, uint32_t cascade, uint32_t user);
// Forgets the counts if the cascade is closed, zero in every window and not needed.
void cascades_refresh(struct cascades *cascades, uint32_t cascade, usec clock);

// An event of that time was counted: updates first, last and the time of the close.
void cascades_happened(struct cascades *cascades, uint32_t cascade, usec time);

// Something that decides on the close has changed: sets its timer.
void cascades_time_close(struct cascades *cascades, uint32_t cascade);

// The clock was set back to `clock`, and no event is later: a closed cascade may be
// open again.
void cascades_rewind(struct cascades *cascades, usec clock);
// Frees the events and the forecast of the cascade: its speed is no longer known.
void cascades_drop_speed(struct cascades *cascades, uint32_t cascade);
// Queues every cascade whose close is due.
void cascades_advance(struct cascades *cascades, usec clock);

// When it closes if no further event comes. It must have events.
usec cascades_close_due(const struct cascade *row);
bool cascades_is_closed(const struct cascade *row, usec clock);

// The post is deleted: its text goes, and it leaves the boards for good.
void cascades_hide(struct cascades *cascades, uint32_t cascade);

// The record whose id has this hash, or CASCADE_NONE.
uint32_t cascades_find_hash(const struct cascades *cascades, uint64_t hash);

// The count of a velocity at this time, in slot WINDOWS_VELOCITY_…
uint64_t cascades_recent(const struct cascades *cascades, const struct cascade *row,
                         uint32_t slot);
// True if none of its events is in a window. Entries that cancel each other may still
// refer to its counters.
bool cascades_is_zero(const struct cascades *cascades, const struct cascade *row);
// The quoted post's record, or CASCADE_NONE.
uint32_t cascades_parent(const struct cascades *cascades, uint32_t cascade);

// Saves the contents without the key, or loads them into an empty table of the same
// capacity.
void cascades_move(struct cascades *cascades, struct snapshot *snapshot);

static inline struct cascade *
cascades_at(const struct cascades *cascades, uint32_t cascade)
{
    return &cascades->rows[cascade];
}

static inline struct slice
cascades_id(const struct cascades *cascades, uint32_t cascade)
{
    return slab_text(cascades->texts, cascades->rows[cascade].id);
}
