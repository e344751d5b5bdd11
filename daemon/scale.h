// Roles: one process reads the sources and writes entries (ingest), another one reads
// the entries and counts (work). Without a role one process does both.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "sinks/redis/redis_outlet.h"

struct redis_options;
struct settings;

enum scale_role { SCALE_BOTH, SCALE_INGEST, SCALE_WORK };

struct scale_options {
    char role[OPTION_TEXT_MAX];
    uint64_t backlog; // most entries in the stream
    usec takeover;    // silence of a worker after which a spare takes over
};

extern const struct option scale_option_rows[];

enum {
    SCALE_KEY_MAX = OPTION_TEXT_MAX + 8,
};

// The source of a worker, also in its keys.
#define SCALE_SOURCE "in"

enum scale_role scale_role(const struct scale_options *options);

// Checks the role, and that it fits the other options.
enum status scale_check(const struct settings *settings, struct error *error) MUST_USE;

// A worker has one source, the entries. settings: checked.
void scale_add_source(struct settings *settings);

// The stream of entries with this prefix. Returns key.
const char *scale_key(const char *prefix, char key[SCALE_KEY_MAX]);

// The prefix of an ingest process' own keys in place of that of the counting.
void scale_own_prefix(const struct scale_options *options, struct redis_options *redis);
