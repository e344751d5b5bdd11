#include "base/json_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/control.h"

enum { WHOLE_MAX = 19 }; // digits

// ── brackets and names ─────────────────────────────────────────────────────

// Separates a value or name from the value before it.
static void
separate(struct buffer *text)
{
    if (text->size != 0 && !text->is_failed &&
        strchr("{[:", text->bytes[text->size - 1]) == NULL) {
        buffer_append_byte(text, ',');
    }
}

void
json_writer_open(struct buffer *text, char bracket)
{
    separate(text);
    buffer_append_byte(text, bracket);
}

void
json_writer_close(struct buffer *text, char bracket)
{
    buffer_append_byte(text, bracket);
}

void
json_writer_name(struct buffer *text, struct slice name)
{
    json_writer_string(text, name);
    buffer_append_byte(text, ':');
}

// ── strings ────────────────────────────────────────────────────────────────

static void
put_code(struct buffer *text, uint32_t code)
{
    char escape[sizeof("\\uFFFF")];
    int len = snprintf(escape, sizeof(escape), "\\u%04X", (unsigned)(code & 0xffff));
    buffer_append(text, (struct slice){escape, (size_t)len});
}

// A character of three bytes at most.
static void
put_escape(struct buffer *text, struct slice character)
{
    static const char controls[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *pair = controls; *pair != '\0'; pair += 2) {
        if (pair[0] == character.ptr[0]) {
            const char escape[] = {'\\', pair[1]};
            buffer_append(text, (struct slice){escape, sizeof(escape)});
            return;
        }
    }
    unsigned char first = (unsigned char)character.ptr[0];
    uint32_t code = character.len == 1 ? first : first & (0xffu >> (character.len + 1));
    for (size_t i = 1; i < character.len; i++) {
        code = code << 6 | ((unsigned char)character.ptr[i] & 0x3fu);
    }
    put_code(text, code);
}

void
json_writer_string(struct buffer *text, struct slice value)
{
    size_t done = 0;
    size_t at = 0;
    separate(text);
    buffer_append_byte(text, '"');
    while (at < value.len) {
        struct slice rest = {value.ptr + at, value.len - at};
        size_t size = control_utf8(rest);
        bool is_plain = *rest.ptr != '"' && *rest.ptr != '\\';
        if (size != 0 && is_plain && control_length(rest) == 0) {
            at += size;
            continue;
        }
        buffer_append(text, (struct slice){value.ptr + done, at - done});
        if (size == 0) {
            buffer_append_byte(text, '?');
        } else {
            put_escape(text, (struct slice){rest.ptr, size});
        }
        at += size != 0 ? size : 1;
        done = at;
    }
    buffer_append(text, (struct slice){value.ptr + done, at - done});
    buffer_append_byte(text, '"');
}

// ── numbers ────────────────────────────────────────────────────────────────

void
json_writer_u64(struct buffer *text, uint64_t value)
{
    separate(text);
    buffer_append_u64(text, value);
}

void
json_writer_i64(struct buffer *text, int64_t value)
{
    separate(text);
    buffer_append_i64(text, value);
}

void
json_writer_bool(struct buffer *text, bool value)
{
    separate(text);
    buffer_append(text, value ? SLICE_LIT("true") : SLICE_LIT("false"));
}

void
json_writer_null(struct buffer *text)
{
    separate(text);
    buffer_append(text, SLICE_LIT("null"));
}

static size_t
count_digits(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - at;
}

bool
json_writer_is_number(struct slice text)
{
    size_t at = text.len != 0 && text.ptr[0] == '-';
    size_t whole = count_digits(text, at);
    if (whole == 0 || (whole > 1 && text.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at < text.len && text.ptr[at] == '.') {
        size_t part = count_digits(text, at + 1);
        at += part != 0 ? 1 + part : 0;
    }
    return at == text.len;
}

void
json_writer_number(struct buffer *text, struct slice number)
{
    separate(text);
    buffer_append(text, number);
    if (number.len >= WHOLE_MAX && memchr(number.ptr, '.', number.len) == NULL) {
        buffer_append(text, SLICE_LIT(".0"));
    }
}

void
json_writer_json(struct buffer *text, struct slice json)
{
    separate(text);
    buffer_append(text, json);
}

// ── members ────────────────────────────────────────────────────────────────

void
json_writer_put_text(struct buffer *text, const char *name, struct slice value)
{
    if (!slice_is_none(value)) {
        json_writer_name(text, slice_of(name));
        json_writer_string(text, value);
    }
}

void
json_writer_put_u64(struct buffer *text, const char *name, uint64_t value)
{
    json_writer_name(text, slice_of(name));
    json_writer_u64(text, value);
}

void
json_writer_put_i64(struct buffer *text, const char *name, int64_t value)
{
    json_writer_name(text, slice_of(name));
    json_writer_i64(text, value);
}
