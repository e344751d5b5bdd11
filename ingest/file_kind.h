// Guesses the kind of a file that contains no messages, for the line that is logged
// about it. Pure.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct file_kind {
    const char *name;   // "UTF-16", as in "looks like UTF-16"
    const char *advice; // what to do
};

// A guess from the first bytes; 1 KiB is enough. Never fails: an unknown kind is text
// or binary data.
struct file_kind file_kind_guess(struct slice head);
