// X v1.1 and Powerstream: a message is a status, or an object with one key that says
// what else it is.

#include "ingest/decode_parts.h"

#include "base/usec.h"
#include "ingest/decode_index.h"
#include "ingest/text.h"

#include <stddef.h>

struct user {
    struct slice id_str;
    struct slice id;
    struct slice screen_name;
    struct slice name;
    struct json_scalar followers_count;
};

struct hashtag {
    struct slice text;
};

struct entities {
    struct json_list user_mentions; // struct user
    struct json_list hashtags;
};

struct extended {
    struct slice full_text;
    const struct entities *entities;
};

struct edit {
    struct slice initial_tweet_id;
};

struct tweet {
    struct slice id_str;
    struct slice id;
    struct slice created_at;
    struct json_scalar timestamp_ms;
    struct json_later text; // often not the whole one, then it is not read
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
    const struct user *user;
    const struct extended *extended_tweet;
    const struct entities *entities;
    const struct tweet *retweeted_status;
    const struct tweet *quoted_status;
    const struct edit *edit_history;
};

struct deleted {
    struct slice id_str;
    struct slice id;
};

struct deletion {
    const struct deleted *status;
};

struct message {
    struct tweet tweet;
    const struct deletion *deletion;
    const struct deleted *user_delete;
    const struct deleted *user_suspend;
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

// clang-format off
static const struct json_field user_fields[] = {
    {"id_str",          JSON_ID,     offsetof(struct user, id_str),          NULL, 0},
    {"id",              JSON_ID,     offsetof(struct user, id),              NULL, 0},
    {"screen_name",     JSON_TEXT,   offsetof(struct user, screen_name),     NULL, 0},
    {"name",            JSON_TEXT,   offsetof(struct user, name),            NULL, 0},
    {"followers_count", JSON_SCALAR, offsetof(struct user, followers_count), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table user_table = {user_fields, sizeof(struct user)};

// A mention shows a name too, but nothing needs it.
static const struct json_field mention_fields[] = {
    {"id_str",      JSON_ID,   offsetof(struct user, id_str),      NULL, 0},
    {"id",          JSON_ID,   offsetof(struct user, id),          NULL, 0},
    {"screen_name", JSON_TEXT, offsetof(struct user, screen_name), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table mention_table = {mention_fields, sizeof(struct user)};

static const struct json_field hashtag_fields[] = {
    {"text", JSON_TEXT, offsetof(struct hashtag, text), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table hashtag_table = {hashtag_fields, sizeof(struct hashtag)};

static const struct json_field entities_fields[] = {
    {"user_mentions", JSON_STRUCTS, offsetof(struct entities, user_mentions), &mention_table, POST_LIST_MAX},
    {"hashtags",      JSON_STRUCTS, offsetof(struct entities, hashtags),      &hashtag_table, POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table entities_table = {entities_fields, sizeof(struct entities)};

static const struct json_field extended_fields[] = {
    {"full_text", JSON_TEXT,   offsetof(struct extended, full_text), NULL, 0},
    {"entities",  JSON_STRUCT, offsetof(struct extended, entities),  &entities_table, 0},
    JSON_FIELD_END,
};
static const struct json_table extended_table = {extended_fields, sizeof(struct extended)};

// Of a post within another one no mentions are counted.
static const struct json_field text_fields[] = {
    {"full_text", JSON_TEXT, offsetof(struct extended, full_text), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table text_table = {text_fields, sizeof(struct extended)};

static const struct json_field edit_fields[] = {
    {"initial_tweet_id", JSON_ID, offsetof(struct edit, initial_tweet_id), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table edit_table = {edit_fields, sizeof(struct edit)};

static const struct json_table inner_table;

#define TWEET(name, kind, table) {#name, kind, offsetof(struct tweet, name), table, 0}
#define TWEET_FIELDS                                  \
    TWEET(id_str,               JSON_ID,     NULL),   \
    TWEET(id,                   JSON_ID,     NULL),   \
    TWEET(created_at,           JSON_TEXT,   NULL),   \
    TWEET(text,                 JSON_LATER,  NULL),   \
    TWEET(full_text,            JSON_TEXT,   NULL),   \
    TWEET(lang,                 JSON_TEXT,   NULL),   \
    TWEET(quoted_status_id_str, JSON_ID,     NULL),   \
    TWEET(quoted_status_id,     JSON_ID,     NULL),   \
    TWEET(retweet_count,        JSON_SCALAR, NULL),   \
    TWEET(quote_count,          JSON_COUNT,  NULL),   \
    TWEET(user,                 JSON_STRUCT | JSON_VITAL, &user_table), \
    TWEET(quoted_status,        JSON_STRUCT | JSON_VITAL, &inner_table)

static const struct json_field inner_fields[] = {
    TWEET_FIELDS,
    TWEET(extended_tweet, JSON_STRUCT, &text_table),
    JSON_FIELD_END,
};
static const struct json_table inner_table = {inner_fields, sizeof(struct tweet)};

static const struct json_field deleted_fields[] = {
    {"id_str", JSON_ID, offsetof(struct deleted, id_str), NULL, 0},
    {"id",     JSON_ID, offsetof(struct deleted, id),     NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table deleted_table = {deleted_fields, sizeof(struct deleted)};

static const struct json_field deletion_fields[] = {
    {"status", JSON_STRUCT | JSON_VITAL, offsetof(struct deletion, status), &deleted_table, 0},
    JSON_FIELD_END,
};
static const struct json_table deletion_table = {deletion_fields, sizeof(struct deletion)};

#define CONTROL(name) {#name, JSON_PRESENT, offsetof(struct message, name), NULL, 0}

static const struct json_field message_fields[] = {
    TWEET_FIELDS,
    TWEET(timestamp_ms,              JSON_SCALAR | JSON_VITAL, NULL),
    TWEET(in_reply_to_status_id_str, JSON_ID,     NULL),
    TWEET(in_reply_to_status_id,     JSON_ID,     NULL),
    TWEET(in_reply_to_user_id_str,   JSON_ID,     NULL),
    TWEET(in_reply_to_user_id,       JSON_ID,     NULL),
    TWEET(in_reply_to_screen_name,   JSON_TEXT,   NULL),
    TWEET(extended_tweet,            JSON_STRUCT, &extended_table),
    TWEET(entities,                  JSON_STRUCT, &entities_table),
    TWEET(retweeted_status,          JSON_STRUCT | JSON_VITAL, &inner_table),
    TWEET(edit_history,              JSON_STRUCT | JSON_VITAL, &edit_table),
    {"delete", JSON_STRUCT | JSON_VITAL, offsetof(struct message, deletion), &deletion_table, 0},
    {"user_delete",  JSON_STRUCT | JSON_VITAL, offsetof(struct message, user_delete),  &deleted_table, 0},
    {"user_suspend", JSON_STRUCT | JSON_VITAL, offsetof(struct message, user_suspend), &deleted_table, 0},
    CONTROL(user_undelete),
    CONTROL(user_unsuspend),
    CONTROL(user_protect),
    CONTROL(user_unprotect),
    CONTROL(limit),
    CONTROL(warning),
    CONTROL(disconnect),
    CONTROL(scrub_geo),
    CONTROL(status_withheld),
    CONTROL(user_withheld),
    CONTROL(friends),
    CONTROL(friends_str),
    CONTROL(control),
    CONTROL(for_user),
    CONTROL(direct_message),
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_x1_table = {message_fields, sizeof(struct message)};

// X writes -1 for a number it does not tell.
static struct json_count
followers_of(struct decode_run *run, const struct user *user)
{
    struct json_scalar count = user->followers_count;
    bool is_told = count.is_number && count.number >= 0;
    if (!slice_is_none(count.text) || count.number < -1) {
        decode_run_drop(run);
    }
    return (struct json_count){is_told ? (uint64_t)count.number : 0, is_told};
}

static struct slice
id_of(const struct user *user)
{
    return decode_run_first(user->id_str, user->id);
}

static struct post_user
make_user(struct decode_run *run, const struct user *user)
{
    struct post_user made = {.id = decode_run_number_id(run, id_of(user)),
                             .handle = decode_run_handle(run, user->screen_name),
                             .name = decode_run_name(run, user->name)};
    decode_run_followers(run, &made, followers_of(run, user));
    if (slice_is_none(made.id) && !slice_is_none(made.handle)) {
        made.id = decode_run_handle_id(run, run->net, made.handle);
    }
    return made;
}

static struct slice
id_if_called(const struct user *user, struct slice handle)
{
    bool is_it =
        user != NULL && decode_index_compare_handles(user->screen_name, handle) == 0;
    return is_it ? id_of(user) : SLICE_NONE;
}

static const struct entities *
entities_of(const struct tweet *tweet)
{
    static const struct entities none = {0};
    const struct extended *extended = tweet->extended_tweet;
    if (extended != NULL && extended->entities != NULL) {
        return extended->entities;
    }
    return tweet->entities != NULL ? tweet->entities : &none;
}

static struct user
answered_of(const struct tweet *tweet)
{
    return (struct user){.id_str =
                             decode_run_number_target(tweet->in_reply_to_user_id_str),
                         .id = decode_run_number_target(tweet->in_reply_to_user_id),
                         .screen_name = tweet->in_reply_to_screen_name};
}

// The id that the message has of the person called so; none if it has not.
static struct slice
who_is(struct decode_run *run, const void *context, struct slice handle)
{
    const struct tweet *tweet = context;
    const struct user answered = answered_of(tweet);
    const struct tweet *quoted = tweet->quoted_status;
    const struct user *named[] = {tweet->user, &answered,
                                  quoted != NULL ? quoted->user : NULL};
    const struct json_list mentions = entities_of(tweet)->user_mentions;
    const struct user *users = mentions.items;
    struct slice id = SLICE_NONE;
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]) && id.len == 0; i++) {
        id = id_if_called(named[i], handle);
    }
    for (size_t i = 0; i < mentions.count && id.len == 0; i++) {
        id = id_if_called(&users[i], handle);
    }
    return decode_run_detail_id(run, decode_run_number_id, id);
}

// A person who is named by the tweet, perhaps without an id that can be used.
static struct post_user
make_named(struct decode_run *run, const struct tweet *tweet, const struct user *user)
{
    struct post_user made = {
        .id = decode_run_detail_id(run, decode_run_number_id, id_of(user)),
        .handle = decode_run_handle(run, user->screen_name)};
    if (slice_is_none(made.id) && !slice_is_none(made.handle)) {
        made.id = who_is(run, tweet, made.handle);
        if (slice_is_none(made.id)) {
            made.id = decode_run_handle_id(run, run->net, made.handle);
        }
    }
    return made;
}

// Once the count stopped at "100+".
static struct json_count
retweets_of(struct decode_run *run, const struct tweet *tweet)
{
    struct json_scalar count = tweet->retweet_count;
    uint64_t number = 0;
    if (slice_is_none(count.text)) {
        bool is_told = count.is_number && count.number >= 0;
        return (struct json_count){is_told ? (uint64_t)count.number : 0, is_told};
    }
    struct slice digits = count.text;
    if (digits.len > 0 && digits.ptr[digits.len - 1] == '+') {
        digits.len--;
    }
    if (!decode_run_number(digits, &number)) {
        decode_run_drop(run);
        return (struct json_count){0};
    }
    return (struct json_count){number, true};
}

static usec
created_of(struct decode_run *run, const struct tweet *tweet)
{
    usec time = USEC_NONE;
    if (slice_is_none(tweet->created_at)) {
        return decode_run_snowflake(decode_run_first(tweet->id_str, tweet->id));
    }
    // Tools that store posts write RFC 3339 instead.
    if (usec_parse_x1(tweet->created_at, &time) != STATUS_OK &&
        usec_parse_rfc3339(tweet->created_at, &time) != STATUS_OK) {
        decode_run_refuse(run, DECODE_REASON_TIME);
    }
    return time;
}

static struct slice
text_of(struct decode_run *run, const struct tweet *tweet)
{
    struct slice text = tweet->full_text;
    if (tweet->extended_tweet != NULL) {
        text = decode_run_first(tweet->extended_tweet->full_text, text);
    }
    if (slice_is_none(text)) {
        text = decode_run_text(run, &tweet->text);
    }
    return text_unescape(&run->arena, text);
}

static struct post_ref quoted_by(struct decode_run *run, const struct tweet *tweet,
                                 int depth);

// `depth`: how many quotes lead to this post.
static struct post_ref
make_ref(struct decode_run *run, const struct tweet *tweet, int depth)
{
    struct post_ref ref = {
        .id = decode_run_number_id(run, decode_run_first(tweet->id_str, tweet->id)),
        .text = text_of(run, tweet),
        .lang = decode_run_name(run, tweet->lang),
        .created = created_of(run, tweet)};
    if (tweet->user != NULL) {
        ref.author = make_user(run, tweet->user);
    }
    ref.reported = decode_run_reported(run, retweets_of(run, tweet), tweet->quote_count,
                                       &ref.has_reported);
    struct post_ref quote = quoted_by(run, tweet, depth + 1);
    decode_run_quote(run, &ref, &quote);
    return ref;
}

// The post that `tweet` quotes; of one that is gone only the id is left.
static struct post_ref
quoted_by(struct decode_run *run, const struct tweet *tweet, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    if (depth > POST_QUOTES_MAX) {
        return ref;
    }
    if (tweet->quoted_status != NULL) {
        ref = make_ref(run, tweet->quoted_status, depth);
    }
    if (slice_is_none(ref.id)) {
        struct slice id = decode_run_number_target(
            decode_run_first(tweet->quoted_status_id_str, tweet->quoted_status_id));
        ref.id = decode_run_number_id(run, id);
        ref.created = decode_run_snowflake(id);
    }
    return ref;
}

static struct post_ref
replied_by(struct decode_run *run, const struct tweet *tweet)
{
    const struct user author = answered_of(tweet);
    struct slice id = decode_run_number_target(decode_run_first(
        tweet->in_reply_to_status_id_str, tweet->in_reply_to_status_id));
    return (struct post_ref){.id = decode_run_number_id(run, id),
                             .author = make_named(run, tweet, &author),
                             .created = decode_run_snowflake(id)};
}

static void
add_mentions(struct decode_run *run, struct post *post, const struct tweet *tweet)
{
    const struct json_list list = entities_of(tweet)->user_mentions;
    const struct user *users = list.items;
    if (users == NULL) {
        decode_run_find_mentions(run, post, who_is, tweet);
        return;
    }
    decode_run_mentions(run, post, list.count);
    for (size_t i = 0; i < list.count; i++) {
        struct post_user user = make_named(run, tweet, &users[i]);
        decode_run_mention(run, post, &user);
    }
}

static void
add_hashtags(struct decode_run *run, struct post *post, struct json_list list)
{
    const struct hashtag *hashtags = list.items;
    if (hashtags == NULL) {
        decode_run_find_hashtags(run, post);
        return;
    }
    decode_run_hashtags(run, post, list.count);
    for (size_t i = 0; i < list.count; i++) {
        decode_run_hashtag(run, post, hashtags[i].text);
    }
}

static void
add_content(struct decode_run *run, struct post *post, const struct tweet *tweet)
{
    post->reported = decode_run_reported(run, retweets_of(run, tweet),
                                         tweet->quote_count, &post->has_reported);
    post->text = text_of(run, tweet);
    post->quote = quoted_by(run, tweet, 1);
    post->reply_to = replied_by(run, tweet);
    add_mentions(run, post, tweet);
    add_hashtags(run, post, entities_of(tweet)->hashtags);
}

static void
keep_tweet(struct decode_run *run, const struct tweet *tweet)
{
    struct post *post = decode_run_post(run);
    struct slice original = SLICE_NONE;
    post->id = decode_run_number_id(run, decode_run_first(tweet->id_str, tweet->id));
    post->lang = decode_run_name(run, tweet->lang);
    post->time = decode_run_milliseconds(run, tweet->timestamp_ms);
    if (post->time == USEC_NONE) {
        post->time = created_of(run, tweet);
    }
    if (slice_is_none(id_of(tweet->user))) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    } else {
        post->author = make_user(run, tweet->user);
    }
    if (tweet->edit_history != NULL) {
        original = decode_run_number_id(run, tweet->edit_history->initial_tweet_id);
    }
    if (!slice_equal(original, post->id)) {
        post->original = original;
    }
    if (tweet->retweeted_status != NULL) {
        post->kind = POST_RETWEETED;
        post->retweet_of = make_ref(run, tweet->retweeted_status, 0);
        post->text = post->retweet_of.text;
    } else {
        add_content(run, post, tweet);
    }
    decode_run_keep(run);
}

static void
keep_deletion(struct decode_run *run, const struct deletion *deletion)
{
    if (deletion->status == NULL) {
        decode_run_control(run, DECODE_CONTROL_OTHER); // of a direct message
        return;
    }
    struct post *post = decode_run_post(run);
    post->kind = POST_DELETED;
    post->id = decode_run_number_id(
        run, decode_run_first(deletion->status->id_str, deletion->status->id));
    decode_run_keep(run);
}

static void
keep_withdrawal(struct decode_run *run, const struct deleted *user)
{
    struct post *post = decode_run_post(run);
    post->kind = POST_WITHDRAWN;
    post->author.id =
        decode_run_number_id(run, decode_run_first(user->id_str, user->id));
    decode_run_keep(run);
}

// Counts what the message is if it is neither status nor deletion.
static bool
is_control(struct decode_run *run, const struct message *message)
{
    const struct {
        bool is_it;
        enum decode_control control;
    } controls[] = {
        {message->limit, DECODE_CONTROL_LIMIT},
        {message->warning, DECODE_CONTROL_WARNING},
        {message->disconnect, DECODE_CONTROL_DISCONNECT},
        {message->scrub_geo, DECODE_CONTROL_SCRUB_GEO},
        {message->status_withheld || message->user_withheld, DECODE_CONTROL_WITHHELD},
        {message->user_undelete || message->user_unsuspend || message->user_protect ||
             message->user_unprotect,
         DECODE_CONTROL_ACCOUNT},
        {message->friends || message->friends_str, DECODE_CONTROL_FRIENDS},
        {message->control || message->for_user || message->direct_message,
         DECODE_CONTROL_OTHER},
    };
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        if (controls[i].is_it) {
            decode_run_control(run, controls[i].control);
            return true;
        }
    }
    return false;
}

// What every status has, also those that other programs wrote from X's own.
static bool
is_status(const struct tweet *tweet)
{
    bool has_time = !slice_is_none(tweet->created_at) ||
                    tweet->timestamp_ms.is_number ||
                    !slice_is_none(tweet->timestamp_ms.text);
    bool has_text = tweet->text.place != NULL || !slice_is_none(tweet->full_text) ||
                    (tweet->extended_tweet != NULL &&
                     !slice_is_none(tweet->extended_tweet->full_text));
    return !slice_is_none(tweet->id_str) && tweet->user != NULL && has_time && has_text;
}

void
decode_x1_read(struct decode_run *run)
{
    struct message message;
    if (!decode_run_json(run, &decode_x1_table, &message) || !decode_run_room(run, 1)) {
        return;
    }
    if (message.deletion != NULL) {
        keep_deletion(run, message.deletion);
    } else if (message.user_delete != NULL || message.user_suspend != NULL) {
        keep_withdrawal(run, message.user_delete != NULL ? message.user_delete
                                                         : message.user_suspend);
    } else if (message.tweet.user == NULL && is_control(run, &message)) {
        return;
    } else if (is_status(&message.tweet)) {
        keep_tweet(run, &message.tweet);
    } else {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    }
}
