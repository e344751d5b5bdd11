// The keys of a message of Mastodon that are read.

#include "ingest/decode/decode_mastodon_shape.h"

#include "ingest/decode/decode_parts.h"

#include <stddef.h>

// clang-format off
static const struct json_field account_fields[] = {
    {"id",              JSON_ID | JSON_ONCE,   offsetof(struct mastodon_account, id),              NULL, 0},
    {"uri",             JSON_TEXT | JSON_ONCE, offsetof(struct mastodon_account, uri),             NULL, 0},
    {"url",             JSON_TEXT | JSON_ONCE, offsetof(struct mastodon_account, url),             NULL, 0},
    {"acct",            JSON_TEXT,             offsetof(struct mastodon_account, acct),            NULL, 0},
    {"display_name",    JSON_TEXT,             offsetof(struct mastodon_account, display_name),    NULL, 0},
    {"followers_count", JSON_COUNT,            offsetof(struct mastodon_account, followers_count), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table account_table = {account_fields, sizeof(struct mastodon_account)};

static const struct json_field tag_fields[] = {
    {"name", JSON_TEXT, offsetof(struct mastodon_tag, name), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table tag_table = {tag_fields, sizeof(struct mastodon_tag)};

static const struct json_field card_fields[] = {
    {"url", JSON_TEXT, offsetof(struct mastodon_card, url), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table card_table = {card_fields, sizeof(struct mastodon_card)};

static const struct json_table inner_table;

static const struct json_table quote_table;

static const struct json_field pleroma_fields[] = {
    {"quote_id", JSON_ID | JSON_ONCE,      offsetof(struct mastodon_pleroma, quote_id), NULL,         0},
    {"quote",    JSON_STRUCT | JSON_VITAL, offsetof(struct mastodon_pleroma, quote),    &quote_table, 0},
    JSON_FIELD_END,
};
static const struct json_table pleroma_table = {pleroma_fields, sizeof(struct mastodon_pleroma)};

#define STATUS(name, kind, table, max) {#name, kind, offsetof(struct mastodon_toot, name), table, max}
#define STATUS_FIELDS                                        \
    STATUS(id,            JSON_ID | JSON_ONCE,      NULL,           0), \
    STATUS(uri,           JSON_TEXT | JSON_ONCE,    NULL,           0), \
    STATUS(created_at,    JSON_TEXT | JSON_ONCE,    NULL,           0), \
    STATUS(content,       JSON_TEXT,                NULL,           0), \
    STATUS(spoiler_text,  JSON_TEXT,                NULL,           0), \
    STATUS(language,      JSON_TEXT,                NULL,           0), \
    STATUS(quote_id,      JSON_ID | JSON_ONCE,      NULL,           0), \
    STATUS(reblogs_count, JSON_COUNT,               NULL,           0), \
    STATUS(quotes_count,  JSON_COUNT,               NULL,           0), \
    STATUS(quote,         JSON_STRUCT | JSON_VITAL, &quote_table,   0), \
    STATUS(pleroma,       JSON_STRUCT | JSON_VITAL, &pleroma_table, 0), \
    STATUS(card,          JSON_STRUCT,              &card_table,    0)

static const struct json_field quote_fields[] = {
    STATUS_FIELDS,
    STATUS(account,       JSON_STRUCT, &account_table, 0),
    {"state",            JSON_TEXT,                offsetof(struct mastodon_quote, state),            NULL, 0},
    {"quoted_status_id", JSON_ID | JSON_ONCE,      offsetof(struct mastodon_quote, quoted_status_id), NULL, 0},
    {"quoted_status",    JSON_STRUCT | JSON_VITAL, offsetof(struct mastodon_quote, quoted_status),    &inner_table, 0},
    JSON_FIELD_END,
};
static const struct json_table quote_table = {quote_fields, sizeof(struct mastodon_quote)};

static const struct json_field inner_fields[] = {
    STATUS_FIELDS,
    STATUS(account,       JSON_STRUCT, &account_table, 0),
    JSON_FIELD_END,
};
static const struct json_table inner_table = {inner_fields, sizeof(struct mastodon_toot)};

static const struct json_field message_fields[] = {
    STATUS_FIELDS,
    STATUS(account,                JSON_STRUCT | JSON_VITAL, &account_table, 0),
    STATUS(in_reply_to_id,         JSON_ID | JSON_ONCE,      NULL,           0),
    STATUS(in_reply_to_account_id, JSON_ID,                  NULL,           0),
    STATUS(reblog,                 JSON_STRUCT | JSON_VITAL, &inner_table,   0),
    STATUS(mentions,               JSON_STRUCTS,             &account_table, POST_LIST_MAX),
    STATUS(tags,                   JSON_STRUCTS,             &tag_table,     POST_LIST_MAX),
    {"event",   JSON_TEXT | JSON_ONCE, offsetof(struct mastodon_message, event),   NULL, 0},
    {"payload", JSON_ID | JSON_ONCE,   offsetof(struct mastodon_message, payload), NULL, 0},
    {"error",   JSON_PRESENT,          offsetof(struct mastodon_message, error),   NULL, 0},
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_mastodon_shape_table = {message_fields,
                                                       sizeof(struct mastodon_message)};
