// One alert rule: the conditions that decide when to alert.
//
//     alert "viral" { min_size = 100  min_velocity = 20  levels = {1, 3, 10} }
//
// All conditions of a rule must hold. A condition on a measure that is not known
// (pipeline/alerts/measures.h) does not hold. 0 and the empty text mean no condition.
//
// `levels` multiply the conditions on size: min_size, min_forecast, min_reach and
// min_amplifiers. A level is named by its factor. carriers_in is about the time when
// the cascade was smaller than min_size of level 1; without min_size about all of it.
// Rules of the kind newcomer are about people, not cascades (alert_newcomer.h).
//
// Texts of the root are compared without case (Latin, Greek and Cyrillic letters), as
// far as they are kept (cascades.text). A word or hashtag must not have a letter, digit
// or '_' of a script with spaces next to it. One item of each list must match.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/slice.h"
#include "base/status.h"
#include "pipeline/alerts/measures.h"
#include "pipeline/campaigns/campaigns.h"

enum {
    RULES_MAX = 32,
    RULES_CONDITIONS_MAX = 16,
    RULES_WHY_MAX = RULES_CONDITIONS_MAX + 6, // reasons of one alert
};

// One row a condition: the member of struct rule and option of that name, its type,
// default and maximum; the measure that it compares, how, and whether levels multiply
// it. REAL, COUNT and SPAN: 0 is no condition. TEXT: a word of `words` in rules.c.
// clang-format off
#define RULES_CONDITIONS(ROW) \
    ROW(min_size, REAL, "0", RULES_COUNT_MAX, SIZE, AT_LEAST, true, \
        "Minimum number of retweets and quotes below the post; 0 switches this and any " \
        "other condition off") \
    ROW(min_velocity, REAL, "0", 1000000, VELOCITY, AT_LEAST, false, \
        "Minimum number of retweets and quotes per minute, over the last 5 minutes") \
    ROW(min_forecast, REAL, "0", RULES_COUNT_MAX, FORECAST, AT_LEAST, true, \
        "Minimum forecast of the final size") \
    ROW(min_p_double, REAL, "0", 1, P_DOUBLE, AT_LEAST, false, \
        "Minimum probability that the cascade doubles its size") \
    ROW(min_reach, REAL, "0", RULES_COUNT_MAX, REACH, AT_LEAST, true, \
        "Minimum number of followers of all amplifiers") \
    ROW(min_amplifiers, REAL, "0", AMPLIFIERS_MAX, AMPLIFIERS, AT_LEAST, true, \
        "Minimum number of amplifiers") \
    ROW(min_depth, REAL, "0", TREE_DEPTH_MAX, DEPTH, AT_LEAST, false, \
        "Minimum length of the longest observed path") \
    ROW(min_virality, REAL, "0", TREE_DEPTH_MAX, VIRALITY, AT_LEAST, false, \
        "Minimum structural virality: below 2 for a star, greater if the post passes " \
        "from person to person") \
    ROW(min_overperformance, REAL, "0", 1000000, OVERPERFORMANCE, AT_LEAST, false, \
        "Minimum of size divided by the usual size of the author's posts at that age") \
    ROW(max_age, SPAN, "0s", 7 * USEC_PER_DAY, AGE, AT_MOST, false, \
        "Maximum age of the post; a cascade is closed after 7 days") \
    ROW(max_author_followers, REAL, "0", RULES_COUNT_MAX, AUTHOR_FOLLOWERS, AT_MOST, false, \
        "Maximum number of followers of the post's author") \
    ROW(carriers_in, COUNT, "0", 10000, CARRIER_RANK, AT_MOST, false, \
        "One of so many first of the board carriers retweeted or quoted the post while the cascade " \
        "was smaller than min_size; at most redis.top. A fact and no forecast (docs/carriers.md)") \
    ROW(infectious, TEXT, "", 16, SUPERCRITICAL, IS, false, \
        "supercritical: each reshare brings more than one other") \
    ROW(burst, TEXT, "", 16, BURST, IS, false, \
        "on: the rate of reshares is much greater than usual for the cascade; off: it is " \
        "not") \
    ROW(stage, TEXT, "", 16, STAGE, IS, false, \
        "Class of adopters that is resharing it now: innovators, early_adopters, " \
        "early_majority, late_majority or laggards")
// clang-format on

#define RULES_COUNT_MAX ((int64_t)1 << 40)

struct rule {
    char name[OPTION_TITLE_MAX]; // the title: letters, digits, '-' and '_'
    RULES_CONDITIONS(OPTION_MEMBER)
    char kind[OPTION_TEXT_MAX]; // "cascade" or "newcomer"
    uint64_t min_followers;
    struct option_texts match_text;
    struct option_texts match_hashtags;
    struct option_texts match_authors;
    struct option_texts match_languages;
    struct option_texts match_networks;
    struct option_texts campaigns;
    struct option_counts levels;
    usec cooldown;
    usec hysteresis;
    uint64_t daily_budget;
    usec quiet;
    bool is_resolved;
};

// Names without a section: "min_size" …
extern const struct option rule_option_rows[];

bool rules_is_newcomer(const struct rule *rule);
// Refuses a rule that nothing can fulfil: error names what would be valid.
enum status rules_check(const struct rule *rule, struct error *error) MUST_USE;

// ── a rule's conditions, taken apart ───────────────────────────────────────

enum rules_operator { RULES_AT_LEAST, RULES_AT_MOST, RULES_IS };

struct rules_condition {
    enum measure measure;
    enum rules_operator op;
    double value;   // of level 1
    double below;   // measure_of: the rule's size
    bool is_scaled; // levels multiply it
    bool is_timed;  // may come true as time passes, without an event
};

// In the order of enum measure, the cheapest to evaluate first. Returns how many.
size_t rules_conditions(const struct rule *rule,
                        struct rules_condition conditions[RULES_CONDITIONS_MAX]);

// The size below which a known carrier must take part.
double rules_below(const struct rule *rule);

// True if a measured value (NAN: not known) fulfils the condition at that level.
bool rules_holds(const struct rules_condition *condition, double value, uint64_t level);

// Formats the reason: "size 104 >= 100", "stage early_adopters". Numbers have at most
// four decimals. Returns the length, as snprintf does.
int rules_reason(const struct rules_condition *condition, double value, uint64_t level,
                 char *text, size_t size);

// The input of the match conditions. Absent texts are none.
struct rules_root {
    struct slice id;
    struct slice text;
    struct slice lang;
    struct slice author; // id
    struct slice handle;
    const struct campaigns *campaigns; // NULL: there are none
    uint64_t belongs;                  // to these
};

// True if every list of the rule matches. why: receives the matching item of each list
// that is given; may be NULL. Borrows root.
struct rules_match {
    const char *what; // "text", "hashtag", "author", "lang", "network", "campaign"
    struct slice item;
};
bool rules_match(const struct rule *rule, const struct rules_root *root,
                 struct rules_match *ret_why, size_t *ret_count);
