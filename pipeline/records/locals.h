// Which post a source means by an id of its own.
//
// Servers of Mastodon number the posts they know, and name the post that a reply
// answers or a deletion takes back by that number; another server has another number
// for the same post. A local id is therefore a name within one source, learnt from
// every message that shows it beside the post's id, duplicates included.
//
// Versions of a post lead in the same way to the one that counts; their name is the
// hash of their id.
//
// Holds the newest `capacity` of them. Names and posts are keyed 64-bit hashes.
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
    struct local *rows; // filled round and round
    uint32_t capacity;
    uint64_t next; // how many there were
    struct table by_name;
};

// capacity: as of a table. False when the system refuses the memory.
bool locals_init(struct locals *locals, uint32_t capacity);
void locals_fini(struct locals *locals);

// False if the oldest had to be forgotten for it.
bool locals_learn(struct locals *locals, uint64_t name, uint64_t post);
// False if the name is not known.
bool locals_find(const struct locals *locals, uint64_t name, uint64_t *ret_post);

// Contents out of, or into an empty one of the same capacity.
void locals_move(struct locals *locals, struct snapshot *snapshot);
