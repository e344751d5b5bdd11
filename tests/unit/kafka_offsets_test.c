#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/sources/kafka_offsets.h"
#include "ingest/sources/kafka_topic.h"
#include "net/url.h"

static void
offsets_are_a_text_and_back(void **state)
{
    (void)state;
    struct kafka_offsets offsets;
    char text[SOURCE_CURSOR_OFFSETS_MAX];
    assert_int_equal(kafka_offsets_parse(SLICE_LIT("0:4711,2:0,127:92"), &offsets),
                     STATUS_OK);
    assert_int_equal(offsets.next[0], 4711);
    assert_int_equal(offsets.next[1], -1);
    assert_int_equal(offsets.next[2], 0);
    assert_int_equal(offsets.next[127], 92);
    assert_int_equal(kafka_offsets_sum(&offsets), 4711 + 92);
    kafka_offsets_format(&offsets, text);
    assert_string_equal(text, "0:4711,2:0,127:92");
    assert_int_equal(kafka_offsets_parse(SLICE_LIT(""), &offsets), STATUS_OK);
    kafka_offsets_format(&offsets, text);
    assert_string_equal(text, "");
}

static void
the_largest_offsets_of_all_partitions_fit(void **state)
{
    (void)state;
    struct kafka_offsets offsets;
    struct kafka_offsets again;
    char text[SOURCE_CURSOR_OFFSETS_MAX];
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        offsets.next[i] = 999999999999999999 - (int64_t)i;
    }
    kafka_offsets_format(&offsets, text);
    assert_int_equal(kafka_offsets_parse(slice_of(text), &again), STATUS_OK);
    assert_memory_equal(&again, &offsets, sizeof(offsets));
    for (size_t i = 0; i < KAFKA_PARTITIONS_MAX; i++) {
        offsets.next[i] = INT64_MAX;
    }
    kafka_offsets_format(&offsets, text);
    assert_string_equal(text + strlen(text) - 23, "127:9223372036854775807");
}

static void
another_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0",    "0:",    ":1",       "0:1,0:2",  "1:2,0:1", "-1:2",
        "0:-1", "128:1", "0:1 ,1:2", "0:1,,1:2", "a:1",     "0:99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct kafka_offsets offsets = {{77}};
        assert_int_equal(kafka_offsets_parse(slice_of(bad[i]), &offsets), STATUS_PARSE);
        assert_int_equal(offsets.next[0], 77);
    }
}

static void
a_topic_is_the_path_of_its_address(void **state)
{
    (void)state;
    char topic[KAFKA_TOPIC_MAX];
    struct url url;
    assert_int_equal(
        url_parse(SLICE_LIT("kafkas://a.example/Posts_of-1.x"), &url, NULL), STATUS_OK);
    assert_int_equal(url.kind, URL_KAFKA);
    assert_true(url.is_tls);
    assert_int_equal(url.port, 9093);
    assert_int_equal(kafka_topic_of(&url, topic, NULL), STATUS_OK);
    assert_string_equal(topic, "Posts_of-1.x");
    char host[URL_TEXT_MAX];
    url_host_text(&url, host);
    assert_string_equal(host, "a.example");
    static const char *const bad[] = {"kafka://a", "kafka://a/", "kafka://a/b/c",
                                      "kafka://a/b?c", "kafka://a/%41"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(url_parse(slice_of(bad[i]), &url, NULL), STATUS_OK);
        assert_int_equal(kafka_topic_of(&url, topic, NULL), STATUS_PARSE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_a_text_and_back),
        cmocka_unit_test(the_largest_offsets_of_all_partitions_fit),
        cmocka_unit_test(another_text_is_refused),
        cmocka_unit_test(a_topic_is_the_path_of_its_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
