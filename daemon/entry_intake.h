// Counts the entries that a worker reads: their posts, their campaigns, their time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "ingest/entries/entry.h"

struct campaign_words;
struct feed;
struct pipeline;

struct entry_intake {
    struct pipeline *pipeline;
    const struct campaign_words *campaigns;
    struct entry_head head;   // of the last entry; wall USEC_NONE: there was none
    bool differs;             // the ingest process has other campaigns: that was logged
    uint64_t logged_statuses; // bit for each enum status
    uint64_t begun;           // id of the entry of which only some posts were counted
    size_t counted;           // how many of them
};

// Keeps pipeline and campaigns.
void entry_intake_init(struct entry_intake *intake, struct pipeline *pipeline,
                       const struct campaign_words *campaigns);

// Reads an entry into the feed and passes on those posts that it has not passed on
// before. STATUS_AGAIN: there is no room for all of them, no memory, or the entry is of
// another version of cascaded, and it comes again. STATUS_PARSE: it is damaged; its
// posts are missing. Both are logged. id: one number, in the order of the entries.
enum status entry_intake_take(struct entry_intake *intake, struct feed *feed,
                              uint64_t id, struct slice bytes) MUST_USE;

// The sources of the ingest process have missed nothing.
bool entry_intake_is_complete(const struct entry_intake *intake);
// How far what was counted is behind the network; 0 before the first entry.
usec entry_intake_lag(const struct entry_intake *intake, usec wall);
