#include "daemon/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/decimal.h"
#include "base/log.h"
#include "daemon/entry_intake.h"
#include "daemon/entry_source.h"
#include "daemon/feed.h"
#include "daemon/gaps.h"
#include "daemon/wall_clock.h"
#include "ingest/decode/decode_format.h"
#include "ingest/decode/decode_words.h"
#include "ingest/sources/mastodon_timeline.h"
#include "ingest/sources/source_open.h"
#include "net/clock.h"
#include "net/timer.h"
#include "sinks/redis/redis_sink.h"

#define ROOM_POLL USEC_PER_MS         // a flush is in progress
#define FULL_POLL (50 * USEC_PER_MS)  // Redis is behind
#define LOG_EVERY (30 * USEC_PER_S)   // between lines about one source
#define STATE_SAME (5 * USEC_PER_MIN) // between repetitions of a line

enum { LOG_BURST = 6 };

// Whether a snapshot contains a cursor of the stream. SAVED also if that snapshot could
// not be written, or if none is ever written.
enum stream_note { NOTE_NONE, NOTE_BEGUN, NOTE_SAVED };

struct stream {
    struct source_options options;
    struct stream_setup setup;
    struct source *source;
    struct feed feed;
    struct gaps gaps;
    struct timer retry;             // tries again when there may be room
    struct source_cursor committed; // position to reach; time USEC_NONE: reached
    bool has_new_gap;
    enum stream_note note;
    // In the snapshot that is being written, and in the last one that was.
    struct source_cursor noted[2];
    struct entry_intake intake; // of a worker
    struct source_cursor saved; // passed to the sink last; time USEC_NONE: never
    uint64_t logged_reasons;    // bit for each enum decode_reason

    // The log: the last state that was logged, and how many lines are allowed.
    enum source_state logged;
    char logged_why[ERROR_TEXT_MAX];
    usec logged_at; // monotonic
    unsigned lines_left;
    usec lines_refilled;
    uint64_t lines_skipped;
};

#define AT(member) offsetof(struct stream_metrics, member)
#define STATE(name, state)                                                             \
    {                                                                                  \
        "cascaded_source_state", "state=\"" name "\"", METRIC_GAUGE,                   \
            AT(states[state]), "1 for the current state of the source"                 \
    }

// clang-format off
const struct metric stream_metric_rows[] = {
    STATE("connecting", SOURCE_CONNECTING),
    STATE("live", SOURCE_LIVE),
    STATE("idle-ok", SOURCE_IDLE_OK),
    STATE("stalled", SOURCE_STALLED),
    STATE("backing-off", SOURCE_BACKING_OFF),
    STATE("failed", SOURCE_FAILED),
    {"cascaded_source_lag_seconds", NULL, METRIC_SPAN, AT(lag),
     "Age of the newest post; 0 while none is expected"},
    {"cascaded_source_gap_open", NULL, METRIC_GAUGE, AT(gap_open),
     "1 while messages of the source may be missing"},
    METRIC_END,
};
// clang-format on

_Static_assert(DECODE_REASON_COUNT <= 64, "logged_reasons has a bit for each");

// ── the log ────────────────────────────────────────────────────────────────

static bool
may_log(struct stream *stream, enum source_state state, const char *why)
{
    usec now = clock_monotonic();
    usec spent = now - stream->lines_refilled;
    if (spent >= LOG_EVERY) {
        uint64_t more = (uint64_t)(spent / LOG_EVERY) + stream->lines_left;
        stream->lines_left = more < LOG_BURST ? (unsigned)more : LOG_BURST;
        stream->lines_refilled = now;
    }
    bool is_same = state == stream->logged && strcmp(why, stream->logged_why) == 0 &&
                   now - stream->logged_at < STATE_SAME;
    if (state != SOURCE_FAILED && (is_same || stream->lines_left == 0)) {
        stream->lines_skipped++;
        return false;
    }
    stream->lines_left -= stream->lines_left != 0;
    stream->logged_at = now;
    return true;
}

static void
on_state(void *context, enum source_state state, const struct error *error)
{
    struct stream *stream = context;
    const char *why = error != NULL ? error->text : "";
    bool is_quiet = state == SOURCE_CONNECTING || state == SOURCE_IDLE_OK;
    if (is_quiet || (state == SOURCE_LIVE && stream->logged == SOURCE_LIVE) ||
        !may_log(stream, state, why)) {
        return;
    }
    enum log_level level = state == SOURCE_LIVE     ? LOG_LEVEL_INFO
                           : state == SOURCE_FAILED ? LOG_LEVEL_ERROR
                                                    : LOG_LEVEL_WARN;
    char more[64] = "";
    if (stream->lines_skipped != 0) {
        snprintf(more, sizeof(more), " (and %" PRIu64 " changes not shown)",
                 stream->lines_skipped);
    }
    log_write(level, LOG_EVENT_OF("source_state", "source", stream->options.name),
              "source \"%s\": %s%s%s%s", stream->options.name, source_state_name(state),
              why[0] != '\0' ? ": " : "", why, more);
    stream->lines_skipped = 0;
    stream->logged = state;
    snprintf(stream->logged_why, sizeof(stream->logged_why), "%s", why);
}

static void
report_refused(struct stream *stream, enum decode_reason reason)
{
    uint64_t bit = (uint64_t)1 << reason;
    if ((stream->logged_reasons & bit) == 0) {
        stream->logged_reasons |= bit;
        log_warn_of("message_refused", "source", stream->options.name,
                    "source \"%s\": refused a message: %s (the first of its kind)",
                    stream->options.name, decode_reason_name(reason));
    }
}

// ── messages ───────────────────────────────────────────────────────

static void
on_retry(void *context)
{
    const struct stream *stream = context;
    source_resume(stream->source);
}

// A message of which the pipeline took only some posts is read again as a whole: the
// posts it has are duplicates then.
static bool
on_message(void *context, const struct source_message *message)
{
    struct stream *stream = context;
    if (redis_sink_is_full(stream->setup.sink)) {
        timer_set(&stream->retry, FULL_POLL);
        return false;
    }
    (void)feed_read(&stream->feed, message->event, message->data);
    enum decode_reason reason = decoder_refusal(stream->feed.decoder);
    stream->feed.is_live = true;
    stream->feed.is_arrival =
        !message->is_late && slice_equal(message->event, SLICE_LIT("update"));
    if (reason != DECODE_REASON_NONE) {
        report_refused(stream, reason);
    }
    usec wall = wall_clock_now();
    while (feed_next(&stream->feed) != NULL) {
        if (feed_push(&stream->feed, wall) == STATUS_AGAIN) {
            timer_set(&stream->retry, ROOM_POLL);
            return false;
        }
    }
    return true;
}

// ── gaps ───────────────────────────────────────────────────────────────────

static void
on_gap(void *context, const struct source_gap *gap)
{
    struct stream *stream = context;
    gaps_note(&stream->gaps, gap);
    stream->has_new_gap = true;
    if (gap->to != USEC_NONE && strstr(gap->reason, "_fill_") != NULL) {
        log_warn_of("gap_kept", "source", stream->options.name,
                    "source \"%s\": messages of a gap cannot be recovered: %s",
                    stream->options.name, gap->reason);
    }
}

// ── entries ────────────────────────────────────────────────────────────────

// The posts of a damaged entry are missing.
static void
note_damaged(struct stream *stream)
{
    const struct source_gap gap = {.from = stream->intake.head.wall != USEC_NONE
                                               ? stream->intake.head.wall
                                               : wall_clock_now(),
                                   .to = wall_clock_now(),
                                   .reason = "damaged"};
    on_gap(stream, &gap);
}

// As on_message.
static bool
on_entry(void *context, const struct source_message *message)
{
    struct stream *stream = context;
    uint64_t id = 0;
    if (redis_sink_is_full(stream->setup.sink)) {
        timer_set(&stream->retry, FULL_POLL);
        return false;
    }
    (void)decimal_parse_whole(message->event, &id);
    enum status status =
        entry_intake_take(&stream->intake, &stream->feed, id, message->data);
    if (status == STATUS_AGAIN) {
        bool is_partly = stream->intake.counted != 0;
        timer_set(&stream->retry, is_partly ? ROOM_POLL : FULL_POLL);
        return false;
    }
    if (status == STATUS_PARSE) {
        note_damaged(stream);
    }
    return true;
}

// ── life ───────────────────────────────────────────────────────────────────

// A gap that was open when the previous process ended continues.
static usec
missed_from(const struct stream *stream)
{
    usec from = stream->setup.missed_from;
    usec open = gaps_open_since(&stream->gaps);
    return open != USEC_NONE && open < from ? open : from;
}

static bool
create_source(struct stream *stream, struct error *error)
{
    const struct stream_setup *setup = &stream->setup;
    struct source_setup source = {
        .base = setup->base,
        .client = setup->client,
        .options = &stream->options,
        .resume = setup->resume,
        .missed_from = missed_from(stream),
        .callbacks = {setup->entries != NULL ? on_entry : on_message, on_state, on_gap,
                      stream},
        .wall = wall_clock_now,
        .monotonic = clock_monotonic,
    };
    if (getrandom(&source.seed, sizeof(source.seed), 0) !=
        (ssize_t)sizeof(source.seed)) {
        error_set(error, STATUS_IO, "cannot get random bytes from the system");
        return false;
    }
    enum decode_format format = DECODE_AUTO;
    if (decode_format_parse(slice_of(stream->options.format), &format) != STATUS_OK) {
        error_set(error, STATUS_PARSE, "there is no format %s", stream->options.format);
        return false;
    }
    if (!feed_init(&stream->feed, setup->pipeline, setup->sink, format, error)) {
        return false;
    }
    stream->feed.handover = setup->handover;
    decoder_find_campaigns(stream->feed.decoder, setup->campaigns);
    decoder_name_source(stream->feed.decoder, slice_of(stream->options.name));
    if (setup->entries != NULL) {
        return entry_source_create(&source, setup->entries, &stream->source, error) ==
               STATUS_OK;
    }
    return source_open(&source, &stream->source, error) == STATUS_OK;
}

struct stream *
stream_create(const struct stream_setup *setup, struct error *error)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for a source");
        return NULL;
    }
    stream->options = *setup->options;
    stream->setup = *setup;
    stream->saved.time = USEC_NONE;
    stream->noted[0].time = USEC_NONE;
    stream->noted[1].time = USEC_NONE;
    entry_intake_init(&stream->intake, setup->pipeline, setup->campaigns);
    stream->note = setup->is_noted ? NOTE_SAVED : NOTE_NONE;
    stream->logged = SOURCE_CONNECTING;
    stream->lines_left = LOG_BURST;
    stream->lines_refilled = clock_monotonic();
    gaps_init(&stream->gaps);
    stream->committed.time = USEC_NONE;
    if (setup->recalled != NULL) {
        stream->gaps = setup->recalled->gaps;
        gaps_rewind(&stream->gaps, wall_clock_now());
    }
    if (setup->recalled != NULL && setup->resume != NULL) {
        stream->committed = setup->recalled->cursor;
    }
    bool has_timer =
        timer_init(&stream->retry, setup->base, on_retry, stream) == STATUS_OK;
    if (!has_timer) {
        error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    if (!has_timer || !create_source(stream, error)) {
        stream_destroy(&stream);
        return NULL;
    }
    struct source_cursor cursor;
    if (!stream_cursor(stream, &cursor) && setup->missed_from == USEC_NONE) {
        // Otherwise a gap that was left open continues, and the source may still
        // recover its messages.
        gaps_settle(&stream->gaps, wall_clock_now());
    }
    return stream;
}

void
stream_destroy(struct stream **stream)
{
    struct stream *s = *stream;
    if (s == NULL) {
        return;
    }
    source_destroy(&s->source);
    feed_fini(&s->feed);
    timer_fini(&s->retry);
    free(s);
    *stream = NULL;
}

void
stream_start(struct stream *stream)
{
    if (mastodon_timeline_lacks_boosts(stream->options.url)) {
        log_info_of("boosts_missing", "source", stream->options.name,
                    "source \"%s\": Mastodon's public streams contain no boosts, so no "
                    "one gains retweets, reach or influence from them",
                    stream->options.name);
    }
    source_start(stream->source);
}

void
stream_stepped(struct stream *stream, usec now)
{
    gaps_rewind(&stream->gaps, now);
    stream->has_new_gap = true;
    if (stream->feed.last_time > now) {
        stream->feed.last_time = now;
    }
}

// ── cursors and gaps in Redis ──────────────────────────────────────────────

static bool
is_saved(const struct stream *stream, const struct source_cursor *cursor)
{
    const struct source_cursor *saved = &stream->saved;
    return saved->time == cursor->time && saved->value == cursor->value &&
           strcmp(saved->host, cursor->host) == 0;
}

static void
save_cursor(struct stream *stream)
{
    struct source_cursor cursor;
    if (!stream_cursor(stream, &cursor) || is_saved(stream, &cursor)) {
        return;
    }
    char value[24];
    char time[USEC_TEXT_MAX];
    snprintf(value, sizeof(value), "%" PRIu64, cursor.value);
    const struct change_field fields[] = {
        {SLICE_LIT("host"), slice_of(cursor.host)},
        {SLICE_LIT("wire"), slice_of(cursor.wire)},
        {SLICE_LIT("kind"), slice_of(cursor.kind)},
        {SLICE_LIT("value"), slice_of(value)},
        {SLICE_LIT("time"), slice_of(usec_format_rfc3339(cursor.time, time))},
        {SLICE_LIT("offsets"), slice_of(cursor.offsets)},
    };
    size_t count = sizeof(fields) / sizeof(fields[0]);
    if (redis_sink_set_cursor(stream->setup.sink, slice_of(stream->options.name),
                              fields, cursor.offsets[0] != '\0' ? count : count - 1) ==
        STATUS_OK) {
        stream->saved = cursor;
    }
}

static void
save_gaps(struct stream *stream)
{
    if (!stream->has_new_gap) {
        return;
    }
    static struct gaps_texts texts;
    size_t count = gaps_fields(&stream->gaps, &texts);
    stream->has_new_gap =
        redis_sink_set_gaps(stream->setup.sink, slice_of(stream->options.name),
                            texts.fields, count) != STATUS_OK;
}

void
stream_save(struct stream *stream)
{
    if (stream->note == NOTE_SAVED) {
        save_cursor(stream);
    }
    save_gaps(stream);
}

void
stream_stop(struct stream *stream)
{
    save_cursor(stream);
    save_gaps(stream);
    timer_stop(&stream->retry);
    source_stop(stream->source);
}

void
stream_forget(struct stream *stream)
{
    struct slice name = slice_of(stream->options.name);
    if (redis_sink_set_cursor(stream->setup.sink, name, NULL, 0) != STATUS_OK ||
        redis_sink_set_gaps(stream->setup.sink, name, NULL, 0) != STATUS_OK) {
        log_warn_of("cursor_kept", "source", stream->options.name,
                    "source \"%s\": its cursor could not be removed from Redis",
                    stream->options.name);
    }
}

// ── views ──────────────────────────────────────────────────────────────────

const struct source_options *
stream_options(const struct stream *stream)
{
    return &stream->options;
}

enum source_state
stream_state(const struct stream *stream)
{
    return source_state_of(stream->source);
}

bool
stream_is_live(const struct stream *stream)
{
    enum source_state state = source_state_of(stream->source);
    return state == SOURCE_LIVE || state == SOURCE_IDLE_OK;
}

bool
stream_gap(const struct stream *stream, usec since, usec *ret_from, usec *ret_to)
{
    return gaps_newest(&stream->gaps, since, ret_from, ret_to);
}

usec
stream_missing_until(const struct stream *stream)
{
    return gaps_is_open(&stream->gaps) ? INT64_MAX : stream->gaps.missing_until;
}

bool
stream_is_whole(const struct stream *stream)
{
    return entry_intake_is_complete(&stream->intake);
}

usec
stream_lag(const struct stream *stream, usec wall)
{
    if (stream->setup.entries != NULL) {
        return entry_intake_lag(&stream->intake, wall);
    }
    enum source_state state = stream_state(stream);
    usec last = stream->feed.last_time;
    bool should_send = state != SOURCE_IDLE_OK && state != SOURCE_FAILED;
    return should_send && last != USEC_NONE && wall > last ? wall - last : 0;
}

void
stream_metrics(const struct stream *stream, usec wall,
               struct stream_metrics *ret_metrics)
{
    *ret_metrics = (struct stream_metrics){
        .lag = (uint64_t)stream_lag(stream, wall),
        .gap_open = gaps_is_open(&stream->gaps),
    };
    ret_metrics->states[stream_state(stream)] = 1;
}

bool
stream_cursor(const struct stream *stream, struct source_cursor *ret_cursor)
{
    return source_cursor(stream->source, ret_cursor) && ret_cursor->time != USEC_NONE;
}

bool
stream_lacks_note(const struct stream *stream)
{
    struct source_cursor cursor;
    return stream->note == NOTE_NONE && stream_cursor(stream, &cursor);
}

bool
stream_is_noted(const struct stream *stream)
{
    return stream->note == NOTE_SAVED;
}

void
stream_note_begin(struct stream *stream)
{
    if (stream_lacks_note(stream)) {
        stream->note = NOTE_BEGUN;
    }
    if (!stream_cursor(stream, &stream->noted[0])) {
        stream->noted[0].time = USEC_NONE;
    }
}

void
stream_note_end(struct stream *stream, bool is_kept)
{
    // The snapshot before the last is used if that is damaged.
    if (is_kept && stream->noted[1].time != USEC_NONE) {
        source_settle(stream->source, &stream->noted[1]);
    }
    if (is_kept) {
        stream->noted[1] = stream->noted[0];
    }
    if (stream->note == NOTE_BEGUN) {
        stream->note = NOTE_SAVED;
    }
}

static bool
has_passed(const struct source_cursor *cursor, const struct source_cursor *goal)
{
    bool is_same_row =
        strcmp(cursor->host, goal->host) == 0 && strcmp(cursor->kind, goal->kind) == 0;
    if (is_same_row && cursor->value >= goal->value) {
        return true;
    }
    // The post of an id may be deleted by now; a later cursor has passed it.
    bool is_order = is_same_row && strcmp(cursor->kind, "id") != 0;
    return !is_order && cursor->time >= goal->time;
}

bool
stream_is_behind(const struct stream *stream)
{
    const struct source_cursor *committed = &stream->committed;
    struct source_cursor cursor;
    return committed->time != USEC_NONE && stream_state(stream) != SOURCE_FAILED &&
           !(stream_cursor(stream, &cursor) && has_passed(&cursor, committed));
}

const struct source_metrics *
stream_source_metrics(const struct stream *stream)
{
    return source_metrics_of(stream->source);
}

void
stream_feed_metrics(const struct stream *stream, struct feed_metrics *ret_metrics)
{
    feed_metrics(&stream->feed, ret_metrics);
}

const struct decode_metrics *
stream_decode_metrics(const struct stream *stream)
{
    return decoder_metrics(stream->feed.decoder);
}
