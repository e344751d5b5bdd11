#include "pipeline/changes/key_rule.h"

#include "pipeline/alerts/rules.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

enum { KEYS_MAX = 64, KEY_MAX = 64 };

// The keys of people, cascades and handles that the receiver has.
static struct keys {
    char names[KEYS_MAX][KEY_MAX];
    size_t count;
} keys;

static size_t
find_key(const char *name)
{
    size_t i = 0;
    while (i < keys.count && strcmp(keys.names[i], name) != 0) {
        i++;
    }
    return i;
}

static void
set_key(const char *prefix, struct slice name, bool is_there)
{
    char key[KEY_MAX];
    snprintf(key, sizeof(key), "%s%.*s", prefix, SLICE_ARG(name));
    size_t at = find_key(key);
    if (at == keys.count && is_there) {
        assert_true(keys.count < KEYS_MAX);
        strcpy(keys.names[keys.count++], key);
    } else if (at != keys.count && !is_there) {
        memmove(keys.names[at], keys.names[--keys.count], KEY_MAX);
    }
}

static void
apply(const struct change *change)
{
    const char *prefix = change->kind == CHANGE_USER ? "user:" : "cascade:";
    if (change->is_gone || change->field_count != 0) {
        set_key(prefix, change->name, !change->is_gone);
    }
    if (!slice_is_none(change->handle_gone)) {
        set_key("handle:", change->handle_gone, false);
    }
    if (!slice_is_none(change->handle_set)) {
        set_key("handle:", change->handle_set, true);
    }
}

static void
flush(struct pipeline *pipeline)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        if (change.kind == CHANGE_USER || change.kind == CHANGE_CASCADE) {
            apply(&change);
        }
    }
    changes_written(pipeline, SIZE_MAX);
}

static bool
has(const char *key)
{
    return find_key(key) != keys.count;
}

static struct pipeline *
begin(const char *settings)
{
    keys.count = 0;
    return made_pipeline(settings);
}

static int next_id;

static void
mention(struct pipeline *pipeline, const char *author, const char *named, usec time)
{
    char id[MADE_NAME_MAX];
    char handle[MADE_NAME_MAX];
    snprintf(handle, sizeof(handle), "%s", strchr(named, ':') + 1);
    struct post_user person = {.id = slice_of(named), .handle = slice_of(handle)};
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(id, "x:", ++next_id),
        .time = time,
        .author.id = slice_of(author),
        .mentions = &person,
        .mention_count = 1,
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
reshare(struct pipeline *pipeline, const char *who, const char *root, usec time)
{
    char id[MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(id, "x:", ++next_id),
        .time = time,
        .author.id = slice_of(who),
        .retweet_of = {.id = slice_of(root), .created = USEC_NONE},
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

// Fills the boards of one entry, so that others are not on them.
static void
fill_boards(struct pipeline *pipeline)
{
    for (int i = 0; i < 9; i++) {
        char who[MADE_NAME_MAX];
        snprintf(who, sizeof(who), "x:a%d", i);
        mention(pipeline, "x:loud", "x:first", T0);
        reshare(pipeline, who, "x:great", T0);
    }
}

static void
a_person_named_once_has_no_key_and_one_named_twice_has_one(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    fill_boards(pipeline);
    mention(pipeline, "x:ann", "x:bob", T0);
    flush(pipeline);
    assert_false(has("user:x:ann")); // one post
    assert_false(has("user:x:bob")); // one mention
    assert_false(has("handle:x:bob"));
    assert_true(has("user:x:first"));
    assert_true(has("user:x:loud")); // of posts alone, but first on the board
    mention(pipeline, "x:ann", "x:bob", T0);
    flush(pipeline);
    assert_false(has("user:x:ann")); // posts are no part of the sum
    assert_true(has("user:x:bob"));
    assert_true(has("handle:x:bob"));
    pipeline_destroy(&pipeline);
}

static void
a_key_leaves_with_what_rolls_off(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    fill_boards(pipeline);
    mention(pipeline, "x:ann", "x:bob", T0 - 30 * USEC_PER_MIN);
    mention(pipeline, "x:ann", "x:bob", T0);
    flush(pipeline);
    assert_true(has("user:x:bob"));
    mention(pipeline, "x:loud", "x:first", T0 + 45 * USEC_PER_MIN);
    flush(pipeline);
    assert_false(has("user:x:bob"));
    assert_false(has("handle:x:bob"));
    pipeline_destroy(&pipeline);
}

static void
a_key_leaves_in_the_flush_in_which_its_owner_leaves_the_board(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    mention(pipeline, "x:ann", "x:bob", T0);
    reshare(pipeline, "x:eve", "x:small", T0);
    flush(pipeline);
    assert_true(has("user:x:ann"));
    assert_true(has("user:x:bob"));
    assert_true(has("handle:x:bob"));
    assert_true(has("cascade:x:small"));
    fill_boards(pipeline);
    flush(pipeline);
    assert_false(has("user:x:ann"));
    assert_false(has("user:x:bob"));
    assert_false(has("handle:x:bob"));
    assert_false(has("cascade:x:small"));
    assert_true(has("cascade:x:great"));
    pipeline_destroy(&pipeline);
}

static void
a_cascade_has_a_key_from_its_second_reshare_or_with_an_alert(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1 redis.cascades_from=3");
    fill_boards(pipeline);
    reshare(pipeline, "x:eve", "x:small", T0);
    reshare(pipeline, "x:ann", "x:small", T0);
    flush(pipeline);
    assert_false(has("cascade:x:small"));
    reshare(pipeline, "x:bob", "x:small", T0);
    flush(pipeline);
    assert_true(has("cascade:x:small"));
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "r");
    rule.min_size = 2;
    pipeline_set_rules(pipeline, &rule, 1);
    reshare(pipeline, "x:eve", "x:alerted", T0);
    flush(pipeline);
    assert_false(has("cascade:x:alerted"));
    reshare(pipeline, "x:ann", "x:alerted", T0);
    flush(pipeline);
    assert_true(has("cascade:x:alerted"));
    pipeline_destroy(&pipeline);
}

static void
other_thresholds_apply_with_the_next_flush(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    fill_boards(pipeline);
    mention(pipeline, "x:ann", "x:bob", T0);
    reshare(pipeline, "x:eve", "x:small", T0);
    flush(pipeline);
    pipeline_set_thresholds(pipeline, 1, 1);
    flush(pipeline);
    assert_true(has("user:x:ann"));
    assert_true(has("user:x:bob"));
    assert_true(has("handle:x:bob"));
    assert_true(has("cascade:x:small"));
    pipeline_set_thresholds(pipeline, 3, 3);
    flush(pipeline);
    assert_false(has("user:x:ann"));
    assert_false(has("user:x:bob"));
    assert_false(has("handle:x:bob"));
    assert_false(has("cascade:x:small"));
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    assert_int_equal(meta.users_from, 3);
    assert_int_equal(meta.cascades_from, 3);
    pipeline_destroy(&pipeline);
}

static void
a_restart_writes_only_what_has_a_key(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    fill_boards(pipeline);
    mention(pipeline, "x:ann", "x:bob", T0);
    reshare(pipeline, "x:eve", "x:small", T0);
    flush(pipeline);
    keys.count = 0;
    changes_restart(pipeline);
    assert_false(changes_has(pipeline, CHANGE_USER, SLICE_LIT("x:bob")));
    assert_false(changes_has_handle(pipeline, SLICE_LIT("x:bob")));
    assert_false(changes_has(pipeline, CHANGE_CASCADE, SLICE_LIT("x:small")));
    assert_true(changes_has(pipeline, CHANGE_USER, SLICE_LIT("x:first")));
    flush(pipeline);
    assert_true(has("user:x:first"));
    assert_false(has("user:x:bob"));
    assert_false(has("cascade:x:small"));
    pipeline_destroy(&pipeline);
}

// The receiver has keys that this process never wrote: they were written by one that was
// killed after its last snapshot.
static void
keys_of_an_earlier_process_leave_with_their_owner(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin("windows=1h redis.top=1");
    fill_boards(pipeline);
    mention(pipeline, "x:ann", "x:bob", T0);
    mention(pipeline, "x:ann", "x:bob", T0);
    set_key("user:", SLICE_LIT("x:bob"), true);
    set_key("handle:", SLICE_LIT("x:bob"), true);
    changes_restart(pipeline);
    assert_true(changes_has(pipeline, CHANGE_USER, SLICE_LIT("x:bob")));
    assert_true(changes_has_handle(pipeline, SLICE_LIT("x:bob")));
    mention(pipeline, "x:loud", "x:first", T0 + 2 * USEC_PER_HOUR);
    changes_restart(pipeline);
    flush(pipeline);
    assert_false(has("user:x:bob"));
    assert_false(has("handle:x:bob"));
    assert_true(has("handle:x:first"));
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_named_once_has_no_key_and_one_named_twice_has_one),
        cmocka_unit_test(a_key_leaves_with_what_rolls_off),
        cmocka_unit_test(a_key_leaves_in_the_flush_in_which_its_owner_leaves_the_board),
        cmocka_unit_test(a_cascade_has_a_key_from_its_second_reshare_or_with_an_alert),
        cmocka_unit_test(other_thresholds_apply_with_the_next_flush),
        cmocka_unit_test(a_restart_writes_only_what_has_a_key),
        cmocka_unit_test(keys_of_an_earlier_process_leave_with_their_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
