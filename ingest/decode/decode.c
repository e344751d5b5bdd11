#include "ingest/decode/decode.h"

#include "ingest/decode/decode_order.h"
#include "ingest/decode/decode_parts.h"
#include "ingest/decode/decode_words.h"
#include "ingest/frames/array.h"
#include "ingest/frames/lines.h"
#include "ingest/text/network.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)LINES_PADDING >= (int)JSON_PADDING, "lines are followed by enough");
_Static_assert((int)LINES_MAX <= (int)DECODE_MESSAGE_MAX, "the longest line is read");

// The most memory for the contents of one message.
enum { ARENA_MAX = 64 << 20 };

struct decoder {
    enum decode_format format;
    struct decode_run run;
    size_t ordered; // posts of the documents before the current one
};

// ---- the formats ----

struct part {
    const char *net;
    const struct json_table *table;
    void (*read)(struct decode_run *run);
};

// clang-format off
static const struct part parts[DECODE_FORMAT_COUNT] = {
    [DECODE_X1]        = {NETWORK_X ":",        &decode_x1_shape_table,  decode_x1_read},
    [DECODE_X2]        = {NETWORK_X ":",        &decode_x2_shape_table,  decode_x2_read},
    [DECODE_JETSTREAM] = {NETWORK_BLUESKY ":",  &decode_jetstream_shape_table, decode_jetstream_read},
    [DECODE_MASTODON]  = {NETWORK_MASTODON ":", &decode_mastodon_shape_table,  decode_mastodon_read},
    [DECODE_POST]      = {"post:",              &decode_post_table,      decode_post_read},
};

// Keys that only one format has: the first of them in a message determines its format.
#define DECISIVE(X)                        \
    X("id_str",                 X1)        \
    X("retweeted_status",       X1)        \
    X("timestamp_ms",           X1)        \
    X("delete",                 X1)        \
    X("scrub_geo",              X1)        \
    X("status_withheld",        X1)        \
    X("user_withheld",          X1)        \
    X("tweet_delete",           X1)        \
    X("user_delete",            X1)        \
    X("user_undelete",          X1)        \
    X("user_suspend",           X1)        \
    X("user_unsuspend",         X1)        \
    X("user_protect",           X1)        \
    X("user_unprotect",         X1)        \
    X("friends_str",            X1)        \
    X("for_user",               X1)        \
    X("direct_message",         X1)        \
    X("data",                   X2)        \
    X("includes",               X2)        \
    X("matching_rules",         X2)        \
    X("author_id",              X2)        \
    X("conversation_id",        X2)        \
    X("edit_history_tweet_ids", X2)        \
    X("referenced_tweets",      X2)        \
    X("connection_issue",       X2)        \
    X("did",                    JETSTREAM) \
    X("commit",                 JETSTREAM) \
    X("time_us",                JETSTREAM) \
    X("$type",                  JETSTREAM) \
    X("reblog",                 MASTODON)  \
    X("spoiler_text",           MASTODON)  \
    X("time",                   POST)      \
    X("retweet_of",             POST)      \
    X("quote_of",               POST)      \
    X("reply_to",               POST)      \
    X("via",                    POST)      \
    X("deleted",                POST)

// Common keys: they determine the format only if the message has none of those.
#define LIKELY(X)              \
    X("user",       X1)        \
    X("drop",       X1)        \
    X("limit",      X1)        \
    X("disconnect", X1)        \
    X("warning",    X1)        \
    X("friends",    X1)        \
    X("control",    X1)        \
    X("errors",     X2)        \
    X("action",     X2)        \
    X("meta",       X2)        \
    X("title",      X2)        \
    X("error",      JETSTREAM) \
    X("uri",        MASTODON)  \
    X("account",    MASTODON)  \
    X("content",    MASTODON)  \
    X("stream",     MASTODON)  \
    X("event",      MASTODON)
// clang-format on

#define X(key, format) {key, JSON_PRESENT, 0, NULL, 0},
static const struct json_field decisive_fields[] = {DECISIVE(X) JSON_FIELD_END};
static const struct json_field likely_fields[] = {LIKELY(X) JSON_FIELD_END};
#undef X
static const struct json_table decisive_table = {decisive_fields, 0};
static const struct json_table likely_table = {likely_fields, 0};

// The format of each row, and of a message without such keys.
#define X(key, format) DECODE_##format,
static const enum decode_format decided[] = {DECISIVE(X) DECODE_AUTO};
static const enum decode_format likely[] = {LIKELY(X) DECODE_AUTO};
#undef X

// ---- reading ----

// The format of the opened message; DECODE_AUTO if it is unknown.
static enum decode_format
find_format(struct decoder *decoder)
{
    size_t row = 0;
    if (decoder->format != DECODE_AUTO) {
        return decoder->format;
    }
    if (!decode_run_first_key(&decoder->run, &decisive_table, &row)) {
        return DECODE_AUTO;
    }
    if (decided[row] != DECODE_AUTO) {
        return decided[row];
    }
    if (!decode_run_first_key(&decoder->run, &likely_table, &row)) {
        return DECODE_AUTO;
    }
    if (likely[row] == DECODE_AUTO) {
        decode_run_refuse(&decoder->run, DECODE_REASON_FORMAT);
    }
    return likely[row];
}

static void
begin(struct decoder *decoder)
{
    struct decode_run *run = &decoder->run;
    decoder->ordered = 0;
    arena_reset(&run->arena);
    run->count = 0;
    run->capacity = 0;
    run->is_opened = false;
    run->event = SLICE_NONE;
    run->reason = DECODE_REASON_NONE;
    run->refusal = DECODE_REASON_NONE;
}

static void
read_as(struct decode_run *run, const struct part *part)
{
    run->net = slice_of(part->net);
    part->read(run);
}

const struct json_table *
decode_parts_table(enum decode_format format)
{
    return parts[format].table;
}

static void
mark_undone_by_id(struct post *post)
{
    const struct network *network =
        post->kind == POST_RETWEETED ? network_of_id(post->id) : NULL;
    post->is_undone_by_id = network != NULL && network->is_undone_by_id;
}

// Brings the posts of a document that was read into the order of time.
static void
order_document(struct decoder *decoder)
{
    struct decode_run *run = &decoder->run;
    size_t count = run->count - decoder->ordered;
    if (count > 1) {
        decode_order(&run->arena, run->posts + decoder->ordered, count);
    }
    decoder->ordered = run->count;
}

static enum decode_result
finish(struct decoder *decoder, const struct post **ret_posts, size_t *ret_count,
       enum decode_reason *ret_reason)
{
    struct decode_run *run = &decoder->run;
    decode_run_settle(run);
    order_document(decoder);
    run->metrics.details += run->is_opened ? json_dropped(run->json) : 0;
    for (size_t i = 0; i < run->count; i++) {
        mark_undone_by_id(&run->posts[i]);
    }
    if (run->count != 0) {
        *ret_posts = run->posts;
        *ret_count = run->count;
        return DECODE_POSTS;
    }
    if (run->refusal != DECODE_REASON_NONE) {
        *ret_reason = run->refusal;
        return DECODE_REFUSED;
    }
    return DECODE_CONTROL;
}

static size_t
skip_spaces(struct slice message)
{
    size_t at = 0;
    while (at < message.len && array_is_space(message.ptr[at])) {
        at++;
    }
    return at;
}

static bool
is_keep_alive(struct slice message)
{
    size_t at = skip_spaces(message);
    return at == message.len || message.ptr[at] == ':';
}

static void read_message(struct decoder *decoder, struct slice event,
                         struct slice message);

// What was in an envelope may be several documents, as in an event of its own.
static void
read_payload(struct decoder *decoder)
{
    struct decode_run *run = &decoder->run;
    struct slice event = run->event;
    run->event = SLICE_NONE;
    if (event.len != 0) {
        read_message(decoder, event, run->payload);
    } else if (!slice_is_none(event)) {
        decode_mastodon_event(run, event, run->payload);
    }
}

static void
read_one(struct decoder *decoder, struct slice event, struct slice message)
{
    struct decode_run *run = &decoder->run;
    if (event.len != 0) {
        run->net = slice_of(parts[DECODE_MASTODON].net);
        decode_mastodon_event(run, event, message);
    } else if (decode_run_open(run, message)) {
        enum decode_format format = find_format(decoder);
        if (format != DECODE_AUTO) {
            read_as(run, &parts[format]);
            read_payload(decoder);
        }
    }
}

// Reads an element. False: it is text in place of a document. In an array that is whole
// such text is an element like others.
static bool
read_element(struct decoder *decoder, struct slice event, const struct array_step *step,
             bool is_text_read)
{
    struct decode_run *run = &decoder->run;
    if (step->element.ptr[0] != '{' && !is_text_read) {
        return false;
    }
    if (step->is_deep) {
        decode_run_refuse(run, DECODE_REASON_TOO_DEEP);
    } else {
        read_one(decoder, event, step->element);
    }
    decode_run_settle(run);
    return true;
}

// Each document, and each element of an array, is decoded on its own.
static void
read_documents(struct decoder *decoder, struct slice event, struct slice message)
{
    struct decode_run *run = &decoder->run;
    struct array array;
    struct array_step step;
    size_t documents = 0;
    bool is_empty = true;
    bool is_broken = false;
    bool is_whole = array_is_whole(message);
    bool has_comma = memchr(message.ptr, ',', message.len) != NULL;
    array_reset_documents(&array, true);
    do {
        array_next(&array, message, true, &step);
        message = (struct slice){message.ptr + step.used, message.len - step.used};
        if (array.documents != documents) {
            order_document(decoder);
            documents = array.documents;
        }
        if (step.found == ARRAY_ELEMENT || step.found == ARRAY_CUT) {
            bool is_text_read = is_whole && array.level != 0;
            is_empty = false;
            is_broken = !read_element(decoder, event, &step, is_text_read) || is_broken;
        }
    } while (step.found != ARRAY_NONE);
    bool is_one = array.level == 0 && documents == 1 && !has_comma;
    if (is_broken || (is_empty && !is_one)) {
        decode_run_refuse(run, DECODE_REASON_JSON);
    } else if (is_empty) {
        decode_run_control(run, DECODE_CONTROL_EMPTY);
    }
}

// The first byte that is no white space; NUL if there is none.
static char
first_of(struct slice message)
{
    size_t at = skip_spaces(message);
    return at < message.len ? message.ptr[at] : '\0';
}

// Most messages are one object, so a message is split only if it is not.
static void
read_message(struct decoder *decoder, struct slice event, struct slice message)
{
    struct decode_run *run = &decoder->run;
    char first = first_of(message);
    if (first != '[') {
        read_one(decoder, event, message);
        bool is_more = run->reason != DECODE_REASON_NONE &&
                       (first == ',' || (first == '{' && array_is_sequence(message)));
        if (!is_more) {
            return;
        }
        run->reason = DECODE_REASON_NONE;
        run->is_opened = false;
    }
    read_documents(decoder, event, message);
}

static struct slice
skip_byte_order_mark(struct slice message)
{
    const struct slice mark = SLICE_LIT("\xef\xbb\xbf");
    bool is_marked = slice_starts(message, mark);
    return is_marked ? (struct slice){message.ptr + mark.len, message.len - mark.len}
                     : message;
}

enum decode_result
decoder_read(struct decoder *decoder, struct slice message,
             const struct post **ret_posts, size_t *ret_count,
             enum decode_reason *ret_reason)
{
    struct decode_run *run = &decoder->run;
    begin(decoder);
    bool is_silent = is_keep_alive(message);
    message = skip_byte_order_mark(message);
    if (is_silent) {
        decode_run_control(run, DECODE_CONTROL_KEEP_ALIVE);
    } else if (message.len > DECODE_MESSAGE_MAX) {
        decode_run_refuse(run, DECODE_REASON_TOO_LONG);
    } else {
        read_message(decoder, SLICE_NONE, message);
    }
    return finish(decoder, ret_posts, ret_count, ret_reason);
}

enum decode_result
decoder_read_event(struct decoder *decoder, struct slice event, struct slice data,
                   const struct post **ret_posts, size_t *ret_count,
                   enum decode_reason *ret_reason)
{
    bool is_plain =
        event.len == 0 || slice_equal(event, SLICE_LIT("message")) ||
        (decoder->format != DECODE_AUTO && decoder->format != DECODE_MASTODON);
    if (is_plain) {
        return decoder_read(decoder, data, ret_posts, ret_count, ret_reason);
    }
    begin(decoder);
    read_message(decoder, event, skip_byte_order_mark(data));
    return finish(decoder, ret_posts, ret_count, ret_reason);
}

struct decoder *
decoder_create(enum decode_format format, struct error *error)
{
    const struct json_table *tables[DECODE_FORMAT_COUNT + 1] = {&decisive_table,
                                                                &likely_table};
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    for (size_t i = DECODE_AUTO + 1; i < DECODE_FORMAT_COUNT; i++) {
        tables[i + 1] = parts[i].table;
    }
    if (decoder != NULL) {
        decoder->format = format;
        arena_init(&decoder->run.arena, ARENA_MAX);
        decoder->run.json =
            json_create(tables, DECODE_FORMAT_COUNT + 1, DECODE_MESSAGE_MAX);
    }
    if (decoder == NULL || decoder->run.json == NULL ||
        !arena_reserve(&decoder->run.arena)) {
        (void)error_set(error, STATUS_NOMEM, "no memory for a decoder");
        decoder_destroy(&decoder);
    }
    return decoder;
}

void
decoder_name_source(struct decoder *decoder, struct slice source)
{
    decoder->run.source = source;
}

void
decoder_find_campaigns(struct decoder *decoder, const struct campaign_words *words)
{
    decoder->run.campaigns = words;
}

void
decoder_destroy(struct decoder **decoder)
{
    if (*decoder != NULL) {
        json_destroy(&(*decoder)->run.json);
        arena_fini(&(*decoder)->run.arena);
        free(*decoder);
        *decoder = NULL;
    }
}

enum decode_reason
decoder_refusal(const struct decoder *decoder)
{
    return decoder->run.refusal;
}

const struct decode_metrics *
decoder_metrics(const struct decoder *decoder)
{
    return &decoder->run.metrics;
}
