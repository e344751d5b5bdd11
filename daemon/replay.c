#include "daemon/replay.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/usec.h"
#include "daemon/clock_watch.h"
#include "daemon/pace.h"
#include "daemon/recording.h"
#include "daemon/replay_files.h"
#include "daemon/wall_clock.h"
#include "ingest/decode/decode.h"
#include "ingest/frames/file_input.h"
#include "net/clock.h"
#include "net/timer.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_claims.h"
#include "sinks/redis/redis_resume.h"
#include "sinks/redis/redis_sink.h"

#define ROOM_POLL USEC_PER_MS        // a flush is in progress
#define ALERT_POLL (USEC_PER_MS / 5) // the same, while alerts wait
#define FULL_POLL (50 * USEC_PER_MS) // Redis is behind

// Messages in a turn of the loop, less than a millisecond: Redis, which works on one
// transaction at a time, waits for the next one until the turn ends.
enum { TURN_MESSAGES = 64 };

// If no message comes for so long, an open date is judged by the posts available.
static const struct timeval judge_after = {1, 0};

struct replay {
    struct replay_setup setup;
    struct lines lines;
    struct lines_metrics lines_metrics;
    struct recording recording;
    struct timer step;   // continue
    struct event *input; // readable pipe or terminal; NULL for a file
    int fd;
    int file; // index of the current file
    struct file_input bytes;
    struct file_mark mark;      // at the current message, or the first stashed one
    struct lines_place reached; // after the messages that wait for a date to be judged
    uint64_t skip;              // decompressed bytes that an earlier run has read
    struct refusals refusals;
    bool is_broken;     // the compressed data of the file is damaged
    bool is_unfinished; // its last message is cut: a later run reads it again
    bool is_file_read;  // to its end
    bool is_file_over;  // and all its messages are processed
    bool is_full;       // marks had to be removed
    int exit_code;      // of files that are finished
    bool is_ended;
    bool is_stopped;
    struct pace pace;
    usec wall;
    usec started;
    uint64_t too_long; // lines logged so far
};

static void on_input(evutil_socket_t fd, short what, void *context);

static void
finish(struct replay *replay, int exit_code, const struct error *error)
{
    replay->is_ended = true;
    if (replay->input != NULL) {
        event_del(replay->input);
    }
    timer_stop(&replay->step);
    replay->setup.on_done(replay->setup.context, exit_code, error);
}

// ── files ──────────────────────────────────────────────────────────────────

static const char *
file_name(const struct replay *replay)
{
    const char *name = replay->setup.files[replay->file];
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static void
fail(struct replay *replay, int exit_code)
{
    struct error error = {0};
    error_set(&error, STATUS_IO, "cannot read %s: %s", file_name(replay),
              strerror(errno));
    finish(replay, exit_code, &error);
}

// Adds the last bytes before the position to the mark, and more of the file's first
// bytes while it has few. A position in a compressed file has no bytes of its own: the
// bytes read from the file are used instead.
static void
see_file(struct replay *replay)
{
    struct file_mark *mark = &replay->mark;
    const struct file_input *bytes = &replay->bytes;
    uint64_t end = bytes->format != DECOMPRESS_NONE ? bytes->bytes : mark->place.offset;
    if (bytes->is_guessed && end > mark->tail_end) {
        file_mark_see(mark, replay->fd, end);
    }
    if (mark->head_len < FILE_MARKS_HEAD) {
        struct file_mark now = file_mark_of(replay->fd, FILE_MARKS_HEAD);
        if (now.head_len > mark->head_len && now.hash != 0 &&
            file_mark_fits(mark, replay->fd)) {
            mark->hash = now.hash;
            mark->head_len = now.head_len;
        }
    }
}

// Stores how far the file was read.
static void
note_mark(struct replay *replay)
{
    uint64_t before = replay->mark.hash;
    if (replay->setup.marks == NULL || before == 0) {
        return;
    }
    if (replay->fd >= 0) {
        see_file(replay);
    }
    if (!file_marks_put(replay->setup.marks, before, &replay->mark) &&
        !replay->is_full) {
        replay->is_full = true;
        log_warn("place_unsaved",
                 "the positions of at most %d files are stored: the first are lost",
                 FILE_MARKS_MAX);
    }
}

// Continues where an earlier run ended; a compressed file is decompressed up to there.
static void
skip_known(struct replay *replay)
{
    const struct file_mark *known =
        replay->setup.marks != NULL ? file_marks_find(replay->setup.marks, replay->fd)
                                    : NULL;
    struct stat status;
    char magic[DECOMPRESS_MAGIC_MAX];
    ssize_t got = pread(replay->fd, magic, sizeof(magic), 0);
    if (known == NULL || got < 0 || fstat(replay->fd, &status) != 0) {
        return;
    }
    uint64_t offset = known->place.offset;
    if (decompress_guess((struct slice){magic, (size_t)got}) != DECOMPRESS_NONE) {
        replay->skip = offset;
    } else if (offset > INT64_MAX || (uint64_t)status.st_size < offset ||
               lseek(replay->fd, (off_t)offset, SEEK_SET) < 0) {
        return;
    } else if (offset != 0) {
        file_input_resume(&replay->bytes, replay->fd);
    }
    replay->mark = *known;
    lines_resume(&replay->lines, &known->place);
}

// A pipe or terminal is waited for; a file is always readable (and epoll does not
// accept it).
static bool
begin_file(struct replay *replay)
{
    replay->fd = replay_files_open(replay->setup.files[replay->file]);
    struct stat status;
    if (replay->fd < 0 || fstat(replay->fd, &status) != 0) {
        fail(replay, EX_NOINPUT);
        return false;
    }
    replay->mark = file_mark_of(replay->fd, FILE_MARKS_HEAD);
    replay->skip = 0;
    replay->is_broken = replay->is_unfinished = false;
    replay->is_file_read = replay->is_file_over = false;
    lines_reset(&replay->lines);
    file_input_init(&replay->bytes, replay->fd);
    refusals_begin_file(&replay->refusals);
    skip_known(replay);
    replay->reached = replay->mark.place;
    if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(replay->fd)) {
        replay->input =
            event_new(replay->setup.base, replay->fd, EV_READ, on_input, replay);
    }
    return true;
}

// The end of the file. It stays open, since messages may still wait.
static void
end_file(struct replay *replay)
{
    replay->is_file_read = true;
    if (replay->input != NULL) {
        event_free(replay->input);
        replay->input = NULL;
    }
}

static void
close_file(struct replay *replay)
{
    note_mark(replay);
    end_file(replay);
    close(replay->fd);
    replay->fd = -1;
}

// Everything in the file is processed.
static void
conclude_file(struct replay *replay)
{
    if (replay->is_file_over) {
        return;
    }
    replay->is_file_over = true;
    close_file(replay);
    const char *name = file_name(replay);
    if (refusals_unread(&replay->refusals, name, replay->lines_metrics.unread_bytes)) {
        replay->exit_code = EX_DATAERR;
    }
    if (replay->is_unfinished && !replay->is_broken) {
        log_info_of(
            "file_unfinished", "file", name,
            "%s: its last message is not complete: it is read when it has grown", name);
    } else if (refusals_end_file(&replay->refusals, name,
                                 file_input_head(&replay->bytes))) {
        replay->exit_code = EX_DATAERR;
    } else if (lines_is_open(&replay->lines) && replay->setup.marks == NULL &&
               !replay->is_broken) {
        log_warn_of("file_unfinished", "file", name,
                    "%s: the array in it does not end: the file may be cut off", name);
    }
}

// ── messages ───────────────────────────────────────────────────────────────

// False when the post has to wait; then also when to try again.
static bool
is_due(struct replay *replay, const struct post *post)
{
    // A date in the future is counted now, so it is not waited for.
    if (!post_is_event(post) || post->time > replay->wall) {
        return true;
    }
    usec wait = pace_wait(&replay->pace, post->time, clock_monotonic());
    if (wait == 0) {
        return true;
    }
    timer_set(&replay->step, wait);
    return false;
}

// Alerts contain the values at the time they are raised, so posts wait for room in the
// queue: the same file gives the same alerts at any speed of Redis, and after an
// interruption. True: no room for the alerts of the next post. A sink that is held has
// to write then.
static bool
is_short_of_room(struct replay *replay)
{
    struct redis_sink *sink = replay->setup.sink;
    redis_claims_render(sink);
    if (pipeline_alerts_fit(replay->setup.pipeline)) {
        return false;
    }
    redis_sink_hurry(sink);
    timer_set(&replay->step, ALERT_POLL);
    return true;
}

// Passes the posts of the current message to the pipeline; false when it has to wait.
static bool
feed(struct replay *replay)
{
    const struct post *post;
    while ((post = recording_next(&replay->recording, replay->wall)) != NULL) {
        if (is_short_of_room(replay) || !is_due(replay, post)) {
            return false;
        }
        if (recording_push(&replay->recording, replay->wall) == STATUS_AGAIN) {
            timer_set(&replay->step, ROOM_POLL);
            return false;
        }
    }
    return true;
}

static void
decode(struct replay *replay, const struct lines_message *message)
{
    // A message cut by the end of the file may be complete later, or in a copy.
    replay->is_unfinished = message->is_cut &&
                            (replay->is_broken ||
                             (replay->setup.marks != NULL && replay->mark.hash != 0)) &&
                            !array_is_whole(message->data);
    if (replay->is_unfinished) {
        return;
    }
    enum decode_reason reason =
        recording_read(&replay->recording, message->event, message->data);
    if (reason == DECODE_REASON_NONE) {
        refusals_use(&replay->refusals, file_name(replay));
        reason = decoder_refusal(replay->recording.feed.decoder);
    }
    if (reason != DECODE_REASON_NONE) {
        refusals_add(&replay->refusals, file_name(replay), decode_reason_name(reason),
                     message->number);
    }
}

// Processes the messages in the framer; false when it has to wait, or when the loop has
// its turn.
static bool
drain(struct replay *replay)
{
    struct lines_message message;
    for (int taken = 0; feed(replay); taken++) {
        if (!replay->is_unfinished) {
            (void)lines_place(&replay->lines, &replay->reached);
        }
        if (recording_is_settled(&replay->recording)) {
            replay->mark.place = replay->reached;
        }
        if (taken == TURN_MESSAGES) {
            timer_set(&replay->step, 0);
            return false;
        }
        if (!lines_next(&replay->lines, &message)) {
            for (; replay->too_long < replay->lines_metrics.too_long;
                 replay->too_long++) {
                refusals_add(&replay->refusals, file_name(replay), "line_too_long",
                             replay->lines.number);
            }
            return true;
        }
        decode(replay, &message);
    }
    return false;
}

// The compressed data cannot be read further; other files can.
static void
give_up_file(struct replay *replay, enum status status, const struct error *error)
{
    const char *name = file_name(replay);
    log_error_of("file_failed", "file", name, "%s: %s", name, error->text);
    replay->is_broken = true;
    replay->exit_code = status == STATUS_NOMEM ? EX_OSERR : EX_DATAERR;
    lines_end(&replay->lines);
    end_file(replay);
}

// One read. False when there is nothing to continue with now.
static bool
fill(struct replay *replay)
{
    struct error error = {0};
    size_t size;
    size_t got;
    char *room = lines_room(&replay->lines, &size);
    enum status status = file_input_read(&replay->bytes, room, size, &got, &error);
    size_t known = replay->skip < got ? (size_t)replay->skip : got;
    replay->skip -= known;
    memmove(room, room + known, known != 0 ? got - known : 0); // mostly 0
    lines_filled(&replay->lines, got - known);
    if (status == STATUS_IO) {
        fail(replay, errno == EISDIR ? EX_NOINPUT : EX_IOERR);
        return false;
    }
    if (status != STATUS_OK && status != STATUS_AGAIN) {
        give_up_file(replay, status, &error);
    } else if (status == STATUS_OK && got == 0) {
        lines_end(&replay->lines);
        end_file(replay);
    }
    return true;
}

static void
go_on(struct replay *replay)
{
    if (replay->input != NULL && !file_input_is_ready(&replay->bytes)) {
        bool waits = !recording_is_settled(&replay->recording);
        event_add(replay->input, waits ? &judge_after : NULL);
    } else {
        timer_set(&replay->step, 0);
    }
}

// Everything in the file is read and processed.
static void
leave_file(struct replay *replay)
{
    if (!recording_is_settled(&replay->recording)) {
        recording_end(&replay->recording);
        timer_set(&replay->step, 0);
        return;
    }
    conclude_file(replay);
    if (replay->file + 1 == replay->setup.file_count) {
        if (pipeline_settle(replay->setup.pipeline)) {
            timer_set(&replay->step, 0);
        } else {
            finish(replay, replay->exit_code, NULL);
        }
        return;
    }
    replay->file++;
    if (begin_file(replay)) {
        go_on(replay);
    }
}

// what: EV_READ: the pipe or terminal is readable; EV_TIMEOUT: nothing came for a
// while; 0: neither is known, and reading might block.
static void
advance(struct replay *replay, short what)
{
    replay->wall = wall_clock_now();
    if (replay->is_stopped) {
        finish(replay, replay->exit_code, NULL);
        return;
    }
    if (redis_sink_is_full(replay->setup.sink)) {
        timer_set(&replay->step, FULL_POLL);
        return;
    }
    if (what == EV_TIMEOUT) {
        recording_end(&replay->recording);
    }
    if (!drain(replay)) {
        return;
    }
    if (replay->is_file_read) {
        leave_file(replay);
        return;
    }
    if (replay->input != NULL && what != EV_READ &&
        !file_input_is_ready(&replay->bytes)) {
        go_on(replay);
        return;
    }
    if (!fill(replay)) {
        return;
    }
    if (replay->is_file_read) {
        timer_set(&replay->step, 0);
    } else if (drain(replay)) {
        go_on(replay);
    }
}

static void
on_step(void *context)
{
    advance(context, 0);
}

static void
on_input(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    advance(context, what);
}

// ── life ───────────────────────────────────────────────────────────────────

struct replay *
replay_create(const struct replay_setup *setup, struct error *error)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    if (replay == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the replay");
        return NULL;
    }
    replay->setup = *setup;
    replay->refusals.is_verbose = setup->is_verbose;
    replay->fd = -1;
    pace_init(&replay->pace, setup->speed);
    if (!recording_init(&replay->recording, setup->pipeline, setup->sink, setup->format,
                        error) ||
        timer_init(&replay->step, setup->base, on_step, replay) != STATUS_OK ||
        !lines_init(&replay->lines, &replay->lines_metrics)) {
        error_set(error, STATUS_NOMEM, "no memory for the replay");
        replay_destroy(&replay);
        return NULL;
    }
    recording_find_campaigns(&replay->recording, setup->campaigns);
    return replay;
}

void
replay_destroy(struct replay **replay)
{
    struct replay *r = *replay;
    if (r == NULL) {
        return;
    }
    if (r->fd >= 0) {
        close_file(r);
    }
    file_input_fini(&r->bytes);
    lines_fini(&r->lines);
    timer_fini(&r->step);
    recording_fini(&r->recording);
    free(r);
    *replay = NULL;
}

void
replay_start(struct replay *replay)
{
    // A post may be dated up to a minute ahead of the wall clock.
    clock_watch_restored(replay->setup.pipeline, USEC_PER_MIN);
    replay->started = clock_monotonic();
    if (begin_file(replay)) {
        go_on(replay);
    }
}

void
replay_stop(struct replay *replay)
{
    if (!replay->is_ended && !replay->is_stopped) {
        replay->is_stopped = true;
        timer_set(&replay->step, 0);
    }
}

void
replay_place(struct replay *replay, struct replay_place *ret_place)
{
    note_mark(replay);
    *ret_place = (struct replay_place){
        .file = replay->setup.files[replay->file],
        .name = file_name(replay),
        .mark = replay->mark,
        .is_read = replay->is_file_over,
        .files_left = replay->setup.file_count - replay->file - 1,
    };
}

void
replay_figures(const struct replay *replay, struct replay_figures *ret_figures)
{
    const struct decode_metrics *decode =
        decoder_metrics(replay->recording.feed.decoder);
    uint64_t rejected = replay->lines_metrics.too_long + replay->recording.feed.refused;
    for (int i = 0; i < DECODE_REASON_COUNT; i++) {
        rejected += decode->refused[i];
    }
    *ret_figures = (struct replay_figures){
        .rejected = rejected,
        .unusable = replay->refusals.unusable,
        .seconds = (double)(clock_monotonic() - replay->started) / (double)USEC_PER_S,
    };
}

const struct decode_metrics *
replay_decode_metrics(const struct replay *replay)
{
    return decoder_metrics(replay->recording.feed.decoder);
}

const struct lines_metrics *
replay_lines_metrics(const struct replay *replay)
{
    return &replay->lines_metrics;
}

void
replay_report_dates(const struct replay *replay, uint64_t late)
{
    recording_report(&replay->recording, late);
}
