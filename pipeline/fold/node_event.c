#include "pipeline/fold/node_event.h"

#include "pipeline/inside.h"

uint32_t
node_event(const struct pipeline *pipeline, uint32_t cascade, uint32_t node)
{
    // The name is the combined hash, which can be reversed.
    uint64_t key =
        pending_parents_hash(nodes_at(&pipeline->trees.nodes, node)->name,
                             cascades_at(&pipeline->cascades, cascade)->life);
    return event_records_find(&pipeline->records, key);
}
