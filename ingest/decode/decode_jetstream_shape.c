// The keys of a message of Bluesky's Jetstream that are read.

#include "ingest/decode/decode_jetstream_shape.h"

#include "ingest/decode/decode_parts.h"

#include <stddef.h>

// clang-format off
static const struct json_field link_fields[] = {
    {"uri", JSON_TEXT | JSON_ONCE, offsetof(struct jetstream_link, uri), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table link_table = {link_fields, sizeof(struct jetstream_link)};

static const struct json_field reply_fields[] = {
    {"parent", JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_reply, parent), &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table reply_table = {reply_fields, sizeof(struct jetstream_reply)};

static const struct json_field embedded_fields[] = {
    {"uri",    JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_embedded, uri),    NULL, 0},
    {"record", JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_embedded, record), &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table embedded_table = {embedded_fields, sizeof(struct jetstream_embedded)};

static const struct json_field media_fields[] = {
    {"external", JSON_STRUCT, offsetof(struct jetstream_media, external), &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table media_table = {media_fields, sizeof(struct jetstream_media)};

static const struct json_field embed_fields[] = {
    {"$type",    JSON_TEXT | JSON_VITAL, offsetof(struct jetstream_embed, type),     NULL, 0},
    {"record",   JSON_LATER | JSON_ONCE, offsetof(struct jetstream_embed, record),   &embedded_table, 0},
    {"external", JSON_STRUCT,            offsetof(struct jetstream_embed, external), &link_table, 0},
    {"media",    JSON_STRUCT,            offsetof(struct jetstream_embed, media),    &media_table, 0},
    JSON_FIELD_END,
};
static const struct json_table embed_table = {embed_fields, sizeof(struct jetstream_embed)};

static const struct json_field span_fields[] = {
    {"byteStart", JSON_COUNT, offsetof(struct jetstream_span, start), NULL, 0},
    {"byteEnd",   JSON_COUNT, offsetof(struct jetstream_span, end),   NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table span_table = {span_fields, sizeof(struct jetstream_span)};

static const struct json_field feature_fields[] = {
    {"$type", JSON_TEXT | JSON_ONCE, offsetof(struct jetstream_feature, type), NULL, 0},
    {"did",   JSON_TEXT | JSON_ONCE, offsetof(struct jetstream_feature, did),  NULL, 0},
    {"tag",   JSON_TEXT,             offsetof(struct jetstream_feature, tag),  NULL, 0},
    {"uri",   JSON_TEXT,             offsetof(struct jetstream_feature, uri),  NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table feature_table = {feature_fields, sizeof(struct jetstream_feature)};

static const struct json_field facet_fields[] = {
    {"index",    JSON_STRUCT,  offsetof(struct jetstream_facet, index),    &span_table, 0},
    {"features", JSON_STRUCTS, offsetof(struct jetstream_facet, features), &feature_table, POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table facet_table = {facet_fields, sizeof(struct jetstream_facet)};

static const struct json_field record_fields[] = {
    {"$type",   JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_record, type),    NULL, 0},
    {"text",    JSON_TEXT,                offsetof(struct jetstream_record, text),    NULL, 0},
    {"langs",   JSON_TEXTS,               offsetof(struct jetstream_record, langs),   NULL, POST_LIST_MAX},
    {"tags",    JSON_TEXTS,               offsetof(struct jetstream_record, tags),    NULL, POST_LIST_MAX},
    {"facets",  JSON_STRUCTS,             offsetof(struct jetstream_record, facets),  &facet_table, POST_LIST_MAX},
    {"reply",   JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_record, reply),   &reply_table, 0},
    {"embed",   JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_record, embed),   &embed_table, 0},
    {"subject", JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_record, subject), &link_table, 0},
    {"via",     JSON_STRUCT,              offsetof(struct jetstream_record, via),     &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table record_table = {record_fields, sizeof(struct jetstream_record)};

static const struct json_field commit_fields[] = {
    {"type",       JSON_TEXT | JSON_ONCE,  offsetof(struct jetstream_commit, type),       NULL, 0},
    {"operation",  JSON_TEXT | JSON_ONCE,  offsetof(struct jetstream_commit, operation),  NULL, 0},
    {"collection", JSON_TEXT | JSON_ONCE,  offsetof(struct jetstream_commit, collection), NULL, 0},
    {"rkey",       JSON_TEXT | JSON_ONCE,  offsetof(struct jetstream_commit, rkey),       NULL, 0},
    {"record",     JSON_LATER | JSON_ONCE, offsetof(struct jetstream_commit, record),     &record_table, 0},
    JSON_FIELD_END,
};
static const struct json_table commit_table = {commit_fields, sizeof(struct jetstream_commit)};

static const struct json_field identity_fields[] = {
    {"handle", JSON_TEXT, offsetof(struct jetstream_identity, handle), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table identity_table = {identity_fields, sizeof(struct jetstream_identity)};

static const struct json_field account_fields[] = {
    {"active", JSON_BOOL | JSON_VITAL, offsetof(struct jetstream_account, active), NULL, 0},
    {"status", JSON_TEXT,              offsetof(struct jetstream_account, status), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table account_table = {account_fields, sizeof(struct jetstream_account)};

static const struct json_field payload_fields[] = {
    {"$type",      JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, type),                 NULL, 0},
    {"did",        JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, did),                  NULL, 0},
    {"time",       JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, time),                 NULL, 0},
    {"operation",  JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, commit.operation),     NULL, 0},
    {"collection", JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, commit.collection),    NULL, 0},
    {"rkey",       JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_payload, commit.rkey),          NULL, 0},
    {"record",     JSON_LATER | JSON_ONCE,   offsetof(struct jetstream_payload, commit.record),        &record_table, 0},
    {"handle",     JSON_TEXT,                offsetof(struct jetstream_payload, flat_identity.handle), NULL, 0},
    {"active",     JSON_BOOL | JSON_VITAL,   offsetof(struct jetstream_payload, flat_account.active),  NULL, 0},
    {"status",     JSON_TEXT,                offsetof(struct jetstream_payload, flat_account.status),  NULL, 0},
    {"identity",   JSON_STRUCT,              offsetof(struct jetstream_payload, identity),             &identity_table, 0},
    {"account",    JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_payload, account),              &account_table, 0},
    JSON_FIELD_END,
};
static const struct json_table payload_table = {payload_fields, sizeof(struct jetstream_payload)};

static const struct json_field message_fields[] = {
    {"did",      JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_message, event.did),      NULL, 0},
    {"kind",     JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_message, event.kind),     NULL, 0},
    {"type",     JSON_TEXT | JSON_ONCE,    offsetof(struct jetstream_message, event.type),     NULL, 0},
    {"time_us",  JSON_COUNT | JSON_VITAL,  offsetof(struct jetstream_message, event.time_us),  NULL, 0},
    {"commit",   JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_message, event.commit),   &commit_table, 0},
    {"identity", JSON_STRUCT,              offsetof(struct jetstream_message, event.identity), &identity_table, 0},
    {"account",  JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_message, event.account),  &account_table, 0},
    {"payload",  JSON_STRUCT | JSON_VITAL, offsetof(struct jetstream_message, payload),        &payload_table, 0},
    {"error",    JSON_PRESENT,             offsetof(struct jetstream_message, error),          NULL, 0},
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_jetstream_shape_table = {
    message_fields, sizeof(struct jetstream_message)};
