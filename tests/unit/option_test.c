#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct options {
    bool is_loud;
    uint64_t count;
    uint64_t bytes;
    usec span;
    char text[OPTION_TEXT_MAX];
    struct option_spans spans;
    double real;
    struct option_counts counts;
    struct option_texts texts;
    struct option_words many;
};

enum { LOUD, COUNT, BYTES, SPAN, TEXT, SPANS, REAL, COUNTS, TEXTS, WORDS };

#define AT(field) offsetof(struct options, field)

// clang-format off
static const struct option rows[] = {
    {"loud",         OPTION_BOOL,  "no",     0, 0,                          true,  AT(is_loud), "Loud"},
    {"redis.top",    OPTION_COUNT, "1000",   1, 1000000,                    false, AT(count),   "Top"},
    {"ring.size",    OPTION_BYTES, "64M",    4096, INT64_C(1) << 36,        false, AT(bytes),   "Size"},
    {"redis.flush",  OPTION_SPAN,  "100ms",  10 * USEC_PER_MS, USEC_PER_MIN, true, AT(span),    "Flush"},
    {"redis.prefix", OPTION_TEXT,  "cascaded:", 1, 64,                      false, AT(text),    "Prefix"},
    {"windows",      OPTION_SPANS, "5m, 1h, 24h", USEC_PER_MIN, 30 * USEC_PER_DAY, false, AT(spans), "Windows"},
    {"min",          OPTION_REAL,  "0",      0, 1000,                       true,  AT(real),   "Least"},
    {"levels",       OPTION_COUNTS, "1",     1, 100,                        true,  AT(counts), "Levels"},
    {"words",        OPTION_TEXTS, "",       0, 16,                         true,  AT(texts),  "Words"},
    {"many",         OPTION_WORDS, "",       0, 16,                         true,  AT(many),   "Words"},
    OPTION_END,
};
// clang-format on

static struct options
presets(void)
{
    struct options options;
    memset(&options, 0, sizeof(options));
    option_presets(rows, &options);
    return options;
}

static void
assert_sets(size_t row, const char *text, const char *written)
{
    struct options options = presets();
    struct error error = {0};
    assert_int_equal(option_set(&rows[row], &options, slice_of(text), &error),
                     STATUS_OK);
    char back[1024];
    assert_int_equal(option_format(&rows[row], &options, back, sizeof(back)),
                     strlen(written));
    assert_string_equal(back, written);
    assert_int_equal(error.code, STATUS_OK);
}

// Also: nothing is stored, and the failure can be had without the text.
static void
assert_refuses(size_t row, const char *text, enum status code, const char *message)
{
    struct options before = presets();
    struct options options = before;
    struct error error = {0};
    assert_int_equal(option_set(&rows[row], &options, slice_of(text), &error), code);
    assert_int_equal(error.code, code);
    assert_string_equal(error.text, message);
    assert_memory_equal(&options, &before, sizeof(options));
    assert_int_equal(option_set(&rows[row], &options, slice_of(text), NULL), code);
}

static void
option_presets_fill_every_field(void **state)
{
    (void)state;
    struct options options = presets();
    assert_false(options.is_loud);
    assert_int_equal(options.count, 1000);
    assert_int_equal(options.bytes, 64 << 20);
    assert_int_equal(options.span, 100 * USEC_PER_MS);
    assert_string_equal(options.text, "cascaded:");
    assert_int_equal(options.spans.count, 3);
    assert_int_equal(options.spans.length[0], 5 * USEC_PER_MIN);
    assert_int_equal(options.spans.length[2], USEC_PER_DAY);
    assert_string_equal(options.spans.name[2], "24h");
}

static void
option_reads_truth(void **state)
{
    (void)state;
    assert_sets(LOUD, "true", "true");
    assert_sets(LOUD, "yes", "true");
    assert_sets(LOUD, "on", "true");
    assert_sets(LOUD, "off", "false");
    assert_refuses(LOUD, "maybe", STATUS_PARSE, "loud: \"maybe\" is not true or false");
    assert_refuses(LOUD, "", STATUS_PARSE, "loud: \"\" is not true or false");
}

static void
option_reads_whole_numbers_within_their_limits(void **state)
{
    (void)state;
    assert_sets(COUNT, "1", "1");
    assert_sets(COUNT, "1000000", "1000000");
    assert_refuses(COUNT, "0", STATUS_RANGE,
                   "redis.top: \"0\" is not from 1 to 1000000");
    assert_refuses(COUNT, "1000001", STATUS_RANGE,
                   "redis.top: \"1000001\" is not from 1 to 1000000");
    assert_refuses(COUNT, "99999999999999999999999", STATUS_RANGE,
                   "redis.top: \"99999999999999999999999\" is not from 1 to 1000000");
    assert_refuses(COUNT, "-1", STATUS_PARSE,
                   "redis.top: \"-1\" is not a whole number");
    assert_refuses(COUNT, "1K", STATUS_PARSE,
                   "redis.top: \"1K\" is not a whole number");
    assert_refuses(COUNT, "", STATUS_PARSE, "redis.top: \"\" is not a whole number");
}

static void
option_reads_sizes(void **state)
{
    (void)state;
    assert_sets(BYTES, "4096", "4K");
    assert_sets(BYTES, "4097", "4097");
    assert_sets(BYTES, "1536K", "1536K");
    assert_sets(BYTES, "1024M", "1G");
    assert_sets(BYTES, "64G", "64G");
    assert_refuses(BYTES, "4095", STATUS_RANGE,
                   "ring.size: \"4095\" is not from 4K to 64G");
    assert_refuses(BYTES, "65G", STATUS_RANGE,
                   "ring.size: \"65G\" is not from 4K to 64G");
    assert_refuses(BYTES, "17179869185G", STATUS_RANGE, // 1 GiB past 2^64
                   "ring.size: \"17179869185G\" is not from 4K to 64G");
    static const char *const malformed[] = {"M", "1T", "1KB", "1 K", "1k"};
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct options options = presets();
        assert_int_equal(
            option_set(&rows[BYTES], &options, slice_of(malformed[i]), NULL),
            STATUS_PARSE);
    }
}

static void
option_reads_durations(void **state)
{
    (void)state;
    assert_sets(SPAN, "10ms", "10ms");
    assert_sets(SPAN, "60s", "1m");
    assert_refuses(SPAN, "9ms", STATUS_RANGE,
                   "redis.flush: \"9ms\" is not from 10ms to 1m");
    assert_refuses(SPAN, "2m", STATUS_RANGE,
                   "redis.flush: \"2m\" is not from 10ms to 1m");
    assert_refuses(SPAN, "999999d", STATUS_RANGE,
                   "redis.flush: \"999999d\" is not from 10ms to 1m");
    assert_refuses(
        SPAN, "soon", STATUS_PARSE,
        "redis.flush: \"soon\" is not a duration such as 250ms, 5s, 90m, 24h or 7d");
}

static void
option_reads_text_within_its_length(void **state)
{
    (void)state;
    assert_sets(TEXT, "a", "a");
    char longest[66];
    memset(longest, 'x', sizeof(longest));
    longest[64] = '\0';
    assert_sets(TEXT, longest, longest);
    longest[64] = 'x';
    longest[65] = '\0';
    assert_refuses(
        TEXT, longest, STATUS_RANGE,
        "redis.prefix: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" is not from 1 "
        "to 64 bytes long");
    assert_refuses(TEXT, "", STATUS_RANGE,
                   "redis.prefix: \"\" is not from 1 to 64 bytes long");
    assert_refuses(TEXT, " \t", STATUS_PARSE,
                   "redis.prefix: \" \t\" is not a text: it is only white space");
    assert_refuses(TEXT, "a\nb", STATUS_PARSE,
                   "redis.prefix: the text must be free of control characters");
    struct options options = presets();
    assert_int_equal(option_set(&rows[TEXT], &options, SLICE_LIT("a\0b"), NULL),
                     STATUS_PARSE);
}

static void
option_reads_a_list_with_or_without_braces(void **state)
{
    (void)state;
    assert_sets(SPANS, "5m,1h", "5m, 1h");
    assert_sets(SPANS, " { 60m , 24h } ", "60m, 24h");
    assert_sets(SPANS, "{1h}", "1h");
    assert_sets(SPANS, "1m,2m,3m,4m,5m,6m,7m,8m", "1m, 2m, 3m, 4m, 5m, 6m, 7m, 8m");
    assert_refuses(SPANS, "1m,2m,3m,4m,5m,6m,7m,8m,9m", STATUS_RANGE,
                   "windows: at most 8 durations");
    assert_refuses(SPANS, "60m, 5m, 1h", STATUS_RANGE,
                   "windows: 60m and 1h are the same; name it once");
    assert_refuses(SPANS, "5m, 31d", STATUS_RANGE,
                   "windows: \"31d\" is not from 1m to 30d");
    assert_refuses(
        SPANS, "5m, 0000000000000001h", STATUS_PARSE,
        "windows: \"0000000000000001h\" is not short enough: leave out leading "
        "zeros");
    static const char *const malformed[] = {"",    "{}",    ",",   "5m,",
                                            ",5m", "5m;1h", "{5m", "5m}"};
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct options options = presets();
        assert_int_equal(
            option_set(&rows[SPANS], &options, slice_of(malformed[i]), NULL),
            STATUS_PARSE);
    }
}

static void
option_reads_decimal_numbers(void **state)
{
    (void)state;
    assert_sets(REAL, "20", "20");
    assert_sets(REAL, "0.75", "0.75");
    assert_sets(REAL, "0", "0");
    assert_sets(REAL, "1000.0", "1000");
    assert_refuses(REAL, "1000.1", STATUS_RANGE,
                   "min: \"1000.1\" is not from 0 to 1000");
    static const char *const malformed[] = {"",   ".5",    "5.", "1e3",
                                            "-1", "1.2.3", "nan"};
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct options options = presets();
        assert_int_equal(
            option_set(&rows[REAL], &options, slice_of(malformed[i]), NULL),
            STATUS_PARSE);
    }
    char huge[401];
    memset(huge, '9', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    struct options options = presets();
    assert_int_equal(option_set(&rows[REAL], &options, slice_of(huge), NULL),
                     STATUS_RANGE);
}

static void
option_reads_lists_of_numbers_and_texts(void **state)
{
    (void)state;
    assert_sets(COUNTS, "{1, 3,10}", "1, 3, 10");
    assert_sets(COUNTS, "7", "7");
    assert_refuses(COUNTS, "3, 1", STATUS_RANGE,
                   "levels: write each number once and the smaller ones first");
    assert_refuses(COUNTS, "1, 1", STATUS_RANGE,
                   "levels: write each number once and the smaller ones first");
    assert_refuses(COUNTS, "1, 101", STATUS_RANGE,
                   "levels: \"101\" is not from 1 to 100");
    assert_refuses(COUNTS, "1,2,3,4,5,6,7,8,9", STATUS_RANGE,
                   "levels: at most 8 numbers");
    assert_refuses(COUNTS, "", STATUS_PARSE, "levels: \"\" is not a whole number");
    assert_sets(TEXTS, "{tea, quiz night}", "tea, quiz night");
    assert_sets(TEXTS, "", "");
    assert_sets(TEXTS, "{}", "");
    assert_refuses(TEXTS, "tea,,milk", STATUS_PARSE,
                   "words: one of the texts is empty");
    assert_refuses(TEXTS, "more than sixteen", STATUS_RANGE,
                   "words: \"more than sixteen\" is not from 0 to 16 bytes long");
}

static void
option_texts_come_one_by_one(void **state)
{
    (void)state;
    struct options options = presets();
    assert_null(option_texts_next(&options.texts, NULL));
    assert_int_equal(
        option_set(&rows[TEXTS], &options, SLICE_LIT("tea, quiz night"), NULL),
        STATUS_OK);
    const char *text = option_texts_next(&options.texts, NULL);
    assert_string_equal(text, "tea");
    text = option_texts_next(&options.texts, text);
    assert_string_equal(text, "quiz night");
    assert_null(option_texts_next(&options.texts, text));
}

static void
a_list_as_long_as_can_be_ends(void **state)
{
    (void)state;
    struct option row = rows[TEXTS];
    row.max = OPTION_TEXTS_MAX;
    char list[OPTION_TEXTS_MAX];
    for (size_t i = 0; i < sizeof(list); i++) {
        list[i] = i % 2 != 0 && i + 1 != sizeof(list) ? ',' : 'a';
    }
    struct options options = presets();
    assert_int_equal(
        option_set(&row, &options, (struct slice){list, sizeof(list)}, NULL),
        STATUS_OK);
    size_t count = 0;
    const char *text = NULL;
    while ((text = option_texts_next(&options.texts, text)) != NULL) {
        count++;
    }
    assert_int_equal(count, options.texts.count);
    assert_int_equal(count, OPTION_TEXTS_MAX / 2);
}

static void
words_are_added_to_a_list_until_it_is_full(void **state)
{
    (void)state;
    struct options options = presets();
    struct error error = {0};
    assert_sets(WORDS, "tea, quiz night", "tea, quiz night");
    assert_refuses(WORDS, "tea,,milk", STATUS_PARSE, "many: one of the texts is empty");
    assert_refuses(WORDS, "tea,", STATUS_PARSE, "many: one of the texts is empty");
    assert_null(option_words_next(&options.many, NULL));
    assert_int_equal(option_add(&rows[WORDS], &options, SLICE_LIT(" tea "), NULL),
                     STATUS_OK);
    assert_int_equal(option_add(&rows[WORDS], &options, SLICE_LIT("quiz night"), NULL),
                     STATUS_OK);
    assert_int_equal(option_add(&rows[WORDS], &options, SLICE_LIT("it"), &error),
                     STATUS_RANGE);
    assert_string_equal(error.text, "many: the list is longer than 16 bytes");
    assert_int_equal(option_add(&rows[WORDS], &options, SLICE_LIT(" "), NULL),
                     STATUS_PARSE);
    const char *text = option_words_next(&options.many, NULL);
    assert_string_equal(text, "tea");
    text = option_words_next(&options.many, text);
    assert_string_equal(text, "quiz night");
    assert_null(option_words_next(&options.many, text));
    assert_int_equal(options.many.count, 2);
    assert_sets(WORDS, "a, 12345678901234", "a, 12345678901234"); // 16 bytes and an end
    assert_refuses(WORDS, "a, 12345678901234, b", STATUS_RANGE,
                   "many: the list is longer than 16 bytes");
}

static void
option_format_cuts_as_snprintf_does(void **state)
{
    (void)state;
    struct options options = presets();
    char text[6];
    assert_int_equal(option_format(&rows[SPANS], &options, text, sizeof(text)), 11);
    assert_string_equal(text, "5m, 1");
    assert_int_equal(option_format(&rows[SPANS], &options, NULL, 0), 11);
    assert_int_equal(option_format(&rows[TEXT], &options, text, sizeof(text)), 9);
    assert_string_equal(text, "casca");
    options.spans.count = 0;
    assert_int_equal(option_format(&rows[SPANS], &options, text, sizeof(text)), 0);
    assert_string_equal(text, "");
}

static void
option_writes_what_it_reads_back(void **state)
{
    (void)state;
    struct options options = presets();
    for (size_t row = 0; rows[row].name != NULL; row++) {
        char text[256];
        (void)option_format(&rows[row], &options, text, sizeof(text));
        assert_sets(row, text, text);
    }
}

static void
two_values_of_an_option_are_compared(void **state)
{
    static const char *const others[] = {
        [LOUD] = "yes",        [COUNT] = "999",      [BYTES] = "65M", [SPAN] = "101ms",
        [TEXT] = "cascaded2:", [SPANS] = "5m, 1h",   [REAL] = "0.5",  [COUNTS] = "1, 2",
        [TEXTS] = "one, two",  [WORDS] = "one, two",
    };
    (void)state;
    for (size_t i = 0; rows[i].name != NULL; i++) {
        struct options one = presets();
        struct options other = presets();
        assert_true(option_equal(&rows[i], &one, &other));
        assert_int_equal(
            option_set(&rows[i], &other, slice_of(others[i]), &(struct error){0}),
            STATUS_OK);
        for (size_t k = 0; rows[k].name != NULL; k++) {
            assert_int_equal(option_equal(&rows[k], &one, &other), k != i);
        }
        if (i == TEXTS || i == WORDS) { // the start of a list is another list
            assert_int_equal(option_set(&rows[i], &one, SLICE_LIT("one"), NULL),
                             STATUS_OK);
            assert_false(option_equal(&rows[i], &one, &other));
            assert_false(option_equal(&rows[i], &other, &one));
        }
    }
}

static void
option_types_have_different_names(void **state)
{
    (void)state;
    for (int a = OPTION_BOOL; a <= OPTION_TEXTS; a++) {
        for (int b = OPTION_BOOL; b < a; b++) {
            assert_string_not_equal(option_type_name((enum option_type)a),
                                    option_type_name((enum option_type)b));
        }
    }
}

static void
error_keeps_the_first_failure_and_the_first_place(void **state)
{
    (void)state;
    struct error error = {0};
    error_at(&error, "early.conf", 1, 1);
    assert_int_equal(error.line, 0); // nothing has gone wrong yet
    assert_int_equal(error_set(&error, STATUS_PARSE, "first %d", 1), STATUS_PARSE);
    assert_int_equal(error_set(&error, STATUS_IO, "second"), STATUS_IO);
    assert_int_equal(error.code, STATUS_PARSE);
    assert_string_equal(error.text, "first 1");
    error_at(&error, "a.conf", 7, 3);
    error_at(&error, "b.conf", 8, 4);
    assert_string_equal(error.file, "a.conf");
    assert_int_equal(error.line, 7);
    assert_int_equal(error.column, 3);
    assert_int_equal(error_set(NULL, STATUS_IO, "nobody reads"), STATUS_IO);
    error_at(NULL, "a.conf", 1, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_presets_fill_every_field),
        cmocka_unit_test(option_reads_truth),
        cmocka_unit_test(option_reads_whole_numbers_within_their_limits),
        cmocka_unit_test(option_reads_sizes),
        cmocka_unit_test(option_reads_durations),
        cmocka_unit_test(option_reads_text_within_its_length),
        cmocka_unit_test(option_reads_a_list_with_or_without_braces),
        cmocka_unit_test(option_reads_decimal_numbers),
        cmocka_unit_test(option_reads_lists_of_numbers_and_texts),
        cmocka_unit_test(option_texts_come_one_by_one),
        cmocka_unit_test(words_are_added_to_a_list_until_it_is_full),
        cmocka_unit_test(a_list_as_long_as_can_be_ends),
        cmocka_unit_test(option_format_cuts_as_snprintf_does),
        cmocka_unit_test(option_writes_what_it_reads_back),
        cmocka_unit_test(two_values_of_an_option_are_compared),
        cmocka_unit_test(option_types_have_different_names),
        cmocka_unit_test(error_keeps_the_first_failure_and_the_first_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
