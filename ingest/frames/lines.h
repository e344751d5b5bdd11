// A framer: turns bytes in pieces of any size into messages. Uses no file and no
// socket.
//
// Each line is a message (JSON, which the decoder parses), except lines of server-sent
// events, which are detected automatically: a line that starts with "event:", "data:",
// "id:", "retry:" or ":" belongs to an event, and the event is a message at the blank
// line after it.
//   - A line ends in LF or CRLF, and in CR alone if it is blank or belongs to an event,
//     or stands among events and begins with neither { nor [: in JSON, CR is white
//     space. A UTF-8 byte order mark at the very start is skipped.
//   - Several "data:" lines are joined by LF; fields other than event and data are
//     ignored. An event without data is not a message.
//   - A line over LINES_MAX bytes (its end not counted) is dropped and counted once,
//     and with it the event to which it belongs. The same holds for data that is longer
//     when joined.
//   - Blank lines that end no event, comments and events without data are keep-alives.
//   - At the end of the stream a last line without line end counts as a line, and an
//     event without blank line as an event.
//   - If the first line that is not blank begins with '[' and an object, an array or
//     ']' follows, also across line ends, the messages are the elements of that array
//     (array.h), which may be spread over lines. The same holds for a line that begins
//     in this way and in which the array does not end; if that never ends, its '[' is
//     a message, too. After its "]" another array
//     or lines may follow.
//   - A line may contain several documents: it is one message, which the decoder
//     splits. If it is long, each document is a message of its own.
//
// The result does not depend on how the bytes are cut into pieces. A body that is one
// JSON array is therefore read like one with a message a line.
//
// The buffer belongs to the framer and has a fixed size. The reader fills it in place
// and messages point into it, so that no byte is copied unless a message is cut by the
// end of a read:
//
//     consumed │ data of the open event │ consumed │ bytes to look at │ room │ padding
//              event_start            +event_len  cursor             end
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "ingest/frames/array.h"

enum {
    LINES_MAX = 1 << 23,  // bytes of a line, and of an event's data
    LINES_ROOM = 1 << 17, // bytes of room for each read
    LINES_PADDING = 64,   // readable bytes behind every message
    LINES_EVENT_MAX = 64, // longer names of events are cut
};

struct lines_metrics {
    uint64_t lines;
    uint64_t keep_alives;
    uint64_t events;
    uint64_t too_long;
    uint64_t unread_bytes; // of arrays: elements in them cannot be found
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
    uint64_t number; // lines before it, of an array its own line included
    enum lines_form form;
};

struct lines {
    char *buffer;
    size_t cursor;  // first unread byte
    size_t scanned; // no line end between cursor and here
    size_t end;
    uint64_t number; // lines begun
    uint64_t filled; // bytes of the stream so far
    bool is_ended;
    bool is_started; // past the byte order mark
    enum lines_form form;
    struct array array;
    bool is_behind_lines; // it began behind lines, and has not ended
    bool is_skipping;     // within a line that is too long
    bool is_returning;    // that line may end in CR
    bool is_after_return; // a CR ended the line before: a LF that follows belongs to it
    bool is_among_events; // the last line that was no blank one belonged to an event

    // The open event.
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
// A new stream begins; bytes not yet returned are dropped.
void lines_reset(struct lines *lines);

// A stream begins at that place.
void lines_resume(struct lines *lines, const struct lines_place *place);
// The place where the next message begins, to resume there. False within an event,
// within a line that is too long and behind a broken element.
bool lines_place(const struct lines *lines, struct lines_place *ret_place);
// True within an array; after lines_end: its ']' is missing.
bool lines_is_open(const struct lines *lines);

// The place for the next read: always LINES_ROOM bytes. All messages must have been
// pulled before (lines_next returned false).
char *lines_room(struct lines *lines, size_t *ret_size);
// The reader wrote the first `size` bytes of that room.
void lines_filled(struct lines *lines, size_t size);
// There are no more bytes; pull the rest.
void lines_end(struct lines *lines);

// The next message, or false: read more; after lines_end: there are no more.
bool lines_next(struct lines *lines, struct lines_message *ret_message);
