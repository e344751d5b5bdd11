// X v1.1 and Powerstream: a message is a status, or an object whose only key names
// another kind.

#include "ingest/decode/decode_parts.h"

#include "base/usec.h"
#include "ingest/decode/decode_campaigns.h"
#include "ingest/decode/decode_found.h"
#include "ingest/decode/decode_index.h"
#include "ingest/decode/decode_x1_shape.h"
#include "ingest/text/text.h"

#include <stddef.h>

// X writes -1 for a number that is not public.
static struct json_count
count_of(struct decode_run *run, struct json_scalar count)
{
    bool is_told = count.is_number && count.number >= 0;
    if (!slice_is_none(count.text)) {
        decode_run_drop_text(run, count.text);
    } else if (count.number < -1) {
        decode_run_drop(run);
    }
    return (struct json_count){is_told ? (uint64_t)count.number : 0, is_told};
}

static struct slice
id_of(const struct x1_user *user)
{
    return decode_run_first_number(user->id_str, user->id);
}

static struct post_user
make_user(struct decode_run *run, const struct x1_user *user, struct slice id)
{
    struct post_user made = {.id = id,
                             .handle = decode_run_handle(run, user->screen_name),
                             .name = decode_run_name(run, user->name)};
    decode_run_followers(run, &made, count_of(run, user->followers_count));
    if (slice_is_none(made.id) && !slice_is_none(made.handle)) {
        made.id = decode_run_handle_id(run, run->net, made.handle);
    }
    return made;
}

static struct slice
id_if_called(const struct x1_user *user, struct slice handle)
{
    bool is_it =
        user != NULL && decode_index_compare_handles(user->screen_name, handle) == 0;
    return is_it ? id_of(user) : SLICE_NONE;
}

static const struct x1_entities *
entities_of(const struct x1_tweet *tweet)
{
    static const struct x1_entities none = {0};
    const struct x1_extended *extended = tweet->extended_tweet;
    if (extended != NULL && extended->entities != NULL) {
        return extended->entities;
    }
    return tweet->entities != NULL ? tweet->entities : &none;
}

static struct x1_user
answered_of(const struct x1_tweet *tweet)
{
    return (struct x1_user){.id_str = tweet->in_reply_to_user_id_str,
                            .id = tweet->in_reply_to_user_id,
                            .screen_name = tweet->in_reply_to_screen_name};
}

static struct slice
id_in_list(const struct x1_entities *entities, struct slice handle)
{
    const struct x1_user *users =
        entities != NULL ? entities->user_mentions.items : NULL;
    size_t count = entities != NULL ? entities->user_mentions.count : 0;
    struct slice id = SLICE_NONE;
    for (size_t i = 0; i < count && id.len == 0; i++) {
        id = id_if_called(&users[i], handle);
    }
    return id;
}

// The id of the person with that handle in the message; none if there is none. The long
// form of a text may lack what the short one has.
static struct slice
who_is(struct decode_run *run, const void *context, struct slice handle)
{
    const struct x1_tweet *tweet = context;
    const struct x1_user answered = answered_of(tweet);
    const struct x1_tweet *quoted = tweet->quoted_status;
    const struct x1_user *named[] = {tweet->user, &answered,
                                     quoted != NULL ? quoted->user : NULL};
    struct slice id = SLICE_NONE;
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]) && id.len == 0; i++) {
        id = id_if_called(named[i], handle);
    }
    id = id.len != 0 ? id : id_in_list(entities_of(tweet), handle);
    id = id.len != 0 ? id : id_in_list(tweet->entities, handle);
    return decode_run_detail_id(run, decode_run_number_id, id);
}

// A person named by the tweet, perhaps without a usable id.
static struct post_user
make_named(struct decode_run *run, const struct x1_tweet *tweet,
           const struct x1_user *user)
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
retweets_of(struct decode_run *run, const struct x1_tweet *tweet)
{
    struct json_scalar count = tweet->retweet_count;
    uint64_t number = 0;
    struct slice digits = count.text;
    if (digits.len > 0 && digits.ptr[digits.len - 1] == '+') {
        digits.len--;
    }
    if (!decode_run_number(digits, &number)) {
        return count_of(run, count);
    }
    return (struct json_count){number, true};
}

// False for an invalid date. Tools that store posts write RFC 3339.
static bool
read_date(struct slice text, usec *ret_time)
{
    *ret_time = USEC_NONE;
    return slice_is_none(decode_run_target(text)) ||
           usec_parse_x1(text, ret_time) == STATUS_OK ||
           usec_parse_rfc3339(text, ret_time) == STATUS_OK;
}

static usec
made_at(const struct x1_tweet *tweet)
{
    return decode_run_snowflake(decode_run_first_number(tweet->id_str, tweet->id));
}

// The time of a post that another one refers to.
static usec
created_of(struct decode_run *run, const struct x1_tweet *tweet)
{
    usec time;
    if (!read_date(tweet->created_at, &time)) {
        decode_run_drop_text(run, tweet->created_at);
    }
    return time != USEC_NONE ? time : made_at(tweet);
}

// The milliseconds, else the date, else the time in the id. An invalid one is a dropped
// detail if another is valid.
static usec
time_of(struct decode_run *run, const struct x1_tweet *tweet)
{
    usec exact;
    usec date;
    bool is_good = decode_run_milliseconds(tweet->timestamp_ms, &exact);
    bool is_date = read_date(tweet->created_at, &date);
    usec time = exact != USEC_NONE ? exact : date != USEC_NONE ? date : made_at(tweet);
    if (time == USEC_NONE) {
        decode_run_refuse(run, DECODE_REASON_TIME);
        return time;
    }
    if (!is_good) {
        decode_run_drop_text(run, tweet->timestamp_ms.text);
    }
    if (!is_date) {
        decode_run_drop_text(run, tweet->created_at);
    }
    return time;
}

static struct slice
text_of(struct decode_run *run, const struct x1_tweet *tweet)
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

static struct slice
detail_id(struct decode_run *run, struct slice id)
{
    return decode_run_detail_id(run, decode_run_number_id, id);
}

// The id of the first version; none if that is this one or unknown. `id`: of the tweet.
static struct slice
original_of(struct decode_run *run, const struct x1_tweet *tweet, struct slice id)
{
    if (tweet->edit_history == NULL) {
        return SLICE_NONE;
    }
    struct slice original = detail_id(run, tweet->edit_history->initial_tweet_id);
    return slice_equal(original, id) ? SLICE_NONE : original;
}

// The campaigns of the links, as X lists them with the addresses behind t.co.
static uint64_t
linked_by(struct decode_run *run, const struct x1_tweet *tweet)
{
    const struct json_list list = entities_of(tweet)->urls;
    const struct x1_url *urls = list.items;
    uint64_t found = 0;
    for (size_t i = 0; i < list.count; i++) {
        found |= decode_campaigns_of_address(run, urls[i].expanded_url);
    }
    return found;
}

static struct post_ref quoted_by(struct decode_run *run, const struct x1_tweet *tweet,
                                 int depth);

// `depth`: how many quotes lead to this post.
static struct post_ref
make_ref(struct decode_run *run, const struct x1_tweet *tweet, int depth)
{
    struct post_ref ref = {.id = decode_run_number_id(
                               run, decode_run_first_number(tweet->id_str, tweet->id)),
                           .text = text_of(run, tweet),
                           .lang = decode_run_name(run, tweet->lang),
                           .created = created_of(run, tweet)};
    ref.original = original_of(run, tweet, ref.id);
    if (tweet->user != NULL) {
        ref.author = make_user(run, tweet->user, detail_id(run, id_of(tweet->user)));
    }
    ref.reported = decode_run_reported(run, retweets_of(run, tweet), tweet->quote_count,
                                       &ref.has_reported);
    ref.campaigns = decode_campaigns_of_ref(run, &ref, linked_by(run, tweet));
    struct post_ref quote = quoted_by(run, tweet, depth + 1);
    decode_run_quote(run, &ref, &quote);
    return ref;
}

// The post that `tweet` quotes; if it was deleted only the id is left.
static struct post_ref
quoted_by(struct decode_run *run, const struct x1_tweet *tweet, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    if (depth > POST_QUOTES_MAX) {
        return ref;
    }
    if (tweet->quoted_status != NULL) {
        ref = make_ref(run, tweet->quoted_status, depth);
    }
    if (slice_is_none(ref.id)) {
        struct slice id = decode_run_first_number(tweet->quoted_status_id_str,
                                                  tweet->quoted_status_id);
        ref.id = decode_run_number_id(run, id);
        ref.created = decode_run_snowflake(id);
    }
    return ref;
}

static struct post_ref
replied_by(struct decode_run *run, const struct x1_tweet *tweet)
{
    const struct x1_user author = answered_of(tweet);
    struct slice id = decode_run_first_number(tweet->in_reply_to_status_id_str,
                                              tweet->in_reply_to_status_id);
    return (struct post_ref){.id = decode_run_number_id(run, id),
                             .author = make_named(run, tweet, &author),
                             .created = decode_run_snowflake(id)};
}

static void
add_mentions(struct decode_run *run, struct post *post, const struct x1_tweet *tweet)
{
    const struct json_list list = entities_of(tweet)->user_mentions;
    const struct x1_user *users = list.items;
    if (users == NULL) {
        decode_found_mentions(run, post, who_is, tweet);
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
    const struct x1_hashtag *hashtags = list.items;
    if (hashtags == NULL) {
        decode_found_hashtags(run, post);
        return;
    }
    decode_run_hashtags(run, post, list.count);
    for (size_t i = 0; i < list.count; i++) {
        decode_run_hashtag(run, post, hashtags[i].text);
    }
}

static void
add_content(struct decode_run *run, struct post *post, const struct x1_tweet *tweet)
{
    post->reported = decode_run_reported(run, retweets_of(run, tweet),
                                         tweet->quote_count, &post->has_reported);
    post->text = text_of(run, tweet);
    post->quote = quoted_by(run, tweet, 1);
    post->reply_to = replied_by(run, tweet);
    add_mentions(run, post, tweet);
    add_hashtags(run, post, entities_of(tweet)->hashtags);
    decode_campaigns_of_post(run, post, linked_by(run, tweet));
}

static void
keep_tweet(struct decode_run *run, const struct x1_tweet *tweet)
{
    struct post *post = decode_run_post(run);
    post->id =
        decode_run_number_id(run, decode_run_first_number(tweet->id_str, tweet->id));
    post->lang = decode_run_name(run, tweet->lang);
    post->time = time_of(run, tweet);
    if (slice_is_none(id_of(tweet->user))) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    } else {
        post->author =
            make_user(run, tweet->user, decode_run_number_id(run, id_of(tweet->user)));
    }
    post->original = original_of(run, tweet, post->id);
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
keep_deletion(struct decode_run *run, const struct x1_deletion *deletion)
{
    const struct x1_deleted *deleted =
        deletion->status != NULL ? deletion->status : deletion->tweet;
    deleted = deleted != NULL ? deleted : &deletion->here;
    struct slice id = decode_run_first_number(deleted->id_str, deleted->id);
    if (slice_is_none(id) && deletion->direct_message) {
        decode_run_control(run, DECODE_CONTROL_OTHER);
        return;
    }
    struct post *post = decode_run_post(run);
    post->kind = POST_DELETED;
    post->id = decode_run_number_id(run, id);
    decode_run_keep(run);
}

static void
keep_withdrawal(struct decode_run *run, const struct x1_deleted *gone)
{
    const struct x1_deleted *user = gone->user != NULL ? gone->user : gone;
    struct post *post = decode_run_post(run);
    post->kind = POST_WITHDRAWN;
    post->author.id =
        decode_run_number_id(run, decode_run_first_number(user->id_str, user->id));
    decode_run_keep(run);
}

// Counts the kind of a message that is neither status nor deletion.
static bool
is_control(struct decode_run *run, const struct x1_message *message)
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

// The fields that every status has, also those that other programs wrote from X's own.
// The time may be that of the id.
static bool
is_status(const struct x1_tweet *tweet)
{
    bool has_time = !slice_is_none(tweet->created_at) ||
                    tweet->timestamp_ms.is_number ||
                    !slice_is_none(tweet->timestamp_ms.text) ||
                    (tweet->user != NULL && tweet->user->screen_name.len != 0 &&
                     made_at(tweet) != USEC_NONE);
    bool has_text = tweet->text.place != NULL || !slice_is_none(tweet->full_text) ||
                    (tweet->extended_tweet != NULL &&
                     !slice_is_none(tweet->extended_tweet->full_text));
    return !slice_is_none(tweet->id_str) && tweet->user != NULL && has_time && has_text;
}

void
decode_x1_read(struct decode_run *run)
{
    struct x1_message message;
    if (!decode_run_json(run, &decode_x1_shape_table, &message) ||
        !decode_run_room(run, 1)) {
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
