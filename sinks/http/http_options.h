// The options of the HTTP server.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/option.h"
#include "base/usec.h"

enum { HTTP_TOKEN_MAX = 512 };

struct http_options {
    char listen[OPTION_TEXT_MAX];
    bool allow_remote;
    struct option_texts hosts;
    char token_file[OPTION_TEXT_MAX];
    uint64_t max_body;
    usec timeout;
};

// A socket address as given in `listen`: "127.0.0.1:7787", "[::1]:7787".
struct http_address {
    struct sockaddr_storage storage;
    socklen_t length;
    bool is_loopback;
};

extern const struct option http_options_rows[];

// STATUS_PARSE, or STATUS_RANGE for an address that is not loopback without
// http.allow_remote.
enum status http_options_address(const struct http_options *options,
                                 struct http_address *ret_address,
                                 struct error *error) MUST_USE;

// The token for pushed posts; empty without a file. STATUS_IO if the file cannot be
// read or other users may read it, STATUS_PARSE if it contains no token.
enum status http_options_token(const struct http_options *options,
                               char ret_token[HTTP_TOKEN_MAX],
                               struct error *error) MUST_USE;

// All of these checks.
enum status http_options_check(const struct http_options *options,
                               struct error *error) MUST_USE;
