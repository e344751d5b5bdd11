#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/rules.h"
#include "pipeline/campaigns/campaign.h"
#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "tests/unit/kept.h"
#include "tests/unit/made_options.h"

#define T0 ((usec)19675 * USEC_PER_DAY)
#define WALL (T0 + 3650 * USEC_PER_DAY)

enum { CUP = 1, TEA = 2, ALL = 7 };

// Campaigns "cup", "tea" and "bsk", in the order in which they are used first.
static struct campaign campaigns[3];
static struct pipeline *pipeline;
static uint32_t order;
static int next_id;

// ── making ─────────────────────────────────────────────────────────────────

static struct pipeline *
create(void)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.memory_posts = 1 << 20;
    options.dedupe_capacity = 1000;
    options.users_capacity = 20000;
    options.cascades_capacity = 1000;
    const struct hash_key key = {1, 2};
    struct pipeline *made = pipeline_create(&options, &key, true, NULL);
    assert_non_null(made);
    return made;
}

// An alert for each post at its first reshare.
static void
set_rules(const char *text)
{
    static struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "r");
    made_options(rule_option_rows, &rule, text);
    pipeline_set_rules(pipeline, &rule, 1);
}

static void
set(struct campaign *campaign, const char *name, const char *text)
{
    memset(campaign, 0, sizeof(*campaign));
    option_presets(campaign_option_rows, campaign);
    snprintf(campaign->name, sizeof(campaign->name), "%s", name);
    made_options(campaign_option_rows, campaign, text);
}

static int
begin(void **state)
{
    (void)state;
    pipeline = create();
    next_id = 0;
    set(&campaigns[0], "cup", "words=x");
    set(&campaigns[1], "tea", "words=x accounts=n:acme,@Globex languages=en");
    set(&campaigns[2], "bsk", "words=x accounts=n:acme,m:@globex");
    order = pipeline_set_campaigns(pipeline, campaigns, 3);
    set_rules("min_size=1");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    pipeline_destroy(&pipeline);
    return 0;
}

static struct post_campaigns
found(uint64_t set)
{
    return (struct post_campaigns){.found = set, .spoken = ALL, .order = order};
}

static struct post
post_of(const char *id, const char *author)
{
    return (struct post){.id = slice_of(id),
                         .time = T0,
                         .author = {.id = slice_of(author)},
                         .text = SLICE_LIT("a text")};
}

static const char *raised(void);

// A flush makes room where there is none.
static void
count(const struct post *post)
{
    enum status status = pipeline_post(pipeline, post, WALL);
    if (status == STATUS_AGAIN) {
        assert_string_equal(raised(), "");
        status = pipeline_post(pipeline, post, WALL);
    }
    assert_int_equal(status, STATUS_OK);
}

static void
publish(const char *id, const char *author, struct post_campaigns sets)
{
    struct post post = post_of(id, author);
    post.campaigns = sets;
    count(&post);
}

// Somebody retweets the post, of which the message shows nothing.
static void
retweet(const char *id)
{
    char name[32];
    snprintf(name, sizeof(name), "n:r%d", next_id++);
    struct post post = post_of(name, name);
    post.kind = POST_RETWEETED;
    post.retweet_of = (struct post_ref){.id = slice_of(id), .created = USEC_NONE};
    count(&post);
}

// What is raised, as "n:1(cup tea) n:2()".
static const char *
raised(void)
{
    static char text[1024];
    struct change change;
    size_t pulled = 0;
    size_t used = 0;
    text[0] = '\0';
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        pulled++;
        if (change.kind != CHANGE_ALERT) {
            continue;
        }
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s(",
                                 used != 0 ? " " : "", SLICE_ARG(change.alert.cascade));
        for (size_t i = 0; i < change.alert.campaign_count; i++) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s",
                                     i != 0 ? " " : "",
                                     SLICE_ARG(change.alert.campaigns[i]));
        }
        used += (size_t)snprintf(text + used, sizeof(text) - used, ")");
    }
    changes_written(pipeline, pulled);
    return text;
}

// ── tests ──────────────────────────────────────────────────────────────────

static void
a_post_belongs_to_the_campaigns_of_its_words(void **state)
{
    (void)state;
    publish("n:1", "n:a", found(CUP | TEA));
    publish("n:2", "n:a", found(0));
    retweet("n:1");
    retweet("n:2");
    assert_string_equal(raised(), "n:1(cup tea) n:2()");
}

static void
a_campaign_with_languages_takes_only_posts_in_these(void **state)
{
    (void)state;
    publish(
        "n:1", "n:acme",
        (struct post_campaigns){.found = TEA, .spoken = ALL & ~TEA, .order = order});
    retweet("n:1");
    assert_string_equal(raised(), "n:1(bsk)");
}

static void
a_rule_for_campaigns_raises_only_for_their_posts(void **state)
{
    (void)state;
    set_rules("min_size=1 campaigns=tea,bsk");
    publish("n:1", "n:a", found(CUP));
    publish("n:2", "n:a", found(TEA));
    retweet("n:1");
    retweet("n:2");
    assert_string_equal(raised(), "n:2(tea)");
}

static void
a_post_within_another_message_belongs_when_it_is_seen_there(void **state)
{
    (void)state;
    struct post post = post_of("n:q", "n:a");
    post.kind = POST_RETWEETED;
    post.retweet_of = (struct post_ref){.id = SLICE_LIT("n:1"),
                                        .text = SLICE_LIT("seen"),
                                        .created = USEC_NONE,
                                        .campaigns = found(CUP)};
    count(&post);
    post.id = SLICE_LIT("n:q2");
    post.author.id = SLICE_LIT("n:b");
    post.retweet_of.campaigns = found(TEA); // it is seen a second time
    count(&post);
    assert_string_equal(raised(), "n:1(cup)");
}

static void
a_quote_or_reply_belongs_to_the_campaigns_of_the_post_it_answers(void **state)
{
    (void)state;
    publish("n:1", "n:a", found(CUP));
    publish("n:2", "n:a", found(TEA));
    struct post post = post_of("n:3", "n:b");
    post.campaigns = found(4);
    post.campaigns.spoken = 0;
    post.quote = (struct post_ref){.id = SLICE_LIT("n:1"), .created = USEC_NONE};
    post.reply_to = (struct post_ref){.id = SLICE_LIT("n:2"), .created = USEC_NONE};
    count(&post);
    struct post reply = post_of("n:4", "n:b");
    reply.campaigns = found(0);
    reply.reply_to = (struct post_ref){.id = SLICE_LIT("n:3"), .created = USEC_NONE};
    count(&reply);
    struct post other = post_of("n:5", "n:b");
    other.campaigns = found(0);
    other.reply_to = (struct post_ref){.id = SLICE_LIT("n:99"), .created = USEC_NONE};
    count(&other);
    (void)raised();
    retweet("n:3");
    retweet("n:4");
    retweet("n:5");
    assert_string_equal(raised(), "n:3(cup tea) n:4(cup tea) n:5()");
}

// Both versions were counted before a message connected them.
static void
an_answer_to_a_version_with_a_cascade_of_its_own_belongs_to_its_campaigns(void **state)
{
    (void)state;
    retweet("n:2");
    publish("n:1", "n:a", found(0));
    publish("n:2", "n:a", found(CUP));
    struct post version = post_of("n:2", "n:a");
    version.original = SLICE_LIT("n:1");
    count(&version);
    struct post quote = post_of("n:3", "n:b");
    quote.campaigns = found(0);
    quote.quote = (struct post_ref){.id = SLICE_LIT("n:2"), .created = USEC_NONE};
    count(&quote);
    (void)raised();
    retweet("n:3");
    assert_string_equal(raised(), "n:3(cup)");
}

static void
a_quote_within_a_message_belongs_to_those_of_the_post_it_quotes(void **state)
{
    (void)state;
    const struct post_ref inner = {.id = SLICE_LIT("n:1"),
                                   .text = SLICE_LIT("x"),
                                   .created = USEC_NONE,
                                   .campaigns = found(TEA)};
    struct post post = post_of("n:q", "n:a");
    post.kind = POST_RETWEETED;
    post.retweet_of = (struct post_ref){.id = SLICE_LIT("n:2"),
                                        .text = SLICE_LIT("y"),
                                        .created = USEC_NONE,
                                        .campaigns = found(CUP),
                                        .quote = &inner};
    count(&post);
    assert_string_equal(raised(), "n:2(cup tea) n:1(tea)");
}

static void
a_post_by_an_account_belongs_even_if_only_its_author_is_known(void **state)
{
    (void)state;
    struct post post = post_of("n:q", "n:a");
    post.kind = POST_RETWEETED;
    post.retweet_of = (struct post_ref){.id = SLICE_LIT("n:1"),
                                        .created = USEC_NONE,
                                        .author = {.id = SLICE_LIT("n:acme")}};
    count(&post);
    assert_string_equal(raised(), "n:1(bsk)"); // its language is not known
}

static void
an_account_is_known_by_its_handle_in_any_network_or_in_one(void **state)
{
    (void)state;
    struct post post = post_of("m:1", "m:7");
    post.author.handle = SLICE_LIT("GLOBEX");
    post.campaigns = found(0);
    count(&post);
    post.id = SLICE_LIT("n:2");
    post.author.id = SLICE_LIT("n:7");
    count(&post);
    post.id = SLICE_LIT("n:3");
    post.author.id = SLICE_LIT("n:8");
    post.author.handle = SLICE_LIT("globexx");
    count(&post);
    retweet("m:1");
    retweet("n:2");
    retweet("n:3");
    assert_string_equal(raised(), "m:1(tea bsk) n:2(tea) n:3()");
}

static void
a_post_that_names_an_account_belongs(void **state)
{
    (void)state;
    const struct post_user named[] = {{.id = SLICE_LIT("n:x")},
                                      {.id = SLICE_LIT("n:acme")}};
    struct post post = post_of("n:1", "n:a");
    post.campaigns = found(0);
    post.mentions = named;
    post.mention_count = 2;
    count(&post);
    retweet("n:1");
    assert_string_equal(raised(), "n:1(tea bsk)");
}

static void
posts_stay_with_campaigns_of_the_same_name_when_they_are_replaced(void **state)
{
    (void)state;
    const struct campaign next[] = {campaigns[2], campaigns[0]};
    publish("n:1", "n:a", found(CUP | TEA));
    publish("n:2", "n:acme", found(TEA));
    struct post_campaigns before = found(CUP);
    assert_int_equal(pipeline_set_campaigns(pipeline, next, 2), order + 1);
    publish("n:3", "n:a", before); // was decoded with the words before
    retweet("n:1");
    retweet("n:2");
    retweet("n:3");
    assert_string_equal(raised(), "n:1(cup) n:2(bsk) n:3(cup)");
    pipeline_set_campaigns(pipeline, NULL, 0);
    order = pipeline_set_campaigns(pipeline, campaigns, 1);
    publish("n:4", "n:a", before); // is older than the order before
    set_rules("min_size=1 levels=1,2");
    retweet("n:1");
    retweet("n:4");
    assert_string_equal(raised(), "n:1() n:4()");
}

static void
campaigns_of_posts_survive_a_restart(void **state)
{
    (void)state;
    publish("n:1", "n:a", found(CUP | TEA));
    publish("n:2", "n:a", found(TEA));
    retweet("n:1");
    (void)raised();
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create();
    assert_true(kept_load(&kept, pipeline, NULL));
    const struct campaign next[] = {campaigns[1], campaigns[0]};
    pipeline_set_campaigns(pipeline, next, 2);
    set_rules("min_size=1 levels=1,2");
    retweet("n:1");
    retweet("n:2");
    assert_string_equal(raised(), "n:1(tea cup) n:2(tea)");
}

static void
a_record_that_is_used_again_belongs_to_nothing(void **state)
{
    (void)state;
    set_rules("min_size=1 campaigns=cup");
    for (int i = 0; i < 6000; i++) {
        char id[32];
        snprintf(id, sizeof(id), "n:p%d", i);
        publish(id, "n:a", found(i % 2 == 0 ? CUP : 0));
        retweet(id);
        char want[64];
        snprintf(want, sizeof(want), "%s%s", i % 2 == 0 ? id : "",
                 i % 2 == 0 ? "(cup)" : "");
        assert_string_equal(raised(), want);
    }
}

static void
a_campaign_is_checked(void **state)
{
    (void)state;
    static struct campaign campaign;
    const struct {
        const char *name, *options, *says;
    } cases[] = {
        {"c", "", "no post can belong to it"},
        {"c", "languages=en", "no post can belong to it"},
        {"a b", "words=x", "the name of a campaign is"},
        {"", "words=x", "the name of a campaign is"},
        {"c", "accounts=acme", "accounts: \"acme\" is neither"},
        {"c", "accounts=@", "accounts: \"@\" is neither"},
        {"c", "accounts=x:", "accounts: \"x:\" is neither"},
        {"c", "accounts=:@ann", "accounts: \":@ann\" is neither"},
        {"c", "accounts=@ann,x:1,@ann", "accounts: \"@ann\" is given twice"},
        {"c", "accounts=@ann,x:1,masto:@ann@m.example,bsky:did:plc:a", NULL},
        {"c-1_", "links=acme.example", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        set(&campaign, cases[i].name, cases[i].options);
        enum status status = campaign_check(&campaign, &error);
        assert_int_equal(status == STATUS_OK, cases[i].says == NULL);
        if (cases[i].says != NULL) {
            assert_non_null(strstr(error.text, cases[i].says));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_belongs_to_the_campaigns_of_its_words),
        TEST(a_campaign_with_languages_takes_only_posts_in_these),
        TEST(a_rule_for_campaigns_raises_only_for_their_posts),
        TEST(a_post_within_another_message_belongs_when_it_is_seen_there),
        TEST(a_quote_or_reply_belongs_to_the_campaigns_of_the_post_it_answers),
        TEST(an_answer_to_a_version_with_a_cascade_of_its_own_belongs_to_its_campaigns),
        TEST(a_quote_within_a_message_belongs_to_those_of_the_post_it_quotes),
        TEST(a_post_by_an_account_belongs_even_if_only_its_author_is_known),
        TEST(an_account_is_known_by_its_handle_in_any_network_or_in_one),
        TEST(a_post_that_names_an_account_belongs),
        TEST(posts_stay_with_campaigns_of_the_same_name_when_they_are_replaced),
        TEST(campaigns_of_posts_survive_a_restart),
        TEST(a_record_that_is_used_again_belongs_to_nothing),
        TEST(a_campaign_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
