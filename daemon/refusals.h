// Logs messages that cannot be used as a whole or in part: the first of each kind, or
// with -v every one. A file in which nothing can be used is logged as one line that
// contains what it seems to be; lines are therefore delayed until a first message of
// the file is used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { REFUSALS_KINDS = 32 };

struct refusal {
    const char *reason; // kept: compared by address
    uint64_t line;
};

struct refusals {
    bool is_verbose;
    const char *logged[REFUSALS_KINDS]; // reasons, once each
    size_t logged_count;

    // Of the current file.
    bool is_used; // at least one message
    uint64_t count;
    size_t waiting_count;
    struct refusal waiting[REFUSALS_KINDS];

    uint64_t unusable; // messages of files in which nothing could be used
    uint64_t unread;   // bytes of arrays, in all files so far
};

void refusals_begin_file(struct refusals *refusals);
// A message of the file was used.
void refusals_use(struct refusals *refusals, const char *file);
// reason: kept.
void refusals_add(struct refusals *refusals, const char *file, const char *reason,
                  uint64_t line);
// Logs an error and returns true if bytes of arrays in this file could not be read;
// `bytes`: of all files so far.
bool refusals_unread(struct refusals *refusals, const char *file, uint64_t bytes);
// True if nothing in the file could be used, and this was logged.
bool refusals_end_file(struct refusals *refusals, const char *file, struct slice head);
