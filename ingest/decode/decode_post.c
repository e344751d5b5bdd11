// Native posts: the format in which other programs write for cascaded. Only `id`,
// `time` and `author.id` are required; unknown keys are ignored.

#include "ingest/decode/decode_parts.h"

#include "ingest/decode/decode_campaigns.h"
#include "ingest/decode/decode_found.h"
#include "ingest/text/text.h"

#include <stddef.h>
#include <string.h>

struct user {
    struct slice id;
    struct slice handle;
    struct slice name;
    struct json_count followers;
};

struct message {
    struct slice id;
    struct json_scalar time;
    struct slice text;
    struct slice lang;
    struct slice via;
    const struct user *author;
    const struct message *retweet_of;
    const struct message *quote_of;
    const struct message *reply_to;
    struct json_list mentions; // struct user
    struct json_list hashtags; // struct slice
    bool deleted;
};

// clang-format off
static const struct json_field user_fields[] = {
    {"id",        JSON_ID | JSON_ONCE, offsetof(struct user, id),        NULL, 0},
    {"handle",    JSON_TEXT,           offsetof(struct user, handle),    NULL, 0},
    {"name",      JSON_TEXT,           offsetof(struct user, name),      NULL, 0},
    {"followers", JSON_COUNT,          offsetof(struct user, followers), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table user_table = {user_fields, sizeof(struct user)};

static const struct json_table inner_table;

#define FIELD(name, kind, table, max) {#name, kind, offsetof(struct message, name), table, max}
#define INNER_FIELDS                                 \
    FIELD(id,       JSON_ID | JSON_ONCE,      NULL,         0), \
    FIELD(time,     JSON_SCALAR | JSON_ONCE,  NULL,         0), \
    FIELD(text,     JSON_TEXT,                NULL,         0), \
    FIELD(lang,     JSON_TEXT,                NULL,         0), \
    FIELD(quote_of, JSON_STRUCT | JSON_EXACT, &inner_table, 0)

static const struct json_field inner_fields[] = {
    INNER_FIELDS,
    FIELD(author,     JSON_STRUCT,  &user_table,  0),
    JSON_FIELD_END,
};
static const struct json_table inner_table = {inner_fields, sizeof(struct message)};

static const struct json_field message_fields[] = {
    INNER_FIELDS,
    FIELD(author,     JSON_STRUCT | JSON_VITAL, &user_table,  0),
    FIELD(via,        JSON_ID,                  NULL,         0),
    FIELD(retweet_of, JSON_STRUCT | JSON_EXACT, &inner_table, 0),
    FIELD(reply_to,   JSON_STRUCT | JSON_EXACT, &inner_table, 0),
    FIELD(mentions,   JSON_STRUCTS,             &user_table,  POST_LIST_MAX),
    FIELD(hashtags,   JSON_TEXTS,               NULL,         POST_LIST_MAX),
    FIELD(deleted,    JSON_BOOL | JSON_VITAL,   NULL,         0),
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_post_table = {message_fields, sizeof(struct message)};

// "app:" of "app:u7"; ids without a network belong to the network "post".
static struct slice
net_of(struct slice id)
{
    const char *colon = id.len != 0 ? memchr(id.ptr, ':', id.len) : NULL;
    if (colon == NULL) {
        return SLICE_LIT("post:");
    }
    return (struct slice){id.ptr, (size_t)(colon - id.ptr) + 1};
}

static struct post_user
make_user(struct decode_run *run, const struct user *user, struct slice id)
{
    struct post_user made = {.id = id,
                             .handle = decode_run_handle(run, user->handle),
                             .name = decode_run_name(run, user->name)};
    decode_run_followers(run, &made, user->followers);
    if (slice_is_none(made.id) && !slice_is_none(made.handle)) {
        made.id = decode_run_handle_id(run, run->net, made.handle);
    }
    return made;
}

// The id of a person. One with a handle, "app:@Ann", has it in the form in which it is
// compared.
static struct slice
person_id(struct decode_run *run, struct slice given)
{
    struct slice id = decode_run_whole_id(run, given);
    struct slice net = net_of(id);
    struct slice name = {id.ptr + net.len, id.len - net.len};
    if (net.ptr != id.ptr || !(slice_starts(name, SLICE_LIT("@")) ||
                               slice_starts(name, SLICE_LIT("\xef\xbc\xa0")))) {
        return id;
    }
    struct slice handle = decode_run_handle(run, name);
    return slice_is_none(handle) ? id : decode_run_handle_id(run, net, handle);
}

// A mentioned person, perhaps without a usable id.
static struct post_user
make_person(struct decode_run *run, const struct user *user)
{
    return make_user(run, user, decode_run_detail_id(run, person_id, user->id));
}

static usec
time_of(struct decode_run *run, struct json_scalar time)
{
    usec number = USEC_NONE;
    if (time.text.ptr == json_shape_unusable) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    } else if (!time.is_number) {
        return decode_run_time(run, time.text);
    } else if (!decode_run_milliseconds(time, &number)) {
        decode_run_refuse(run, DECODE_REASON_TIME);
    }
    return number;
}

// The time of a post that another one refers to.
static usec
created_of(struct decode_run *run, struct json_scalar time)
{
    usec number = USEC_NONE;
    if (!time.is_number) {
        return decode_run_detail_time(run, time.text);
    }
    if (!decode_run_milliseconds(time, &number)) {
        decode_run_drop(run);
    }
    return number;
}

// `depth`: how many quotes lead to this post.
static struct post_ref
make_ref(struct decode_run *run, const struct message *message, int depth)
{
    struct post_ref ref = {.created = USEC_NONE};
    if (message == NULL || depth > POST_QUOTES_MAX) {
        return ref;
    }
    ref.id = decode_run_whole_id(run, message->id);
    ref.text = message->text;
    ref.lang = decode_run_name(run, message->lang);
    ref.created = created_of(run, message->time);
    if (slice_is_none(ref.id)) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    }
    if (message->author != NULL) {
        ref.author = make_person(run, message->author);
    }
    ref.campaigns = decode_campaigns_of_ref(run, &ref, 0);
    struct post_ref quote = make_ref(run, message->quote_of, depth + 1);
    decode_run_quote(run, &ref, &quote);
    return ref;
}

static void
add_mentions(struct decode_run *run, struct post *post, struct json_list list)
{
    const struct user *users = list.items;
    if (users == NULL) {
        decode_found_mentions(run, post, NULL, NULL);
        return;
    }
    decode_run_mentions(run, post, list.count);
    for (size_t i = 0; i < list.count; i++) {
        struct post_user user = make_person(run, &users[i]);
        decode_run_mention(run, post, &user);
    }
}

static void
add_hashtags(struct decode_run *run, struct post *post, struct json_list list)
{
    const struct slice *hashtags = list.items;
    if (hashtags == NULL) {
        decode_found_hashtags(run, post);
        return;
    }
    decode_run_hashtags(run, post, list.count);
    for (size_t i = 0; i < list.count; i++) {
        decode_run_hashtag(run, post, hashtags[i]);
    }
}

static void
keep_post(struct decode_run *run, const struct message *message)
{
    struct post *post = decode_run_post(run);
    post->id = decode_run_whole_id(run, message->id);
    if (message->deleted) {
        post->kind = POST_DELETED;
        decode_run_keep(run);
        return;
    }
    if (message->author == NULL || slice_is_none(message->author->id)) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    } else {
        run->net = net_of(text_trim(message->author->id));
        post->author =
            make_user(run, message->author, person_id(run, message->author->id));
    }
    post->via = decode_run_detail_id(run, decode_run_whole_id, message->via);
    post->time = time_of(run, message->time);
    post->text = message->text;
    post->lang = decode_run_name(run, message->lang);
    if (message->retweet_of != NULL) {
        post->kind = POST_RETWEETED;
        post->retweet_of = make_ref(run, message->retweet_of, 0);
    } else {
        post->quote = make_ref(run, message->quote_of, 1);
        post->reply_to = make_ref(run, message->reply_to, 0);
        add_mentions(run, post, message->mentions);
        add_hashtags(run, post, message->hashtags);
        decode_campaigns_of_post(run, post, 0);
    }
    decode_run_keep(run);
}

void
decode_post_read(struct decode_run *run)
{
    struct message message;
    if (!decode_run_json(run, &decode_post_table, &message)) {
        return;
    }
    if (slice_is_none(message.id) && message.author == NULL) {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    } else if (decode_run_room(run, 1)) {
        keep_post(run, &message);
    }
}
