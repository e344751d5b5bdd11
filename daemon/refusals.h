// What is said of messages that cannot be used. The first of each kind gets one line,
// or with -v every one. A file in which nothing can be used gets one line in all, that
// says what it seems to be; so lines wait until a first message of the file is used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { REFUSALS_KINDS = 32 };

struct refusal {
    const char *reason; // kept: compared by their addresses
    uint64_t line;
};

struct refusals {
    bool is_verbose;
    const char *said[REFUSALS_KINDS]; // reasons, once each
    size_t said_count;

    // Of the file at hand.
    bool is_used; // one message at least
    uint64_t count;
    size_t waiting_count;
    struct refusal waiting[REFUSALS_KINDS];

    uint64_t unusable; // messages of files in which nothing could be used
};

void refusals_begin_file(struct refusals *refusals);
// A message of the file was used.
void refusals_use(struct refusals *refusals, const char *file);
void refusals_add(struct refusals *refusals, const char *file,
                  const struct refusal *refusal);
// True if nothing in the file could be used, and that was said.
bool refusals_end_file(struct refusals *refusals, const char *file, struct slice head);
