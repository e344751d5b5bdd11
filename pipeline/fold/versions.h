// Versions of an edited post: one post under several ids.
//
// X gives each version an id of its own, and a message about a version names the first
// one. All versions that are known to belong together count as one post, under the id
// of the one that came first, by its own message or in a reference: messages about
// others are duplicates, references to others lead to its cascade, and it is deleted
// with the id of any of them. What was counted for two versions before a message
// connected them stays apart. If only the other version has a cascade by then,
// references to it still lead there: its key in Redis has that version's id already.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "pipeline/post.h"

struct pipeline;

// Learns the versions that a message names.
void versions_learn(struct pipeline *pipeline, const struct post *post);

// The hash of the id under which the post with this id counts.
uint64_t versions_hash(const struct pipeline *pipeline, struct slice id);

// The same for a reference: the hash of its cascade.
uint64_t versions_target(const struct pipeline *pipeline, struct slice id);

// That id, if the reference contains it, else the reference's own. hash: of the former.
struct slice versions_id(const struct pipeline *pipeline, const struct post_ref *ref,
                         uint64_t hash);
