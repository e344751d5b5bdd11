#include "pipeline/carriers/known_acts.h"

#include <string.h>

struct known_acts {
    uint32_t count;
    uint32_t room;
    struct known_act rows[];
};

static size_t
size_of(uint32_t room)
{
    return sizeof(struct known_acts) + room * sizeof(struct known_act);
}

static bool
grow(uint32_t *piece, struct slab *slab)
{
    const struct known_acts *old = *piece != SLAB_NONE ? slab_at(slab, *piece) : NULL;
    uint32_t count = old != NULL ? old->count : 0;
    uint32_t room = count < KNOWN_ACTS_MAX / 2 ? 2 * count + 1 : KNOWN_ACTS_MAX;
    uint32_t larger = slab_alloc(slab, size_of(room));
    if (larger == SLAB_NONE) {
        return false;
    }
    struct known_acts *acts = slab_at(slab, larger);
    acts->count = count;
    acts->room = room;
    if (old != NULL) {
        memcpy(acts->rows, old->rows, count * sizeof(*acts->rows));
    }
    known_acts_clear(piece, slab);
    *piece = larger;
    return true;
}

bool
known_acts_add(uint32_t *piece, struct slab *slab, struct known_act act)
{
    const struct known_acts *full = *piece != SLAB_NONE ? slab_at(slab, *piece) : NULL;
    if (full == NULL || full->count == full->room) {
        if ((full != NULL && full->count == KNOWN_ACTS_MAX) || !grow(piece, slab)) {
            return false;
        }
    }
    struct known_acts *acts = slab_at(slab, *piece);
    acts->rows[acts->count++] = act;
    return true;
}

void
known_acts_remove(uint32_t piece, struct slab *slab, uint64_t event)
{
    struct known_acts *acts = piece != SLAB_NONE ? slab_at(slab, piece) : NULL;
    uint32_t at = 0;
    while (acts != NULL && at < acts->count && acts->rows[at].event != event) {
        at++;
    }
    if (acts != NULL && at < acts->count) {
        acts->count--;
        memmove(&acts->rows[at], &acts->rows[at + 1],
                (acts->count - at) * sizeof(*acts->rows));
    }
}

uint32_t
known_acts_best(uint32_t piece, const struct slab *slab, double below)
{
    const struct known_acts *acts = piece != SLAB_NONE ? slab_at(slab, piece) : NULL;
    uint32_t best = 0;
    for (uint32_t i = 0; acts != NULL && i < acts->count; i++) {
        const struct known_act *act = &acts->rows[i];
        if (act->size < below && (best == 0 || act->rank < best)) {
            best = act->rank;
        }
    }
    return best;
}

void
known_acts_clear(uint32_t *piece, struct slab *slab)
{
    if (*piece != SLAB_NONE) {
        const struct known_acts *acts = slab_at(slab, *piece);
        slab_free(slab, *piece, size_of(acts->room));
    }
    *piece = SLAB_NONE;
}
