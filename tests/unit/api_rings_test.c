#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sinks/api/api_alerts.h"
#include "sinks/api/api_cache.h"
#include "sinks/api/api_marks.h"
#include "sinks/api/api_ranks.h"

static struct api_alerts alerts;
static struct api_cache cache;

static void
the_newest_alerts_are_kept(void **state)
{
    (void)state;
    char json[16];
    for (int i = 0; i < API_ALERTS_MAX + 5; i++) {
        snprintf(json, sizeof(json), "[%d]", i);
        api_alerts_add(&alerts, slice_of(json));
    }
    assert_int_equal(api_alerts_count(&alerts), API_ALERTS_MAX);
    assert_true(slice_equal(api_alerts_at(&alerts, 0), SLICE_LIT("[1004]")));
    assert_true(
        slice_equal(api_alerts_at(&alerts, API_ALERTS_MAX - 1), SLICE_LIT("[5]")));
    static char big[API_ALERTS_BYTES + 1];
    memset(big, ' ', sizeof(big));
    api_alerts_add(&alerts, (struct slice){big, sizeof(big)});
    assert_int_equal(api_alerts_count(&alerts), API_ALERTS_MAX);
    api_alerts_add(&alerts, (struct slice){big, sizeof(big) - 1});
    assert_int_equal(api_alerts_count(&alerts), 1);
    api_alerts_fini(&alerts);
    assert_int_equal(api_alerts_count(&alerts), 0);
}

static void
what_is_recalled_is_an_object_and_there_once(void **state)
{
    (void)state;
    api_alerts_recall(&alerts, SLICE_LIT("{\"id\":\"a\"}"));
    api_alerts_recall(&alerts, SLICE_LIT("a test"));
    api_alerts_recall(&alerts, SLICE_LIT("{\"id\":\"b\"}, {}"));
    api_alerts_recall(&alerts, SLICE_LIT("[]"));
    api_alerts_recall(&alerts, SLICE_LIT(""));
    api_alerts_recall(&alerts, SLICE_LIT("{\"id\":\"a\"}"));
    api_alerts_recall(&alerts, SLICE_LIT("{\"id\":\"c\"}"));
    assert_int_equal(api_alerts_count(&alerts), 2);
    assert_true(slice_equal(api_alerts_at(&alerts, 0), SLICE_LIT("{\"id\":\"c\"}")));
    api_alerts_fini(&alerts);
}

static void
answers_are_kept_until_the_number_changes(void **state)
{
    (void)state;
    api_cache_put(&cache, 7, SLICE_LIT("/a"), SLICE_LIT("A"));
    api_cache_put(&cache, 7, SLICE_LIT("/b"), SLICE_LIT(""));
    assert_true(
        slice_equal(api_cache_find(&cache, 7, SLICE_LIT("/a")), SLICE_LIT("A")));
    assert_false(slice_is_none(api_cache_find(&cache, 7, SLICE_LIT("/b"))));
    assert_true(slice_is_none(api_cache_find(&cache, 7, SLICE_LIT("/"))));
    assert_true(slice_is_none(api_cache_find(&cache, 8, SLICE_LIT("/a"))));
    api_cache_put(&cache, 8, SLICE_LIT("/c"), SLICE_LIT("C"));
    assert_true(slice_is_none(api_cache_find(&cache, 8, SLICE_LIT("/a"))));
    assert_int_equal(cache.bytes, 3);
    api_cache_fini(&cache);
}

static void
answers_have_a_limit_together(void **state)
{
    (void)state;
    static char body[API_CACHE_BYTES / 4];
    char key[8];
    for (int i = 0; i < 2 * API_CACHE_ROWS; i++) {
        snprintf(key, sizeof(key), "/%d", i);
        api_cache_put(&cache, 1, slice_of(key), (struct slice){body, sizeof(body)});
        assert_true(cache.bytes <= API_CACHE_BYTES);
        assert_false(slice_is_none(api_cache_find(&cache, 1, slice_of(key))));
    }
    api_cache_put(&cache, 1, SLICE_LIT("/x"), (struct slice){body, API_CACHE_BYTES});
    assert_true(slice_is_none(api_cache_find(&cache, 1, SLICE_LIT("/x"))));
    api_cache_fini(&cache);
}

static void
a_rank_is_that_of_a_minute_before(void **state)
{
    (void)state;
    struct api_ranks ranks;
    const usec start = 1000 * USEC_PER_S;
    assert_true(api_ranks_init(&ranks, 2, 250));
    for (int second = 0; second <= 120; second++) {
        usec clock = start + second * USEC_PER_S;
        bool is_due = api_ranks_begin(&ranks, clock);
        assert_int_equal(is_due, second % 10 == 0);
        if (is_due) {
            const uint64_t hashes[] = {100 + (uint64_t)second, 5};
            api_ranks_set(&ranks, 1, hashes, 2);
        }
        assert_int_equal(api_ranks_before(&ranks, 1, clock, 5), second < 60 ? 0 : 2);
        assert_int_equal(api_ranks_before(&ranks, 0, clock, 5), 0);
    }
    usec end = start + 120 * USEC_PER_S;
    assert_int_equal(api_ranks_before(&ranks, 1, end, 160), 1);
    assert_int_equal(api_ranks_before(&ranks, 1, end, 170), 0);
    assert_true(api_ranks_begin(&ranks, start)); // the clock was set back
    assert_int_equal(api_ranks_before(&ranks, 1, end, 5), 0);
    api_ranks_fini(&ranks);
}

static void
mark(struct api_marks *marks, const char *campaign, const char *person, usec at)
{
    assert_int_equal(api_marks_add(marks, slice_of(campaign), slice_of(person), at),
                     STATUS_OK);
}

static void
marks_are_those_of_the_last_time_they_were_read(void **state)
{
    (void)state;
    struct api_marks marks = {0};
    struct slice cup = SLICE_LIT("cup");
    struct slice ann = SLICE_LIT("x:1");
    api_marks_begin(&marks, cup);
    mark(&marks, "cup", "x:1", 5);
    mark(&marks, "cup", "x:2", 6);
    api_marks_end(&marks, cup);
    mark(&marks, "tea", "x:1", 7);
    assert_int_equal(api_marks_find(&marks, cup, ann), 5);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("tea"), ann), 7);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("tea"), SLICE_LIT("x:2")),
                     USEC_NONE);
    api_marks_begin(&marks, cup);
    mark(&marks, "cup", "x:1", 9);
    assert_int_equal(api_marks_find(&marks, cup, SLICE_LIT("x:2")), 6);
    api_marks_end(&marks, cup);
    assert_int_equal(api_marks_find(&marks, cup, ann), 9);
    assert_int_equal(api_marks_find(&marks, cup, SLICE_LIT("x:2")), USEC_NONE);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("tea"), ann), 7);
    api_marks_keep(&marks, &cup, 1);
    assert_int_equal(api_marks_find(&marks, cup, ann), 9);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("tea"), ann), USEC_NONE);
    api_marks_keep(&marks, NULL, 0);
    assert_int_equal(marks.count, 0);
    api_marks_fini(&marks);
}

static void
marks_are_limited(void **state)
{
    (void)state;
    struct api_marks marks = {0};
    char person[24];
    for (int i = 0; i < API_MARKS_MAX; i++) {
        snprintf(person, sizeof(person), "x:%d", i);
        mark(&marks, "cup", person, i);
    }
    assert_int_equal(api_marks_add(&marks, SLICE_LIT("cup"), SLICE_LIT("x:-1"), 1),
                     STATUS_FULL);
    mark(&marks, "cup", "x:77", 1);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("cup"), SLICE_LIT("x:77")), 1);
    assert_int_equal(api_marks_find(&marks, SLICE_LIT("cup"), SLICE_LIT("x:65535")),
                     65535);
    api_marks_fini(&marks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_alerts_are_kept),
        cmocka_unit_test(what_is_recalled_is_an_object_and_there_once),
        cmocka_unit_test(answers_are_kept_until_the_number_changes),
        cmocka_unit_test(answers_have_a_limit_together),
        cmocka_unit_test(a_rank_is_that_of_a_minute_before),
        cmocka_unit_test(marks_are_those_of_the_last_time_they_were_read),
        cmocka_unit_test(marks_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
