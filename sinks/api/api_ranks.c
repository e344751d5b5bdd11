#include "sinks/api/api_ranks.h"

#include <stdlib.h>
#include <string.h>

bool
api_ranks_init(struct api_ranks *ranks, uint32_t boards, uint32_t kept)
{
    *ranks = (struct api_ranks){.boards = boards, .kept = kept};
    bool has_memory = true;
    for (size_t i = 0; i < API_RANKS_NOTES; i++) {
        struct api_ranks_note *note = &ranks->notes[i];
        note->clock = USEC_NONE;
        note->counts = calloc(boards, sizeof(*note->counts));
        note->hashes = calloc((size_t)boards * kept, sizeof(*note->hashes));
        has_memory = has_memory && note->counts != NULL && note->hashes != NULL;
    }
    return has_memory;
}

void
api_ranks_fini(struct api_ranks *ranks)
{
    for (size_t i = 0; i < API_RANKS_NOTES; i++) {
        free(ranks->notes[i].counts);
        free(ranks->notes[i].hashes);
    }
    *ranks = (struct api_ranks){0};
}

bool
api_ranks_begin(struct api_ranks *ranks, usec clock)
{
    usec newest = ranks->notes[ranks->newest].clock;
    if (newest != USEC_NONE && clock < newest) {
        for (size_t i = 0; i < API_RANKS_NOTES; i++) {
            ranks->notes[i].clock = USEC_NONE;
        }
    } else if (newest != USEC_NONE && clock - newest < API_RANKS_EVERY) {
        return false;
    }
    ranks->newest = (ranks->newest + 1) % API_RANKS_NOTES;
    struct api_ranks_note *note = &ranks->notes[ranks->newest];
    note->clock = clock;
    memset(note->counts, 0, ranks->boards * sizeof(*note->counts));
    return true;
}

void
api_ranks_set(struct api_ranks *ranks, uint32_t board, const uint64_t *hashes,
              uint32_t count)
{
    struct api_ranks_note *note = &ranks->notes[ranks->newest];
    note->counts[board] = count < ranks->kept ? count : ranks->kept;
    memcpy(&note->hashes[(size_t)board * ranks->kept], hashes,
           note->counts[board] * sizeof(*hashes));
}

// The newest note that is old enough, or NULL.
static const struct api_ranks_note *
note_before(const struct api_ranks *ranks, usec clock)
{
    for (uint32_t back = 0; back < API_RANKS_NOTES; back++) {
        const struct api_ranks_note *note =
            &ranks->notes[(ranks->newest + API_RANKS_NOTES - back) % API_RANKS_NOTES];
        if (note->clock != USEC_NONE && note->clock <= clock - API_RANKS_AGE) {
            return note;
        }
    }
    return NULL;
}

uint32_t
api_ranks_before(const struct api_ranks *ranks, uint32_t board, usec clock,
                 uint64_t hash)
{
    const struct api_ranks_note *note = note_before(ranks, clock);
    if (note == NULL) {
        return 0;
    }
    const uint64_t *hashes = &note->hashes[(size_t)board * ranks->kept];
    for (uint32_t i = 0; i < note->counts[board]; i++) {
        if (hashes[i] == hash) {
            return i + 1;
        }
    }
    return 0;
}
