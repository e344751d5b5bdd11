// All live sources: starts, changes and stops them according to the configuration.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings.h"
#include "daemon/stream.h"

enum { STREAMS_NOTE_MAX = 1 << 17 };

struct streams {
    // options and resume are set for each; is_noted: no snapshot is ever written
    struct stream_setup common;
    struct stream *items[SETTINGS_SOURCES_MAX];
    size_t count;
    // Of an earlier process: when it was last running, and the cursors of its sources,
    // one a line. USEC_NONE: there was none.
    usec seen_at;
    bool has_ended; // it stopped in order, and nothing was counted after seen_at
    char cursors[STREAMS_NOTE_MAX];
    const struct resume *recall; // kept until the first streams_apply; or NULL
    bool is_continued;           // see streams_continue
    usec missing_until;          // of sources that were removed or restarted
};

// Keeps everything common points at.
void streams_init(struct streams *streams, const struct stream_setup *common);
// Closes all connections at once. Not from inside a callback of a source.
void streams_fini(struct streams *streams);

// Applies the settings: stops sources that were removed, starts new ones, and restarts
// those that have changed or have failed permanently, from their cursor if the URL is
// the same. All others keep their connections. False with error set when a source
// cannot be created; the others run. Logs what it does.
bool streams_apply(struct streams *streams, const struct settings *settings,
                   struct error *error);

// True while a source that resumed from a snapshot has not reached its cursor in Redis.
bool streams_are_behind(const struct streams *streams);

// The wall clock was stepped, and is `now`.
void streams_stepped(struct streams *streams, usec now);
// Closes all connections; the cursors are then passed to the sink.
void streams_stop(struct streams *streams);
// Passes cursors and gaps to the sink. Call about once a second.
void streams_save(struct streams *streams);

// Writes a note of the cursors of all sources, ended by a NUL, for a snapshot that is
// begun now; and reads such a note before the first streams_apply: sources that can
// resume start from there, the others have missed everything since. A note that cannot
// be read is ignored. is_end: nothing is counted after this snapshot.
void streams_note(struct streams *streams, usec wall, bool is_end, char *note,
                  size_t size);
void streams_restore(struct streams *streams, const char *note);
// Posts may be pushed over HTTP. Those that an earlier process took after its last
// snapshot are lost: logs that, and notes it in is_complete. Call after
// streams_restore.
void streams_miss_pushed(struct streams *streams);
// A source has a cursor and no snapshot contains one of it: begin a snapshot.
bool streams_lack_note(const struct streams *streams);
// The snapshot that the last note went into is on disk, or could not be written.
// is_kept: as in stream.h.
void streams_noted(struct streams *streams, bool is_kept);
// No snapshot is ever written: nothing will be read again.
void streams_keep_nothing(struct streams *streams);
// An earlier process, which noted nothing but cursors, read the sources: what others
// sent since then is missing. Call before the first streams_apply.
void streams_continue(struct streams *streams);

struct streams_figures {
    size_t count;
    size_t live;
    size_t failed;
    // How far the newest post of the slowest source that should send is behind the
    // wall clock; 0 before the first post.
    usec lag;
    bool is_cut;      // of a worker: the sources of the ingest process are not complete
    bool is_complete; // all are live, none lags a minute or has missed anything for
                      // `longest`
};
void streams_figures(const struct streams *streams, usec wall, usec longest,
                     struct streams_figures *ret_figures);
