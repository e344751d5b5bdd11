// Addresses: the parts that all URLs have, and complete ones of HTTP, WebSockets and
// Kafka.
//
// An IPv6 address is in brackets. Pure: no look-up. Redis' own forms are in
// net/redis/redis_url.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum {
    URL_SCHEME_MAX = 8,
    URL_HOST_MAX = 256,
    URL_TEXT_MAX = URL_HOST_MAX + 16,
};

// scheme://[user@]host rest: slices of the text.
struct url_parts {
    struct slice scheme; // none if there is no "://": then all are
    struct slice user;   // up to the last '@' before the rest, perhaps with a password
    struct slice host;   // with the port
    struct slice rest;   // from the first of `ends` on
};

// Borrows both. Checks nothing.
struct url_parts url_split(struct slice text, const char *ends);

enum url_fault { URL_GOOD, URL_NO_HOST, URL_BAD_NAME, URL_BAD_SIX, URL_BAD_PORT };

// "host", "host:port" or "[::1]:port"; without a port *port is untouched. A fault
// leaves both untouched; URL_NO_HOST: it is empty or too long.
enum url_fault url_host_parse(struct slice text, char host[URL_HOST_MAX],
                              uint16_t *port);
// A name, an IPv4 address, or an IPv6 address without brackets.
enum url_fault url_host_parse_bare(struct slice text, char host[URL_HOST_MAX]);
// 1 to 65535.
bool url_port_parse(struct slice text, uint16_t *ret_port);
// "host:port" or "[::1]:port".
void url_host_format(const char *host, uint16_t port, char text[URL_TEXT_MAX]);

// Decodes %41, as a string. STATUS_PARSE: a '%' is not followed by two hexadecimal
// digits. STATUS_RANGE: it has more than size - 1 bytes, or contains a zero.
enum status url_decode(struct slice text, char *out, size_t size) MUST_USE;

enum url_kind { URL_HTTP, URL_WEBSOCKET, URL_KAFKA };

// `https://host[:port]/path?query`, or http, wss, ws, kafkas, kafka. User and password
// are not allowed: a token comes from a file.
struct url {
    char scheme[URL_SCHEME_MAX]; // lower case
    enum url_kind kind;
    bool is_tls;
    char host[URL_HOST_MAX]; // without brackets
    uint16_t port;
    struct slice path; // "/…" with its query, perhaps empty; points into the text
};

// On failure *ret_url is untouched; the error contains what would be valid.
enum status url_parse(struct slice text, struct url *ret_url,
                      struct error *error) MUST_USE;

// "host", "host:port", "[::1]:port": fills host and, if there is one, port.
enum status url_parse_host(struct slice text, struct url *ret_url,
                           struct error *error) MUST_USE;

// "host", "host:81" or "[::1]:81": with the port if it is not the scheme's own.
void url_host_text(const struct url *url, char text[URL_TEXT_MAX]);

// True if the host is this machine by its name: localhost, 127.x.y.z or ::1.
bool url_is_loopback(const char *host);

// The next entry of a list with commas, without spaces around it; none at the end.
// *rest begins as the whole list.
struct slice url_next_host(struct slice *rest);
