// Who of the outreach lists is marked as talked to: the hash campaign:<name>:done, user
// id to milliseconds, which cascadectl writes.
//
// Each check (redis_check.h) reads that of one campaign, one campaign after the other:
// nothing reports when cascadectl has written. Without the right to HGETALL there are
// no marks.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/slice.h"
#include "sinks/redis/redis_batch.h"

struct redis_item;
struct redis_sink;

// All borrow.
struct redis_marks_request {
    // The name of the campaign of that number; none: there are not so many.
    struct slice (*campaign)(void *context, uint32_t number);
    // The marks of a campaign follow; one of them; those were all.
    void (*on_begin)(void *context, struct slice campaign);
    void (*on_mark)(void *context, struct slice campaign, struct slice person,
                    struct slice ms);
    void (*on_end)(void *context, struct slice campaign);
    void *context;
};

// From now on marks are read. Keeps request; NULL: no longer.
void redis_marks_read(struct redis_sink *sink,
                      const struct redis_marks_request *request);

// ── for the sink ───────────────────────────────────────────────────────────

enum { REDIS_MARKS_PERSON_MAX = 1024 }; // a longer id is unknown

struct redis_marks {
    const struct redis_marks_request *request; // NULL: marks are not read
    uint32_t next;                             // campaign
    char campaign[OPTION_TITLE_MAX];           // that is read
    bool is_read;
    char person[REDIS_MARKS_PERSON_MAX]; // whose mark comes next
    size_t person_len;
};

// Adds the read of the next campaign. False: there is none.
bool redis_marks_ask(struct redis_sink *sink, struct redis_batch *commands);
// An item of its answer.
void redis_marks_item(struct redis_sink *sink, const struct redis_item *item);
// The answers of the check are complete.
void redis_marks_end(struct redis_sink *sink);
