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

// ── selecting ──────────────────────────────────────────────────────────────

static bool
is_before(const struct boards *boards, enum tally tally, const struct board_entry *a,
          const struct board_entry *b)
{
    if (a->score != b->score) {
        return a->score > b->score;
    }
    return a->owner != b->owner && slice_compare(id_of(boards, tally, a->owner),
                                                 id_of(boards, tally, b->owner)) < 0;
}

static void
swap(struct board_entry *a, struct board_entry *b)
{
    struct board_entry c = *a;
    *a = *b;
    *b = c;
}

// Hoare's quickselect: afterwards the first `wanted` entries of the order are in front,
// and the last of them is at wanted-1.
static void
select_first(const struct boards *boards, enum tally tally, struct board_entry *e,
             uint32_t count, uint32_t wanted)
{
    int64_t low = 0;
    int64_t high = (int64_t)count - 1;
    int64_t nth = (int64_t)wanted - 1;
    while (low < high) {
        struct board_entry pivot = e[low + (high - low) / 2];
        int64_t i = low;
        int64_t j = high;
        while (i <= j) {
            while (is_before(boards, tally, &e[i], &pivot)) {
                i++;
            }
            while (is_before(boards, tally, &pivot, &e[j])) {
                j--;
            }
            if (i <= j) {
                swap(&e[i], &e[j]);
                i++;
                j--;
            }
        }
        if (nth <= j) {
            high = j;
        } else if (nth >= i) {
            low = i;
        } else {
            return;
        }
    }
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

// Drops candidates that fell below the floor and copies the values of the others into
// scratch.
static uint32_t
gather(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint32_t slot = slot_of(boards, index);
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        struct counter *counter =
            counters_at(&boards->windows->counters, board->candidates[i]);
        uint64_t score = counters_value(&boards->windows->counters, counter, slot);
        if ((counter->members & (1u << slot)) == 0 || counter_is_hidden(counter) ||
            counter_tally(counter) != tally_of(boards, index)) {
            continue; // evicted, and perhaps reused since
        }
        if (!is_above_floor(boards, board, counter, score)) {
            counter->members &= (uint8_t) ~(1u << slot);
            board->has_outside |= score != 0;
            continue;
        }
        board->candidates[count] = board->candidates[i];
        boards->scratch[count] = (struct board_entry){counter->owner, score};
        count++;
    }
    board->candidate_count = count;
    return count;
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
    select_first(boards, tally_of(boards, index), boards->scratch, count, kept);
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
    board->candidate_count = 0;
    board->floor_score = 0;
    board->has_outside = false;
    struct search search = {boards, index};
    windows_visit(boards->windows, slot, search_visit, &search);
    boards->rebuilds++;
    gather(boards, index);
}

// ── publishing ─────────────────────────────────────────────────────────────

// Radix sort. The order is not visible to users; it lets two lists be compared in one
// pass. `spare` has room for as many entries.
static void
sort_by_owner(struct board_entry *entries, struct board_entry *spare, uint32_t count)
{
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < count; i++) {
            starts[((entries[i].owner >> shift) & 0xFF) + 1]++;
        }
        for (uint32_t i = 0; i < 256; i++) {
            starts[i + 1] += starts[i];
        }
        for (uint32_t i = 0; i < count; i++) {
            spare[starts[(entries[i].owner >> shift) & 0xFF]++] = entries[i];
        }
        memcpy(entries, spare, count * sizeof(*entries));
    }
}

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
        select_first(boards, tally_of(boards, index), boards->scratch, count,
                     boards->top);
        count = boards->top;
    }
    sort_by_owner(boards->scratch, board->current, count);
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
            push_entry(boards, change, tally, (struct board_entry){old->owner, 0});
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
