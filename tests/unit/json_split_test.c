#include "ingest/json/json_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4 };

// The elements with '|' between them, or NULL. The text stands in memory of its own
// size, so that a sanitizer sees each byte read past it.
static const char *
split(const char *text)
{
    static char told[256];
    struct slice elements[MOST];
    size_t count = 99;
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    copy = realloc(copy, len != 0 ? len : 1);
    assert_non_null(copy);
    bool is_good = json_split((struct slice){copy, len}, elements, MOST, &count);
    told[0] = '\0';
    size_t used = 0;
    for (size_t i = 0; is_good && i < count; i++) {
        memcpy(told + used, elements[i].ptr, elements[i].len);
        used += elements[i].len;
        told[used++] = '|';
        told[used] = '\0';
    }
    assert_true(is_good || count == 99);
    free(copy);
    return is_good ? told : NULL;
}

static void
elements_come_in_order_and_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(split("[]"), "");
    assert_string_equal(split(" \r\n[ \t]\n"), "");
    assert_string_equal(split("[{}]"), "{}|");
    assert_string_equal(split("[{\"a\":[1,{\"b\":[]}]} , {\"c\":2}]\n"),
                        "{\"a\":[1,{\"b\":[]}]}|{\"c\":2}|");
    assert_string_equal(split("[{},{},{},{}]"), "{}|{}|{}|{}|");
    assert_string_equal(split("[null,{},\"a\",[[{}]]]"), "null|{}|\"a\"|[[{}]]|");
}

static void
brackets_and_quotes_in_strings_are_text(void **state)
{
    (void)state;
    assert_string_equal(split("[{\"a\":\"]}\\\"}{\\\\\"},{\"[\":1}]"),
                        "{\"a\":\"]}\\\"}{\\\\\"}|{\"[\":1}|");
}

static void
anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[",
        "[{}",
        "[{},",
        "[{},]",
        "[,{}]",
        "[{} {}]",
        "[{}]x",
        "[{}][]",
        "[{]",
        "[{\"a]",
        "[{\"a\\",
        "[{\"\\\"",
        "[}]",
        "<html>",
        "[{},{},{},{},{}]",
        "[{\"a\":[}]",
        "null",
        "]",
        "[{}]]",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (split(texts[i]) != NULL) {
            fail_msg("not refused: %s", texts[i]);
        }
    }
}

static void
elements_are_of_any_kind_and_what_is_not_one_array_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *elements; // NULL: refused
    } arrays[] = {
        {" [ ]", ""},
        {"[1,-2.5 , \"a,]\" ,[[1],{}],null,{\"a\":[]}] ",
         "1|-2.5|\"a,]\"|[[1],{}]|null|{\"a\":[]}|"},
        {"[{},", NULL},
        {"[{},]", NULL},
        {"[{} {}]", NULL},
        {"[{}]x", NULL},
        {"[,]", NULL},
        {"[{}", NULL},
        {"[\"a", NULL},
        {"[{\"a\\", NULL},
        {"[", NULL},
        {" {}", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
        enum { ROOM = 8 };
        struct slice elements[ROOM];
        size_t count = 0;
        char joined[64] = "";
        bool is_good = json_split(slice_of(arrays[i].text), elements, ROOM, &count);
        assert_int_equal(is_good, arrays[i].elements != NULL);
        for (size_t k = 0; is_good && k < count; k++) {
            (void)strncat(joined, elements[k].ptr, elements[k].len);
            (void)strcat(joined, "|");
        }
        if (is_good) {
            assert_string_equal(joined, arrays[i].elements);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_in_order_and_as_they_are),
        cmocka_unit_test(brackets_and_quotes_in_strings_are_text),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(elements_are_of_any_kind_and_what_is_not_one_array_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
