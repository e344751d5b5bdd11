// The way of a message: through a decoder, and its posts into the pipeline one by one.
//
//     message ─▶ decoder ─▶ posts at hand ─▶ pipeline
//
// A replay and every live source have one of their own. Posts wait at hand while the
// pipeline has no room; they point into the message, which must stay until they are
// through.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "ingest/decode.h"

struct pipeline;
struct redis_sink;

struct feed {
    struct pipeline *pipeline;
    struct redis_sink *sink;
    struct decoder *decoder;
    const struct post *posts;
    struct post dated; // the post at hand with another time
    size_t post_count;
    size_t post_next;
    uint64_t refused;   // posts the pipeline had no capacity for
    usec last_time;     // of the newest post with a date to believe; USEC_NONE: none
    usec instead;       // the time of the post at hand; USEC_NONE: its own date
    bool has_told_time; // of a date that is not used
    bool is_live;       // dates may come from a clock that was stepped (daemon/wall.h)
    bool is_arrival;    // posts happen when they come, whatever their date says
};

// Keeps pipeline and sink; sink NULL: nobody is asked for room. False with error set
// when there is no memory.
bool feed_init(struct feed *feed, struct pipeline *pipeline, struct redis_sink *sink,
               enum decode_format format, struct error *error);
void feed_fini(struct feed *feed);

// Reads a message; its posts are at hand then. No post may be at hand before. Returns
// why the message cannot be used, DECODE_REASON_NONE if it can or is control.
enum decode_reason feed_read(struct feed *feed, struct slice event, struct slice data);

// The next post at hand, or NULL; with the time at which it counts if that is another
// one than its date.
const struct post *feed_next(struct feed *feed);

// Puts that post into the pipeline. STATUS_AGAIN: there is no room, the sink was asked
// to make some, and the post is still at hand. STATUS_OK otherwise, also if the post
// was refused. wall: the time now, and with is_arrival that of the post.
enum status feed_push(struct feed *feed, usec wall) MUST_USE;
