// The posts that people point at: what is known of each, and who carried it.
//
// A record is made when a post is first retweeted, quoted or replied to. It holds two
// kinds of things: facts about the post (author, text, time, the post it quotes), and
// the counts of its cascade. A cascade is closed when nothing happened for 6 hours or
// the post is 7 days old; once it is closed and zero in every window its counts are
// forgotten and its key leaves Redis, while the facts stay as long as there is room, so
// that paths through it are still known.
//
// When less than a sixteenth of the capacity is free, as many records go as are
// lacking, those that matter least: first what is closed, forgotten ones before others,
// then what is open, and last those whose close an alert rule has still to tell; within
// each of these the smallest by retweets, quotes and replies, and among equals the
// longest idle; never one with an alert that is not written. They are chosen a thirty-
// second part of the capacity at a time, and whoever matters more by its turn is
// spared. A tree goes at once, and whoever waits for a place in it; the rest goes with
// the record, as soon as its key has left Redis. Until then it is in one of the rows
// beyond the capacity, as many again, so that no post has to wait for that. Nobody
// else's numbers change by it; `evicted` counts those that were not forgotten yet,
// `evicted_open` the open ones and `evicted_early` the open or still counted ones.
//
// `birth` tells two posts apart that had the same index, `life` two cascades of one
// post.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slab.h"
#include "base/table.h"
#include "base/usec.h"
#include "pipeline/records/cascade.h"
#include "pipeline/records/eviction.h"
#include "base/queue.h"
#include "base/timers.h"
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
    uint32_t leaving;   // of the count: evicted, their keys have still to go
    struct queue queue; // of cascades to write
    struct eviction eviction;
    struct timers timers; // of the close of each that has events
    struct table by_id;
    struct slab *texts;
    struct trees *trees;
    struct users *users;
    struct windows *windows;
    struct hash_key key;
    uint64_t evicted;
    uint64_t evicted_open;
    uint64_t evicted_early;
    usec evicted_at; // clock when the last of these went; USEC_NONE: none has
};

// The caller has set texts, trees, users, windows and key; all are kept. False when the
// system refuses the memory.
bool cascades_init(struct cascades *cascades, uint32_t capacity);
void cascades_fini(struct cascades *cascades);

// False when some should be evicted.
bool cascades_has_room(const struct cascades *cascades);
// Evicts some then.
void cascades_make_room(struct cascades *cascades, usec clock);
// True if `count` more surely fit, after evicting some if need be.
bool cascades_ensure_room(struct cascades *cascades, uint32_t count, usec clock);

// Frees an evicted record that nothing holds any more; call after dropping a hold.
void cascades_settle(struct cascades *cascades, uint32_t cascade);

uint32_t cascades_find(const struct cascades *cascades, struct slice id);

// Finds or makes the record; there must be room. Nothing is counted by it.
uint32_t cascades_put(struct cascades *cascades, struct slice id, bool *ret_is_new);

void cascades_queue(struct cascades *cascades, uint32_t cascade, uint32_t dirty);
void cascades_set_author(struct cascades *cascades, uint32_t cascade, uint32_t user);

// Forgets the counts if the cascade is closed and zero in every window.
void cascades_refresh(struct cascades *cascades, uint32_t cascade, usec clock);

// An event of that time was counted: keeps first, last and the close up to date.
void cascades_happened(struct cascades *cascades, uint32_t cascade, usec time);

// What decides on the close has changed: has it looked at in time.
void cascades_time_close(struct cascades *cascades, uint32_t cascade);

// The clock was set back to `clock`, and no event is later: what had closed may be
// open again.
void cascades_rewind(struct cascades *cascades, usec clock);
// The speed of its cascade is not known any more.
void cascades_drop_speed(struct cascades *cascades, uint32_t cascade);

// Queues every cascade whose close is due.
void cascades_advance(struct cascades *cascades, usec clock);

// When it closes if nothing more happens. It must have events.
usec cascades_close_due(const struct cascade *row);
bool cascades_is_closed(const struct cascade *row, usec clock);

// The post is deleted: its text goes, it leaves the boards, and it is never shown
// again.
void cascades_hide(struct cascades *cascades, uint32_t cascade);

// The record whose id has this hash, or CASCADE_NONE.
uint32_t cascades_find_hash(const struct cascades *cascades, uint64_t hash);

// What velocities count right now in slot WINDOWS_VELOCITY_…
uint64_t cascades_recent(const struct cascades *cascades, const struct cascade *row,
                         uint32_t slot);
// True if nothing of it is in a window. Entries that undo each other may still name its
// counters.
bool cascades_is_zero(const struct cascades *cascades, const struct cascade *row);

// Contents out of, or into an empty table of the same capacity; not the key.
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

// The quoted post's record, or CASCADE_NONE.
static inline uint32_t
cascades_parent(const struct cascades *cascades, uint32_t cascade)
{
    const struct cascade *row = &cascades->rows[cascade];
    if ((row->flags & CASCADE_HAS_PARENT) == 0 ||
        cascades->rows[row->parent].birth != row->parent_birth) {
        return CASCADE_NONE;
    }
    return row->parent;
}
