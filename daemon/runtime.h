// What the live daemon and a replay share: the event loop, signals, the pipeline with
// its snapshots, the Redis sink and the delivery of alerts.
//
//     runtime_open ─▶ runtime_connect ─▶ runtime_dispatch ─▶ runtime_close
//     loop, pipeline   webhooks, sink     until runtime_leave
//
// The owner fills in what differs (runtime_setup). Exit codes are those of sysexits;
// the process exits with the first one that is not 0.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "base/usec.h"
#include "daemon/alert_delivery.h"
#include "daemon/people.h"
#include "daemon/persistence.h"
#include "daemon/scale.h"
#include "daemon/settings.h"
#include "ingest/text/campaign_words.h"

struct event_base;
struct http_client;
struct redis_resume_request;
struct redis_sink;
struct worker;

// What is lost if a snapshot is not written before the deadline of a stop.
#define RUNTIME_UNSAVED                                                                \
    "the snapshot is not saved: the next start resumes from the snapshot before it"

// All pointers are kept.
struct runtime_setup {
    const struct settings *settings;
    const char *state_dir; // empty: no snapshots
    size_t webhooks;       // how many of the settings' webhooks are called
    bool is_live; // the clock is the wall clock, else the greatest time of the posts
    bool ends_when_refused; // a refusal by Redis that only the operator can end ends
                            // the process at any time, else only before the first flush
    usec start_patience;    // for a Redis that has just been started

    persistence_note_fn note;                      // writes the note of a snapshot
    void (*on_saved)(void *context, bool is_kept); // as in persistence_setup; or NULL
    struct worker *worker;                         // NULL: of another role
    void (*on_fenced)(void *context); // instead of the end: another has the prefix; or
                                      // NULL
    void (*on_ready)(void *context);  // Redis answers, for the first time
    void (*on_flush)(void *context);  // a flush is about to start
    void (*on_stop)(void *context);   // a signal; a second one, or one before on_ready,
                                      // ends the process at once
    void *context;                    // for all of them
};

struct runtime {
    struct runtime_setup setup;
    struct event_base *base;
    struct persistence persistence;
    struct pipeline *pipeline; // the persistence's
    struct campaign_words campaigns;
    struct people people;
    struct http_client *client; // NULL: no HTTP requests are sent
    struct alert_delivery *delivery;
    struct redis_sink *sink;
    struct redis_outlet_setup outlet; // of an ingest process
    char entries[SCALE_KEY_MAX];      // its stream
    const char *places[2];            // as in redis_sink_setup; set by the owner
    bool has_started;                 // on_ready was called
    bool is_stopping;                 // on_stop was called
    int exit_code;
};

// Creates the loop, installs the signals, and creates the pipeline, from a snapshot if
// there is one, with the alert rules, the campaigns and the people whom these know, of
// the settings. Returns 0 or an
// exit code with error set. Call runtime_close in both cases.
int runtime_open(struct runtime *runtime, const struct runtime_setup *setup,
                 struct error *error);

// Creates the delivery of alerts and the sink. recall: kept; what to read of an earlier
// process; NULL: nothing. Returns 0 or an exit code with error set.
int runtime_connect(struct runtime *runtime, const struct redis_resume_request *recall,
                    struct error *error);

// Connects to Redis and runs until runtime_leave.
void runtime_dispatch(struct runtime *runtime);

// The part of the time of a stop in which all but the snapshot has to end.
usec runtime_stop_patience(const struct runtime *runtime);

// Ends the loop.
void runtime_leave(struct runtime *runtime, int exit_code);

// Accepts one that is zeroed or half built.
void runtime_close(struct runtime *runtime);
