#include "sinks/redis/redis_sink.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <event2/event.h>

#include "pipeline/changes.h"
#include "sinks/redis/redis_inside.h"
#include "sinks/redis/redis_tls.h"

usec
redis_sink_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (usec)now.tv_sec * USEC_PER_S + now.tv_nsec / 1000;
}

void
redis_sink_set_timer(struct event *timer, usec span)
{
    struct timeval wait = {
        .tv_sec = (time_t)(span / USEC_PER_S),
        .tv_usec = (suseconds_t)(span % USEC_PER_S),
    };
    event_add(timer, &wait);
}

void
redis_sink_send(struct redis_sink *sink, struct redis_batch *batch)
{
    redis_batch_end(batch, &sink->keys);
    if (batch->text.is_failed) {
        struct error error = {.code = STATUS_OK};
        error_set(&error, STATUS_NOMEM, "no memory for a transaction of %zu commands",
                  batch->commands);
        redis_sink_retire(sink, REDIS_EVENT_FATAL, EX_OSERR, &error);
        return;
    }
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_BATCH, batch->commands);
    redis_conn_send(sink->conn, buffer_text(&batch->text),
                    redis_answer_replies(&sink->answer));
}

void
redis_sink_pause(struct redis_sink *sink)
{
    redis_flush_lose(sink);
    sink->phase = REDIS_PHASE_PAUSE;
    redis_sink_set_timer(sink->pace, backoff_next(&sink->pauses));
}

void
redis_sink_stop_timer(struct event *timer)
{
    event_del(timer);
}

static void
finish_with(struct redis_sink *sink, const char *why)
{
    struct error error = {.code = STATUS_OK};
    redis_done_fn done = sink->done;
    redis_sink_stop_timer(sink->deadline);
    sink->done = NULL;
    if (done != NULL) {
        error_set(&error, STATUS_IO, "%s", why);
        done(sink->done_context, &error);
    }
}

void
redis_sink_retire(struct redis_sink *sink, enum redis_event event, int exit_code,
                  const struct error *error)
{
    // The caller's error may be one of the sink's own.
    struct error why = *error;
    redis_conn_stop(sink->conn);
    redis_flush_lose(sink);
    redis_sink_stop_timer(sink->pace);
    redis_sink_stop_timer(sink->give_up);
    redis_sink_stop_timer(sink->patience);
    sink->phase = REDIS_PHASE_STOPPED;
    sink->metrics.is_up = 0;
    redis_report_event(sink, event, exit_code, &why);
    finish_with(sink, why.text);
}

bool
redis_sink_is_patient(const struct redis_sink *sink)
{
    return sink->is_proven && !sink->setup.ends_when_refused;
}

static void
on_up(void *context)
{
    struct redis_sink *sink = context;
    sink->is_claimed = false;
    sink->outbox.read = 0;
    redis_fence_greet(sink);
}

// A server that rejects a connection sends the reason before it closes.
static void
report_down(struct redis_sink *sink, enum redis_error_kind kind,
            const struct error *error)
{
    struct error why = {.code = STATUS_OK};
    if (sink->phase == REDIS_PHASE_GREET && kind == REDIS_ERROR_NONE &&
        sink->answer.text[0] != '\0') {
        kind = redis_error_kind_of(slice_of(sink->answer.text));
        error_set(&why, STATUS_IO, "%s", sink->answer.text);
        error = &why;
    }
    sink->phase = REDIS_PHASE_DOWN;
    if (kind != REDIS_ERROR_NONE) {
        redis_report_count(sink, kind);
    }
    if (kind != REDIS_ERROR_NONE && !redis_sink_is_patient(sink) &&
        redis_error_kind_row(kind)->action == REDIS_ACTION_FATAL) {
        struct error last = {.code = STATUS_OK};
        redis_report_refusal(sink, kind, error->text, &last);
        redis_sink_retire(sink, REDIS_EVENT_FATAL,
                          redis_error_kind_row(kind)->exit_code, &last);
    } else {
        redis_report_lost(sink, kind, error);
    }
}

static void
on_down(void *context, enum redis_error_kind kind, const struct error *error)
{
    struct redis_sink *sink = context;
    redis_sink_stop_timer(sink->pace);
    redis_flush_lose(sink);
    report_down(sink, kind, error);
}

static void
on_pace(evutil_socket_t fd, short what, void *context)
{
    struct redis_sink *sink = context;
    (void)fd;
    (void)what;
    if (sink->phase == REDIS_PHASE_PAUSE) {
        redis_fence_greet(sink);
    } else if (sink->phase == REDIS_PHASE_IDLE) {
        redis_flush_tick(sink);
    }
}

static void
on_build(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    redis_flush_build(context);
}

static void
on_give_up(evutil_socket_t fd, short what, void *context)
{
    struct redis_sink *sink = context;
    struct error error = sink->last_error;
    (void)fd;
    (void)what;
    if (sink->is_ready || sink->phase == REDIS_PHASE_STOPPED) {
        return;
    }
    if (sink->is_refused) {
        // Redis can be reached, and may later accept what it refuses now.
        redis_sink_set_timer(sink->give_up, sink->setup.give_up);
        return;
    }
    error_set(&error, STATUS_IO, "cannot reach Redis at %s: it does not answer",
              redis_conn_address(sink->conn));
    redis_sink_retire(sink, REDIS_EVENT_FATAL, EX_UNAVAILABLE, &error);
}

static void
on_patience(evutil_socket_t fd, short what, void *context)
{
    struct redis_sink *sink = context;
    char span[USEC_TEXT_MAX];
    struct error error = {.code = STATUS_OK};
    usec left = sink->progressed + sink->patience_most - redis_sink_now();
    (void)fd;
    (void)what;
    if (left > 0) {
        redis_sink_set_timer(sink->patience, left);
        return;
    }
    usec_format_duration(sink->patience_most, span);
    error_set(&error, STATUS_IO,
              "nothing was written for %s (redis.patience), start again later: %s",
              span, sink->last_error.text);
    redis_sink_retire(sink, REDIS_EVENT_FATAL,
                      sink->is_refused ? EX_TEMPFAIL : EX_UNAVAILABLE, &error);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
    struct redis_sink *sink = context;
    (void)fd;
    (void)what;
    const char *why = sink->last_error.code != STATUS_OK
                          ? sink->last_error.text
                          : "not all changes could be written to Redis in time";
    finish_with(sink,
                sink->phase == REDIS_PHASE_STOPPED ? "the Redis sink is closed" : why);
}

static bool
make_token(char token[REDIS_TOKEN_TEXT])
{
    unsigned char bytes[REDIS_TOKEN_BYTES];
    if (!redis_tls_random(bytes, sizeof(bytes))) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(token + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    }
    return true;
}

static bool
make_events(struct redis_sink *sink)
{
    struct event_base *base = sink->setup.base;
    sink->pace = event_new(base, -1, 0, on_pace, sink);
    sink->build = event_new(base, -1, 0, on_build, sink);
    sink->give_up = event_new(base, -1, 0, on_give_up, sink);
    sink->patience = event_new(base, -1, 0, on_patience, sink);
    sink->deadline = event_new(base, -1, 0, on_deadline, sink);
    return sink->pace != NULL && sink->build != NULL && sink->give_up != NULL &&
           sink->patience != NULL && sink->deadline != NULL;
}

enum status
redis_sink_create(const struct redis_sink_setup *setup, struct redis_sink **ret_sink,
                  struct error *error)
{
    static const struct redis_conn_calls calls = {
        .on_up = on_up,
        .on_down = on_down,
        .on_item = redis_dispatch_item,
        .on_reply = redis_dispatch_reply,
    };
    struct redis_sink *sink = calloc(1, sizeof(*sink));
    if (sink == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for the Redis sink");
    }
    sink->setup = *setup;
    sink->flush = setup->options->flush;
    sink->patience_most = setup->options->patience;
    sink->pauses = (struct backoff){.first = 50 * USEC_PER_MS, .most = 2 * USEC_PER_S};
    sink->is_unknown = true;
    sink->lag = USEC_NONE;
    snprintf(sink->prefix, sizeof(sink->prefix), "%.*s", REDIS_PREFIX_MAX,
             setup->options->prefix);
    redis_keys_init(&sink->keys, sink->prefix);
    redis_batch_init(&sink->batches[0]);
    redis_batch_init(&sink->batches[1]);
    redis_batch_init(&sink->repairs);
    redis_cursors_init(&sink->cursors);
    redis_outbox_init(sink);
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
    if (make_token(sink->token) && make_events(sink)) {
        status = redis_conn_create(&conn, &sink->conn, error);
    }
    if (status != STATUS_OK) {
        redis_sink_destroy(&sink);
        return error_set(error, status, "no memory for the Redis sink");
    }
    *ret_sink = sink;
    return STATUS_OK;
}

static void
free_event(struct event *event)
{
    if (event != NULL) {
        event_free(event);
    }
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
    redis_outbox_fini(old);
    redis_cursors_fini(&old->cursors);
    redis_batch_fini(&old->repairs);
    redis_batch_fini(&old->batches[1]);
    redis_batch_fini(&old->batches[0]);
    free_event(old->deadline);
    free_event(old->patience);
    free_event(old->give_up);
    free_event(old->build);
    free_event(old->pace);
    free(old);
    *sink = NULL;
}

void
redis_sink_start(struct redis_sink *sink)
{
    sink->phase = REDIS_PHASE_DOWN;
    sink->progressed = redis_sink_now();
    if (sink->setup.give_up != 0) {
        redis_sink_set_timer(sink->give_up, sink->setup.give_up);
    }
    redis_conn_start(sink->conn);
}

void
redis_sink_finish(struct redis_sink *sink, usec within, redis_done_fn done,
                  void *context)
{
    assert(sink->done == NULL);
    sink->done = done;
    sink->done_context = context;
    sink->is_final = false;
    redis_sink_set_timer(sink->deadline,
                         sink->phase == REDIS_PHASE_STOPPED ? 0 : within);
    redis_sink_hurry(sink);
}

void
redis_sink_hurry(struct redis_sink *sink)
{
    sink->is_hurried = true;
    redis_resume_release(sink);
    if (sink->phase == REDIS_PHASE_IDLE) {
        redis_sink_set_timer(sink->pace, 0);
    }
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
redis_sink_set_streams(struct redis_sink *sink, usec lag, bool is_complete)
{
    sink->lag = lag;
    sink->is_missing = !is_complete;
}

bool
redis_sink_is_full(const struct redis_sink *sink)
{
    bool has_work = sink->in_flight != 0 || changes_pending(sink->setup.pipeline);
    usec since = redis_sink_now() - sink->progressed;
    return has_work && !sink->is_held && since > REDIS_SINK_PATIENCE_S * USEC_PER_S;
}

bool
redis_sink_is_up(const struct redis_sink *sink)
{
    return sink->metrics.is_up != 0;
}

bool
redis_sink_is_refused(const struct redis_sink *sink)
{
    return sink->is_refused;
}

const char *
redis_sink_trouble(const struct redis_sink *sink)
{
    return sink->reported != 0 ? sink->last_error.text : "";
}

const struct redis_metrics *
redis_sink_metrics(const struct redis_sink *sink)
{
    return &sink->metrics;
}
