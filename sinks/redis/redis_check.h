// Detects that Redis lost keys, or that another client wrote to them: an eviction, a
// DEL, a key that expired, a member added to a board.
//
// After a flush, at most every REDIS_CHECK_MS, a sequence of reads checks one member of
// some boards, those of campaigns included, some whole boards, the hashes and handles
// of people and cascades on boards, and a part of all others; of every fifth hash it
// reads the values, too. Of cursors and gaps it counts the fields. What differs from
// what was written is written again, whole. A stream of alerts that was deleted is
// reported once, and so is a maxmemory-policy that was changed to one that evicts. Keys
// that the user may not read are not checked.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/usec.h"
#include "pipeline/checks.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_phase.h"

struct redis_item;
struct redis_sink;

enum {
    REDIS_CHECK_MS = 500,
    REDIS_CHECK_MEMBERS = 1000, // of boards, in one check
    REDIS_CHECK_OTHERS = 250,   // people, and as many cascades
    REDIS_CHECK_BOARDS = 200,   // of which one entry is read
    REDIS_CHECK_ENTRIES = 2000, // of boards that are read whole
    REDIS_CHECK_NAMES = 1 << 22,
    REDIS_CHECK_VALUES = 5, // one of so many hashes is read with its values
    REDIS_CHECK_POLICY = 4, // one of so many checks reads the maxmemory-policy
    REDIS_CHECK_GONE = 2,   // missing in so many checks in turn: it was deleted
    REDIS_CHECK_TEXT = 128,
};

struct redis_check {
    usec at;          // when the last one began; monotonic
    usec failed_at;   // when one last found a difference; 0: never
    usec reported_at; // when that was reported
    struct checks checks;
    uint32_t round; // which member of each board is read
    uint32_t board; // which board is read whole next
    uint32_t entry; // of which board an entry is read next
    struct redis_batch commands;
    struct buffer probes; // struct redis_probe: the expected answer of each command
    struct buffer names;
    struct buffer pairs; // uint64_t each: hashes of fields with their values
    struct buffer lost;  // uint64_t each: hashes of the keys that are not as written
    size_t failed;       // how many these are
    char first[REDIS_CHECK_TEXT]; // the name of the first one
    unsigned gone;                // rows in turn that found no stream of alerts
};

void redis_check_init(struct redis_check *check);
void redis_check_fini(struct redis_check *check);

// After a flush, while nothing is in flight: makes the reads. False: not now.
bool redis_check_prepare(struct redis_sink *sink);
// Entering CHECK: sends them.
enum redis_phase redis_check_send(struct redis_sink *sink);
void redis_check_item(struct redis_sink *sink, const struct redis_item *item);
// All answers came.
enum redis_phase redis_check_answered(struct redis_sink *sink);

// True if something was missing lately: more keys may be missing.
bool redis_check_is_leaky(const struct redis_sink *sink);
