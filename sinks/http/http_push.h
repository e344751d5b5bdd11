// Pushed posts: who may push, the bodies in memory, and the answers. Uses no library.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "sinks/http/http_metrics.h"
#include "sinks/http/http_options.h"
#include "sinks/http/http_reply.h"

enum { HTTP_PUSHES_MAX = 8 };

// A whole body. STATUS_AGAIN: there was no room for all of it; the result is that of
// the part that was read. STATUS_PARSE: it is compressed, or not in UTF-8.
typedef enum status (*http_push_fn)(void *context, struct slice body,
                                    struct http_posts_result *ret_result);

struct http_pushes {
    char token[HTTP_TOKEN_MAX]; // empty: pushing is off
    uint64_t max_body;
    http_push_fn on_posts; // NULL: pushing is off
    void *context;         // for on_posts
    struct http_metrics *metrics;
    size_t count; // bodies in memory
};

// If it is refused its answer is ready, and the body is read and discarded, because a
// client that still sends would not receive the answer.
struct http_push {
    struct buffer body;
    bool is_refused;
    bool is_short; // the body would be allowed, but there was no memory for it
};

// Values of header fields; NULL: absent.
struct http_push_head {
    const char *authorization;
    const char *coding;
    const char *length;
};

// HTTP_REFUSAL_NONE if the body is to be read.
enum http_refusal http_push_check(const struct http_pushes *pushes,
                                  const struct http_push_head *head);

// NULL when there is no memory.
struct http_push *http_push_create(struct http_pushes *pushes, bool is_refused);
// Accepts NULL.
void http_push_destroy(struct http_pushes *pushes, struct http_push **push);

// Adds a part of the body.
void http_push_add(struct http_push *push, struct slice part);

// The body is complete: passes it on and writes the answer, JSON.
enum http_code http_push_finish(struct http_pushes *pushes,
                                const struct http_push *push,
                                char text[HTTP_REFUSAL_MAX]);
