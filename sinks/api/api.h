// The HTTP interface for reading: answers about the state of the pipeline, as JSON.
//
// All answers come from memory, never from Redis, and about everybody and every post
// that is remembered, with a key in Redis or without one. The paths and their answers
// are described in page/openapi.json, which is served, too.
//
// Boards are as of the last flush, as_of_ms: while Redis acknowledges nothing they do
// not change. People, cascades and trees are as of the request.
//
// The number of a flush is the ETag of every answer. It starts at the time of the start
// in milliseconds, so that numbers of an earlier process do not come again, and it also
// advances once a second while nothing is flushed. Until it advances, a path has one
// answer, which is kept for the next request.
//
// Answers that have to search large tables share API_COSTLY_MS of each second; beyond
// that they are refused with 429, so that the loop is never blocked for long.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "sinks/http/http_router.h"

struct api;
struct person_text;
struct pipeline;

enum {
    API_LIMIT = 20, // of a list, if the request gives none
    API_LIMIT_MAX = 1000,
    API_COSTLY_MS = 100,
};

struct api_source {
    const char *name;
    const char *state;
    usec lag;
    usec gap_from; // of the newest gap in the longest window; USEC_NONE: there is none
    usec gap_to;   // USEC_NONE: it is open
};

// The state of the daemon beside the pipeline.
struct api_state {
    usec lag;         // USEC_NONE: that of the pipeline's clock
    bool is_complete; // no source lacks anything
    bool is_written;  // Redis acknowledges what is written
    usec written;     // when it did so last, on the wall clock; USEC_NONE: not yet
    bool is_ingest;   // posts are handed over in entries; nothing is counted here
    uint64_t entries_waiting;   // that Redis has not confirmed
    uint64_t entries_in_stream; // that a worker has not removed
    const struct api_source *sources;
    size_t source_count;
};

struct api_setup {
    struct pipeline *pipeline; // kept, as all pointers here
    const char *version;
    // The networks in which "@ann" is looked up first, in this order.
    const struct slice *networks;
    size_t network_count;
    usec (*wall)(void);
    // The state now; the sources are valid until the next call.
    void (*state)(void *context, struct api_state *ret_state);
    // True if no source lacks anything in a window of that length.
    bool (*covers)(void *context, usec window);
    void *context;
};

// NULL when there is no memory.
struct api *api_create(const struct api_setup *setup);
// Accepts NULL.
void api_destroy(struct api **api);

// A flush is about to start.
void api_flushed(struct api *api);
// The state of the daemon beside the pipeline changed: nothing is answered from before.
void api_changed(struct api *api);
// An alert was published. Copies the JSON.
void api_alerted(struct api *api, struct slice json);
// An entry of the stream of alerts that an earlier process wrote (api_alerts_recall).
void api_recalled(struct api *api, struct slice json);
// Drops the alerts that name the person, and answers that were made before.
void api_forget(struct api *api, const struct person_text *person);

// Who is marked as talked to in a campaign: the marks follow, one of them, those were
// all (sinks/redis/redis_marks.h). Ignores people who are not on the list.
void api_marks_follow(struct api *api, struct slice campaign);
void api_mark(struct api *api, struct slice campaign, struct slice person,
              struct slice ms);
void api_marks_complete(struct api *api, struct slice campaign);

// The number of the current flush.
uint64_t api_number(struct api *api);
// For the HTTP server.
struct http_pages api_pages(struct api *api);
