// One post that other posts refer to: facts about it, and the counts of its cascade.
//
// `birth` distinguishes two posts that had the same index, `life` two cascades of one
// post. The table is in pipeline/records/cascades.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"
#include "pipeline/carriers/first_acts.h"
#include "pipeline/forecast/reshares.h"
#include "pipeline/records/amplifiers.h"
#include "pipeline/tree/tree.h"

#define CASCADE_NONE UINT32_MAX
#define CASCADE_IDLE (6 * USEC_PER_HOUR)
#define CASCADE_AGE (7 * USEC_PER_DAY)
#define CASCADE_LEVEL_MAX ((UINT32_C(1) << 20) - 1)

enum cascade_flag {
    CASCADE_QUEUED = 1 << 0,
    CASCADE_WRITTEN = 1 << 1, // Redis has, or may have, the key
    CASCADE_WHOLE = 1 << 2,   // the next write contains every field
    CASCADE_HIDDEN = 1 << 3,  // the post is deleted: never published again
    CASCADE_TIMED = 1 << 4,   // in the heap until it closes
    CASCADE_REPORTED = 1 << 5,
    CASCADE_HAS_PARENT = 1 << 6,
    CASCADE_EVICTED = 1 << 7, // evicted; its key has to be deleted first
};

// Bits of `dirty`: what differs from what was last written.
enum cascade_field {
    CASCADE_AUTHOR = 1 << 0,
    CASCADE_HANDLE = 1 << 1,
    CASCADE_TEXT = 1 << 2,
    CASCADE_LANG = 1 << 3,
    CASCADE_CREATED = 1 << 4,
    CASCADE_FIRST = 1 << 5,
    CASCADE_LAST = 1 << 6,
    CASCADE_SIZE = 1 << 7,
    CASCADE_RETWEETS = 1 << 8,
    CASCADE_QUOTES = 1 << 9,
    CASCADE_REPLIES = 1 << 10,
    CASCADE_AMPLIFIERS = 1 << 11,
    CASCADE_REACH = 1 << 12,
    CASCADE_VELOCITY = 1 << 13,
    CASCADE_PEAK = 1 << 14,
    CASCADE_COUNT_REPORTED = 1 << 15,
    CASCADE_PARENT = 1 << 16,
    CASCADE_STATE = 1 << 17,
    CASCADE_TREE = 1 << 18,
    CASCADE_EDEPTH = 1 << 19,
    CASCADE_ESTIMATE = 1 << 20, // infectiousness, forecast and its band, stage
    CASCADE_P_DOUBLE = 1 << 21,
    CASCADE_OVERPERFORMANCE = 1 << 22,
    CASCADE_LEVEL = 1 << 23,
    CASCADE_BEHIND_LAST, // keep behind the last field
    CASCADE_ALL = 2 * (CASCADE_BEHIND_LAST - 1) - 1,
};

// Packed: there are many, and 4 bytes of each would be padding.
struct __attribute__((packed, aligned(4))) cascade {
    uint64_t hash; // of the id, keyed; identifies it
    uint32_t id;   // slab texts
    uint32_t text;
    uint32_t lang;
    uint32_t author; // user, referenced; or USER_NONE
    uint32_t parent; // the quoted post's record
    uint32_t parent_birth;
    uint32_t birth;
    uint32_t life;
    uint32_t refs; // in flight or on a published board
    uint32_t dirty;
    uint8_t flags;
    bool is_watched : 1;     // alert rules may remember it
    bool is_shape_sent : 1;  // the shape was last written
    bool is_author_gone : 1; // was known, and was forgotten to make room
    bool is_parent_gone : 1; // likewise
    bool is_settled : 1;     // closed once (pipeline/carriers/settle.h)
    bool is_placed : 1;      // the post was seen (pipeline/fold/belong.h)
    bool is_erased : 1;      // its author was removed (pipeline/fold/erasure.h)
    uint16_t alerts;         // not written yet: it keeps its row
    struct amplifiers amplifiers;
    struct tree tree;
    struct first_acts acts;
    uint32_t later;           // slab: struct expected of acts that are not kept
    uint32_t known;           // slab: pipeline/carriers/known_acts.h
    struct reshares reshares; // those not merged in the forecast
    uint32_t forecast;        // slab: struct forecast, or SLAB_NONE
    uint32_t size;
    uint32_t retweets;
    uint32_t quotes;
    uint32_t replies;
    uint32_t peak;            // greatest count in 5 minutes
    uint32_t board;           // counter of TALLY_CASCADES or COUNTER_NONE
    uint32_t velocity;        // counter of TALLY_VELOCITY or COUNTER_NONE
    uint32_t level : 20;      // the highest an alert rule raised; 0: none
    uint32_t unresolved : 12; // rules that will report its close: it keeps its counts
    uint64_t reach;
    uint64_t reported;
    usec created; // USEC_NONE: not known
    usec first;   // of the counted events
    usec last;
    usec timed;        // when the heap's timer is due, with CASCADE_TIMED
    uint32_t whole_at; // clock of the last whole write, in seconds
};
