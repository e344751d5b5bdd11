// Maps a source's own id of a post to the post.
//
// A Mastodon server numbers the posts it has, and uses that number for the post that a
// reply answers or a deletion removes. Another server has another number for the same
// post. A local id is therefore valid within one source only. It is learnt from every
// message that contains it beside the post's id, duplicates included.
//
// Versions of an edited post are mapped in the same way to the version that counts
// (pipeline/fold/versions.h); their name is the hash of their id.
//
// Contains the newest `capacity` of them. Names and posts are keyed 64-bit hashes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

struct snapshot;

struct local {
    uint64_t name; // of the source and the id
    uint64_t post;
};

struct locals {
    struct local *rows; // a ring
    uint32_t capacity;
    uint64_t next; // how many were added
    struct table by_name;
    bool has_versions; // some were ever learnt
};

// capacity: as of a table. False when the system refuses the memory.
bool locals_init(struct locals *locals, uint32_t capacity);
void locals_fini(struct locals *locals);

// False if the oldest had to be evicted.
bool locals_learn(struct locals *locals, uint64_t name, uint64_t post);
// False if the name is not known.
bool locals_find(const struct locals *locals, uint64_t name, uint64_t *ret_post);

// Saves the contents, or loads them into an empty one of the same capacity.
void locals_move(struct locals *locals, struct snapshot *snapshot);
