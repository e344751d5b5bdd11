// The AT Protocol's names of records: "at://did:plc:abc/app.bsky.feed.post/3k", by its
// specification of at-URIs, DIDs and record keys.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct decode_at {
    struct slice did;
    struct slice collection;
    struct slice rkey;
};

// Splits an at-URI. False unless it names a record by its owner's DID. The parts point
// into the URI.
bool decode_at_parse(struct slice uri, struct decode_at *ret_at);

// True if the three parts are well formed.
bool decode_at_check(const struct decode_at *at);

bool decode_at_is_did(struct slice did);

// True if all characters are ASCII letters, digits or in `others`.
bool decode_at_consists_of(struct slice text, const char *others);
