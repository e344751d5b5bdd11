// The decoder: turns the bytes of one message into posts.
//
// A message is a line, a WebSocket message or the data of a server-sent event. It
// contains posts (a page of X's API v2 contains many, deletions too); or it is a
// control message of the network, which is counted by kind; or it cannot be used: it is
// refused, and counted by reason. A refusal affects exactly that message, and in a page
// exactly that post. Several JSON documents one behind the other, perhaps with commas
// between them, and the elements of an array are decoded as a message each; text in
// place of a document is refused once (ingest/frames/array.h). No state is kept between
// messages: the same bytes always give the same posts.
//
// A message of a format has that format's whole signature: the fields that its posts
// require. A message that is only similar is refused as `format`.
//
// An invalid id, time or author, and an invalid id of a post that is referred to,
// refuse the post; X's ids contain a time, which replaces an invalid one. Anything else
// that is invalid (negative followers, one mention, the date of a post that is referred
// to, half a character in a text) is left out, or becomes U+FFFD, and is counted in
// `details`. If a value is given twice, for example an id as text and as number, one
// has to be valid. Of a key that occurs twice the last value counts; an id, time,
// author or reference that does is invalid. Of more than POST_LIST_MAX mentions or
// hashtags the first ones count. Values that programs write for an absent one count as
// absent: null and "", 0 and -1 where a post may refer to another one, false for an
// object, but not for a post that a native one refers to. An invalid `via` is absent.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "pipeline/post.h"

// clang-format off
// id, name, what it is
#define DECODE_FORMATS(X)                                                                  \
    X(AUTO,      "auto",      "detected for each message by its keys")                        \
    X(X1,        "x1",        "X v1.1 and Powerstream statuses and control messages")      \
    X(X2,        "x2",        "X API v2 stream objects and pages")                         \
    X(JETSTREAM, "jetstream", "Bluesky Jetstream messages, all three wire formats")               \
    X(MASTODON,  "mastodon",  "Mastodon statuses and streaming events")                    \
    X(POST,      "post",      "native posts")

// id, name, what happened
#define DECODE_CONTROLS(X)                                                                 \
    X(ACCOUNT,      "account",      "an account changed its state")                        \
    X(COMPLIANCE,   "compliance",   "a compliance record of X")                            \
    X(DISCONNECT,   "disconnect",   "the network is about to close the connection")                     \
    X(EMPTY,        "empty",        "a page without posts")                                \
    X(ERROR,        "error",        "the network reports an error")                        \
    X(FRIENDS,      "friends",      "a list of followed accounts")                         \
    X(IDENTITY,     "identity",     "an account changed its handle")                       \
    X(KEEP_ALIVE,   "keep_alive",   "a keep-alive without content")                      \
    X(LIKE,         "like",         "a like, which is not counted")                      \
    X(LIMIT,        "limit",        "X withheld posts that matched")                      \
    X(NOTIFICATION, "notification", "a notification or conversation of the own account")   \
    X(OTHER,        "other",        "a message that is not about posts")           \
    X(SCRUB_GEO,    "scrub_geo",    "locations are removed")                             \
    X(UNKNOWN_EVENT, "unknown_event", "an event of an unknown kind")                       \
    X(UNKNOWN_OPERATION, "unknown_operation", "an unknown operation on a post")            \
    X(UNKNOWN_STATE, "unknown_state", "an account that is in an unknown state")            \
    X(UPDATE,       "update",       "a new version of a post")     \
    X(WARNING,      "warning",      "a warning of the network, for example that it is read too slowly")  \
    X(WITHHELD,     "withheld",     "a post or user is hidden in some countries")

// id, name, what is wrong
#define DECODE_REASONS(X)                                                                  \
    X(JSON,      "json",      "broken JSON")                                               \
    X(UTF8,      "utf8",      "invalid UTF-8")                                             \
    X(TOO_DEEP,  "too_deep",  "nested too deeply")                                         \
    X(TOO_LONG,  "too_long",  "the message or an id is too long")                          \
    X(TOO_MANY,  "too_many",  "a list has too many elements")                              \
    X(REPEATED,  "repeated",  "an id, time, author or reference occurs twice")                           \
    X(VALUE,     "value",     "a field that is read has a bad value")                      \
    X(TIME,      "time",      "no time, or one that cannot be read")                       \
    X(MISSING,   "missing",   "the id, the author or the retweeted post is missing")                           \
    X(SELF,      "self",      "a post that refers to itself")                              \
    X(FORMAT,    "format",    "a JSON object of no known format")                          \
    X(MEMORY,    "memory",    "it needs more memory than a message may use")
// clang-format on

#define X(id, name, what) DECODE_##id,
enum decode_format { DECODE_FORMATS(X) DECODE_FORMAT_COUNT };
#undef X

#define X(id, name, what) DECODE_CONTROL_##id,
enum decode_control { DECODE_CONTROLS(X) DECODE_CONTROL_COUNT };
#undef X

#define X(id, name, what) DECODE_REASON_##id,
enum decode_reason { DECODE_REASON_NONE, DECODE_REASONS(X) DECODE_REASON_COUNT };
#undef X

enum decode_result {
    DECODE_POSTS,   // one or more posts
    DECODE_CONTROL, // nothing to count for anyone
    DECODE_REFUSED,
};

// The longest message that is read.
enum { DECODE_MESSAGE_MAX = 1 << 23 };

struct decode_metrics {
    uint64_t posts;     // returned, retweets included
    uint64_t deletions; // returned
    uint64_t details;   // left out of messages that could otherwise be used
    uint64_t control[DECODE_CONTROL_COUNT];
    uint64_t refused[DECODE_REASON_COUNT];
};

// One row per number above; ends with METRIC_END. The sum of the rows named
// cascaded_messages_refused_total is the number of refused messages and posts.
extern const struct metric decode_metric_rows[];

struct decoder;

// NULL with error set when the system has no memory. `error` may be NULL.
struct decoder *decoder_create(enum decode_format format, struct error *error);
void decoder_destroy(struct decoder **decoder);

// The next messages come from the source with this name, which is kept: the source's
// own ids of posts are valid within it (struct post, alias). Without this call there is
// no name, as for the files of a replay, which may be parts of one stream.
void decoder_name_source(struct decoder *decoder, struct slice source);

// Decodes one message. On DECODE_POSTS ret_posts and ret_count are set, on
// DECODE_REFUSED ret_reason. The message must be followed by JSON_PADDING
// (ingest/json/json.h) readable bytes, and must not change while the posts are used:
// they point into it and into the decoder, until the next call. Of a message with some
// invalid posts the valid ones are returned; the others are counted. The posts of a
// document are in the order of time (ingest/decode/decode_order.h). A leading byte
// order mark is skipped. An empty message and one that starts with ':' are keep-alives.
enum decode_result decoder_read(struct decoder *decoder, struct slice message,
                                const struct post **ret_posts, size_t *ret_count,
                                enum decode_reason *ret_reason);

// Decodes one server-sent event in the same way: its name (none or empty: a plain
// message) and its data. Mastodon's "delete" contains a bare id, not JSON.
enum decode_result decoder_read_event(struct decoder *decoder, struct slice event,
                                      struct slice data, const struct post **ret_posts,
                                      size_t *ret_count,
                                      enum decode_reason *ret_reason);

// The first reason for which something of the last message was refused.
enum decode_reason decoder_refusal(const struct decoder *decoder);

// Points into the decoder.
const struct decode_metrics *decoder_metrics(const struct decoder *decoder);
const char *decode_reason_name(enum decode_reason reason);
