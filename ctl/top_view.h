// What `cascadectl top` shows: the window, all boards, one board or the alerts, and how
// many rows; and the keys that change it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/board.h"
#include "ctl/windows.h"

enum top_view_what { TOP_VIEW_BOARDS, TOP_VIEW_BOARD, TOP_VIEW_ALERTS };

struct top_view {
    enum top_view_what what;
    enum board_index board;                          // TOP_VIEW_BOARD
    char windows[WINDOWS_MAX][BOARD_WINDOW_MAX + 1]; // shortest first
    size_t window_count;
    size_t window; // which of them is shown
    size_t rows;   // 0: as many as fit
    size_t fit;    // so many fit in the last frame
    bool is_paused;
};

// window: the one that is shown first.
void top_view_init(struct top_view *view, const char *window, size_t rows);

// Adds windows that were found in a hash.
void top_view_find(struct top_view *view, const struct windows *windows);

static inline const char *
top_view_window(const struct top_view *view)
{
    return view->windows[view->window];
}

// key: a character, or one of enum screen_key. False: quit.
bool top_view_press(struct top_view *view, int key);

// The line at the bottom that names the keys.
extern const char top_view_help[];
