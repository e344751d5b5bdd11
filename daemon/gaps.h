// The gap ledger of one source: stretches of time of which messages may be missing.
//
// Contains the last GAPS_MAX; older ones are removed. Gaps do not overlap; at most the
// last one is open.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/sources/source.h"
#include "pipeline/changes.h"

enum { GAPS_MAX = 100, GAPS_REASON_MAX = 32, GAPS_TEXT_MAX = 224 };

struct gap {
    usec from;
    usec to; // USEC_NONE: open
    char reason[GAPS_REASON_MAX];
    bool is_recovered;
};

struct gaps {
    struct gap items[GAPS_MAX]; // ring: gap number n (from 1) at (n - 1) % GAPS_MAX;
                                // not known if `from` is USEC_NONE
    uint64_t count;
    usec missing_until; // end of the newest one that was not recovered; USEC_NONE: none
};

void gaps_init(struct gaps *gaps);

// Records what a source reports: a gap that opens, or one that is over. If a gap was
// open already, it continues from its beginning.
void gaps_note(struct gaps *gaps, const struct source_gap *gap);

// Restores one field of the ledger of an earlier process (see gaps_fields), in any
// order; invalid fields are ignored.
void gaps_restore(struct gaps *gaps, struct slice number, const char *text);
// A gap that an earlier process left open ends now.
void gaps_settle(struct gaps *gaps, usec now);

// The wall clock was set back, or was ahead in an earlier process: no gap is later than
// `now`.
void gaps_rewind(struct gaps *gaps, usec now);

bool gaps_is_open(const struct gaps *gaps);
// The beginning of the open gap; USEC_NONE: none is open.
usec gaps_open_since(const struct gaps *gaps);

// The newest one that was not recovered and ends after `since`; ret_to USEC_NONE: it is
// open. False: there is none.
bool gaps_newest(const struct gaps *gaps, usec since, usec *ret_from, usec *ret_to);

// The ledger as fields of a hash: the gap's number, and {"from":…,"to":…,"reason":…,
// "recovered":…} with times in RFC 3339, or null. Returns how many; they point into
// texts.
struct gaps_texts {
    char names[GAPS_MAX][24];
    char values[GAPS_MAX][GAPS_TEXT_MAX];
    struct change_field fields[GAPS_MAX];
};
size_t gaps_fields(const struct gaps *gaps, struct gaps_texts *ret_texts);
