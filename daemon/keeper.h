// Keeps the pipeline over restarts: from a snapshot at the start, into one every
// state.every and at the end. Without a directory it only makes the pipeline.
//
// A note goes with each snapshot: where the sources are to go on. A snapshot that
// cannot be written is counted, and said once in the log until one is written again.
#pragma once

#include <stdbool.h>

#include "base/metric.h"
#include "base/slice.h"
#include "daemon/state.h"
#include "pipeline/pipeline.h"

struct event;
struct event_base;

// Writes the note of this moment, ended by a NUL, into STATE_NOTE_MAX bytes.
typedef void (*keeper_note_fn)(void *context, char *note);

struct keeper_setup {
    struct event_base *base;                // kept, as all pointers here
    const struct pipeline_options *options; // of the pipeline
    bool is_event_time;
    const char *dir; // empty: nothing is kept
    bool discards;   // a snapshot of other options or another version is set aside
    usec every;
    keeper_note_fn note;
    void *context;
};

struct keeper_metrics {
    uint64_t written;
    uint64_t failed;
    uint64_t written_at; // wall clock in usec; 0: none was written or read yet
    uint64_t is_failing; // the last one could not be written
};

extern const struct metric keeper_metric_rows[];

struct keeper {
    struct keeper_setup setup;
    struct keeper_metrics metrics;
    struct state *state; // NULL: nothing is kept
    struct event *timer;
    struct pipeline *pipeline;
    bool is_restored;
    char note[STATE_NOTE_MAX]; // of the snapshot that was loaded, until keeper_start
};

// Makes keeper->pipeline, as it was if there is a snapshot (is_restored). Returns 0, or
// an exit code of sysexits with error set. keeper_fini is due either way.
int keeper_init(struct keeper *keeper, const struct keeper_setup *setup,
                struct error *error);
// Destroys the pipeline too. Accepts a zeroed keeper.
void keeper_fini(struct keeper *keeper);

// From now on there is something to save.
void keeper_start(struct keeper *keeper);
// Saves and waits for it, for the end of the process. Returns 0, or EX_IOERR after
// saying in the log why it failed.
int keeper_save(struct keeper *keeper);
