#include "sinks/redis/redis_keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "net/redis/redis_glob.h"
#include "pipeline/metric_names.h"
#include "sinks/alert_json.h"

// clang-format off
const struct redis_key redis_keys_rows[] = {
    {"top:<metric>:<window>", "zset",
     "The users with the greatest values: member = user id, score = value in the window; metrics "
     "are posts, mentions, retweets, quotes, replies, reach, influence, carried and translated"},
    {"top:cascades:<window>", "zset",
     "The most reshared posts: member = root post id, score = retweets + quotes in the window"},
    {"top:hashtags:<window>", "zset",
     "The most used hashtags: member = hashtag in lower case without #, score = posts that use it"},
    {"top:carriers", "zset",
     "The carriers: the users through whom most people came, score = people of carrier:<user id>, "
     "at most a day old"},
    {"top:early", "zset",
     "The users who are early most often, of those with at least 5 tries: score = head_start of "
     "carrier:<user id>, at most a day old"},
    {"top:carriers_estimated", "zset",
     "An estimate, for networks that do not show who came through whom: the users through whom most "
     "people are expected to have come, score = estimated of carrier:<user id>, at most a day old"},
    {"user:<user id>", "hash",
     "Of people on a board, and of those whose mentions, retweets, quotes, replies and carried in the longest "
     "window add up to redis.users_from: "
     "handle, name, followers, network, last_seen (ms) and <metric>:<window> for each value "
     "that is not zero; expires a little after the longest window"},
    {"cascade:<post id>", "hash",
     "Of posts on a board, of those with an alert, and of those whose size and replies add up to "
     "redis.cascades_from: author, handle, text, lang, network, created_ms, first_ms, last_ms, size, retweets, quotes, "
     "replies, amplifiers, reach, velocity_5m, velocity_1h, peak_velocity, reported, parent, "
     "state, level (the highest of any alert rule), observed_share (share of the retweets and "
     "quotes whose parent was observed) and, where it is at least 0.5, depth, breadth and "
     "virality. From five retweets and quotes on, while the time of the post is known: edepth, the "
     "mean expected depth; infectiousness p, supercritical (1 while infectiousness >= 0.01, that "
     "is, each retweet brings more than one other; else absent), forecast of the final size, "
     "forecast_low and forecast_high (90 % of final sizes are between them), p_double, "
     "overperformance (size divided by the author's usual size at that age), stage (innovators, "
     "early_adopters, early_majority, late_majority, laggards). A value that is not known is "
     "absent; a closed cascade has no forecast; expires a little after the longest window"},
    {"carrier:<user id>", "hash",
     "Of members of top:carriers, top:early and top:carriers_estimated, as of the last change of the "
     "person or at most a day before now: acts (cascades in which the person reshared), people who came "
     "through these reshares, carried_acts (acts through which others came), rate (people expected "
     "per act), next (how likely others come through the person next time; greater is likelier), "
     "best (most people through one act), best_post (its root), tries (closed cascades of at least ten "
     "people), early (tries in which the person was among the first 16 %), head_start (1 is chance, 2 is "
     "clearly early), estimated (people expected to have come through the person where the network does "
     "not show it), first_ms, last_ms and why, one sentence. Sums count an event of carriers.half_life "
     "ago half. A value that is not known is absent"},
    {"campaign:<name>", "hash",
     "Of a campaign, for each window: posts:<window>, and so people (who published, retweeted, quoted or "
     "replied in it), new_people (of them, those all of whose acts are in the window), retweets, quotes, "
     "replies, reach, carried, translated, cascades (posts that were retweeted or quoted), rival_posts "
     "(posts with words of rivals) and share (posts / (posts + rival_posts), absent while both are 0). "
     "Deleted while all are 0"},
    {"campaign:<name>:top:<metric>:<window>", "zset",
     "The boards of people, cascades and hashtags as counted within the campaign; metrics are posts, "
     "retweets, quotes, replies, reach, influence, carried, translated, cascades and hashtags"},
    {"campaign:<name>:outreach", "zset",
     "The people to talk to in the campaign, at most its option outreach: those through whom most people "
     "came within it, an event of carriers.half_life ago counting half, and among equals those of the "
     "greatest next. The score is the number of people"},
    {"campaign:<name>:outreach:<user id>", "hash",
     "Of each of them: people who came through the person within the campaign, acts (reshares in it), rate "
     "(people expected per act), next (how likely others come through the person next time; greater is "
     "likelier), known (1: the people file names the person), followers, last_ms (the last post or retweet "
     "in the campaign), why (what is observed and what is estimated) and done_ms (the mark of cascadectl). "
     "A value that is not known is absent"},
    {"campaign:<name>:done", "hash",
     "People marked as talked to: user id to ms. Written by cascadectl only; kept until undone, also when "
     "the person leaves the list or the campaign is removed"},
    {"handle:<network>:<handle in lower case>", "string",
     "The user id of the user who was last seen with this handle; exists as long as user:<user id>"},
    {"cursor:<source>", "hash",
     "The position at which the source resumes: host, wire, kind, value and time; of Kafka also "
     "offsets, the next message of each partition"},
    {"gaps:<source>", "hash",
     "The last 100 gaps, stretches of time of which messages of the source may be missing: "
     "consecutive number to {\"from\", \"to\", \"reason\", \"recovered\"}; \"to\" is null while "
     "the gap is open"},
    {"in", "stream",
     "Field e: up to 100 posts that an ingest process has read and a worker counts (docs/scale.md); the "
     "other keys of the ingest process begin with in: and are named as those here"},
    {"alerts", "stream",
     "Field json: one alert per entry (--describe alerts), the newest alerts.keep or a few more; "
     "the channel of the same name carries the same JSON"},
    {"alert:<alert id>", "string",
     "This alert was published: it is not published again until the key expires, after 10 days"},
    {"outbox:<webhook>", "hash",
     "Alerts that the webhook has not acknowledged: webhook-id to attempts so far, time of the "
     "next attempt (ms) and the alert's JSON; expires 5 days after the last alert"},
    {"calibration", "hash",
     "Coefficients of forecasts, fitted to closed cascades. size:5m to size:12h, of the forecast at "
     "that age (docs/forecasts.md): number of cascades, the way in use (0 shipped, 1 refitted, 2 "
     "learnt), a of R + a p U, the coefficients of 1, ln(R + 1), ln(p U + 1) and the trend, the "
     "median errors of the three ways; 10m, 1h, 4h, of the band, ln(final + 1) from ln(R + 1) and "
     "ln(p U + 1): number of cascades, three coefficients, the 5, 25, 50, 75 and 95 % quantiles of "
     "the residuals; double:25, double:50, of p_double at that size: number of cascades, five "
     "coefficients. Read when a live daemon starts, unless its snapshot is newer"},
    {"meta", "hash",
     "schema (1), version, clock_ms, as_of_ms, posts, interactions, lag_ms, and complete: 0 while "
     "windows are not yet full, a gap is known, a source lags more than a minute or keys were "
     "found missing in the last 10 s; of a live daemon, lag_ms is that of the slowest source; "
     "users_from and cascades_from, as the options in use; http, where the daemon answers, and "
     "control, its control socket, for cascadectl; empty: there is none"},
    {"epoch", "string",
     "Increased by every daemon that takes the prefix over and at every reconnection; a daemon "
     "that finds a greater number than its own stops"},
    {"owner", "string",
     "Random name of the daemon that raised the epoch last"},
    {"beat", "string",
     "Of workers (scale.role): the epoch at which the worker took over, a counter that it raises "
     "several times a second, and how long it may be silent (ms; 0: the spare's scale.takeover); or free"},
    {"snap", "hash",
     "Of workers: the newest snapshot in Redis: format, version, first and chunks (snap:<n> from "
     "first on), bytes, sha256, epoch, run and number (of the last entry that it contains), from and "
     "until (between them, chunks may be of a copy that was not completed)"},
    {"snap:<n>", "string", "Of workers: a part of a snapshot"},
    {NULL, NULL, NULL},
};
// clang-format on

void
redis_keys_init(struct redis_keys *keys, const char *prefix)
{
    static const char *const kinds[REDIS_KEY_KINDS] = {
        [REDIS_KEY_USER] = "user:",
        [REDIS_KEY_CASCADE] = "cascade:",
        [REDIS_KEY_HANDLE] = "handle:",
        [REDIS_KEY_TOP] = "top:",
        [REDIS_KEY_CARRIER] = "carrier:",
        [REDIS_KEY_CAMPAIGN] = "campaign:",
        [REDIS_KEY_CAMPAIGN_BOARD] = "campaign:",
        [REDIS_KEY_OUTREACH] = "campaign:",
        [REDIS_KEY_DONE] = "campaign:",
        [REDIS_KEY_CURSOR] = "cursor:",
        [REDIS_KEY_GAPS] = "gaps:",
        [REDIS_KEY_ALERTS] = "alerts",
        [REDIS_KEY_ALERT] = "alert:",
        [REDIS_KEY_OUTBOX] = "outbox:",
        [REDIS_KEY_META] = "meta",
        [REDIS_KEY_CALIBRATION] = "calibration",
        [REDIS_KEY_EPOCH] = "epoch",
        [REDIS_KEY_OWNER] = "owner",
        [REDIS_KEY_BEAT] = "beat",
        [REDIS_KEY_SNAP] = "snap",
        [REDIS_KEY_CHUNK] = "snap:",
    };
    assert(strlen(prefix) <= REDIS_PREFIX_MAX);
    for (size_t i = 0; i < REDIS_KEY_KINDS; i++) {
        int length =
            snprintf(keys->bytes[i], sizeof(keys->bytes[i]), "%s%s", prefix, kinds[i]);
        keys->head[i] = (struct slice){keys->bytes[i], (size_t)length};
    }
    keys->prefix_len = strlen(prefix);
    redis_glob_begin(keys->pattern, slice_of(prefix), SLICE_LIT(""));
}

// "mentions:1h": a metric of that kind, then a duration.
static bool
is_windowed(enum change_kind kind, struct slice name)
{
    const char *colon = name.len != 0 ? memchr(name.ptr, ':', name.len) : NULL;
    if (colon == NULL) {
        return false;
    }
    size_t at = (size_t)(colon - name.ptr);
    struct slice window = {colon + 1, name.len - at - 1};
    usec span;
    return metric_names_have(kind, (struct slice){name.ptr, at}) &&
           usec_parse_duration(window, &span) == STATUS_OK;
}

static bool
is_board(struct slice name)
{
    static const struct slice lasting[] = {
        {"carriers", 8}, {"early", 5}, {"carriers_estimated", 18}};
    return is_windowed(CHANGE_BOARD, name) ||
           slice_is_one_of(name, lasting, sizeof(lasting) / sizeof(lasting[0]));
}

// "cup:top:posts:1h"; colon: the place of the first colon.
static bool
is_campaign_board(struct slice name, size_t colon)
{
    const struct slice behind = {name.ptr + colon, name.len - colon};
    const struct slice top = SLICE_LIT(":top:");
    return colon != 0 &&
           (slice_equal(behind, SLICE_LIT(":outreach")) ||
            (slice_starts(behind, top) &&
             is_windowed(CHANGE_CAMPAIGN_BOARD,
                         (struct slice){behind.ptr + top.len, behind.len - top.len})));
}

// "cup:outreach:x:12"
static bool
is_outreach(struct slice name, size_t colon)
{
    const struct slice behind = {name.ptr + colon, name.len - colon};
    const struct slice head = SLICE_LIT(":outreach:");
    return colon != 0 && slice_starts(behind, head) && behind.len > head.len;
}

static bool
is_named_like(enum redis_key_kind kind, struct slice tail)
{
    if (kind == REDIS_KEY_TOP) {
        return is_board(tail);
    }
    const char *colon = tail.len != 0 ? memchr(tail.ptr, ':', tail.len) : NULL;
    if (kind == REDIS_KEY_CAMPAIGN) {
        return tail.len != 0 && colon == NULL;
    }
    if (kind == REDIS_KEY_CAMPAIGN_BOARD) {
        return colon != NULL && is_campaign_board(tail, (size_t)(colon - tail.ptr));
    }
    if (kind == REDIS_KEY_OUTREACH) {
        return colon != NULL && is_outreach(tail, (size_t)(colon - tail.ptr));
    }
    return tail.len != 0 &&
           (kind != REDIS_KEY_HANDLE || (colon != NULL && colon != tail.ptr));
}

enum redis_key_kind
redis_keys_owned(const struct redis_keys *keys, struct slice key,
                 struct slice *ret_tail)
{
    for (enum redis_key_kind kind = 0; kind < REDIS_KEY_OWNED; kind++) {
        size_t head = keys->head[kind].len;
        struct slice tail = {key.ptr + head, key.len - head};
        if (slice_starts(key, keys->head[kind]) && is_named_like(kind, tail)) {
            *ret_tail = tail;
            return kind;
        }
    }
    return REDIS_KEY_KINDS;
}

// ── fields ─────────────────────────────────────────────────────────────────

static bool
is_among(struct slice name, const char *const *names, size_t count)
{
    bool is_found = false;
    for (size_t i = 0; i < count && !is_found; i++) {
        is_found = slice_equal(name, slice_of(names[i]));
    }
    return is_found;
}

enum redis_keys_mark
redis_keys_field(enum redis_key_kind kind, struct slice field)
{
    static const char *const user[] = {"handle", "name", "followers", "last_seen"};
    static const char *const carrier[] = {
        "acts",  "people", "rate",     "next",    "best", "best_post",
        "early", "tries",  "first_ms", "last_ms", "why",  "estimated"};
    static const char *const outreach[] = {"people",    "rate",    "next", "known",
                                           "followers", "last_ms", "why",  "done_ms"};
    if (kind == REDIS_KEY_CARRIER) {
        return slice_equal(field, SLICE_LIT("carried_acts")) ||
                       slice_equal(field, SLICE_LIT("head_start"))
                   ? REDIS_KEYS_OURS
               : is_among(field, carrier, sizeof(carrier) / sizeof(carrier[0]))
                   ? REDIS_KEYS_COMMON
                   : REDIS_KEYS_FOREIGN;
    }
    if (kind == REDIS_KEY_OUTREACH) {
        return slice_equal(field, SLICE_LIT("acts")) ? REDIS_KEYS_OURS
               : is_among(field, outreach, sizeof(outreach) / sizeof(outreach[0]))
                   ? REDIS_KEYS_COMMON
                   : REDIS_KEYS_FOREIGN;
    }
    if (kind == REDIS_KEY_CAMPAIGN) {
        return is_windowed(CHANGE_CAMPAIGN, field) ? REDIS_KEYS_OURS
                                                   : REDIS_KEYS_FOREIGN;
    }
    if (kind == REDIS_KEY_USER) {
        return is_windowed(CHANGE_USER, field) ||
                       slice_equal(field, SLICE_LIT("network"))
                   ? REDIS_KEYS_OURS
               : is_among(field, user, sizeof(user) / sizeof(user[0]))
                   ? REDIS_KEYS_COMMON
                   : REDIS_KEYS_FOREIGN;
    }
    return slice_equal(field, SLICE_LIT("amplifiers")) ? REDIS_KEYS_OURS
           : alert_json_is_cascade_field(field)        ? REDIS_KEYS_COMMON
                                                       : REDIS_KEYS_FOREIGN;
}
