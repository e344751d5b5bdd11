#include "pipeline/fold/quota.h"

// QUOTA_ROWS if not found.
static uint32_t
find(const struct quota *quota, uint64_t author)
{
    uint32_t row = 0;
    while (row < QUOTA_ROWS &&
           (quota->counts[row] == 0 || quota->authors[row] != author)) {
        row++;
    }
    return row;
}

static void
halve(struct quota *quota)
{
    quota->total /= 2;
    for (uint32_t row = 0; row < QUOTA_ROWS; row++) {
        quota->counts[row] /= 2;
    }
}

static void
count_new(struct quota *quota, uint64_t author)
{
    uint32_t free = 0;
    while (free < QUOTA_ROWS && quota->counts[free] != 0) {
        free++;
    }
    if (free < QUOTA_ROWS) {
        quota->authors[free] = author;
        quota->counts[free] = 1;
        return;
    }
    for (uint32_t row = 0; row < QUOTA_ROWS; row++) {
        quota->counts[row]--;
    }
}

bool
quota_take(struct quota *quota, uint64_t author, uint32_t capacity)
{
    uint32_t row = find(quota, author);
    if (row < QUOTA_ROWS && quota->counts[row] >= capacity / QUOTA_PART) {
        return false;
    }
    if (row < QUOTA_ROWS) {
        quota->counts[row]++;
    } else {
        count_new(quota, author);
    }
    if (++quota->total >= capacity) {
        halve(quota);
    }
    return true;
}
