#include "base/quantile.h"

#include <math.h>
#include <stdlib.h>

static int
compare(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

void
quantile_sort(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
}

double
quantile_of(const double *values, size_t count, double part)
{
    if (count == 0) {
        return NAN;
    }
    double at = part * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}
