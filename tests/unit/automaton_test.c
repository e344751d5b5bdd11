#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/automaton.h"
#include "tests/unit/made.h"

enum { WORDS_MAX = 64, WORD_MAX = 8, TEXT_MAX = 200 };

static int
by_bytes(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

// Of few letters, so that words begin and end with each other.
static size_t
make_words(uint32_t *state, char bytes[WORDS_MAX][WORD_MAX], struct slice *words)
{
    size_t count = 1 + made_random(state, WORDS_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = 1 + made_random(state, WORD_MAX);
        for (size_t k = 0; k < len; k++) {
            bytes[i][k] = (char)("ab\xff"[made_random(state, 3)]);
        }
        words[i] = (struct slice){bytes[i], len};
    }
    qsort(words, count, sizeof(*words), by_bytes);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !slice_equal(words[kept - 1], words[i])) {
            words[kept++] = words[i];
        }
    }
    return kept;
}

static void
every_word_is_found_wherever_it_ends(void **state)
{
    (void)state;
    uint32_t chance = 20261130;
    for (int round = 0; round < 300; round++) {
        char bytes[WORDS_MAX][WORD_MAX];
        struct slice words[WORDS_MAX];
        struct automaton automaton;
        size_t count = make_words(&chance, bytes, words);
        assert_true(automaton_init(&automaton, words, count));
        char text[TEXT_MAX];
        uint32_t at = 0;
        for (size_t i = 0; i < TEXT_MAX; i++) {
            text[i] = (char)("ab\xff"[made_random(&chance, 3)]);
            at = automaton_next(&automaton, at, (unsigned char)text[i]);
            bool found[WORDS_MAX] = {false};
            size_t longer = SIZE_MAX;
            for (uint32_t end = automaton_found(&automaton, at); end != 0;
                 end = automaton.states[end].shorter) {
                uint32_t word = automaton.states[end].word;
                assert_true(words[word].len < longer);
                longer = words[word].len;
                found[word] = true;
            }
            for (size_t k = 0; k < count; k++) {
                size_t len = words[k].len;
                bool ends_here =
                    len <= i + 1 && memcmp(text + i + 1 - len, words[k].ptr, len) == 0;
                assert_int_equal(found[k], ends_here);
            }
        }
        automaton_fini(&automaton);
    }
}

static void
without_words_there_are_no_states(void **state)
{
    (void)state;
    struct automaton automaton;
    assert_true(automaton_init(&automaton, NULL, 0));
    assert_null(automaton.states);
    automaton_fini(&automaton);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_found_wherever_it_ends),
        cmocka_unit_test(without_words_there_are_no_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
