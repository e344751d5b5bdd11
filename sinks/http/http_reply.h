// An answer of the HTTP server: its code, its headers and the text of a refusal.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/slice.h"

struct MHD_Connection;

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_JSON "application/json"

enum http_code {
    HTTP_CODE_OK = 200,
    HTTP_CODE_ACCEPTED = 202,
    HTTP_CODE_SAME = 304,
    HTTP_CODE_BAD = 400,
    HTTP_CODE_NO_TOKEN = 401,
    HTTP_CODE_OFF = 403,
    HTTP_CODE_UNKNOWN = 404,
    HTTP_CODE_METHOD = 405,
    HTTP_CODE_TOO_LONG = 413,
    HTTP_CODE_LONG_TARGET = 414,
    HTTP_CODE_ENCODED = 415,
    HTTP_CODE_OTHER_HOST = 421,
    HTTP_CODE_LATER = 429,
    HTTP_CODE_LONG_HEAD = 431,
    HTTP_CODE_CODING = 501,
    HTTP_CODE_NOT_READY = 503,
    HTTP_CODE_VERSION = 505,
};

enum http_refusal {
    HTTP_REFUSAL_NONE,
    HTTP_REFUSAL_MALFORMED,
    HTTP_REFUSAL_BAD_PATH,
    HTTP_REFUSAL_COOKIE,
    HTTP_REFUSAL_EMPTY,
    HTTP_REFUSAL_NO_TOKEN,
    HTTP_REFUSAL_OFF,
    HTTP_REFUSAL_UNKNOWN,
    HTTP_REFUSAL_METHOD,
    HTTP_REFUSAL_TOO_LONG,
    HTTP_REFUSAL_LONG_TARGET,
    HTTP_REFUSAL_ENCODED,
    HTTP_REFUSAL_OTHER_HOST,
    HTTP_REFUSAL_LATER,
    HTTP_REFUSAL_LONG_HEAD,
    HTTP_REFUSAL_CODING,
    HTTP_REFUSAL_VERSION,
    HTTP_REFUSAL_COUNT,
};

enum {
    HTTP_REFUSAL_MAX = 256,
    HTTP_RAW_MAX = 1024,
    HTTP_TAG_MAX = 80,
};

// Ends with a header whose name is NULL.
struct http_header {
    const char *name;
    const char *value;
};

struct http_feed; // sinks/http/http_events.h

// Zeroed: 0 is not a code.
struct http_reply {
    enum http_code code;
    const char *type;
    const char *allowed; // the methods of this page, for HTTP_CODE_METHOD; else NULL
    struct slice text;
    bool is_kept;           // the text lives as long as the server: it is not copied
    bool is_last;           // the connection is closed after it
    char tag[HTTP_TAG_MAX]; // ETag with its quotes; empty: none. Caches may then keep
                            // the answer, and have to ask each time
    const struct http_header *headers; // NULL, or further ones; one of the same name
                                       // replaces a header that is sent by default
    struct http_feed *feed; // not NULL: the body, which does not end, instead of text
};

// False when there is no memory.
bool http_reply_send(struct MHD_Connection *connection, const struct http_reply *reply);

// The parts of a body that does not end, for the library (MHD_ContentReaderCallback).
struct http_reply_stream {
    ssize_t (*read)(void *context, uint64_t position, char *bytes, size_t size);
    void (*end)(void *context); // called once, also when the sending fails
    void *context;
};

// As http_reply_send, with that body instead of the text.
bool http_reply_send_stream(struct MHD_Connection *connection,
                            const struct http_reply *reply,
                            const struct http_reply_stream *stream);

// Writes {"error":…,"message":…} and `more`, further members that start with a comma.
enum http_code http_reply_refusal(enum http_refusal refusal, const char *more,
                                  char text[HTTP_REFUSAL_MAX]);

// A refusal with its own name and message, as JSON in the body.
void http_reply_refuse(struct http_reply *reply, enum http_code code, const char *name,
                       const char *message, struct buffer *body);

// A whole answer as bytes, after which the connection is closed: for a request that the
// library does not receive, or has not read yet. Returns its length.
size_t http_reply_raw(enum http_refusal refusal, char bytes[HTTP_RAW_MAX]);

// The results of a push, per message.
struct http_posts_result {
    uint64_t accepted;     // counted, known or applied
    uint64_t rejected;     // not usable, too old, or a table was full
    uint64_t too_old;      // of those
    uint64_t ignored;      // control messages, and deletions of unknown posts
    uint64_t unread_bytes; // of an array, behind a broken element
};

// The results as JSON; the last three numbers only if they are not zero.
void http_reply_result(const struct http_posts_result *result,
                       char text[HTTP_REFUSAL_MAX]);
