// Any bytes, as a message of any format. The first byte chooses the format and whether
// the rest is a message or an event of a name; the posts that come out must keep the
// promises of post.h.

#include "ingest/decode/decode.h"
#include "ingest/json/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENT_BIT = 0x80, EVENT_COUNT = 5 };

// Reads every byte, so that the sanitizer sees where it points.
static void
touch(struct slice text, size_t max)
{
    static volatile unsigned char sink;
    assert(text.len <= max);
    for (size_t i = 0; i < text.len; i++) {
        sink = (unsigned char)(sink ^ text.ptr[i]);
    }
}

static void
check_user(const struct post_user *user)
{
    touch(user->id, POST_ID_MAX);
    touch(user->handle, POST_NAME_MAX);
    touch(user->name, POST_NAME_MAX);
}

static void
check_ref(const struct post_ref *ref, int depth)
{
    assert(depth <= POST_QUOTES_MAX);
    touch(ref->id, POST_ID_MAX);
    touch(ref->alias, POST_ID_MAX);
    touch(ref->text, SIZE_MAX);
    touch(ref->lang, POST_NAME_MAX);
    check_user(&ref->author);
    if (ref->quote != NULL) {
        assert(ref->quote->id.len != 0 && !slice_equal(ref->id, ref->quote->id));
        check_ref(ref->quote, depth + 1);
    }
}

static void
check_post(const struct post *post)
{
    touch(post->id, POST_ID_MAX);
    touch(post->alias, POST_ID_MAX);
    touch(post->original, POST_ID_MAX);
    touch(post->via, POST_ID_MAX);
    touch(post->via_author, POST_ID_MAX);
    touch(post->text, SIZE_MAX);
    touch(post->lang, POST_NAME_MAX);
    check_user(&post->author);
    check_ref(&post->retweet_of, 0);
    check_ref(&post->quote, 1);
    check_ref(&post->reply_to, 0);
    assert(post->mention_count <= POST_LIST_MAX &&
           post->hashtag_count <= POST_LIST_MAX);
    for (size_t i = 0; i < post->mention_count; i++) {
        assert(post->mentions[i].id.len != 0);
        check_user(&post->mentions[i]);
    }
    for (size_t i = 0; i < post->hashtag_count; i++) {
        assert(post->hashtags[i].len != 0);
        touch(post->hashtags[i], POST_NAME_MAX * 2);
    }
    if (post->kind == POST_DELETED) {
        assert(post->id.len != 0 || post->alias.len != 0);
        return;
    }
    if (!post_is_event(post)) {
        assert(post->author.id.len != 0);
        assert((post->kind == POST_RENAMED) == (post->author.handle.len != 0));
        return;
    }
    assert(post->id.len != 0 && post->author.id.len != 0 && post->time != USEC_NONE);
    if (post->kind == POST_RETWEETED) {
        assert(post->retweet_of.id.len != 0 &&
               !slice_equal(post->id, post->retweet_of.id));
        assert(post->mention_count == 0 && post->hashtag_count == 0);
    }
}

static void
check_message(enum decode_format format, struct slice event, struct slice message)
{
    static struct decoder *decoders[DECODE_FORMAT_COUNT];
    const struct post *posts = NULL;
    size_t count = 0;
    enum decode_reason reason = DECODE_REASON_NONE;
    if (decoders[format] == NULL) {
        decoders[format] = decoder_create(format, NULL);
        assert(decoders[format] != NULL);
    }
    enum decode_result result =
        decoder_read_event(decoders[format], event, message, &posts, &count, &reason);
    assert((result == DECODE_POSTS) == (count != 0));
    assert((result == DECODE_REFUSED) == (reason != DECODE_REASON_NONE));
    for (size_t i = 0; i < count; i++) {
        check_post(&posts[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const events[EVENT_COUNT] = {"update", "delete", "status.update",
                                                    "notification", ""};
    static const char padding[] = "}],\":0{[\\";
    if (size == 0) {
        return 0;
    }
    enum decode_format format = (enum decode_format)(data[0] % DECODE_FORMAT_COUNT);
    struct slice event = SLICE_NONE;
    if ((data[0] & EVENT_BIT) != 0) {
        event = slice_of(
            events[(data[0] & ~EVENT_BIT) / DECODE_FORMAT_COUNT % EVENT_COUNT]);
    }
    // In memory of its own, so that reading past the padding is seen; what is in there
    // is free.
    char *copy = malloc(size - 1 + JSON_PADDING);
    assert(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    memset(copy + size - 1, padding[size % (sizeof(padding) - 1)], JSON_PADDING);
    check_message(format, event, (struct slice){copy, size - 1});
    free(copy);
    return 0;
}
