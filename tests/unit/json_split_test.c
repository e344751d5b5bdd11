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
a_walk_takes_any_elements_and_reports_where_the_array_breaks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *elements;
        bool is_broken;
    } arrays[] = {
        {" [ ]", "", false},
        {"[1,-2.5 , \"a,]\" ,[[1],{}],null,{\"a\":[]}] ",
         "1|-2.5|\"a,]\"|[[1],{}]|null|{\"a\":[]}|", false},
        {"[{},", "{}|", true},
        {"[{},]", "{}|", true},
        {"[{} {}]", "{}|", true},
        {"[{}]x", "{}|", true},
        {"[,]", "", true},
        {"[{}", "{}|", true},
        {"[\"a", "", true},
        {"[{\"a\\", "", true},
        {"[", "", true},
    };
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
        struct json_split_walk walk;
        struct slice element;
        char told[64] = "";
        assert_true(json_split_begin(&walk, slice_of(arrays[i].text)));
        while (json_split_next(&walk, &element)) {
            (void)strncat(told, element.ptr, element.len);
            (void)strcat(told, "|");
        }
        assert_string_equal(told, arrays[i].elements);
        assert_int_equal(walk.is_broken, arrays[i].is_broken);
    }
    struct json_split_walk walk;
    assert_false(json_split_begin(&walk, slice_of(" {}")));
    assert_false(json_split_begin(&walk, SLICE_NONE));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_in_order_and_as_they_are),
        cmocka_unit_test(brackets_and_quotes_in_strings_are_text),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_walk_takes_any_elements_and_reports_where_the_array_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
