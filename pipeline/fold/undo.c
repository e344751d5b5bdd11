#include "pipeline/fold/undo.h"

#include "pipeline/alerts/alert_carriers.h"
#include "pipeline/fold/acts.h"
#include "pipeline/fold/campaign_course.h"
#include "pipeline/fold/campaign_fold.h"
#include "pipeline/fold/parent.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

static void
person_undone(struct pipeline *pipeline, const struct event *event,
              struct event_records_entry entry)
{
    uint32_t cascade = entry.where & EVENT_RECORDS_INDEX;
    bool is_direct = (entry.where & EVENT_RECORDS_DIRECT) != 0;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    uint32_t actor = users_now(&pipeline->users, event->actor);
    struct amplifier *person =
        amplifiers_find(&row->amplifiers, pipeline->texts, actor);
    if (person == NULL) {
        return; // the set was full when the event arrived
    }
    if (is_direct && (event->flags & EVENT_RETWEET) != 0) {
        amplifiers_mark(person, AMPLIFIER_RETWEETED, false);
    }
    if (is_direct && (event->flags & EVENT_REACHED) != 0) {
        amplifiers_mark(person, AMPLIFIER_REACHED, false);
    }
    uint32_t followers =
        amplifiers_followers(&row->amplifiers, pipeline->texts, person);
    if (amplifiers_take_back(&row->amplifiers, pipeline->texts, person)) {
        row->reach -= followers;
        users_at(&pipeline->users, actor)->refs--;
        cascades_queue(&pipeline->cascades, cascade,
                       CASCADE_AMPLIFIERS | CASCADE_REACH);
    }
}

static void
cascade_undone(struct pipeline *pipeline, uint32_t index,
               struct event_records_entry entry)
{
    const struct event *event = event_records_at(&pipeline->records, index);
    uint32_t cascade = entry.where & EVENT_RECORDS_INDEX;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (row->birth != 0) {
        cascades_refresh(&pipeline->cascades, cascade, pipeline->clock);
    }
    if (row->life != entry.amount || row->birth == 0) {
        return; // was forgotten since
    }
    if ((entry.where & EVENT_RECORDS_REPLY) != 0) {
        row->replies--;
        cascades_queue(&pipeline->cascades, cascade, CASCADE_REPLIES);
        return;
    }
    bool is_direct = (entry.where & EVENT_RECORDS_DIRECT) != 0;
    if (is_direct && row->board != COUNTER_NONE) {
        windows_take_back(&pipeline->windows, &pipeline->hand.moment,
                          (struct windows_amount){row->board, 1, false});
    }
    if (row->velocity != COUNTER_NONE) {
        windows_take_back(&pipeline->windows, &pipeline->hand.moment,
                          (struct windows_amount){row->velocity, 1, true});
    }
    row->size--;
    uint32_t dirty = CASCADE_SIZE;
    if (is_direct && (event->flags & EVENT_RETWEET) != 0) {
        row->retweets--;
        dirty |= CASCADE_RETWEETS;
    } else if (is_direct) {
        row->quotes--;
        dirty |= CASCADE_QUOTES;
    }
    forecasts_take_back(pipeline, cascade, event);
    alert_carriers_take_back(pipeline, cascade, index);
    acts_undo(pipeline, index, entry);
    person_undone(pipeline, event, entry);
    parent_detach(pipeline, index, entry);
    acts_succeed(pipeline, index, entry);
    cascades_queue(&pipeline->cascades, cascade, dirty);
}

// Copies the notes of the event: what an undo adds to other notes may overwrite them.
static size_t
read_notes(struct pipeline *pipeline, uint32_t index)
{
    struct event_records_entry *notes = pipeline->hand.notes;
    struct event_records_cursor cursor = {0};
    size_t count = 0;
    while (count < PIPELINE_NOTES_MAX &&
           event_records_next(&pipeline->records, index, &cursor, &notes[count])) {
        count++;
    }
    return count;
}

static void
take_back(struct pipeline *pipeline, uint32_t index)
{
    struct event *event = event_records_at(&pipeline->records, index);
    event->flags |= EVENT_UNDONE;
    pipeline->metrics.undone++;
    if (event_records_is_lost(&pipeline->records, index)) {
        admission_lose(pipeline, &pipeline->metrics.undo_lost);
    }
    pipeline->hand.moment = windows_moment(&pipeline->windows, event->time);
    size_t count = read_notes(pipeline, index);
    for (size_t i = 0; i < count; i++) {
        struct event_records_entry entry = pipeline->hand.notes[i];
        if ((entry.where & EVENT_RECORDS_CASCADE) != 0) {
            cascade_undone(pipeline, index, entry);
        } else {
            campaign_course_note_undone(pipeline, entry);
            windows_take_back(&pipeline->windows, &pipeline->hand.moment,
                              (struct windows_amount){entry.where & EVENT_RECORDS_INDEX,
                                                      entry.amount, false});
        }
    }
    campaign_fold_undo(pipeline, index);
}

void
undo_hide(struct pipeline *pipeline, uint32_t cascade)
{
    if ((cascades_at(&pipeline->cascades, cascade)->flags & CASCADE_HIDDEN) == 0) {
        cascades_hide(&pipeline->cascades, cascade);
    }
}

static void
hide_post(struct pipeline *pipeline, uint64_t hash)
{
    uint32_t cascade = cascades_find_hash(&pipeline->cascades, hash);
    if (cascade != CASCADE_NONE) {
        undo_hide(pipeline, cascade);
    }
}

void
undo_event(struct pipeline *pipeline, uint32_t event)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    if ((row->flags & EVENT_UNDONE) == 0) {
        take_back(pipeline, event);
    }
    hide_post(pipeline, row->hash);
}

// True if a retweet was forgotten that is still in the longest window.
static bool
is_lacking(const struct event_records *records)
{
    return records->forgotten != 0 && records->forgotten_time >= records->horizon;
}

void
undo_post(struct pipeline *pipeline, const struct post *post)
{
    uint64_t hash = versions_hash(pipeline, post->id);
    if (post->id.len == 0) {
        uint64_t name = inside_local(pipeline, post->source, post->alias);
        (void)locals_find(&pipeline->locals, name, &hash);
    } else {
        hide_post(pipeline, inside_hash(pipeline, post->id)); // it may be one apart
    }
    uint32_t event = event_records_find(&pipeline->records, hash);
    hide_post(pipeline, hash);
    if (event == EVENT_NONE) {
        pipeline->metrics.undo_unknown++;
        if (is_lacking(&pipeline->records)) {
            pipeline->lost_at = pipeline->clock; // the id may be one of those
        }
    } else {
        undo_event(pipeline, event);
    }
}
