#include "pipeline/fold/ids.h"

#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

struct ids_ref
ids_of_ref(const struct pipeline *pipeline, const struct post_ref *ref)
{
    return (struct ids_ref){
        .post = versions_target(pipeline, ref->id),
        .author = ref->author.id.len != 0 ? inside_hash(pipeline, ref->author.id) : 0,
    };
}

struct ids
ids_of(const struct pipeline *pipeline, const struct post *post)
{
    struct ids ids = {
        .post = versions_hash(pipeline, post->id),
        .author = inside_hash(pipeline, post->author.id),
    };
    if (post->kind == POST_RETWEETED) {
        ids.root = ids_of_ref(pipeline, &post->retweet_of);
    }
    return ids;
}
