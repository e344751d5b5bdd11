// A stream of posts of all kinds for tests of the whole pipeline: retweets through one
// another, quotes, replies, mentions, hashtags, edits, deletions, people with several
// handles and people known by handle only. The number of a post decides all of it.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/usec.h"
#include "pipeline/post.h"
#include "tests/unit/made.h"

#define MADE_TEN "ten words. "
#define MADE_HUNDRED                                                                   \
    MADE_TEN MADE_TEN MADE_TEN MADE_TEN MADE_TEN MADE_TEN MADE_TEN MADE_TEN MADE_TEN   \
        MADE_TEN
#define MADE_LONG                                                                      \
    MADE_HUNDRED MADE_HUNDRED MADE_HUNDRED MADE_HUNDRED MADE_HUNDRED MADE_HUNDRED      \
        MADE_HUNDRED MADE_HUNDRED MADE_HUNDRED

enum {
    MADE_STREAM_START = 1700000000, // s
    MADE_STREAM_PEOPLE = 1500,
    MADE_STREAM_TAGS = 60,
    MADE_STREAM_RECENT = 40,
};

// Names of the post at hand.
struct made_stream {
    char ids[12][MADE_NAME_MAX];
    size_t used;
    struct post_ref above;
    struct post_user named[2];
    struct slice tags[2];
    struct post post;
};

static inline struct slice
made_stream_name(struct made_stream *made, const char *kind, uint32_t number)
{
    return made_name(made->ids[made->used++], kind, number);
}

// Sometimes somebody has another handle than before.
static inline struct post_user
made_stream_person(struct made_stream *made, uint32_t number, uint32_t era)
{
    struct post_user user = {.id = made_stream_name(made, "bsky:u", number)};
    user.handle = made_stream_name(
        made, "h", number % 7 == 0 ? number + 1000 * (era % 5) : number);
    user.followers = number * 7 % 50;
    user.has_followers = number % 3 != 0;
    return user;
}

static inline const char *
made_stream_network(uint32_t number)
{
    return number % 5 == 0 ? "masto:p" : "bsky:p";
}

// Now and then so much time passes that all cascades close.
static inline usec
made_stream_time_of(uint32_t number)
{
    return (usec)MADE_STREAM_START * USEC_PER_S + number * 3 * USEC_PER_S +
           number / 1500 * 7 * USEC_PER_HOUR;
}

// The post of that number, whatever was fed before; `number` decides everything.
static inline void
made_stream_make(struct made_stream *made, uint32_t number)
{
    uint32_t random = number * 2654435761u + 12345;
    uint32_t back =
        1 +
        made_random(&random, made_random(&random, 4) == 0 ? 300 : MADE_STREAM_RECENT);
    uint32_t target = number > back ? number - back : 0;
    target -= made_random(&random, 3) != 0 ? target % 16 : 0; // some carry many
    uint32_t kind = number % 16 == 0 ? 10 + number / 16 % 8 : made_random(&random, 20);
    memset(made, 0, sizeof(*made));
    struct post *post = &made->post;
    *post = (struct post){
        .kind = kind < 10 ? POST_RETWEETED : POST_PUBLISHED,
        .id = made_stream_name(made, made_stream_network(number), number),
        .is_undone_by_id = kind < 10,
        .time = made_stream_time_of(number),
        .author = made_stream_person(made, made_random(&random, MADE_STREAM_PEOPLE),
                                     number / 600),
        .text = {MADE_LONG, number % 3 == 0 ? sizeof(MADE_LONG) - 1 : 20}};
    const char *author = target % 7 == 3 ? "bsky:@h" : "bsky:u"; // by handle alone
    struct post_ref ref = {
        .id = made_stream_name(made, made_stream_network(target), target),
        .created = USEC_NONE,
        .author.id = made_stream_name(made, author, target % MADE_STREAM_PEOPLE),
        .reported = number,
        .has_reported = number % 9 == 0};
    if (kind < 10) {
        post->retweet_of = ref;
        post->alias = kind == 0 ? made_stream_name(made, "bsky:a", number) : SLICE_NONE;
        if (kind > 3) { // through one before, or one that is yet to come
            uint32_t near = target + 1 + made_random(&random, 2 * MADE_STREAM_RECENT);
            post->via = made_stream_name(made, made_stream_network(near), near);
        }
    } else if (kind < 13) {
        post->quote = ref;
    } else if (kind < 15) {
        post->reply_to = ref;
    } else if (kind < 18) {
        made->named[0] = made_stream_person(
            made, made_random(&random, MADE_STREAM_PEOPLE), number / 600);
        made->tags[0] = made_stream_name(
            made, "t", number / 40 * 10 + made_random(&random, MADE_STREAM_TAGS));
        post->mentions = made->named;
        post->mention_count = 1;
        post->hashtags = made->tags;
        post->hashtag_count = 1;
        post->original = kind == 17 ? ref.id : SLICE_NONE;
    } else if (kind == 18 && number % 5 < 2) { // without a time, like deletions
        *post = (struct post){.kind = number % 5 == 0 ? POST_WITHDRAWN : POST_RENAMED,
                              .author = post->author};
    } else {
        const char *what =
            kind == 19 && number % 2 != 0 ? "bsky:a" : made_stream_network(target);
        *post = (struct post){.kind = POST_DELETED,
                              .id = made_stream_name(made, what, target)};
    }
}
