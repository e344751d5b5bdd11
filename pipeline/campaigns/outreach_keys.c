#include "pipeline/campaigns/outreach_keys.h"

#include "base/region.h"
#include "base/snapshot.h"

bool
outreach_keys_init(struct outreach_keys *keys)
{
    *keys = (struct outreach_keys){
        .rows = region_reserve(OUTREACH_KEYS_MAX * sizeof(*keys->rows)),
    };
    return keys->rows != NULL;
}

void
outreach_keys_fini(struct outreach_keys *keys)
{
    region_release(keys->rows, OUTREACH_KEYS_MAX * sizeof(*keys->rows));
    *keys = (struct outreach_keys){0};
}

uint32_t
outreach_keys_find(const struct outreach_keys *keys, uint32_t user)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->rows[i].user == user) {
            return i;
        }
    }
    return OUTREACH_KEY_NONE;
}

uint32_t
outreach_keys_add(struct outreach_keys *keys, uint32_t user)
{
    if (keys->count == OUTREACH_KEYS_MAX) {
        return OUTREACH_KEY_NONE;
    }
    keys->rows[keys->count] = (struct outreach_key){user, OUTREACH_KEY_FRESH};
    return keys->count++;
}

void
outreach_keys_remove(struct outreach_keys *keys, uint32_t index)
{
    keys->rows[index] = keys->rows[--keys->count];
}

void
outreach_keys_move(struct outreach_keys *keys, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, keys->rows, sizeof(*keys->rows), &keys->count,
                  OUTREACH_KEYS_MAX);
}
