// X API v2: a message is a stream object or a page, {data, includes}, with the posts
// and users to which the data refers in `includes`; or one flat post, as archives write
// them, in which the author and the referenced posts are embedded; or an error, or a
// compliance record. A compliance record of a deletion takes back the post; others are
// control messages.

#include "ingest/decode/decode_parts.h"

#include "ingest/decode/decode_campaigns.h"
#include "ingest/decode/decode_found.h"
#include "ingest/decode/decode_index.h"
#include "ingest/decode/decode_x2_shape.h"
#include "ingest/text/text.h"

#include <stddef.h>

// The message whose posts are being built.
struct page {
    struct decode_run *run;
    struct json_list data; // struct x2_tweet
    struct json_list included;
    struct json_list user_list;
    struct decode_index tweets; // by id
    struct decode_index users;
    struct decode_index handles; // of all people with ids, built at the first look-up
    bool has_handles;
};

// The relation of a post to the one that refers to it.
static const struct x2_tweet *
reference(const struct x2_tweet *tweet, struct slice type)
{
    const struct x2_tweet *references = tweet->referenced_tweets.items;
    for (size_t i = 0; i < tweet->referenced_tweets.count; i++) {
        if (slice_equal(references[i].type, type)) {
            return &references[i];
        }
    }
    return NULL;
}

static struct slice
detail_id(struct decode_run *run, struct slice id)
{
    return decode_run_detail_id(run, decode_run_number_id, id);
}

// `make_id`: converts an invalid id.
static struct post_user
make_user(const struct page *page, struct slice id, const struct x2_user *inlined,
          decode_run_id_fn make_id)
{
    struct decode_run *run = page->run;
    const struct x2_user *user = inlined;
    id = decode_run_number_target(id);
    if (user == NULL && !slice_is_none(id)) {
        user = decode_index_find(&page->users, id);
    }
    struct post_user made = {
        .id = make_id(run, user != NULL ? decode_run_first_number(id, user->id) : id)};
    if (user == NULL) {
        return made;
    }
    made.handle = decode_run_handle(run, user->username);
    made.name = decode_run_name(run, user->name);
    if (user->public_metrics != NULL) {
        decode_run_followers(run, &made, user->public_metrics->followers_count);
    }
    return made;
}

// A person to whom a post refers, perhaps without a usable id.
static struct post_user
make_named(const struct page *page, struct slice id, const struct x2_user *inlined)
{
    struct decode_run *run = page->run;
    struct post_user made = make_user(page, id, inlined, detail_id);
    if (slice_is_none(made.id) && !slice_is_none(made.handle)) {
        made.id = decode_run_handle_id(run, run->net, made.handle);
    }
    return made;
}

static size_t
count_mentioned(struct json_list tweets)
{
    const struct x2_tweet *tweet = tweets.items;
    size_t count = 0;
    for (size_t i = 0; i < tweets.count; i++, tweet++) {
        const struct x2_note *note = tweet->note_tweet;
        count += tweet->author != NULL;
        count += tweet->entities != NULL ? tweet->entities->mentions.count : 0;
        count +=
            note != NULL && note->entities != NULL ? note->entities->mentions.count : 0;
    }
    return count;
}

// Adds the person unless they have no id.
static struct x2_mention *
put_person(struct x2_mention *out, struct slice id, struct slice handle)
{
    *out = (struct x2_mention){id, handle};
    return out + (decode_run_number_target(id).len != 0);
}

static struct x2_mention *
put_mentioned(struct x2_mention *out, const struct x2_entities *entities)
{
    const struct x2_mention *mentions =
        entities != NULL ? entities->mentions.items : NULL;
    for (size_t i = 0; mentions != NULL && i < entities->mentions.count; i++) {
        out = put_person(out, mentions[i].id, mentions[i].username);
    }
    return out;
}

// The people that these posts mention, with their ids.
static struct x2_mention *
put_named(struct x2_mention *out, struct json_list tweets)
{
    const struct x2_tweet *tweet = tweets.items;
    for (size_t i = 0; i < tweets.count; i++, tweet++) {
        if (tweet->author != NULL) {
            out = put_person(
                out, decode_run_first_number(tweet->author_id, tweet->author->id),
                tweet->author->username);
        }
        out = put_mentioned(out, tweet->entities);
        if (tweet->note_tweet != NULL) {
            out = put_mentioned(out, tweet->note_tweet->entities);
        }
    }
    return out;
}

static void
index_handles(struct page *page)
{
    struct arena *arena = &page->run->arena;
    const struct x2_user *users = page->user_list.items;
    size_t count = page->user_list.count + count_mentioned(page->data) +
                   count_mentioned(page->included);
    struct x2_mention *people = arena_alloc(arena, count, sizeof(*people));
    struct x2_mention *out = people;
    if (people == NULL) {
        return;
    }
    for (size_t i = 0; i < page->user_list.count; i++) {
        out = put_person(out, users[i].id, users[i].username);
    }
    out = put_named(put_named(out, page->data), page->included);
    const struct json_list list = {.items = people, .count = (size_t)(out - people)};
    decode_index_init_by_handle(&page->handles, arena, list, sizeof(struct x2_mention),
                                offsetof(struct x2_mention, username));
}

// The id of the person with that handle in the message; none if there is none.
static struct slice
who_is(struct decode_run *run, const void *context, struct slice handle)
{
    struct page *page = *(struct page *const *)context;
    if (!page->has_handles) {
        page->has_handles = true;
        index_handles(page);
    }
    const struct x2_mention *person = decode_index_find(&page->handles, handle);
    return person != NULL ? detail_id(run, person->id) : SLICE_NONE;
}

static struct slice
id_of_handle(struct page *page, struct slice handle)
{
    struct decode_run *run = page->run;
    struct slice id = who_is(run, &page, handle);
    return slice_is_none(id) ? decode_run_handle_id(run, run->net, handle) : id;
}

static struct slice
text_of(struct decode_run *run, const struct x2_tweet *tweet)
{
    struct slice text = tweet->text;
    if (tweet->note_tweet != NULL) {
        text = decode_run_first(tweet->note_tweet->text, text);
    }
    return text_unescape(&run->arena, text);
}

// The date, else the time in the id. An invalid date is a dropped detail.
static usec
created_of(struct decode_run *run, const struct x2_tweet *tweet)
{
    usec time = decode_run_detail_time(run, tweet->created_at);
    return time != USEC_NONE ? time : decode_run_snowflake(tweet->id);
}

static uint64_t
reported_of(struct decode_run *run, const struct x2_tweet *tweet, bool *ret_given)
{
    const struct x2_metrics *metrics = tweet->public_metrics;
    *ret_given = false;
    return metrics != NULL ? decode_run_reported(run, metrics->retweet_count,
                                                 metrics->quote_count, ret_given)
                           : 0;
}

// The id of the first version; none if that is this one or unknown: another version may
// be the first of those that are left. `id`: of the post.
static struct slice
original_of(struct decode_run *run, const struct x2_tweet *tweet, struct slice id)
{
    const struct json_list list = tweet->edit_history_tweet_ids;
    const struct slice *versions = list.items;
    if (list.count == 0 || list.dropped != 0) {
        return SLICE_NONE;
    }
    struct slice original = detail_id(run, versions[0]);
    return slice_equal(original, id) ? SLICE_NONE : original;
}

static const struct x2_entities *
entities_of(const struct x2_tweet *tweet)
{
    const struct x2_note *note = tweet->note_tweet;
    return note != NULL && note->entities != NULL ? note->entities : tweet->entities;
}

// The campaigns of the links, as X lists them with the addresses behind t.co.
static uint64_t
linked_by(struct decode_run *run, const struct x2_tweet *tweet)
{
    const struct x2_entities *entities = entities_of(tweet);
    const struct x2_url *urls = entities != NULL ? entities->urls.items : NULL;
    uint64_t found = 0;
    for (size_t i = 0; urls != NULL && i < entities->urls.count; i++) {
        found |= decode_campaigns_of_address(run, urls[i].expanded_url) |
                 decode_campaigns_of_address(run, urls[i].unwound_url);
    }
    return found;
}

// The post of a reference: included, or embedded, or only its id. `depth`: how many
// quotes lead to this post.
static struct post_ref
make_ref(const struct page *page, const struct x2_tweet *reference_to, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    if (reference_to == NULL || depth > POST_QUOTES_MAX) {
        return ref;
    }
    ref.id = decode_run_number_id(page->run, reference_to->id);
    if (slice_is_none(ref.id)) {
        return ref;
    }
    const struct x2_tweet *tweet = decode_index_find(&page->tweets, reference_to->id);
    tweet = tweet != NULL ? tweet : reference_to;
    ref.original = original_of(page->run, tweet, ref.id);
    ref.author = make_named(page, tweet->author_id, tweet->author);
    ref.text = text_of(page->run, tweet);
    ref.lang = decode_run_name(page->run, tweet->lang);
    ref.created = created_of(page->run, tweet);
    ref.reported = reported_of(page->run, tweet, &ref.has_reported);
    ref.campaigns =
        decode_campaigns_of_ref(page->run, &ref, linked_by(page->run, tweet));
    struct post_ref quote =
        make_ref(page, reference(tweet, SLICE_LIT("quoted")), depth + 1);
    decode_run_quote(page->run, &ref, &quote);
    return ref;
}

// Without the original post, its author's handle is still known: "RT @ann: …".
static void
name_author(struct page *page, struct post_ref *ref, struct slice text)
{
    const struct slice sign = SLICE_LIT("RT @");
    if (!slice_is_none(ref->author.id) || !slice_starts(text, sign)) {
        return;
    }
    struct text_entity found;
    if (text_mentions(text, &found, 1) != 0 && found.end == sign.len + found.name.len) {
        ref->author.handle = found.name;
        ref->author.id = id_of_handle(page, found.name);
    }
}

static void
add_mentions(struct page *page, struct post *post, const struct x2_entities *entities)
{
    struct decode_run *run = page->run;
    if (entities == NULL) {
        decode_found_mentions(run, post, who_is, &page);
        return;
    }
    const struct x2_mention *mentions = entities->mentions.items;
    decode_run_mentions(run, post, entities->mentions.count);
    for (size_t i = 0; i < entities->mentions.count; i++) {
        struct post_user user = {.id = detail_id(run, mentions[i].id),
                                 .handle =
                                     decode_run_handle(run, mentions[i].username)};
        if (slice_is_none(user.id) && !slice_is_none(user.handle)) {
            user.id = id_of_handle(page, user.handle);
        }
        decode_run_mention(run, post, &user);
    }
}

static void
add_hashtags(struct decode_run *run, struct post *post,
             const struct x2_entities *entities)
{
    if (entities == NULL) {
        decode_found_hashtags(run, post);
        return;
    }
    const struct x2_hashtag *hashtags = entities->hashtags.items;
    decode_run_hashtags(run, post, entities->hashtags.count);
    for (size_t i = 0; i < entities->hashtags.count; i++) {
        decode_run_hashtag(run, post, hashtags[i].tag);
    }
}

static void
add_content(struct page *page, struct post *post, const struct x2_tweet *tweet)
{
    struct decode_run *run = page->run;
    const struct x2_entities *entities = entities_of(tweet);
    post->text = text_of(run, tweet);
    post->reported = reported_of(run, tweet, &post->has_reported);
    post->quote = make_ref(page, reference(tweet, SLICE_LIT("quoted")), 1);
    post->reply_to = make_ref(page, reference(tweet, SLICE_LIT("replied_to")), 0);
    if (slice_is_none(post->reply_to.author.id) && !slice_is_none(post->reply_to.id)) {
        post->reply_to.author =
            make_named(page, tweet->in_reply_to_user_id, tweet->in_reply_to_user);
    }
    add_mentions(page, post, entities);
    add_hashtags(run, post, entities);
    decode_campaigns_of_post(run, post, linked_by(run, tweet));
}

static void
keep_tweet(struct page *page, const struct x2_tweet *tweet)
{
    struct decode_run *run = page->run;
    struct post *post = decode_run_post(run);
    const struct x2_tweet *retweeted = reference(tweet, SLICE_LIT("retweeted"));
    if (tweet->referenced_tweets.dropped != 0 && retweeted == NULL) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    }
    post->id = decode_run_number_id(run, tweet->id);
    post->original = original_of(run, tweet, post->id);
    post->author =
        make_user(page, tweet->author_id, tweet->author, decode_run_number_id);
    post->time = created_of(run, tweet);
    post->lang = decode_run_name(run, tweet->lang);
    if (retweeted != NULL) {
        post->kind = POST_RETWEETED;
        post->retweet_of = make_ref(page, retweeted, 0);
        name_author(page, &post->retweet_of, tweet->text);
        post->text = decode_run_first(post->retweet_of.text, text_of(run, tweet));
    } else {
        add_content(page, post, tweet);
    }
    decode_run_keep(run);
}

static void
keep_deletion(struct decode_run *run, struct slice id)
{
    struct post *post = decode_run_post(run);
    post->kind = POST_DELETED;
    post->id = decode_run_number_id(run, id);
    decode_run_keep(run);
}

// An account that is gone takes back all its posts.
static void
keep_withdrawal(struct decode_run *run, const struct x2_event *gone)
{
    struct post *post = decode_run_post(run);
    post->kind = POST_WITHDRAWN;
    post->author.id =
        decode_run_number_id(run, gone->user != NULL ? gone->user->id : SLICE_NONE);
    post->time = decode_run_detail_time(run, gone->event_at);
    decode_run_keep(run);
}

// One element of the data. Every post has an id and a text.
static void
keep_element(struct page *page, const struct x2_tweet *tweet)
{
    struct decode_run *run = page->run;
    const struct x2_event *event =
        tweet->deletion != NULL ? tweet->deletion : tweet->drop;
    const struct x2_event *gone =
        tweet->user_delete != NULL ? tweet->user_delete : tweet->user_suspend;
    bool has_text = !slice_is_none(tweet->text) || tweet->note_tweet != NULL;
    if (event != NULL) {
        keep_deletion(run, event->tweet != NULL ? event->tweet->id : event->id);
    } else if (gone != NULL) {
        keep_withdrawal(run, gone);
    } else if (!slice_is_none(tweet->id) && has_text) {
        keep_tweet(page, tweet);
    } else if (tweet->is_compliance) {
        decode_run_control(run, DECODE_CONTROL_COMPLIANCE);
    } else if (tweet->is_withheld) {
        decode_run_control(run, DECODE_CONTROL_WITHHELD);
    } else {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
        decode_run_settle(run);
    }
}

static void
keep_tweets(struct decode_run *run, const struct x2_message *message)
{
    static const struct x2_includes none = {0};
    const struct x2_includes *includes = message->includes;
    includes = includes != NULL ? includes : &none;
    struct page page = {.run = run,
                        .data = message->data,
                        .included = includes->tweets,
                        .user_list = includes->users};
    if (page.data.items == NULL) {
        page.data = (struct json_list){.items = &message->tweet, .count = 1};
    }
    decode_index_init(&page.tweets, &run->arena, includes->tweets,
                      sizeof(struct x2_tweet), offsetof(struct x2_tweet, id));
    decode_index_init(&page.users, &run->arena, includes->users, sizeof(struct x2_user),
                      offsetof(struct x2_user, id));
    const struct x2_tweet *tweets = page.data.items;
    if (!decode_run_room(run, page.data.count)) {
        return;
    }
    for (size_t i = 0; i < page.data.count; i++) {
        keep_element(&page, &tweets[i]);
    }
    decode_run_lost(run, &message->data);
    for (size_t i = 0; i < includes->tweets.dropped + includes->users.dropped; i++) {
        decode_run_drop(run);
    }
}

// True for an embedded post, as an archive writes it, and not for one of another
// program that also has an author and a text.
static bool
is_flat(const struct x2_message *message)
{
    const struct x2_tweet *tweet = &message->tweet;
    bool has_author = !slice_is_none(tweet->author_id) || tweet->author != NULL;
    bool has_mark = message->is_flat || tweet->referenced_tweets.items != NULL ||
                    tweet->edit_history_tweet_ids.items != NULL ||
                    tweet->public_metrics != NULL || message->includes != NULL;
    return !slice_is_none(tweet->id) && has_author && has_mark;
}

// A record of a compliance job: what to do with a stored post. Records about users have
// the same form without a post.
static void
read_action(struct decode_run *run, const struct x2_message *message)
{
    static const struct slice deletions[] = {{"delete", 6}, {"drop", 4}};
    static const struct slice others[] = {{"scrub_geo", 9},
                                          {"undelete", 8},
                                          {"undrop", 6},
                                          {"withheld", 8},
                                          {"tweet_edit", 10}};
    struct slice action = decode_run_word(run, message->action);
    if (action.len == 0) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    } else if (slice_is_one_of(action, others, sizeof(others) / sizeof(others[0]))) {
        decode_run_control(run, DECODE_CONTROL_COMPLIANCE);
    } else if (!slice_is_one_of(action, deletions,
                                sizeof(deletions) / sizeof(deletions[0]))) {
        decode_run_control(run, DECODE_CONTROL_UNKNOWN_OPERATION);
    } else if (decode_run_room(run, 1)) {
        keep_deletion(run, message->tweet.id);
    }
}

void
decode_x2_read(struct decode_run *run)
{
    struct x2_message message;
    if (!decode_run_json(run, &decode_x2_shape_table, &message)) {
        return;
    }
    if (!slice_is_none(message.action)) {
        read_action(run, &message);
        return;
    }
    bool is_error = message.errors || (message.title && message.problem);
    if (is_error) {
        decode_run_control(run, DECODE_CONTROL_ERROR);
    }
    if (message.data.count + message.data.dropped != 0 || is_flat(&message)) {
        keep_tweets(run, &message);
    } else if (message.data.items != NULL || message.meta || message.includes != NULL) {
        decode_run_control(run, DECODE_CONTROL_EMPTY);
    } else if (!is_error) {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    }
}
