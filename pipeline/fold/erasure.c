#include "pipeline/fold/erasure.h"

#include "base/person_text.h"
#include "pipeline/fold/campaign_course.h"
#include "pipeline/fold/campaign_people.h"
#include "pipeline/fold/undo.h"
#include "pipeline/inside.h"

// A flush that is in progress may have passed what the person is detached from.
enum { FLUSHES = 2 };

// The person who is removed.
struct subject {
    struct pipeline *pipeline;
    uint32_t user;
    struct person_text text;
};

// ── taking back ────────────────────────────────────────────────────────────

struct slice
erasure_other_id(const struct pipeline *pipeline, struct slice id)
{
    const struct users *users = &pipeline->users;
    struct slice handle = users_handle_in(id);
    uint32_t user = handle.len != 0 && users_find(users, id) == USER_NONE
                        ? users_holder(users, users_network_of(id), handle)
                        : USER_NONE;
    return user != USER_NONE ? users_id(users, user) : SLICE_NONE;
}

enum status
erasure_begin(struct pipeline *pipeline, struct slice id, struct erasure *ret_erasure)
{
    uint32_t user = users_find(&pipeline->users, id);
    struct withdrawals *withdrawals = &pipeline->withdrawals;
    if (user == USER_NONE) {
        return STATUS_RANGE;
    }
    if (withdrawals->next - withdrawals->first == WITHDRAWALS_MAX) {
        return STATUS_AGAIN;
    }
    const struct post gone = {.kind = POST_WITHDRAWN,
                              .author.id = users_id(&pipeline->users, user),
                              .time = USEC_NONE};
    withdrawals_add(pipeline, &gone);
    *ret_erasure = (struct erasure){.search = withdrawals->next};
    return STATUS_OK;
}

bool
erasure_is_searched(const struct pipeline *pipeline, const struct erasure *erasure)
{
    return pipeline->withdrawals.first >= erasure->search;
}

// ── detaching ──────────────────────────────────────────────────────────────

static void
drop_counters(struct pipeline *pipeline, uint32_t user)
{
    struct windows *windows = &pipeline->windows;
    uint32_t counter = users_at(&pipeline->users, user)->counters;
    users_at(&pipeline->users, user)->counters = COUNTER_NONE;
    while (counter != COUNTER_NONE) {
        struct counter *row = counters_at(&windows->counters, counter);
        uint32_t next = row->next;
        row->next = COUNTER_NONE;
        windows_counter_orphan(windows, counter);
        counter = next;
    }
}

static void
drop_pairs(struct pipeline *pipeline, uint32_t user)
{
    struct pairs *pairs = &pipeline->campaigns.pairs;
    for (unsigned campaign = 0; campaign < pipeline->campaigns.count; campaign++) {
        uint32_t index = pairs_find(pairs, campaign, user);
        if (index == PAIR_NONE) {
            continue;
        }
        if (pairs_at(pairs, index)->acts != 0) {
            campaign_course_left(pipeline, pairs_at(pairs, index));
        }
        campaign_people_remove(pipeline, index);
    }
}

// The name without which the person was known before belongs to the person.
static void
drop_names(struct pipeline *pipeline, uint32_t user)
{
    struct users *users = &pipeline->users;
    for (uint32_t i = 0; users->merged != 0 && i < users->high; i++) {
        const struct user *row = users_at(users, i);
        if ((row->identity & USER_MERGED) != 0 && row->followers == user) {
            users_erase(users, i);
        }
    }
    users_erase(users, user);
}

// Those that arrived since the search began.
static void
take_back_rest(const struct subject *subject, const struct event_records_part *part)
{
    struct pipeline *pipeline = subject->pipeline;
    const struct event_records *records = &pipeline->records;
    for (uint64_t i = part->first; i < part->next; i++) {
        uint32_t event = event_records_row(part, i);
        const struct event *row = event_records_at(records, event);
        if (inside_actor(pipeline, row) == subject->user &&
            (row->flags & EVENT_UNDONE) == 0 &&
            event_records_find(records, row->hash) == event) {
            undo_event(pipeline, event);
        }
    }
}

static void
drop_events(struct subject *subject, const struct event_records_part *part,
            uint64_t *posts)
{
    struct pipeline *pipeline = subject->pipeline;
    for (uint64_t i = part->first; i < part->next; i++) {
        uint32_t event = event_records_row(part, i);
        struct event *row = event_records_at(&pipeline->records, event);
        if (inside_actor(pipeline, row) == subject->user) {
            event_records_wipe_text(&pipeline->records, event);
            users_at(&pipeline->users, row->actor)->refs--;
            row->actor = USER_NONE;
            (*posts)++;
        }
    }
}

static bool
is_own(const struct subject *subject, uint32_t cascade)
{
    const struct cascades *cascades = &subject->pipeline->cascades;
    return (subject->user != USER_NONE &&
            cascades_at(cascades, cascade)->author == subject->user) ||
           person_text_owns(&subject->text, cascades_id(cascades, cascade));
}

static void
drop_cascade(struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    undo_hide(pipeline, cascade);
    if (row->author != USER_NONE) {
        users_at(&pipeline->users, row->author)->refs--;
        row->author = USER_NONE;
    }
    row->is_erased = true;
    cascades_queue(&pipeline->cascades, cascade, CASCADE_ALL);
}

static void
drop_cascades(struct subject *subject, uint64_t *count)
{
    struct pipeline *pipeline = subject->pipeline;
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades_at(cascades, i)->birth != 0 && is_own(subject, i)) {
            drop_cascade(pipeline, i);
            (*count)++;
        }
    }
    // The ids of these are in the records of the posts that quote them.
    for (uint32_t i = 0; *count != 0 && i < cascades->high; i++) {
        uint32_t parent = cascades_at(cascades, i)->birth != 0
                              ? cascades_parent(cascades, i)
                              : CASCADE_NONE;
        if (parent != CASCADE_NONE && cascades_at(cascades, parent)->is_erased) {
            cascades_at(cascades, i)->flags |= CASCADE_WHOLE;
            cascades_queue(cascades, i, CASCADE_ALL);
        }
    }
}

static bool
is_of_erased(const struct subject *subject, struct slice post)
{
    const struct cascades *cascades = &subject->pipeline->cascades;
    uint32_t cascade = post.len != 0 ? cascades_find(cascades, post) : CASCADE_NONE;
    return person_text_owns(&subject->text, post) ||
           (cascade != CASCADE_NONE && cascades_at(cascades, cascade)->is_erased);
}

// The best posts of others.
static void
drop_best_posts(const struct subject *subject, struct carriers *carriers)
{
    for (uint32_t i = 0; i < carriers->high; i++) {
        struct carrier *row = carriers_at(carriers, i);
        struct carrier_passed *passed =
            carrier_is_free(row) ? NULL
                                 : carrier_find(row, carriers->texts, CARRIER_PASSED);
        if (passed != NULL &&
            is_of_erased(subject, slab_text(carriers->texts, passed->best_post))) {
            slab_text_free(carriers->texts, passed->best_post);
            passed->best_post = SLAB_NONE;
            carriers->owners.touched(carriers->owners.context, i, 0);
        }
    }
}

// The hash in Redis of a person whose best post was one of these has fields that are no
// longer written.
static void
renew_carriers(struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->carriers.high; i++) {
        const struct carrier *row = carriers_at(&pipeline->carriers, i);
        if (!carrier_is_free(row)) {
            struct user *user = users_at(&pipeline->users, row->user);
            bool is_queued = (user->identity & USER_CARRIER_QUEUED) != 0;
            user->identity |= is_queued ? USER_CARRIER_WHOLE : 0;
        }
    }
}

// What has the id of a post of the person.
static void
drop_texts(struct subject *subject, struct erasure *erasure)
{
    struct pipeline *pipeline = subject->pipeline;
    drop_cascades(subject, &erasure->cascades);
    drop_best_posts(subject, &pipeline->carriers);
    drop_best_posts(subject, &pipeline->campaigns.carried);
    renew_carriers(pipeline);
}

void
erasure_detach(struct pipeline *pipeline, struct slice id, struct erasure *erasure)
{
    struct subject subject = {.pipeline = pipeline,
                              .user = users_find(&pipeline->users, id)};
    erasure->losses = pipeline->flush.losses;
    erasure->flushes = 0;
    (void)person_text_init(&subject.text, id);
    if (subject.user == USER_NONE) {
        drop_texts(&subject, erasure); // the person was evicted
        return;
    }
    struct slice own = users_id(&pipeline->users, subject.user);
    (void)person_text_init(&subject.text, own);
    take_back_rest(&subject, &pipeline->records.newest);
    take_back_rest(&subject, &pipeline->records.lasting);
    author_baseline_forget(&pipeline->forecasts.baselines, inside_hash(pipeline, own));
    drop_pairs(pipeline, subject.user);
    drop_counters(pipeline, subject.user);
    carriers_forget(&pipeline->carriers, subject.user);
    drop_events(&subject, &pipeline->records.newest, &erasure->posts);
    drop_events(&subject, &pipeline->records.lasting, &erasure->posts);
    event_records_wipe_unused(&pipeline->records);
    drop_texts(&subject, erasure);
    drop_names(pipeline, subject.user);
}

// ── overwriting ────────────────────────────────────────────────────────────

// True if Redis has, or may get, a key of it.
static bool
is_pending(const struct cascade *row)
{
    return row->is_erased && row->id != SLAB_NONE &&
           ((row->flags & CASCADE_WRITTEN) != 0 || row->refs != 0);
}

// The same of an entry of an outreach list.
static bool
is_listed(const struct pipeline *pipeline, unsigned campaign)
{
    const struct outreach_keys *keys = &pipeline->campaigns.figures[campaign].keys;
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct user *row = users_at(&pipeline->users, keys->rows[i].user);
        if ((row->identity & USER_ERASED) != 0) {
            return true;
        }
    }
    return false;
}

static bool
is_all_pulled(const struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        if (is_pending(cascades_at(&pipeline->cascades, i))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < pipeline->users.high; i++) {
        const struct user *row = users_at(&pipeline->users, i);
        if ((row->identity & USER_ERASED) != 0 && !users_is_clear(row)) {
            return false;
        }
    }
    for (unsigned i = 0; i < pipeline->campaigns.count; i++) {
        if (is_listed(pipeline, i)) {
            return false;
        }
    }
    return true;
}

static void
overwrite(struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        struct cascade *row = cascades_at(&pipeline->cascades, i);
        if (row->is_erased) {
            slab_text_free(pipeline->texts, row->id);
            slab_text_free(pipeline->texts, row->lang);
            row->id = SLAB_NONE;
            row->lang = SLAB_NONE;
        }
    }
    for (uint32_t i = 0; i < pipeline->users.high; i++) {
        if ((users_at(&pipeline->users, i)->identity & USER_ERASED) != 0) {
            users_clear(&pipeline->users, i);
        }
    }
}

void
erasure_flush_begins(struct erasure *erasure)
{
    erasure->flushes += erasure->flushes < FLUSHES;
    erasure->is_due = true;
}

bool
erasure_finish(struct pipeline *pipeline, struct erasure *erasure)
{
    const struct inside_flush *flush = &pipeline->flush;
    if (erasure->losses != flush->losses) {
        erasure->losses = flush->losses;
        erasure->flushes = 0; // boards, too, are written again
        erasure->flushed = 0;
    }
    if (erasure->flushed == 0) {
        if (erasure->flushes < FLUSHES || !erasure->is_due) {
            return false;
        }
        erasure->is_due = false;
        erasure->flushed = is_all_pulled(pipeline) ? flush->flying_next + 1 : 0;
    }
    if (erasure->flushed == 0 || flush->flying_first + 1 < erasure->flushed) {
        return false;
    }
    if (!is_all_pulled(pipeline)) {
        erasure->flushed = 0; // something was added since
        return false;
    }
    overwrite(pipeline);
    return true;
}
