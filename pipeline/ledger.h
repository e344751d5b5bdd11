// The memory of events: which ids were seen, and what each of them added.
//
// Holds the newest `capacity` event ids. For each it knows who did it, to which post,
// and the list of what it added, so that a deletion takes back exactly that. Ids are
// kept as keyed 64-bit hashes: two of a million ids are taken for one with probability
// 3e-8.
//
// Texts of posts and lists of additions live in two rings of their own; when a flood of
// long ones overwrites a list early, that event can no longer be undone and the attempt
// is counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"
#include "base/slice.h"
#include "base/table.h"
#include "base/usec.h"

#define EVENT_NONE UINT32_MAX

enum event_flag {
    EVENT_RETWEET = 1 << 0,
    EVENT_QUOTE = 1 << 1,
    EVENT_UNDONE = 1 << 2,
    EVENT_REACHED = 1 << 3, // gave the target's author reach
    EVENT_ALIASED = 1 << 4, // also known as `alias`
};

// What an event added: `amount` to a counter, or itself to a cascade in its life
// `amount`.
struct ledger_entry {
    uint32_t where; // index with one of the bits below
    uint32_t amount;
};

#define LEDGER_CASCADE ((uint32_t)1 << 31) // below that post, else a counter
#define LEDGER_DIRECT                                                                  \
    ((uint32_t)1 << 30) // with CASCADE: a retweet or quote of that post
#define LEDGER_REPLY ((uint32_t)1 << 29) // with CASCADE: a reply, nothing else
#define LEDGER_VELOCITY                                                                \
    ((uint32_t)1 << 30) // of a counter: it was one of TALLY_VELOCITY
#define LEDGER_INDEX (((uint32_t)1 << 29) - 1)

struct event {
    uint64_t hash;
    uint64_t alias; // hash of the alias
    uint64_t via;   // hash of the retweet it came through; 0: none
    usec time;
    uint64_t entries; // place in the ring of additions
    uint64_t text;    // place in the ring of texts
    uint32_t actor;   // user, referenced
    uint32_t target;  // cascade it points at (retweet, quote), or UINT32_MAX
    uint32_t target_birth;
    uint16_t entry_count;
    uint8_t flags; // enum event_flag
};

struct ledger {
    struct event *rows; // row = sequence number % capacity
    uint32_t capacity;
    uint64_t next; // sequence number of the next event
    struct table by_hash;
    struct table by_alias;
    struct ring entries;
    struct ring texts;
};

// The record behind event.text.
struct ledger_text {
    uint32_t text_len;
    uint32_t lang_len;
    char bytes[]; // text, lang
};

bool ledger_init(struct ledger *ledger, uint32_t capacity, size_t text_bytes);
void ledger_fini(struct ledger *ledger);

uint32_t ledger_find(const struct ledger *ledger, uint64_t hash);
uint32_t ledger_find_alias(const struct ledger *ledger, uint64_t hash);

// The event that the next ledger_add will overwrite, or EVENT_NONE.
uint32_t ledger_oldest(const struct ledger *ledger);

// A zeroed row for a new event; the oldest is forgotten when the ledger is full.
uint32_t ledger_add(struct ledger *ledger, uint64_t hash, uint64_t alias);

// Remembers what the event added; at most UINT16_MAX entries fit. Borrows entries.
void ledger_note(struct ledger *ledger, uint32_t event,
                 const struct ledger_entry *entries, size_t count);
// The noted entries, or NULL if there were none or they are overwritten.
const struct ledger_entry *ledger_noted(const struct ledger *ledger, uint32_t event);

void ledger_put_text(struct ledger *ledger, uint32_t event, struct slice text,
                     struct slice lang);
// False if nothing is known. Valid until the next ledger_put_text.
bool ledger_text(const struct ledger *ledger, uint32_t event, struct slice *ret_text,
                 struct slice *ret_lang);

static inline struct event *
ledger_at(const struct ledger *ledger, uint32_t event)
{
    return &ledger->rows[event];
}
