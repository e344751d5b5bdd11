// Passes recorded messages into a pipeline in event time: a feed that judges dates
// first (daemon/dates.h).
//
//     message ─▶ feed ─┬───────────────────▶ current posts ─▶ pipeline
//                      └▶ stash ─▶ decoder ─┘
//
// Most posts take the direct way. A message with a date that leaps, and those that
// arrive while its date is open, are stashed and decoded again in their turn. Posts
// keep their order, so the counts do not depend on when a result is requested.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/date_faults.h"
#include "daemon/dates.h"
#include "daemon/feed.h"
#include "daemon/stash.h"

struct campaign_words;

// Dates of the posts so far, retweets included, deletions not.
struct recording_dates {
    uint64_t dated;
    uint64_t moved; // refused: counted at the clock
    uint64_t old;   // the first was too old: counted at the time of later posts
    uint64_t faults[DATE_FAULT_COUNT];
    uint64_t steps;    // from a message to one with another date
    uint64_t backward; // of these
};

struct recording {
    struct feed feed;
    struct decoder *again; // decodes stashed messages; its metrics are not used
    struct stash stash;
    struct slice event; // the current message, borrowed
    struct slice data;
    size_t skip;     // posts of the stash's oldest message that were passed on
    bool is_stashed; // the current posts come from the stash
    bool is_judged;  // the date of the current post is judged
    bool is_refused; // … and refused
    bool is_last;    // no more messages come
    usec leapt;      // the longest accepted leap
    struct dates_recent recent;
    size_t unconfirmed; // posts just before that were refused as unconfirmed
    usec doubted;       // the date of the last of them
    usec last;          // date; USEC_NONE: none
    bool is_in_run;     // the current post follows one of the same message
    struct recording_dates dates;
};

// Keeps pipeline and sink; sink may be NULL. False with error set when there is no
// memory.
bool recording_init(struct recording *recording, struct pipeline *pipeline,
                    struct redis_sink *sink, enum decode_format format,
                    struct error *error);
// Posts are compared with these words, which are kept.
void recording_find_campaigns(struct recording *recording,
                              const struct campaign_words *words);
void recording_fini(struct recording *recording);

// Reads a message, when recording_next has returned NULL. The message must remain until
// it returns NULL again. Returns as feed_read.
enum decode_reason recording_read(struct recording *recording, struct slice event,
                                  struct slice data);

// The next post, at the time at which it counts; NULL: read on. wall: the current time.
const struct post *recording_next(struct recording *recording, usec wall);
// Passes that post to the pipeline; returns as feed_push.
enum status recording_push(struct recording *recording, usec wall) MUST_USE;

// True when every post that was read has been passed on.
bool recording_is_settled(const struct recording *recording);
// No more messages come, or not for a while: open dates are judged by the posts
// available.
void recording_end(struct recording *recording);

// Logs the faults of dates, one line for each kind. late: posts that were older than
// the longest window on arrival.
void recording_report(const struct recording *recording, uint64_t late);
