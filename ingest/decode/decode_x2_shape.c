// The keys of a message of X's API v2 that are read.

#include "ingest/decode/decode_x2_shape.h"

#include "ingest/decode/decode_parts.h"

#include <stddef.h>

enum { REFERENCES_MAX = 64, EDITS_MAX = 64 };

// clang-format off
static const struct json_field user_metrics_fields[] = {
    {"followers_count", JSON_COUNT, offsetof(struct x2_user_metrics, followers_count), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table user_metrics_table = {user_metrics_fields, sizeof(struct x2_user_metrics)};

static const struct json_field user_fields[] = {
    {"id",             JSON_ID | JSON_ONCE, offsetof(struct x2_user, id),             NULL, 0},
    {"username",       JSON_TEXT,           offsetof(struct x2_user, username),       NULL, 0},
    {"name",           JSON_TEXT,           offsetof(struct x2_user, name),           NULL, 0},
    {"public_metrics", JSON_STRUCT,         offsetof(struct x2_user, public_metrics), &user_metrics_table, 0},
    JSON_FIELD_END,
};
static const struct json_table user_table = {user_fields, sizeof(struct x2_user)};

static const struct json_field mention_fields[] = {
    {"id",       JSON_ID | JSON_ONCE, offsetof(struct x2_mention, id),       NULL, 0},
    {"username", JSON_TEXT,           offsetof(struct x2_mention, username), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table mention_table = {mention_fields, sizeof(struct x2_mention)};

static const struct json_field hashtag_fields[] = {
    {"tag", JSON_TEXT, offsetof(struct x2_hashtag, tag), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table hashtag_table = {hashtag_fields, sizeof(struct x2_hashtag)};

static const struct json_field url_fields[] = {
    {"expanded_url", JSON_TEXT, offsetof(struct x2_url, expanded_url), NULL, 0},
    {"unwound_url",  JSON_TEXT, offsetof(struct x2_url, unwound_url),  NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table url_table = {url_fields, sizeof(struct x2_url)};

static const struct json_field entities_fields[] = {
    {"mentions", JSON_STRUCTS, offsetof(struct x2_entities, mentions), &mention_table, POST_LIST_MAX},
    {"hashtags", JSON_STRUCTS, offsetof(struct x2_entities, hashtags), &hashtag_table, POST_LIST_MAX},
    {"urls",     JSON_STRUCTS, offsetof(struct x2_entities, urls),     &url_table, POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table entities_table = {entities_fields, sizeof(struct x2_entities)};

static const struct json_field note_fields[] = {
    {"text",     JSON_TEXT,   offsetof(struct x2_note, text),     NULL, 0},
    {"entities", JSON_STRUCT, offsetof(struct x2_note, entities), &entities_table, 0},
    JSON_FIELD_END,
};
static const struct json_table note_table = {note_fields, sizeof(struct x2_note)};

static const struct json_field metrics_fields[] = {
    {"retweet_count", JSON_COUNT, offsetof(struct x2_metrics, retweet_count), NULL, 0},
    {"quote_count",   JSON_COUNT, offsetof(struct x2_metrics, quote_count),   NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table metrics_table = {metrics_fields, sizeof(struct x2_metrics)};

static const struct json_table reference_table;

#define TWEET(name, kind, table, max) {#name, kind, offsetof(struct x2_tweet, name), table, max}
#define TWEET_FIELDS                                                                  \
    TWEET(id,                     JSON_ID | JSON_ONCE,       NULL,             0),              \
    TWEET(author_id,              JSON_ID | JSON_ONCE,       NULL,             0),              \
    TWEET(created_at,             JSON_TEXT | JSON_ONCE,     NULL,             0),              \
    TWEET(text,                   JSON_TEXT,                 NULL,             0),              \
    TWEET(lang,                   JSON_TEXT,                 NULL,             0),              \
    TWEET(in_reply_to_user_id,    JSON_ID,                   NULL,             0),              \
    TWEET(note_tweet,             JSON_STRUCT,               &note_table,      0),              \
    TWEET(entities,               JSON_STRUCT,               &entities_table,  0),              \
    TWEET(public_metrics,         JSON_STRUCT,               &metrics_table,   0),              \
    TWEET(author,                 JSON_STRUCT,               &user_table,      0),              \
    TWEET(in_reply_to_user,       JSON_STRUCT,               &user_table,      0),              \
    TWEET(referenced_tweets,      JSON_STRUCTS | JSON_VITAL, &reference_table, REFERENCES_MAX), \
    TWEET(edit_history_tweet_ids, JSON_TEXTS,                NULL,             EDITS_MAX)

static const struct json_field tweet_fields[] = {
    TWEET_FIELDS,
    JSON_FIELD_END,
};
static const struct json_table tweet_table = {tweet_fields, sizeof(struct x2_tweet)};

static const struct json_field event_fields[] = {
    {"id",       JSON_ID | JSON_ONCE,      offsetof(struct x2_event, id),       NULL, 0},
    {"tweet",    JSON_STRUCT | JSON_VITAL, offsetof(struct x2_event, tweet),    &tweet_table, 0},
    {"user",     JSON_STRUCT | JSON_VITAL, offsetof(struct x2_event, user),     &user_table, 0},
    {"event_at", JSON_TEXT,                offsetof(struct x2_event, event_at), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table event_table = {event_fields, sizeof(struct x2_event)};

#define EVENT(name, place) {name, JSON_STRUCT | JSON_VITAL, offsetof(struct x2_tweet, place), &event_table, 0}
#define COMPLIANCE(name) {name, JSON_PRESENT, offsetof(struct x2_tweet, is_compliance), NULL, 0}

static const struct json_field data_fields[] = {
    TWEET_FIELDS,
    EVENT("delete",       deletion),
    EVENT("tweet_delete", deletion),
    EVENT("drop",         drop),
    EVENT("user_delete",  user_delete),
    EVENT("user_suspend", user_suspend),
    {"withheld", JSON_PRESENT, offsetof(struct x2_tweet, is_withheld), NULL, 0},
    COMPLIANCE("undelete"),
    COMPLIANCE("undrop"),
    COMPLIANCE("tweet_edit"),
    COMPLIANCE("scrub_geo"),
    COMPLIANCE("user_scrub_geo"),
    COMPLIANCE("user_undelete"),
    COMPLIANCE("user_withheld"),
    COMPLIANCE("user_protect"),
    COMPLIANCE("user_unprotect"),
    COMPLIANCE("user_unsuspend"),
    COMPLIANCE("user_profile_modification"),
    JSON_FIELD_END,
};
static const struct json_table data_table = {data_fields, sizeof(struct x2_tweet)};

static const struct json_field reference_fields[] = {
    TWEET(type, JSON_TEXT | JSON_VITAL, NULL, 0),
    TWEET_FIELDS,
    JSON_FIELD_END,
};
static const struct json_table reference_table = {reference_fields, sizeof(struct x2_tweet)};

static const struct json_field includes_fields[] = {
    {"tweets", JSON_STRUCTS | JSON_APART, offsetof(struct x2_includes, tweets), &tweet_table, POST_LIST_MAX},
    {"users",  JSON_STRUCTS | JSON_APART, offsetof(struct x2_includes, users),  &user_table,  POST_LIST_MAX},
    JSON_FIELD_END_APART,
};
static const struct json_table includes_table = {includes_fields, sizeof(struct x2_includes)};

#define FLAT(name) {name, JSON_PRESENT, offsetof(struct x2_message, is_flat), NULL, 0}

static const struct json_field message_fields[] = {
    TWEET_FIELDS,
    {"data",     JSON_ONE_OR_MORE | JSON_VITAL | JSON_APART, offsetof(struct x2_message, data),     &data_table, POST_LIST_MAX},
    {"includes", JSON_STRUCT,                                offsetof(struct x2_message, includes), &includes_table, 0},
    {"errors",   JSON_PRESENT | JSON_APART,                  offsetof(struct x2_message, errors),   NULL, 0},
    {"title",    JSON_PRESENT | JSON_APART,                  offsetof(struct x2_message, title),    NULL, 0},
    {"detail",   JSON_PRESENT | JSON_APART,                  offsetof(struct x2_message, problem),  NULL, 0},
    {"type",     JSON_PRESENT | JSON_APART,                  offsetof(struct x2_message, problem),  NULL, 0},
    {"action",   JSON_TEXT | JSON_ONCE,                      offsetof(struct x2_message, action),   NULL, 0},
    {"meta",     JSON_PRESENT | JSON_APART,                  offsetof(struct x2_message, meta),     NULL, 0},
    FLAT("conversation_id"),
    FLAT("context_annotations"),
    FLAT("possibly_sensitive"),
    FLAT("reply_settings"),
    FLAT("edit_controls"),
    FLAT("__twarc"),
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_x2_shape_table = {message_fields,
                                                 sizeof(struct x2_message)};
