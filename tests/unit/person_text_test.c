// A person in the text of an alert.
#include "base/person_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char alert[] =
    "{\"id\":\"viral:x:12:1\",\"rule\":\"viral\",\"level\":1,"
    "\"type\":\"cascade.alert\",\"cascade\":{\"id\":\"x:12\",\"author\":\"x:7\","
    "\"handle\":\"x:8\",\"text\":\"{\\\"id\\\":\\\"x:9\\\"}\",\"lang\":\"en\","
    "\"parent\":\"bsky:at://did:plc:abc/app/1\"},"
    "\"author\":{\"id\":\"x:7\",\"handle\":\"ann\",\"followers\":5},\"why\":[\"x:10\"],"
    "\"top_amplifiers\":[{\"id\":\"x:31\",\"handle\":\"bob\",\"followers\":1},"
    "{\"id\":\"x:32\",\"handle\":\"cat\",\"followers\":1}],\"top_carriers\":[]}";

static enum person_text_role
role(const char *id, const char *text)
{
    struct person_text person;
    assert_true(person_text_init(&person, slice_of(id)));
    return person_text_role(&person, slice_of(text));
}

static void
members_of_people_name_a_person(void **state)
{
    (void)state;
    assert_int_equal(role("x:7", alert), PERSON_TEXT_AUTHOR);
    assert_int_equal(role("x:31", alert), PERSON_TEXT_NAMED);
    assert_int_equal(role("x:32", alert), PERSON_TEXT_NAMED);
    assert_int_equal(role("x:3", alert), PERSON_TEXT_ABSENT);
}

static void
other_members_name_no_one(void **state)
{
    (void)state;
    static const char *const others[] = {"x:12", "x:8", "x:9", "x:10", "viral:x:12"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(role(others[i], alert), PERSON_TEXT_ABSENT);
    }
}

static void
an_address_of_a_post_names_its_author(void **state)
{
    (void)state;
    static const char own[] = "{\"id\":\"viral:bsky:at://did:plc:abc/app/1:1\","
                              "\"cascade\":{\"id\":\"bsky:at://did:plc:abc/app/1\"}}";
    assert_int_equal(role("bsky:did:plc:abc", alert), PERSON_TEXT_NAMED);
    assert_int_equal(role("bsky:did:plc:abc", own), PERSON_TEXT_AUTHOR);
    assert_int_equal(role("bsky:did:plc:ab", own), PERSON_TEXT_ABSENT);
}

static void
a_word_without_a_network_is_no_id(void **state)
{
    (void)state;
    static const char *const words[] = {"", "en", "viral", ":7", "x:"};
    struct person_text person;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_false(person_text_init(&person, slice_of(words[i])));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_people_name_a_person),
        cmocka_unit_test(other_members_name_no_one),
        cmocka_unit_test(an_address_of_a_post_names_its_author),
        cmocka_unit_test(a_word_without_a_network_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
