// The options of one source: a titled section of the configuration,
//
//     source "x" { url = "https://api.x.com/2/tweets/search/stream"  token_file = "…" }
//
// The rows' names are those within the section. The URL determines the transport: ws
// and wss are a WebSocket (Jetstream), http and https a stream of lines or server-sent
// events, kafka and kafkas a topic of Kafka. Unencrypted ones are for loopback only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

struct http_request_options;

enum { SOURCE_NAME_MAX = OPTION_TITLE_MAX, SOURCE_HOSTS_MAX = 8 };

struct source_options {
    char name[SOURCE_NAME_MAX]; // the title: letters, digits, '-' and '_'
    char url[OPTION_TEXT_MAX];
    char hosts[OPTION_TEXT_MAX]; // further hosts, separated by commas
    char format[OPTION_TEXT_MAX];
    char api_url[OPTION_TEXT_MAX]; // server of Mastodon's timelines; empty: that of url
    char token_file[OPTION_TEXT_MAX];
    char user[OPTION_TEXT_MAX]; // of Kafka; its password is in token_file
    char sasl[OPTION_TEXT_MAX]; // the mechanism of that login
    char ca_file[OPTION_TEXT_MAX];
    char dictionary_file[OPTION_TEXT_MAX]; // of zstd, for Jetstream
    uint64_t backfill_minutes;             // of X's recovery; 0: none
    bool is_compressed;                    // request compressed bytes
    bool has_likes;                        // request likes from Jetstream, too
    usec connect_timeout;
};

// Names without a section: "url", "token_file" …
extern const struct option source_option_rows[];

// The URL of a stream over HTTP. has_gap: with the parameter that requests what was
// missed, if the options enable it.
enum { SOURCE_OPTIONS_URL_MAX = OPTION_TEXT_MAX + 64 };
void source_options_url(const struct source_options *options, bool has_gap,
                        char url[SOURCE_OPTIONS_URL_MAX]);
// The options of its HTTP requests; point into options.
struct http_request_options source_options_http(const struct source_options *options);

// Checks beyond the rows: the name, the URL (STATUS_PARSE or STATUS_RANGE), files that
// cannot be read or that other users may read (STATUS_IO).
enum status source_options_check(const struct source_options *options,
                                 struct error *error) MUST_USE;
