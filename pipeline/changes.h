// What leaves the pipeline: the things whose values differ from what was last written.
//
// The one header sinks read. A sink pulls changes one at a time until there are no
// more; each carries absolute values, so that writing one twice changes nothing. What
// was pulled is *in flight* until the sink says that it is written (changes_written) or
// that it does not know (changes_lost): then the same things come again, whole. A
// change holds the values of the moment it is pulled; posts may come in between.
// Order: users and cascades, what was learnt, alerts, boards.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

struct pipeline;
enum { CHANGES_FIELDS_MAX = 96, CHANGES_IN_FLIGHT_MAX = 1 << 16 };

enum change_kind {
    CHANGE_USER,
    CHANGE_CASCADE,
    CHANGE_CALIBRATION, // what forecasts have learnt; it has no name
    CHANGE_ALERT,
    CHANGE_BOARD,
};

// One field of a hash, named as in Redis. A none value: the field is to be removed.
struct change_field {
    struct slice name;
    struct slice value;
};

// One entry of a board. A score of 0: the member is to be removed, before others come.
struct change_entry {
    struct slice member;
    uint64_t score;
};

// A person as alerts show them. Handle: none if not known.
struct change_person {
    struct slice id;
    struct slice handle;
    uint32_t followers;
};

enum change_alert_type {
    CHANGE_ALERT_RAISED,
    CHANGE_ALERT_RESOLVED, // the last word: the true size, once the cascade is closed
    CHANGE_ALERT_DIGEST,   // those that were raised while catching up, in one
};

struct change_digest {
    struct slice id;
    struct slice cascade;
    uint32_t level;
    uint64_t size;
};

// What a rule has to say about a cascade (change.fields: its whole hash; a digest has
// neither, but a list). It comes again, with its id, after changes_lost or a restart.
struct change_alert {
    enum change_alert_type type;
    bool is_shown; // changes_show_alert gave all of it: here it has its name only
    struct slice rule;
    uint32_t level;
    usec time;
    struct slice cascade; // id of the root post
    struct change_person author;
    const struct slice *why; // "size 104 >= 100", …
    size_t why_count;
    const struct change_person *amplifiers; // most followers first
    size_t amplifier_count;
    const struct change_digest *digest;
    size_t digest_count;
};

// Slices and arrays point into the pipeline and are valid until its next call.
struct change {
    enum change_kind kind;

    // USER, CASCADE, ALERT: the id. BOARD: "mentions:1h", "cascades:24h", …
    struct slice name;

    // USER, CASCADE. is_gone: the key is to be deleted (no fields are given). is_whole:
    // every field is given and whatever else the key holds is stale, so delete it
    // first, and renew its time to live; otherwise only what changed is given.
    // is_fresh: a whole key that was never written, so there is nothing to delete. ttl:
    // time to live for a whole key.
    bool is_gone;
    bool is_whole;
    bool is_fresh;
    usec ttl;
    const struct change_field *fields;
    size_t field_count;

    // USER: handle keys (`<net>:<handle in lower case>`) that point to this user from
    // now on, and one that no longer does; none: no change.
    struct slice handle_set;
    struct slice handle_gone;

    struct change_alert alert; // ALERT

    // BOARD. is_whole: the board is exactly these entries.
    const struct change_entry *entries;
    size_t entry_count;
};

// The state all changes pulled so far belong to at least.
struct changes_meta {
    usec clock;            // USEC_NONE before the first post
    uint64_t posts;        // messages used
    uint64_t interactions; // mentions + retweets + quotes + replies counted
    bool is_complete; // the longest window is covered, nothing was refused in it, and
                      // no step of the wall clock shows in it
};

// Brings the boards up to date; call once before the pulls of a flush.
void changes_begin(struct pipeline *pipeline);

// The next change, or false: nothing is left, or CHANGES_IN_FLIGHT_MAX changes are in
// flight.
bool changes_next(struct pipeline *pipeline, struct change *ret_change);

// Answers an alert outside a flush, as it is now; false: each was shown. A flush pulls
// it later, in the same order; it is not dropped any more.
bool changes_show_alert(struct pipeline *pipeline, struct change *ret_change);

// True if a pull would answer something after changes_begin.
bool changes_pending(const struct pipeline *pipeline);

// The `count` changes pulled first of those in flight are written for good.
void changes_written(struct pipeline *pipeline, size_t count);

// Everything in flight may or may not be written: it comes again, whole.
void changes_lost(struct pipeline *pipeline);

// The receiver lost or never had anything: everything that exists comes again, whole.
void changes_restart(struct pipeline *pipeline);

// True if that user, cascade or board is one that comes again, whole, after
// changes_restart: what the receiver still has of it need not be removed.
bool changes_has(const struct pipeline *pipeline, enum change_kind kind,
                 struct slice name);
// The same of a handle key.
bool changes_has_handle(const struct pipeline *pipeline, struct slice key);

void changes_meta(const struct pipeline *pipeline, struct changes_meta *ret_meta);
