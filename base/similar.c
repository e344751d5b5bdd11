#include "base/similar.h"

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// The number of letters to insert, delete, change, or swap with the next one to turn
// one name into the other (optimal string alignment). Both have at most
// SIMILAR_NAME_MAX bytes.
static size_t
distance(struct slice a, struct slice b)
{
    size_t rows[SIMILAR_NAME_MAX + 1][SIMILAR_NAME_MAX + 1];
    for (size_t i = 0; i <= a.len; i++) {
        for (size_t k = 0; k <= b.len; k++) {
            if (i == 0 || k == 0) {
                rows[i][k] = i + k;
                continue;
            }
            size_t least = rows[i - 1][k - 1] + (a.ptr[i - 1] != b.ptr[k - 1]);
            least = smaller(least, smaller(rows[i - 1][k], rows[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] &&
                a.ptr[i - 2] == b.ptr[k - 1]) {
                least = smaller(least, rows[i - 2][k - 2] + 1);
            }
            rows[i][k] = least;
        }
    }
    return rows[a.len][b.len];
}

// The least distance at which names are not similar: they may differ by two in eight
// letters, by one in three, by none in two.
static size_t
too_far(struct slice name)
{
    return name.len < 3 ? 1 : 2 + name.len / 5;
}

void
similar_init(struct similar *similar, struct slice name)
{
    *similar = (struct similar){name, SLICE_NONE, too_far(name)};
}

void
similar_offer(struct similar *similar, struct slice name)
{
    if (name.len > SIMILAR_NAME_MAX || similar->name.len > SIMILAR_NAME_MAX) {
        return;
    }
    size_t far = distance(similar->name, name);
    if (far < similar->distance) {
        similar->nearest = name;
        similar->distance = far;
    }
}
