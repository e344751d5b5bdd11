#include "pipeline/windows/boards.h"

#include <stdio.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/post.h"

enum { ROOM_PER_TOP = 4, KEPT_PER_TOP = 2 };

static enum tally
tally_of(const struct boards *boards, uint32_t board)
{
    return (enum tally)(board / boards->windows->shown);
}

static uint32_t
slot_of(const struct boards *boards, uint32_t board)
{
    return board % boards->windows->shown;
}

static bool
board_init(struct board *board, const struct boards *boards)
{
    board->candidates = region_reserve(boards->room * sizeof(*board->candidates));
    board->published = region_reserve(boards->top * sizeof(*board->published));
    board->current = region_reserve(boards->top * sizeof(*board->current));
    board->floor_id = region_reserve(POST_ID_MAX);
    return board->candidates != NULL && board->published != NULL &&
           board->current != NULL && board->floor_id != NULL;
}

bool
boards_init(struct boards *boards, uint32_t top, struct windows *windows,
            const struct option_spans *spans, const struct boards_owners *owners)
{
    memset(boards, 0, sizeof(*boards));
    boards->top = top;
    boards->room = top * ROOM_PER_TOP;
    boards->windows = windows;
    boards->owners = *owners;
    boards->count = TALLY_BOARDS * windows->shown;
    boards->rows = region_reserve(boards->count * sizeof(*boards->rows));
    boards->scratch = region_reserve(boards->room * sizeof(*boards->scratch));
    boards->entries = region_reserve((size_t)2 * top * sizeof(*boards->entries));
    if (boards->rows == NULL || boards->scratch == NULL || boards->entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < boards->count; i++) {
        struct slice tally = tally_name(tally_of(boards, i));
        struct board *board = &boards->rows[i];
        snprintf(board->name, sizeof(board->name), "%.*s:%s", SLICE_ARG(tally),
                 spans->name[slot_of(boards, i)]);
        if (!board_init(board, boards)) {
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
        region_release(board->current, boards->top * sizeof(*board->current));
        region_release(board->published, boards->top * sizeof(*board->published));
        region_release(board->candidates, boards->room * sizeof(*board->candidates));
    }
    region_release(boards->entries, (size_t)2 * boards->top * sizeof(*boards->entries));
    region_release(boards->scratch, boards->room * sizeof(*boards->scratch));
    region_release(boards->rows, boards->count * sizeof(*boards->rows));
    memset(boards, 0, sizeof(*boards));
}

static struct slice
id_of(const struct boards *boards, enum tally tally, uint32_t owner)
{
    return boards->owners.id(boards->owners.context, tally, owner);
}

// ── candidates ─────────────────────────────────────────────────────────────

static bool
is_above_floor(const struct boards *boards, const struct board *board,
               const struct counter *counter, uint64_t score)
{
    if (score != board->floor_score) {
        return score > board->floor_score;
    }
    return score != 0 &&
           slice_compare(id_of(boards, counter_tally(counter), counter->owner),
                         (struct slice){board->floor_id, board->floor_len}) <= 0;
}

static uint32_t gather(struct boards *boards, uint32_t index);
static void keep(struct boards *boards, uint32_t index, uint32_t count);

static void
join(struct boards *boards, uint32_t index, uint32_t counter)
{
    struct board *board = &boards->rows[index];
    if (board->candidate_count == boards->room) {
        uint32_t count = gather(boards, index);
        if (count > KEPT_PER_TOP * boards->top) {
            keep(boards, index, count);
        }
        struct counter *row = counters_at(&boards->windows->counters, counter);
        uint32_t slot = slot_of(boards, index);
        if (!is_above_floor(boards, board, row,
                            counters_value(&boards->windows->counters, row, slot))) {
            board->has_outside = true;
            return;
        }
    }
    counters_at(&boards->windows->counters, counter)->members |=
        (uint8_t)(1u << slot_of(boards, index));
    board->candidates[board->candidate_count++] = counter;
}

void
boards_touched(struct boards *boards, uint32_t index, uint32_t slots)
{
    struct counter *counter = counters_at(&boards->windows->counters, index);
    if (counter_is_hidden(counter)) {
        return;
    }
    uint32_t first = (uint32_t)counter_tally(counter) * boards->windows->shown;
    while (slots != 0) {
        uint32_t slot = (uint32_t)__builtin_ctz(slots);
        slots &= slots - 1;
        struct board *board = &boards->rows[first + slot];
        if ((counter->members & (1u << slot)) != 0) {
            board->is_touched = true;
            continue;
        }
        if (is_above_floor(boards, board, counter,
                           counters_value(&boards->windows->counters, counter, slot))) {
            board->is_touched = true;
            join(boards, first + slot, index);
        } else if (counters_value(&boards->windows->counters, counter, slot) != 0) {
            board->has_outside = true;
        }
    }
}

// Copies the values of the candidates into scratch, and drops those that were evicted
// and whose counters are perhaps reused since.
static void
read_candidates(struct boards *boards, uint32_t index)
{
    enum { AHEAD = 16 };
    const struct counters *counters = &boards->windows->counters;
    struct board *board = &boards->rows[index];
    uint32_t slot = slot_of(boards, index);
    uint32_t count = 0;
    uint32_t ordered = 0;
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        if (i + AHEAD < board->candidate_count) {
            __builtin_prefetch(counters_at(counters, board->candidates[i + AHEAD]));
        }
        const struct counter *counter = counters_at(counters, board->candidates[i]);
        if ((counter->members & (1u << slot)) == 0 || counter_is_hidden(counter) ||
            counter_tally(counter) != tally_of(boards, index)) {
            continue;
        }
        board->candidates[count] = board->candidates[i];
        boards->scratch[count] = (struct board_entry){
            .owner = counter->owner, .score = counters_value(counters, counter, slot)};
        count++;
        ordered += i < board->ordered;
    }
    board->candidate_count = count;
    board->ordered = ordered;
}

// The first of `count` ordered entries in scratch whose id is greater, or count.
static uint32_t
place_behind(const struct boards *boards, enum tally tally, uint32_t count,
             struct slice id)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(id_of(boards, tally, boards->scratch[middle].owner), id) >
            0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// Inserts the candidates that joined since into the order of ids, in scratch, too.
static void
put_in_order(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    enum tally tally = tally_of(boards, index);
    struct board_entry *scratch = boards->scratch;
    for (uint32_t i = board->ordered; i < board->candidate_count; i++) {
        struct slice id = id_of(boards, tally, scratch[i].owner);
        if (i == 0 ||
            slice_compare(id_of(boards, tally, scratch[i - 1].owner), id) < 0) {
            continue;
        }
        uint32_t place = place_behind(boards, tally, i, id);
        struct board_entry entry = scratch[i];
        uint32_t candidate = board->candidates[i];
        memmove(&scratch[place + 1], &scratch[place], (i - place) * sizeof(entry));
        memmove(&board->candidates[place + 1], &board->candidates[place],
                (i - place) * sizeof(candidate));
        scratch[place] = entry;
        board->candidates[place] = candidate;
    }
    board->ordered = board->candidate_count;
}

// Drops candidates that fell below the floor, from scratch, too.
static void
drop_fallen(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint8_t bit = (uint8_t)(1u << slot_of(boards, index));
    const struct slice floor_id = {board->floor_id, board->floor_len};
    uint32_t behind =
        place_behind(boards, tally_of(boards, index), board->candidate_count, floor_id);
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        struct board_entry entry = boards->scratch[i];
        if (entry.score < board->floor_score || entry.score == 0 ||
            (entry.score == board->floor_score && i >= behind)) {
            counters_at(&boards->windows->counters, board->candidates[i])->members &=
                (uint8_t)~bit;
            board->has_outside |= entry.score != 0;
            continue;
        }
        entry.place = count;
        board->candidates[count] = board->candidates[i];
        boards->scratch[count] = entry;
        count++;
    }
    board->candidate_count = board->ordered = count;
}

// Brings the candidates up to date: those at or above the floor, with their values in
// scratch, both in the order of their ids. Comparing ids means to read the texts of two
// owners, which are far apart; a place in the order can be compared instead.
static uint32_t
gather(struct boards *boards, uint32_t index)
{
    read_candidates(boards, index);
    put_in_order(boards, index);
    drop_fallen(boards, index);
    return boards->rows[index].candidate_count;
}

static void
set_floor(struct boards *boards, uint32_t index, const struct board_entry *lowest)
{
    struct board *board = &boards->rows[index];
    struct slice id = id_of(boards, tally_of(boards, index), lowest->owner);
    board->floor_score = lowest->score;
    board->floor_len = (uint32_t)id.len;
    memcpy(board->floor_id, id.ptr, id.len);
}

// Raises the floor so that twice `top` of the `count` candidates in scratch remain.
static void
keep(struct boards *boards, uint32_t index, uint32_t count)
{
    uint32_t kept = KEPT_PER_TOP * boards->top;
    board_entries_select(boards->scratch, count, kept);
    set_floor(boards, index, &boards->scratch[kept - 1]);
    boards->rows[index].has_outside = true;
    gather(boards, index);
}

struct search {
    struct boards *boards;
    uint32_t index;
};

static void
search_visit(void *context, uint32_t index)
{
    const struct search *search = context;
    struct boards *boards = search->boards;
    struct board *board = &boards->rows[search->index];
    uint32_t slot = slot_of(boards, search->index);
    const struct counter *counter = counters_at(&boards->windows->counters, index);
    uint64_t score = counters_value(&boards->windows->counters, counter, slot);
    if (counter_tally(counter) != tally_of(boards, search->index) ||
        counter_is_hidden(counter) || (counter->members & (1u << slot)) != 0 ||
        score == 0) {
        return;
    }
    if (is_above_floor(boards, board, counter, score)) {
        join(boards, search->index, index);
    } else {
        board->has_outside = true;
    }
}

// Searches the whole window again; the floor rises with the candidates found.
static void
rebuild(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint32_t slot = slot_of(boards, index);
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        counters_at(&boards->windows->counters, board->candidates[i])->members &=
            (uint8_t) ~(1u << slot);
    }
    board->candidate_count = board->ordered = 0;
    board->floor_score = 0;
    board->has_outside = false;
    struct search search = {boards, index};
    windows_visit(boards->windows, slot, search_visit, &search);
    boards->rebuilds++;
    gather(boards, index);
}

// ── publishing ─────────────────────────────────────────────────────────────

static bool
is_published(const struct board *board)
{
    if (board->current_count != board->published_count) {
        return false;
    }
    for (uint32_t i = 0; i < board->current_count; i++) {
        if (board->current[i].owner != board->published[i].owner ||
            board->current[i].score != board->published[i].score) {
            return false;
        }
    }
    return true;
}

// Both lists are sorted by owner, so one pass finds which entries were added, kept and
// removed. Below 0: current[i] was added; above 0: published[k] was removed; 0: the
// entry is in both.
static int
walk_step(const struct board *board, uint32_t i, uint32_t k)
{
    if (k == board->published_count) {
        return -1;
    }
    if (i == board->current_count) {
        return 1;
    }
    uint32_t now = board->current[i].owner;
    uint32_t old = board->published[k].owner;
    return (now > old) - (now < old);
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
    enum tally tally = tally_of(boards, index);
    uint32_t i = 0;
    uint32_t k = 0;
    while (i < board->current_count || k < board->published_count) {
        int step = walk_step(board, i, k);
        if (step < 0 && entered != NULL) {
            entered(boards->owners.context, tally, board->current[i].owner);
        } else if (step > 0 && left != NULL) {
            left(boards->owners.context, tally, board->published[k].owner);
        }
        i += step <= 0;
        k += step >= 0;
    }
}

static void
select_current(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint32_t count = gather(boards, index);
    if (count < boards->top && board->has_outside) {
        rebuild(boards, index);
        count = board->candidate_count;
    } else if (count > (KEPT_PER_TOP + 1) * boards->top) {
        keep(boards, index, count);
        count = board->candidate_count;
    }
    if (count > boards->top) {
        board_entries_select(boards->scratch, count, boards->top);
        count = boards->top;
    }
    board_entries_sort(boards->scratch, board->current, count);
    memcpy(board->current, boards->scratch, count * sizeof(*board->current));
    board->current_count = count;
    board->is_touched = false;
    board->is_changed = board->is_whole || !is_published(board);
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
    const struct board *board =
        &boards->rows[(uint32_t)tally * boards->windows->shown + slot];
    uint32_t low = 0;
    uint32_t high = board->current_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (board->current[middle].owner < owner) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < board->current_count && board->current[low].owner == owner;
}

static void
push_entry(struct boards *boards, struct change *change, enum tally tally,
           struct board_entry entry)
{
    boards->entries[change->entry_count++] =
        (struct change_entry){id_of(boards, tally, entry.owner), entry.score};
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
    if (board->is_touched) {
        update(boards, index);
    }
    if (!board->is_changed && !board->is_whole) {
        return false;
    }
    enum tally tally = tally_of(boards, index);
    *ret_change = (struct change){
        .kind = CHANGE_BOARD,
        .name = slice_of(board->name),
        .is_whole = board->is_whole,
        .entries = boards->entries,
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

void
boards_renamed(struct boards *boards, enum tally tally)
{
    uint32_t first = (uint32_t)tally * boards->windows->shown;
    for (uint32_t slot = 0; slot < boards->windows->shown; slot++) {
        boards->rows[first + slot].ordered = 0;
    }
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
                      &board->published_count, boards->top);
        snapshot_rows(snapshot, board->current, sizeof(*board->current),
                      &board->current_count, boards->top);
        SNAPSHOT_VALUE(snapshot, board->has_outside);
        SNAPSHOT_VALUE(snapshot, board->is_touched);
        SNAPSHOT_VALUE(snapshot, board->is_changed);
        SNAPSHOT_VALUE(snapshot, board->is_whole);
        SNAPSHOT_VALUE(snapshot, board->floor_score);
        snapshot_rows(snapshot, board->floor_id, 1, &board->floor_len, POST_ID_MAX);
    }
    SNAPSHOT_VALUE(snapshot, boards->rebuilds);
}
