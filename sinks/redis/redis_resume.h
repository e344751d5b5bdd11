// Resumes after an earlier process.
//
// Before the sink is READY it reads from Redis the cursor and the gap ledger of each
// source, what forecasts have learnt, and the newest alerts. A daemon that starts from
// a snapshot older than that may then hold the sink (redis_sink_hold) until it has
// caught up. Until then changes merge in the pipeline.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "sinks/redis/redis_phase.h"

struct change_field;
struct redis_sink;

enum redis_resume_kind {
    REDIS_RESUME_CURSOR,
    REDIS_RESUME_GAPS,
    REDIS_RESUME_SOURCE, // how many of a source, those before this one
    REDIS_RESUME_CALIBRATION = REDIS_RESUME_SOURCE,
};

// Called for each field of cursor:<name>, gaps:<name> and, with the name "",
// calibration. Borrows field.
typedef void (*redis_resume_fn)(void *context, enum redis_resume_kind what,
                                const char *name, const struct change_field *field);

// An alert of the stream as it was published, the oldest first. Borrows json.
typedef void (*redis_resume_alert_fn)(void *context, struct slice json);

// Read once, at the first connection; names and context are kept until then.
struct redis_resume_request {
    const char *const *names;
    size_t count;
    redis_resume_fn on_field;
    redis_resume_alert_fn on_alert; // NULL: alerts are not read
    void *context;
};

// ── for the sink ───────────────────────────────────────────────────────────

enum { REDIS_RESUME_NAME_MAX = 256, REDIS_RESUME_ALERTS = 1000 };

struct redis_resume {
    bool is_recalled;
    bool is_held;                      // see redis_sink_hold
    char field[REDIS_RESUME_NAME_MAX]; // of a hash: whose value comes next
    size_t field_len;
};

bool redis_resume_is_unread(const struct redis_sink *sink);
// Entering RECALL.
enum redis_phase redis_resume_read(struct redis_sink *sink);
// A field or value of a hash, by turns.
void redis_resume_found(struct redis_sink *sink, size_t index, struct slice text);
// Keeps the name of a field until its value comes; one that is too long as empty.
void redis_resume_name(struct redis_resume *resume, struct slice text);
