// The struct into which a message of X's API v2 is read (ingest/decode/decode_x2.c).
// Only decode_x2*.c include this.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "ingest/json/json.h"

struct x2_user_metrics {
    struct json_count followers_count;
};

struct x2_user {
    struct slice id;
    struct slice username;
    struct slice name;
    const struct x2_user_metrics *public_metrics;
};

struct x2_mention {
    struct slice id;
    struct slice username;
};

struct x2_hashtag {
    struct slice tag;
};

struct x2_url {
    struct slice expanded_url;
    struct slice unwound_url; // where redirections end
};

struct x2_entities {
    struct json_list mentions;
    struct json_list hashtags;
    struct json_list urls; // struct x2_url
};

struct x2_note {
    struct slice text;
    const struct x2_entities *entities;
};

struct x2_metrics {
    struct json_count retweet_count;
    struct json_count quote_count;
};

struct x2_tweet;

struct x2_event {
    struct slice id; // of the post, without an object around it
    const struct x2_tweet *tweet;
    const struct x2_user *user;
    struct slice event_at;
};

// A post, or in a list of references one with `type`, which often has only the id.
struct x2_tweet {
    struct slice type;
    struct slice id;
    struct slice author_id;
    struct slice created_at;
    struct slice text;
    struct slice lang;
    struct slice in_reply_to_user_id;
    const struct x2_note *note_tweet;
    const struct x2_entities *entities;
    const struct x2_metrics *public_metrics;
    const struct x2_user *author;
    const struct x2_user *in_reply_to_user;
    struct json_list referenced_tweets;      // struct x2_tweet
    struct json_list edit_history_tweet_ids; // struct slice

    // In place of a post, in a stream of compliance events.
    const struct x2_event *deletion;
    const struct x2_event *drop;
    const struct x2_event *user_delete;
    const struct x2_event *user_suspend;
    bool is_withheld;
    bool is_compliance;
};

struct x2_includes {
    struct json_list tweets;
    struct json_list users;
};

struct x2_message {
    struct x2_tweet tweet;
    struct json_list data; // struct x2_tweet
    const struct x2_includes *includes;
    struct slice action;
    bool errors;
    bool title;
    bool problem; // members of an error besides its title
    bool meta;
    bool is_flat; // has a key that only X's posts have
};
