#include "ingest/sources/http_source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/frames/lines.h"
#include "ingest/sources/mastodon_timeline.h"
#include "ingest/sources/source_options.h"
#include "ingest/sources/source_transport.h"
#include "net/http_answer.h"
#include "net/http_client.h"
#include "net/http_request.h"
#include "net/outcome.h"
#include "net/reconnect.h"

#define REFUSED_WITHIN (5 * USEC_PER_S)

// curl would read up to 100 pieces at once: of short messages so many that everything
// else waits for more than 100 ms.
enum { TURN_BYTES = 1 << 17 };

enum step {
    STEP_CLOSED,
    STEP_DIALING,
    STEP_ASKING, // connected, no answer yet
    STEP_STREAMING,
    STEP_REFUSED,  // an error's body is coming
    STEP_MISMATCH, // what is coming is no stream
};

struct http_source {
    struct source source;
    struct http_request request;
    struct http_transfer transfer;
    struct http_answer answer;
    struct lines lines;
    struct lines_metrics lines_metrics;
    struct lines_message message; // while one is held
    struct reconnect reconnect;
    enum step step;
    bool is_paused; // curl is
    size_t taken;   // bytes in this turn of the loop
    struct timer turn;
    bool is_in_curl;
    bool is_bomb;
    uint64_t decoded; // on this connection
};

static struct http_source *
of(struct source *source)
{
    return (struct http_source *)source;
}

static void
close_now(struct source *source)
{
    struct http_source *http = of(source);
    http->step = STEP_CLOSED;
    if (http->is_in_curl) {
        timer_fire(&source->work); // closes a source that was stopped
        return;
    }
    http_client_stop(source->setup.client, &http->transfer);
    http_request_fini(&http->request);
    http->is_paused = false;
    http->taken = 0;
    timer_stop(&http->turn);
}

// ── how a connection ends ──────────────────────────────────────────────────

static void
end(struct http_source *http, enum reconnect_class class, const char *reason,
    const char *why)
{
    struct outcome outcome = {
        .class = class,
        .status = http->answer.status,
        .not_before = USEC_NONE, // see after
        .is_breach = http->is_bomb,
        .reason = reason,
    };
    (void)error_set(&outcome.error, STATUS_IO, "%s", why);
    source_end(&http->source, &outcome);
}

static void
end_refused(struct http_source *http)
{
    char text[HTTP_ANSWER_TEXT_MAX];
    char why[ERROR_TEXT_MAX];
    char reason[SOURCE_GAP_REASON_MAX];
    const struct http_answer *answer = &http->answer;
    snprintf(why, sizeof(why), "%s%s", http_answer_text(answer, text),
             mastodon_timeline_hint(http->source.setup.options->url, answer->status));
    snprintf(reason, sizeof(reason), "http_%ld", answer->status);
    end(http, reconnect_class_of_status(answer->status, http_answer_body_of(answer)),
        reason, why);
}

// Why a good answer is no stream; NULL: it is one. Without this, the lines of a login
// page would be messages, and the first of them would end the gap.
static const char *
mismatch_of(const struct http_source *http)
{
    if (http->answer.is_page) {
        return "the server answered with an HTML page instead of a stream: is url "
               "right, "
               "and is there a proxy or a login page before it?";
    }
    if (http->answer.is_coded && !http->source.setup.options->is_compressed) {
        return "the server answered with compressed data, which was not requested: set "
               "compressed = true";
    }
    return NULL;
}

static usec
after(struct source *source, const struct outcome *outcome, usec now)
{
    struct http_source *http = of(source);
    // Also after a stream that flowed: the limit is on connections.
    usec not_before = http_answer_not_before(&http->answer, source->setup.wall());
    return reconnect_after(&http->reconnect, outcome->class, now,
                           source_monotonic(source, not_before));
}

static void
overdue(struct source *source)
{
    struct http_source *http = of(source);
    if (http->step == STEP_DIALING) {
        end(http, RECONNECT_NETWORK, "connect", "no connection within connect_timeout");
    } else if (http->step == STEP_ASKING) {
        end(http, RECONNECT_NETWORK, "connect", "connected, but no answer");
    } else if (http->step == STEP_REFUSED) {
        end_refused(http);
    }
}

// ── messages ───────────────────────────────────────────────────────────────

static void
close_gap(struct source *source)
{
    usec to = source->setup.wall();
    usec covered = (usec)source->setup.options->backfill_minutes * USEC_PER_MIN;
    source_close_gap(source, to, to - source->gap.from < covered);
}

// Offers the messages in the framer, until the owner has no room.
static void
offer(struct source *source)
{
    struct http_source *http = of(source);
    while (source->phase != SOURCE_PHASE_OFF) {
        if (!source->is_held && !lines_next(&http->lines, &http->message)) {
            return;
        }
        const struct source_message message = {http->message.event, http->message.data,
                                               false};
        if (!source_offer(source, &message)) {
            return;
        }
        if (source->gap.is_open && source->phase == SOURCE_PHASE_STREAMING &&
            !source_is_filling(source)) {
            close_gap(source);
        }
    }
}

static void
resumed(struct source *source)
{
    struct http_source *http = of(source);
    if (http->is_paused) {
        http->is_paused = false;
        (void)curl_easy_pause(http->request.easy, CURLPAUSE_CONT);
    }
}

// The loop has looked at everything else.
static void
on_turn(void *context)
{
    struct http_source *http = context;
    http->taken = 0;
    if (!http->source.is_held) {
        resumed(&http->source);
    }
}

static void
note_first_byte(struct http_source *http)
{
    struct source *source = &http->source;
    source_up(source);
    reconnect_up(&http->reconnect);
    bool is_asked_for =
        source_fill(source) || source->setup.options->backfill_minutes != 0;
    if (source->gap.is_open && !is_asked_for) {
        close_gap(source); // what was missed will not be received any more
    }
    source_set_state(source, SOURCE_IDLE_OK, NULL);
}

static void
take_bytes(struct http_source *http, struct slice bytes)
{
    struct source *source = &http->source;
    uint64_t alive = http->lines_metrics.keep_alives;
    liveness_byte(&source->liveness, source_now(source));
    while (bytes.len > 0 && http->step == STEP_STREAMING) {
        size_t room;
        char *to = lines_room(&http->lines, &room);
        size_t size = bytes.len < room ? bytes.len : room;
        memcpy(to, bytes.ptr, size);
        lines_filled(&http->lines, size);
        bytes.ptr += size;
        bytes.len -= size;
        offer(source);
        // curl passes at most 16 KiB, so that nothing is left when the source is held.
        assert(!source->is_held || bytes.len == 0);
    }
    if (http->lines_metrics.keep_alives != alive) {
        source->metrics.signs += http->lines_metrics.keep_alives - alive;
        liveness_sign(&source->liveness, source_now(source));
    }
    source->metrics.too_long = http->lines_metrics.too_long;
}

// ── what curl calls ────────────────────────────────────────────────────────

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_bytes(char *bytes, size_t one, size_t size, void *context)
{
    struct http_source *http = context;
    (void)one;
    if (http->step == STEP_REFUSED) {
        http_answer_body(&http->answer, (struct slice){bytes, size});
        return http->answer.body_len < HTTP_ANSWER_BODY_MAX ? size : 0;
    }
    if (http->step != STEP_STREAMING) {
        return 0;
    }
    if (http->taken == 0) {
        timer_set(&http->turn, 0);
    }
    if (http->source.is_held || http->taken >= TURN_BYTES) {
        http->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    http->taken += size;
    http->decoded += size;
    http->is_bomb = http_request_is_bomb(&http->request, http->decoded);
    if (http->is_bomb) {
        return 0;
    }
    http->is_in_curl = true;
    if (!http->source.is_up) {
        note_first_byte(http);
    }
    http->source.metrics.bytes += size;
    take_bytes(http, (struct slice){bytes, size});
    http->is_in_curl = false;
    return http->step == STEP_STREAMING ? size : 0;
}

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_header(char *bytes, size_t one, size_t size, void *context)
{
    struct http_source *http = context;
    (void)one;
    // Trailers of a chunked body are passed here, too.
    if (http->step != STEP_DIALING && http->step != STEP_ASKING) {
        return http->step == STEP_CLOSED ? 0 : size;
    }
    http_answer_header(&http->answer, (struct slice){bytes, size});
    if (!http->answer.is_whole) {
        return size;
    }
    if (http->answer.status == 200 && mismatch_of(http) != NULL) {
        http->step = STEP_MISMATCH;
        return 0;
    }
    if (http->answer.status == 200) {
        http->step = STEP_STREAMING;
        source_flows(&http->source);
    } else {
        http->step = STEP_REFUSED;
        source_arm(&http->source, source_now(&http->source) + REFUSED_WITHIN);
    }
    return size;
}

static int
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_connected(void *context, char *peer, char *own, int peer_port, int own_port)
{
    struct http_source *http = context;
    struct source *source = &http->source;
    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    if (http->step != STEP_DIALING) {
        return CURL_PREREQFUNC_ABORT;
    }
    http->step = STEP_ASKING;
    source_arm(source, source_now(source) + source->liveness.rule.silence);
    return CURL_PREREQFUNC_OK;
}

static void
on_done(void *context, CURLcode code)
{
    struct http_source *http = context;
    if (http->step == STEP_CLOSED) {
        return;
    }
    if (http->step == STEP_REFUSED) {
        end_refused(http);
    } else if (http->step == STEP_MISMATCH) {
        end(http, RECONNECT_SERVER, "no_stream", mismatch_of(http));
    } else if (http->is_bomb) {
        end(http, RECONNECT_SERVER, "expansion",
            "the stream expands too much when decompressed (a gzip bomb)");
    } else if (code == CURLE_OK) {
        end(http, RECONNECT_NETWORK, "closed", "the server ended the stream");
    } else {
        char why[CURL_ERROR_SIZE]; // the request is freed before the error is reported
        snprintf(why, sizeof(why), "%s",
                 http->request.why[0] != '\0' ? http->request.why
                                              : curl_easy_strerror(code));
        end(http, RECONNECT_NETWORK, http->source.is_up ? "broken" : "connect", why);
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

// ── life ───────────────────────────────────────────────────────────────────

static void
open_now(struct source *source)
{
    struct http_source *http = of(source);
    const struct source_setup *setup = &source->setup;
    struct error error = {.code = STATUS_OK};
    char url[SOURCE_OPTIONS_URL_MAX];
    lines_reset(&http->lines);
    http_answer_reset(&http->answer);
    http->is_bomb = false;
    http->decoded = 0;
    http->step = STEP_DIALING;
    source_arm(source, source_now(source) + setup->options->connect_timeout);
    source_options_url(setup->options, source->gap.is_open, url);
    const struct http_request_options options = source_options_http(setup->options);
    enum status status = http_request_init(&http->request, &options, url, &error);
    if (status == STATUS_OK) {
        set_callbacks(http);
        status = http_client_start(setup->client, &http->transfer, &error);
    }
    if (status != STATUS_OK) {
        end(http, RECONNECT_SERVER, "request", error.text);
    }
}

static void
destroy(struct source *source)
{
    struct http_source *http = of(source);
    timer_fini(&http->turn);
    lines_fini(&http->lines);
    free(http);
}

static const struct source_transport http_source_transport = {
    .open = open_now,
    .close = close_now,
    .destroy = destroy,
    .offer = offer,
    .after = after,
    .overdue = overdue,
    .resumed = resumed,
};

enum status
http_source_create(const struct source_setup *setup, struct source **ret_source,
                   struct error *error)
{
    struct http_source *http = calloc(1, sizeof(*http));
    if (http == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    const struct liveness_rule *rule =
        liveness_http_rule(setup->options->format, setup->options->url);
    struct source *source = &http->source;
    enum status status =
        source_init(source, setup, &http_source_transport, rule, error);
    reconnect_init(&http->reconnect, setup->seed, RECONNECT_JITTER);
    if (status == STATUS_OK) {
        status = timer_init(&http->turn, setup->base, on_turn, http);
    }
    if (status == STATUS_OK && !lines_init(&http->lines, &http->lines_metrics)) {
        status = error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    if (status != STATUS_OK) {
        source_destroy(&source);
        return status;
    }
    *ret_source = source;
    return STATUS_OK;
}
