#include "sinks/http/http_events.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "net/timer.h"
#include "sinks/http/http_guests.h"
#include "sinks/http/http_head.h"

enum {
    RING_BYTES = 4 << 20,
    BOARDS_TEXT_MAX = 4096,
    ID_TEXT_MAX = 32,
};

#define HEAD SLICE_LIT("retry: 1000\n\n")
#define BEAT SLICE_LIT(": \n\n")

// A client.
struct http_feed {
    struct http_events *events;
    struct MHD_Connection *connection; // NULL: the place is free
    struct http_guest *guest;
    struct event_ring_cursor cursor;
    bool is_begun;     // HEAD was sent
    bool is_beat_due;  // a comment is to be sent
    bool is_suspended; // the library does not call back
    int unread_beats;  // heartbeats since the library took something
};

struct http_events {
    struct http_events_setup setup;
    struct event_ring ring;
    struct timer beat;
    struct timer wake;
    void (*run)(void *context);
    void *context; // for run
    struct http_metrics *metrics;
    bool is_ending;
    // One more than places for feeds: the request that finds no place has one, too.
    struct http_feed feeds[HTTP_FEEDS_MAX + 1];
};

// ── sending ────────────────────────────────────────────────────────────────

static size_t
put(char *bytes, struct slice text)
{
    memcpy(bytes, text.ptr, text.len);
    return text.len;
}

// The library has room for `size` bytes.
static ssize_t
on_room(void *context, uint64_t position, char *bytes, size_t size)
{
    (void)position;
    struct http_feed *feed = context;
    struct http_events *events = feed->events;
    size_t used = 0;
    size_t part = 0;
    if (events->is_ending || feed->guest->is_ended ||
        size < HEAD.len + BEAT.len + EVENT_RING_HEAD_MAX) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    feed->unread_beats = 0;
    if (!feed->is_begun) {
        used += put(bytes, HEAD);
    }
    if (feed->is_beat_due && feed->cursor.sent == 0) {
        used += put(bytes + used, BEAT);
        feed->is_beat_due = false;
    }
    if (feed->is_begun && event_ring_is_lost(&events->ring, &feed->cursor)) {
        events->metrics->feeds_lost++;
    }
    feed->is_begun = true;
    if (event_ring_read(&events->ring, &feed->cursor, bytes + used, size - used,
                        &part) == EVENT_RING_TORN) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    used += part;
    if (used == 0) {
        MHD_suspend_connection(feed->connection);
        feed->is_suspended = true;
    }
    return (ssize_t)used;
}

static void
on_end(void *context)
{
    struct http_feed *feed = context;
    feed->events->metrics->feeds--;
    feed->connection = NULL;
}

static void
resume(struct http_feed *feed)
{
    if (feed->is_suspended) {
        feed->is_suspended = false;
        MHD_resume_connection(feed->connection);
    }
}

// Not at once: the caller may be called by the library.
static void
on_wake(void *context)
{
    struct http_events *events = context;
    for (size_t i = 0; i < HTTP_FEEDS_MAX + 1; i++) {
        struct http_feed *feed = &events->feeds[i];
        if (feed->connection != NULL &&
            (feed->guest->is_ended || feed->is_beat_due ||
             event_ring_is_ready(&events->ring, &feed->cursor))) {
            resume(feed);
        }
    }
    events->run(events->context);
}

void
http_events_wake(struct http_events *events)
{
    if (events->metrics != NULL && events->metrics->feeds != 0) {
        timer_fire(&events->wake);
    }
}

static void
on_beat(void *context)
{
    struct http_events *events = context;
    for (size_t i = 0; i < HTTP_FEEDS_MAX + 1; i++) {
        struct http_feed *feed = &events->feeds[i];
        if (feed->connection == NULL) {
            continue;
        }
        feed->is_beat_due = true;
        if (++feed->unread_beats > HTTP_EVENTS_STALLED) {
            events->metrics->feeds_stalled++;
            http_guests_end(feed->guest);
        }
    }
    timer_set(&events->beat, events->setup.beat);
    on_wake(events);
}

bool
http_events_send(struct MHD_Connection *connection, struct http_guest *guest,
                 const struct http_reply *reply)
{
    struct http_feed *feed = reply->feed;
    const struct http_reply_stream stream = {on_room, on_end, feed};
    feed->connection = connection;
    feed->guest = guest;
    feed->events->metrics->feeds++;
    if (!http_guests_feed(guest)) {
        on_end(feed);
        feed->events->metrics->feeds_refused++;
        static const char text[] =
            "{\"error\":\"too_many_feeds\",\"message\":\"no room "
            "for another client of the live feed\"}\n";
        static const struct http_header later[] = {{"Retry-After", "5"}, {NULL, NULL}};
        return http_reply_send(connection, &(struct http_reply){
                                               .code = HTTP_CODE_NOT_READY,
                                               .type = HTTP_TYPE_JSON,
                                               .text = slice_of(text),
                                               .is_last = true,
                                               .headers = later,
                                           });
    }
    return http_reply_send_stream(connection, reply, &stream);
}

// ── requests ───────────────────────────────────────────────────────────────

// False: a name is not that of a board.
static bool
read_boards(const struct http_events *events, struct slice list,
            struct event_ring_boards *ret_boards)
{
    while (list.len != 0) {
        const char *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma != NULL ? (size_t)(comma - list.ptr) : list.len;
        struct slice name = {list.ptr, len};
        uint16_t board;
        if (len != 0) {
            if (!events->setup.find_board(events->setup.context, name, &board)) {
                return false;
            }
            event_ring_want(ret_boards, board);
        }
        size_t used = len + (comma != NULL);
        list = (struct slice){list.ptr + used, list.len - used};
    }
    return true;
}

// False: it is not the id of an event.
static bool
read_id(struct slice text, uint64_t *ret_id)
{
    uint64_t id = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (digit > 9 || id > (UINT64_MAX - digit) / 10) {
            return false;
        }
        id = id * 10 + digit;
    }
    *ret_id = id;
    return text.len != 0;
}

// An id that cannot be read is one that is not known any more.
static bool
last_id(const struct http_request *request, uint64_t *ret_id)
{
    char text[ID_TEXT_MAX];
    struct slice value = request->last_event_id;
    if (slice_is_none(value) &&
        http_request_parameter(request, SLICE_LIT("last_event_id"), text, sizeof(text),
                               &value) != STATUS_OK) {
        return false;
    }
    return read_id(value, ret_id);
}

static struct http_feed *
free_feed(struct http_events *events)
{
    struct http_feed *feed = events->feeds;
    while (feed->connection != NULL) {
        feed++;
    }
    return feed;
}

static void
answer_events(void *context, const struct http_request *request, struct buffer *body,
              struct http_reply *reply)
{
    static const struct http_header headers[] = {
        {"X-Accel-Buffering", "no"}, // nginx passes each event on at once
        {NULL, NULL},
    };
    struct http_events *events = context;
    char text[BOARDS_TEXT_MAX];
    struct slice names;
    struct event_ring_boards boards = {0};
    if (http_request_parameter(request, SLICE_LIT("boards"), text, sizeof(text),
                               &names) != STATUS_OK) {
        http_reply_refuse(reply, HTTP_CODE_BAD, "bad_boards",
                          "boards is a list such as influence:1h,carriers", body);
        return;
    }
    if (slice_is_none(names)) {
        event_ring_want_all(&boards);
    } else if (!read_boards(events, names, &boards)) {
        http_reply_refuse(reply, HTTP_CODE_UNKNOWN, "not_found",
                          "there is no such board", body);
        return;
    }
    *reply = (struct http_reply){.code = HTTP_CODE_OK,
                                 .type = "text/event-stream",
                                 .text = SLICE_LIT(""),
                                 .headers = headers};
    if (!request->is_head) {
        uint64_t id;
        bool has_id = last_id(request, &id);
        struct http_feed *feed = free_feed(events);
        *feed = (struct http_feed){.events = events};
        feed->cursor = event_ring_join(&events->ring, &boards, has_id ? &id : NULL);
        reply->feed = feed;
    }
}

const struct http_page http_events_pages[] = {
    {HTTP_EVENTS_PATH, answer_events},
    {NULL, NULL},
};

// ── life ───────────────────────────────────────────────────────────────────

struct http_events *
http_events_create(const struct http_events_setup *setup)
{
    struct http_events *events = calloc(1, sizeof(*events));
    if (events == NULL) {
        return NULL;
    }
    events->setup = *setup;
    if (!event_ring_init(&events->ring, RING_BYTES) ||
        timer_init(&events->beat, setup->base, on_beat, events) != STATUS_OK ||
        timer_init(&events->wake, setup->base, on_wake, events) != STATUS_OK) {
        http_events_destroy(&events);
    }
    return events;
}

void
http_events_destroy(struct http_events **events)
{
    struct http_events *e = *events;
    if (e == NULL) {
        return;
    }
    timer_fini(&e->beat);
    timer_fini(&e->wake);
    event_ring_fini(&e->ring);
    free(e);
    *events = NULL;
}

void
http_events_attach(struct http_events *events, void (*run)(void *context),
                   struct http_metrics *metrics, void *context)
{
    events->run = run;
    events->metrics = metrics;
    events->context = context;
    timer_set(&events->beat, events->setup.beat);
}

void
http_events_detach(struct http_events *events)
{
    events->is_ending = true;
    timer_stop(&events->beat);
    timer_stop(&events->wake);
    for (size_t i = 0; i < HTTP_FEEDS_MAX + 1; i++) {
        if (events->feeds[i].connection != NULL) {
            resume(&events->feeds[i]);
        }
    }
}

struct event_ring *
http_events_ring(struct http_events *events)
{
    return &events->ring;
}

bool
http_events_is_wanted(const struct http_events *events, uint16_t board)
{
    bool is_wanted = false;
    for (size_t i = 0; i < HTTP_FEEDS_MAX + 1 && !is_wanted; i++) {
        const struct http_feed *feed = &events->feeds[i];
        is_wanted =
            feed->connection != NULL && event_ring_wants(&feed->cursor.wanted, board);
    }
    return is_wanted;
}
