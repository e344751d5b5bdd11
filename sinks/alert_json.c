#include "sinks/alert_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 48, PRECISION = 15 };

#define CASCADE "cascade."

// clang-format off
const struct alert_field alert_field_rows[] = {
    {"id", "string", "Same for the same cascade, rule and level, for ever: what a receiver tells repetitions by"},
    {"rule", "string", "Title of the rule that raised it"},
    {"level", "number", "The rule's level that is reached, by its factor"},
    {"type", "string", "cascade.alert; cascade.resolved: the last word on a cascade that was told of; alert.digest: what was raised while catching up, in one"},
    {"time", "string", "When the rule held, by the clock of the posts (RFC 3339, UTC)"},
    {"cascade", "object", "What is known of the cascade; not in a digest"},
    {"cascade.id", "string", "Id of the root post"},
    {"cascade.author", "string", "Id of the root's author"},
    {"cascade.handle", "string", "Handle of the root's author"},
    {"cascade.text", "string", "Text of the root post"},
    {"cascade.lang", "string", "Its language"},
    {"cascade.network", "string", "Where it was posted: x, bsky, masto, …"},
    {"cascade.created_ms", "number", "When it was posted (ms since 1970)"},
    {"cascade.first_ms", "number", "When it was first retweeted or quoted (ms)"},
    {"cascade.last_ms", "number", "When it was last retweeted or quoted (ms)"},
    {"cascade.size", "number", "Retweets and quotes below the root, also those that came through a quote of it"},
    {"cascade.retweets", "number", "Direct retweets seen"},
    {"cascade.quotes", "number", "Direct quotes seen"},
    {"cascade.replies", "number", "Direct replies seen"},
    {"cascade.amplifiers", "number", "Different people among those who retweeted or quoted"},
    {"cascade.reach", "number", "Followers of the amplifiers, each once"},
    {"cascade.velocity_5m", "number", "Events of size a minute, over the last 5 minutes"},
    {"cascade.velocity_1h", "number", "Events of size a minute, over the last hour"},
    {"cascade.peak_velocity", "number", "The greatest velocity_5m so far"},
    {"cascade.reported", "number", "The platform's own retweet and quote count, the greatest seen"},
    {"cascade.parent", "string", "The quoted post, if the root is itself a quote"},
    {"cascade.state", "string", "open, or closed: no event for 6 hours, or 7 days old"},
    {"cascade.depth", "number", "Steps on the longest observed path from the root"},
    {"cascade.breadth", "number", "Events at the widest depth"},
    {"cascade.virality", "number", "Mean distance between two of its posts (structural virality)"},
    {"cascade.observed_share", "number", "Share of the events whose parent was observed rather than taken to be the root"},
    {"cascade.edepth", "number", "Mean depth to expect of its retweets and quotes, also where no parent is observed"},
    {"cascade.infectiousness", "number", "Probability that a follower passes it on, now (SEISMIC)"},
    {"cascade.forecast", "number", "Expected final size"},
    {"cascade.forecast_low", "number", "Lower end of the band around forecast, from how such cascades ended"},
    {"cascade.forecast_high", "number", "The upper end of that band"},
    {"cascade.p_double", "number", "Probability that it doubles its size"},
    {"cascade.overperformance", "number", "Size against what its author's posts usually have at that age"},
    {"cascade.stage", "string", "Who is passing it on by now, in Rogers' classes from innovators to laggards"},
    {"cascade.level", "number", "The highest level any rule has reached"},
    {"author", "object", "Who wrote the root; not in a digest"},
    {"author.id", "string", "Id"},
    {"author.handle", "string", "Handle"},
    {"author.followers", "number", "Followers, as last seen; 0: not known"},
    {"why", "array", "One string for each condition of the rule, with the value that met it"},
    {"top_amplifiers", "array", "Those who passed it on to most followers, as author"},
    {"alerts", "array", "Of a digest: id, cascade, level and size of each alert in it"},
    {NULL, NULL, NULL},
};
// clang-format on

static const char *const type_names[] = {
    [CHANGE_ALERT_RAISED] = "cascade.alert",
    [CHANGE_ALERT_RESOLVED] = "cascade.resolved",
    [CHANGE_ALERT_DIGEST] = "alert.digest",
};

// Decoders let nothing but UTF-8 through; should it be otherwise once, an alert with
// question marks is better than none.
static json_t *
clean_string(struct slice text)
{
    char *copy = malloc(text.len + 1);
    if (copy == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
    }
    json_t *string = json_stringn(copy, text.len);
    free(copy);
    return string;
}

static json_t *
make_string(struct slice text)
{
    if (text.len == 0) {
        return json_string("");
    }
    json_t *string = json_stringn(text.ptr, text.len);
    return string != NULL ? string : clean_string(text);
}

static bool
is_text_field(struct slice name)
{
    for (const struct alert_field *row = alert_field_rows; row->name != NULL; row++) {
        struct slice full = slice_of(row->name);
        if (slice_starts(full, SLICE_LIT(CASCADE))) {
            struct slice rest = {full.ptr + sizeof(CASCADE) - 1,
                                 full.len - (sizeof(CASCADE) - 1)};
            if (slice_equal(rest, name)) {
                return strcmp(row->type, "string") == 0;
            }
        }
    }
    return false;
}

// A value of the hash as the number it says; NULL if it says none.
static json_t *
make_number(struct slice text)
{
    char copy[NUMBER_MAX];
    if (text.len == 0 || text.len >= sizeof(copy)) {
        return NULL;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "+-.0123456789eE") != text.len) {
        return NULL;
    }
    char *end;
    errno = 0;
    long long whole = strtoll(copy, &end, 10);
    if (*end == '\0' && errno == 0) {
        return json_integer(whole);
    }
    double value = strtod(copy, &end);
    return *end == '\0' ? json_real(value) : NULL; // NULL, too, for the infinite
}

static bool
set_text(json_t *object, const char *name, struct slice text)
{
    return slice_is_none(text) ||
           json_object_set_new(object, name, make_string(text)) == 0;
}

static bool
set_count(json_t *object, const char *name, uint64_t count)
{
    return json_object_set_new(object, name, json_integer((json_int_t)count)) == 0;
}

static bool
set_field(json_t *object, const struct change_field *field)
{
    char name[NUMBER_MAX];
    if (slice_is_none(field->value) || field->name.len >= sizeof(name)) {
        return true;
    }
    memcpy(name, field->name.ptr, field->name.len);
    name[field->name.len] = '\0';
    json_t *number = is_text_field(field->name) ? NULL : make_number(field->value);
    return number != NULL ? json_object_set_new(object, name, number) == 0
                          : set_text(object, name, field->value);
}

static json_t *
make_person(const struct change_person *person)
{
    json_t *object = json_object();
    if (!set_text(object, "id", person->id) ||
        !set_text(object, "handle", person->handle) ||
        !set_count(object, "followers", person->followers)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool
add_digest(json_t *alert, const struct change_alert *told)
{
    json_t *list = json_array();
    bool is_good = true;
    for (size_t i = 0; i < told->digest_count && is_good; i++) {
        const struct change_digest *one = &told->digest[i];
        json_t *object = json_object();
        is_good = set_text(object, "id", one->id) &&
                  set_text(object, "cascade", one->cascade) &&
                  set_count(object, "level", one->level) &&
                  set_count(object, "size", one->size);
        is_good = json_array_append_new(list, object) == 0 && is_good;
    }
    return json_object_set_new(alert, "alerts", list) == 0 && is_good;
}

static bool
add_cascade(json_t *alert, const struct change *change)
{
    const struct change_alert *told = &change->alert;
    json_t *cascade = json_object();
    json_t *why = json_array();
    json_t *amplifiers = json_array();
    bool is_good = set_text(cascade, "id", told->cascade);
    for (size_t i = 0; i < change->field_count; i++) {
        is_good = set_field(cascade, &change->fields[i]) && is_good;
    }
    for (size_t i = 0; i < told->why_count; i++) {
        is_good = json_array_append_new(why, make_string(told->why[i])) == 0 && is_good;
    }
    for (size_t i = 0; i < told->amplifier_count; i++) {
        json_t *person = make_person(&told->amplifiers[i]);
        is_good = json_array_append_new(amplifiers, person) == 0 && is_good;
    }
    is_good = json_object_set_new(alert, "cascade", cascade) == 0 && is_good;
    is_good = json_object_set_new(alert, "author", make_person(&told->author)) == 0 &&
              is_good;
    is_good = json_object_set_new(alert, "why", why) == 0 && is_good;
    return json_object_set_new(alert, "top_amplifiers", amplifiers) == 0 && is_good;
}

static json_t *
make_alert(const struct change *change)
{
    const struct change_alert *told = &change->alert;
    bool is_digest = told->type == CHANGE_ALERT_DIGEST;
    char time[USEC_TEXT_MAX];
    json_t *alert = json_object();
    bool is_good =
        set_text(alert, "id", change->name) && set_text(alert, "rule", told->rule) &&
        (is_digest || set_count(alert, "level", told->level)) &&
        set_text(alert, "type", slice_of(type_names[told->type])) &&
        set_text(alert, "time", slice_of(usec_format_rfc3339(told->time, time))) &&
        (is_digest ? add_digest(alert, told) : add_cascade(alert, change));
    if (!is_good) {
        json_decref(alert);
        return NULL;
    }
    return alert;
}

static int
take_text(const char *bytes, size_t size, void *context)
{
    struct buffer *text = context;
    buffer_append(text, (struct slice){bytes, size});
    return text->is_failed ? -1 : 0;
}

enum status
alert_json_write(const struct change *change, struct buffer *text)
{
    json_t *alert = make_alert(change);
    if (alert == NULL) {
        return STATUS_NOMEM;
    }
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(PRECISION);
    int result = json_dump_callback(alert, take_text, text, flags);
    json_decref(alert);
    return result == 0 ? STATUS_OK : STATUS_NOMEM;
}
