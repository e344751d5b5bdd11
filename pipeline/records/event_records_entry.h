// One line of the notes of an event (pipeline/records/event_records.h).
#pragma once

#include <stdint.h>

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
#define EVENT_RECORDS_ACT                                                              \
    ((uint32_t)1 << 28) // with CASCADE: the act of its actor (pipeline/fold/acts.h)
#define EVENT_RECORDS_INDEX (((uint32_t)1 << 28) - 1)

struct event_records_cursor {
    uint32_t at;
};
