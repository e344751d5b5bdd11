// The state directory: snapshots of the pipeline, so that a restart loses nothing.
//
//     lock                  held while a daemon uses the directory
//     snapshot              the newest; replaced by a rename once it is safely on disk
//     snapshot.previous     the one before
//     snapshot.part         one that is being written
//     snapshot.damaged      one whose checksum does not match; the next such one is
//                           snapshot.damaged-2, and so on
//     snapshot.discarded-DATE   one of other options or another version that was to be
//                           discarded; DATE is when it was written
//
// daemon/state_read.h describes the format. A forked child writes the snapshot, so that
// the loop never waits for a disk; one child at a time.
//
// A start that fails changes nothing. A snapshot is renamed only when its checksum
// proves damage, or when the user wants it discarded. None is overwritten or removed
// except by two newer ones.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/option.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct event_base;
struct pipeline;
struct state;

// The options. dir: empty for none.
struct state_options {
    char dir[OPTION_TEXT_MAX];
    usec every;
    bool discards; // --discard-state; not available in a configuration file
};

extern const struct option state_option_rows[];

// The directory in the options, or the one that systemd made: the first if there are
// several. room: for the latter.
const char *state_find_directory(const struct state_options *options,
                                 char room[OPTION_TEXT_MAX]);

// The newest snapshot, the one before, and one that is being written.
#define STATE_NEWEST "snapshot"
#define STATE_PREVIOUS "snapshot.previous"
#define STATE_PART "snapshot.part"

enum { STATE_NOTE_MAX = 1 << 17 };

// error: NULL: the snapshot is on disk. Else one line for the log; the previous
// snapshot remains.
typedef void (*state_saved_fn)(void *context, const struct error *error);

struct state_setup {
    struct event_base *base; // kept
    const char *dir;         // kept; created if it does not exist
    state_saved_fn on_saved;
    void *context;
};

// Creates the directory if needed and locks it. Returns 0, or an exit code of sysexits
// with error set; then *ret_state is untouched. EX_TEMPFAIL: another daemon holds the
// lock.
int state_open(const struct state_setup *setup, struct state **ret_state,
               struct error *error) MUST_USE;
// Ends a child that is still writing; its file is removed. Accepts NULL.
void state_close(struct state **state);

// How to load the newest intact snapshot.
struct state_load {
    // Creates a fresh pipeline, for each attempt; NULL with error set.
    struct pipeline *(*create)(void *context, struct error *error);
    // Called with one line for every snapshot that is set aside.
    void (*report)(void *context, const struct error *error);
    void *context;
    bool discards; // sets aside a whole snapshot of other options or another version
    char *note;    // STATE_NOTE_MAX bytes: receives the note, ended by a NUL
    // Results.
    bool is_restored; // false: there is none, and the pipeline is fresh
    time_t made;      // when the snapshot was written, if there is one
};

// A damaged snapshot is set aside and the one before is loaded. Returns 0, or an exit
// code of sysexits with error set if a snapshot cannot be read or is of other options
// or another version; then no file was changed and *ret_pipeline is untouched.
int state_load(const struct state *state, struct state_load *load,
               struct pipeline **ret_pipeline, struct error *error) MUST_USE;

// Begins a snapshot; on_saved follows from the loop. False while one is being written,
// or when the system cannot create a process (on_saved is then called at once). Borrows
// note, at most STATE_NOTE_MAX - 1 bytes.
bool state_save(struct state *state, struct pipeline *pipeline, struct slice note);
bool state_is_saving(const struct state *state);

// The open directory, for daemon/snapshot_copy.h.
int state_directory(const struct state *state);
// Makes the part in that directory the newest snapshot. Returns 0 or an errno.
int state_install(int dir);

// Writes one and waits for it, at the end of the process.
enum status state_save_now(struct state *state, struct pipeline *pipeline,
                           struct slice note, struct error *error) MUST_USE;
