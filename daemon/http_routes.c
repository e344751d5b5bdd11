#include "daemon/http_routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/alert_out.h"
#include "daemon/feed.h"
#include "daemon/clock_steps.h"
#include "daemon/http_api.h"
#include "daemon/loop_delay.h"
#include "daemon/wall_clock.h"
#include "daemon/worker.h"
#include "ingest/frames/file_kind.h"
#include "ingest/frames/lines.h"
#include "ingest/decode/decode_words.h"
#include "pipeline/pipeline.h"
#include "sinks/api/api_board.h"
#include "sinks/http/http_files.h"
#include "sinks/http/http_server.h"
#include "sinks/http/metrics_page.h"
#include "sinks/redis/redis_outlet.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/webhook/webhook.h"

enum { PATH_MAX_LEN = 8192 };

struct http_routes {
    struct http_routes_setup setup;
    struct http_server *server;
    struct http_pages pages[4]; // the tables of all rooms
    struct http_files files;
    struct http_api api;
    struct feed feed; // of pushed posts
    struct lines lines;
    struct lines_metrics lines_metrics;
};

// NULL when the daemon is ready; else the reason.
static const char *
why_not_ready(const struct http_routes *routes)
{
    const char *trouble = redis_sink_trouble(routes->setup.sink);
    if (!*routes->setup.is_started) {
        return trouble[0] != '\0' ? trouble : "not started yet";
    }
    if (*routes->setup.is_stopping) {
        return "stopping";
    }
    if (!redis_sink_is_up(routes->setup.sink)) {
        return trouble[0] != '\0' ? trouble : "Redis is unreachable";
    }
    usec now = wall_clock_now();
    if (routes->setup.streams == NULL) {
        return NULL;
    }
    if (wall_clock_state()->step != 0) {
        return "the system clock was stepped";
    }
    struct streams_figures figures;
    streams_figures(routes->setup.streams, now, 0, &figures);
    return figures.live == 0 && figures.count != 0 ? "no source is live" : NULL;
}

// Of each source, and of what is pushed.
static void
write_source_metrics(const struct http_routes *routes, struct buffer *page)
{
    const struct streams *streams = routes->setup.streams;
    struct stream_metrics standing[SETTINGS_SOURCES_MAX];
    struct metrics_instance stands[SETTINGS_SOURCES_MAX];
    struct metrics_instance sources[SETTINGS_SOURCES_MAX];
    struct metrics_instance decoders[SETTINGS_SOURCES_MAX + 1];
    struct metrics_instance feeds[SETTINGS_SOURCES_MAX + 1];
    struct feed_metrics fed[SETTINGS_SOURCES_MAX + 1];
    size_t count = streams != NULL ? streams->count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct stream *stream = streams->items[i];
        const char *name = stream_options(stream)->name;
        stream_metrics(stream, wall_clock_now(), &standing[i]);
        stands[i] = (struct metrics_instance){&standing[i], name, NULL};
        sources[i] =
            (struct metrics_instance){stream_source_metrics(stream), name, NULL};
        stream_feed_metrics(stream, &fed[i]);
        feeds[i] = (struct metrics_instance){&fed[i], name, NULL};
        decoders[i] =
            (struct metrics_instance){stream_decode_metrics(stream), name, NULL};
    }
    feed_metrics(&routes->feed, &fed[count]);
    feeds[count] = (struct metrics_instance){&fed[count], "push", NULL};
    decoders[count] =
        (struct metrics_instance){decoder_metrics(routes->feed.decoder), "push", NULL};
    metrics_page_add(page, stream_metric_rows, stands, count);
    metrics_page_add(page, source_metric_rows, sources, count);
    metrics_page_add(page, feed_metric_rows, feeds, count + 1);
    metrics_page_add(page, decode_metric_rows, decoders, count + 1);
}

static void
write_webhook_metrics(const struct http_routes *routes, struct buffer *page)
{
    struct metrics_instance webhooks[SETTINGS_WEBHOOKS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < alert_delivery_count(routes->setup.delivery); i++) {
        const char *name = alert_delivery_name(routes->setup.delivery, i);
        if (name != NULL) {
            webhooks[count++] = (struct metrics_instance){
                alert_delivery_metrics(routes->setup.delivery, i), name, "webhook"};
        }
    }
    metrics_page_add(page, webhook_metric_rows, webhooks, count);
}

// A table of which there is one; values: NULL for one that does not exist.
static void
write_table(struct buffer *page, const struct metric *rows, const void *values)
{
    const struct metrics_instance instance = {values, NULL, NULL};
    metrics_page_add(page, rows, &instance, values != NULL ? 1 : 0);
}

static void
write_metrics(const struct http_routes *routes, struct buffer *page)
{
    const struct http_routes_setup *setup = &routes->setup;
    const struct persistence *persistence = setup->persistence;
    write_table(page, pipeline_metric_rows, pipeline_metrics(setup->pipeline));
    write_table(page, redis_report_metric_rows, redis_sink_metrics(setup->sink));
    write_table(page, redis_outlet_metric_rows,
                setup->handover != NULL ? redis_outlet_metrics(setup->sink) : NULL);
    write_table(page, persistence_metric_rows,
                persistence->state != NULL ? &persistence->metrics : NULL);
    write_table(page, worker_metric_rows, setup->worker);
    write_source_metrics(routes, page);
    write_table(page, http_metrics_rows, http_server_metrics(routes->server));
    write_table(page, alert_out_metric_rows, alert_delivery_output(setup->delivery));
    write_webhook_metrics(routes, page);
    write_table(page, loop_delay_metric_rows, setup->delay);
    write_table(page, name_lookup_metric_rows,
                setup->lookup != NULL ? name_lookup_metrics(setup->lookup) : NULL);
}

// ── pages ──────────────────────────────────────────────────────────────────

void
http_routes_answer_health(void *context, const struct http_request *request,
                          struct buffer *body, struct http_reply *reply)
{
    (void)context;
    (void)request;
    (void)body;
    *reply = (struct http_reply){
        .code = HTTP_CODE_OK, .type = HTTP_TYPE_TEXT, .text = SLICE_LIT("ok\n")};
}

static void
answer_readyz(void *context, const struct http_request *request, struct buffer *body,
              struct http_reply *reply)
{
    (void)request;
    const char *why = why_not_ready(context);
    buffer_append(body, slice_of(why != NULL ? why : "ready"));
    buffer_append_byte(body, '\n');
    *reply =
        (struct http_reply){.code = why != NULL ? HTTP_CODE_NOT_READY : HTTP_CODE_OK,
                            .type = HTTP_TYPE_TEXT,
                            .text = buffer_text(body)};
}

static void
answer_metrics(void *context, const struct http_request *request, struct buffer *body,
               struct http_reply *reply)
{
    (void)request;
    write_metrics(context, body);
    *reply = (struct http_reply){.code = HTTP_CODE_OK,
                                 .type = "text/plain; version=0.0.4",
                                 .text = buffer_text(body)};
}

static const struct http_page pages[] = {
    {"/healthz", http_routes_answer_health}, // 200 while the loop runs
    {"/readyz", answer_readyz},   // 200, or 503 with one line that contains the reason
    {"/metrics", answer_metrics}, // Prometheus
    {NULL, NULL},
};

// ── pushed posts ───────────────────────────────────────────────────────────

static uint64_t
unusable(const struct http_routes *routes)
{
    const struct decode_metrics *metrics = decoder_metrics(routes->feed.decoder);
    uint64_t count = 0;
    for (size_t i = 0; i < DECODE_REASON_COUNT; i++) {
        count += metrics->refused[i];
    }
    return count;
}

// False when there is no room. A message without posts is a control message, or a blank
// line.
static bool
take(struct http_routes *routes, const struct lines_message *message,
     struct http_posts_result *result)
{
    const struct pipeline_metrics before = *pipeline_metrics(routes->setup.pipeline);
    const uint64_t *control = decoder_metrics(routes->feed.decoder)->control;
    uint64_t blanks_before = control[DECODE_CONTROL_KEEP_ALIVE];
    uint64_t unusable_before = unusable(routes);
    uint64_t refused_before = routes->feed.refused;
    bool is_read =
        feed_read(&routes->feed, message->event, message->data) == DECODE_REASON_NONE;
    bool is_control = is_read && feed_next(&routes->feed) == NULL;
    bool has_room = true;
    uint64_t posts = 0;
    usec wall = wall_clock_now();
    routes->feed.is_live = true;
    while (has_room && feed_next(&routes->feed) != NULL) {
        has_room = feed_push(&routes->feed, wall) != STATUS_AGAIN;
        posts += has_room;
    }
    uint64_t refused = routes->feed.refused - refused_before;
    uint64_t bad = unusable(routes) - unusable_before;
    const struct pipeline_metrics *after = pipeline_metrics(routes->setup.pipeline);
    uint64_t too_old =
        after->late - before.late + after->duplicates_late - before.duplicates_late;
    uint64_t unknown = after->undo_unknown - before.undo_unknown;
    bool is_blank = control[DECODE_CONTROL_KEEP_ALIVE] != blanks_before;
    result->accepted += posts - refused - too_old - unknown;
    result->rejected += refused + bad + too_old;
    result->too_old += too_old;
    result->ignored += unknown + (is_control && bad == 0 && !is_blank);
    return has_room;
}

static bool
take_lines(struct http_routes *routes, struct http_posts_result *result)
{
    struct lines_message message;
    uint64_t too_long = routes->lines_metrics.too_long;
    uint64_t unread = routes->lines_metrics.unread_bytes;
    while (lines_next(&routes->lines, &message)) {
        if (!take(routes, &message, result)) {
            return false;
        }
    }
    result->rejected += routes->lines_metrics.too_long - too_long;
    result->unread_bytes += routes->lines_metrics.unread_bytes - unread;
    return true;
}

// True if the body begins like gzip, bzip2, xz, zstd, UTF-16 or an archive: no message
// does.
static bool
is_encoded(struct slice body)
{
    static const struct slice heads[] = {
        {"\x1f\x8b", 2},
        {"BZh", 3},
        {"\xfd"
         "7zXZ",
         5},
        {"\x28\xb5\x2f\xfd", 4},
        {"\xff\xfe", 2},
        {"\xfe\xff", 2},
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (slice_starts(body, heads[i])) {
            return true;
        }
    }
    struct file_kind kind;
    return file_kind_is_container(body, &kind);
}

static enum status
on_posts(void *context, struct slice body, struct http_posts_result *ret_result)
{
    struct http_routes *routes = context;
    if (redis_sink_is_full(routes->setup.sink) || !*routes->setup.is_started ||
        *routes->setup.is_stopping) {
        return STATUS_AGAIN;
    }
    if (is_encoded(body)) {
        return STATUS_PARSE;
    }
    lines_reset(&routes->lines);
    while (body.len != 0) {
        size_t size;
        char *room = lines_room(&routes->lines, &size);
        size = body.len < size ? body.len : size;
        memcpy(room, body.ptr, size);
        body = (struct slice){body.ptr + size, body.len - size};
        lines_filled(&routes->lines, size);
        if (!take_lines(routes, ret_result)) {
            return STATUS_AGAIN;
        }
    }
    lines_end(&routes->lines);
    return take_lines(routes, ret_result) ? STATUS_OK : STATUS_AGAIN;
}

// ── the page ───────────────────────────────────────────────────────────────

static void
write_board(void *context, struct buffer *html)
{
    const struct http_routes *routes = context;
    api_board_write(routes->api.api, html);
}

static uint64_t
version(void *context)
{
    const struct http_routes *routes = context;
    return api_number(routes->api.api);
}

// ── life ───────────────────────────────────────────────────────────────────

struct http_routes *
http_routes_create(const struct http_routes_setup *setup, struct error *error)
{
    struct http_routes *routes = calloc(1, sizeof(*routes));
    if (routes == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
        return NULL;
    }
    routes->setup = *setup;
    http_files_init(&routes->files,
                    &(struct http_files_setup){.files = http_files_embedded,
                                               .write_board = write_board,
                                               .version = version,
                                               .context = routes});
    const struct http_api_needs api = {
        .pipeline = setup->pipeline,
        .sink = setup->sink,
        .streams = setup->streams,
        .delivery = setup->delivery,
        .settings = setup->settings,
        .base = setup->base,
    };
    bool has_api = http_api_init(&routes->api, &api);
    if (has_api) {
        routes->pages[0] = (struct http_pages){pages, routes};
        routes->pages[1] = (struct http_pages){http_files_pages, &routes->files};
        routes->pages[2] = api_pages(routes->api.api);
        routes->pages[3] =
            (struct http_pages){http_events_pages, live_feed_events(routes->api.feed)};
    }
    const struct http_server_setup server = {
        .base = setup->base,
        .options = &setup->settings->http,
        .pages = routes->pages,
        .pages_count = sizeof(routes->pages) / sizeof(routes->pages[0]),
        .events = has_api ? live_feed_events(routes->api.feed) : NULL,
        .on_posts = setup->streams != NULL ? on_posts : NULL,
        .context = routes,
    };
    if (!has_api || !lines_init(&routes->lines, &routes->lines_metrics)) {
        error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
    } else if (feed_init(&routes->feed, setup->pipeline, setup->sink, DECODE_AUTO,
                         error) &&
               http_server_create(&server, &routes->server, error) == STATUS_OK) {
        routes->feed.handover = setup->handover;
        decoder_find_campaigns(routes->feed.decoder, setup->campaigns);
        log_info("http_listening", "listening on %s, port %d",
                 setup->settings->http.listen, http_server_port(routes->server));
        return routes;
    }
    http_routes_destroy(&routes);
    return NULL;
}

void
http_routes_flushed(struct http_routes *routes)
{
    if (routes != NULL) {
        api_flushed(routes->api.api);
    }
}

void
http_routes_recalled(struct http_routes *routes, struct slice alert)
{
    if (routes != NULL) {
        api_recalled(routes->api.api, alert);
    }
}

void
http_routes_forget(struct http_routes *routes, const struct person_text *person)
{
    if (routes != NULL) {
        api_forget(routes->api.api, person);
    }
}

void
http_routes_forget_feed(struct http_routes *routes)
{
    if (routes != NULL) {
        live_feed_forget(routes->api.feed);
    }
}

void
http_routes_get(struct http_routes *routes, struct slice path, struct buffer *body,
                struct http_reply *ret_reply)
{
    const struct http_pages tables[] = {routes->pages[0], routes->pages[2]};
    struct http_request request = {.path = path};
    struct http_route route;
    char text[PATH_MAX_LEN];
    *ret_reply = (struct http_reply){0};
    if (path.len >= sizeof(text) ||
        http_router_find(tables, sizeof(tables) / sizeof(tables[0]), &request, text,
                         &route) != STATUS_OK) {
        http_reply_refuse(ret_reply, HTTP_CODE_UNKNOWN, "not_found",
                          "there is no such page", body);
        return;
    }
    route.page->answer(route.context, &request, body, ret_reply);
}

void
http_routes_address(const struct http_routes *routes,
                    char text[HTTP_ROUTES_ADDRESS_MAX])
{
    const char *listen = routes->setup.settings->http.listen;
    const char *colon = strrchr(listen, ':');
    int host = colon != NULL ? (int)(colon - listen) : (int)strlen(listen);
    snprintf(text, HTTP_ROUTES_ADDRESS_MAX, "http://%.*s:%d", host, listen,
             http_server_port(routes->server));
}

void
http_routes_destroy(struct http_routes **routes)
{
    struct http_routes *w = *routes;
    if (w == NULL) {
        return;
    }
    http_server_destroy(&w->server);
    http_files_fini(&w->files);
    http_api_fini(&w->api);
    feed_fini(&w->feed);
    lines_fini(&w->lines);
    free(w);
    *routes = NULL;
}
