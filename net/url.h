// Where a source is: `https://host[:port]/path?query`, or ws, wss, http.
//
// An IPv6 address stands in brackets; user and password have no place in it (a token
// comes from a file). Pure: no look-up.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum {
    URL_SCHEME_MAX = 8,
    URL_HOST_MAX = 256,
    URL_TEXT_MAX = URL_HOST_MAX + 16,
};

struct url {
    char scheme[URL_SCHEME_MAX]; // lower case
    bool is_tls;
    bool is_websocket;
    char host[URL_HOST_MAX]; // without brackets
    uint16_t port;
    struct slice path; // "/…" with its query, perhaps empty; points into the text
};

// On failure *ret_url is untouched; the error says what would be right.
enum status url_parse(struct slice text, struct url *ret_url,
                      struct error *error) MUST_USE;

// "host", "host:port", "[::1]:port": fills host and, if there is one, port.
enum status url_parse_host(struct slice text, struct url *ret_url,
                           struct error *error) MUST_USE;

// "host", "host:81" or "[::1]:81": with the port if it is not the scheme's own.
void url_host_text(const struct url *url, char text[URL_TEXT_MAX]);

// Whether the host is this machine by its name: localhost, 127.x.y.z or ::1.
bool url_is_loopback(const char *host);

// The next entry of a list with commas, without spaces around it; none at the end.
// *rest starts as the whole list.
struct slice url_next_host(struct slice *rest);
