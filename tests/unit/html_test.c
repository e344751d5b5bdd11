#include "ingest/text/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ARENA_LIMIT = 1 << 24, HOSTILE_SIZE = 1 << 20 };

struct example {
    const char *html;
    const char *text;
};

static void
check(const struct example *examples, size_t count)
{
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    for (size_t i = 0; i < count; i++) {
        struct slice text = html_text(&arena, slice_of(examples[i].html));
        if (!slice_equal(text, slice_of(examples[i].text))) {
            fail_msg("from \"%s\": want \"%s\", read \"%.*s\"", examples[i].html,
                     examples[i].text, SLICE_ARG(text));
        }
    }
    arena_fini(&arena);
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof(examples[0]))

static void
tags_go_and_their_text_stays(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"", ""},
        {"plain", "plain"},
        {"<p>one</p>", "one"},
        {"<p>hi <a href=\"https://tea.example/@ann\" class='u-url "
         "mention'>@<span>ann</span>"
         "</a>!</p>",
         "hi @ann!"},
        {"<a href=https://tea.example/><span class=\"invisible\">https://</span><span "
         "class=\"ellipsis\">tea.example/gr</span><span "
         "class=\"invisible\">een</span></a>",
         "https://tea.example/green"},
        {"a<b title='>' x = \">\" y=>b</b >c</B/>d", "abcd"},
        {"<a b='\">'>c</a>", "c"},
        {"<img alt=x/>y", "y"},
    };
    CHECK(examples);
}

static void
breaks_are_only_between_texts(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"<p>one</p><p>two</p>", "one\n\ntwo"},
        {"<p>one</p>\n <p>\ntwo</p>\n", "one\n\ntwo"},
        {"<p>one<br>two<br />three<BR/></p>", "one\ntwo\nthree"},
        {"one<br><br><br>two", "one\n\n\ntwo"},
        {"one<br></p><p>two", "one\n\ntwo"},
        {"<br>one", "one"},
        {"<ul><li>one</li><li>two</li></ul><p>three", "one\ntwo\n\nthree"},
        {"<h1>one</h1>two<div>three</div>", "one\ntwo\nthree"},
        {"<p><p><p></p>", ""},
        {"<pre>one\ntwo</pre>", "one\ntwo"},
    };
    CHECK(examples);
}

static void
entities_become_characters(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"&lt;b&gt; &amp;amp; &quot;&#39;&apos;", "<b> &amp; \"''"},
        {"&eacute;&Eacute;&hellip;&zwnj;&AElig;&thetasym;",
         "\xc3\xa9\xc3\x89\xe2\x80\xa6\xe2\x80\x8c\xc3\x86\xcf\x91"},
        {"&#x1F375;&#127861;", "\xf0\x9f\x8d\xb5\xf0\x9f\x8d\xb5"},
        {"&#0;&#xD800;&#x110000;&#99999999999999999999;",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"& &; &x; &amp &#; &#x; &#12 &unknownunknown; &lt",
         "& &; &x; &amp &#; &#x; &#12 &unknownunknown; &lt"},
        {"&lt;script&gt;", "<script>"},
    };
    CHECK(examples);
}

static void
what_a_page_does_not_show_is_removed(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"a<!-- <b> --> b<!---->c<!-->d<!--->e<!-- - -- ->f-->g", "a bcdeg"},
        {"a<!doctype html>b<?x?>c</ x>d</>e", "abcde"},
        {"a<script>if (1 < 2) { x = '</b>'; }</script>b", "ab"},
        {"a<STYLE media='>'>p{}</sTyle >b<script></a</script>c", "abc"},
        {"a<template><p>b</p></template>c<title>d</title>e", "ace"},
        {"a<script>b</scripty>c</script/>d", "ad"},
        {"a</script>b", "ab"},
    };
    CHECK(examples);
}

static void
unfinished_markup_takes_the_rest(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"a<b", "a"},        {"a<b c", "a"},     {"a<b c='>d", "a"},
        {"a<b c=", "a"},     {"a<!-- b", "a"},   {"a<!b", "a"},
        {"a<script>b", "a"}, {"a<script", "a"},  {"a</b", "a"},
        {"a<3 b", "a<3 b"},  {"a < b", "a < b"}, {"a<", "a<"},
        {"a</", "a</"},      {"a<<b>c", "a<c"},  {"a<script></scrip", "a"},
    };
    CHECK(examples);
}

static void
a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    struct slice text = html_text(&arena, SLICE_LIT("a\0<b>\0c</b>&amp\0;<br\0x>d"));
    assert_true(slice_equal(text, SLICE_LIT("a\0\0c&amp\0;d")));
    arena_fini(&arena);
}

static void
text_without_markup_is_not_copied(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    static char text[4096];
    memset(text, 'x', sizeof(text));
    struct slice plain = {text, sizeof(text)};
    assert_ptr_equal(html_text(&arena, plain).ptr, text);
    assert_true(slice_is_none(html_text(&arena, SLICE_NONE)));
    text[0] = '<';
    assert_true(slice_is_none(html_text(&arena, plain)));
    assert_true(arena.is_failed);
    arena_fini(&arena);
}

// Each pattern over and over: were any of them read again from each place, this would
// not end.
static void
hostile_input_costs_linear_time(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "<",    "&",   "<!--",    "<p><", "<script></",
        "</a<", "&#1", "<a b=\"", "<br>", "<p>&amp",
    };
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    char *html = malloc(HOSTILE_SIZE);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        size_t len = strlen(patterns[i]);
        for (size_t at = 0; at < HOSTILE_SIZE; at++) {
            html[at] = patterns[i][at % len];
        }
        struct slice text = html_text(&arena, (struct slice){html, HOSTILE_SIZE});
        assert_false(slice_is_none(text));
        assert_true(text.len <= HOSTILE_SIZE);
        arena_reset(&arena);
    }
    free(html);
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_go_and_their_text_stays),
        cmocka_unit_test(breaks_are_only_between_texts),
        cmocka_unit_test(entities_become_characters),
        cmocka_unit_test(what_a_page_does_not_show_is_removed),
        cmocka_unit_test(unfinished_markup_takes_the_rest),
        cmocka_unit_test(a_nul_byte_ends_nothing),
        cmocka_unit_test(text_without_markup_is_not_copied),
        cmocka_unit_test(hostile_input_costs_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
