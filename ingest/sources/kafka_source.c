#include "ingest/sources/kafka_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/sources/kafka_client.h"
#include "ingest/sources/kafka_topic.h"
#include "ingest/sources/source_options.h"
#include "ingest/sources/source_transport.h"
#include "net/outcome.h"
#include "net/url.h"

// What a group takes to assign its partitions, by the brokers' default, and more.
#define JOIN_TIME (15 * USEC_PER_S)

// Messages, and bytes, in one round of the loop.
enum { ROUND_MAX = 256, ROUND_BYTES_MAX = 128 << 10 };

struct kafka_source {
    struct source source;
    struct url url;
    struct kafka_client *client; // NULL: closed
    struct reconnect reconnect;
    uint64_t connection;         // the number of the next one
    struct kafka_event event;    // while its message is held
    struct source_cursor cursor; // without offsets and time, which are here:
    struct kafka_offsets offsets;
    usec times[KAFKA_PARTITIONS_MAX];     // of the last message; USEC_NONE: none
    bool is_at_end[KAFKA_PARTITIONS_MAX]; // nothing was behind it
    bool is_placed;      // all partitions had an offset once: it is a cursor
    int partition_count; // 0: not known
    bool is_filling;     // the open gap is being read
    bool is_lost;        // Kafka no longer has some of its messages
    bool is_read[KAFKA_PARTITIONS_MAX]; // up to the time of the connection
};

static struct kafka_source *
of(struct source *source)
{
    return (struct kafka_source *)source;
}

// ── where it is ────────────────────────────────────────────────────────────

static bool
has_all(const struct kafka_source *kafka)
{
    for (int i = 0; i < kafka->partition_count; i++) {
        if (kafka->offsets.next[i] < 0) {
            return false;
        }
    }
    return kafka->partition_count > 0;
}

static void
note_place(struct kafka_source *kafka, const struct kafka_event *event, int64_t next)
{
    usec wall = kafka->source.setup.wall();
    usec time = event->time != USEC_NONE && event->time < wall ? event->time : wall;
    usec *last = &kafka->times[event->partition];
    *last = *last == USEC_NONE || *last < time ? time : *last;
    kafka->is_at_end[event->partition] = event->kind == KAFKA_END;
    kafka->offsets.next[event->partition] = next;
    kafka->is_placed = kafka->is_placed || has_all(kafka);
}

// Up to when everything was read: the time of the partition that is furthest behind or,
// if all were read to their end, of the newest message.
static usec
time_of(const struct kafka_source *kafka)
{
    usec least = USEC_NONE;
    usec newest = USEC_NONE;
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        usec time = kafka->times[i];
        if (time == USEC_NONE) {
            continue;
        }
        newest = newest == USEC_NONE || newest < time ? time : newest;
        if (!kafka->is_at_end[i] && (least == USEC_NONE || time < least)) {
            least = time;
        }
    }
    return least != USEC_NONE ? least : newest;
}

static void
fill_gap(struct kafka_source *kafka, const struct kafka_event *event)
{
    struct source *source = &kafka->source;
    if (!kafka->is_filling) {
        return;
    }
    if (event->kind == KAFKA_END ||
        (event->time != USEC_NONE && event->time >= source->up_wall)) {
        kafka->is_read[event->partition] = true;
    }
    for (int i = 0; i < kafka->partition_count; i++) {
        if (!kafka->is_read[i]) {
            return;
        }
    }
    kafka->is_filling = false;
    source_close_gap(source, source->up_wall, !kafka->is_lost);
    kafka->is_lost = false;
}

// ── connections ────────────────────────────────────────────────────────────

static const char *
peer(struct source *source)
{
    return of(source)->cursor.host;
}

static usec
after(struct source *source, const struct outcome *outcome, usec now)
{
    return reconnect_after(&of(source)->reconnect, outcome->class, now, USEC_NONE);
}

static void
close_now(struct source *source)
{
    struct kafka_source *kafka = of(source);
    source->is_held = false; // it is read again
    kafka_client_close(&kafka->client);
}

static void
end(struct kafka_source *kafka, enum reconnect_class class, const char *reason,
    const char *why)
{
    struct outcome outcome = {
        .class = class, .not_before = USEC_NONE, .reason = reason};
    (void)error_set(&outcome.error, STATUS_IO, "%s", why);
    source_end(&kafka->source, &outcome);
}

static void
on_assigned(struct kafka_source *kafka)
{
    struct source *source = &kafka->source;
    kafka->partition_count = kafka->event.count;
    if (source->is_up) {
        return; // the topic has more partitions than before
    }
    source_up(source);
    source_flows(source);
    reconnect_up(&kafka->reconnect);
    memset(kafka->is_read, 0, sizeof(kafka->is_read));
    kafka->is_filling = source->gap.is_open && kafka->is_placed;
    if (source->gap.is_open && !kafka->is_filling) {
        source_close_gap(source, source->up_wall, false);
    }
    source_set_state(source, SOURCE_IDLE_OK, NULL);
}

// The partition is read again from the oldest message that is left; if there is no gap
// yet, over a new connection, so that there is one. True: this one remains.
static bool
on_offset_gone(struct kafka_source *kafka, const struct kafka_event *event)
{
    char why[ERROR_TEXT_MAX];
    snprintf(why, sizeof(why),
             "partition %d no longer has the message at offset %lld: messages are lost",
             event->partition, (long long)kafka->offsets.next[event->partition]);
    kafka->offsets.next[event->partition] = -1;
    kafka->is_lost = true;
    if (kafka->is_filling) {
        kafka_client_assign_again(kafka->client); // the gap is open
        return true;
    }
    end(kafka, RECONNECT_NETWORK, "offset_gone", why);
    return false;
}

// ── messages ───────────────────────────────────────────────────────────────

// False: the owner has no room, or the source was stopped.
static bool
offer_message(struct kafka_source *kafka)
{
    struct source *source = &kafka->source;
    const struct kafka_event *event = &kafka->event;
    const struct source_message message = {SLICE_NONE, event->data, false};
    if (!slice_is_none(event->data) && !source_offer(source, &message)) {
        return false;
    }
    note_place(kafka, event, event->offset + 1);
    fill_gap(kafka, event);
    return true;
}

static bool
take_message(struct kafka_source *kafka)
{
    struct source *source = &kafka->source;
    const struct kafka_event *event = &kafka->event;
    if (event->offset < kafka->offsets.next[event->partition]) {
        return true; // from before a new assignment
    }
    source->metrics.bytes += event->data.len;
    source->metrics.too_long += event->is_too_long;
    source->metrics.signs += slice_is_none(event->data) && !event->is_too_long;
    return offer_message(kafka);
}

// False: nothing more is to be read now.
static bool
take_next(struct kafka_source *kafka)
{
    struct outcome outcome;
    kafka->event = kafka_client_next(kafka->client, &outcome);
    switch (kafka->event.kind) {
    case KAFKA_NOTHING:
        return false;
    case KAFKA_ASSIGNED:
        on_assigned(kafka);
        return true;
    case KAFKA_MESSAGE:
        return take_message(kafka);
    case KAFKA_END:
        note_place(kafka, &kafka->event, kafka->event.offset);
        fill_gap(kafka, &kafka->event);
        return true;
    case KAFKA_OFFSET_GONE:
        return on_offset_gone(kafka, &kafka->event);
    case KAFKA_FAILED:
        if (kafka->source.is_up && outcome.class == RECONNECT_NETWORK) {
            outcome.reason = "broken";
        }
        source_end(&kafka->source, &outcome);
        return false;
    }
    return false;
}

static void
read_on(void *context)
{
    struct kafka_source *kafka = context;
    uint64_t bytes = kafka->source.metrics.bytes + ROUND_BYTES_MAX;
    for (size_t i = 0; i < ROUND_MAX && kafka->source.metrics.bytes < bytes; i++) {
        if (kafka->source.is_held || kafka->client == NULL || !take_next(kafka)) {
            return;
        }
    }
    kafka_client_continue(kafka->client);
}

static void
offer(struct source *source)
{
    struct kafka_source *kafka = of(source);
    if (kafka->client != NULL && offer_message(kafka)) {
        kafka_client_continue(kafka->client);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static void
open_now(struct source *source)
{
    struct kafka_source *kafka = of(source);
    const struct source_setup *setup = &source->setup;
    struct error error = {.code = STATUS_OK};
    const struct kafka_client_setup client = {
        .base = setup->base,
        .options = setup->options,
        .url = &kafka->url,
        .offsets = &kafka->offsets,
        .is_resumed = kafka->is_placed,
        .group = setup->seed + kafka->connection,
        .on_ready = read_on,
        .context = kafka,
    };
    kafka->connection++;
    if (kafka_client_open(&client, &kafka->client, &error) != STATUS_OK) {
        end(kafka, RECONNECT_SERVER, "request", error.text);
        return;
    }
    source_arm(source,
               source_now(source) + setup->options->connect_timeout + JOIN_TIME);
}

static void
overdue(struct source *source)
{
    struct kafka_source *kafka = of(source);
    const char *trouble = kafka_client_trouble(kafka->client);
    end(kafka, RECONNECT_NETWORK, "connect",
        trouble[0] != '\0' ? trouble : "the brokers did not assign partitions in time");
}

static void
destroy(struct source *source)
{
    free(of(source));
}

static bool
cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    const struct kafka_source *kafka = (const struct kafka_source *)source;
    if (!kafka->is_placed) {
        return false;
    }
    *ret_cursor = kafka->cursor;
    ret_cursor->time = time_of(kafka);
    ret_cursor->value = kafka_offsets_sum(&kafka->offsets);
    kafka_offsets_format(&kafka->offsets, ret_cursor->offsets);
    return true;
}

static const struct source_transport kafka_source_transport = {
    .open = open_now,
    .close = close_now,
    .destroy = destroy,
    .offer = offer,
    .after = after,
    .overdue = overdue,
    .peer = peer,
    .cursor = cursor,
};

static void
set_place(struct kafka_source *kafka, const struct source_cursor *resume)
{
    struct source_cursor *cursor = &kafka->cursor;
    snprintf(cursor->wire, sizeof(cursor->wire), "kafka");
    snprintf(cursor->kind, sizeof(cursor->kind), "offsets");
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        kafka->times[i] = USEC_NONE;
    }
    kafka_offsets_init(&kafka->offsets);
    if (resume != NULL && strcmp(resume->host, cursor->host) == 0 &&
        strcmp(resume->wire, cursor->wire) == 0 && resume->offsets[0] != '\0' &&
        kafka_offsets_parse(slice_of(resume->offsets), &kafka->offsets) == STATUS_OK) {
        for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
            kafka->times[i] = kafka->offsets.next[i] >= 0 ? resume->time : USEC_NONE;
        }
        kafka->is_placed = true;
    }
}

enum status
kafka_source_create(const struct source_setup *setup, struct source **ret_source,
                    struct error *error)
{
    struct kafka_source *kafka = calloc(1, sizeof(*kafka));
    if (kafka == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    struct source *source = &kafka->source;
    char topic[KAFKA_TOPIC_MAX];
    // The library detects brokers that do not answer; a topic may be silent.
    const struct liveness_rule rule = {.silence = 0};
    enum status status =
        source_init(source, setup, &kafka_source_transport, &rule, error);
    if (status == STATUS_OK) {
        // Its text, to which the path points, belongs to the owner's options.
        status = url_parse(slice_of(setup->options->url), &kafka->url, error);
    }
    if (status == STATUS_OK) {
        status = kafka_topic_of(&kafka->url, topic, error);
    }
    if (status == STATUS_OK) {
        char host[URL_TEXT_MAX];
        url_host_text(&kafka->url, host);
        int size = snprintf(kafka->cursor.host, sizeof(kafka->cursor.host), "%s/%s",
                            host, topic);
        if ((size_t)size >= sizeof(kafka->cursor.host)) {
            status = error_set(error, STATUS_RANGE,
                               "url: host and topic are longer than %d bytes",
                               SOURCE_CURSOR_HOST_MAX - 1);
        }
    }
    if (status != STATUS_OK) {
        source_destroy(&source);
        return status;
    }
    reconnect_init(&kafka->reconnect, setup->seed, RECONNECT_JITTER);
    set_place(kafka, setup->resume);
    *ret_source = source;
    return STATUS_OK;
}
