#include "base/person_text.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"

static bool
write_quoted(struct person_text *person, struct slice id)
{
    struct buffer json;
    buffer_init(&json, PERSON_TEXT_MAX - 1);
    json_writer_string(&json, id);
    bool is_whole = !json.is_failed;
    if (is_whole) {
        memcpy(person->id, buffer_text(&json).ptr, json.size);
        person->id[json.size] = '\0';
    }
    buffer_fini(&json);
    return is_whole;
}

bool
person_text_init(struct person_text *person, struct slice id)
{
    *person = (struct person_text){0};
    if (id.len == 0 || !write_quoted(person, id)) {
        return false;
    }
    const char *colon = memchr(id.ptr, ':', id.len);
    size_t network = colon != NULL ? (size_t)(colon - id.ptr) : id.len;
    struct slice own = {id.ptr + network, id.len - network};
    if (slice_starts(own, SLICE_LIT(":did:"))) {
        (void)snprintf(person->address, sizeof(person->address), "%.*s:at://%.*s/",
                       (int)network, id.ptr, (int)own.len - 1, own.ptr + 1);
    }
    return true;
}

static bool
is_in(const char *part, struct slice text)
{
    size_t len = strlen(part);
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (len != 0 && (size_t)(end - at) >= len &&
           (at = memchr(at, part[0], (size_t)(end - at) - len + 1)) != NULL) {
        if (memcmp(at, part, len) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

bool
person_text_is_in(const struct person_text *person, struct slice text)
{
    return text.len != 0 && (is_in(person->id, text) || is_in(person->address, text));
}

bool
person_text_owns(const struct person_text *person, struct slice post)
{
    return person->address[0] != '\0' && slice_starts(post, slice_of(person->address));
}
