// Raising an alert: into the queue or into a digest.
#include "pipeline/alerts/alert_raise.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/inside.h"

enum {
    REASON_MAX = 160, // bytes of one condition's reason
    TEXTS_MIN = 1 << 20,
    TEXT_MAX = OPTION_TITLE_MAX + RULES_CONDITIONS_MAX * REASON_MAX +
               6 * (OPTION_TEXTS_MAX + 16),
};

struct rules_root
alert_raise_root(const struct pipeline *pipeline, const struct cascade *row)
{
    struct rules_root root = {
        .id = slab_text(pipeline->texts, row->id),
        .text = slab_text(pipeline->texts, row->text),
        .lang = slab_text(pipeline->texts, row->lang),
        .campaigns = &pipeline->campaigns,
        .belongs = campaigns_of_cascade(&pipeline->campaigns,
                                        (uint32_t)(row - pipeline->cascades.rows)),
    };
    if (row->author != USER_NONE) {
        root.author = users_id(&pipeline->users, row->author);
        root.handle = users_handle(&pipeline->users, row->author);
    }
    return root;
}

double
alert_raise_measured(const struct pipeline *pipeline, const struct alert_sight *sight,
                     const struct rules_condition *condition)
{
    return measure_of(pipeline, sight->cascade, condition->measure, condition->below);
}

bool
alert_raise_is_full(const struct pipeline *pipeline)
{
    const struct alerts *alerts = &pipeline->alerts;
    const struct alert_queue *queue = &alerts->queue;
    uint64_t seen = alerts->shown > queue->pulled ? alerts->shown : queue->pulled;
    bool is_burst = pipeline->is_event_time && queue->end - seen >= ALERT_BURST_MAX;
    return is_burst || alert_queue_room(queue) == 0 ||
           slab_room(pipeline->texts) < TEXTS_MIN;
}

static void
add_reasons(const struct pipeline *pipeline, const struct alert_sight *sight,
            uint64_t level, char text[TEXT_MAX])
{
    const struct alerts_plan *plan = &pipeline->alerts.plans[sight->rule];
    size_t used = strlen(text);
    for (size_t i = 0; i < plan->count; i++) {
        double value = alert_raise_measured(pipeline, sight, &plan->conditions[i]);
        char reason[REASON_MAX];
        rules_reason(&plan->conditions[i], value, level, reason, sizeof(reason));
        used += (size_t)snprintf(text + used, TEXT_MAX - used, "\n%s", reason);
    }
    struct rules_root root =
        alert_raise_root(pipeline, cascades_at(&pipeline->cascades, sight->cascade));
    struct rules_match why[RULES_WHY_MAX];
    size_t count = 0;
    if (!rules_match(&pipeline->alerts.rules[sight->rule], &root, why, &count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, TEXT_MAX - used, "\n%s %.*s", why[i].what,
                                 SLICE_ARG(why[i].item));
    }
}

static void
enqueue(struct pipeline *pipeline, struct alert_item item, const char *text)
{
    struct alert_queue *queue = &pipeline->alerts.queue;
    item.time = pipeline->clock;
    item.text = slab_text_put(pipeline->texts, slice_of(text));
    *alert_queue_at(queue, queue->end++) = item;
    if (item.cascade != CASCADE_NONE) {
        cascades_at(&pipeline->cascades, item.cascade)->alerts++;
    }
}

// The level counts as raised, in an alert or in a digest.
static void
mark_raised(struct pipeline *pipeline, const struct alert_sight *sight,
            struct alert_row *row, uint64_t level)
{
    struct cascade *cascade = cascades_at(&pipeline->cascades, sight->cascade);
    row->level = (uint32_t)level;
    row->size = cascade->size;
    row->raised = pipeline->clock;
    row->held = USEC_NONE;
    row->flags &= ~(uint32_t)(ALERT_ROW_WAITS | ALERT_ROW_TIMED | ALERT_ROW_SHORT);
    if (pipeline->alerts.rules[sight->rule].is_resolved &&
        (row->flags & ALERT_ROW_OPEN) == 0) {
        row->flags |= ALERT_ROW_OPEN;
        cascade->unresolved++;
    }
    if (level > cascade->level) {
        cascade->level = (uint32_t)level & CASCADE_LEVEL_MAX;
        cascades_queue(&pipeline->cascades, sight->cascade, CASCADE_LEVEL);
    }
}

void
alert_raise(struct pipeline *pipeline, const struct alert_sight *sight,
            struct alert_row *row, uint64_t level)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof(text), "%s", pipeline->alerts.rules[sight->rule].name);
    add_reasons(pipeline, sight, level, text);
    enqueue(pipeline,
            (struct alert_item){
                .type = CHANGE_ALERT_RAISED,
                .cascade = sight->cascade,
                .level = (uint32_t)level,
            },
            text);
    mark_raised(pipeline, sight, row, level);
    pipeline->metrics.alerts_raised++;
}

void
alert_raise_close_digest(struct pipeline *pipeline, size_t rule)
{
    struct alerts_record *record = &pipeline->alerts.records[rule];
    if (record->digest_count == 0 || alert_raise_is_full(pipeline)) {
        return;
    }
    enqueue(pipeline,
            (struct alert_item){
                .type = CHANGE_ALERT_DIGEST,
                .cascade = CASCADE_NONE,
                .digest = record->digest,
            },
            pipeline->alerts.rules[rule].name);
    record->digest_count = 0;
    pipeline->metrics.alerts_digests++;
}

bool
alert_raise_later(struct pipeline *pipeline, const struct alert_sight *sight,
                  struct alert_row *row, uint64_t level)
{
    struct alerts_record *record = &pipeline->alerts.records[sight->rule];
    if (record->digest_count == ALERTS_DIGEST_MAX) {
        alert_raise_close_digest(pipeline, sight->rule);
    }
    if (record->digest_count == ALERTS_DIGEST_MAX) {
        return false;
    }
    if (record->digest_count == 0) {
        record->digest = ++pipeline->alerts.digests;
        record->digest_since = pipeline->clock;
    }
    if (row->digest != record->digest) {
        // A row that is still in an earlier digest is published by this one, with its
        // current level.
        struct cascade *cascade = cascades_at(&pipeline->cascades, sight->cascade);
        cascade->alerts = (uint16_t)(cascade->alerts + (row->digest == 0));
        row->digest = record->digest;
        record->digest_count++;
    }
    mark_raised(pipeline, sight, row, level);
    pipeline->metrics.alerts_digested++;
    return true;
}

void
alert_raise_abandon(struct pipeline *pipeline, const struct alerts_record *record)
{
    const struct alert_memory *memory = &pipeline->alerts.memory;
    for (uint32_t i = 0; record->digest_count != 0 && i < memory->high; i++) {
        struct alert_row *row = alert_memory_at(memory, i);
        if (row->rule == record->rule && row->digest == record->digest) {
            row->digest = 0;
            cascades_at(&pipeline->cascades, row->cascade)->alerts--;
            pipeline->metrics.alerts_dropped++;
        }
    }
}

void
alert_raise_newcomer(struct pipeline *pipeline, uint32_t user, const char *text)
{
    enqueue(pipeline,
            (struct alert_item){
                .type = CHANGE_ALERT_NEWCOMER,
                .cascade = CASCADE_NONE,
                .level = 1,
                .user = user,
            },
            text);
    users_at(&pipeline->users, user)->refs++;
    pipeline->metrics.alerts_raised++;
}

void
alert_raise_lose_close(struct pipeline *pipeline, const struct alert_row *row)
{
    pipeline->metrics.alerts_unresolved += (row->flags & ALERT_ROW_OPEN) != 0;
}

void
alert_raise_left(void *context, struct alert_row *row)
{
    struct pipeline *pipeline = context;
    struct cascade *cascade = cascades_at(&pipeline->cascades, row->cascade);
    if ((row->flags & ALERT_ROW_OPEN) != 0 && cascade->birth == row->birth) {
        cascade->unresolved--;
    }
    alert_raise_lose_close(pipeline, row);
}

void
alert_raise_resolved(struct pipeline *pipeline, size_t rule,
                     const struct alert_row *row)
{
    char text[OPTION_TITLE_MAX + REASON_MAX];
    snprintf(text, sizeof(text), "%s\nsize %u, was %u",
             pipeline->alerts.rules[rule].name,
             cascades_at(&pipeline->cascades, row->cascade)->size, row->size);
    enqueue(pipeline,
            (struct alert_item){
                .type = CHANGE_ALERT_RESOLVED,
                .cascade = row->cascade,
                .level = row->level,
            },
            text);
    pipeline->metrics.alerts_resolved++;
}
