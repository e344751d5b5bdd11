// The way of a recorded message into a pipeline in event time: a feed that judges dates
// first (daemon/dates.h).
//
//     message ─▶ feed ─┬───────────────────▶ posts at hand ─▶ pipeline
//                      └▶ stash ─▶ decoder ─┘
//
// Nearly always posts go the direct way. A message with a date that leaps, and those
// that come while it waits for its judgement, go through the stash and are read again
// when their turn comes. So posts keep their order, and what is counted does not
// depend on when somebody asks.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/date_faults.h"
#include "daemon/dates.h"
#include "daemon/feed.h"
#include "daemon/stash.h"

// Dates of the posts so far. Retweets, too; not deletions.
struct recording_dates {
    uint64_t dated;
    uint64_t moved; // not believed: counted at the clock
    uint64_t old;   // the first was too old: counted at the time of those behind it
    uint64_t faults[DATE_FAULT_COUNT];
    uint64_t steps;    // from one date to another
    uint64_t backward; // of these
};

struct recording {
    struct feed feed;
    struct decoder *again; // of what comes out of the stash; nobody reads its metrics
    struct stash stash;
    struct slice event; // the message at hand, borrowed
    struct slice data;
    size_t skip;     // posts of the stash's oldest message that are through
    bool is_stashed; // what is at hand comes from there
    bool is_judged;  // the date of the post at hand
    bool is_refused; // the same: it is not believed
    bool is_last;    // no more messages come
    usec leapt;      // the farthest leap that was believed
    struct dates_recent recent;
    size_t unconfirmed; // posts right before that were refused as such
    usec doubted;       // the date of the last of them
    usec last;          // date; USEC_NONE: none
    struct recording_dates dates;
};

// Keeps pipeline and sink; sink may be NULL. False with error set when there is no
// memory.
bool recording_init(struct recording *recording, struct pipeline *pipeline,
                    struct redis_sink *sink, enum decode_format format,
                    struct error *error);
void recording_fini(struct recording *recording);

// Reads a message, when recording_next has answered NULL. The message must stay until
// that answers NULL again. Returns as feed_read.
enum decode_reason recording_read(struct recording *recording, struct slice event,
                                  struct slice data);

// The next post, at the time at which it counts; NULL: read on. wall: the time now.
const struct post *recording_next(struct recording *recording, usec wall);
// Puts that post into the pipeline; returns as feed_push.
enum status recording_push(struct recording *recording, usec wall) MUST_USE;

// True when every post that was read has been handed out.
bool recording_is_settled(const struct recording *recording);
// No more messages come, or not for a while: what waits is judged by what is there.
void recording_end(struct recording *recording);

// Says in the log what was wrong with the dates, a line for each fault. late: posts
// that were older than the longest window when they came.
void recording_tell(const struct recording *recording, uint64_t late);
