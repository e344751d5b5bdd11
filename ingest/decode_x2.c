// X API v2: a message is a stream object or a page, {data, includes}, with the posts
// and users that the data speaks of in `includes`; or one flat post, as archives write
// them, in which the author and the referenced posts stand in place; or an error, or a
// compliance record.

#include "ingest/decode_parts.h"

#include "ingest/decode_index.h"
#include "ingest/text.h"

#include <stddef.h>

enum { REFERENCES_MAX = 64, EDITS_MAX = 64 };

struct user_metrics {
    struct json_count followers_count;
};

struct user {
    struct slice id;
    struct slice username;
    struct slice name;
    const struct user_metrics *public_metrics;
};

struct mention {
    struct slice id;
    struct slice username;
};

struct hashtag {
    struct slice tag;
};

struct entities {
    struct json_list mentions;
    struct json_list hashtags;
};

struct note {
    struct slice text;
    const struct entities *entities;
};

struct metrics {
    struct json_count retweet_count;
    struct json_count quote_count;
};

// Something happened to an account.
struct compliance {
    const struct user *user;
};

// A post, or in a list of references one with `type`, of which often only the id is
// there. In a stream of compliance events it is one of these instead.
struct tweet {
    const struct compliance *user_delete;
    const struct compliance *user_suspend;
    bool user_other;
    struct slice type;
    struct slice id;
    struct slice author_id;
    struct slice created_at;
    struct slice text;
    struct slice lang;
    struct slice in_reply_to_user_id;
    const struct note *note_tweet;
    const struct entities *entities;
    const struct metrics *public_metrics;
    const struct user *author;
    const struct user *in_reply_to_user;
    struct json_list referenced_tweets;      // struct tweet
    struct json_list edit_history_tweet_ids; // struct slice
};

struct includes {
    struct json_list tweets;
    struct json_list users;
};

struct message {
    struct tweet tweet;
    struct json_list data; // struct tweet
    const struct includes *includes;
    bool errors;
    bool title;
    bool action;
    bool meta;
};

// clang-format off
static const struct json_field user_metrics_fields[] = {
    {"followers_count", JSON_COUNT, offsetof(struct user_metrics, followers_count), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table user_metrics_table = {user_metrics_fields, sizeof(struct user_metrics)};

static const struct json_field user_fields[] = {
    {"id",             JSON_ID,     offsetof(struct user, id),             NULL, 0},
    {"username",       JSON_TEXT,   offsetof(struct user, username),       NULL, 0},
    {"name",           JSON_TEXT,   offsetof(struct user, name),           NULL, 0},
    {"public_metrics", JSON_STRUCT, offsetof(struct user, public_metrics), &user_metrics_table, 0},
    JSON_FIELD_END,
};
static const struct json_table user_table = {user_fields, sizeof(struct user)};

static const struct json_field mention_fields[] = {
    {"id",       JSON_ID,   offsetof(struct mention, id),       NULL, 0},
    {"username", JSON_TEXT, offsetof(struct mention, username), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table mention_table = {mention_fields, sizeof(struct mention)};

static const struct json_field hashtag_fields[] = {
    {"tag", JSON_TEXT, offsetof(struct hashtag, tag), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table hashtag_table = {hashtag_fields, sizeof(struct hashtag)};

static const struct json_field entities_fields[] = {
    {"mentions", JSON_STRUCTS, offsetof(struct entities, mentions), &mention_table, POST_LIST_MAX},
    {"hashtags", JSON_STRUCTS, offsetof(struct entities, hashtags), &hashtag_table, POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table entities_table = {entities_fields, sizeof(struct entities)};

static const struct json_field note_fields[] = {
    {"text",     JSON_TEXT,   offsetof(struct note, text),     NULL, 0},
    {"entities", JSON_STRUCT, offsetof(struct note, entities), &entities_table, 0},
    JSON_FIELD_END,
};
static const struct json_table note_table = {note_fields, sizeof(struct note)};

static const struct json_field metrics_fields[] = {
    {"retweet_count", JSON_COUNT, offsetof(struct metrics, retweet_count), NULL, 0},
    {"quote_count",   JSON_COUNT, offsetof(struct metrics, quote_count),   NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table metrics_table = {metrics_fields, sizeof(struct metrics)};

static const struct json_table reference_table;

#define TWEET(name, kind, table, max) {#name, kind, offsetof(struct tweet, name), table, max}
#define TWEET_FIELDS                                                                  \
    TWEET(id,                     JSON_ID,      NULL,             0),                 \
    TWEET(author_id,              JSON_ID,      NULL,             0),                 \
    TWEET(created_at,             JSON_TEXT,    NULL,             0),                 \
    TWEET(text,                   JSON_TEXT,    NULL,             0),                 \
    TWEET(lang,                   JSON_TEXT,    NULL,             0),                 \
    TWEET(in_reply_to_user_id,    JSON_ID,      NULL,             0),                 \
    TWEET(note_tweet,             JSON_STRUCT,  &note_table,      0),                 \
    TWEET(entities,               JSON_STRUCT,  &entities_table,  0),                 \
    TWEET(public_metrics,         JSON_STRUCT,  &metrics_table,   0),                 \
    TWEET(author,                 JSON_STRUCT,  &user_table,      0),                 \
    TWEET(in_reply_to_user,       JSON_STRUCT,  &user_table,      0),                 \
    TWEET(referenced_tweets,      JSON_STRUCTS, &reference_table, REFERENCES_MAX),    \
    TWEET(edit_history_tweet_ids, JSON_TEXTS,   NULL,             EDITS_MAX)

static const struct json_field compliance_fields[] = {
    {"user", JSON_STRUCT, offsetof(struct compliance, user), &user_table, 0},
    JSON_FIELD_END,
};
static const struct json_table compliance_table = {compliance_fields, sizeof(struct compliance)};

#define USER_OTHER(name) {#name, JSON_PRESENT, offsetof(struct tweet, user_other), NULL, 0}

static const struct json_field tweet_fields[] = {
    TWEET_FIELDS,
    TWEET(user_delete,  JSON_STRUCT, &compliance_table, 0),
    TWEET(user_suspend, JSON_STRUCT, &compliance_table, 0),
    USER_OTHER(user_undelete),
    USER_OTHER(user_unsuspend),
    USER_OTHER(user_protect),
    USER_OTHER(user_unprotect),
    USER_OTHER(user_withheld),
    USER_OTHER(user_scrub_geo),
    USER_OTHER(scrub_geo),
    USER_OTHER(user_profile_modification),
    JSON_FIELD_END,
};
static const struct json_table tweet_table = {tweet_fields, sizeof(struct tweet)};

static const struct json_field reference_fields[] = {
    TWEET(type, JSON_TEXT, NULL, 0),
    TWEET_FIELDS,
    JSON_FIELD_END,
};
static const struct json_table reference_table = {reference_fields, sizeof(struct tweet)};

static const struct json_field includes_fields[] = {
    {"tweets", JSON_STRUCTS, offsetof(struct includes, tweets), &tweet_table, POST_LIST_MAX},
    {"users",  JSON_STRUCTS, offsetof(struct includes, users),  &user_table,  POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table includes_table = {includes_fields, sizeof(struct includes)};

static const struct json_field message_fields[] = {
    TWEET_FIELDS,
    {"data",     JSON_ONE_OR_MORE, offsetof(struct message, data),     &tweet_table, POST_LIST_MAX},
    {"includes", JSON_STRUCT,      offsetof(struct message, includes), &includes_table, 0},
    {"errors",   JSON_PRESENT,     offsetof(struct message, errors),   NULL, 0},
    {"title",    JSON_PRESENT,     offsetof(struct message, title),    NULL, 0},
    {"action",   JSON_PRESENT,     offsetof(struct message, action),   NULL, 0},
    {"meta",     JSON_PRESENT,     offsetof(struct message, meta),     NULL, 0},
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_x2_table = {message_fields, sizeof(struct message)};

// A message being turned into posts.
struct page {
    struct decode_run *run;
    struct decode_index tweets; // by id
    struct decode_index users;
};

// What a post is to the one that refers to it.
static const struct tweet *
reference(const struct tweet *tweet, struct slice type)
{
    const struct tweet *references = tweet->referenced_tweets.items;
    for (size_t i = 0; i < tweet->referenced_tweets.count; i++) {
        if (slice_equal(references[i].type, type)) {
            return &references[i];
        }
    }
    return NULL;
}

static struct post_user
make_user(const struct page *page, struct slice id, const struct user *inlined)
{
    struct decode_run *run = page->run;
    const struct user *user = inlined;
    if (user == NULL && !slice_is_none(id)) {
        user = decode_index_find(&page->users, id);
    }
    struct post_user made = {
        .id = decode_run_number_id(run,
                                   user != NULL ? decode_run_first(id, user->id) : id)};
    if (user == NULL) {
        return made;
    }
    made.handle = decode_run_name(run, user->username);
    made.name = decode_run_name(run, user->name);
    if (user->public_metrics != NULL) {
        decode_run_followers(run, &made, user->public_metrics->followers_count);
    }
    return made;
}

static struct slice
text_of(struct decode_run *run, const struct tweet *tweet)
{
    struct slice text = tweet->text;
    if (tweet->note_tweet != NULL) {
        text = decode_run_first(tweet->note_tweet->text, text);
    }
    return text_unescape(&run->arena, text);
}

static usec
time_of(struct decode_run *run, const struct tweet *tweet)
{
    return slice_is_none(tweet->created_at) ? decode_run_snowflake(tweet->id)
                                            : decode_run_time(run, tweet->created_at);
}

static uint64_t
reported_of(struct decode_run *run, const struct tweet *tweet, bool *ret_given)
{
    const struct metrics *metrics = tweet->public_metrics;
    *ret_given = false;
    return metrics != NULL ? decode_run_reported(run, metrics->retweet_count,
                                                 metrics->quote_count, ret_given)
                           : 0;
}

// The post that a reference names: included, or in place, or only its id. `depth`: how
// many quotes lead to this post.
static struct post_ref
make_ref(const struct page *page, const struct tweet *reference_to, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    if (reference_to == NULL || depth > POST_QUOTES_MAX) {
        return ref;
    }
    const struct tweet *tweet = reference_to;
    if (!slice_is_none(tweet->id)) {
        const struct tweet *included = decode_index_find(&page->tweets, tweet->id);
        tweet = included != NULL ? included : tweet;
    }
    ref.id = decode_run_number_id(page->run, tweet->id);
    ref.author = make_user(page, tweet->author_id, tweet->author);
    ref.text = text_of(page->run, tweet);
    ref.lang = decode_run_name(page->run, tweet->lang);
    ref.created = time_of(page->run, tweet);
    ref.reported = reported_of(page->run, tweet, &ref.has_reported);
    struct post_ref quote =
        make_ref(page, reference(tweet, SLICE_LIT("quoted")), depth + 1);
    decode_run_quote(page->run, &ref, &quote);
    return ref;
}

// Without the original post there is still its author's handle: "RT @ann: …".
static void
name_author(struct decode_run *run, struct post_ref *ref, struct slice text)
{
    const struct slice sign = SLICE_LIT("RT @");
    if (!slice_is_none(ref->author.id) || !slice_starts(text, sign)) {
        return;
    }
    struct text_entity found;
    if (text_mentions(text, &found, 1) != 0 && found.end == sign.len + found.name.len) {
        ref->author.handle = found.name;
        ref->author.id = decode_run_handle_id(run, run->net, found.name);
    }
}

static void
add_mentions(struct decode_run *run, struct post *post, const struct entities *entities)
{
    if (entities == NULL) {
        decode_run_find_mentions(run, post, run->net);
        return;
    }
    const struct mention *mentions = entities->mentions.items;
    decode_run_mentions(run, post, entities->mentions.count);
    for (size_t i = 0; i < entities->mentions.count; i++) {
        struct post_user user = {.id = decode_run_number_id(run, mentions[i].id),
                                 .handle = decode_run_name(run, mentions[i].username)};
        if (slice_is_none(user.id) && !slice_is_none(user.handle)) {
            user.id = decode_run_handle_id(run, run->net, user.handle);
        }
        decode_run_mention(run, post, &user);
    }
}

static void
add_hashtags(struct decode_run *run, struct post *post, const struct entities *entities)
{
    if (entities == NULL) {
        decode_run_find_hashtags(run, post);
        return;
    }
    const struct hashtag *hashtags = entities->hashtags.items;
    decode_run_hashtags(run, post, entities->hashtags.count);
    for (size_t i = 0; i < entities->hashtags.count; i++) {
        decode_run_hashtag(run, post, hashtags[i].tag);
    }
}

static void
add_content(const struct page *page, struct post *post, const struct tweet *tweet)
{
    struct decode_run *run = page->run;
    const struct entities *entities = tweet->entities;
    if (tweet->note_tweet != NULL && tweet->note_tweet->entities != NULL) {
        entities = tweet->note_tweet->entities;
    }
    post->text = text_of(run, tweet);
    post->reported = reported_of(run, tweet, &post->has_reported);
    post->quote = make_ref(page, reference(tweet, SLICE_LIT("quoted")), 1);
    post->reply_to = make_ref(page, reference(tweet, SLICE_LIT("replied_to")), 0);
    if (slice_is_none(post->reply_to.author.id) && !slice_is_none(post->reply_to.id)) {
        post->reply_to.author =
            make_user(page, tweet->in_reply_to_user_id, tweet->in_reply_to_user);
    }
    add_mentions(run, post, entities);
    add_hashtags(run, post, entities);
}

static struct slice
original_of(struct decode_run *run, const struct tweet *tweet)
{
    const struct slice *versions = tweet->edit_history_tweet_ids.items;
    if (tweet->edit_history_tweet_ids.count == 0 ||
        slice_equal(versions[0], tweet->id)) {
        return SLICE_NONE;
    }
    return decode_run_number_id(run, versions[0]);
}

static void
keep_tweet(const struct page *page, const struct tweet *tweet)
{
    struct decode_run *run = page->run;
    struct post *post = decode_run_post(run);
    const struct tweet *retweeted = reference(tweet, SLICE_LIT("retweeted"));
    post->id = decode_run_number_id(run, tweet->id);
    post->original = original_of(run, tweet);
    post->author = make_user(page, tweet->author_id, tweet->author);
    post->time = time_of(run, tweet);
    post->lang = decode_run_name(run, tweet->lang);
    if (retweeted != NULL) {
        post->kind = POST_RETWEETED;
        post->retweet_of = make_ref(page, retweeted, 0);
        name_author(run, &post->retweet_of, tweet->text);
        post->text = decode_run_first(post->retweet_of.text, text_of(run, tweet));
    } else {
        add_content(page, post, tweet);
    }
    decode_run_keep(run);
}

// True if it is no post, but about an account: one that is gone takes all its posts
// along; what else may happen to an account changes no count.
static bool
keep_compliance(struct decode_run *run, const struct tweet *tweet)
{
    const struct compliance *gone =
        tweet->user_delete != NULL ? tweet->user_delete : tweet->user_suspend;
    if (gone != NULL) {
        struct post *post = decode_run_post(run);
        post->kind = POST_WITHDRAWN;
        post->author.id =
            decode_run_number_id(run, gone->user != NULL ? gone->user->id : SLICE_NONE);
        decode_run_keep(run);
    } else if (tweet->user_other) {
        decode_run_control(run, DECODE_CONTROL_COMPLIANCE);
    }
    return gone != NULL || tweet->user_other;
}

static void
keep_tweets(struct decode_run *run, const struct message *message)
{
    static const struct includes none = {0};
    const struct includes *includes = message->includes;
    includes = includes != NULL ? includes : &none;
    struct page page = {.run = run};
    decode_index_init(&page.tweets, &run->arena, includes->tweets, sizeof(struct tweet),
                      offsetof(struct tweet, id));
    decode_index_init(&page.users, &run->arena, includes->users, sizeof(struct user),
                      offsetof(struct user, id));
    const struct tweet *tweets = message->data.items;
    size_t count = message->data.count;
    if (tweets == NULL) {
        tweets = &message->tweet;
        count = 1;
    }
    if (!decode_run_room(run, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!keep_compliance(run, &tweets[i])) {
            keep_tweet(&page, &tweets[i]);
        }
    }
}

void
decode_x2_read(struct decode_run *run)
{
    struct message message;
    if (!decode_run_json(run, &decode_x2_table, &message)) {
        return;
    }
    if (message.action) {
        decode_run_control(run, DECODE_CONTROL_COMPLIANCE);
        return;
    }
    if (message.errors || message.title) {
        decode_run_control(run, DECODE_CONTROL_ERROR);
    }
    if (message.data.count != 0 || !slice_is_none(message.tweet.id)) {
        keep_tweets(run, &message);
    } else if (message.data.items != NULL || message.meta || message.includes != NULL) {
        decode_run_control(run, DECODE_CONTROL_EMPTY);
    } else if (!message.errors && !message.title) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    }
}
