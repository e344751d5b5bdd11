// The state of the pipeline, shared by its stages and by the functions that build
// changes.
//
// A stage takes the whole pipeline, because a post changes many tables. A table gets
// what it needs beside its rows as arguments of its init, functions to call included;
// it keeps them, and its functions take only the table. tests/lint/layers.py lists the
// stages; no other file in a room may name the struct.
#pragma once

#include "base/arena.h"
#include "pipeline/alerts/alerts.h"
#include "pipeline/campaigns/campaigns.h"
#include "pipeline/carriers/carriers.h"
#include "pipeline/changes.h"
#include "pipeline/fold/admission.h"
#include "pipeline/fold/campaign_acts.h"
#include "pipeline/fold/names.h"
#include "pipeline/fold/persons.h"
#include "pipeline/fold/quota.h"
#include "pipeline/fold/release.h"
#include "pipeline/fold/withdrawals.h"
#include "pipeline/forecast/forecasts.h"
#include "pipeline/pipeline.h"
#include "pipeline/records/cascades.h"
#include "pipeline/records/event_records.h"
#include "pipeline/records/locals.h"
#include "pipeline/records/tags.h"
#include "pipeline/records/users.h"
#include "pipeline/windows/boards.h"
#include "pipeline/windows/windows.h"

enum {
    PIPELINE_PATH_MAX = 100,   // posts above one another that an event counts for
    PIPELINE_PATH_AMOUNTS = 8, // at most, for each of these posts
    PIPELINE_NOTES_MAX =
        6 * (POST_LIST_MAX + PIPELINE_PATH_AMOUNTS * PIPELINE_PATH_MAX),
};

// The next thing to pull in a flush.
enum changes_stage {
    CHANGES_USERS,
    CHANGES_CASCADES,
    CHANGES_CARRIERS,
    CHANGES_CALIBRATION,
    CHANGES_ALERTS,
    CHANGES_BOARDS,
    CHANGES_CAMPAIGNS,
    CHANGES_OUTREACH,
    CHANGES_DONE,
};

// A change that was pulled and is not acknowledged.
struct flying {
    enum change_kind kind;
    uint32_t index;
};

// Scratch space for the current post: nothing in it outlives the call.
struct inside_hand {
    // How much room the post must leave for what it cannot do without, unless there is
    // room for all of it, and whether something of it was left out.
    bool is_tight, is_cut;
    struct admission_needs needs;
    struct campaign_acts_waiting waiting;
    struct windows_moment moment; // of the post, or of what is taken back
    // What it has added so far, most of it within campaigns, and whom it names.
    struct event_records_entry notes[PIPELINE_NOTES_MAX];
    size_t note_count;
    uint32_t named[POST_LIST_MAX];
    struct arena named_texts; // of a post that names people by handle alone
    struct handle_form handle_form;
};

// A flush: how far the pulls have come, what is in flight, and scratch space for the
// current change.
struct inside_flush {
    enum changes_stage stage;
    uint32_t stage_left;
    struct flying flying[CHANGES_IN_FLIGHT_MAX]; // ring
    uint64_t flying_first, flying_next, losses;  // losses: calls of changes_lost
    struct arena scratch;                        // texts
    struct change_field fields[CHANGES_FIELDS_MAX];
    struct slice why[RULES_WHY_MAX];
    struct change_person amplifiers[ALERTS_AMPLIFIERS_MAX];
    struct change_person carriers[ALERTS_CARRIERS_MAX];
    struct change_digest digest[ALERTS_DIGEST_MAX];
    struct slice campaigns[CAMPAIGN_MAX];
};

struct pipeline {
    struct pipeline_options options;
    struct pipeline_metrics metrics;
    struct hash_key key;
    bool is_event_time;
    bool is_cramped;      // a post waits for room that a flush may make
    int64_t useless_step; // of the longest window: a flush in it made no room
    uint64_t asked;       // posts that were counted or refused
    uint64_t next_wait;   // how many of them pay for the flushes waited for so far
    usec clock;
    usec started;    // the first clock; USEC_NONE before
    usec lost_at;    // clock when something was last left out; USEC_NONE: never
    usec whole_from; // clock from which the windows no longer contain a step of the
                     // wall clock; USEC_NONE: there was none
    usec longest;    // the longest window

    struct slab *texts;
    struct windows windows;
    struct users users;
    struct cascades cascades;
    struct trees trees;
    struct forecasts forecasts;
    struct carriers carriers;
    struct queue carrier_queue; // of users whose hash of a carrier is to be written
    struct campaigns campaigns;
    struct tags tags;
    struct event_records records;
    struct locals locals;
    struct boards boards;
    struct boards_owners board_owners; // of these and those of campaigns
    struct alerts alerts;
    struct names_renamed renamed;
    struct withdrawals withdrawals;
    struct release release;

    struct quota user_quota, tag_quota;

    struct inside_hand hand;
    struct inside_flush flush;
};

uint64_t inside_hash(const struct pipeline *pipeline, struct slice id);
// Hash of a source's own id of a post, for `locals`.
uint64_t inside_local(const struct pipeline *pipeline, struct slice source,
                      struct slice alias);

// Who did the event, or USER_NONE if that is released (pipeline/fold/release.h).
uint32_t inside_actor(const struct pipeline *pipeline, const struct event *event);
// True if the event is a retweet or quote of the post of that record.
bool inside_is_reshare_of(const struct pipeline *pipeline, const struct event *event,
                          uint32_t target);

// Notes what the current post adds, so that it can be undone.
void inside_note(struct pipeline *pipeline, struct event_records_entry entry);
// Adds to a counter and notes it. False if it came too late for all windows.
bool inside_count(struct pipeline *pipeline, uint32_t counter, uint32_t amount);
// A user's counter, created if needed.
uint32_t inside_counter(struct pipeline *pipeline, enum tally tally, uint32_t user);
// Adds to it and notes that.
void inside_tally(struct pipeline *pipeline, enum tally tally, uint32_t user,
                  uint32_t amount);
