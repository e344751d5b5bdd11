#include "daemon/streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/wall_clock.h"
#include "ingest/sources/source_open.h"

// A silence counts as idleness after at most half a minute (liveness.c). A source that
// lags more than twice that is catching up, and the posts between are not
// counted yet.
#define BEHIND_MAX USEC_PER_MIN

#define ENDED "ended" // in a note, if nothing is counted after it

void
streams_init(struct streams *streams, const struct stream_setup *common)
{
    *streams = (struct streams){.common = *common, .missing_until = USEC_NONE};
    streams->seen_at = USEC_NONE;
}

void
streams_fini(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_destroy(&streams->items[i]);
    }
    streams->count = 0;
    source_open_settle();
}

static const char *
name_of(const struct stream *stream)
{
    return stream_options(stream)->name;
}

static bool
is_kept(const struct stream *stream, const struct source_options *options)
{
    return options != NULL && stream_state(stream) != SOURCE_FAILED &&
           settings_equal(source_option_rows, stream_options(stream), options);
}

static void
miss_until(struct streams *streams, usec until)
{
    if (until > streams->missing_until) {
        streams->missing_until = until;
    }
}

// Stops a source and keeps the end of its last gap.
static void
retire(struct streams *streams, struct stream *stream)
{
    usec until = stream_missing_until(stream);
    miss_until(streams, until == INT64_MAX ? wall_clock_now() : until);
    stream_stop(stream);
}

// The cursor for that source in the note of an earlier process.
static bool
find_noted(const struct streams *streams, const char *name,
           struct source_cursor *ret_cursor)
{
    for (const char *line = streams->cursors; *line != '\0';) {
        char found[SOURCE_NAME_MAX];
        struct source_cursor cursor = {.time = USEC_NONE};
        if (sscanf(line,
                   "%63s %255s %15s %15s %" SCNu64 " %" SCNd64 "%*1[ ]%3071[0-9:,]",
                   found, cursor.host, cursor.wire, cursor.kind, &cursor.value,
                   &cursor.time, cursor.offsets) >= 6 &&
            strcmp(found, name) == 0) {
            *ret_cursor = cursor;
            return true;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

// Without a snapshot the counters begin at 0, but no new message is missed.
static bool
find_cursor(const struct streams *streams, struct stream_setup *setup,
            struct source_cursor *ret_cursor)
{
    if (find_noted(streams, setup->options->name, ret_cursor)) {
        setup->is_noted = true;
        return true;
    }
    if (streams->seen_at != USEC_NONE || setup->recalled == NULL ||
        setup->recalled->cursor.time == USEC_NONE) {
        return false;
    }
    *ret_cursor = setup->recalled->cursor;
    return true;
}

void
streams_note(struct streams *streams, usec wall, bool is_end, char *note, size_t size)
{
    int used =
        snprintf(note, size, "live %" PRId64 "%s\n", wall, is_end ? " " ENDED : "");
    for (size_t i = 0; i < streams->count; i++) {
        struct source_cursor cursor;
        if (!stream_cursor(streams->items[i], &cursor)) {
            continue;
        }
        size_t left = size - (size_t)used;
        int len =
            snprintf(note + used, left, "%s %s %s %s %" PRIu64 " %" PRId64 "%s%s\n",
                     name_of(streams->items[i]), cursor.host, cursor.wire, cursor.kind,
                     cursor.value, cursor.time, cursor.offsets[0] != '\0' ? " " : "",
                     cursor.offsets);
        if ((size_t)len >= left) {
            note[used] = '\0';
            return;
        }
        used += len;
        stream_note_begin(streams->items[i]);
    }
}

bool
streams_lack_note(const struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (stream_lacks_note(streams->items[i])) {
            return true;
        }
    }
    return false;
}

void
streams_noted(struct streams *streams, bool is_kept)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_note_end(streams->items[i], is_kept);
    }
}

void
streams_restore(struct streams *streams, const char *note)
{
    int used = 0;
    usec seen_at;
    if (sscanf(note, "live %" SCNd64 " %n", &seen_at, &used) == 1) {
        usec now = wall_clock_now();
        streams->seen_at = seen_at < now ? seen_at : now;
        streams->has_ended = strncmp(note + used, ENDED, strlen(ENDED)) == 0;
        snprintf(streams->cursors, sizeof(streams->cursors), "%s", note + used);
    }
}

void
streams_miss_pushed(struct streams *streams)
{
    char time[USEC_TEXT_MAX];
    if (streams->seen_at == USEC_NONE || streams->has_ended) {
        return;
    }
    miss_until(streams, wall_clock_now());
    log_warn("pushes_lost",
             "the last process ended without saving its state: posts that were pushed "
             "over HTTP after %s are not counted; push them again",
             usec_format_rfc3339(streams->seen_at, time));
}

void
streams_keep_nothing(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_note_begin(streams->items[i]);
        stream_note_end(streams->items[i], true);
    }
}

void
streams_continue(struct streams *streams)
{
    streams->is_continued = true;
}

// The same without a snapshot.
static void
miss_since_start(struct streams *streams, const char *name)
{
    miss_until(streams, wall_clock_now());
    log_warn_of(
        "gap_kept", "source", name,
        "source \"%s\": it has no cursor, so messages since the end of the last "
        "process are missing unless the network sends them again",
        name);
}

// A source that cannot resume from where the snapshot ends.
static void
report_missed(const struct streams *streams, const char *name)
{
    char time[USEC_TEXT_MAX];
    log_warn_of("gap_kept", "source", name,
                "source \"%s\": messages after %s, the time of the last snapshot, are "
                "missing unless the network sends them again; see gaps:%s",
                name, usec_format_rfc3339(streams->seen_at, time), name);
}

static bool
start(struct streams *streams, struct stream **slot,
      const struct source_options *options, struct error *error)
{
    struct stream_setup setup = streams->common;
    struct source_cursor cursor;
    bool is_same =
        *slot != NULL && strcmp(stream_options(*slot)->url, options->url) == 0;
    setup.options = options;
    if (*slot == NULL && streams->recall != NULL) {
        setup.recalled = resume_find(streams->recall, options->name);
    }
    setup.is_noted = setup.is_noted || (is_same && stream_is_noted(*slot));
    bool can_resume = is_same ? stream_cursor(*slot, &cursor)
                              : *slot == NULL && find_cursor(streams, &setup, &cursor);
    setup.resume = can_resume ? &cursor : NULL;
    setup.missed_from = *slot == NULL && !can_resume ? streams->seen_at : USEC_NONE;
    if (*slot != NULL && setup.resume == NULL) {
        miss_until(streams, wall_clock_now());
    }
    if (*slot == NULL && streams->is_continued && !can_resume) {
        miss_since_start(streams, options->name);
    }
    if (setup.missed_from != USEC_NONE) {
        report_missed(streams, options->name);
    }
    struct error why = {0};
    struct stream *stream = stream_create(&setup, &why);
    stream_destroy(slot);
    if (stream == NULL) {
        error_set(error, why.code, "source \"%s\": %s", options->name, why.text);
        return false;
    }
    *slot = stream;
    stream_start(stream);
    return true;
}

static void
remove_gone(struct streams *streams, const struct settings *settings)
{
    size_t kept = 0;
    for (size_t i = 0; i < streams->count; i++) {
        struct stream *stream = streams->items[i];
        if (settings_find_item(settings, "source", name_of(stream)) != NULL) {
            streams->items[kept++] = stream;
            continue;
        }
        log_info_of(
            "source_removed", "source", name_of(stream),
            "source \"%s\": stopped, since it was removed from the configuration",
            name_of(stream));
        retire(streams, stream);
        stream_forget(stream);
        stream_destroy(&stream);
    }
    streams->count = kept;
}

static struct stream **
find_slot(struct streams *streams, const char *name)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (strcmp(name_of(streams->items[i]), name) == 0) {
            return &streams->items[i];
        }
    }
    return NULL;
}

bool
streams_apply(struct streams *streams, const struct settings *settings,
              struct error *error)
{
    bool is_good = true;
    remove_gone(streams, settings);
    for (size_t i = 0; i < settings->source_count; i++) {
        const struct source_options *options = &settings->sources[i];
        struct stream **slot = find_slot(streams, options->name);
        if (slot != NULL && is_kept(*slot, options)) {
            continue;
        }
        if (slot != NULL) {
            log_info_of("source_restarted", "source", options->name,
                        "source \"%s\": restarted", options->name);
            retire(streams, *slot);
        } else {
            slot = &streams->items[streams->count++];
            *slot = NULL;
        }
        if (!start(streams, slot, options, error)) {
            *slot = streams->items[--streams->count];
            is_good = false;
        }
    }
    streams->seen_at = USEC_NONE; // a source added later has missed nothing
    streams->is_continued = false;
    streams->cursors[0] = '\0';
    streams->recall = NULL;
    return is_good;
}

bool
streams_are_behind(const struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (stream_is_behind(streams->items[i])) {
            return true;
        }
    }
    return false;
}

void
streams_stepped(struct streams *streams, usec now)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_stepped(streams->items[i], now);
    }
    if (streams->missing_until > now) {
        streams->missing_until = now;
    }
}

void
streams_stop(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_stop(streams->items[i]);
    }
}

void
streams_save(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        stream_save(streams->items[i]);
    }
}

void
streams_figures(const struct streams *streams, usec wall, usec longest,
                struct streams_figures *ret_figures)
{
    struct streams_figures figures = {.count = streams->count};
    usec missing_until = streams->missing_until;
    for (size_t i = 0; i < streams->count; i++) {
        const struct stream *stream = streams->items[i];
        enum source_state state = stream_state(stream);
        usec lag = stream_lag(stream, wall);
        usec missing = stream_missing_until(stream);
        figures.live += stream_is_live(stream);
        figures.is_cut = figures.is_cut || !stream_is_whole(stream);
        figures.failed += state == SOURCE_FAILED;
        missing_until = missing > missing_until ? missing : missing_until;
        figures.lag = lag > figures.lag ? lag : figures.lag;
    }
    figures.is_complete = figures.live == figures.count &&
                          missing_until <= wall - longest &&
                          figures.lag <= BEHIND_MAX && !figures.is_cut;
    *ret_figures = figures;
}
