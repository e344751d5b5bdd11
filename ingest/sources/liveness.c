#include "ingest/sources/liveness.h"

#include <stddef.h>
#include <string.h>

// The time over which the mean is taken, and the time after which it is used.
#define LEARN_SPAN USEC_PER_MIN
#define LEARN_MIN (20 * USEC_PER_S)
// Longer gaps count as this long, which also keeps the products below small.
#define LEARN_MAX (30 * USEC_PER_MIN)

// The first match applies.
static const struct {
    const char *format;
    const char *path;
    struct liveness_rule rule;
} http_rules[] = {
    {"x2", "/2/tweets/", {.idle = 20 * USEC_PER_S, .silence = 25 * USEC_PER_S}},
    {"mastodon",
     "/api/v1/streaming",
     {.idle = 15 * USEC_PER_S, .silence = 31 * USEC_PER_S}},
    {NULL, NULL, {.idle = 30 * USEC_PER_S, .silence = 90 * USEC_PER_S}},
};

const struct liveness_rule *
liveness_http_rule(const char *format, const char *url)
{
    bool is_auto = strcmp(format, "auto") == 0;
    size_t i = 0;
    while (http_rules[i].format != NULL && strcmp(format, http_rules[i].format) != 0 &&
           !(is_auto && strstr(url, http_rules[i].path) != NULL)) {
        i++;
    }
    return &http_rules[i].rule;
}

void
liveness_init(struct liveness *liveness, const struct liveness_rule *rule)
{
    *liveness = (struct liveness){.rule = *rule, .gap = rule->gap};
    if (rule->gap > 0) {
        liveness->learned = LEARN_MIN;
    }
    if (rule->idle == 0) {
        liveness->rule.idle = LIVENESS_FLOOR;
    }
}

void
liveness_begin(struct liveness *liveness, usec now)
{
    liveness->is_open = true;
    liveness->has_message = false;
    liveness->last_byte = now;
    liveness->last_whole = now;
    liveness->last_message = now;
}

void
liveness_end(struct liveness *liveness)
{
    liveness->is_open = false;
}

void
liveness_byte(struct liveness *liveness, usec now)
{
    liveness->last_byte = now;
}

void
liveness_sign(struct liveness *liveness, usec now)
{
    liveness->last_byte = now;
    liveness->last_whole = now;
}

static void
learn(struct liveness *liveness, usec gap)
{
    if (gap < 0) {
        return;
    }
    gap = gap < LEARN_MAX ? gap : LEARN_MAX;
    liveness->gap += (gap - liveness->gap) * gap / (gap + LEARN_SPAN);
    if (liveness->learned < LEARN_MIN) {
        liveness->learned += gap;
    }
}

void
liveness_message(struct liveness *liveness, usec now)
{
    // The gap up to a connection's first message depends on the network, not on the
    // stream.
    if (liveness->has_message) {
        learn(liveness, now - liveness->last_message);
    }
    liveness->has_message = true;
    liveness->last_message = now;
    liveness_sign(liveness, now);
}

static usec
rate_limit(const struct liveness *liveness)
{
    usec limit = LIVENESS_RATE_FACTOR * liveness->gap;
    return limit > LIVENESS_FLOOR ? limit : LIVENESS_FLOOR;
}

static usec
earlier(usec a, usec b)
{
    return a < b ? a : b;
}

enum liveness_state
liveness_check(struct liveness *liveness, usec now, usec *ret_next)
{
    const struct liveness_rule *rule = &liveness->rule;
    *ret_next = USEC_NONE;
    if (!liveness->is_open) {
        return LIVENESS_IDLE;
    }
    usec stalled = INT64_MAX;
    if (rule->silence > 0) {
        usec whole = liveness->last_whole + LIVENESS_WHOLE_FACTOR * rule->silence;
        stalled = earlier(liveness->last_byte + rule->silence, whole);
    }
    if (now >= stalled) {
        return LIVENESS_STALLED;
    }
    if (rule->has_rate && liveness->learned >= LEARN_MIN) {
        stalled = earlier(stalled, liveness->last_message + rate_limit(liveness));
    }
    if (now >= stalled) {
        learn(liveness, now - liveness->last_message);
        return LIVENESS_STALLED;
    }
    usec idle = liveness->last_message + rule->idle;
    usec next = now < idle ? earlier(idle, stalled) : stalled;
    if (next != INT64_MAX) {
        *ret_next = next;
    }
    return now < idle ? LIVENESS_LIVE : LIVENESS_IDLE;
}
