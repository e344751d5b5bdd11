#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pipeline/tree/tree.h"
#include "tests/unit/made.h"

enum { LIFE = 7, CAPACITY = 100000, MODEL_MAX = 120, CHAIN = 33000 };

static uint32_t random_state = 20261125;

// ── a tree and its pool ────────────────────────────────────────────────────

struct world {
    struct slab *slab;
    struct trees trees;
    struct tree tree;
    uint32_t joined; // events that waited
};

static void
joined(void *context, uint32_t owner, uint32_t node)
{
    struct world *world = context;
    assert_int_equal(owner, 3);
    assert_false(tree_is_waiting(&world->trees, node));
    world->joined++;
}

static void
setup(struct world *world, uint32_t capacity)
{
    memset(world, 0, sizeof(*world));
    world->slab = slab_create(64 << 20);
    assert_non_null(world->slab);
    const struct trees_needs needs = {world->slab, joined, world};
    assert_true(trees_init(&world->trees, capacity, &needs));
}

static void
teardown(struct world *world)
{
    tree_clear(&world->trees, &world->tree);
    assert_int_equal(world->trees.nodes.count, 0);
    assert_int_equal(slab_used(world->slab), 0);
    trees_fini(&world->trees);
    slab_destroy(&world->slab);
}

// Keys are hashes: spread over all bits. 0 stays 0.
static uint64_t
hash_of(uint64_t number)
{
    return number * UINT64_C(0xD6E8FEB86659FD93);
}

static struct tree_event
event_of(uint64_t number)
{
    return (struct tree_event){.key = hash_of(number), .life = LIFE};
}

static void
add(struct world *world, uint64_t key)
{
    struct tree_event event = event_of(key);
    tree_add(&world->trees, &world->tree, &event);
}

// The parent is in the tree.
static void
add_below(struct world *world, uint64_t key, uint64_t parent)
{
    struct tree_event event = event_of(key);
    struct tree_event above = event_of(parent);
    uint32_t node = tree_find(&world->trees, &above);
    if (node == TREE_ROOT) {
        node = tree_name(&world->trees, &world->tree, &above);
    }
    assert_int_not_equal(node, TREE_ROOT);
    tree_add_below(&world->trees, &world->tree, &event, node);
}

static void
wait_for(struct world *world, uint64_t key, uint64_t parent, usec now)
{
    struct tree_event event = event_of(key);
    struct tree_wait wait = {.parent = hash_of(parent), .now = now, .owner = 3};
    tree_wait(&world->trees, &world->tree, &event, &wait);
}

static void
take_back(struct world *world, uint64_t key)
{
    struct tree_event event = event_of(key);
    tree_remove(&world->trees, &world->tree, &event);
}

static struct tree_shape
shape_of(const struct world *world)
{
    struct tree_shape shape;
    tree_measure(&world->trees, &world->tree, &shape);
    return shape;
}

static void
assert_shape(const struct world *world, uint32_t count, uint32_t depth,
             uint32_t breadth, uint64_t wiener)
{
    struct tree_shape shape = shape_of(world);
    uint64_t nodes = (uint64_t)count + 1;
    assert_int_equal(world->tree.count, count);
    assert_int_equal(shape.depth, depth);
    assert_int_equal(shape.breadth, breadth);
    // sum / pairs may be reduced.
    assert_int_equal(shape.sum * (nodes * (nodes - 1) / 2), wiener * shape.pairs);
}

// ── a model: every pair's distance, by walking ─────────────────────────────

enum { ABOVE_ROOT = -1, NOT_YET = -2, NEVER = -3 };

// Key k + 1 is the event k. 0 is the root, whose key nobody asks for.
struct model {
    int above[MODEL_MAX + 1]; // ABOVE_ROOT, an event, or NOT_YET
    int awaited[MODEL_MAX + 1];
    bool counts[MODEL_MAX + 1];
    bool is_observed[MODEL_MAX + 1];
    int made;
};

static int
model_depth(const struct model *model, int event)
{
    int depth = 0;
    for (; event != ABOVE_ROOT; event = model->above[event]) {
        depth++;
    }
    return depth;
}

static int
model_distance(const struct model *model, int a, int b)
{
    int deep_a = model_depth(model, a);
    int deep_b = model_depth(model, b);
    int distance = 0;
    while (a != b) {
        if (deep_a >= deep_b) {
            a = model->above[a];
            deep_a--;
        } else {
            b = model->above[b];
            deep_b--;
        }
        distance++;
    }
    return distance;
}

static void
model_check(const struct model *model, const struct world *world)
{
    uint32_t at_depth[MODEL_MAX + 2] = {0};
    uint32_t count = 0;
    uint32_t observed = 0;
    uint32_t depth = 0;
    uint32_t breadth = 0;
    uint64_t wiener = 0;
    for (int a = 0; a < model->made; a++) {
        if (!model->counts[a]) {
            continue;
        }
        uint32_t deep = (uint32_t)model_depth(model, a);
        count++;
        observed += model->is_observed[a];
        wiener += deep;
        depth = deep > depth ? deep : depth;
        at_depth[deep]++;
        breadth = at_depth[deep] > breadth ? at_depth[deep] : breadth;
        for (int b = 0; b < a; b++) {
            wiener +=
                model->counts[b] ? (uint64_t)model_distance(model, a, b) : UINT64_C(0);
        }
    }
    assert_int_equal(world->tree.observed, observed);
    assert_shape(world, count, depth, breadth, wiener);
}

static void
model_add(struct model *model, int event, int above, bool is_observed)
{
    model->above[event] = above;
    model->counts[event] = true;
    model->is_observed[event] = is_observed;
    for (int i = 0; i < model->made; i++) {
        if (model->above[i] == NOT_YET && model->awaited[i] == event) {
            model_add(model, i, event, true);
        }
    }
}

static bool
model_is_held(const struct model *model, int event)
{
    for (int i = 0; i < model->made; i++) {
        if (model->above[i] == event) {
            return true;
        }
    }
    return model->counts[event];
}

static void
model_remove(struct model *model, int event)
{
    model->counts[event] = false;
    model->is_observed[event] = false;
    if (model->above[event] == NOT_YET) {
        model->above[event] = NEVER;
    }
    while (event >= 0 && !model_is_held(model, event)) {
        int above = model->above[event];
        model->above[event] = NEVER;
        event = above;
    }
}

static bool
model_is_in_tree(const struct model *model, int event)
{
    return event < model->made && model->above[event] > NOT_YET;
}

// One more event: it hangs on the root, below one in the tree, or waits for one to come.
static void
grow(struct model *model, struct world *world, uint32_t lateness)
{
    int event = model->made++;
    uint64_t key = (uint64_t)event + 1;
    int other = (int)made_random(&random_state, (uint32_t)event + 1);
    model->above[event] = NOT_YET;
    model->awaited[event] = NEVER;
    if (made_random(&random_state, 100) < lateness && event + 1 < MODEL_MAX) {
        int later = event + 1 +
                    (int)made_random(&random_state, (uint32_t)(MODEL_MAX - event - 1));
        model->awaited[event] = later;
        wait_for(world, key, (uint64_t)later + 1, 0);
    } else if (other != event && model_is_in_tree(model, other)) {
        model_add(model, event, other, true);
        add_below(world, key, (uint64_t)other + 1);
    } else {
        model_add(model, event, ABOVE_ROOT, false);
        add(world, key);
    }
}

static void
tree_agrees_with_brute_force_on_random_trees(void **state)
{
    (void)state;
    enum { TREES = 300 };
    print_message("seed %u\n", random_state);
    struct world world;
    setup(&world, CAPACITY);
    for (int i = 0; i < TREES; i++) {
        struct model model = {.made = 0};
        uint32_t lateness = made_random(&random_state, 3) * 20;
        uint32_t undoing = made_random(&random_state, 3) * 15;
        int size = 1 + (int)made_random(&random_state, MODEL_MAX);
        while (model.made < size) {
            grow(&model, &world, lateness);
            int gone = (int)made_random(&random_state, (uint32_t)model.made);
            bool is_there = model.counts[gone] || model.above[gone] == NOT_YET;
            if (made_random(&random_state, 100) < undoing && is_there) {
                model_remove(&model, gone);
                take_back(&world, (uint64_t)gone + 1);
            }
            if (made_random(&random_state, 8) == 0) {
                model_check(&model, &world);
            }
        }
        model_check(&model, &world);
        tree_clear(&world.trees, &world.tree);
        assert_int_equal(world.trees.nodes.count, 0);
        assert_int_equal(slab_used(world.slab), 0);
    }
    assert_true(world.trees.late > 0);
    assert_int_equal(world.trees.refused, 0);
    teardown(&world);
}

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
        cmocka_unit_test(tree_agrees_with_brute_force_on_random_trees),
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
