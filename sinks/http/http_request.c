#include "sinks/http/http_request.h"

#include <string.h>

#define BLANKS SLICE_LIT(" \t")

// The next element of a list, without blanks around it.
static bool
next_element(struct slice *list, struct slice *ret_element)
{
    if (slice_is_none(*list) || list->len == 0) {
        return false;
    }
    const char *comma = memchr(list->ptr, ',', list->len);
    size_t len = comma != NULL ? (size_t)(comma - list->ptr) : list->len;
    *ret_element = slice_trim((struct slice){list->ptr, len}, BLANKS);
    size_t used = len + (comma != NULL);
    *list = (struct slice){list->ptr + used, list->len - used};
    return true;
}

bool
http_request_is_known(const struct http_request *request, struct slice tag)
{
    struct slice list = request->none_match;
    struct slice element;
    while (next_element(&list, &element)) {
        if (slice_starts(element, SLICE_LIT("W/"))) {
            element = (struct slice){element.ptr + 2, element.len - 2};
        }
        if (slice_equal(element, tag) || slice_equal(element, SLICE_LIT("*"))) {
            return true;
        }
    }
    return false;
}

// "q=0", "q=0.0" and so on.
static bool
is_refused(struct slice parameter)
{
    if (!slice_starts_nocase(parameter, SLICE_LIT("q=0"))) {
        return false;
    }
    size_t at = 3;
    while (at < parameter.len &&
           (parameter.ptr[at] == '.' || parameter.ptr[at] == '0')) {
        at++;
    }
    return at == parameter.len;
}

bool
http_request_accepts(const struct http_request *request, struct slice coding)
{
    struct slice list = request->accept_encoding;
    struct slice element;
    while (next_element(&list, &element)) {
        const char *semicolon = memchr(element.ptr, ';', element.len);
        size_t len =
            semicolon != NULL ? (size_t)(semicolon - element.ptr) : element.len;
        struct slice name = slice_trim((struct slice){element.ptr, len}, BLANKS);
        if (slice_equal_nocase(name, coding)) {
            size_t skip = semicolon != NULL ? len + 1 : len;
            struct slice parameter = {element.ptr + skip, element.len - skip};
            return !is_refused(slice_trim(parameter, BLANKS));
        }
    }
    return false;
}

enum status
http_request_decode(char *text, size_t *size)
{
    size_t used = 0;
    for (size_t at = 0; at < *size; at++) {
        char byte = text[at];
        if (byte == '%') {
            int high = *size - at > 2 ? slice_hex_digit(text[at + 1]) : -1;
            int low = *size - at > 2 ? slice_hex_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0) {
                return STATUS_PARSE;
            }
            byte = (char)(high * 16 + low);
            at += 2;
        }
        text[used++] = byte;
    }
    *size = used;
    return STATUS_OK;
}

enum status
http_request_parameter(const struct http_request *request, struct slice name,
                       char *text, size_t size, struct slice *ret_value)
{
    *ret_value = SLICE_NONE;
    for (size_t i = 0; i < request->parameter_count; i++) {
        struct slice value = request->parameters[i].value;
        if (!slice_equal(request->parameters[i].name, name)) {
            continue;
        }
        if (value.len > size) {
            return STATUS_FULL;
        }
        memcpy(text, value.ptr, value.len);
        size_t used = value.len;
        enum status status = http_request_decode(text, &used);
        if (status == STATUS_OK) {
            *ret_value = (struct slice){text, used};
        }
        return status;
    }
    return STATUS_OK;
}
