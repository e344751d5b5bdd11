#include "sinks/alert_json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/control.h"
#include "base/decimal.h"

enum { WHOLE_MAX = 19 }; // digits

#define CASCADE "cascade."

// clang-format off
const struct alert_field alert_json_field_rows[] = {
    {"id", "string", "Always the same for the same cascade, rule and level: a receiver recognises "
                     "repetitions by it"},
    {"rule", "string", "Title of the rule that raised it"},
    {"level", "number", "Level of the rule that was reached (its factor)"},
    {"type", "string", "cascade.alert; cascade.resolved: the final size of a cascade that was "
                       "alerted; alert.digest: all alerts raised while catching up, in one"},
    {"time", "string", "When the rule held, by the clock of the posts (RFC 3339, UTC)"},
    {"cascade", "object", "Fields of the cascade, as far as known; not in a digest"},
    {"cascade.id", "string", "Id of the root post"},
    {"cascade.author", "string", "Id of the root's author"},
    {"cascade.handle", "string", "Handle of the root's author"},
    {"cascade.text", "string", "Text of the root post"},
    {"cascade.lang", "string", "Its language"},
    {"cascade.network", "string", "Network on which it was posted: x, bsky, masto, …"},
    {"cascade.created_ms", "number", "When it was posted (ms since 1970)"},
    {"cascade.first_ms", "number", "When it was first retweeted or quoted (ms)"},
    {"cascade.last_ms", "number", "When it was last retweeted or quoted (ms)"},
    {"cascade.size", "number", "Retweets and quotes below the root, also those that came through a quote of it"},
    {"cascade.retweets", "number", "Direct retweets seen"},
    {"cascade.quotes", "number", "Direct quotes seen"},
    {"cascade.replies", "number", "Direct replies seen"},
    {"cascade.amplifiers", "number", "Number of different people who retweeted or quoted"},
    {"cascade.reach", "number", "Followers of the amplifiers, each amplifier once"},
    {"cascade.velocity_5m", "number", "Retweets and quotes per minute, over the last 5 minutes"},
    {"cascade.velocity_1h", "number", "Retweets and quotes per minute, over the last hour"},
    {"cascade.peak_velocity", "number", "The greatest velocity_5m so far"},
    {"cascade.reported", "number", "The platform's own retweet and quote count, the greatest seen"},
    {"cascade.parent", "string", "The quoted post, if the root is itself a quote"},
    {"cascade.state", "string", "open, or closed: no event for 6 hours, or 7 days old"},
    {"cascade.depth", "number", "Length of the longest observed path from the root"},
    {"cascade.breadth", "number", "Most retweets and quotes at one depth"},
    {"cascade.virality", "number", "Structural virality: mean distance between two posts of the cascade"},
    {"cascade.observed_share", "number",
     "Share of the retweets and quotes whose parent was observed; the root is assumed for all "
     "others"},
    {"cascade.edepth", "number", "Mean expected depth of its retweets and quotes, also where no "
                                 "parent is observed"},
    {"cascade.infectiousness", "number", "Current probability that a follower reshares it (SEISMIC)"},
    {"cascade.supercritical", "number", "1 while each retweet or quote brings more than one other"},
    {"cascade.forecast", "number", "Expected final size"},
    {"cascade.forecast_low", "number", "Lower end of the 90 % band of final sizes"},
    {"cascade.forecast_high", "number", "Upper end of this band"},
    {"cascade.p_double", "number", "Probability that it doubles its size"},
    {"cascade.overperformance", "number", "Size divided by the usual size of its author's posts at that age"},
    {"cascade.stage", "string", "Class of adopters that is resharing it now (Rogers): innovators "
                                "to laggards"},
    {"cascade.level", "number", "The highest level any rule has reached"},
    {"author", "object", "Author of the root; not in a digest"},
    {"author.id", "string", "Id"},
    {"author.handle", "string", "Handle"},
    {"author.followers", "number", "Followers, as last seen; 0: not known"},
    {"why", "array", "One string per condition of the rule, with the value that fulfilled it"},
    {"top_amplifiers", "array", "Amplifiers with the most followers; members as of author"},
    {"top_carriers", "array",
     "Up to 5 people through whom most others came so far: id, handle, people, and observed; false: the "
     "network shows no path, and people is the expected number, an estimate"},
    {"alerts", "array", "Of a digest: id, cascade, level and size of each alert in it"},
    {NULL, NULL, NULL},
};
// clang-format on

static const char *const type_names[] = {
    [CHANGE_ALERT_RAISED] = "cascade.alert",
    [CHANGE_ALERT_RESOLVED] = "cascade.resolved",
    [CHANGE_ALERT_DIGEST] = "alert.digest",
};

// ── values ─────────────────────────────────────────────────────────────────

static void
put(struct buffer *text, const char *literal)
{
    buffer_append(text, slice_of(literal));
}

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

// Decoders pass only UTF-8. If this fails once, an alert with question marks is better
// than none.
static void
put_string(struct buffer *text, struct slice value)
{
    size_t done = 0;
    size_t at = 0;
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

static size_t
count_digits(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - at;
}

// True if it is a number as this program writes them, which is also valid in JSON.
static bool
is_number(struct slice text)
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

// Readers support whole numbers of at most 63 bits; a greater one is written as a
// decimal.
static void
put_number(struct buffer *text, struct slice number)
{
    buffer_append(text, number);
    if (number.len >= WHOLE_MAX && memchr(number.ptr, '.', number.len) == NULL) {
        put(text, ".0");
    }
}

// The row of a member of "cascade", or the row without a name. row: where to begin,
// because members are mostly in the order of the table.
static const struct alert_field *
find_row(struct slice name, const struct alert_field *row)
{
    for (int round = 0; round < 2; round++) {
        for (; row->name != NULL; row++) {
            if (strncmp(row->name, CASCADE, sizeof(CASCADE) - 1) == 0 &&
                slice_equal(slice_of(row->name + sizeof(CASCADE) - 1), name)) {
                return row;
            }
        }
        row = round == 0 ? alert_json_field_rows : row;
    }
    return row;
}

static bool
is_text_field(struct slice name, const struct alert_field **row)
{
    *row = find_row(name, *row);
    return (*row)->name != NULL && strcmp((*row)->type, "string") == 0;
}

bool
alert_json_is_cascade_field(struct slice name)
{
    return !slice_equal(name, SLICE_LIT("id")) &&
           find_row(name, alert_json_field_rows)->name != NULL;
}

// ── members ────────────────────────────────────────────────────────────────

// Separates a member or element from the one before it.
static void
put_comma(struct buffer *text)
{
    if (text->size != 0 && !text->is_failed) {
        char last = text->bytes[text->size - 1];
        if (last != '{' && last != '[') {
            buffer_append_byte(text, ',');
        }
    }
}

static void
put_name(struct buffer *text, const char *name)
{
    put_comma(text);
    put_string(text, slice_of(name));
    buffer_append_byte(text, ':');
}

static void
put_text(struct buffer *text, const char *name, struct slice value)
{
    if (!slice_is_none(value)) {
        put_name(text, name);
        put_string(text, value);
    }
}

static void
put_count(struct buffer *text, const char *name, uint64_t count)
{
    put_name(text, name);
    buffer_append_u64(text, count);
}

static void
put_person(struct buffer *text, const struct change_person *person)
{
    put(text, "{");
    put_text(text, "id", person->id);
    put_text(text, "handle", person->handle);
    put_count(text, "followers", person->followers);
    put(text, "}");
}

static void
put_carrier(struct buffer *text, const struct change_person *carrier)
{
    char people[DECIMAL_TEXT_MAX];
    size_t len = decimal_put(people, carrier->people, carrier->is_expected ? 4 : 12);
    put(text, "{");
    put_text(text, "id", carrier->id);
    put_text(text, "handle", carrier->handle);
    put_name(text, "people");
    buffer_append(text, (struct slice){people, len});
    put_name(text, "observed");
    put(text, carrier->is_expected ? "false}" : "true}");
}

static void
put_digest(struct buffer *text, const struct change_alert *alert)
{
    put_name(text, "alerts");
    put(text, "[");
    for (size_t i = 0; i < alert->digest_count; i++) {
        const struct change_digest *one = &alert->digest[i];
        put_comma(text);
        put(text, "{");
        put_text(text, "id", one->id);
        put_text(text, "cascade", one->cascade);
        put_count(text, "level", one->level);
        put_count(text, "size", one->size);
        put(text, "}");
    }
    put(text, "]");
}

static void
put_fields(struct buffer *text, const struct change *change)
{
    const struct alert_field *row = alert_json_field_rows;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct change_field *field = &change->fields[i];
        if (slice_is_none(field->value)) {
            continue;
        }
        put_comma(text);
        put_string(text, field->name);
        buffer_append_byte(text, ':');
        if (is_number(field->value) && !is_text_field(field->name, &row)) {
            put_number(text, field->value);
        } else {
            put_string(text, field->value);
        }
    }
}

static void
put_cascade(struct buffer *text, const struct change *change)
{
    const struct change_alert *alert = &change->alert;
    put_name(text, "cascade");
    put(text, "{");
    put_text(text, "id", alert->cascade);
    put_fields(text, change);
    put(text, "}");
    put_name(text, "author");
    put_person(text, &alert->author);
    put_name(text, "why");
    put(text, "[");
    for (size_t i = 0; i < alert->why_count; i++) {
        put_comma(text);
        put_string(text, alert->why[i]);
    }
    put(text, "]");
    put_name(text, "top_amplifiers");
    put(text, "[");
    for (size_t i = 0; i < alert->amplifier_count; i++) {
        put_comma(text);
        put_person(text, &alert->amplifiers[i]);
    }
    put(text, "]");
    put_name(text, "top_carriers");
    put(text, "[");
    for (size_t i = 0; i < alert->carrier_count; i++) {
        put_comma(text);
        put_carrier(text, &alert->carriers[i]);
    }
    put(text, "]");
}

enum status
alert_json_write(const struct change *change, struct buffer *text)
{
    const struct change_alert *alert = &change->alert;
    bool is_digest = alert->type == CHANGE_ALERT_DIGEST;
    char time[USEC_TEXT_MAX];
    put(text, "{");
    put_text(text, "id", change->name);
    put_text(text, "rule", alert->rule);
    if (!is_digest) {
        put_count(text, "level", alert->level);
    }
    put_text(text, "type", slice_of(type_names[alert->type]));
    put_text(text, "time", slice_of(usec_format_rfc3339(alert->time, time)));
    if (is_digest) {
        put_digest(text, alert);
    } else {
        put_cascade(text, change);
    }
    put(text, "}");
    return text->is_failed ? STATUS_NOMEM : STATUS_OK;
}
