// mincore is in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static bool
holds(const struct table *table, uint64_t hash, uint32_t index)
{
    struct table_walk walk = table_walk(table, hash);
    uint32_t found;
    size_t seen = 0;
    while ((found = table_next(table, &walk)) != TABLE_NONE) {
        assert_true(++seen <= table->count);
        if (found == index) {
            return true;
        }
    }
    return false;
}

static uint64_t
hash_of_tag(uint32_t tag)
{
    return (uint64_t)tag << 32;
}

static void
table_is_empty_at_first(void **state)
{
    (void)state;
    struct table table;
    assert_true(table_init(&table, 10));
    for (uint32_t tag = 0; tag < 100; tag++) {
        struct table_walk walk = table_walk(&table, hash_of_tag(tag));
        assert_int_equal(table_next(&table, &walk), TABLE_NONE);
    }
    table_fini(&table);
    table_fini(&table);
}

static void
table_holds_its_capacity_and_not_one_more(void **state)
{
    (void)state;
    static const uint32_t capacities[] = {1, 2, 3, 5, 6, 1000, 1024, 1366};
    for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
        struct table table;
        uint32_t capacity = capacities[i];
        assert_true(table_init(&table, capacity));
        assert_true((uint64_t)capacity * 4 <= (uint64_t)table.size_most * 3);
        for (uint32_t n = 0; n < capacity; n++) {
            assert_true(table_add(&table, hash_of_tag(n * 2654435761U), n));
        }
        assert_false(table_add(&table, hash_of_tag(7), capacity));
        assert_int_equal(table.count, capacity);
        for (uint32_t n = 0; n < capacity; n++) {
            assert_true(holds(&table, hash_of_tag(n * 2654435761U), n));
        }
        assert_false(holds(&table, hash_of_tag(7), capacity));
        table_fini(&table);
    }
}

static void
table_refuses_a_capacity_outside_of_its_limits(void **state)
{
    (void)state;
    struct table table;
    assert_false(table_init(&table, 0));
    assert_false(table_init(&table, (1U << 30) + 1));
    assert_false(table_init(&table, UINT32_MAX));
    assert_null(table.slots);
    table_fini(&table);
}

static void
table_walks_all_records_of_one_hash(void **state)
{
    (void)state;
    struct table table;
    assert_true(table_init(&table, 8));
    uint64_t hash = UINT64_C(0xffffffff12345678); // home is the last slot: walks wrap
    for (uint32_t n = 0; n < 8; n++) {
        assert_true(table_add(&table, hash, n));
    }
    uint32_t seen = 0;
    uint32_t index;
    struct table_walk walk = table_walk(&table, hash);
    while ((index = table_next(&table, &walk)) != TABLE_NONE) {
        assert_int_equal(seen & (1U << index), 0);
        seen |= 1U << index;
    }
    assert_int_equal(seen, 0xff);
    assert_int_equal(table_next(&table, &walk), TABLE_NONE);
    table_remove(&table, hash, 3);
    assert_false(holds(&table, hash, 3));
    assert_true(holds(&table, hash, 7));
    table_fini(&table);
}

static void
table_takes_the_greatest_index(void **state)
{
    (void)state;
    struct table table;
    assert_true(table_init(&table, 1));
    assert_true(table_add(&table, 0, TABLE_NONE - 1));
    assert_true(holds(&table, 0, TABLE_NONE - 1));
    table_remove(&table, 0, TABLE_NONE - 1);
    assert_int_equal(table.count, 0);
    table_fini(&table);
}

enum { RECORDS = 48 };

static void
assert_same(const struct table *table, const uint64_t hashes[RECORDS],
            const bool is_in[RECORDS])
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < RECORDS; n++) {
        assert_int_equal(holds(table, hashes[n], n), is_in[n]);
        count += is_in[n];
    }
    assert_int_equal(table->count, count);
}

// Against a plain array of truths. `tags`: how many different tags there are; few make
// long runs of equal ones, `high` moves their homes to the end of the table.
static void
compare_with_a_model(uint32_t capacity, uint32_t tags, bool high)
{
    struct table table;
    uint64_t hashes[RECORDS];
    bool is_in[RECORDS] = {false};
    assert_true(table_init(&table, capacity));
    for (size_t n = 0; n < RECORDS; n++) {
        uint32_t tag = (uint32_t)rand() % tags;
        hashes[n] = hash_of_tag(high ? UINT32_MAX - tag : tag) | (uint32_t)rand();
    }
    for (int step = 0; step < 2000; step++) {
        uint32_t n = (uint32_t)rand() % RECORDS;
        if (is_in[n]) {
            table_remove(&table, hashes[n], n);
            is_in[n] = false;
        } else {
            bool is_full = table.count == capacity;
            assert_int_equal(table_add(&table, hashes[n], n), !is_full);
            is_in[n] = !is_full;
        }
        assert_same(&table, hashes, is_in);
    }
    table_fini(&table);
}

static void
table_agrees_with_a_model_through_adds_and_removes(void **state)
{
    (void)state;
    static const uint32_t tags[] = {1, 3, 20, 64, 1U << 30};
    srand(20261122);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        compare_with_a_model(RECORDS, tags[i], false);
        compare_with_a_model(RECORDS, tags[i], true);
        compare_with_a_model(21, tags[i], false); // 32 slots, two thirds full
        compare_with_a_model(21, tags[i], true);
    }
}

static void
table_leaves_no_trace_of_removed_records(void **state)
{
    (void)state;
    struct table table;
    assert_true(table_init(&table, 100));
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t n = 0; n < 100; n++) {
            assert_true(table_add(&table, hash_of_tag(n * 40503U + round), n));
        }
        for (uint32_t n = 0; n < 100; n++) {
            table_remove(&table, hash_of_tag(n * 40503U + round), n);
        }
    }
    for (uint32_t slot = 0; slot < table.size; slot++) {
        assert_int_equal(table.slots[slot].index_1, 0);
    }
    table_fini(&table);
}

// Whether every size the table has had lies before its last one, within what is
// reserved: the address space behind it is somebody else's.
static void
table_grows_within_its_reserve_whatever_its_capacity(void **state)
{
    (void)state;
    for (uint32_t capacity = 40; capacity < 50000; capacity += capacity / 7) {
        struct table table;
        assert_true(table_init(&table, capacity));
        for (uint32_t n = 0; n < capacity; n++) {
            assert_true(table_add(&table, hash_of_tag(n * 2654435761U), n));
        }
        assert_true(table.size <= table.size_most);
        assert_true((uint64_t)table.count * 4 <= (uint64_t)table.size * 3);
        size_t before = (size_t)(table.slots - table.reserved);
        assert_true(before <= (size_t)5 * table.size_most + 256);
        table_fini(&table);
    }
}

static size_t
resident(const struct table *table, size_t page)
{
    static unsigned char pages[1 << 16];
    size_t count = ((size_t)(table->slots - table->reserved) + 2 * table->size) *
                   sizeof(*table->slots) / page;
    assert_true(count <= sizeof(pages));
    assert_int_equal(mincore(table->reserved, count * page, pages), 0);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += pages[i] & 1;
    }
    return found * page;
}

static void
table_of_many_costs_what_its_slots_take(void **state)
{
    (void)state;
    struct table table;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_true(table_init(&table, 2000000));
    for (uint32_t n = 0; n < 700000; n++) {
        assert_true(table_add(&table, hash_of_tag(n * 2654435761U), n));
    }
    // A page stays at the border of each of its earlier sizes.
    assert_true(resident(&table, page) <=
                table.size * sizeof(*table.slots) + 64 * page);
    assert_true((uint64_t)table.count * 5 >= (uint64_t)table.size * 3 - 5);
    table_fini(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_empty_at_first),
        cmocka_unit_test(table_holds_its_capacity_and_not_one_more),
        cmocka_unit_test(table_refuses_a_capacity_outside_of_its_limits),
        cmocka_unit_test(table_walks_all_records_of_one_hash),
        cmocka_unit_test(table_takes_the_greatest_index),
        cmocka_unit_test(table_agrees_with_a_model_through_adds_and_removes),
        cmocka_unit_test(table_leaves_no_trace_of_removed_records),
        cmocka_unit_test(table_grows_within_its_reserve_whatever_its_capacity),
        cmocka_unit_test(table_of_many_costs_what_its_slots_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
