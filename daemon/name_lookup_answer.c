#include "daemon/name_lookup_answer.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/usec.h"
#include "ingest/text/network.h"

#define PREFIX NETWORK_BLUESKY ":"

enum { ID_ROOM = POST_ID_MAX + sizeof(PREFIX) };

// A text of at most `most` bytes, or none.
static struct slice
text_of(const json_t *object, const char *key, size_t most)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) {
        return SLICE_NONE;
    }
    struct slice text = {json_string_value(value), json_string_length(value)};
    return text.len != 0 && text.len <= most ? text : SLICE_NONE;
}

static bool
number_of(const json_t *object, const char *key, uint64_t most, uint64_t *ret_number)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most) {
        return false;
    }
    *ret_number = (uint64_t)json_integer_value(value);
    return true;
}

static bool
put_id(struct slice text, char id[ID_ROOM], struct slice *ret_id)
{
    size_t len = sizeof(PREFIX) - 1 + text.len;
    if (slice_is_none(text) || len > POST_ID_MAX) {
        return false;
    }
    memcpy(id, PREFIX, sizeof(PREFIX) - 1);
    memcpy(id + sizeof(PREFIX) - 1, text.ptr, text.len);
    *ret_id = (struct slice){id, len};
    return true;
}

static bool
read_user(const json_t *object, char id[ID_ROOM], struct post_user *ret_user)
{
    struct post_user user = {.id = SLICE_NONE};
    if (!put_id(text_of(object, "did", POST_ID_MAX), id, &user.id)) {
        return false;
    }
    struct slice handle = text_of(object, "handle", POST_NAME_MAX);
    // What the network returns for a handle that could not be verified.
    if (!slice_equal(handle, SLICE_LIT("handle.invalid"))) {
        user.handle = handle;
    }
    user.name = text_of(object, "displayName", POST_NAME_MAX);
    uint64_t followers;
    user.has_followers = number_of(object, "followersCount", UINT32_MAX, &followers);
    user.followers = user.has_followers ? (uint32_t)followers : 0;
    *ret_user = user;
    return true;
}

static void
read_profile(const json_t *object, const struct name_lookup_answer_calls *calls)
{
    char id[ID_ROOM];
    struct post_user user;
    if (read_user(object, id, &user)) {
        calls->on_user(calls->context, &user);
    }
}

static void
read_post(const json_t *object, const struct name_lookup_answer_calls *calls)
{
    char id[ID_ROOM];
    char author_id[ID_ROOM];
    struct post_ref facts = {.created = USEC_NONE};
    if (!put_id(text_of(object, "uri", POST_ID_MAX), id, &facts.id)) {
        return;
    }
    if (!read_user(json_object_get(object, "author"), author_id, &facts.author)) {
        facts.author = (struct post_user){.id = SLICE_NONE};
    }
    const json_t *record = json_object_get(object, "record");
    facts.text = text_of(record, "text", SIZE_MAX);
    const json_t *langs = json_object_get(record, "langs");
    const json_t *lang = json_array_get(langs, 0);
    if (json_is_string(lang) && json_string_length(lang) <= POST_NAME_MAX) {
        facts.lang = (struct slice){json_string_value(lang), json_string_length(lang)};
    }
    // The time at which the network received it; createdAt is set by the author's
    // program.
    struct slice seen = text_of(object, "indexedAt", USEC_TEXT_MAX);
    if (usec_parse_rfc3339(seen, &facts.created) != STATUS_OK) {
        facts.created = USEC_NONE;
    }
    uint64_t reposts;
    uint64_t quotes;
    if (number_of(object, "repostCount", UINT32_MAX, &reposts) &&
        number_of(object, "quoteCount", UINT32_MAX, &quotes)) {
        facts.reported = reposts + quotes;
        facts.has_reported = true;
    }
    calls->on_post(calls->context, &facts);
}

enum status
name_lookup_answer_read(struct slice body, const struct name_lookup_answer_calls *calls)
{
    json_error_t unused;
    json_t *root = json_loadb(body.ptr, body.len, 0, &unused);
    const json_t *profiles = json_object_get(root, "profiles");
    const json_t *posts = json_object_get(root, "posts");
    enum status status =
        json_is_array(profiles) || json_is_array(posts) ? STATUS_OK : STATUS_PARSE;
    for (size_t i = 0; i < json_array_size(profiles); i++) {
        read_profile(json_array_get(profiles, i), calls);
    }
    for (size_t i = 0; i < json_array_size(posts); i++) {
        read_post(json_array_get(posts, i), calls);
    }
    json_decref(root);
    return status;
}
