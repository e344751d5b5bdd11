// The state directory: snapshots of the pipeline, so that a restart forgets nothing.
//
//     lock                  held while a daemon uses the directory
//     snapshot              the newest; replaced by a rename once it is safely on disk
//     snapshot.previous     the one before
//     snapshot.damaged      one that could not be read, set aside for a look
//
// A snapshot is "cascaded", the number of bytes of its note, the note (where the
// sources are to resume), the bytes of pipeline/snapshot.h, and the SHA-256 of all
// that. It is written by a forked child, so that the loop never waits for a disk; one
// child at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/option.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct event_base;
struct pipeline;
struct state;

// What a user may set. dir: empty for none.
struct state_options {
    char dir[OPTION_TEXT_MAX];
    usec every;
};

extern const struct option state_option_rows[];

enum { STATE_NOTE_MAX = 1 << 16 };

// error: NULL: the snapshot is on disk. Else one line for a person; the old one stays.
typedef void (*state_saved_fn)(void *context, const struct error *error);

struct state_setup {
    struct event_base *base; // kept
    const char *dir;         // kept; made if it does not exist
    state_saved_fn on_saved;
    void *context;
};

// Locks the directory. STATUS_FULL: another daemon holds it. STATUS_IO: it cannot be
// used. On failure *ret_state is untouched.
enum status state_open(const struct state_setup *setup, struct state **ret_state,
                       struct error *error) MUST_USE;
// Ends a child that is still writing; what it wrote is thrown away. Accepts NULL.
void state_close(struct state **state);

// The newest snapshot that is whole into *pipeline, which `create` makes anew for each
// try. The note lands in `note`, ended by a NUL. tell is called with one line for every
// snapshot that could not be used. STATUS_AGAIN: there is none, and *ret_pipeline is
// fresh. STATUS_NOMEM with error set: create failed.
struct state_load {
    struct pipeline *(*create)(void *context, struct error *error);
    void (*tell)(void *context, const struct error *error);
    void *context;
    char *note; // STATE_NOTE_MAX bytes
};
enum status state_load(struct state *state, const struct state_load *load,
                       struct pipeline **ret_pipeline, struct error *error) MUST_USE;

// Begins a snapshot; on_saved follows from the loop. False while one is being written,
// or when the system gives no process (on_saved is told at once). Borrows note, at most
// STATE_NOTE_MAX - 1 bytes.
bool state_save(struct state *state, struct pipeline *pipeline, struct slice note);

// Writes one and waits for it: for the end of the process.
enum status state_save_now(struct state *state, struct pipeline *pipeline,
                           struct slice note, struct error *error) MUST_USE;
