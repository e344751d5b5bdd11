#include "pipeline/carriers/early.h"

#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
    const struct early_act *one = a;
    const struct early_act *other = b;
    return (one->time > other->time) - (one->time < other->time);
}

void
early_parts(struct early_act *acts, size_t count, uint32_t people, double *ret_parts)
{
    qsort(acts, count, sizeof(*acts), compare);
    for (size_t first = 0; first < count;) {
        size_t end = first;
        while (end < count && acts[end].time == acts[first].time) {
            end++;
        }
        // The mean of the ranks first + 1 … end.
        double rank = ((double)first + 1 + (double)end) / 2;
        for (; first < end; first++) {
            ret_parts[first] = (rank - 0.5) / people;
        }
    }
}

double
early_part_of_others(size_t count, uint32_t people)
{
    double rank = ((double)count + 1 + people) / 2;
    return (rank - 0.5) / people;
}
