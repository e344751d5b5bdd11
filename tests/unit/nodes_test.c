#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/snapshot.h"
#include "pipeline/tree/nodes.h"
#include "tests/unit/made.h"

enum { CAPACITY = 5000, NAMES = 8000 };

static uint32_t random_state = 20261127;

// Every fourth has the home or the tag of others.
static uint64_t
name_of(uint32_t number)
{
    uint64_t hash = (number + 1) * UINT64_C(0xD6E8FEB86659FD93);
    return number % 4 == 0   ? hash & UINT32_MAX
           : number % 4 == 1 ? hash & UINT64_C(0xFFFFFFFF00000000)
                             : hash;
}

// Which node has which name; NODE_NONE: none.
static uint32_t model[NAMES];

static void
assert_found(const struct nodes *nodes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        assert_int_equal(nodes_find(nodes, name_of(i)), model[i]);
        count += model[i] != NODE_NONE;
    }
    assert_int_equal(nodes->count, count);
}

static void
come_or_go(struct nodes *nodes, uint32_t name)
{
    uint32_t node = nodes_find(nodes, name_of(name));
    assert_int_equal(node, model[name]);
    if (node != NODE_NONE) {
        nodes_leave(nodes, node);
        nodes_give(nodes, node);
        model[name] = NODE_NONE;
    } else if ((node = nodes_take(nodes)) != NODE_NONE) {
        nodes_enter(nodes, node, name_of(name));
        model[name] = node;
    } else {
        assert_int_equal(nodes->count, CAPACITY);
    }
}

static void
nodes_are_found_by_their_names_while_others_come_and_go(void **state)
{
    (void)state;
    print_message("seed %u\n", random_state);
    struct nodes nodes;
    memset(model, 0, sizeof(model));
    assert_true(nodes_init(&nodes, CAPACITY));
    for (uint32_t i = 0; i < 4 * NAMES; i++) {
        come_or_go(&nodes, made_random(&random_state, NAMES));
        if (i % NAMES == 0) {
            assert_found(&nodes);
        }
    }
    // Past the capacity and back to nothing.
    for (uint32_t i = 0; i < NAMES; i++) {
        if (model[i] == NODE_NONE) {
            come_or_go(&nodes, i);
        }
    }
    assert_int_equal(nodes.count, CAPACITY);
    assert_found(&nodes);
    for (uint32_t i = 0; i < NAMES; i++) {
        if (model[i] != NODE_NONE) {
            come_or_go(&nodes, i);
        }
    }
    assert_int_equal(nodes.count, 0);
    nodes_fini(&nodes);
}

static void
nodes_take_at_most_32_bytes_each_once_there_are_many(void **state)
{
    (void)state;
    struct nodes nodes;
    assert_true(nodes_init(&nodes, 1 << 20));
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t node = nodes_take(&nodes);
        nodes_enter(&nodes, node, (i + 1) * UINT64_C(0xD6E8FEB86659FD93));
        size_t bytes = (size_t)nodes.high * sizeof(struct node) +
                       (size_t)nodes.size * sizeof(*nodes.slots);
        assert_true(i < 100 || bytes <= (size_t)32 * nodes.count + 8);
    }
    nodes_fini(&nodes);
}

struct tape {
    char bytes[1 << 20];
    size_t at;
};

static bool
write_tape(void *context, void *bytes, size_t size)
{
    struct tape *tape = context;
    assert_true(size <= sizeof(tape->bytes) - tape->at);
    memcpy(tape->bytes + tape->at, bytes, size);
    tape->at += size;
    return true;
}

static bool
read_tape(void *context, void *bytes, size_t size)
{
    struct tape *tape = context;
    memcpy(bytes, tape->bytes + tape->at, size);
    tape->at += size;
    return true;
}

static void
nodes_are_found_again_after_a_snapshot(void **state)
{
    (void)state;
    static struct tape tape;
    struct nodes nodes;
    memset(model, 0, sizeof(model));
    assert_true(nodes_init(&nodes, CAPACITY));
    for (uint32_t i = 0; i < 3000; i++) {
        come_or_go(&nodes, made_random(&random_state, NAMES));
    }
    struct snapshot out = {.move = write_tape, .context = &tape};
    nodes_move(&nodes, &out);
    assert_false(out.is_failed);
    assert_found(&nodes);
    nodes_fini(&nodes);

    tape.at = 0;
    struct nodes again;
    assert_true(nodes_init(&again, CAPACITY));
    struct snapshot in = {.move = read_tape, .context = &tape};
    nodes_move(&again, &in);
    assert_false(in.is_failed);
    assert_found(&again);
    for (uint32_t i = 0; i < NAMES; i++) {
        come_or_go(&again, made_random(&random_state, NAMES));
    }
    assert_found(&again);
    nodes_fini(&again);

    // One that is in use although the count says nothing of it.
    tape.at = 0;
    uint32_t high;
    memcpy(&high, tape.bytes, sizeof(high));
    tape.bytes[sizeof(high) + high * sizeof(struct node) + sizeof(uint32_t)] ^= 1;
    assert_true(nodes_init(&again, CAPACITY));
    struct snapshot bad = {.move = read_tape, .context = &tape};
    nodes_move(&again, &bad);
    assert_true(bad.is_foreign);
    nodes_fini(&again);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_found_by_their_names_while_others_come_and_go),
        cmocka_unit_test(nodes_take_at_most_32_bytes_each_once_there_are_many),
        cmocka_unit_test(nodes_are_found_again_after_a_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
