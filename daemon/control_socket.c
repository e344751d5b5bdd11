// SO_PEERCRED and struct ucred are not in POSIX.
#define _GNU_SOURCE

#include "daemon/control_socket.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "net/timer.h"

enum {
    BACKLOG = 16,
    GROUPS_MAX = 256,
    MODE = 0660,
    KEPT_MAX = 1 << 16,
    REFUSAL_MAX = 64,
};

// clang-format off
const struct option control_socket_option_rows[] = {
    {"control.socket", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     offsetof(struct control_socket_options, socket),
     "Path of the control socket for cascadectl; empty: control.sock in the directory of $RUNTIME_DIRECTORY, which systemd sets, or none without it"},
    OPTION_END,
};
// clang-format on

#define LINGER USEC_PER_S             // for a client to receive its answer
#define REST_TIME (100 * USEC_PER_MS) // without a descriptor for a connection

struct client {
    struct control_socket *control;
    struct bufferevent *stream; // NULL: the place is free
    struct timer deadline;
    struct timer again;
    const struct control_request *request; // NULL: not read yet
    struct control_call call;
    struct error waits; // what the request that is to be run again waits for
    char line[CONTROL_REQUEST_MAX + 1]; // into which the words point
    bool is_answered;
    bool has_ended; // the client sends nothing more
};

struct control_socket {
    struct control_setup setup;
    int fd;
    struct event *event;
    struct timer rest;
    bool is_bound; // the socket file is ours
    struct buffer result;
    struct buffer answer;
    struct client clients[CONTROL_CLIENTS_MAX];
};

const char *
control_socket_path(const struct control_socket_options *options,
                    char path[OPTION_TEXT_MAX])
{
    const char *folder = getenv("RUNTIME_DIRECTORY");
    int length = snprintf(path, OPTION_TEXT_MAX, "%s", options->socket);
    if (options->socket[0] == '\0' && folder != NULL && folder[0] == '/') {
        length = snprintf(path, OPTION_TEXT_MAX, "%.*s/control.sock",
                          (int)strcspn(folder, ":"), folder);
    }
    if (length < 0 || length >= OPTION_TEXT_MAX) {
        path[0] = '\0';
    }
    return path;
}

// ── who may ask ────────────────────────────────────────────────────────────

bool
control_socket_admits(const struct control_peer *peer, uid_t user, gid_t group)
{
    bool is_member = peer->group == group;
    for (size_t i = 0; i < peer->group_count && !is_member; i++) {
        is_member = peer->groups[i] == group;
    }
    return peer->user == 0 || peer->user == user || is_member;
}

static bool
is_admitted(int fd)
{
    struct ucred ids = {0};
    gid_t groups[GROUPS_MAX];
    socklen_t size = sizeof(ids);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ids, &size) != 0) {
        return false;
    }
    size = sizeof(groups);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) {
        size = 0;
    }
    const struct control_peer peer = {ids.uid, ids.gid, groups,
                                      size / sizeof(groups[0])};
    return control_socket_admits(&peer, geteuid(), getegid());
}

// ── answers ────────────────────────────────────────────────────────────────

static void
close_client(struct client *client)
{
    timer_stop(&client->deadline);
    timer_stop(&client->again);
    bufferevent_free(client->stream);
    client->stream = NULL;
    client->request = NULL;
}

static int
exit_code_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_RANGE:
        return EX_NOINPUT;
    case STATUS_PARSE:
        return EX_DATAERR;
    case STATUS_FULL:
        return EX_USAGE;
    case STATUS_AGAIN:
        return EX_TEMPFAIL;
    case STATUS_NOMEM:
        return EX_OSERR;
    case STATUS_IO:
        break;
    }
    return EX_IOERR;
}

// Large answers are rare: their memory is not kept.
static void
trim(struct buffer *text)
{
    size_t limit = text->limit;
    if (text->capacity > KEPT_MAX) {
        buffer_fini(text);
        buffer_init(text, limit);
    }
}

static void
put_result(struct buffer *answer, struct slice result)
{
    json_writer_name(answer, SLICE_LIT("result"));
    if (result.len != 0) {
        json_writer_json(answer, result);
    } else {
        json_writer_null(answer);
    }
}

// The connection is closed once the answer is sent.
static void
answer(struct client *client, struct slice result, const struct error *error)
{
    struct buffer *text = &client->control->answer;
    struct error none = {0};
    buffer_reset(text);
    if (client->control->result.is_failed) {
        error_set(&none, STATUS_NOMEM, "the answer is too long, or there is no memory");
        error = &none;
    }
    json_writer_open(text, '{');
    json_writer_put_i64(text, "code", exit_code_of(error->code));
    if (error->code != STATUS_OK) {
        json_writer_put_text(text, "error", slice_of(error->text));
    } else {
        put_result(text, result);
    }
    json_writer_close(text, '}');
    buffer_append_byte(text, '\n');
    client->is_answered = true;
    timer_stop(&client->again);
    bool is_sent = !text->is_failed &&
                   bufferevent_write(client->stream, text->bytes, text->size) == 0;
    trim(text);
    trim(&client->control->result);
    if (!is_sent) {
        close_client(client);
    }
}

static void
refuse(struct client *client, enum status status, const char *text)
{
    struct error error = {0};
    error_set(&error, status, "%s", text);
    buffer_reset(&client->control->result);
    answer(client, SLICE_NONE, &error);
}

// ── requests ───────────────────────────────────────────────────────────────

static void
run(struct client *client)
{
    struct control_socket *control = client->control;
    struct error error = {0};
    buffer_reset(&control->result);
    client->call.result = &control->result;
    enum status status =
        client->request->run(control->setup.context, &client->call, &error);
    if (status == STATUS_AGAIN) {
        client->waits = error;
        timer_set(&client->again, CONTROL_EVERY);
        return;
    }
    if (status != STATUS_OK) {
        error_set(&error, status, "the request failed");
    }
    answer(client, buffer_text(&control->result), &error);
}

static void
on_again(void *context)
{
    run(context);
}

// Splits the line at its tabs. False: there are too many words.
static bool
split(struct client *client)
{
    char *at = strchr(client->line, '\t');
    client->call = (struct control_call){.count = 0};
    while (at != NULL && client->call.count < CONTROL_WORDS_MAX) {
        *at = '\0';
        client->call.words[client->call.count++] = at + 1;
        at = strchr(at + 1, '\t');
    }
    return at == NULL;
}

static void
begin(struct client *client)
{
    const struct control_request *request = client->control->setup.requests;
    bool is_split = split(client);
    while (request->name != NULL && strcmp(request->name, client->line) != 0) {
        request++;
    }
    if (request->name == NULL) {
        refuse(client, STATUS_FULL,
               "no such request: cascadectl and cascaded may be of different versions");
    } else if (!is_split || client->call.count < request->least ||
               client->call.count > request->most) {
        refuse(client, STATUS_FULL, "the request has too few or too many arguments");
    } else {
        client->request = request;
        run(client);
    }
}

// Each piece that was read is looked at, so that memory stays bounded. libevent could
// bound it, too, but crashes if it has no memory for that (bufferevent_setwatermark).
static void
on_readable(struct bufferevent *stream, void *context)
{
    struct client *client = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t size = evbuffer_get_length(input);
    struct evbuffer_ptr end = evbuffer_search(input, "\n", 1, NULL);
    if (client->is_answered || client->request != NULL) {
        evbuffer_drain(input, size);
        return;
    }
    if (end.pos < 0 && size <= CONTROL_REQUEST_MAX) {
        return;
    }
    if (end.pos < 0 || end.pos > CONTROL_REQUEST_MAX) {
        char text[REFUSAL_MAX];
        (void)snprintf(text, sizeof(text), "the request is longer than %d bytes",
                       CONTROL_REQUEST_MAX);
        refuse(client, STATUS_FULL, text);
        return;
    }
    size = (size_t)end.pos;
    evbuffer_remove(input, client->line, size);
    client->line[size] = '\0';
    if (memchr(client->line, '\0', size) != NULL) {
        refuse(client, STATUS_FULL, "the request contains a byte of 0");
        return;
    }
    begin(client);
}

// What a client has sent beyond its request is read and discarded until it has received
// the answer: a socket that is closed with unread bytes loses the answer.
static void
on_written(struct bufferevent *stream, void *context)
{
    struct client *client = context;
    if (!client->is_answered ||
        evbuffer_get_length(bufferevent_get_output(stream)) != 0) {
        return;
    }
    if (client->has_ended) {
        close_client(client);
    } else {
        (void)shutdown(bufferevent_getfd(stream), SHUT_WR);
        timer_set(&client->deadline, LINGER);
    }
}

// A client may close its writing side behind the request.
static void
on_end(struct bufferevent *stream, short what, void *context)
{
    struct client *client = context;
    bool is_waiting = client->request != NULL || client->is_answered;
    bool is_sent =
        client->is_answered && evbuffer_get_length(bufferevent_get_output(stream)) == 0;
    client->has_ended = true;
    if ((what & BEV_EVENT_EOF) == 0 || !is_waiting || is_sent) {
        close_client(client);
    }
}

static void
on_deadline(void *context)
{
    struct client *client = context;
    if (client->is_answered) {
        close_client(client);
    } else {
        char text[ERROR_TEXT_MAX];
        bool is_known = client->waits.code == STATUS_AGAIN;
        (void)snprintf(text, sizeof(text), "not finished within 20 s; %.400s",
                       is_known ? client->waits.text
                                : "look at cascadectl status and try again");
        refuse(client, STATUS_AGAIN, text);
        if (client->stream != NULL) {
            timer_set(&client->deadline, LINGER);
        }
    }
}

// ── connections ────────────────────────────────────────────────────────────

static struct client *
free_client(struct control_socket *control)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].stream == NULL) {
            return &control->clients[i];
        }
    }
    return NULL;
}

static void
turn_away(int fd, const char *line)
{
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void
on_rested(void *context)
{
    const struct control_socket *control = context;
    (void)event_add(control->event, NULL);
}

static void
on_connection(evutil_socket_t listener, short what, void *context)
{
    (void)what;
    struct control_socket *control = context;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            (void)event_del(control->event); // it would be reported again at once
            timer_set(&control->rest, REST_TIME);
        }
        return;
    }
    struct client *client = free_client(control);
    if (!is_admitted(fd)) {
        turn_away(fd, "{\"code\":77,\"error\":\"only root, the user of cascaded and "
                      "members of its group may use the control socket\"}\n");
        return;
    }
    if (client == NULL) {
        turn_away(fd, "{\"code\":75,\"error\":\"too many clients use the control "
                      "socket; try again\"}\n");
        return;
    }
    client->stream =
        bufferevent_socket_new(control->setup.base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (client->stream == NULL) {
        close(fd);
        return;
    }
    client->is_answered = false;
    client->waits = (struct error){0};
    client->has_ended = false;
    client->request = NULL;
    bufferevent_setcb(client->stream, on_readable, on_written, on_end, client);
    timer_set(&client->deadline, CONTROL_PATIENCE);
    if (bufferevent_enable(client->stream, EV_READ | EV_WRITE) != 0) {
        close_client(client); // without memory
    }
}

// ── life ───────────────────────────────────────────────────────────────────

// True if it is a socket at which nothing listens: its process has ended.
static bool
is_stale(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        errno = EADDRINUSE;
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_refused =
        fd >= 0 &&
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
        errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    return is_refused;
}

// No other user can connect between bind and chmod.
static bool
bind_socket(int fd, const struct sockaddr_un *address)
{
    mode_t mask = umask(0177);
    int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    if (result != 0 && errno == EADDRINUSE && is_stale(address)) {
        (void)unlink(address->sun_path);
        result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    }
    (void)umask(mask);
    return result == 0;
}

static enum status
start_listening(struct control_socket *control, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = control->setup.path;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return error_set(error, STATUS_RANGE,
                         "control.socket: \"%s\" is longer than %zu bytes", path,
                         sizeof(address.sun_path) - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    control->is_bound = control->fd >= 0 && bind_socket(control->fd, &address);
    if (!control->is_bound || chmod(path, MODE) != 0 ||
        listen(control->fd, BACKLOG) != 0) {
        return error_set(error, STATUS_IO, "cannot listen on the control socket %s: %s",
                         path, strerror(errno));
    }
    control->event = event_new(control->setup.base, control->fd, EV_READ | EV_PERSIST,
                               on_connection, control);
    return control->event != NULL && event_add(control->event, NULL) == 0
               ? STATUS_OK
               : error_set(error, STATUS_NOMEM, "no memory for the control socket");
}

struct control_socket *
control_socket_create(const struct control_setup *setup, struct error *error)
{
    struct control_socket *control = calloc(1, sizeof(*control));
    if (control == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the control socket");
        return NULL;
    }
    control->setup = *setup;
    control->fd = -1;
    buffer_init(&control->result, CONTROL_ANSWER_MAX);
    buffer_init(&control->answer, CONTROL_ANSWER_MAX + CONTROL_REQUEST_MAX);
    enum status status = timer_init(&control->rest, setup->base, on_rested, control);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX && status == STATUS_OK; i++) {
        struct client *client = &control->clients[i];
        client->control = control;
        status = timer_init(&client->deadline, setup->base, on_deadline, client);
        if (status == STATUS_OK) {
            status = timer_init(&client->again, setup->base, on_again, client);
        }
    }
    if (status != STATUS_OK) {
        error_set(error, status, "no memory for the control socket");
    } else {
        status = start_listening(control, error);
    }
    if (status != STATUS_OK) {
        control_socket_destroy(&control);
    }
    return control;
}

void
control_socket_destroy(struct control_socket **control)
{
    struct control_socket *old = *control;
    if (old == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (old->clients[i].stream != NULL) {
            close_client(&old->clients[i]);
        }
        timer_fini(&old->clients[i].again);
        timer_fini(&old->clients[i].deadline);
    }
    timer_fini(&old->rest);
    if (old->event != NULL) {
        event_free(old->event);
    }
    if (old->is_bound) {
        (void)unlink(old->setup.path);
    }
    if (old->fd >= 0) {
        close(old->fd);
    }
    buffer_fini(&old->answer);
    buffer_fini(&old->result);
    free(old);
    *control = NULL;
}
