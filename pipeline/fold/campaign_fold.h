// Counts what belongs to campaigns once more, within each of them.
//
// What an event adds for a person, a post or a hashtag, it adds for the same one within
// each of its campaigns, mentions excepted. So the boards of a campaign have the rules
// of the others, and what is taken back is taken back in both. An act is an event of a
// person in the campaign: a published post, which may be a quote or a reply, or a
// retweet that counts.
//
//     posts, reach, carried, translated    as summed over all people
//     retweets, quotes, replies            those that count, to anybody
//     people         who has an act in the window
//     new_people     of them, those all of whose acts are in the window
//     cascades       posts that are retweeted or quoted in the window
//     rival_posts    published posts with one of the words of rivals
//
// An event counts in a campaign wholly or, if there is no room, not at all; that is
// counted, and the boards are incomplete.
#pragma once

#include "pipeline/campaigns/campaign.h"
#include "pipeline/post.h"
#include "pipeline/windows/tally.h"
#include "pipeline/windows/windows.h"

struct pipeline;

// The current event was counted.
void campaign_fold_count(struct pipeline *pipeline, const struct post *post,
                         uint32_t event);
// An earlier event counts for one more person, at that moment.
struct campaign_fold_amount {
    enum tally tally;
    uint32_t user;
};
void campaign_fold_later(struct pipeline *pipeline, uint32_t event,
                         struct campaign_fold_amount amount,
                         const struct windows_moment *moment);
// The event is taken back; its notes are taken back elsewhere.
void campaign_fold_undo(struct pipeline *pipeline, uint32_t event);

// Values of a counter of a campaign changed, or it was hidden.
void campaign_fold_touched(struct pipeline *pipeline, uint32_t index, uint32_t slots);

// Two users are one person: called for each counter that was merged into another one.
void campaign_fold_merged(struct pipeline *pipeline, uint32_t index);
