// Parses answers of Bluesky's public API: profiles, or posts with their authors. The
// text is not trusted: invalid items are ignored.
#pragma once

#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "pipeline/post.h"

// Slices are valid during the call. Ids include their network.
struct name_lookup_answer_calls {
    void (*on_user)(void *context, const struct post_user *profile);
    void (*on_post)(void *context, const struct post_ref *facts);
    void *context;
};

// {"profiles":[…]} of app.bsky.actor.getProfiles or {"posts":[…]} of
// app.bsky.feed.getPosts. STATUS_PARSE: it is neither.
enum status
name_lookup_answer_read(struct slice body,
                        const struct name_lookup_answer_calls *calls) MUST_USE;
