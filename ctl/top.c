#include "ctl/top.h"

#include "base/buffer.h"
#include "ctl/board.h"
#include "ctl/cell.h"
#include "ctl/latest.h"
#include "ctl/screen.h"
#include "net/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_MAX = 1 << 20,
    BANDS = 3, // boards are drawn in three bands, one below another
    BAND_BOARDS_MAX = 4,
    WIDE_COLUMNS = 120, // at this width or more four boards fit side by side
    GAP_COLUMNS = 2,
    HEADER_LINES = 2,
    BAND_EXTRA_LINES = 2, // an empty line and the title
    ALERT_LINES = 2,      // an empty line and the newest alert
    PLAIN_ROWS = 10,
    RANK_COLUMNS = 4,
    LAG_MS_MAX = 60 * 60 * 1000, // a greater lag is a replay of old posts
};

// A board's place in a band and its share of the width; share 0: no board.
struct place {
    enum board_index board;
    size_t share;
};

static const struct place narrow[BANDS][BAND_BOARDS_MAX] = {
    {{BOARD_CARRIED, 1}, {BOARD_INFLUENCE, 1}, {BOARD_RETWEETS, 1}},
    {{BOARD_MENTIONS, 1}, {BOARD_REACH, 1}},
    {{BOARD_HASHTAGS, 1}, {BOARD_CASCADES, 2}},
};
static const struct place wide[BANDS][BAND_BOARDS_MAX] = {
    {{BOARD_CARRIED, 1}, {BOARD_INFLUENCE, 1}, {BOARD_RETWEETS, 1}},
    {{BOARD_MENTIONS, 1}, {BOARD_REACH, 1}, {BOARD_QUOTES, 1}, {BOARD_REPLIES, 1}},
    {{BOARD_HASHTAGS, 1}, {BOARD_CASCADES, 2}},
};

// The state between frames: the last frame's count of posts gives their rate.
struct top {
    struct client *client;
    const struct top_options *options;
    struct screen screen;
    usec shown_at; // USEC_NONE: no frame yet
    int64_t shown_posts;
};

struct frame {
    struct buffer out;
    const struct screen *screen;
    struct board_snapshot snapshot;
    struct buffer alert; // the newest; empty: there is none
    size_t rows;         // of each board
};

// 0 for anything but a number of at most 15 digits.
static int64_t
number_of(struct slice text)
{
    char digits[16] = "";
    if (text.len >= sizeof digits) {
        return 0;
    }
    memcpy(digits, text.ptr != NULL ? text.ptr : "", text.len);
    return strtoll(digits, NULL, 10);
}

static void
put_number(struct buffer *out, int64_t number)
{
    char digits[CELL_NUMBER_MAX];
    char grouped[CELL_NUMBER_MAX];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    buffer_append(out, cell_number(slice_of(digits), grouped));
}

static void
put_strong(struct frame *frame, struct slice text, size_t columns)
{
    buffer_append(&frame->out, screen_strong(frame->screen));
    cell_put_aligned(&frame->out, text, columns, CELL_LEFT);
    buffer_append(&frame->out, screen_plain(frame->screen));
}

static void
put_header(struct frame *frame, const char *window)
{
    char clock[USEC_TEXT_MAX] = "no posts yet";
    char title[SCREEN_PLAIN_WIDTH];
    struct slice clock_ms = frame->snapshot.meta.clock_ms;
    if (!slice_is_none(clock_ms)) {
        (void)usec_format_rfc3339(number_of(clock_ms) * USEC_PER_MS, clock);
    }
    (void)snprintf(title, sizeof title, "cascaded, last %.*s", BOARD_WINDOW_MAX,
                   window);
    size_t width = frame->screen->width;
    size_t clock_columns = strlen(clock) < width ? strlen(clock) : width;
    put_strong(frame, slice_of(title), width - clock_columns);
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
    int64_t posts = number_of(meta->posts);
    int64_t lag = number_of(meta->lag_ms);
    put_number(&line, posts);
    buffer_append(&line, SLICE_LIT(" posts"));
    if (top->shown_at != USEC_NONE && now > top->shown_at &&
        posts >= top->shown_posts) {
        buffer_append(&line, SLICE_LIT(", "));
        put_number(&line,
                   (posts - top->shown_posts) * USEC_PER_S / (now - top->shown_at));
        buffer_append(&line, SLICE_LIT("/s"));
    }
    if (lag <= LAG_MS_MAX) {
        buffer_append(&line, SLICE_LIT(", lag "));
        put_number(&line, lag);
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

static void
put_label(struct frame *frame, enum board_index which, size_t row, size_t width)
{
    const struct board *board = &frame->snapshot.boards[which];
    struct slice handle = board_handle(board, row);
    struct slice text = board_text(board, row);
    struct buffer label;
    buffer_init(&label, FRAME_MAX);
    buffer_append(&label, which == BOARD_HASHTAGS ? SLICE_LIT("#")
                          : handle.len > 0        ? SLICE_LIT("@")
                                                  : SLICE_LIT(""));
    buffer_append(&label, handle.len > 0 ? handle : board_member(board, row));
    if (text.len > 0) {
        buffer_append(&label, SLICE_LIT(" "));
        buffer_append(&label, text);
    }
    cell_put_aligned(&frame->out, buffer_text(&label), width, CELL_LEFT);
    buffer_fini(&label);
}

// Columns of the widest score of the board, at most half of `width`.
static size_t
score_columns(const struct board *board, size_t width)
{
    size_t columns = 1;
    for (size_t row = 0; row < board->count; row++) {
        char grouped[CELL_NUMBER_MAX];
        size_t len = cell_number(board_score(board, row), grouped).len;
        columns = len > columns ? len : columns;
    }
    return columns < width / 2 ? columns : width / 2;
}

static void
put_row(struct frame *frame, enum board_index which, size_t row, size_t width)
{
    const struct board *board = &frame->snapshot.boards[which];
    size_t score = score_columns(board, width);
    if (row >= board->count || width < RANK_COLUMNS + score + 1) {
        cell_fill(&frame->out, width);
        return;
    }
    char rank[RANK_COLUMNS + 20];
    char grouped[CELL_NUMBER_MAX];
    (void)snprintf(rank, sizeof rank, "%*zu ", RANK_COLUMNS - 1, row + 1);
    buffer_append(&frame->out, slice_of(rank));
    put_label(frame, which, row, width - RANK_COLUMNS - score - 1);
    buffer_append_byte(&frame->out, ' ');
    cell_put_aligned(&frame->out, cell_number(board_score(board, row), grouped), score,
                     CELL_RIGHT);
}

static size_t
place_width(const struct place *band, size_t index, size_t width)
{
    size_t count = 0;
    size_t shares = 0;
    for (size_t i = 0; i < BAND_BOARDS_MAX; i++) {
        count += band[i].share > 0;
        shares += band[i].share;
    }
    size_t gaps = (count - 1) * GAP_COLUMNS;
    return width > gaps ? (width - gaps) * band[index].share / shares : 0;
}

// One line across the boards of a band: their titles, or one row of each.
static void
put_band_line(struct frame *frame, const struct place *band, size_t line)
{
    for (size_t i = 0; i < BAND_BOARDS_MAX && band[i].share > 0; i++) {
        size_t width = place_width(band, i, frame->screen->width);
        cell_fill(&frame->out, i > 0 && width > 0 ? GAP_COLUMNS : 0);
        if (line == 0) {
            put_strong(frame, slice_of(board_titles[band[i].board]), width);
        } else {
            put_row(frame, band[i].board, line - 1, width);
        }
    }
    buffer_append_byte(&frame->out, '\n');
}

static size_t
rows_that_fit(const struct frame *frame, size_t wanted)
{
    const struct screen *screen = frame->screen;
    size_t used = HEADER_LINES + BANDS * BAND_EXTRA_LINES +
                  (frame->alert.size > 0 ? ALERT_LINES : 0);
    size_t most = BOARD_ROWS_MAX;
    if (screen->height > 0) {
        most = screen->height >= used + BANDS ? (screen->height - used) / BANDS : 1;
    } else if (wanted == 0) {
        wanted = PLAIN_ROWS;
    }
    return wanted > 0 && wanted < most ? wanted : most;
}

static void
put_alert(struct frame *frame)
{
    static const struct slice title = {"Alert ", 6};
    size_t width = frame->screen->width;
    buffer_append_byte(&frame->out, '\n');
    put_strong(frame, title, width < title.len ? width : title.len);
    (void)cell_put(&frame->out, buffer_text(&frame->alert),
                   width < title.len ? 0 : width - title.len);
    buffer_append_byte(&frame->out, '\n');
}

static void
draw(struct frame *frame, struct top *top)
{
    const struct place(*bands)[BAND_BOARDS_MAX] =
        frame->screen->width >= WIDE_COLUMNS ? wide : narrow;
    put_header(frame, top->options->window);
    put_counters(frame, top);
    for (size_t i = 0; i < BANDS; i++) {
        buffer_append_byte(&frame->out, '\n');
        for (size_t line = 0; line <= frame->rows; line++) {
            put_band_line(frame, bands[i], line);
        }
    }
    if (frame->alert.size > 0) {
        put_alert(frame);
    }
    // Frames written one after another are separated by an empty line.
    buffer_append(&frame->out,
                  frame->screen->is_terminal ? SLICE_LIT("") : SLICE_LIT("\n"));
}

// STATUS_AGAIN: standard output accepts nothing more.
static enum status
show_frame(struct top *top, struct error *error)
{
    const struct top_options *options = top->options;
    struct frame frame = {.screen = &top->screen};
    buffer_init(&frame.out, FRAME_MAX);
    buffer_init(&frame.alert, FRAME_MAX);
    enum status status = latest_pull(top->client, &frame.alert, error);
    if (status == STATUS_OK) {
        frame.rows = rows_that_fit(&frame, options->rows);
        status = board_pull(top->client, options->window, frame.rows, &frame.snapshot,
                            error);
    }
    if (status == STATUS_OK) {
        draw(&frame, top);
        bool is_shown = screen_show(frame.screen, buffer_text(&frame.out));
        status = is_shown ? STATUS_OK : STATUS_AGAIN;
    }
    board_drop(&frame.snapshot);
    buffer_fini(&frame.alert);
    buffer_fini(&frame.out);
    return status;
}

enum status
top_run(struct client *client, const struct top_options *options, struct error *error)
{
    struct top top = {.client = client, .options = options, .shown_at = USEC_NONE};
    enum status status = STATUS_OK;
    if (options->is_once) {
        screen_measure(&top.screen);
        status = show_frame(&top, error);
    } else {
        screen_enter(&top.screen);
        do {
            status = show_frame(&top, error);
        } while (status == STATUS_OK &&
                 screen_wait(&top.screen, options->every) != SCREEN_QUIT);
        screen_leave(&top.screen);
    }
    return status == STATUS_AGAIN ? STATUS_OK : status;
}
