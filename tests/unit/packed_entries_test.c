#include "pipeline/windows/packed_entries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ITEMS = 4000, ROOM = 504 };

static uint64_t random_state = 20261123;

// splitmix64 (Steele, Lea & Flood 2014)
static uint64_t
random_next(void)
{
    uint64_t z = (random_state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static int
by_key(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x >> 32 > *y >> 32) - (*x >> 32 < *y >> 32);
}

static void
packed_entries_sort_orders_as_the_c_library_does(void **state)
{
    (void)state;
    static uint64_t items[ITEMS];
    static uint64_t spare[ITEMS];
    static uint64_t expected[ITEMS];
    for (size_t count = 0; count <= ITEMS; count += 1 + count) {
        for (size_t i = 0; i < count; i++) {
            uint32_t index = (uint32_t)(random_next() >> (35 + random_next() % 20));
            items[i] = packed_entries_item(index, random_next() % 5 == 0, 7);
            expected[i] = items[i];
        }
        qsort(expected, count, sizeof(*expected), by_key);
        packed_entries_sort(items, spare, count);
        assert_memory_equal(items, expected, count * sizeof(*items));
    }
}

static void
packed_entries_items_come_back_as_they_were_written(void **state)
{
    (void)state;
    static uint64_t items[ITEMS];
    uint32_t index = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        uint32_t amount = random_next() % 3 != 0 ? 1 : (uint32_t)random_next() | 1;
        items[i] = packed_entries_item(index, i % 2 != 0, amount);
        index += i % 2 != 0
                     ? (uint32_t)(random_next() % (1u << (random_next() % 18))) + 1
                     : 0;
    }
    size_t read = 0;
    for (size_t done = 0; done < ITEMS;) {
        uint8_t bytes[ROOM];
        size_t size;
        size_t taken =
            packed_entries_write(bytes, ROOM, items + done, ITEMS - done, &size);
        assert_true(taken > 0 && size <= ROOM);
        done += taken;
        struct packed_entries_cursor cursor = {bytes, size, 0};
        struct packed_entries_entry entry;
        while (packed_entries_next(&cursor, &entry)) {
            assert_true(packed_entries_item(entry.index, entry.is_undo, entry.amount) ==
                        items[read]);
            read++;
        }
        assert_int_equal(read, done);
    }
}

static void
packed_entries_merge_joins_one_counter_and_sign_and_never_overflows(void **state)
{
    (void)state;
    uint64_t item = packed_entries_item(9, false, 4);
    assert_false(packed_entries_merge(&item, packed_entries_item(9, true, 1)));
    assert_false(packed_entries_merge(&item, packed_entries_item(10, false, 1)));
    assert_true(packed_entries_merge(&item, packed_entries_item(9, false, 3)));
    assert_true(item == packed_entries_item(9, false, 7));
    assert_false(
        packed_entries_merge(&item, packed_entries_item(9, false, UINT32_MAX - 6)));
    assert_true(
        packed_entries_merge(&item, packed_entries_item(9, false, UINT32_MAX - 7)));
    assert_true(item == packed_entries_item(9, false, UINT32_MAX));
}

static void
packed_entries_numbers_at_the_edges_survive(void **state)
{
    (void)state;
    uint64_t items[] = {
        packed_entries_item(0, false, 1),
        packed_entries_item(63, false, UINT32_MAX),
        packed_entries_item((1u << 29) - 1, true, 128),
    };
    uint8_t bytes[3 * PACKED_ENTRY_MAX];
    size_t size;
    assert_int_equal(packed_entries_write(bytes, sizeof(bytes), items, 3, &size), 3);
    struct packed_entries_cursor cursor = {bytes, size, 0};
    struct packed_entries_entry entry;
    for (size_t i = 0; i < 3; i++) {
        assert_true(packed_entries_next(&cursor, &entry));
        assert_true(packed_entries_item(entry.index, entry.is_undo, entry.amount) ==
                    items[i]);
    }
    assert_false(packed_entries_next(&cursor, &entry));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_entries_sort_orders_as_the_c_library_does),
        cmocka_unit_test(packed_entries_items_come_back_as_they_were_written),
        cmocka_unit_test(
            packed_entries_merge_joins_one_counter_and_sign_and_never_overflows),
        cmocka_unit_test(packed_entries_numbers_at_the_edges_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
