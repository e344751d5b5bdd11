#include "sinks/alert_json.h"

#include <string.h>

#include "base/decimal.h"
#include "base/json_writer.h"

#define CASCADE "cascade."

// clang-format off
const struct alert_field alert_json_field_rows[] = {
    {"id", "string", "Always the same for the same cascade, rule and level, or the same newcomer, rule "
                     "and campaign: a receiver recognises repetitions by it"},
    {"rule", "string", "Title of the rule that raised it"},
    {"level", "number", "Level of the rule that was reached (its factor)"},
    {"type", "string", "cascade.alert; cascade.resolved: the final size of a cascade that was "
                       "alerted; alert.digest: all alerts raised while catching up, in one; "
                       "campaign.newcomer: a person takes part in a campaign for the first time"},
    {"time", "string", "When the rule held, by the clock of the posts (RFC 3339, UTC)"},
    {"cascade", "object", "Fields of the cascade, as far as known; not in a digest, nor of a newcomer"},
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
    {"author", "object", "Author of the root, or the newcomer; not in a digest"},
    {"author.id", "string", "Id"},
    {"author.handle", "string", "Handle"},
    {"author.followers", "number", "Followers, as last seen; 0: not known"},
    {"why", "array", "One string per condition of the rule, with the value that fulfilled it"},
    {"top_amplifiers", "array", "Amplifiers with the most followers; members as of author; not of a newcomer"},
    {"top_carriers", "array",
     "Up to 5 people through whom most others came so far: id, handle, people, and observed; false: the "
     "network shows no path, and people is the expected number, an estimate; not of a newcomer"},
    {"campaigns", "array", "Names of the campaigns to which the root belongs, or of the one in which the "
                           "newcomer takes part; absent if there are none"},
    {"alerts", "array", "Of a digest: id, cascade, level and size of each alert in it"},
    {NULL, NULL, NULL},
};
// clang-format on

static const char *const type_names[] = {
    [CHANGE_ALERT_RAISED] = "cascade.alert",
    [CHANGE_ALERT_RESOLVED] = "cascade.resolved",
    [CHANGE_ALERT_DIGEST] = "alert.digest",
    [CHANGE_ALERT_NEWCOMER] = "campaign.newcomer",
};

// ── members ────────────────────────────────────────────────────────────────

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

static void
put_person(struct buffer *text, const struct change_person *person)
{
    json_writer_open(text, '{');
    json_writer_put_text(text, "id", person->id);
    json_writer_put_text(text, "handle", person->handle);
    json_writer_put_u64(text, "followers", person->followers);
    json_writer_close(text, '}');
}

static void
put_carrier(struct buffer *text, const struct change_person *carrier)
{
    char people[DECIMAL_TEXT_MAX];
    size_t len = decimal_put(people, carrier->people, carrier->is_expected ? 4 : 12);
    json_writer_open(text, '{');
    json_writer_put_text(text, "id", carrier->id);
    json_writer_put_text(text, "handle", carrier->handle);
    json_writer_name(text, SLICE_LIT("people"));
    json_writer_number(text, (struct slice){people, len});
    json_writer_name(text, SLICE_LIT("observed"));
    json_writer_bool(text, !carrier->is_expected);
    json_writer_close(text, '}');
}

static void
put_digest(struct buffer *text, const struct change_alert *alert)
{
    json_writer_name(text, SLICE_LIT("alerts"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < alert->digest_count; i++) {
        const struct change_digest *one = &alert->digest[i];
        json_writer_open(text, '{');
        json_writer_put_text(text, "id", one->id);
        json_writer_put_text(text, "cascade", one->cascade);
        json_writer_put_u64(text, "level", one->level);
        json_writer_put_u64(text, "size", one->size);
        json_writer_close(text, '}');
    }
    json_writer_close(text, ']');
}

void
alert_json_fields(const struct change *change, struct buffer *text)
{
    const struct alert_field *row = alert_json_field_rows;
    for (size_t i = 0; i < change->field_count; i++) {
        const struct change_field *field = &change->fields[i];
        if (slice_is_none(field->value)) {
            continue;
        }
        json_writer_name(text, field->name);
        if (json_writer_is_number(field->value) && !is_text_field(field->name, &row)) {
            json_writer_number(text, field->value);
        } else {
            json_writer_string(text, field->value);
        }
    }
}

void
alert_json_people(const struct change *change, struct buffer *text)
{
    const struct change_alert *alert = &change->alert;
    json_writer_name(text, SLICE_LIT("top_amplifiers"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < alert->amplifier_count; i++) {
        put_person(text, &alert->amplifiers[i]);
    }
    json_writer_close(text, ']');
    json_writer_name(text, SLICE_LIT("top_carriers"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < alert->carrier_count; i++) {
        put_carrier(text, &alert->carriers[i]);
    }
    json_writer_close(text, ']');
}

static void
put_campaigns(struct buffer *text, const struct change_alert *alert)
{
    json_writer_name(text, SLICE_LIT("campaigns"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < alert->campaign_count; i++) {
        json_writer_string(text, alert->campaigns[i]);
    }
    json_writer_close(text, ']');
}

static void
put_cascade(struct buffer *text, const struct change *change)
{
    json_writer_name(text, SLICE_LIT("cascade"));
    json_writer_open(text, '{');
    json_writer_put_text(text, "id", change->alert.cascade);
    alert_json_fields(change, text);
    json_writer_close(text, '}');
}

// Of all but a digest.
static void
put_content(struct buffer *text, const struct change *change)
{
    const struct change_alert *alert = &change->alert;
    bool is_newcomer = alert->type == CHANGE_ALERT_NEWCOMER;
    if (!is_newcomer) {
        put_cascade(text, change);
    }
    json_writer_name(text, SLICE_LIT("author"));
    put_person(text, &alert->author);
    json_writer_name(text, SLICE_LIT("why"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < alert->why_count; i++) {
        json_writer_string(text, alert->why[i]);
    }
    json_writer_close(text, ']');
    if (!is_newcomer) {
        alert_json_people(change, text);
    }
    if (alert->campaign_count != 0) {
        put_campaigns(text, alert);
    }
}

enum status
alert_json_write(const struct change *change, struct buffer *text)
{
    const struct change_alert *alert = &change->alert;
    bool is_digest = alert->type == CHANGE_ALERT_DIGEST;
    char time[USEC_TEXT_MAX];
    json_writer_open(text, '{');
    json_writer_put_text(text, "id", change->name);
    json_writer_put_text(text, "rule", alert->rule);
    if (!is_digest) {
        json_writer_put_u64(text, "level", alert->level);
    }
    json_writer_put_text(text, "type", slice_of(type_names[alert->type]));
    json_writer_put_text(text, "time",
                         slice_of(usec_format_rfc3339(alert->time, time)));
    if (is_digest) {
        put_digest(text, alert);
    } else {
        put_content(text, change);
    }
    json_writer_close(text, '}');
    return text->is_failed ? STATUS_NOMEM : STATUS_OK;
}
