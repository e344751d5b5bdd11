// Bluesky's Jetstream, three wire formats with the same content: that of 2024 ("type":
// "com", one-letter operations), the one after it ("kind": "commit"), and
// subscribeEvents, which wraps an event in {"$type": "message", "payload": …} and has
// the time as text.

#include "ingest/decode/decode_parts.h"

#include "base/usec.h"
#include "ingest/decode/decode_at.h"
#include "ingest/decode/decode_campaigns.h"
#include "ingest/decode/decode_jetstream_shape.h"
#include "ingest/text/text.h"

#include <stddef.h>
#include <string.h>

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
uri_of(const struct jetstream_link *link)
{
    return link != NULL ? link->uri : SLICE_NONE;
}

// The repost through which a repost came. It may be absent, and an invalid one is: the
// repost counts without it.
static struct post_ref
make_via(struct decode_run *run, const struct jetstream_link *via)
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
make_quote(struct decode_run *run, const struct jetstream_embed *embed)
{
    struct jetstream_embedded embedded = {.uri = SLICE_NONE};
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
handle_at(struct slice text, const struct jetstream_span *span)
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
add_feature(struct decode_run *run, struct post *post,
            const struct jetstream_facet *facet,
            const struct jetstream_feature *feature)
{
    if (slice_equal(feature->type, SLICE_LIT("app.bsky.richtext.facet#tag"))) {
        decode_run_hashtag(run, post, feature->tag);
    }
    if (slice_equal(feature->type, SLICE_LIT("app.bsky.richtext.facet#link"))) {
        post->campaigns.found |= decode_campaigns_of_address(run, feature->uri);
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
add_facets(struct decode_run *run, struct post *post,
           const struct jetstream_record *record)
{
    const struct jetstream_facet *facets = record->facets.items;
    const struct slice *tags = record->tags.items;
    size_t count = 0;
    for (size_t i = 0; i < record->facets.count; i++) {
        count += facets[i].features.count;
    }
    decode_run_mentions(run, post, count);
    decode_run_hashtags(run, post, count + record->tags.count);
    for (size_t i = 0; i < record->facets.count; i++) {
        const struct jetstream_feature *features = facets[i].features.items;
        for (size_t k = 0; k < facets[i].features.count; k++) {
            add_feature(run, post, &facets[i], &features[k]);
        }
    }
    for (size_t i = 0; i < record->tags.count; i++) {
        decode_run_hashtag(run, post, tags[i]);
    }
}

// The campaigns of the card below the text, which shows a link that the text need not
// contain.
static uint64_t
shown_by(struct decode_run *run, const struct jetstream_embed *embed)
{
    if (embed == NULL) {
        return 0;
    }
    const struct jetstream_media *media = embed->media;
    return decode_campaigns_of_address(run, uri_of(embed->external)) |
           decode_campaigns_of_address(run,
                                       uri_of(media != NULL ? media->external : NULL));
}

static void
add_record(struct decode_run *run, struct post *post,
           const struct jetstream_record *record)
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
    decode_campaigns_of_post(run, post, shown_by(run, record->embed));
}

static usec
time_of(struct decode_run *run, const struct jetstream_event *event)
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
keep_commit(struct decode_run *run, const struct jetstream_event *event,
            bool is_deletion)
{
    const struct jetstream_commit *commit = event->commit;
    const struct decode_at at = {text_trim(event->did), commit->collection,
                                 text_trim(commit->rkey)};
    struct jetstream_record record;
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
read_commit(struct decode_run *run, const struct jetstream_event *event)
{
    const struct jetstream_commit *commit = event->commit;
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
make_change(struct decode_run *run, const struct jetstream_event *event,
            enum post_kind kind)
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
read_identity(struct decode_run *run, const struct jetstream_event *event)
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

// When the account was gone; no time if it cannot be read.
static usec
time_of_change(struct decode_run *run, const struct jetstream_event *event)
{
    if (!event->time_us.is_given) {
        return decode_run_detail_time(run, event->time);
    }
    return event->time_us.value <= INT64_MAX ? (usec)event->time_us.value : USEC_NONE;
}

static void
withdraw(struct decode_run *run, const struct jetstream_event *event)
{
    struct post *post = make_change(run, event, POST_WITHDRAWN);
    post->time = time_of_change(run, event);
    decode_run_keep(run);
}

// A person who has only deactivated the account may return at any time with all posts.
// The last two states are those of a server, not of a person.
static void
read_account(struct decode_run *run, const struct jetstream_event *event)
{
    static const struct jetstream_account none = {.active = true};
    static const struct slice gone[] = {
        {"deleted", 7}, {"takendown", 9}, {"suspended", 9}};
    static const struct slice others[] = {
        {"", 0}, {"deactivated", 11}, {"desynchronized", 14}, {"throttled", 9}};
    const struct jetstream_account *account =
        event->account != NULL ? event->account : &none;
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
read_other(struct decode_run *run, const struct jetstream_event *event,
           struct slice kind)
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
read_event(struct decode_run *run, const struct jetstream_event *event)
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
    struct jetstream_message message;
    if (!decode_run_json(run, &decode_jetstream_shape_table, &message) ||
        !decode_run_room(run, 1)) {
        return;
    }
    const struct jetstream_payload *payload = message.payload;
    if (message.error) {
        decode_run_control(run, DECODE_CONTROL_ERROR);
    } else if (payload != NULL) {
        const struct jetstream_event event = {
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
