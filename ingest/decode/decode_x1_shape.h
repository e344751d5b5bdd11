// The struct into which a message of X v1.1 is read (ingest/decode/decode_x1.c). Only
// decode_x1*.c include this.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "ingest/json/json.h"

struct x1_user {
    struct slice id_str;
    struct slice id;
    struct slice screen_name;
    struct slice name;
    struct json_scalar followers_count;
};

struct x1_hashtag {
    struct slice text;
};

struct x1_url {
    struct slice expanded_url;
};

struct x1_entities {
    struct json_list user_mentions; // struct x1_user
    struct json_list hashtags;
    struct json_list urls; // struct x1_url
};

struct x1_extended {
    struct slice full_text;
    const struct x1_entities *entities;
};

struct x1_edit {
    struct slice initial_tweet_id;
};

struct x1_tweet {
    struct slice id_str;
    struct slice id;
    struct slice created_at;
    struct json_scalar timestamp_ms;
    struct json_later text; // often incomplete, then it is not read
    struct slice full_text;
    struct slice lang;
    struct slice in_reply_to_status_id_str;
    struct slice in_reply_to_status_id;
    struct slice in_reply_to_user_id_str;
    struct slice in_reply_to_user_id;
    struct slice in_reply_to_screen_name;
    struct slice quoted_status_id_str;
    struct slice quoted_status_id;
    struct json_scalar retweet_count;
    struct json_count quote_count;
    const struct x1_user *user;
    const struct x1_extended *extended_tweet;
    const struct x1_entities *entities;
    const struct x1_tweet *retweeted_status;
    const struct x1_tweet *quoted_status;
    const struct x1_edit *edit_history;
};

struct x1_deleted {
    struct slice id_str;
    struct slice id;
    const struct x1_deleted *user; // as in the compliance events of X's API v2
};

struct x1_deletion {
    struct x1_deleted here; // the ids without an object around them
    const struct x1_deleted *status;
    const struct x1_deleted *tweet; // the same, as named in X's API v2
    bool direct_message;
};

struct x1_message {
    struct x1_tweet tweet;
    const struct x1_deletion *deletion;
    const struct x1_deleted *user_delete;
    const struct x1_deleted *user_suspend;
    bool user_undelete;
    bool user_unsuspend;
    bool user_protect;
    bool user_unprotect;
    bool limit;
    bool warning;
    bool disconnect;
    bool scrub_geo;
    bool status_withheld;
    bool user_withheld;
    bool friends;
    bool friends_str;
    bool control;
    bool for_user;
    bool direct_message;
};
