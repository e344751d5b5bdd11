#include "sinks/redis/redis_machine.h"

#include <assert.h>
#include <sysexits.h>

#include "sinks/redis/redis_dispatch.h"
#include "sinks/redis/redis_inside.h"

static void on_view(void *context, enum redis_sentinel_view view,
                    const struct error *error);

// ── phases ─────────────────────────────────────────────────────────────────

static enum redis_phase
stop_sink(struct redis_sink *sink)
{
    const struct redis_end end = sink->end;
    redis_conn_stop(sink->conn);
    redis_flush_lose(sink);
    timer_stop(&sink->pace);
    timer_stop(&sink->give_up);
    timer_stop(&sink->patience);
    sink->metrics.is_up = 0;
    redis_report_event(sink, end.event, end.exit_code, &end.error);
    redis_flush_abandon(sink, end.error.text);
    return REDIS_PHASE_STAY;
}

static enum redis_phase
pause_sink(struct redis_sink *sink)
{
    redis_flush_lose(sink);
    timer_set(&sink->pace, backoff_next(&sink->pauses));
    return REDIS_PHASE_STAY;
}

static enum redis_phase
greet_again(struct redis_sink *sink)
{
    (void)sink;
    return REDIS_PHASE_GREET;
}

static enum redis_phase
confirm(struct redis_sink *sink)
{
    redis_confirm_ask(sink, on_view);
    return REDIS_PHASE_STAY;
}

// NULL: nothing to do. A phase without on_reply has no exchange under way.
static const struct {
    redis_phase_fn enter;
    redis_phase_fn on_reply; // all replies to what was sent are complete and good
    redis_phase_fn on_pace;
} phases[REDIS_PHASE_COUNT] = {
    [REDIS_PHASE_STOPPED] = {stop_sink, NULL, NULL},
    [REDIS_PHASE_DOWN] = {NULL, NULL, NULL},
    [REDIS_PHASE_GREET] = {redis_fence_greet, redis_fence_greeted, NULL},
    [REDIS_PHASE_CLAIM] = {redis_fence_claim, redis_fence_claimed, NULL},
    [REDIS_PHASE_RECALL] = {redis_resume_read, redis_fence_recalled, NULL},
    [REDIS_PHASE_OUTBOX] = {redis_outbox_read, redis_fence_outbox_read, NULL},
    [REDIS_PHASE_PLACE] = {redis_outlet_ask, redis_fence_placed, NULL},
    [REDIS_PHASE_SCAN] = {redis_purge_scan, redis_purge_scanned, NULL},
    [REDIS_PHASE_VERIFY] = {redis_purge_verify, redis_purge_verified, NULL},
    [REDIS_PHASE_PURGE] = {redis_purge_remove, redis_purge_removed, NULL},
    [REDIS_PHASE_IDLE] = {redis_flush_wait, NULL, redis_flush_tick},
    [REDIS_PHASE_FLUSH] = {redis_flush_send, redis_flush_acknowledged, NULL},
    [REDIS_PHASE_COPY] = {redis_outlet_confirm, redis_flush_copied, NULL},
    [REDIS_PHASE_CHECK] = {redis_check_send, redis_check_answered, NULL},
    [REDIS_PHASE_CONFIRM] = {confirm, redis_confirm_answered, redis_confirm_tick},
    [REDIS_PHASE_PAUSE] = {pause_sink, NULL, greet_again},
};

static void
enter(struct redis_sink *sink, enum redis_phase next)
{
    while (next != REDIS_PHASE_STAY) {
        redis_phase_fn action = phases[next].enter;
        sink->phase = next;
        next = action != NULL ? action(sink) : REDIS_PHASE_STAY;
    }
}

// Where a handler leads. DOWN is entered when the connection reports that it is closed.
static void
follow(struct redis_sink *sink, enum redis_phase next)
{
    if (next == REDIS_PHASE_DOWN) {
        redis_conn_drop(sink->conn, sink->end.kind, &sink->end.error);
    } else {
        enter(sink, next);
    }
}

// ── the connection ─────────────────────────────────────────────────────────

void
redis_machine_up(void *context)
{
    struct redis_sink *sink = context;
    sink->fence.is_claimed = false;
    sink->outbox.read = 0;
    sink->outlet.is_placed = false;
    enter(sink, REDIS_PHASE_GREET);
}

void
redis_machine_down(void *context, enum redis_error_kind kind, const struct error *error)
{
    struct redis_sink *sink = context;
    struct error why = *error;
    timer_stop(&sink->pace);
    redis_flush_lose(sink);
    // A server that rejects a connection sends the reason before it closes.
    if (sink->phase == REDIS_PHASE_GREET && kind == REDIS_ERROR_NONE &&
        sink->answer.text[0] != '\0') {
        kind = redis_error_kind_of(slice_of(sink->answer.text));
        why = (struct error){.code = STATUS_OK};
        error_set(&why, STATUS_IO, "%s", sink->answer.text);
    }
    enter(sink, REDIS_PHASE_DOWN);
    enter(sink, redis_report_down(sink, kind, &why));
}

void
redis_machine_reply(void *context)
{
    struct redis_sink *sink = context;
    redis_answer_reply(&sink->answer);
    if (sink->answer.reply != redis_answer_replies(&sink->answer)) {
        return;
    }
    sink->flush.answered = clock_monotonic();
    enum redis_phase next;
    if (!redis_dispatch_is_good(&sink->answer)) {
        next = redis_dispatch_bad(sink);
    } else {
        assert(phases[sink->phase].on_reply != NULL);
        next = phases[sink->phase].on_reply(sink);
    }
    follow(sink, next);
}

static void
on_view(void *context, enum redis_sentinel_view view, const struct error *error)
{
    struct redis_sink *sink = context;
    follow(sink, redis_confirm_viewed(sink, view, error));
}

// ── timers ─────────────────────────────────────────────────────────────────

static void
on_pace(void *context)
{
    struct redis_sink *sink = context;
    redis_phase_fn handler = phases[sink->phase].on_pace;
    if (handler != NULL) {
        follow(sink, handler(sink));
    }
}

static void
on_build(void *context)
{
    struct redis_sink *sink = context;
    if (sink->phase == REDIS_PHASE_FLUSH) {
        redis_flush_build(sink);
    }
}

static void
on_give_up(void *context)
{
    struct redis_sink *sink = context;
    struct error error = sink->report.last_error;
    if (sink->report.is_ready || sink->phase == REDIS_PHASE_STOPPED) {
        return;
    }
    if (sink->report.is_refused) {
        // Redis can be reached, and may later accept what it refuses now.
        timer_set(&sink->give_up, sink->setup.give_up);
        return;
    }
    error_set(&error, STATUS_IO, "cannot reach Redis at %s: it does not answer",
              redis_conn_address(sink->conn));
    enter(sink, redis_tools_stop(sink, REDIS_EVENT_FATAL, EX_UNAVAILABLE, &error));
}

static void
on_patience(void *context)
{
    struct redis_sink *sink = context;
    char span[USEC_TEXT_MAX];
    struct error error = {.code = STATUS_OK};
    usec left = sink->flush.progressed + sink->patience_most - clock_monotonic();
    if (left > 0) {
        timer_set(&sink->patience, left);
        return;
    }
    usec_format_duration(sink->patience_most, span);
    error_set(&error, STATUS_IO,
              "nothing was written for %s (redis.patience), start again later: %s",
              span, sink->report.last_error.text);
    int exit_code = sink->report.is_refused ? EX_TEMPFAIL : EX_UNAVAILABLE;
    enter(sink, redis_tools_stop(sink, REDIS_EVENT_FATAL, exit_code, &error));
}

static void
on_deadline(void *context)
{
    struct redis_sink *sink = context;
    const char *why = sink->report.last_error.code != STATUS_OK
                          ? sink->report.last_error.text
                          : "not all changes could be written to Redis in time";
    bool is_stopped = sink->phase == REDIS_PHASE_STOPPED;
    redis_flush_abandon(sink, is_stopped ? "the Redis sink is closed" : why);
}

bool
redis_machine_init(struct redis_sink *sink)
{
    struct event_base *base = sink->setup.base;
    return timer_init(&sink->pace, base, on_pace, sink) == STATUS_OK &&
           timer_init(&sink->build, base, on_build, sink) == STATUS_OK &&
           timer_init(&sink->give_up, base, on_give_up, sink) == STATUS_OK &&
           timer_init(&sink->patience, base, on_patience, sink) == STATUS_OK &&
           timer_init(&sink->deadline, base, on_deadline, sink) == STATUS_OK;
}

void
redis_machine_fini(struct redis_sink *sink)
{
    timer_fini(&sink->deadline);
    timer_fini(&sink->patience);
    timer_fini(&sink->give_up);
    timer_fini(&sink->build);
    timer_fini(&sink->pace);
}

// ── the daemon ─────────────────────────────────────────────────────────────

void
redis_machine_start(struct redis_sink *sink)
{
    enter(sink, REDIS_PHASE_DOWN);
    sink->flush.progressed = clock_monotonic();
    if (sink->setup.give_up != 0) {
        timer_set(&sink->give_up, sink->setup.give_up);
    }
    redis_conn_start(sink->conn);
}

void
redis_machine_hurry(struct redis_sink *sink)
{
    sink->flush.is_hurried = true;
    redis_machine_release(sink);
    if (sink->phase == REDIS_PHASE_IDLE) {
        timer_set(&sink->pace, 0);
    }
}

void
redis_machine_release(struct redis_sink *sink)
{
    if (!sink->resume.is_held) {
        return;
    }
    sink->resume.is_held = false;
    sink->flush.progressed = clock_monotonic();
    if (sink->phase == REDIS_PHASE_IDLE) {
        enter(sink, redis_fence_write(sink));
    }
}
