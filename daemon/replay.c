#include "daemon/replay.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/usec.h"
#include "daemon/clock.h"
#include "daemon/feed.h"
#include "pipeline/pipeline.h"
#include "sinks/redis_claims.h"
#include "sinks/redis_resume.h"
#include "sinks/redis_sink.h"

enum {
    EX_NOINPUT_CODE = 66,
    EX_IOERR_CODE = 74,
};

#define ROOM_POLL (5 * USEC_PER_MS)  // a flush is under way
#define ALERT_POLL (USEC_PER_MS / 5) // the same, for the sake of alerts
#define FULL_POLL (50 * USEC_PER_MS) // Redis is behind
#define PACE_LEAST USEC_PER_MS       // posts due within this are not waited for

struct replay {
    struct replay_setup setup;
    struct lines lines;
    struct lines_metrics lines_metrics;
    struct feed feed;
    struct event *step;  // timer: go on
    struct event *input; // readable pipe or terminal; NULL for a file
    int fd;
    int file;                   // index of the file being read
    struct replay_place resume; // file NULL: none
    uint64_t offset;            // of the message at hand, or the next one
    uint64_t line;              // lines before it
    bool is_ended;
    bool is_stopped;

    // Pace: the post at first_time was due at first_due.
    usec first_time;
    usec first_due;
    usec wall;
    usec started;
    uint64_t too_long; // lines, told so far
};

static void on_step(evutil_socket_t fd, short what, void *context);

static void
step_after(struct replay *replay, usec wait)
{
    struct timeval delay = {wait / USEC_PER_S, wait % USEC_PER_S};
    event_add(replay->step, &delay);
}

static void
finish(struct replay *replay, int exit_code, const struct error *error)
{
    replay->is_ended = true;
    if (replay->input != NULL) {
        event_del(replay->input);
    }
    event_del(replay->step);
    replay->setup.on_done(replay->setup.context, exit_code, error);
}

// ── files ──────────────────────────────────────────────────────────────────

static const char *
file_name(const struct replay *replay)
{
    const char *name = replay->setup.files[replay->file];
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static int
open_input(const char *name)
{
    return strcmp(name, "-") == 0 ? dup(STDIN_FILENO)
                                  : open(name, O_RDONLY | O_CLOEXEC);
}

const char *
replay_unreadable(char **files, int file_count, int *ret_errno)
{
    for (int i = 0; i < file_count; i++) {
        int fd = open_input(files[i]);
        struct stat status;
        if (fd < 0 || fstat(fd, &status) != 0) {
            *ret_errno = errno;
        } else {
            *ret_errno = S_ISDIR(status.st_mode) ? EISDIR : 0;
        }
        if (fd >= 0) {
            close(fd);
        }
        if (*ret_errno != 0) {
            return files[i];
        }
    }
    return NULL;
}

static void
fail(struct replay *replay, int exit_code)
{
    struct error error = {0};
    error_set(&error, STATUS_IO, "cannot read %s: %s", file_name(replay),
              strerror(errno));
    finish(replay, exit_code, &error);
}

// A pipe or terminal is waited for; a file is always readable (and epoll does not take
// it).
static bool
begin_file(struct replay *replay)
{
    replay->fd = open_input(replay->setup.files[replay->file]);
    struct stat status;
    if (replay->fd < 0 || fstat(replay->fd, &status) != 0) {
        fail(replay, EX_NOINPUT_CODE);
        return false;
    }
    replay->offset = 0;
    replay->line = 0;
    lines_reset(&replay->lines);
    if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(replay->fd)) {
        replay->input =
            event_new(replay->setup.base, replay->fd, EV_READ, on_step, replay);
    }
    return true;
}

// Goes on in the file where an earlier process stood.
static void
skip_known(struct replay *replay)
{
    const struct replay_place *place = &replay->resume;
    struct stat status;
    if (place->offset > INT64_MAX || fstat(replay->fd, &status) != 0 ||
        !S_ISREG(status.st_mode) || (uint64_t)status.st_size < place->offset ||
        lseek(replay->fd, (off_t)place->offset, SEEK_SET) < 0) {
        return;
    }
    replay->offset = place->offset;
    replay->line = place->line;
    const struct lines_place start = {place->offset, place->line, LINES_UNKNOWN};
    lines_resume(&replay->lines, &start);
}

static void
end_file(struct replay *replay)
{
    if (replay->input != NULL) {
        event_free(replay->input);
        replay->input = NULL;
    }
    close(replay->fd);
    replay->fd = -1;
}

// ── messages ───────────────────────────────────────────────────────────────

static void
tell_refused(struct replay *replay, const char *reason, uint64_t line)
{
    replay->setup.on_refused(replay->setup.context, reason, file_name(replay), line);
}

// False when the post has to wait, and then when to look again.
static bool
is_due(struct replay *replay, const struct post *post)
{
    if (replay->setup.speed == 0 || !post_is_event(post)) {
        return true;
    }
    if (replay->first_time == USEC_NONE) {
        replay->first_time = post->time;
        replay->first_due = clock_monotonic();
        return true;
    }
    double span = (double)(post->time - replay->first_time) / replay->setup.speed;
    double wait = span - (double)(clock_monotonic() - replay->first_due);
    // A date from the future is counted now, so it is not waited for either.
    if (wait < (double)PACE_LEAST || post->time > replay->wall) {
        return true;
    }
    step_after(replay, wait < (double)USEC_PER_S ? (usec)wait : USEC_PER_S);
    return false;
}

// An alert says how things are when it is raised, so that the same file gives the same
// alerts, however fast Redis is. True: there is no room for those of the next post.
// While the sink is held nothing makes room; then rules wait.
static bool
is_short_of_room(struct replay *replay)
{
    struct redis_sink *sink = replay->setup.sink;
    bool is_taken = redis_claims_render(sink);
    if ((is_taken && pipeline_alerts_fit(replay->setup.pipeline)) ||
        redis_resume_is_held(sink)) {
        return false;
    }
    redis_sink_hurry(sink);
    step_after(replay, ALERT_POLL);
    return true;
}

// Puts the posts of the message at hand into the pipeline; false when it has to wait.
static bool
feed(struct replay *replay)
{
    const struct post *post;
    while ((post = feed_next(&replay->feed)) != NULL) {
        if (is_short_of_room(replay) || !is_due(replay, post)) {
            return false;
        }
        if (feed_push(&replay->feed, replay->wall) == STATUS_AGAIN) {
            step_after(replay, ROOM_POLL);
            return false;
        }
    }
    return true;
}

static void
decode(struct replay *replay, const struct lines_message *message)
{
    enum decode_reason reason = feed_read(&replay->feed, message->event, message->data);
    if (reason != DECODE_REASON_NONE) {
        tell_refused(replay, decode_reason_name(reason), message->number);
    }
}

// Works off what the framer holds; false when it has to wait.
static bool
drain(struct replay *replay)
{
    struct lines_message message;
    while (feed(replay)) {
        struct lines_place place;
        if (lines_place(&replay->lines, &place)) {
            replay->offset = place.offset;
            replay->line = place.number;
        }
        if (!lines_next(&replay->lines, &message)) {
            while (replay->too_long < replay->lines_metrics.too_long) {
                replay->too_long++;
                tell_refused(replay, "line_too_long", replay->lines.number);
            }
            return true;
        }
        decode(replay, &message);
    }
    return false;
}

// One read. False when there is nothing to go on with now.
static bool
fill(struct replay *replay)
{
    size_t size;
    char *room = lines_room(&replay->lines, &size);
    ssize_t got = read(replay->fd, room, size);
    if (got < 0) {
        if (errno == EINTR || errno == EAGAIN) {
            return true;
        }
        fail(replay, errno == EISDIR ? EX_NOINPUT_CODE : EX_IOERR_CODE);
        return false;
    }
    if (got == 0) {
        lines_end(&replay->lines);
        end_file(replay);
        return true;
    }
    lines_filled(&replay->lines, (size_t)got);
    return true;
}

static void
go_on(struct replay *replay)
{
    if (replay->input != NULL) {
        event_add(replay->input, NULL);
    } else {
        step_after(replay, 0);
    }
}

static void
on_step(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct replay *replay = context;
    replay->wall = clock_wall();
    if (redis_sink_is_full(replay->setup.sink) && !replay->is_stopped) {
        step_after(replay, FULL_POLL);
        return;
    }
    if (replay->is_stopped) {
        finish(replay, 0, NULL);
        return;
    }
    if (!drain(replay)) {
        return;
    }
    if (replay->fd < 0) { // the file is at its end and worked off
        if (replay->file + 1 == replay->setup.file_count) {
            if (pipeline_settle(replay->setup.pipeline)) {
                step_after(replay, 0);
                return;
            }
            finish(replay, 0, NULL);
            return;
        }
        replay->file++;
        if (!begin_file(replay)) {
            return;
        }
        go_on(replay);
        return;
    }
    if (!fill(replay)) {
        return;
    }
    if (replay->fd < 0) {
        step_after(replay, 0);
    } else if (drain(replay)) {
        go_on(replay);
    }
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
    if (setup->resume != NULL) {
        replay->resume = *setup->resume;
    }
    replay->fd = -1;
    replay->first_time = USEC_NONE;
    replay->step = evtimer_new(setup->base, on_step, replay);
    if (!feed_init(&replay->feed, setup->pipeline, setup->sink, setup->format, error) ||
        replay->step == NULL || !lines_init(&replay->lines, &replay->lines_metrics)) {
        error_set(error, STATUS_NOMEM, "no memory for the replay");
        replay_destroy(&replay);
        return NULL;
    }
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
        end_file(r);
    }
    lines_fini(&r->lines);
    if (r->step != NULL) {
        event_free(r->step);
    }
    feed_fini(&r->feed);
    free(r);
    *replay = NULL;
}

void
replay_start(struct replay *replay)
{
    replay->started = clock_monotonic();
    const struct replay_place *place = &replay->resume;
    bool is_found = false;
    for (int i = 0; place->file != NULL && !is_found && i < replay->setup.file_count;
         i++) {
        is_found = strcmp(replay->setup.files[i], place->file) == 0;
        replay->file = is_found ? i : 0;
    }
    if (begin_file(replay)) {
        if (is_found) {
            skip_known(replay);
        }
        go_on(replay);
    }
}

void
replay_stop(struct replay *replay)
{
    if (!replay->is_ended && !replay->is_stopped) {
        replay->is_stopped = true;
        step_after(replay, 0);
    }
}

void
replay_place(const struct replay *replay, struct replay_place *ret_place)
{
    *ret_place = (struct replay_place){
        .file = replay->setup.files[replay->file],
        .offset = replay->offset,
        .line = replay->line,
    };
}

void
replay_figures(const struct replay *replay, struct replay_figures *ret_figures)
{
    const struct decode_metrics *decode = decoder_metrics(replay->feed.decoder);
    uint64_t rejected = replay->lines_metrics.too_long + replay->feed.refused;
    for (int i = 0; i < DECODE_REASON_COUNT; i++) {
        rejected += decode->refused[i];
    }
    *ret_figures = (struct replay_figures){
        .rejected = rejected,
        .seconds = (double)(clock_monotonic() - replay->started) / (double)USEC_PER_S,
    };
}

const struct decode_metrics *
replay_decode_metrics(const struct replay *replay)
{
    return decoder_metrics(replay->feed.decoder);
}

const struct lines_metrics *
replay_lines_metrics(const struct replay *replay)
{
    return &replay->lines_metrics;
}
