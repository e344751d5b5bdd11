#include "ingest/http_source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_answer.h"
#include "net/http_client.h"
#include "net/http_request.h"
#include "ingest/lines.h"
#include "ingest/liveness.h"
#include "ingest/mastodon_rest.h"
#include "ingest/mastodon_timeline.h"
#include "net/reconnect.h"
#include "ingest/source.h"
#include "ingest/source_gap.h"
#include "ingest/source_options.h"
#include "net/timer.h"

#define REFUSED_WITHIN (5 * USEC_PER_S)

enum phase {
    PHASE_OFF,
    PHASE_WAITING, // until the deadline, and for room for what is left
    PHASE_DIALING,
    PHASE_ASKING, // connected, no answer yet
    PHASE_STREAMING,
    PHASE_REFUSED, // an error's body is coming
};

struct http_source {
    struct source source;
    struct http_request request;
    struct http_transfer transfer;
    struct http_answer answer;
    struct lines lines;
    struct lines_metrics lines_metrics;
    struct lines_message message; // not taken yet
    struct reconnect reconnect;
    struct liveness liveness;
    struct mastodon_rest *rest; // fills gaps; NULL: no other network has such a way
    struct timer timer;
    struct timer work; // what may not be done where it was noticed
    enum phase phase;
    usec deadline;
    bool is_up; // a byte of the stream came
    bool has_message;
    bool is_paused; // curl is
    bool is_in_curl;
    bool must_connect;
    bool must_resume;
    bool is_bomb;
    uint64_t decoded; // on this connection
    usec last_wall;   // of the last message or, before one, of the first byte
    usec up_wall;     // of the first byte
    struct source_gap_state gap;
};

static struct http_source *
of(struct source *source)
{
    return (struct http_source *)source;
}

static usec
now_of(const struct http_source *http)
{
    return http->source.setup.monotonic();
}

static void
arm(struct http_source *http, usec deadline)
{
    http->deadline = deadline;
    if (deadline == USEC_NONE) {
        timer_stop(&http->timer);
        return;
    }
    timer_set(&http->timer, deadline - now_of(http));
}

static void
drop(struct http_source *http)
{
    assert(!http->is_in_curl);
    http_client_stop(http->source.setup.client, &http->transfer);
    http_request_fini(&http->request);
    mastodon_rest_suspend(http->rest);
    liveness_end(&http->liveness);
    http->is_paused = false;
}

static void
open_gap(struct http_source *http, const char *reason)
{
    source_gap_open(&http->gap, &http->source.setup.callbacks, http->last_wall, reason,
                    mastodon_rest_hindrance(http->rest));
}

static void
close_gap(struct http_source *http)
{
    usec to = http->source.setup.wall();
    usec covered = (usec)http->source.setup.options->backfill_minutes * USEC_PER_MIN;
    source_gap_close(&http->gap, &http->source.setup.callbacks, to,
                     to - http->gap.from < covered);
}

static void
resume(struct source *source)
{
    struct http_source *http = of(source);
    mastodon_rest_resume(http->rest);
    if (http->has_message) {
        http->must_resume = true;
        timer_fire(&http->work);
    }
}

// The attempt or the stream is over. error: why, for a person; reason: for the ledger.
static void
end(struct http_source *http, enum reconnect_class class, const char *reason,
    const struct error *error)
{
    struct source_metrics *metrics = &http->source.metrics;
    usec now = now_of(http);
    usec wall = http->source.setup.wall();
    usec not_before = http_answer_not_before(&http->answer, wall);
    bool was_up = http->is_up;
    http->is_up = false;
    http->phase = PHASE_WAITING;
    drop(http);
    metrics->drops += was_up;
    metrics->connects_failed += !was_up;
    if (not_before != USEC_NONE) {
        not_before = now + (not_before - wall);
    }
    usec at = reconnect_after(&http->reconnect, class, now, not_before);
    arm(http, at);
    if (was_up) {
        open_gap(http, reason);
    }
    resume(&http->source); // what is left may have been held for a fill
    // The owner may have stopped the source.
    if (http->phase == PHASE_WAITING) {
        http->phase = at == USEC_NONE ? PHASE_OFF : PHASE_WAITING;
        source_set_state(&http->source,
                         at == USEC_NONE ? SOURCE_FAILED : SOURCE_BACKING_OFF, error);
    }
}

static void
end_refused(struct http_source *http)
{
    char text[HTTP_ANSWER_TEXT_MAX];
    char reason[SOURCE_GAP_REASON_MAX];
    struct error error = {.code = STATUS_OK};
    (void)error_set(
        &error, STATUS_IO, "%s%s", http_answer_text(&http->answer, text),
        mastodon_timeline_hint(http->source.setup.options->url, http->answer.status));
    snprintf(reason, sizeof(reason), "http_%ld", http->answer.status);
    end(http,
        reconnect_class_of_status(http->answer.status,
                                  http_answer_body_of(&http->answer)),
        reason, &error);
}

// Offers what the framer holds, until the owner has no room.
static void
offer(struct http_source *http)
{
    const struct source_callbacks *callbacks = &http->source.setup.callbacks;
    struct source_metrics *metrics = &http->source.metrics;
    usec now = now_of(http);
    while (http->phase != PHASE_OFF) {
        if (!http->has_message && !lines_next(&http->lines, &http->message)) {
            return;
        }
        if (!http->has_message && http->phase == PHASE_STREAMING) {
            liveness_message(&http->liveness, now);
            source_set_state(&http->source, SOURCE_LIVE, NULL);
        }
        http->has_message = true;
        const struct source_message message = {http->message.event, http->message.data,
                                               false};
        if (!mastodon_rest_may_pass(http->rest, &message)) {
            return;
        }
        if (http->phase == PHASE_OFF ||
            !callbacks->on_message(callbacks->context, &message)) {
            metrics->pauses++;
            return;
        }
        http->has_message = false;
        metrics->messages++;
        http->last_wall = http->source.setup.wall();
        mastodon_rest_saw(http->rest, &message);
        if (http->gap.is_open && http->phase == PHASE_STREAMING &&
            !mastodon_rest_is_under_way(http->rest)) {
            close_gap(http);
        }
    }
}

static void
check_alive(struct http_source *http)
{
    usec next;
    usec now = now_of(http);
    enum liveness_state how = liveness_check(&http->liveness, now, &next);
    if (how == LIVENESS_STALLED) {
        struct error error = {.code = STATUS_OK};
        (void)error_set(&error, STATUS_IO, "no data for %lld s",
                        (long long)((now - http->liveness.last_whole) / USEC_PER_S));
        http->source.metrics.stalls++;
        source_set_state(&http->source, SOURCE_STALLED, &error);
        if (http->phase == PHASE_STREAMING) {
            end(http, RECONNECT_NETWORK, "stalled", &error);
        }
        return;
    }
    arm(http, next);
    if (how == LIVENESS_IDLE && http->is_up) {
        source_set_state(&http->source, SOURCE_IDLE_OK, NULL);
    }
}

static void
note_first_byte(struct http_source *http)
{
    http->is_up = true;
    http->source.metrics.connects++;
    reconnect_up(&http->reconnect);
    http->up_wall = http->source.setup.wall();
    if (!http->gap.is_open) {
        http->last_wall = http->up_wall;
    }
    bool is_asked_for = mastodon_rest_begin(http->rest) ||
                        http->source.setup.options->backfill_minutes != 0;
    if (http->gap.is_open && !is_asked_for) {
        close_gap(http); // what was missed does not come any more
    }
    source_set_state(&http->source, SOURCE_IDLE_OK, NULL);
}

static void
take_bytes(struct http_source *http, struct slice bytes)
{
    uint64_t alive = http->lines_metrics.keep_alives;
    liveness_byte(&http->liveness, now_of(http));
    while (bytes.len > 0 && http->phase == PHASE_STREAMING) {
        size_t room;
        char *to = lines_room(&http->lines, &room);
        size_t size = bytes.len < room ? bytes.len : room;
        memcpy(to, bytes.ptr, size);
        lines_filled(&http->lines, size);
        bytes.ptr += size;
        bytes.len -= size;
        offer(http);
        // curl hands over at most 16 KiB, so that nothing is left when it is held.
        assert(!http->has_message || bytes.len == 0);
    }
    if (http->lines_metrics.keep_alives != alive) {
        http->source.metrics.signs += http->lines_metrics.keep_alives - alive;
        liveness_sign(&http->liveness, now_of(http));
    }
    http->source.metrics.too_long = http->lines_metrics.too_long;
    if (http->has_message) {
        liveness_end(&http->liveness);
    }
}

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_bytes(char *bytes, size_t one, size_t size, void *context)
{
    struct http_source *http = context;
    (void)one;
    if (http->phase == PHASE_REFUSED) {
        http_answer_body(&http->answer, (struct slice){bytes, size});
        return http->answer.body_len < HTTP_ANSWER_BODY_MAX ? size : 0;
    }
    if (http->phase != PHASE_STREAMING) {
        return 0;
    }
    if (http->has_message) {
        http->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    http->decoded += size;
    http->is_bomb = http_request_is_bomb(&http->request, http->decoded);
    if (http->is_bomb) {
        return 0;
    }
    http->is_in_curl = true;
    if (!http->is_up) {
        note_first_byte(http);
    }
    http->source.metrics.bytes += size;
    take_bytes(http, (struct slice){bytes, size});
    http->is_in_curl = false;
    return http->phase == PHASE_STREAMING ? size : 0;
}

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_header(char *bytes, size_t one, size_t size, void *context)
{
    struct http_source *http = context;
    (void)one;
    // Trailers of a chunked body come here too.
    if (http->phase != PHASE_DIALING && http->phase != PHASE_ASKING) {
        return http->phase == PHASE_OFF ? 0 : size;
    }
    http_answer_header(&http->answer, (struct slice){bytes, size});
    if (!http->answer.is_whole) {
        return size;
    }
    usec now = now_of(http);
    if (http->answer.status == 200) {
        http->phase = PHASE_STREAMING;
        liveness_begin(&http->liveness, now);
        arm(http, now);
    } else {
        http->phase = PHASE_REFUSED;
        arm(http, now + REFUSED_WITHIN);
    }
    return size;
}

static int
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_connected(void *context, char *peer, char *own, int peer_port, int own_port)
{
    struct http_source *http = context;
    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    if (http->phase != PHASE_DIALING) {
        return CURL_PREREQFUNC_ABORT;
    }
    http->phase = PHASE_ASKING;
    arm(http, now_of(http) + http->liveness.rule.silence);
    return CURL_PREREQFUNC_OK;
}

static void
on_done(void *context, CURLcode code)
{
    struct http_source *http = context;
    struct error error = {.code = STATUS_OK};
    if (http->phase == PHASE_OFF || http->phase == PHASE_WAITING) {
        return;
    }
    if (http->phase == PHASE_REFUSED) {
        end_refused(http);
    } else if (http->is_bomb) {
        http->source.metrics.protocol_errors++;
        (void)error_set(&error, STATUS_RANGE,
                        "the stream expands too much when decompressed (a gzip bomb)");
        end(http, RECONNECT_HTTP, "expansion", &error);
    } else if (code == CURLE_OK) {
        (void)error_set(&error, STATUS_IO, "the server ended the stream");
        end(http, RECONNECT_NETWORK, "closed", &error);
    } else {
        (void)error_set(&error, STATUS_IO, "%s",
                        http->request.why[0] != '\0' ? http->request.why
                                                     : curl_easy_strerror(code));
        end(http, RECONNECT_NETWORK, http->is_up ? "broken" : "connect", &error);
    }
}

static void
set_callbacks(struct http_source *http)
{
    CURL *easy = http->request.easy;
    http->transfer =
        (struct http_transfer){.easy = easy, .on_done = on_done, .context = http};
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
}

static void
connect_now(struct http_source *http)
{
    struct error error = {.code = STATUS_OK};
    const struct source_setup *setup = &http->source.setup;
    drop(http);
    lines_reset(&http->lines);
    http_answer_reset(&http->answer);
    http->is_bomb = false;
    http->decoded = 0;
    http->phase = PHASE_DIALING;
    arm(http, now_of(http) + setup->options->connect_timeout);
    source_set_state(&http->source, SOURCE_CONNECTING, NULL);
    if (http->phase != PHASE_DIALING) {
        return;
    }
    char url[SOURCE_OPTIONS_URL_MAX];
    source_options_url(setup->options, http->gap.is_open, url);
    const struct http_request_options options = source_options_http(setup->options);
    enum status status = http_request_init(&http->request, &options, url, &error);
    if (status == STATUS_OK) {
        set_callbacks(http);
        status = http_client_start(setup->client, &http->transfer, &error);
    }
    if (status != STATUS_OK) {
        end(http, RECONNECT_HTTP, "request", &error);
    }
}

static void
on_timer(void *context)
{
    struct http_source *http = context;
    struct error error = {.code = STATUS_OK};
    switch (http->phase) {
    case PHASE_OFF:
        break;
    case PHASE_WAITING:
        // What is left of the old stream goes first; resume comes back here.
        if (!http->has_message) {
            connect_now(http);
        }
        break;
    case PHASE_DIALING:
        (void)error_set(&error, STATUS_IO, "no connection within connect_timeout");
        end(http, RECONNECT_NETWORK, "connect", &error);
        break;
    case PHASE_ASKING:
        (void)error_set(&error, STATUS_IO, "connected, but no answer");
        end(http, RECONNECT_NETWORK, "connect", &error);
        break;
    case PHASE_STREAMING:
        check_alive(http);
        break;
    case PHASE_REFUSED:
        end_refused(http);
        break;
    }
}

static void
resume_now(struct http_source *http)
{
    offer(http);
    if (http->has_message || http->phase == PHASE_OFF) {
        return;
    }
    if (http->phase == PHASE_WAITING) {
        arm(http, http->deadline);
    } else if (http->phase == PHASE_STREAMING) {
        liveness_begin(&http->liveness, now_of(http));
        arm(http, now_of(http));
        if (http->is_paused) {
            http->is_paused = false;
            (void)curl_easy_pause(http->request.easy, CURLPAUSE_CONT);
        }
    }
}

static void
on_work(void *context)
{
    struct http_source *http = context;
    if (http->phase == PHASE_OFF) {
        drop(http);
    }
    if (http->must_connect) {
        struct source_cursor cursor;
        http->must_connect = false;
        bool has_cursor = mastodon_rest_cursor(http->rest, &cursor);
        http->last_wall = has_cursor ? cursor.time : http->source.setup.missed_from;
        if (http->last_wall != USEC_NONE) {
            open_gap(http, "restart");
        }
        connect_now(http);
    }
    if (http->must_resume) {
        http->must_resume = false;
        resume_now(http);
    }
}

static void
stop(struct source *source)
{
    struct http_source *http = of(source);
    http->phase = PHASE_OFF;
    http->is_up = false;
    http->has_message = false;
    http->must_connect = false;
    http->must_resume = false;
    arm(http, USEC_NONE);
    if (http->is_in_curl) {
        timer_fire(&http->work);
    } else {
        drop(http);
    }
}

static void
start(struct source *source)
{
    struct http_source *http = of(source);
    if (http->phase == PHASE_OFF) {
        http->must_connect = true;
        timer_fire(&http->work);
    }
}

static void
destroy(struct source *source)
{
    struct http_source *http = of(source);
    drop(http);
    mastodon_rest_destroy(&http->rest);
    lines_fini(&http->lines);
    timer_fini(&http->timer);
    timer_fini(&http->work);
    free(http);
}

static bool
cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    return mastodon_rest_cursor(((const struct http_source *)source)->rest, ret_cursor);
}

static const struct source_ops http_source_ops = {start, stop, resume, destroy, cursor};

// ── what a gap is filled with ──────────────────────────────────────────────

static bool
on_late(void *context, const struct source_message *message)
{
    struct http_source *http = context;
    const struct source_callbacks *callbacks = &http->source.setup.callbacks;
    return http->phase != PHASE_OFF &&
           callbacks->on_message(callbacks->context, message);
}

static void
on_flow(void *context, const char *why)
{
    struct http_source *http = context;
    if (why != NULL) {
        source_gap_filled(&http->gap, &http->source.setup.callbacks, http->up_wall,
                          why);
    }
    resume(&http->source);
}

enum status
http_source_create(const struct source_setup *setup, struct source **ret_source,
                   struct error *error)
{
    struct http_source *http = calloc(1, sizeof(*http));
    if (http == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    http->source.ops = &http_source_ops;
    http->source.setup = *setup;
    liveness_init(&http->liveness,
                  liveness_http_rule(setup->options->format, setup->options->url));
    reconnect_init(&http->reconnect, setup->seed, RECONNECT_JITTER);
    if (timer_init(&http->timer, setup->base, on_timer, http) != STATUS_OK ||
        timer_init(&http->work, setup->base, on_work, http) != STATUS_OK ||
        !lines_init(&http->lines, &http->lines_metrics)) {
        destroy(&http->source);
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    const struct mastodon_rest_setup rest = {&http->source.setup, &http->source.metrics,
                                             on_late, on_flow, http};
    enum status status = mastodon_rest_create(&rest, &http->rest, error);
    if (status != STATUS_OK) {
        destroy(&http->source);
        return status;
    }
    *ret_source = &http->source;
    return STATUS_OK;
}
