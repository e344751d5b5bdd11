// Each bucket has the sums of the reshares that lie in its span.
#include "pipeline/forecast/reshare_buckets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/made.h"

enum { EVENTS = 4000, STEP_MAX = 60000, AGE = 600000 };

struct world {
    struct slab *slab;
    struct reshares exact;
    struct reshare_buckets merged;
    struct reshare all[2 * EVENTS]; // that are merged; behind them is some room
    size_t count;
    uint32_t now;
    uint32_t random;
};

static struct reshare
invent(struct world *world, uint32_t time)
{
    bool is_unknown = made_random(&world->random, 3) == 0;
    uint32_t followers = made_random(&world->random, 100000);
    return (struct reshare){time, is_unknown ? RESHARES_UNKNOWN : followers};
}

static void
add_new(struct world *world)
{
    world->now += 1 + made_random(&world->random, STEP_MAX);
    struct reshare reshare = invent(world, world->now);
    assert_true(reshares_make_room(&world->exact, world->slab));
    (void)reshares_add(&world->exact, world->slab, reshare);
    const struct reshare *oldest = reshares_rows(&world->exact, world->slab);
    memcpy(world->all + world->count, oldest, world->exact.count * sizeof(*oldest));
    world->count +=
        reshare_buckets_take(&world->merged, world->slab, &world->exact,
                             (struct reshare_buckets_when){world->now, AGE});
}

// One that lies among merged ones.
static void
add_late(struct world *world)
{
    struct reshare reshare = invent(world, made_random(&world->random, world->now));
    if (reshare_buckets_add(&world->merged, world->slab, reshare)) {
        world->all[world->count++] = reshare;
    }
}

static void
undo(struct world *world)
{
    if (world->count != 0) {
        size_t which = made_random(&world->random, (uint32_t)world->count);
        assert_true(
            reshare_buckets_remove(&world->merged, world->slab, world->all[which]));
        world->all[which] = world->all[--world->count];
    }
}

static struct reshare_bucket
sum(const struct world *world, uint32_t start, uint32_t width)
{
    struct reshare_bucket sum = {.start = start, .width = width};
    for (size_t i = 0; i < world->count; i++) {
        const struct reshare *reshare = &world->all[i];
        uint32_t offset = reshare->time - start;
        bool is_unknown = reshare->followers == RESHARES_UNKNOWN;
        if (offset >= width) {
            continue;
        }
        sum.count++;
        sum.offsets += offset;
        sum.unknown += is_unknown;
        sum.unknown_offsets += is_unknown ? offset : 0;
        sum.followers += is_unknown ? 0 : reshare->followers;
        sum.weighted += is_unknown ? 0 : (double)reshare->followers * offset;
    }
    return sum;
}

static void
compare(const struct world *world)
{
    const struct reshare_bucket *rows =
        reshare_buckets_rows(&world->merged, world->slab);
    uint32_t events = 0;
    for (uint32_t i = 0; i < world->merged.count; i++) {
        struct reshare_bucket wanted = sum(world, rows[i].start, rows[i].width);
        assert_int_equal(rows[i].count, wanted.count);
        assert_int_equal(rows[i].unknown, wanted.unknown);
        assert_int_equal(rows[i].offsets, wanted.offsets);
        assert_int_equal(rows[i].unknown_offsets, wanted.unknown_offsets);
        assert_int_equal(rows[i].followers, wanted.followers);
        assert_true(rows[i].weighted == wanted.weighted); // whole numbers
        events += rows[i].count;
    }
    assert_int_equal(events, world->merged.events);
    assert_int_equal(events, world->count);
}

static void
buckets_hold_the_sums_of_their_reshares_known_or_not_late_or_undone(void **state)
{
    (void)state;
    static struct world world;
    world = (struct world){.slab = slab_create(16 << 20), .random = 20261201};
    assert_non_null(world.slab);
    for (int i = 0; i < EVENTS; i++) {
        add_new(&world);
        if (i % 4 == 3) {
            add_late(&world);
            undo(&world);
        }
        if (i % 50 == 49) {
            compare(&world);
        }
    }
    assert_true(world.merged.events > EVENTS / 2);
    slab_destroy(&world.slab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            buckets_hold_the_sums_of_their_reshares_known_or_not_late_or_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
