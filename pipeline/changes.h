// The output of the pipeline: things that differ from what was last written.
//
// This is the main header that sinks read. A sink pulls changes one at a time until
// there are no more. Each contains absolute values, so that writing one twice changes
// nothing. What was pulled is *in flight* until the sink reports it written
// (changes_written) or unknown (changes_lost): then the same things are pulled again,
// whole. A change contains the values at the time of its pull; posts may be counted
// between pulls. Order: users, cascades and carriers, what was learnt, alerts, boards.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

struct pipeline;
enum { CHANGES_FIELDS_MAX = 112, CHANGES_IN_FLIGHT_MAX = 1 << 16 };

enum change_kind {
    CHANGE_USER,
    CHANGE_CASCADE,
    CHANGE_CARRIER,
    CHANGE_CALIBRATION, // what forecasts have learnt; it has no name
    CHANGE_ALERT,
    CHANGE_BOARD,
    CHANGE_CAMPAIGN,
    CHANGE_CAMPAIGN_BOARD, // its name begins with that of the campaign
    CHANGE_OUTREACH,       // name: "cup:outreach:x:12"
};

// One field of a hash, named as in Redis. A none value: the field is to be removed.
struct change_field {
    struct slice name, value;
};

// One entry of a board. A score of 0: the member is to be removed; these are first.
struct change_entry {
    struct slice member;
    uint64_t score;
};

// A person as shown in alerts.
struct change_person {
    struct slice id, handle; // handle: none if not known
    uint32_t followers;
    double people;    // of carriers: how many came through them
    bool is_expected; // an estimate (pipeline/carriers/settle.h)
};

enum change_alert_type {
    CHANGE_ALERT_RAISED,
    CHANGE_ALERT_RESOLVED, // the final size, once the cascade is closed
    CHANGE_ALERT_DIGEST,   // those that were raised while catching up, as one
    CHANGE_ALERT_NEWCOMER, // a person takes part in a campaign for the first time
};

struct change_digest {
    struct slice id, cascade;
    uint32_t level;
    uint64_t size;
};

// About a cascade (change.fields: its whole hash), a list of alerts, or a newcomer, the
// author. It comes again, with the same id, after a loss or restart.
struct change_alert {
    enum change_alert_type type;
    uint64_t place;             // for changes_keep_alert
    struct slice rendered;      // the text that was kept, instead of content; or none
    struct slice rule, cascade; // cascade: id of the root post
    usec time;
    uint32_t level;
    struct change_person author;
    const struct slice *why;                // "size 104 >= 100", …
    const struct change_person *amplifiers; // most followers first
    const struct change_person *carriers;   // observed ones first, most people first
    const struct slice *campaigns;          // names, in their order
    const struct change_digest *digest;
    size_t why_count, amplifier_count, carrier_count, campaign_count, digest_count;
};

// Slices and arrays point into the pipeline and are valid until its next call.
struct change {
    enum change_kind kind;

    // USER, CASCADE, ALERT, CARRIER: the id. BOARD: "mentions:1h", "carriers", …
    struct slice name;

    // USER, CASCADE, CARRIER. is_gone: the key is to be deleted (there are no fields).
    // is_whole: every field is given; delete the key first, as other fields in it are
    // stale, and renew its time to live. Otherwise only changed fields are given.
    // is_fresh: a whole key that was never written, so there is nothing to delete. ttl:
    // time to live of a whole key; 0: it does not expire.
    bool is_gone, is_whole, is_fresh;
    usec ttl;
    const struct change_field *fields;
    size_t field_count;

    // USER: handle keys (`<net>:<handle in lower case>`): one that points to this user
    // from now on, and one that no longer does; none: no change.
    struct slice handle_set, handle_gone;
    struct change_alert alert; // ALERT
    // BOARD. is_whole: the board is exactly these entries.
    const struct change_entry *entries;
    size_t entry_count;
    // In Redis: (score - above) / unit, a power of ten; 0: 1. above: 1 if it may be 0.
    uint64_t unit, above;
};

// The state that all changes pulled so far include at least.
struct changes_meta {
    usec clock;            // USEC_NONE before the first post
    uint64_t posts;        // messages counted
    uint64_t interactions; // mentions + retweets + quotes + replies counted
    uint64_t users_from, cascades_from; // who has a key (pipeline/changes/key_rule.h)
    bool is_complete; // the longest window is covered; no refusal or clock step in it
};

// Updates the boards; call once before the pulls of a flush.
void changes_begin(struct pipeline *pipeline);

// False: nothing is left, or CHANGES_IN_FLIGHT_MAX changes are in flight.
bool changes_next(struct pipeline *pipeline, struct change *ret_change);

// Returns an alert outside a flush, with current values; false: all were shown, or
// there is no room for more texts. A flush pulls it later, in the same order.
bool changes_show_alert(struct pipeline *pipeline, struct change *ret_change);
// Keeps the text of the alert that was shown or pulled last: the change has it whenever
// the alert is pulled from then on, also after a restart from a snapshot or if its post
// is deleted. `change` remains valid. Without memory the text is not kept.
void changes_keep_alert(struct pipeline *pipeline, const struct change *change,
                        struct slice text);

// True if a pull would return something after changes_begin.
bool changes_pending(const struct pipeline *pipeline);
// The `count` changes that were pulled first of those in flight are written.
void changes_written(struct pipeline *pipeline, size_t count);
// Everything in flight may or may not be written: it is pulled again, whole.
void changes_lost(struct pipeline *pipeline);
// The receiver has no data: everything that exists is pulled again, whole.
void changes_restart(struct pipeline *pipeline);
// What fades is computed as of now with the next flush, as it is once a day.
void changes_renew(struct pipeline *pipeline);
// True if that thing replaces, after changes_restart, what the receiver may have of it.
bool changes_has(const struct pipeline *pipeline, enum change_kind kind,
                 struct slice name);
bool changes_has_handle(const struct pipeline *pipeline, struct slice key);

void changes_meta(const struct pipeline *pipeline, struct changes_meta *ret_meta);
