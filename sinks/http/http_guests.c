#include "sinks/http/http_guests.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/tcp.h> // its tcp_info counts bytes; that of netinet/tcp.h does not
#include <netinet/in.h>
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
    event_del(guest->readable);
    timer_stop(&guest->deadline);
    http_connections_leave(&guest->guests->connections, place_of(guest));
}

static void
close_guest(struct http_guest *guest)
{
    int fd = fd_of(guest);
    http_guests_leave(guest);
    close(fd);
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

static void
resume(struct http_guest *guest)
{
    guest->is_waiting = guest->is_idle = false;
    guest->guests->calls.resume(guest->guests->context, guest);
}

// Of an admitted one the library detects it and closes it.
static void
end(struct http_guest *guest)
{
    if (guest->is_admitted) {
        http_guests_end(guest);
        if (guest->is_waiting) {
            // The library watches the socket again first, and then reads its end.
            resume(guest);
            guest->guests->calls.run(guest->guests->context, guest);
        }
    } else {
        close_guest(guest);
    }
    guest->guests->calls.run(guest->guests->context, guest);
}

// ── requests that stay ─────────────────────────────────────────────────────

// The bytes that have arrived on the connection; 0 where the system has no count.
static uint64_t
arrived(const struct http_guest *guest)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    bool is_known = getsockopt(fd_of(guest), IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    return is_known ? info.tcpi_bytes_received : 0;
}

bool
http_guests_stay(struct http_guest *guest)
{
    guest->is_staying = false;
    if (!guest->is_whole || (guest->ahead == 1 && guest->is_last)) {
        return false;
    }
    if (guest->ahead > 1) {
        guest->is_staying = true;
    } else {
        uint64_t bytes = arrived(guest);
        guest->is_staying =
            bytes == guest->checked ||
            (guest->behind != HTTP_REFUSAL_NONE && bytes == guest->seen);
    }
    return guest->is_staying;
}

bool
http_guests_next(struct http_guest *guest)
{
    guest->is_whole = guest->is_staying = false;
    guest->ahead--;
    http_guests_renew(guest);
    if (guest->ahead != 0) {
        return false;
    }
    guest->is_waiting = guest->is_idle = true;
    event_active(guest->readable, EV_READ, 0); // something may be there already
    return true;
}

// ── heads ──────────────────────────────────────────────────────────────────

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
    if (guest->is_admitted) {
        resume(guest);
        return;
    }
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

static void
refuse(struct http_guest *guest)
{
    event_del(guest->readable);
    http_guests_answer(guest, guest->behind);
    event_assign(guest->readable, guest->guests->base, fd_of(guest),
                 EV_READ | EV_PERSIST, on_rest, guest);
    event_add(guest->readable, NULL);
}

// Checks the requests that have arrived: one of any kind, or several without a body.
static void
check(struct http_guest *guest, struct slice bytes)
{
    struct http_head head;
    enum http_refusal refusal;
    guest->seen = guest->checked + bytes.len;
    guest->is_last = false;
    while (!guest->is_last && http_head_read(bytes, &head, &refusal)) {
        if (refusal != HTTP_REFUSAL_NONE) {
            guest->behind = refusal;
            return;
        }
        struct slice rest = {bytes.ptr + head.size, bytes.len - head.size};
        if (head.has_coding && http_head_has_wrong_chunks(rest)) {
            guest->behind = HTTP_REFUSAL_MALFORMED;
            return;
        }
        bool is_plain = head.is_read && !http_head_has_body(&head);
        if (guest->ahead != 0 && !is_plain) {
            return;
        }
        guest->begins_with_feed =
            guest->begins_with_feed || (guest->checked == 0 && head.is_for_feed);
        bytes = rest;
        guest->ahead++;
        guest->checked += head.size + head.length;
        guest->is_plain = is_plain;
        guest->is_last = head.is_last || head.has_coding;
        if (!is_plain) {
            return;
        }
    }
}

// The bytes remain in the socket for the library. False: there is nothing to do.
static bool
look(struct http_guest *guest)
{
    char bytes[HTTP_HEAD_MAX + 1];
    if (guest->behind == HTTP_REFUSAL_NONE) {
        ssize_t got = recv(fd_of(guest), bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
        if (is_over(got)) {
            end(guest);
            return false;
        }
        if (got < 0) {
            return false;
        }
        if (guest->is_idle) {
            guest->is_idle = false;
            http_guests_renew(guest);
        }
        check(guest, (struct slice){bytes, (size_t)got});
    }
    if (guest->ahead != 0) {
        admit(guest);
    } else if (guest->behind != HTTP_REFUSAL_NONE) {
        refuse(guest);
    }
    return guest->ahead != 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct http_guest *guest = context;
    bool is_with_library = guest->is_admitted && !guest->is_waiting;
    if (!is_with_library && look(guest)) {
        guest->guests->calls.run(guest->guests->context, guest);
    }
}

static void
on_deadline(void *context)
{
    struct http_guest *guest = context;
    guest->guests->metrics->late += !guest->is_answered && !guest->is_idle;
    end(guest);
}

// ── places ─────────────────────────────────────────────────────────────────

static void
crowd_out(struct http_guest *guest)
{
    guest->guests->metrics->crowded_out += !guest->is_idle;
    end(guest);
}

bool
http_guests_make_room(struct http_guests *guests)
{
    size_t place;
    if (!http_connections_oldest(&guests->connections, &place)) {
        return false;
    }
    crowd_out(&guests->items[place]);
    return true;
}

void
http_guests_enter(struct http_guests *guests, int fd, const struct sockaddr *address,
                  socklen_t length)
{
    size_t place;
    if (http_connections_crowded(&guests->connections, address, &place)) {
        crowd_out(&guests->items[place]);
    }
    if (http_connections_crowded(&guests->connections, address, &place)) {
        close(fd);
        return;
    }
    place = http_connections_enter(&guests->connections, address, fd);
    struct http_guest *guest = &guests->items[place];
    *guest = (struct http_guest){.guests = guests,
                                 .deadline = guest->deadline,
                                 .readable = guest->readable,
                                 .length = length};
    memcpy(&guest->address, address, length);
    // No second event for bytes that were peeked at and remain.
    event_assign(guest->readable, guests->base, fd, EV_READ | EV_PERSIST | EV_ET,
                 on_readable, guest);
    if (event_add(guest->readable, NULL) != 0) {
        close_guest(guest); // no memory for it
        return;
    }
    timer_set(&guest->deadline, guests->timeout);
    if (look(guest)) {
        guests->calls.run(guests->context, guest);
    }
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
http_guests_release(struct http_guests *guests)
{
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        if (guests->items[i].is_waiting) {
            resume(&guests->items[i]);
        }
    }
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
