// Alerts whose removal from an outbox has yet to be written.
#include "sinks/redis/redis_drops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sinks/webhook/webhook_sign.h"

static struct slice
id_of(size_t number)
{
    static char text[WEBHOOK_ID_MAX];
    return (struct slice){text,
                          (size_t)snprintf(text, sizeof(text), "msg_%zu", number)};
}

static void
an_id_is_found_for_its_endpoint_alone(void **state)
{
    (void)state;
    struct redis_drops drops;
    redis_drops_init(&drops);
    assert_false(redis_drops_has(&drops, 0, id_of(1)));
    for (size_t i = 0; i < 600; i++) {
        redis_drops_add(&drops, i % 3, id_of(i));
    }
    for (size_t i = 0; i < 1000; i++) {
        for (size_t endpoint = 0; endpoint < 3; endpoint++) {
            assert_int_equal(redis_drops_has(&drops, endpoint, id_of(i)),
                             i < 600 && i % 3 == endpoint);
        }
    }
    redis_drops_fini(&drops);
}

// As while an outbox is read that has no room for most of its alerts.
static void
a_look_up_takes_as_long_among_many(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct redis_drops drops;
    redis_drops_init(&drops);
    for (size_t i = 0; i < MANY; i++) {
        assert_false(redis_drops_has(&drops, 0, id_of(i)));
        redis_drops_add(&drops, 0, id_of(i));
        assert_true(redis_drops_has(&drops, 0, id_of(i)));
    }
    // One for each that is found, and the few whose hash has the same upper half.
    assert_in_range(drops.compared, MANY, MANY + 100);
    redis_drops_fini(&drops);
}

static void
an_id_stays_until_its_removal_is_written(void **state)
{
    (void)state;
    struct redis_drops drops;
    redis_drops_init(&drops);
    redis_drops_add(&drops, 0, id_of(1));
    redis_drops_take(&drops);
    redis_drops_add(&drops, 0, id_of(2));
    redis_drops_lost(&drops);
    assert_true(redis_drops_has(&drops, 0, id_of(1)));
    assert_true(redis_drops_has(&drops, 0, id_of(2)));
    redis_drops_take(&drops);
    redis_drops_add(&drops, 0, id_of(3));
    redis_drops_written(&drops);
    assert_false(redis_drops_has(&drops, 0, id_of(1)));
    assert_false(redis_drops_has(&drops, 0, id_of(2)));
    assert_true(redis_drops_has(&drops, 0, id_of(3)));
    redis_drops_take(&drops);
    redis_drops_written(&drops);
    assert_false(redis_drops_has(&drops, 0, id_of(3)));
    redis_drops_fini(&drops);
}

static void
an_id_that_no_outbox_can_hold_is_ignored(void **state)
{
    (void)state;
    static const char text[WEBHOOK_ID_MAX + 1] = "msg_";
    const struct slice id = {text, WEBHOOK_ID_MAX};
    struct redis_drops drops;
    redis_drops_init(&drops);
    redis_drops_add(&drops, 0, id);
    assert_false(redis_drops_has(&drops, 0, id));
    redis_drops_add(&drops, 0, id_of(1));
    assert_false(redis_drops_has(&drops, 0, id));
    redis_drops_fini(&drops);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_found_for_its_endpoint_alone),
        cmocka_unit_test(a_look_up_takes_as_long_among_many),
        cmocka_unit_test(an_id_stays_until_its_removal_is_written),
        cmocka_unit_test(an_id_that_no_outbox_can_hold_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
