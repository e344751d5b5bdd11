// The position of a replay: in the note of its snapshots and in cursor:replay.
#pragma once

#include <stdbool.h>

#include "daemon/replay.h"
#include "daemon/state.h"
#include "sinks/redis/redis_resume.h"

struct progress {
    struct redis_resume_request request; // for the sink: reads cursor:replay
    char **files;                        // kept: in the order of the replay
    int file_count;
    struct replay_place committed; // what Redis contains already; file NULL: nothing
    char committed_file[STATE_NOTE_MAX];
    bool is_ordered;
    int committed_order;     // of the committed file among `files`
    struct file_marks marks; // of the snapshot, and of this process
};

// *progress must not move afterwards.
void progress_init(struct progress *progress, char **files, int file_count);

// The note for a snapshot made now, from the marks: STATE_NOTE_MAX bytes.
void progress_note(const struct progress *progress, char *note);
// Reads the marks from such a note; none from another one.
void progress_read(struct progress *progress, const char *note);

// Passes the position to the sink.
void progress_save(const struct replay_place *place, struct redis_sink *sink);
// True if Redis was beyond that position when this process started.
bool progress_is_behind(struct progress *progress, const struct replay_place *place);
