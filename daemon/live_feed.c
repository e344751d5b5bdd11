#include "daemon/live_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "net/timer.h"
#include "pipeline/views.h"
#include "sinks/api/api.h"
#include "sinks/http/http_events.h"
#include "sinks/redis/redis_sink.h"

enum {
    BODY_MAX = 1 << 20,
    PATH_MAX_BYTES = 256,
    TICKS_A_STATUS = 2,
};

#define TICK (USEC_PER_S / 2)

struct live_feed {
    struct live_feed_needs needs;
    struct http_events *events;
    struct timer tick;
    struct buffer body;
    uint64_t ticks;
    bool is_written;                      // at the last tick: Redis acknowledges
    uint64_t sent[EVENT_RING_BOARDS_MAX]; // hash of the board that was sent last
};

// A board without a window has two names: "carriers", and "carriers:all" as in the
// paths of the interface.
static bool
is_named(const struct views_board *board, struct slice name)
{
    struct slice all = SLICE_LIT(":all");
    size_t len = board->name.len;
    bool has_end = slice_equal(board->window, SLICE_LIT("all")) &&
                   slice_starts(name, board->name) &&
                   slice_equal((struct slice){name.ptr + len, name.len - len}, all);
    return has_end || slice_equal(name, board->name);
}

static bool
find_board(void *context, struct slice name, uint16_t *ret_board)
{
    const struct live_feed *feed = context;
    uint32_t count = views_boards(feed->needs.pipeline);
    for (uint32_t i = 0; i < count && i < EVENT_RING_BOARDS_MAX; i++) {
        struct views_board board = views_board(feed->needs.pipeline, i);
        if (is_named(&board, name)) {
            *ret_board = (uint16_t)i;
            return true;
        }
    }
    return false;
}

// The answer for a path; none if it was refused.
static struct slice
ask(struct live_feed *feed, const char *path)
{
    struct http_pages pages = api_pages(feed->needs.api);
    struct http_request request = {.path = slice_of(path)};
    struct http_reply reply = {0};
    struct http_route route;
    char text[PATH_MAX_BYTES];
    if (http_router_find(&pages, 1, &request, text, &route) != STATUS_OK) {
        return SLICE_NONE;
    }
    buffer_reset(&feed->body);
    route.page->answer(route.context, &request, &feed->body, &reply);
    return reply.code == HTTP_CODE_OK ? reply.text : SLICE_NONE;
}

// Of all but the time of the answer, which changes always.
static uint64_t
hash_of(struct slice answer)
{
    struct slice name = SLICE_LIT("\"as_of_ms\":");
    size_t at = 0;
    while (at < answer.len &&
           !slice_starts((struct slice){answer.ptr + at, answer.len - at}, name)) {
        at++;
    }
    size_t end = at < answer.len ? at + name.len : at;
    while (end < answer.len && answer.ptr[end] >= '0' && answer.ptr[end] <= '9') {
        end++;
    }
    struct slice rest = {answer.ptr + end, answer.len - end};
    return hash_known((struct slice){answer.ptr, at}) ^ hash_known(rest);
}

static void
send_board(struct live_feed *feed, uint16_t index)
{
    struct views_board board = views_board(feed->needs.pipeline, index);
    char path[PATH_MAX_BYTES];
    int len = snprintf(path, sizeof(path), "/api/v1/top/%.*s/%.*s",
                       SLICE_ARG(board.metric), SLICE_ARG(board.window));
    struct slice answer =
        len > 0 && (size_t)len < sizeof(path) ? ask(feed, path) : SLICE_NONE;
    uint64_t hash = slice_is_none(answer) ? feed->sent[index] : hash_of(answer);
    if (hash != feed->sent[index]) {
        feed->sent[index] = hash;
        event_ring_add(http_events_ring(feed->events), index, SLICE_LIT("top"), answer);
    }
}

// True if Redis went or came back since the last call.
static bool
note_redis(struct live_feed *feed)
{
    usec age;
    bool is_written = redis_sink_is_current(feed->needs.sink, &age);
    bool has_changed = is_written != feed->is_written;
    feed->is_written = is_written;
    if (has_changed) {
        api_changed(feed->needs.api);
    }
    return has_changed;
}

static void
on_tick(void *context)
{
    struct live_feed *feed = context;
    struct event_ring *ring = http_events_ring(feed->events);
    bool is_status_due = feed->ticks++ % TICKS_A_STATUS == 0;
    timer_set(&feed->tick, TICK);
    is_status_due = note_redis(feed) || is_status_due;
    event_ring_flush(ring, api_number(feed->needs.api));
    if (!http_events_is_wanted(feed->events, EVENT_RING_FOR_ALL)) {
        return;
    }
    if (is_status_due) {
        struct slice answer = ask(feed, "/api/v1/status");
        if (!slice_is_none(answer)) {
            event_ring_add(ring, EVENT_RING_FOR_ALL, SLICE_LIT("status"), answer);
        }
    }
    uint32_t count = views_boards(feed->needs.pipeline);
    for (uint32_t i = 0; i < count && i < EVENT_RING_BOARDS_MAX; i++) {
        if (http_events_is_wanted(feed->events, (uint16_t)i)) {
            send_board(feed, (uint16_t)i);
        } else {
            feed->sent[i] = 0; // the next client to want it gets it in any case
        }
    }
    http_events_wake(feed->events);
}

void
live_feed_alerted(struct live_feed *feed, struct slice json)
{
    if (feed == NULL) {
        return;
    }
    struct event_ring *ring = http_events_ring(feed->events);
    event_ring_flush(ring, api_number(feed->needs.api));
    event_ring_add(ring, EVENT_RING_FOR_ALL, SLICE_LIT("alert"), json);
    http_events_wake(feed->events);
}

void
live_feed_forget(struct live_feed *feed)
{
    if (feed != NULL) {
        event_ring_clear(http_events_ring(feed->events));
        http_events_wake(feed->events);
    }
}

struct live_feed *
live_feed_create(const struct live_feed_needs *needs)
{
    struct live_feed *feed = calloc(1, sizeof(*feed));
    if (feed == NULL) {
        return NULL;
    }
    feed->needs = *needs;
    buffer_init(&feed->body, BODY_MAX);
    feed->events = http_events_create(
        &(struct http_events_setup){needs->base, HTTP_EVENTS_BEAT, find_board, feed});
    if (feed->events == NULL ||
        timer_init(&feed->tick, needs->base, on_tick, feed) != STATUS_OK) {
        live_feed_destroy(&feed);
        return NULL;
    }
    on_tick(feed);
    return feed;
}

void
live_feed_destroy(struct live_feed **feed)
{
    struct live_feed *f = *feed;
    if (f == NULL) {
        return;
    }
    timer_fini(&f->tick);
    http_events_destroy(&f->events);
    buffer_fini(&f->body);
    free(f);
    *feed = NULL;
}

struct http_events *
live_feed_events(struct live_feed *feed)
{
    return feed->events;
}
