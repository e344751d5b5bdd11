// A framer: bytes in, in any pieces; messages out. Knows no file and no socket.
//
// Each line is a message (JSON, whoever reads it will find out), except those of
// server-sent events, which are recognised by themselves: a line that starts with
// "event:", "data:", "id:", "retry:" or ":" belongs to an event, and the event is a
// message at the blank line behind it.
//   - A line ends in LF or CRLF; a UTF-8 byte order mark at the very start is
//     skipped.
//   - Several "data:" lines are joined by LF, other fields than event and data are
//     ignored. An event without data is no message.
//   - A line over LINES_MAX bytes (its end not counted) is dropped, counted once, and
//     takes the event it belongs to with it. So does data that is longer when joined.
//   - Blank lines that end no event, comments and events without data are
//     keep-alives.
//   - At the end of the stream a last line without line end counts as a line, and an
//     event without blank line as an event.
//   - If the first line that is not blank begins with '[' and an object, an array or
//     ']' follows, over line ends too, the messages are the elements of that array
//     (ingest/array.h), which may be spread over lines. Behind its ']' another array or
//     lines may follow.
// How the bytes were cut into pieces never matters. So a body that is one JSON array is
// read like one with a message a line, wherever it comes from.
//
// The buffer is the framer's and of fixed size. The reader fills it in place and
// messages point into it, so that no byte is copied unless a message is cut by the edge
// of a read:
//
//     consumed │ data of the open event │ consumed │ bytes to look at │ room │ padding
//              event_start            +event_len  cursor             end
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "ingest/array.h"

enum {
    LINES_MAX = 1 << 23,  // bytes of a line, and of an event's data
    LINES_ROOM = 1 << 17, // bytes the reader is offered each time
    LINES_PADDING = 64,   // readable bytes behind every message
    LINES_EVENT_MAX = 64, // longer names of events are cut
};

struct lines_metrics {
    uint64_t lines;
    uint64_t keep_alives;
    uint64_t events;
    uint64_t too_long;
};

extern const struct metric lines_metric_rows[];

// `data` is the line or the event's data, with LINES_PADDING readable bytes behind it;
// `event` is the event's name, empty if it has none, and none (ptr NULL) for a plain
// line. Both point into the framer and are valid until its next call.
struct lines_message {
    struct slice event;
    struct slice data;
    uint64_t number; // of the line, from 1; of an event's or element's first line
    bool is_cut;     // the bytes ended before its line, event or element did
};

enum lines_form {
    LINES_UNKNOWN, // at the start, and behind an array
    LINES_PLAIN,
    LINES_ARRAY, // elements
};

// Where a message begins.
struct lines_place {
    uint64_t offset; // bytes before it
    uint64_t number; // lines before it, in an array its own too
    enum lines_form form;
};

struct lines {
    char *buffer;
    size_t cursor;  // first byte not looked at
    size_t scanned; // no line end between cursor and here
    size_t end;
    uint64_t number; // lines begun
    uint64_t filled; // bytes of the stream so far
    bool is_ended;
    bool is_started; // past the byte order mark
    enum lines_form form;
    struct array array;
    bool is_skipping; // within a line that is too long

    // The event that is open.
    bool is_event; // it has a field or comment
    bool has_data;
    bool has_comment;
    bool is_spoiled; // something in it was too long
    size_t event_start;
    size_t event_len;
    uint64_t event_number;
    size_t name_len;
    char name[LINES_EVENT_MAX];

    struct lines_metrics *metrics;
};

// Keeps metrics, which several framers may share. False when there is no memory.
bool lines_init(struct lines *lines, struct lines_metrics *metrics);
void lines_fini(struct lines *lines);
// A new stream begins; bytes not yet delivered are gone.
void lines_reset(struct lines *lines);

// A stream that begins at that place.
void lines_resume(struct lines *lines, const struct lines_place *place);
// Where the next message begins, to resume there. False within an event, within a line
// that is too long and behind a broken element.
bool lines_place(const struct lines *lines, struct lines_place *ret_place);
// Within an array: after lines_end, that its ']' is missing.
bool lines_is_open(const struct lines *lines);

// Where the reader may write next: always LINES_ROOM bytes. All messages must have been
// pulled before (lines_next answered false).
char *lines_room(struct lines *lines, size_t *ret_size);
// The reader wrote the first `size` bytes of that room.
void lines_filled(struct lines *lines, size_t size);
// There are no more bytes; pull the rest.
void lines_end(struct lines *lines);

// The next message, or false: fill more, or after lines_end: it was the last.
bool lines_next(struct lines *lines, struct lines_message *ret_message);
