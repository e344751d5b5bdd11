// How far a replay has come: in the note of its snapshots and in cursor:replay.
#pragma once

#include <stdbool.h>

#include "daemon/replay.h"
#include "daemon/state.h"
#include "sinks/redis_resume.h"

struct progress {
    struct redis_recall request; // for the sink: reads cursor:replay
    char **files;                // kept: in the order of the replay
    int file_count;
    struct replay_place committed; // what Redis holds already; file NULL: nothing
    char committed_file[STATE_NOTE_MAX];
    char noted_file[STATE_NOTE_MAX];
};

// *progress must not move afterwards.
void progress_init(struct progress *progress, char **files, int file_count);

// The note of a snapshot made at that place: STATE_NOTE_MAX bytes, empty if it would
// not fit (known posts are told by their ids then).
void progress_note(const struct replay_place *place, char *note);
// What such a note says; false if it is none. The name lies in *progress.
bool progress_read(struct progress *progress, const char *note,
                   struct replay_place *ret_place);

// Hands the place to the sink.
void progress_save(const struct replay_place *place, struct redis_sink *sink);
// True if Redis was further than that when this life began.
bool progress_is_behind(const struct progress *progress,
                        const struct replay_place *place);
