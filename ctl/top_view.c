#include "ctl/top_view.h"

#include <stdio.h>
#include <string.h>

#include "base/usec.h"
#include "ctl/screen.h"

const char top_view_help[] =
    "q quit, 1-8 window, tab board, o all, a alerts, + - rows, space pause";

static const char board_keys[BOARD_COUNT] = {
    [BOARD_CARRIED] = 'c',   [BOARD_TRANSLATED] = 't', [BOARD_RETWEETS] = 'r',
    [BOARD_INFLUENCE] = 'i', [BOARD_MENTIONS] = 'm',   [BOARD_REACH] = 'e',
    [BOARD_QUOTES] = 'u',    [BOARD_REPLIES] = 'y',    [BOARD_POSTS] = 'p',
    [BOARD_HASHTAGS] = 'h',  [BOARD_CASCADES] = 's',
};

void
top_view_init(struct top_view *view, const char *window, size_t rows)
{
    *view = (struct top_view){.rows = rows, .window_count = 1};
    (void)snprintf(view->windows[0], sizeof view->windows[0], "%s", window);
}

// ── windows ────────────────────────────────────────────────────────────────

static usec
span_of(const char *window)
{
    usec span = 0;
    return usec_parse_duration(slice_of(window), &span) == STATUS_OK ? span : 0;
}

static void
add_window(struct top_view *view, struct slice name)
{
    char text[BOARD_WINDOW_MAX + 1];
    size_t place = 0;
    if (view->window_count == WINDOWS_MAX || name.len > BOARD_WINDOW_MAX) {
        return;
    }
    (void)snprintf(text, sizeof text, "%.*s", SLICE_ARG(name));
    for (size_t i = 0; i < view->window_count; i++) {
        if (strcmp(view->windows[i], text) == 0) {
            return;
        }
        place += span_of(view->windows[i]) < span_of(text);
    }
    memmove(view->windows[place + 1], view->windows[place],
            (view->window_count - place) * sizeof *view->windows);
    memcpy(view->windows[place], text, sizeof text);
    view->window_count++;
    view->window += place <= view->window;
}

void
top_view_find(struct top_view *view, const struct windows *windows)
{
    for (size_t i = 0; i < windows->count; i++) {
        add_window(view, windows->at[i].name);
    }
}

// ── keys ───────────────────────────────────────────────────────────────────

static void
show_board(struct top_view *view, enum board_index board)
{
    view->what = TOP_VIEW_BOARD;
    view->board = board;
}

// All boards, each of them, all again.
static void
show_next(struct top_view *view)
{
    if (view->what != TOP_VIEW_BOARD) {
        show_board(view, (enum board_index)0);
    } else if (view->board + 1 < BOARD_COUNT) {
        show_board(view, (enum board_index)(view->board + 1));
    } else {
        view->what = TOP_VIEW_BOARDS;
    }
}

static void
press_board(struct top_view *view, int key)
{
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        if (board_keys[i] == key) {
            show_board(view, (enum board_index)i);
        }
    }
}

static void
press_window(struct top_view *view, int key)
{
    size_t wanted = (size_t)(key - '1');
    view->window = wanted < view->window_count ? wanted : view->window;
}

static void
press_rows(struct top_view *view, int key)
{
    size_t rows = view->rows != 0 && view->rows < view->fit ? view->rows : view->fit;
    rows += key == '+';
    rows -= key == '-' && rows > 1;
    view->rows = rows < BOARD_ROWS_MAX ? rows : BOARD_ROWS_MAX;
}

bool
top_view_press(struct top_view *view, int key)
{
    switch (key) {
    case 'q':
        return false;
    case SCREEN_KEY_LEFT:
        view->window -= view->window != 0;
        break;
    case SCREEN_KEY_RIGHT:
        view->window += view->window + 1 < view->window_count;
        break;
    case '\t':
        show_next(view);
        break;
    case 'o':
        view->what = TOP_VIEW_BOARDS;
        break;
    case 'a':
        view->what = TOP_VIEW_ALERTS;
        break;
    case ' ':
        view->is_paused = !view->is_paused;
        break;
    case '+':
    case '-':
        press_rows(view, key);
        break;
    default:
        if (key >= '1' && key <= '8') {
            press_window(view, key);
        } else {
            press_board(view, key);
        }
        break;
    }
    return true;
}
