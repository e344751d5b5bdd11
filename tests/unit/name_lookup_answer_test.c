#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "daemon/name_lookup_answer.h"

static struct buffer told;

static void
add(struct slice text)
{
    buffer_append(&told, text);
    buffer_append_byte(&told, '|');
}

static void
add_user(const struct post_user *user)
{
    add(user->id);
    add(user->handle);
    add(user->name);
    if (user->has_followers) {
        buffer_append_u64(&told, user->followers);
    }
}

static void
on_user(void *context, const struct post_user *profile)
{
    (void)context;
    add_user(profile);
    buffer_append_byte(&told, '\n');
}

static void
on_post(void *context, const struct post_ref *facts)
{
    (void)context;
    add(facts->id);
    add_user(&facts->author);
    buffer_append_byte(&told, '|');
    add(facts->text);
    add(facts->lang);
    if (facts->created != USEC_NONE) {
        buffer_append_i64(&told, facts->created / USEC_PER_S);
    }
    buffer_append_byte(&told, '|');
    if (facts->has_reported) {
        buffer_append_u64(&told, facts->reported);
    }
    buffer_append_byte(&told, '\n');
}

// What is told of that answer, or NULL.
static const char *
read(const char *body)
{
    static char text[1 << 16];
    const struct name_lookup_answer_calls calls = {on_user, on_post, NULL};
    buffer_init(&told, sizeof(text) - 1);
    enum status status = name_lookup_answer_read(slice_of(body), &calls);
    struct slice all = buffer_text(&told);
    memcpy(text, all.ptr, all.len);
    text[all.len] = '\0';
    buffer_fini(&told);
    return status == STATUS_OK ? text : NULL;
}

static void
profiles_are_read(void **state)
{
    (void)state;
    assert_string_equal(
        read("{\"profiles\":[{\"did\":\"did:plc:a\",\"handle\":\"ann.example\","
             "\"displayName\":\"Ann \\u00e9\",\"followersCount\":7,\"labels\":[]},"
             "{\"did\":\"did:web:b\",\"handle\":\"handle.invalid\"}]}"),
        "bsky:did:plc:a|ann.example|Ann é|7\nbsky:did:web:b|||\n");
}

static void
posts_are_read_with_their_authors(void **state)
{
    (void)state;
    assert_string_equal(
        read("{\"posts\":[{\"uri\":\"at://did:plc:a/app.bsky.feed.post/3k\",\"author\":"
             "{\"did\":\"did:plc:a\",\"handle\":\"ann.example\"},\"record\":{\"text\":"
             "\"hello\",\"langs\":[\"en\",\"de\"],\"createdAt\":"
             "\"1999-01-01T00:00:00Z\"},\"indexedAt\":\"2023-11-14T22:13:20.000Z\","
             "\"repostCount\":3,\"quoteCount\":2,\"likeCount\":9}]}"),
        "bsky:at://did:plc:a/app.bsky.feed.post/3k|bsky:did:plc:a|ann.example|||hello|"
        "en|1700000000|5\n");
}

static void
whatever_is_of_a_wrong_type_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(
        read("{\"profiles\":[null,1,[],{},{\"did\":7},{\"did\":\"\"},{\"did\":"
             "\"did:plc:a\",\"handle\":{},\"displayName\":[],\"followersCount\":-1},"
             "{\"did\":\"did:plc:b\",\"followersCount\":4294967296},"
             "{\"did\":\"did:plc:c\",\"followersCount\":1.5}]}"),
        "bsky:did:plc:a|||\nbsky:did:plc:b|||\nbsky:did:plc:c|||\n");
    assert_string_equal(
        read(
            "{\"posts\":[{\"uri\":null},{\"uri\":\"at://x\",\"author\":[],\"record\":3,"
            "\"indexedAt\":\"soon\",\"repostCount\":1}]}"),
        "bsky:at://x||||||||\n");
}

static void
ids_that_are_too_long_are_left_out(void **state)
{
    (void)state;
    static char body[POST_ID_MAX + 64];
    static char did[POST_ID_MAX + 1];
    memset(did, 'x', sizeof(did) - 1);
    snprintf(body, sizeof(body), "{\"profiles\":[{\"did\":\"%s\"}]}", did);
    assert_string_equal(read(body), "");
    did[POST_ID_MAX - 5] = '\0'; // "bsky:"
    snprintf(body, sizeof(body), "{\"profiles\":[{\"did\":\"%s\"}]}", did);
    assert_int_equal(strlen(read(body)), POST_ID_MAX + 4);
}

static void
other_answers_are_refused(void **state)
{
    (void)state;
    assert_null(read(""));
    assert_null(read("[]"));
    assert_null(read("{\"profiles\":{}}"));
    assert_null(read("{\"profiles\":[{\"did\":\"did:plc:a\""));
    assert_null(read("<html>busy</html>"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_are_read),
        cmocka_unit_test(posts_are_read_with_their_authors),
        cmocka_unit_test(whatever_is_of_a_wrong_type_is_left_out),
        cmocka_unit_test(ids_that_are_too_long_are_left_out),
        cmocka_unit_test(other_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
