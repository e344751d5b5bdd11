// The struct into which a message of Bluesky's Jetstream is read
// (ingest/decode/decode_jetstream.c). Only decode_jetstream*.c include this.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "ingest/json/json.h"

struct jetstream_link {
    struct slice uri;
};

struct jetstream_reply {
    const struct jetstream_link *parent;
};

// `record` here and below is the quoted record, with or without media around it.
struct jetstream_embedded {
    struct slice uri;
    const struct jetstream_link *record;
};

struct jetstream_media {
    const struct jetstream_link *external;
};

// `media`: of a quote with media; a link may be among it.
struct jetstream_embed {
    struct slice type;
    struct json_later record; // struct jetstream_embedded
    const struct jetstream_link *external;
    const struct jetstream_media *media;
};

struct jetstream_span {
    struct json_count start;
    struct json_count end;
};

struct jetstream_feature {
    struct slice type;
    struct slice did;
    struct slice tag;
    struct slice uri;
};

struct jetstream_facet {
    const struct jetstream_span *index;
    struct json_list features;
};

// A post or a repost.
struct jetstream_record {
    struct slice type;
    struct slice text;
    struct json_list langs; // struct slice
    struct json_list tags;  // struct slice
    struct json_list facets;
    const struct jetstream_reply *reply;
    const struct jetstream_embed *embed;
    const struct jetstream_link *subject;
    const struct jetstream_link *via;
};

struct jetstream_commit {
    struct slice type;
    struct slice operation;
    struct slice collection;
    struct slice rkey;
    struct json_later record;
};

struct jetstream_identity {
    struct slice handle;
};

struct jetstream_account {
    bool active;
    struct slice status;
};

struct jetstream_event {
    struct slice did;
    struct slice kind;
    struct slice type; // "kind" in 2024
    struct json_count time_us;
    struct slice time;
    const struct jetstream_commit *commit;
    const struct jetstream_identity *identity;
    const struct jetstream_account *account;
};

struct jetstream_payload {
    struct slice type;
    struct slice did;
    struct slice time;
    struct jetstream_commit commit;
    struct jetstream_identity flat_identity;
    struct jetstream_account flat_account;
    const struct jetstream_identity *identity;
    const struct jetstream_account *account;
};

struct jetstream_message {
    struct jetstream_event event;
    const struct jetstream_payload *payload;
    bool error;
};
