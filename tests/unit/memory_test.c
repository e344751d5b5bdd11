// What a big cascade costs: counted bytes of everything that grows with its reshares.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/inside.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

enum {
    BIG = 10000,
    MANY = 33000,
    COUNTED_EVERY = 250,
    FEW = 300,               // followers that fit into a person's one entry
    MANY_FOLLOWERS = 100000, // … that take a second one
    SLACK = 4 << 10,         // large pieces are so far apart in size
    BUCKETS = 28 << 10       // of a week, however many reshares
};

// Parts of one cascade, in bytes.
struct parts {
    size_t amplifiers;
    size_t list;   // reshares that are not merged
    size_t merged; // buckets, and the forecast they belong to
    size_t nodes;
    size_t index;
    size_t levels;
};

static size_t
sum(const struct parts *parts)
{
    return parts->amplifiers + parts->list + parts->merged + parts->nodes +
           parts->index + parts->levels;
}

static size_t
piece(uint32_t room, size_t row_size)
{
    return room == 0 ? 0 : slab_class_size(room * row_size);
}

struct world {
    struct pipeline *pipeline;
    uint32_t cascade;
    uint32_t followers; // of everybody
    size_t texts;       // bytes in the slab before the first reshare
};

static struct cascade *
row_of(const struct world *world)
{
    return cascades_at(&world->pipeline->cascades, world->cascade);
}

static struct parts
parts_of(const struct world *world)
{
    const struct cascade *row = row_of(world);
    const struct forecast *forecast =
        forecast_at(world->pipeline->texts, row->forecast);
    const struct nodes *nodes = &world->pipeline->trees.nodes;
    struct parts parts = {
        .amplifiers = piece(row->amplifiers.capacity, sizeof(struct amplifier)),
        .list = piece(row->reshares.room, sizeof(struct reshare)),
        .merged = piece(1, sizeof(struct forecast)) +
                  piece(forecast->merged.room, sizeof(struct reshare_bucket)),
        .nodes = (size_t)nodes->high * sizeof(struct node),
        .index = (size_t)nodes->size * sizeof(*nodes->slots),
    };
    // What the slab holds beside these is the head of the tree and its levels.
    parts.levels = slab_used(world->pipeline->texts) - world->texts - parts.amplifiers -
                   parts.list - parts.merged;
    return parts;
}

static void
print_parts(const char *what, const struct parts *parts, uint32_t count)
{
    print_message("%s: %.2f bytes each of %u: people %.2f, list %.2f, merged %.2f, "
                  "nodes %.2f, index %.2f, levels %.2f\n",
                  what, (double)sum(parts) / count, count,
                  (double)parts->amplifiers / count, (double)parts->list / count,
                  (double)parts->merged / count, (double)parts->nodes / count,
                  (double)parts->index / count, (double)parts->levels / count);
}

static void
post(struct pipeline *pipeline, const struct post *post)
{
    assert_int_equal(pipeline_post(pipeline, post, INT64_MAX / 2), STATUS_OK);
}

// Everybody is known before, so that the slab grows by the cascade alone.
static void
begin(struct world *world, uint32_t followers)
{
    world->followers = followers;
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.windows = (struct option_spans){.count = 1, .length = {USEC_PER_MIN}};
    options.memory_texts = 512 << 20;
    options.memory_windows = 512 << 20;
    options.carriers_capacity = 0; // the ledger is part of no cascade
    struct hash_key key = {1, 2};
    struct error error = {0};
    world->pipeline = pipeline_create(&options, &key, true, &error);
    assert_non_null(world->pipeline);
    char ids[2][MADE_NAME_MAX];
    for (uint32_t i = 0; i <= MANY; i++) {
        post(world->pipeline, &(struct post){
                                  .kind = POST_PUBLISHED,
                                  .id = made_name(ids[0], "n:p", i),
                                  .time = T0,
                                  .author = {.id = made_name(ids[1], "n:u", i),
                                             .followers = followers,
                                             .has_followers = true},
                              });
    }
}

static void
end(struct world *world)
{
    pipeline_destroy(&world->pipeline);
}

// The retweet `number` of the post 0, by the person of that number.
static void
retweet(struct world *world, uint32_t number, uint32_t via, usec time)
{
    char ids[4][MADE_NAME_MAX];
    post(world->pipeline,
         &(struct post){
             .kind = POST_RETWEETED,
             .id = made_name(ids[0], "n:r", number),
             .time = time,
             .author = {.id = made_name(ids[1], "n:u", number),
                        .followers = world->followers,
                        .has_followers = true},
             .retweet_of = {.id = made_name(ids[2], "n:p", 0), .created = T0},
             .via = via != 0 ? made_name(ids[3], "n:r", via) : SLICE_NONE,
         });
    if (number == 1) {
        world->cascade =
            cascades_find(&world->pipeline->cascades, made_name(ids[2], "n:p", 0));
        assert_int_not_equal(world->cascade, CASCADE_NONE);
        world->texts =
            slab_used(world->pipeline->texts) -
            piece(row_of(world)->amplifiers.capacity, sizeof(struct amplifier)) -
            piece(row_of(world)->reshares.room, sizeof(struct reshare));
    }
}

// Through whom the retweet comes.
typedef uint32_t (*via_fn)(uint32_t number);

static uint32_t
via_before(uint32_t number)
{
    return number - 1;
}

static uint32_t
via_half(uint32_t number)
{
    return number / 2;
}

// All at once, so that nothing can be merged.
static void
expect_observed(const char *what, via_fn via, uint32_t followers)
{
    struct world world;
    begin(&world, followers);
    struct parts most = {0};
    uint32_t most_at = 1;
    for (uint32_t i = 1; i <= MANY; i++) {
        retweet(&world, i, via(i), T0 + i);
        if (i >= BIG && i % COUNTED_EVERY == 0) {
            struct parts parts = parts_of(&world);
            assert_true(sum(&parts) <= (size_t)64 * i);
            if (sum(&parts) * most_at >= sum(&most) * i) {
                most = parts;
                most_at = i;
            }
        }
    }
    assert_int_equal(row_of(&world)->tree.count, MANY);
    assert_int_equal(row_of(&world)->tree.observed, MANY - 1);
    assert_int_equal(row_of(&world)->amplifiers.count, MANY);
    assert_int_equal(row_of(&world)->reshares.count, MANY);
    print_parts(what, &most, most_at);
    struct parts last = parts_of(&world);
    print_parts("  at last", &last, MANY);
    end(&world);
}

static void
big_cascade_with_every_parent_observed_takes_64_bytes_a_reshare(void **state)
{
    (void)state;
    expect_observed("a binary tree", via_half, FEW);
}

static void
big_chain_of_famous_people_takes_64_bytes_a_reshare(void **state)
{
    (void)state;
    expect_observed("a chain", via_before, MANY_FOLLOWERS);
}

static void
big_cascade_with_no_parent_observed_takes_8_bytes_a_reshare_once_merged(void **state)
{
    (void)state;
    struct world world;
    begin(&world, FEW);
    for (uint32_t i = 1; i <= MANY; i++) {
        retweet(&world, i, 0, T0 + (usec)i * USEC_PER_HOUR / MANY);
        if (i >= BIG && i % COUNTED_EVERY == 0) {
            struct parts parts = parts_of(&world);
            assert_true(parts.amplifiers <= (size_t)8 * i + SLACK);
            assert_true(sum(&parts) <= (size_t)20 * i);
        }
    }
    struct parts before = parts_of(&world);
    print_parts("a star", &before, MANY);
    char ids[2][MADE_NAME_MAX];
    post(world.pipeline, &(struct post){
                             .kind = POST_PUBLISHED,
                             .id = made_name(ids[0], "n:later", 0),
                             .time = T0 + 4 * USEC_PER_HOUR,
                             .author.id = made_name(ids[1], "n:u", 0),
                         });
    struct parts parts = parts_of(&world);
    print_parts("  merged", &parts, MANY);
    assert_int_equal(parts.amplifiers, before.amplifiers);
    assert_true(sum(&parts) - parts.amplifiers <= BUCKETS);
    end(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            big_cascade_with_every_parent_observed_takes_64_bytes_a_reshare),
        cmocka_unit_test(big_chain_of_famous_people_takes_64_bytes_a_reshare),
        cmocka_unit_test(
            big_cascade_with_no_parent_observed_takes_8_bytes_a_reshare_once_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
