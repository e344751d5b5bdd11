#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slab.h"
#include "pipeline/carriers/carriers.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define H (100 * USEC_PER_DAY)

enum { USERS = 4000 };

struct world {
    struct slab *texts;
    struct carriers carriers;
    uint32_t places[USERS];
    uint32_t held[USERS];
    uint64_t touched;
};

static uint32_t *
place(void *context, uint32_t user)
{
    struct world *world = context;
    assert_true(user < USERS);
    return &world->places[user];
}

static void
hold(void *context, uint32_t user)
{
    struct world *world = context;
    world->held[user]++;
}

static void
release(void *context, uint32_t user)
{
    struct world *world = context;
    assert_int_not_equal(world->held[user], 0);
    world->held[user]--;
}

static void
moved(void *context, uint32_t from, uint32_t into)
{
    hold(context, into);
    release(context, from);
}

static void
touched(void *context, uint32_t row, uint32_t boards)
{
    struct world *world = context;
    assert_true(row < world->carriers.high);
    assert_true(boards < 1u << CARRIERS_BOARDS);
    world->touched++;
}

static void
left(void *context, uint32_t row)
{
    touched(context, row, 0);
}

static void
begin(struct world *world, uint32_t capacity, usec half_life)
{
    memset(world, 0, sizeof(*world));
    world->texts = slab_create(16 << 20);
    const struct carriers_needs needs = {
        .capacity = capacity,
        .users = USERS,
        .half_life = half_life,
        .texts = world->texts,
        .owners = {world, place, hold, release, moved, touched, left},
    };
    assert_true(carriers_init(&world->carriers, &needs));
}

static void
end(struct world *world)
{
    carriers_fini(&world->carriers);
    slab_destroy(&world->texts);
}

static struct carriers_view
view(const struct world *world, uint32_t user, usec time)
{
    uint32_t row = carriers_find(&world->carriers, user);
    assert_int_not_equal(row, CARRIER_NONE);
    return carriers_view(&world->carriers, row, time);
}

static void
assert_near(double got, double wanted)
{
    double scale = fabs(wanted) > 1 ? fabs(wanted) : 1;
    if (!(fabs(got - wanted) <= 1e-9 * scale)) {
        fail_msg("%.17g is not %.17g", got, wanted);
    }
}

static void
child(struct world *world, uint32_t user, usec time, uint32_t children)
{
    carriers_child(&world->carriers, &(struct carriers_child){
                                         .user = user,
                                         .time = time,
                                         .children = children,
                                         .root = SLICE_LIT("x:root"),
                                         .first_gone = USEC_NONE,
                                         .first_new = children == 1 ? time : USEC_NONE,
                                     });
}

static void
a_person_counts_half_after_a_half_life(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 7, T0);
    child(&world, 7, T0 + 1, 1);
    struct carriers_view now = view(&world, 7, T0 + H);
    assert_near(now.acts, 0.5);
    assert_near(view(&world, 7, T0 + 3 * H).people, 0.125);
    assert_int_equal(now.best, 1);
    assert_int_equal(now.first_ms, T0 / USEC_PER_MS);
    assert_int_equal(world.held[7], 1);
    end(&world);
}

static void
an_event_that_comes_late_has_its_own_age(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 1, T0 + 2 * H);
    carriers_act(&world.carriers, 1, T0);
    assert_near(view(&world, 1, T0 + 2 * H).acts, 1.25);
    end(&world);
}

static void
what_is_taken_back_leaves_exactly_nothing(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    for (int i = 0; i < 1000; i++) {
        carriers_act(&world.carriers, 1, T0 + i * 7919 * USEC_PER_S);
        child(&world, 1, T0 + i * USEC_PER_S, (uint32_t)i + 1);
    }
    for (int i = 1; i < 1000; i++) {
        carriers_act_undone(&world.carriers, 1, T0 + i * 7919 * USEC_PER_S, USEC_NONE);
    }
    assert_near(view(&world, 1, T0).acts, 1);
    for (int i = 999; i >= 0; i--) {
        const struct carriers_child gone = {
            .user = 1,
            .time = T0 + i * USEC_PER_S,
            .children = (uint32_t)i,
            .root = SLICE_LIT("x:root"),
            .first_gone = i == 0 ? T0 : USEC_NONE,
            .first_new = USEC_NONE,
        };
        carriers_child_undone(&world.carriers, &gone);
    }
    struct carriers_view left = view(&world, 1, T0);
    assert_true(left.people == 0 && left.carried_acts == 0 && left.best == 0);
    assert_int_equal(left.best_post.len, 0);
    carriers_act_undone(&world.carriers, 1, T0, USEC_NONE);
    assert_int_equal(carriers_find(&world.carriers, 1), CARRIER_NONE);
    assert_int_equal(world.held[1], 0);
    assert_int_equal(world.carriers.count, 0);
    end(&world);
}

static void
a_first_child_that_is_taken_back_leaves_its_place_to_the_next(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 1, T0);
    child(&world, 1, T0, 1);
    child(&world, 1, T0 + H, 2);
    const struct carriers_child gone = {1, T0, 1, SLICE_LIT("x:root"), T0, T0 + H};
    carriers_child_undone(&world.carriers, &gone);
    struct carriers_view now = view(&world, 1, T0 + H);
    assert_near(now.people, 1);
    assert_near(now.carried_acts, 1);
    assert_int_equal(now.best, 1);
    end(&world);
}

static void
an_act_that_is_taken_back_is_no_carried_act_any_more(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 1, T0);
    carriers_act(&world.carriers, 1, T0);
    child(&world, 1, T0, 1);
    carriers_act_undone(&world.carriers, 1, T0, T0);
    struct carriers_view now = view(&world, 1, T0);
    assert_near(now.acts, 1);
    assert_near(now.people, 1);
    assert_true(now.carried_acts == 0);
    end(&world);
}

static void
the_one_who_carried_least_leaves_when_the_ledger_is_full(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 3, H);
    carriers_act(&world.carriers, 1, T0);
    child(&world, 1, T0, 1);
    carriers_act(&world.carriers, 2, T0 + 10 * USEC_PER_S);
    carriers_act(&world.carriers, 3, T0 + 10 * USEC_PER_S);
    carriers_act(&world.carriers, 4, T0 + 20 * USEC_PER_S);
    assert_int_equal(carriers_find(&world.carriers, 2), CARRIER_NONE);
    assert_int_equal(world.held[2], 0);
    carriers_act(&world.carriers, 3, T0 + 21 * USEC_PER_S);
    carriers_act(&world.carriers, 5, T0 + 30 * USEC_PER_S);
    assert_int_equal(carriers_find(&world.carriers, 4), CARRIER_NONE);
    assert_int_not_equal(carriers_find(&world.carriers, 1), CARRIER_NONE);
    assert_int_equal(world.carriers.evicted, 2);
    assert_int_equal(world.carriers.count, 3);
    // What was counted for the former entry is not taken from the new one.
    carriers_act(&world.carriers, 2, T0 + 40 * USEC_PER_S);
    carriers_act_undone(&world.carriers, 2, T0 + 10 * USEC_PER_S, USEC_NONE);
    assert_near(view(&world, 2, T0 + 40 * USEC_PER_S).acts, 1);
    end(&world);
}

static void
a_capacity_of_zero_turns_the_ledger_off(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 0, H);
    carriers_act(&world.carriers, 1, T0);
    child(&world, 1, T0, 1);
    carriers_settle(&world.carriers, 1, T0, 0.5);
    carriers_estimate(&world.carriers, 1, T0, 2);
    carriers_merge(&world.carriers, 1, 2);
    carriers_act_undone(&world.carriers, 1, T0, USEC_NONE);
    assert_int_equal(world.carriers.count, 0);
    assert_int_equal(carriers_find(&world.carriers, 1), CARRIER_NONE);
    end(&world);
}

static void
two_names_of_one_person_are_added_up(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 1, T0);
    child(&world, 1, T0, 1);
    carriers_settle(&world.carriers, 1, T0, exp(-2));
    carriers_estimate(&world.carriers, 1, T0, 3);
    carriers_act(&world.carriers, 2, T0 + H);
    carriers_merge(&world.carriers, 1, 2);
    struct carriers_view now = view(&world, 2, T0 + H);
    assert_near(now.acts, 1.5);
    assert_near(now.people, 0.5);
    assert_near(now.head, 1);
    assert_near(now.early, 0.5);
    assert_near(now.estimated, 1.5);
    assert_int_equal(now.best_post.len, 6);
    assert_int_equal(world.held[1], 0);
    assert_int_equal(world.held[2], 1);
    carriers_merge(&world.carriers, 2, 3); // to somebody who has no row
    assert_near(view(&world, 3, T0 + H).acts, 1.5);
    assert_int_equal(world.held[3], 1);
    end(&world);
}

static void
head_start_is_one_by_chance_and_needs_five_tries(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 10, H);
    carriers_act(&world.carriers, 1, T0);
    struct carriers_view none = view(&world, 1, T0);
    assert_near(carriers_head_start(&none), 1);
    uint32_t row = carriers_find(&world.carriers, 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(carriers_score(&world.carriers, CARRIERS_EARLY, row), 0);
        carriers_settle(&world.carriers, 1, T0, exp(-3));
    }
    struct carriers_view now = view(&world, 1, T0);
    assert_near(carriers_head_start(&now), 18.0 / 8);
    assert_int_equal(carriers_score(&world.carriers, CARRIERS_EARLY, row), 2250000000);
    carriers_renew(&world.carriers, T0 + H);
    assert_int_equal(carriers_score(&world.carriers, CARRIERS_EARLY, row), 0);
    end(&world);
}

static void
values_stay_numbers_whatever_the_half_life_and_the_clock(void **state)
{
    (void)state;
    const usec half_lives[] = {USEC_PER_S, H, 36500 * USEC_PER_DAY};
    for (size_t i = 0; i < 3; i++) {
        struct world world;
        begin(&world, 2, half_lives[i]);
        usec time = T0;
        for (int step = 0; step < 400; step++) {
            usec jump = step % 7 == 3   ? 365 * USEC_PER_DAY
                        : step % 7 == 5 ? -365 * USEC_PER_DAY
                                        : USEC_PER_S;
            time += jump;
            carriers_act(&world.carriers, (uint32_t)step % 3, time);
            child(&world, (uint32_t)step % 3, time, 1);
            carriers_settle(&world.carriers, (uint32_t)step % 3, time, 1e-6);
            carriers_estimate(&world.carriers, (uint32_t)step % 3, time, 1e9);
            for (uint32_t row = 0; row < world.carriers.high; row++) {
                struct carriers_view now = carriers_view(&world.carriers, row, time);
                assert_true(isfinite(now.acts) && now.acts >= 0);
                assert_true(isfinite(now.people) && isfinite(now.head));
                assert_true(isfinite(now.estimated));
                for (int board = 0; board < CARRIERS_BOARDS; board++) {
                    uint64_t score = carriers_score(&world.carriers,
                                                    (enum carriers_board)board, row);
                    assert_true(score <= UINT64_C(9000000000000000));
                }
            }
            if (step % 50 == 49) {
                carriers_rewind(&world.carriers, time, time - 400 * USEC_PER_DAY);
                time -= 400 * USEC_PER_DAY;
            }
        }
        end(&world);
    }
}

// ── a brute force ──────────────────────────────────────────────────────────

enum { EVENTS = 3000, PEOPLE = 60, ROOM = 25 };

struct made {
    uint32_t user;
    usec time;
    bool is_child;
    bool is_gone;
};

static double
sum(const struct made *events, size_t count, uint32_t user, bool is_child, usec now,
    usec half_life)
{
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct made *event = &events[i];
        if (event->user == user && event->is_child == is_child && !event->is_gone) {
            total += exp2(-(double)(now - event->time) / (double)half_life);
        }
    }
    return total;
}

static void
sums_and_evictions_are_those_of_a_brute_force(void **state)
{
    (void)state;
    static struct made events[EVENTS];
    struct world world;
    bool is_in[PEOPLE] = {false};
    usec last[PEOPLE] = {0};
    usec now = T0;
    const usec half_life = 3 * USEC_PER_HOUR;
    begin(&world, ROOM, half_life);
    srand(11);
    for (size_t n = 0; n < EVENTS; n++) {
        struct made *event = &events[n];
        now += rand() % 60 * USEC_PER_S;
        *event = (struct made){(uint32_t)(rand() % PEOPLE),
                               now - (rand() % 4 == 0 ? rand() % 900 * USEC_PER_S : 0),
                               rand() % 3 == 0, false};
        if (!is_in[event->user]) {
            uint32_t count = 0;
            uint32_t least = PEOPLE;
            double least_worth = INFINITY;
            for (uint32_t user = 0; user < PEOPLE; user++) {
                count += is_in[user];
                double worth = sum(events, n, user, true, now, half_life) +
                               sum(events, n, user, false, now, half_life) / 8;
                if (is_in[user] && (worth < least_worth)) {
                    least = user;
                    least_worth = worth;
                }
            }
            if (count == ROOM) {
                is_in[least] = false;
                for (size_t k = 0; k < n; k++) {
                    events[k].is_gone |= events[k].user == least;
                }
            }
            is_in[event->user] = true;
            last[event->user] = 0;
        }
        last[event->user] =
            event->time > last[event->user] ? event->time : last[event->user];
        if (event->is_child) {
            child(&world, event->user, event->time, 2);
        } else {
            carriers_act(&world.carriers, event->user, event->time);
        }
        for (uint32_t user = 0; user < PEOPLE; user++) {
            uint32_t row = carriers_find(&world.carriers, user);
            assert_int_equal(row != CARRIER_NONE, is_in[user]);
            if (row != CARRIER_NONE && (n % 50 == 0 || user == event->user)) {
                struct carriers_view got = carriers_view(&world.carriers, row, now);
                assert_near(got.acts, sum(events, n + 1, user, false, now, half_life));
                assert_near(got.people, sum(events, n + 1, user, true, now, half_life));
                assert_int_equal(got.last_ms, last[user] / USEC_PER_MS);
            }
        }
    }
    assert_true(world.carriers.evicted > 100);
    end(&world);
}

static void
two_hundred_thousand_people_fit_into_16_mb(void **state)
{
    (void)state;
    enum { ALL = 200000 };
    // Each was early or not in a closed cascade, a tenth carried somebody.
    size_t row = sizeof(struct carrier) + 4 /* of the user */ + 2 * 4 /* heap */;
    size_t early = 24;
    size_t passed = 32 + slab_class_size(71);
    assert_true(ALL * (row + early) + ALL / 10 * passed < (size_t)16 << 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_counts_half_after_a_half_life),
        cmocka_unit_test(an_event_that_comes_late_has_its_own_age),
        cmocka_unit_test(what_is_taken_back_leaves_exactly_nothing),
        cmocka_unit_test(a_first_child_that_is_taken_back_leaves_its_place_to_the_next),
        cmocka_unit_test(an_act_that_is_taken_back_is_no_carried_act_any_more),
        cmocka_unit_test(the_one_who_carried_least_leaves_when_the_ledger_is_full),
        cmocka_unit_test(a_capacity_of_zero_turns_the_ledger_off),
        cmocka_unit_test(two_names_of_one_person_are_added_up),
        cmocka_unit_test(head_start_is_one_by_chance_and_needs_five_tries),
        cmocka_unit_test(values_stay_numbers_whatever_the_half_life_and_the_clock),
        cmocka_unit_test(sums_and_evictions_are_those_of_a_brute_force),
        cmocka_unit_test(two_hundred_thousand_people_fit_into_16_mb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
