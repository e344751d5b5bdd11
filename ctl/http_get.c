#include "ctl/http_get.h"

#include <curl/curl.h>
#include <string.h>

#define SCHEME "http://"
#define BAD_ADDRESS "--http: write the address as http://127.0.0.1:7787"

enum { URL_MAX = 1 << 14 };

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
take_body(char *bytes, size_t unit, size_t count, void *context)
{
    struct buffer *body = context;
    buffer_append(body, (struct slice){bytes, unit * count});
    return body->is_failed ? 0 : unit * count;
}

// The text of curl would repeat the address.
static const char *
reason_of(CURL *easy, CURLcode code)
{
    long system_error = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return "no answer";
    }
    if (code == CURLE_COULDNT_CONNECT && system_error != 0) {
        return strerror((int)system_error);
    }
    bool is_foreign = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_GOT_NOTHING;
    return is_foreign ? "it does not answer as cascaded does"
                      : curl_easy_strerror(code);
}

static enum status
perform(CURL *easy, const struct buffer *body, int *ret_code, struct error *error)
{
    CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_WRITE_ERROR && body->is_failed) {
        return error_set(error, STATUS_FULL, "the answer is too long");
    }
    if (code == CURLE_URL_MALFORMAT) {
        return error_set(error, STATUS_PARSE, BAD_ADDRESS);
    }
    if (code != CURLE_OK) {
        return error_set(error, STATUS_IO, "%s", reason_of(easy, code));
    }
    long answered = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answered);
    *ret_code = (int)answered;
    return STATUS_OK;
}

// The address up to its path, then the path. Only "http" is allowed, and no user: the
// daemon has no TLS and asks for no password.
static bool
join(const char *url, const char *path, struct buffer *ret_whole)
{
    size_t length = strncmp(url, SCHEME, strlen(SCHEME)) == 0
                        ? strcspn(url + strlen(SCHEME), "/")
                        : 0;
    if (length == 0 || memchr(url + strlen(SCHEME), '@', length) != NULL) {
        return false;
    }
    buffer_append(ret_whole, (struct slice){url, strlen(SCHEME) + length});
    buffer_append(ret_whole, slice_of(path));
    buffer_append(ret_whole, (struct slice){"", 1});
    return !ret_whole->is_failed;
}

enum status
http_get(const char *url, const char *path, usec span, struct buffer *body,
         int *ret_code, struct error *error)
{
    struct buffer whole;
    CURL *easy = curl_easy_init();
    buffer_init(&whole, URL_MAX);
    enum status status = STATUS_OK;
    if (easy == NULL) {
        status = error_set(error, STATUS_NOMEM, "no memory for a request");
    } else if (!join(url, path, &whole)) {
        status = error_set(error, STATUS_PARSE, BAD_ADDRESS);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_URL, whole.bytes);
        (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
        (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(span / USEC_PER_MS));
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
        status = perform(easy, body, ret_code, error);
    }
    curl_easy_cleanup(easy);
    buffer_fini(&whole);
    return status;
}
