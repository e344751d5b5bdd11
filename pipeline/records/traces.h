// Which cascades name a person known by handle only, as their author or among their
// people: what has to be looked at once the same person is known by id.
//
// Only for those few there is a list; everybody else costs nothing. When it is full, no
// more traces are kept, and the owner has to look everywhere for whom one is missing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

struct snapshot;

enum { TRACES_PART = 4 }; // one for as many people

struct trace {
    uint32_t cascade;
    uint32_t birth; // the record is another post's if its birth is another one
};

struct traces_row {
    struct trace trace;
    uint32_t user;
    uint32_t next; // of the user, or of the free ones: index + 1
};

struct traces {
    struct traces_row *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t free;        // index + 1
    struct table by_user; // the row that came first
};

// False when the system refuses the memory.
bool traces_init(struct traces *traces, uint32_t capacity);
void traces_fini(struct traces *traces);

// False when they are full.
bool traces_add(struct traces *traces, uint32_t user, struct trace trace);

// Takes one of that user's; false: there is none.
bool traces_take(struct traces *traces, uint32_t user, struct trace *ret_trace);

// Contents out of, or into empty ones of the same capacity.
void traces_move(struct traces *traces, struct snapshot *snapshot);
