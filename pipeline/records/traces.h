// Which cascades have a person known by handle only as their author or among their
// amplifiers. These are updated when the id of the person becomes known.
//
// Only people known by handle only have a list; others need no memory. When the table
// is full, no more traces are kept, and for a person with missing traces the caller has
// to search all cascades.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

struct snapshot;

enum { TRACES_PART = 4 }; // one for so many people

struct trace {
    uint32_t cascade;
    uint32_t birth; // if the record has another one, it is another post's
};

struct traces_row {
    struct trace trace;
    uint32_t user;
    uint32_t next; // of the user, or of the free rows: index + 1
};

struct traces {
    struct traces_row *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t free;        // index + 1
    struct table by_user; // the first row of each user
};

// False when the system refuses the memory.
bool traces_init(struct traces *traces, uint32_t capacity);
void traces_fini(struct traces *traces);

// False when the table is full.
bool traces_add(struct traces *traces, uint32_t user, struct trace trace);

// Takes one of that user's traces; false: there is none.
bool traces_take(struct traces *traces, uint32_t user, struct trace *ret_trace);

// Saves the contents, or loads them into an empty table of the same capacity.
void traces_move(struct traces *traces, struct snapshot *snapshot);
