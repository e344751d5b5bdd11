#include "sinks/redis/redis_sink.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/changes.h"
#include "sinks/redis/redis_dispatch.h"
#include "sinks/redis/redis_inside.h"
#include "sinks/redis/redis_machine.h"

#define SILENCE (800 * USEC_PER_MS)

enum status
redis_sink_create(const struct redis_sink_setup *setup, struct redis_sink **ret_sink,
                  struct error *error)
{
    static const struct redis_conn_calls calls = {
        .on_up = redis_machine_up,
        .on_down = redis_machine_down,
        .on_item = redis_dispatch_item,
        .on_reply = redis_machine_reply,
    };
    struct redis_sink *sink = calloc(1, sizeof(*sink));
    if (sink == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for the Redis sink");
    }
    sink->setup = *setup;
    sink->interval = setup->options->flush;
    sink->patience_most = setup->options->patience;
    sink->pauses = (struct backoff){.first = 50 * USEC_PER_MS, .most = 2 * USEC_PER_S};
    sink->streams.lag = USEC_NONE;
    snprintf(sink->prefix, sizeof(sink->prefix), "%.*s", REDIS_PREFIX_MAX,
             setup->options->prefix);
    redis_keys_init(&sink->keys, sink->prefix);
    redis_flush_init(&sink->flush);
    redis_cursors_init(&sink->cursors);
    redis_outbox_init(sink);
    redis_outlet_init(sink);
    redis_purge_init(&sink->purge);
    redis_check_init(&sink->check);
    const struct redis_conn_setup conn = {
        .base = setup->base,
        .options = setup->options,
        .calls = &calls,
        .context = sink,
        .metrics = &sink->metrics,
    };
    enum status status = STATUS_NOMEM;
    if (redis_fence_init(&sink->fence, setup->tenure) && redis_machine_init(sink)) {
        status = redis_conn_create(&conn, &sink->conn, error);
    }
    if (status != STATUS_OK) {
        redis_sink_destroy(&sink);
        return error_set(error, status, "no memory for the Redis sink");
    }
    *ret_sink = sink;
    return STATUS_OK;
}

void
redis_sink_destroy(struct redis_sink **sink)
{
    struct redis_sink *old = *sink;
    if (old == NULL) {
        return;
    }
    redis_conn_destroy(&old->conn);
    redis_check_fini(&old->check);
    redis_purge_fini(&old->purge);
    redis_outlet_fini(old);
    redis_outbox_fini(old);
    redis_cursors_fini(&old->cursors);
    redis_flush_fini(&old->flush);
    redis_machine_fini(old);
    free(old);
    *sink = NULL;
}

void
redis_sink_start(struct redis_sink *sink)
{
    redis_machine_start(sink);
}

void
redis_sink_finish(struct redis_sink *sink, usec within, redis_done_fn done,
                  void *context)
{
    assert(sink->flush.done == NULL);
    sink->flush.done = done;
    sink->flush.done_context = context;
    sink->flush.is_final = false;
    timer_set(&sink->deadline, sink->phase == REDIS_PHASE_STOPPED ? 0 : within);
    redis_machine_hurry(sink);
}

void
redis_sink_hurry(struct redis_sink *sink)
{
    redis_machine_hurry(sink);
}

void
redis_sink_hold(struct redis_sink *sink)
{
    sink->resume.is_held = true;
}

void
redis_sink_release(struct redis_sink *sink)
{
    redis_machine_release(sink);
}

bool
redis_sink_is_held(const struct redis_sink *sink)
{
    return sink->resume.is_held;
}

enum status
redis_sink_set_cursor(struct redis_sink *sink, struct slice name,
                      const struct change_field *fields, size_t count)
{
    struct redis_cursor_key key = {&sink->keys, REDIS_KEY_CURSOR, name};
    return redis_cursors_set(&sink->cursors, &key,
                             (struct redis_fields){fields, count});
}

enum status
redis_sink_set_gaps(struct redis_sink *sink, struct slice name,
                    const struct change_field *fields, size_t count)
{
    struct redis_cursor_key key = {&sink->keys, REDIS_KEY_GAPS, name};
    return redis_cursors_set(&sink->cursors, &key,
                             (struct redis_fields){fields, count});
}

void
redis_sink_note_post(struct redis_sink *sink, usec time)
{
    redis_lag_note(&sink->lag, time);
}

void
redis_sink_set_streams(struct redis_sink *sink, usec lag, bool is_complete)
{
    sink->streams.lag = lag;
    sink->streams.is_missing = !is_complete;
}

void
redis_sink_streams(const struct redis_sink *sink, usec *ret_lag, bool *ret_is_complete)
{
    *ret_lag = sink->streams.lag;
    *ret_is_complete = !sink->streams.is_missing && !redis_check_is_leaky(sink);
}

bool
redis_sink_is_full(const struct redis_sink *sink)
{
    bool has_work = sink->flush.in_flight != 0 || changes_pending(sink->setup.pipeline);
    usec since = clock_monotonic() - sink->flush.progressed;
    bool is_stuck =
        has_work && !sink->resume.is_held && since > REDIS_SINK_PATIENCE_S * USEC_PER_S;
    return is_stuck || redis_outlet_has_no_room(sink);
}

bool
redis_sink_is_up(const struct redis_sink *sink)
{
    return sink->metrics.is_up != 0;
}

bool
redis_sink_is_current(const struct redis_sink *sink, usec *ret_age)
{
    const struct redis_flush *flush = &sink->flush;
    usec now = clock_monotonic();
    usec begun = flush->started > flush->answered ? flush->started : flush->answered;
    bool is_waiting = sink->phase != REDIS_PHASE_IDLE && now - begun >= SILENCE;
    *ret_age = sink->metrics.transactions != 0 ? now - flush->progressed : USEC_NONE;
    return redis_sink_is_up(sink) && !is_waiting;
}

bool
redis_sink_is_refused(const struct redis_sink *sink)
{
    return sink->report.is_refused;
}

const char *
redis_sink_trouble(const struct redis_sink *sink)
{
    return sink->report.troubles != 0 ? sink->report.last_error.text : "";
}

const struct redis_metrics *
redis_sink_metrics(const struct redis_sink *sink)
{
    return &sink->metrics;
}
