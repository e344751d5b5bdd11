// When to connect again: X's documented rules, which suit the other networks, too.
//
//   a live stream that dropped      at once; unless that was done just before
//   network (TCP, TLS, look-up)     250 ms, 500 ms, 750 ms … 16 s
//   an error of the server          5 s, 10 s, 20 s … 320 s
//   asked to slow down (429, 420)   60 s, 120 s … 16 min, and not before the given time
//   the old connection remains      2 s, 4 s … 30 s
//   waiting does not help           never
//
// Each wait is varied by up to ±jitter per cent, so that many clients do not reconnect
// at the same time, and stays within its maximum. The waits begin again once a stream
// flows, but that of the network only when a further attempt at once is allowed.
//
// Pure: the time is an argument, the deadline a result. Any clock may be used that
// never goes back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

enum { RECONNECT_JITTER = 20 };

enum reconnect_class {
    RECONNECT_NETWORK,
    RECONNECT_SERVER,
    RECONNECT_RATE,
    RECONNECT_STILL_OPEN,
    RECONNECT_FATAL,
    RECONNECT_CLASS_COUNT,
};

struct reconnect {
    uint64_t seed; // of the next jitter
    unsigned jitter;
    bool is_up;
    usec at_once; // when that was last allowed
    // The wait of each class before jitter; 0: none yet.
    usec wait[RECONNECT_CLASS_COUNT];
};

// jitter: in per cent, at most 100; 0 for exact waits.
void reconnect_init(struct reconnect *reconnect, uint64_t seed, unsigned jitter);

// A stream flows: its first byte arrived.
void reconnect_up(struct reconnect *reconnect);

// An attempt or a stream ended at `now`. not_before: the time requested by the network,
// limited to a day after now; USEC_NONE: none. Returns when to connect again, or
// USEC_NONE for RECONNECT_FATAL.
usec reconnect_after(struct reconnect *reconnect, enum reconnect_class class, usec now,
                     usec not_before);

// The class of an HTTP status that opened no stream. body: of the answer, or none.
enum reconnect_class reconnect_class_of_status(long status, struct slice body);
