// Jetstream's two live wires: what to request, where to resume, and the place of a
// message in the stream. Pure.
//
//     /subscribe        cursor = time_us, which each host assigns by its own clock
//     subscribeEvents   cursor = seq of this host, or a time in µs, which is larger
//
// A value is only ever sent to the host and the wire it came from. All others are sent
// the time, JETSTREAM_REWIND_OTHER earlier because of the hosts' clocks and delays; the
// pipeline drops duplicates.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "ingest/sources/source.h"

struct buffer;

// time_us is not quite in order within a stream.
#define JETSTREAM_REWIND (5 * USEC_PER_S)
#define JETSTREAM_REWIND_OTHER (15 * USEC_PER_S)

enum jetstream_wire { JETSTREAM_SUBSCRIBE, JETSTREAM_EVENTS, JETSTREAM_WIRE_COUNT };

struct jetstream_wire_row {
    const char *name;        // in cursors, and the end of the address's path
    const char *kind;        // of its cursors
    const char *subprotocol; // "" for none
};
extern const struct jetstream_wire_row jetstream_wire_rows[JETSTREAM_WIRE_COUNT];

// The wire of an address's path (with its query). STATUS_RANGE: neither, or the query
// contains a parameter that the program sets itself.
enum status jetstream_wire_of(struct slice path, enum jetstream_wire *ret_wire,
                              struct error *error) MUST_USE;
// True if the query selects people, so that the stream may be quiet.
bool jetstream_wire_is_chosen(struct slice path);

// How exactly to resume; if a host refuses one, the next is used.
enum jetstream_from { JETSTREAM_BY_VALUE, JETSTREAM_BY_TIME, JETSTREAM_FROM_NOW };

struct jetstream_request {
    enum jetstream_from from;
    uint64_t cursor; // unless from now
    bool has_likes;
    bool is_packed;
    uint32_t dictionary; // of zstd, if packed
};

// The cursor to send to `host` on `wire` for what `cursor` (perhaps of another host or
// wire) has taken; at best `most`. Sets from and cursor of *ask.
void jetstream_wire_resume(const struct source_cursor *cursor, const char *host,
                           enum jetstream_wire wire, enum jetstream_from most,
                           struct jetstream_request *ask);

// Appends the path with the whole query. Parameters that the user's own query sets are
// not added.
void jetstream_wire_path(struct slice path, enum jetstream_wire wire,
                         const struct jetstream_request *ask, struct buffer *text);

struct jetstream_place {
    uint64_t value;
    usec time;              // USEC_NONE: the message has no place
    bool is_refused_cursor; // it reports that the cursor is not valid
};

// Reads only the message's own keys, not its record, which is untrusted.
void jetstream_wire_read(enum jetstream_wire wire, struct slice message,
                         struct jetstream_place *ret_place);
