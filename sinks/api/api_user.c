#include <string.h>

#include "base/json_writer.h"
#include "sinks/alert_json.h"
#include "sinks/api/api_inside.h"

enum { OWN_POSTS = 10 };

// A text with a colon: what is before and behind the first one. Else network is none.
struct parts {
    struct slice network, rest;
};

static struct parts
split(struct slice text)
{
    const char *colon = text.len != 0 ? memchr(text.ptr, ':', text.len) : NULL;
    if (colon == NULL) {
        return (struct parts){SLICE_NONE, text};
    }
    size_t len = (size_t)(colon - text.ptr);
    return (struct parts){{text.ptr, len}, {colon + 1, text.len - len - 1}};
}

static struct slice
without_at(struct slice handle)
{
    size_t at = slice_starts(handle, SLICE_LIT("@"));
    return (struct slice){handle.ptr + at, handle.len - at};
}

// "ann" or "network:ann", without the "@" in front. The order of networks is that of
// `cascadectl user`. False: the call is refused.
static bool
find_handle(const struct api_call *call, struct slice handle, uint32_t *ret_user)
{
    const struct api_setup *setup = &call->api->setup;
    struct parts parts = split(handle);
    usec started;
    if (!slice_is_none(parts.network)) {
        *ret_user =
            views_find_holder(setup->pipeline, parts.network, without_at(parts.rest));
        return true;
    }
    for (size_t i = 0; i < setup->network_count && *ret_user == VIEWS_NONE; i++) {
        *ret_user = views_find_holder(setup->pipeline, setup->networks[i], handle);
    }
    if (*ret_user != VIEWS_NONE) {
        return true;
    }
    // Posts of the own format may have any network.
    if (!api_begin_costly(call, &started)) {
        return false;
    }
    *ret_user = views_search_holder(setup->pipeline, handle);
    api_end_costly(call, started);
    return true;
}

// By id, "@handle", "@network:handle" or "network:@handle". False: the call is refused.
static bool
find_user(const struct api_call *call, struct slice who, uint32_t *ret_user)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    const struct slice at = SLICE_LIT("@");
    *ret_user = VIEWS_NONE;
    if (slice_starts(who, at)) {
        return find_handle(call, without_at(who), ret_user);
    }
    *ret_user = views_find_user(pipeline, who);
    struct parts parts = split(who);
    if (*ret_user == VIEWS_NONE && !slice_is_none(parts.network) &&
        slice_starts(parts.rest, at)) {
        *ret_user = views_find_holder(pipeline, parts.network, without_at(parts.rest));
    }
    return true;
}

static void
put_posts(const struct api_call *call, const uint32_t *cascades, size_t count)
{
    struct change change;
    json_writer_name(call->body, SLICE_LIT("cascades"));
    json_writer_open(call->body, '[');
    for (size_t i = 0; i < count; i++) {
        views_cascade_line(call->api->setup.pipeline, cascades[i], &change);
        json_writer_open(call->body, '{');
        json_writer_put_text(call->body, "id", change.name);
        alert_json_fields(&change, call->body);
        json_writer_close(call->body, '}');
    }
    json_writer_close(call->body, ']');
}

void
api_write_user(const struct api_call *call)
{
    struct pipeline *pipeline = call->api->setup.pipeline;
    uint32_t user;
    uint32_t cascades[OWN_POSTS];
    struct change change;
    usec started;
    if (!find_user(call, call->request->words[0], &user)) {
        return;
    }
    if (user == VIEWS_NONE) {
        api_unknown(call, "there is no such person in memory: ask for an id, @handle "
                          "or network:@handle, percent-encoded");
        return;
    }
    if (!api_begin_costly(call, &started)) {
        return;
    }
    size_t count = views_posts_of(pipeline, user, cascades, OWN_POSTS);
    api_end_costly(call, started);
    views_user(pipeline, user, &change);
    json_writer_open(call->body, '{');
    json_writer_put_text(call->body, "id", change.name);
    api_put_fields(call->body, &change);
    if (views_carrier(pipeline, user, &change)) {
        json_writer_name(call->body, SLICE_LIT("carrier"));
        json_writer_open(call->body, '{');
        api_put_fields(call->body, &change);
        json_writer_close(call->body, '}');
    }
    put_posts(call, cascades, count);
    json_writer_close(call->body, '}');
}
