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
#include "pipeline/records/event_records_entry.h"

struct snapshot;

#define EVENT_NONE UINT32_MAX

enum event_flag {
    EVENT_RETWEET = 1 << 0,
    EVENT_QUOTE = 1 << 1,
    EVENT_UNDONE = 1 << 2,
    EVENT_REACHED = 1 << 3, // gave the target's author reach
    EVENT_VIA = 1 << 5,     // came through another reshare, or from the root: its link
    EVENT_BLIND = 1 << 6,   // the number of followers of its actor is not known
    EVENT_LASTING = 1 << 7, // to be kept until the horizon
};

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
    uint64_t forgotten;  // lasting events evicted before the horizon passed them
    usec forgotten_time; // the greatest time of these
    struct table by_hash;
    struct ring texts;
};

struct event_records_sizes {
    uint32_t events, lasting; // at least 1 and 0
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

static inline const struct event_records_part *
event_records_part_of(const struct event_records *records, uint32_t event)
{
    return event >= records->lasting.begin ? &records->lasting : &records->newest;
}

// EVENT_NONE: never seen, or evicted.
uint32_t event_records_find(const struct event_records *records, uint64_t hash);

// Makes room for the next event_records_add (this takes at most two calls), and evicts
// events that the horizon has passed. Returns the evicted event, whose row is readable
// until event_records_add, or EVENT_NONE if none had to be evicted.
uint32_t event_records_forget(struct event_records *records);

// Hash of the reshare that it came through, or of the root; 0: none.
uint64_t event_records_via(const struct event_records *records, uint32_t event);
void event_records_set_via(struct event_records *records, uint32_t event, uint64_t via);

// A zeroed row for a new event; event_records_forget must have made room.
uint32_t event_records_add(struct event_records *records, uint64_t hash);

// Stores what the event added; at least 32 000 entries fit. Borrows entries.
void event_records_note(struct event_records *records, uint32_t event,
                        const struct event_records_entry *entries, size_t count);

// Adds an entry later. False if the notes are overwritten, or cannot grow.
bool event_records_note_more(struct event_records *records, uint32_t event,
                             struct event_records_entry entry);
// Its entry for that cascade and life, replies excepted. False: none.
bool event_records_find_entry(const struct event_records *records, uint32_t event,
                              struct event_records_entry wanted,
                              struct event_records_entry *ret_entry);
// Makes that entry an act. False: none.
bool event_records_mark_act(struct event_records *records, uint32_t event,
                            struct event_records_entry entry);

// Iterates over the notes, from a zeroed cursor. False at the end.
bool event_records_next(const struct event_records *records, uint32_t event,
                        struct event_records_cursor *cursor,
                        struct event_records_entry *ret_entry);
// True if the event's notes are overwritten.
bool event_records_is_lost(const struct event_records *records, uint32_t event);

// Text of a post, kept as long as there is room for it.
struct event_records_words {
    struct slice text, lang;
    struct slice id; // none unless the post has an alias
};
// Borrows words.
void event_records_put_text(struct event_records *records, uint32_t event,
                            const struct event_records_words *words);
// False if no text is known. Valid until the next event_records_put_text.
bool event_records_text(const struct event_records *records, uint32_t event,
                        struct event_records_words *ret_words);

// Overwrites the text of that event; of all events that are no longer remembered.
void event_records_wipe_text(struct event_records *records, uint32_t event);
void event_records_wipe_unused(struct event_records *records);

// Saves the contents, or loads them into empty event records of the same sizes.
void event_records_move(struct event_records *records, struct snapshot *snapshot);

static inline struct event *
event_records_at(const struct event_records *records, uint32_t event)
{
    return &records->rows[event];
}
