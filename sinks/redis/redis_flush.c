#include <string.h>
#include <time.h>

#include "sinks/redis/redis_change.h"
#include "sinks/redis/redis_inside.h"

static const usec meta_most = USEC_PER_S; // `meta` is never older while the daemon runs

static usec
wall_now(const struct redis_sink *sink)
{
    if (sink->setup.wall != NULL) {
        return sink->setup.wall();
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (usec)now.tv_sec * USEC_PER_S + now.tv_nsec / 1000;
}

static void
build(struct redis_sink *sink, unsigned which)
{
    struct redis_batch *batch = &sink->batches[which];
    struct change change;
    redis_batch_begin(batch);
    redis_claims_begin(sink, which);
    redis_batch_append(batch, &sink->repairs);
    redis_batch_reset(&sink->repairs);
    redis_recent_send(sink, which);
    while (batch->commands < REDIS_BATCH_COMMANDS &&
           batch->text.size < REDIS_BATCH_BYTES &&
           sink->outbox.claims[which].count < REDIS_CLAIMS_MAX) {
        if (!changes_next(sink->setup.pipeline, &change)) {
            sink->is_drained = true;
            break;
        }
        if (change.kind == CHANGE_ALERT) {
            redis_claims_add(sink, which, &change);
        } else {
            redis_claims_close(sink, which);
            redis_change_add(batch, &sink->keys, &change);
        }
        batch->changes++;
    }
    redis_claims_close(sink, which);
    sink->in_flight += batch->changes;
    sink->metrics.changes_in_flight = sink->in_flight;
    if (sink->is_drained) {
        struct redis_change_meta meta = {
            .version = sink->setup.version, .now = wall_now(sink), .lag = sink->lag};
        changes_meta(sink->setup.pipeline, &meta.state);
        meta.state.is_complete =
            meta.state.is_complete && !sink->is_missing && !redis_check_is_leaky(sink);
        redis_batch_append(batch, &sink->outbox.taken);
        redis_batch_append(batch, &sink->cursors.taken);
        redis_change_add_meta(batch, &sink->keys, &meta);
    }
}

static void
send_built(struct redis_sink *sink, unsigned which)
{
    sink->sent = which;
    sink->has_next = false;
    sink->is_sent_last = sink->is_drained;
    sink->phase = REDIS_PHASE_FLUSH;
    redis_sink_send(sink, &sink->batches[which]);
    if (!sink->is_sent_last && sink->phase == REDIS_PHASE_FLUSH) {
        redis_sink_set_timer(sink->build, 0);
    }
}

void
redis_flush_build(struct redis_sink *sink)
{
    if (sink->phase == REDIS_PHASE_FLUSH && !sink->is_sent_last && !sink->has_next) {
        build(sink, !sink->sent);
        sink->has_next = true;
    }
}

static void
start(struct redis_sink *sink)
{
    sink->flush_started = redis_sink_now();
    sink->is_hurried = false;
    sink->is_drained = false;
    sink->is_final = sink->done != NULL;
    if (sink->setup.on_flush != NULL) {
        sink->setup.on_flush(sink->setup.context);
    }
    changes_begin(sink->setup.pipeline);
    redis_cursors_take(&sink->cursors);
    redis_outbox_take(&sink->outbox);
    build(sink, 0);
    send_built(sink, 0);
}

static bool
has_work(const struct redis_sink *sink)
{
    return changes_pending(sink->setup.pipeline) ||
           redis_cursors_is_due(&sink->cursors) || sink->outbox.due.commands != 0 ||
           sink->repairs.commands != 0;
}

void
redis_flush_idle(struct redis_sink *sink)
{
    usec wait = sink->flush_started + sink->flush - redis_sink_now();
    bool is_now = sink->is_hurried || sink->done != NULL || wait < 0;
    sink->phase = REDIS_PHASE_IDLE;
    redis_sink_set_timer(sink->pace, is_now ? 0 : wait);
}

void
redis_flush_tick(struct redis_sink *sink)
{
    if (sink->is_held || redis_outbox_recall(sink)) {
        return;
    }
    usec now = redis_sink_now();
    bool is_meta_due = now - sink->flush_started >= meta_most;
    if (is_meta_due || sink->is_hurried || sink->done != NULL || has_work(sink)) {
        start(sink);
    } else {
        sink->progressed = now;
        redis_sink_set_timer(sink->pace, sink->flush);
    }
}

static void
finish(struct redis_sink *sink)
{
    redis_done_fn done = sink->done;
    sink->done = NULL;
    redis_sink_stop_timer(sink->deadline);
    done(sink->done_context, NULL);
}

static void
end(struct redis_sink *sink)
{
    usec now = redis_sink_now();
    sink->metrics.flushes++;
    sink->metrics.flush_us = (uint64_t)(now - sink->flush_started);
    sink->is_proven = true;
    redis_cursors_written(&sink->cursors);
    redis_outbox_written(&sink->outbox);
    redis_report_well(sink);
    bool is_done = sink->done != NULL && sink->is_final && !has_work(sink);
    if (is_done) {
        finish(sink);
    }
    if (sink->phase == REDIS_PHASE_FLUSH &&
        (sink->done != NULL || !redis_check_start(sink))) {
        redis_flush_idle(sink);
    }
}

void
redis_flush_acknowledged(struct redis_sink *sink)
{
    const struct redis_batch *batch = &sink->batches[sink->sent];
    bool is_ours = sink->answer.epoch == sink->epoch;
    changes_written(sink->setup.pipeline, batch->changes);
    sink->in_flight -= batch->changes;
    sink->metrics.changes += batch->changes;
    sink->metrics.changes_in_flight = sink->in_flight;
    sink->metrics.transactions++;
    sink->metrics.commands += batch->commands;
    sink->progressed = redis_sink_now();
    backoff_reset(&sink->pauses);
    redis_conn_healthy(sink->conn);
    redis_recent_written(&sink->outbox.recent);
    redis_claims_written(sink, sink->sent);
    if (!is_ours) {
        // What was just written is valid, but the next WATCH came too late.
        redis_flush_lose(sink);
        redis_fence_greet(sink);
    } else if (sink->is_sent_last) {
        end(sink);
    } else {
        redis_flush_build(sink);
        send_built(sink, !sink->sent);
    }
}

void
redis_flush_lose(struct redis_sink *sink)
{
    redis_sink_stop_timer(sink->build);
    sink->has_next = false;
    redis_cursors_lost(&sink->cursors);
    redis_outbox_lost(&sink->outbox);
    redis_claims_lost(sink);
    redis_recent_lost(&sink->outbox.recent);
    if (sink->in_flight != 0) {
        sink->in_flight = 0;
        sink->metrics.changes_in_flight = 0;
        changes_lost(sink->setup.pipeline);
    }
}

void
redis_flush_repair(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    if (sink->phase != REDIS_PHASE_FLUSH) {
        return;
    }
    for (size_t i = 0; i < answer->repair_count; i++) {
        struct slice key =
            redis_batch_key(&sink->batches[sink->sent], answer->repairs[i]);
        redis_batch_unlink(&sink->repairs, (struct redis_name){key, SLICE_NONE});
        sink->metrics.keys_repaired++;
    }
}
