// What a file seems to be that cannot be read as messages, for the one line that a
// person gets about it. Pure.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct file_kind {
    const char *name;   // "UTF-16", as in "looks like UTF-16"
    const char *advice; // what to do
};

// A guess by the first bytes; 1 KiB is enough. Never fails: what nothing is known of is
// text or binary data.
struct file_kind file_kind_guess(struct slice head);
