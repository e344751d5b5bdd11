// Keeps the pipeline's state over restarts: loads a snapshot at the start, saves one
// every state.every and at the end. Without a directory it only creates the pipeline.
//
// Each snapshot contains a note: where the sources resume. A snapshot that cannot be
// written is counted, and logged once until one is written again.
#pragma once

#include <stdbool.h>

#include "base/metric.h"
#include "base/slice.h"
#include "daemon/state.h"
#include "net/timer.h"
#include "pipeline/pipeline.h"

struct event_base;
struct worker;

// Writes the current note, ended by a NUL, into STATE_NOTE_MAX bytes.
typedef void (*persistence_note_fn)(void *context, char *note);

struct persistence_setup {
    struct event_base *base;                // kept, as all pointers here
    const struct pipeline_options *options; // of the pipeline
    bool is_event_time;
    const char *dir; // empty: no snapshots
    bool discards;   // a snapshot of other options or another version is set aside
    usec every;
    persistence_note_fn note;
    // A snapshot that was begun beside the loop is on disk, and copied: is_kept; or
    // not. May be NULL.
    void (*on_saved)(void *context, bool is_kept);
    struct worker *worker; // copies each snapshot to Redis; or NULL
    void *context;         // for note and on_saved
};

struct persistence_metrics {
    uint64_t written;
    uint64_t failed;
    uint64_t written_at; // wall clock in usec; 0: none was written or read yet
    uint64_t is_failing; // the last one could not be written
};

extern const struct metric persistence_metric_rows[];

struct persistence {
    struct persistence_setup setup;
    struct persistence_metrics metrics;
    struct state *state; // NULL: no snapshots
    struct timer timer;
    struct pipeline *pipeline;
    usec begun; // monotonic, of the last snapshot beside the loop
    usec took;  // the newest that was written beside the loop; 0: none was
    bool is_restored;
    bool is_copying;
    uint64_t not_copied; // snapshots that were written but not copied
    bool has_posts;      // the last snapshot that was loaded or begun contains posts
    char note
        [STATE_NOTE_MAX]; // of the snapshot that was loaded, until persistence_start
};

// Creates persistence->pipeline, from a snapshot if there is one (is_restored). Returns
// 0, or an exit code of sysexits with error set. Call persistence_fini in both cases.
int persistence_init(struct persistence *persistence,
                     const struct persistence_setup *setup, struct error *error);
// Destroys the pipeline too. Accepts a zeroed persistence.
void persistence_fini(struct persistence *persistence);

// From now on there is state to save.
void persistence_start(struct persistence *persistence);
// Reports if there is no state to resume from, and begins a snapshot then: that of a
// first start is empty, and if the process is killed before its next one, it shows
// since when messages are missing.
void persistence_begin(struct persistence *persistence);
// Begins a snapshot now, beside the loop, unless one is being written. There must be a
// directory.
void persistence_save_soon(struct persistence *persistence);
// Whether one is being written, or copied.
bool persistence_is_saving(const struct persistence *persistence);
// The worker has copied the snapshot, or could not.
void persistence_copied(struct persistence *persistence, bool is_good);
// There is a directory, the pipeline has counted posts, and no snapshot that was begun
// contains any: a process that is killed now would lose them without a trace.
bool persistence_lacks_posts(const struct persistence *persistence);
// How much of the time that is left for a stop belongs to the snapshot: half as long
// again as the newest took, at least 2 s; all but 0.5 s at most.
usec persistence_reserve(const struct persistence *persistence, usec left);
// Saves and waits for it, at the end of the process. Returns 0, or EX_IOERR after
// logging why it failed.
int persistence_save(struct persistence *persistence);
