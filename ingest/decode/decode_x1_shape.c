// The keys of a message of X v1.1 that are read.

#include "ingest/decode/decode_x1_shape.h"

#include "ingest/decode/decode_parts.h"

#include <stddef.h>

// clang-format off
static const struct json_field user_fields[] = {
    {"id_str",          JSON_ID | JSON_ONCE, offsetof(struct x1_user, id_str),          NULL, 0},
    {"id",              JSON_ID | JSON_ONCE, offsetof(struct x1_user, id),              NULL, 0},
    {"screen_name",     JSON_TEXT,           offsetof(struct x1_user, screen_name),     NULL, 0},
    {"name",            JSON_TEXT,           offsetof(struct x1_user, name),            NULL, 0},
    {"followers_count", JSON_SCALAR,         offsetof(struct x1_user, followers_count), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table user_table = {user_fields, sizeof(struct x1_user)};

// A mention contains a name, too, which is not needed.
static const struct json_field mention_fields[] = {
    {"id_str",      JSON_ID | JSON_ONCE, offsetof(struct x1_user, id_str),      NULL, 0},
    {"id",          JSON_ID | JSON_ONCE, offsetof(struct x1_user, id),          NULL, 0},
    {"screen_name", JSON_TEXT,           offsetof(struct x1_user, screen_name), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table mention_table = {mention_fields, sizeof(struct x1_user)};

static const struct json_field hashtag_fields[] = {
    {"text", JSON_TEXT, offsetof(struct x1_hashtag, text), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table hashtag_table = {hashtag_fields, sizeof(struct x1_hashtag)};

static const struct json_field url_fields[] = {
    {"expanded_url", JSON_TEXT, offsetof(struct x1_url, expanded_url), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table url_table = {url_fields, sizeof(struct x1_url)};

#define URLS {"urls", JSON_STRUCTS, offsetof(struct x1_entities, urls), &url_table, POST_LIST_MAX}

static const struct json_field entities_fields[] = {
    {"user_mentions", JSON_STRUCTS, offsetof(struct x1_entities, user_mentions), &mention_table, POST_LIST_MAX},
    {"hashtags",      JSON_STRUCTS, offsetof(struct x1_entities, hashtags),      &hashtag_table, POST_LIST_MAX},
    URLS,
    JSON_FIELD_END,
};
static const struct json_table entities_table = {entities_fields, sizeof(struct x1_entities)};

static const struct json_field extended_fields[] = {
    {"full_text", JSON_TEXT,   offsetof(struct x1_extended, full_text), NULL, 0},
    {"entities",  JSON_STRUCT, offsetof(struct x1_extended, entities),  &entities_table, 0},
    JSON_FIELD_END,
};
static const struct json_table extended_table = {extended_fields, sizeof(struct x1_extended)};

// Mentions of a post within another one are not counted.
static const struct json_field inner_entities_fields[] = {
    URLS,
    JSON_FIELD_END,
};
static const struct json_table inner_entities_table = {inner_entities_fields, sizeof(struct x1_entities)};

static const struct json_field text_fields[] = {
    {"full_text", JSON_TEXT,   offsetof(struct x1_extended, full_text), NULL, 0},
    {"entities",  JSON_STRUCT, offsetof(struct x1_extended, entities),  &inner_entities_table, 0},
    JSON_FIELD_END,
};
static const struct json_table text_table = {text_fields, sizeof(struct x1_extended)};

static const struct json_field edit_fields[] = {
    {"initial_tweet_id", JSON_ID | JSON_ONCE, offsetof(struct x1_edit, initial_tweet_id), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table edit_table = {edit_fields, sizeof(struct x1_edit)};

static const struct json_table inner_table;

#define TWEET(name, kind, table) {#name, kind, offsetof(struct x1_tweet, name), table, 0}
#define TWEET_FIELDS                                  \
    TWEET(id_str,               JSON_ID | JSON_ONCE,      NULL),        \
    TWEET(id,                   JSON_ID | JSON_ONCE,      NULL),        \
    TWEET(created_at,           JSON_TEXT | JSON_ONCE,    NULL),        \
    TWEET(text,                 JSON_LATER,               NULL),        \
    TWEET(full_text,            JSON_TEXT,                NULL),        \
    TWEET(lang,                 JSON_TEXT,                NULL),        \
    TWEET(quoted_status_id_str, JSON_ID | JSON_ONCE,      NULL),        \
    TWEET(quoted_status_id,     JSON_ID | JSON_ONCE,      NULL),        \
    TWEET(retweet_count,        JSON_SCALAR,              NULL),        \
    TWEET(quote_count,          JSON_COUNT,               NULL),        \
    TWEET(quoted_status,        JSON_STRUCT | JSON_VITAL, &inner_table)

static const struct json_field inner_fields[] = {
    TWEET_FIELDS,
    TWEET(user,           JSON_STRUCT, &user_table),
    TWEET(extended_tweet, JSON_STRUCT, &text_table),
    TWEET(entities,       JSON_STRUCT, &inner_entities_table),
    TWEET(edit_history,   JSON_STRUCT, &edit_table),
    JSON_FIELD_END,
};
static const struct json_table inner_table = {inner_fields, sizeof(struct x1_tweet)};

static const struct json_table deleted_table;

static const struct json_field deleted_fields[] = {
    {"id_str", JSON_ID | JSON_ONCE,      offsetof(struct x1_deleted, id_str), NULL, 0},
    {"id",     JSON_ID | JSON_ONCE,      offsetof(struct x1_deleted, id),     NULL, 0},
    {"user",   JSON_STRUCT | JSON_VITAL, offsetof(struct x1_deleted, user),   &deleted_table, 0},
    JSON_FIELD_END,
};
static const struct json_table deleted_table = {deleted_fields, sizeof(struct x1_deleted)};

static const struct json_field deletion_fields[] = {
    {"id_str",         JSON_ID | JSON_ONCE,      offsetof(struct x1_deletion, here.id_str),    NULL, 0},
    {"id",             JSON_ID | JSON_ONCE,      offsetof(struct x1_deletion, here.id),        NULL, 0},
    {"status",         JSON_STRUCT | JSON_VITAL, offsetof(struct x1_deletion, status),         &deleted_table, 0},
    {"tweet",          JSON_STRUCT | JSON_VITAL, offsetof(struct x1_deletion, tweet),          &deleted_table, 0},
    {"direct_message", JSON_PRESENT,             offsetof(struct x1_deletion, direct_message), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table deletion_table = {deletion_fields, sizeof(struct x1_deletion)};

#define DELETION(name) {name, JSON_STRUCT | JSON_VITAL, offsetof(struct x1_message, deletion), &deletion_table, 0}
#define CONTROL(name) {#name, JSON_PRESENT, offsetof(struct x1_message, name), NULL, 0}

static const struct json_field message_fields[] = {
    TWEET_FIELDS,
    TWEET(user,                      JSON_STRUCT | JSON_VITAL, &user_table),
    TWEET(timestamp_ms,              JSON_SCALAR | JSON_ONCE,  NULL),
    TWEET(in_reply_to_status_id_str, JSON_ID | JSON_ONCE,      NULL),
    TWEET(in_reply_to_status_id,     JSON_ID | JSON_ONCE,      NULL),
    TWEET(in_reply_to_user_id_str,   JSON_ID,                  NULL),
    TWEET(in_reply_to_user_id,       JSON_ID,                  NULL),
    TWEET(in_reply_to_screen_name,   JSON_TEXT,                NULL),
    TWEET(extended_tweet,            JSON_STRUCT,              &extended_table),
    TWEET(entities,                  JSON_STRUCT,              &entities_table),
    TWEET(retweeted_status,          JSON_STRUCT | JSON_VITAL, &inner_table),
    TWEET(edit_history,              JSON_STRUCT,              &edit_table),
    DELETION("delete"),
    DELETION("drop"),
    DELETION("tweet_delete"),
    {"user_delete",  JSON_STRUCT | JSON_VITAL, offsetof(struct x1_message, user_delete),  &deleted_table, 0},
    {"user_suspend", JSON_STRUCT | JSON_VITAL, offsetof(struct x1_message, user_suspend), &deleted_table, 0},
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

const struct json_table decode_x1_shape_table = {message_fields,
                                                 sizeof(struct x1_message)};
