#include "ingest/text/text.h"

#include "ingest/text/compose.h"
#include "ingest/text/link.h"
#include "ingest/text/utf8.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

enum {
    NAME_MAX_LEN = 20,
    SLUG_MAX_LEN = 25,
    FULL_WIDTH_AT = 0xff20,
    FULL_WIDTH_HASH = 0xff03,
    VARIATION_TEXT = 0xfe0e,
    VARIATION_EMOJI = 0xfe0f,
    KEYCAP = 0x20e3,
};

static bool
is_letter(uint32_t code)
{
    return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}

static bool
is_name_char(uint32_t code)
{
    return is_letter(code) || (code >= '0' && code <= '9') || code == '_';
}

static bool
is_one_of(uint32_t code, const char *set)
{
    return code != 0 && code < 0x80 && strchr(set, (int)code) != NULL;
}

static unsigned char
byte_at(struct slice text, size_t at)
{
    return at < text.len ? (unsigned char)text.ptr[at] : 0;
}

static bool
has_colon_slashes(struct slice text, size_t at)
{
    return text.len - at >= 3 && memcmp(text.ptr + at, "://", 3) == 0;
}

// The first sign at or after `at`: the ASCII character `sign` or its full-width form.
// Size 0 and *ret_start untouched if there is none.
static size_t
find_sign(struct slice text, size_t at, char sign, size_t *ret_start)
{
    const char full[] = {(char)0xef, (char)0xbc, sign == '@' ? (char)0xa0 : (char)0x83};
    for (size_t i = at; i < text.len; i++) {
        if (text.ptr[i] == sign) {
            *ret_start = i;
            return 1;
        }
        if (text.ptr[i] == full[0] && text.len - i >= sizeof(full) &&
            memcmp(text.ptr + i, full, sizeof(full)) == 0) {
            *ret_start = i;
            return sizeof(full);
        }
    }
    return 0;
}

static size_t
skip_name(struct slice text, size_t at)
{
    size_t end = at;
    while (end - at < NAME_MAX_LEN && is_name_char(byte_at(text, end))) {
        end++;
    }
    return end;
}

static size_t
skip_slug(struct slice text, size_t at)
{
    if (byte_at(text, at) != '/' || !is_letter(byte_at(text, at + 1))) {
        return at;
    }
    size_t end = at + 1;
    while (end - at <= SLUG_MAX_LEN &&
           (is_name_char(byte_at(text, end)) || byte_at(text, end) == '-')) {
        end++;
    }
    return end;
}

// True if "RT" or "RT:" ends at `at` and is not part of a word. `floor`: bytes before
// it belong to the mention before.
static bool
follows_rt(struct slice text, size_t floor, size_t at)
{
    if (at < floor + 2 || (text.ptr[at - 1] | 0x20) != 't' ||
        (text.ptr[at - 2] | 0x20) != 'r') {
        return false;
    }
    at -= 2;
    if (at == floor) {
        return at == 0;
    }
    unsigned char c = (unsigned char)text.ptr[at - 1];
    return !is_name_char(c) && !is_one_of(c, "+~.-");
}

static bool
may_begin_mention(struct slice text, size_t floor, size_t at)
{
    if (at == floor) {
        return at == 0;
    }
    uint32_t code = utf8_before(text, at).code;
    if (!is_name_char(code) && !is_one_of(code, "!@#$%&*") && code != FULL_WIDTH_AT) {
        return true;
    }
    return follows_rt(text, floor, at);
}

static bool
may_end_mention(struct slice text, size_t at)
{
    uint32_t code = utf8_at(text, at).code;
    return code != '@' && code != FULL_WIDTH_AT && !link_is_accented_latin(code) &&
           !has_colon_slashes(text, at);
}

size_t
text_mentions(struct slice text, struct text_entity *ret, size_t max)
{
    struct link_walk links = link_walk(text);
    size_t count = 0;
    size_t floor = 0;
    size_t start = 0;
    size_t sign;
    for (size_t at = 0; (sign = find_sign(text, at, '@', &start)) != 0;) {
        size_t name = start + sign;
        at = name;
        size_t end = skip_name(text, name);
        if (end == name || !may_begin_mention(text, floor, start)) {
            continue;
        }
        at = floor = skip_slug(text, end);
        if (floor != end || !may_end_mention(text, end) || link_covers(&links, start)) {
            continue;
        }
        if (count < max) {
            struct slice found = {text.ptr + name, end - name};
            ret[count] = (struct text_entity){start, end, found};
        }
        count++;
    }
    return count;
}

enum tag_char { TAG_NONE, TAG_OTHER, TAG_LETTER };

static enum tag_char
tag_char(uint32_t code)
{
    static const uint16_t joiners[] = {0x00b7, 0x05be, 0x05f3, 0x05f4, 0x0f0b, 0x0f0c,
                                       0x200c, 0x200d, 0x3003, 0x301c, 0x309b, 0x309c,
                                       0x30a0, 0x30fb, 0xa67e, 0xff5e};
    if (code < 0x80) {
        return is_letter(code) ? TAG_LETTER : is_name_char(code) ? TAG_OTHER : TAG_NONE;
    }
    // utf8proc counts letters first, then marks, then decimal digits.
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) {
        return TAG_LETTER;
    }
    if (category == UTF8PROC_CATEGORY_ND) {
        return TAG_OTHER;
    }
    for (size_t i = 0; i < sizeof(joiners) / sizeof(joiners[0]); i++) {
        if (code == joiners[i]) {
            return TAG_OTHER;
        }
    }
    return TAG_NONE;
}

static bool
may_begin_hashtag(struct slice text, size_t at)
{
    uint32_t code = utf8_before(text, at).code;
    return code == VARIATION_TEXT || code == VARIATION_EMOJI ||
           (tag_char(code) == TAG_NONE && code != '&');
}

static bool
may_end_hashtag(struct slice text, size_t at)
{
    uint32_t code = utf8_at(text, at).code;
    return code != '#' && code != FULL_WIDTH_HASH && !has_colon_slashes(text, at);
}

// The end of the hashtag whose characters start at `at`, or `at` if they are not one.
static size_t
skip_tag(struct slice text, size_t at)
{
    struct utf8_char c = utf8_at(text, at);
    if (c.code == VARIATION_EMOJI || c.code == KEYCAP) {
        return at;
    }
    bool has_letter = false;
    size_t end = at;
    enum tag_char kind;
    while ((kind = tag_char(c.code)) != TAG_NONE) {
        has_letter |= kind == TAG_LETTER;
        end += c.size;
        c = utf8_at(text, end);
    }
    return has_letter ? end : at;
}

size_t
text_hashtags(struct slice text, struct text_entity *ret, size_t max)
{
    struct link_walk links = link_walk(text);
    size_t count = 0;
    size_t start = 0;
    size_t sign;
    for (size_t at = 0; (sign = find_sign(text, at, '#', &start)) != 0;) {
        size_t tag = start + sign;
        at = tag;
        if (!may_begin_hashtag(text, start)) {
            continue;
        }
        size_t end = skip_tag(text, tag);
        at = end;
        if (end == tag || !may_end_hashtag(text, end) || link_covers(&links, start)) {
            continue;
        }
        if (count < max) {
            struct slice found = {text.ptr + tag, end - tag};
            ret[count] = (struct text_entity){start, end, found};
        }
        count++;
    }
    return count;
}

// Also characters that are not seen, as they come with copied text.
static bool
is_space_or_direction(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == ' ' || code == 0x85 ||
           code == 0xa0 || code == 0x061c || code == 0x1680 || code == 0x180e ||
           (code >= 0x2000 && code <= 0x200b) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202f) || code == 0x205f || code == 0x2060 ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x3000 || code == 0xfeff;
}

static bool
is_visible_ascii(char c)
{
    return c > ' ' && c < 0x7f;
}

bool
text_reply_to(struct slice text, struct slice *ret_handle)
{
    size_t at = 0;
    struct utf8_char c = utf8_at(text, at);
    while (is_space_or_direction(c.code)) {
        at += c.size;
        c = utf8_at(text, at);
    }
    if (c.code != '@' && c.code != FULL_WIDTH_AT) {
        return false;
    }
    size_t name = at + c.size;
    size_t end = skip_name(text, name);
    if (end == name || !may_end_mention(text, end)) {
        return false;
    }
    *ret_handle = (struct slice){text.ptr + name, end - name};
    return true;
}

static uint32_t
lower(uint32_t code)
{
    if (code < 0x80) {
        return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
    }
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

// The position of the first character that is not ASCII or is a capital.
static size_t
skip_lower_ascii(struct slice text)
{
    size_t at = 0;
    while (at < text.len && (unsigned char)text.ptr[at] < 0x80 &&
           !(text.ptr[at] >= 'A' && text.ptr[at] <= 'Z')) {
        at++;
    }
    return at;
}

struct slice
text_lower(struct arena *arena, struct slice text)
{
    size_t same = skip_lower_ascii(text);
    while (same < text.len) {
        struct utf8_char c = utf8_at(text, same);
        if (lower(c.code) != c.code) {
            break;
        }
        same += c.size;
    }
    if (same == text.len) {
        return text;
    }
    // No character grows, except some from two bytes to three.
    size_t rest = text.len - same;
    char *out = arena_alloc(arena, text.len + rest / 2 + 4, 1);
    if (out == NULL) {
        return SLICE_NONE;
    }
    memcpy(out, text.ptr, same);
    size_t len = same;
    for (size_t at = same; at < text.len;) {
        struct utf8_char c = utf8_at(text, at);
        uint32_t code = lower(c.code);
        if (code == c.code) {
            memcpy(out + len, text.ptr + at, c.size);
            len += c.size;
        } else {
            len += utf8_put(out + len, code);
        }
        at += c.size;
    }
    return (struct slice){out, len};
}

static struct slice
trim_end(struct slice text)
{
    struct utf8_char c;
    while (text.len != 0 &&
           is_space_or_direction((c = utf8_before(text, text.len)).code)) {
        text.len -= c.size;
    }
    return text;
}

struct slice
text_trim(struct slice text)
{
    struct utf8_char c;
    if (text.len == 0 ||
        (is_visible_ascii(text.ptr[0]) && is_visible_ascii(text.ptr[text.len - 1]))) {
        return text; // nearly all
    }
    while (text.len != 0 && is_space_or_direction((c = utf8_at(text, 0)).code)) {
        text = (struct slice){text.ptr + c.size, text.len - c.size};
    }
    return trim_end(text);
}

// Removes white space and the sign, ASCII or full-width, at the front, and white space
// at the end.
static struct slice
strip(struct slice name, char sign, uint32_t full)
{
    struct utf8_char c;
    if (name.len != 0 && is_visible_ascii(name.ptr[0]) && name.ptr[0] != sign &&
        is_visible_ascii(name.ptr[name.len - 1])) {
        return name; // almost all names
    }
    while (name.len != 0 && ((c = utf8_at(name, 0)).code == (uint32_t)sign ||
                             c.code == full || is_space_or_direction(c.code))) {
        name = (struct slice){name.ptr + c.size, name.len - c.size};
    }
    return trim_end(name);
}

struct slice
text_handle(struct slice handle)
{
    return strip(handle, '@', FULL_WIDTH_AT);
}

// Both sigmas have two bytes.
static void
join_sigmas(char *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] == (char)0xcf && text[i + 1] == (char)0x82) {
            text[i + 1] = (char)0x83;
        }
    }
}

struct slice
text_fold(struct arena *arena, struct slice handle)
{
    struct slice name = text_lower(arena, compose_text(arena, handle));
    if (name.len == 0 || memchr(name.ptr, 0xcf, name.len) == NULL) {
        return name;
    }
    char *copy = arena_alloc(arena, name.len, 1);
    if (copy == NULL) {
        return SLICE_NONE;
    }
    memcpy(copy, name.ptr, name.len);
    join_sigmas(copy, name.len);
    return (struct slice){copy, name.len};
}

struct slice
text_hashtag(struct arena *arena, struct slice tag)
{
    return text_fold(arena, strip(tag, '#', FULL_WIDTH_HASH));
}

static int
digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char folded = (char)(c | 0x20);
    return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : 16;
}

size_t
text_numeric(struct slice text, uint32_t *ret_code)
{
    if (text.len < 4 || text.ptr[0] != '&' || text.ptr[1] != '#') {
        return 0;
    }
    bool is_hex = (text.ptr[2] | 0x20) == 'x';
    int base = is_hex ? 16 : 10;
    size_t first = is_hex ? 3 : 2;
    size_t at = first;
    uint32_t code = 0;
    while (at < text.len && digit_value(text.ptr[at]) < base) {
        code = code * (uint32_t)base + (uint32_t)digit_value(text.ptr[at]);
        code = code > TEXT_CODE_NONE ? TEXT_CODE_NONE : code;
        at++;
    }
    if (at == first || at == text.len || text.ptr[at] != ';') {
        return 0;
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    *ret_code = code == 0 || is_surrogate ? TEXT_CODE_NONE : code;
    return at + 1;
}

// The length of the entity at the start of the text, 0 if there is none.
static size_t
read_entity(struct slice text, uint32_t *ret_code)
{
    static const struct {
        struct slice name;
        uint32_t code;
    } names[] = {
        {{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
        {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''}, {{"&nbsp;", 6}, 0xa0},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_starts(text, names[i].name)) {
            *ret_code = names[i].code;
            return names[i].name.len;
        }
    }
    uint32_t code = TEXT_CODE_NONE;
    size_t size = text_numeric(text, &code);
    if (code == TEXT_CODE_NONE) {
        return 0;
    }
    *ret_code = code;
    return size;
}

struct slice
text_unescape(struct arena *arena, struct slice text)
{
    if (text.len == 0) {
        return text;
    }
    char *out = NULL;
    size_t len = 0;
    size_t copied = 0; // bytes of the text that are already in `out`
    const char *end = text.ptr + text.len;
    const char *next = text.ptr;
    while (next < end && (next = memchr(next, '&', (size_t)(end - next))) != NULL) {
        uint32_t code = 0;
        size_t size = read_entity((struct slice){next, (size_t)(end - next)}, &code);
        if (size == 0) {
            next++;
            continue;
        }
        if (out == NULL && (out = arena_alloc(arena, text.len, 1)) == NULL) {
            return SLICE_NONE;
        }
        size_t before = (size_t)(next - text.ptr) - copied;
        memcpy(out + len, text.ptr + copied, before);
        len += before;
        len += utf8_put(out + len, code);
        next += size;
        copied = (size_t)(next - text.ptr);
    }
    if (out == NULL) {
        return text;
    }
    memcpy(out + len, text.ptr + copied, text.len - copied);
    return (struct slice){out, len + text.len - copied};
}

struct slice
text_cut(struct slice text, size_t max)
{
    if (text.len <= max) {
        return text;
    }
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        if (utf8_at(text, max - back).size > back) {
            return (struct slice){text.ptr, max - back};
        }
    }
    return (struct slice){text.ptr, max};
}
