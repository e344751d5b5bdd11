// Judges by its beats whether a worker is silent. Pure.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/usec.h"

// Added after a connection was lost or Redis was silent: the worker also has to connect
// again.
#define REDIS_WATCH_RETURN (2 * USEC_PER_S)
#define REDIS_WATCH_FREE "free" // in place of a beat: no process has the seat

enum { REDIS_BEAT_MAX = 80 };

// Zeroed at first, but for takeover.
struct redis_watch {
    usec takeover;
    char beat[REDIS_BEAT_MAX]; // as read last; empty: there was none
    bool has_looked;           // it was read
    bool is_known;             // and nothing was lost since
    usec changed_at;           // monotonic
    usec answered_at;
    usec grace;
};

// A beat was read; empty: there is none. True: the seat is to be taken.
bool redis_watch_look(struct redis_watch *watch, struct slice beat, usec now);
// The connection was lost, or Redis refused.
void redis_watch_lost(struct redis_watch *watch);
