// A counter: one number per window of one tally and its owner.
//
// Counters of TALLY_VELOCITY count over 5 minutes and one hour whatever windows are
// configured; all others over the configured ones. A counter lives as long as a step
// list of pipeline/windows.h names it. Those of TALLY_REACH hold 64-bit numbers and lie
// in an array of their own; the others count events, of which fewer than 2^32 fit into
// the lists.
#pragma once

#include <stdint.h>
#include <string.h>

#include "pipeline/tally.h"

#define COUNTER_NONE UINT32_MAX
#define COUNTER_ORPHAN UINT32_MAX        // as owner: nobody's any more; drains away
#define COUNTER_WIDE ((uint32_t)1 << 27) // in an index: of the 64-bit ones
#define COUNTER_MOST COUNTER_WIDE        // of each sort

struct counter {
    uint32_t owner; // index in the table its tally belongs to
    uint32_t next;  // the owner's next counter
    uint32_t refs;  // entries in step lists that name this counter
    uint8_t tally;
    uint8_t dirty;     // bit per slot: differs from what was last written
    uint8_t members;   // bit per slot: candidate of that board
    uint8_t is_hidden; // counts, but is on no board
    uint32_t value[];  // one per slot, or two: counter_value
};

static inline uint64_t
counter_value(const struct counter *counter, uint32_t slot)
{
    if (counter->tally != TALLY_REACH) {
        return counter->value[slot];
    }
    uint64_t value;
    memcpy(&value, &counter->value[2 * (size_t)slot], sizeof(value));
    return value;
}
