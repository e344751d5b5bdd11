#define _DEFAULT_SOURCE // explicit_bzero
#include "net/http_request.h"

#include <stdio.h>
#include <string.h>

#include "net/token_file.h"
#include "net/url.h"

// Text is compressed to a tenth, a decompression bomb to a thousandth.
enum { EXPANSION_MAX = 100, EXPANSION_FREE = 4 << 20 };

#define BEARER "Authorization: Bearer "

static enum status
add_header(struct http_request *request, const char *text, struct error *error)
{
    struct curl_slist *more = curl_slist_append(request->headers, text);
    if (more == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a request");
    }
    request->headers = more;
    return STATUS_OK;
}

static enum status
add_token(struct http_request *request, const struct http_request_options *options,
          struct error *error)
{
    if (options->token_file[0] == '\0') {
        return STATUS_OK;
    }
    char line[sizeof(BEARER) + TOKEN_FILE_MAX] = BEARER;
    char *token = line + sizeof(BEARER) - 1;
    enum status status = token_file_read(options->token_file, token, error);
    if (status == STATUS_OK) {
        status = add_header(request, line, error);
    }
    explicit_bzero(line, sizeof(line));
    return status;
}

static void
set_options(CURL *easy, const struct http_request_options *options,
            const struct url *url)
{
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, url->is_tls ? "https" : "http");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "cascaded/" CASCADED_VERSION);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Giving up must not wait for a slow name server.
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    // A stream ends with its connection; a new stream needs a new connection.
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    // The source has its own timer for this deadline.
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 3600L * 1000L);
    if (options->ca_file[0] != '\0') {
        // In place of the system's file and folder.
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    // https_proxy in the environment is not meant for this machine itself.
    if (url_is_loopback(url->host)) {
        (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
}

// An empty request with a handle, the options set and the token among its headers.
static enum status
begin(struct http_request *request, const struct http_request_options *options,
      const struct url *url, struct error *error)
{
    *request = (struct http_request){.easy = curl_easy_init()};
    if (request->easy == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a request");
    }
    enum status status = add_token(request, options, error);
    if (status != STATUS_OK) {
        http_request_fini(request);
        return status;
    }
    (void)curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, request->why);
    set_options(request->easy, options, url);
    return STATUS_OK;
}

enum status
http_request_init(struct http_request *request,
                  const struct http_request_options *options, const char *url,
                  struct error *error)
{
    *request = (struct http_request){.easy = NULL};
    struct url where;
    enum status status = url_parse(slice_of(url), &where, error);
    if (status == STATUS_OK) {
        status = begin(request, options, &where, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = add_header(
        request, "Accept: application/json, text/event-stream;q=0.9, */*;q=0.1", error);
    if (status != STATUS_OK) {
        http_request_fini(request);
        return status;
    }
    (void)curl_easy_setopt(request->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    (void)curl_easy_setopt(request->easy, CURLOPT_FORBID_REUSE, 1L);
    request->is_compressed = options->is_compressed;
    if (options->is_compressed) {
        (void)curl_easy_setopt(request->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    }
    return STATUS_OK;
}

enum status
http_request_dial(struct http_request *request,
                  const struct http_request_options *options, const struct url *url,
                  struct error *error)
{
    enum status status = begin(request, options, url, error);
    if (status != STATUS_OK) {
        return status;
    }
    char host[URL_TEXT_MAX];
    char text[URL_TEXT_MAX + 16];
    url_host_format(url->host, url->port, host);
    snprintf(text, sizeof(text), "%s://%s/", url->is_tls ? "https" : "http", host);
    (void)curl_easy_setopt(request->easy, CURLOPT_URL, text);
    (void)curl_easy_setopt(request->easy, CURLOPT_CONNECT_ONLY, 1L);
    // The protocol is not HTTP, so that a proxy must not change it.
    (void)curl_easy_setopt(request->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    return STATUS_OK;
}

bool
http_request_is_bomb(const struct http_request *request, uint64_t decoded)
{
    curl_off_t raw = 0;
    (void)curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &raw);
    return request->is_compressed &&
           decoded > EXPANSION_FREE + EXPANSION_MAX * (uint64_t)raw;
}

void
http_request_fini(struct http_request *request)
{
    if (request->easy != NULL) {
        curl_easy_cleanup(request->easy);
    }
    curl_slist_free_all(request->headers);
    *request = (struct http_request){.easy = NULL};
}
