#include "ingest/jetstream_source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "net/http_request.h"
#include "ingest/jetstream_hosts.h"
#include "ingest/jetstream_wire.h"
#include "ingest/lines.h"
#include "ingest/liveness.h"
#include "ingest/source.h"
#include "ingest/source_gap.h"
#include "ingest/source_options.h"
#include "net/url.h"
#include "net/timer.h"
#include "ingest/unpack.h"
#include "net/ws_client.h"
#include "net/ws_protocol.h"

// A server that is asked every so often and says nothing for SILENCE is gone.
#define PING_EVERY (10 * USEC_PER_S)
#define SILENCE (25 * USEC_PER_S)
// All of Bluesky's posts and reposts; slower streams are learned.
#define USUAL_GAP (20 * USEC_PER_MS)
// A message from further ahead lies about its time.
#define AHEAD_MOST USEC_PER_MIN

enum { PATH_BYTES_MAX = 4096 };

static_assert((int)WS_PADDING == (int)LINES_PADDING &&
                  (int)WS_MESSAGE_MAX == (int)LINES_MAX,
              "messages of all transports are alike");

struct jetstream {
    struct source source;
    enum jetstream_wire wire;
    struct jetstream_hosts hosts;
    struct ws_client *client;
    struct unpack *unpack; // NULL: messages are not packed
    struct liveness liveness;
    struct buffer path;
    struct timer timer; // of liveness and pings, or of the next attempt
    struct timer work;  // what may not be done where it was noticed
    bool is_off;
    bool is_dialing; // or open
    bool is_up;      // the WebSocket is open
    bool has_flowed; // a message with a place came on this connection
    bool is_held;
    bool must_connect;
    bool must_resume;
    usec ping_at;
    enum jetstream_from asked; // how this connection was asked to resume
    struct source_cursor cursor;
    usec last_wall; // of the last message or, before one, of the connection
    uint64_t too_long;
    struct source_gap_state gap;
    usec gap_to; // what the open one misses is coming, up to here; USEC_NONE: it is not
};

static struct jetstream *
of(struct source *source)
{
    return (struct jetstream *)source;
}

static usec
now_of(const struct jetstream *jet)
{
    return jet->source.setup.monotonic();
}

static struct jetstream_host *
host_of(struct jetstream *jet)
{
    return jetstream_hosts_current(&jet->hosts);
}

static void
arm(struct jetstream *jet, usec deadline)
{
    timer_set(&jet->timer, deadline - now_of(jet));
}

// ── gaps ───────────────────────────────────────────────────────────────────

static void
open_gap(struct jetstream *jet, const char *reason)
{
    usec from = jet->cursor.time != USEC_NONE ? jet->cursor.time : jet->last_wall;
    source_gap_open(&jet->gap, &jet->source.setup.callbacks, from, reason, "");
    jet->gap_to = USEC_NONE;
}

// The stream flows again, from a message of that time on: what was missed is lost, or
// comes now.
static void
meet_gap(struct jetstream *jet, usec first)
{
    bool is_same = strcmp(jet->cursor.host, host_of(jet)->name) == 0;
    usec slack = is_same ? 0 : JETSTREAM_REWIND_OTHER;
    usec now = jet->source.setup.wall();
    if (jet->asked != JETSTREAM_FROM_NOW && first <= jet->cursor.time + slack) {
        jet->gap_to = now;
    } else {
        source_gap_close(&jet->gap, &jet->source.setup.callbacks, now, false);
    }
}

// All up to that time has come.
static void
fill_gap(struct jetstream *jet, usec time)
{
    if (jet->gap.is_open && jet->gap_to != USEC_NONE && time >= jet->gap_to) {
        source_gap_close(&jet->gap, &jet->source.setup.callbacks, jet->gap_to, true);
    }
}

// ── connections ────────────────────────────────────────────────────────────

// The attempt or the stream is over. is_stalled: the host is not to be trusted at once.
static void
end(struct jetstream *jet, const struct ws_outcome *outcome, bool is_stalled)
{
    struct source_metrics *metrics = &jet->source.metrics;
    usec now = now_of(jet);
    usec not_before = outcome->not_before;
    bool was_up = jet->is_up;
    bool may_stay = jet->has_flowed && !is_stalled;
    struct error error = {.code = STATUS_OK};
    (void)error_set(&error, STATUS_IO, "%s: %s", host_of(jet)->name,
                    outcome->error.text);
    jet->is_dialing = jet->is_up = jet->has_flowed = jet->is_held = false;
    liveness_end(&jet->liveness);
    metrics->drops += was_up;
    metrics->connects_failed += !was_up;
    metrics->protocol_errors += outcome->is_breach;
    if (outcome->status == 400) {
        jetstream_hosts_refuse_cursor(&jet->hosts, jet->asked);
    }
    if (not_before != USEC_NONE) {
        not_before = now + (not_before - jet->source.setup.wall());
    }
    usec at =
        jetstream_hosts_after(&jet->hosts, outcome->class, may_stay, now, not_before);
    if (was_up) {
        open_gap(jet, outcome->reason);
    }
    // The owner may have stopped the source.
    if (jet->is_off) {
        return;
    }
    if (at == USEC_NONE) {
        jet->is_off = true;
        timer_stop(&jet->timer);
        source_set_state(&jet->source, SOURCE_FAILED, &error);
    } else {
        arm(jet, at);
        source_set_state(&jet->source, SOURCE_BACKING_OFF, &error);
    }
}

static void
break_off(struct jetstream *jet, const char *reason, const char *why)
{
    struct ws_outcome outcome = {.class = RECONNECT_HTTP,
                                 .not_before = USEC_NONE,
                                 .is_breach = true,
                                 .reason = reason};
    (void)error_set(&outcome.error, STATUS_PARSE, "%s", why);
    ws_client_close(jet->client);
    end(jet, &outcome, false);
}

static void
connect_now(struct jetstream *jet)
{
    const struct jetstream_host *host = host_of(jet);
    const struct source_options *options = jet->source.setup.options;
    struct jetstream_ask ask = {
        .has_likes = options->has_likes,
        .is_packed = jet->unpack != NULL,
        .dictionary = jet->unpack != NULL ? unpack_dictionary(jet->unpack) : 0,
    };
    source_set_state(&jet->source, SOURCE_CONNECTING, NULL);
    if (jet->is_off) {
        return;
    }
    jetstream_wire_resume(&jet->cursor, host->name, jet->wire, host->from, &ask);
    jet->asked = ask.from;
    buffer_reset(&jet->path);
    jetstream_wire_path(host->url.path, jet->wire, &ask, &jet->path);
    struct ws_outcome outcome = {
        .class = RECONNECT_HTTP, .not_before = USEC_NONE, .reason = "request"};
    enum status status =
        jet->path.is_failed
            ? error_set(&outcome.error, STATUS_RANGE, "url: its path is too long")
            : ws_client_open(jet->client, &host->url, buffer_text(&jet->path),
                             slice_of(jetstream_wire_rows[jet->wire].subprotocol),
                             &outcome.error);
    jet->is_dialing = status == STATUS_OK;
    if (status != STATUS_OK) {
        end(jet, &outcome, false);
    }
}

// ── messages ───────────────────────────────────────────────────────────────

static void
note_place(struct jetstream *jet, const struct jetstream_place *place)
{
    const struct jetstream_host *host = host_of(jet);
    struct source_cursor *cursor = &jet->cursor;
    const struct jetstream_wire_row *row = &jetstream_wire_rows[jet->wire];
    if (place->time == USEC_NONE) {
        return;
    }
    if (place->time > jet->source.setup.wall() + AHEAD_MOST) {
        jet->source.metrics.protocol_errors++;
        return;
    }
    if (!jet->has_flowed) {
        jet->has_flowed = true;
        jetstream_hosts_flow(&jet->hosts);
        if (jet->gap.is_open) {
            meet_gap(jet, place->time);
        }
    }
    fill_gap(jet, place->time);
    bool is_same =
        strcmp(cursor->host, host->name) == 0 && strcmp(cursor->wire, row->name) == 0;
    // What is sent once more does not lead back.
    if (is_same && cursor->time != USEC_NONE && place->value <= cursor->value) {
        return;
    }
    if (!is_same) {
        snprintf(cursor->host, sizeof(cursor->host), "%s", host->name);
        snprintf(cursor->wire, sizeof(cursor->wire), "%s", row->name);
        snprintf(cursor->kind, sizeof(cursor->kind), "%s", row->kind);
    }
    cursor->value = place->value;
    cursor->time = place->time;
}

// True: *ret_data is what the owner gets. False: there is nothing for it.
static bool
unpack(struct jetstream *jet, const struct ws_message *message, struct slice *ret_data)
{
    *ret_data = message->data;
    if (!message->is_binary) {
        return true;
    }
    if (jet->unpack == NULL) {
        break_off(jet, "protocol", "the server sent unexpected bytes");
        return false;
    }
    enum status status = unpack_message(jet->unpack, message->data, ret_data);
    if (status == STATUS_FULL) {
        jet->source.metrics.too_long++;
    } else if (status != STATUS_OK) {
        break_off(jet, "protocol", "a compressed message does not fit dictionary_file");
    }
    return status == STATUS_OK;
}

static bool
on_message(void *context, const struct ws_message *message)
{
    struct jetstream *jet = context;
    struct source_metrics *metrics = &jet->source.metrics;
    const struct source_callbacks *callbacks = &jet->source.setup.callbacks;
    struct slice data;
    struct jetstream_place place;
    if (!unpack(jet, message, &data)) {
        return true;
    }
    if (!jet->is_held) {
        liveness_message(&jet->liveness, now_of(jet));
        source_set_state(&jet->source, SOURCE_LIVE, NULL);
    }
    const struct source_message offered = {SLICE_NONE, data, false};
    if (jet->is_off || !callbacks->on_message(callbacks->context, &offered)) {
        metrics->pauses++;
        jet->is_held = true;
        liveness_end(&jet->liveness);
        return false;
    }
    jet->is_held = false;
    metrics->messages++;
    jet->last_wall = jet->source.setup.wall();
    jetstream_wire_read(jet->wire, data, &place);
    note_place(jet, &place);
    if (place.is_refused_cursor) {
        jetstream_hosts_refuse_cursor(&jet->hosts, jet->asked);
    }
    return true;
}

static void
on_open(void *context)
{
    struct jetstream *jet = context;
    usec now = now_of(jet);
    jet->is_up = true;
    jet->source.metrics.connects++;
    if (!jet->gap.is_open) {
        jet->last_wall = jet->source.setup.wall();
    }
    liveness_begin(&jet->liveness, now);
    jet->ping_at = now + PING_EVERY;
    arm(jet, now);
    source_set_state(&jet->source, SOURCE_IDLE_OK, NULL);
}

static void
on_bytes(void *context, size_t size, uint64_t signs)
{
    struct jetstream *jet = context;
    uint64_t too_long = ws_client_too_long(jet->client);
    usec now = now_of(jet);
    jet->source.metrics.bytes += size;
    jet->source.metrics.signs += signs;
    jet->source.metrics.too_long += too_long - jet->too_long;
    jet->too_long = too_long;
    liveness_byte(&jet->liveness, now);
    if (signs > 0) {
        liveness_sign(&jet->liveness, now);
    }
}

static void
on_end(void *context, const struct ws_outcome *outcome)
{
    end(context, outcome, false);
}

// ── time ───────────────────────────────────────────────────────────────────

static void
check_alive(struct jetstream *jet)
{
    usec next;
    usec now = now_of(jet);
    enum liveness_state how = liveness_check(&jet->liveness, now, &next);
    if (how == LIVENESS_STALLED) {
        struct ws_outcome outcome = {
            .class = RECONNECT_NETWORK, .not_before = USEC_NONE, .reason = "stalled"};
        (void)error_set(&outcome.error, STATUS_IO, "no data for %lld s",
                        (long long)((now - jet->liveness.last_message) / USEC_PER_S));
        jet->source.metrics.stalls++;
        source_set_state(&jet->source, SOURCE_STALLED, &outcome.error);
        if (jet->is_dialing) {
            ws_client_close(jet->client);
            end(jet, &outcome, true);
        }
        return;
    }
    if (how == LIVENESS_IDLE) {
        source_set_state(&jet->source, SOURCE_IDLE_OK, NULL);
        fill_gap(jet, INT64_MAX); // there is nothing more to send
    }
    if (now >= jet->ping_at) {
        jet->ping_at = now + PING_EVERY;
        arm(jet, jet->ping_at);
        ws_client_ping(jet->client);
    }
    if (jet->is_up) {
        arm(jet, next != USEC_NONE && next < jet->ping_at ? next : jet->ping_at);
    }
}

static void
on_timer(void *context)
{
    struct jetstream *jet = context;
    if (jet->is_off) {
        return;
    }
    if (!jet->is_dialing) {
        connect_now(jet);
    } else if (jet->is_up && jet->is_held) {
        ws_client_ping(jet->client);
        arm(jet, now_of(jet) + PING_EVERY);
    } else if (jet->is_up) {
        check_alive(jet);
    }
}

static void
resume_now(struct jetstream *jet)
{
    if (!jet->is_held) {
        return;
    }
    usec now = now_of(jet);
    liveness_begin(&jet->liveness, now);
    ws_client_resume(jet->client);
    if (jet->is_up && !jet->is_held) {
        jet->ping_at = now + PING_EVERY;
        arm(jet, now);
    }
}

static void
on_work(void *context)
{
    struct jetstream *jet = context;
    if (jet->must_connect) {
        jet->must_connect = false;
        jet->last_wall = jet->source.setup.missed_from;
        if (jet->cursor.time != USEC_NONE || jet->last_wall != USEC_NONE) {
            open_gap(jet, "restart");
        }
        if (!jet->is_off) {
            connect_now(jet);
        }
    }
    if (jet->must_resume) {
        jet->must_resume = false;
        resume_now(jet);
    }
}

// ── the face of a source ───────────────────────────────────────────────────

static void
start(struct source *source)
{
    struct jetstream *jet = of(source);
    if (jet->is_off) {
        jet->is_off = false;
        jet->must_connect = true;
        jetstream_hosts_start(&jet->hosts, now_of(jet));
        timer_fire(&jet->work);
    }
}

static void
stop(struct source *source)
{
    struct jetstream *jet = of(source);
    jet->is_off = true;
    jet->is_dialing = jet->is_up = jet->has_flowed = jet->is_held = false;
    jet->must_connect = jet->must_resume = false;
    timer_stop(&jet->timer);
    liveness_end(&jet->liveness);
    ws_client_close(jet->client);
}

static void
resume(struct source *source)
{
    struct jetstream *jet = of(source);
    if (jet->is_held) {
        jet->must_resume = true;
        timer_fire(&jet->work);
    }
}

static void
destroy(struct source *source)
{
    struct jetstream *jet = of(source);
    ws_client_destroy(&jet->client);
    unpack_destroy(&jet->unpack);
    buffer_fini(&jet->path);
    timer_fini(&jet->timer);
    timer_fini(&jet->work);
    free(jet);
}

static bool
cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    const struct jetstream *jet = (const struct jetstream *)source;
    if (jet->cursor.time == USEC_NONE) {
        return false;
    }
    *ret_cursor = jet->cursor;
    return true;
}

static const struct source_ops jetstream_source_ops = {
    .start = start,
    .stop = stop,
    .resume = resume,
    .destroy = destroy,
    .cursor = cursor,
};

static enum status
set_up(struct jetstream *jet, struct error *error)
{
    const struct source_setup *setup = &jet->source.setup;
    const struct source_options *options = setup->options;
    struct url url;
    enum status status = url_parse(slice_of(options->url), &url, error);
    if (status == STATUS_OK) {
        status = jetstream_wire_of(url.path, &jet->wire, error);
    }
    if (status == STATUS_OK && options->is_compressed) {
        status = unpack_create(options->dictionary_file, &jet->unpack, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status =
        jetstream_hosts_init(&jet->hosts, &url, options->hosts, setup->seed, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct liveness_rule rule = {
        .silence = SILENCE,
        .has_rate = true,
        .gap = jetstream_wire_is_chosen(url.path) ? 0 : USUAL_GAP,
    };
    liveness_init(&jet->liveness, &rule);
    const struct http_request_options request = source_options_http(options);
    const struct ws_client_setup client = {
        .base = setup->base,
        .http = setup->client,
        .options = &request,
        .connect_timeout = options->connect_timeout,
        .wall = setup->wall,
        .callbacks = {on_open, on_bytes, on_message, on_end, jet},
    };
    return ws_client_create(&client, &jet->client, error);
}

enum status
jetstream_source_create(const struct source_setup *setup, struct source **ret_source,
                        struct error *error)
{
    struct jetstream *jet = calloc(1, sizeof(*jet));
    if (jet == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    jet->source.ops = &jetstream_source_ops;
    jet->source.setup = *setup;
    jet->is_off = true;
    jet->cursor.time = USEC_NONE;
    jet->gap_to = USEC_NONE;
    if (setup->resume != NULL) {
        jet->cursor = *setup->resume;
    }
    buffer_init(&jet->path, PATH_BYTES_MAX);
    enum status status = set_up(jet, error);
    if (status == STATUS_OK &&
        (timer_init(&jet->timer, setup->base, on_timer, jet) != STATUS_OK ||
         timer_init(&jet->work, setup->base, on_work, jet) != STATUS_OK)) {
        status = error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    if (status != STATUS_OK) {
        destroy(&jet->source);
        return status;
    }
    *ret_source = &jet->source;
    return STATUS_OK;
}
