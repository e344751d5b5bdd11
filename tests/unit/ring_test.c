#include "base/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/snapshot.h"
#include "tests/unit/kept.h"

static uint64_t
put_number(struct ring *ring, uint64_t number)
{
    uint64_t place = ring_put(ring, sizeof(number));
    memcpy(ring_at(ring, place), &number, sizeof(number));
    return place;
}

static uint64_t
number_at(const struct ring *ring, uint64_t place)
{
    uint64_t number;
    const void *record = ring_at(ring, place);
    assert_non_null(record);
    memcpy(&number, record, sizeof(number));
    return number;
}

static void
ring_forgets_the_oldest_record_first(void **state)
{
    (void)state;
    struct ring ring;
    assert_true(ring_init(&ring, 64));
    uint64_t places[100];
    for (uint64_t i = 0; i < 100; i++) {
        places[i] = put_number(&ring, i);
        for (uint64_t j = 0; j <= i; j++) {
            if (i - j < 8) {
                assert_int_equal(number_at(&ring, places[j]), j);
            } else {
                assert_null(ring_at(&ring, places[j]));
            }
        }
    }
    ring_fini(&ring);
}

static void
ring_names_begin_at_1_and_never_come_back(void **state)
{
    (void)state;
    struct ring ring;
    assert_true(ring_init(&ring, 72));
    uint64_t last = ring_put(&ring, 1);
    assert_int_equal(last, 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t place = ring_put(&ring, (size_t)(1 + i % 18));
        assert_true(place > last);
        last = place;
    }
    ring_fini(&ring);
}

static void
ring_knows_nothing_of_places_it_never_gave(void **state)
{
    (void)state;
    struct ring ring;
    assert_true(ring_init(&ring, 64));
    assert_null(ring_at(&ring, RING_NONE));
    assert_null(ring_at(&ring, 1));
    uint64_t place = ring_put(&ring, 8);
    assert_non_null(ring_at(&ring, place));
    assert_null(ring_at(&ring, RING_NONE));
    assert_null(ring_at(&ring, place + 1));
    assert_null(ring_at(&ring, UINT64_MAX));
    ring_fini(&ring);
}

static void
ring_takes_records_up_to_a_quarter(void **state)
{
    (void)state;
    struct ring ring;
    assert_true(ring_init(&ring, 128));
    assert_int_equal(ring_put(&ring, 0), RING_NONE);
    assert_int_equal(ring_put(&ring, 33), RING_NONE);
    assert_int_equal(ring_put(&ring, SIZE_MAX), RING_NONE);
    assert_int_equal(ring_put(&ring, 32), 1);
    ring_fini(&ring);
}

static void
ring_refuses_sizes_it_cannot_reserve(void **state)
{
    (void)state;
    struct ring ring;
    assert_false(ring_init(&ring, 63));
    assert_false(ring_init(&ring, SIZE_MAX));
    assert_false(ring_init(&ring, SIZE_MAX / 2));
    assert_null(ring.bytes);
    ring_fini(&ring);
    assert_true(ring_init(&ring, 65));
    assert_int_equal(ring.size, 72);
    ring_fini(&ring);
    assert_null(ring.bytes);
}

// Records of random sizes, each filled with its own byte: what is there must be whole,
// what is gone stays gone, and at least three quarters of the ring are there.
static void
ring_records_are_whole_or_gone(void **state)
{
    (void)state;
    enum { RECORDS = 3000, SIZE = 1000 };
    static struct {
        uint64_t place;
        size_t size;
        bool is_gone;
    } records[RECORDS];
    struct ring ring;
    assert_true(ring_init(&ring, SIZE));
    srand(20261122);
    for (size_t i = 0; i < RECORDS; i++) {
        records[i].size = 1 + (size_t)rand() % (SIZE / 4);
        records[i].place = ring_put(&ring, records[i].size);
        char *record = ring_at(&ring, records[i].place);
        assert_int_equal((uintptr_t)record % 8, 0);
        assert_true(record >= ring.bytes &&
                    record + records[i].size <= ring.bytes + ring.size);
        memset(record, (int)(i % 251), records[i].size);
        size_t newer = 0;
        for (size_t j = i + 1; j-- > 0 && i - j < 1100;) {
            const char *found = ring_at(&ring, records[j].place);
            newer += (records[j].size + 7) / 8 * 8;
            assert_true(found != NULL || newer > SIZE * 3 / 4);
            assert_false(found != NULL && records[j].is_gone);
            records[j].is_gone = found == NULL;
            for (size_t k = 0; found != NULL && k < records[j].size; k++) {
                assert_int_equal((unsigned char)found[k], j % 251);
            }
        }
    }
    ring_fini(&ring);
}

static void
ring_comes_back_from_a_snapshot_in_any_lap(void **state)
{
    (void)state;
    enum { SIZE = 256 };
    struct ring ring;
    assert_true(ring_init(&ring, SIZE));
    for (int i = 0; i < 40; i++) {
        struct kept kept = {.limit = SIZE_MAX};
        struct snapshot write = {.move = kept_write, .context = &kept};
        ring_move(&ring, &write);
        assert_false(write.is_failed);
        struct ring other;
        assert_true(ring_init(&other, SIZE));
        struct snapshot read = {.move = kept_read, .context = &kept};
        ring_move(&other, &read);
        assert_false(read.is_failed);
        assert_int_equal(kept.at, kept.size);
        for (uint64_t place = 0; place <= ring.head; place++) {
            const char *a = ring_at(&ring, place);
            const char *b = ring_at(&other, place);
            assert_int_equal(a != NULL, b != NULL);
            if (a != NULL && a < ring.bytes + SIZE) {
                assert_memory_equal(a, b, RING_UNIT);
            }
        }
        uint64_t place = ring_put(&ring, 24);
        assert_int_equal(ring_put(&other, 24), place);
        assert_ptr_equal((char *)ring_at(&ring, place) - ring.bytes,
                         (char *)ring_at(&other, place) - other.bytes);
        memset(ring_at(&ring, place), i + 1, 24);
        ring_fini(&other);
        free(kept.bytes);
    }
    ring_fini(&ring);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_forgets_the_oldest_record_first),
        cmocka_unit_test(ring_names_begin_at_1_and_never_come_back),
        cmocka_unit_test(ring_knows_nothing_of_places_it_never_gave),
        cmocka_unit_test(ring_takes_records_up_to_a_quarter),
        cmocka_unit_test(ring_refuses_sizes_it_cannot_reserve),
        cmocka_unit_test(ring_records_are_whole_or_gone),
        cmocka_unit_test(ring_comes_back_from_a_snapshot_in_any_lap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
