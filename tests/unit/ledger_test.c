// The ledger of carriers in the pipeline: its boards and hashes as they are written.
#include "pipeline/ledger.h"

#include "tests/unit/made_acts.h"
#include "tests/unit/received.h"

static void
a_carrier_has_a_hash_while_on_a_board(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h redis.top=1");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 1000}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    act(pipeline, (struct made_act){3, 3, 1, 1, 0}, T0);
    act(pipeline, (struct made_act){4, 1, 2, 0, 1000}, T0);
    flush(pipeline);
    assert_value("top:carriers x:u1", "2");
    assert_value("carrier:x:u1 acts", "2");
    assert_value("carrier:x:u1 people", "2");
    assert_value("carrier:x:u1 carried_acts", "1");
    assert_value("carrier:x:u1 best", "2");
    assert_value("carrier:x:u1 best_post", "x:p1");
    assert_value("carrier:x:u1 rate", "0.657142857143");
    assert_value("carrier:x:u1 next", "9.53732620789");
    assert_value("carrier:x:u1 first_ms", "1700000000000");
    assert_value("carrier:x:u1 why",
                 "2 people came through 1 of 2 reshares; best 2 on x:p1");
    assert_null(find("carrier:x:u1 head_start"));
    assert_null(find("carrier:x:u2 acts"));
    // Another takes the place.
    act(pipeline, (struct made_act){5, 4, 1, 2, 0}, T0);
    act(pipeline, (struct made_act){6, 5, 1, 2, 0}, T0);
    act(pipeline, (struct made_act){7, 6, 1, 2, 0}, T0);
    flush(pipeline);
    assert_value("top:carriers x:u2", "3");
    assert_null(find("top:carriers x:u1"));
    assert_null(find("carrier:x:u1 acts"));
    assert_value("carrier:x:u2 people", "3");
    delete (pipeline, 5);
    delete (pipeline, 6);
    flush(pipeline);
    assert_value("top:carriers x:u1", "2");
    assert_null(find("carrier:x:u2 acts"));
    pipeline_destroy(&pipeline);
}

// The place is taken after the hash was written, and before the board is.
static void
a_carrier_keeps_the_hash_and_the_place_until_the_next_flush(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h redis.top=1");
    struct change change;
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 1000}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        if (change.kind == CHANGE_CARRIER) {
            apply(&change);
            act(pipeline, (struct made_act){3, 3, 1, 2, 0}, T0);
            act(pipeline, (struct made_act){4, 4, 1, 2, 0}, T0);
        } else if (change.kind == CHANGE_BOARD) {
            apply(&change);
        }
    }
    changes_written(pipeline, SIZE_MAX);
    assert_value("carrier:x:u1 people", "1");
    assert_value("top:carriers x:u1", "1");
    assert_null(find("top:carriers x:u2"));
    assert_true(changes_pending(pipeline));
    flush(pipeline);
    assert_null(find("carrier:x:u1 people"));
    assert_null(find("top:carriers x:u1"));
    assert_value("top:carriers x:u2", "2");
    assert_value("carrier:x:u2 people", "2");
    pipeline_destroy(&pipeline);
}

// Flushes, and reshares or deletes that event as soon as something was pulled.
static void
flush_while(struct pipeline *pipeline, int deleted, struct made_act made)
{
    struct change change;
    bool is_done = false;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        apply(&change);
        if (!is_done && deleted != 0) {
            delete (pipeline, deleted);
        } else if (!is_done) {
            act(pipeline, made, T0);
        }
        is_done = true;
    }
    changes_written(pipeline, SIZE_MAX);
}

static void
boards_are_those_of_the_beginning_of_a_flush(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    flush_while(pipeline, 0, (struct made_act){2, 2, 1, 0, 0});
    assert_value("top:retweets:1h x:root", "1");
    assert_true(changes_pending(pipeline));
    flush(pipeline);
    assert_value("top:retweets:1h x:root", "2");
    assert_false(changes_pending(pipeline));
    pipeline_destroy(&pipeline);
}

static void
who_leaves_the_windows_during_a_flush_leaves_the_boards(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    flush_while(pipeline, 1, (struct made_act){0});
    assert_null(find("top:retweets:1h x:root"));
    assert_null(find("top:cascades:1h x:p1"));
    pipeline_destroy(&pipeline);
}

static void
scores_are_written_again_after_a_day(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=30d carriers.half_life=100d");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    flush(pipeline);
    let_time_pass(pipeline, T0 + USEC_PER_DAY - 1);
    flush(pipeline);
    assert_value("top:carriers x:u1", "1");
    let_time_pass(pipeline, T0 + USEC_PER_DAY);
    flush(pipeline);
    assert_value("top:carriers x:u1", "0.993092495");
    assert_value("carrier:x:u1 people", "0.993092495437");
    let_time_pass(pipeline, T0 + USEC_PER_DAY + USEC_PER_HOUR);
    changes_renew(pipeline); // as at the end of a replay
    flush(pipeline);
    assert_value("top:carriers x:u1", "0.99280572");
    pipeline_destroy(&pipeline);
}

static void
the_reason_of_an_old_carrier_has_fractions(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=30d carriers.half_life=1d");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    flush(pipeline);
    assert_value("carrier:x:u1 why",
                 "1 person came through 1 of 1 reshares; best 1 on x:p1");
    act(pipeline, (struct made_act){3, 3, 1, 1, 0}, T0);
    flush(pipeline);
    assert_value("carrier:x:u1 why",
                 "2 people came through 1 of 1 reshares; best 2 on x:p1");
    let_time_pass(pipeline, T0 + 2 * USEC_PER_DAY);
    flush(pipeline);
    assert_value("carrier:x:u1 why", "0.5 people came through 0.2 of 0.2 reshares "
                                     "(older ones count less); best 2 on x:p1");
    let_time_pass(pipeline, T0 + 10 * USEC_PER_DAY);
    flush(pipeline);
    assert_value("carrier:x:u1 why",
                 "under 0.1 people came through under 0.1 of under 0.1 reshares "
                 "(older ones count less); best 2 on x:p1");
    pipeline_destroy(&pipeline);
}

static void
carriers_keep_their_user_key_beyond_the_windows(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=5m");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 7}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 7}, T0);
    flush(pipeline);
    let_time_pass(pipeline, T0 + USEC_PER_DAY);
    flush(pipeline);
    assert_value("user:x:u1 followers", "7");
    assert_null(find("user:x:u1 carried:5m"));
    assert_null(find("user:x:u2 followers"));
    pipeline_destroy(&pipeline);
}

static void
what_is_new_about_a_carrier_is_written_beyond_the_windows(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=5m");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 7}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 7}, T0);
    flush(pipeline);
    let_time_pass(pipeline, T0 + USEC_PER_DAY);
    flush(pipeline);
    // A retweet counts for others only: the carrier has no value in a window.
    act(pipeline, (struct made_act){3, 1, 2, 0, 9}, T0 + USEC_PER_DAY);
    flush(pipeline);
    assert_null(find("user:x:u1 carried:5m"));
    assert_value("user:x:u1 followers", "9");
    assert_value("user:x:u1 last_seen", "1700086400000");
    pipeline_destroy(&pipeline);
}

static void
early_people_are_known_after_five_closed_cascades(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    int id = 0;
    field_count = 0;
    for (int root = 1; root <= 6; root++) {
        usec begin = T0 + root * USEC_PER_MIN;
        for (int person = 1; person <= (root == 6 ? 9 : 10); person++) {
            act(pipeline, (struct made_act){++id, person, root, 0, 0},
                begin + person * USEC_PER_S);
        }
    }
    flush(pipeline);
    assert_null(find("top:early x:u1"));
    let_time_pass(pipeline, T0 + 7 * USEC_PER_HOUR);
    changes_renew(pipeline);
    flush(pipeline);
    // A little less than five tries, since the closes were some time ago.
    assert_null(find("top:early x:u1"));
    let_time_pass(pipeline, T0 + 7 * USEC_PER_HOUR + USEC_PER_S);
    for (int person = 1; person <= 10; person++) {
        act(pipeline, (struct made_act){++id, person, 7, 0, 0},
            T0 + 7 * USEC_PER_HOUR + (person + 1) * USEC_PER_S);
    }
    let_time_pass(pipeline, T0 + 14 * USEC_PER_HOUR);
    flush(pipeline);
    assert_true(number("top:early x:u1") > 2.3 && number("top:early x:u1") < 2.34);
    assert_true(number("top:early x:u10") > 0.35 && number("top:early x:u10") < 0.38);
    assert_true(number("carrier:x:u1 tries") > 5.98);
    assert_true(number("carrier:x:u1 early") > 5.98);
    assert_true(number("carrier:x:u3 early") == 0);
    pipeline_destroy(&pipeline);
}

static void
a_capacity_of_zero_writes_none_of_it(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h carriers.capacity=0");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    delete (pipeline, 2);
    let_time_pass(pipeline, T0 + 7 * USEC_PER_HOUR);
    flush(pipeline);
    changes_renew(pipeline);
    flush(pipeline);
    assert_null(find("top:carriers x:u1"));
    assert_null(find("carrier:x:u1 acts"));
    assert_false(changes_has(pipeline, CHANGE_BOARD, SLICE_LIT("carriers")));
    assert_false(changes_has(pipeline, CHANGE_CARRIER, SLICE_LIT("x:u1")));
    pipeline_destroy(&pipeline);
}

static void
a_person_who_reshares_very_often_is_one_entry(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h cascades.capacity=1000");
    field_count = 0;
    for (int i = 1; i <= 100000; i++) {
        act(pipeline, (struct made_act){i, 1, i % 5000, 0, i % 2 == 0 ? 1000000000 : 0},
            T0 + i * USEC_PER_MS);
    }
    act(pipeline, (struct made_act){200001, 2, 100000 % 5000, 100000, 0},
        T0 + 100001 * USEC_PER_MS);
    flush(pipeline);
    assert_int_equal(pipeline_metrics(pipeline)->carriers, 2);
    assert_true(number("carrier:x:u1 acts") >= 5000);
    assert_true(number("carrier:x:u1 acts") <= 100000);
    pipeline_destroy(&pipeline);
}

static void
people_leave_when_the_ledger_is_full(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=5m users.capacity=1000");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 0}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 1, 0}, T0);
    for (int i = 3; i < 3000; i++) {
        act(pipeline, (struct made_act){i, i, i / 10, 0, 0},
            T0 + i * 10 * USEC_PER_MIN);
        if (i % 50 == 0) {
            flush(pipeline);
        }
    }
    flush(pipeline);
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->carriers, 250);
    assert_true(metrics->carriers_evicted > 1000);
    assert_int_equal(metrics->refused, 0);
    assert_true(number("top:carriers x:u1") > 0.8); // three weeks later
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_carrier_has_a_hash_while_on_a_board),
        cmocka_unit_test(a_carrier_keeps_the_hash_and_the_place_until_the_next_flush),
        cmocka_unit_test(boards_are_those_of_the_beginning_of_a_flush),
        cmocka_unit_test(who_leaves_the_windows_during_a_flush_leaves_the_boards),
        cmocka_unit_test(scores_are_written_again_after_a_day),
        cmocka_unit_test(the_reason_of_an_old_carrier_has_fractions),
        cmocka_unit_test(carriers_keep_their_user_key_beyond_the_windows),
        cmocka_unit_test(what_is_new_about_a_carrier_is_written_beyond_the_windows),
        cmocka_unit_test(early_people_are_known_after_five_closed_cascades),
        cmocka_unit_test(a_capacity_of_zero_writes_none_of_it),
        cmocka_unit_test(a_person_who_reshares_very_often_is_one_entry),
        cmocka_unit_test(people_leave_when_the_ledger_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
