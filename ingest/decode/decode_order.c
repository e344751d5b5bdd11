#include "ingest/decode/decode_order.h"

#include <stdbool.h>
#include <stdlib.h>

// Which post comes where.
struct place {
    usec time;
    size_t from;
};

static bool
is_sorted(const struct post *posts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (posts[i].time < posts[i - 1].time) {
            return false;
        }
    }
    return true;
}

static void
turn_round(struct post *posts, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct post kept = posts[i];
        posts[i] = posts[count - 1 - i];
        posts[count - 1 - i] = kept;
    }
}

static int
compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->time != b->time) {
        return a->time < b->time ? -1 : 1;
    }
    return (a->from > b->from) - (a->from < b->from);
}

// Each circle of posts that take one another's places moves by one.
static void
move(struct post *posts, struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct post kept = posts[i];
        size_t at = i;
        while (places[at].from != i) {
            size_t from = places[at].from;
            posts[at] = posts[from];
            places[at].from = at;
            at = from;
        }
        posts[at] = kept;
        places[at].from = at;
    }
}

static void
order_run(struct arena *arena, struct post *posts, size_t count)
{
    if (is_sorted(posts, count)) {
        return;
    }
    if (posts[count - 1].time < posts[0].time) {
        turn_round(posts, count);
    }
    if (is_sorted(posts, count)) {
        return;
    }
    struct place *places = arena_alloc(arena, count, sizeof(*places));
    if (places == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct place){posts[i].time, i};
    }
    qsort(places, count, sizeof(*places), compare);
    move(posts, places, count);
}

void
decode_order(struct arena *arena, struct post *posts, size_t count)
{
    for (size_t start = 0; start < count;) {
        size_t end = start;
        while (end < count && post_is_event(&posts[end])) {
            end++;
        }
        order_run(arena, posts + start, end - start);
        start = end + 1;
    }
}
