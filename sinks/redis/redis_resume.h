// Resumes after an earlier process.
//
// Before the sink is READY it reads from Redis the cursor and the gap ledger of each
// source, and what forecasts have learnt. A daemon that starts from a snapshot older
// than that may then hold the sink: nothing is written or removed until it has caught
// up, so that no value in Redis goes back. Until then changes merge in the pipeline.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct change_field;
struct redis_sink;

enum redis_recalled {
    REDIS_RECALLED_CURSOR,
    REDIS_RECALLED_GAPS,
    REDIS_RECALLED_SOURCE, // how many of a source, those before this one
    REDIS_RECALLED_CALIBRATION = REDIS_RECALLED_SOURCE,
};

// Called for each field of cursor:<name>, gaps:<name> and, with the name "",
// calibration. Borrows field.
typedef void (*redis_recall_fn)(void *context, enum redis_recalled what,
                                const char *name, const struct change_field *field);

// Read once, at the first connection; names and context are kept until then.
struct redis_recall {
    const char *const *names;
    size_t count;
    redis_recall_fn on_field;
    void *context;
};

// From within READY, or before redis_sink_start.
void redis_resume_hold(struct redis_sink *sink);
// Also done by redis_sink_hurry and redis_sink_finish, which have to write.
void redis_resume_release(struct redis_sink *sink);
bool redis_resume_is_held(const struct redis_sink *sink);
