#include "tests/unit/made_tree.h"

#include <stdio.h>
#include <time.h>

#include "tests/unit/made.h"

enum { CAPACITY = 100000, CHAIN = 33000 };

// ── known trees ────────────────────────────────────────────────────────────

static void
tree_of_five_is_a_star_or_a_path(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    for (uint64_t key = 1; key < 5; key++) {
        add(&world, key);
    }
    assert_shape(&world, 4, 1, 4, 16);
    assert_false(tree_is_known(&world.tree));
    assert_int_equal(world.trees.nodes.count, 0);
    tree_clear(&world.trees, &world.tree);
    assert_shape(&world, 0, 0, 0, 0);
    add(&world, 1);
    assert_shape(&world, 1, 1, 1, 1);
    for (uint64_t key = 2; key < 5; key++) {
        add_below(&world, key, key - 1);
    }
    assert_shape(&world, 4, 4, 1, 20);
    assert_true(tree_is_known(&world.tree));
    teardown(&world);
}

// A rumour of Twitter15: 354 nodes, depth 2, breadth 343, Wiener index 128117. Only one
// shape has these numbers: one of the root's children has two below it, eight have one.
static void
tree_agrees_with_a_rumour_of_twitter15(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    for (uint64_t key = 1; key <= 343; key++) {
        add(&world, key);
    }
    for (uint64_t key = 344; key <= 352; key++) {
        add_below(&world, key, key - 343);
    }
    add_below(&world, 353, 1);
    assert_shape(&world, 353, 2, 343, 128117);
    // Only those that are pointed at or point have a node.
    assert_int_equal(world.trees.nodes.count, 9 + 10);
    teardown(&world);
}

static void
tree_shows_its_shape_from_half_of_the_parents_on(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    add(&world, 1);
    add(&world, 2);
    add_below(&world, 3, 1);
    assert_false(tree_is_known(&world.tree));
    struct tree_event quote = event_of(4);
    quote.is_observed = true;
    tree_add(&world.trees, &world.tree, &quote);
    assert_true(tree_is_known(&world.tree));
    tree_remove(&world.trees, &world.tree, &quote);
    assert_false(tree_is_known(&world.tree));
    teardown(&world);
}

// ── taking back ────────────────────────────────────────────────────────────

static void
tree_keeps_a_ghost_while_something_below_it_counts(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    add(&world, 1);
    add_below(&world, 2, 1);
    add_below(&world, 3, 2);
    take_back(&world, 1);
    take_back(&world, 2);
    struct tree_event ghost = event_of(2);
    assert_int_not_equal(tree_find(&world.trees, &ghost), TREE_ROOT);
    assert_shape(&world, 1, 3, 1, 3);
    add_below(&world, 4, 2);
    assert_shape(&world, 2, 3, 2, 8);
    take_back(&world, 3);
    take_back(&world, 4);
    assert_int_equal(tree_find(&world.trees, &ghost), TREE_ROOT);
    assert_int_equal(world.trees.nodes.count, 0);
    assert_shape(&world, 0, 0, 0, 0);
    teardown(&world);
}

// ── bounds ─────────────────────────────────────────────────────────────────

// Its id was forgotten in between: the second one is not the ghost that the first left.
static void
tree_takes_an_event_that_comes_again_for_another_one(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    add(&world, 2);
    add_below(&world, 3, 2);
    add_below(&world, 4, 3);
    take_back(&world, 2);
    struct tree_shape before = shape_of(&world);
    for (int i = 0; i < 3; i++) {
        add(&world, 2);
        assert_int_equal(world.tree.count, 3);
        take_back(&world, 2);
        assert_int_equal(world.tree.count, 2);
        assert_int_equal(shape_of(&world).sum, before.sum);
        assert_int_equal(shape_of(&world).depth, before.depth);
    }
    take_back(&world, 4);
    take_back(&world, 3);
    assert_shape(&world, 0, 0, 0, 0);
    teardown(&world);
}

static uint32_t
below(const struct world *world, uint64_t key)
{
    struct tree_event event = event_of(key);
    return tree_below(&world->trees, &world->tree, tree_find(&world->trees, &event));
}

static void
subtrees_have_a_size_unless_they_wait_or_the_tree_is_frozen(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    add(&world, 1);
    add_below(&world, 2, 1);
    add_below(&world, 3, 2);
    add_below(&world, 4, 1);
    assert_int_equal(below(&world, 1), 4);
    assert_int_equal(below(&world, 2), 2);
    take_back(&world, 2); // a ghost
    assert_int_equal(below(&world, 1), 3);
    assert_int_equal(below(&world, 2), 1);
    wait_for(&world, 5, 6, 0);
    assert_int_equal(below(&world, 5), UINT32_MAX);
    for (uint64_t key = 10; key < 10 + TREE_DEPTH_MAX; key++) {
        add_below(&world, key, key == 10 ? 3 : key - 1);
    }
    assert_int_equal(world.trees.frozen, 1);
    assert_int_equal(below(&world, 1), UINT32_MAX);
    teardown(&world);
}

static void
tree_freezes_its_virality_beyond_the_depth_it_walks(void **state)
{
    (void)state;
    enum { LENGTH = 1100 };
    struct world world;
    setup(&world, CAPACITY);
    add(&world, 1);
    for (uint64_t key = 2; key <= LENGTH; key++) {
        add_below(&world, key, key - 1);
    }
    struct tree_shape shape = shape_of(&world);
    assert_int_equal(world.trees.frozen, 1);
    assert_int_equal(shape.depth, LENGTH);
    assert_int_equal(shape.breadth, 1);
    // A path of n nodes: (n + 1) / 3.
    assert_int_equal(3 * shape.sum, (TREE_DEPTH_MAX + 2) * shape.pairs);
    for (uint64_t key = LENGTH; key > 10; key--) {
        take_back(&world, key);
    }
    assert_int_equal(shape_of(&world).sum, shape.sum);
    assert_int_equal(shape_of(&world).depth, 10);
    assert_int_equal(world.tree.count, 10);
    teardown(&world);
}

static void
tree_without_room_hangs_events_on_the_root_and_counts_them(void **state)
{
    (void)state;
    struct world world;
    setup(&world, 3);
    add(&world, 1);
    add_below(&world, 2, 1);
    add_below(&world, 3, 2);
    assert_shape(&world, 3, 3, 1, 10);
    add_below(&world, 4, 3);
    wait_for(&world, 5, 99, 0);
    assert_int_equal(world.trees.refused, 2);
    assert_int_equal(world.tree.observed, 2);
    assert_shape(&world, 5, 3, 3, 32);
    take_back(&world, 4);
    take_back(&world, 5);
    assert_shape(&world, 3, 3, 1, 10);
    teardown(&world);
}

static void
tree_without_texts_hangs_events_on_the_root_and_counts_them(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    slab_destroy(&world.slab);
    world.slab = slab_create(4096);
    world.trees.needs.texts = world.slab;
    uint32_t filler = slab_alloc(world.slab, 2048);
    add(&world, 1);
    uint64_t key = 1;
    do {
        key++;
        add_below(&world, key, key - 1);
    } while (world.trees.refused == 0);
    struct tree_shape shape = shape_of(&world);
    assert_int_equal(world.tree.count, key);
    assert_int_equal(shape.depth, key - 1);
    assert_int_equal(shape.breadth, 2);
    slab_free(world.slab, filler, 2048);
    teardown(&world);
}

// ── waiting ────────────────────────────────────────────────────────────────

static void
tree_gives_up_waiting_after_a_while_or_when_others_need_the_room(void **state)
{
    (void)state;
    struct tree_event event;
    struct tree_wait wait;
    struct world world;
    setup(&world, CAPACITY);
    wait_for(&world, 1, 1000000, 5);
    wait_for(&world, 2, 1, 6);
    assert_shape(&world, 0, 0, 0, 0);
    assert_false(tree_overdue(&world.trees, TREE_WAIT + 4, &event, &wait));
    assert_true(tree_overdue(&world.trees, TREE_WAIT + 5, &event, &wait));
    assert_int_equal(event.key, hash_of(1));
    assert_int_equal(wait.owner, 3);
    tree_abandon(&world.trees, &world.tree, &event);
    tree_add(&world.trees, &world.tree, &event);
    // Who waited for it is below it now.
    assert_shape(&world, 2, 2, 1, 4);
    assert_false(tree_overdue(&world.trees, TREE_WAIT + 5, &event, &wait));
    for (uint64_t key = 0; key < PENDING_PARENTS_MAX; key++) {
        assert_false(tree_overdue(&world.trees, 6, &event, &wait));
        wait_for(&world, 100 + key, 1000000 + key % 3, 6);
    }
    assert_true(tree_overdue(&world.trees, 6, &event, &wait));
    assert_int_equal(event.key, hash_of(100));
    assert_int_equal(wait.parent, hash_of(1000000));
    tree_abandon(&world.trees, &world.tree, &event);
    assert_false(tree_overdue(&world.trees, 6, &event, &wait));
    uint32_t before = world.joined;
    add(&world, 1000000);
    assert_int_equal(world.tree.count, 2 + PENDING_PARENTS_MAX / 3 + 1);
    assert_int_equal(world.joined - before, PENDING_PARENTS_MAX / 3);
    teardown(&world);
}

static void
tree_finds_a_cycle_of_events_that_wait_for_one_another(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    wait_for(&world, 1, 2, 0);
    wait_for(&world, 2, 3, 0);
    struct tree_event third = event_of(3);
    struct tree_event fourth = event_of(4);
    struct tree_event first = event_of(1);
    uint32_t node = tree_find(&world.trees, &first);
    assert_true(tree_is_waiting(&world.trees, node));
    assert_true(tree_is_cycle(&world.trees, &third, node));
    assert_false(tree_is_cycle(&world.trees, &fourth, node));
    add(&world, 3);
    assert_shape(&world, 3, 3, 1, 10);
    take_back(&world, 3);
    take_back(&world, 1);
    assert_shape(&world, 1, 2, 1, 2);
    teardown(&world);
}

// ── speed ──────────────────────────────────────────────────────────────────

static void
tree_of_many_nodes_is_cheap_whatever_its_shape(void **state)
{
    (void)state;
    struct world world;
    setup(&world, CAPACITY);
    clock_t start = clock();
    for (uint64_t key = 1; key <= CHAIN; key++) {
        add(&world, key);
    }
    assert_int_equal(world.tree.count, CHAIN);
    assert_int_equal(world.trees.nodes.count, 0);
    tree_clear(&world.trees, &world.tree);
    add(&world, 1);
    for (uint64_t key = 2; key <= CHAIN; key++) {
        add_below(&world, key, key - 1);
    }
    for (uint64_t key = 1; key <= CHAIN; key++) {
        take_back(&world, key);
    }
    double ms = 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_int_equal(shape_of(&world).depth, 0);
    print_message("a star and a chain of %d, the chain taken back: %.1f ms\n", CHAIN,
                  ms);
    teardown(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_of_five_is_a_star_or_a_path),
        cmocka_unit_test(tree_agrees_with_a_rumour_of_twitter15),
        cmocka_unit_test(tree_shows_its_shape_from_half_of_the_parents_on),
        cmocka_unit_test(tree_keeps_a_ghost_while_something_below_it_counts),
        cmocka_unit_test(tree_takes_an_event_that_comes_again_for_another_one),
        cmocka_unit_test(tree_freezes_its_virality_beyond_the_depth_it_walks),
        cmocka_unit_test(subtrees_have_a_size_unless_they_wait_or_the_tree_is_frozen),
        cmocka_unit_test(tree_without_room_hangs_events_on_the_root_and_counts_them),
        cmocka_unit_test(tree_without_texts_hangs_events_on_the_root_and_counts_them),
        cmocka_unit_test(
            tree_gives_up_waiting_after_a_while_or_when_others_need_the_room),
        cmocka_unit_test(tree_finds_a_cycle_of_events_that_wait_for_one_another),
        cmocka_unit_test(tree_of_many_nodes_is_cheap_whatever_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
