// One message of a social network, in the same form for every format.
//
// A decoder fills it, the pipeline reads it. Every slice and pointer points into the
// decoder's memory and is valid until the decoder's next message. Ids and user ids
// begin with their network ("x:783214", "bsky:did:plc:abc"); handles are as the
// platform writes them, without "@".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

enum {
    POST_ID_MAX = 1024,    // bytes of any id, network included
    POST_NAME_MAX = 1024,  // bytes of a handle, a display name or a hashtag
    POST_LIST_MAX = 10000, // mentions of one post; hashtags of one post
    POST_QUOTES_MAX = 4,   // embedded quotes below one another
};

enum post_kind {
    POST_PUBLISHED, // a post, quote or reply by its author
    POST_RETWEETED, // author passes the post `retweet_of` on
    POST_DELETED,   // the post or retweet `id` is deleted; only `id`, or `alias` and
                    // `source`, is given
    POST_RENAMED,   // `author` has a new handle; only their id and handle
                    // are given
    POST_WITHDRAWN, // the account of `author` is gone, with all that it published until
                    // `time`; only their id and perhaps this time is given
};

struct post_user {
    struct slice id;     // none: unknown
    struct slice handle; // none: not given
    struct slice name;   // display name; none: not given
    uint32_t followers;
    bool has_followers;
};

// Sets of campaigns, a bit for each in their order.
struct post_campaigns {
    uint64_t found;  // that have a word, hashtag, handle or host of the post
    uint64_t spoken; // that may have posts of its language
    uint64_t rivals; // that have a word of it among those of their rivals
    uint32_t order;  // number of the order (pipeline_set_campaigns)
};

// A post that another one refers to. Only `id` or `alias` is always given.
struct post_ref {
    struct slice id;
    struct slice alias;    // as of a post
    struct slice original; // as of a post
    struct post_user author;
    struct slice text;
    struct slice lang;
    usec created;      // USEC_NONE: not given
    uint64_t reported; // the platform's own retweet + quote count
    bool has_reported;
    const struct post_ref *quote; // the post this one quotes; NULL: none or not given
    struct post_campaigns campaigns; // as far as the text is given
};

struct post {
    enum post_kind kind; // the other members are about published posts and retweets
    struct slice id;
    struct slice alias;  // the source's own id of the post; none: it has none
    struct slice source; // that source; none: the one without a name
    // Of a retweet: the network reports its undo by the id alone, at any time.
    bool is_undone_by_id;
    struct slice original; // id of the first version if this is an edit; none: no edit
    usec time;             // when the platform received it
    struct post_user author;
    struct slice text; // as people read it: entities decoded, no markup
    struct slice lang;
    uint64_t reported;
    bool has_reported;

    // The posts it refers to; one that is absent has no id. A published post may have
    // both `quote` and `reply_to`; a retweet has `retweet_of`. Retweets and quotes may
    // have `via`, the retweet or quote of the same post through which they came, or
    // that post itself.
    struct post_ref retweet_of;
    struct post_ref quote;
    struct post_ref reply_to;
    struct slice via;        // id of it; none: not given
    struct slice via_author; // user id of its author; none: not known

    // Empty for retweets. The same user or hashtag may occur twice. Hashtags are in
    // lower case without "#".
    const struct post_user *mentions;
    size_t mention_count;
    const struct slice *hashtags;
    size_t hashtag_count;

    struct post_campaigns campaigns; // of published posts
};

// True if it is an action of a person; else the message only changes what is known.
static inline bool
post_is_event(const struct post *post)
{
    return post->kind == POST_PUBLISHED || post->kind == POST_RETWEETED;
}

// False for times before 2006-01-01T00:00:00Z, since no network is older, and more than
// a minute after `wall`. A post with such a time counts at the clock.
static inline bool
post_time_is_believable(usec time, usec wall)
{
    return time >= 1136073600 * USEC_PER_S && time <= wall + USEC_PER_MIN;
}
