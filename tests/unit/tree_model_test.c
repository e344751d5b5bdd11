// Random trees against a model that walks every path.
#include "tests/unit/made.h"
#include "tests/unit/made_tree.h"

enum { CAPACITY = 100000, MODEL_MAX = 120 };

static uint32_t random_state = 20261125;

// ── the model: every pair's distance, by walking ───────────────────────────

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_agrees_with_brute_force_on_random_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
