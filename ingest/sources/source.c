#include "ingest/sources/source.h"

#include <stddef.h>

#include "ingest/sources/source_transport.h"
#include "net/outcome.h"

#define AT(member) offsetof(struct source_metrics, member)

// clang-format off
const struct metric source_metric_rows[] = {
    {"cascaded_source_messages_read_total", NULL, METRIC_COUNTER, AT(messages),
     "Messages read from the stream"},
    {"cascaded_source_bytes_read_total", NULL, METRIC_COUNTER, AT(bytes),
     "Bytes of the stream, decompressed"},
    {"cascaded_source_signs_read_total", NULL, METRIC_COUNTER, AT(signs),
     "Keep-alives without content, such as blank lines and pongs"},
    {"cascaded_source_connects_total", "result=\"up\"", METRIC_COUNTER, AT(connects),
     "Attempts to connect that succeeded"},
    {"cascaded_source_connects_total", "result=\"failed\"", METRIC_COUNTER, AT(connects_failed),
     "Attempts to connect that failed"},
    {"cascaded_source_drops_total", NULL, METRIC_COUNTER, AT(drops),
     "Connections that were up and ended"},
    {"cascaded_source_stalls_total", NULL, METRIC_COUNTER, AT(stalls),
     "Connections closed because no data arrived"},
    {"cascaded_source_messages_dropped_total", "reason=\"too_long\"", METRIC_COUNTER, AT(too_long),
     "Messages over 8 MiB"},
    {"cascaded_source_protocol_errors_total", NULL, METRIC_COUNTER, AT(protocol_errors),
     "Protocol errors of the server"},
    {"cascaded_source_pauses_total", NULL, METRIC_COUNTER, AT(pauses),
     "Times the stream was paused because there was no room"},
    {"cascaded_source_fill_requests_total", NULL, METRIC_COUNTER, AT(fill_requests),
     "Pages requested to fill a gap"},
    {"cascaded_source_fill_failures_total", NULL, METRIC_COUNTER, AT(fill_failures),
     "Such pages that did not arrive or could not be used"},
    {"cascaded_source_fill_messages_total", NULL, METRIC_COUNTER, AT(fill_messages),
     "Messages read from such pages"},
    METRIC_END,
};
// clang-format on

const char *
source_state_name(enum source_state state)
{
    switch (state) {
    case SOURCE_CONNECTING:
        return "connecting";
    case SOURCE_LIVE:
        return "live";
    case SOURCE_IDLE_OK:
        return "idle-ok";
    case SOURCE_STALLED:
        return "stalled";
    case SOURCE_BACKING_OFF:
        return "backing-off";
    case SOURCE_FAILED:
        return "failed";
    }
    return "unknown";
}

enum source_state
source_state_of(const struct source *source)
{
    return source->state;
}

const struct source_metrics *
source_metrics_of(const struct source *source)
{
    return &source->metrics;
}

usec
source_now(const struct source *source)
{
    return source->setup.monotonic();
}

usec
source_monotonic(const struct source *source, usec wall)
{
    return wall == USEC_NONE ? USEC_NONE
                             : source_now(source) + (wall - source->setup.wall());
}

void
source_arm(struct source *source, usec deadline)
{
    source->deadline = deadline;
    if (deadline == USEC_NONE) {
        timer_stop(&source->timer);
        return;
    }
    timer_set(&source->timer, deadline - source_now(source));
}

void
source_set_state(struct source *source, enum source_state state,
                 const struct error *error)
{
    const struct source_callbacks *callbacks = &source->setup.callbacks;
    if (source->state != state || error != NULL) {
        source->state = state;
        callbacks->on_state(callbacks->context, state, error);
    }
}

// ── gaps ───────────────────────────────────────────────────────────────────

bool
source_cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    const struct source_backfill *backfill = source->backfill;
    if (source->transport->cursor != NULL) {
        return source->transport->cursor(source, ret_cursor);
    }
    return backfill != NULL && backfill->ops->cursor(backfill, ret_cursor);
}

void
source_settle(struct source *source, const struct source_cursor *reached)
{
    if (source->transport->settle != NULL) {
        source->transport->settle(source, reached);
    }
}

static void
open_gap(struct source *source, const char *reason)
{
    const struct source_backfill *backfill = source->backfill;
    const char *hindrance = backfill != NULL ? backfill->ops->hindrance(backfill) : "";
    struct source_cursor cursor;
    // The network's own cursor is more reliable than the time of arrival.
    bool has_cursor =
        source->transport->cursor != NULL && source->transport->cursor(source, &cursor);
    source_gap_open(&source->gap, &source->setup.callbacks,
                    has_cursor ? cursor.time : source->last_wall, reason, hindrance);
}

void
source_close_gap(struct source *source, usec to, bool is_recovered)
{
    source_gap_close(&source->gap, &source->setup.callbacks, to, is_recovered);
}

bool
source_fill(struct source *source)
{
    struct source_backfill *backfill = source->backfill;
    return backfill != NULL &&
           backfill->ops->begin(backfill,
                                source->gap.is_open ? source->gap.from : USEC_NONE);
}

bool
source_is_filling(const struct source *source)
{
    const struct source_backfill *backfill = source->backfill;
    return backfill != NULL && backfill->ops->is_under_way(backfill);
}

bool
source_offer_late(struct source *source, const struct source_message *message)
{
    const struct source_callbacks *callbacks = &source->setup.callbacks;
    return source->phase != SOURCE_PHASE_OFF &&
           callbacks->on_message(callbacks->context, message);
}

void
source_filled(struct source *source, const char *why)
{
    if (why != NULL) {
        source_gap_filled(&source->gap, &source->setup.callbacks, source->up_wall, why);
    }
    source_resume(source);
}

// ── connections ────────────────────────────────────────────────────────────

static void
shut(struct source *source)
{
    struct source_backfill *backfill = source->backfill;
    source->transport->close(source);
    if (backfill != NULL) {
        backfill->ops->suspend(backfill);
    }
    liveness_end(&source->liveness);
}

static void
connect_now(struct source *source)
{
    shut(source);
    source->phase = SOURCE_PHASE_OPENING;
    source_set_state(source, SOURCE_CONNECTING, NULL);
    // The owner may have stopped the source.
    if (source->phase == SOURCE_PHASE_OPENING) {
        source->transport->open(source);
    }
}

void
source_flows(struct source *source)
{
    usec now = source_now(source);
    source->phase = SOURCE_PHASE_STREAMING;
    liveness_begin(&source->liveness, now);
    source_arm(source, now);
}

void
source_up(struct source *source)
{
    source->is_up = true;
    source->metrics.connects++;
    source->up_wall = source->setup.wall();
    if (!source->gap.is_open) {
        source->last_wall = source->up_wall;
    }
}

void
source_end(struct source *source, const struct outcome *outcome)
{
    struct source_metrics *metrics = &source->metrics;
    usec now = source_now(source);
    bool was_up = source->is_up;
    struct error error = outcome->error;
    if (source->transport->peer != NULL) {
        error = (struct error){.code = STATUS_OK};
        (void)error_set(&error, STATUS_IO, "%s: %s", source->transport->peer(source),
                        outcome->error.text);
    }
    source->is_up = false;
    source->phase = SOURCE_PHASE_WAITING;
    shut(source);
    metrics->drops += was_up;
    metrics->connects_failed += !was_up;
    metrics->protocol_errors += outcome->is_breach;
    usec at = source->transport->after(source, outcome, now);
    source_arm(source, at);
    if (was_up) {
        open_gap(source, outcome->reason);
    }
    source_resume(source); // what is left may have been held for a fill
    // The owner may have stopped the source.
    if (source->phase != SOURCE_PHASE_WAITING) {
        return;
    }
    if (at == USEC_NONE) {
        source->phase = SOURCE_PHASE_OFF;
        source_set_state(source, SOURCE_FAILED, &error);
    } else {
        source_set_state(source, SOURCE_BACKING_OFF, &error);
    }
}

// ── messages ───────────────────────────────────────────────────────────────

static bool
may_pass(struct source *source, const struct source_message *message)
{
    struct source_backfill *backfill = source->backfill;
    return backfill == NULL || backfill->ops->may_pass(backfill, message);
}

bool
source_offer(struct source *source, const struct source_message *message)
{
    const struct source_callbacks *callbacks = &source->setup.callbacks;
    if (!source->is_held && source->phase == SOURCE_PHASE_STREAMING) {
        liveness_message(&source->liveness, source_now(source));
        source_set_state(source, SOURCE_LIVE, NULL);
    }
    source->is_held = source->phase != SOURCE_PHASE_OFF;
    if (!source->is_held) {
        return false;
    }
    if (!may_pass(source, message)) {
        liveness_end(&source->liveness);
        return false;
    }
    if (!callbacks->on_message(callbacks->context, message)) {
        source->metrics.pauses++;
        liveness_end(&source->liveness);
        return false;
    }
    source->is_held = false;
    source->metrics.messages++;
    source->last_wall = source->setup.wall();
    if (source->backfill != NULL) {
        source->backfill->ops->saw(source->backfill, message);
    }
    return true;
}

static void
resume_now(struct source *source)
{
    if (!source->is_held) {
        return;
    }
    usec now = source_now(source);
    if (source->phase == SOURCE_PHASE_STREAMING) {
        liveness_begin(&source->liveness, now);
    }
    source->transport->offer(source);
    if (source->is_held) {
        return;
    }
    if (source->phase == SOURCE_PHASE_WAITING) {
        source_arm(source, source->deadline);
    } else if (source->phase == SOURCE_PHASE_STREAMING) {
        source_arm(source, now);
        if (source->transport->resumed != NULL) {
            source->transport->resumed(source);
        }
    }
}

// ── time ───────────────────────────────────────────────────────────────────

static void
stall(struct source *source)
{
    const struct liveness *liveness = &source->liveness;
    struct outcome outcome = {.class = RECONNECT_NETWORK,
                              .not_before = USEC_NONE,
                              .is_stalled = true,
                              .reason = "stalled"};
    usec since =
        liveness->rule.has_rate ? liveness->last_message : liveness->last_whole;
    (void)error_set(&outcome.error, STATUS_IO, "no data for %lld s",
                    (long long)((source_now(source) - since) / USEC_PER_S));
    source->metrics.stalls++;
    source_set_state(source, SOURCE_STALLED, &outcome.error);
    if (source->phase == SOURCE_PHASE_STREAMING) {
        source_end(source, &outcome);
    }
}

static void
check_alive(struct source *source)
{
    usec next;
    enum liveness_state how =
        liveness_check(&source->liveness, source_now(source), &next);
    if (how == LIVENESS_STALLED) {
        stall(source);
        return;
    }
    source_arm(source, next);
    if (how == LIVENESS_IDLE && source->is_up) {
        source_set_state(source, SOURCE_IDLE_OK, NULL);
    }
    if (source->phase == SOURCE_PHASE_STREAMING && source->transport->tend != NULL) {
        source->transport->tend(source, how == LIVENESS_IDLE, next);
    }
}

static void
on_timer(void *context)
{
    struct source *source = context;
    const struct source_transport *transport = source->transport;
    switch (source->phase) {
    case SOURCE_PHASE_OFF:
        break;
    case SOURCE_PHASE_WAITING:
        // Messages of the old stream are passed on first; resume_now calls this again.
        if (!source->is_held) {
            connect_now(source);
        }
        break;
    case SOURCE_PHASE_OPENING:
        if (transport->overdue != NULL) {
            transport->overdue(source);
        }
        break;
    case SOURCE_PHASE_STREAMING:
        if (source->is_held && transport->tend_held != NULL) {
            transport->tend_held(source);
        } else {
            check_alive(source);
        }
        break;
    }
}

static void
begin(struct source *source)
{
    struct source_cursor cursor;
    bool has_cursor = source_cursor(source, &cursor);
    source->last_wall = has_cursor ? cursor.time : source->setup.missed_from;
    if (source->last_wall != USEC_NONE) {
        open_gap(source, "restart");
    }
    if (source->phase != SOURCE_PHASE_OFF) {
        connect_now(source);
    }
}

static void
on_work(void *context)
{
    struct source *source = context;
    if (source->phase == SOURCE_PHASE_OFF) {
        shut(source);
    }
    if (source->must_connect) {
        source->must_connect = false;
        begin(source);
    }
    if (source->must_resume) {
        source->must_resume = false;
        resume_now(source);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

enum status
source_init(struct source *source, const struct source_setup *setup,
            const struct source_transport *transport, const struct liveness_rule *rule,
            struct error *error)
{
    source->transport = transport;
    source->setup = *setup;
    liveness_init(&source->liveness, rule);
    if (timer_init(&source->timer, setup->base, on_timer, source) != STATUS_OK ||
        timer_init(&source->work, setup->base, on_work, source) != STATUS_OK) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    return STATUS_OK;
}

void
source_destroy(struct source **source)
{
    struct source *old = *source;
    if (old == NULL) {
        return;
    }
    old->transport->close(old);
    if (old->backfill != NULL) {
        old->backfill->ops->destroy(old->backfill);
    }
    timer_fini(&old->timer);
    timer_fini(&old->work);
    old->transport->destroy(old);
    *source = NULL;
}

void
source_start(struct source *source)
{
    if (source->phase != SOURCE_PHASE_OFF) {
        return;
    }
    source->phase = SOURCE_PHASE_WAITING;
    source->must_connect = true;
    if (source->transport->start != NULL) {
        source->transport->start(source);
    }
    timer_fire(&source->work);
}

void
source_stop(struct source *source)
{
    source->phase = SOURCE_PHASE_OFF;
    source->is_up = false;
    source->is_held = false;
    source->must_connect = false;
    source->must_resume = false;
    source_arm(source, USEC_NONE);
    shut(source);
}

void
source_resume(struct source *source)
{
    struct source_backfill *backfill = source->backfill;
    if (backfill != NULL) {
        backfill->ops->resume(backfill);
    }
    if (source->is_held) {
        source->must_resume = true;
        timer_fire(&source->work);
    }
}
