// What the golden cases under tests/golden/decode cannot show: results, counts and
// limits.

#include "ingest/decode/decode.h"
#include "ingest/decode/decode_at.h"
#include "ingest/decode/decode_index.h"
#include "ingest/decode/decode_format.h"
#include "ingest/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POST(rest) "{\"id\":\"app:1\",\"time\":1,\"author\":{\"id\":\"app:u\"}" rest "}"

struct fixture {
    struct decoder *decoder;
    char *message; // exactly as long as the contract asks for
    const struct post *posts;
    size_t count;
    enum decode_reason reason;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->decoder = decoder_create(DECODE_AUTO, NULL);
    assert_non_null(f->decoder);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    decoder_destroy(&f->decoder);
    assert_null(f->decoder);
    decoder_destroy(&f->decoder);
    free(f->message);
    free(f);
    return 0;
}

static void
use_format(struct fixture *f, enum decode_format format)
{
    decoder_destroy(&f->decoder);
    f->decoder = decoder_create(format, NULL);
    assert_non_null(f->decoder);
}

static enum decode_result
read_event(struct fixture *f, struct slice event, const char *text)
{
    size_t len = strlen(text);
    free(f->message);
    f->message = malloc(len + JSON_PADDING);
    assert_non_null(f->message);
    memcpy(f->message, text, len);
    memset(f->message + len, '}', JSON_PADDING);
    f->posts = NULL;
    f->count = 0;
    f->reason = DECODE_REASON_NONE;
    return decoder_read_event(f->decoder, event, (struct slice){f->message, len},
                              &f->posts, &f->count, &f->reason);
}

static enum decode_result
read_text(struct fixture *f, const char *text)
{
    return read_event(f, SLICE_NONE, text);
}

static void
assert_refused(struct fixture *f, const char *text, enum decode_reason reason)
{
    assert_int_equal(read_text(f, text), DECODE_REFUSED);
    assert_int_equal(f->reason, reason);
    assert_int_equal(f->count, 0);
}

static void
assert_slice(struct slice got, const char *want)
{
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

// A growing text.
struct builder {
    char *text;
    size_t len;
    size_t size;
};

static void
add(struct builder *b, const char *text)
{
    size_t len = strlen(text);
    if (b->len + len + 1 > b->size) {
        b->size = 2 * (b->len + len + 1);
        b->text = realloc(b->text, b->size);
        assert_non_null(b->text);
    }
    memcpy(b->text + b->len, text, len + 1);
    b->len += len;
}

// head, `count` times `item` with commas between, tail
static char *
repeated(const char *head, const char *item, size_t count, const char *tail)
{
    struct builder b = {0};
    add(&b, head);
    for (size_t i = 0; i < count; i++) {
        add(&b, i != 0 ? "," : "");
        add(&b, item);
    }
    add(&b, tail);
    return b.text;
}

static void
posts_control_and_refusals_are_counted_separately(void **state)
{
    struct fixture *f = *state;
    const struct decode_metrics *metrics = decoder_metrics(f->decoder);
    assert_int_equal(read_text(f, POST("")), DECODE_POSTS);
    assert_int_equal(f->count, 1);
    assert_slice(f->posts[0].id, "app:1");
    assert_int_equal(read_text(f, "{\"limit\":{\"track\":1}}"), DECODE_CONTROL);
    assert_refused(f, "{\"id\":\"a\",\"time\":1}", DECODE_REASON_MISSING);
    assert_int_equal(read_text(f, "{\"id\":\"app:1\",\"deleted\":true}"), DECODE_POSTS);
    assert_int_equal(metrics->posts, 1);
    assert_int_equal(metrics->deletions, 1);
    assert_int_equal(metrics->control[DECODE_CONTROL_LIMIT], 1);
    assert_int_equal(metrics->refused[DECODE_REASON_MISSING], 1);
}

static void
nothing_of_a_message_is_left_in_the_next_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, POST(",\"lang\":\"en\",\"mentions\":[{\"handle\":\"b\"}],"
                          "\"quote_of\":{\"id\":\"app:2\"}")),
        DECODE_POSTS);
    assert_refused(f, POST(",\"deleted\":5"), DECODE_REASON_VALUE);
    assert_int_equal(read_text(f, POST("")), DECODE_POSTS);
    assert_null(f->posts[0].lang.ptr);
    assert_null(f->posts[0].quote.id.ptr);
    assert_int_equal(f->posts[0].mention_count, 0);
    assert_int_equal(f->posts[0].quote.created == USEC_NONE, true);
}

static void
a_page_gives_its_good_posts_and_counts_each_bad_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "{\"data\":["
                     "{\"id\":\"60000000000\",\"author_id\":\"1\",\"text\":\"a\"},"
                     "{\"id\":\"60000000001\",\"text\":\"b\"},"
                     "{\"id\":\"60000000002\",\"text\":\"c\"},"
                     "{\"id\":\"60000000003\",\"author_id\":\"1\",\"text\":\"d\"}"
                     "]}"),
        DECODE_POSTS);
    assert_int_equal(f->count, 2);
    assert_slice(f->posts[1].id, "x:60000000003");
    assert_int_equal(decoder_metrics(f->decoder)->refused[DECODE_REASON_MISSING], 2);
}

static void
a_page_without_a_good_post_is_refused_for_its_first_reason(void **state)
{
    struct fixture *f = *state;
    assert_refused(f,
                   "{\"data\":[{\"id\":\"1\",\"author_id\":\"1\",\"text\":\"a\"},"
                   "{\"id\":\"2\"}]}",
                   DECODE_REASON_TIME);
}

static void
keep_alives_are_control_in_any_format(void **state)
{
    struct fixture *f = *state;
    static const char *const messages[] = {"", "\r", " \t\r\n", ":", ":thump", " :)"};
    for (enum decode_format i = DECODE_AUTO; i < DECODE_FORMAT_COUNT; i++) {
        use_format(f, i);
        for (size_t k = 0; k < sizeof(messages) / sizeof(messages[0]); k++) {
            assert_int_equal(read_text(f, messages[k]), DECODE_CONTROL);
        }
        assert_int_equal(
            decoder_metrics(f->decoder)->control[DECODE_CONTROL_KEEP_ALIVE], 6);
    }
}

static void
a_fixed_format_reads_no_other(void **state)
{
    struct fixture *f = *state;
    use_format(f, DECODE_X1);
    assert_refused(f, POST(""), DECODE_REASON_FORMAT);
    use_format(f, DECODE_JETSTREAM);
    assert_refused(f, POST(""), DECODE_REASON_FORMAT);
    use_format(f, DECODE_MASTODON);
    assert_refused(f, POST(""), DECODE_REASON_FORMAT);
    use_format(f, DECODE_POST);
    assert_int_equal(read_text(f, POST("")), DECODE_POSTS);
}

static void
the_first_decisive_key_decides_the_format(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, POST(",\"id_str\":1,\"data\":2")), DECODE_POSTS);
    assert_refused(f, "{\"id_str\":\"5\",\"time\":1}", DECODE_REASON_FORMAT);
    assert_refused(f, "{\"id\":\"app:1\",\"text\":\"neither\"}", DECODE_REASON_FORMAT);
}

static void
common_words_do_not_decide_against_a_decisive_key(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "{\"user\":1,\"title\":2,\"uri\":3,\"id\":\"app:1\","
                                  "\"time\":1,\"author\":{\"id\":\"app:u\"}}"),
                     DECODE_POSTS);
    assert_int_equal(read_text(f, "{\"limit\":{\"track\":1}}"), DECODE_CONTROL);
    assert_refused(f, "{\"x\":1,\"uri\":\"https://a.example/1\"}",
                   DECODE_REASON_FORMAT);
}

static void
events_without_name_are_plain_messages(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_event(f, SLICE_LIT(""), POST("")), DECODE_POSTS);
    assert_int_equal(read_event(f, SLICE_LIT("message"), POST("")), DECODE_POSTS);
    assert_refused(f, "12345", DECODE_REASON_FORMAT);
    assert_int_equal(read_event(f, SLICE_LIT("delete"), "12345"), DECODE_POSTS);
    assert_int_equal(f->posts[0].kind, POST_DELETED);
    assert_slice(f->posts[0].alias, "masto:12345");
    assert_null(f->posts[0].id.ptr);
    use_format(f, DECODE_POST);
    assert_int_equal(read_event(f, SLICE_LIT("update"), POST("")), DECODE_POSTS);
}

static void
the_longest_message_is_read_and_one_byte_more_is_not(void **state)
{
    struct fixture *f = *state;
    static const char start[] =
        "{\"id\":\"app:1\",\"time\":1,\"author\":{\"id\":\"u\"},\"text\":\"";
    static const char end[] = "\"}";
    size_t fill = DECODE_MESSAGE_MAX - strlen(start) - strlen(end);
    char *text = malloc(DECODE_MESSAGE_MAX + 2);
    assert_non_null(text);
    for (size_t more = 0; more <= 1; more++) {
        memcpy(text, start, strlen(start));
        memset(text + strlen(start), 'a', fill + more);
        memcpy(text + strlen(start) + fill + more, end, sizeof(end));
        if (more == 0) {
            assert_int_equal(read_text(f, text), DECODE_POSTS);
            assert_int_equal(f->posts[0].text.len, fill);
        } else {
            assert_refused(f, text, DECODE_REASON_TOO_LONG);
        }
    }
    free(text);
}

static void
of_lists_beyond_their_limit_the_first_elements_count(void **state)
{
    static const struct {
        const char *head;
        const char *item;
    } lists[] = {
        {"{\"id\":\"a\",\"time\":1,\"author\":{\"id\":\"u\"},\"mentions\":[",
         "{\"id\":\"m\"}"},
        {"{\"id\":\"a\",\"time\":1,\"author\":{\"id\":\"u\"},\"hashtags\":[", "\"t\""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char *text = repeated(lists[i].head, lists[i].item, POST_LIST_MAX, "]}");
        assert_int_equal(read_text(f, text), DECODE_POSTS);
        assert_int_equal(f->posts[0].mention_count + f->posts[0].hashtag_count,
                         POST_LIST_MAX);
        free(text);
        const uint64_t details = decoder_metrics(f->decoder)->details;
        text = repeated(lists[i].head, lists[i].item, POST_LIST_MAX + 3, "]}");
        assert_int_equal(read_text(f, text), DECODE_POSTS);
        assert_int_equal(f->posts[0].mention_count + f->posts[0].hashtag_count,
                         POST_LIST_MAX);
        assert_int_equal(decoder_metrics(f->decoder)->details, details + 3);
        free(text);
    }
}

static void
what_is_found_in_a_text_has_the_same_limit(void **state)
{
    struct fixture *f = *state;
    static const char head[] =
        "{\"id\":\"a\",\"time\":1,\"author\":{\"id\":\"u\"},\"text\":\"";
    char *text = repeated(head, "@a #b", POST_LIST_MAX, "\"}");
    assert_int_equal(read_text(f, text), DECODE_POSTS);
    assert_int_equal(f->posts[0].mention_count, POST_LIST_MAX);
    assert_int_equal(f->posts[0].hashtag_count, POST_LIST_MAX);
    free(text);
    text = repeated(head, "@a", POST_LIST_MAX + 1, "\"}");
    assert_int_equal(read_text(f, text), DECODE_POSTS);
    assert_int_equal(f->posts[0].mention_count, POST_LIST_MAX);
    assert_int_equal(decoder_metrics(f->decoder)->details, 1);
    free(text);
}

// Many facets with many features each may be more than one list allows.
static void
facets_together_have_the_same_limit(void **state)
{
    struct fixture *f = *state;
    char *features = repeated(
        "{\"features\":[", "{\"$type\":\"app.bsky.richtext.facet#tag\",\"tag\":\"t\"}",
        1001, "]}");
    char *text = repeated(
        "{\"did\":\"did:plc:a\",\"time_us\":1,\"kind\":\"commit\",\"commit\":{"
        "\"operation\":"
        "\"create\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"a\",\"record\":{"
        "\"facets\":[",
        features, 10, "]}}}");
    assert_int_equal(read_text(f, text), DECODE_POSTS);
    assert_int_equal(f->posts[0].hashtag_count, POST_LIST_MAX);
    assert_int_equal(decoder_metrics(f->decoder)->details, 10);
    free(text);
    free(features);
}

static void
a_page_of_many_posts_finds_each_one_s_author(void **state)
{
    enum { COUNT = 3000 };
    struct fixture *f = *state;
    struct builder b = {0};
    char text[160];
    add(&b, "{\"data\":[");
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof(text),
                       "%s{\"id\":\"%lld\",\"author_id\":\"%d\",\"text\":\"\"}",
                       i != 0 ? "," : "", 60000000000LL + i, i + 1);
        add(&b, text);
    }
    add(&b, "],\"includes\":{\"users\":[");
    for (int i = COUNT - 1; i >= 0; i--) {
        (void)snprintf(text, sizeof(text), "{\"id\":\"%d\",\"username\":\"u%d\"}%s",
                       i + 1, i, i != 0 ? "," : "");
        add(&b, text);
    }
    add(&b, "]}}");
    assert_int_equal(read_text(f, b.text), DECODE_POSTS);
    assert_int_equal(f->count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof(text), "u%d", i);
        assert_slice(f->posts[i].author.handle, text);
    }
    free(b.text);
}

// Small in the message, large in memory: refused, and the decoder goes on.
static void
a_message_that_needs_too_much_memory_is_refused(void **state)
{
    struct fixture *f = *state;
    char *tweet = repeated("{\"referenced_tweets\":[", "{}", 64, "]}");
    char *page = repeated("{\"data\":[", tweet, 9000, "]}");
    assert_refused(f, page, DECODE_REASON_MEMORY);
    assert_int_equal(read_text(f, POST("")), DECODE_POSTS);
    free(page);
    free(tweet);
}

// Elements of an array are messages: posts of all of them come together.
static void
a_long_array_gives_the_posts_of_all_its_elements(void **state)
{
    enum { COUNT = 9000 };
    struct fixture *f = *state;
    struct builder b = {0};
    char text[160];
    add(&b, "[");
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof(text),
                       "%s{\"id\":\"a\\u00e9%d\",\"time\":1,\"author\":{\"id\":\"u\"}}",
                       i != 0 ? "," : "", i);
        add(&b, i % 3 != 2 ? text : ",{\"id\":\"a\",\"time\":1}");
    }
    add(&b, "]");
    assert_int_equal(read_text(f, b.text), DECODE_POSTS);
    assert_int_equal(f->count, COUNT / 3 * 2);
    assert_int_equal(decoder_metrics(f->decoder)->refused[DECODE_REASON_MISSING],
                     COUNT / 3);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof(text), "a\xc3\xa9%d", i);
        if (i % 3 != 2) {
            assert_slice(f->posts[i / 3 * 2 + i % 3].id, text);
        }
    }
    free(b.text);
}

static void
what_is_left_out_of_a_message_is_counted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, POST(",\"text\":5,\"mentions\":[1,2]")),
                     DECODE_POSTS);
    assert_int_equal(decoder_metrics(f->decoder)->details, 3);
    assert_int_equal(read_text(f, POST("")), DECODE_POSTS);
    assert_int_equal(read_text(f, ""), DECODE_CONTROL);
    assert_int_equal(decoder_metrics(f->decoder)->details, 3);
}

static void
of_handles_case_and_signs_do_not_matter(void **state)
{
    (void)state;
    struct item {
        struct slice handle;
    };
    const struct item items[] = {
        {SLICE_LIT("Bob")}, {SLICE_LIT("@ann")}, {SLICE_LIT("bobby")}, {SLICE_NONE}};
    struct arena arena;
    struct decode_index index;
    arena_init(&arena, 4096);
    decode_index_init_by_handle(&index, &arena,
                                (struct json_list){.items = items, .count = 4},
                                sizeof(items[0]), offsetof(struct item, handle));
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("@bOB")), &items[0]);
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("Ann")), &items[1]);
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("BOBBY")), &items[2]);
    assert_null(decode_index_find(&index, SLICE_LIT("bo")));
    arena_fini(&arena);
}

static void
of_two_with_the_same_id_the_first_is_found(void **state)
{
    (void)state;
    struct item {
        int number;
        struct slice id;
    };
    const struct item items[] = {
        {0, SLICE_LIT("b")},   {1, SLICE_LIT("a")}, {2, SLICE_NONE},
        {3, SLICE_LIT("b")},   {4, SLICE_LIT("")},  {5, SLICE_LIT("a")},
        {6, SLICE_LIT("abc")},
    };
    struct arena arena;
    struct decode_index index;
    arena_init(&arena, 4096);
    decode_index_init(&index, &arena, (struct json_list){.items = items, .count = 7},
                      sizeof(items[0]), offsetof(struct item, id));
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("b")), &items[0]);
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("a")), &items[1]);
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("abc")), &items[6]);
    assert_ptr_equal(decode_index_find(&index, SLICE_LIT("")), &items[4]);
    assert_null(decode_index_find(&index, SLICE_LIT("ab")));
    assert_null(decode_index_find(&index, SLICE_LIT("c")));
    arena_fini(&arena);
}

static void
an_index_of_nothing_finds_nothing(void **state)
{
    (void)state;
    struct arena arena;
    struct decode_index index;
    arena_init(&arena, 4096);
    decode_index_init(&index, &arena, (struct json_list){.items = NULL}, 16, 0);
    assert_null(decode_index_find(&index, SLICE_LIT("a")));
    arena_fini(&arena);
}

static void
at_uris_are_taken_apart(void **state)
{
    (void)state;
    struct decode_at at;
    assert_true(decode_at_parse(
        slice_of("at://did:web:a.example%3A80/app.bsky.feed.post/3k:a_b~c.d-e"), &at));
    assert_slice(at.did, "did:web:a.example%3A80");
    assert_slice(at.collection, "app.bsky.feed.post");
    assert_slice(at.rkey, "3k:a_b~c.d-e");
}

static void
bad_at_uris_are_refused(void **state)
{
    (void)state;
    static const char *const uris[] = {
        "",
        "at://",
        "http://did:plc:a/b.c/d",
        "AT://did:plc:a/b.c/d",
        "at://did:plc:a",
        "at://did:plc:a/",
        "at://did:plc:a/b.c",
        "at://did:plc:a/b.c/",
        "at://did:plc:a/b.c/d/",
        "at://did:plc:a/b.c/d/e",
        "at://did:plc:a/b.c/d#e",
        "at://did:plc:a//d",
        "at://did:plc:a/b_c/d",
        "at://did:plc:a/b.c/.",
        "at://did:plc:a/b.c/..",
        "at://did:plc:a/b.c/d e",
        "at://did:plc:a/b.c/\xc3\xa9",
        "at://ann.example.org/b.c/d",
        "at://did:plc/b.c/d",
        "at://did::a/b.c/d",
        "at://did:plc:/b.c/d",
        "at://did:plc:a:/b.c/d",
        "at://did:plc:a%/b.c/d",
        "at://did:Plc:a/b.c/d",
        "at://did:plc:a b/b.c/d",
        "at://DID:plc:a/b.c/d",
    };
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct decode_at at = {0};
        assert_false(decode_at_parse(slice_of(uris[i]), &at));
        assert_null(at.did.ptr);
    }
}

static void
formats_are_known_by_their_names(void **state)
{
    (void)state;
    enum decode_format format = DECODE_AUTO;
    for (enum decode_format i = DECODE_AUTO; i < DECODE_FORMAT_COUNT; i++) {
        assert_int_equal(decode_format_parse(slice_of(decode_format_name(i)), &format),
                         STATUS_OK);
        assert_int_equal(format, i);
        assert_true(strlen(decode_format_what(i)) > 0);
    }
    assert_int_equal(decode_format_parse(SLICE_LIT("x3"), &format), STATUS_PARSE);
}

static void
formats_list_the_fields_they_read(void **state)
{
    (void)state;
    char text[4096];
    char small[8];
    assert_int_equal(decode_format_fields(DECODE_AUTO, text, sizeof(text)), 0);
    assert_string_equal(text, "");
    size_t len = decode_format_fields(DECODE_X1, text, sizeof(text));
    assert_int_equal(len, strlen(text));
    assert_non_null(strstr(text, "id_str, "));
    assert_non_null(strstr(text, "entities.user_mentions[].id_str"));
    assert_non_null(strstr(text, "retweeted_status.user.screen_name"));
    // A quoted post holds a quoted post; that is told once.
    assert_non_null(strstr(text, "retweeted_status.quoted_status,"));
    assert_null(strstr(text, "quoted_status.quoted_status."));
    assert_int_equal(decode_format_fields(DECODE_X1, small, sizeof(small)), len);
    assert_int_equal(decode_format_fields(DECODE_X1, NULL, 0), len);
    assert_non_null(
        strstr((decode_format_fields(DECODE_JETSTREAM, text, sizeof(text)), text),
               "commit.record.facets[].features[].did"));
}

static void
every_reason_and_kind_of_control_has_its_metric(void **state)
{
    (void)state;
    size_t rows = 0;
    for (const struct metric *row = decode_metric_rows; row->name != NULL; row++) {
        assert_true(row->offset % sizeof(uint64_t) == 0);
        assert_true(row->offset < sizeof(struct decode_metrics));
        rows++;
    }
    // All numbers but refused[DECODE_REASON_NONE].
    assert_int_equal(rows, sizeof(struct decode_metrics) / sizeof(uint64_t) - 1);
    for (enum decode_reason i = DECODE_REASON_NONE; i < DECODE_REASON_COUNT; i++) {
        assert_non_null(decode_reason_name(i));
    }
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(posts_control_and_refusals_are_counted_separately),
        TEST(nothing_of_a_message_is_left_in_the_next_one),
        TEST(a_page_gives_its_good_posts_and_counts_each_bad_one),
        TEST(a_page_without_a_good_post_is_refused_for_its_first_reason),
        TEST(keep_alives_are_control_in_any_format),
        TEST(a_fixed_format_reads_no_other),
        TEST(the_first_decisive_key_decides_the_format),
        TEST(common_words_do_not_decide_against_a_decisive_key),
        TEST(events_without_name_are_plain_messages),
        TEST(the_longest_message_is_read_and_one_byte_more_is_not),
        TEST(of_lists_beyond_their_limit_the_first_elements_count),
        TEST(what_is_found_in_a_text_has_the_same_limit),
        TEST(facets_together_have_the_same_limit),
        TEST(a_page_of_many_posts_finds_each_one_s_author),
        TEST(a_message_that_needs_too_much_memory_is_refused),
        TEST(a_long_array_gives_the_posts_of_all_its_elements),
        TEST(what_is_left_out_of_a_message_is_counted),
        TEST(of_handles_case_and_signs_do_not_matter),
        TEST(of_two_with_the_same_id_the_first_is_found),
        TEST(an_index_of_nothing_finds_nothing),
        TEST(at_uris_are_taken_apart),
        TEST(bad_at_uris_are_refused),
        TEST(formats_are_known_by_their_names),
        TEST(formats_list_the_fields_they_read),
        TEST(every_reason_and_kind_of_control_has_its_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
