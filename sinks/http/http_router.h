// Finds the page of a path. Other modules add pages as tables of rows. Pure.
//
// A pattern consists of pieces between slashes. "*" matches one piece that is not
// empty, "**" (at most one in a pattern) matches the longest possible run of pieces, at
// least one byte, with the slashes between them: an id may be sent with its slashes
// encoded or not. What a star matches is decoded; other pieces are compared as sent.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sinks/http/http_reply.h"
#include "sinks/http/http_request.h"

struct http_page {
    const char *pattern; // "/api/v1/users/*"; NULL ends the table
    // Fills the zeroed reply. body: empty, bounded; the reply's text may point into it.
    // For a refusal of its own it calls http_reply_refuse.
    void (*answer)(void *context, const struct http_request *request,
                   struct buffer *body, struct http_reply *reply);
};

struct http_pages {
    const struct http_page *rows;
    void *context; // for their functions
};

struct http_route {
    const struct http_page *page;
    void *context;
};

// The first page whose pattern matches request->path; sets its words, which point into
// `text`, at least as long as the path. STATUS_RANGE: there is none; STATUS_PARSE: the
// encoding of a word is broken.
enum status http_router_find(const struct http_pages *tables, size_t count,
                             struct http_request *request, char *text,
                             struct http_route *ret_route) MUST_USE;
