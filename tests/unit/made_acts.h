// Retweets of roots by numbered people, for tests of carriers.
#pragma once

#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

// A retweet of the root by that person, through the retweet `via`; 0: none is known.
struct made_act {
    int id;
    int person;
    int root;
    int via;
    uint64_t followers;
};

static inline void
act(struct pipeline *pipeline, struct made_act made, usec time)
{
    char id[MADE_NAME_MAX];
    char person[MADE_NAME_MAX];
    char root[MADE_NAME_MAX];
    char via[MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(id, "x:e", made.id),
        .author = {.id = made_name(person, "x:u", made.person),
                   .followers = (uint32_t)made.followers,
                   .has_followers = made.followers != 0},
        .time = time,
        .via = made.via != 0 ? made_name(via, "x:e", made.via) : SLICE_NONE,
        .retweet_of = {.id = made_name(root, "x:p", made.root),
                       .author = {.id = SLICE_LIT("x:root"),
                                  .followers = 100,
                                  .has_followers = true},
                       .created = T0},
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static inline void delete (struct pipeline *pipeline, int event)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(id, "x:e", event)};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static inline void
let_time_pass(struct pipeline *pipeline, usec time)
{
    struct post post = {.kind = POST_PUBLISHED,
                        .id = SLICE_LIT("x:clock"),
                        .author = {.id = SLICE_LIT("x:clock")},
                        .time = time};
    char id[MADE_NAME_MAX];
    post.id = made_name(id, "x:clock", time);
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}
