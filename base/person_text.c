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

static size_t
network_size(struct slice id)
{
    const char *colon = id.len != 0 ? memchr(id.ptr, ':', id.len) : NULL;
    return colon != NULL ? (size_t)(colon - id.ptr) : 0;
}

bool
person_text_is_id(struct slice id)
{
    size_t network = network_size(id);
    return network != 0 && network + 1 != id.len;
}

bool
person_text_init(struct person_text *person, struct slice id)
{
    *person = (struct person_text){0};
    if (!person_text_is_id(id) || !write_quoted(person, id)) {
        return false;
    }
    size_t network = network_size(id);
    struct slice own = {id.ptr + network, id.len - network};
    if (slice_starts(own, SLICE_LIT(":did:"))) {
        (void)snprintf(person->address, sizeof(person->address), "\"%.*s:at://%.*s/",
                       (int)network, id.ptr, (int)own.len - 1, own.ptr + 1);
    }
    return true;
}

static bool
ends(struct slice text, struct slice end)
{
    return text.len >= end.len &&
           memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

// before: what precedes the value. Texts contain none of these, because their quotation
// marks are escaped.
static enum person_text_role
role_of_id(struct slice before)
{
    if (ends(before, SLICE_LIT("\"author\":")) ||
        ends(before, SLICE_LIT("\"author\":{\"id\":"))) {
        return PERSON_TEXT_AUTHOR;
    }
    bool is_person = ends(before, SLICE_LIT("{\"id\":")) &&
                     !ends(before, SLICE_LIT("\"cascade\":{\"id\":"));
    return is_person ? PERSON_TEXT_NAMED : PERSON_TEXT_ABSENT;
}

static enum person_text_role
role_of_address(struct slice before)
{
    return ends(before, SLICE_LIT("\"cascade\":{\"id\":")) ? PERSON_TEXT_AUTHOR
                                                           : PERSON_TEXT_NAMED;
}

// The greatest role of all places of `part`.
static enum person_text_role
find(const char *part, enum person_text_role (*role_of)(struct slice before),
     struct slice text)
{
    enum person_text_role found = PERSON_TEXT_ABSENT;
    size_t len = strlen(part);
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (len != 0 && (size_t)(end - at) >= len &&
           (at = memchr(at, part[0], (size_t)(end - at) - len + 1)) != NULL) {
        if (memcmp(at, part, len) == 0) {
            enum person_text_role role =
                role_of((struct slice){text.ptr, (size_t)(at - text.ptr)});
            found = role > found ? role : found;
        }
        at++;
    }
    return found;
}

enum person_text_role
person_text_role(const struct person_text *person, struct slice alert)
{
    if (alert.len == 0) {
        return PERSON_TEXT_ABSENT;
    }
    enum person_text_role by_id = find(person->id, role_of_id, alert);
    enum person_text_role by_post = find(person->address, role_of_address, alert);
    return by_id > by_post ? by_id : by_post;
}

bool
person_text_is_in(const struct person_text *person, struct slice alert)
{
    return person_text_role(person, alert) != PERSON_TEXT_ABSENT;
}

bool
person_text_owns(const struct person_text *person, struct slice post)
{
    return person->address[0] != '\0' &&
           slice_starts(post, slice_of(person->address + 1));
}
