// All live sources together: started, changed and stopped as the configuration says.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings.h"
#include "daemon/stream.h"

enum { STREAMS_NOTE_MAX = 1 << 15 };

struct streams {
    struct stream_setup common; // options and resume are set for each
    struct stream *items[SETTINGS_SOURCES_MAX];
    size_t count;
    // Of a process before this one: when it was last seen at work, and where its
    // sources stood, a line each. USEC_NONE: there was none.
    usec seen_at;
    char cursors[STREAMS_NOTE_MAX];
    const struct recall *recall; // kept until the first streams_apply; or NULL
    usec missing_until;          // of sources that are no more, or were started anew
};

// Keeps everything common points at.
void streams_init(struct streams *streams, const struct stream_setup *common);
// Closes all connections at once. Not from inside a callback of a source.
void streams_fini(struct streams *streams);

// Makes the sources those of the settings: stops what is there no longer, starts what
// is new, starts anew what has changed or has failed for good, from where it was if its
// URL is the same. All others keep their connections. False with error set when a
// source cannot be created; the others run. Says what it does in the log.
bool streams_apply(struct streams *streams, const struct settings *settings,
                   struct error *error);

// True while a source that goes on from a snapshot has not reached its cursor in Redis.
bool streams_are_behind(const struct streams *streams);

// The wall clock was stepped, and is `now`.
void streams_stepped(struct streams *streams, usec now);
// Closes all connections; cursors are with the sink then.
void streams_stop(struct streams *streams);
// Hands cursors and gaps to the sink. Call about once a second.
void streams_save(struct streams *streams);

// A note of where the sources stand, ended by a NUL; and what such a note says, before
// the first streams_apply: sources that can resume go on from there, the others have
// missed everything since. A note that cannot be read is as good as none.
void streams_note(const struct streams *streams, usec wall, char *note, size_t size);
void streams_restore(struct streams *streams, const char *note);

struct streams_figures {
    size_t count;
    size_t live;
    size_t failed;
    // How far the newest post of the slowest source that should send is behind the
    // wall clock; 0 before the first post.
    usec lag;
    bool is_complete; // all are live, none lags a minute or has missed anything for
                      // `longest`
};
void streams_figures(const struct streams *streams, usec wall, usec longest,
                     struct streams_figures *ret_figures);
