#include "pipeline/windows/board_candidates.h"

#include <string.h>

enum { KEPT_PER_TOP = 2 };

static uint32_t
slot_of(const struct boards *boards, uint32_t index)
{
    return index < boards->windowed ? index % boards->windows->shown
                                    : index - boards->windowed;
}

// A counter in a window, or a row behind the lasting boards.
struct item {
    uint8_t *members; // NULL: the row is free
    uint32_t owner;
    uint64_t score;
    bool is_gone; // hidden, or its place has another use
};

static struct item
lasting_item(const struct boards *boards, uint32_t index, uint32_t row)
{
    const struct boards_lasting *lasting = &boards->lasting;
    uint32_t owner = lasting->owner(lasting->context, row);
    if (owner == UINT32_MAX) {
        return (struct item){.owner = owner, .is_gone = true};
    }
    return (struct item){
        .members = lasting->members(lasting->context, row),
        .owner = owner,
        .score = lasting->score(lasting->context, index - boards->windowed, row),
    };
}

static struct item
item_at(const struct boards *boards, uint32_t index, uint32_t which)
{
    if (index >= boards->windowed) {
        return lasting_item(boards, index, which);
    }
    const struct counters *counters = &boards->windows->counters;
    struct counter *counter = counters_at(counters, which);
    return (struct item){
        .members = &counter->members,
        .owner = counter->owner,
        .score = counters_value(counters, counter, slot_of(boards, index)),
        .is_gone = counter_is_unlisted(counter) ||
                   counter_tally(counter) != boards_tally(boards, index) ||
                   (boards->first != TALLY_POSTS && counter->dirty != boards->campaign),
    };
}

static uint8_t
bit_of(const struct boards *boards, uint32_t index)
{
    return (uint8_t)(1u << slot_of(boards, index));
}

// A candidate of that owner leaves the board, or may lose its key.
static void
note_left(struct board *board, uint32_t owner)
{
    const struct board_entries current = {board->current, board->current_count};
    board->has_left = board->has_left || board_entries_has(current, owner);
}

// It is no candidate any more.
static void
unmark(const struct boards *boards, uint32_t index, uint32_t which)
{
    struct item item = item_at(boards, index, which);
    note_left(&boards->rows[index], item.owner);
    if (item.members != NULL) {
        *item.members &= (uint8_t)~bit_of(boards, index);
    }
}

static bool
is_above_floor(const struct boards *boards, uint32_t index, uint32_t owner,
               uint64_t score)
{
    const struct board *board = &boards->rows[index];
    if (score != board->floor_score) {
        return score > board->floor_score;
    }
    return score != 0 &&
           slice_compare(boards_id(boards, boards_tally(boards, index), owner),
                         (struct slice){board->floor_id, board->floor_len}) <= 0;
}

static uint32_t gather(struct boards *boards, uint32_t index);
static void keep(struct boards *boards, uint32_t index, uint32_t count);

static void
join(struct boards *boards, uint32_t index, uint32_t which, const struct item *item)
{
    struct board *board = &boards->rows[index];
    if (board->candidate_count == boards->room) {
        uint32_t count = gather(boards, index);
        if (count > KEPT_PER_TOP * board->top) {
            keep(boards, index, count);
        }
        if (!is_above_floor(boards, index, item->owner, item->score)) {
            board->has_outside = true;
            return;
        }
    }
    *item->members |= bit_of(boards, index);
    board->candidates[board->candidate_count++] = which;
}

static void
touch(struct boards *boards, uint32_t index, uint32_t which, const struct item *item)
{
    struct board *board = &boards->rows[index];
    if ((*item->members & bit_of(boards, index)) != 0) {
        board->is_touched = true;
    } else if (is_above_floor(boards, index, item->owner, item->score)) {
        board->is_touched = true;
        join(boards, index, which, item);
    } else if (item->score != 0) {
        board->has_outside = true;
    }
}

// boards: of the windows.
static void
leave(struct board *boards, uint32_t slots, uint32_t owner)
{
    for (; slots != 0; slots &= slots - 1) {
        struct board *board = &boards[__builtin_ctz(slots)];
        board->is_touched = true;
        note_left(board, owner);
    }
}

void
boards_touched(struct boards *boards, uint32_t index, uint32_t slots)
{
    struct counter *counter = counters_at(&boards->windows->counters, index);
    uint32_t first =
        (uint32_t)(counter_tally(counter) - boards->first) * boards->windows->shown;
    // Zero in the longest window, it soon is in all.
    bool is_zero = counters_value(&boards->windows->counters, counter,
                                  boards->windows->longest) == 0;
    if (is_zero || counter_is_unlisted(counter)) {
        leave(&boards->rows[first], counter->members, counter->owner);
    }
    if (counter_is_unlisted(counter)) {
        return;
    }
    while (slots != 0) {
        uint32_t slot = (uint32_t)__builtin_ctz(slots);
        slots &= slots - 1;
        struct item item = {
            .members = &counter->members,
            .owner = counter->owner,
            .score = counters_value(&boards->windows->counters, counter, slot),
        };
        touch(boards, first + slot, index, &item);
    }
}

void
boards_row_touched(struct boards *boards, uint32_t row, uint32_t lasting)
{
    for (; lasting != 0; lasting &= lasting - 1) {
        uint32_t index = boards->windowed + (uint32_t)__builtin_ctz(lasting);
        struct item item = lasting_item(boards, index, row);
        if (!item.is_gone) {
            touch(boards, index, row, &item);
        }
        if (item.score == 0) {
            note_left(&boards->rows[index], item.owner);
        }
    }
}

// Its place may be used again before the next flush.
void
boards_row_gone(struct boards *boards, uint32_t row)
{
    uint8_t *members = boards->lasting.members(boards->lasting.context, row);
    for (; *members != 0; *members &= (uint8_t)(*members - 1)) {
        struct board *board =
            &boards->rows[boards->windowed + (uint32_t)__builtin_ctz(*members)];
        uint32_t at = 0;
        while (board->candidates[at] != row) {
            at++;
        }
        uint32_t behind = --board->candidate_count - at;
        board->ordered -= at < board->ordered;
        board->is_touched = board->has_left = true;
        memmove(&board->candidates[at], &board->candidates[at + 1],
                behind * sizeof(*board->candidates));
        memmove(&board->keys[at], &board->keys[at + 1], behind * sizeof(*board->keys));
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
    uint8_t bit = bit_of(boards, index);
    uint32_t count = 0;
    uint32_t ordered = 0;
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        if (i + AHEAD < board->candidate_count && index < boards->windowed) {
            __builtin_prefetch(counters_at(counters, board->candidates[i + AHEAD]));
        }
        struct item item = item_at(boards, index, board->candidates[i]);
        if (item.is_gone || (*item.members & bit) == 0) {
            continue;
        }
        board->candidates[count] = board->candidates[i];
        board->keys[count] = board->keys[i];
        boards->scratch[count] =
            (struct board_entry){.owner = item.owner, .score = item.score};
        count++;
        ordered += i < board->ordered;
    }
    board->candidate_count = count;
    board->ordered = ordered;
}

// Drops candidates that fell below the floor, from scratch, too.
static void
drop_fallen(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    const struct slice floor_id = {board->floor_id, board->floor_len};
    uint32_t behind =
        board_order_behind(boards, index, board->candidate_count, floor_id);
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        struct board_entry entry = boards->scratch[i];
        if (entry.score < board->floor_score || entry.score == 0 ||
            (entry.score == board->floor_score && i >= behind)) {
            unmark(boards, index, board->candidates[i]);
            board->has_outside |= entry.score != 0;
            continue;
        }
        entry.place = count;
        board->candidates[count] = board->candidates[i];
        board->keys[count] = board->keys[i];
        boards->scratch[count] = entry;
        count++;
    }
    board->candidate_count = board->ordered = count;
}

// Brings the candidates up to date: those at or above the floor, with their values in
// scratch, both in the order of their ids, so that places in it can be compared instead
// of ids.
static uint32_t
gather(struct boards *boards, uint32_t index)
{
    read_candidates(boards, index);
    board_order_join(boards, index);
    drop_fallen(boards, index);
    return boards->rows[index].candidate_count;
}

static void
set_floor(struct boards *boards, uint32_t index, const struct board_entry *lowest)
{
    struct board *board = &boards->rows[index];
    struct slice id = boards_id(boards, boards_tally(boards, index), lowest->owner);
    board->floor_score = lowest->score;
    board->floor_len = (uint32_t)id.len;
    memcpy(board->floor_id, id.ptr, id.len);
}

// Raises the floor so that twice `top` of the `count` candidates in scratch remain.
static void
keep(struct boards *boards, uint32_t index, uint32_t count)
{
    uint32_t kept = KEPT_PER_TOP * boards->rows[index].top;
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
search_visit(void *context, uint32_t which)
{
    const struct search *search = context;
    struct boards *boards = search->boards;
    struct item item = item_at(boards, search->index, which);
    if (!item.is_gone && (*item.members & bit_of(boards, search->index)) == 0) {
        touch(boards, search->index, which, &item);
    }
}

// Searches the whole window again, or the whole table; the floor rises with the
// candidates found.
static void
rebuild(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        unmark(boards, index, board->candidates[i]);
    }
    board->candidate_count = board->ordered = 0;
    board->floor_score = 0;
    board->has_outside = false;
    struct search search = {boards, index};
    if (index < boards->windowed) {
        windows_visit(boards->windows, slot_of(boards, index), search_visit, &search);
    } else {
        uint32_t high = boards->lasting.high(boards->lasting.context);
        for (uint32_t row = 0; row < high; row++) {
            search_visit(&search, row);
        }
    }
    boards->rebuilds++;
    gather(boards, index);
}

void
boards_renew(struct boards *boards)
{
    for (uint32_t i = boards->windowed; i < boards->count; i++) {
        rebuild(boards, i);
        boards->rows[i].is_touched = true;
    }
}

uint32_t
board_candidates_gather(struct boards *boards, uint32_t index)
{
    const struct board *board = &boards->rows[index];
    uint32_t count = gather(boards, index);
    if (count < board->top && board->has_outside) {
        rebuild(boards, index);
    } else if (count > (KEPT_PER_TOP + 1) * board->top) {
        keep(boards, index, count);
    }
    return board->candidate_count;
}

// ── ranks ──────────────────────────────────────────────────────────────────

static bool
goes_first(const struct boards *boards, uint32_t index, const struct item *a,
           const struct item *b)
{
    if (a->score != b->score) {
        return a->score > b->score;
    }
    enum tally tally = boards_tally(boards, index);
    return a->owner != b->owner &&
           slice_compare(boards_id(boards, tally, a->owner),
                         boards_id(boards, tally, b->owner)) < 0;
}

// Candidates that go before the item; no further than `most`.
static uint32_t
count_before(const struct boards *boards, uint32_t index, const struct item *item,
             uint32_t most)
{
    const struct board *board = &boards->rows[index];
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->candidate_count && count < most; i++) {
        struct item other = item_at(boards, index, board->candidates[i]);
        count += !other.is_gone && (*other.members & bit_of(boards, index)) != 0 &&
                 goes_first(boards, index, &other, item);
    }
    return count;
}

uint32_t
board_candidates_rank(struct boards *boards, uint32_t lasting, uint32_t row,
                      uint32_t most)
{
    uint32_t index = boards->windowed + lasting;
    struct board *board = &boards->rows[index];
    struct item item = lasting_item(boards, index, row);
    if (item.is_gone || item.score == 0) {
        return 0;
    }
    uint32_t before = count_before(boards, index, &item, most);
    if (before < most && board->has_outside &&
        !is_above_floor(boards, index, item.owner, item.score)) {
        // Others that are no candidates may go before it.
        (void)board_candidates_gather(boards, index);
        board->is_touched = true;
        before = count_before(boards, index, &item, most);
    }
    return before < most ? before + 1 : 0;
}
