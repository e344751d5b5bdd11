// The change of an alert: the whole cascade with the reasons, or a digest.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/alerts/alert_newcomer.h"
#include "pipeline/carriers/settle.h"
#include "pipeline/changes/change.h"

// A person who was removed has no id.
static struct change_person
person_of(const struct pipeline *pipeline, uint32_t user)
{
    if ((users_at(&pipeline->users, user)->identity & USER_ERASED) != 0) {
        return (struct change_person){.id = SLICE_NONE, .handle = SLICE_NONE};
    }
    struct change_person person = {
        .id = users_id(&pipeline->users, user),
        .handle = users_handle(&pipeline->users, user),
        .followers = users_at(&pipeline->users, user)->followers,
    };
    if (person.handle.len == 0) {
        person.handle = SLICE_NONE;
    }
    return person;
}

// ── the first amplifiers and carriers ──────────────────────────────────────

// The order of a list, without equals.
typedef bool (*goes_first_fn)(const struct change_person *a,
                              const struct change_person *b);

// Inserts the person, who must have an id, among the first `most`, of which there are
// *count so far.
static void
insert(struct change_person *first, size_t most, size_t *count,
       const struct change_person *person, goes_first_fn goes_first)
{
    size_t place = *count;
    while (place != 0 && goes_first(person, &first[place - 1])) {
        place--;
    }
    if (place == most || person->id.len == 0) {
        return;
    }
    *count += *count < most;
    memmove(&first[place + 1], &first[place], (*count - place - 1) * sizeof(*first));
    first[place] = *person;
}

static bool
has_more_followers(const struct change_person *a, const struct change_person *b)
{
    if (a->followers != b->followers) {
        return a->followers > b->followers;
    }
    return slice_compare(a->id, b->id) < 0;
}

static void
put_amplifiers(struct pipeline *pipeline, struct change *change,
               const struct cascade *row)
{
    struct change_person *first = pipeline->flush.amplifiers;
    size_t count = 0;
    uint32_t at = 0;
    const struct amplifier *entry;
    while ((entry = amplifiers_next(&row->amplifiers, pipeline->texts, &at)) != NULL) {
        struct change_person person = person_of(pipeline, amplifiers_user(entry));
        person.followers =
            amplifiers_followers(&row->amplifiers, pipeline->texts, entry);
        insert(first, ALERTS_AMPLIFIERS_MAX, &count, &person, has_more_followers);
    }
    change->alert.amplifiers = first;
    change->alert.amplifier_count = count;
}

static bool
carries_more(const struct change_person *a, const struct change_person *b)
{
    if (a->is_expected != b->is_expected) {
        return b->is_expected;
    }
    if (a->people != b->people) {
        return a->people > b->people;
    }
    return slice_compare(a->id, b->id) < 0;
}

static bool
has_carried(const struct pipeline *pipeline, const struct cascade *row, uint32_t user)
{
    const struct amplifier *entry =
        amplifiers_find(&row->amplifiers, pipeline->texts, user);
    return entry != NULL && amplifiers_has(entry, AMPLIFIER_CARRIED);
}

// Those without observed people.
static void
insert_expected(struct pipeline *pipeline, uint32_t cascade, size_t *count)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct settle_person people[FIRST_ACTS_MAX];
    uint32_t found = settle_expected(pipeline, cascade, people);
    for (uint32_t i = 0; i < found; i++) {
        if (people[i].people > 0 && !has_carried(pipeline, row, people[i].user)) {
            struct change_person carrier = person_of(pipeline, people[i].user);
            carrier.people = people[i].people;
            carrier.is_expected = true;
            insert(pipeline->flush.carriers, ALERTS_CARRIERS_MAX, count, &carrier,
                   carries_more);
        }
    }
}

static void
put_carriers(struct pipeline *pipeline, struct change *change, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct change_person *first = pipeline->flush.carriers;
    size_t count = 0;
    uint32_t at = 0;
    const struct amplifier *entry;
    while ((entry = amplifiers_next(&row->amplifiers, pipeline->texts, &at)) != NULL) {
        if (!amplifiers_has(entry, AMPLIFIER_CARRIED)) {
            continue;
        }
        struct change_person carrier = person_of(pipeline, amplifiers_user(entry));
        carrier.people = amplifiers_children(&row->amplifiers, pipeline->texts, entry);
        insert(first, ALERTS_CARRIERS_MAX, &count, &carrier, carries_more);
    }
    insert_expected(pipeline, cascade, &count);
    change->alert.carriers = first;
    change->alert.carrier_count = count;
}

// ── texts ──────────────────────────────────────────────────────────────────

// The first line of the text, which continues behind it.
static struct slice
take_line(struct slice *text)
{
    const char *end = text->len != 0 ? memchr(text->ptr, '\n', text->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text->ptr) : text->len;
    struct slice line = {text->ptr, len};
    *text = end != NULL ? (struct slice){end + 1, text->len - len - 1} : SLICE_NONE;
    return line;
}

// Splits the text into its parts (struct alert_item).
static void
put_text(struct pipeline *pipeline, struct change *change, struct slice text)
{
    size_t count = 0;
    change->alert.rule = take_line(&text);
    if (change->alert.type == CHANGE_ALERT_NEWCOMER) {
        pipeline->flush.campaigns[0] = take_line(&text);
        change->alert.campaigns = pipeline->flush.campaigns;
        change->alert.campaign_count = 1;
    }
    while (!slice_is_none(text) && count < RULES_WHY_MAX) {
        pipeline->flush.why[count++] = take_line(&text);
    }
    change->alert.why = pipeline->flush.why;
    change->alert.why_count = count;
}

// "arrivals:cup:<user id>", with the id that the person had when the alert was raised:
// Redis may have accepted it already, though the answer was lost.
static struct slice
id_of_newcomer(struct pipeline *pipeline, const struct change_alert *alert,
               const struct alert_item *item)
{
    struct slice id = users_id(&pipeline->users, item->user);
    size_t size = 2 * OPTION_TITLE_MAX + POST_ID_MAX + 64;
    char *text = arena_alloc(&pipeline->flush.scratch, 1, size);
    if (text == NULL) {
        return SLICE_NONE;
    }
    int len = snprintf(text, size, "%.*s:%.*s:%.*s", SLICE_ARG(alert->rule),
                       SLICE_ARG(alert->campaigns[0]), SLICE_ARG(id));
    return (struct slice){text, (size_t)len};
}

// "viral:<post id>:1", "viral:<post id>:1:resolved" or "viral:digest:1700000000000-1".
static struct slice
id_of(struct pipeline *pipeline, const struct alert_item *item, struct slice rule)
{
    size_t size = OPTION_TITLE_MAX + POST_ID_MAX + 64;
    char *id = arena_alloc(&pipeline->flush.scratch, 1, size);
    if (id == NULL) {
        return SLICE_NONE;
    }
    int len;
    if (item->type == CHANGE_ALERT_DIGEST) {
        len = snprintf(id, size, "%.*s:digest:%" PRId64 "-%" PRIu32, SLICE_ARG(rule),
                       item->time / USEC_PER_MS, item->digest);
    } else {
        len = snprintf(id, size, "%.*s:%.*s:%" PRIu32 "%s", SLICE_ARG(rule),
                       SLICE_ARG(cascades_id(&pipeline->cascades, item->cascade)),
                       item->level,
                       item->type == CHANGE_ALERT_RESOLVED ? ":resolved" : "");
    }
    return (struct slice){id, (size_t)len};
}

// ── leaving the queue ──────────────────────────────────────────────────────

static void
release(struct pipeline *pipeline, uint32_t cascade)
{
    cascades_at(&pipeline->cascades, cascade)->alerts--;
    // The record may have been waiting for this to be freed.
    cascades_queue(&pipeline->cascades, cascade, 0);
}

// Removes the first item, which was written or dropped.
static void
retire(struct pipeline *pipeline)
{
    struct alert_queue *queue = &pipeline->alerts.queue;
    const struct alert_item *item = alert_queue_at(queue, queue->first++);
    slab_text_free(pipeline->texts, item->text);
    if (item->rendered_len != 0) {
        alert_texts_drop(&pipeline->alerts.texts,
                         item->rendered_at + item->rendered_len);
    }
    if (item->type == CHANGE_ALERT_NEWCOMER) {
        users_at(&pipeline->users, item->user)->refs--;
        return;
    }
    if (item->type != CHANGE_ALERT_DIGEST) {
        release(pipeline, item->cascade);
        return;
    }
    const struct alert_memory *memory = &pipeline->alerts.memory;
    for (uint32_t i = 0; i < memory->high; i++) {
        struct alert_row *row = alert_memory_at(memory, i);
        if (row->rule != 0 && row->digest == item->digest) {
            row->digest = 0;
            release(pipeline, row->cascade);
        }
    }
}

// Dropped items are not in flight, so changes_written does not remove them.
static void
settle(struct pipeline *pipeline)
{
    struct alert_queue *queue = &pipeline->alerts.queue;
    while (queue->first != queue->pulled &&
           alert_queue_at(queue, queue->first)->is_dropped) {
        retire(pipeline);
    }
}

static void
put_campaigns(struct pipeline *pipeline, struct change *change, uint32_t cascade)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    size_t count = 0;
    for (uint64_t set = campaigns_of_cascade(campaigns, cascade); set != 0;
         set &= set - 1) {
        pipeline->flush.campaigns[count++] =
            slice_of(campaigns->names[__builtin_ctzll(set)]);
    }
    change->alert.campaigns = pipeline->flush.campaigns;
    change->alert.campaign_count = count;
}

// ── one alert ──────────────────────────────────────────────────────────────

void
change_alert_cascade(struct pipeline *pipeline, struct change *change, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    change->is_whole = true;
    change_cascade_fields(pipeline, change, cascade, CASCADE_ALL);
    change->alert.cascade = cascades_id(&pipeline->cascades, cascade);
    if (row->author != USER_NONE) {
        change->alert.author = person_of(pipeline, row->author);
    }
    put_amplifiers(pipeline, change, row);
    put_carriers(pipeline, change, cascade);
    put_campaigns(pipeline, change, cascade);
}

static void
put_digest(struct pipeline *pipeline, struct change *change,
           const struct alert_item *item)
{
    const struct alert_memory *memory = &pipeline->alerts.memory;
    struct change_digest *digest = pipeline->flush.digest;
    size_t count = 0;
    for (uint32_t i = 0; i < memory->high && count < ALERTS_DIGEST_MAX; i++) {
        const struct alert_row *row = alert_memory_at(memory, i);
        const struct cascade *cascade = cascades_at(&pipeline->cascades, row->cascade);
        if (row->rule == 0 || row->digest != item->digest ||
            (cascade->flags & CASCADE_HIDDEN) != 0) {
            continue;
        }
        struct slice id = cascades_id(&pipeline->cascades, row->cascade);
        struct alert_item told = {.cascade = row->cascade, .level = row->level};
        struct change_digest entry = {
            .id = id_of(pipeline, &told, change->alert.rule),
            .cascade = id,
            .level = row->level,
            .size = cascade->size,
        };
        size_t place = count++;
        while (place != 0 && digest[place - 1].size < entry.size) {
            digest[place] = digest[place - 1];
            place--;
        }
        digest[place] = entry;
    }
    change->alert.digest = digest;
    change->alert.digest_count = count;
}

static bool
is_hidden(const struct pipeline *pipeline, const struct alert_item *item)
{
    return item->cascade != CASCADE_NONE &&
           (cascades_at(&pipeline->cascades, item->cascade)->flags & CASCADE_HIDDEN) !=
               0;
}

static void
drop(struct pipeline *pipeline, struct alert_item *item)
{
    pipeline->metrics.alerts_dropped += !item->is_dropped;
    item->is_dropped = true;
}

// What the alert is about was deleted before it was written. In a replay the alert is
// older than the deletion, however long its writing takes.
static bool
is_withdrawn(struct pipeline *pipeline, const struct change_alert *alert,
             const struct alert_item *item)
{
    if (pipeline->is_event_time || item->type != CHANGE_ALERT_NEWCOMER) {
        return !pipeline->is_event_time && is_hidden(pipeline, item);
    }
    const struct alert_newcomer newcomer = {alert->rule, alert->campaigns[0],
                                            users_now(&pipeline->users, item->user)};
    bool is_gone = !item->is_evicted &&
                   alert_newcomer_left(pipeline, newcomer.campaign, newcomer.user);
    if (is_gone) {
        alert_newcomer_forget(pipeline, &newcomer);
    }
    return is_gone;
}

// Fills in the current contents of the alert. False if it must be dropped: its post, or
// every post of a digest, is hidden.
static bool
describe(struct pipeline *pipeline, struct change *change, struct alert_item *item)
{
    bool is_digest = item->type == CHANGE_ALERT_DIGEST;
    bool is_gone = is_hidden(pipeline, item);
    if (is_digest) {
        put_digest(pipeline, change, item);
    } else if (item->type == CHANGE_ALERT_NEWCOMER) {
        change->is_whole = true;
        change->alert.level = item->level;
        change->alert.author =
            person_of(pipeline, users_now(&pipeline->users, item->user));
    } else if (!is_gone) {
        change_alert_cascade(pipeline, change, item->cascade);
        change->alert.level = item->level;
    }
    if (is_gone || (is_digest && change->alert.digest_count == 0)) {
        drop(pipeline, item);
    }
    return !item->is_dropped;
}

static void
begin(struct pipeline *pipeline, struct change *change, uint64_t place)
{
    const struct alert_item *item = alert_queue_at(&pipeline->alerts.queue, place);
    change->kind = CHANGE_ALERT;
    change->alert.place = place;
    change->alert.rendered = SLICE_NONE;
    change->alert.type = (enum change_alert_type)item->type;
    change->alert.time = item->time;
    put_text(pipeline, change, slab_text(pipeline->texts, item->text));
    change->name = item->type == CHANGE_ALERT_NEWCOMER
                       ? id_of_newcomer(pipeline, &change->alert, item)
                       : id_of(pipeline, item, change->alert.rule);
}

bool
change_alert_show(struct pipeline *pipeline, struct change *change)
{
    struct alerts *alerts = &pipeline->alerts;
    while (alerts->shown != alerts->queue.end && alert_texts_has_room(&alerts->texts)) {
        uint64_t place = alerts->shown++;
        begin(pipeline, change, place);
        if (describe(pipeline, change, alert_queue_at(&alerts->queue, place))) {
            return true;
        }
    }
    return false;
}

bool
change_alert(struct pipeline *pipeline, struct change *change)
{
    struct alerts *alerts = &pipeline->alerts;
    uint64_t place = alerts->queue.pulled++;
    struct alert_item *item = alert_queue_at(&alerts->queue, place);
    if (alerts->shown < alerts->queue.pulled) {
        alerts->shown = alerts->queue.pulled;
    }
    begin(pipeline, change, place);
    if (is_withdrawn(pipeline, &change->alert, item)) {
        drop(pipeline, item);
        settle(pipeline);
        return false;
    }
    if (item->rendered_len != 0) {
        change->alert.rendered =
            alert_texts_at(&alerts->texts, item->rendered_at, item->rendered_len);
    } else if (!describe(pipeline, change, item)) {
        settle(pipeline);
        return false;
    }
    change_fly(pipeline, CHANGE_ALERT, 0);
    return true;
}

void
change_alert_keep(struct pipeline *pipeline, uint64_t place, struct slice text)
{
    struct alerts *alerts = &pipeline->alerts;
    struct alert_item *item = alert_queue_at(&alerts->queue, place);
    if (place + 1 == alerts->shown && item->rendered_len == 0 &&
        alert_texts_add(&alerts->texts, text, &item->rendered_at)) {
        item->rendered_len = text.len;
    }
}

bool
change_alert_needs(struct pipeline *pipeline, uint32_t cascade)
{
    struct alerts *alerts = &pipeline->alerts;
    bool is_needed = !pipeline->is_event_time;
    for (uint64_t i = alerts->shown; !is_needed && i != alerts->queue.end; i++) {
        is_needed = alert_queue_at(&alerts->queue, i)->cascade == cascade;
    }
    return is_needed;
}

void
change_alert_written(struct pipeline *pipeline)
{
    settle(pipeline);
    retire(pipeline);
    settle(pipeline);
}

void
change_alerts_lost(struct pipeline *pipeline)
{
    settle(pipeline);
    pipeline->alerts.queue.pulled = pipeline->alerts.queue.first;
}
