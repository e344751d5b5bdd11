#include "ingest/sources/jetstream_wire.h"

#include <string.h>

#include "base/buffer.h"
#include "ingest/frames/lines.h"

const struct jetstream_wire_row jetstream_wire_rows[JETSTREAM_WIRE_COUNT] = {
    [JETSTREAM_SUBSCRIBE] = {"subscribe", "time_us", ""},
    [JETSTREAM_EVENTS] = {"subscribeEvents", "seq", "xrpc.v1.json"},
};

// The server would read a seq this large as a time.
#define SEQ_MAX UINT64_C(1000000000000000)

// What the two wires name differently.
static const struct {
    const char *collections;
    const char *users;
} parameters[JETSTREAM_WIRE_COUNT] = {
    [JETSTREAM_SUBSCRIBE] = {"wantedCollections", "wantedDids"},
    [JETSTREAM_EVENTS] = {"collections", "dids"},
};

// ── the address ────────────────────────────────────────────────────────────

static struct slice
query_of(struct slice path)
{
    const char *mark = path.len != 0 ? memchr(path.ptr, '?', path.len) : NULL;
    if (mark == NULL) {
        return (struct slice){"", 0};
    }
    return (struct slice){mark + 1, path.len - (size_t)(mark - path.ptr) - 1};
}

static bool
has_parameter(struct slice query, const char *name)
{
    size_t len = strlen(name);
    while (query.len > 0) {
        const char *end = memchr(query.ptr, '&', query.len);
        size_t size = end != NULL ? (size_t)(end - query.ptr) : query.len;
        if (size > len && memcmp(query.ptr, name, len) == 0 && query.ptr[len] == '=') {
            return true;
        }
        size += end != NULL;
        query.ptr += size;
        query.len -= size;
    }
    return false;
}

static bool
ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len &&
           memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

enum status
jetstream_wire_of(struct slice path, enum jetstream_wire *ret_wire, struct error *error)
{
    static const char *const own[] = {"cursor", "compress", "zstdDictionary",
                                      "maxMessageSizeBytes", "requireHello"};
    struct slice query = query_of(path);
    struct slice plain = {path.ptr, path.len - query.len};
    if (plain.len > 0 && plain.ptr[plain.len - 1] == '?') {
        plain.len--;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (has_parameter(query, own[i])) {
            return error_set(error, STATUS_RANGE,
                             "url: %s is set by the program: leave it out", own[i]);
        }
    }
    if (ends_with(plain, SLICE_LIT("/subscribe"))) {
        *ret_wire = JETSTREAM_SUBSCRIBE;
    } else if (ends_with(plain, SLICE_LIT("/network.bsky.jetstream.subscribeEvents"))) {
        *ret_wire = JETSTREAM_EVENTS;
    } else {
        return error_set(error, STATUS_RANGE,
                         "url: a wss:// address must be a Jetstream and end in "
                         "/subscribe or /network.bsky.jetstream.subscribeEvents");
    }
    return STATUS_OK;
}

bool
jetstream_wire_is_chosen(struct slice path)
{
    struct slice query = query_of(path);
    bool is_chosen = false;
    for (int wire = 0; wire < JETSTREAM_WIRE_COUNT; wire++) {
        is_chosen = is_chosen || has_parameter(query, parameters[wire].users) ||
                    has_parameter(query, parameters[wire].collections);
    }
    return is_chosen;
}

static void
append_parameter(struct buffer *text, const char *name, struct slice value)
{
    struct slice so_far = buffer_text(text);
    bool is_first = memchr(so_far.ptr, '?', so_far.len) == NULL;
    char last = so_far.len > 0 ? so_far.ptr[so_far.len - 1] : '/';
    if (is_first) {
        buffer_append_byte(text, '?');
    } else if (last != '?' && last != '&') {
        buffer_append_byte(text, '&');
    }
    buffer_append(text, slice_of(name));
    buffer_append_byte(text, '=');
    buffer_append(text, value);
}

static void
append_number(struct buffer *text, const char *name, uint64_t value)
{
    append_parameter(text, name, SLICE_LIT(""));
    buffer_append_u64(text, value);
}

void
jetstream_wire_path(struct slice path, enum jetstream_wire wire,
                    const struct jetstream_request *ask, struct buffer *text)
{
    struct slice query = query_of(path);
    const char *collections = parameters[wire].collections;
    buffer_append(text, path);
    if (!has_parameter(query, collections)) {
        append_parameter(text, collections, SLICE_LIT("app.bsky.feed.post"));
        append_parameter(text, collections, SLICE_LIT("app.bsky.feed.repost"));
        if (ask->has_likes) {
            append_parameter(text, collections, SLICE_LIT("app.bsky.feed.like"));
        }
    }
    if (wire == JETSTREAM_EVENTS && !has_parameter(query, "kinds")) {
        append_parameter(text, "kinds", SLICE_LIT("commit"));
    }
    append_number(text, "maxMessageSizeBytes", LINES_MAX);
    if (ask->is_packed && wire == JETSTREAM_SUBSCRIBE) {
        append_parameter(text, "compress", SLICE_LIT("true"));
    } else if (ask->is_packed) {
        append_number(text, "zstdDictionary", ask->dictionary);
    }
    if (ask->from != JETSTREAM_FROM_NOW) {
        append_number(text, "cursor", ask->cursor);
    }
}

// ── where to resume ────────────────────────────────────────────────────────

static uint64_t
earlier(usec time, usec span)
{
    return time > span ? (uint64_t)(time - span) : 0;
}

void
jetstream_wire_resume(const struct source_cursor *cursor, const char *host,
                      enum jetstream_wire wire, enum jetstream_from most,
                      struct jetstream_request *ask)
{
    const struct jetstream_wire_row *row = &jetstream_wire_rows[wire];
    bool is_own = strcmp(cursor->host, host) == 0 &&
                  strcmp(cursor->wire, row->name) == 0 &&
                  strcmp(cursor->kind, row->kind) == 0;
    ask->cursor = 0;
    if (cursor->time == USEC_NONE || most == JETSTREAM_FROM_NOW) {
        ask->from = JETSTREAM_FROM_NOW;
    } else if (!is_own || most == JETSTREAM_BY_TIME) {
        ask->from = JETSTREAM_BY_TIME;
        ask->cursor = earlier(cursor->time, JETSTREAM_REWIND_OTHER);
    } else if (wire == JETSTREAM_SUBSCRIBE) {
        ask->from = JETSTREAM_BY_VALUE;
        ask->cursor = earlier((usec)cursor->value, JETSTREAM_REWIND);
    } else {
        // In order, and the message itself is sent once more.
        ask->from = JETSTREAM_BY_VALUE;
        ask->cursor = cursor->value;
    }
}

// ── messages ───────────────────────────────────────────────────────────────

struct reader {
    const char *at;
    const char *end;
};

static bool
is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void
skip_space(struct reader *reader)
{
    while (reader->at < reader->end && is_space(*reader->at)) {
        reader->at++;
    }
}

static bool
take(struct reader *reader, char byte)
{
    skip_space(reader);
    if (reader->at < reader->end && *reader->at == byte) {
        reader->at++;
        return true;
    }
    return false;
}

// The text between the quotes, escapes included.
static bool
take_text(struct reader *reader, struct slice *ret_text)
{
    if (!take(reader, '"')) {
        return false;
    }
    const char *start = reader->at;
    const char *quote = start;
    for (;;) {
        size_t left = (size_t)(reader->end - quote);
        quote = left > 0 ? memchr(quote, '"', left) : NULL;
        if (quote == NULL) {
            return false;
        }
        const char *escape = quote;
        while (escape > start && escape[-1] == '\\') {
            escape--;
        }
        if ((quote - escape) % 2 == 0) {
            break;
        }
        quote++;
    }
    *ret_text = (struct slice){start, (size_t)(quote - start)};
    reader->at = quote + 1;
    return true;
}

// Skips a value of any type.
static bool
skip_value(struct reader *reader)
{
    size_t depth = 0;
    struct slice text;
    skip_space(reader);
    while (reader->at < reader->end) {
        char byte = *reader->at;
        if (byte == '"') {
            if (!take_text(reader, &text)) {
                return false;
            }
        } else if (depth == 0 && (byte == ',' || byte == '}' || byte == ']')) {
            return true;
        } else {
            depth += byte == '{' || byte == '[';
            depth -= byte == '}' || byte == ']';
            reader->at++;
        }
    }
    return false;
}

static bool
take_number(struct reader *reader, uint64_t *ret_value)
{
    uint64_t value = 0;
    skip_space(reader);
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        uint64_t digit = (uint64_t)(*reader->at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = 10 * value + digit;
        reader->at++;
    }
    bool is_whole = reader->at > start && reader->at < reader->end &&
                    (*reader->at == ',' || *reader->at == '}' || is_space(*reader->at));
    if (is_whole) {
        *ret_value = value;
    }
    return is_whole;
}

// The next key of an object whose '{' was read; the reader is then at its value.
static bool
next_key(struct reader *reader, bool *is_first, struct slice *ret_key)
{
    if (!*is_first && !take(reader, ',')) {
        return false;
    }
    *is_first = false;
    return take_text(reader, ret_key) && take(reader, ':');
}

static void
read_time_us(struct reader *reader, struct jetstream_place *place)
{
    struct slice key;
    bool is_first = true;
    uint64_t value;
    while (next_key(reader, &is_first, &key)) {
        if (slice_equal(key, SLICE_LIT("time_us"))) {
            if (take_number(reader, &value) && value <= INT64_MAX) {
                place->value = value;
                place->time = (usec)value;
            }
            return;
        }
        if (!skip_value(reader)) {
            return;
        }
    }
}

static void
read_payload(struct reader *reader, struct jetstream_place *place)
{
    struct slice key;
    struct slice text;
    bool is_first = true;
    bool has_seq = false;
    bool has_time = false;
    uint64_t seq = 0;
    usec time = USEC_NONE;
    while ((!has_seq || !has_time) && next_key(reader, &is_first, &key)) {
        bool is_good;
        if (slice_equal(key, SLICE_LIT("seq"))) {
            has_seq = is_good = take_number(reader, &seq) && seq < SEQ_MAX;
        } else if (slice_equal(key, SLICE_LIT("time"))) {
            has_time = is_good = take_text(reader, &text) &&
                                 usec_parse_rfc3339(text, &time) == STATUS_OK;
        } else {
            is_good = skip_value(reader);
        }
        if (!is_good) {
            return;
        }
    }
    if (has_seq && has_time) {
        place->value = seq;
        place->time = time;
    }
}

static void
read_envelope(struct reader *reader, struct jetstream_place *place)
{
    struct slice key;
    struct slice error;
    bool is_first = true;
    while (next_key(reader, &is_first, &key)) {
        if (slice_equal(key, SLICE_LIT("payload"))) {
            if (take(reader, '{')) {
                read_payload(reader, place);
            }
            return;
        }
        if (slice_equal(key, SLICE_LIT("error"))) {
            place->is_refused_cursor = take_text(reader, &error) &&
                                       (slice_equal(error, SLICE_LIT("FutureCursor")) ||
                                        slice_equal(error, SLICE_LIT("CursorTooOld")));
            return;
        }
        if (!skip_value(reader)) {
            return;
        }
    }
}

void
jetstream_wire_read(enum jetstream_wire wire, struct slice message,
                    struct jetstream_place *ret_place)
{
    struct jetstream_place place = {.time = USEC_NONE};
    struct reader reader = {message.ptr, message.ptr + message.len};
    if (take(&reader, '{')) {
        if (wire == JETSTREAM_SUBSCRIBE) {
            read_time_us(&reader, &place);
        } else {
            read_envelope(&reader, &place);
        }
    }
    *ret_place = place;
}
