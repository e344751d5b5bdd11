// A replay: passes recorded messages from files or standard input through the pipeline.
//
//     file ─▶ lines ─▶ decoder ─▶ pipeline        (the sink writes to Redis)
//
// Works in short slices on the event loop, so that Redis is served between them. Waits
// when the pipeline has no room until something is written, when the sink reports that
// it is behind, and between posts if a pace is set.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/file_marks.h"
#include "daemon/refusals.h"
#include "ingest/decode/decode.h"
#include "ingest/frames/lines.h"

struct campaign_words;
struct event_base;
struct pipeline;
struct redis_sink;
struct replay;

// exit_code: 0, or of sysexits; error is NULL if everything is logged already
// (borrowed).
typedef void (*replay_done_fn)(void *context, int exit_code, const struct error *error);

// The file and the position at which the next message begins.
struct replay_place {
    const char *file;
    const char *name; // of the file, for people
    struct file_mark mark;
    bool is_read;   // the whole file
    int files_left; // after it
};

struct replay_setup {
    struct event_base *base; // kept, as all pointers here
    struct pipeline *pipeline;
    const struct campaign_words *campaigns;
    struct redis_sink *sink;
    char **files;
    int file_count;
    enum decode_format format;
    double speed;             // 0: as fast as possible
    struct file_marks *marks; // how far files were read; NULL: not stored
    bool is_verbose;          // each refused message gets a line
    replay_done_fn on_done;
    void *context;
};

struct replay_figures {
    uint64_t rejected;
    uint64_t unusable; // of them, in files in which nothing could be used
    double seconds;    // since replay_start
};

// NULL with error set if there is no memory.
struct replay *replay_create(const struct replay_setup *setup, struct error *error);
void replay_destroy(struct replay **replay);

// Begins. on_done is called from the loop when the last message is in the pipeline, or
// when a file cannot be read further.
void replay_start(struct replay *replay);
// Stops reading: on_done follows from the loop, with the exit code of the files so far.
void replay_stop(struct replay *replay);

// The position: everything before it is in the pipeline. What follows may be there in
// part and is then a duplicate. With setup.marks the position is stored there, too.
void replay_place(struct replay *replay, struct replay_place *ret_place);

void replay_figures(const struct replay *replay, struct replay_figures *ret_figures);
const struct decode_metrics *replay_decode_metrics(const struct replay *replay);
const struct lines_metrics *replay_lines_metrics(const struct replay *replay);
// Logs the faults of dates. late: posts that were older than the longest window on
// arrival.
void replay_report_dates(const struct replay *replay, uint64_t late);
