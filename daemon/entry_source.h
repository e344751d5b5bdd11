// The source of a worker: the stream of entries in Redis, over a connection of its own.
//
// Its cursor is the id of the last entry that was taken. Without one it begins with the
// oldest entry. Entries are removed from the stream when the owner does not need them
// again (source_settle). The numbers of a run follow one another, so entries that were
// removed before they were read are noticed: the gap stays recorded.
#pragma once

#include "base/status.h"

struct redis_options;
struct source;
struct source_setup;

// redis: where the stream is, with the prefix of the counting. Copies both. On failure
// *ret_source is untouched.
enum status entry_source_create(const struct source_setup *setup,
                                const struct redis_options *redis,
                                struct source **ret_source,
                                struct error *error) MUST_USE;
