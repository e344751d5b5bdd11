#include "ingest/text/text.h"

#include "ingest/text/link.h"
#include "ingest/text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FINDS_MAX = 16, ARENA_LIMIT = 1 << 22 };

typedef size_t (*find_fn)(struct slice, struct text_entity *, size_t);

// Finds as "name name"; each must be the sign and the name in the text.
static const char *
finds(find_fn find, const char *text)
{
    static char joined[1024];
    struct text_entity found[FINDS_MAX];
    struct slice whole = slice_of(text);
    size_t count = find(whole, found, FINDS_MAX);
    assert_true(count <= FINDS_MAX);
    size_t len = 0;
    joined[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(found[i].name.ptr + found[i].name.len, text + found[i].end);
        size_t sign = found[i].end - found[i].start - found[i].name.len;
        assert_true(sign == 1 || sign == 3);
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%.*s",
                                i > 0 ? " " : "", SLICE_ARG(found[i].name));
    }
    return joined;
}

struct example {
    const char *text;
    const char *found;
};

static void
check(find_fn find, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = finds(find, examples[i].text);
        if (strcmp(found, examples[i].found) != 0) {
            fail_msg("in \"%s\": want \"%s\", found \"%s\"", examples[i].text,
                     examples[i].found, found);
        }
    }
}

#define CHECK(find, examples)                                                          \
    check(find, examples, sizeof(examples) / sizeof(examples[0]))

static void
a_mention_may_be_anywhere_but_inside_a_word(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"", ""},
        {"@", ""},
        {"@ ann", ""},
        {"@ann", "ann"},
        {"tea with @ann, @bob_2 and (@Carl)", "ann bob_2 Carl"},
        {"お茶@annと", "ann"},
        {"\xef\xbc\xa0"
         "ann",
         "ann"},
        {"x@ann 4@ann _@ann", ""},
        {"!@ann #@ann $@ann %@ann &@ann *@ann @@ann", ""},
        {"\xef\xbc\xa0@ann", ""},
        {"-@ann .@bob /@carl", "ann bob carl"},
        {"\xff@ann", "ann"},
    };
    CHECK(text_mentions, examples);
}

static void
a_mention_may_follow_rt_as_a_whole_word(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"RT@ann rt:@bob Rt @carl", "ann bob carl"},
        {"rT:@ann", "ann"},
        {"(RT@ann", "ann"},
        {"ART@ann .RT@bob -RT@carl _RT@dora 1RT@eve", ""},
        {"-RT:@ann +:@bob", "ann bob"},
        {"T@ann :T@bob", ""},
        {"@aaaaaaaaaaaaaaaaaaaaRT@ann", "aaaaaaaaaaaaaaaaaaaa"},
    };
    CHECK(text_mentions, examples);
}

static void
what_follows_may_spoil_a_mention(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"@ann@tea.example @ann\xef\xbc\xa0x", ""},
        {"@ann\xc3\xa9 @bob\xcc\x81 @carl\xca\xbb", ""},
        {"@ann\xc3\x97 @bob\xd0\xb6", "ann bob"},
        {"@ftp://x @ann: @bob:/ @carl:/", "ann bob carl"},
        {"@aaaaaaaaaabbbbbbbbbb", "aaaaaaaaaabbbbbbbbbb"},
        {"@aaaaaaaaaabbbbbbbbbbc", "aaaaaaaaaabbbbbbbbbb"},
    };
    CHECK(text_mentions, examples);
}

static void
a_list_is_not_its_owner(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"@ann/tea-people @bob", "bob"},
        {"@ann/7cups @bob/ @carl/-", "ann bob carl"},
        {"@ann/tea-@bob", ""},
        {"@ann/@bob", "ann bob"},
        // The slug ends after 25 characters, then its owner is looked at.
        {"@ann/abcdefghijklmnopqrstuvwxyz", ""},
    };
    CHECK(text_mentions, examples);
}

static void
nothing_is_found_inside_an_address(void **state)
{
    (void)state;
    static const struct example mentions[] = {
        {"https://tea.example/@ann", ""},
        {"HTTP://tea.example/@ann/@bob @carl", "carl"},
        {"tea.example/@ann, @bob", "bob"},
        {"tea.example:8080/@ann", ""},
        {"tea.example:808080/@ann", "ann"},
        {"http://tea.example?by=@ann", ""},
        {"http://tea/@ann http://tea.1/@bob http://tea.x/@carl", "ann bob carl"},
        {"http://-tea.example/@ann http://te_a.example/@bob", "ann bob"},
        {"http://a_b.tea.example/@ann", ""},
        {"@tea.example/@ann #tea.example/@bob -tea.example/@carl", "tea ann bob carl"},
        {"http://\xe8\x8c\xb6.example/@ann \xe8\x8c\xb6.\xe8\x8c\xb6/@bob", "bob"},
        {"http://\xe3\x80\x80tea.example/@ann", ""},
        {"http://xn--x.xn--y/@ann", ""},
        {"Tea.http://tea.example/@ann", ""},
        {"http://tea.example/(green)/@ann", ""},
        {"http://tea.example/(a(b)c)/@ann", ""},
        {"http://tea.example/(a(b(c)))/@ann", "ann"},
        {"http://tea.example/(a(b)(c))/@ann", "ann"},
        {"http://tea.example/()/@ann", "ann"},
        {"http://tea.example/(/@ann", "ann"},
        {"http://tea.example/\xd1\x87\xd0\xb0\xd0\xb9/@ann", ""},
        {"1.1.1.1.1/@ann a.b.c.d/@bob .../@carl", "ann bob carl"},
    };
    CHECK(text_mentions, mentions);
    static const struct example hashtags[] = {
        {"http://tea.example/#green tea.example/a#b #oolong", "oolong"},
        {"http://tea.example/!#green http://tea.example/!(#oolong", "oolong"},
        {"http://tea.example/a.?b=#green", "green"},
        {"http://tea.example/a?b=#green. http://tea.example?!!! #oolong", "oolong"},
        {"http://t.co/abc:#green http://t.co/abc?x=#oolong", "green"},
        {"https://T.CO/abc,#green http://tt.co/abc,#oolong", "green"},
        {"http://t.co/abc#green", ""},
        {"mail@tea.example/#green", "green"},
    };
    CHECK(text_hashtags, hashtags);
}

static void
a_hashtag_needs_a_letter_or_mark(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"#tea #2tea #t2 #_t_", "tea 2tea t2 _t_"},
        {"#1 #_ #1_2 # tea #", ""},
        {"\xef\xbc\x83tea", "tea"},
        {"#\xe8\x8c\xb6 #\xd9\xa3 #\xd9\xa3\xd8\xb4", "\xe8\x8c\xb6 \xd9\xa3\xd8\xb4"},
        {"#\xe3\x80\x83 #\xe8\x8c\xb6\xe3\x80\x83", "\xe8\x8c\xb6\xe3\x80\x83"},
        {"#\xf0\xa0\x80\xa1", "\xf0\xa0\x80\xa1"},
        {"#te\xcc\x81 #a\xe2\x80\x8d", "te\xcc\x81 a\xe2\x80\x8d"},
        {"#tea! #tea-time #tea\xff", "tea tea tea"},
        {"#\xc2\xb7 #col\xc2\xb7la", "col\xc2\xb7la"},
    };
    CHECK(text_hashtags, examples);
}

static void
a_hashtag_begins_outside_words_and_keycaps(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"a#tea 1#tea _#tea &#tea \xe8\x8c\xb6#tea", ""},
        {"!#a (#b .#c -#d @#e ##f", "a b c d e f"},
        {"\xe2\x98\x95#a \xe2\x98\x95\xef\xb8\x8f#b \xe2\x98\x95\xef\xb8\x8e#c",
         "a b c"},
        {"#\xef\xb8\x8f\xe2\x83\xa3 #\xe2\x83\xa3 #\xef\xb8\x8ftea", ""},
        {"#a#b #c\xef\xbc\x83 #d", "d"},
        {"#ftp://x #a: #b:/", "a b"},
        {"#a##b", "b"},
    };
    CHECK(text_hashtags, examples);
}

static void
finds_are_counted_beyond_the_room(void **state)
{
    (void)state;
    struct text_entity found[1] = {{0}};
    struct slice text = SLICE_LIT("@ann @bob #tea #oolong #mate");
    assert_int_equal(text_mentions(text, found, 1), 2);
    assert_int_equal(found[0].start, 0);
    assert_int_equal(found[0].end, 4);
    assert_int_equal(text_hashtags(text, found, 1), 3);
    assert_int_equal(found[0].start, 10);
    assert_int_equal(found[0].end, 14);
    assert_int_equal(text_hashtags(text, NULL, 0), 3);
    assert_int_equal(text_mentions(SLICE_NONE, NULL, 0), 0);
    assert_int_equal(text_hashtags(SLICE_NONE, NULL, 0), 0);
}

static void
a_reply_starts_with_a_mention(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"@ann hi", "ann"},
        {" \n\xe3\x80\x80\xe2\x80\x8f\xe2\x81\xa7@ann", "ann"},
        {"\xef\xbc\xa0"
         "ann",
         "ann"},
        {"@ann@tea.example", ""},
        {"@ftp://x", ""},
        {"@ann\xc3\xa9", ""},
        {".@ann", ""},
        {"RT @ann", ""},
        {"@@ann", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct slice handle = SLICE_LIT("");
        bool is_reply = text_reply_to(slice_of(examples[i].text), &handle);
        assert_int_equal(is_reply, examples[i].found[0] != '\0');
        assert_true(slice_equal(handle, slice_of(examples[i].found)));
    }
}

static void
lower_case_maps_each_character_alone(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    struct slice text = SLICE_LIT("T\xc3\x84\xc4\xb0\xe2\x84\xaa\xc8\xba\xff\xce\xa3.");
    struct slice lower = text_lower(&arena, text);
    assert_true(slice_equal(lower, SLICE_LIT("t\xc3\xa4ik\xe2\xb1\xa5\xff\xcf\x83.")));
    assert_ptr_equal(text_lower(&arena, lower).ptr, lower.ptr);
    assert_true(slice_is_none(text_lower(&arena, SLICE_NONE)));
    arena_fini(&arena);
}

static void
lower_case_never_outgrows_its_room(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    char text[8];
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        size_t size = utf8_put(text, code);
        struct slice lower = text_lower(&arena, (struct slice){text, size});
        assert_true(lower.len <= size + size / 2);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static void
entities_are_decoded_once(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    struct slice text =
        SLICE_LIT("&lt;a&gt; &amp;lt; &quot;&apos;&#39;&#x27;&#X2F;&#233;&nbsp;.");
    assert_true(slice_equal(text_unescape(&arena, text),
                            SLICE_LIT("<a> &lt; \"'''/\xc3\xa9\xc2\xa0.")));
    static const char *const same[] = {
        "",
        "tea",
        "&",
        "&;",
        "&amp",
        "&AMP;",
        "& amp;",
        "&#;",
        "&#x;",
        "&#0;",
        "&#55296;",
        "&#1114112;",
        "&#99999999999999999999;",
        "&#12",
        "&#12a;",
        "&hellip;",
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_ptr_equal(text_unescape(&arena, slice_of(same[i])).ptr, same[i]);
    }
    assert_true(slice_is_none(text_unescape(&arena, SLICE_NONE)));
    arena_fini(&arena);
}

// No byte behind the text may be looked at: it stands at the end of its memory.
static void
a_find_may_end_with_the_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t (*find)(struct slice, struct text_entity *, size_t);
        const char *name;
    } texts[] = {
        {"hi @ann", text_mentions, "ann"},
        {"hi @a", text_mentions, "a"},
        {"@abcdefghijklmnopqrst", text_mentions, "abcdefghijklmnopqrst"},
        {"hi \xef\xbc\xa0"
         "ann",
         text_mentions, "ann"},
        {"RT @ann", text_mentions, "ann"},
        {"#tea", text_hashtags, "tea"},
        {"#\xc3\xa9", text_hashtags, "\xc3\xa9"},
        {"x #1a", text_hashtags, "1a"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i].text);
        char *copy = malloc(len);
        struct text_entity found[2];
        assert_non_null(copy);
        memcpy(copy, texts[i].text, len);
        assert_int_equal(texts[i].find((struct slice){copy, len}, found, 2), 1);
        assert_int_equal(found[0].end, len);
        assert_true(slice_equal(found[0].name, slice_of(texts[i].name)));
        free(copy);
    }
}

static void
hashtags_are_compared_in_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        const char *want;
    } tags[] = {
        {"#Tea", "tea"},
        {" \xef\xbc\x83##Tea\xe3\x80\x80", "tea"},
        {"# ", ""},
        {"", ""},
        {"CAFE\xcc\x81", "caf\xc3\xa9"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x83\xcf\x83"},
        {"\xc4\xb0x", "ix"},
        {"\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c"},
        {"\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"},
        {"\xef\xbd\x81", "\xef\xbd\x81"},
        {"a\xff", "a\xff"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        struct slice tag = text_hashtag(&arena, slice_of(tags[i].tag));
        assert_true(slice_equal(tag, slice_of(tags[i].want)));
        assert_true(slice_equal(text_hashtag(&arena, tag), tag));
    }
    assert_int_equal(text_hashtag(&arena, SLICE_NONE).len, 0);
    arena_fini(&arena);
}

static void
handles_are_compared_in_the_form_of_hashtags(void **state)
{
    (void)state;
    static const struct {
        const char *handle;
        const char *want;
    } handles[] = {
        {"Ann_1", "ann_1"},
        {"\xc3\x84rger", "\xc3\xa4rger"},
        {"A\xcc\x88RGER", "\xc3\xa4rger"},
        {"\xce\x9f\xce\xa3", "\xce\xbf\xcf\x83"},
        {"\xce\xbf\xcf\x82", "\xce\xbf\xcf\x83"},
        {"#x ", "#x "},
        {"", ""},
        {"a\xff", "a\xff"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        struct slice folded = text_fold(&arena, slice_of(handles[i].handle));
        assert_true(slice_equal(folded, slice_of(handles[i].want)));
    }
    assert_int_equal(text_fold(&arena, SLICE_NONE).len, 0);
    arena_fini(&arena);
}

static void
handles_lose_their_signs_and_blanks(void **state)
{
    (void)state;
    // The third sign is the full-width one.
    static const char *const handles[] = {"Ann", "@Ann", " @@Ann ", "＠Ann\t"};
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        assert_true(slice_equal(text_handle(slice_of(handles[i])), SLICE_LIT("Ann")));
    }
    assert_int_equal(text_handle(SLICE_LIT(" @ ")).len, 0);
    assert_int_equal(text_handle(SLICE_NONE).len, 0);
    assert_int_equal(text_handle(SLICE_LIT("a@b")).len, 3);
}

// "e" and an accent become one character; the marks of one that has too many stay.
static void
texts_of_any_length_are_composed(void **state)
{
    (void)state;
    enum { COUNT = 5000, MARKS = 1000 };
    static char text[3 * COUNT + 2 + 2 * MARKS];
    static char want[sizeof(text)];
    struct arena arena;
    arena_init(&arena, 1 << 20);
    size_t len = 0;
    size_t want_len = 0;
    for (size_t i = 0; i < COUNT; i++) {
        memcpy(text + len, "E\xcc\x81", 3);
        len += 3;
        memcpy(want + want_len, "\xc3\xa9", 2);
        want_len += 2;
    }
    text[len++] = want[want_len++] = 'x';
    for (size_t i = 0; i < MARKS; i++) {
        memcpy(text + len, "\xcc\x81", 2);
        memcpy(want + want_len, "\xcc\x81", 2);
        len += 2;
        want_len += 2;
    }
    struct slice folded = text_fold(&arena, (struct slice){text, len});
    assert_true(slice_equal(folded, (struct slice){want, want_len}));
    arena_fini(&arena);
}

static void
links_are_found_one_by_one_with_their_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hosts;
    } examples[] = {
        {"see tea.example, http://Shop.tea.example:80/x#y and t.co.",
         "tea.example Shop.tea.example t.co"},
        {"no link: e.g. 1.5 or a..b @ann.example", ""},
        {"https://a.example/https://b.example c.example", "a.example c.example"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        char hosts[256] = "";
        size_t len = 0;
        struct link_walk walk = link_walk(slice_of(examples[i].text));
        while (link_next(&walk)) {
            len += (size_t)snprintf(hosts + len, sizeof(hosts) - len, "%s%.*s",
                                    len != 0 ? " " : "", SLICE_ARG(walk.host));
        }
        assert_string_equal(hosts, examples[i].hosts);
    }
}

static void
an_address_has_a_host(void **state)
{
    (void)state;
    static const struct {
        const char *address, *host;
    } examples[] = {
        {"https://tea.example", "tea.example"},
        {"HTTPS://ann:b@tea.example.:443/x@y:z", "tea.example"},
        {"http://tea.example?x=//y", "tea.example"},
        {"http://[::1]:80/", "[::1]"},
        {"at://did:plc:a/x", "did"},
        {"tea.example/x", ""},
        {"https://", ""},
        {"https:///x", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct slice host = link_host(slice_of(examples[i].address));
        assert_true(slice_equal(host, slice_of(examples[i].host)));
    }
}

static void
past_the_arena_there_is_no_text(void **state)
{
    (void)state;
    struct arena arena;
    static char text[4096];
    memset(text, 'A', sizeof(text));
    memcpy(text, "&lt;", 4);
    struct slice big = {text, sizeof(text)};
    arena_init(&arena, 64);
    assert_true(slice_is_none(text_lower(&arena, big)));
    assert_true(arena.is_failed);
    arena_reset(&arena);
    assert_true(slice_is_none(text_unescape(&arena, big)));
    arena_fini(&arena);
}

static void
a_cut_ends_between_characters(void **state)
{
    (void)state;
    struct slice text = SLICE_LIT("a\xc3\xa9\xe8\x8c\xb6\xf0\x9f\x8d\xb5");
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++) {
        struct slice cut = text_cut(text, max);
        assert_int_equal(cut.len, want[max]);
        assert_ptr_equal(cut.ptr, text.ptr);
    }
    assert_true(slice_is_none(text_cut(SLICE_NONE, 1)));
    assert_int_equal(text_cut(SLICE_LIT("\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

static void
characters_read_the_same_backwards(void **state)
{
    (void)state;
    struct slice text =
        SLICE_LIT("a\xc3\xa9\x80\xe8\x8c\xf0\x9f\x8d\xb5\xff\x80\x80\x80\x80");
    size_t starts[32];
    size_t count = 0;
    for (size_t at = 0; at < text.len; at += utf8_at(text, at).size) {
        starts[count++] = at;
    }
    size_t end = text.len;
    while (count-- > 0) {
        struct utf8_char c = utf8_before(text, end);
        assert_int_equal(c.code, utf8_at(text, starts[count]).code);
        end -= c.size;
        assert_int_equal(end, starts[count]);
    }
    assert_int_equal(utf8_at(text, text.len).size, 0);
    assert_int_equal(utf8_before(text, 0).size, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mention_may_be_anywhere_but_inside_a_word),
        cmocka_unit_test(a_mention_may_follow_rt_as_a_whole_word),
        cmocka_unit_test(what_follows_may_spoil_a_mention),
        cmocka_unit_test(a_list_is_not_its_owner),
        cmocka_unit_test(nothing_is_found_inside_an_address),
        cmocka_unit_test(a_hashtag_needs_a_letter_or_mark),
        cmocka_unit_test(a_hashtag_begins_outside_words_and_keycaps),
        cmocka_unit_test(finds_are_counted_beyond_the_room),
        cmocka_unit_test(a_reply_starts_with_a_mention),
        cmocka_unit_test(lower_case_maps_each_character_alone),
        cmocka_unit_test(lower_case_never_outgrows_its_room),
        cmocka_unit_test(entities_are_decoded_once),
        cmocka_unit_test(a_find_may_end_with_the_text),
        cmocka_unit_test(hashtags_are_compared_in_one_form),
        cmocka_unit_test(handles_are_compared_in_the_form_of_hashtags),
        cmocka_unit_test(handles_lose_their_signs_and_blanks),
        cmocka_unit_test(texts_of_any_length_are_composed),
        cmocka_unit_test(links_are_found_one_by_one_with_their_hosts),
        cmocka_unit_test(an_address_has_a_host),
        cmocka_unit_test(past_the_arena_there_is_no_text),
        cmocka_unit_test(a_cut_ends_between_characters),
        cmocka_unit_test(characters_read_the_same_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
