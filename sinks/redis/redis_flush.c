#include "sinks/redis/redis_flush.h"

#include "sinks/redis/redis_change.h"
#include "sinks/redis/redis_inside.h"

static const usec meta_most = USEC_PER_S; // `meta` is never older while the daemon runs

void
redis_flush_init(struct redis_flush *flush)
{
    redis_batch_init(&flush->batches[0]);
    redis_batch_init(&flush->batches[1]);
    redis_batch_init(&flush->repairs);
}

void
redis_flush_fini(struct redis_flush *flush)
{
    redis_batch_fini(&flush->repairs);
    redis_batch_fini(&flush->batches[1]);
    redis_batch_fini(&flush->batches[0]);
}

static usec
wall_now(const struct redis_sink *sink)
{
    return sink->setup.wall != NULL ? sink->setup.wall() : clock_system();
}

static void
build(struct redis_sink *sink, unsigned which)
{
    struct redis_batch *batch = &sink->flush.batches[which];
    struct change change;
    redis_batch_begin(batch);
    redis_claims_begin(sink, which);
    redis_batch_append(batch, &sink->flush.repairs);
    redis_batch_reset(&sink->flush.repairs);
    redis_recent_send(sink, which);
    while (batch->commands < REDIS_BATCH_COMMANDS &&
           batch->text.size < REDIS_BATCH_BYTES &&
           sink->outbox.claims[which].count < REDIS_CLAIMS_MAX) {
        if (redis_outlet_build(sink, which)) {
            batch->entries++;
            continue;
        }
        if (!changes_next(sink->setup.pipeline, &change)) {
            sink->flush.is_drained = true;
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
    sink->flush.in_flight += batch->changes;
    sink->metrics.changes_in_flight = sink->flush.in_flight;
    if (sink->flush.is_drained) {
        struct redis_change_meta meta = {.version = sink->setup.version,
                                         .now = wall_now(sink),
                                         .lag = sink->streams.lag,
                                         .places = sink->setup.places};
        changes_meta(sink->setup.pipeline, &meta.state);
        meta.state.is_complete = meta.state.is_complete && !sink->streams.is_missing &&
                                 !redis_check_is_leaky(sink);
        redis_batch_append(batch, &sink->outbox.taken);
        redis_batch_append(batch, &sink->cursors.taken);
        redis_change_add_meta(batch, &sink->keys, &meta);
    }
}

enum redis_phase
redis_flush_send(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    flush->sent = flush->next;
    flush->has_next = false;
    flush->is_sent_last = flush->is_drained;
    enum redis_phase next = redis_tools_send(sink, &flush->batches[flush->sent]);
    if (!flush->is_sent_last && next == REDIS_PHASE_STAY) {
        timer_set(&sink->build, 0);
    }
    return next;
}

void
redis_flush_build(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    if (!flush->is_sent_last && !flush->has_next) {
        flush->next = !flush->sent;
        flush->has_next = true;
        build(sink, flush->next);
    }
}

static void
start(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    flush->started = clock_monotonic();
    flush->is_hurried = false;
    flush->is_drained = false;
    flush->is_final = flush->done != NULL;
    if (sink->setup.on_flush != NULL) {
        sink->setup.on_flush(sink->setup.context);
    }
    changes_begin(sink->setup.pipeline);
    redis_outlet_begin(&sink->outlet);
    redis_lag_begin(&sink->lag);
    redis_cursors_take(&sink->cursors);
    redis_outbox_take(&sink->outbox);
    flush->next = 0;
    build(sink, 0);
}

static bool
has_work(const struct redis_sink *sink)
{
    return changes_pending(sink->setup.pipeline) ||
           redis_cursors_is_due(&sink->cursors) || sink->outbox.due.commands != 0 ||
           sink->flush.repairs.commands != 0 || redis_outlet_has_work(&sink->outlet);
}

enum redis_phase
redis_flush_wait(struct redis_sink *sink)
{
    const struct redis_flush *flush = &sink->flush;
    usec wait = flush->started + sink->interval - clock_monotonic();
    bool is_now = flush->is_hurried || flush->done != NULL || wait < 0;
    if (!sink->resume.is_held) {
        timer_set(&sink->pace, is_now ? 0 : wait);
    }
    return REDIS_PHASE_STAY;
}

enum redis_phase
redis_flush_tick(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    if (sink->resume.is_held) {
        return REDIS_PHASE_STAY;
    }
    if (redis_outbox_is_unread(sink)) {
        return REDIS_PHASE_OUTBOX;
    }
    usec now = clock_monotonic();
    bool is_meta_due = now - flush->started >= meta_most;
    if (is_meta_due || flush->is_hurried || flush->done != NULL || has_work(sink)) {
        start(sink);
        return REDIS_PHASE_FLUSH;
    }
    flush->progressed = now;
    timer_set(&sink->pace, sink->interval);
    return REDIS_PHASE_STAY;
}

bool
redis_flush_is_finished(const struct redis_sink *sink)
{
    return sink->flush.done != NULL && sink->flush.is_final && !has_work(sink);
}

void
redis_flush_finish(struct redis_sink *sink)
{
    redis_done_fn done = sink->flush.done;
    sink->flush.done = NULL;
    timer_stop(&sink->deadline);
    if (done != NULL) {
        done(sink->flush.done_context, NULL);
    }
}

void
redis_flush_abandon(struct redis_sink *sink, const char *why)
{
    struct error error = {.code = STATUS_OK};
    redis_done_fn done = sink->flush.done;
    timer_stop(&sink->deadline);
    sink->flush.done = NULL;
    if (done != NULL) {
        error_set(&error, STATUS_IO, "%s", why);
        done(sink->flush.done_context, &error);
    }
}

static enum redis_phase
go_on(struct redis_sink *sink)
{
    if (redis_flush_is_finished(sink)) {
        if (redis_conn_asks_sentinels(sink->conn) ||
            redis_conn_asks_cluster(sink->conn)) {
            return REDIS_PHASE_CONFIRM;
        }
        redis_flush_finish(sink);
    }
    bool is_check_due = sink->flush.done == NULL && redis_check_prepare(sink);
    return is_check_due ? REDIS_PHASE_CHECK : REDIS_PHASE_IDLE;
}

enum redis_phase
redis_flush_copied(struct redis_sink *sink)
{
    redis_outlet_confirmed(sink);
    return go_on(sink);
}

static enum redis_phase
end(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    usec now = clock_monotonic();
    sink->metrics.flushes++;
    sink->metrics.flush_us = (uint64_t)(now - flush->started);
    span_histogram_add(&sink->metrics.flush_times, now - flush->started);
    redis_lag_end(&sink->lag, wall_now(sink), &sink->metrics.lags);
    sink->report.is_proven = true;
    redis_cursors_written(&sink->cursors);
    redis_outbox_written(&sink->outbox);
    redis_report_well(sink);
    return sink->outlet.setup != NULL ? REDIS_PHASE_COPY : go_on(sink);
}

enum redis_phase
redis_flush_acknowledged(struct redis_sink *sink)
{
    struct redis_flush *flush = &sink->flush;
    const struct redis_batch *batch = &flush->batches[flush->sent];
    bool is_ours = sink->answer.epoch == sink->fence.epoch;
    changes_written(sink->setup.pipeline, batch->changes);
    flush->in_flight -= batch->changes;
    sink->metrics.changes += batch->changes;
    sink->metrics.changes_in_flight = flush->in_flight;
    sink->metrics.transactions++;
    sink->metrics.commands += batch->commands;
    flush->progressed = clock_monotonic();
    backoff_reset(&sink->pauses);
    redis_conn_healthy(sink->conn);
    redis_outlet_written(&sink->outlet, batch->entries);
    redis_recent_written(&sink->outbox.recent);
    redis_claims_written(sink, flush->sent);
    if (!is_ours) {
        // What was just written is valid, but the next WATCH came too late.
        redis_flush_lose(sink);
        return REDIS_PHASE_GREET;
    }
    if (flush->is_sent_last) {
        return end(sink);
    }
    redis_flush_build(sink);
    return REDIS_PHASE_FLUSH;
}

void
redis_flush_lose(struct redis_sink *sink)
{
    timer_stop(&sink->build);
    sink->flush.has_next = false;
    redis_cursors_lost(&sink->cursors);
    redis_outbox_lost(&sink->outbox);
    redis_outlet_lose(&sink->outlet);
    redis_recent_lost(&sink->outbox.recent);
    if (sink->flush.in_flight != 0) {
        sink->flush.in_flight = 0;
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
            redis_batch_key(&sink->flush.batches[sink->flush.sent], answer->repairs[i]);
        redis_batch_unlink(&sink->flush.repairs, (struct redis_name){key, SLICE_NONE});
        sink->metrics.keys_repaired++;
    }
}
