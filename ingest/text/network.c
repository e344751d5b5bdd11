#include "ingest/text/network.h"

const struct network network_rows[NETWORK_COUNT] = {
    {{NETWORK_X, sizeof(NETWORK_X) - 1}, false},
    {{NETWORK_BLUESKY, sizeof(NETWORK_BLUESKY) - 1}, true},
    {{NETWORK_MASTODON, sizeof(NETWORK_MASTODON) - 1}, true},
};

const struct network *
network_of_id(struct slice id)
{
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        const struct network *row = &network_rows[i];
        if (id.len > row->name.len && id.ptr[row->name.len] == ':' &&
            slice_starts(id, row->name)) {
            return row;
        }
    }
    return NULL;
}
