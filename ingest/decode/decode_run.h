// Shared by the decoders: the state of one message, and the steps that all formats
// need.
//
// The first fault of a post is stored in `reason`; later steps continue with what is
// valid, and the decoder checks `reason` once, at the end. Only decode*.c include this.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/usec.h"
#include "ingest/decode/decode.h"
#include "ingest/json/json.h"
#include "pipeline/post.h"

struct campaign_words;

struct decode_run {
    struct json *json;
    struct arena arena; // of one message
    struct decode_metrics metrics;
    enum decode_reason reason;   // the fault of the current post
    enum decode_reason refusal;  // the first reason counted for this message
    struct slice event, payload; // of an envelope, still to be read; or none
    struct slice source;
    bool is_opened;   // the message, or a part of it
    struct slice net; // "x:": the prefix of the ids of this network
    struct post *posts;
    size_t count;
    size_t capacity;
    struct post_user *mentions; // of the current post, reserved
    struct slice *hashtags;
    const struct campaign_words *campaigns; // NULL: none are looked for
};

// ---- the message ----

// Starts reading the message or a part of it; false with the reason set.
bool decode_run_open(struct decode_run *run, struct slice message);
bool decode_run_first_key(struct decode_run *run, const struct json_table *table,
                          size_t *ret_row);
bool decode_run_json(struct decode_run *run, const struct json_table *table, void *raw);
bool decode_run_later(struct decode_run *run, const struct json_later *later,
                      void *raw);
// A string that was read as JSON_LATER; none if it is absent.
struct slice decode_run_text(struct decode_run *run, const struct json_later *later);
// Counts the unusable elements of a JSON_APART list as refused posts.
void decode_run_lost(struct decode_run *run, const struct json_list *list);

// Makes room for `count` more posts; false if there is none.
bool decode_run_room(struct decode_run *run, size_t count);

// A new post, all absent, in that room; decode_run_keep makes it one of the message's.
struct post *decode_run_post(struct decode_run *run);
// Checks what holds for all posts, then adds the post or counts the reason.
void decode_run_keep(struct decode_run *run);

// The message is a control message.
void decode_run_control(struct decode_run *run, enum decode_control control);
// The current post is invalid; only the first reason is kept.
void decode_run_refuse(struct decode_run *run, enum decode_reason reason);
// Counts the reason if there is one, and clears it.
void decode_run_settle(struct decode_run *run);

// ---- parts of a post; absent ones stay absent ----

// The network's prefix and the id without white space around it. An id that is empty,
// unusable or contains half a character is invalid. X's: numbers, no zero in front.
struct slice decode_run_id(struct decode_run *run, struct slice id);
struct slice decode_run_number_id(struct decode_run *run, struct slice id);
// An id with its network, under the same rules. "@ann" is a handle: invalid.
struct slice decode_run_whole_id(struct decode_run *run, struct slice id);

// An empty text, and where ids are numbers also 0 and negative ones, become none:
// programs write these for an absent id. decode_run_number_id has the same rule.
struct slice decode_run_target(struct slice id);
struct slice decode_run_number_target(struct slice id);

// The id of a person, as in a mention: an invalid one is none, and a dropped detail.
typedef struct slice (*decode_run_id_fn)(struct decode_run *run, struct slice id);
struct slice decode_run_detail_id(struct decode_run *run, decode_run_id_fn make,
                                  struct slice id);

// Counts a part of the post as left out. The reader counts parts of another type.
void decode_run_drop(struct decode_run *run);
void decode_run_drop_text(struct decode_run *run, struct slice text);

// A display name or language, or a handle without "@"; none if it is empty, or too long
// and so a dropped detail.
struct slice decode_run_name(struct decode_run *run, struct slice name);
struct slice decode_run_handle(struct decode_run *run, struct slice handle);

// The id of a user known by handle only: net "x:" and "Ann" give "x:@ann" (text_fold).
struct slice decode_run_handle_id(struct decode_run *run, struct slice net,
                                  struct slice handle);

// A number that no account has is none, and a dropped detail.
void decode_run_followers(struct decode_run *run, struct post_user *user,
                          struct json_count followers);

// The platform's own count: the sum of both, given if one is.
uint64_t decode_run_reported(struct decode_run *run, struct json_count retweets,
                             struct json_count quotes, bool *ret_given);

// Makes the quoted post that of `ref`, unless it is absent. It is not `ref`.
void decode_run_quote(struct decode_run *run, struct post_ref *ref,
                      const struct post_ref *quote);

// RFC 3339; USEC_NONE if absent. An invalid one refuses the post, or is none and a
// dropped detail.
usec decode_run_time(struct decode_run *run, struct slice text);
usec decode_run_detail_time(struct decode_run *run, struct slice text);

// The time at which X made this id; USEC_NONE for ids older than 2010-11-04, which
// contain none.
usec decode_run_snowflake(struct slice id);

// Milliseconds, an integer or digits, as usec; USEC_NONE: none. False: invalid.
bool decode_run_milliseconds(struct json_scalar milliseconds, usec *ret_time);

// The first that is given, an empty one only if the other one is empty too; of numbers
// under the rule of decode_run_number_target.
struct slice decode_run_first(struct slice a, struct slice b);
struct slice decode_run_first_number(struct slice a, struct slice b);

// The name of an event, an operation or a state: without white space, in lower case.
struct slice decode_run_word(struct decode_run *run, struct slice word);

// Parses decimal digits; false if there are none, other characters or too many.
bool decode_run_number(struct slice digits, uint64_t *ret_number);

// ---- mentions and hashtags of the current post ----

// Reserves room for `count`.
void decode_run_mentions(struct decode_run *run, struct post *post, size_t count);
void decode_run_hashtags(struct decode_run *run, struct post *post, size_t count);

// Adds one, up to POST_LIST_MAX; a user without id and an empty hashtag are left out.
void decode_run_mention(struct decode_run *run, struct post *post,
                        const struct post_user *user);
void decode_run_hashtag(struct decode_run *run, struct post *post,
                        struct slice hashtag);
