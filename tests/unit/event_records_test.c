#include "pipeline/records/event_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { NEWEST = 3, LASTING = 4 };

static struct ledger
create(uint32_t events, uint32_t lasting)
{
    struct ledger ledger;
    struct ledger_sizes sizes = {.events = events, .lasting = lasting};
    assert_true(ledger_init(&ledger, &sizes));
    return ledger;
}

// An event whose hash, time and actor are `number`. Returns how many were forgotten.
static int
add(struct ledger *ledger, uint32_t number, uint8_t flags)
{
    int forgotten = 0;
    while (ledger_forget(ledger) != EVENT_NONE) {
        forgotten++;
    }
    uint32_t event = ledger_add(ledger, number);
    ledger_at(ledger, event)->time = number;
    ledger_at(ledger, event)->actor = number;
    ledger_at(ledger, event)->flags |= flags;
    return forgotten;
}

static bool
is_there(const struct ledger *ledger, uint32_t number)
{
    uint32_t event = ledger_find(ledger, number);
    assert_true(event == EVENT_NONE || ledger_at(ledger, event)->actor == number);
    return event != EVENT_NONE;
}

static void
ledger_holds_as_many_events_as_it_was_made_for(void **state)
{
    (void)state;
    struct ledger ledger = create(NEWEST, 0);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(add(&ledger, i, EVENT_LASTING), i > NEWEST ? 1 : 0);
        for (uint32_t j = 1; j <= i; j++) {
            assert_int_equal(is_there(&ledger, j), i - j < NEWEST);
        }
    }
    ledger_fini(&ledger);
}

static void
an_event_that_lasts_stays_until_the_horizon_passes_it(void **state)
{
    (void)state;
    struct ledger ledger = create(NEWEST, LASTING);
    add(&ledger, 1, EVENT_LASTING);
    add(&ledger, 2, EVENT_LASTING);
    for (uint32_t i = 3; i <= 9; i++) {
        assert_int_equal(add(&ledger, i, 0), i > 5 ? 1 : 0);
    }
    assert_true(is_there(&ledger, 1));
    ledger.horizon = 2;
    assert_false(is_there(&ledger, 1));
    assert_true(is_there(&ledger, 2));
    assert_int_equal(add(&ledger, 10, 0), 2); // that one, and one of the newest
    assert_true(is_there(&ledger, 2));
    assert_int_equal(ledger.forgotten, 0);
    ledger_fini(&ledger);
}

static void
an_event_that_was_undone_or_is_past_does_not_last(void **state)
{
    (void)state;
    struct ledger ledger = create(NEWEST, LASTING);
    add(&ledger, 1, EVENT_LASTING | EVENT_UNDONE);
    add(&ledger, 2, EVENT_LASTING);
    add(&ledger, 3, EVENT_LASTING);
    ledger.horizon = 3;
    add(&ledger, 4, 0);
    add(&ledger, 5, 0);
    assert_false(is_there(&ledger, 1));
    assert_false(is_there(&ledger, 2));
    assert_true(is_there(&ledger, 3));
    ledger_fini(&ledger);
}

static void
lasting_events_beyond_their_room_are_forgotten_and_counted(void **state)
{
    (void)state;
    struct ledger ledger = create(NEWEST, LASTING);
    for (uint32_t i = 1; i <= 50; i++) {
        add(&ledger, i, EVENT_LASTING);
        for (uint32_t j = 1; j <= i; j++) {
            assert_int_equal(is_there(&ledger, j), i - j < NEWEST + LASTING);
        }
    }
    assert_int_equal(ledger.forgotten, 50 - NEWEST - LASTING);
    ledger_fini(&ledger);
}

static void
what_an_event_added_and_its_link_move_with_it(void **state)
{
    (void)state;
    struct ledger ledger = create(NEWEST, LASTING);
    static const struct ledger_entry entries[] = {
        {7, 1}, {8, 500}, {9 | LEDGER_CASCADE | LEDGER_DIRECT, 3}};
    enum { COUNT = sizeof(entries) / sizeof(entries[0]) };
    add(&ledger, 1, EVENT_LASTING);
    ledger_note(&ledger, ledger_find(&ledger, 1), entries, COUNT);
    ledger_set_via(&ledger, ledger_find(&ledger, 1), 77);
    add(&ledger, 2, EVENT_LASTING);
    uint32_t second = ledger_find(&ledger, 2);
    ledger_set_via(&ledger, second, 88);
    for (uint32_t i = 3; i <= 9; i++) {
        add(&ledger, i, 0);
        ledger_note(&ledger, ledger_find(&ledger, i), entries, 1);
    }
    uint32_t event = ledger_find(&ledger, 1);
    assert_false(ledger_is_lost(&ledger, event));
    assert_int_equal(ledger_via(&ledger, event), 77);
    struct ledger_cursor cursor = {0};
    struct ledger_entry entry;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(ledger_next(&ledger, event, &cursor, &entry));
        assert_int_equal(entry.where, entries[i].where);
        assert_int_equal(entry.amount, entries[i].amount);
    }
    assert_false(ledger_next(&ledger, event, &cursor, &entry));
    assert_int_not_equal(ledger_find(&ledger, 2), second);
    assert_int_equal(ledger_via(&ledger, ledger_find(&ledger, 2)), 88);
    ledger_fini(&ledger);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_holds_as_many_events_as_it_was_made_for),
        cmocka_unit_test(an_event_that_lasts_stays_until_the_horizon_passes_it),
        cmocka_unit_test(an_event_that_was_undone_or_is_past_does_not_last),
        cmocka_unit_test(lasting_events_beyond_their_room_are_forgotten_and_counted),
        cmocka_unit_test(what_an_event_added_and_its_link_move_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
