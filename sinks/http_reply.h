// An answer of the HTTP server: its code, its headers and the words of a refusal.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct MHD_Connection;

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_JSON "application/json"

enum http_code {
    HTTP_CODE_OK = 200,
    HTTP_CODE_ACCEPTED = 202,
    HTTP_CODE_BAD = 400,
    HTTP_CODE_NO_TOKEN = 401,
    HTTP_CODE_OFF = 403,
    HTTP_CODE_UNKNOWN = 404,
    HTTP_CODE_METHOD = 405,
    HTTP_CODE_TOO_LONG = 413,
    HTTP_CODE_ENCODED = 415,
    HTTP_CODE_OTHER_HOST = 421,
    HTTP_CODE_LATER = 429,
    HTTP_CODE_NOT_READY = 503,
};

enum { HTTP_REFUSAL_MAX = 256 };

struct http_reply {
    enum http_code code;
    const char *type;
    const char *allowed; // the methods of this page, for HTTP_CODE_METHOD; else NULL
    struct slice text;
};

// Copies the text. False when there is no memory.
bool http_reply_send(struct MHD_Connection *connection, const struct http_reply *reply);

// Writes {"error":…,"message":…} and `more`, further members that start with a comma,
// for a push that is refused.
void http_reply_refusal(enum http_code code, const char *more,
                        char text[HTTP_REFUSAL_MAX]);
