#include "pipeline/fold/rewind.h"

#include "pipeline/campaigns/course.h"
#include "pipeline/inside.h"

static void
not_after(usec *time, usec clock)
{
    if (*time > clock) {
        *time = clock;
    }
}

static void
rewind_events(struct event_records *records, usec clock)
{
    const struct event_records_part *parts[] = {&records->newest, &records->lasting};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const struct event_records_part *part = parts[i];
        for (uint64_t at = part->first; at < part->next; at++) {
            not_after(&event_records_at(records, event_records_row(part, at))->time,
                      clock);
        }
    }
}

static void
rewind_users(struct users *users, usec clock)
{
    for (uint32_t i = 0; i < users->high; i++) {
        struct user *row = users_at(users, i);
        row->last_seen = row->last_seen < clock ? row->last_seen : clock;
    }
}

static void
rewind_cascade(struct pipeline *pipeline, uint32_t cascade, usec clock)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    row->created = row->created < clock ? row->created : clock;
    row->first = row->first < clock ? row->first : clock;
    row->last = row->last < clock ? row->last : clock;
    struct forecast *forecast =
        row->forecast != SLAB_NONE ? forecast_at(pipeline->texts, row->forecast) : NULL;
    if (forecast != NULL && forecast->merged.events != 0) {
        cascades_drop_speed(&pipeline->cascades, cascade);
        return;
    }
    if (forecast == NULL) {
        reshares_rewind(&row->reshares, pipeline->texts, reshares_time(clock));
        return;
    }
    struct forecast_events events = {pipeline->texts, &row->reshares};
    forecast_rewind(forecast, &events, reshares_time(clock));
}

static void
rewind_cascades(struct pipeline *pipeline, usec clock)
{
    struct cascades *cascades = &pipeline->cascades;
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades_at(cascades, i)->birth != 0) {
            rewind_cascade(pipeline, i, clock);
        }
    }
    cascades_rewind(cascades, clock);
    forecasts_prune(pipeline);
}

static void
rewind_waits(struct pending_parents *pending, usec clock)
{
    for (uint64_t at = pending->first; at < pending->next; at++) {
        not_after(&pending->rows[at % PENDING_PARENTS_MAX].since, clock);
    }
}

static void
rewind_alerts(struct alerts *alerts, usec clock)
{
    for (uint32_t i = 0; i < alerts->memory.high; i++) {
        struct alert_row *row = alert_memory_at(&alerts->memory, i);
        if (row->rule != 0) {
            not_after(&row->held, clock);
            not_after(&row->raised, clock);
        }
    }
    for (uint64_t at = alerts->queue.first; at < alerts->queue.end; at++) {
        not_after(&alert_queue_at(&alerts->queue, at)->time, clock);
    }
    int64_t day = usec_floor_div(clock, USEC_PER_DAY);
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct alerts_record *record = &alerts->records[i];
        not_after(&record->late, clock);
        not_after(&record->digest_since, clock);
        record->day = record->day < day ? record->day : day;
    }
}

static void
rewind_campaigns(struct campaigns *campaigns, const struct windows *windows, usec clock)
{
    for (uint32_t i = 0; i < campaigns->pairs.high; i++) {
        struct pairs_row *pair = pairs_at(&campaigns->pairs, i);
        not_after(&pair->first, clock);
        not_after(&pair->last, clock);
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        course_rewind(campaigns->figures[i].course, windows, clock);
    }
}

static void
rewind_to(struct pipeline *pipeline, usec clock)
{
    not_after(&pipeline->started, clock);
    not_after(&pipeline->lost_at, clock);
    not_after(&pipeline->cascades.evicted_at, clock);
    pipeline->useless_step = INT64_MIN;
    release_renew(&pipeline->release);
    usec old = pipeline->clock;
    pipeline->clock = clock;
    pipeline->records.horizon = clock - pipeline->longest;
    windows_rewind(&pipeline->windows, clock);
    carriers_rewind(&pipeline->carriers, old, clock);
    carriers_rewind(&pipeline->campaigns.carried, old, clock);
    rewind_campaigns(&pipeline->campaigns, &pipeline->windows, clock);
    rewind_events(&pipeline->records, clock);
    rewind_users(&pipeline->users, clock);
    rewind_cascades(pipeline, clock);
    rewind_waits(&pipeline->trees.pending, clock);
    rewind_alerts(&pipeline->alerts, clock);
}

void
pipeline_step(struct pipeline *pipeline, usec clock)
{
    usec old = pipeline->clock;
    if (pipeline->started == USEC_NONE || clock == old) {
        return;
    }
    usec whole = clock + pipeline->longest;
    if (clock < old) {
        rewind_to(pipeline, clock);
        whole = old < whole ? old : whole;
    } else {
        pipeline_advance(pipeline, clock);
    }
    pipeline->whole_from = whole;
    pipeline->metrics.clock_steps++;
}
