#include "pipeline/carriers/settle.h"

#include <math.h>
#include <stdlib.h>

#include "pipeline/carriers/early.h"
#include "pipeline/carriers/expected.h"
#include "pipeline/inside.h"

// ── expected carriers ──────────────────────────────────────────────────────

// Followers when the person came; false if they are not known.
static bool
followers_of(const struct pipeline *pipeline, const struct cascade *row, uint32_t user,
             double *ret_followers)
{
    const struct amplifier *person =
        amplifiers_find(&row->amplifiers, pipeline->texts, user);
    uint32_t followers =
        person != NULL ? amplifiers_followers(&row->amplifiers, pipeline->texts, person)
                       : users_at(&pipeline->users, user)->followers;
    *ret_followers = followers;
    return followers != 0 ||
           (users_at(&pipeline->users, user)->flags & USER_HAS_FOLLOWERS) != 0;
}

// Of people on the network of the cascade; 0: of none is anything known.
static uint32_t
median_of(const struct pipeline *pipeline, const struct cascade *row)
{
    uint32_t median = 0;
    (void)forecasts_median(pipeline, slab_text(pipeline->texts, row->id), &median);
    return median;
}

// The root and the first acts. False if the followers of most are not known.
static bool
expected_acts(const struct pipeline *pipeline, const struct cascade *row,
              struct expected_act ret_acts[FIRST_ACTS_MAX + 1])
{
    const struct first_act *acts = first_acts_rows(&row->acts, pipeline->texts);
    uint32_t known = 0;
    uint32_t median = median_of(pipeline, row);
    ret_acts[0].time = row->created != USEC_NONE ? row->created : row->first;
    if (row->author == USER_NONE ||
        (users_at(&pipeline->users, row->author)->flags & USER_HAS_FOLLOWERS) == 0) {
        ret_acts[0].followers = median;
    } else {
        ret_acts[0].followers = users_at(&pipeline->users, row->author)->followers;
    }
    for (uint32_t i = 0; i < row->acts.count; i++) {
        struct expected_act *act = &ret_acts[i + 1];
        act->time = first_act_time(&acts[i]);
        if (followers_of(pipeline, row, acts[i].user, &act->followers)) {
            known++;
        } else {
            act->followers = median;
        }
    }
    return 2 * known >= row->acts.count;
}

static bool
is_estimable(const struct cascade *row)
{
    return row->acts.total >= SETTLE_ACTS_MIN && row->acts.count != 0 &&
           !tree_is_known(&row->tree);
}

uint32_t
settle_expected(const struct pipeline *pipeline, uint32_t cascade,
                struct settle_person ret_people[FIRST_ACTS_MAX])
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct expected_act acts[FIRST_ACTS_MAX + 1];
    double children[FIRST_ACTS_MAX + 1];
    if (!pipeline->options.cascades_engine || !is_estimable(row) ||
        !expected_acts(pipeline, row, acts)) {
        return 0;
    }
    uint32_t count = row->acts.count;
    struct expected rest =
        row->later != SLAB_NONE
            ? *(struct expected *)slab_at(pipeline->texts, row->later)
            : expected_after(acts, count + 1);
    expected_children(acts, count + 1, &rest, children);
    const struct first_act *first = first_acts_rows(&row->acts, pipeline->texts);
    for (uint32_t i = 0; i < count; i++) {
        ret_people[i] = (struct settle_person){first[i].user,
                                               fmin(children[i + 1], row->acts.total)};
    }
    return count;
}

static void
estimate(struct pipeline *pipeline, uint32_t cascade, usec time)
{
    struct settle_person people[FIRST_ACTS_MAX];
    uint32_t count = settle_expected(pipeline, cascade, people);
    for (uint32_t i = 0; i < count; i++) {
        if (people[i].people > 0) {
            carriers_estimate(&pipeline->carriers, people[i].user, time,
                              people[i].people);
        }
    }
}

// ── early people ───────────────────────────────────────────────────────────

static int
compare_users(const void *a, const void *b)
{
    const struct early_act *one = a;
    const struct early_act *other = b;
    return (one->user > other->user) - (one->user < other->user);
}

// Those who came behind the first acts.
static void
settle_others(struct pipeline *pipeline, const struct cascade *row,
              const struct early_act *acts, usec time)
{
    double part = early_part_of_others(row->acts.count, row->acts.total);
    const struct amplifier *person;
    uint32_t at = 0;
    while ((person = amplifiers_next(&row->amplifiers, pipeline->texts, &at)) != NULL) {
        const struct early_act key = {.user = amplifiers_user(person)};
        if (key.user != row->author &&
            bsearch(&key, acts, row->acts.count, sizeof(key), compare_users) == NULL) {
            carriers_settle(&pipeline->carriers, key.user, time, part);
        }
    }
}

static void
settle_early(struct pipeline *pipeline, const struct cascade *row, usec time)
{
    struct early_act acts[FIRST_ACTS_MAX];
    double parts[FIRST_ACTS_MAX];
    uint32_t count = row->acts.count;
    if (row->acts.total < EARLY_PEOPLE_MIN || count == 0) {
        return;
    }
    const struct first_act *first = first_acts_rows(&row->acts, pipeline->texts);
    for (uint32_t i = 0; i < count; i++) {
        acts[i] = (struct early_act){first_act_time(&first[i]), first[i].user};
    }
    early_parts(acts, count, row->acts.total, parts);
    for (uint32_t i = 0; i < count; i++) {
        carriers_settle(&pipeline->carriers, acts[i].user, time, parts[i]);
    }
    if (row->acts.total > count) {
        qsort(acts, count, sizeof(*acts), compare_users);
        settle_others(pipeline, row, acts, time);
    }
}

void
settle_cascade(struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (row->is_settled || pipeline->carriers.capacity == 0) {
        return;
    }
    usec due = cascades_close_due(row);
    usec time = due < pipeline->clock ? due : pipeline->clock;
    row->is_settled = true;
    settle_early(pipeline, row, time);
    estimate(pipeline, cascade, time);
}

// ── acts ───────────────────────────────────────────────────────────────────

// An act that is not kept is added to the sums behind those that are.
static void
add_later(struct pipeline *pipeline, uint32_t cascade, uint32_t user, usec time)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct expected_act act = {.time = time};
    if (row->later == SLAB_NONE) {
        struct expected_act acts[FIRST_ACTS_MAX + 1];
        (void)expected_acts(pipeline, row, acts);
        row->later = slab_alloc(pipeline->texts, sizeof(struct expected));
        if (row->later == SLAB_NONE) {
            pipeline->carriers.refused++;
            return;
        }
        *(struct expected *)slab_at(pipeline->texts, row->later) =
            expected_after(acts, (size_t)row->acts.count + 1);
    }
    if (!followers_of(pipeline, row, user, &act.followers)) {
        act.followers = median_of(pipeline, row);
    }
    expected_add(slab_at(pipeline->texts, row->later), act);
}

void
settle_act(struct pipeline *pipeline, uint32_t cascade, uint32_t user, usec time)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (pipeline->carriers.capacity != 0 &&
        !first_acts_add(&row->acts, pipeline->texts, user, time)) {
        add_later(pipeline, cascade, user, time);
    }
}

void
settle_act_undone(struct pipeline *pipeline, uint32_t cascade, uint32_t user, usec time)
{
    if (pipeline->carriers.capacity != 0) {
        first_acts_remove(&cascades_at(&pipeline->cascades, cascade)->acts,
                          pipeline->texts, user, time);
    }
}
