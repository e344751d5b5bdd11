#include "sinks/http/http_router.h"

#include <assert.h>
#include <string.h>

static struct slice
first_piece(struct slice rest)
{
    const char *slash = memchr(rest.ptr, '/', rest.len);
    return (struct slice){rest.ptr,
                          slash != NULL ? (size_t)(slash - rest.ptr) : rest.len};
}

// The longest beginning of the path that leaves `slashes` slashes behind it.
static struct slice
long_piece(struct slice path, size_t slashes)
{
    size_t len = path.len;
    while (slashes != 0 && len != 0) {
        len--;
        slashes -= path.ptr[len] == '/';
    }
    return (struct slice){path.ptr, slashes == 0 ? len : 0};
}

static struct slice
skip(struct slice text, size_t bytes)
{
    return (struct slice){text.ptr + bytes, text.len - bytes};
}

static bool
is_match(struct slice pattern, struct http_request *request)
{
    struct slice path = request->path;
    request->word_count = 0;
    while (pattern.len != 0 && path.len != 0 && *pattern.ptr == '/' &&
           *path.ptr == '/') {
        pattern = skip(pattern, 1);
        path = skip(path, 1);
        struct slice wanted = first_piece(pattern);
        pattern = skip(pattern, wanted.len);
        bool is_long = slice_equal(wanted, SLICE_LIT("**"));
        struct slice piece =
            is_long ? long_piece(path, slice_count(pattern, '/')) : first_piece(path);
        if (is_long || slice_equal(wanted, SLICE_LIT("*"))) {
            if (piece.len == 0) {
                return false;
            }
            assert(request->word_count < HTTP_WORDS_MAX);
            request->words[request->word_count++] = piece;
        } else if (!slice_equal(piece, wanted)) {
            return false;
        }
        path = skip(path, piece.len);
    }
    return pattern.len == 0 && path.len == 0;
}

// Copies the words and decodes the copies.
static enum status
decode_words(struct http_request *request, char *text)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < request->word_count && status == STATUS_OK; i++) {
        size_t size = request->words[i].len;
        memcpy(text, request->words[i].ptr, size);
        status = http_request_decode(text, &size);
        request->words[i] = (struct slice){text, size};
        text += size;
    }
    return status;
}

enum status
http_router_find(const struct http_pages *tables, size_t count,
                 struct http_request *request, char *text, struct http_route *ret_route)
{
    for (size_t i = 0; i < count; i++) {
        for (const struct http_page *page = tables[i].rows; page->pattern != NULL;
             page++) {
            if (is_match(slice_of(page->pattern), request)) {
                *ret_route = (struct http_route){page, tables[i].context};
                return decode_words(request, text);
            }
        }
    }
    return STATUS_RANGE;
}
