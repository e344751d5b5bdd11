#include "sinks/redis/redis_drops.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sinks/webhook/webhook_sign.h"

// A row is smaller than its command, so the transaction reaches its own limit first.
enum { DROPS_LIMIT = 1 << 30, INDEX_FIRST = 64 };

struct row {
    uint32_t endpoint;
    char id[WEBHOOK_ID_MAX]; // filled up with zeros
};

void
redis_drops_init(struct redis_drops *drops)
{
    *drops = (struct redis_drops){0};
    buffer_init(&drops->rows, DROPS_LIMIT);
}

void
redis_drops_fini(struct redis_drops *drops)
{
    table_fini(&drops->index);
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

static const char *
row_at(const struct redis_drops *drops, size_t number)
{
    return drops->rows.bytes + number * sizeof(struct row);
}

static uint64_t
hash_of(const char *row)
{
    return hash_known((struct slice){row, sizeof(struct row)});
}

// Makes the index again, for this many rows at least.
static bool
index_all(struct redis_drops *drops, size_t rows)
{
    size_t capacity = INDEX_FIRST;
    while (capacity < rows) {
        capacity *= 2;
    }
    table_fini(&drops->index);
    if (!table_init(&drops->index, (uint32_t)capacity)) {
        return false;
    }
    for (size_t i = 0; i < count_of(drops); i++) {
        (void)table_add(&drops->index, hash_of(row_at(drops, i)), (uint32_t)i);
    }
    return true;
}

void
redis_drops_add(struct redis_drops *drops, size_t endpoint, struct slice id)
{
    if (id.len >= WEBHOOK_ID_MAX) {
        return;
    }
    struct row row = row_of(endpoint, id);
    size_t number = count_of(drops);
    if (number == drops->index.capacity && !index_all(drops, number + 1)) {
        drops->rows.is_failed = true;
    }
    buffer_append(&drops->rows, (struct slice){(const char *)&row, sizeof(row)});
    if (!drops->rows.is_failed) {
        (void)table_add(&drops->index, hash_of((const char *)&row), (uint32_t)number);
    }
}

void
redis_drops_take(struct redis_drops *drops)
{
    drops->taken = count_of(drops);
}

void
redis_drops_written(struct redis_drops *drops)
{
    if (drops->taken == 0) {
        return;
    }
    buffer_drop_first(&drops->rows, drops->taken * sizeof(struct row));
    drops->taken = 0;
    if (!index_all(drops, count_of(drops))) {
        drops->rows.is_failed = true;
    }
}

void
redis_drops_lost(struct redis_drops *drops)
{
    drops->taken = 0;
}

bool
redis_drops_has(struct redis_drops *drops, size_t endpoint, struct slice id)
{
    if (drops->index.count == 0 || id.len >= WEBHOOK_ID_MAX) {
        return false;
    }
    struct row row = row_of(endpoint, id);
    struct table_walk walk = table_walk(&drops->index, hash_of((const char *)&row));
    bool is_found = false;
    uint32_t number;
    while (!is_found && (number = table_next(&drops->index, &walk)) != TABLE_NONE) {
        drops->compared++;
        is_found = memcmp(row_at(drops, number), &row, sizeof(row)) == 0;
    }
    return is_found;
}
