// What the receiver of changes should have, thing by thing, to detect silent losses
// there.
//
// The second header that sinks read. Things that wait to be written are skipped, so
// call this when nothing is in flight.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "pipeline/changes.h"

struct pipeline;

// Positions in the rounds over everything; initialise with zeros.
struct checks {
    uint32_t board;    // whose members are next
    uint32_t member;   // of that board
    uint32_t user;     // the next one of all
    uint32_t cascade;  // likewise
    uint32_t campaign; // whose hashes are next: its own, then those of its list
    uint32_t person;
};

// Points into the pipeline until its next call.
struct checks_hash {
    enum change_kind kind; // USER, CASCADE, CARRIER, CAMPAIGN or OUTREACH
    struct slice name;
    size_t fields; // how many fields it has at least
    uint32_t row;
    struct slice handle; // USER: the handle key that points to it; none if there is
                         // none
    // checks_values: some of the fields, whose values do not change unless the thing
    // waits to be written.
    const struct change_field *values;
    size_t value_count;
};

// Each checks the next one of its round: of the people and cascades on boards, of all
// people, of all cascades, of the hashes of campaigns. False: there is nothing to check
// about it.
bool checks_member(struct pipeline *pipeline, struct checks *checks,
                   struct checks_hash *ret_hash);
bool checks_user(struct pipeline *pipeline, struct checks *checks,
                 struct checks_hash *ret_hash);
bool checks_cascade(struct pipeline *pipeline, struct checks *checks,
                    struct checks_hash *ret_hash);
bool checks_campaign(struct pipeline *pipeline, struct checks *checks,
                     struct checks_hash *ret_hash);

// Renders the values of the hash that was looked at last.
void checks_values(struct pipeline *pipeline, struct checks_hash *hash);

// The board as it was written last: how many boards there are, those of campaigns
// included, and one of them. False: it waits to be written as a whole.
struct checks_board {
    enum change_kind kind; // BOARD or CAMPAIGN_BOARD
    struct slice name;
    uint32_t count;
    uint64_t unit; // as in struct change
};
uint32_t checks_boards(const struct pipeline *pipeline);
bool checks_board(const struct pipeline *pipeline, uint32_t index,
                  struct checks_board *ret_board);
struct change_entry checks_entry(const struct pipeline *pipeline, uint32_t board,
                                 uint32_t entry);

// The receiver does not hold it as it should: it comes again, whole.
void checks_failed(struct pipeline *pipeline, enum change_kind kind, struct slice name);
