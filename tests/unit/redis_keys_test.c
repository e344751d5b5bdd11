// The keys as they are described and recognised, and as they are written.
#include "sinks/redis/redis_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/rules.h"
#include "tests/unit/made_pipeline.h"
#include "tests/unit/made_stream.h"

enum { POSTS = 12000, FLUSH_EVERY = 200, FIELDS_LEAST = 33, FIELDS_MOST = 64 };

// Names of fields of cascades that were written.
struct seen {
    char names[FIELDS_MOST][32];
    size_t count;
};

static void
note(struct seen *seen, struct slice name)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (slice_equal(slice_of(seen->names[i]), name)) {
            return;
        }
    }
    assert_true(seen->count < FIELDS_MOST && name.len < sizeof(seen->names[0]));
    memcpy(seen->names[seen->count++], name.ptr, name.len);
}

// The description of the keys whose name begins with that.
static const char *
content_of(const char *head)
{
    const struct redis_key *row = redis_keys_rows;
    while (strncmp(row->name, head, strlen(head)) != 0) {
        row++;
    }
    return row->content;
}

// True if the field shows that the hash is ours.
static bool
check(enum change_kind kind, struct slice field)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", SLICE_ARG(field));
    bool is_user = kind == CHANGE_USER;
    enum redis_key_kind key = is_user ? REDIS_KEY_USER : REDIS_KEY_CASCADE;
    if (redis_keys_field(key, field) == REDIS_KEYS_FOREIGN) {
        fail_msg("%s is not known as ours", name);
    }
    bool is_board = memchr(field.ptr, ':', field.len) != NULL;
    if (!is_board && strstr(content_of(is_user ? "user:" : "cascade:"), name) == NULL) {
        fail_msg("%s is not described", name);
    }
    return redis_keys_field(key, field) == REDIS_KEYS_OURS;
}

static void
flush(struct pipeline *pipeline, struct seen *seen)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        bool is_hash = change.kind == CHANGE_USER || change.kind == CHANGE_CASCADE;
        bool is_ours = !is_hash || !change.is_whole || change.is_gone;
        for (size_t i = 0; is_hash && i < change.field_count; i++) {
            is_ours = check(change.kind, change.fields[i].name) || is_ours;
            if (change.kind == CHANGE_CASCADE) {
                note(seen, change.fields[i].name);
            }
        }
    }
    changes_written(pipeline, SIZE_MAX);
}

static void
every_field_that_is_written_is_known_and_described(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    struct pipeline *pipeline = made_pipeline("windows=5m,1h");
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    strcpy(rule.name, "any");
    pipeline_set_rules(pipeline, &rule, 1);
    for (uint32_t i = 0; i < POSTS; i++) {
        struct made_stream made;
        made_stream_make(&made, i);
        made.post.lang = SLICE_LIT("en");
        (void)!pipeline_post(pipeline, &made.post, WALL);
        if (i % FLUSH_EVERY == 0) {
            flush(pipeline, &seen);
        }
    }
    assert_true(seen.count >= FIELDS_LEAST); // all there are
    pipeline_destroy(&pipeline);
}

static void
a_board_without_a_window_is_a_key_and_no_field_of_a_person(void **state)
{
    (void)state;
    static const char *const boards[] = {"carriers", "early", "carriers_estimated"};
    struct redis_keys keys;
    redis_keys_init(&keys, "p:");
    for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
        char key[64];
        struct slice tail;
        snprintf(key, sizeof(key), "p:top:%s", boards[i]);
        assert_int_equal(redis_keys_owned(&keys, slice_of(key), &tail), REDIS_KEY_TOP);
        assert_int_equal(redis_keys_field(REDIS_KEY_USER, slice_of(boards[i])),
                         REDIS_KEYS_FOREIGN);
    }
    assert_int_equal(redis_keys_field(REDIS_KEY_USER, SLICE_LIT("carried:1h")),
                     REDIS_KEYS_OURS);
}

static void
keys_of_campaigns_are_owned_but_the_marks_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum redis_key_kind kind;
    } rows[] = {
        {"p:campaign:cup", REDIS_KEY_CAMPAIGN},
        {"p:campaign:cup:top:posts:1h", REDIS_KEY_CAMPAIGN_BOARD},
        {"p:campaign:cup:outreach", REDIS_KEY_CAMPAIGN_BOARD},
        {"p:campaign:cup:outreach:x:12", REDIS_KEY_OUTREACH},
        {"p:campaign:cup:done", REDIS_KEY_KINDS},
        {"p:campaign:cup:outreach:", REDIS_KEY_KINDS},
        {"p:campaign:cup:top:posts", REDIS_KEY_KINDS},
        {"p:campaign:cup:top:score:1h", REDIS_KEY_KINDS},
        {"p:campaign:cup:notes", REDIS_KEY_KINDS},
        {"p:campaign:", REDIS_KEY_KINDS},
    };
    struct redis_keys keys;
    redis_keys_init(&keys, "p:");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice tail;
        assert_int_equal(redis_keys_owned(&keys, slice_of(rows[i].key), &tail),
                         rows[i].kind);
    }
    assert_int_equal(redis_keys_field(REDIS_KEY_OUTREACH, SLICE_LIT("done_ms")),
                     REDIS_KEYS_COMMON);
}

static void
a_word_that_is_no_metric_before_a_window_is_foreign(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum redis_keys_mark user, campaign;
    } rows[] = {
        {"posts:1h", REDIS_KEYS_OURS, REDIS_KEYS_OURS},
        {"mentions:90m", REDIS_KEYS_OURS, REDIS_KEYS_FOREIGN},
        {"share:1h", REDIS_KEYS_FOREIGN, REDIS_KEYS_OURS},
        {"cascades:1h", REDIS_KEYS_FOREIGN, REDIS_KEYS_OURS},
        {"visits:1h", REDIS_KEYS_FOREIGN, REDIS_KEYS_FOREIGN},
        {"posts:soon", REDIS_KEYS_FOREIGN, REDIS_KEYS_FOREIGN},
        {":1h", REDIS_KEYS_FOREIGN, REDIS_KEYS_FOREIGN},
        {"posts", REDIS_KEYS_FOREIGN, REDIS_KEYS_FOREIGN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice field = slice_of(rows[i].field);
        assert_int_equal(redis_keys_field(REDIS_KEY_USER, field), rows[i].user);
        assert_int_equal(redis_keys_field(REDIS_KEY_CAMPAIGN, field), rows[i].campaign);
    }
    struct redis_keys keys;
    struct slice tail;
    redis_keys_init(&keys, "p:");
    assert_int_equal(redis_keys_owned(&keys, SLICE_LIT("p:top:mentions:1h"), &tail),
                     REDIS_KEY_TOP);
    assert_int_equal(redis_keys_owned(&keys, SLICE_LIT("p:top:velocity:1h"), &tail),
                     REDIS_KEY_KINDS);
    assert_int_equal(redis_keys_owned(&keys, SLICE_LIT("p:top:score:1h"), &tail),
                     REDIS_KEY_KINDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_that_is_written_is_known_and_described),
        cmocka_unit_test(a_board_without_a_window_is_a_key_and_no_field_of_a_person),
        cmocka_unit_test(keys_of_campaigns_are_owned_but_the_marks_are_not),
        cmocka_unit_test(a_word_that_is_no_metric_before_a_window_is_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
