// The order of candidates, against a plain sort of their ids.
#include "pipeline/windows/board_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/windows/boards.h"

enum { ROOM = 600, ID_MAX = 80 };

struct world {
    struct boards boards;
    struct board board;
    struct windows windows;
    char ids[ROOM][ID_MAX]; // by owner
    uint32_t candidates[ROOM];
    struct board_key keys[ROOM];
    struct board_entry scratch[ROOM];
    struct board_joined joined[2 * ROOM];
};

static struct slice
id_of(void *context, enum tally tally, uint32_t owner)
{
    const struct world *world = context;
    assert_int_equal(tally, TALLY_POSTS);
    return slice_of(world->ids[owner]);
}

static int
set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->windows.shown = 1;
    world->board.candidates = world->candidates;
    world->board.keys = world->keys;
    world->boards = (struct boards){
        .rows = &world->board,
        .first = TALLY_POSTS,
        .count = 1,
        .windowed = 1,
        .room = ROOM,
        .windows = &world->windows,
        .owners = {.context = world, .id = id_of},
        .scratch = world->scratch,
        .joined = world->joined,
    };
    srand(17);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    free(*state);
    return 0;
}

static uint32_t
chance(uint32_t below)
{
    return (uint32_t)rand() % below;
}

// Ids that differ early, only behind a long beginning, or only in their length.
static void
invent(char *id, uint32_t number)
{
    static const char *const starts[] = {
        "x:", "bsky:did:plc:", "bsky:at://did:plc:aaaaaaaaaaaa",
        "mastodon:https://a.example/users/", "x:1000000000000000"};
    char tail[ID_MAX / 4];
    (void)snprintf(tail, sizeof(tail), "%u", number * 7919 % 10007);
    uint32_t kind = chance(6);
    if (kind == 5) {
        (void)snprintf(id, ID_MAX, "%.*s%s", (int)(number % 40 + 1),
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                       number < 40 ? "" : tail);
    } else {
        (void)snprintf(id, ID_MAX, "%s%s", starts[kind], tail);
    }
}

static void
add(struct world *world, uint32_t owner)
{
    uint32_t at = world->board.candidate_count++;
    invent(world->ids[owner], owner);
    world->candidates[at] = owner + 1000;
    world->scratch[at] = (struct board_entry){.owner = owner, .score = owner + 2000};
}

static void
assert_is_in_order(const struct world *world)
{
    const struct board *board = &world->board;
    assert_int_equal(board->ordered, board->candidate_count);
    for (uint32_t i = 0; i < board->candidate_count; i++) {
        uint32_t owner = world->scratch[i].owner;
        assert_int_equal(world->candidates[i], owner + 1000);
        assert_int_equal(world->scratch[i].score, owner + 2000);
        assert_true(i == 0 || strcmp(world->ids[world->scratch[i - 1].owner],
                                     world->ids[owner]) < 0);
    }
}

static void
candidates_that_join_in_groups_are_in_the_order_of_their_ids(void **state)
{
    struct world *world = *state;
    bool is_there[ROOM] = {false};
    uint32_t owner = 0;
    while (owner < ROOM) {
        uint32_t group = chance(5) == 0 ? chance(120) : chance(4);
        for (; group != 0 && owner < ROOM; group--) {
            is_there[owner] = true;
            add(world, owner++);
        }
        board_order_join(&world->boards, 0);
        assert_is_in_order(world);
    }
    for (uint32_t i = 0; i < ROOM; i++) {
        assert_true(is_there[world->scratch[i].owner]);
        is_there[world->scratch[i].owner] = false; // once
    }
}

static void
an_id_is_placed_behind_those_that_are_not_greater(void **state)
{
    struct world *world = *state;
    for (uint32_t owner = 0; owner < ROOM; owner++) {
        add(world, owner);
    }
    board_order_join(&world->boards, 0);
    for (uint32_t i = 0; i < ROOM; i++) {
        char other[ID_MAX + 1];
        const char *id = world->ids[world->scratch[i].owner];
        assert_int_equal(board_order_behind(&world->boards, 0, ROOM, slice_of(id)),
                         i + 1);
        (void)snprintf(other, sizeof(other), "%s!",
                       id); // greater, before any longer id
        uint32_t place = board_order_behind(&world->boards, 0, ROOM, slice_of(other));
        assert_true(place > i);
        assert_true(place == ROOM ||
                    strcmp(world->ids[world->scratch[place].owner], other) > 0);
    }
    assert_int_equal(board_order_behind(&world->boards, 0, 0, SLICE_LIT("x:1")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            candidates_that_join_in_groups_are_in_the_order_of_their_ids, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            an_id_is_placed_behind_those_that_are_not_greater, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
