#include "pipeline/fold/versions.h"

#include "pipeline/inside.h"

static bool
is_seen(const struct pipeline *pipeline, uint64_t hash)
{
    return event_records_find(&pipeline->records, hash) != EVENT_NONE ||
           cascades_find_hash(&pipeline->cascades, hash) != CASCADE_NONE;
}

static void
learn(struct pipeline *pipeline, struct slice original, struct slice id)
{
    struct locals *locals = &pipeline->locals;
    if (original.len == 0 || id.len == 0) {
        return;
    }
    const uint64_t versions[] = {inside_hash(pipeline, original),
                                 inside_hash(pipeline, id)};
    uint64_t counted = versions[1];
    if (!locals_find(locals, versions[0], &counted) &&
        !locals_find(locals, versions[1], &counted) && is_seen(pipeline, versions[0])) {
        counted = versions[0];
    }
    locals->has_versions = true;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i] != counted) {
            pipeline->metrics.locals_forgotten +=
                !locals_learn(locals, versions[i], counted);
        }
    }
}

void
versions_learn(struct pipeline *pipeline, const struct post *post)
{
    const struct post_ref *refs[] = {&post->retweet_of, &post->quote, &post->reply_to};
    learn(pipeline, post->original, post->id);
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        for (const struct post_ref *ref = refs[i]; ref != NULL; ref = ref->quote) {
            learn(pipeline, ref->original, ref->id);
        }
    }
}

// The hash of the id under which that one counts.
static uint64_t
counted_of(const struct pipeline *pipeline, uint64_t hash)
{
    if (pipeline->locals.has_versions) {
        (void)locals_find(&pipeline->locals, hash, &hash);
    }
    return hash;
}

uint64_t
versions_hash(const struct pipeline *pipeline, struct slice id)
{
    return counted_of(pipeline, inside_hash(pipeline, id));
}

uint64_t
versions_target(const struct pipeline *pipeline, struct slice id)
{
    const struct cascades *cascades = &pipeline->cascades;
    uint64_t own = inside_hash(pipeline, id);
    uint64_t counted = counted_of(pipeline, own);
    bool is_apart = counted != own &&
                    cascades_find_hash(cascades, counted) == CASCADE_NONE &&
                    cascades_find_hash(cascades, own) != CASCADE_NONE;
    return is_apart ? own : counted;
}

struct slice
versions_id(const struct pipeline *pipeline, const struct post_ref *ref, uint64_t hash)
{
    return ref->original.len != 0 && inside_hash(pipeline, ref->original) == hash
               ? ref->original
               : ref->id;
}
