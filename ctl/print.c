#include "ctl/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/usec.h"

enum {
    LINE_MAX_LEN = 256,
    MS_PER_S = 1000,
    S_PER_MIN = 60,
    MIN_PER_H = 60,
    H_PER_DAY = 24
};

void
print_json(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY |
                                      JSON_REAL_PRECISION(15));
    if (text != NULL) {
        (void)fputs(text, stdout);
        (void)fputc('\n', stdout);
    }
    free(text);
}

void
print_buffer(struct buffer *text)
{
    (void)fwrite(buffer_text(text).ptr, 1, text->size, stdout);
    buffer_fini(text);
}

void
print_list(const struct print_list *list, const json_t *items, bool is_json)
{
    struct buffer out;
    size_t index;
    const json_t *item;
    if (is_json) {
        json_t *answer = json_pack("{s:O}", list->name, items);
        print_json(answer);
        json_decref(answer);
        return;
    }
    buffer_init(&out, PRINT_TEXT_MAX);
    json_array_foreach(items, index, item)
    {
        list->put(&out, item, list->context);
    }
    if (json_array_size(items) == 0 && list->none != NULL) {
        buffer_append(&out, slice_of(list->none));
        buffer_append_byte(&out, '\n');
    }
    print_buffer(&out);
}

struct slice
print_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value)
               ? (struct slice){json_string_value(value), json_string_length(value)}
               : SLICE_NONE;
}

int64_t
print_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

void
print_put(struct buffer *out, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(line, sizeof line, format, values);
    va_end(values);
    buffer_append(out, slice_of(line));
}

void
print_put_span(struct buffer *out, int64_t ms)
{
    int64_t s = ms / MS_PER_S;
    int64_t min = s / S_PER_MIN;
    int64_t h = min / MIN_PER_H;
    if (ms < MS_PER_S) {
        print_put(out, "%lld ms", (long long)ms);
    } else if (s < S_PER_MIN) {
        print_put(out, "%lld.%lld s", (long long)s, (long long)(ms % MS_PER_S / 100));
    } else if (h == 0) {
        print_put(out, "%lld m %lld s", (long long)min, (long long)(s % S_PER_MIN));
    } else if (h < H_PER_DAY) {
        print_put(out, "%lld h %lld m", (long long)h, (long long)(min % MIN_PER_H));
    } else {
        print_put(out, "%lld d %lld h", (long long)(h / H_PER_DAY),
                  (long long)(h % H_PER_DAY));
    }
}

void
print_put_time(struct buffer *out, int64_t ms)
{
    char text[USEC_TEXT_MAX];
    buffer_append(out, slice_of(usec_format_rfc3339((usec)ms * USEC_PER_MS, text)));
}
