// Guesses the kind of a file that is not read, for the line that is logged about it.
// Pure.
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

// Checks if the file is an archive, a database or compressed in a way that is not read:
// lines of it that look like messages are a part of its content at most. The first 512
// bytes decide; with fewer the result may be false too early.
bool file_kind_is_container(struct slice head, struct file_kind *ret_kind);
