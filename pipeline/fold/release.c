#include "pipeline/fold/release.h"

#include "base/snapshot.h"
#include "pipeline/inside.h"

enum {
    RECORDS_PER_POST = 2048, // below half a millisecond
    FREED_PART = 64,         // of users.capacity: worth a search for idle people
};

void
release_init(struct release *release)
{
    *release = (struct release){.step = INT64_MIN, .stage = RELEASE_DONE};
}

static void
let_go(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->refs--;
    pipeline->release.freed += row->refs == 0 && row->counters == COUNTER_NONE;
}

// True if the event is part of a cascade that is not forgotten: an undo looks for its
// author among the people of that one, and what comes through it counts for its author.
static bool
is_in_cascade(const struct pipeline *pipeline, uint32_t event)
{
    const struct event *record = event_records_at(&pipeline->records, event);
    if (record->target != UINT32_MAX &&
        inside_is_reshare_of(pipeline, record, record->target) &&
        cascades_at(&pipeline->cascades, record->target)->last != USEC_NONE) {
        return true;
    }
    struct event_records_cursor cursor = {0};
    struct event_records_entry entry;
    while (event_records_next(&pipeline->records, event, &cursor, &entry)) {
        if ((entry.where & EVENT_RECORDS_CASCADE) == 0 ||
            (entry.where & EVENT_RECORDS_REPLY) != 0) {
            continue;
        }
        const struct cascade *row =
            cascades_at(&pipeline->cascades, entry.where & EVENT_RECORDS_INDEX);
        if (row->birth != 0 && row->life == entry.amount) {
            return true;
        }
    }
    return false;
}

// How many records may still be looked at.
static uint32_t
release_events(struct pipeline *pipeline, const struct event_records_part *part,
               uint32_t records)
{
    struct release *release = &pipeline->release;
    usec horizon = pipeline->records.horizon;
    release->at = release->at > part->first ? release->at : part->first;
    while (records != 0 && release->at < part->next) {
        uint32_t event = event_records_row(part, release->at);
        struct event *row = event_records_at(&pipeline->records, event);
        if (row->time > horizon) {
            release->at = part->next; // those behind it are as young, or leave with it
            break;
        }
        if (row->actor != USER_NONE && !is_in_cascade(pipeline, event)) {
            let_go(pipeline, row->actor);
            row->actor = USER_NONE;
        }
        release->at++;
        records--;
    }
    return records;
}

// The facts of a post that nothing is counted for, nor shown.
static bool
is_forgotten(const struct cascade *row)
{
    return row->last == USEC_NONE && row->refs == 0 && row->alerts == 0 &&
           row->unresolved == 0 && (row->flags & CASCADE_WRITTEN) == 0;
}

static uint32_t
release_cascades(struct pipeline *pipeline, uint32_t records)
{
    struct release *release = &pipeline->release;
    for (; records != 0 && release->at < pipeline->cascades.high; records--) {
        uint32_t cascade = (uint32_t)release->at++;
        struct cascade *row = cascades_at(&pipeline->cascades, cascade);
        if (row->birth == 0) {
            continue;
        }
        cascades_refresh(&pipeline->cascades, cascade, pipeline->clock);
        if (is_forgotten(row) && row->author != USER_NONE) {
            let_go(pipeline, row->author);
            row->author = USER_NONE;
            row->is_author_gone = true;
        }
    }
    return records;
}

static bool
begin(struct pipeline *pipeline)
{
    struct release *release = &pipeline->release;
    const struct windows *windows = &pipeline->windows;
    int64_t step = windows->window[windows->longest].current;
    if (release->stage == RELEASE_DONE && release->step != step) {
        release->step = step;
        release->stage = RELEASE_CASCADES;
        release->at = 0;
    }
    return release->stage != RELEASE_DONE;
}

static void
next_stage(struct release *release, bool is_through)
{
    if (is_through) {
        release->stage++;
        release->at = 0;
    }
}

static void
look(struct pipeline *pipeline)
{
    struct release *release = &pipeline->release;
    const struct event_records *events = &pipeline->records;
    uint32_t records = RECORDS_PER_POST;
    if (release->stage == RELEASE_CASCADES) {
        records = release_cascades(pipeline, records);
        next_stage(release, release->at >= pipeline->cascades.high);
    }
    if (release->stage == RELEASE_NEWEST) {
        records = release_events(pipeline, &events->newest, records);
        next_stage(release, release->at >= events->newest.next);
    }
    if (release->stage == RELEASE_LASTING) {
        (void)release_events(pipeline, &events->lasting, records);
        next_stage(release, release->at >= events->lasting.next);
    }
}

void
release_renew(struct release *release)
{
    release->step = INT64_MIN;
}

bool
release_people(struct pipeline *pipeline)
{
    struct release *release = &pipeline->release;
    if (!begin(pipeline)) {
        return false;
    }
    look(pipeline);
    bool is_enough = release->freed > pipeline->users.capacity / FREED_PART ||
                     (release->stage == RELEASE_DONE && release->freed != 0);
    if (is_enough) {
        release->freed = 0;
        users_unpack(&pipeline->users);
    }
    return is_enough;
}

void
release_move(struct release *release, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, release->step);
    SNAPSHOT_VALUE(snapshot, release->at);
    SNAPSHOT_VALUE(snapshot, release->freed);
    SNAPSHOT_VALUE(snapshot, release->stage);
}
