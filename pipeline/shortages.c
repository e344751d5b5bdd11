#include "pipeline/shortages.h"

#include <stddef.h>

#define COUNT(field) (uint32_t) offsetof(struct pipeline_metrics, field)

// clang-format off
const struct shortage shortage_rows[SHORTAGES] = {
    {COUNT(users_left_out), true,
     "users.capacity is reached: posts by or about new people are counted in part or not "
     "at all; raise it"},
    {COUNT(hashtags_left_out), true,
     "hashtags.capacity is reached: new hashtags are not counted; raise it"},
    {COUNT(cascades_evicted_early), true,
     "cascades.capacity is reached: cascades are dropped while they still count; raise it"},
    {COUNT(facts_forgotten), true,
     "users.capacity or cascades.capacity is reached: authors and quoted posts are forgotten, and "
     "reshares of old posts count in part; raise them"},
    {COUNT(cascades_left_out), true,
     "posts are refused because waiting alerts use all of cascades.capacity; raise it"},
    {COUNT(windows_left_out), true,
     "memory.windows is full: posts are not counted; raise it"},
    {COUNT(texts_left_out), true,
     "memory.texts is full: posts by or about new people are counted in part or not at "
     "all; raise it"},
    {COUNT(people_refused), true,
     "a cascade has more people than can be remembered: more than a million, or "
     "memory.texts is full"},
    {COUNT(names_rationed), true,
     "one author adds too many new people or hashtags: they are not counted; raise users.capacity "
     "or hashtags.capacity if this is not spam"},
    {COUNT(undo_lost), true,
     "an event was undone whose counts were forgotten early: raise dedupe.capacity"},
    {COUNT(acts_lost), true,
     "a retweet or quote was undone, and the next one by the same person in the cascade was not found: "
     "carried may be too small; raise dedupe.capacity"},
    {COUNT(undo_forgotten), false,
     "dedupe.retweets is reached: retweets are forgotten before they leave the longest "
     "window, and undoing them changes nothing; raise it"},
    {COUNT(withdrawals_refused), true,
     "more than 4096 accounts that are gone are waiting to be taken back: the counts of further ones stay"},
    {COUNT(names_refused), false,
     "memory.texts is full: handles and names are out of date; raise it"},
    {COUNT(tree_refused), true,
     "trees.capacity or memory.texts is full: retweets and quotes are placed below the root, and no one "
     "has carried them; raise it"},
    {COUNT(reshares_refused), false,
     "memory.texts is full: some retweets and quotes are missing in forecasts; raise it"},
    {COUNT(authors_evicted), false,
     "cascades.authors is reached: the usual sizes of authors are forgotten; raise it"},
    {COUNT(alerts_forgotten), false,
     "alerts.capacity is reached: alerts are forgotten and may be raised again; raise it"},
    {COUNT(names_beyond), false,
     "a post names more people or hashtags than users.per_post or hashtags.per_post: the "
     "rest is not counted"},
};
// clang-format on
