// Carriers that are expected rather than observed: their board, and alerts with them.
#include "pipeline/alerts/rules.h"
#include "pipeline/ledger.h"
#include "tests/unit/made_acts.h"
#include "tests/unit/received.h"

static void
expected_carriers_are_kept_apart(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    field_count = 0;
    act(pipeline, (struct made_act){1, 1, 1, 0, 1000000}, T0);
    for (int person = 2; person <= 12; person++) {
        act(pipeline, (struct made_act){person, person, 1, 0, 1},
            T0 + person * USEC_PER_S);
    }
    let_time_pass(pipeline, T0 + 7 * USEC_PER_HOUR);
    flush(pipeline);
    assert_true(number("top:carriers_estimated x:u1") > 10.9);
    assert_true(number("top:carriers_estimated x:u1") < 11);
    assert_true(number("carrier:x:u1 estimated") > 10.9);
    assert_value("carrier:x:u1 people", "0");
    assert_null(find("top:carriers x:u1"));
    pipeline_destroy(&pipeline);
}

// The carriers that the next alert names: "x:u2 1, x:u1 ~9.98".
static const char *
named(struct pipeline *pipeline)
{
    static char text[TEXT_MAX];
    size_t used = 0;
    struct change change;
    text[0] = '\0';
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        for (size_t i = 0;
             change.kind == CHANGE_ALERT && i < change.alert.carrier_count; i++) {
            const struct change_person *one = &change.alert.carriers[i];
            used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%.*s %s%.3g",
                                     used != 0 ? ", " : "", SLICE_ARG(one->id),
                                     one->is_expected ? "~" : "", one->people);
        }
    }
    changes_written(pipeline, SIZE_MAX);
    return text;
}

static void
set_rule(struct pipeline *pipeline, const char *settings)
{
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    made_options(rule_option_rows, &rule, settings);
    snprintf(rule.name, sizeof(rule.name), "rule");
    pipeline_set_rules(pipeline, &rule, 1);
}

static void
alerts_name_expected_carriers_behind_observed_ones(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    set_rule(pipeline, "min_size=12");
    act(pipeline, (struct made_act){1, 1, 1, 0, 1000000}, T0);
    act(pipeline, (struct made_act){2, 2, 1, 0, 1000}, T0);
    act(pipeline, (struct made_act){3, 3, 1, 2, 1000}, T0);
    for (int person = 4; person <= 12; person++) {
        act(pipeline, (struct made_act){person, person, 1, 0, 1}, T0);
    }
    assert_string_equal(
        named(pipeline),
        "x:u2 1, x:u1 ~11, x:u3 ~0.00898, x:u4 ~7.98e-06, x:u5 ~6.99e-06");
    pipeline_destroy(&pipeline);
}

static void
alerts_name_no_expected_carriers_without_followers_or_among_paths(void **state)
{
    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        struct pipeline *pipeline =
            made_pipeline(turn == 2 ? "windows=1h carriers.capacity=0" : "windows=1h");
        set_rule(pipeline, "min_size=12");
        for (int person = 1; person <= 12; person++) {
            bool has_path = turn == 1 && person > 6;
            act(pipeline,
                (struct made_act){person, person, 1, has_path ? 1 : 0,
                                  turn == 0 ? 0 : 100},
                T0 + person * USEC_PER_S);
        }
        assert_string_equal(named(pipeline), turn == 1 ? "x:u1 6" : "");
        pipeline_destroy(&pipeline);
    }
}

static void
without_followers_nothing_is_estimated(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    field_count = 0;
    for (int person = 1; person <= 12; person++) {
        act(pipeline, (struct made_act){person, person, 1, 0, person < 6},
            T0 + person * USEC_PER_S);
    }
    let_time_pass(pipeline, T0 + 7 * USEC_PER_HOUR);
    flush(pipeline);
    assert_null(find("top:carriers_estimated x:u1"));
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_carriers_are_kept_apart),
        cmocka_unit_test(alerts_name_expected_carriers_behind_observed_ones),
        cmocka_unit_test(
            alerts_name_no_expected_carriers_without_followers_or_among_paths),
        cmocka_unit_test(without_followers_nothing_is_estimated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
