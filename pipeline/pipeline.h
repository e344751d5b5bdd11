// The fold: posts in, rolling counts out. Same posts, same times, same output.
//
// The stages a post passes, in this order: time (a date nobody can believe is
// replaced), dedupe, clock, then publishing (posts, mentions, hashtags) and pointing
// (retweets, quotes, replies, reach, influence, cascades). What a post adds is noted
// with its id, so that a deletion takes back exactly that.
//
// What the pages on counting leave open is settled so:
//   - A second retweet of a post by the same person moves the clock and nothing
//     else; the person is remembered as long as the cascade.
//   - Retweeting, quoting or answering oneself counts for no one; a self-quote
//     still links its post upward.
//   - A target's author is the one the message names, else the one remembered.
//   - `reach` is given once per person and post, when the author is known.
//   - The board of cascades counts direct retweets and quotes; size and velocities
//     count everything below. Replies alone make a cascade.
//   - A post follows at most 100 others upward, each once, never itself.
//   - In the tree of a cascade an event hangs below what it came through or points at;
//     whether that was seen, is waited for or passed over is decided in parent.c.
//   - A deleted post is hidden for good, also if only others pointed at it.
//   - An account that is gone takes back what a deletion of each of its remembered
//     posts and retweets would, and all posts known to be by it are hidden.
//   - A new handle that the network reports holds at once, and creates no person.
//   - A handle alone names the person who holds it; what was counted for a handle whose
//     person was not known moves to the id that is learnt later
//     (pipeline/fold/persons.h).
//
// No clock is read: in event time the clock is the greatest time of the posts so far;
// otherwise it is the wall time passed in. Both only move forward, but for
// pipeline_step (pipeline/fold/rewind.h).
//
// When a table is full, STATUS_AGAIN says that writing out what is pending may make
// room. If it does not, the people and hashtags that a post is the first to name are
// left out, and the rest of it counts; STATUS_FULL says that the post is refused, since
// there is no room for its author or for what it points at. Of one post at most
// users.per_post people and hashtags.per_post hashtags count, the first that it lists;
// and while a table is more than half full no author brings more than a 32nd part of
// its new names. All that is counted in the metrics (`cut`: posts counted in part). For
// want of room the boards are incomplete until what was left out would have left the
// longest window (pipeline/fold/admission.h, pipeline/shortages.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "pipeline/options.h"
#include "pipeline/post.h"

struct pipeline;
struct rule;

// seed: keys the tables; no output depends on it. NULL with error set when the options
// do not fit one another or the system refuses the memory.
struct pipeline *pipeline_create(const struct pipeline_options *options,
                                 const struct hash_key *seed, bool is_event_time,
                                 struct error *error);
void pipeline_destroy(struct pipeline **pipeline);

// One message. wall: the time now, against which dates are judged (and the clock unless
// in event time). Borrows post.
enum status pipeline_post(struct pipeline *pipeline, const struct post *post,
                          usec wall) MUST_USE;

// False for dates before 2006 and more than a minute after `wall`: such a post counts
// at the clock.
bool pipeline_is_believable(usec time, usec wall);

// Lets time pass without a post (not in event time).
void pipeline_advance(struct pipeline *pipeline, usec wall);

// Goes on with what was put off to keep posts quick: the search for what accounts that
// are gone did (pipeline/fold/withdrawals.h). Takes a few milliseconds at most; true
// while there is more. Posts go on with it too, more slowly.
bool pipeline_settle(struct pipeline *pipeline);

// The alert rules from now on, at most RULES_MAX (pipeline/alerts/rules.h); what was
// raised by rules of the same names stays raised. Borrows rules.
void pipeline_set_rules(struct pipeline *pipeline, const struct rule *rules,
                        size_t count);

// What a rule saw when it judged a cascade after an event.
struct pipeline_look {
    size_t rule;          // its place among the rules
    struct slice cascade; // id
    uint64_t size;
    double value; // what its first condition that levels multiply compares; NAN: there
                  // is none, or another condition does not hold
    usec clock;
};

// Calls `watch` with every such look, before the rule raises anything; NULL: no more.
typedef void (*pipeline_watch_fn)(void *context, const struct pipeline_look *look);
void pipeline_watch(struct pipeline *pipeline, pipeline_watch_fn watch, void *context);

// In event time: whether the next post can raise every alert that it may, whatever is
// still on its way. If not, pull alerts before the next post.
bool pipeline_alerts_fit(const struct pipeline *pipeline);

// Up to date at the call.
const struct pipeline_metrics *pipeline_metrics(struct pipeline *pipeline);

// The clock, or 0 before the first post.
usec pipeline_clock(const struct pipeline *pipeline);
