#include "daemon/entry_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/log.h"
#include "daemon/scale.h"
#include "ingest/entries/entry.h"
#include "ingest/frames/lines.h"
#include "ingest/sources/source_transport.h"
#include "net/outcome.h"
#include "net/reconnect.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_metrics.h"

// Entries of one answer: at most so much is counted in one round of the loop.
#define ROUND_ENTRIES "8"

enum { ROUND_MAX = 8, NUMBER_MAX = 24, ID_MAX = 48 };

// Levels of an answer to XREAD: streams, entries, ids and fields.
enum { LEVEL_ENTRY = 4, LEVEL_FIELD = 5 };

struct place {
    uint64_t run;
    uint64_t number;
};

struct entry_source {
    struct source source;
    struct redis_conn *conn;
    struct reconnect reconnect;
    struct redis_metrics metrics; // of the connection; not published
    char key[SCALE_KEY_MAX];
    char block[NUMBER_MAX]; // how long Redis waits for an entry, ms
    struct source_cursor cursor;
    struct place place; // of the last entry taken; 0-0: none
    bool is_placed;
    struct place trim; // entries before it are not needed
    bool must_trim;
    bool is_trim_refused; // that was logged
    size_t ignored;       // replies to come before that to XREAD
    bool is_asking;       // XREAD has no answer yet
    struct buffer bytes;  // of the entries of the last answer
    size_t count;         // of these
    size_t next;          // which is offered next
    size_t at;            // where it begins
    struct place places[ROUND_MAX];
    uint32_t sizes[ROUND_MAX];
    bool is_foreign;              // an id of the answer is not of cascaded
    char refusal[ERROR_TEXT_MAX]; // the answer was an error
};

static struct entry_source *
of(struct source *source)
{
    return (struct entry_source *)source;
}

static uint64_t
value_of(struct place place)
{
    return redis_outlet_id(place.run, place.number);
}

static struct place
place_of(uint64_t value)
{
    return (struct place){value >> 32, value & UINT32_MAX};
}

static struct slice
write_id(struct place place, char id[ID_MAX])
{
    int len = snprintf(id, ID_MAX, "%" PRIu64 "-%" PRIu64, place.run, place.number);
    return (struct slice){id, (size_t)len};
}

static void
end(struct entry_source *entries, enum reconnect_class class, const char *reason,
    const char *why)
{
    struct outcome outcome = {
        .class = class, .not_before = USEC_NONE, .reason = reason};
    (void)error_set(&outcome.error, STATUS_IO, "%s", why);
    source_end(&entries->source, &outcome);
}

// ── asking ─────────────────────────────────────────────────────────────────

static void
remove_old(struct entry_source *entries)
{
    char id[ID_MAX];
    const struct slice words[] = {SLICE_LIT("XTRIM"), slice_of(entries->key),
                                  SLICE_LIT("MINID"), write_id(entries->trim, id)};
    redis_conn_command(entries->conn, sizeof(words) / sizeof(words[0]), words);
    entries->ignored++;
    entries->must_trim = false;
}

static void
ask(struct entry_source *entries)
{
    char id[ID_MAX];
    const struct slice words[] = {
        SLICE_LIT("XREAD"),     SLICE_LIT("COUNT"),          SLICE_LIT(ROUND_ENTRIES),
        SLICE_LIT("BLOCK"),     slice_of(entries->block),    SLICE_LIT("STREAMS"),
        slice_of(entries->key), write_id(entries->place, id)};
    if (entries->must_trim) {
        remove_old(entries);
    }
    buffer_reset(&entries->bytes);
    entries->count = 0;
    entries->next = 0;
    entries->at = 0;
    entries->is_foreign = false;
    entries->refusal[0] = '\0';
    entries->is_asking = true;
    redis_conn_command(entries->conn, sizeof(words) / sizeof(words[0]), words);
}

// ── entries ────────────────────────────────────────────────────────────────

static bool
parse_id(struct slice text, struct place *ret_place)
{
    const char *dash = memchr(text.ptr, '-', text.len);
    size_t len = dash != NULL ? (size_t)(dash - text.ptr) : 0;
    return dash != NULL &&
           decimal_parse_whole((struct slice){text.ptr, len}, &ret_place->run) &&
           decimal_parse_whole((struct slice){dash + 1, text.len - len - 1},
                               &ret_place->number) &&
           ret_place->run <= UINT32_MAX && ret_place->number <= UINT32_MAX;
}

// The next snapshot tries again.
static void
on_trimmed(struct entry_source *entries, const struct redis_item *item)
{
    bool is_refused = item->type == REDIS_ITEM_ERROR;
    if (is_refused && !entries->is_trim_refused) {
        char text[ERROR_TEXT_MAX];
        redis_reader_print(item->text, text, sizeof(text));
        log_error(
            "trim_refused",
            "entries that were counted stay in the stream %s, and the sources are "
            "paused when it is full: Redis refuses XTRIM: %s",
            entries->key, text);
    }
    entries->is_trim_refused = is_refused;
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct entry_source *entries = context;
    if (entries->ignored != 0) {
        on_trimmed(entries, item);
        return;
    }
    if (item->depth == 0 && item->type == REDIS_ITEM_ERROR) {
        redis_reader_print(item->text, entries->refusal, sizeof(entries->refusal));
    } else if (item->depth == LEVEL_ENTRY && item->type == REDIS_ITEM_STRING) {
        if (entries->count == ROUND_MAX ||
            !parse_id(item->text, &entries->places[entries->count])) {
            entries->is_foreign = true;
            snprintf(entries->refusal, sizeof(entries->refusal),
                     "the stream contains an id that is not of cascaded: remove that "
                     "entry (XDEL), set the id of the last one that remains (XSETID), "
                     "and start again");
            return;
        }
        entries->sizes[entries->count++] = 0;
    } else if (item->depth == LEVEL_FIELD && item->index == 1 && entries->count != 0) {
        buffer_append(&entries->bytes, item->text);
        entries->sizes[entries->count - 1] = (uint32_t)item->text.len;
    }
}

// Entries between the last one and this one were removed before they were read.
static void
check_place(struct entry_source *entries, struct place found)
{
    struct source *source = &entries->source;
    bool follows = found.run == entries->place.run
                       ? found.number == entries->place.number + 1
                       : found.number == 1 || !entries->is_placed;
    if (!follows && !source->gap.is_open) {
        source_gap_open(&source->gap, &source->setup.callbacks, entries->cursor.time,
                        "removed", "");
        source_close_gap(source, source->setup.wall(), false);
    }
}

static void
take_place(struct entry_source *entries, struct place found, struct slice data)
{
    struct entry_head head;
    entries->place = found;
    entries->is_placed = true;
    entries->cursor.value = value_of(found);
    if (entry_read_head(data, &head) == STATUS_OK) {
        entries->cursor.time = head.wall;
    }
}

// Those of the last answer, as far as there is room; then it asks for more.
static void
offer_on(struct entry_source *entries)
{
    struct source *source = &entries->source;
    while (entries->next < entries->count) {
        size_t i = entries->next;
        const struct slice data = {entries->bytes.bytes + entries->at,
                                   entries->sizes[i]};
        char id[NUMBER_MAX];
        int len = snprintf(id, sizeof(id), "%" PRIu64, value_of(entries->places[i]));
        const struct source_message message = {{id, (size_t)len}, data, false};
        if (!source_offer(source, &message)) {
            return;
        }
        check_place(entries, entries->places[i]);
        take_place(entries, entries->places[i], data);
        source->metrics.bytes += data.len;
        entries->at += data.len;
        entries->next++;
    }
    if (!entries->is_asking && source->is_up) {
        ask(entries);
    }
}

static void
on_reply(void *context)
{
    struct entry_source *entries = context;
    if (entries->ignored != 0) {
        entries->ignored--;
        return;
    }
    entries->is_asking = false;
    for (int i = 0; i < LINES_PADDING; i++) {
        buffer_append_byte(&entries->bytes, '\0');
    }
    if (entries->refusal[0] == '\0' && entries->bytes.is_failed) {
        snprintf(entries->refusal, sizeof(entries->refusal), "no memory for entries");
    }
    if (entries->refusal[0] != '\0') {
        end(entries, entries->is_foreign ? RECONNECT_FATAL : RECONNECT_NETWORK,
            "refused", entries->refusal);
        return;
    }
    reconnect_up(&entries->reconnect);
    offer_on(entries);
}

// ── the connection ─────────────────────────────────────────────────────────

static void
on_up(void *context)
{
    struct entry_source *entries = context;
    struct source *source = &entries->source;
    source_up(source);
    source_flows(source);
    redis_conn_healthy(entries->conn);
    if (source->gap.is_open) {
        // What came since then is still there, or its numbers show that it is not.
        source_close_gap(source, source->up_wall, true);
    }
    source_set_state(source, SOURCE_IDLE_OK, NULL);
    ask(entries);
}

static void
on_down(void *context, enum redis_error_kind kind, const struct error *error)
{
    struct entry_source *entries = context;
    (void)kind;
    end(entries, RECONNECT_NETWORK, "closed", error->text);
}

static void
open_now(struct source *source)
{
    redis_conn_start(of(source)->conn);
}

static void
close_now(struct source *source)
{
    struct entry_source *entries = of(source);
    source->is_held = false; // it is read again
    entries->is_asking = false;
    entries->ignored = 0;
    entries->count = 0;
    entries->next = 0;
    if (entries->conn != NULL) {
        redis_conn_stop(entries->conn);
    }
}

static void
offer(struct source *source)
{
    offer_on(of(source));
}

static usec
after(struct source *source, const struct outcome *outcome, usec now)
{
    return reconnect_after(&of(source)->reconnect, outcome->class, now,
                           outcome->not_before);
}

static void
destroy(struct source *source)
{
    struct entry_source *entries = of(source);
    redis_conn_destroy(&entries->conn);
    buffer_fini(&entries->bytes);
    free(entries);
}

static const char *
peer(struct source *source)
{
    return redis_conn_address(of(source)->conn);
}

static bool
cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    const struct entry_source *entries = (const struct entry_source *)source;
    if (entries->is_placed) {
        *ret_cursor = entries->cursor;
    }
    return entries->is_placed;
}

static void
settle(struct source *source, const struct source_cursor *reached)
{
    struct entry_source *entries = of(source);
    entries->trim = place_of(reached->value);
    entries->must_trim = true;
}

static const struct source_transport entry_source_transport = {
    .open = open_now,
    .close = close_now,
    .destroy = destroy,
    .offer = offer,
    .after = after,
    .peer = peer,
    .cursor = cursor,
    .settle = settle,
};

// ── set-up ─────────────────────────────────────────────────────────────────

static void
set_place(struct entry_source *entries, const struct source_cursor *resume)
{
    struct source_cursor *place = &entries->cursor;
    snprintf(place->host, sizeof(place->host), SCALE_SOURCE);
    snprintf(place->wire, sizeof(place->wire), "stream");
    snprintf(place->kind, sizeof(place->kind), "seq");
    place->time = USEC_NONE;
    if (resume != NULL && strcmp(resume->wire, place->wire) == 0) {
        place->value = resume->value;
        place->time = resume->time;
        entries->place = place_of(resume->value);
        entries->is_placed = true;
    }
}

enum status
entry_source_create(const struct source_setup *setup, const struct redis_options *redis,
                    struct source **ret_source, struct error *error)
{
    static const struct redis_conn_calls calls = {on_up, on_down, on_item, on_reply};
    struct entry_source *entries = calloc(1, sizeof(*entries));
    if (entries == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    struct source *source = &entries->source;
    const struct liveness_rule rule = {.silence = 0}; // the connection detects it
    const struct redis_conn_setup conn = {.base = setup->base,
                                          .options = redis,
                                          .calls = &calls,
                                          .context = entries,
                                          .metrics = &entries->metrics};
    reconnect_init(&entries->reconnect, setup->seed, RECONNECT_JITTER);
    buffer_init(&entries->bytes, (size_t)ROUND_MAX * ENTRY_BYTES_MAX + LINES_PADDING);
    (void)scale_key(redis->prefix, entries->key);
    snprintf(entries->block, sizeof(entries->block), "%" PRId64,
             redis->timeout / 2 / USEC_PER_MS);
    set_place(entries, setup->resume);
    enum status status =
        source_init(source, setup, &entry_source_transport, &rule, error);
    if (status == STATUS_OK) {
        status = redis_conn_create(&conn, &entries->conn, error);
    }
    if (status != STATUS_OK) {
        source_destroy(&source);
        return status;
    }
    *ret_source = source;
    return STATUS_OK;
}
