#include "sinks/api/api_marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { ROOM_FIRST = 64 };

void
api_marks_fini(struct api_marks *marks)
{
    free(marks->rows);
    *marks = (struct api_marks){0};
}

// Where the row is, or would be: rows are sorted by campaign, then by person.
static size_t
place_of(const struct api_marks *marks, uint64_t campaign, uint64_t person)
{
    size_t low = 0;
    size_t high = marks->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct api_marks_row *row = &marks->rows[middle];
        bool is_before =
            row->campaign != campaign ? row->campaign < campaign : row->person < person;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static bool
is_at(const struct api_marks *marks, size_t place, uint64_t campaign, uint64_t person)
{
    return place < marks->count && marks->rows[place].campaign == campaign &&
           marks->rows[place].person == person;
}

void
api_marks_begin(struct api_marks *marks, struct slice campaign)
{
    uint64_t hash = hash_known(campaign);
    for (size_t i = place_of(marks, hash, 0);
         i < marks->count && marks->rows[i].campaign == hash; i++) {
        marks->rows[i].is_seen = false;
    }
}

static enum status
make_room(struct api_marks *marks)
{
    size_t room = marks->room != 0 ? 2 * marks->room : ROOM_FIRST;
    if (marks->count < marks->room) {
        return STATUS_OK;
    }
    if (marks->count == API_MARKS_MAX) {
        return STATUS_FULL;
    }
    struct api_marks_row *rows = realloc(marks->rows, room * sizeof(*rows));
    if (rows == NULL) {
        return STATUS_NOMEM;
    }
    marks->rows = rows;
    marks->room = room;
    return STATUS_OK;
}

enum status
api_marks_add(struct api_marks *marks, struct slice campaign, struct slice person,
              usec at)
{
    const struct api_marks_row row = {hash_known(campaign), hash_known(person), at,
                                      true};
    size_t place = place_of(marks, row.campaign, row.person);
    if (!is_at(marks, place, row.campaign, row.person)) {
        enum status status = make_room(marks);
        if (status != STATUS_OK) {
            return status;
        }
        memmove(&marks->rows[place + 1], &marks->rows[place],
                (marks->count - place) * sizeof(row));
        marks->count++;
    }
    marks->rows[place] = row;
    return STATUS_OK;
}

void
api_marks_end(struct api_marks *marks, struct slice campaign)
{
    uint64_t hash = hash_known(campaign);
    size_t kept = 0;
    for (size_t i = 0; i < marks->count; i++) {
        if (marks->rows[i].campaign != hash || marks->rows[i].is_seen) {
            marks->rows[kept++] = marks->rows[i];
        }
    }
    marks->count = kept;
}

void
api_marks_keep(struct api_marks *marks, const struct slice *campaigns, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < marks->count; i++) {
        bool is_kept = false;
        for (size_t k = 0; k < count && !is_kept; k++) {
            is_kept = marks->rows[i].campaign == hash_known(campaigns[k]);
        }
        if (is_kept) {
            marks->rows[kept++] = marks->rows[i];
        }
    }
    marks->count = kept;
}

usec
api_marks_find(const struct api_marks *marks, struct slice campaign,
               struct slice person)
{
    uint64_t hash = hash_known(campaign);
    uint64_t other = hash_known(person);
    size_t place = place_of(marks, hash, other);
    return is_at(marks, place, hash, other) ? marks->rows[place].at : USEC_NONE;
}
