#include "ingest/json/json_token.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "words are compared as bytes");

// clang-format off
#define NONE_16 -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1
#define HEX_16  -1, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1
static const int8_t hex_digits[256] = {
    NONE_16, NONE_16, NONE_16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -1, -1, -1, -1, -1,
    HEX_16,  NONE_16, HEX_16,  NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16,
    NONE_16, NONE_16, NONE_16,
};
// clang-format on

// The value of one hexadecimal digit, shifted; negative if it is not one.
static int
hex_digit(char c, int shift)
{
    return hex_digits[(unsigned char)c] * (1 << shift);
}

// The number in the escape "\uXXXX" at `p`; negative if invalid.
static int
unicode_escape(const char *p, const char *end)
{
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }
    return hex_digit(p[2], 12) | hex_digit(p[3], 8) | hex_digit(p[4], 4) |
           hex_digit(p[5], 0);
}

static char *
put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

// Reads one "\uXXXX", or two that make a pair, at `*in`. Half a pair remains where
// another program cut a text within a character.
static bool
unescape_unicode(const char **in, const char *end, char **out, bool *ret_has_half)
{
    const uint32_t replacement = 0xfffd;
    int high = unicode_escape(*in, end);
    if (high < 0) {
        return false;
    }
    *in += 6;
    uint32_t c = (uint32_t)high;
    if (c >= 0xd800 && c < 0xe000) {
        int low = c < 0xdc00 ? unicode_escape(*in, end) : -1;
        bool is_pair = low >= 0xdc00 && low < 0xe000;
        *in += is_pair ? 6 : 0;
        *ret_has_half |= !is_pair;
        c = is_pair ? 0x10000 + ((c & 0x3ff) << 10) + ((uint32_t)low & 0x3ff)
                    : replacement;
    }
    *out = put_utf8(*out, c);
    return true;
}

// Reads the escape at `*in`. It has a second byte, because a backslash never ends a
// string.
static bool
unescape_one(const char **in, const char *end, char **out, bool *ret_has_half)
{
    char c;
    switch ((*in)[1]) {
    case 'u':
        return unescape_unicode(in, end, out, ret_has_half);
    case '"':
    case '\\':
    case '/':
        c = (*in)[1];
        break;
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    default:
        return false;
    }
    *(*out)++ = c;
    *in += 2;
    return true;
}

char *
json_token_unescape(struct slice raw, char *out, bool *ret_has_half)
{
    const char *in = raw.ptr;
    const char *end = raw.ptr + raw.len;
    *ret_has_half = false;
    while (in < end) {
        if (*in == '\\') {
            if (!unescape_one(&in, end, &out, ret_has_half)) {
                return NULL;
            }
            continue;
        }
        uint64_t word = json_token_word(in, JSON_TOKEN_WORD);
        uint64_t found = json_token_escapes(word);
        ptrdiff_t plain = found != 0 ? __builtin_ctzll(found) / 8 : JSON_TOKEN_WORD;
        memcpy(out, &word, sizeof(word));
        plain = plain < end - in ? plain : end - in;
        in += plain;
        out += plain;
    }
    return out;
}

// True if a number or word may end before `c`.
static bool
ends_token(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' ||
           c == '\r';
}

bool
json_token_digits(const char *p, struct slice *ret_digits, uint64_t *ret_value)
{
    const size_t eights = (size_t)2 * JSON_TOKEN_WORD;
    const size_t most = 20; // digits of 2^64-1; 19 of them are always less
    size_t len = 0;
    uint64_t value = 0;
    uint64_t before = 0;
    uint64_t eight;
    while (len < eights &&
           json_token_eight(json_token_word(p + len, JSON_TOKEN_WORD), &eight)) {
        value = value * 100000000 + eight;
        len += JSON_TOKEN_WORD;
    }
    while (p[len] >= '0' && p[len] <= '9' && len < most) {
        before = value;
        value = value * 10 + (uint64_t)(p[len++] - '0');
    }
    bool is_too_great =
        len == most && (before > UINT64_MAX / 10 || value / 10 != before);
    *ret_digits = (struct slice){p, len};
    *ret_value = value;
    return len > 0 && (p[0] != '0' || len == 1) && ends_token(p[len]) && !is_too_great;
}

bool
json_token_is(const char *p, struct slice word)
{
    return memcmp(p, word.ptr, word.len) == 0 && ends_token(p[word.len]);
}

static const char *
skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

bool
json_token_is_plain(const char *p)
{
    if (json_token_is(p, SLICE_LIT("null")) || json_token_is(p, SLICE_LIT("true")) ||
        json_token_is(p, SLICE_LIT("false"))) {
        return true;
    }
    p += *p == '-';
    const char *end = skip_digits(p);
    if (end == p || (*p == '0' && end - p > 1)) {
        return false;
    }
    if (*end == '.') {
        p = end + 1;
        end = skip_digits(p);
        if (end == p) {
            return false;
        }
    }
    if (*end == 'e' || *end == 'E') {
        p = end + 1;
        p += *p == '+' || *p == '-';
        end = skip_digits(p);
        if (end == p) {
            return false;
        }
    }
    return ends_token(*end);
}
