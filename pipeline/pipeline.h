// The fold: takes posts and keeps rolling counts. Same posts, same times, same output.
//
// A post passes these stages: time (an implausible date is replaced), duplicates,
// clock, then what it publishes (posts, mentions, hashtags) and what it refers to
// (retweets, quotes, replies, reach, influence, cascades). What a post adds is noted
// with its id, so that a deletion takes back exactly that.
//
// Rules beyond docs/counting.md:
//   - A second retweet of a post by the same person only moves the clock; the person is
//     remembered as long as the cascade.
//   - A retweet, quote or reply to one's own post counts for no one; a quote of oneself
//     still links its post to the quoted one.
//   - A target's author is the one in the message, else the one remembered.
//   - `reach` is added once per person and post, if the author is known.
//   - The board of cascades counts direct retweets and quotes; size and velocities
//     count all reshares below the post. Replies alone make a cascade.
//   - An event counts for at most 100 posts above it, each once, never for itself.
//   - The parent of an event in a tree is the event it came through or the post it
//     refers to (pipeline/fold/parent.h).
//   - A deleted post is hidden permanently, even if only references to it were seen.
//   - When an account is gone, all its remembered posts and retweets are taken back as
//     by deletions, and all posts known to be by it are hidden.
//   - A new handle that the network reports applies at once, and creates no user.
//   - A handle alone means the person who holds it. What was counted for a handle whose
//     holder was not known moves to the id when that is learnt
//     (pipeline/fold/persons.h).
//
// The pipeline reads no clock. In event time its clock is the greatest time of the
// posts so far; otherwise it is the wall time that is passed in. Both only move
// forward, except by pipeline_step (pipeline/fold/rewind.h).
//
// In event time STATUS_AGAIN may mean that alerts have to be shown, or written, before
// a cascade that the post begins again forgets its counts (pipeline/fold/renewal.h).
//
// When a table is full, STATUS_AGAIN means that a flush may make room. If it does not,
// the people and hashtags that a post is the first to name are left out, and the rest
// of it counts. STATUS_FULL means that the post is refused, because there is no room
// for its author or for what it refers to. Of one post only the first users.per_post
// people and hashtags.per_post hashtags count; and while a table is more than half full
// no author adds more than a 32nd part of its new names. The metrics count all of this
// (`cut`: posts counted in part). The boards are incomplete until what was left out
// would have left the longest window (pipeline/fold/admission.h, pipeline/shortages.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "pipeline/campaigns/account.h"
#include "pipeline/options.h"
#include "pipeline/post.h"
#include "pipeline/records/handle_form.h"

struct campaign;
struct known_people;
struct pipeline;
struct rule;

// seed: keys the tables; no output depends on it. NULL with error set when the options
// contradict each other or the system refuses the memory.
struct pipeline *pipeline_create(const struct pipeline_options *options,
                                 const struct hash_key *seed, bool is_event_time,
                                 struct error *error);
void pipeline_destroy(struct pipeline **pipeline);

// The form in which handles outside ASCII are compared: text_fold of
// ingest/text/text.h. Call it before the first post or snapshot.
void pipeline_fold_handles(struct pipeline *pipeline, handle_form_fn fold);

// Counts one message. wall: the current time, against which dates are checked (and the
// clock, unless in event time). Borrows post.
enum status pipeline_post(struct pipeline *pipeline, const struct post *post,
                          usec wall) MUST_USE;

// Lets time pass without a post (not in event time).
void pipeline_advance(struct pipeline *pipeline, usec wall);

// Continues work that was postponed so that posts are counted quickly: the search for
// events of accounts that are gone (pipeline/fold/withdrawals.h), which each post
// continues, too, more slowly; and looking up who is known to a campaign. Takes at most
// a few milliseconds; true while there is more.
bool pipeline_settle(struct pipeline *pipeline);

// Replaces the alert rules; at most RULES_MAX (pipeline/alerts/rules.h). What was
// raised by rules of the same names stays raised. Borrows rules.
void pipeline_set_rules(struct pipeline *pipeline, const struct rule *rules,
                        size_t count);

// Replaces the campaigns; at most CAMPAIGN_MAX (pipeline/campaigns/campaign.h). Returns
// the number of their order, for the sets in posts; sets of the order before are
// understood, too. Borrows them.
uint32_t pipeline_set_campaigns(struct pipeline *pipeline, const struct campaign *next,
                                size_t count);

// Replaces the people whom the campaign of that place among the campaigns knows; they
// are looked up by pipeline_settle. Takes people, which is empty afterwards.
void pipeline_set_known_people(struct pipeline *pipeline, size_t campaign,
                               struct known_people *people);
// How the accounts in known_people are compared.
struct account_needs pipeline_account_needs(struct pipeline *pipeline);

// Replaces redis.users_from and redis.cascades_from: what has a key by the new ones and
// not by the old ones, or the other way round, changes with the next flush.
void pipeline_set_thresholds(struct pipeline *pipeline, uint64_t users_from,
                             uint64_t cascades_from);

// The input of a rule's evaluation of a cascade after an event.
struct pipeline_look {
    size_t rule;          // index among the rules
    struct slice cascade; // id
    uint64_t size;
    double value; // what its first condition that levels multiply compares; NAN: there
                  // is none, or another condition does not hold
    usec clock;
};

// Calls `watch` at every such evaluation, before the rule raises anything; NULL: stops.
typedef void (*pipeline_watch_fn)(void *context, const struct pipeline_look *look);
void pipeline_watch(struct pipeline *pipeline, pipeline_watch_fn watch, void *context);

// In event time: true if the queue has room for all alerts that the next post can
// raise, without waiting for those in flight. If false, pull alerts before the next
// post.
bool pipeline_alerts_fit(const struct pipeline *pipeline);

// Updated by the call.
const struct pipeline_metrics *pipeline_metrics(struct pipeline *pipeline);
// Of these, the posts and retweets received before; cheap enough for each post.
uint64_t pipeline_duplicates(const struct pipeline *pipeline);

// The clock, or 0 before the first post.
usec pipeline_clock(const struct pipeline *pipeline);
