#include "daemon/alert_check.h"

#include <inttypes.h>
#include <string.h>

#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "ingest/sources/mastodon_timeline.h"
#include "ingest/text/network.h"
#include "net/url.h"

// What the posts of a source contain.
struct kind {
    const char *network; // NULL: any
    bool has_reshares;
    bool has_paths;  // the network shows through whom a retweet came
    bool has_people; // handles and followers, in the stream or by look-ups
};

static bool
ends_with(const char *host, const char *domain)
{
    size_t len = strlen(host);
    size_t tail = strlen(domain);
    return len >= tail && strcmp(host + len - tail, domain) == 0;
}

static struct kind
kind_of(const struct settings *settings, const struct source_options *source)
{
    struct url url;
    enum decode_format format;
    if (url_parse(slice_of(source->url), &url, NULL) != STATUS_OK ||
        decode_format_parse(slice_of(source->format), &format) != STATUS_OK) {
        return (struct kind){NULL, true, true, true};
    }
    bool is_auto = format == DECODE_AUTO;
    if (format == DECODE_JETSTREAM || (is_auto && url.kind == URL_WEBSOCKET)) {
        return (struct kind){NETWORK_BLUESKY, true, true, settings->lookup.is_on};
    }
    if (format == DECODE_X1 || format == DECODE_X2 ||
        (is_auto &&
         (ends_with(url.host, ".x.com") || ends_with(url.host, ".twitter.com")))) {
        return (struct kind){NETWORK_X, true, true, true}; // quotes are paths
    }
    if (format == DECODE_MASTODON ||
        (is_auto && mastodon_timeline_is_stream(source->url))) {
        bool has_boosts = !mastodon_timeline_lacks_boosts(source->url);
        return (struct kind){NETWORK_MASTODON, has_boosts, false, true};
    }
    return (struct kind){NULL, true, true, true};
}

static bool
asks_for(const struct rule *rule, const char *network)
{
    bool is_asked = rule->match_networks.count == 0 || network == NULL;
    const char *item = NULL;
    while (!is_asked &&
           (item = option_texts_next(&rule->match_networks, item)) != NULL) {
        is_asked = strcmp(item, network) == 0;
    }
    return is_asked;
}

// A condition on followers, or NULL.
static const char *
asks_for_followers(const struct rule *rule)
{
    const struct {
        bool is_asked;
        const char *name;
    } conditions[] = {
        {rule->min_followers != 0 && rule->carriers_in == 0, "min_followers"},
        {rule->min_reach > 0, "min_reach"},
        {rule->max_author_followers > 0, "max_author_followers"},
        {rule->min_forecast > 0, "min_forecast"},
        {rule->infectious[0] != '\0', "infectious"},
        {rule->stage[0] != '\0', "stage"},
    };
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        if (conditions[i].is_asked) {
            return conditions[i].name;
        }
    }
    return NULL;
}

// A newcomer may have followers instead.
static bool
needs_carriers(const struct rule *rule)
{
    return rule->carriers_in != 0 && rule->min_followers == 0;
}

// A condition on paths, or NULL.
static const char *
asks_for_paths(const struct rule *rule)
{
    return rule->min_depth > 0      ? "min_depth"
           : rule->min_virality > 0 ? "min_virality"
           : needs_carriers(rule)   ? "carriers_in"
                                    : NULL;
}

// True if some source may contain posts of one of the authors, given as handles or as
// ids with their network.
static bool
has_author(const struct settings *settings, const struct rule *rule)
{
    const char *item = NULL;
    while ((item = option_texts_next(&rule->match_authors, item)) != NULL) {
        const char *colon = strchr(item, ':');
        for (size_t k = 0; k < settings->source_count; k++) {
            struct kind kind = kind_of(settings, &settings->sources[k]);
            bool is_known = colon == NULL ? kind.has_people : kind.network == NULL;
            if (!is_known && colon != NULL) {
                is_known = slice_equal(slice_of(kind.network),
                                       (struct slice){item, (size_t)(colon - item)});
            }
            if (is_known && asks_for(rule, kind.network)) {
                return true;
            }
        }
    }
    return rule->match_authors.count == 0;
}

static enum status
check_people(const struct settings *settings, const struct rule *rule, bool has_people,
             struct error *error)
{
    const char *condition = asks_for_followers(rule);
    if (condition != NULL && !has_people) {
        return error_set(error, STATUS_RANGE,
                         "%s: Bluesky's stream does not contain numbers of followers, "
                         "so this rule can never fire while names.lookup is off",
                         condition);
    }
    if (!has_author(settings, rule)) {
        return error_set(
            error, STATUS_RANGE,
            "match_authors: no source has posts by \"%s\", so this rule can never "
            "fire: write ids of its networks, or handles where they are known",
            rule->match_authors.bytes);
    }
    return STATUS_OK;
}

static enum status
check_sources(const struct settings *settings, const struct rule *rule,
              struct error *error)
{
    struct kind all = {NULL, false, false, false};
    bool is_asked = false;
    for (size_t i = 0; i < settings->source_count; i++) {
        struct kind kind = kind_of(settings, &settings->sources[i]);
        if (asks_for(rule, kind.network)) {
            is_asked = true;
            all.has_reshares = all.has_reshares || kind.has_reshares;
            all.has_paths = all.has_paths || kind.has_paths;
            all.has_people = all.has_people || kind.has_people;
        }
    }
    if (!is_asked) {
        return error_set(error, STATUS_RANGE,
                         "match_networks: no source is of \"%s\", so this rule can "
                         "never fire",
                         rule->match_networks.bytes);
    }
    if (!all.has_reshares && !rules_is_newcomer(rule)) {
        return error_set(
            error, STATUS_RANGE,
            "its sources are public or hashtag streams of Mastodon, which contain no "
            "boosts, so this rule can never fire: follow a user or list stream");
    }
    const char *condition = asks_for_paths(rule);
    if (!all.has_paths && condition != NULL) {
        return error_set(error, STATUS_RANGE,
                         "%s: none of its sources shows through whom a post was "
                         "reshared, so this rule can never fire",
                         condition);
    }
    return check_people(settings, rule, all.has_people, error);
}

// True if an item of the list fits into the text that is kept.
static bool
fits(const struct option_texts *list, uint64_t room)
{
    const char *item = NULL;
    while ((item = option_texts_next(list, item)) != NULL) {
        if (strlen(item) <= room) {
            return true;
        }
    }
    return list->count == 0;
}

static enum status
check_texts(const struct settings *settings, const struct rule *rule,
            struct error *error)
{
    uint64_t room = settings->pipeline.cascades_text;
    bool has_text = fits(&rule->match_text, room);
    if (has_text && fits(&rule->match_hashtags, room)) {
        return STATUS_OK;
    }
    return error_set(error, STATUS_RANGE,
                     "%s: it is longer than what is kept of a text, so this rule can "
                     "never fire: raise cascades.text, which is %" PRIu64,
                     has_text ? "match_hashtags" : "match_text", room);
}

static enum status
check_engine(const struct rule *rule, struct error *error)
{
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    size_t count = rules_conditions(rule, conditions);
    if (rules_is_newcomer(rule) && needs_carriers(rule)) {
        conditions[count++] = (struct rules_condition){.measure = MEASURE_CARRIER_RANK};
    }
    for (size_t i = 0; i < count; i++) {
        if (measure_needs_engine(conditions[i].measure)) {
            return error_set(error, STATUS_RANGE,
                             "%s is not known while cascades.engine is off, so this "
                             "rule can never fire",
                             measure_name(conditions[i].measure));
        }
    }
    return STATUS_OK;
}

static enum status
check_campaigns(const struct settings *settings, const struct rule *rule,
                struct error *error)
{
    const char *item = NULL;
    while ((item = option_texts_next(&rule->campaigns, item)) != NULL) {
        size_t i = 0;
        while (i < settings->campaign_count &&
               strcmp(settings->campaigns[i].name, item) != 0) {
            i++;
        }
        if (i == settings->campaign_count) {
            return error_set(error, STATUS_RANGE,
                             "campaigns: there is no campaign \"%.100s\" in the "
                             "configuration",
                             item);
        }
    }
    return STATUS_OK;
}

enum status
alert_check(const struct settings *settings, const struct rule *rule,
            struct error *error)
{
    enum status status = check_campaigns(settings, rule, error);
    if (status == STATUS_OK && !settings->pipeline.cascades_engine) {
        status = check_engine(rule, error);
    }
    if (status == STATUS_OK && needs_carriers(rule) &&
        settings->pipeline.carriers_capacity == 0) {
        status = error_set(error, STATUS_RANGE,
                           "carriers_in: there is no board carriers while "
                           "carriers.capacity is 0, so this rule can never fire");
    }
    if (status == STATUS_OK) {
        status = check_texts(settings, rule, error);
    }
    bool takes_anything =
        settings->source_count == 0 || settings->http.token_file[0] != '\0';
    if (status == STATUS_OK && !takes_anything) {
        status = check_sources(settings, rule, error);
    }
    return status;
}
