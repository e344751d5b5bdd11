#include "pipeline/records/event_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { NEWEST = 3, LASTING = 4 };

static struct event_records
create(uint32_t events, uint32_t lasting)
{
    struct event_records records;
    struct event_records_sizes sizes = {.events = events, .lasting = lasting};
    assert_true(event_records_init(&records, &sizes));
    return records;
}

// An event whose hash, time and actor are `number`. Returns how many were forgotten.
static int
add(struct event_records *records, uint32_t number, uint8_t flags)
{
    int forgotten = 0;
    while (event_records_forget(records) != EVENT_NONE) {
        forgotten++;
    }
    uint32_t event = event_records_add(records, number);
    event_records_at(records, event)->time = number;
    event_records_at(records, event)->actor = number;
    event_records_at(records, event)->flags |= flags;
    return forgotten;
}

static bool
is_there(const struct event_records *records, uint32_t number)
{
    uint32_t event = event_records_find(records, number);
    assert_true(event == EVENT_NONE ||
                event_records_at(records, event)->actor == number);
    return event != EVENT_NONE;
}

static void
event_records_holds_as_many_events_as_it_was_made_for(void **state)
{
    (void)state;
    struct event_records records = create(NEWEST, 0);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(add(&records, i, EVENT_LASTING), i > NEWEST ? 1 : 0);
        for (uint32_t j = 1; j <= i; j++) {
            assert_int_equal(is_there(&records, j), i - j < NEWEST);
        }
    }
    event_records_fini(&records);
}

static void
an_event_that_lasts_stays_until_the_horizon_passes_it(void **state)
{
    (void)state;
    struct event_records records = create(NEWEST, LASTING);
    add(&records, 1, EVENT_LASTING);
    add(&records, 2, EVENT_LASTING);
    for (uint32_t i = 3; i <= 9; i++) {
        assert_int_equal(add(&records, i, 0), i > 5 ? 1 : 0);
    }
    assert_true(is_there(&records, 1));
    records.horizon = 2;
    assert_false(is_there(&records, 1));
    assert_true(is_there(&records, 2));
    assert_int_equal(add(&records, 10, 0), 2); // that one, and one of the newest
    assert_true(is_there(&records, 2));
    assert_int_equal(records.forgotten, 0);
    event_records_fini(&records);
}

static void
an_event_that_was_undone_or_is_past_does_not_last(void **state)
{
    (void)state;
    struct event_records records = create(NEWEST, LASTING);
    add(&records, 1, EVENT_LASTING | EVENT_UNDONE);
    add(&records, 2, EVENT_LASTING);
    add(&records, 3, EVENT_LASTING);
    records.horizon = 3;
    add(&records, 4, 0);
    add(&records, 5, 0);
    assert_false(is_there(&records, 1));
    assert_false(is_there(&records, 2));
    assert_true(is_there(&records, 3));
    event_records_fini(&records);
}

static void
lasting_events_beyond_their_room_are_forgotten_and_counted(void **state)
{
    (void)state;
    struct event_records records = create(NEWEST, LASTING);
    for (uint32_t i = 1; i <= 50; i++) {
        add(&records, i, EVENT_LASTING);
        for (uint32_t j = 1; j <= i; j++) {
            assert_int_equal(is_there(&records, j), i - j < NEWEST + LASTING);
        }
    }
    assert_int_equal(records.forgotten, 50 - NEWEST - LASTING);
    event_records_fini(&records);
}

static void
what_an_event_added_and_its_link_move_with_it(void **state)
{
    (void)state;
    struct event_records records = create(NEWEST, LASTING);
    static const struct event_records_entry entries[] = {
        {7, 1}, {8, 500}, {9 | EVENT_RECORDS_CASCADE | EVENT_RECORDS_DIRECT, 3}};
    enum { COUNT = sizeof(entries) / sizeof(entries[0]) };
    add(&records, 1, EVENT_LASTING);
    event_records_note(&records, event_records_find(&records, 1), entries, COUNT);
    event_records_set_via(&records, event_records_find(&records, 1), 77);
    add(&records, 2, EVENT_LASTING);
    uint32_t second = event_records_find(&records, 2);
    event_records_set_via(&records, second, 88);
    for (uint32_t i = 3; i <= 9; i++) {
        add(&records, i, 0);
        event_records_note(&records, event_records_find(&records, i), entries, 1);
    }
    uint32_t event = event_records_find(&records, 1);
    assert_false(event_records_is_lost(&records, event));
    assert_int_equal(event_records_via(&records, event), 77);
    struct event_records_cursor cursor = {0};
    struct event_records_entry entry;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(event_records_next(&records, event, &cursor, &entry));
        assert_int_equal(entry.where, entries[i].where);
        assert_int_equal(entry.amount, entries[i].amount);
    }
    assert_false(event_records_next(&records, event, &cursor, &entry));
    assert_int_not_equal(event_records_find(&records, 2), second);
    assert_int_equal(event_records_via(&records, event_records_find(&records, 2)), 88);
    event_records_fini(&records);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_records_holds_as_many_events_as_it_was_made_for),
        cmocka_unit_test(an_event_that_lasts_stays_until_the_horizon_passes_it),
        cmocka_unit_test(an_event_that_was_undone_or_is_past_does_not_last),
        cmocka_unit_test(lasting_events_beyond_their_room_are_forgotten_and_counted),
        cmocka_unit_test(what_an_event_added_and_its_link_move_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
