#include "ingest/text/compose.h"

#include "ingest/text/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

enum {
    PIECE_MAX = 256, // bytes composed at once, without the last character and its marks
    CODES_MAX = 4 * (PIECE_MAX + 4 * COMPOSE_MARKS_MAX),
    GROWTH = 3, // of bytes, at most: U+1D160
};

// True if a text that consists only of such characters is in composed form: characters
// below U+0300, kana, Han and whole Hangul syllables do not change.
static bool
is_surely_composed(uint32_t code)
{
    return code < 0x300 || (code >= 0x30a0 && code <= 0x30ff) ||
           (code >= 0x3041 && code <= 0x3096) || (code >= 0x3400 && code <= 0x9fff) ||
           (code >= 0xac00 && code <= 0xd7a3);
}

// True if the character may change with the one before it: marks, and the parts of
// Hangul syllables.
static bool
is_joined(uint32_t code)
{
    if (code < 0x300) {
        return false;
    }
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) ||
           (code >= 0x1100 && code <= 0x11ff);
}

// The end of the character at `at` with what is joined to it, of which there are
// *ret_joined.
static size_t
skip_character(struct slice text, size_t at, size_t *ret_joined)
{
    size_t joined = 0;
    at += utf8_at(text, at).size;
    while (at < text.len) {
        struct utf8_char c = utf8_at(text, at);
        if (!is_joined(c.code)) {
            break;
        }
        at += c.size;
        joined++;
    }
    *ret_joined = joined;
    return at;
}

// Appends the composed form of the piece to `out`; returns its length.
static size_t
compose_piece(struct slice piece, char *out)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_int32_t codes[CODES_MAX];
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)piece.ptr,
                           (utf8proc_ssize_t)piece.len, codes, CODES_MAX - 1, options);
    utf8proc_ssize_t len = -1;
    if (count >= 0 && count < CODES_MAX) {
        len = utf8proc_reencode(codes, count, options);
    }
    bool is_composed = len >= 0 && (size_t)len <= GROWTH * piece.len;
    const void *from = is_composed ? (const void *)codes : piece.ptr;
    size_t size = is_composed ? (size_t)len : piece.len;
    memcpy(out, from, size);
    return size;
}

static size_t
compose_all(struct slice text, size_t at, char *out)
{
    size_t len = 0;
    while (at < text.len) {
        size_t end = at;
        size_t joined = 0;
        while (end < text.len && end - at < PIECE_MAX) {
            size_t next = skip_character(text, end, &joined);
            if (joined > COMPOSE_MARKS_MAX) {
                break;
            }
            end = next;
        }
        len += compose_piece((struct slice){text.ptr + at, end - at}, out + len);
        at = end;
        if (joined > COMPOSE_MARKS_MAX) {
            end = skip_character(text, at, &joined);
            memcpy(out + len, text.ptr + at, end - at);
            len += end - at;
            at = end;
        }
    }
    return len;
}

struct slice
compose_text(struct arena *arena, struct slice text)
{
    size_t before = 0; // the character before `at`, which may change with it
    size_t at = 0;
    while (at < text.len) {
        struct utf8_char c = utf8_at(text, at);
        if (!is_surely_composed(c.code)) {
            break;
        }
        before = at;
        at += c.size;
    }
    if (at == text.len) {
        return text;
    }
    char *out = arena_alloc(arena, text.len + 1, GROWTH);
    if (out == NULL) {
        return SLICE_NONE;
    }
    memcpy(out, text.ptr, before);
    size_t len = before + compose_all(text, before, out + before);
    return (struct slice){out, len};
}
