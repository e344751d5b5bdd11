// The inside of the pipeline, shared by its stages and by the reader of its changes.
#pragma once

#include "base/arena.h"
#include "pipeline/admission.h"
#include "pipeline/alerts.h"
#include "pipeline/boards.h"
#include "pipeline/cascades.h"
#include "pipeline/changes.h"
#include "pipeline/ledger.h"
#include "pipeline/locals.h"
#include "pipeline/names.h"
#include "pipeline/persons.h"
#include "pipeline/pipeline.h"
#include "pipeline/pulses.h"
#include "pipeline/quota.h"
#include "pipeline/tags.h"
#include "pipeline/users.h"
#include "pipeline/windows.h"
#include "pipeline/withdrawals.h"

enum {
    PIPELINE_PATH_MAX = 100, // posts above one another that an event counts for
    PIPELINE_NOTES_MAX = 2 * POST_LIST_MAX + 6 * PIPELINE_PATH_MAX,
};

// Where pulls stand within a flush.
enum changes_stage {
    CHANGES_USERS,
    CHANGES_CASCADES,
    CHANGES_CALIBRATION,
    CHANGES_ALERTS,
    CHANGES_BOARDS,
    CHANGES_DONE,
};

// A change that was pulled and is not acknowledged.
struct flying {
    enum change_kind kind;
    uint32_t index;
};

struct pipeline {
    struct pipeline_options options;
    struct pipeline_metrics metrics;
    struct hash_key key;
    bool is_event_time;
    bool is_cramped;      // a post waits for room that a flush may make
    int64_t useless_step; // of the longest window: a flush made no room in it
    usec clock;
    usec started;    // the first clock there was; USEC_NONE before
    usec lost_at;    // clock when a count was last left out; USEC_NONE: none was
    usec whole_from; // clock from which on windows do not show a step of the wall clock
                     // any more; USEC_NONE: there was none
    usec longest;    // the longest window

    struct slab *texts;
    struct windows windows;
    struct users users;
    struct cascades cascades;
    struct trees trees;
    struct pulses pulses;
    struct tags tags;
    struct ledger ledger;
    struct locals locals;
    struct boards boards;
    struct alerts alerts;
    struct names_renamed renamed;
    struct withdrawals withdrawals;

    // How much room the post at hand must leave for what it cannot do without, unless
    // there is room for all of it, and whether something of it was left out.
    bool is_tight;
    bool is_cut;
    struct admission_needs needs;
    struct quota user_quota;
    struct quota tag_quota;

    // What the post at hand has added so far, and the users or tags it names.
    struct ledger_entry notes[PIPELINE_NOTES_MAX];
    size_t note_count;
    uint32_t named[POST_LIST_MAX];
    struct arena named_texts; // of a post that names people by handle alone

    // A flush: how far the pulls have come, and what is in flight.
    enum changes_stage stage;
    uint32_t stage_left;
    struct flying flying[CHANGES_IN_FLIGHT_MAX]; // ring
    uint64_t flying_first;
    uint64_t flying_next;
    struct arena scratch; // texts of the change at hand
    struct change_field fields[CHANGES_FIELDS_MAX];
};

// The event of the post with that hash or of another version of it, or EVENT_NONE.
uint32_t pipeline_version(const struct pipeline *pipeline, uint64_t hash);

uint64_t pipeline_hash(const struct pipeline *pipeline, struct slice id);
// Of a post's name within a source, for `locals`.
uint64_t pipeline_local(const struct pipeline *pipeline, struct slice source,
                        struct slice alias);

// Adds to a user's counter and notes it for an undo.
void pipeline_tally(struct pipeline *pipeline, enum tally tally, uint32_t user,
                    uint32_t amount);
// Adds to any counter and notes it.
void pipeline_count(struct pipeline *pipeline, uint32_t counter, uint32_t amount);
void pipeline_note(struct pipeline *pipeline, struct ledger_entry entry);

// As much of a text as is kept, cut between two characters.
struct slice pipeline_cut(const struct pipeline *pipeline, struct slice text);
// Fills in what a message says about a post of which there is a record.
void pipeline_learn(struct pipeline *pipeline, uint32_t cascade,
                    const struct post_ref *facts, usec time);
// True if that person has retweeted that post already.
bool pipeline_is_repeat(struct pipeline *pipeline, const struct post *post);
// Such a retweet changes nothing, but others may come through it.
void pipeline_repeat(struct pipeline *pipeline, const struct post *post,
                     uint32_t event);

// What a published post adds by the people and hashtags it names (pipeline/naming.c).
void pipeline_name(struct pipeline *pipeline, const struct post *post, uint32_t author,
                   usec time);

// What a retweet adds, and what a published post adds by its quote and reply.
void pipeline_retweet(struct pipeline *pipeline, const struct post *post,
                      uint32_t event);
void pipeline_point(struct pipeline *pipeline, const struct post *post, uint32_t event);

// True if the event is a retweet of the post that has that record.
bool pipeline_is_retweet_of(const struct pipeline *pipeline, const struct event *event,
                            uint32_t target);

// The event finds its place in the tree of posts[at], for whose cascade it counts, and
// which lies above posts[0], what it points at (pipeline/parent.c).
void pipeline_branch(struct pipeline *pipeline, uint32_t index, const uint32_t *posts,
                     size_t at);
// It is taken back from there.
void pipeline_unbranch(struct pipeline *pipeline, const struct event *event,
                       uint32_t cascade, bool is_direct);
// Time has passed: those that waited too long for their parent hang on the root.
void pipeline_end_waits(struct pipeline *pipeline);

// Takes back what the event behind a deletion added, and hides the post.
void pipeline_undo(struct pipeline *pipeline, const struct post *post);
// The same for one that is remembered.
void pipeline_undo_event(struct pipeline *pipeline, uint32_t event);
void pipeline_hide(struct pipeline *pipeline, uint32_t cascade);
