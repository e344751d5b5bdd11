// A webhook's queue on a clock that the test moves.
#include "sinks/webhook/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/webhook/webhook_sign.h"

enum { ROOM = 4, LOG_MAX = 1 << 14 };

#define START (1795380540 * USEC_PER_S)

struct world {
    struct webhook *webhook;
    usec now;
    uint32_t chance;
    int sends;
    char sent[WEBHOOK_ID_MAX];
    char kept[256];
    char log[LOG_MAX]; // "keep a; drop b; tell 0; …"
};

static void
note(struct world *world, const char *what, struct slice id)
{
    size_t used = strlen(world->log);
    snprintf(world->log + used, LOG_MAX - used, "%s %.*s; ", what, SLICE_ARG(id));
}

static void
on_send(void *context, struct slice id, struct slice json)
{
    struct world *world = context;
    world->sends++;
    snprintf(world->sent, sizeof(world->sent), "%.*s", SLICE_ARG(id));
    assert_true(slice_equal(json, SLICE_LIT("{\"a\":1}")));
}

static void
on_keep(void *context, struct slice id, struct slice value)
{
    struct world *world = context;
    note(world, "keep", id);
    snprintf(world->kept, sizeof(world->kept), "%.*s", SLICE_ARG(value));
}

static void
on_drop(void *context, struct slice id)
{
    note(context, "drop", id);
}

static void
on_tell(void *context, enum webhook_event event, const char *why)
{
    char text[64];
    snprintf(text, sizeof(text), "%d%s", (int)event, why);
    note(context, "tell", slice_of(text));
}

static uint32_t
on_chance(void *context)
{
    return ((struct world *)context)->chance;
}

static int
set_up(void **state)
{
    static const struct webhook_calls calls = {on_send, on_keep, on_drop, on_tell,
                                               on_chance};
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->now = START;
    assert_int_equal(webhook_create(&calls, world, ROOM, &world->webhook), STATUS_OK);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    webhook_destroy(&world->webhook);
    free(world);
    return 0;
}

static void
add(struct world *world, const char *id)
{
    webhook_add(world->webhook, slice_of(id), SLICE_LIT("{\"a\":1}"), world->now);
}

static usec
tick(struct world *world)
{
    return webhook_tick(world->webhook, world->now);
}

static void
answer(struct world *world, long status)
{
    const struct webhook_answer told = {
        .status = status, .not_before = USEC_NONE, .why = ""};
    webhook_answered(world->webhook, &told, world->now);
}

// Moves the clock from attempt to attempt, each answered by 500; the spans between
// them in seconds.
static int
run_schedule(struct world *world, usec spans[WEBHOOK_ATTEMPTS])
{
    int attempts = 0;
    usec before = world->now;
    usec due = world->now;
    while (due != USEC_NONE) {
        world->now = due;
        int sends = world->sends;
        due = tick(world);
        if (world->sends != sends) {
            assert_true(attempts < WEBHOOK_ATTEMPTS);
            spans[attempts++] = (world->now - before) / USEC_PER_S;
            before = world->now;
            answer(world, 500);
            due = tick(world);
        }
    }
    return attempts;
}

static void
ten_attempts_take_75_hours_35_minutes_and_5_seconds(void **state)
{
    struct world *world = *state;
    static const usec wanted[WEBHOOK_ATTEMPTS] = {0,     5,     300,   1800,  7200,
                                                  18000, 36000, 50400, 72000, 86400};
    usec spans[WEBHOOK_ATTEMPTS] = {0};
    add(world, "a");
    assert_int_equal(run_schedule(world, spans), WEBHOOK_ATTEMPTS);
    assert_memory_equal(spans, wanted, sizeof(wanted));
    assert_int_equal((world->now - START) / USEC_PER_S, 75 * 3600 + 35 * 60 + 5);
    const struct webhook_metrics *metrics = webhook_metrics(world->webhook);
    assert_int_equal(metrics->failed, 10);
    assert_int_equal(metrics->given_up, 1);
    assert_int_equal(metrics->pending, 0);
    // Kept nine times, told of once failing and once given up.
    assert_string_equal(world->log,
                        "tell 0; keep a; keep a; keep a; keep a; keep a; keep a; "
                        "keep a; keep a; keep a; drop a; tell 3; ");
    assert_int_equal(tick(world), USEC_NONE);
}

static void
chance_makes_each_span_at_most_a_tenth_longer(void **state)
{
    struct world *world = *state;
    static const usec wanted[WEBHOOK_ATTEMPTS] = {0,     5,     330,   1980,  7920,
                                                  19800, 39600, 55440, 79200, 95040};
    usec spans[WEBHOOK_ATTEMPTS] = {0};
    world->chance = UINT32_MAX;
    add(world, "a");
    assert_int_equal(run_schedule(world, spans), WEBHOOK_ATTEMPTS);
    assert_memory_equal(spans, wanted, sizeof(wanted));
    assert_int_equal(webhook_delay(2, UINT32_MAX), 5500 * USEC_PER_MS);
    assert_int_equal(webhook_delay(2, UINT32_MAX / 2) / USEC_PER_MS, 5249);
}

static void
an_acknowledged_alert_is_dropped_from_the_outbox(void **state)
{
    struct world *world = *state;
    add(world, "a");
    tick(world);
    assert_true(webhook_is_busy(world->webhook));
    answer(world, 204);
    assert_string_equal(world->log, "drop a; ");
    assert_int_equal(webhook_metrics(world->webhook)->sent, 1);
    assert_int_equal(webhook_metrics(world->webhook)->pending, 0);
}

static void
an_alert_that_fails_does_not_delay_those_behind_it(void **state)
{
    struct world *world = *state;
    add(world, "a");
    add(world, "b");
    tick(world);
    assert_int_equal(tick(world), USEC_NONE); // one at a time
    answer(world, 500);
    tick(world);
    assert_string_equal(world->sent, "b");
    answer(world, 200);
    assert_int_equal(tick(world), START + 5 * USEC_PER_S);
    world->now = START + 5 * USEC_PER_S;
    tick(world);
    assert_string_equal(world->sent, "a");
    answer(world, 200);
    assert_string_equal(world->log, "tell 0; keep a; drop b; tell 1; drop a; ");
}

static void
nothing_but_2xx_is_success(void **state)
{
    static const long statuses[] = {0,   100, 199, 300, 301, 302, 307, 304,
                                    400, 401, 404, 418, 500, 503, 599};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        webhook_destroy(&world->webhook);
        free(world);
        set_up((void **)&world);
        add(world, "a");
        tick(world);
        answer(world, statuses[i]);
        assert_int_equal(webhook_metrics(world->webhook)->failed, 1);
        assert_int_equal(webhook_metrics(world->webhook)->pending, 1);
    }
    *state = world;
}

static void
gone_ends_the_webhook_until_it_is_another_one(void **state)
{
    struct world *world = *state;
    add(world, "a");
    add(world, "b");
    tick(world);
    answer(world, 410);
    assert_true(webhook_is_stopped(world->webhook));
    assert_string_equal(world->log, "drop a; drop b; tell 2; ");
    add(world, "c");
    webhook_restore(world->webhook, SLICE_LIT("d"), SLICE_LIT("0 0 {\"a\":1}"),
                    world->now);
    assert_int_equal(tick(world), USEC_NONE);
    assert_int_equal(world->sends, 1);
    assert_string_equal(world->log, "drop a; drop b; tell 2; drop c; drop d; ");
    assert_int_equal(webhook_metrics(world->webhook)->dropped, 4);
    assert_int_equal(webhook_metrics(world->webhook)->is_stopped, 1);
    webhook_resume(world->webhook);
    assert_int_equal(webhook_metrics(world->webhook)->is_stopped, 0);
    add(world, "e");
    tick(world);
    assert_int_equal(world->sends, 2);
}

static void
retry_after_holds_the_whole_queue_for_a_day_at_most(void **state)
{
    struct world *world = *state;
    struct webhook_answer told = {.status = 503, .why = ""};
    add(world, "a");
    add(world, "b");
    tick(world);
    told.not_before = world->now + 90 * USEC_PER_S;
    webhook_answered(world->webhook, &told, world->now);
    assert_int_equal(tick(world), START + 90 * USEC_PER_S);
    world->now = START + 90 * USEC_PER_S;
    tick(world);
    assert_string_equal(world->sent, "b");
    told.not_before = world->now + 300 * USEC_PER_DAY;
    webhook_answered(world->webhook, &told, world->now);
    assert_int_equal(tick(world), world->now + USEC_PER_DAY);
}

static void
throttling_answers_hold_the_queue_longer_each_time(void **state)
{
    static const long statuses[] = {429, 502, 504};
    static const usec waits[] = {5, 10, 20};
    struct world *world = *state;
    for (int i = 0; i < ROOM; i++) {
        char id[] = {(char)('a' + i), '\0'};
        add(world, id);
    }
    for (size_t i = 0; i < 3; i++) {
        tick(world);
        answer(world, statuses[i]);
        usec due = tick(world);
        assert_int_equal(due - world->now, waits[i] * USEC_PER_S);
        world->now = due;
    }
    assert_int_equal(world->sends, 3);
    tick(world);
    answer(world, 200);
    tick(world);
    assert_int_equal(world->sends, 5); // no hold any more
}

static void
an_alert_without_room_is_dropped_and_reported_once(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < ROOM + 2; i++) {
        char id[] = {(char)('a' + i), '\0'};
        add(world, id);
    }
    assert_string_equal(world->log, "drop e; tell 4; drop f; ");
    assert_int_equal(webhook_metrics(world->webhook)->dropped, 2);
    assert_int_equal(webhook_metrics(world->webhook)->pending, ROOM);
    webhook_refuse(world->webhook);
    assert_int_equal(webhook_metrics(world->webhook)->dropped, 3);
    tick(world);
    answer(world, 200);
    add(world, "g");
    add(world, "h");
    assert_string_equal(world->log, "drop e; tell 4; drop f; drop a; drop h; tell 4; ");
}

static void
what_waited_in_the_outbox_continues_with_its_next_attempt(void **state)
{
    struct world *world = *state;
    char value[256];
    add(world, "a");
    tick(world);
    answer(world, 500);
    assert_string_equal(world->kept, "1 1795380545000 {\"a\":1}");
    strcpy(value, world->kept);
    webhook_destroy(&world->webhook);
    free(world);
    set_up((void **)&world);
    *state = world;
    webhook_restore(world->webhook, SLICE_LIT("a"), slice_of(value), world->now);
    webhook_restore(world->webhook, SLICE_LIT("a"), SLICE_LIT("0 0 {}"), world->now);
    webhook_restore(world->webhook, SLICE_LIT("n"), SLICE_LIT("0 0 {\"a\":1}"),
                    world->now);
    assert_int_equal(webhook_metrics(world->webhook)->pending, 2);
    tick(world);
    assert_string_equal(world->sent, "n");
    answer(world, 200);
    assert_int_equal(tick(world), START + 5 * USEC_PER_S);
    world->now = START + 5 * USEC_PER_S;
    tick(world);
    answer(world, 500);
    assert_string_equal(world->kept, "2 1795380845000 {\"a\":1}");
}

static void
what_left_the_queue_lately_does_not_come_again_from_an_outbox(void **state)
{
    struct world *world = *state;
    add(world, "a");
    add(world, "b");
    tick(world);
    answer(world, 204);
    world->log[0] = '\0';
    webhook_restore(world->webhook, SLICE_LIT("a"), SLICE_LIT("0 0 {\"a\":1}"),
                    world->now);
    webhook_keep(world->webhook);
    assert_string_equal(world->log, "drop a; keep b; ");
    assert_string_equal(world->kept, "0 1795380540000 {\"a\":1}");
    assert_int_equal(webhook_metrics(world->webhook)->pending, 1);
    assert_int_equal(webhook_metrics(world->webhook)->dropped, 0);
}

static void
an_alert_is_sent_again_on_request(void **state)
{
    static const struct slice json = {"{\"a\":1}", 7};
    struct world *world = *state;
    add(world, "a");
    tick(world);
    answer(world, 204);
    world->log[0] = '\0';
    // One that was acknowledged.
    assert_true(webhook_send_again(world->webhook, SLICE_LIT("a"), json, world->now));
    assert_string_equal(world->log, "keep a; ");
    assert_string_equal(world->kept, "0 1795380540000 {\"a\":1}");
    tick(world);
    assert_int_equal(world->sends, 2);
    answer(world, 500);
    // One that waits for its next attempt, without a second entry.
    assert_true(webhook_tick(world->webhook, world->now) > world->now);
    assert_true(webhook_send_again(world->webhook, SLICE_LIT("a"), json, world->now));
    tick(world);
    assert_int_equal(world->sends, 3);
    answer(world, 204);
    assert_int_equal(webhook_metrics(world->webhook)->pending, 0);
}

static void
an_alert_is_not_sent_again_without_room_or_after_410(void **state)
{
    static const char *const ids[ROOM] = {"a", "b", "c", "d"};
    struct world *world = *state;
    for (size_t i = 0; i < ROOM; i++) {
        add(world, ids[i]);
    }
    struct slice json = SLICE_LIT("{\"a\":1}");
    assert_false(webhook_send_again(world->webhook, SLICE_LIT("e"), json, world->now));
    assert_int_equal(webhook_metrics(world->webhook)->dropped, 0);
    tick(world);
    answer(world, 410);
    assert_false(webhook_send_again(world->webhook, SLICE_LIT("e"), json, world->now));
    assert_int_equal(webhook_metrics(world->webhook)->pending, 0);
}

static void
a_value_that_is_none_is_dropped(void **state)
{
    static const char *const bad[] = {
        "",        "0",       "0 0",     "x 0 {}", "0 x {}",
        "10 0 {}", "-1 0 {}", " 0 0 {}", "0 0 ",   "0 999999999999999999 {}"};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        webhook_restore(world->webhook, SLICE_LIT("a"), slice_of(bad[i]), world->now);
        assert_int_equal(webhook_metrics(world->webhook)->pending, 0);
        assert_int_equal(webhook_metrics(world->webhook)->dropped, i + 1);
    }
    const char *told = strstr(world->log, "drop a; tell 5; drop a; ");
    assert_ptr_equal(told, world->log);
    assert_null(strstr(told + strlen("drop a; tell 5; "), "tell"));
}

static void
an_id_that_no_header_can_carry_is_dropped(void **state)
{
    static const struct slice bad[] = {
        {"", 0}, {"a b", 3}, {"a\r\nx: y", 7}, {"a\0b", 3}, {"\xc3\xa4", 2}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        webhook_restore(world->webhook, bad[i], SLICE_LIT("0 0 {\"a\":1}"), world->now);
        assert_int_equal(webhook_metrics(world->webhook)->pending, 0);
        assert_int_equal(webhook_metrics(world->webhook)->dropped, i + 1);
    }
}

static void
a_clock_that_was_set_back_delays_by_a_day_at_most(void **state)
{
    struct world *world = *state;
    webhook_restore(world->webhook, SLICE_LIT("a"),
                    SLICE_LIT("3 9999999999999 {\"a\":1}"), world->now);
    assert_int_equal(tick(world), START + webhook_delay(WEBHOOK_ATTEMPTS, UINT32_MAX));
}

static void
a_refused_address_is_counted_and_tried_again(void **state)
{
    struct world *world = *state;
    const struct webhook_answer told = {
        .not_before = USEC_NONE, .is_refused = true, .why = "!"};
    add(world, "a");
    tick(world);
    webhook_answered(world->webhook, &told, world->now);
    assert_string_equal(world->log, "tell 0!; keep a; ");
    assert_int_equal(webhook_metrics(world->webhook)->refused, 1);
    assert_int_equal(webhook_metrics(world->webhook)->failed, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ten_attempts_take_75_hours_35_minutes_and_5_seconds),
        TEST(chance_makes_each_span_at_most_a_tenth_longer),
        TEST(an_acknowledged_alert_is_dropped_from_the_outbox),
        TEST(an_alert_that_fails_does_not_delay_those_behind_it),
        TEST(nothing_but_2xx_is_success),
        TEST(gone_ends_the_webhook_until_it_is_another_one),
        TEST(retry_after_holds_the_whole_queue_for_a_day_at_most),
        TEST(throttling_answers_hold_the_queue_longer_each_time),
        TEST(an_alert_without_room_is_dropped_and_reported_once),
        TEST(what_waited_in_the_outbox_continues_with_its_next_attempt),
        TEST(what_left_the_queue_lately_does_not_come_again_from_an_outbox),
        TEST(an_alert_is_sent_again_on_request),
        TEST(an_alert_is_not_sent_again_without_room_or_after_410),
        TEST(a_value_that_is_none_is_dropped),
        TEST(an_id_that_no_header_can_carry_is_dropped),
        TEST(a_clock_that_was_set_back_delays_by_a_day_at_most),
        TEST(a_refused_address_is_counted_and_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
