#include "pipeline/fold/renewal.h"

#include "pipeline/changes/change.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

static bool
is_over(const struct pipeline *pipeline, const struct cascade *row)
{
    return cascades_is_closed(row, pipeline->clock) &&
           cascades_is_zero(&pipeline->cascades, row);
}

static bool
waits(struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if ((row->alerts == 0 && row->unresolved == 0) || !is_over(pipeline, row)) {
        return false;
    }
    if (row->unresolved != 0) {
        alerts_resolve(pipeline, cascade);
    }
    // Its close is not reported if there is no room, which a flush may make.
    const struct alert_queue *queue = &pipeline->alerts.queue;
    return (row->unresolved != 0 && queue->first != queue->end) ||
           change_alert_needs(pipeline, cascade);
}

// The post, the one it quotes, and so on, as far as known.
static bool
path_waits(struct pipeline *pipeline, uint32_t cascade)
{
    bool is_waiting = false;
    for (size_t i = 0; i < PIPELINE_PATH_MAX && cascade != CASCADE_NONE; i++) {
        is_waiting |= waits(pipeline, cascade);
        cascade = cascades_parent(&pipeline->cascades, cascade);
    }
    return is_waiting;
}

static bool
target_waits(struct pipeline *pipeline, const struct post_ref *ref)
{
    bool is_waiting = false;
    for (int i = 0; ref != NULL && ref->id.len != 0 && i <= POST_QUOTES_MAX;
         i++, ref = ref->quote) {
        uint64_t hash = versions_target(pipeline, ref->id);
        is_waiting |=
            path_waits(pipeline, cascades_find_hash(&pipeline->cascades, hash));
    }
    return is_waiting;
}

bool
renewal_waits(struct pipeline *pipeline, const struct post *post, const struct ids *ids)
{
    if (!pipeline->is_event_time || pipeline->alerts.count == 0) {
        return false;
    }
    bool is_waiting =
        path_waits(pipeline, cascades_find_hash(&pipeline->cascades, ids->post));
    is_waiting |= target_waits(pipeline, &post->retweet_of);
    is_waiting |= target_waits(pipeline, &post->quote);
    return target_waits(pipeline, &post->reply_to) || is_waiting;
}
