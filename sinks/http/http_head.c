#include "sinks/http/http_head.h"

#include <string.h>

static bool
is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit &&
            (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.len != 0;
}

// A tab is the only control character allowed.
static bool
is_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

// ── fields ─────────────────────────────────────────────────────────────────

static enum http_refusal
take_length(struct http_head *head, struct slice value)
{
    uint64_t length = 0;
    bool is_huge = false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') {
            return HTTP_REFUSAL_MALFORMED;
        }
        is_huge = is_huge || length > UINT64_MAX / 10 - 1;
        length = is_huge ? UINT64_MAX : length * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    if (value.len == 0 || (head->has_length && head->length != length)) {
        return HTTP_REFUSAL_MALFORMED;
    }
    head->has_length = true;
    head->length = length;
    return is_huge ? HTTP_REFUSAL_TOO_LONG : HTTP_REFUSAL_NONE;
}

static enum http_refusal
take_once(bool *has)
{
    if (*has) {
        return HTTP_REFUSAL_MALFORMED;
    }
    *has = true;
    return HTTP_REFUSAL_NONE;
}

enum {
    ELEMENT = 64, // bytes for a field, a parameter or a cookie
    CHUNK_DIGITS_MAX = 16,
};

static enum http_refusal
spend(struct http_head *head, size_t elements, size_t bytes)
{
    head->memory += elements * ELEMENT + bytes;
    return head->memory <= HTTP_HEAD_MEMORY ? HTTP_REFUSAL_NONE
                                            : HTTP_REFUSAL_LONG_HEAD;
}

// A comma ends a cookie, too, but not between quotes.
static size_t
cookie_value(struct slice text)
{
    bool is_quoted = false;
    size_t len = 0;
    while (len < text.len &&
           (is_quoted || (text.ptr[len] != ';' && text.ptr[len] != ','))) {
        is_quoted = is_quoted != (text.ptr[len] == '"');
        len++;
    }
    return len;
}

// The library makes a copy of the list, and cannot read a cookie without a name.
static enum http_refusal
take_cookies(struct http_head *head, struct slice list)
{
    enum http_refusal refusal = spend(head, 0, list.len + 1);
    size_t at = 0;
    while (refusal == HTTP_REFUSAL_NONE && at <= list.len) {
        size_t begin = at;
        while (at < list.len && strchr(",;=", list.ptr[at]) == NULL) {
            at++;
        }
        struct slice name = {list.ptr + begin, at - begin};
        at += cookie_value((struct slice){list.ptr + at, list.len - at}) + 1;
        refusal = slice_trim(name, SLICE_LIT(" ")).len != 0 ? spend(head, 1, 0)
                                                            : HTTP_REFUSAL_COOKIE;
    }
    return refusal;
}

static enum http_refusal
take_field(struct http_head *head, struct slice name, struct slice value)
{
    value = slice_trim(value, SLICE_LIT(" \t"));
    if (!is_token(name) || !is_text(value)) {
        return HTTP_REFUSAL_MALFORMED;
    }
    if (slice_equal_nocase(name, SLICE_LIT("connection"))) {
        head->is_last =
            head->is_last || !slice_equal_nocase(value, SLICE_LIT("keep-alive"));
        return HTTP_REFUSAL_NONE;
    }
    if (slice_equal_nocase(name, SLICE_LIT("cookie"))) {
        return take_cookies(head, value);
    }
    if (slice_equal_nocase(name, SLICE_LIT("content-length"))) {
        return take_length(head, value);
    }
    if (slice_equal_nocase(name, SLICE_LIT("host"))) {
        return take_once(&head->has_host);
    }
    if (slice_equal_nocase(name, SLICE_LIT("authorization"))) {
        return take_once(&head->has_token);
    }
    if (slice_equal_nocase(name, SLICE_LIT("transfer-encoding"))) {
        enum http_refusal refusal = take_once(&head->has_coding);
        return refusal == HTTP_REFUSAL_NONE &&
                       !slice_equal_nocase(value, SLICE_LIT("chunked"))
                   ? HTTP_REFUSAL_CODING
                   : refusal;
    }
    return HTTP_REFUSAL_NONE;
}

static enum http_refusal
check_end(const struct http_head *head)
{
    bool is_good = (head->has_host || head->is_old) &&
                   !(head->has_coding && (head->has_length || head->is_old));
    return is_good ? HTTP_REFUSAL_NONE : HTTP_REFUSAL_MALFORMED;
}

// ── lines ──────────────────────────────────────────────────────────────────

// Takes a line from the front, without its end. False: it is not complete.
static bool
next_line(struct slice *rest, struct slice *ret_line)
{
    const char *end = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - rest->ptr);
    *ret_line = (struct slice){rest->ptr, len};
    if (len != 0 && end[-1] == '\r') {
        ret_line->len--;
    }
    rest->ptr += len + 1;
    rest->len -= len + 1;
    return true;
}

// Takes the bytes before a blank.
static struct slice
next_word(struct slice *rest)
{
    const char *end = rest->len != 0 ? memchr(rest->ptr, ' ', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct slice word = {rest->ptr, len};
    rest->ptr += len + (end != NULL);
    rest->len -= len + (end != NULL);
    return word;
}

static enum http_refusal
read_version(struct http_head *head, struct slice version)
{
    struct slice name = SLICE_LIT("HTTP/");
    if (version.len != name.len + 3 || !slice_starts(version, name) ||
        version.ptr[6] != '.') {
        return HTTP_REFUSAL_MALFORMED;
    }
    head->is_old = version.ptr[7] == '0';
    head->is_last = version.ptr[7] != '1';
    return version.ptr[5] == '1' ? HTTP_REFUSAL_NONE : HTTP_REFUSAL_VERSION;
}

static enum http_refusal
read_request_line(struct http_head *head, struct slice line)
{
    struct slice method = next_word(&line);
    struct slice target = next_word(&line);
    if (!is_token(method) || target.len == 0 || !is_text(target)) {
        return HTTP_REFUSAL_MALFORMED;
    }
    if (target.len > HTTP_TARGET_MAX) {
        return HTTP_REFUSAL_LONG_TARGET;
    }
    head->is_for_feed = slice_starts(target, SLICE_LIT(HTTP_EVENTS_PATH));
    head->is_read =
        slice_equal(method, SLICE_LIT("GET")) || slice_equal(method, SLICE_LIT("HEAD"));
    enum http_refusal refusal =
        spend(head, slice_count(target, '&') + 1, method.len + target.len);
    return refusal == HTTP_REFUSAL_NONE ? read_version(head, line) : refusal;
}

static enum http_refusal
read_field(struct http_head *head, struct slice line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL) {
        return HTTP_REFUSAL_MALFORMED;
    }
    size_t len = (size_t)(colon - line.ptr);
    enum http_refusal refusal = spend(head, 1, line.len);
    return refusal == HTTP_REFUSAL_NONE
               ? take_field(head, (struct slice){line.ptr, len},
                            (struct slice){colon + 1, line.len - len - 1})
               : refusal;
}

bool
http_head_read(struct slice bytes, struct http_head *ret_head,
               enum http_refusal *ret_refusal)
{
    struct http_head head = {0};
    struct slice rest = bytes;
    struct slice line = {NULL, 0};
    bool is_whole = next_line(&rest, &line);
    while (is_whole && line.len == 0) { // some clients end a body in one
        is_whole = next_line(&rest, &line);
    }
    if (!is_whole) {
        *ret_refusal = HTTP_REFUSAL_LONG_TARGET;
        return bytes.len > HTTP_TARGET_MAX;
    }
    enum http_refusal refusal = read_request_line(&head, line);
    while (refusal == HTTP_REFUSAL_NONE && next_line(&rest, &line)) {
        if (line.len == 0) {
            *ret_refusal = check_end(&head);
            head.size = bytes.len - rest.len;
            *ret_head = head;
            return true;
        }
        refusal = read_field(&head, line);
    }
    if (refusal == HTTP_REFUSAL_NONE && bytes.len > HTTP_HEAD_MAX) {
        refusal = HTTP_REFUSAL_LONG_HEAD;
    }
    *ret_refusal = refusal;
    return refusal != HTTP_REFUSAL_NONE;
}

bool
http_head_has_body(const struct http_head *head)
{
    return head->has_coding || head->has_length;
}

// ── chunks ─────────────────────────────────────────────────────────────────

// Reads the size of a chunk. False: it is wrong, or there are more digits than any
// chunk needs. ret_digits: how many have arrived.
static bool
read_size(struct slice bytes, size_t *ret_digits, uint64_t *ret_size)
{
    size_t at = 0;
    *ret_size = 0;
    while (at < bytes.len && slice_hex_digit(bytes.ptr[at]) >= 0) {
        *ret_size = *ret_size * 16 + (uint64_t)slice_hex_digit(bytes.ptr[at++]);
        if (at > CHUNK_DIGITS_MAX) {
            return false;
        }
    }
    const struct slice ends = SLICE_LIT(";\r\n \t");
    *ret_digits = at;
    return at == bytes.len ||
           (at != 0 && memchr(ends.ptr, bytes.ptr[at], ends.len) != NULL);
}

// Moves behind the end of the line with which a chunk ends. False: there is none.
static bool
end_chunk(struct slice *bytes)
{
    size_t at = bytes->len != 0 && bytes->ptr[0] == '\r';
    bool is_good = at == bytes->len || bytes->ptr[at] == '\n';
    at += at < bytes->len;
    *bytes = (struct slice){bytes->ptr + at, bytes->len - at};
    return is_good;
}

bool
http_head_has_wrong_chunks(struct slice body)
{
    while (body.len != 0) {
        size_t digits;
        uint64_t size;
        if (!read_size(body, &digits, &size)) {
            return true;
        }
        const char *end = memchr(body.ptr + digits, '\n', body.len - digits);
        if (end == NULL || size == 0) {
            return false; // more is to come, or these were all
        }
        body.len -= (size_t)(end + 1 - body.ptr);
        body.ptr = end + 1;
        if (body.len <= size) {
            return false;
        }
        body = (struct slice){body.ptr + size, body.len - size};
        if (!end_chunk(&body)) {
            return true;
        }
    }
    return false;
}
