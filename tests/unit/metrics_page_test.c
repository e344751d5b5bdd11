#include "sinks/http/metrics_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct values {
    uint64_t seen;
    uint64_t broken;
    uint64_t held;
};

// clang-format off
static const struct metric rows[] = {
    {"a_total", "kind=\"seen\"", METRIC_COUNTER, offsetof(struct values, seen), "Things \"a\\b\""},
    {"a_total", "kind=\"broken\"", METRIC_COUNTER, offsetof(struct values, broken), "Things"},
    {"held", NULL, METRIC_GAUGE, offsetof(struct values, held), "Held now"},
    METRIC_END,
};
// clang-format on

static void
page_explains_each_name_once_and_escapes_labels(void **state)
{
    (void)state;
    const struct values values[] = {{1, 2, 3}, {4, 5, UINT64_MAX}};
    const struct metrics_instance instances[] = {{&values[0], "x", NULL},
                                                 {&values[1], "a\"b\\c\nd", NULL}};
    struct buffer page;
    buffer_init(&page, 1 << 16);
    metrics_page_add(&page, rows, instances, 2);
    buffer_append_byte(&page, '\0');
    assert_string_equal(page.bytes,
                        "# HELP a_total Things \"a\\\\b\"\n"
                        "# TYPE a_total counter\n"
                        "a_total{kind=\"seen\",source=\"x\"} 1\n"
                        "a_total{kind=\"seen\",source=\"a\\\"b\\\\c\\nd\"} 4\n"
                        "a_total{kind=\"broken\",source=\"x\"} 2\n"
                        "a_total{kind=\"broken\",source=\"a\\\"b\\\\c\\nd\"} 5\n"
                        "# HELP held Held now\n"
                        "# TYPE held gauge\n"
                        "held{source=\"x\"} 3\n"
                        "held{source=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\n");
    buffer_fini(&page);
}

static void
page_without_sources_has_no_label_and_without_instances_is_empty(void **state)
{
    (void)state;
    const struct values values = {1, 2, 3};
    const struct metrics_instance instance = {&values, NULL, NULL};
    struct buffer page;
    buffer_init(&page, 1 << 16);
    metrics_page_add(&page, rows, &instance, 0);
    assert_int_equal(page.size, 0);
    metrics_page_add(&page, rows, &instance, 1);
    buffer_append_byte(&page, '\0');
    assert_non_null(strstr(page.bytes, "\nheld 3\n"));
    assert_non_null(strstr(page.bytes, "\na_total{kind=\"seen\"} 1\n"));
    buffer_fini(&page);
}

static void
page_that_is_too_long_is_known_to_have_failed(void **state)
{
    (void)state;
    const struct values values = {1, 2, 3};
    const struct metrics_instance instance = {&values, NULL, NULL};
    struct buffer page;
    buffer_init(&page, 40);
    metrics_page_add(&page, rows, &instance, 1);
    assert_true(page.is_failed);
    buffer_fini(&page);
}

static void
page_shows_a_histogram_with_sums_of_its_groups(void **state)
{
    (void)state;
    struct span_histogram spans = {.sum = 0};
    const struct metric spans_rows[] = {
        {"wait_seconds", NULL, METRIC_HISTOGRAM, 0, "Waits"},
        METRIC_END,
    };
    const struct metrics_instance instance = {&spans, "x", NULL};
    struct buffer page;
    span_histogram_add(&spans, 2 * USEC_PER_MS);
    span_histogram_add(&spans, 3 * USEC_PER_MS);
    span_histogram_add(&spans, USEC_PER_DAY);
    buffer_init(&page, 1 << 16);
    metrics_page_add(&page, spans_rows, &instance, 1);
    buffer_append_byte(&page, '\0');
    assert_non_null(strstr(page.bytes,
                           "# TYPE wait_seconds histogram\n"
                           "wait_seconds_bucket{source=\"x\",le=\"0.001\"} 0\n"
                           "wait_seconds_bucket{source=\"x\",le=\"0.0025\"} 1\n"
                           "wait_seconds_bucket{source=\"x\",le=\"0.005\"} 2\n"));
    assert_non_null(strstr(page.bytes,
                           "wait_seconds_bucket{source=\"x\",le=\"300\"} 2\n"
                           "wait_seconds_bucket{source=\"x\",le=\"+Inf\"} 3\n"
                           "wait_seconds_sum{source=\"x\"} 86400.005000\n"
                           "wait_seconds_count{source=\"x\"} 3\n"));
    buffer_fini(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_explains_each_name_once_and_escapes_labels),
        cmocka_unit_test(
            page_without_sources_has_no_label_and_without_instances_is_empty),
        cmocka_unit_test(page_shows_a_histogram_with_sums_of_its_groups),
        cmocka_unit_test(page_that_is_too_long_is_known_to_have_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
