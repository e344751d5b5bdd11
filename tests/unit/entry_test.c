// Entries: what is written of a post is what is read, and no bytes do harm.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/entries/entry.h"
#include "made.h"

#define SEEDS 200
#define WALL (1700000000 * USEC_PER_S)

enum { LIST_MAX = 5, TEXTS_BYTES = 1 << 18, ORDER = 7 };

// What a made post points to.
struct made {
    uint32_t random;
    char bytes[TEXTS_BYTES];
    size_t used;
    struct post_ref quotes[ENTRY_POSTS_MAX * 3 * POST_QUOTES_MAX];
    size_t quote_count;
    struct post_user mentions[ENTRY_POSTS_MAX][LIST_MAX];
    struct slice hashtags[ENTRY_POSTS_MAX][LIST_MAX];
    struct post posts[ENTRY_POSTS_MAX];
};

static struct made made;

static bool
flip(void)
{
    return made_random(&made.random, 2) == 1;
}

static struct slice
some_text(void)
{
    size_t len = made_random(&made.random, 200) + 1;
    if (made.used + len > sizeof(made.bytes)) {
        made.used = 0; // of the same entry: earlier texts change, before it is written
    }
    char *at = made.bytes + made.used;
    for (size_t i = 0; i < len; i++) {
        at[i] = (char)made_random(&made.random, 256);
    }
    made.used += len;
    return (struct slice){at, len};
}

static struct slice
maybe_text(void)
{
    return flip() ? some_text() : flip() ? SLICE_LIT("") : SLICE_NONE;
}

static struct slice
maybe_id(void)
{
    return flip() ? some_text() : SLICE_NONE;
}

static uint64_t
some_number(void)
{
    uint64_t number = (uint64_t)made_random(&made.random, UINT32_MAX >> 8) << 40;
    return (number | made_random(&made.random, 1 << 20)) >>
           made_random(&made.random, 64);
}

static struct post_user
some_user(bool has_id)
{
    bool has_followers = flip();
    return (struct post_user){.id = has_id ? some_text() : maybe_id(),
                              .handle = some_text(),
                              .name = maybe_text(),
                              .followers = has_followers ? (uint32_t)some_number() : 0,
                              .has_followers = has_followers};
}

static struct post_campaigns
some_campaigns(void)
{
    struct post_campaigns none = {.order = ORDER};
    struct post_campaigns some = {some_number() | 1, some_number(), some_number(),
                                  ORDER};
    return flip() ? some : none;
}

static struct post_ref
some_ref(unsigned depth)
{
    struct post_ref ref = {.id = some_text(),
                           .alias = maybe_id(),
                           .original = maybe_id(),
                           .author = some_user(false),
                           .text = maybe_text(),
                           .lang = maybe_text(),
                           .created = flip() ? USEC_NONE : (usec)some_number(),
                           .reported = some_number(),
                           .has_reported = flip(),
                           .campaigns = some_campaigns()};
    if (depth < POST_QUOTES_MAX && flip()) {
        struct post_ref *quote = &made.quotes[made.quote_count++];
        *quote = some_ref(depth + 1);
        ref.quote = quote;
    }
    return ref;
}

static void
make_lists(struct post *post, size_t number)
{
    post->mention_count = made_random(&made.random, LIST_MAX + 1);
    post->hashtag_count = made_random(&made.random, LIST_MAX + 1);
    for (size_t i = 0; i < post->mention_count; i++) {
        made.mentions[number][i] = some_user(false);
    }
    for (size_t i = 0; i < post->hashtag_count; i++) {
        made.hashtags[number][i] = some_text();
    }
    post->mentions = made.mentions[number];
    post->hashtags = made.hashtags[number];
}

static void
make_post(size_t number)
{
    struct post *post = &made.posts[number];
    *post = (struct post){.kind = (enum post_kind)made_random(&made.random, 5),
                          .id = some_text(),
                          .alias = maybe_id(),
                          .source = maybe_text(),
                          .is_undone_by_id = flip(),
                          .original = maybe_id(),
                          .time = (usec)some_number(),
                          .author = some_user(true),
                          .text = maybe_text(),
                          .lang = maybe_text(),
                          .reported = some_number(),
                          .has_reported = flip(),
                          .via = maybe_id(),
                          .via_author = maybe_id(),
                          .campaigns = some_campaigns()};
    if (post->kind == POST_RETWEETED) {
        post->retweet_of = some_ref(1);
    } else if (post->kind == POST_PUBLISHED) {
        post->quote = flip() ? some_ref(1) : (struct post_ref){.reported = 0};
        post->reply_to = flip() ? some_ref(1) : (struct post_ref){.reported = 0};
    }
    make_lists(post, number);
}

// ── comparing ──────────────────────────────────────────────────────────────

static void
check_text(struct slice found, struct slice wanted)
{
    assert_int_equal(slice_is_none(found), slice_is_none(wanted));
    assert_true(slice_equal(found, wanted));
}

static void
check_user(const struct post_user *found, const struct post_user *wanted)
{
    check_text(found->id, wanted->id);
    check_text(found->handle, wanted->handle);
    check_text(found->name, wanted->name);
    assert_int_equal(found->followers, wanted->followers);
    assert_int_equal(found->has_followers, wanted->has_followers);
}

static void
check_campaigns(const struct post_campaigns *found, const struct post_campaigns *wanted)
{
    assert_int_equal(found->found, wanted->found);
    assert_int_equal(found->spoken, wanted->spoken);
    assert_int_equal(found->rivals, wanted->rivals);
    assert_int_equal(found->order, wanted->order);
}

static void
check_ref(const struct post_ref *found, const struct post_ref *wanted)
{
    check_text(found->id, wanted->id);
    if (slice_is_none(wanted->id)) {
        return;
    }
    check_text(found->alias, wanted->alias);
    check_text(found->original, wanted->original);
    check_user(&found->author, &wanted->author);
    check_text(found->text, wanted->text);
    check_text(found->lang, wanted->lang);
    assert_int_equal(found->created, wanted->created);
    assert_int_equal(found->reported, wanted->reported);
    assert_int_equal(found->has_reported, wanted->has_reported);
    check_campaigns(&found->campaigns, &wanted->campaigns);
    assert_int_equal(found->quote == NULL, wanted->quote == NULL);
}

static void
check_refs(const struct post_ref *found, const struct post_ref *wanted)
{
    for (; wanted != NULL; found = found->quote, wanted = wanted->quote) {
        check_ref(found, wanted);
    }
}

static void
check_post(const struct post *found, const struct post *wanted)
{
    assert_int_equal(found->kind, wanted->kind);
    check_text(found->id, wanted->id);
    check_text(found->alias, wanted->alias);
    check_text(found->source, wanted->source);
    assert_int_equal(found->is_undone_by_id, wanted->is_undone_by_id);
    check_text(found->original, wanted->original);
    assert_int_equal(found->time, wanted->time);
    check_user(&found->author, &wanted->author);
    check_text(found->text, wanted->text);
    check_text(found->lang, wanted->lang);
    assert_int_equal(found->reported, wanted->reported);
    assert_int_equal(found->has_reported, wanted->has_reported);
    check_refs(&found->retweet_of, &wanted->retweet_of);
    check_refs(&found->quote, &wanted->quote);
    check_refs(&found->reply_to, &wanted->reply_to);
    check_text(found->via, wanted->via);
    check_text(found->via_author, wanted->via_author);
    assert_int_equal(found->mention_count, wanted->mention_count);
    for (size_t i = 0; i < wanted->mention_count; i++) {
        check_user(&found->mentions[i], &wanted->mentions[i]);
    }
    assert_int_equal(found->hashtag_count, wanted->hashtag_count);
    for (size_t i = 0; i < wanted->hashtag_count; i++) {
        check_text(found->hashtags[i], wanted->hashtags[i]);
    }
    check_campaigns(&found->campaigns, &wanted->campaigns);
}

// ── tests ──────────────────────────────────────────────────────────────────

static const struct entry_head head = {WALL + 99, 12345, true, UINT64_MAX - 5};

// Posts of a sequence that the seed decides, as an entry.
static size_t
make_entry(uint32_t seed, size_t count, struct buffer *bytes)
{
    made.random = seed;
    made.used = 0;
    made.quote_count = 0;
    buffer_reset(bytes);
    entry_begin(bytes);
    for (size_t i = 0; i < count; i++) {
        make_post(i);
    }
    for (size_t i = 0; i < count; i++) {
        entry_add(bytes, &made.posts[i], WALL + (usec)i);
    }
    assert_false(bytes->is_failed);
    entry_end(bytes, &head);
    return count;
}

static void
posts_are_read_as_they_were_written(void **state)
{
    (void)state;
    struct buffer bytes;
    struct entry_reader reader;
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        size_t count = make_entry(seed, seed % 30, &bytes);
        struct entry_content entry;
        assert_int_equal(entry_read(&reader, buffer_text(&bytes), ORDER, &entry),
                         STATUS_OK);
        assert_int_equal(entry.count, count);
        assert_int_equal(entry.head.wall, head.wall);
        assert_int_equal(entry.head.lag, head.lag);
        assert_int_equal(entry.head.is_complete, head.is_complete);
        assert_int_equal(entry.head.campaigns, head.campaigns);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(entry.walls[i], WALL + (usec)i);
            check_post(&entry.posts[i], &made.posts[i]);
        }
    }
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

static void
sets_of_other_campaigns_are_not_used(void **state)
{
    (void)state;
    struct buffer bytes;
    struct entry_reader reader;
    struct entry_content entry;
    const struct post_campaigns none = {.order = 0};
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    size_t count = make_entry(1, 30, &bytes);
    assert_int_equal(entry_read(&reader, buffer_text(&bytes), 0, &entry), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        check_campaigns(&entry.posts[i].campaigns, &none);
        check_campaigns(&entry.posts[i].retweet_of.campaigns, &none);
    }
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

// In memory of its own, so that the sanitizer sees who reads on.
static enum status
read_copy(struct entry_reader *reader, struct slice bytes,
          struct entry_content *ret_entry)
{
    char *copy = malloc(bytes.len + 1);
    char *exact = realloc(copy, bytes.len != 0 ? bytes.len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes.ptr, bytes.len);
    enum status status =
        entry_read(reader, (struct slice){exact, bytes.len}, ORDER, ret_entry);
    free(exact);
    return status;
}

static void
part_of_an_entry_is_refused_or_has_fewer_posts(void **state)
{
    (void)state;
    struct buffer bytes;
    struct entry_reader reader;
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    size_t count = make_entry(3, 6, &bytes);
    size_t whole = 0;
    for (size_t len = 0; len < bytes.size; len++) {
        struct entry_content entry;
        enum status status =
            read_copy(&reader, (struct slice){bytes.bytes, len}, &entry);
        assert_true(status == STATUS_PARSE || status == STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(entry.count, whole);
            whole++;
        }
    }
    assert_int_equal(whole, count);
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

static void
changed_bytes_do_no_harm(void **state)
{
    (void)state;
    struct buffer bytes;
    struct entry_reader reader;
    size_t refused = 0;
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    for (uint32_t seed = 0; seed < SEEDS * 20; seed++) {
        struct entry_content entry;
        uint32_t random = seed + 1;
        (void)make_entry(seed % 8, 3, &bytes);
        for (int i = 0; i < 3; i++) {
            bytes.bytes[made_random(&random, (uint32_t)bytes.size)] =
                (char)made_random(&random, 256);
        }
        refused += read_copy(&reader, buffer_text(&bytes), &entry) != STATUS_OK;
    }
    assert_true(refused > SEEDS);
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

static void
what_no_decoder_makes_is_refused(void **state)
{
    (void)state;
    static char name[POST_ID_MAX + 1];
    memset(name, 'a', sizeof(name));
    const struct post_user author = {.id = SLICE_LIT("app:a")};
    const struct post_ref root = {.id = SLICE_LIT("app:1")};
    const struct slice tags[] = {SLICE_LIT("")};
    const struct post posts[] = {
        {.kind = POST_PUBLISHED, .author = author},
        {.kind = POST_PUBLISHED, .id = SLICE_LIT("app:2")},
        {.kind = POST_PUBLISHED, .id = {name, sizeof(name)}, .author = author},
        {.kind = POST_PUBLISHED,
         .id = SLICE_LIT("app:2"),
         .author = author,
         .retweet_of = root},
        {.kind = POST_RETWEETED, .id = SLICE_LIT("app:2"), .author = author},
        {.kind = POST_PUBLISHED,
         .id = SLICE_LIT("app:2"),
         .author = author,
         .hashtags = tags,
         .hashtag_count = 1},
        {.kind = POST_DELETED},
        {.kind = POST_RENAMED, .author = author},
        {.kind = POST_WITHDRAWN},
    };
    struct buffer bytes;
    struct entry_reader reader;
    struct entry_content entry;
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        buffer_reset(&bytes);
        entry_begin(&bytes);
        entry_add(&bytes, &posts[i], WALL);
        entry_end(&bytes, &head);
        assert_int_equal(entry_read(&reader, buffer_text(&bytes), ORDER, &entry),
                         STATUS_RANGE);
    }
    (void)make_entry(1, 1, &bytes);
    bytes.bytes[0]++; // another version
    assert_int_equal(entry_read(&reader, buffer_text(&bytes), ORDER, &entry),
                     STATUS_RANGE);
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

static void
an_entry_has_at_most_a_hundred_posts(void **state)
{
    (void)state;
    struct buffer bytes;
    struct entry_reader reader;
    struct entry_content entry;
    const struct post post = {.kind = POST_DELETED, .id = SLICE_LIT("app:1")};
    buffer_init(&bytes, ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    entry_begin(&bytes);
    for (int i = 0; i < ENTRY_POSTS_MAX; i++) {
        entry_add(&bytes, &post, WALL);
    }
    entry_end(&bytes, &head);
    assert_int_equal(entry_read(&reader, buffer_text(&bytes), ORDER, &entry),
                     STATUS_OK);
    assert_int_equal(entry.count, ENTRY_POSTS_MAX);
    entry_add(&bytes, &post, WALL);
    assert_int_equal(entry_read(&reader, buffer_text(&bytes), ORDER, &entry),
                     STATUS_RANGE);
    entry_reader_fini(&reader);
    buffer_fini(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_are_read_as_they_were_written),
        cmocka_unit_test(sets_of_other_campaigns_are_not_used),
        cmocka_unit_test(part_of_an_entry_is_refused_or_has_fewer_posts),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(what_no_decoder_makes_is_refused),
        cmocka_unit_test(an_entry_has_at_most_a_hundred_posts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
