#include "sinks/http/http_guests.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "sinks/http/http_head.h"

static size_t
place_of(const struct http_guest *guest)
{
    return (size_t)(guest - guest->guests->items);
}

static int
fd_of(const struct http_guest *guest)
{
    return guest->guests->connections.places[place_of(guest)].fd;
}

void
http_guests_renew(struct http_guest *guest)
{
    http_connections_renew(&guest->guests->connections, place_of(guest));
    timer_set(&guest->deadline, guest->guests->timeout);
}

void
http_guests_leave(struct http_guest *guest)
{
    timer_stop(&guest->deadline);
    http_connections_leave(&guest->guests->connections, place_of(guest));
}

static void
close_guest(struct http_guest *guest)
{
    event_del(guest->readable);
    close(fd_of(guest));
    http_guests_leave(guest);
}

void
http_guests_end(struct http_guest *guest)
{
    shutdown(fd_of(guest), SHUT_RDWR);
    guest->is_ended = true;
}

bool
http_guests_feed(struct http_guest *guest)
{
    if (!http_connections_feed(&guest->guests->connections, place_of(guest))) {
        return false;
    }
    timer_stop(&guest->deadline);
    return true;
}

// Of an admitted one the library detects it and closes it.
static void
end(struct http_guest *guest)
{
    if (guest->is_admitted) {
        http_guests_end(guest);
    } else {
        close_guest(guest);
    }
    guest->guests->calls.run(guest->guests->context);
}

// ── the first head ─────────────────────────────────────────────────────────

void
http_guests_answer(struct http_guest *guest, enum http_refusal refusal)
{
    char bytes[HTTP_RAW_MAX];
    size_t len = http_reply_raw(refusal, bytes);
    (void)send(fd_of(guest), bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd_of(guest), SHUT_WR);
    guest->guests->metrics->requests++;
    guest->guests->metrics->refused++;
    guest->is_answered = true;
}

static void
admit(struct http_guest *guest)
{
    struct http_guests *guests = guest->guests;
    event_del(guest->readable);
    guest->is_admitted = true;
    if (!guests->calls.admit(guests->context, guest, fd_of(guest))) {
        http_guests_leave(guest);
    }
}

static bool
is_over(ssize_t got)
{
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void
on_rest(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct http_guest *guest = context;
    char bytes[HTTP_HEAD_MAX];
    if (is_over(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT))) {
        end(guest);
    }
}

// The bytes remain in the socket for the library.
static void
look(struct http_guest *guest)
{
    char bytes[HTTP_HEAD_MAX + 1];
    enum http_refusal refusal;
    ssize_t got = recv(fd_of(guest), bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
    if (is_over(got)) {
        close_guest(guest);
        return;
    }
    if (got < 0 || !http_head_read((struct slice){bytes, (size_t)got}, &refusal)) {
        return;
    }
    if (refusal == HTTP_REFUSAL_NONE) {
        admit(guest);
        return;
    }
    event_del(guest->readable);
    http_guests_answer(guest, refusal);
    event_assign(guest->readable, guest->guests->base, fd_of(guest),
                 EV_READ | EV_PERSIST, on_rest, guest);
    event_add(guest->readable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct http_guest *guest = context;
    look(guest);
    guest->guests->calls.run(guest->guests->context);
}

static void
on_deadline(void *context)
{
    struct http_guest *guest = context;
    guest->guests->metrics->late += !guest->is_answered;
    end(guest);
}

// ── places ─────────────────────────────────────────────────────────────────

bool
http_guests_make_room(struct http_guests *guests)
{
    size_t place;
    if (!http_connections_oldest(&guests->connections, &place)) {
        return false;
    }
    guests->metrics->crowded_out++;
    end(&guests->items[place]);
    return true;
}

void
http_guests_enter(struct http_guests *guests, int fd, const struct sockaddr *address,
                  socklen_t length)
{
    size_t place;
    if (http_connections_crowded(&guests->connections, address, &place)) {
        guests->metrics->crowded_out++;
        end(&guests->items[place]);
    }
    if (http_connections_crowded(&guests->connections, address, &place)) {
        close(fd);
        return;
    }
    place = http_connections_enter(&guests->connections, address, fd);
    struct http_guest *guest = &guests->items[place];
    guest->is_admitted = false;
    guest->is_answered = false;
    guest->is_ended = false;
    memcpy(&guest->address, address, length);
    guest->length = length;
    // No second event for bytes that were peeked at and remain.
    event_assign(guest->readable, guests->base, fd, EV_READ | EV_PERSIST | EV_ET,
                 on_readable, guest);
    event_add(guest->readable, NULL);
    timer_set(&guest->deadline, guests->timeout);
    look(guest);
    guests->calls.run(guests->context);
}

// ── life ───────────────────────────────────────────────────────────────────

bool
http_guests_init(struct http_guests *guests, struct event_base *base,
                 const struct http_guests_calls *calls, void *context)
{
    guests->base = base;
    guests->calls = *calls;
    guests->context = context;
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        struct http_guest *guest = &guests->items[i];
        guest->guests = guests;
        guest->readable = event_new(base, -1, EV_READ, on_readable, guest);
        if (guest->readable == NULL ||
            timer_init(&guest->deadline, base, on_deadline, guest) != STATUS_OK) {
            return false;
        }
    }
    return true;
}

void
http_guests_fini(struct http_guests *guests)
{
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        struct http_guest *guest = &guests->items[i];
        if (guests->connections.places[i].order != 0 && !guest->is_admitted) {
            close_guest(guest);
        }
        timer_fini(&guest->deadline);
        if (guest->readable != NULL) {
            event_free(guest->readable);
        }
    }
}
