// The posts of an ingest process in entries, also without memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "daemon/handover.h"
#include "ingest/entries/entry.h"
#include "ingest/text/campaign_words.h"
#include "net/redis/redis_options.h"
#include "sinks/redis/redis_outlet.h"
#include "sinks/redis/redis_sink.h"

#define WALL (1700000000 * USEC_PER_S)

struct world {
    struct event_base *base;
    struct redis_sink *sink;
    struct campaign_words campaigns;
    struct handover handover;
};

// Linked with --wrap=realloc, by which every buffer grows.
void *__real_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size);

static bool has_no_memory;

void *
__wrap_realloc(void *bytes, size_t size)
{
    return has_no_memory ? NULL : __real_realloc(bytes, size);
}

static int
set_up(void **state)
{
    static const struct redis_outlet_setup outlet = {.key = "in", .most = 1000};
    struct world *world = calloc(1, sizeof(*world));
    struct redis_options options;
    assert_non_null(world);
    option_presets(redis_options_rows, &options);
    world->base = event_base_new();
    const struct redis_sink_setup setup = {
        .base = world->base, .options = &options, .version = "test", .outlet = &outlet};
    assert_int_equal(redis_sink_create(&setup, &world->sink, NULL), STATUS_OK);
    assert_int_equal(
        handover_init(&world->handover, world->sink, &world->campaigns, NULL),
        STATUS_OK);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    has_no_memory = false;
    handover_fini(&world->handover);
    redis_sink_destroy(&world->sink);
    event_base_free(world->base);
    free(world);
    return 0;
}

static uint64_t
waiting(const struct world *world)
{
    return redis_outlet_metrics(world->sink)->waiting;
}

static enum status
add(struct world *world, size_t text_bytes)
{
    static char text[ENTRY_BYTES_MAX];
    memset(text, 'x', sizeof(text));
    const struct post post = {.id = SLICE_LIT("app:1"), .text = {text, text_bytes}};
    return handover_add(&world->handover, &post, WALL);
}

static void
without_memory_nothing_is_set_up(void **state)
{
    struct world *world = *state;
    struct handover handover;
    has_no_memory = true;
    assert_int_equal(handover_init(&handover, world->sink, &world->campaigns, NULL),
                     STATUS_NOMEM);
    handover_fini(&handover);
}

static void
without_memory_posts_stay_in_the_open_entry(void **state)
{
    struct world *world = *state;
    has_no_memory = true;
    handover_tick(&world->handover, WALL, 0, true); // an entry that is not put
    assert_int_equal(waiting(world), 0);
    assert_int_equal(add(world, 10), STATUS_OK);
    assert_int_equal(add(world, 1 << 10), STATUS_OK);
    assert_false(handover_flush(&world->handover));
    assert_int_equal(add(world, 1 << 16), STATUS_AGAIN); // it would end the open one
    has_no_memory = false;
    assert_int_equal(add(world, 1 << 16), STATUS_OK);
    assert_true(handover_flush(&world->handover));
    assert_int_equal(waiting(world), 2);
    assert_int_equal(world->handover.posts, 3);
}

static void
only_a_post_that_fits_in_no_entry_is_refused(void **state)
{
    struct world *world = *state;
    assert_int_equal(add(world, ENTRY_BYTES_MAX), STATUS_FULL);
    assert_int_equal(add(world, ENTRY_BYTES_MAX - 200), STATUS_OK);
    assert_true(handover_flush(&world->handover));
    assert_int_equal(waiting(world), 1);
}

// Four ticks a second.
static void
a_day_without_a_worker_leaves_few_entries_without_posts(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 256; i++) {
        handover_tick(&world->handover, WALL, 0, true);
    }
    assert_int_equal(waiting(world), 256);
    for (int i = 256; i < 4 * 86400; i++) {
        handover_tick(&world->handover, WALL, 0, true);
    }
    assert_in_range(waiting(world), 1000, 3000);
    uint64_t before = waiting(world);
    world->handover.in_stream = 1; // and now there are none: a worker reads
    handover_tick(&world->handover, WALL, 0, true);
    handover_tick(&world->handover, WALL, 0, true);
    assert_int_equal(waiting(world), before + 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_memory_nothing_is_set_up),
        TEST(without_memory_posts_stay_in_the_open_entry),
        TEST(a_day_without_a_worker_leaves_few_entries_without_posts),
        TEST(only_a_post_that_fits_in_no_entry_is_refused),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
