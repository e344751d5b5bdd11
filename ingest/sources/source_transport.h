// The parts of a source, for its transport and its backfill.
//
// The source stays connected: it decides when to connect, detects a dead stream, holds
// a message for which there is no room, and records gaps. The transport opens and
// closes one connection at a time and splits its bytes into messages. A backfill
// requests what was missed between connections. Both begin with the struct below.
//
//     OFF ─start─▶ WAITING ─open─▶ OPENING ─source_flows─▶ STREAMING
//                     ▲───────────────┴──────source_end────────┘
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "base/usec.h"
#include "ingest/sources/liveness.h"
#include "ingest/sources/source.h"
#include "ingest/sources/source_gap.h"
#include "net/timer.h"

struct outcome;
struct source_backfill;

enum source_phase {
    SOURCE_PHASE_OFF,
    SOURCE_PHASE_WAITING, // until the deadline, and for room for what is left
    SOURCE_PHASE_OPENING, // deadlines are the transport's
    SOURCE_PHASE_STREAMING,
};

// From the event loop, never from within a call of the transport's own.
struct source_transport {
    void (*open)(struct source *source);
    void (*close)(struct source *source); // at once; accepts a closed one
    void (*destroy)(struct source *source);
    // There is room: source_offer for the message that is held and what follows.
    void (*offer)(struct source *source);
    // When to connect again (monotonic), or USEC_NONE: never.
    usec (*after)(struct source *source, const struct outcome *outcome, usec now);
    // These may be NULL. A stopped source starts again:
    void (*start)(struct source *source);
    // A deadline of source_arm passed while it was opening:
    void (*overdue)(struct source *source);
    // The stream lives; it is to be judged again at next (USEC_NONE: no need):
    void (*tend)(struct source *source, bool is_idle, usec next);
    // A deadline passed while a message is held:
    void (*tend_held)(struct source *source);
    // What was held is taken, and the stream flows on:
    void (*resumed)(struct source *source);
    // The other side's name, for errors:
    const char *(*peer)(struct source *source);
    bool (*cursor)(const struct source *source, struct source_cursor *ret_cursor);
    // What was read until there will not be read again:
    void (*settle)(struct source *source, const struct source_cursor *reached);
};

struct source_backfill_ops {
    void (*destroy)(struct source_backfill *backfill);
    // The stream ended: a fill in progress stops, and continues later from its last
    // page.
    void (*suspend)(struct source_backfill *backfill);
    // The stream is there (again). missed_from: the beginning of the open gap;
    // USEC_NONE: none is open. False: there is nothing to fill.
    bool (*begin)(struct source_backfill *backfill, usec missed_from);
    void (*resume)(struct source_backfill *backfill); // there is room again
    bool (*is_under_way)(const struct source_backfill *backfill);
    // Whether a message of the stream may go to the owner now; and: it took it.
    bool (*may_pass)(struct source_backfill *backfill,
                     const struct source_message *message);
    void (*saw)(struct source_backfill *backfill, const struct source_message *message);
    // A word for the reason of a gap that cannot be filled; else "".
    const char *(*hindrance)(const struct source_backfill *backfill);
    bool (*cursor)(const struct source_backfill *backfill,
                   struct source_cursor *ret_cursor);
};

struct source_backfill {
    const struct source_backfill_ops *ops;
};

struct source {
    const struct source_transport *transport;
    struct source_backfill *backfill; // owned; NULL: none
    struct source_setup setup;
    enum source_state state;
    struct source_metrics metrics;
    enum source_phase phase;
    bool is_up;   // the stream began
    bool is_held; // a message is not taken yet
    bool must_connect;
    bool must_resume;
    usec deadline;  // of the timer
    usec last_wall; // of the last message or, before one, of the beginning
    usec up_wall;   // of the beginning
    struct liveness liveness;
    struct source_gap_state gap;
    struct timer timer;
    struct timer work; // what may not be done where it was noticed
};

// The common part of a zeroed source; source_destroy frees a half-built one. Copies
// setup and rule.
enum status source_init(struct source *source, const struct source_setup *setup,
                        const struct source_transport *transport,
                        const struct liveness_rule *rule, struct error *error) MUST_USE;

usec source_now(const struct source *source); // monotonic
// A time of the wall clock as one of the monotonic; USEC_NONE stays that.
usec source_monotonic(const struct source *source, usec wall);
// USEC_NONE: never.
void source_arm(struct source *source, usec deadline);
// Reports to the owner unless nothing has changed. Borrows error.
void source_set_state(struct source *source, enum source_state state,
                      const struct error *error);

// Messages may come; and, then or later: the stream began.
void source_flows(struct source *source);
void source_up(struct source *source);
// The attempt or the stream is over. Borrows outcome.
void source_end(struct source *source, const struct outcome *outcome);
// True: the owner took it. False: it is held, or the source was stopped during the
// call.
bool source_offer(struct source *source, const struct source_message *message);
void source_close_gap(struct source *source, usec to, bool is_recovered);

// Begins to fill a gap; and: whether that is under way. False without a backfill.
bool source_fill(struct source *source);
bool source_is_filling(const struct source *source);
// For the backfill: a message that the stream did not send. False: no room.
bool source_offer_late(struct source *source, const struct source_message *message);
// The stream may flow: the backfill is over, or (why is NULL) it has to wait for long.
// why: a word for the reason of the gap, empty if everything came.
void source_filled(struct source *source, const char *why);
