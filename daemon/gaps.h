// The gap ledger of one source: stretches of time of which messages may be missing.
//
// The last GAPS_MAX are kept, older ones are forgotten. Gaps follow one another: at
// most the last one is open.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/source.h"
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

// Takes in what a source tells: a gap that opens, or that is over. One that was open
// already goes on, from where it began.
void gaps_note(struct gaps *gaps, const struct source_gap *gap);

// Takes in one field of a ledger that an earlier life left (see gaps_fields), in any
// order; what cannot be read is left out.
void gaps_restore(struct gaps *gaps, struct slice number, const char *text);
// A gap that an earlier life left open ends now.
void gaps_settle(struct gaps *gaps, usec now);

// The wall clock was set back, or an earlier life had one that was ahead: no gap is
// later than `now`.
void gaps_rewind(struct gaps *gaps, usec now);

bool gaps_is_open(const struct gaps *gaps);
// Since when; USEC_NONE: none is open.
usec gaps_open_since(const struct gaps *gaps);

// The ledger as fields of a hash: the gap's number, and {"from":…,"to":…,"reason":…,
// "recovered":…} with times as RFC 3339 has them, or null. Returns how many; they point
// into texts.
struct gaps_texts {
    char names[GAPS_MAX][24];
    char values[GAPS_MAX][GAPS_TEXT_MAX];
    struct change_field fields[GAPS_MAX];
};
size_t gaps_fields(const struct gaps *gaps, struct gaps_texts *ret_texts);
