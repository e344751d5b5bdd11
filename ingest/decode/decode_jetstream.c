// Bluesky's Jetstream, three wire formats with the same content: that of 2024 ("type":
// "com", one-letter operations), the one after it ("kind": "commit"), and
// subscribeEvents, which wraps an event in {"$type": "message", "payload": …} and has
// the time as text.

#include "ingest/decode/decode_parts.h"

#include "base/usec.h"
#include "ingest/decode/decode_at.h"
#include "ingest/text/text.h"

#include <stddef.h>
#include <string.h>

struct link {
    struct slice uri;
};

struct reply {
    const struct link *parent;
};

// `record` here and below is the quoted record, with or without media around it.
struct embedded {
    struct slice uri;
    const struct link *record;
};

struct embed {
    struct slice type;
    struct json_later record; // struct embedded
};

struct span {
    struct json_count start;
    struct json_count end;
};

struct feature {
    struct slice type;
    struct slice did;
    struct slice tag;
};

struct facet {
    const struct span *index;
    struct json_list features;
};

// A post or a repost.
struct record {
    struct slice type;
    struct slice text;
    struct json_list langs; // struct slice
    struct json_list tags;  // struct slice
    struct json_list facets;
    const struct reply *reply;
    const struct embed *embed;
    const struct link *subject;
    const struct link *via;
};

struct commit {
    struct slice type;
    struct slice operation;
    struct slice collection;
    struct slice rkey;
    struct json_later record;
};

struct identity {
    struct slice handle;
};

struct account {
    bool active;
    struct slice status;
};

struct event {
    struct slice did;
    struct slice kind;
    struct slice type; // "kind" in 2024
    struct json_count time_us;
    struct slice time;
    const struct commit *commit;
    const struct identity *identity;
    const struct account *account;
};

struct payload {
    struct slice type;
    struct slice did;
    struct slice time;
    struct commit commit;
    struct identity flat_identity;
    struct account flat_account;
    const struct identity *identity;
    const struct account *account;
};

struct message {
    struct event event;
    const struct payload *payload;
    bool error;
};

// clang-format off
static const struct json_field link_fields[] = {
    {"uri", JSON_TEXT | JSON_ONCE, offsetof(struct link, uri), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table link_table = {link_fields, sizeof(struct link)};

static const struct json_field reply_fields[] = {
    {"parent", JSON_STRUCT | JSON_VITAL, offsetof(struct reply, parent), &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table reply_table = {reply_fields, sizeof(struct reply)};

static const struct json_field embedded_fields[] = {
    {"uri",    JSON_TEXT | JSON_ONCE,    offsetof(struct embedded, uri),    NULL, 0},
    {"record", JSON_STRUCT | JSON_VITAL, offsetof(struct embedded, record), &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table embedded_table = {embedded_fields, sizeof(struct embedded)};

static const struct json_field embed_fields[] = {
    {"$type",  JSON_TEXT | JSON_VITAL, offsetof(struct embed, type),   NULL, 0},
    {"record", JSON_LATER | JSON_ONCE, offsetof(struct embed, record), &embedded_table, 0},
    JSON_FIELD_END,
};
static const struct json_table embed_table = {embed_fields, sizeof(struct embed)};

static const struct json_field span_fields[] = {
    {"byteStart", JSON_COUNT, offsetof(struct span, start), NULL, 0},
    {"byteEnd",   JSON_COUNT, offsetof(struct span, end),   NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table span_table = {span_fields, sizeof(struct span)};

static const struct json_field feature_fields[] = {
    {"$type", JSON_TEXT | JSON_ONCE, offsetof(struct feature, type), NULL, 0},
    {"did",   JSON_TEXT | JSON_ONCE, offsetof(struct feature, did),  NULL, 0},
    {"tag",   JSON_TEXT,             offsetof(struct feature, tag),  NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table feature_table = {feature_fields, sizeof(struct feature)};

static const struct json_field facet_fields[] = {
    {"index",    JSON_STRUCT,  offsetof(struct facet, index),    &span_table, 0},
    {"features", JSON_STRUCTS, offsetof(struct facet, features), &feature_table, POST_LIST_MAX},
    JSON_FIELD_END,
};
static const struct json_table facet_table = {facet_fields, sizeof(struct facet)};

static const struct json_field record_fields[] = {
    {"$type",   JSON_TEXT | JSON_ONCE,    offsetof(struct record, type),    NULL, 0},
    {"text",    JSON_TEXT,                offsetof(struct record, text),    NULL, 0},
    {"langs",   JSON_TEXTS,               offsetof(struct record, langs),   NULL, POST_LIST_MAX},
    {"tags",    JSON_TEXTS,               offsetof(struct record, tags),    NULL, POST_LIST_MAX},
    {"facets",  JSON_STRUCTS,             offsetof(struct record, facets),  &facet_table, POST_LIST_MAX},
    {"reply",   JSON_STRUCT | JSON_VITAL, offsetof(struct record, reply),   &reply_table, 0},
    {"embed",   JSON_STRUCT | JSON_VITAL, offsetof(struct record, embed),   &embed_table, 0},
    {"subject", JSON_STRUCT | JSON_VITAL, offsetof(struct record, subject), &link_table, 0},
    {"via",     JSON_STRUCT,              offsetof(struct record, via),     &link_table, 0},
    JSON_FIELD_END,
};
static const struct json_table record_table = {record_fields, sizeof(struct record)};

static const struct json_field commit_fields[] = {
    {"type",       JSON_TEXT | JSON_ONCE,  offsetof(struct commit, type),       NULL, 0},
    {"operation",  JSON_TEXT | JSON_ONCE,  offsetof(struct commit, operation),  NULL, 0},
    {"collection", JSON_TEXT | JSON_ONCE,  offsetof(struct commit, collection), NULL, 0},
    {"rkey",       JSON_TEXT | JSON_ONCE,  offsetof(struct commit, rkey),       NULL, 0},
    {"record",     JSON_LATER | JSON_ONCE, offsetof(struct commit, record),     &record_table, 0},
    JSON_FIELD_END,
};
static const struct json_table commit_table = {commit_fields, sizeof(struct commit)};

static const struct json_field identity_fields[] = {
    {"handle", JSON_TEXT, offsetof(struct identity, handle), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table identity_table = {identity_fields, sizeof(struct identity)};

static const struct json_field account_fields[] = {
    {"active", JSON_BOOL | JSON_VITAL, offsetof(struct account, active), NULL, 0},
    {"status", JSON_TEXT,              offsetof(struct account, status), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table account_table = {account_fields, sizeof(struct account)};

static const struct json_field payload_fields[] = {
    {"$type",      JSON_TEXT | JSON_ONCE,    offsetof(struct payload, type),                 NULL, 0},
    {"did",        JSON_TEXT | JSON_ONCE,    offsetof(struct payload, did),                  NULL, 0},
    {"time",       JSON_TEXT | JSON_ONCE,    offsetof(struct payload, time),                 NULL, 0},
    {"operation",  JSON_TEXT | JSON_ONCE,    offsetof(struct payload, commit.operation),     NULL, 0},
    {"collection", JSON_TEXT | JSON_ONCE,    offsetof(struct payload, commit.collection),    NULL, 0},
    {"rkey",       JSON_TEXT | JSON_ONCE,    offsetof(struct payload, commit.rkey),          NULL, 0},
    {"record",     JSON_LATER | JSON_ONCE,   offsetof(struct payload, commit.record),        &record_table, 0},
    {"handle",     JSON_TEXT,                offsetof(struct payload, flat_identity.handle), NULL, 0},
    {"active",     JSON_BOOL | JSON_VITAL,   offsetof(struct payload, flat_account.active),  NULL, 0},
    {"status",     JSON_TEXT,                offsetof(struct payload, flat_account.status),  NULL, 0},
    {"identity",   JSON_STRUCT,              offsetof(struct payload, identity),             &identity_table, 0},
    {"account",    JSON_STRUCT | JSON_VITAL, offsetof(struct payload, account),              &account_table, 0},
    JSON_FIELD_END,
};
static const struct json_table payload_table = {payload_fields, sizeof(struct payload)};

static const struct json_field message_fields[] = {
    {"did",      JSON_TEXT | JSON_ONCE,    offsetof(struct message, event.did),      NULL, 0},
    {"kind",     JSON_TEXT | JSON_ONCE,    offsetof(struct message, event.kind),     NULL, 0},
    {"type",     JSON_TEXT | JSON_ONCE,    offsetof(struct message, event.type),     NULL, 0},
    {"time_us",  JSON_COUNT | JSON_VITAL,  offsetof(struct message, event.time_us),  NULL, 0},
    {"commit",   JSON_STRUCT | JSON_VITAL, offsetof(struct message, event.commit),   &commit_table, 0},
    {"identity", JSON_STRUCT,              offsetof(struct message, event.identity), &identity_table, 0},
    {"account",  JSON_STRUCT | JSON_VITAL, offsetof(struct message, event.account),  &account_table, 0},
    {"payload",  JSON_STRUCT | JSON_VITAL, offsetof(struct message, payload),        &payload_table, 0},
    {"error",    JSON_PRESENT,             offsetof(struct message, error),          NULL, 0},
    JSON_FIELD_END,
};
// clang-format on

const struct json_table decode_jetstream_table = {message_fields,
                                                  sizeof(struct message)};

#define POSTS SLICE_LIT("app.bsky.feed.post")
#define REPOSTS SLICE_LIT("app.bsky.feed.repost")

static bool
is_either(struct slice text, struct slice a, struct slice b)
{
    return slice_equal(text, a) || slice_equal(text, b);
}

// "bsky:at://did/collection/rkey", or none if a part is missing.
static struct slice
record_id(struct decode_run *run, const struct decode_at *at)
{
    const struct slice slash = SLICE_LIT("/");
    struct arena *arena = &run->arena;
    if (slice_is_none(at->did) || slice_is_none(at->collection) ||
        slice_is_none(at->rkey)) {
        return SLICE_NONE;
    }
    if (!decode_at_check(at)) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
        return SLICE_NONE;
    }
    struct slice id = arena_join(arena, SLICE_LIT("at://"), at->did);
    id = arena_join(arena, arena_join(arena, id, slash), at->collection);
    id = arena_join(arena, arena_join(arena, id, slash), at->rkey);
    return decode_run_id(run, id);
}

// The record that the link refers to, if it is one of `collection`; else the reference
// is absent.
static struct post_ref
make_ref(struct decode_run *run, struct slice uri, struct slice collection)
{
    struct post_ref ref = {.created = USEC_NONE};
    struct decode_at at;
    uri = text_trim(decode_run_target(uri));
    if (slice_is_none(uri)) {
        return ref;
    }
    if (!decode_at_parse(uri, &at)) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
        return ref;
    }
    if (slice_equal(at.collection, collection)) {
        ref.id = decode_run_id(run, uri);
        ref.author.id = decode_run_id(run, at.did);
    }
    return ref;
}

static struct slice
uri_of(const struct link *link)
{
    return link != NULL ? link->uri : SLICE_NONE;
}

// The repost through which a repost came. It may be absent, and an invalid one is: the
// repost counts without it.
static struct post_ref
make_via(struct decode_run *run, const struct link *via)
{
    struct decode_at at;
    struct slice uri = text_trim(decode_run_target(uri_of(via)));
    if (!slice_is_none(uri) && !decode_at_parse(uri, &at)) {
        decode_run_drop_text(run, uri);
        uri = SLICE_NONE;
    }
    return make_ref(run, uri, REPOSTS);
}

// Lists, feeds and starter packs are embedded in the same way, but are not posts.
static struct post_ref
make_quote(struct decode_run *run, const struct embed *embed)
{
    struct embedded embedded = {.uri = SLICE_NONE};
    if (embed != NULL && embed->record.place != NULL &&
        is_either(embed->type, SLICE_LIT("app.bsky.embed.record"),
                  SLICE_LIT("app.bsky.embed.recordWithMedia"))) {
        (void)decode_run_later(run, &embed->record, &embedded);
    }
    return make_ref(run, decode_run_first(embedded.uri, uri_of(embedded.record)),
                    POSTS);
}

// "@ann.example" as in the text; none if the text differs.
static struct slice
handle_at(struct slice text, const struct span *span)
{
    static const char others[] = ".-";
    if (span == NULL || !span->start.is_given || span->end.value > text.len ||
        span->start.value + 1 >= span->end.value ||
        text.ptr[span->start.value] != '@') {
        return SLICE_NONE;
    }
    struct slice handle = {text.ptr + span->start.value + 1,
                           (size_t)(span->end.value - span->start.value - 1)};
    return decode_at_consists_of(handle, others) ? handle : SLICE_NONE;
}

static void
add_feature(struct decode_run *run, struct post *post, const struct facet *facet,
            const struct feature *feature)
{
    if (slice_equal(feature->type, SLICE_LIT("app.bsky.richtext.facet#tag"))) {
        decode_run_hashtag(run, post, feature->tag);
    }
    if (!slice_equal(feature->type, SLICE_LIT("app.bsky.richtext.facet#mention")) ||
        feature->did.len == 0) {
        return;
    }
    if (!decode_at_is_did(text_trim(feature->did))) {
        decode_run_drop(run);
        return;
    }
    struct post_user user = {
        .id = decode_run_detail_id(run, decode_run_id, feature->did),
        .handle = decode_run_handle(run, handle_at(post->text, facet->index))};
    decode_run_mention(run, post, &user);
}

static void
add_facets(struct decode_run *run, struct post *post, const struct record *record)
{
    const struct facet *facets = record->facets.items;
    const struct slice *tags = record->tags.items;
    size_t count = 0;
    for (size_t i = 0; i < record->facets.count; i++) {
        count += facets[i].features.count;
    }
    decode_run_mentions(run, post, count);
    decode_run_hashtags(run, post, count + record->tags.count);
    for (size_t i = 0; i < record->facets.count; i++) {
        const struct feature *features = facets[i].features.items;
        for (size_t k = 0; k < facets[i].features.count; k++) {
            add_feature(run, post, &facets[i], &features[k]);
        }
    }
    for (size_t i = 0; i < record->tags.count; i++) {
        decode_run_hashtag(run, post, tags[i]);
    }
}

static void
add_record(struct decode_run *run, struct post *post, const struct record *record)
{
    const struct slice *langs = record->langs.items;
    if (post->kind == POST_RETWEETED) {
        struct post_ref via = make_via(run, record->via);
        post->retweet_of = make_ref(run, uri_of(record->subject), POSTS);
        post->via = via.id;
        post->via_author = via.author.id;
        return;
    }
    if (record->langs.count != 0) {
        post->lang = decode_run_name(run, langs[0]);
    }
    if (record->reply != NULL) {
        post->reply_to = make_ref(run, uri_of(record->reply->parent), POSTS);
    }
    post->text = record->text;
    post->quote = make_quote(run, record->embed);
    add_facets(run, post, record);
}

static usec
time_of(struct decode_run *run, const struct event *event)
{
    if (!event->time_us.is_given) {
        return decode_run_time(run, event->time);
    }
    if (event->time_us.value > INT64_MAX) {
        decode_run_refuse(run, DECODE_REASON_TIME);
    }
    return (usec)event->time_us.value;
}

static void
keep_commit(struct decode_run *run, const struct event *event, bool is_deletion)
{
    const struct commit *commit = event->commit;
    const struct decode_at at = {text_trim(event->did), commit->collection,
                                 text_trim(commit->rkey)};
    struct record record;
    struct post *post = decode_run_post(run);
    post->id = record_id(run, &at);
    if (is_deletion) {
        post->kind = POST_DELETED;
    } else {
        post->kind =
            slice_equal(commit->collection, REPOSTS) ? POST_RETWEETED : POST_PUBLISHED;
        post->time = time_of(run, event);
        post->author.id = decode_run_id(run, event->did);
        if (commit->record.place == NULL) {
            decode_run_refuse(run, DECODE_REASON_MISSING);
        } else if (decode_run_later(run, &commit->record, &record)) {
            if (record.type.len != 0 && !slice_equal(record.type, commit->collection)) {
                decode_run_refuse(run, DECODE_REASON_VALUE);
            }
            add_record(run, post, &record);
        }
    }
    decode_run_keep(run);
}

static void
read_commit(struct decode_run *run, const struct event *event)
{
    const struct commit *commit = event->commit;
    struct slice operation =
        decode_run_word(run, decode_run_first(commit->operation, commit->type));
    if (commit->collection.len == 0 || operation.len == 0) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    } else if (slice_equal(commit->collection, SLICE_LIT("app.bsky.feed.like"))) {
        decode_run_control(run, DECODE_CONTROL_LIKE);
    } else if (!is_either(commit->collection, POSTS, REPOSTS)) {
        decode_run_control(run, DECODE_CONTROL_OTHER);
    } else if (is_either(operation, SLICE_LIT("create"), SLICE_LIT("c"))) {
        keep_commit(run, event, false);
    } else if (is_either(operation, SLICE_LIT("delete"), SLICE_LIT("d"))) {
        keep_commit(run, event, true);
    } else if (is_either(operation, SLICE_LIT("update"), SLICE_LIT("u"))) {
        decode_run_control(run, DECODE_CONTROL_UPDATE);
    } else {
        decode_run_control(run, DECODE_CONTROL_UNKNOWN_OPERATION);
    }
}

// A change of the account itself.
static struct post *
make_change(struct decode_run *run, const struct event *event, enum post_kind kind)
{
    struct post *post = decode_run_post(run);
    post->kind = kind;
    post->author.id = decode_run_id(run, event->did);
    if (!slice_is_none(event->did) && !decode_at_is_did(text_trim(event->did))) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    }
    return post;
}

// Often the handle is absent, or a placeholder for one that could not be verified.
static void
read_identity(struct decode_run *run, const struct event *event)
{
    struct slice handle = decode_run_handle(
        run, event->identity != NULL ? event->identity->handle : SLICE_NONE);
    if (handle.len == 0 || slice_equal(handle, SLICE_LIT("handle.invalid"))) {
        decode_run_control(run, DECODE_CONTROL_IDENTITY);
        return;
    }
    struct post *post = make_change(run, event, POST_RENAMED);
    post->author.handle = handle;
    decode_run_keep(run);
}

static void
withdraw(struct decode_run *run, const struct event *event)
{
    (void)make_change(run, event, POST_WITHDRAWN);
    decode_run_keep(run);
}

// A person who has only deactivated the account may return at any time with all posts.
// The last two states are those of a server, not of a person.
static void
read_account(struct decode_run *run, const struct event *event)
{
    static const struct account none = {.active = true};
    static const struct slice gone[] = {
        {"deleted", 7}, {"takendown", 9}, {"suspended", 9}};
    static const struct slice others[] = {
        {"", 0}, {"deactivated", 11}, {"desynchronized", 14}, {"throttled", 9}};
    const struct account *account = event->account != NULL ? event->account : &none;
    struct slice status = decode_run_word(run, account->status);
    if (account->active ||
        slice_is_one_of(status, others, sizeof(others) / sizeof(others[0]))) {
        decode_run_control(run, DECODE_CONTROL_ACCOUNT);
    } else if (slice_is_one_of(status, gone, sizeof(gone) / sizeof(gone[0]))) {
        withdraw(run, event);
    } else {
        decode_run_control(run, DECODE_CONTROL_UNKNOWN_STATE);
    }
}

// Kinds of the firehose that Jetstream leaves out, but other programs pass on: the
// first three were replaced by accounts and identities.
static void
read_other(struct decode_run *run, const struct event *event, struct slice kind)
{
    static const struct slice others[] = {{"migrate", 7}, {"sync", 4}, {"info", 4}};
    if (slice_equal(kind, SLICE_LIT("tombstone"))) {
        withdraw(run, event);
    } else if (slice_equal(kind, SLICE_LIT("handle"))) {
        read_identity(run, event);
    } else if (slice_is_one_of(kind, others, sizeof(others) / sizeof(others[0]))) {
        decode_run_control(run, DECODE_CONTROL_OTHER);
    } else {
        decode_run_control(run, DECODE_CONTROL_UNKNOWN_EVENT);
    }
}

static void
read_event(struct decode_run *run, const struct event *event)
{
    struct slice kind =
        decode_run_word(run, decode_run_first(event->kind, event->type));
    if (kind.len == 0) {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    } else if (is_either(kind, SLICE_LIT("identity"), SLICE_LIT("id"))) {
        read_identity(run, event);
    } else if (is_either(kind, SLICE_LIT("account"), SLICE_LIT("acc"))) {
        read_account(run, event);
    } else if (!is_either(kind, SLICE_LIT("commit"), SLICE_LIT("com"))) {
        read_other(run, event, kind);
    } else if (event->commit == NULL) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    } else {
        read_commit(run, event);
    }
}

// The part of "network.bsky.jetstream.subscribeEvents#commit" after the "#".
static struct slice
fragment(struct slice type)
{
    const char *at = type.len != 0 ? memchr(type.ptr, '#', type.len) : NULL;
    if (at == NULL) {
        return SLICE_NONE;
    }
    return (struct slice){at + 1, (size_t)(type.ptr + type.len - at) - 1};
}

void
decode_jetstream_read(struct decode_run *run)
{
    struct message message;
    if (!decode_run_json(run, &decode_jetstream_table, &message) ||
        !decode_run_room(run, 1)) {
        return;
    }
    const struct payload *payload = message.payload;
    if (message.error) {
        decode_run_control(run, DECODE_CONTROL_ERROR);
    } else if (payload != NULL) {
        const struct event event = {
            .did = payload->did,
            .kind = fragment(payload->type),
            .time = payload->time,
            .commit = &payload->commit,
            .identity =
                payload->identity != NULL ? payload->identity : &payload->flat_identity,
            .account =
                payload->account != NULL ? payload->account : &payload->flat_account};
        read_event(run, &event);
    } else if (message.event.commit == NULL &&
               (slice_is_none(message.event.did) || !message.event.time_us.is_given)) {
        decode_run_refuse(run, DECODE_REASON_FORMAT);
    } else {
        read_event(run, &message.event);
    }
}
