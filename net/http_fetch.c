#include "net/http_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "net/http_answer.h"
#include "net/http_client.h"
#include "net/http_request.h"
#include "net/timer.h"

struct http_fetch {
    struct http_fetch_setup setup;
    struct http_request request;
    struct http_transfer transfer;
    struct http_answer answer;
    struct buffer body;
    struct timer timer;
    struct error error; // of a request that could not begin
    bool is_busy;
    bool is_post;
    bool is_refused; // an address, by the rule
    enum address_rule rule;
};

static void
tell(struct http_fetch *fetch, const char *why)
{
    char text[HTTP_ANSWER_TEXT_MAX];
    const struct http_answer *answer = &fetch->answer;
    bool is_good = why == NULL && answer->status == 200;
    bool is_told =
        answer->is_whole && (is_good || answer->status != 200 || fetch->is_post);
    if (why == NULL && !is_good) {
        why = http_answer_text(answer, text);
    }
    const struct http_fetch_answer told = {
        .status = is_told ? answer->status : 0,
        .body = is_good ? buffer_text(&fetch->body) : SLICE_NONE,
        .not_before = http_answer_not_before(answer, fetch->setup.wall()),
        .why = why,
        .is_refused = fetch->is_refused && answer->status == 0,
    };
    timer_stop(&fetch->timer);
    fetch->is_busy = false;
    fetch->setup.on_done(fetch->setup.context, &told);
}

static void
drop(struct http_fetch *fetch)
{
    http_client_stop(fetch->setup.client, &fetch->transfer);
    http_request_fini(&fetch->request);
}

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_bytes(char *bytes, size_t one, size_t size, void *context)
{
    struct http_fetch *fetch = context;
    const struct slice text = {bytes, size};
    (void)one;
    if (fetch->is_post || fetch->answer.status != 200) {
        http_answer_body(&fetch->answer, text);
        return fetch->answer.body_len < HTTP_ANSWER_BODY_MAX ? size : 0;
    }
    buffer_append(&fetch->body, text);
    return fetch->body.is_failed ? 0 : size;
}

static size_t
// NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's
on_header(char *bytes, size_t one, size_t size, void *context)
{
    struct http_fetch *fetch = context;
    (void)one;
    if (!fetch->answer.is_whole) {
        http_answer_header(&fetch->answer, (struct slice){bytes, size});
    }
    return size;
}

static void
on_done(void *context, CURLcode code)
{
    struct http_fetch *fetch = context;
    char why[CURL_ERROR_SIZE];
    bool is_told =
        fetch->answer.is_whole && (fetch->is_post || fetch->answer.status != 200);
    const char *text = NULL;
    if (fetch->is_refused && !fetch->answer.is_whole) {
        text = "the address is not allowed";
    } else if (fetch->body.is_failed) {
        text = "the answer is too long";
    } else if (code != CURLE_OK && !is_told) {
        memcpy(why, fetch->request.why, sizeof(why));
        text = why[0] != '\0' ? why : curl_easy_strerror(code);
    } else if (!fetch->answer.is_whole) {
        text = "the answer ended within its head";
    }
    drop(fetch);
    tell(fetch, text);
}

static void
on_timer(void *context)
{
    struct http_fetch *fetch = context;
    drop(fetch);
    bool is_told = fetch->is_post && fetch->answer.is_whole;
    const char *why =
        fetch->error.code != STATUS_OK ? fetch->error.text : "no answer in time";
    tell(fetch, is_told ? NULL : why);
}

enum status
http_fetch_create(const struct http_fetch_setup *setup, struct http_fetch **ret_fetch,
                  struct error *error)
{
    struct http_fetch *fetch = calloc(1, sizeof(*fetch));
    if (fetch != NULL) {
        fetch->setup = *setup;
        buffer_init(&fetch->body, setup->body_most);
    }
    if (fetch == NULL ||
        timer_init(&fetch->timer, setup->base, on_timer, fetch) != STATUS_OK) {
        http_fetch_destroy(&fetch);
        return error_set(error, STATUS_NOMEM, "no memory for a request");
    }
    *ret_fetch = fetch;
    return STATUS_OK;
}

void
http_fetch_destroy(struct http_fetch **fetch)
{
    struct http_fetch *old = *fetch;
    if (old == NULL) {
        return;
    }
    drop(old);
    buffer_fini(&old->body);
    timer_fini(&old->timer);
    free(old);
    *fetch = NULL;
}

void
http_fetch_set_within(struct http_fetch *fetch, usec within)
{
    fetch->setup.within = within;
}

bool
http_fetch_is_busy(const struct http_fetch *fetch)
{
    return fetch->is_busy;
}

static curl_socket_t
on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_fetch *fetch = context;
    (void)purpose;
    if (!address_is_allowed(&address->addr, fetch->rule)) {
        fetch->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static enum status
prepare_post(struct http_fetch *fetch, const struct http_fetch_post *post)
{
    CURL *easy = fetch->request.easy;
    for (size_t i = 0; i < post->header_count; i++) {
        if (curl_slist_append(fetch->request.headers, post->headers[i]) == NULL) {
            return error_set(&fetch->error, STATUS_NOMEM, "no memory for a request");
        }
    }
    fetch->rule = post->rule;
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)post->body.len);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, post->body.ptr);
    return code == CURLE_OK
               ? STATUS_OK
               : error_set(&fetch->error, STATUS_NOMEM, "no memory for a request");
}

static enum status
begin(struct http_fetch *fetch, const struct http_request_options *options,
      const char *url, const struct http_fetch_post *post)
{
    enum status status =
        http_request_init(&fetch->request, options, url, &fetch->error);
    if (status != STATUS_OK) {
        return status;
    }
    CURL *easy = fetch->request.easy;
    fetch->transfer =
        (struct http_transfer){.easy = easy, .on_done = on_done, .context = fetch};
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    if (post != NULL && prepare_post(fetch, post) != STATUS_OK) {
        return fetch->error.code;
    }
    return http_client_start(fetch->setup.client, &fetch->transfer, &fetch->error);
}

static void
start(struct http_fetch *fetch, const struct http_request_options *options,
      const char *url, const struct http_fetch_post *post)
{
    drop(fetch);
    http_answer_reset(&fetch->answer);
    buffer_reset(&fetch->body);
    fetch->error = (struct error){.code = STATUS_OK};
    fetch->is_busy = true;
    fetch->is_post = post != NULL;
    fetch->is_refused = false;
    usec wait = begin(fetch, options, url, post) == STATUS_OK ? fetch->setup.within : 0;
    timer_set(&fetch->timer, wait);
}

void
http_fetch_start(struct http_fetch *fetch, const struct http_request_options *options,
                 const char *url)
{
    start(fetch, options, url, NULL);
}

void
http_fetch_post(struct http_fetch *fetch, const struct http_request_options *options,
                const char *url, const struct http_fetch_post *post)
{
    start(fetch, options, url, post);
}

void
http_fetch_stop(struct http_fetch *fetch)
{
    drop(fetch);
    timer_stop(&fetch->timer);
    fetch->is_busy = false;
}
