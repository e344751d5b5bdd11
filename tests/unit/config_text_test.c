#include "daemon/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/made.h"

static void
assert_becomes(const char *text, const char *expected)
{
    // Exactly as long as the text, so that a look behind its end is found.
    size_t size = strlen(text);
    char *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, text, size);
    config_text_blank(copy, size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(copy, expected, size);
    free(copy);
}

static void
comments_become_blank_and_line_ends_stay(void **state)
{
    (void)state;
    assert_becomes("a = 1 # b\nc = 2", "a = 1    \nc = 2");
    assert_becomes("a = 1# b\n", "a = 1   \n");
    assert_becomes("//b\na = 1", "   \na = 1");
    assert_becomes("a = /* b\n * c */ 1", "a =     \n        1");
    assert_becomes("a/**/ = /**/1", "a/**/ =     1");
    assert_becomes("w = {5m, # b\n  1h} // c", "w = {5m,    \n  1h}     ");
    assert_becomes("/*/ a */b", "        b");
    assert_becomes("\xEF\xBB\xBFw = 5m", "   w = 5m");
    assert_becomes("", "");
}

static void
what_only_looks_like_a_comment_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "url = https://example.org/a//b",
        "url = \"https://example.org/#a\"",
        "a = '# b' c = \"/* d */\"",
        "a = \"b \\\" # c\" d = 'e \\' // f'",
        "a = \"one\n# two\"",
        "a = b/*c",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_becomes(texts[i], texts[i]);
    }
}

static void
what_has_no_end_reaches_to_the_end(void **state)
{
    (void)state;
    assert_becomes("a /* b", "a     ");
    assert_becomes("/*", "  ");
    assert_becomes("/*/", "   ");
    assert_becomes("a \"# b", "a \"# b");
    assert_becomes("a \"\\", "a \"\\");
    assert_becomes("/", "/");
}

static void
any_text_keeps_its_length_its_lines_and_what_is_quoted(void **state)
{
    (void)state;
    static const char letters[] = "a \n\"'\\#/*={";
    uint32_t random = 20261125;
    for (int round = 0; round < 20000; round++) {
        enum { SIZE = 24 };
        char text[SIZE];
        char after[SIZE];
        for (size_t i = 0; i < SIZE; i++) {
            text[i] = letters[made_random(&random, sizeof(letters) - 1)];
        }
        memcpy(after, text, SIZE);
        config_text_blank(after, SIZE);
        for (size_t i = 0; i < SIZE; i++) {
            assert_true(after[i] == text[i] || (after[i] == ' ' && text[i] != '\n'));
        }
        char twice[SIZE];
        memcpy(twice, after, SIZE);
        config_text_blank(twice, SIZE);
        assert_memory_equal(twice, after, SIZE); // no comment is left
    }
}

static enum status
check(const char *text, size_t size, struct error *error)
{
    // Exactly as long as the text, so that a look behind its end is found.
    char *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, text, size);
    enum status status = config_text_check("a.conf", copy, size, error);
    free(copy);
    return status;
}

static void
what_is_cut_or_names_a_variable_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *why;
    } cases[] = {
        {"a = 1\nredis {\n top = 5\n", 2, "has no }"},
        {"redis {\n}\nw = {5m,\n 1h", 3, "has no }"},
        {"a {\n b {\n } # }\n", 1, "has no }"},
        {"a {\n b {\n '}' /* } */", 2, "has no }"},
        {"{{{{{{{{{{{{", 1, "has no }"},
        {"a = 1\nb = \"cut", 2, "no closing quotation mark"},
        {"a = 'cut\nb = 'x'", 1, "no closing quotation mark"},
        {"a = \"x\nb\"\n", 1, "no closing quotation mark"},
        {"a = \"x\\\" # y", 1, "no closing quotation mark"},
        {"a = \"x\\", 1, "no closing quotation mark"},
        {"\n\n/* cut\n * more\n", 3, "has no */"},
        {"\n/*/", 2, "has no */"},
        {"a = 1\nb = \"${HOME}\"", 2, "${…} is not replaced"},
        {"a = \"x\\\ny ${A:-b}\"", 2, "${…} is not replaced"},
        {"a = x${HOME}", 1, "${…} is not replaced"},
        {"a = ${", 1, "${…} is not replaced"},
        {"a = \"\\0\"", 1, "byte of 0"},
        {"a = \"x\\000\"", 1, "byte of 0"},
        {"a = \"\\x00\"", 1, "byte of 0"},
        {"a = \"\\x0g\"", 1, "byte of 0"},
        {"\na = \"\xFC\"", 2, "not UTF-8"},
        {"\xFF\xFEw", 1, "UTF-16"},
        {"\xFE\xFF", 1, "UTF-16"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        assert_int_equal(check(cases[i].text, strlen(cases[i].text), &error),
                         STATUS_PARSE);
        assert_non_null(strstr(error.text, cases[i].why));
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.file, "a.conf");
    }
    struct error error = {0};
    assert_int_equal(check("a = 1\n# \0\n", 10, &error), STATUS_PARSE);
    assert_int_equal(error.line, 2);
}

static void
what_is_whole_is_not_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\xEF\xBB\xBF"
        "a = 1\r\nb {\r\n c = \"d\"\r\n}\r\n",
        "a = '${HOME}' b = \"\\${HOME}\" c = $HOME d = \"$\" # ${E}",
        "a = \"one \\\n two\" b = 'it\\'s {'",
        "a = \"\\01 \\10 \\x01 \\x10 \\\\0\" b = '\\0'",
        "a = \"{\" # {\n/* { \" */ b = 'caf\xC3\xA9' # f\xFC"
        "r",
        "a = https://x//y{}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};
        assert_int_equal(check(texts[i], strlen(texts[i]), &error), STATUS_OK);
    }
}

static void
a_text_cut_anywhere_within_something_is_refused(void **state)
{
    (void)state;
    static const char text[] = "windows = {5m, 1h}\n/* one\n two */\nredis {\n"
                               "    url = \"unix:/a\" # three\n    top = 5\n}\n"
                               "alert \"a\" {\n    min_size = 5\n}\n";
    int braces = 0;
    int quotes = 0;
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        const char *begin = strstr(text, "/*");
        const char *end = strstr(text, "*/") + 2;
        bool is_in_comment = text + cut >= begin + 2 && text + cut < end;
        bool is_whole = braces == 0 && quotes % 2 == 0 && !is_in_comment;
        assert_int_equal(check(text, cut, NULL), is_whole ? STATUS_OK : STATUS_PARSE);
        braces += (text[cut] == '{') - (text[cut] == '}');
        quotes += text[cut] == '"';
    }
}

static void
a_file_is_read_whole_or_refused(void **state)
{
    (void)state;
    char path[] = "./config_text_XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (int i = 0; i < 50000; i++) {
        fputc('a' + i % 26, file);
    }
    fclose(file);
    struct buffer text;
    buffer_init(&text, 1 << 16);
    assert_int_equal(config_text_read(path, &text, NULL), STATUS_OK);
    assert_int_equal(text.size, 50000);
    assert_int_equal(text.bytes[49999], 'a' + 49999 % 26);
    buffer_fini(&text);
    buffer_init(&text, 1 << 15);
    assert_int_equal(config_text_read(path, &text, NULL), STATUS_FULL);
    buffer_fini(&text);
    unlink(path);
    buffer_init(&text, 1 << 16);
    assert_int_equal(config_text_read(path, &text, NULL), STATUS_IO);
    assert_int_equal(config_text_read(".", &text, NULL), STATUS_IO);
    buffer_fini(&text);
}

static void
assert_filled(const char *text, const char *expected)
{
    struct buffer filled;
    buffer_init(&filled, 1024);
    config_text_fill(slice_of(text), &filled);
    assert_int_equal(filled.size, strlen(expected));
    assert_memory_equal(filled.bytes, expected, filled.size);
    buffer_fini(&filled);
}

static void
an_empty_list_gets_an_item_and_nothing_else_does(void **state)
{
    (void)state;
    assert_filled("a = {}", "a = {\"\x01\"}");
    assert_filled("a ={ \t\n } b={}", "a ={\"\x01\" \t\n } b={\"\x01\"}");
    static const char *const texts[] = {
        "a { }",
        "a = { b }",
        "a = {",
        "a \"=\" { }",
        "a = '={}'",
        "a = \"\\\"={}\" b { }",
        "a = b c \"d\" {}",
        "a = \"b\"\nc {}",
        "a = {\"\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_filled(texts[i], texts[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_become_blank_and_line_ends_stay),
        cmocka_unit_test(an_empty_list_gets_an_item_and_nothing_else_does),
        cmocka_unit_test(what_only_looks_like_a_comment_stays),
        cmocka_unit_test(what_has_no_end_reaches_to_the_end),
        cmocka_unit_test(any_text_keeps_its_length_its_lines_and_what_is_quoted),
        cmocka_unit_test(what_is_cut_or_names_a_variable_is_refused_with_its_line),
        cmocka_unit_test(what_is_whole_is_not_refused),
        cmocka_unit_test(a_text_cut_anywhere_within_something_is_refused),
        cmocka_unit_test(a_file_is_read_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
