#include "ctl/campaigns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"

enum { NAMES_MAX = 1 << 20, NAME_BYTES_MAX = 64, KEY_MAX = 4096, SHOWN_MAX = 200 };

static const struct slice head = {"campaign:", 9};

void
campaigns_put_key(struct buffer *key, struct slice campaign, const char *what)
{
    buffer_append(key, head);
    buffer_append(key, campaign);
    buffer_append(key, what[0] != '\0' ? SLICE_LIT(":") : SLICE_LIT(""));
    buffer_append(key, slice_of(what));
}

const char *
campaigns_next(const struct buffer *names, const char *name)
{
    struct slice text = buffer_text(names);
    const char *next = name != NULL ? name + strlen(name) + 1 : text.ptr;
    return next < text.ptr + text.len ? next : NULL;
}

static bool
has(const struct buffer *names, struct slice name)
{
    const char *at = NULL;
    while ((at = campaigns_next(names, at)) != NULL) {
        if (slice_equal(slice_of(at), name)) {
            return true;
        }
    }
    return false;
}

// "campaign:cup:top:posts:1h"
static void
on_key(void *context, struct slice key)
{
    struct buffer *names = context;
    struct slice name = {key.ptr + head.len, key.len - head.len};
    const char *colon = memchr(name.ptr, ':', name.len);
    name.len = colon != NULL ? (size_t)(colon - name.ptr) : name.len;
    bool is_name = name.len != 0 && name.len < NAME_BYTES_MAX &&
                   memchr(name.ptr, '\0', name.len) == NULL;
    if (is_name && !has(names, name)) {
        buffer_append(names, name);
        buffer_append_byte(names, '\0');
    }
}

static int
by_name(const void *a, const void *b)
{
    const struct slice *left = a;
    const struct slice *right = b;
    return slice_compare(*left, *right);
}

static enum status
sort(struct buffer *names, struct error *error)
{
    size_t count = 0;
    const char *at = NULL;
    struct slice *sorted = calloc(names->size + 1, sizeof *sorted);
    struct buffer result;
    if (sorted == NULL || names->is_failed) {
        free(sorted);
        return error_set(error, STATUS_NOMEM, "too many campaigns");
    }
    while ((at = campaigns_next(names, at)) != NULL) {
        sorted[count++] = slice_of(at);
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    buffer_init(&result, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        buffer_append(&result, (struct slice){sorted[i].ptr, sorted[i].len + 1});
    }
    free(sorted);
    buffer_fini(names);
    *names = result;
    return STATUS_OK;
}

enum status
campaigns_list(struct client *client, struct buffer *ret_names, struct error *error)
{
    buffer_init(ret_names, NAMES_MAX);
    enum status status = client_scan(client, head, on_key, ret_names, error);
    return status == STATUS_OK ? sort(ret_names, error) : status;
}

static enum status
unknown(const struct buffer *names, struct slice campaign, struct error *error)
{
    struct similar similar;
    const char *at = NULL;
    int shown = campaign.len < SHOWN_MAX ? (int)campaign.len : SHOWN_MAX;
    similar_init(&similar, campaign);
    while ((at = campaigns_next(names, at)) != NULL) {
        similar_offer(&similar, slice_of(at));
    }
    if (!slice_is_none(similar.nearest)) {
        return error_set(error, STATUS_RANGE,
                         "no campaign \"%.*s\" in Redis; did you mean \"%.*s\"?", shown,
                         campaign.ptr, SLICE_ARG(similar.nearest));
    }
    return error_set(error, STATUS_RANGE,
                     "no campaign \"%.*s\" in Redis: it is not in the configuration of "
                     "cascaded, or no post of it is counted in any window",
                     shown, campaign.ptr);
}

// Most often one of these keys exists, and the others need not be searched.
static enum status
find_keys(struct client *client, struct slice campaign, bool *ret_is_found,
          struct error *error)
{
    static const char *const kinds[] = {"", "outreach", "done"};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    enum status status = STATUS_OK;
    *ret_is_found = false;
    for (size_t i = 0; i < KINDS; i++) {
        struct buffer key;
        buffer_init(&key, KEY_MAX);
        campaigns_put_key(&key, campaign, kinds[i]);
        client_queue(client, "EXISTS", buffer_text(&key), NULL);
        buffer_fini(&key);
    }
    for (size_t i = 0; i < KINDS && status == STATUS_OK; i++) {
        redisReply *reply = client_answer(client, REDIS_REPLY_INTEGER, error);
        status = reply != NULL ? STATUS_OK : STATUS_IO;
        *ret_is_found = *ret_is_found || (reply != NULL && reply->integer != 0);
        freeReplyObject(reply);
    }
    return status;
}

enum status
campaigns_check(struct client *client, struct slice campaign, struct error *error)
{
    struct buffer names;
    bool is_found = false;
    enum status status = STATUS_OK;
    if (campaign.len != 0 && memchr(campaign.ptr, ':', campaign.len) == NULL) {
        status = find_keys(client, campaign, &is_found, error);
    }
    if (status != STATUS_OK || is_found) {
        return status;
    }
    status = campaigns_list(client, &names, error);
    if (status == STATUS_OK && !has(&names, campaign)) {
        status = unknown(&names, campaign, error);
    }
    buffer_fini(&names);
    return status;
}
