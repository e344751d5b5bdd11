// What is counted in campaigns when there is no room, when something is taken back, and
// when campaigns are replaced.
#include "pipeline/fold/campaign_fold.h"

#include <math.h>

#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/inside.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

#include "tests/unit/flushed.h"

enum { CUP = 1, TEA = 2, BOTH = 3, PAIRS = 250 };

#define SMALL "users.capacity=1000 windows=5m,1h"

static struct pipeline *pipeline;
static struct campaign campaigns[2]; // "cup" and "tea"
static uint32_t order;
static usec now;
static int next_event;

// ── making ─────────────────────────────────────────────────────────────────

static void
set(struct campaign *campaign, const char *name)
{
    memset(campaign, 0, sizeof(*campaign));
    option_presets(campaign_option_rows, campaign);
    snprintf(campaign->name, sizeof(campaign->name), "%s", name);
    made_options(campaign_option_rows, campaign, "words=x");
}

static void
use(size_t count)
{
    order = pipeline_set_campaigns(pipeline, campaigns, count);
    assert_int_not_equal(order, 0);
}

static void
begin(const char *settings)
{
    pipeline = made_pipeline(settings);
    now = T0;
    next_event = 1;
    set(&campaigns[0], "cup");
    set(&campaigns[1], "tea");
    use(1);
}

static int
end(void **state)
{
    (void)state;
    pipeline_destroy(&pipeline);
    return 0;
}

struct made_ids {
    char event[MADE_NAME_MAX], actor[MADE_NAME_MAX], root[MADE_NAME_MAX];
    char author[MADE_NAME_MAX], via[MADE_NAME_MAX];
};

static struct post
post_by(int person, uint64_t set_of_words, struct made_ids *ids)
{
    return (struct post){
        .id = made_name(ids->event, "n:e", next_event),
        .author.id = made_name(ids->actor, "n:u", person),
        .time = now,
        .text = SLICE_LIT("a text"),
        .campaigns = {.found = set_of_words, .spoken = BOTH, .order = order},
    };
}

// Returns the number of the event.
static int
count(const struct post *post)
{
    enum status status = pipeline_post(pipeline, post, WALL);
    for (int i = 0; i < 3 && status == STATUS_AGAIN; i++) {
        made_flush(pipeline);
        status = pipeline_post(pipeline, post, WALL);
    }
    assert_int_equal(status, STATUS_OK);
    now += USEC_PER_MS;
    return next_event++;
}

static int
publish(int person, uint64_t set_of_words)
{
    struct made_ids ids;
    struct post post = post_by(person, set_of_words, &ids);
    return count(&post);
}

static int
publish_tags(int person, int first, int tags)
{
    struct made_ids ids;
    char names[64][MADE_NAME_MAX];
    struct slice hashtags[64];
    struct post post = post_by(person, CUP, &ids);
    for (int i = 0; i < tags; i++) {
        hashtags[i] = made_name(names[i], "t", first + i);
    }
    post.hashtags = hashtags;
    post.hashtag_count = (size_t)tags;
    return count(&post);
}

// Of the post `root` by `author`, through the event `via`, if there is one.
struct share {
    int person, root, author, via;
    bool is_quote;
    uint64_t set_of_words;
};

static int
share(struct share share)
{
    struct made_ids ids;
    struct post post = post_by(share.person, share.set_of_words, &ids);
    struct post_ref root = {.id = made_name(ids.root, "n:e", share.root),
                            .author.id = made_name(ids.author, "n:u", share.author),
                            .created = USEC_NONE};
    post.kind = share.is_quote ? POST_PUBLISHED : POST_RETWEETED;
    post.via = share.via != 0 ? made_name(ids.via, "n:e", share.via) : SLICE_NONE;
    *(share.is_quote ? &post.quote : &post.retweet_of) = root;
    return count(&post);
}

static void
undo(int event)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(id, "n:e", event)};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

// ── asking ─────────────────────────────────────────────────────────────────

static uint32_t
pair_of(unsigned campaign, int person)
{
    char id[MADE_NAME_MAX];
    uint32_t user = users_find(&pipeline->users, made_name(id, "n:u", person));
    assert_int_not_equal(user, USER_NONE);
    return pairs_find(&pipeline->campaigns.pairs, campaign, user);
}

static uint32_t
acts_of(int person)
{
    uint32_t pair = pair_of(0, person);
    return pair != PAIR_NONE ? pairs_at(&pipeline->campaigns.pairs, pair)->acts : 0;
}

// What the person carried in the campaign: people, carried acts, acts.
static void
assert_carried(int person, int people, int carried_acts, int acts)
{
    uint32_t pair = pair_of(0, person);
    struct carriers_view carried = {0};
    if (pair != PAIR_NONE) {
        carried = campaign_outreach_view(pipeline, pair).carried;
    }
    assert_int_equal(lround(carried.people), people);
    assert_int_equal(lround(carried.carried_acts), carried_acts);
    assert_int_equal(lround(carried.acts), acts);
}

// Other people take part, as many as pairs are kept for.
static void
fill_pairs(int first)
{
    for (int i = 0; i < PAIRS; i++) {
        publish(first + i, CUP);
    }
}

// ── no room ────────────────────────────────────────────────────────────────

static void
people_of_campaigns_leave_room_for_new_ones(void **state)
{
    (void)state;
    begin(SMALL);
    for (int person = 0; person < 6000; person++) {
        publish(person, CUP);
        now += 20 * USEC_PER_S;
        if (person % 50 == 0) {
            made_flush(pipeline);
        }
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->refused, 0);
    assert_int_equal(metrics->campaigns_pairs, PAIRS);
    assert_int_equal(metrics->campaigns_left_out, 0);
}

static void
an_event_that_was_left_out_takes_nothing_back(void **state)
{
    (void)state;
    begin(SMALL);
    publish(1, CUP);
    for (int i = 0; i < 60; i++) {
        publish_tags(2, 1 + 40 * i, 40);
    }
    assert_int_not_equal(pipeline_metrics(pipeline)->campaigns_left_out, 0);
    uint64_t left_out = pipeline_metrics(pipeline)->campaigns_left_out;
    int event = publish_tags(1, 100000, 60);
    assert_int_equal(pipeline_metrics(pipeline)->campaigns_left_out, left_out + 1);
    assert_int_equal(acts_of(1), 1);
    undo(event);
    assert_int_equal(acts_of(1), 1);
}

static void
a_retweet_of_a_post_that_was_left_out_belongs_to_the_campaign(void **state)
{
    (void)state;
    begin(SMALL);
    fill_pairs(100);
    int root = publish(1, CUP);
    assert_int_equal(pipeline_metrics(pipeline)->campaigns_left_out, 1);
    assert_int_equal(acts_of(1), 0);
    share((struct share){.person = 100, .root = root, .author = 1});
    assert_int_equal(acts_of(100), 2);
}

static void
what_a_person_did_before_the_pair_left_takes_nothing_from_the_next_one(void **state)
{
    (void)state;
    begin(SMALL " dedupe.retweets=1000");
    int root = publish(90, CUP);
    int former = share((struct share){.person = 1, .root = root, .author = 90});
    int child =
        share((struct share){.person = 2, .root = root, .author = 90, .via = former});
    assert_carried(1, 1, 1, 1);
    now += 2 * USEC_PER_HOUR;
    fill_pairs(100);
    assert_int_equal(pair_of(0, 1), PAIR_NONE);
    now += 2 * USEC_PER_HOUR;
    share((struct share){.person = 1, .root = 150, .author = 147});
    assert_int_equal(acts_of(1), 1);
    assert_carried(1, 0, 0, 1);
    undo(child);
    undo(former);
    assert_int_equal(acts_of(1), 1);
    assert_carried(1, 0, 0, 1);
}

static void
what_comes_later_for_an_event_is_left_out_without_room_for_its_counters(void **state)
{
    (void)state;
    begin(SMALL);
    int root = publish(90, CUP);
    // The parent of the first arrives after it.
    share((struct share){.person = 1, .root = root, .author = 90, .via = 3});
    share((struct share){.person = 2, .root = root, .author = 90});
    assert_int_equal(next_event, 4);
    struct counters *counters = &pipeline->windows.counters;
    assert_true(counters->of_campaigns <= pipeline->campaigns.counter_capacity);
    pipeline->campaigns.counter_capacity = counters->of_campaigns + 60;
    int parent = next_event + 1;
    share((struct share){.person = 3, .root = root, .author = 90, .via = parent});
    pipeline->campaigns.counter_capacity = counters->of_campaigns;
    uint64_t left_out = pipeline_metrics(pipeline)->campaigns_left_out;
    share((struct share){.person = 4, .root = root, .author = 90});
    assert_int_equal(pipeline_metrics(pipeline)->campaigns_left_out, left_out + 2);
    assert_true(counters->of_campaigns <= pipeline->campaigns.counter_capacity);
}

// ── outside of the campaign ────────────────────────────────────────────────

static void
people_who_came_outside_of_the_campaign_make_no_act_carried_in_it(void **state)
{
    (void)state;
    begin("");
    int root = publish(90, 0);
    int quote = share((struct share){.person = 1,
                                     .root = root,
                                     .author = 90,
                                     .is_quote = true,
                                     .set_of_words = CUP});
    assert_carried(1, 0, 0, 1);
    int outside =
        share((struct share){.person = 2, .root = root, .author = 90, .via = quote});
    assert_carried(1, 0, 0, 1);
    int first = share((struct share){.person = 3, .root = quote, .author = 1});
    int second = share((struct share){.person = 4, .root = quote, .author = 1});
    assert_carried(1, 2, 1, 1);
    undo(first);
    assert_carried(1, 1, 1, 1);
    undo(outside);
    assert_carried(1, 1, 1, 1);
    undo(second);
    assert_carried(1, 0, 0, 1);
    share((struct share){.person = 5, .root = quote, .author = 1});
    assert_carried(1, 1, 1, 1);
    undo(quote);
    assert_carried(1, 1, 0, 0); // who came still counts
}

static void
children_that_waited_for_their_act_are_counted_in_its_campaigns(void **state)
{
    (void)state;
    begin("");
    int root = publish(90, 0);
    int quote = root + 3;
    share((struct share){.person = 2, .root = root, .author = 90, .via = quote});
    share((struct share){.person = 3, .root = root, .author = 90, .via = quote});
    share((struct share){.person = 1,
                         .root = root,
                         .author = 90,
                         .is_quote = true,
                         .set_of_words = CUP});
    assert_carried(1, 0, 0, 1);
    share((struct share){.person = 4, .root = quote, .author = 1});
    assert_carried(1, 1, 1, 1);
}

// ── replacing ──────────────────────────────────────────────────────────────

static void
a_campaign_that_comes_back_before_a_flush_is_written_whole(void **state)
{
    (void)state;
    begin("");
    publish(1, CUP);
    publish(1, CUP);
    FLUSHED_HAS(pipeline, "cup posts:5m=2");
    use(0);
    use(1);
    publish(2, CUP);
    FLUSHED_HAS(pipeline, "cup whole posts:5m=1");
}

static void
a_campaign_that_comes_back_empty_leaves_no_key(void **state)
{
    (void)state;
    begin("");
    publish(1, CUP);
    FLUSHED_HAS(pipeline, "cup posts:5m=1", "cup:outreach:n:u1 people=0");
    use(0);
    use(1);
    FLUSHED_HAS(pipeline, "cup gone\n", "cup:outreach:n:u1 gone\n",
                "cup:outreach whole\n", "cup:top:posts:24h whole\n");
}

static size_t
pull(FILE *out, size_t most)
{
    struct change change;
    size_t pulled = 0;
    while (pulled < most && changes_next(pipeline, &change)) {
        flushed_print(out, &change);
        pulled++;
    }
    return pulled;
}

// Both campaigns with a person, or without one any more, removed one after the other:
// the second at that place of the flush in which the first goes. Returns what was
// written.
static char *
remove_at(size_t place, bool has_people)
{
    char *text = NULL;
    size_t size = 0;
    use(2);
    int published = publish(1, BOTH);
    made_flush(pipeline);
    if (!has_people) {
        undo(published);
        made_flush(pipeline);
    }
    FILE *out = open_memstream(&text, &size);
    struct campaign kept = campaigns[0];
    campaigns[0] = campaigns[1];
    use(1);
    changes_begin(pipeline);
    (void)pull(out, place);
    use(0);
    (void)pull(out, SIZE_MAX);
    changes_written(pipeline, SIZE_MAX);
    for (int i = 0; i < 3 && changes_pending(pipeline); i++) {
        changes_begin(pipeline);
        (void)pull(out, SIZE_MAX);
        changes_written(pipeline, SIZE_MAX);
    }
    fclose(out);
    assert_false(changes_pending(pipeline));
    campaigns[0] = kept;
    return text;
}

static void
keys_of_removed_campaigns_go_even_if_others_are_removed_during_the_flush(void **state)
{
    (void)state;
    enum { OF_PEOPLE = 2 };
    static const char *const wanted[] = {"cup:outreach:n:u1 gone\n",
                                         "tea:outreach:n:u1 gone\n",
                                         "cup gone\n",
                                         "tea gone\n",
                                         "cup:outreach whole\n",
                                         "tea:outreach whole\n",
                                         "cup:top:posts:24h whole\n",
                                         "tea:top:posts:24h whole\n",
                                         "cup:top:hashtags:5m whole\n",
                                         "tea:top:hashtags:5m whole\n"};
    begin("");
    for (size_t place = 0; place < 160; place++) {
        char *text = remove_at(place / 2, place % 2 == 0);
        for (size_t i = place % 2 == 0 ? 0 : OF_PEOPLE;
             i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            if (strstr(text, wanted[i]) == NULL) {
                fail_msg("place %zu: no \"%s\" in\n%s", place / 2, wanted[i], text);
            }
        }
        free(text);
    }
}

// A person who is on the list leaves it without a trace if the hash was never written.
static void
only_hashes_of_the_list_that_were_written_are_kept_after_a_start(void **state)
{
    (void)state;
    const struct slice first = SLICE_LIT("cup:outreach:n:u1");
    const struct slice second = SLICE_LIT("cup:outreach:n:u2");
    begin("");
    (void)publish(1, CUP);
    made_flush(pipeline);
    (void)publish(2, CUP);
    changes_begin(pipeline); // both are on the list now
    assert_true(figures_list(&pipeline->campaigns.figures[0],
                             users_find(&pipeline->users, SLICE_LIT("n:u2"))));
    assert_true(changes_has(pipeline, CHANGE_OUTREACH, first));
    assert_false(changes_has(pipeline, CHANGE_OUTREACH, second));
    struct change change;
    while (changes_next(pipeline, &change)) {
    }
    changes_written(pipeline, SIZE_MAX);
    assert_true(changes_has(pipeline, CHANGE_OUTREACH, second));
}

static bool
has_board(const char *name)
{
    return changes_has(pipeline, CHANGE_CAMPAIGN_BOARD, slice_of(name));
}

static void
only_keys_of_present_campaigns_are_rewritten(void **state)
{
    (void)state;
    begin(SMALL);
    use(2);
    assert_true(changes_has(pipeline, CHANGE_CAMPAIGN, SLICE_LIT("tea")));
    assert_true(has_board("tea:outreach"));
    use(1);
    assert_true(changes_has(pipeline, CHANGE_CAMPAIGN, SLICE_LIT("cup")));
    assert_true(has_board("cup:top:posts:1h"));
    assert_true(has_board("cup:outreach"));
    assert_false(changes_has(pipeline, CHANGE_CAMPAIGN, SLICE_LIT("tea")));
    assert_false(changes_has(pipeline, CHANGE_CAMPAIGN, SLICE_LIT("")));
    assert_false(has_board("tea:top:posts:1h"));
    assert_false(has_board("tea:outreach"));
    assert_false(has_board("cup:top:posts:2h"));
    assert_false(has_board(""));
}

static void
a_post_that_was_seen_before_there_were_campaigns_belongs_to_none(void **state)
{
    (void)state;
    begin("");
    use(0);
    int published = publish(90, 0);
    share((struct share){.person = 1, .root = published, .author = 90});
    int alone = publish(91, 0);
    struct made_ids ids;
    struct post shown = post_by(2, 0, &ids);
    shown.kind = POST_RETWEETED;
    shown.retweet_of = (struct post_ref){.id = SLICE_LIT("n:old"),
                                         .author.id = SLICE_LIT("n:u92"),
                                         .text = SLICE_LIT("x"),
                                         .created = USEC_NONE};
    count(&shown);
    use(1);
    const struct post_campaigns found = {.found = CUP, .spoken = BOTH, .order = order};
    struct slice old[] = {SLICE_LIT("n:old"), SLICE_LIT("n:e1"), SLICE_LIT("n:e3"),
                          SLICE_LIT("n:new")};
    assert_int_equal(published, 1);
    assert_int_equal(alone, 3);
    for (int i = 0; i < 4; i++) {
        shown = post_by(10 + i, 0, &ids);
        shown.kind = POST_RETWEETED;
        shown.retweet_of = (struct post_ref){.id = old[i],
                                             .author.id = SLICE_LIT("n:u99"),
                                             .text = SLICE_LIT("x"),
                                             .created = USEC_NONE,
                                             .campaigns = found};
        count(&shown);
        assert_int_equal(acts_of(10 + i), i == 3);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(people_of_campaigns_leave_room_for_new_ones, end),
        cmocka_unit_test_teardown(an_event_that_was_left_out_takes_nothing_back, end),
        cmocka_unit_test_teardown(
            a_retweet_of_a_post_that_was_left_out_belongs_to_the_campaign, end),
        cmocka_unit_test_teardown(
            what_a_person_did_before_the_pair_left_takes_nothing_from_the_next_one,
            end),
        cmocka_unit_test_teardown(
            what_comes_later_for_an_event_is_left_out_without_room_for_its_counters,
            end),
        cmocka_unit_test_teardown(
            people_who_came_outside_of_the_campaign_make_no_act_carried_in_it, end),
        cmocka_unit_test_teardown(
            children_that_waited_for_their_act_are_counted_in_its_campaigns, end),
        cmocka_unit_test_teardown(
            a_campaign_that_comes_back_before_a_flush_is_written_whole, end),
        cmocka_unit_test_teardown(a_campaign_that_comes_back_empty_leaves_no_key, end),
        cmocka_unit_test_teardown(
            keys_of_removed_campaigns_go_even_if_others_are_removed_during_the_flush,
            end),
        cmocka_unit_test_teardown(
            only_hashes_of_the_list_that_were_written_are_kept_after_a_start, end),
        cmocka_unit_test_teardown(only_keys_of_present_campaigns_are_rewritten, end),
        cmocka_unit_test_teardown(
            a_post_that_was_seen_before_there_were_campaigns_belongs_to_none, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
