#include "ingest/decode/decode_run.h"

#include <assert.h>
#include <string.h>

#include "base/status.h"
#include "ingest/json/json_token.h"
#include "ingest/text/text.h"

static enum decode_reason
reason_of(enum json_error error)
{
    static const enum decode_reason reasons[] = {
        [JSON_OK] = DECODE_REASON_NONE,
        [JSON_BAD] = DECODE_REASON_JSON,
        [JSON_UTF8] = DECODE_REASON_UTF8,
        [JSON_DEEP] = DECODE_REASON_TOO_DEEP,
        [JSON_VALUE] = DECODE_REASON_VALUE,
        [JSON_REPEATED] = DECODE_REASON_REPEATED,
        [JSON_LONG] = DECODE_REASON_TOO_LONG,
        [JSON_MANY] = DECODE_REASON_TOO_MANY,
        [JSON_NO_OBJECT] = DECODE_REASON_FORMAT,
        [JSON_MEMORY] = DECODE_REASON_MEMORY,
    };
    return reasons[error];
}

void
decode_run_refuse(struct decode_run *run, enum decode_reason reason)
{
    if (run->reason == DECODE_REASON_NONE) {
        run->reason = reason;
    }
}

bool
decode_run_json(struct decode_run *run, const struct json_table *table, void *raw)
{
    decode_run_refuse(run, reason_of(json_read(run->json, table, raw, &run->arena)));
    return run->reason == DECODE_REASON_NONE;
}

bool
decode_run_later(struct decode_run *run, const struct json_later *later, void *raw)
{
    decode_run_refuse(run,
                      reason_of(json_read_later(run->json, later, raw, &run->arena)));
    return run->reason == DECODE_REASON_NONE;
}

void
decode_run_lost(struct decode_run *run, const struct json_list *list)
{
    for (size_t i = 0; i < list->dropped; i++) {
        decode_run_refuse(run, reason_of((enum json_error)list->errors[i]));
        decode_run_settle(run);
    }
}

struct slice
decode_run_text(struct decode_run *run, const struct json_later *later)
{
    struct slice text = SLICE_NONE;
    if (later->place != NULL) {
        decode_run_refuse(run, reason_of(json_text_later(run->json, later, &text)));
    }
    return text;
}

bool
decode_run_open(struct decode_run *run, struct slice message)
{
    enum json_error error = run->is_opened ? json_open_part(run->json, message)
                                           : json_open(run->json, message);
    run->is_opened = true;
    decode_run_refuse(run, reason_of(error));
    return run->reason == DECODE_REASON_NONE;
}

bool
decode_run_first_key(struct decode_run *run, const struct json_table *table,
                     size_t *ret_row)
{
    decode_run_refuse(run, reason_of(json_first(run->json, table, ret_row)));
    return run->reason == DECODE_REASON_NONE;
}

bool
decode_run_room(struct decode_run *run, size_t count)
{
    if (count <= run->capacity - run->count) {
        return true;
    }
    size_t capacity = run->count + count;
    capacity = capacity > 2 * run->capacity ? capacity : 2 * run->capacity;
    struct post *posts = arena_alloc(&run->arena, capacity, sizeof(*posts));
    if (posts == NULL) {
        decode_run_refuse(run, DECODE_REASON_MEMORY);
        return false;
    }
    if (run->count != 0) {
        memcpy(posts, run->posts, run->count * sizeof(*posts));
    }
    run->posts = posts;
    run->capacity = capacity;
    return true;
}

struct post *
decode_run_post(struct decode_run *run)
{
    assert(run->count < run->capacity);
    struct post *post = &run->posts[run->count];
    *post = (struct post){.source = run->source,
                          .time = USEC_NONE,
                          .retweet_of.created = USEC_NONE,
                          .quote.created = USEC_NONE,
                          .reply_to.created = USEC_NONE};
    run->reason = DECODE_REASON_NONE;
    run->mentions = NULL;
    run->hashtags = NULL;
    return post;
}

static bool
points_at_itself(const struct post *post)
{
    const struct slice targets[] = {post->retweet_of.id, post->quote.id,
                                    post->reply_to.id, post->via};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (!slice_is_none(targets[i]) && slice_equal(post->id, targets[i])) {
            return true;
        }
    }
    // An alias identifies only what has no id.
    const struct post_ref *by_alias[] = {&post->reply_to, &post->quote};
    for (size_t i = 0; i < sizeof(by_alias) / sizeof(by_alias[0]); i++) {
        if (!slice_is_none(post->alias) && slice_is_none(by_alias[i]->id) &&
            slice_equal(post->alias, by_alias[i]->alias)) {
            return true;
        }
    }
    return false;
}

static void
check(struct decode_run *run, const struct post *post)
{
    if (run->arena.is_failed) {
        decode_run_refuse(run, DECODE_REASON_MEMORY);
    }
    if (post->kind == POST_DELETED) {
        if (slice_is_none(post->id) && slice_is_none(post->alias)) {
            decode_run_refuse(run, DECODE_REASON_MISSING);
        }
        return;
    }
    if (!post_is_event(post)) {
        if (slice_is_none(post->author.id)) {
            decode_run_refuse(run, DECODE_REASON_MISSING);
        }
        return;
    }
    if (slice_is_none(post->id) || slice_is_none(post->author.id) ||
        (post->kind == POST_RETWEETED && slice_is_none(post->retweet_of.id))) {
        decode_run_refuse(run, DECODE_REASON_MISSING);
    }
    if (post->time == USEC_NONE) {
        decode_run_refuse(run, DECODE_REASON_TIME);
    }
    if (points_at_itself(post)) {
        decode_run_refuse(run, DECODE_REASON_SELF);
    }
}

void
decode_run_keep(struct decode_run *run)
{
    const struct post *post = &run->posts[run->count];
    check(run, post);
    if (run->reason != DECODE_REASON_NONE) {
        decode_run_settle(run);
        return;
    }
    run->count++;
    run->metrics.posts += post_is_event(post);
    run->metrics.deletions += post->kind == POST_DELETED;
    run->metrics.control[DECODE_CONTROL_IDENTITY] += post->kind == POST_RENAMED;
    run->metrics.control[DECODE_CONTROL_ACCOUNT] += post->kind == POST_WITHDRAWN;
}

void
decode_run_control(struct decode_run *run, enum decode_control control)
{
    run->metrics.control[control]++;
}

void
decode_run_settle(struct decode_run *run)
{
    if (run->reason == DECODE_REASON_NONE) {
        return;
    }
    run->metrics.refused[run->reason]++;
    if (run->refusal == DECODE_REASON_NONE) {
        run->refusal = run->reason;
    }
    run->reason = DECODE_REASON_NONE;
}

static struct slice
join_id(struct decode_run *run, struct slice head, struct slice tail)
{
    if (head.len + tail.len > POST_ID_MAX) {
        decode_run_refuse(run, DECODE_REASON_TOO_LONG);
        return SLICE_NONE;
    }
    return arena_join(&run->arena, head, tail);
}

// U+FFFD replaces half a character; an id with it is a different id.
static bool
is_bad(struct slice id)
{
    const char replacement[] = "\xef\xbf\xbd";
    const char *at = id.ptr;
    const char *end = id.ptr + id.len;
    while ((at = memchr(at, replacement[0], (size_t)(end - at))) != NULL) {
        if (end - at >= 3 && memcmp(at, replacement, 3) == 0) {
            return true;
        }
        at++;
    }
    return id.len == 0;
}

struct slice
decode_run_whole_id(struct decode_run *run, struct slice id)
{
    id = text_trim(id);
    if (!slice_is_none(id) && (is_bad(id) || id.ptr[0] == '@')) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    }
    if (id.len > POST_ID_MAX) {
        decode_run_refuse(run, DECODE_REASON_TOO_LONG);
    }
    return id;
}

struct slice
decode_run_id(struct decode_run *run, struct slice id)
{
    id = text_trim(id);
    if (slice_is_none(id)) {
        return id;
    }
    if (is_bad(id)) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    }
    return join_id(run, run->net, id);
}

struct slice
decode_run_target(struct slice id)
{
    return id.len == 0 && id.ptr != json_shape_unusable ? SLICE_NONE : id;
}

// Blank, 0 in any number of digits, or a negative number.
static bool
is_none(struct slice id)
{
    bool is_negative = id.len > 1 && id.ptr[0] == '-';
    size_t i = is_negative;
    while (i < id.len && id.ptr[i] >= '0' && id.ptr[i] <= (is_negative ? '9' : '0')) {
        i++;
    }
    return i == id.len;
}

struct slice
decode_run_number_target(struct slice id)
{
    bool is_plain = id.len != 0 && id.ptr[0] >= '1' && id.ptr[0] <= '9';
    bool is_kept = is_plain || id.ptr == json_shape_unusable || !is_none(text_trim(id));
    return is_kept ? id : SLICE_NONE;
}

struct slice
decode_run_first_number(struct slice a, struct slice b)
{
    a = decode_run_number_target(a);
    return a.len != 0 ? a : decode_run_first(a, decode_run_number_target(b));
}

struct slice
decode_run_detail_id(struct decode_run *run, decode_run_id_fn make, struct slice id)
{
    if (id.len == 0) {
        return SLICE_NONE;
    }
    enum decode_reason before = run->reason;
    run->reason = DECODE_REASON_NONE;
    struct slice made = make(run, id);
    if (run->reason != DECODE_REASON_NONE) {
        decode_run_drop(run);
        made = SLICE_NONE;
    }
    run->reason = before;
    return made;
}

void
decode_run_drop(struct decode_run *run)
{
    run->metrics.details++;
}

void
decode_run_drop_text(struct decode_run *run, struct slice text)
{
    if (text.ptr != json_shape_unusable) {
        decode_run_drop(run);
    }
}

bool
decode_run_number(struct slice digits, uint64_t *ret_number)
{
    uint64_t number = 0;
    const size_t eights = (size_t)2 * JSON_TOKEN_WORD;
    size_t i = 0;
    for (; i < eights && i + JSON_TOKEN_WORD <= digits.len; i += JSON_TOKEN_WORD) {
        uint64_t eight;
        if (!json_token_eight(json_token_word(digits.ptr + i, JSON_TOKEN_WORD),
                              &eight)) {
            return false;
        }
        number = number * 100000000 + eight;
    }
    for (; i < digits.len; i++) {
        unsigned digit = (unsigned)digits.ptr[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = number;
    return digits.len > 0;
}

struct slice
decode_run_number_id(struct decode_run *run, struct slice id)
{
    uint64_t number;
    id = text_trim(decode_run_number_target(id));
    if (slice_is_none(id)) {
        return id;
    }
    while (id.len > 1 && id.ptr[0] == '0') {
        id = (struct slice){id.ptr + 1, id.len - 1};
    }
    if (!decode_run_number(id, &number)) {
        decode_run_refuse(run, DECODE_REASON_VALUE);
    }
    return join_id(run, run->net, id);
}

struct slice
decode_run_name(struct decode_run *run, struct slice name)
{
    if (name.len > POST_NAME_MAX) {
        decode_run_drop(run);
        return SLICE_NONE;
    }
    return name.len != 0 ? name : SLICE_NONE;
}

struct slice
decode_run_handle(struct decode_run *run, struct slice handle)
{
    return decode_run_name(run, text_handle(handle));
}

struct slice
decode_run_handle_id(struct decode_run *run, struct slice net, struct slice handle)
{
    struct slice prefix = arena_join(&run->arena, net, SLICE_LIT("@"));
    struct slice lower = text_fold(&run->arena, handle);
    if (prefix.len + lower.len > POST_ID_MAX) {
        decode_run_drop(run);
        return SLICE_NONE;
    }
    return arena_join(&run->arena, prefix, lower);
}

void
decode_run_followers(struct decode_run *run, struct post_user *user,
                     struct json_count followers)
{
    if (followers.value > UINT32_MAX) {
        decode_run_drop(run);
        return;
    }
    user->followers = (uint32_t)followers.value;
    user->has_followers = followers.is_given;
}

// A count that no post can have is dropped.
static struct json_count
believable(struct decode_run *run, struct json_count count)
{
    if (count.value > UINT32_MAX) {
        decode_run_drop(run);
        return (struct json_count){0};
    }
    return count;
}

uint64_t
decode_run_reported(struct decode_run *run, struct json_count retweets,
                    struct json_count quotes, bool *ret_given)
{
    retweets = believable(run, retweets);
    quotes = believable(run, quotes);
    *ret_given = retweets.is_given || quotes.is_given;
    return retweets.value + quotes.value;
}

void
decode_run_quote(struct decode_run *run, struct post_ref *ref,
                 const struct post_ref *quote)
{
    if (slice_is_none(quote->id)) {
        return;
    }
    if (slice_equal(quote->id, ref->id)) {
        decode_run_refuse(run, DECODE_REASON_SELF);
    }
    struct post_ref *kept = arena_alloc(&run->arena, 1, sizeof(*kept));
    if (kept != NULL) {
        *kept = *quote;
        ref->quote = kept;
    }
}

usec
decode_run_snowflake(struct slice id)
{
    const usec epoch = 1288834974657 * USEC_PER_MS; // 2010-11-04T01:42:54.657Z
    const uint64_t counted = 30000000000;           // older ids are counted one by one
    uint64_t number;
    if (!decode_run_number(id, &number) || number < counted) {
        return USEC_NONE;
    }
    return epoch + (usec)(number >> 22) * USEC_PER_MS;
}

bool
decode_run_milliseconds(struct json_scalar milliseconds, usec *ret_time)
{
    const int64_t limit = INT64_MAX / USEC_PER_MS;
    int64_t number = milliseconds.number;
    struct slice text = decode_run_target(milliseconds.text);
    *ret_time = USEC_NONE;
    if (!slice_is_none(text)) {
        uint64_t digits = UINT64_MAX;
        bool is_number = decode_run_number(text, &digits);
        number = is_number && digits <= INT64_MAX ? (int64_t)digits : INT64_MAX;
    } else if (!milliseconds.is_number) {
        return true;
    }
    if (number > limit || number < -limit) {
        return false;
    }
    *ret_time = number * USEC_PER_MS;
    return true;
}

struct slice
decode_run_first(struct slice a, struct slice b)
{
    bool is_empty = slice_is_none(a) || (a.len == 0 && b.len != 0);
    return is_empty ? b : a;
}

struct slice
decode_run_word(struct decode_run *run, struct slice word)
{
    return text_lower(&run->arena, text_trim(word));
}

usec
decode_run_time(struct decode_run *run, struct slice text)
{
    usec time = USEC_NONE;
    if (!slice_is_none(text) && usec_parse_rfc3339(text, &time) != STATUS_OK) {
        decode_run_refuse(run, DECODE_REASON_TIME);
    }
    return time;
}

usec
decode_run_detail_time(struct decode_run *run, struct slice text)
{
    usec time = USEC_NONE;
    if (text.len != 0 && usec_parse_rfc3339(text, &time) != STATUS_OK) {
        decode_run_drop(run);
    }
    return time;
}

void
decode_run_mentions(struct decode_run *run, struct post *post, size_t count)
{
    run->mentions = arena_alloc(&run->arena, count, sizeof(*run->mentions));
    post->mentions = run->mentions;
}

void
decode_run_hashtags(struct decode_run *run, struct post *post, size_t count)
{
    run->hashtags = arena_alloc(&run->arena, count, sizeof(*run->hashtags));
    post->hashtags = run->hashtags;
}

void
decode_run_mention(struct decode_run *run, struct post *post,
                   const struct post_user *user)
{
    if (run->mentions == NULL || slice_is_none(user->id)) {
        return;
    }
    if (post->mention_count == POST_LIST_MAX) {
        decode_run_drop(run);
        return;
    }
    run->mentions[post->mention_count++] = *user;
}

void
decode_run_hashtag(struct decode_run *run, struct post *post, struct slice hashtag)
{
    struct slice name = text_hashtag(&run->arena, decode_run_name(run, hashtag));
    if (run->hashtags == NULL || name.len == 0) {
        return;
    }
    if (name.len > POST_NAME_MAX || post->hashtag_count == POST_LIST_MAX) {
        decode_run_drop(run);
        return;
    }
    run->hashtags[post->hashtag_count++] = name;
}
