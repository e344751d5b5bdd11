#include "sinks/http_reply.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static void
add_headers(struct MHD_Response *response, enum http_code code)
{
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
        {HTTP_CODE_ENCODED, "Accept-Encoding", "identity"},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (headers[i].code == HTTP_CODE_OK || headers[i].code == code) {
            MHD_add_response_header(response, headers[i].name, headers[i].value);
        }
    }
}

bool
http_reply_send(struct MHD_Connection *connection, const struct http_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->text.len, (void *)(uintptr_t)reply->text.ptr, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return false;
    }
    add_headers(response, reply->code);
    MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->allowed != NULL) {
        MHD_add_response_header(response, "Allow", reply->allowed);
    }
    enum MHD_Result result = MHD_queue_response(connection, reply->code, response);
    MHD_destroy_response(response);
    return result == MHD_YES;
}

void
http_reply_refusal(enum http_code code, const char *more, char text[HTTP_REFUSAL_MAX])
{
    static const struct {
        enum http_code code;
        const char *error;
        const char *message;
    } refusals[] = {
        {HTTP_CODE_OFF, "off", "pushing posts is off: set http.token_file"},
        {HTTP_CODE_NO_TOKEN, "unauthorized",
         "give the token: Authorization: Bearer TOKEN"},
        {HTTP_CODE_TOO_LONG, "too_long",
         "the body is longer than http.max_body: send it in parts"},
        {HTTP_CODE_ENCODED, "unsupported_encoding",
         "send the body as it is, in UTF-8: no Content-Encoding, not compressed"},
        {HTTP_CODE_LATER, "no_room",
         "no room at the moment: send the whole body again later"},
        {HTTP_CODE_BAD, "empty", "there is nothing in the body"},
    };
    size_t i = 0;
    while (refusals[i].code != code) {
        i++;
    }
    snprintf(text, HTTP_REFUSAL_MAX, "{\"error\":\"%s\",\"message\":\"%s\"%s}\n",
             refusals[i].error, refusals[i].message, more);
}
