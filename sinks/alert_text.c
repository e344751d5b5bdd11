#include "sinks/alert_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/control.h"

enum {
    TEXT_MAX = 1 << 16,
    POST_SHOWN = 280, // characters
    NAME_SHOWN = 100,
    DIGEST_SHOWN = 10,
};

#define EXPECTED_SHOWN 0.5 // people, from which an estimate is shown

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_word(unsigned char c)
{
    return is_letter((char)c) || (c >= '0' && c <= '9') || c >= 0x80;
}

// U+2028 or U+2029
static bool
is_separator(struct slice text)
{
    return slice_starts(text, SLICE_LIT("\u2028")) ||
           slice_starts(text, SLICE_LIT("\u2029"));
}

static void
add(struct buffer *text, const char *words)
{
    buffer_append(text, slice_of(words));
}

// True for characters that no chat interprets: ASCII letters and digits, characters
// that are not ASCII, and signs where they format nothing: a colon once (":tea:" is a
// picture), a dot not before a letter ("tea.example" is a link) and not between a
// number and a space (a list).
static bool
is_plain(struct slice text)
{
    size_t colons = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        char next = i + 1 < text.len ? text.ptr[i + 1] : ' ';
        char last = i != 0 ? text.ptr[i - 1] : ' ';
        if (byte < ' ' || byte == 0x7f || is_word(byte)) {
            continue;
        }
        bool is_fine = strchr(" ,;'\"?%=<&@", byte) != NULL ||
                       (byte == '>' && i != 0) ||
                       (byte == '.' && !is_letter(next) &&
                        (next != ' ' || last < '0' || last > '9')) ||
                       (byte == ':' && ++colons == 1 && next != '/') ||
                       (byte == '_' && is_word((unsigned char)last) &&
                        is_word((unsigned char)next)) ||
                       (strchr("/+-", byte) != NULL && is_word((unsigned char)last));
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

// next: the byte after it.
static void
add_byte(struct buffer *text, unsigned char byte, char next)
{
    switch (byte) {
    case '&':
        add(text, "&amp;");
        break;
    case '<':
        add(text, "&lt;");
        break;
    case '>':
        add(text, "&gt;");
        break;
    case '@':
        add(text, "@\u200b");
        break;
    case '`':
        add(text, "'");
        break;
    default:
        buffer_append_byte(text, (char)byte);
        if ((byte == ']' && next == '(') || (byte == '!' && next == '[')) {
            add(text, "\u200b"); // also where code is not recognised
        }
    }
}

// At most `most` characters of untrusted text, on one line; as code if a chat might
// interpret it.
static void
add_foreign(struct buffer *text, const json_t *string, size_t most)
{
    struct slice rest = {json_string_value(string), json_string_length(string)};
    bool is_code = !is_plain(rest);
    size_t shown = 0;
    add(text, is_code ? "`" : "");
    while (rest.len != 0) {
        size_t steers = control_length(rest);
        size_t len = steers != 0 ? steers : 1;
        if ((*rest.ptr & 0xc0) != 0x80 && shown++ == most) {
            add(text, "…");
            break;
        }
        if (steers == 0) {
            add_byte(text, (unsigned char)*rest.ptr, rest.len > 1 ? rest.ptr[1] : '\0');
        } else if (steers == 1 || is_separator(rest)) {
            add(text, " ");
        }
        rest = (struct slice){rest.ptr + len, rest.len - len};
    }
    add(text, is_code ? "`" : "");
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
add_name(struct buffer *text, const json_t *person)
{
    const json_t *handle = json_object_get(person, "handle");
    if (handle == NULL) {
        handle = json_object_get(person, "id");
    }
    add_foreign(text, handle, NAME_SHOWN);
}

static void
add_author(struct buffer *text, const json_t *author)
{
    add(text, "\n");
    add_name(text, author);
    add(text, " (");
    add_number(text, json_object_get(author, "followers"));
    add(text, " followers)");
}

// The observed carriers, or those that are expected: "through bob (41), cat (3)".
static void
add_carriers(struct buffer *text, const json_t *carriers, bool is_observed)
{
    bool is_first = true;
    size_t i;
    const json_t *one;
    json_array_foreach(carriers, i, one)
    {
        char count[64];
        double people = json_number_value(json_object_get(one, "people"));
        bool is_shown = is_observed || people >= EXPECTED_SHOWN;
        if (json_is_true(json_object_get(one, "observed")) != is_observed ||
            !is_shown) {
            continue;
        }
        snprintf(count, sizeof(count), is_observed ? " (%.0f)" : " (about %.0f)",
                 people);
        add(text, !is_first     ? ", "
                  : is_observed ? "\nthrough "
                                : "\nestimated, as no path is shown: through ");
        add_name(text, one);
        add(text, count);
        is_first = false;
    }
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
    add_carriers(text, json_object_get(alert, "top_carriers"), true);
    add_carriers(text, json_object_get(alert, "top_carriers"), false);
    add(text, "\n");
    add_foreign(text, json_object_get(cascade, "id"), POST_SHOWN);
}

// "arrivals: ann (120 followers) is new in cup: campaign cup, followers 120 >= 100"
static void
add_newcomer(struct buffer *text, const json_t *alert)
{
    const json_t *author = json_object_get(alert, "author");
    add(text, ": ");
    add_name(text, author);
    add(text, " (");
    add_number(text, json_object_get(author, "followers"));
    add(text, " followers) is new in ");
    add_foreign(text, json_array_get(json_object_get(alert, "campaigns"), 0),
                NAME_SHOWN);
    add_why(text, json_object_get(alert, "why"));
    add(text, "\n");
    add_foreign(text, json_object_get(author, "id"), POST_SHOWN);
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
    } else if (type != NULL && strcmp(type, "campaign.newcomer") == 0) {
        add_newcomer(text, alert);
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
    buffer_init(&text, TEXT_MAX);
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
