// A slice: bytes owned by another object.
//
// A slice never owns. Where one is made, a comment names the buffer it points into and
// how long that lives. The bytes may contain NUL and need not end in one. An absent
// text is the slice with ptr == NULL; an empty text has a pointer and len == 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_LIT(text) ((struct slice){"" text, sizeof(text) - 1})

// For printf's "%.*s"; the text must be shorter than 2 GiB.
#define SLICE_ARG(s) (int)(s).len, (s).ptr != NULL ? (s).ptr : ""

static inline struct slice
slice_of(const char *text)
{
    struct slice s = {text, text != NULL ? strlen(text) : 0};
    return s;
}

static inline bool
slice_is_none(struct slice s)
{
    return s.ptr == NULL;
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len &&
           (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

// Copies the bytes to `at`, where there must be room. Returns the end.
static inline char *
slice_put(char *at, struct slice s)
{
    if (s.len != 0) {
        memcpy(at, s.ptr, s.len);
    }
    return at + s.len;
}

// A letter of ASCII in lower case; any other byte as it is.
static inline char
slice_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// The value of a hexadecimal digit; -1: it is none.
static inline int
slice_hex_digit(char c)
{
    char lower = slice_lower(c);
    if (lower >= '0' && lower <= '9') {
        return lower - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Equal but for the case of ASCII letters, as names of HTTP headers are compared.
static inline bool
slice_equal_nocase(struct slice a, struct slice b)
{
    size_t i = 0;
    while (i < a.len && i < b.len && slice_lower(a.ptr[i]) == slice_lower(b.ptr[i])) {
        i++;
    }
    return i == a.len && i == b.len;
}

static inline bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
    struct slice head = {s.ptr, prefix.len};
    return s.len >= prefix.len && slice_equal_nocase(head, prefix);
}

// Without the bytes that are in `blanks`, such as " \t", at both ends.
static inline struct slice
slice_trim(struct slice s, struct slice blanks)
{
    while (s.len != 0 && memchr(blanks.ptr, s.ptr[0], blanks.len) != NULL) {
        s.ptr++;
        s.len--;
    }
    while (s.len != 0 && memchr(blanks.ptr, s.ptr[s.len - 1], blanks.len) != NULL) {
        s.len--;
    }
    return s;
}

static inline bool
slice_is_one_of(struct slice s, const struct slice *others, size_t count)
{
    size_t i = 0;
    while (i < count && !slice_equal(s, others[i])) {
        i++;
    }
    return i < count;
}

// How often the byte is in it.
static inline size_t
slice_count(struct slice s, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        count += s.ptr[i] == byte;
    }
    return count;
}

// Bytewise order, as Redis sorts members: <0, 0 or >0.
static inline int
slice_compare(struct slice a, struct slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}
