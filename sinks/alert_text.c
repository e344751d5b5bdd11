#include "sinks/alert_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MOST = 1 << 16,
    POST_SHOWN = 280, // characters
    NAME_SHOWN = 100,
    DIGEST_SHOWN = 10,
};

static void
add(struct buffer *text, const char *words)
{
    buffer_append(text, slice_of(words));
}

// At most `most` characters of a stranger's text, on one line.
static void
add_foreign(struct buffer *text, const json_t *string, size_t most)
{
    const char *at = json_string_value(string);
    size_t len = json_string_length(string);
    size_t shown = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)at[i];
        bool is_first = (byte & 0xc0) != 0x80;
        if (is_first && shown++ == most) {
            add(text, "…");
            return;
        }
        if (byte == '&') {
            add(text, "&amp;");
        } else if (byte == '<') {
            add(text, "&lt;");
        } else if (byte == '>') {
            add(text, "&gt;");
        } else if (byte == '@') {
            add(text, "@\u200b");
        } else {
            buffer_append_byte(text, byte < ' ' ? ' ' : (char)byte);
        }
    }
}

static void
add_number(struct buffer *text, const json_t *number)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
             json_integer_value(number));
    add(text, digits);
}

static void
add_why(struct buffer *text, const json_t *why)
{
    size_t i;
    const json_t *one;
    json_array_foreach(why, i, one)
    {
        add(text, i == 0 ? ": " : ", ");
        add_foreign(text, one, NAME_SHOWN);
    }
}

static void
add_author(struct buffer *text, const json_t *author)
{
    const json_t *handle = json_object_get(author, "handle");
    if (handle == NULL) {
        handle = json_object_get(author, "id");
    }
    add(text, "\n");
    add_foreign(text, handle, NAME_SHOWN);
    add(text, " (");
    add_number(text, json_object_get(author, "followers"));
    add(text, " followers)");
}

static void
add_digest(struct buffer *text, const json_t *alerts)
{
    size_t i;
    const json_t *one;
    add(text, ": ");
    char digits[32];
    snprintf(digits, sizeof(digits), "%zu", json_array_size(alerts));
    add(text, digits);
    add(text, " alerts while catching up");
    json_array_foreach(alerts, i, one)
    {
        if (i == DIGEST_SHOWN) {
            add(text, "\n…");
            break;
        }
        add(text, "\n");
        add_foreign(text, json_object_get(one, "cascade"), NAME_SHOWN);
        add(text, ", size ");
        add_number(text, json_object_get(one, "size"));
    }
}

static void
add_cascade(struct buffer *text, const json_t *alert, bool is_over)
{
    const json_t *cascade = json_object_get(alert, "cascade");
    const json_t *post = json_object_get(cascade, "text");
    if (is_over) {
        add(text, " is over: size ");
        add_number(text, json_object_get(cascade, "size"));
    } else {
        add(text, ", level ");
        add_number(text, json_object_get(alert, "level"));
        add_why(text, json_object_get(alert, "why"));
    }
    add_author(text, json_object_get(alert, "author"));
    if (post != NULL) {
        add(text, ": ");
        add_foreign(text, post, POST_SHOWN);
    }
    add(text, "\n");
    add_foreign(text, json_object_get(cascade, "id"), POST_SHOWN);
}

static void
add_sentence(struct buffer *text, const json_t *alert)
{
    const char *type = json_string_value(json_object_get(alert, "type"));
    add(text, "*");
    add_foreign(text, json_object_get(alert, "rule"), NAME_SHOWN);
    add(text, "*");
    if (type != NULL && strcmp(type, "alert.digest") == 0) {
        add_digest(text, json_object_get(alert, "alerts"));
    } else {
        add_cascade(text, alert, type != NULL && strcmp(type, "cascade.resolved") == 0);
    }
}

static int
take_text(const char *bytes, size_t size, void *context)
{
    struct buffer *text = context;
    buffer_append(text, (struct slice){bytes, size});
    return text->is_failed ? -1 : 0;
}

enum status
alert_text_slack(struct slice json, struct buffer *body)
{
    json_t *alert = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, NULL);
    if (alert == NULL) {
        return STATUS_PARSE;
    }
    struct buffer text;
    buffer_init(&text, TEXT_MOST);
    add_sentence(&text, alert);
    struct slice words = buffer_text(&text);
    json_t *message = json_pack("{s:s%}", "text", words.ptr, words.len);
    int result = message != NULL
                     ? json_dump_callback(message, take_text, body, JSON_COMPACT)
                     : -1;
    json_decref(message);
    buffer_fini(&text);
    json_decref(alert);
    return result == 0 ? STATUS_OK : STATUS_NOMEM;
}
