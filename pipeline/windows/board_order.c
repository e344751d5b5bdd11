#include "pipeline/windows/board_order.h"

#include <string.h>

#include "pipeline/windows/boards.h"

static struct board_key
key_of(struct slice id)
{
    unsigned char bytes[BOARD_KEY_BYTES] = {0};
    struct board_key key;
    memcpy(bytes, id.ptr, id.len < sizeof(bytes) ? id.len : sizeof(bytes));
    memcpy(key.words, bytes, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < BOARD_KEY_WORDS; i++) {
        key.words[i] = __builtin_bswap64(key.words[i]);
    }
#endif
    return key;
}

static int
compare_keys(const struct board_key *a, const struct board_key *b)
{
    for (size_t i = 0; i < BOARD_KEY_WORDS; i++) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

static struct slice
id_of(const struct boards *boards, uint32_t index, uint32_t owner)
{
    return boards_id(boards, boards_tally(boards, index), owner);
}

// ── the place of one ───────────────────────────────────────────────────────

// An id that is looked for; it is read only where its key is equal to another one.
struct wanted {
    struct board_key key;
    struct slice id; // none: that of the owner
    uint32_t owner;
};

static int
compare(const struct boards *boards, uint32_t index, uint32_t at,
        const struct wanted *wanted)
{
    int order = compare_keys(&boards->rows[index].keys[at], &wanted->key);
    if (order != 0) {
        return order;
    }
    struct slice id =
        slice_is_none(wanted->id) ? id_of(boards, index, wanted->owner) : wanted->id;
    return slice_compare(id_of(boards, index, boards->scratch[at].owner), id);
}

static uint32_t
behind(const struct boards *boards, uint32_t index, uint32_t count,
       const struct wanted *wanted)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(boards, index, middle, wanted) > 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

uint32_t
board_order_behind(const struct boards *boards, uint32_t index, uint32_t count,
                   struct slice id)
{
    return behind(boards, index, count, &(struct wanted){key_of(id), id, 0});
}

// ── those that joined ──────────────────────────────────────────────────────

static bool
is_after(const struct boards *boards, uint32_t index, const struct board_joined *a,
         const struct board_joined *b)
{
    int order = compare_keys(&a->key, &b->key);
    return order > 0 ||
           (order == 0 && slice_compare(id_of(boards, index, a->owner),
                                        id_of(boards, index, b->owner)) > 0);
}

// Merges rows[begin, middle) and rows[middle, end) into the same places of `into`.
struct runs {
    uint32_t begin, middle, end;
};
static void
merge_runs(const struct boards *boards, uint32_t index, const struct board_joined *rows,
           struct board_joined *into, struct runs runs)
{
    uint32_t left = runs.begin;
    uint32_t right = runs.middle;
    for (uint32_t i = runs.begin; i < runs.end; i++) {
        bool is_right =
            left == runs.middle ||
            (right < runs.end && is_after(boards, index, &rows[left], &rows[right]));
        into[i] = rows[is_right ? right++ : left++];
    }
}

// Sorts the first `count` of boards->joined; returns where they are then.
static const struct board_joined *
sort_joined(const struct boards *boards, uint32_t index, uint32_t count)
{
    struct board_joined *rows = boards->joined;
    struct board_joined *spare = boards->joined + boards->room;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * width) {
            uint32_t left = count - at;
            const struct runs runs = {at, at + (left < width ? left : width),
                                      at + (left < 2 * width ? left : 2 * width)};
            merge_runs(boards, index, rows, spare, runs);
        }
        struct board_joined *sorted = spare;
        spare = rows;
        rows = sorted;
    }
    return rows;
}

// Moves candidates of the board, `count` from `at` on, so many places up.
static void
move_up(struct boards *boards, uint32_t index, uint32_t at, uint32_t count,
        uint32_t places)
{
    const struct board *board = &boards->rows[index];
    memmove(&boards->scratch[at + places], &boards->scratch[at],
            count * sizeof(*boards->scratch));
    memmove(&board->candidates[at + places], &board->candidates[at],
            count * sizeof(*board->candidates));
    memmove(&board->keys[at + places], &board->keys[at], count * sizeof(*board->keys));
}

void
board_order_join(struct boards *boards, uint32_t index)
{
    struct board *board = &boards->rows[index];
    uint32_t count = board->candidate_count - board->ordered;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = board->ordered + i;
        uint32_t owner = boards->scratch[at].owner;
        boards->joined[i] = (struct board_joined){
            .key = key_of(id_of(boards, index, owner)),
            .which = board->candidates[at],
            .owner = owner,
            .score = boards->scratch[at].score,
        };
    }
    const struct board_joined *joined = sort_joined(boards, index, count);
    uint32_t left = board->ordered; // of those in order, that have not moved
    for (uint32_t i = count; i-- > 0;) {
        const struct board_joined *row = &joined[i];
        uint32_t place = behind(boards, index, left,
                                &(struct wanted){row->key, SLICE_NONE, row->owner});
        move_up(boards, index, place, left - place, i + 1);
        board->candidates[place + i] = row->which;
        board->keys[place + i] = row->key;
        boards->scratch[place + i] =
            (struct board_entry){.owner = row->owner, .score = row->score};
        left = place;
    }
    board->ordered = board->candidate_count;
}
