#include "pipeline/windows/boards.h"

#include <stdio.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/post.h"
#include "pipeline/windows/board_candidates.h"

static bool
board_init(struct board *board, const struct boards *boards)
{
    board->candidates = region_reserve(boards->room * sizeof(*board->candidates));
    board->keys = region_reserve(boards->room * sizeof(*board->keys));
    board->published = region_reserve(boards->most * sizeof(*board->published));
    board->current = region_reserve(boards->most * sizeof(*board->current));
    board->floor_id = region_reserve(POST_ID_MAX);
    board->top = boards->top;
    return board->candidates != NULL && board->keys != NULL &&
           board->published != NULL && board->current != NULL &&
           board->floor_id != NULL;
}

uint64_t
boards_unit(const struct boards *boards, uint32_t index)
{
    return index < boards->windowed ? 1 : BOARDS_LASTING_UNIT;
}

static void
name_board(const struct boards *boards, uint32_t index,
           const struct boards_needs *needs)
{
    struct board *board = &boards->rows[index];
    if (index >= boards->windowed) {
        snprintf(board->name, sizeof(board->name), "%s%s%s",
                 needs->campaign != NULL ? needs->campaign : "",
                 needs->campaign != NULL ? ":" : "",
                 boards->lasting.names[index - boards->windowed]);
        return;
    }
    struct slice tally = tally_name(boards_tally(boards, index));
    const char *window = needs->spans->name[index % boards->windows->shown];
    bool is_within = needs->campaign != NULL;
    snprintf(board->name, sizeof(board->name), "%s%s%.*s:%s",
             is_within ? needs->campaign : "", is_within ? ":top:" : "",
             SLICE_ARG(tally), window);
}

bool
boards_init(struct boards *boards, uint32_t top, const struct boards_needs *needs)
{
    memset(boards, 0, sizeof(*boards));
    boards->top = top;
    boards->most = needs->lasting.top > top ? needs->lasting.top : top;
    boards->room = boards->most * BOARD_CANDIDATES_PER_TOP;
    boards->windows = needs->windows;
    boards->owners = needs->owners;
    boards->lasting = needs->lasting;
    boards->first = needs->campaign != NULL ? TALLY_CAMPAIGN : TALLY_POSTS;
    boards->campaign = needs->number;
    boards->windowed = TALLY_BOARDS * needs->windows->shown;
    boards->count = boards->windowed + needs->lasting.count;
    boards->rows = region_reserve(boards->count * sizeof(*boards->rows));
    boards->scratch = region_reserve(boards->room * sizeof(*boards->scratch));
    boards->joined = region_reserve((size_t)2 * boards->room * sizeof(*boards->joined));
    boards->entries =
        region_reserve((size_t)2 * boards->most * sizeof(*boards->entries));
    if (boards->rows == NULL || boards->scratch == NULL || boards->joined == NULL ||
        boards->entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < boards->count; i++) {
        name_board(boards, i, needs);
        if (!board_init(&boards->rows[i], boards)) {
            return false;
        }
    }
    return true;
}

void
boards_fini(struct boards *boards)
{
    for (uint32_t i = 0; boards->rows != NULL && i < boards->count; i++) {
        struct board *board = &boards->rows[i];
        region_release(board->floor_id, POST_ID_MAX);
        region_release(board->current, boards->most * sizeof(*board->current));
        region_release(board->published, boards->most * sizeof(*board->published));
        region_release(board->keys, boards->room * sizeof(*board->keys));
        region_release(board->candidates, boards->room * sizeof(*board->candidates));
    }
    region_release(boards->entries,
                   (size_t)2 * boards->most * sizeof(*boards->entries));
    region_release(boards->joined, (size_t)2 * boards->room * sizeof(*boards->joined));
    region_release(boards->scratch, boards->room * sizeof(*boards->scratch));
    region_release(boards->rows, boards->count * sizeof(*boards->rows));
    memset(boards, 0, sizeof(*boards));
}

// ── publishing ─────────────────────────────────────────────────────────────

static struct board_entries
current_of(const struct board *board)
{
    return (struct board_entries){board->current, board->current_count};
}

static struct board_entries
published_of(const struct board *board)
{
    return (struct board_entries){board->published, board->published_count};
}

static int
walk_step(const struct board *board, uint32_t i, uint32_t k)
{
    return board_entries_step(current_of(board), i, published_of(board), k);
}

typedef void (*moved_fn)(void *context, enum tally tally, uint32_t owner);

// Calls `entered` for what is selected and not published, `left` for the opposite; both
// may be NULL. Rows of owners that stay are not touched: they are far apart, and each
// page written would have to be copied while a snapshot is made.
static void
visit_moved(const struct boards *boards, uint32_t index, moved_fn entered,
            moved_fn left)
{
    const struct board *board = &boards->rows[index];
    enum tally tally = boards_tally(boards, index);
    uint32_t i = 0;
    uint32_t k = 0;
    while (i < board->current_count || k < board->published_count) {
        if (i < board->current_count && k < board->published_count &&
            board->current[i].owner == board->published[k].owner) {
            i++; // most stay
            k++;
            continue;
        }
        bool has_entered = walk_step(board, i, k) < 0;
        if (has_entered && entered != NULL) {
            entered(boards->owners.context, tally, board->current[i].owner);
        } else if (!has_entered && left != NULL) {
            left(boards->owners.context, tally, board->published[k].owner);
        }
        i += has_entered;
        k += !has_entered;
    }
}

static void
select_current(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint32_t count = board_candidates_gather(boards, index);
    if (count > board->top) {
        board_entries_select(boards->scratch, count, board->top);
        count = board->top;
    }
    board_entries_sort(boards->scratch, board->current, count);
    memcpy(board->current, boards->scratch, count * sizeof(*board->current));
    board->current_count = count;
    board->is_touched = board->has_left = false;
    board->is_changed =
        board->is_whole || !board_entries_same(current_of(board), published_of(board));
}

// Those selected before and not published are released. One that is selected again is
// held again before anything is evicted.
static void
update(struct boards *boards, uint32_t index)
{
    const struct boards_owners *owners = &boards->owners;
    if (boards->rows[index].is_changed) {
        visit_moved(boards, index, owners->moved, NULL);
        visit_moved(boards, index, owners->release, NULL);
    }
    select_current(boards, index);
    visit_moved(boards, index, owners->hold, NULL);
    visit_moved(boards, index, owners->moved, owners->moved);
}

void
boards_select(struct boards *boards)
{
    for (uint32_t i = 0; i < boards->count; i++) {
        if (boards->rows[i].is_touched || boards->rows[i].is_whole) {
            update(boards, i);
        }
    }
}

bool
boards_selected(const struct boards *boards, enum tally tally, uint32_t slot,
                uint32_t owner)
{
    uint32_t index = (uint32_t)(tally - boards->first) * boards->windows->shown + slot;
    return board_entries_has(current_of(&boards->rows[index]), owner);
}

bool
boards_lasting_selected(const struct boards *boards, uint32_t lasting, uint32_t user)
{
    return board_entries_has(current_of(&boards->rows[boards->windowed + lasting]),
                             user);
}

void
boards_release(const struct boards *boards)
{
    const struct boards_owners *owners = &boards->owners;
    for (uint32_t i = 0; i < boards->count; i++) {
        const struct board *board = &boards->rows[i];
        enum tally tally = boards_tally(boards, i);
        visit_moved(boards, i, owners->moved, NULL);
        visit_moved(boards, i, owners->release, NULL);
        for (uint32_t k = 0; k < board->published_count; k++) {
            owners->moved(owners->context, tally, board->published[k].owner);
            owners->release(owners->context, tally, board->published[k].owner);
        }
    }
}

static void
push_entry(struct boards *boards, struct change *change, enum tally tally,
           struct board_entry entry)
{
    boards->entries[change->entry_count++] =
        (struct change_entry){boards_id(boards, tally, entry.owner), entry.score};
}

static void
push_differences(struct boards *boards, const struct board *board, enum tally tally,
                 struct change *change)
{
    uint32_t i = 0;
    uint32_t k = 0;
    while (i < board->current_count || k < board->published_count) {
        const struct board_entry *now = &board->current[i];
        const struct board_entry *old = &board->published[k];
        int step = walk_step(board, i, k);
        if (step > 0) {
            push_entry(boards, change, tally,
                       (struct board_entry){.owner = old->owner});
        } else if (step < 0 || now->score != old->score) {
            push_entry(boards, change, tally, *now);
        }
        i += step <= 0;
        k += step >= 0;
    }
}

static void
publish(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    visit_moved(boards, index, NULL, boards->owners.release);
    memcpy(board->published, board->current,
           board->current_count * sizeof(*board->published));
    board->published_count = board->current_count;
    board->is_changed = false;
    board->is_whole = false;
}

bool
boards_take_change(struct boards *boards, uint32_t index, struct change *ret_change)
{
    struct board *board = &boards->rows[index];
    if (board->has_left) {
        update(boards, index);
    }
    if (!board->is_changed && !board->is_whole) {
        return false;
    }
    enum tally tally = boards_tally(boards, index);
    *ret_change = (struct change){
        .kind = CHANGE_BOARD,
        .name = slice_of(board->name),
        .is_whole = board->is_whole,
        .entries = boards->entries,
        .unit = boards_unit(boards, index),
    };
    if (board->is_whole) {
        for (uint32_t i = 0; i < board->current_count; i++) {
            push_entry(boards, ret_change, tally, board->current[i]);
        }
    } else {
        push_differences(boards, board, tally, ret_change);
    }
    publish(boards, index);
    return true;
}

bool
boards_pending(const struct boards *boards)
{
    for (uint32_t i = 0; i < boards->count; i++) {
        const struct board *board = &boards->rows[i];
        if (board->is_touched || board->is_changed || board->is_whole) {
            return true;
        }
    }
    return false;
}

void
boards_renamed(struct boards *boards, enum tally tally)
{
    uint32_t first = (uint32_t)(tally - boards->first) * boards->windows->shown;
    for (uint32_t slot = 0; slot < boards->windows->shown; slot++) {
        boards->rows[first + slot].ordered = 0;
    }
}

void
boards_lasting_renamed(struct boards *boards)
{
    for (uint32_t i = boards->windowed; i < boards->count; i++) {
        boards->rows[i].ordered = 0;
    }
}

void
boards_set_top(struct boards *boards, uint32_t index, uint32_t top)
{
    boards->rows[index].top = top < boards->most ? top : boards->most;
    boards->rows[index].is_touched = true;
}

void
boards_lost(struct boards *boards, uint32_t index)
{
    boards->rows[index].is_whole = true;
}

void
boards_move(struct boards *boards, struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < boards->count; i++) {
        struct board *board = &boards->rows[i];
        snapshot_rows(snapshot, board->candidates, sizeof(*board->candidates),
                      &board->candidate_count, boards->room);
        snapshot_rows(snapshot, board->published, sizeof(*board->published),
                      &board->published_count, boards->most);
        snapshot_rows(snapshot, board->current, sizeof(*board->current),
                      &board->current_count, boards->most);
        SNAPSHOT_VALUE(snapshot, board->has_outside);
        SNAPSHOT_VALUE(snapshot, board->is_touched);
        SNAPSHOT_VALUE(snapshot, board->is_changed);
        SNAPSHOT_VALUE(snapshot, board->is_whole);
        SNAPSHOT_VALUE(snapshot, board->floor_score);
        snapshot_rows(snapshot, board->floor_id, 1, &board->floor_len, POST_ID_MAX);
    }
    SNAPSHOT_VALUE(snapshot, boards->rebuilds);
}
