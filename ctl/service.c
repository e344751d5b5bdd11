#include "ctl/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/usec.h"
#include "ctl/http_get.h"
#include "ctl/values.h"

enum {
    REQUEST_MAX = 1 << 18,
    PIECE = 1 << 16,
    PATIENCE_S = 30,
    NOT_FOUND = 404,
    OK = 200
};

#define START "systemctl start cascaded"

// ── where it is ────────────────────────────────────────────────────────────

static void
copy(char to[SERVICE_ADDRESS_MAX], struct slice text)
{
    (void)snprintf(to, SERVICE_ADDRESS_MAX, "%.*s", SLICE_ARG(text));
}

static void
read_meta(struct service *service, struct client *client)
{
    static const char *const fields[] = {"control", "http", NULL};
    struct error ignored = {0};
    client_queue(client, "HMGET", SLICE_LIT("meta"), fields);
    redisReply *reply = client_answer(client, REDIS_REPLY_ARRAY, &ignored);
    if (reply != NULL) {
        copy(service->control, values_at(reply, 0));
        copy(service->http, values_at(reply, 1));
        freeReplyObject(reply);
    }
}

void
service_find(struct service *service, struct client *client)
{
    bool has_default = access(SERVICE_CONTROL, F_OK) == 0;
    bool is_by_redis = service->is_redis_given && client != NULL;
    if (client != NULL && (service->is_redis_given || !has_default)) {
        read_meta(service, client);
    }
    if (service->control_given != NULL) {
        copy(service->control, slice_of(service->control_given));
    } else if (service->control[0] == '\0' && !is_by_redis) {
        copy(service->control, SLICE_LIT(SERVICE_CONTROL));
    }
    if (service->http_given != NULL) {
        copy(service->http, slice_of(service->http_given));
    } else if (service->http[0] == '\0' && !is_by_redis) {
        copy(service->http, SLICE_LIT(SERVICE_HTTP));
    }
}

// ── the control socket ─────────────────────────────────────────────────────

static enum status
explain(struct service *service, int reason, struct error *error)
{
    if (reason == EACCES || reason == EPERM) {
        service->exit_code = EX_NOPERM;
        return error_set(error, STATUS_IO,
                         "cannot use the control socket %s: %s; run this as root, or "
                         "as a member of the group cascaded",
                         service->control, strerror(reason));
    }
    return error_set(error, STATUS_IO,
                     "cascaded does not run, or its control socket is elsewhere (%s: "
                     "%s); start it: " START,
                     service->control, strerror(reason));
}

// Connected, or -1 with errno set.
static int
open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval wait = {PATIENCE_S, 0};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    }
    return fd;
}

// True if all could be sent, and the answer ended in order.
static bool
exchange(int fd, const struct buffer *request, struct buffer *answer)
{
    static char piece[PIECE];
    ssize_t got = send(fd, request->bytes, request->size, MSG_NOSIGNAL);
    if (got != (ssize_t)request->size) {
        return false;
    }
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0) {
        buffer_append(answer, (struct slice){piece, (size_t)got});
    }
    return got == 0 && !answer->is_failed;
}

static enum status
read_answer(struct service *service, const struct buffer *answer, json_t **ret_result,
            struct error *error)
{
    json_t *json =
        json_loadb(buffer_text(answer).ptr, answer->size, JSON_ALLOW_NUL, NULL);
    const char *text = json_string_value(json_object_get(json, "error"));
    int code = (int)json_integer_value(json_object_get(json, "code"));
    enum status status = STATUS_OK;
    if (!json_is_object(json)) {
        status = error_set(error, STATUS_IO,
                           "cascaded ended before it answered; look at it: systemctl "
                           "status cascaded");
    } else if (code != EX_OK) {
        service->exit_code = code;
        status = error_set(error, STATUS_RANGE, "%s", text != NULL ? text : "refused");
    } else {
        *ret_result = json_incref(json_object_get(json, "result"));
    }
    json_decref(json);
    return status;
}

enum status
service_ask(struct service *service, const char *const *words, json_t **ret_result,
            struct error *error)
{
    struct buffer request;
    struct buffer answer;
    if (service->control[0] == '\0') {
        service->exit_code = EX_UNAVAILABLE;
        return error_set(
            error, STATUS_IO,
            "no cascaded with a control socket writes to this Redis; start "
            "it (" START "), or name the socket with --control PATH");
    }
    int fd = open_socket(service->control);
    if (fd < 0) {
        return explain(service, errno, error);
    }
    buffer_init(&request, REQUEST_MAX);
    buffer_init(&answer, SERVICE_ANSWER_MAX);
    for (size_t i = 0; words[i] != NULL; i++) {
        buffer_append(&request, i != 0 ? SLICE_LIT("\t") : SLICE_LIT(""));
        buffer_append(&request, slice_of(words[i]));
    }
    buffer_append_byte(&request, '\n');
    bool is_whole = !request.is_failed && exchange(fd, &request, &answer);
    enum status status =
        is_whole ? read_answer(service, &answer, ret_result, error)
                 : error_set(error, STATUS_IO,
                             "cascaded does not answer at %s; look at it: systemctl "
                             "status cascaded",
                             service->control);
    (void)close(fd);
    buffer_fini(&answer);
    buffer_fini(&request);
    return status;
}

// ── pages ──────────────────────────────────────────────────────────────────

static enum status
check_code(struct service *service, int code, const json_t *body, struct error *error)
{
    const char *text = json_string_value(json_object_get(body, "message"));
    if (code == OK) {
        return STATUS_OK;
    }
    service->exit_code = code == NOT_FOUND ? EX_NOINPUT : EX_TEMPFAIL;
    return error_set(error, STATUS_RANGE, "cascaded answers: %s (HTTP %d)",
                     text != NULL ? text : "no message", code);
}

static enum status
page_by_socket(struct service *service, const char *path, json_t **ret_body,
               struct error *error)
{
    const char *const words[] = {"get", path, NULL};
    json_t *result = NULL;
    enum status status = service_ask(service, words, &result, error);
    if (status != STATUS_OK) {
        return status;
    }
    json_t *body = json_object_get(result, "body");
    int code = (int)json_integer_value(json_object_get(result, "status"));
    status = check_code(service, code, body, error);
    if (status == STATUS_OK) {
        *ret_body = json_incref(body);
    }
    json_decref(result);
    return status;
}

static enum status
page_by_http(struct service *service, const char *path, json_t **ret_body,
             struct error *error)
{
    struct buffer body;
    struct error why = {0};
    int code = 0;
    buffer_init(&body, SERVICE_ANSWER_MAX);
    enum status status =
        http_get(service->http, path, PATIENCE_S * USEC_PER_S, &body, &code, &why);
    if (status == STATUS_PARSE) {
        service->exit_code = EX_USAGE;
        (void)error_set(error, status, "%s", why.text);
    } else if (status != STATUS_OK) {
        (void)error_set(error, status,
                        "cascaded does not answer at %s: %s; start it: " START,
                        service->http, why.text);
    } else {
        struct slice text = buffer_text(&body);
        json_t *json = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
        json = json != NULL ? json : json_stringn(text.ptr, text.len);
        status = check_code(service, code, json, error);
        if (status == STATUS_OK) {
            *ret_body = json_incref(json);
        }
        json_decref(json);
    }
    buffer_fini(&body);
    return status;
}

enum status
service_page(struct service *service, const char *path, json_t **ret_body,
             struct error *error)
{
    struct error why = {0};
    struct error other = {0};
    enum status status = STATUS_IO;
    if (service->control[0] != '\0' || service->http[0] == '\0') {
        status = page_by_socket(service, path, ret_body, &why);
    }
    if (status == STATUS_IO && service->http[0] != '\0') {
        int exit_code = service->exit_code;
        service->exit_code = 0;
        status = page_by_http(service, path, ret_body, &other);
        if (status == STATUS_IO && why.code != STATUS_OK) {
            service->exit_code = exit_code;
        } else {
            why = other;
        }
    }
    return status == STATUS_OK ? status : error_set(error, why.code, "%s", why.text);
}
