#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/text/script.h"
#include "ingest/text/utf8.h"
#include "ingest/text/word_form.h"
#include "ingest/text/word_scan.h"
#include "ingest/text/word_sieve.h"

enum { ARENA_MAX = 1 << 16, WELL_KNOWN = 0x3400, RARELY = 61 };

static int
set_up(void **state)
{
    static struct word_scan scan;
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    assert_true(word_scan_init(&scan, &arena));
    arena_fini(&arena);
    *state = &scan;
    return 0;
}

static bool
may_contain(const struct word_scan *scan, struct slice text, struct slice word)
{
    struct automaton automaton;
    assert_true(automaton_init(&automaton, &word, 1));
    bool is_found = word_scan_may_contain(scan, &automaton, text);
    automaton_fini(&automaton);
    return is_found;
}

static bool
passes(struct slice text, struct slice word)
{
    struct word_sieve sieve;
    word_sieve_init(&sieve, &word, 1);
    return word_sieve_may_contain(&sieve, text);
}

// A word is not white space alone.
static bool
is_kept(const struct word_scan *scan, struct slice text, struct slice word)
{
    return slice_equal(word, SLICE_LIT(" ")) ||
           (passes(text, word) && may_contain(scan, text, word));
}

// The character alone, behind and before others that it may change.
static void
check_beside(const struct word_scan *scan, struct arena *arena, uint32_t code)
{
    static const char *const besides[] = {
        "", "a", "I", "\u03b1", "\u304b", "\u1100", "\uac00", "\u2003 ", "\u0f71\u1e0b",
    };
    for (size_t i = 0; i < sizeof(besides) / sizeof(besides[0]); i++) {
        struct slice beside = slice_of(besides[i]);
        char bytes[4];
        struct slice c = {bytes, utf8_put(bytes, code)};
        arena_reset(arena);
        struct slice behind = arena_join(arena, beside, c);
        struct slice before = arena_join(arena, c, beside);
        if (!is_kept(scan, behind, word_form(arena, behind)) ||
            !is_kept(scan, before, word_form(arena, before))) {
            fail_msg("U+%04X beside \"%s\"", code, besides[i]);
        }
    }
}

static void
a_text_may_contain_what_its_form_is(void **state)
{
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    for (uint32_t code = 1; code < WELL_KNOWN; code++) {
        check_beside(*state, &arena, code);
    }
    for (uint32_t code = WELL_KNOWN; code < WORD_SCAN_CODES + 0x100; code += RARELY) {
        check_beside(*state, &arena, code);
    }
    arena_fini(&arena);
}

static void
bytes_that_are_no_character_may_be_part_of_a_word(void **state)
{
    static const char *const texts[] = {"\xff",
                                        "a\xc3",
                                        "\xc3(",
                                        "\xe3\x81",
                                        "\xe3\x81z",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\x80",
                                        "\xf0\x9f\x98",
                                        "\xf8\x88\x80\x80\x80"};
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        arena_reset(&arena);
        struct slice text = slice_of(texts[i]);
        assert_true(is_kept(*state, text, word_form(&arena, text)));
    }
    arena_fini(&arena);
}

static void
white_space_counts_as_one_space(void **state)
{
    const struct slice word = SLICE_LIT("tiny garden");
    assert_true(may_contain(*state, slice_of("Tiny\t\n garden"), word));
    assert_true(may_contain(*state, slice_of("TINY\u3000\u00a0\u2003Garden"), word));
    assert_false(may_contain(*state, slice_of("tinygarden"), word));
}

static void
a_text_without_the_word_is_recognised_in_many_scripts(void **state)
{
    static const char *const texts[] = {
        "Dans l'\u00c9t\u00e9, \u00c0 Paris",
        "\u041c\u043e\u0441\u043a\u0432\u0430 \u0438 \u041a\u0438\u0435\u0432",
        "\u039f\u03b4\u03cc\u03c2 \u03a3",
        "\u304c\u3093\u3070\u308c\uff01\u3000\u6771\u4eac\u30d0\u30b9\u3001\uff11",
        "\ud55c\uad6d\uc5b4 \u1ebf \u00df",
        "\U0001f600 \u2764\ufe0f \U0001f468\u200d\U0001f469 \u2026 \u201cquoted\u201d",
        "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(may_contain(*state, slice_of(texts[i]), SLICE_LIT("garden")));
    }
}

static void
nothing_begins_within_a_run_of_letters_and_digits(void **state)
{
    assert_false(may_contain(*state, slice_of("party 7art"), SLICE_LIT("art")));
    assert_true(may_contain(*state, slice_of("p-art"), SLICE_LIT("art")));
    assert_true(may_contain(*state, slice_of("\u6771art"), SLICE_LIT("art")));
    assert_true(may_contain(*state, slice_of("a\u6771"), SLICE_LIT("\u6771")));
    const char all[] = "09azAZ";
    for (size_t i = 0; i < sizeof(all) - 1; i++) {
        for (size_t k = 0; k < sizeof(all) - 1; k++) {
            assert_false(script_separates((uint32_t)all[i], (uint32_t)all[k], false));
        }
    }
}

static void
a_text_passes_with_the_longest_run_of_a_word(void **state)
{
    (void)state;
    const struct slice word = SLICE_LIT("a keeper of lights");
    assert_true(passes(slice_of("A\u2003Keeper\tof"), word));
    assert_false(passes(slice_of("keeper of"), word)); // without white space before
    assert_false(passes(slice_of("a keep er of lights"), word));
    assert_true(passes(slice_of("LightHouse"), SLICE_LIT("a lighthouse")));
    assert_false(passes(SLICE_LIT(""), word));
    assert_true(passes(slice_of("Tea\t7"), SLICE_LIT("tea 7")));
    assert_false(passes(slice_of("tea"), SLICE_LIT("tea 7")));
    assert_false(passes(slice_of("ea 7"), SLICE_LIT("tea 7")));
    assert_true(passes(slice_of("caf\u00c9"), SLICE_LIT("caf\u00e9")));
    assert_true(passes(slice_of("\u0130\u017fI"), SLICE_LIT("i\u017fi")));
    assert_true(passes(slice_of("e\u0301"), SLICE_LIT("\u00e9")));
    assert_false(passes(slice_of("plain"), SLICE_LIT("\u00e9")));
}

static void
a_text_passes_with_any_of_many_words(void **state)
{
    (void)state;
    enum { WORDS = 100, WORD = 6 };
    char bytes[WORDS][WORD];
    struct slice words[WORDS];
    for (int i = 0; i < WORDS; i++) {
        const char word[WORD] = {
            'w', 'o', 'r', 'd', (char)('0' + i / 10), (char)('0' + i % 10)};
        memcpy(bytes[i], word, WORD);
        words[i] = (struct slice){bytes[i], WORD};
    }
    struct word_sieve sieve;
    word_sieve_init(&sieve, words, WORDS);
    for (int i = 0; i < WORDS; i++) {
        assert_true(word_sieve_may_contain(&sieve, words[i]));
    }
    assert_false(word_sieve_may_contain(&sieve, SLICE_LIT("word 12, ward12, word1")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_may_contain_what_its_form_is),
        cmocka_unit_test(bytes_that_are_no_character_may_be_part_of_a_word),
        cmocka_unit_test(white_space_counts_as_one_space),
        cmocka_unit_test(a_text_without_the_word_is_recognised_in_many_scripts),
        cmocka_unit_test(nothing_begins_within_a_run_of_letters_and_digits),
        cmocka_unit_test(a_text_passes_with_the_longest_run_of_a_word),
        cmocka_unit_test(a_text_passes_with_any_of_many_words),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
