// The files of the page: those of the folder page/, which the build puts into the
// program as they are and compressed (conf/embed-files.cmake).
//
//   GET /                            index.html
//   GET /cascade/ID, /user/ID, /campaign/NAME   the same; its script reads the path
//   GET /embed/board/METRIC/WINDOW   embed.html, which other sites may show in a frame
//   GET /api/v1/openapi.json         openapi.json, the description of the interface
//   GET /page/NAME                   every file by its name
//
// An answer is compressed with gzip if the client accepts it, has an ETag made of the
// file's SHA-256, and may be kept by caches that ask each time. The policy allows
// scripts, styles and connections of this server only, and nothing inline.
//
// A page may contain the line <!--first-board-->: the server writes the first board in
// its place, so that the page can be read before its script runs and without one.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "sinks/http/http_router.h"

struct http_file {
    const char *name; // NULL ends the table
    const char *type;
    const char *hash; // SHA-256, in hexadecimal
    struct slice plain;
    struct slice gzip;
};

// Of the folder page/, sorted by name.
extern const struct http_file http_files_embedded[];

struct http_files_setup {
    const struct http_file *files; // kept
    // Writes the first board as HTML. NULL: the line stays.
    void (*write_board)(void *context, struct buffer *html);
    // Another number when the board may have changed.
    uint64_t (*version)(void *context);
    void *context;
};

// Zeroed storage is accepted by http_files_fini.
struct http_files {
    struct http_files_setup setup;
    const struct http_file
        *page;                 // the file with the line; the end of the table if none
    size_t place;              // of the line in it
    struct http_file rendered; // that file with the board of `version`
    char hash[HTTP_TAG_MAX];
    uint64_t version;
    struct buffer plain;
    struct buffer gzip;
};

void http_files_init(struct http_files *files, const struct http_files_setup *setup);
void http_files_fini(struct http_files *files);

// Their context is a struct http_files.
extern const struct http_page http_files_pages[];
