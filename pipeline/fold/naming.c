#include "pipeline/fold/naming.h"

#include <stdlib.h>

#include "pipeline/inside.h"

static int
by_index(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

// Sorts and removes duplicates; returns how many are left.
static size_t
unique(uint32_t *indexes, size_t count)
{
    if (count > 1) {
        qsort(indexes, count, sizeof(*indexes), by_index);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || indexes[kept - 1] != indexes[i]) {
            indexes[kept++] = indexes[i];
        }
    }
    return kept;
}

static void
count_mentions(struct pipeline *pipeline, const struct post *post, uint32_t author,
               usec time)
{
    size_t listed = admission_mentions(pipeline, post);
    size_t count = 0;
    for (size_t i = 0; i < listed; i++) {
        const struct post_user *person = &post->mentions[i];
        if (admission_may_mention(pipeline, post, person)) {
            pipeline->hand.named[count++] = users_see(&pipeline->users, person, time);
        }
    }
    // Where room is short, two names may turn out to be the same person only here.
    for (size_t i = 0; i < count; i++) {
        pipeline->hand.named[i] = users_now(&pipeline->users, pipeline->hand.named[i]);
    }
    author = users_now(&pipeline->users, author);
    count = unique(pipeline->hand.named, count);
    for (size_t i = 0; i < count; i++) {
        if (pipeline->hand.named[i] == author) {
            pipeline->metrics.self_ignored++;
            continue;
        }
        inside_tally(pipeline, TALLY_MENTIONS, pipeline->hand.named[i], 1);
        pipeline->metrics.interactions++;
    }
}

static void
count_hashtags(struct pipeline *pipeline, const struct post *post)
{
    size_t listed = admission_hashtags(pipeline, post);
    size_t count = 0;
    for (size_t i = 0; i < listed; i++) {
        if (admission_may_tag(pipeline, post, post->hashtags[i])) {
            pipeline->hand.named[count++] =
                tags_put(&pipeline->tags, post->hashtags[i]);
        }
    }
    count = unique(pipeline->hand.named, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t tag = pipeline->hand.named[i];
        struct tag *row = &pipeline->tags.rows[tag];
        if (row->counter == COUNTER_NONE) {
            row->counter =
                counters_create(&pipeline->windows.counters, TALLY_HASHTAGS, tag);
        }
        inside_count(pipeline, row->counter, 1);
    }
}

void
naming_count(struct pipeline *pipeline, const struct post *post, uint32_t author,
             usec time)
{
    count_mentions(pipeline, post, author, time);
    count_hashtags(pipeline, post);
}
