// The end of a live daemon: it stops reading, writes what is counted to Redis, and
// saves a snapshot. If writing takes more than a second, the snapshot is saved before
// the rest is written: it has everything that was counted, and the next start writes
// what Redis lacks. A worker writes as much as it can first, since a spare counts from
// there on.
#pragma once

#include <stdbool.h>

#include "daemon/handover.h"
#include "daemon/notify.h"
#include "daemon/runtime.h"
#include "daemon/streams.h"
#include "daemon/worker.h"

// All pointers are kept.
struct live_stop {
    struct runtime *runtime;
    struct streams *streams;
    struct handover *handover;
    struct notify *notify;
    struct worker *worker; // NULL: of another role
    const bool *is_fenced; // another worker has taken over
    bool is_saved_last;    // the snapshot of the end is being written, or is on disk
    int saved; // 0, or the exit code of a snapshot that could not be written
};

// Begins the end; the loop ends within the time of signals.h. The exit code is 0 if
// everything is in Redis, or if Redis answers and the snapshot has what it lacks.
void live_stop_begin(struct live_stop *stop);

// A worker has given up its seat, behind its last write: it saves and leaves.
void live_stop_released(struct live_stop *stop);
