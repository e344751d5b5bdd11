// Messages of a recording that wait, as bytes, until a date in them is judged.
//
// At most STASH_MAX messages with STASH_BYTES together. When it is full, the oldest has
// to be taken out although its date is open.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "daemon/dates.h"

enum { STASH_MAX = 2 * DATES_LOOK, STASH_BYTES = 64 << 20, STASH_EVENT_MAX = 32 };

struct stash_message {
    char *bytes; // followed by padding for the decoder
    size_t len;
    char event[STASH_EVENT_MAX];
    struct date dates[DATES_LOOK]; // of its first posts that have one
    size_t date_count;
};

struct stash {
    struct stash_message rows[STASH_MAX]; // ring
    size_t first;                         // the oldest
    size_t count;
    size_t bytes;
};

// Accepts a zeroed one.
void stash_fini(struct stash *stash);

// The i-th oldest.
struct stash_message *stash_at(struct stash *stash, size_t i);

bool stash_is_full(const struct stash *stash);
// Copies a message to the end, without dates. False when the system has no memory; the
// stash must not be full.
bool stash_add(struct stash *stash, struct slice event, struct slice data);
// Adds a date of the last message.
void stash_add_date(struct stash *stash, struct date date);
// Removes the oldest.
void stash_drop(struct stash *stash);
