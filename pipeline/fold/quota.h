// Limits the new names per author while a table is more than half full, so that no
// author fills the rest of it.
//
// Of the last new names, about as many as the table holds, no author may add more than
// a 32nd part. The QUOTA_ROWS most frequent authors are counted by the algorithm of
// Misra and Gries: a count is never too great, and at most a 65th of all names too
// small.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { QUOTA_ROWS = 64, QUOTA_PART = 32 };

struct quota {
    uint64_t authors[QUOTA_ROWS]; // hashes of their ids
    uint32_t counts[QUOTA_ROWS];  // 0: the row is free
    uint32_t total;
};

// Counts one new name of that author in a table of that capacity. False if the author's
// share is used up; nothing is counted then.
bool quota_take(struct quota *quota, uint64_t author, uint32_t capacity);
