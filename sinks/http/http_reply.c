#include "sinks/http/http_reply.h"

#include <assert.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json_writer.h"

static const struct {
    enum http_code code; // HTTP_CODE_OK: with every answer
    const char *name;
    const char *value;
} headers[] = {
    {HTTP_CODE_OK, "Cache-Control", "no-store"},
    {HTTP_CODE_OK, "X-Content-Type-Options", "nosniff"},
    {HTTP_CODE_OK, "Content-Security-Policy", "default-src 'none'"},
    {HTTP_CODE_NO_TOKEN, "WWW-Authenticate", "Bearer"},
    {HTTP_CODE_LATER, "Retry-After", "1"},
    {HTTP_CODE_NOT_READY, "Retry-After", "1"},
    {HTTP_CODE_ENCODED, "Accept-Encoding", "identity"},
};
enum { STREAM_BLOCK = 4096 }; // of a client of HTTP/1.0
enum { CACHING, HEADER_COUNT = sizeof(headers) / sizeof(headers[0]) };

static bool
is_with(size_t header, enum http_code code)
{
    return headers[header].code == HTTP_CODE_OK || headers[header].code == code;
}

static bool
is_replaced(const char *name, const struct http_reply *reply)
{
    const struct http_header *header = reply->headers;
    while (header != NULL && header->name != NULL) {
        if (strcasecmp(header->name, name) == 0) {
            return true;
        }
        header++;
    }
    return false;
}

static void
add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (is_with(i, reply->code) && !is_replaced(headers[i].name, reply)) {
            bool is_cached = i == CACHING && reply->tag[0] != '\0';
            MHD_add_response_header(response, headers[i].name,
                                    is_cached ? "no-cache" : headers[i].value);
        }
    }
    for (const struct http_header *header = reply->headers;
         header != NULL && header->name != NULL; header++) {
        MHD_add_response_header(response, header->name, header->value);
    }
    if (reply->type != NULL) {
        MHD_add_response_header(response, "Content-Type", reply->type);
    }
    if (reply->tag[0] != '\0') {
        MHD_add_response_header(response, "ETag", reply->tag);
    }
    if (reply->allowed != NULL) {
        MHD_add_response_header(response, "Allow", reply->allowed);
    }
    if (reply->is_last) {
        MHD_add_response_header(response, "Connection", "close");
    }
}

static bool
queue(struct MHD_Connection *connection, const struct http_reply *reply,
      struct MHD_Response *response)
{
    if (response == NULL) {
        return false;
    }
    add_headers(response, reply);
    enum MHD_Result result = MHD_queue_response(connection, reply->code, response);
    MHD_destroy_response(response);
    return result == MHD_YES;
}

bool
http_reply_send(struct MHD_Connection *connection, const struct http_reply *reply)
{
    return queue(connection, reply,
                 MHD_create_response_from_buffer(
                     reply->text.len, (void *)(uintptr_t)reply->text.ptr,
                     reply->is_kept ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY));
}

bool
http_reply_send_stream(struct MHD_Connection *connection,
                       const struct http_reply *reply,
                       const struct http_reply_stream *stream)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream->read, stream->context, stream->end);
    if (response == NULL) {
        stream->end(stream->context);
    }
    return queue(connection, reply, response);
}

void
http_reply_refuse(struct http_reply *reply, enum http_code code, const char *name,
                  const char *message, struct buffer *body)
{
    buffer_reset(body);
    json_writer_open(body, '{');
    json_writer_put_text(body, "error", slice_of(name));
    json_writer_put_text(body, "message", slice_of(message));
    json_writer_close(body, '}');
    buffer_append_byte(body, '\n');
    *reply = (struct http_reply){
        .code = code, .type = HTTP_TYPE_JSON, .text = buffer_text(body)};
}

enum http_code
http_reply_refusal(enum http_refusal refusal, const char *more,
                   char text[HTTP_REFUSAL_MAX])
{
    static const struct {
        enum http_code code;
        const char *error;
        const char *message;
    } refusals[HTTP_REFUSAL_COUNT] = {
        [HTTP_REFUSAL_MALFORMED] = {HTTP_CODE_BAD, "malformed",
                                    "the request is malformed or ambiguous"},
        [HTTP_REFUSAL_BAD_PATH] = {HTTP_CODE_BAD, "bad_path",
                                   "the path has a % without two hexadecimal digits"},
        [HTTP_REFUSAL_COOKIE] = {HTTP_CODE_BAD, "bad_cookie",
                                 "a cookie has no name: delete the cookies of this "
                                 "address, none of them is from this server"},
        [HTTP_REFUSAL_EMPTY] = {HTTP_CODE_BAD, "empty", "the body is empty"},
        [HTTP_REFUSAL_NO_TOKEN] = {HTTP_CODE_NO_TOKEN, "unauthorized",
                                   "send the token: Authorization: Bearer TOKEN"},
        [HTTP_REFUSAL_OFF] = {HTTP_CODE_OFF, "off",
                              "pushing posts is off: set http.token_file"},
        [HTTP_REFUSAL_UNKNOWN] = {HTTP_CODE_UNKNOWN, "not_found",
                                  "there is no such page"},
        [HTTP_REFUSAL_METHOD] = {HTTP_CODE_METHOD, "method_not_allowed",
                                 "this page does not support that method"},
        [HTTP_REFUSAL_TOO_LONG] = {HTTP_CODE_TOO_LONG, "too_long",
                                   "the body is longer than http.max_body: "
                                   "send it in parts"},
        [HTTP_REFUSAL_LONG_TARGET] = {HTTP_CODE_LONG_TARGET, "long_target",
                                      "the path is too long"},
        [HTTP_REFUSAL_ENCODED] = {HTTP_CODE_ENCODED, "unsupported_encoding",
                                  "send the body as it is, in UTF-8: no "
                                  "Content-Encoding, not compressed, no archive"},
        [HTTP_REFUSAL_OTHER_HOST] = {HTTP_CODE_OTHER_HOST, "misdirected",
                                     "this is not a name of this server: use its "
                                     "address, or add the name to http.hosts"},
        [HTTP_REFUSAL_LATER] = {HTTP_CODE_LATER, "no_room",
                                "no room at the moment: send the whole body again "
                                "later"},
        [HTTP_REFUSAL_LONG_HEAD] = {HTTP_CODE_LONG_HEAD, "long_head",
                                    "the header fields are too long"},
        [HTTP_REFUSAL_CODING] = {HTTP_CODE_CODING, "unsupported_coding",
                                 "the only Transfer-Encoding is chunked"},
        [HTTP_REFUSAL_VERSION] = {HTTP_CODE_VERSION, "unsupported_version",
                                  "this version of HTTP is not supported: use 1.1"},
    };
    snprintf(text, HTTP_REFUSAL_MAX, "{\"error\":\"%s\",\"message\":\"%s\"%s}\n",
             refusals[refusal].error, refusals[refusal].message, more);
    return refusals[refusal].code;
}

size_t
http_reply_raw(enum http_refusal refusal, char bytes[HTTP_RAW_MAX])
{
    char text[HTTP_REFUSAL_MAX];
    enum http_code code = http_reply_refusal(refusal, "", text);
    int len =
        snprintf(bytes, HTTP_RAW_MAX,
                 "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: %s\r\n"
                 "Content-Length: %zu\r\n",
                 code, MHD_get_reason_phrase_for(code), HTTP_TYPE_JSON, strlen(text));
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (is_with(i, code)) {
            len += snprintf(bytes + len, HTTP_RAW_MAX - (size_t)len, "%s: %s\r\n",
                            headers[i].name, headers[i].value);
        }
    }
    len += snprintf(bytes + len, HTTP_RAW_MAX - (size_t)len, "\r\n%s", text);
    return (size_t)len;
}

void
http_reply_result(const struct http_posts_result *result, char text[HTTP_REFUSAL_MAX])
{
    char more[3][HTTP_REFUSAL_MAX / 4] = {"", "", ""};
    if (result->too_old != 0) {
        snprintf(more[0], sizeof(more[0]), ",\"too_old\":%" PRIu64, result->too_old);
    }
    if (result->ignored != 0) {
        snprintf(more[1], sizeof(more[1]), ",\"ignored\":%" PRIu64, result->ignored);
    }
    if (result->unread_bytes != 0) {
        snprintf(more[2], sizeof(more[2]), ",\"unread_bytes\":%" PRIu64,
                 result->unread_bytes);
    }
    snprintf(text, HTTP_REFUSAL_MAX,
             "{\"accepted\":%" PRIu64 ",\"rejected\":%" PRIu64 "%s%s%s}\n",
             result->accepted, result->rejected, more[0], more[1], more[2]);
}
