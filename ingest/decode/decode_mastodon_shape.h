// The struct into which a message of Mastodon is read
// (ingest/decode/decode_mastodon.c). Only decode_mastodon*.c include this.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "ingest/json/json.h"

struct mastodon_account {
    struct slice id;
    struct slice uri;
    struct slice url;
    struct slice acct;
    struct slice display_name;
    struct json_count followers_count;
};

struct mastodon_tag {
    struct slice name;
};

// The preview of a link.
struct mastodon_card {
    struct slice url;
};

struct mastodon_toot;

struct mastodon_quote;

struct mastodon_toot {
    struct slice id; // of this instance only
    struct slice uri;
    struct slice created_at;
    struct slice in_reply_to_id;
    struct slice in_reply_to_account_id;
    struct slice content;
    struct slice spoiler_text;
    struct slice language;
    struct slice
        quote_id; // of Akkoma and others, also where the quoted status is not included
    struct json_count reblogs_count;
    struct json_count quotes_count;
    const struct mastodon_account *account;
    const struct mastodon_toot *reblog;
    const struct mastodon_quote *quote;
    const struct mastodon_pleroma *pleroma;
    const struct mastodon_card *card;
    struct json_list mentions; // struct mastodon_account
    struct json_list tags;
};

// Mastodon's wrapper of the quoted status; for Akkoma and others the status itself.
struct mastodon_quote {
    struct mastodon_toot status;
    struct slice state;
    struct slice quoted_status_id;
    const struct mastodon_toot *quoted_status;
};

// Pleroma's own fields.
struct mastodon_pleroma {
    struct slice quote_id;
    const struct mastodon_quote *quote;
};

struct mastodon_message {
    struct mastodon_toot status;
    struct slice event;
    struct slice payload;
    bool error;
};
