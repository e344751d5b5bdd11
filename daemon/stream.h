// One live source: passes its messages to the pipeline, its states to the log, its gaps
// and its cursor to Redis.
//
// When the pipeline has no room or Redis is behind, the source keeps its message and
// stops reading; the stream resumes it as soon as there is room.
//
// Its cursor goes to Redis once a snapshot contains a cursor of the stream, or could
// not be written. Else a start without a snapshot would resume after messages that were
// counted in memory only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/feed.h"
#include "daemon/resume.h"
#include "ingest/decode/decode.h"
#include "ingest/sources/source.h"
#include "ingest/sources/source_options.h"

struct campaign_words;
struct event_base;
struct handover;
struct http_client;
struct pipeline;
struct redis_options;
struct redis_sink;
struct stream;

struct stream_setup {
    struct event_base *base; // kept, as all pointers here unless noted
    struct http_client *client;
    struct pipeline *pipeline;
    const struct campaign_words *campaigns;
    struct redis_sink *sink;
    struct handover *handover;            // of an ingest process; or NULL
    const struct redis_options *entries;  // where a worker reads them; or NULL
    const struct source_options *options; // copied; checked by source_options_check
    const struct source_cursor *resume;   // copied; NULL: from now on
    const struct resume_item *recalled;   // copied: what Redis contains about it; or
                                          // NULL
    usec missed_from; // an earlier process followed it until then; or USEC_NONE
    bool is_noted;    // a snapshot contains a cursor of it, or none is ever written
};

// NULL with error set.
struct stream *stream_create(const struct stream_setup *setup, struct error *error);
// Accepts NULL; not from inside a callback of the source.
void stream_destroy(struct stream **stream);

void stream_start(struct stream *stream);
// The wall clock was stepped, and is `now`.
void stream_stepped(struct stream *stream, usec now);
// Closes the connection and passes the cursor to the sink in any case.
void stream_stop(struct stream *stream);
// Passes changes of the cursor and the gap ledger to the sink. Call about once a
// second.
void stream_save(struct stream *stream);
// Removes cursor and ledger from Redis, for a source that is not configured any more.
void stream_forget(struct stream *stream);

const struct source_options *stream_options(const struct stream *stream);
enum source_state stream_state(const struct stream *stream);
// True if messages arrive, or if a silence is expected.
bool stream_is_live(const struct stream *stream);
// The time until which messages may be missing: INT64_MAX while a gap is open,
// USEC_NONE if there never was one that was not recovered.
usec stream_missing_until(const struct stream *stream);
// The newest gap that was not recovered and ends after `since`; ret_to USEC_NONE: it is
// open. False: there is none.
bool stream_gap(const struct stream *stream, usec since, usec *ret_from, usec *ret_to);
// Of a worker: the sources of the ingest process have missed nothing either.
bool stream_is_whole(const struct stream *stream);
// Age of the newest post at that time, or of what a worker does not have yet; 0 where
// no post is expected: before the first one, during an expected silence, and for a
// source that has failed.
usec stream_lag(const struct stream *stream, usec wall);
// Where to resume; false if there is nothing to resume from.
bool stream_cursor(const struct stream *stream, struct source_cursor *ret_cursor);
// There is a cursor, and no snapshot contains one, not even one that is being written.
bool stream_lacks_note(const struct stream *stream);
// A snapshot contains a cursor of it, or none is ever written.
bool stream_is_noted(const struct stream *stream);
// A snapshot that contains the cursor is begun.
void stream_note_begin(struct stream *stream);
// That snapshot is on disk, or could not be written. is_kept: it is on disk, or none is
// ever written. What is before the snapshot before it will not be read again.
void stream_note_end(struct stream *stream, bool is_kept);
// True if it resumed from before the cursor in Redis and has not reached that yet.
bool stream_is_behind(const struct stream *stream);
// Metrics. states: 1 for the current state; lag: see stream_lag; gap_open: 1 while
// messages may be missing.
struct stream_metrics {
    uint64_t states[SOURCE_STATE_COUNT];
    uint64_t lag;
    uint64_t gap_open;
};
extern const struct metric stream_metric_rows[];
void stream_metrics(const struct stream *stream, usec wall,
                    struct stream_metrics *ret_metrics);
const struct source_metrics *stream_source_metrics(const struct stream *stream);
void stream_feed_metrics(const struct stream *stream, struct feed_metrics *ret_metrics);
const struct decode_metrics *stream_decode_metrics(const struct stream *stream);
