// One alert rule: the conditions that decide when to alert.
//
//     alert "viral" { min_size = 100  min_velocity = 20  levels = {1, 3, 10} }
//
// All conditions of a rule must hold. A condition on a measure that is not known
// (pipeline/alerts/measures.h), or on a forecast that is infinite, does not hold. 0 and
// the empty text mean no condition.
//
// `levels` multiply the conditions on size: min_size, min_forecast, min_reach and
// min_amplifiers. A level is named by its factor.
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

enum {
    RULES_MAX = 32,
    RULES_CONDITIONS_MAX = 16,
    RULES_WHY_MAX = RULES_CONDITIONS_MAX + 5, // reasons of one alert
};

struct rule {
    char name[OPTION_TITLE_MAX]; // the title: letters, digits, '-' and '_'
    double min_size;
    double min_velocity;
    double min_forecast;
    double min_p_double;
    double min_reach;
    double min_amplifiers;
    double min_depth;
    double min_virality;
    double min_overperformance;
    usec max_age;
    double max_author_followers;
    char infectious[OPTION_TEXT_MAX]; // "supercritical"
    char burst[OPTION_TEXT_MAX];      // "on" or "off"
    char stage[OPTION_TEXT_MAX];
    struct option_texts match_text;
    struct option_texts match_hashtags;
    struct option_texts match_authors;
    struct option_texts match_languages;
    struct option_texts match_networks;
    struct option_counts levels;
    usec cooldown;
    usec hysteresis;
    uint64_t daily_budget;
    usec quiet;
    bool is_resolved;
};

// Names without a section: "min_size" …
extern const struct option rule_option_rows[];

// Refuses a rule that no cascade can fulfil, or that has no condition: error names what
// would be valid.
enum status rules_check(const struct rule *rule, struct error *error) MUST_USE;

// ── a rule's conditions, taken apart ───────────────────────────────────────

enum rules_operator { RULES_AT_LEAST, RULES_AT_MOST, RULES_IS };

struct rules_condition {
    enum measure measure;
    enum rules_operator op;
    double value;   // of level 1
    bool is_scaled; // levels multiply it
    bool is_timed;  // may come true as time passes, without an event
};

// In the order of enum measure, the cheapest to evaluate first. Returns how many.
size_t rules_conditions(const struct rule *rule,
                        struct rules_condition conditions[RULES_CONDITIONS_MAX]);

// As the cascade's hash names it: "size", "velocity_5m" …
const char *rules_measure_name(enum measure measure);

// True if a measured value (NAN: not known, infinite: no number) fulfils the condition
// at that level.
bool rules_holds(const struct rules_condition *condition, double value, uint64_t level);

// Formats the reason: "size 104 >= 100", "velocity_5m 22.4 >= 20", "stage
// early_adopters". Numbers have at most four decimals. Returns the length, as snprintf
// does.
int rules_reason(const struct rules_condition *condition, double value, uint64_t level,
                 char *text, size_t size);

// The input of the match conditions. Absent texts are none.
struct rules_root {
    struct slice id;
    struct slice text;
    struct slice lang;
    struct slice author; // id
    struct slice handle;
};

// True if every list of the rule matches. why: receives one slice for each list that is
// given, pointing to the matching item; may be NULL. Borrows root.
struct rules_match {
    const char *what; // "text", "hashtag", "author", "lang", "network"
    struct slice item;
};
bool rules_match(const struct rule *rule, const struct rules_root *root,
                 struct rules_match *ret_why, size_t *ret_count);
