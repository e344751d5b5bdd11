// Flushes: the pipeline's changes as a row of transactions, one at Redis and the next
// one being built.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/usec.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_sink.h"

struct redis_flush {
    struct redis_batch batches[2];
    unsigned sent;              // which batch is at Redis
    unsigned next;              // which batch is sent next
    bool has_next;              // it is built while the other is at Redis
    bool is_drained;            // nothing is left to pull: the batch built last ends it
    bool is_sent_last;          // the batch at Redis ends the flush
    size_t in_flight;           // changes pulled, not acknowledged
    struct redis_batch repairs; // commands that go before the next flush's first change
    usec started;               // monotonic
    usec progressed; // when Redis acknowledged something, or nothing was to be written
    usec answered;   // when its last answer was complete
    bool is_hurried; // the next flush begins without waiting

    redis_done_fn done; // of redis_sink_finish; NULL: none is under way
    void *done_context;
    bool is_final; // the flush under way began after redis_sink_finish
};

void redis_flush_init(struct redis_flush *flush);
void redis_flush_fini(struct redis_flush *flush);

// Entering IDLE: waits for the next flush. While the sink is held it waits for the
// release.
enum redis_phase redis_flush_wait(struct redis_sink *sink);
// `pace` fired in IDLE.
enum redis_phase redis_flush_tick(struct redis_sink *sink);
// Entering FLUSH: sends the batch that was built.
enum redis_phase redis_flush_send(struct redis_sink *sink);
// The reply to FLUSH is complete.
enum redis_phase redis_flush_acknowledged(struct redis_sink *sink);

// The flush that ended contains all that redis_sink_finish has to write.
bool redis_flush_is_finished(const struct redis_sink *sink);
// Ends redis_sink_finish with success, if it is under way.
void redis_flush_finish(struct redis_sink *sink);

// The reply to COPY is complete.
enum redis_phase redis_flush_copied(struct redis_sink *sink);

// In FLUSH: builds the next batch, unless it is built or the flush ends with the one
// that was sent.
void redis_flush_build(struct redis_sink *sink);
// What is in flight may not have been written: it comes again.
void redis_flush_lose(struct redis_sink *sink);
// Keys that the transaction found with another type are removed by the next one.
void redis_flush_repair(struct redis_sink *sink);
// Ends redis_sink_finish with an error, if it is under way.
void redis_flush_abandon(struct redis_sink *sink, const char *why);
