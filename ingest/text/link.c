#include "ingest/text/link.h"

#include "ingest/text/utf8.h"

#include <string.h>

#include <utf8proc.h>

enum { TOP_LABEL_MIN = 2, TOP_LABEL_MAX = 24, PORT_MAX = 5 };

static bool
is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static bool
is_ascii_letter(uint32_t code)
{
    return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}

static bool
is_one_of(uint32_t code, const char *set)
{
    return code != 0 && code < 0x80 && strchr(set, (int)code) != NULL;
}

bool
link_is_accented_latin(uint32_t code)
{
    static const uint16_t ranges[][2] = {
        {0x00c0, 0x00d6}, {0x00d8, 0x00f6}, {0x00f8, 0x024f}, {0x0253, 0x0254},
        {0x0256, 0x0257}, {0x0259, 0x0259}, {0x025b, 0x025b}, {0x0263, 0x0263},
        {0x0268, 0x0268}, {0x026f, 0x026f}, {0x0272, 0x0272}, {0x0289, 0x0289},
        {0x028b, 0x028b}, {0x02bb, 0x02bb}, {0x0300, 0x036f}, {0x1e00, 0x1eff},
    };
    if (code < 0xc0 || code > 0x1eff) {
        return false;
    }
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (code >= ranges[i][0] && code <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

// Outside ASCII: anything that is neither white space nor a control or unassigned
// character.
static bool
is_foreign_host_char(uint32_t code)
{
    if (code < 0x80) {
        return false;
    }
    // utf8proc counts letters, marks, numbers, punctuation and symbols before white
    // space.
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category != UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS;
}

static bool
is_path_char(uint32_t code)
{
    return is_ascii_letter(code) || is_digit(code) ||
           is_one_of(code, "!*';:=+,.$/%#[]-_~@|&") || code == 0x2013 ||
           (code >= 0x0400 && code <= 0x04ff) || link_is_accented_latin(code);
}

static bool
is_path_end(uint32_t code)
{
    return is_path_char(code) && !is_one_of(code, "!*';:,.$%[]~@|&") && code != 0x2013;
}

static bool
is_query_char(uint32_t code)
{
    return is_ascii_letter(code) || is_digit(code) ||
           is_one_of(code, "!?*'@();:&=+$/%#[]-_.,~|");
}

static bool
is_query_end(uint32_t code)
{
    return is_ascii_letter(code) || is_digit(code) || is_one_of(code, "-_&=#/");
}

// The end of a pair of parentheses that opens at `at`, or `at` itself if there is none.
// It must contain something, and at most one more pair.
static size_t
skip_parens(struct slice text, size_t at)
{
    size_t depth = 1;
    size_t pairs = 0;
    size_t pos = at + 1;
    for (;;) {
        struct utf8_char c = utf8_at(text, pos);
        if (c.code == '(' && depth == 1 && pairs == 0) {
            depth++;
            pairs++;
        } else if (c.code == ')' && text.ptr[pos - 1] != '(') {
            depth--;
        } else if (c.size == 0 || !is_path_char(c.code)) {
            return at;
        }
        pos += c.size;
        if (depth == 0) {
            return pos;
        }
    }
}

static size_t
skip_path(struct slice text, size_t at)
{
    size_t end = at + 1; // the "/"
    for (size_t pos = end;;) {
        struct utf8_char c = utf8_at(text, pos);
        size_t next = pos + c.size;
        if (c.code == '(') {
            next = skip_parens(text, pos);
            if (next == pos) {
                return end;
            }
            end = next;
        } else if (c.size == 0 || !is_path_char(c.code)) {
            return end;
        } else if (is_path_end(c.code)) {
            end = next;
        }
        pos = next;
    }
}

static size_t
skip_query(struct slice text, size_t at)
{
    size_t end = at;
    for (size_t pos = at + 1; pos < text.len; pos++) {
        unsigned char c = (unsigned char)text.ptr[pos];
        if (!is_query_char(c)) {
            break;
        }
        if (is_query_end(c)) {
            end = pos + 1;
        }
    }
    return end;
}

static bool
byte_is(struct slice text, size_t at, char c)
{
    return at < text.len && text.ptr[at] == c;
}

static size_t
skip_alphanumeric(struct slice text, size_t at)
{
    while (at < text.len && (is_ascii_letter((unsigned char)text.ptr[at]) ||
                             is_digit((unsigned char)text.ptr[at]))) {
        at++;
    }
    return at;
}

// The end of the part after the host, which ends at `at`.
static size_t
skip_tail(struct slice text, size_t at, bool is_tco)
{
    size_t port = at + 1;
    while (byte_is(text, at, ':') && port < text.len && port - at <= PORT_MAX &&
           is_digit((unsigned char)text.ptr[port])) {
        port++;
    }
    if (port > at + 1) {
        at = port;
    }
    if (byte_is(text, at, '/')) {
        at = is_tco ? skip_alphanumeric(text, at + 1) : skip_path(text, at);
    }
    return byte_is(text, at, '?') ? skip_query(text, at) : at;
}

struct label {
    size_t start;
    bool is_word;     // letters only
    bool has_low_bar; // "_"
};

static bool
label_is_valid(struct slice text, const struct label *label, size_t end)
{
    return end > label->start &&
           !is_one_of((unsigned char)text.ptr[label->start], "-_") &&
           !is_one_of((unsigned char)text.ptr[end - 1], "-_");
}

static bool
label_is_top(struct slice text, const struct label *label, size_t end)
{
    size_t len = end - label->start;
    struct slice puny = SLICE_LIT("xn--");
    if (slice_starts((struct slice){text.ptr + label->start, len}, puny)) {
        return len > puny.len;
    }
    return label->is_word && len >= TOP_LABEL_MIN && len <= TOP_LABEL_MAX;
}

// The end of the host that starts at `start`, or `start` if there is none.
static size_t
skip_host(struct slice text, size_t start, bool is_ascii)
{
    struct label last = {start, true, false};
    struct label before = {start, true, false};
    size_t labels = 1;
    size_t pos = start;
    for (;;) {
        struct utf8_char c = utf8_at(text, pos);
        if (c.code == '.') {
            struct utf8_char next = utf8_at(text, pos + 1);
            if (!is_ascii_letter(next.code) && !is_digit(next.code) &&
                (is_ascii || !is_foreign_host_char(next.code))) {
                break; // a full stop after the host
            }
            if (!label_is_valid(text, &last, pos)) {
                return start;
            }
            before = last;
            last = (struct label){pos + 1, true, false};
            labels++;
        } else if (is_digit(c.code) || c.code == '-' || c.code == '_') {
            last.is_word = false;
            last.has_low_bar |= c.code == '_';
        } else if (!is_ascii_letter(c.code) &&
                   (is_ascii || !is_foreign_host_char(c.code))) {
            break;
        }
        pos += c.size;
    }
    bool is_host = labels > 1 && label_is_valid(text, &last, pos) &&
                   label_is_top(text, &last, pos) && !before.has_low_bar;
    return is_host ? pos : start;
}

static bool
may_precede(struct slice text, size_t at, bool has_scheme)
{
    struct utf8_char c = utf8_before(text, at);
    return !is_ascii_letter(c.code) && !is_digit(c.code) && !is_one_of(c.code, "@$#") &&
           c.code != 0xff20 && c.code != 0xff03 &&
           (has_scheme || !is_one_of(c.code, "-_./"));
}

// The start of the "http://" or "https://" before `host`, or `host` if there is none.
static size_t
scheme_start(struct slice text, size_t host)
{
    static const struct slice schemes[] = {{"https://", 8}, {"http://", 7}};
    for (size_t i = 0; i < 2; i++) {
        size_t len = schemes[i].len;
        if (host >= len &&
            slice_equal_nocase((struct slice){text.ptr + host - len, len},
                               schemes[i])) {
            return host - len;
        }
    }
    return host;
}

static bool
is_host_byte(unsigned char c, bool is_ascii)
{
    return is_ascii_letter(c) || is_digit(c) || is_one_of(c, "-_.") ||
           (c >= 0x80 && !is_ascii);
}

static size_t
run_start(struct slice text, size_t at, size_t floor, bool is_ascii)
{
    while (at > floor && is_host_byte((unsigned char)text.ptr[at - 1], is_ascii)) {
        at--;
    }
    return at;
}

// Searches for an address whose host contains the dot at `dot`. Moves `floor` behind
// all bytes read, so that no byte is read for two dots.
static void
find_around(struct link_walk *walk, size_t dot)
{
    struct slice text = walk->text;
    size_t host = run_start(text, dot, walk->floor, false);
    size_t start = scheme_start(text, host);
    size_t end = host;
    bool has_scheme = start < host && may_precede(text, start, true);
    if (has_scheme) {
        end = skip_host(text, host, false);
    }
    if (end <= dot) {
        has_scheme = false;
        start = host = run_start(text, dot, walk->floor, true);
        end = may_precede(text, start, false) ? skip_host(text, host, true) : host;
    }
    if (end > dot) {
        struct slice name = {text.ptr + host, end - host};
        walk->start = start;
        walk->host = name;
        walk->end = skip_tail(
            text, end, has_scheme && slice_equal_nocase(name, SLICE_LIT("t.co")));
        walk->floor = walk->end;
        return;
    }
    walk->floor = dot + 1;
    while (walk->floor < text.len &&
           is_host_byte((unsigned char)text.ptr[walk->floor], true)) {
        walk->floor++;
    }
}

bool
link_covers(struct link_walk *walk, size_t at)
{
    while (walk->seen < at) {
        const char *dot = memchr(walk->text.ptr + walk->seen, '.', at - walk->seen);
        if (dot == NULL) {
            walk->seen = at;
            break;
        }
        find_around(walk, (size_t)(dot - walk->text.ptr));
        walk->seen = walk->floor;
    }
    return walk->start <= at && at < walk->end;
}

bool
link_next(struct link_walk *walk)
{
    struct slice text = walk->text;
    size_t before = walk->end;
    while (walk->end == before && walk->seen < text.len) {
        const char *dot = memchr(text.ptr + walk->seen, '.', text.len - walk->seen);
        if (dot == NULL) {
            walk->seen = text.len;
            break;
        }
        find_around(walk, (size_t)(dot - text.ptr));
        walk->seen = walk->floor;
    }
    return walk->end != before;
}

struct slice
link_host(struct slice address)
{
    const struct slice sign = SLICE_LIT("://");
    size_t at = 0;
    while (at < address.len &&
           !slice_starts((struct slice){address.ptr + at, address.len - at}, sign)) {
        at++;
    }
    if (at == address.len) {
        return SLICE_NONE;
    }
    size_t start = at += sign.len;
    while (at < address.len && strchr("/?#\\", address.ptr[at]) == NULL) {
        start = address.ptr[at] == '@' ? at + 1 : start;
        at++;
    }
    struct slice host = {address.ptr + start, at - start};
    const char *bracket = host.len != 0 ? memchr(host.ptr, ']', host.len) : NULL;
    size_t from = bracket != NULL ? (size_t)(bracket - host.ptr) : 0;
    const char *colon =
        host.len != 0 ? memchr(host.ptr + from, ':', host.len - from) : NULL;
    host.len = colon != NULL ? (size_t)(colon - host.ptr) : host.len;
    host.len -= host.len != 0 && host.ptr[host.len - 1] == '.';
    return host.len != 0 ? host : SLICE_NONE;
}
