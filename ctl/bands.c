#include "ctl/bands.h"

#include <stdio.h>

#include "ingest/text/cell.h"

enum { LABEL_MAX = 1 << 20, GAP_COLUMNS = 2, RANK_COLUMNS = 4 };

static void
put_label(const struct bands *bands, enum board_index which, size_t row, size_t width)
{
    const struct board *board = &bands->snapshot->boards[which];
    struct slice handle = board_handle(board, row);
    struct slice text = board_text(board, row);
    struct buffer label;
    buffer_init(&label, LABEL_MAX);
    buffer_append(&label, which == BOARD_HASHTAGS ? SLICE_LIT("#")
                          : handle.len > 0        ? SLICE_LIT("@")
                                                  : SLICE_LIT(""));
    buffer_append(&label, handle.len > 0 ? handle : board_member(board, row));
    if (text.len > 0) {
        buffer_append(&label, SLICE_LIT(" "));
        buffer_append(&label, text);
    }
    cell_put_aligned(bands->out, buffer_text(&label), width, CELL_LEFT);
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
put_row(const struct bands *bands, enum board_index which, size_t row, size_t width)
{
    const struct board *board = &bands->snapshot->boards[which];
    size_t score = score_columns(board, width);
    if (row >= board->count || width < RANK_COLUMNS + score + 1) {
        cell_fill(bands->out, width);
        return;
    }
    char rank[RANK_COLUMNS + 20];
    char grouped[CELL_NUMBER_MAX];
    (void)snprintf(rank, sizeof rank, "%*zu ", RANK_COLUMNS - 1, row + 1);
    buffer_append(bands->out, slice_of(rank));
    put_label(bands, which, row, width - RANK_COLUMNS - score - 1);
    buffer_append_byte(bands->out, ' ');
    cell_put_aligned(bands->out, cell_number(board_score(board, row), grouped), score,
                     CELL_RIGHT);
}

static size_t
place_width(const struct bands_place *places, size_t index, size_t width)
{
    size_t count = 0;
    size_t shares = 0;
    for (size_t i = 0; i < BANDS_BOARDS_MAX; i++) {
        count += places[i].share > 0;
        shares += places[i].share;
    }
    size_t gaps = (count - 1) * GAP_COLUMNS;
    return width > gaps ? (width - gaps) * places[index].share / shares : 0;
}

// One line across the boards: their titles, or one row of each.
static void
put_line(const struct bands *bands, const struct bands_place *places, size_t line)
{
    for (size_t i = 0; i < BANDS_BOARDS_MAX && places[i].share > 0; i++) {
        size_t width = place_width(places, i, bands->screen->width);
        cell_fill(bands->out, i > 0 && width > 0 ? GAP_COLUMNS : 0);
        if (line == 0) {
            screen_put_strong(bands->screen, bands->out,
                              slice_of(board_titles[places[i].board]), width);
        } else {
            put_row(bands, places[i].board, line - 1, width);
        }
    }
    buffer_append_byte(bands->out, '\n');
}

void
bands_put(const struct bands *bands, const struct bands_place places[BANDS_BOARDS_MAX],
          size_t rows)
{
    buffer_append_byte(bands->out, '\n');
    for (size_t line = 0; line <= rows; line++) {
        put_line(bands, places, line);
    }
}
