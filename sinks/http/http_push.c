#include "sinks/http/http_push.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEARER "Bearer "

// Takes the same time wherever the first difference is.
static bool
is_same_token(const char *one, const char *other)
{
    size_t len = strlen(one);
    unsigned difference = strlen(other) == len ? 0 : 1;
    for (size_t i = 0; i < len && difference != 1; i++) {
        difference |= (unsigned)(unsigned char)(one[i] ^ other[i]) << 1;
    }
    return difference == 0;
}

static bool
has_token(const struct http_pushes *pushes, const char *given)
{
    size_t len = sizeof(BEARER) - 1;
    if (given == NULL || strncasecmp(given, BEARER, len) != 0) {
        return false;
    }
    given += len;
    return is_same_token(given + strspn(given, " "), pushes->token);
}

enum http_refusal
http_push_check(const struct http_pushes *pushes, const struct http_push_head *head)
{
    if (pushes->token[0] == '\0' || pushes->on_posts == NULL) {
        return HTTP_REFUSAL_OFF;
    }
    if (!has_token(pushes, head->authorization)) {
        return HTTP_REFUSAL_NO_TOKEN;
    }
    if (head->coding != NULL && strcasecmp(head->coding, "identity") != 0) {
        return HTTP_REFUSAL_ENCODED;
    }
    if (head->length != NULL && strtoull(head->length, NULL, 10) > pushes->max_body) {
        return HTTP_REFUSAL_TOO_LONG;
    }
    return pushes->count < HTTP_PUSHES_MAX ? HTTP_REFUSAL_NONE : HTTP_REFUSAL_LATER;
}

struct http_push *
http_push_create(struct http_pushes *pushes, bool is_refused)
{
    struct http_push *push = calloc(1, sizeof(*push));
    if (push != NULL) {
        push->is_refused = is_refused;
        buffer_init(&push->body, pushes->max_body);
        pushes->count += !is_refused;
    }
    return push;
}

void
http_push_destroy(struct http_pushes *pushes, struct http_push **push)
{
    struct http_push *p = *push;
    if (p != NULL) {
        pushes->count -= !p->is_refused;
        buffer_fini(&p->body);
        free(p);
        *push = NULL;
    }
}

void
http_push_add(struct http_push *push, struct slice part)
{
    bool is_allowed =
        !push->body.is_failed && part.len <= push->body.limit - push->body.size;
    buffer_append(&push->body, part);
    push->is_short = push->is_short || (is_allowed && push->body.is_failed);
}

static enum http_code
write_later(const struct http_posts_result *result, char text[HTTP_REFUSAL_MAX])
{
    char read[64];
    snprintf(read, sizeof(read), ",\"accepted\":%" PRIu64 ",\"rejected\":%" PRIu64,
             result->accepted, result->rejected);
    return http_reply_refusal(HTTP_REFUSAL_LATER, read, text);
}

enum http_code
http_push_finish(struct http_pushes *pushes, const struct http_push *push,
                 char text[HTTP_REFUSAL_MAX])
{
    if (push->is_short) {
        return http_reply_refusal(HTTP_REFUSAL_LATER, "", text);
    }
    if (push->body.is_failed) {
        return http_reply_refusal(HTTP_REFUSAL_TOO_LONG, "", text);
    }
    if (push->body.size == 0) {
        return http_reply_refusal(HTTP_REFUSAL_EMPTY, "", text);
    }
    struct http_posts_result result = {0};
    enum status status =
        pushes->on_posts(pushes->context, buffer_text(&push->body), &result);
    pushes->metrics->posts_accepted += result.accepted;
    pushes->metrics->posts_rejected += result.rejected;
    pushes->metrics->posts_ignored += result.ignored;
    if (status == STATUS_PARSE) {
        return http_reply_refusal(HTTP_REFUSAL_ENCODED, "", text);
    }
    if (status != STATUS_OK) {
        return write_later(&result, text);
    }
    if (result.accepted + result.rejected + result.ignored == 0) {
        return http_reply_refusal(HTTP_REFUSAL_EMPTY, "", text);
    }
    http_reply_result(&result, text);
    return HTTP_CODE_ACCEPTED;
}
