#include "pipeline/records/event_walk.h"

// How many events of its part arrived before it.
static uint64_t
place_in(const struct event_records_part *part, uint32_t event)
{
    uint32_t oldest = event_records_row(part, part->first);
    return event >= oldest ? event - oldest : (uint64_t)part->size - (oldest - event);
}

uint64_t
event_walk_sequence(const struct event_records *records, uint32_t event)
{
    const struct event_records_part *part = event_records_part_of(records, event);
    return part->first + place_in(part, event);
}

uint64_t
event_walk_order(const struct event_records *records, uint32_t event)
{
    const struct event_records_part *part = event_records_part_of(records, event);
    uint64_t before =
        part == &records->newest ? records->lasting.next - records->lasting.first : 0;
    return before + place_in(part, event);
}

struct event_walk
event_walk_after(const struct event_records *records, uint32_t event)
{
    const struct event_records_part *part =
        event == EVENT_NONE ? &records->lasting : event_records_part_of(records, event);
    struct event_walk walk = {
        .left = (uint32_t)(part->next - part->first),
        .is_last = part == &records->newest,
    };
    uint64_t at = part->first;
    if (event != EVENT_NONE) {
        uint64_t passed = place_in(part, event) + 1;
        at += passed;
        walk.left -= (uint32_t)passed;
    }
    walk.event = walk.left != 0 ? event_records_row(part, at) : part->begin;
    return walk;
}

uint32_t
event_walk_next(const struct event_records *records, struct event_walk *walk)
{
    const struct event_records_part *newest = &records->newest;
    if (walk->left == 0 && !walk->is_last && newest->first != newest->next) {
        walk->is_last = true;
        walk->left = (uint32_t)(newest->next - newest->first);
        walk->event = event_records_row(newest, newest->first);
    }
    if (walk->left == 0) {
        return EVENT_NONE;
    }
    const struct event_records_part *part = walk->is_last ? newest : &records->lasting;
    uint32_t event = walk->event++;
    walk->left--;
    if (walk->event == part->begin + part->size) {
        walk->event = part->begin;
    }
    return event;
}
