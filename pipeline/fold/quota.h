// Who brings the new names while a table is more than half full, so that no author
// fills the rest of it.
//
// Of the last names, about as many as the table holds, nobody brings more than the 32nd
// part. The greatest QUOTA_ROWS authors are followed by the rule of Misra and Gries: a
// count is never too great, and too small by a 65th of all names at most.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { QUOTA_ROWS = 64, QUOTA_PART = 32 };

struct quota {
    uint64_t authors[QUOTA_ROWS]; // hashes of their ids
    uint32_t counts[QUOTA_ROWS];  // 0: the row is free
    uint32_t total;
};

// One new name more of that author in a table of that capacity. False if that is too
// many; nothing is counted then.
bool quota_take(struct quota *quota, uint64_t author, uint32_t capacity);
