// Removes a person from everything that the daemon keeps, for `cascadectl purge`:
//
//     searching ─▶ writing ─▶ saving ─▶ saving ─▶ over
//
// searching: the person's posts and reshares are taken back; then counters, names,
// alerts and the rest are removed (pipeline/fold/erasure.h). writing: until Redis has
// acknowledged the changes; then texts are overwritten. saving: two snapshots, since
// the one before is kept, too.
//
// It continues whether or not a client waits for it. One person at a time; further
// requests about the same person wait for the same purge. If it ends with an error, it
// is to be repeated, as after a crash: repeating it does no harm.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/person_text.h"
#include "base/status.h"
#include "pipeline/fold/erasure.h"
#include "pipeline/post.h"

struct alert_delivery;
struct http_routes;
struct persistence;
struct redis_sink;

enum purge_stage {
    PURGE_OVER,
    PURGE_SEARCHING,
    PURGE_WRITING,
    PURGE_SAVING,
};

struct purge {
    struct pipeline *pipeline; // kept, as all pointers here
    struct persistence *persistence;
    struct redis_sink *sink;
    struct alert_delivery *delivery;
    struct http_routes *routes; // NULL: there is no HTTP interface
    enum purge_stage stage;
    char id[POST_ID_MAX + 1];
    struct person_text person; // of that id
    struct erasure erasure;
    bool is_known;      // there was a person of that id
    bool is_unsaved;    // a snapshot could not be written
    uint64_t waiting;   // alerts that waited for a webhook
    uint64_t snapshots; // written
    uint64_t failed;    // count of failures before the snapshot in progress
    bool is_saving;     // a snapshot was begun
};

// Continues, once in a beat. Cheap if there is nothing to do.
void purge_step(struct purge *purge);
// A flush is about to start.
void purge_flushed(struct purge *purge);

// Runs a request. For an id that is not known, too, snapshots are written: an older one
// may contain the person.
// stage: of the caller's, 0 at first. STATUS_AGAIN: to be run again.
enum status purge_run(struct purge *purge, struct slice id, int *stage,
                      struct buffer *json, struct error *error);
