#include "pipeline/carriers/first_acts.h"

#include <string.h>

static struct first_act *
rows_of(const struct first_acts *acts, struct slab *slab)
{
    return slab_at(slab, acts->piece);
}

static bool
make_room(struct first_acts *acts, struct slab *slab)
{
    if (acts->count < acts->room) {
        return true;
    }
    uint32_t room = slab_grown_room(acts->room, sizeof(struct first_act));
    room = room < FIRST_ACTS_MAX ? room : FIRST_ACTS_MAX;
    uint32_t piece = slab_alloc(slab, room * sizeof(struct first_act));
    if (piece == SLAB_NONE) {
        return false;
    }
    if (acts->room != 0) {
        memcpy(slab_at(slab, piece), rows_of(acts, slab),
               acts->count * sizeof(struct first_act));
        slab_free(slab, acts->piece, acts->room * sizeof(struct first_act));
    }
    acts->piece = piece;
    acts->room = (uint16_t)(room & 0x7FFF);
    return true;
}

bool
first_acts_add(struct first_acts *acts, struct slab *slab, uint32_t user, usec time)
{
    acts->total++;
    if (acts->is_over || !make_room(acts, slab)) {
        acts->is_over = 1;
        return false;
    }
    rows_of(acts, slab)[acts->count++] = (struct first_act){
        .user = user,
        .time_low = (uint32_t)time,
        .time_high = (uint32_t)((uint64_t)time >> 32),
    };
    acts->is_over = acts->count == FIRST_ACTS_MAX;
    return true;
}

void
first_acts_remove(struct first_acts *acts, struct slab *slab, uint32_t user, usec time)
{
    uint16_t at = 0;
    struct first_act *rows = acts->count != 0 ? rows_of(acts, slab) : NULL;
    acts->total -= acts->total != 0;
    while (at < acts->count &&
           (rows[at].user != user || first_act_time(&rows[at]) != time)) {
        at++;
    }
    if (at < acts->count) {
        acts->count--;
        memmove(&rows[at], &rows[at + 1], (size_t)(acts->count - at) * sizeof(*rows));
    }
}

void
first_acts_merge(struct first_acts *acts, struct slab *slab, uint32_t from,
                 uint32_t into)
{
    for (uint16_t i = 0; i < acts->count; i++) {
        struct first_act *row = &rows_of(acts, slab)[i];
        row->user = row->user == from ? into : row->user;
    }
}

void
first_acts_clear(struct first_acts *acts, struct slab *slab)
{
    if (acts->room != 0) {
        slab_free(slab, acts->piece, acts->room * sizeof(struct first_act));
    }
    *acts = (struct first_acts){0};
}
