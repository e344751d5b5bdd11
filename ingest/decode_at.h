// The AT Protocol's names for records: "at://did:plc:abc/app.bsky.feed.post/3k", by its
// specification of at-URIs, DIDs and record keys.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct decode_at {
    struct slice did;
    struct slice collection;
    struct slice rkey;
};

// Takes an at-URI apart. False unless it names a record by its owner's DID. The parts
// point into the URI.
bool decode_at_parse(struct slice uri, struct decode_at *ret_at);

// Whether the three parts are well formed.
bool decode_at_check(const struct decode_at *at);

bool decode_at_is_did(struct slice did);

// Whether all characters are ASCII letters, digits or in `others`.
bool decode_at_consists_of(struct slice text, const char *others);
