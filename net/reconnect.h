// When to connect again: X's documented rules, which do for the other networks too.
//
//   a live stream that dropped      at once; unless that was done just before
//   network (TCP, TLS, look-up)     250 ms, 500 ms, 750 ms … 16 s
//   an HTTP error                   5 s, 10 s, 20 s … 320 s
//   told to go slower (429, 420)    60 s, 120 s … 16 min, and not before the time told
//   our own old connection lingers  2 s, 4 s … 30 s
//   what waiting does not heal      never
//
// Each wait is varied by up to ±jitter per cent, so that many clients do not come back
// in step, and stays within its longest. The series begin anew once a stream flows.
//
// Pure: time comes in, the deadline goes out. Which clock it is does not matter, as
// long as it never goes back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

enum { RECONNECT_JITTER = 20 };

enum reconnect_class {
    RECONNECT_NETWORK,
    RECONNECT_HTTP,
    RECONNECT_RATE,
    RECONNECT_LINGER,
    RECONNECT_FATAL,
    RECONNECT_CLASS_COUNT,
};

struct reconnect {
    uint64_t seed; // of the next jitter
    unsigned jitter;
    bool is_up;
    usec at_once; // when that was last granted
    // The wait of each class before jitter; 0: none yet.
    usec wait[RECONNECT_CLASS_COUNT];
};

// jitter: in per cent, at most 100; 0 for exact waits.
void reconnect_init(struct reconnect *reconnect, uint64_t seed, unsigned jitter);

// A stream flows: its first byte came.
void reconnect_up(struct reconnect *reconnect);

// An attempt or a stream ended at `now`. not_before: what the network asked for, at
// most a day ahead of now counts; USEC_NONE: nothing. Returns when to connect again, or
// USEC_NONE for RECONNECT_FATAL.
usec reconnect_after(struct reconnect *reconnect, enum reconnect_class class, usec now,
                     usec not_before);

// What an HTTP status that opened no stream means. body: of the answer, or none.
enum reconnect_class reconnect_class_of_status(long status, struct slice body);
