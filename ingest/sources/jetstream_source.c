#include "ingest/sources/jetstream_source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "ingest/frames/lines.h"
#include "ingest/frames/unpack.h"
#include "ingest/sources/jetstream_hosts.h"
#include "ingest/sources/jetstream_wire.h"
#include "ingest/sources/liveness.h"
#include "ingest/sources/source_options.h"
#include "ingest/sources/source_transport.h"
#include "net/http_request.h"
#include "net/outcome.h"
#include "net/url.h"
#include "net/ws_client.h"
#include "net/ws_protocol.h"

// A server that receives pings and sends nothing for SILENCE is considered dead.
#define PING_EVERY (10 * USEC_PER_S)
#define SILENCE (25 * USEC_PER_S)
// All of Bluesky's posts and reposts; the gap of slower streams is learned.
#define USUAL_GAP (20 * USEC_PER_MS)
// A message dated further ahead has a wrong time.
#define AHEAD_MAX USEC_PER_MIN

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
    struct buffer path;
    bool has_flowed; // a message with a place arrived on this connection
    usec ping_at;
    enum jetstream_from asked; // how this connection was requested to resume
    struct source_cursor cursor;
    uint64_t too_long;
    usec gap_to; // the missed messages of the open gap are arriving, up to here;
                 // USEC_NONE: they are not
};

static struct jetstream *
of(struct source *source)
{
    return (struct jetstream *)source;
}

static struct jetstream_host *
host_of(struct jetstream *jet)
{
    return jetstream_hosts_current(&jet->hosts);
}

// ── gaps ───────────────────────────────────────────────────────────────────

// The stream flows again, from a message of that time on: what was missed is lost, or
// is sent now.
static void
meet_gap(struct jetstream *jet, usec first)
{
    bool is_same = strcmp(jet->cursor.host, host_of(jet)->name) == 0;
    usec slack = is_same ? 0 : JETSTREAM_REWIND_OTHER;
    usec now = jet->source.setup.wall();
    if (jet->asked != JETSTREAM_FROM_NOW && first <= jet->cursor.time + slack) {
        jet->gap_to = now;
    } else {
        source_close_gap(&jet->source, now, false);
    }
}

// All messages up to that time have arrived.
static void
fill_gap(struct jetstream *jet, usec time)
{
    if (jet->source.gap.is_open && jet->gap_to != USEC_NONE && time >= jet->gap_to) {
        source_close_gap(&jet->source, jet->gap_to, true);
    }
}

// ── connections ────────────────────────────────────────────────────────────

static const char *
peer(struct source *source)
{
    return host_of(of(source))->name;
}

static usec
after(struct source *source, const struct outcome *outcome, usec now)
{
    struct jetstream *jet = of(source);
    // A host that became silent is not tried again at once.
    bool may_stay = jet->has_flowed && !outcome->is_stalled;
    jet->has_flowed = false;
    if (outcome->status == 400) {
        jetstream_hosts_refuse_cursor(&jet->hosts, jet->asked);
    }
    return jetstream_hosts_after(&jet->hosts, outcome->class, may_stay, now,
                                 source_monotonic(source, outcome->not_before));
}

static void
break_off(struct jetstream *jet, const char *reason, const char *why)
{
    struct outcome outcome = {.class = RECONNECT_SERVER,
                              .not_before = USEC_NONE,
                              .is_breach = true,
                              .reason = reason};
    (void)error_set(&outcome.error, STATUS_PARSE, "%s", why);
    source_end(&jet->source, &outcome);
}

static void
close_now(struct source *source)
{
    struct jetstream *jet = of(source);
    source->is_held = false; // it ends with its connection
    if (jet->client != NULL) {
        ws_client_close(jet->client);
    }
}

static void
open_now(struct source *source)
{
    struct jetstream *jet = of(source);
    const struct jetstream_host *host = host_of(jet);
    const struct source_options *options = jet->source.setup.options;
    struct jetstream_request ask = {
        .has_likes = options->has_likes,
        .is_packed = jet->unpack != NULL,
        .dictionary = jet->unpack != NULL ? unpack_dictionary(jet->unpack) : 0,
    };
    jet->has_flowed = false;
    jet->gap_to = USEC_NONE;
    jetstream_wire_resume(&jet->cursor, host->name, jet->wire, host->from, &ask);
    jet->asked = ask.from;
    buffer_reset(&jet->path);
    jetstream_wire_path(host->url.path, jet->wire, &ask, &jet->path);
    struct outcome outcome = {
        .class = RECONNECT_SERVER, .not_before = USEC_NONE, .reason = "request"};
    enum status status =
        jet->path.is_failed
            ? error_set(&outcome.error, STATUS_RANGE, "url: its path is too long")
            : ws_client_open(jet->client, &host->url, buffer_text(&jet->path),
                             slice_of(jetstream_wire_rows[jet->wire].subprotocol),
                             &outcome.error);
    if (status != STATUS_OK) {
        source_end(source, &outcome);
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
    if (place->time > jet->source.setup.wall() + AHEAD_MAX) {
        jet->source.metrics.protocol_errors++;
        return;
    }
    if (!jet->has_flowed) {
        jet->has_flowed = true;
        jetstream_hosts_flow(&jet->hosts);
        if (jet->source.gap.is_open) {
            meet_gap(jet, place->time);
        }
    }
    fill_gap(jet, place->time);
    bool is_same =
        strcmp(cursor->host, host->name) == 0 && strcmp(cursor->wire, row->name) == 0;
    // A repeated message does not move the cursor back.
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

// True: *ret_data is what the owner receives. False: there is nothing for the owner.
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
    struct slice data;
    struct jetstream_place place;
    if (!unpack(jet, message, &data)) {
        return true;
    }
    const struct source_message offered = {SLICE_NONE, data, false};
    if (!source_offer(&jet->source, &offered)) {
        return false;
    }
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
    source_up(&jet->source);
    source_flows(&jet->source);
    jet->ping_at = source_now(&jet->source) + PING_EVERY;
    source_set_state(&jet->source, SOURCE_IDLE_OK, NULL);
}

static void
on_bytes(void *context, size_t size, uint64_t signs)
{
    struct jetstream *jet = context;
    struct source *source = &jet->source;
    uint64_t too_long = ws_client_too_long(jet->client);
    usec now = source_now(source);
    source->metrics.bytes += size;
    source->metrics.signs += signs;
    source->metrics.too_long += too_long - jet->too_long;
    jet->too_long = too_long;
    liveness_byte(&source->liveness, now);
    if (signs > 0) {
        liveness_sign(&source->liveness, now);
    }
}

static void
on_end(void *context, const struct outcome *outcome)
{
    struct jetstream *jet = context;
    source_end(&jet->source, outcome);
}

static void
offer(struct source *source)
{
    ws_client_resume(of(source)->client);
}

static void
resumed(struct source *source)
{
    of(source)->ping_at = source_now(source) + PING_EVERY;
}

// ── time ───────────────────────────────────────────────────────────────────

static void
tend(struct source *source, bool is_idle, usec next)
{
    struct jetstream *jet = of(source);
    usec now = source_now(source);
    if (is_idle) {
        fill_gap(jet, INT64_MAX); // there is nothing more to send
    }
    if (now >= jet->ping_at) {
        jet->ping_at = now + PING_EVERY;
        source_arm(source, jet->ping_at);
        ws_client_ping(jet->client);
    }
    if (source->phase == SOURCE_PHASE_STREAMING) {
        source_arm(source,
                   next != USEC_NONE && next < jet->ping_at ? next : jet->ping_at);
    }
}

static void
tend_held(struct source *source)
{
    source_arm(source, source_now(source) + PING_EVERY);
    ws_client_ping(of(source)->client);
}

// ── life ───────────────────────────────────────────────────────────────────

static void
start(struct source *source)
{
    jetstream_hosts_start(&of(source)->hosts, source_now(source));
}

static void
destroy(struct source *source)
{
    struct jetstream *jet = of(source);
    ws_client_destroy(&jet->client);
    unpack_destroy(&jet->unpack);
    buffer_fini(&jet->path);
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

static const struct source_transport jetstream_source_transport = {
    .open = open_now,
    .close = close_now,
    .destroy = destroy,
    .offer = offer,
    .after = after,
    .start = start,
    .tend = tend,
    .tend_held = tend_held,
    .resumed = resumed,
    .peer = peer,
    .cursor = cursor,
};

static enum status
set_up(struct jetstream *jet, const struct url *url, struct error *error)
{
    const struct source_setup *setup = &jet->source.setup;
    const struct source_options *options = setup->options;
    enum status status = jetstream_wire_of(url->path, &jet->wire, error);
    if (status == STATUS_OK && options->is_compressed) {
        status = unpack_create(options->dictionary_file, &jet->unpack, error);
    }
    if (status == STATUS_OK) {
        status =
            jetstream_hosts_init(&jet->hosts, url, options->hosts, setup->seed, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
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
    struct url url;
    enum status status = url_parse(slice_of(setup->options->url), &url, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct jetstream *jet = calloc(1, sizeof(*jet));
    if (jet == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    jet->cursor.time = USEC_NONE;
    jet->gap_to = USEC_NONE;
    if (setup->resume != NULL) {
        jet->cursor = *setup->resume;
    }
    buffer_init(&jet->path, PATH_BYTES_MAX);
    const struct liveness_rule rule = {
        .silence = SILENCE,
        .has_rate = true,
        .gap = jetstream_wire_is_chosen(url.path) ? 0 : USUAL_GAP,
    };
    struct source *source = &jet->source;
    status = source_init(source, setup, &jetstream_source_transport, &rule, error);
    if (status == STATUS_OK) {
        status = set_up(jet, &url, error);
    }
    if (status != STATUS_OK) {
        source_destroy(&source);
        return status;
    }
    *ret_source = source;
    return STATUS_OK;
}
