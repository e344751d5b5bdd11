#include "pipeline/views_course.h"

#include "pipeline/campaigns/campaign.h"
#include "pipeline/fold/rewind.h"
#include "pipeline/views.h"
#include "tests/unit/kept.h"
#include "tests/unit/made_pipeline.h"

#define SETTINGS "windows=5m,1h users.capacity=20000 campaigns.capacity=1000"

static struct campaign campaigns[2];
static struct pipeline *pipeline;
static uint32_t order;

// ── making ─────────────────────────────────────────────────────────────────

static void
set(const char *first, const char *second)
{
    const char *const names[] = {first, second};
    size_t count = 0;
    memset(campaigns, 0, sizeof(campaigns));
    for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
        option_presets(campaign_option_rows, &campaigns[i]);
        (void)snprintf(campaigns[i].name, sizeof(campaigns[i].name), "%s", names[i]);
        made_options(campaign_option_rows, &campaigns[i], "words=x");
        count++;
    }
    order = pipeline_set_campaigns(pipeline, campaigns, count);
    assert_int_not_equal(order, 0);
}

static int
begin(void **state)
{
    (void)state;
    pipeline = made_pipeline(SETTINGS);
    set("cup", "tea");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    pipeline_destroy(&pipeline);
    return 0;
}

// found: bits of the campaigns.
static void
publish(const char *id, const char *author, usec time, uint64_t found)
{
    const struct post post = {
        .id = slice_of(id),
        .time = time,
        .author = {.id = slice_of(author)},
        .text = SLICE_LIT("a text"),
        .campaigns = {.found = found, .spoken = 3, .order = order},
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
undo(const char *id)
{
    const struct post post = {.id = slice_of(id), .kind = POST_DELETED};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static uint32_t
number_of(const char *campaign)
{
    uint32_t number = 0;
    while (strcmp(campaigns[number].name, campaign) != 0) {
        number++;
    }
    return number;
}

static struct views_course_bin
sum_of(const char *campaign)
{
    static struct views_course course;
    struct views_course_bin sum = {0};
    views_course(pipeline, number_of(campaign), &course);
    for (uint32_t i = 0; i < course.count; i++) {
        sum.posts += course.bins[i].posts;
        sum.acts += course.bins[i].acts;
        sum.people += course.bins[i].people;
    }
    return sum;
}

enum { POSTS, JOINED = 8 };

static struct views_course_value
value_of(const char *campaign, uint32_t window, uint32_t figure)
{
    struct views_course_value values[VIEWS_COURSE_FIGURES];
    views_course_window(pipeline, number_of(campaign), window, values);
    return values[figure];
}

// ── tests ──────────────────────────────────────────────────────────────────

static void
figures_have_the_names_of_the_hash(void **state)
{
    (void)state;
    assert_true(slice_equal(views_course_figure(POSTS), SLICE_LIT("posts")));
    assert_true(slice_equal(views_course_figure(JOINED), SLICE_LIT("joined")));
    assert_true(
        slice_equal(views_course_figure(VIEWS_COURSE_FIGURES - 1), SLICE_LIT("share")));
}

static void
a_person_joins_once_and_leaves_with_the_last_act(void **state)
{
    (void)state;
    publish("n:1", "n:ann", T0, 1);
    publish("n:2", "n:ann", T0 + USEC_PER_MIN, 1);
    publish("n:3", "n:bob", T0 + 6 * USEC_PER_MIN, 1);
    assert_int_equal(sum_of("cup").people, 2);
    assert_int_equal(sum_of("tea").people, 0);
    assert_int_equal(value_of("cup", 0, JOINED).now, 1);
    assert_int_equal(value_of("cup", 0, JOINED).before, 1);
    undo("n:1");
    assert_int_equal(sum_of("cup").people, 2);
    undo("n:2");
    assert_int_equal(sum_of("cup").people, 1);
    assert_int_equal(sum_of("cup").acts, 1);
    assert_int_equal(value_of("cup", 0, JOINED).before, 0);
    assert_int_equal(value_of("cup", 0, POSTS).before, 0);
    assert_int_equal(value_of("cup", 1, POSTS).now, 1);
}

// Its windows are not longer than an hour.
static void
growth_begins_when_a_first_act_comes_that_is_too_late_for_the_windows(void **state)
{
    (void)state;
    static struct views_course course;
    publish("n:1", "n:ann", T0, 2); // of the other campaign
    publish("n:2", "n:bob", T0 - 6000 * USEC_PER_DAY, 1);
    publish("n:3", "n:eve", T0 + USEC_PER_MIN, 1);
    publish("n:4", "n:joe", T0 - 10 * USEC_PER_MIN, 1);
    views_course(pipeline, number_of("cup"), &course);
    assert_int_equal(course.width, USEC_PER_MIN);
    assert_int_equal(course.start, T0 / USEC_PER_MIN * USEC_PER_MIN);
    assert_int_equal(course.bins[0].people, 2);
    assert_int_equal(course.bins[1].people, 1);
    undo("n:2");
    views_course(pipeline, number_of("cup"), &course);
    assert_int_equal(course.bins[0].people, 1);
    assert_int_equal(course.bins[0].acts, 1);
    assert_int_equal(course.bins[1].people, 1);
}

static void
of_a_campaign_that_is_added_the_window_before_is_not_seen_at_once(void **state)
{
    (void)state;
    struct kept kept;
    struct error error = {0};
    set("cup", NULL);
    assert_false(views_course_has_before(pipeline, 0, 0));
    publish("n:1", "n:ann", T0, 1);
    assert_false(views_course_has_before(pipeline, 0, 0));
    publish("n:2", "n:ann", T0 + 20 * USEC_PER_MIN, 1);
    set("cup", "tea");
    publish("n:3", "n:ann", T0 + 25 * USEC_PER_MIN, 3);
    assert_true(views_course_has_before(pipeline, number_of("cup"), 0));
    assert_false(views_course_has_before(pipeline, number_of("cup"), 1));
    assert_false(views_course_has_before(pipeline, number_of("tea"), 0));
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = made_pipeline(SETTINGS);
    assert_true(kept_load(&kept, pipeline, &error));
    set("cup", "tea");
    assert_true(views_course_has_before(pipeline, number_of("cup"), 0));
    assert_false(views_course_has_before(pipeline, number_of("tea"), 0));
    publish("n:4", "n:ann", T0 + 26 * USEC_PER_MIN, 3);
    assert_true(views_course_has_before(pipeline, number_of("tea"), 0));
    pipeline_step(pipeline, T0 + 10 * USEC_PER_MIN);
    assert_false(views_course_has_before(pipeline, number_of("tea"), 0));
    publish("n:5", "n:ann", T0 + 16 * USEC_PER_MIN, 3);
    assert_true(views_course_has_before(pipeline, number_of("tea"), 0));
}

static void
the_share_before_is_missing_while_nothing_was_published(void **state)
{
    (void)state;
    uint32_t share = VIEWS_COURSE_FIGURES - 1;
    publish("n:1", "n:ann", T0, 1);
    assert_true(value_of("cup", 0, share).has_now);
    assert_false(value_of("cup", 0, share).has_before);
    assert_false(value_of("tea", 0, share).has_now);
}

static void
who_is_new_has_no_act_before_the_window(void **state)
{
    (void)state;
    publish("n:1", "n:ann", T0, 1);
    publish("n:2", "n:bob", T0 + 6 * USEC_PER_MIN, 1);
    publish("n:3", "n:ann", T0 + 6 * USEC_PER_MIN, 1);
    uint32_t ann = views_find_user(pipeline, SLICE_LIT("n:ann"));
    uint32_t bob = views_find_user(pipeline, SLICE_LIT("n:bob"));
    assert_false(views_course_is_new(pipeline, 0, ann, 0));
    assert_true(views_course_is_new(pipeline, 0, bob, 0));
    assert_true(views_course_is_new(pipeline, 0, ann, 1));
    assert_false(views_course_is_new(pipeline, 1, bob, 0));
}

static void
a_course_follows_the_name_of_its_campaign_and_ends_with_it(void **state)
{
    (void)state;
    publish("n:1", "n:ann", T0, 1);
    publish("n:2", "n:bob", T0, 3);
    set("tea", "cup");
    assert_int_equal(sum_of("cup").people, 2);
    assert_int_equal(sum_of("tea").people, 1);
    set("tea", NULL);
    assert_int_equal(sum_of("tea").people, 1);
    set("cup", "tea");
    assert_int_equal(sum_of("cup").people, 0);
    assert_int_equal(sum_of("tea").people, 1);
    undo("n:1"); // it counted in the campaign that was there before
    undo("n:2");
    assert_int_equal(sum_of("cup").acts, 0);
    assert_int_equal(sum_of("tea").acts, 0);
    assert_int_equal(value_of("tea", 1, POSTS).now, 0);
}

static void
a_snapshot_contains_the_course(void **state)
{
    (void)state;
    struct kept kept;
    struct error error = {0};
    publish("n:1", "n:ann", T0, 1);
    publish("n:2", "n:bob", T0 + 6 * USEC_PER_MIN, 3);
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = made_pipeline(SETTINGS);
    assert_true(kept_load(&kept, pipeline, &error));
    set("cup", "tea");
    assert_int_equal(sum_of("cup").people, 2);
    assert_int_equal(value_of("cup", 0, JOINED).before, 1);
    undo("n:1");
    assert_int_equal(sum_of("cup").people, 1);
    assert_int_equal(value_of("cup", 0, JOINED).before, 0);
    assert_int_equal(value_of("cup", 0, POSTS).before, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_have_the_names_of_the_hash),
        TEST(a_person_joins_once_and_leaves_with_the_last_act),
        TEST(growth_begins_when_a_first_act_comes_that_is_too_late_for_the_windows),
        TEST(of_a_campaign_that_is_added_the_window_before_is_not_seen_at_once),
        TEST(the_share_before_is_missing_while_nothing_was_published),
        TEST(who_is_new_has_no_act_before_the_window),
        TEST(a_course_follows_the_name_of_its_campaign_and_ends_with_it),
        TEST(a_snapshot_contains_the_course),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
