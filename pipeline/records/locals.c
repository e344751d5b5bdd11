#include "pipeline/records/locals.h"

#include <stddef.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
locals_init(struct locals *locals, uint32_t capacity)
{
    locals->capacity = capacity;
    locals->rows = region_reserve((size_t)capacity * sizeof(*locals->rows));
    return locals->rows != NULL && table_init(&locals->by_name, capacity);
}

void
locals_fini(struct locals *locals)
{
    table_fini(&locals->by_name);
    region_release(locals->rows, (size_t)locals->capacity * sizeof(*locals->rows));
}

static struct local *
find(const struct locals *locals, uint64_t name)
{
    struct table_walk walk = table_walk(&locals->by_name, name);
    uint32_t index;
    while ((index = table_next(&locals->by_name, &walk)) != TABLE_NONE) {
        if (locals->rows[index].name == name) {
            return &locals->rows[index];
        }
    }
    return NULL;
}

bool
locals_learn(struct locals *locals, uint64_t name, uint64_t post)
{
    struct local *known = find(locals, name);
    if (known != NULL) {
        known->post = post;
        return true;
    }
    uint32_t index = (uint32_t)(locals->next % locals->capacity);
    bool is_full = locals->next >= locals->capacity;
    if (is_full) {
        table_remove(&locals->by_name, locals->rows[index].name, index);
    }
    locals->rows[index] = (struct local){name, post};
    table_add(&locals->by_name, name, index);
    locals->next++;
    return !is_full;
}

bool
locals_find(const struct locals *locals, uint64_t name, uint64_t *ret_post)
{
    const struct local *known = find(locals, name);
    if (known == NULL) {
        return false;
    }
    *ret_post = known->post;
    return true;
}

void
locals_move(struct locals *locals, struct snapshot *snapshot)
{
    uint32_t count =
        locals->next < locals->capacity ? (uint32_t)locals->next : locals->capacity;
    SNAPSHOT_VALUE(snapshot, locals->next);
    SNAPSHOT_VALUE(snapshot, locals->has_versions);
    snapshot_rows(snapshot, locals->rows, sizeof(*locals->rows), &count,
                  locals->capacity);
    table_move(&locals->by_name, snapshot);
}
