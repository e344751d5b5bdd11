// What the decoders share: one message being read, and the small steps that all formats
// need.
//
// The first thing that is wrong with a post is remembered in `reason`; the steps after
// it go on with whatever they have, and the decoder looks once, at the end. Only
// decode*.c include this.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/usec.h"
#include "ingest/decode.h"
#include "ingest/json.h"
#include "pipeline/post.h"

struct decode_run {
    struct json *json;
    struct arena arena; // of one message
    struct decode_metrics metrics;
    enum decode_reason reason;  // what is wrong with the post at hand
    enum decode_reason refusal; // the first reason counted for this message

    struct slice source;
    bool is_opened;   // the message, or a part of it
    struct slice net; // "x:": what stands before this network's ids
    struct post *posts;
    size_t count;
    size_t capacity;
    struct post_user *mentions; // of the post at hand, reserved
    struct slice *hashtags;
};

// ---- the message ----

// Starts on the message or on a part of it, and reads it; false after remembering why
// not.
bool decode_run_open(struct decode_run *run, struct slice message);
bool decode_run_first_key(struct decode_run *run, const struct json_table *table,
                          size_t *ret_row);
bool decode_run_json(struct decode_run *run, const struct json_table *table, void *raw);
bool decode_run_later(struct decode_run *run, const struct json_later *later,
                      void *raw);

// A string that was left for later; none if it is absent.
struct slice decode_run_text(struct decode_run *run, const struct json_later *later);

// Makes room for `count` more posts; false if there is none.
bool decode_run_room(struct decode_run *run, size_t count);

// A new post, all absent, in that room. It is one of the message's posts once it is
// kept.
struct post *decode_run_post(struct decode_run *run);

// Checks what holds for all posts, then hands the post out or counts why not.
void decode_run_keep(struct decode_run *run);

// The message is not about posts.
void decode_run_control(struct decode_run *run, enum decode_control control);

// Something is wrong with the post at hand; only the first reason stays.
void decode_run_refuse(struct decode_run *run, enum decode_reason reason);

// Counts the reason if there is one, and forgets it.
void decode_run_settle(struct decode_run *run);

// ---- parts of a post; what is absent stays absent ----

// The network's prefix and the id; one that is empty, unusable or holds half a
// character is a bad value. X's ids are decimal numbers.
struct slice decode_run_id(struct decode_run *run, struct slice id);
struct slice decode_run_number_id(struct decode_run *run, struct slice id);
// An id as it is, limits checked.
struct slice decode_run_whole_id(struct decode_run *run, struct slice id);

// What a post points at, if it does: programs write an empty text, 0 or -1 for none.
// Empty becomes none, and of X's numbers these too.
struct slice decode_run_target(struct slice id);
struct slice decode_run_number_target(struct slice id);

// An id that says only who somebody is, as of a mention: one that cannot be used is
// none, and a dropped detail.
typedef struct slice (*decode_run_id_fn)(struct decode_run *run, struct slice id);
struct slice decode_run_detail_id(struct decode_run *run, decode_run_id_fn make,
                                  struct slice id);

// A part of the post is left out. One of another type was counted by the reader.
void decode_run_drop(struct decode_run *run);
void decode_run_drop_text(struct decode_run *run, struct slice text);

// A display name or language; an empty one is none. One that is too long is none, and a
// dropped detail. A handle comes without "@".
struct slice decode_run_name(struct decode_run *run, struct slice name);
struct slice decode_run_handle(struct decode_run *run, struct slice handle);

// The id of a user known by handle only: net "x:" and "Ann" give "x:@ann".
struct slice decode_run_handle_id(struct decode_run *run, struct slice net,
                                  struct slice handle);

// A number that no account has is none, and a dropped detail.
void decode_run_followers(struct decode_run *run, struct post_user *user,
                          struct json_count followers);

// What the platform itself counted: the sum of both, given if one of them is.
uint64_t decode_run_reported(struct decode_run *run, struct json_count retweets,
                             struct json_count quotes, bool *ret_given);

// Hangs the quoted post below `ref`, unless it is absent. It must not be `ref` itself.
void decode_run_quote(struct decode_run *run, struct post_ref *ref,
                      const struct post_ref *quote);

// RFC 3339; USEC_NONE if absent. One that cannot be read refuses the post; of a post
// that is pointed at it is none, and a dropped detail.
usec decode_run_time(struct decode_run *run, struct slice text);
usec decode_run_detail_time(struct decode_run *run, struct slice text);

// When X made this id; USEC_NONE for ids older than 2010-11-04, which do not say.
usec decode_run_snowflake(struct slice id);

// Milliseconds as microseconds, from an integer or digits; USEC_NONE: none. False: bad.
bool decode_run_milliseconds(struct json_scalar milliseconds, usec *ret_time);

// The first that is given, an empty one only if the other one is empty too.
struct slice decode_run_first(struct slice a, struct slice b);

// The number that the decimal digits are; false if there are none, others or too many.
bool decode_run_number(struct slice digits, uint64_t *ret_number);

// ---- mentions and hashtags of the post at hand ----

// Reserves room for so many.
void decode_run_mentions(struct decode_run *run, struct post *post, size_t count);
void decode_run_hashtags(struct decode_run *run, struct post *post, size_t count);

// Adds one: a user without id and an empty hashtag are left out.
void decode_run_mention(struct decode_run *run, struct post *post,
                        const struct post_user *user);
void decode_run_hashtag(struct decode_run *run, struct post *post,
                        struct slice hashtag);

// Finds them in the post's text. The users are known by handle only, unless `who` (may
// be NULL) knows the id of one; it returns none if not.
typedef struct slice (*decode_run_who_fn)(struct decode_run *run, const void *context,
                                          struct slice handle);
void decode_run_find_mentions(struct decode_run *run, struct post *post,
                              decode_run_who_fn who, const void *context);
void decode_run_find_hashtags(struct decode_run *run, struct post *post);
