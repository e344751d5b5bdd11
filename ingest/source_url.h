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
    SOURCE_URL_SCHEME_MAX = 8,
    SOURCE_URL_HOST_MAX = 256,
    SOURCE_URL_TEXT_MAX = SOURCE_URL_HOST_MAX + 16,
};

struct source_url {
    char scheme[SOURCE_URL_SCHEME_MAX]; // lower case
    bool is_tls;
    bool is_websocket;
    char host[SOURCE_URL_HOST_MAX]; // without brackets
    uint16_t port;
    struct slice path; // "/…" with its query, perhaps empty; points into the text
};

// On failure *ret_url is untouched; the error says what would be right.
enum status source_url_parse(struct slice text, struct source_url *ret_url,
                             struct error *error) MUST_USE;

// "host", "host:port", "[::1]:port": fills host and, if there is one, port.
enum status source_url_parse_host(struct slice text, struct source_url *ret_url,
                                  struct error *error) MUST_USE;

// "host", "host:81" or "[::1]:81": with the port if it is not the scheme's own.
void source_url_host_text(const struct source_url *url, char text[SOURCE_URL_TEXT_MAX]);

// Whether the host is this machine by its name: localhost, 127.x.y.z or ::1.
bool source_url_is_loopback(const char *host);

// The next entry of a list with commas, without spaces around it; none at the end.
// *rest starts as the whole list.
struct slice source_url_next_host(struct slice *rest);
