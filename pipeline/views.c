#include "pipeline/views.h"

#include <string.h>

#include "pipeline/changes/change.h"
#include "pipeline/changes/change_carrier.h"
#include "pipeline/coverage.h"
#include "pipeline/inside.h"
#include "pipeline/views_boards.h"

// ── people ─────────────────────────────────────────────────────────────────

uint32_t
views_find_user(const struct pipeline *pipeline, struct slice id)
{
    return id.len <= POST_ID_MAX ? users_find(&pipeline->users, id) : USER_NONE;
}

uint32_t
views_find_holder(const struct pipeline *pipeline, struct slice network,
                  struct slice handle)
{
    if (network.len >= POST_ID_MAX || handle.len == 0 || handle.len > HANDLE_FORM_MAX) {
        return USER_NONE;
    }
    return users_holder(&pipeline->users, network, handle);
}

static bool
is_ascii(struct slice text)
{
    size_t i = 0;
    while (i < text.len && (unsigned char)text.ptr[i] < 0x80) {
        i++;
    }
    return i == text.len;
}

// Texts of ASCII keep their length in the form in which handles are compared.
static bool
is_same_handle(const struct users *users, struct slice a, struct slice b)
{
    bool may_be_same = a.len == b.len || !is_ascii(a) || !is_ascii(b);
    return may_be_same && handle_form_same(users->form, a, b);
}

uint32_t
views_search_holder(const struct pipeline *pipeline, struct slice handle)
{
    const struct users *users = &pipeline->users;
    uint32_t found = VIEWS_NONE;
    struct slice first = SLICE_NONE;
    if (handle.len == 0 || handle.len > HANDLE_FORM_MAX) {
        return VIEWS_NONE;
    }
    for (uint32_t user = 0; user < users->high; user++) {
        if ((users_at(users, user)->flags & USER_HOLDS) == 0 ||
            !is_same_handle(users, users_handle(users, user), handle)) {
            continue;
        }
        struct slice network = users_network_of(users_id(users, user));
        if (found == VIEWS_NONE || slice_compare(network, first) < 0) {
            found = user;
            first = network;
        }
    }
    return found;
}

void
views_user(struct pipeline *pipeline, uint32_t user, struct change *ret_change)
{
    change_show(pipeline, CHANGE_USER, users_id(&pipeline->users, user), ret_change);
    change_user_fields(pipeline, ret_change, user);
}

bool
views_carrier(struct pipeline *pipeline, uint32_t user, struct change *ret_change)
{
    if (carriers_find(&pipeline->carriers, user) == CARRIER_NONE) {
        return false;
    }
    change_show(pipeline, CHANGE_CARRIER, users_id(&pipeline->users, user), ret_change);
    change_carrier_fields(pipeline, ret_change, user, false);
    return true;
}

static struct slice
known(struct slice text)
{
    return text.len != 0 ? text : SLICE_NONE;
}

struct views_person
views_person(const struct pipeline *pipeline, uint32_t user)
{
    if ((users_at(&pipeline->users, user)->identity & USER_ERASED) != 0) {
        return (struct views_person){SLICE_NONE, SLICE_NONE, SLICE_NONE};
    }
    return (struct views_person){
        .id = users_id(&pipeline->users, user),
        .handle = known(users_handle(&pipeline->users, user)),
        .name = known(users_text(&pipeline->users, user, USER_NAME)),
    };
}

static bool
is_shown(const struct cascade *row)
{
    return row->birth != 0 && row->last != USEC_NONE &&
           (row->flags & (CASCADE_HIDDEN | CASCADE_EVICTED)) == 0 &&
           (row->size != 0 || row->replies != 0);
}

static bool
is_greater(const struct cascades *cascades, uint32_t a, uint32_t b)
{
    uint32_t size = cascades_at(cascades, a)->size;
    uint32_t other = cascades_at(cascades, b)->size;
    return size != other
               ? size > other
               : slice_compare(cascades_id(cascades, a), cascades_id(cascades, b)) < 0;
}

size_t
views_posts_of(const struct pipeline *pipeline, uint32_t user, uint32_t *ret_cascades,
               size_t most)
{
    const struct cascades *cascades = &pipeline->cascades;
    size_t count = 0;
    if ((users_at(&pipeline->users, user)->flags & USER_AUTHOR) == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades->rows[i].author != user || !is_shown(&cascades->rows[i])) {
            continue;
        }
        size_t place = count;
        while (place != 0 && is_greater(cascades, i, ret_cascades[place - 1])) {
            place--;
        }
        if (place == most) {
            continue;
        }
        count += count < most;
        memmove(&ret_cascades[place + 1], &ret_cascades[place],
                (count - place - 1) * sizeof(*ret_cascades));
        ret_cascades[place] = i;
    }
    return count;
}

// ── cascades ───────────────────────────────────────────────────────────────

uint32_t
views_find_cascade(const struct pipeline *pipeline, struct slice id)
{
    uint32_t cascade =
        id.len <= POST_ID_MAX ? cascades_find(&pipeline->cascades, id) : CASCADE_NONE;
    return cascade != CASCADE_NONE &&
                   is_shown(cascades_at(&pipeline->cascades, cascade))
               ? cascade
               : CASCADE_NONE;
}

void
views_cascade(struct pipeline *pipeline, uint32_t cascade, struct change *ret_change)
{
    change_show(pipeline, CHANGE_CASCADE, cascades_id(&pipeline->cascades, cascade),
                ret_change);
    change_alert_cascade(pipeline, ret_change, cascade);
}

void
views_cascade_line(struct pipeline *pipeline, uint32_t cascade,
                   struct change *ret_change)
{
    change_show(pipeline, CHANGE_CASCADE, cascades_id(&pipeline->cascades, cascade),
                ret_change);
    change_cascade_fields(pipeline, ret_change, cascade,
                          CASCADE_AUTHOR | CASCADE_HANDLE | CASCADE_TEXT |
                              CASCADE_CREATED | CASCADE_SIZE | CASCADE_VELOCITY |
                              CASCADE_ESTIMATE);
    change_put(pipeline, ret_change, SLICE_LIT("network"),
               users_network_of(ret_change->name));
}

uint32_t
views_author(const struct pipeline *pipeline, uint32_t cascade)
{
    return cascades_at(&pipeline->cascades, cascade)->author;
}

uint32_t
views_first_carrier(const struct pipeline *pipeline, uint32_t cascade,
                    uint64_t *ret_people)
{
    const struct amplifiers *amplifiers =
        &cascades_at(&pipeline->cascades, cascade)->amplifiers;
    uint32_t first = USER_NONE;
    uint32_t at = 0;
    const struct amplifier *entry;
    *ret_people = 0;
    while ((entry = amplifiers_next(amplifiers, pipeline->texts, &at)) != NULL) {
        if (!amplifiers_has(entry, AMPLIFIER_CARRIED)) {
            continue;
        }
        uint32_t user = amplifiers_user(entry);
        uint64_t people = amplifiers_children(amplifiers, pipeline->texts, entry);
        bool is_first = first == USER_NONE || people > *ret_people ||
                        (people == *ret_people &&
                         slice_compare(users_id(&pipeline->users, user),
                                       users_id(&pipeline->users, first)) < 0);
        if (is_first) {
            first = user;
            *ret_people = people;
        }
    }
    return first;
}

// ── growth ─────────────────────────────────────────────────────────────────

// Selects points of a series whose length is known: every `total` / `most`-th one.
struct growth {
    struct views_point *points;
    size_t count;
    size_t most;
    size_t total;
    size_t seen;
    uint64_t size;
};

static void
grow(struct growth *growth, usec age, uint64_t added, bool is_last)
{
    struct views_point *newest = &growth->points[growth->count - 1];
    growth->size += added;
    growth->seen++;
    if (age <= newest->age) {
        newest->size = growth->size; // at the same time, or earlier than the root
        return;
    }
    // One place is left for the last point.
    size_t due = growth->seen * (growth->most - 1) / growth->total;
    if (is_last || (growth->count <= due && growth->count < growth->most - 1)) {
        *++newest = (struct views_point){age, growth->size};
        growth->count++;
    }
}

// The age of a time of pipeline/forecast/reshares.h.
static usec
age_of(const struct cascade *row, usec root, uint32_t time)
{
    usec before = reshares_span(time, reshares_time(row->last)) * USEC_PER_MS;
    return row->last - before - root;
}

size_t
views_growth(const struct pipeline *pipeline, uint32_t cascade,
             struct views_point *ret_points, size_t most)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct slab *texts = pipeline->texts;
    usec root = row->created != USEC_NONE ? row->created : row->first;
    const struct reshare_buckets *merged =
        row->forecast != SLAB_NONE ? &forecast_at(texts, row->forecast)->merged : NULL;
    size_t buckets = merged != NULL ? merged->count : 0;
    const struct reshare_bucket *bucket =
        buckets != 0 ? reshare_buckets_rows(merged, texts) : NULL;
    const struct reshare *reshare = reshares_rows(&row->reshares, texts);
    struct growth growth = {.points = ret_points,
                            .count = 1,
                            .most = most,
                            .total = buckets + row->reshares.count};
    ret_points[0] = (struct views_point){0, 0};
    for (size_t i = 0; i < buckets; i++) {
        grow(&growth, age_of(row, root, bucket[i].start + bucket[i].width),
             bucket[i].count, false);
    }
    for (uint32_t i = 0; i < row->reshares.count; i++) {
        grow(&growth, age_of(row, root, reshare[i].time), 1, false);
    }
    // Some may be missing from the lists: without estimates, or without memory.
    uint64_t missing = row->size > growth.size ? row->size - growth.size : 0;
    growth.total++;
    grow(&growth, row->last - root, missing, true);
    for (size_t i = growth.count; i != 0 && ret_points[i - 1].size > row->size; i--) {
        ret_points[i - 1].size = row->size;
    }
    return growth.count;
}

// ── windows ────────────────────────────────────────────────────────────────

uint32_t
views_windows(const struct pipeline *pipeline)
{
    return pipeline->windows.shown;
}

struct views_window
views_window(const struct pipeline *pipeline, uint32_t index)
{
    const struct option_spans *spans = &pipeline->options.windows;
    usec length = spans->length[index];
    bool has_begun = pipeline->started != USEC_NONE;
    usec since = has_begun ? pipeline->clock - pipeline->started : 0;
    usec before = since > length ? since - length : 0;
    return (struct views_window){
        .name = slice_of(spans->name[index]),
        .length = length,
        .seen = since < length ? since : length,
        .before = before < length ? before : length,
        .is_complete = coverage_is_complete(pipeline, length),
    };
}

// ── boards ─────────────────────────────────────────────────────────────────

uint32_t
views_boards(const struct pipeline *pipeline)
{
    return pipeline->boards.count;
}

struct views_board
views_board(const struct pipeline *pipeline, uint32_t index)
{
    return views_boards_one(pipeline, &pipeline->boards, index);
}

uint32_t
views_top(const struct pipeline *pipeline)
{
    return pipeline->boards.top;
}

uint32_t
views_entries(const struct pipeline *pipeline, uint32_t index,
              struct views_entry *space, uint32_t most)
{
    return views_boards_entries(&pipeline->boards, index, space, most);
}

struct slice
views_owner_id(const struct pipeline *pipeline, enum views_owner kind, uint32_t owner)
{
    enum tally tally = kind == VIEWS_CASCADES   ? TALLY_CASCADES
                       : kind == VIEWS_HASHTAGS ? TALLY_HASHTAGS
                                                : TALLY_POSTS;
    return boards_id(&pipeline->boards, tally, owner);
}
