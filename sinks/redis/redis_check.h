// Finding out that Redis lost keys, or that somebody else wrote to them, without being
// told: an eviction, a DEL, a key that expired, a member added to a board.
//
// After a flush, at most every REDIS_CHECK_MS, a row of reads looks at one member of
// every board, at some boards as a whole, at the hashes and handles of people and
// cascades on boards, and at a slice of all others; of every fifth hash it reads the
// values too. What is not as it was written comes again, whole. Of what a user may not
// read nothing is found.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/usec.h"
#include "pipeline/checks.h"
#include "sinks/redis/redis_batch.h"

struct redis_item;
struct redis_sink;

enum {
    REDIS_CHECK_MS = 500,
    REDIS_CHECK_MEMBERS = 1000, // of boards, in one go
    REDIS_CHECK_OTHERS = 250,   // people, and as many cascades
    REDIS_CHECK_ENTRIES = 2000, // of boards that are read as a whole
    REDIS_CHECK_NAMES = 1 << 22,
    REDIS_CHECK_VALUES = 5, // one hash of so many is read with its values
    REDIS_CHECK_TEXT = 128,
};

struct redis_check {
    usec at;        // when the last one began; monotonic
    usec failed_at; // when one last found something; 0: never
    usec told_at;   // when that was reported
    struct checks checks;
    uint32_t round; // which member of each board is read
    uint32_t board; // which one is read as a whole next
    struct redis_batch commands;
    struct buffer probes; // struct redis_probe: what each command should answer
    struct buffer names;
    struct buffer pairs; // uint64_t each: hashes of fields with their values
    size_t failed;
    char first[REDIS_CHECK_TEXT]; // the name of the first one
};

void redis_check_init(struct redis_check *check);
void redis_check_fini(struct redis_check *check);

// After a flush, while nothing is in flight. False: not now.
bool redis_check_start(struct redis_sink *sink);
void redis_check_item(struct redis_sink *sink, const struct redis_item *item);
// All answers came.
void redis_check_done(struct redis_sink *sink);

// Whether something was missing lately: then more may be.
bool redis_check_is_leaky(const struct redis_sink *sink);
