// The memory of events: which ids arrived, and what each of them added to counters.
//
// Contains the newest `events` event ids. Each has its actor, its target post, and the
// list of what it added, so that a deletion takes back exactly that. Ids are kept as
// keyed 64-bit hashes: among a million ids, two are confused with probability 3e-8.
//
// An event with EVENT_LASTING moves to a part of its own once it is older, and remains
// until its time is before the horizon, or until `lasting` newer ones came after it.
//
// Texts of posts and lists of additions are in rings of their own. If many long ones
// overwrite a list early, that event can no longer be undone; the attempt is counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"
#include "base/slice.h"
#include "base/table.h"
#include "base/usec.h"

struct snapshot;

#define EVENT_NONE UINT32_MAX

enum event_flag {
    EVENT_RETWEET = 1 << 0,
    EVENT_QUOTE = 1 << 1,
    EVENT_UNDONE = 1 << 2,
    EVENT_REACHED = 1 << 3, // gave the target's author reach
    EVENT_VIA = 1 << 5,     // came through another retweet: its link
    EVENT_BLIND = 1 << 6,   // the number of followers of its actor is not known
    EVENT_LASTING = 1 << 7, // to be kept until the horizon
};

// What an event added: `amount` to a counter; or itself to a cascade in life `amount`,
// and to that cascade's own counters. Stored as one word or, unless the amount is 1,
// two.
struct event_records_entry {
    uint32_t where; // index with one of the bits below
    uint32_t amount;
};

#define EVENT_RECORDS_CASCADE ((uint32_t)1 << 31) // below that post, else a counter
#define EVENT_RECORDS_DIRECT                                                           \
    ((uint32_t)1 << 30) // with CASCADE: a retweet or quote of that post
#define EVENT_RECORDS_REPLY ((uint32_t)1 << 29) // with CASCADE: a reply, nothing else
#define EVENT_RECORDS_INDEX (((uint32_t)1 << 28) - 1)

struct event {
    uint64_t hash;
    usec time;
    uint32_t notes; // places in the rings, lower halves; 0: none
    uint32_t text;
    uint32_t actor;  // user, referenced; UINT32_MAX: no longer known
    uint32_t target; // cascade of the post that it retweets or quotes, or UINT32_MAX
    uint32_t target_birth;
    uint16_t words; // of the notes
    uint8_t flags;  // enum event_flag
};

// A part of the rows, used as a ring, and the notes of its events.
struct event_records_part {
    uint32_t begin; // its first row
    uint32_t size;  // row = begin + sequence number % size
    uint64_t first; // of the oldest event
    uint64_t next;  // of the next event
    struct ring notes;
};

struct event_records {
    struct event *rows;
    uint64_t *links; // of the rows that have one; the memory of others is not touched
    struct event_records_part newest;
    struct event_records_part lasting;
    usec horizon;
    uint64_t forgotten;  // lasting events that were evicted before the horizon passed
                         // them
    usec forgotten_time; // the greatest time of these
    struct table by_hash;
    struct ring texts;
};

struct event_records_sizes {
    uint32_t events; // at least 1
    uint32_t lasting;
    size_t text_bytes;
};
bool event_records_init(struct event_records *records,
                        const struct event_records_sizes *sizes);
void event_records_fini(struct event_records *records);

static inline uint32_t
event_records_row(const struct event_records_part *part, uint64_t sequence)
{
    return part->begin + (uint32_t)(sequence % part->size);
}

// EVENT_NONE: never seen, or evicted.
uint32_t event_records_find(const struct event_records *records, uint64_t hash);

// Makes room for the next event_records_add (this takes at most two calls), and evicts
// events that the horizon has passed. Returns the evicted event, whose row is readable
// until event_records_add, or EVENT_NONE if none had to be evicted.
uint32_t event_records_forget(struct event_records *records);

// Hash of the retweet it came through; 0: none.
uint64_t event_records_via(const struct event_records *records, uint32_t event);
void event_records_set_via(struct event_records *records, uint32_t event, uint64_t via);

// A zeroed row for a new event; event_records_forget must have made room.
uint32_t event_records_add(struct event_records *records, uint64_t hash);

// Stores what the event added; at least 32 000 entries fit. Borrows entries.
void event_records_note(struct event_records *records, uint32_t event,
                        const struct event_records_entry *entries, size_t count);

// Iterates over the notes, from a zeroed cursor. False at the end.
struct event_records_cursor {
    uint32_t at;
};
bool event_records_next(const struct event_records *records, uint32_t event,
                        struct event_records_cursor *cursor,
                        struct event_records_entry *ret_entry);
// True if the event's notes are overwritten.
bool event_records_is_lost(const struct event_records *records, uint32_t event);

// Text of a post, kept as long as there is room for it. `id` is none unless the post
// has an alias.
struct event_records_words {
    struct slice text;
    struct slice lang;
    struct slice id;
};
// Borrows words.
void event_records_put_text(struct event_records *records, uint32_t event,
                            const struct event_records_words *words);
// False if no text is known. Valid until the next event_records_put_text.
bool event_records_text(const struct event_records *records, uint32_t event,
                        struct event_records_words *ret_words);

// Saves the contents, or loads them into empty event records of the same sizes.
void event_records_move(struct event_records *records, struct snapshot *snapshot);

static inline struct event *
event_records_at(const struct event_records *records, uint32_t event)
{
    return &records->rows[event];
}
