// The keyed hashes of the ids that a message shows, each computed once for all stages.
//
// Hashes are those of `inside_hash`, those of posts of `versions_hash`; the hash of an
// id that is not given is not used.
#pragma once

#include <stdint.h>

#include "pipeline/post.h"

struct pipeline;

// Of a post that is pointed at.
struct ids_ref {
    uint64_t post;
    uint64_t author;
};

struct ids {
    uint64_t post;
    uint64_t author;
    struct ids_ref root; // of a retweet
};

struct ids_ref ids_of_ref(const struct pipeline *pipeline, const struct post_ref *ref);
struct ids ids_of(const struct pipeline *pipeline, const struct post *post);
