#include "base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/snapshot.h"
#include "tests/unit/kept.h"

static struct slab *
slab_of(size_t limit)
{
    struct slab *slab = slab_create(limit);
    assert_non_null(slab);
    return slab;
}

static void
slab_classes_waste_less_than_a_fifth_above_128(void **state)
{
    (void)state;
    size_t before = 0;
    for (size_t size = 1; size <= SLAB_PIECE_MAX; size += 1 + size / 1000) {
        size_t class = slab_class_size(size);
        assert_true(class >= size && class % SLAB_UNIT == 0 && class >= before);
        assert_true(size <= 128 ? class - size < 8 : (class - size) * 5 < class);
        assert_int_equal(slab_class_size(class), class);
        before = class;
    }
    assert_int_equal(slab_class_size(128), 128);
    assert_int_equal(slab_class_size(129), 160);
    assert_int_equal(slab_class_size(256), 256);
    assert_int_equal(slab_class_size(257), 320);
    assert_int_equal(slab_class_size(SLAB_PIECE_MAX), SLAB_PIECE_MAX);
}

static void
slab_is_created_within_its_limits_only(void **state)
{
    (void)state;
    assert_null(slab_create(0));
    assert_null(slab_create(4095));
    assert_null(slab_create(((size_t)32 << 30) + 1));
    struct slab *slab = slab_of(4096);
    slab_destroy(&slab);
    assert_null(slab);
    slab_destroy(&slab);
}

static void
slab_refuses_sizes_outside_of_a_piece(void **state)
{
    (void)state;
    struct slab *slab = slab_of((size_t)64 << 20);
    assert_int_equal(slab_alloc(slab, 0), SLAB_NONE);
    assert_int_equal(slab_alloc(slab, SLAB_PIECE_MAX + 1), SLAB_NONE);
    assert_int_equal(slab_alloc(slab, SIZE_MAX), SLAB_NONE);
    assert_int_not_equal(slab_alloc(slab, SLAB_PIECE_MAX), SLAB_NONE);
    assert_int_equal(slab_used(slab), SLAB_PIECE_MAX);
    slab_destroy(&slab);
}

static void
slab_is_full_at_its_limit_and_reuses_what_is_freed(void **state)
{
    (void)state;
    struct slab *slab = slab_of(1 << 16);
    uint32_t refs[1 << 10];
    size_t count = 0;
    while ((refs[count] = slab_alloc(slab, 100)) != SLAB_NONE) {
        memset(slab_at(slab, refs[count]), 'x', 100);
        count++;
    }
    assert_true(count * 104 + sizeof(*slab) <= 1 << 16);
    assert_true((count + 1) * 104 + sizeof(*slab) > 1 << 16);
    assert_int_equal(slab_used(slab), count * 104);
    for (size_t i = 0; i < count; i++) {
        slab_free(slab, refs[i], 100);
    }
    assert_int_equal(slab_used(slab), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(slab_alloc(slab, 104), SLAB_NONE); // of the same class
    }
    assert_int_equal(slab_alloc(slab, 97), SLAB_NONE);
    slab_destroy(&slab);
}

static void
slab_free_accepts_none(void **state)
{
    (void)state;
    struct slab *slab = slab_of(4096);
    slab_free(slab, SLAB_NONE, 10);
    slab_text_free(slab, SLAB_NONE);
    assert_int_equal(slab_used(slab), 0);
    slab_destroy(&slab);
}

static void
slab_gives_back_a_text_as_it_was(void **state)
{
    (void)state;
    struct slab *slab = slab_of(1 << 16);
    struct slice text = SLICE_LIT("bsky:did:plc:a\0b");
    uint32_t ref = slab_text_put(slab, text);
    assert_int_not_equal(ref, SLAB_NONE);
    assert_true(slice_equal(slab_text(slab, ref), text));
    assert_int_equal(slab_text_put(slab, SLICE_NONE), SLAB_NONE);
    assert_int_equal(slab_text_put(slab, SLICE_LIT("")), SLAB_NONE);
    assert_true(slice_is_none(slab_text(slab, SLAB_NONE)));
    slab_text_free(slab, ref);
    assert_int_equal(slab_used(slab), 0);
    slab_destroy(&slab);
}

static void
slab_cuts_a_text_longer_than_a_piece(void **state)
{
    (void)state;
    size_t len = SLAB_PIECE_MAX + 100;
    char *bytes = calloc(len, 1);
    assert_non_null(bytes);
    struct slab *slab = slab_of((size_t)64 << 20);
    uint32_t ref = slab_text_put(slab, (struct slice){bytes, len});
    assert_int_equal(slab_text(slab, ref).len, SLAB_PIECE_MAX - 5);
    slab_text_free(slab, ref);
    assert_int_equal(slab_used(slab), 0);
    slab_destroy(&slab);
    free(bytes);
}

struct piece {
    size_t size;
    uint32_t ref;
    unsigned char fill;
};

static void
assert_untouched(const struct slab *slab, struct piece piece)
{
    const unsigned char *bytes = slab_at(slab, piece.ref);
    assert_int_equal((uintptr_t)bytes % SLAB_UNIT, 0);
    for (size_t i = 0; i < piece.size; i++) {
        assert_int_equal(bytes[i], piece.fill);
    }
}

// Every live piece keeps its own bytes up to the size of its class, whatever comes and
// goes around it; `used` is their sum.
static void
slab_pieces_never_overlap(void **state)
{
    (void)state;
    enum { LIVE = 200, STEPS = 20000 };
    static struct piece live[LIVE];
    memset(live, 0, sizeof(live));
    struct slab *slab = slab_of(1 << 16);
    size_t used = 0;
    size_t refused = 0;
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        struct piece *piece = &live[rand() % LIVE];
        if (piece->ref != SLAB_NONE) {
            assert_untouched(slab, *piece);
            slab_free(slab, piece->ref, piece->size);
            used -= piece->size;
            piece->ref = SLAB_NONE;
        } else {
            size_t size = 1 + (size_t)rand() % (rand() % 4 == 0 ? 5000 : 300);
            piece->size = slab_class_size(size);
            piece->fill = (unsigned char)(step % 256);
            piece->ref = slab_alloc(slab, size);
            refused += piece->ref == SLAB_NONE;
            if (piece->ref != SLAB_NONE) {
                memset(slab_at(slab, piece->ref), piece->fill, piece->size);
                used += piece->size;
            }
        }
        assert_int_equal(slab_used(slab), used);
    }
    for (size_t i = 0; i < LIVE; i++) {
        if (live[i].ref != SLAB_NONE) {
            assert_untouched(slab, live[i]);
        }
    }
    assert_true(refused > 0); // the limit was met on the way
    slab_destroy(&slab);
}

static void
mark(const struct slab *slab, struct piece piece)
{
    unsigned char *bytes = slab_at(slab, piece.ref);
    memset(bytes, piece.fill, 32);
    memset(bytes + piece.size - 32, piece.fill, 32);
}

static void
assert_marked(const struct slab *slab, struct piece piece)
{
    const unsigned char *bytes = slab_at(slab, piece.ref);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(bytes[i], piece.fill);
        assert_int_equal(bytes[piece.size - 1 - i], piece.fill);
    }
}

static void
slab_joins_what_large_pieces_leave(void **state)
{
    (void)state;
    enum { LIVE = 40, STEPS = 50000, PIECE_MAX = 600000 };
    static struct piece live[LIVE];
    memset(live, 0, sizeof(live));
    struct slab *slab = slab_of(8 << 20);
    size_t empty = slab_room(slab);
    size_t refused = 0;
    srand(8);
    for (int step = 0; step < STEPS; step++) {
        struct piece *piece = &live[rand() % LIVE];
        if (piece->ref != SLAB_NONE) {
            assert_marked(slab, *piece);
            slab_free(slab, piece->ref, piece->size);
            piece->ref = SLAB_NONE;
            continue;
        }
        size_t size = SLAB_CLASS_MAX + 1 + (size_t)rand() % PIECE_MAX;
        piece->size = slab_class_size(size);
        piece->fill = (unsigned char)(step % 256);
        piece->ref = slab_alloc(slab, size);
        refused += piece->ref == SLAB_NONE;
        if (piece->ref != SLAB_NONE) {
            mark(slab, *piece);
        }
    }
    assert_true(refused > 0);
    for (size_t i = 0; i < LIVE; i++) {
        if (live[i].ref != SLAB_NONE) {
            assert_marked(slab, live[i]);
            slab_free(slab, live[i].ref, live[i].size);
        }
    }
    assert_int_equal(slab_used(slab), 0);
    assert_int_equal(slab_room(slab), empty);
    slab_destroy(&slab);
}

static void
slab_lets_large_pieces_grow_into_the_room_they_leave(void **state)
{
    (void)state;
    struct slab *slab = slab_of(64 << 20);
    uint32_t room[2] = {0};
    uint32_t piece[2] = {0};
    while (room[0] < 1 << 20) {
        for (int i = 0; i < 2; i++) {
            uint32_t grown = slab_grown_room(room[i], 8);
            uint32_t ref = slab_alloc(slab, grown * (size_t)8);
            assert_int_not_equal(ref, SLAB_NONE);
            // Small pieces lie between them.
            assert_int_not_equal(slab_alloc(slab, 24), SLAB_NONE);
            if (room[i] != 0) {
                slab_free(slab, piece[i], room[i] * (size_t)8);
            }
            room[i] = grown;
            piece[i] = ref;
        }
    }
    size_t held = slab->limit - slab_room(slab);
    print_message("held %zu, used %zu\n", held, slab_used(slab));
    assert_true(held < 4 * slab_used(slab));
    slab_destroy(&slab);
}

static void
slab_cuts_small_pieces_from_what_large_ones_left_when_it_is_full(void **state)
{
    (void)state;
    struct slab *slab = slab_of(1 << 20);
    uint32_t large = slab_alloc(slab, 500000);
    while (slab_alloc(slab, 1000) != SLAB_NONE) {
    }
    slab_free(slab, large, 500000);
    size_t used = slab_used(slab);
    size_t count = 0;
    while (slab_alloc(slab, 1000) != SLAB_NONE) {
        count++;
    }
    assert_int_equal(count, slab_class_size(500000) / slab_class_size(1000));
    assert_int_equal(slab_used(slab), used + count * slab_class_size(1000));
    slab_destroy(&slab);
}

static void
slab_lets_pieces_grow_by_a_sixth(void **state)
{
    (void)state;
    uint32_t room = 0;
    uint32_t grown;
    while ((grown = slab_grown_room(room, 12)) != room) {
        bool is_last = grown == SLAB_PIECE_MAX / 12;
        assert_true(grown > room + (is_last ? 0 : room / 8));
        assert_true(grown <= room + room / 2 + 3);
        if (room * 12 >= SLAB_CLASS_MAX) {
            assert_true(grown <= room + room / 6 + 4096 / 12 + 1);
        }
        room = grown;
    }
    assert_int_equal(room, SLAB_PIECE_MAX / 12);
    assert_int_equal(slab_grown_room(0, 8), 1);
    assert_int_equal(slab_grown_room(1, 8), 2);
}

static void
slab_comes_back_from_a_snapshot_with_its_large_pieces_and_runs(void **state)
{
    (void)state;
    enum { LIMIT = 4 << 20, PIECES = 12, LARGE = 100000 };
    struct slab *slab = slab_create(LIMIT);
    struct slab *other = slab_create(LIMIT);
    uint32_t refs[PIECES];
    for (uint32_t i = 0; i < PIECES; i++) {
        refs[i] = slab_alloc(slab, i % 2 == 0 ? LARGE + i * 5000 : 100);
        memset(slab_at(slab, refs[i]), (int)i + 1, i % 2 == 0 ? LARGE : 100);
    }
    slab_free(slab, refs[1], 100);
    slab_free(slab, refs[4], LARGE + 4 * 5000);
    slab_free(slab, refs[8], LARGE + 8 * 5000);
    struct kept kept = {.limit = SIZE_MAX};
    struct snapshot write = {.move = kept_write, .context = &kept};
    slab_move(slab, &write);
    struct snapshot read = {.move = kept_read, .context = &kept};
    slab_move(other, &read);
    assert_false(write.is_failed || read.is_failed);
    assert_int_equal(kept.at, kept.size);
    for (uint32_t i = 0; i < PIECES; i++) {
        if (i != 1 && i != 4 && i != 8) {
            assert_memory_equal(slab_at(slab, refs[i]), slab_at(other, refs[i]),
                                i % 2 == 0 ? LARGE : 100);
        }
    }
    static const size_t sizes[] = {100, LARGE, 4096, 90000, 100, LARGE, 300000, 70000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(slab_alloc(slab, sizes[i]), slab_alloc(other, sizes[i]));
    }
    assert_memory_equal(slab, other, sizeof(*slab));
    free(kept.bytes);
    slab_destroy(&slab);
    slab_destroy(&other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slab_classes_waste_less_than_a_fifth_above_128),
        cmocka_unit_test(slab_is_created_within_its_limits_only),
        cmocka_unit_test(slab_refuses_sizes_outside_of_a_piece),
        cmocka_unit_test(slab_is_full_at_its_limit_and_reuses_what_is_freed),
        cmocka_unit_test(slab_free_accepts_none),
        cmocka_unit_test(slab_gives_back_a_text_as_it_was),
        cmocka_unit_test(slab_cuts_a_text_longer_than_a_piece),
        cmocka_unit_test(slab_pieces_never_overlap),
        cmocka_unit_test(slab_joins_what_large_pieces_leave),
        cmocka_unit_test(slab_lets_large_pieces_grow_into_the_room_they_leave),
        cmocka_unit_test(
            slab_cuts_small_pieces_from_what_large_ones_left_when_it_is_full),
        cmocka_unit_test(slab_lets_pieces_grow_by_a_sixth),
        cmocka_unit_test(
            slab_comes_back_from_a_snapshot_with_its_large_pieces_and_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
