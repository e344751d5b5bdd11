#include "ctl/top.h"

#include "base/buffer.h"
#include "base/json_writer.h"
#include "ctl/bands.h"
#include "ctl/board.h"
#include "ingest/text/cell.h"
#include "ctl/alert_stream.h"
#include "ctl/latest.h"
#include "ctl/print.h"
#include "ctl/screen.h"
#include "ctl/top_view.h"
#include "ctl/values.h"
#include "net/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_MAX = 1 << 20,
    BANDS = 3,          // boards are drawn in three bands, one below another
    WIDE_COLUMNS = 120, // at this width or more four boards fit side by side
    HEADER_LINES = 2,
    BAND_EXTRA_LINES = 2, // an empty line and the title
    ALERT_LINES = 2,      // an empty line and the newest alert
    HELP_LINES = 1,
    PLAIN_ROWS = 10,
    LAG_MS_MAX = 60 * 60 * 1000, // a greater lag is a replay of old posts
};

static const struct bands_place narrow[BANDS][BANDS_BOARDS_MAX] = {
    {{BOARD_CARRIED, 1}, {BOARD_INFLUENCE, 1}, {BOARD_RETWEETS, 1}},
    {{BOARD_MENTIONS, 1}, {BOARD_REACH, 1}},
    {{BOARD_HASHTAGS, 1}, {BOARD_CASCADES, 2}},
};
static const struct bands_place wide[BANDS][BANDS_BOARDS_MAX] = {
    {{BOARD_CARRIED, 1}, {BOARD_INFLUENCE, 1}, {BOARD_RETWEETS, 1}},
    {{BOARD_MENTIONS, 1}, {BOARD_REACH, 1}, {BOARD_QUOTES, 1}, {BOARD_REPLIES, 1}},
    {{BOARD_HASHTAGS, 1}, {BOARD_CASCADES, 2}},
};

// The state between frames: the last frame's count of posts gives their rate.
struct top {
    struct client *client;
    const struct top_options *options;
    struct screen screen;
    struct top_view view;
    usec shown_at; // USEC_NONE: no frame yet
    int64_t shown_posts;
};

struct frame {
    struct buffer out;
    const struct screen *screen;
    struct board_snapshot snapshot;
    struct buffer alert; // the newest; empty: there is none
    json_t *alerts;      // in place of boards; NULL: not shown
    size_t rows;         // of each board, or alerts
};

static void
put_header(struct frame *frame, const struct top_view *view)
{
    char clock[USEC_TEXT_MAX] = "no posts yet";
    char title[SCREEN_PLAIN_WIDTH];
    struct slice clock_ms = frame->snapshot.meta.clock_ms;
    if (!slice_is_none(clock_ms)) {
        (void)usec_format_rfc3339(values_whole(clock_ms) * USEC_PER_MS, clock);
    }
    (void)snprintf(title, sizeof title, "cascaded, last %.*s%s", BOARD_WINDOW_MAX,
                   top_view_window(view), view->is_paused ? ", paused" : "");
    size_t width = frame->screen->width;
    size_t clock_columns = strlen(clock) < width ? strlen(clock) : width;
    screen_put_strong(frame->screen, &frame->out, slice_of(title),
                      width - clock_columns);
    (void)cell_put(&frame->out, slice_of(clock), clock_columns);
    buffer_append_byte(&frame->out, '\n');
}

static void
put_counters(struct frame *frame, struct top *top)
{
    const struct board_meta *meta = &frame->snapshot.meta;
    struct buffer line;
    buffer_init(&line, FRAME_MAX);
    usec now = clock_monotonic();
    int64_t posts = values_whole(meta->posts);
    int64_t lag = values_whole(meta->lag_ms);
    values_put_grouped(&line, posts);
    buffer_append(&line, SLICE_LIT(" posts"));
    if (top->shown_at != USEC_NONE && now > top->shown_at &&
        posts >= top->shown_posts) {
        buffer_append(&line, SLICE_LIT(", "));
        values_put_grouped(&line, (posts - top->shown_posts) * USEC_PER_S /
                                      (now - top->shown_at));
        buffer_append(&line, SLICE_LIT("/s"));
    }
    if (lag <= LAG_MS_MAX) {
        buffer_append(&line, SLICE_LIT(", lag "));
        values_put_grouped(&line, lag);
        buffer_append(&line, SLICE_LIT(" ms"));
    }
    if (slice_equal(meta->complete, SLICE_LIT("0"))) {
        buffer_append(&line, SLICE_LIT(", windows still filling"));
    }
    (void)cell_put(&frame->out, buffer_text(&line), frame->screen->width);
    buffer_append_byte(&frame->out, '\n');
    buffer_fini(&line);
    top->shown_at = now;
    top->shown_posts = posts;
}

static size_t
rows_that_fit(const struct frame *frame, struct top_view *view)
{
    const struct screen *screen = frame->screen;
    size_t bands = view->what == TOP_VIEW_BOARDS ? BANDS : 1;
    size_t used = HEADER_LINES + bands * BAND_EXTRA_LINES +
                  (frame->alert.size > 0 ? ALERT_LINES : 0) +
                  (screen->has_keys ? HELP_LINES : 0);
    size_t wanted = view->rows;
    view->fit = BOARD_ROWS_MAX;
    if (screen->height > 0) {
        size_t fit =
            screen->height >= used + bands ? (screen->height - used) / bands : 1;
        view->fit = fit < BOARD_ROWS_MAX ? fit : BOARD_ROWS_MAX;
    } else if (wanted == 0) {
        wanted = PLAIN_ROWS;
    }
    return wanted > 0 && wanted < view->fit ? wanted : view->fit;
}

static void
put_alert(struct frame *frame)
{
    static const struct slice title = {"Alert ", 6};
    size_t width = frame->screen->width;
    buffer_append_byte(&frame->out, '\n');
    screen_put_strong(frame->screen, &frame->out, title,
                      width < title.len ? width : title.len);
    (void)cell_put(&frame->out, buffer_text(&frame->alert),
                   width < title.len ? 0 : width - title.len);
    buffer_append_byte(&frame->out, '\n');
}

static void
put_boards(struct frame *frame, const struct top_view *view)
{
    const struct bands_place(*bands)[BANDS_BOARDS_MAX] =
        frame->screen->width >= WIDE_COLUMNS ? wide : narrow;
    const struct bands_place one[BANDS_BOARDS_MAX] = {{view->board, 1}};
    const struct bands drawn = {&frame->out, frame->screen, &frame->snapshot};
    if (view->what == TOP_VIEW_BOARD) {
        bands_put(&drawn, one, frame->rows);
        return;
    }
    for (size_t i = 0; i < BANDS; i++) {
        bands_put(&drawn, bands[i], frame->rows);
    }
}

static void
put_alerts(struct frame *frame)
{
    size_t index;
    const json_t *alert;
    buffer_append_byte(&frame->out, '\n');
    screen_put_strong(frame->screen, &frame->out, SLICE_LIT("Alerts, the newest first"),
                      frame->screen->width);
    buffer_append_byte(&frame->out, '\n');
    json_array_foreach(frame->alerts, index, alert)
    {
        struct buffer line;
        buffer_init(&line, FRAME_MAX);
        latest_put(&line, alert);
        (void)cell_put(&frame->out, buffer_text(&line), frame->screen->width);
        buffer_append_byte(&frame->out, '\n');
        buffer_fini(&line);
    }
}

static void
put_help(struct frame *frame)
{
    (void)cell_put(&frame->out, slice_of(top_view_help), frame->screen->width);
    buffer_append_byte(&frame->out, '\n');
}

static void
draw(struct frame *frame, struct top *top)
{
    put_header(frame, &top->view);
    put_counters(frame, top);
    if (frame->alerts != NULL) {
        put_alerts(frame);
    } else {
        put_boards(frame, &top->view);
    }
    if (frame->alert.size > 0) {
        put_alert(frame);
    }
    if (frame->screen->has_keys) {
        put_help(frame);
    }
    // Frames written one after another are separated by an empty line.
    buffer_append(&frame->out,
                  frame->screen->is_terminal ? SLICE_LIT("") : SLICE_LIT("\n"));
}

static bool
is_any(const void *context, const json_t *alert)
{
    (void)context;
    (void)alert;
    return true;
}

static enum status
pull_frame(struct top *top, struct frame *frame, struct error *error)
{
    const struct alert_stream_choice all = {is_any, NULL};
    bool has_alerts = top->view.what == TOP_VIEW_ALERTS;
    enum status status =
        has_alerts ? STATUS_OK : latest_pull(top->client, &frame->alert, error);
    frame->rows = rows_that_fit(frame, &top->view);
    struct board_request request = {SLICE_NONE, top_view_window(&top->view),
                                    has_alerts ? 1 : frame->rows};
    if (status == STATUS_OK) {
        status = board_pull(top->client, request, &frame->snapshot, error);
    }
    if (status == STATUS_OK && has_alerts) {
        status = alert_stream_newest(top->client, &all, frame->rows, NULL,
                                     &frame->alerts, error);
    }
    return status;
}

// STATUS_AGAIN: standard output accepts nothing more.
static enum status
show_frame(struct top *top, struct error *error)
{
    struct frame frame = {.screen = &top->screen};
    buffer_init(&frame.out, FRAME_MAX);
    buffer_init(&frame.alert, FRAME_MAX);
    enum status status = pull_frame(top, &frame, error);
    if (status == STATUS_OK) {
        draw(&frame, top);
        bool is_shown = screen_show(frame.screen, buffer_text(&frame.out));
        status = is_shown ? STATUS_OK : STATUS_AGAIN;
    }
    board_drop(&frame.snapshot);
    json_decref(frame.alerts);
    buffer_fini(&frame.alert);
    buffer_fini(&frame.out);
    return status;
}

// ── keys ───────────────────────────────────────────────────────────────────

// The windows of which the first person of some board has a value: nothing lists them.
static enum status
find_windows(struct top *top, struct error *error)
{
    struct board_snapshot snapshot;
    struct board_request request = {SLICE_NONE, top_view_window(&top->view), 1};
    enum status status = board_pull(top->client, request, &snapshot, error);
    for (size_t i = 0; status == STATUS_OK && i < BOARD_HASHTAGS; i++) {
        if (snapshot.boards[i].count == 0) {
            continue;
        }
        struct buffer key;
        buffer_init(&key, FRAME_MAX);
        buffer_append(&key, SLICE_LIT("user:"));
        buffer_append(&key, board_member(&snapshot.boards[i], 0));
        client_queue(top->client, "HGETALL", buffer_text(&key), NULL);
        buffer_fini(&key);
        redisReply *hash = client_answer(top->client, REDIS_REPLY_ARRAY, error);
        status = hash != NULL ? STATUS_OK : STATUS_IO;
        if (hash != NULL) {
            struct windows windows = windows_find(hash);
            top_view_find(&top->view, &windows);
            freeReplyObject(hash);
        }
    }
    board_drop(&snapshot);
    return status;
}

// STATUS_AGAIN: quit.
static enum status
press(struct top *top, struct error *error)
{
    int key = top->screen.key;
    bool is_of_windows =
        key == SCREEN_KEY_LEFT || key == SCREEN_KEY_RIGHT || (key >= '1' && key <= '9');
    enum status status = is_of_windows ? find_windows(top, error) : STATUS_OK;
    if (status == STATUS_OK && !top_view_press(&top->view, key)) {
        status = STATUS_AGAIN;
    }
    return status;
}

// Until the next frame is due.
static enum status
wait_for_frame(struct top *top, struct error *error)
{
    usec span = top->view.is_paused ? -1 : top->options->every;
    switch (screen_wait(&top->screen, span)) {
    case SCREEN_QUIT:
        return STATUS_AGAIN;
    case SCREEN_KEY:
        return press(top, error);
    case SCREEN_TIMEOUT:
    case SCREEN_RESIZED:
        break;
    }
    return STATUS_OK;
}

// ── as JSON ────────────────────────────────────────────────────────────────

static void
put_board(struct buffer *json, const struct board *board, enum board_index which)
{
    json_writer_name(json, slice_of(board_names[which]));
    json_writer_open(json, '[');
    for (size_t row = 0; row < board->count; row++) {
        json_writer_open(json, '{');
        json_writer_put_text(json, "id", board_member(board, row));
        values_put_json(json, SLICE_LIT("value"), board_score(board, row));
        if (which != BOARD_HASHTAGS) {
            values_put_json_text(json, SLICE_LIT("handle"), board_handle(board, row));
        }
        if (which == BOARD_CASCADES) {
            values_put_json_text(json, SLICE_LIT("text"), board_text(board, row));
        }
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static enum status
show_json(struct client *client, const struct top_options *options, struct error *error)
{
    struct board_snapshot snapshot;
    size_t rows = options->rows != 0 ? options->rows : PLAIN_ROWS;
    struct board_request request = {SLICE_NONE, options->window, rows};
    enum status status = board_pull(client, request, &snapshot, error);
    if (status == STATUS_OK) {
        struct buffer json;
        buffer_init(&json, FRAME_MAX);
        json_writer_open(&json, '{');
        json_writer_put_text(&json, "window", slice_of(options->window));
        values_put_json(&json, SLICE_LIT("clock_ms"), snapshot.meta.clock_ms);
        values_put_json(&json, SLICE_LIT("posts"), snapshot.meta.posts);
        values_put_json(&json, SLICE_LIT("lag_ms"), snapshot.meta.lag_ms);
        json_writer_name(&json, SLICE_LIT("complete"));
        json_writer_bool(&json, slice_equal(snapshot.meta.complete, SLICE_LIT("1")));
        json_writer_name(&json, SLICE_LIT("boards"));
        json_writer_open(&json, '{');
        for (size_t i = 0; i < BOARD_COUNT; i++) {
            put_board(&json, &snapshot.boards[i], (enum board_index)i);
        }
        json_writer_close(&json, '}');
        json_writer_close(&json, '}');
        buffer_append_byte(&json, '\n');
        print_buffer(&json);
    }
    board_drop(&snapshot);
    return status;
}

enum status
top_run(struct client *client, const struct top_options *options, struct error *error)
{
    struct top top = {.client = client, .options = options, .shown_at = USEC_NONE};
    enum status status = STATUS_OK;
    top_view_init(&top.view, options->window, options->rows);
    if (options->is_json) {
        return show_json(client, options, error);
    }
    if (options->is_once) {
        screen_measure(&top.screen);
        status = show_frame(&top, error);
    } else {
        screen_enter(&top.screen);
        while (status == STATUS_OK) {
            status = show_frame(&top, error);
            if (status == STATUS_OK) {
                status = wait_for_frame(&top, error);
            }
        }
        screen_leave(&top.screen);
    }
    return status == STATUS_AGAIN ? STATUS_OK : status;
}
