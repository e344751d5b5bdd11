// The seat of a prefix: of its workers, the one that has the seat counts, and the
// others are spares.
//
// Over a connection of its own the holder writes `<prefix>beat` every REDIS_SEAT_BEAT.
// A spare reads it every REDIS_SEAT_LOOK. When it has not changed for `takeover`, by
// the spare's own clock, the spare takes the seat: one script compares the beat with
// what was read last, raises the epoch and sets the owner, so of several spares one
// wins, and none does if the holder has beaten since. Time in which Redis does not
// answer does not count.
//
// All that the holder writes here is written by scripts that compare the owner first: a
// process that lost the seat writes nothing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/usec.h"
#include "net/redis/redis_options.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_tenure.h"

#define REDIS_SEAT_BEAT (200 * USEC_PER_MS)
#define REDIS_SEAT_LOOK (100 * USEC_PER_MS)

struct event_base;
struct redis_seat;

enum redis_seat_event {
    REDIS_SEAT_WATCHED,   // another process has it
    REDIS_SEAT_TAKEN,     // we have it
    REDIS_SEAT_ANNOUNCED, // Redis has what redis_seat_announce announced
    REDIS_SEAT_RELEASED,  // as far as possible
    REDIS_SEAT_LOST,      // another process took it over; the seat is not used any more
    REDIS_SEAT_TROUBLE,   // Redis cannot be reached or refuses; once
    REDIS_SEAT_WELL,      // ends TROUBLE
};

// error: of TROUBLE, with its kind, else NULL. Not to be destroyed from within.
typedef void (*redis_seat_fn)(void *context, enum redis_seat_event event,
                              enum redis_error_kind kind, const struct error *error);

struct redis_seat_setup {
    struct event_base *base;             // kept
    const struct redis_options *options; // not kept
    usec takeover;
    struct redis_tenure *tenure; // kept; epoch 0: to be taken, else we have the seat
    redis_seat_fn on_event;
    void *context;
};

enum status redis_seat_create(const struct redis_seat_setup *setup,
                              struct redis_seat **ret_seat,
                              struct error *error) MUST_USE;
// Accepts NULL.
void redis_seat_destroy(struct redis_seat **seat);

// Connects; callbacks come only from the loop.
void redis_seat_start(struct redis_seat *seat);

// We have it: from now on each beat announces that we may be silent for so long.
void redis_seat_announce(struct redis_seat *seat, usec silence);
// We do not need it any more: a spare may take it at once. RELEASED follows, within
// `within`.
void redis_seat_release(struct redis_seat *seat, usec within);
