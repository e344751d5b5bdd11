#include "sinks/redis/redis_drops.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/webhook/webhook_sign.h"

// A row is smaller than its command, so the transaction reaches its own limit first.
enum { DROPS_LIMIT = 1 << 30 };

struct row {
    uint32_t endpoint;
    char id[WEBHOOK_ID_MAX]; // filled up with zeros
};

void
redis_drops_init(struct redis_drops *drops)
{
    buffer_init(&drops->rows, DROPS_LIMIT);
    drops->taken = 0;
    drops->sorted = 0;
}

void
redis_drops_fini(struct redis_drops *drops)
{
    buffer_fini(&drops->rows);
}

static struct row
row_of(size_t endpoint, struct slice id)
{
    struct row row = {.endpoint = (uint32_t)endpoint};
    memcpy(row.id, id.ptr, id.len);
    return row;
}

static size_t
count_of(const struct redis_drops *drops)
{
    return drops->rows.size / sizeof(struct row);
}

void
redis_drops_add(struct redis_drops *drops, size_t endpoint, struct slice id)
{
    if (id.len < WEBHOOK_ID_MAX) {
        struct row row = row_of(endpoint, id);
        buffer_append(&drops->rows, (struct slice){(const char *)&row, sizeof(row)});
    }
}

void
redis_drops_take(struct redis_drops *drops)
{
    drops->taken = count_of(drops);
    drops->sorted = 0;
}

void
redis_drops_written(struct redis_drops *drops)
{
    buffer_drop_first(&drops->rows, drops->taken * sizeof(struct row));
    drops->taken = 0;
}

void
redis_drops_lost(struct redis_drops *drops)
{
    drops->taken = 0;
}

static int
compare(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct row));
}

void
redis_drops_sort(struct redis_drops *drops)
{
    assert(drops->taken == 0);
    drops->sorted = count_of(drops);
    if (drops->sorted != 0) {
        qsort(drops->rows.bytes, drops->sorted, sizeof(struct row), compare);
    }
}

bool
redis_drops_has(const struct redis_drops *drops, size_t endpoint, struct slice id)
{
    const size_t size = sizeof(struct row);
    const char *rows = drops->rows.bytes;
    size_t count = count_of(drops);
    if (count == 0 || id.len >= WEBHOOK_ID_MAX) {
        return false;
    }
    struct row row = row_of(endpoint, id);
    bool is_found = bsearch(&row, rows, drops->sorted, size, compare) != NULL;
    for (size_t i = drops->sorted; i < count && !is_found; i++) {
        is_found = compare(&row, rows + i * size) == 0;
    }
    return is_found;
}
