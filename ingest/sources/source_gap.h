// The open gap of a source, if there is one: stored from when it opens until it is
// over, and reported to the owner at both times (struct source_gap).
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct source_callbacks;

enum { SOURCE_GAP_REASON_MAX = 32 };

struct source_gap_state {
    bool is_open;
    usec from;
    char reason[SOURCE_GAP_REASON_MAX]; // a longer one is cut
};

// Does nothing if a gap is open, which then continues. hindrance: empty, or a word that
// is added to the reason, so that "closed" becomes "closed_fill_ids". Borrows both.
void source_gap_open(struct source_gap_state *gap,
                     const struct source_callbacks *callbacks, usec from,
                     const char *reason, const char *hindrance);
// The open one is over.
void source_gap_close(struct source_gap_state *gap,
                      const struct source_callbacks *callbacks, usec to,
                      bool is_recovered);
// The same for a gap that was to be filled. why: empty if it was; else a word that is
// added to the reason. Borrowed.
void source_gap_filled(struct source_gap_state *gap,
                       const struct source_callbacks *callbacks, usec to,
                       const char *why);
