#include "pipeline/views_boards.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/inside.h"

struct views_board
views_boards_one(const struct pipeline *pipeline, const struct boards *boards,
                 uint32_t index)
{
    struct slice name = slice_of(boards->rows[index].name);
    struct views_board board = {
        .name = name,
        .metric = name,
        .window = SLICE_LIT("all"),
        .owner = VIEWS_PEOPLE,
        .unit = boards_unit(boards, index),
    };
    if (index < boards->windowed) {
        enum tally tally = tally_plain(boards_tally(boards, index));
        uint32_t slot = index % boards->windows->shown;
        board.metric = tally_name(tally);
        board.window = slice_of(pipeline->options.windows.name[slot]);
        board.owner = tally == TALLY_CASCADES   ? VIEWS_CASCADES
                      : tally == TALLY_HASHTAGS ? VIEWS_HASHTAGS
                                                : VIEWS_PEOPLE;
    }
    return board;
}

static int
by_rank(const void *a, const void *b)
{
    const struct views_entry *one = a;
    const struct views_entry *other = b;
    if (one->score != other->score) {
        return one->score > other->score ? -1 : 1;
    }
    return (one->place > other->place) - (one->place < other->place);
}

uint32_t
views_boards_entries(const struct boards *boards, uint32_t index,
                     struct views_entry *space, uint32_t most)
{
    const struct board *board = &boards->rows[index];
    uint32_t count = board->current_count < most ? board->current_count : most;
    if (count == 0) {
        return 0;
    }
    // Most readers want a few of a thousand: only these are sorted.
    memcpy(boards->scratch, board->current,
           board->current_count * sizeof(*boards->scratch));
    board_entries_select(boards->scratch, board->current_count, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct board_entry *entry = &boards->scratch[i];
        space[i] = (struct views_entry){entry->owner, entry->place, entry->score};
    }
    qsort(space, count, sizeof(*space), by_rank);
    return count;
}
