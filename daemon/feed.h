// Passes messages through a decoder and their posts into the pipeline, one by one.
//
//     message ─▶ decoder ─▶ current posts ─▶ pipeline
//
// An ingest process passes them to its handover instead; a worker gets them from
// entries, without a decoder, each with the time at which it arrived.
//
// A replay and every live source have a feed of their own. Posts are kept while the
// pipeline has no room. They point into the message, which must remain until all are in
// the pipeline.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "ingest/decode/decode.h"
#include "ingest/entries/entry.h"

struct handover;
struct pipeline;
struct redis_sink;

struct feed {
    struct pipeline *pipeline;
    struct redis_sink *sink;
    struct handover *handover; // NULL: posts go into the pipeline
    struct decoder *decoder;
    const struct post *posts;
    const usec *walls; // when each arrived, of an entry; NULL: now
    struct post dated; // the current post with another time
    size_t post_count;
    size_t post_next;
    uint64_t received;          // items that the decoder returned
    uint64_t returned_controls; // of these, control messages that change accounts
    uint64_t used;
    uint64_t duplicates;
    uint64_t refused;       // items the pipeline had no capacity for
    usec last_time;         // of the newest post with an accepted date; USEC_NONE: none
    usec instead;           // the time of the current post; USEC_NONE: its own date
    bool has_reported_time; // a date that is not used was logged
    bool is_live; // dates may come from a clock that was stepped (daemon/clock_steps.h)
    struct entry_reader reader;
    bool is_arrival; // the time of arrival counts, whatever the date of a post is
};

// What became of every item: a post, a deletion, an account that is gone or changed its
// handle, a control message, or a message or post that cannot be used. A message that
// is read again because there was no room for all of its posts is received again.
//     received = used + duplicate + rejected + control + queued
struct feed_metrics {
    uint64_t received;
    uint64_t used;
    uint64_t duplicate;
    uint64_t rejected; // by the decoder, or for want of capacity
    uint64_t control;
    uint64_t queued; // current posts that are not in the pipeline
};
extern const struct metric feed_metric_rows[];

// Keeps pipeline and sink; sink NULL: no flush is requested. False with error set when
// there is no memory.
bool feed_init(struct feed *feed, struct pipeline *pipeline, struct redis_sink *sink,
               enum decode_format format, struct error *error);
void feed_fini(struct feed *feed);

// Reads a message; its posts become the current ones. No current post may be left.
// Returns why the message cannot be used, DECODE_REASON_NONE if it can or is a control
// message.
enum decode_reason feed_read(struct feed *feed, struct slice event, struct slice data);

// The same with an entry (ingest/entries/entry.h). order: see entry_read. Any other
// status than STATUS_OK: it cannot be used, and is counted as one item.
enum status feed_read_entry(struct feed *feed, struct slice bytes, uint32_t order,
                            struct entry_head *ret_head) MUST_USE;
// Leaves out the first posts: they were passed on when the entry was read before.
void feed_skip(struct feed *feed, size_t count);

// The current post, or NULL; with the time at which it counts if this differs from its
// date.
const struct post *feed_next(struct feed *feed);

// Passes that post on. STATUS_AGAIN: there is no room, the sink was
// requested to flush, and the post remains the current one. STATUS_OK otherwise, also
// if the post was refused. wall: the current time, which with is_arrival is also the
// time of the post.
enum status feed_push(struct feed *feed, usec wall) MUST_USE;

void feed_metrics(const struct feed *feed, struct feed_metrics *ret_metrics);
