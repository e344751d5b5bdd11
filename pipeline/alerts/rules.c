#include "pipeline/alerts/rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/alerts/word_match.h"
#include "pipeline/records/amplifiers.h"

#define AT(member) offsetof(struct rule, member)
#define COUNT_MAX ((int64_t)1 << 40)

enum { TREE_DEPTH_MAX = 1024, DECIMALS = 4 };

// clang-format off
const struct option rule_option_rows[] = {
    {"min_size", OPTION_REAL, "0", 0, COUNT_MAX, true, AT(min_size),
     "Minimum number of retweets and quotes below the post; 0 switches this and any other condition off"},
    {"min_velocity", OPTION_REAL, "0", 0, 1000000, true, AT(min_velocity),
     "Minimum number of retweets and quotes per minute, over the last 5 minutes"},
    {"min_forecast", OPTION_REAL, "0", 0, COUNT_MAX, true, AT(min_forecast),
     "Minimum forecast of the final size"},
    {"min_p_double", OPTION_REAL, "0", 0, 1, true, AT(min_p_double),
     "Minimum probability that the cascade doubles its size"},
    {"min_reach", OPTION_REAL, "0", 0, COUNT_MAX, true, AT(min_reach),
     "Minimum number of followers of all amplifiers"},
    {"min_amplifiers", OPTION_REAL, "0", 0, AMPLIFIERS_MAX, true, AT(min_amplifiers),
     "Minimum number of amplifiers"},
    {"min_depth", OPTION_REAL, "0", 0, TREE_DEPTH_MAX, true, AT(min_depth),
     "Minimum length of the longest observed path"},
    {"min_virality", OPTION_REAL, "0", 0, TREE_DEPTH_MAX, true, AT(min_virality),
     "Minimum structural virality: below 2 for a star, greater if the post passes from person to person"},
    {"min_overperformance", OPTION_REAL, "0", 0, 1000000, true, AT(min_overperformance),
     "Minimum of size divided by the usual size of the author's posts at that age"},
    {"max_age", OPTION_SPAN, "0s", 0, 7 * USEC_PER_DAY, true, AT(max_age),
     "Maximum age of the post; a cascade is closed after 7 days"},
    {"max_author_followers", OPTION_REAL, "0", 0, COUNT_MAX, true, AT(max_author_followers),
     "Maximum number of followers of the post's author"},
    {"infectious", OPTION_TEXT, "", 0, 16, true, AT(infectious),
     "supercritical: each reshare brings more than one other"},
    {"burst", OPTION_TEXT, "", 0, 16, true, AT(burst),
     "on: the rate of reshares is much greater than usual for the cascade; off: it is not"},
    {"stage", OPTION_TEXT, "", 0, 16, true, AT(stage),
     "Class of adopters that is resharing it now: innovators, early_adopters, early_majority, "
     "late_majority or laggards"},
    {"match_text", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(match_text),
     "Words or phrases, at least one of which is in the text, without regard to case"},
    {"match_hashtags", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(match_hashtags),
     "Hashtags, at least one of which is in the text"},
    {"match_authors", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(match_authors),
     "Ids or handles (@ann), one of which is the author's"},
    {"match_languages", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(match_languages),
     "Languages, one of which is the text's; en includes en-GB"},
    {"match_networks", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(match_networks),
     "Networks, one of which is the post's: x, bsky, masto or the network part of native ids"},
    {"levels", OPTION_COUNTS, "1", 1, 1000000, true, AT(levels),
     "Each level is raised once; it multiplies min_size, min_forecast, min_reach and min_amplifiers"},
    {"cooldown", OPTION_SPAN, "0s", 0, 7 * USEC_PER_DAY, true, AT(cooldown),
     "Time that further levels of a cascade wait after an alert of this rule about it"},
    {"hysteresis", OPTION_SPAN, "0s", 0, USEC_PER_DAY, true, AT(hysteresis),
     "Time that all conditions must hold, at two evaluations at least so far apart"},
    {"daily_budget", OPTION_COUNT, "0", 0, 1000000, true, AT(daily_budget),
     "Maximum number of alerts per day (UTC), spread over the day; the greatest waiting cascades "
     "first; 0: no limit"},
    {"quiet", OPTION_SPAN, "2m", 0, USEC_PER_DAY, true, AT(quiet),
     "A post that arrives later than this belongs to a backlog: its alerts are published in one "
     "digest; 0s: never"},
    {"resolved", OPTION_BOOL, "false", 0, 0, true, AT(is_resolved),
     "Report the final size, too, when an alerted cascade is closed"},
    OPTION_END,
};
// clang-format on

static const char *const stages[] = {
    "innovators", "early_adopters", "early_majority", "late_majority", "laggards",
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

// The conditions from numeric options: at least, or at most; 0: no condition.
static const struct {
    size_t offset;
    enum measure measure;
    enum rules_operator op;
    bool is_scaled;
    bool is_timed;
} numbers[] = {
    {AT(min_size), MEASURE_SIZE, RULES_AT_LEAST, true, false},
    {AT(min_velocity), MEASURE_VELOCITY, RULES_AT_LEAST, false, false},
    {AT(min_reach), MEASURE_REACH, RULES_AT_LEAST, true, false},
    {AT(min_amplifiers), MEASURE_AMPLIFIERS, RULES_AT_LEAST, true, false},
    {AT(max_author_followers), MEASURE_AUTHOR_FOLLOWERS, RULES_AT_MOST, false, false},
    {AT(min_depth), MEASURE_DEPTH, RULES_AT_LEAST, false, false},
    {AT(min_virality), MEASURE_VIRALITY, RULES_AT_LEAST, false, false},
    {AT(min_forecast), MEASURE_FORECAST, RULES_AT_LEAST, true, true},
    {AT(min_p_double), MEASURE_P_DOUBLE, RULES_AT_LEAST, false, true},
    {AT(min_overperformance), MEASURE_OVERPERFORMANCE, RULES_AT_LEAST, false, true},
};

static const char *const measure_names[MEASURES] = {
    [MEASURE_SIZE] = "size",
    [MEASURE_VELOCITY] = "velocity_5m",
    [MEASURE_REACH] = "reach",
    [MEASURE_AMPLIFIERS] = "amplifiers",
    [MEASURE_AGE] = "age_s",
    [MEASURE_AUTHOR_FOLLOWERS] = "author_followers",
    [MEASURE_DEPTH] = "depth",
    [MEASURE_VIRALITY] = "virality",
    [MEASURE_FORECAST] = "forecast",
    [MEASURE_P_DOUBLE] = "p_double",
    [MEASURE_OVERPERFORMANCE] = "overperformance",
    [MEASURE_SUPERCRITICAL] = "infectiousness",
    [MEASURE_BURST] = "burst",
    [MEASURE_STAGE] = "stage",
};

// ── conditions ─────────────────────────────────────────────────────────────

// STAGES if unknown.
static size_t
stage_of(const char *text)
{
    size_t i = 0;
    while (i < STAGES && strcmp(stages[i], text) != 0) {
        i++;
    }
    return i;
}

size_t
rules_conditions(const struct rule *rule,
                 struct rules_condition conditions[RULES_CONDITIONS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        double value;
        memcpy(&value, (const char *)rule + numbers[i].offset, sizeof(value));
        if (value > 0) {
            conditions[count++] =
                (struct rules_condition){numbers[i].measure, numbers[i].op, value,
                                         numbers[i].is_scaled, numbers[i].is_timed};
        }
    }
    if (rule->max_age != 0) {
        conditions[count++] = (struct rules_condition){
            .measure = MEASURE_AGE,
            .op = RULES_AT_MOST,
            .value = (double)rule->max_age / (double)USEC_PER_S,
        };
    }
    const struct {
        const char *text;
        enum measure measure;
        double value;
    } words[] = {
        {rule->infectious, MEASURE_SUPERCRITICAL, 1},
        {rule->burst, MEASURE_BURST, strcmp(rule->burst, "on") == 0},
        {rule->stage, MEASURE_STAGE, (double)stage_of(rule->stage)},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].text[0] != '\0') {
            conditions[count++] = (struct rules_condition){
                .measure = words[i].measure,
                .op = RULES_IS,
                .value = words[i].value,
                .is_timed = true,
            };
        }
    }
    return count;
}

const char *
rules_measure_name(enum measure measure)
{
    return measure_names[measure];
}

static double
asked(const struct rules_condition *condition, uint64_t level)
{
    return condition->is_scaled ? condition->value * (double)level : condition->value;
}

bool
rules_holds(const struct rules_condition *condition, double value, uint64_t level)
{
    if (!isfinite(value)) {
        return false;
    }
    switch (condition->op) {
    case RULES_AT_LEAST:
        return value >= asked(condition, level);
    case RULES_AT_MOST:
        return value <= asked(condition, level);
    case RULES_IS:
        break;
    }
    return value > condition->value - 0.5 && value < condition->value + 0.5;
}

enum { NUMBER_MAX = 64 };

static const char *
number_text(double value, char text[NUMBER_MAX])
{
    int length = snprintf(text, NUMBER_MAX, "%.*f", DECIMALS, value);
    while (length > 0 && text[length - 1] == '0') {
        text[--length] = '\0';
    }
    if (length > 0 && text[length - 1] == '.') {
        text[length - 1] = '\0';
    }
    return text;
}

int
rules_reason(const struct rules_condition *condition, double value, uint64_t level,
             char *text, size_t size)
{
    const char *name = measure_names[condition->measure];
    if (condition->op != RULES_IS) {
        char is[NUMBER_MAX];
        char limit[NUMBER_MAX];
        return snprintf(text, size, "%s %s %s %s", name, number_text(value, is),
                        condition->op == RULES_AT_LEAST ? ">=" : "<=",
                        number_text(asked(condition, level), limit));
    }
    const char *word = "supercritical";
    if (condition->measure == MEASURE_BURST) {
        word = condition->value > 0 ? "on" : "off";
    } else if (condition->measure == MEASURE_STAGE) {
        word = stages[(size_t)condition->value];
    }
    return snprintf(text, size, "%s %s", name, word);
}

// ── what a rule is about ───────────────────────────────────────────────────

static bool
fits_text(const struct rules_root *root, struct slice item)
{
    return word_match_have(root->text, item);
}

static bool
fits_hashtag(const struct rules_root *root, struct slice item)
{
    size_t sign = item.len != 0 && item.ptr[0] == '#';
    return word_match_have_hashtag(root->text,
                                   (struct slice){item.ptr + sign, item.len - sign});
}

static bool
fits_author(const struct rules_root *root, struct slice item)
{
    size_t sign = item.len != 0 && item.ptr[0] == '@';
    struct slice handle = {item.ptr + sign, item.len - sign};
    return slice_equal(root->author, item) ||
           (handle.len != 0 && word_match_equal(root->handle, handle));
}

static bool
fits_language(const struct rules_root *root, struct slice item)
{
    struct slice lang = root->lang;
    if (lang.len > item.len &&
        (lang.ptr[item.len] == '-' || lang.ptr[item.len] == '_')) {
        lang.len = item.len;
    }
    return lang.len != 0 && word_match_equal(lang, item);
}

static bool
fits_network(const struct rules_root *root, struct slice item)
{
    return root->id.len > item.len && root->id.ptr[item.len] == ':' &&
           slice_starts(root->id, item);
}

static bool
find_fit(const struct option_texts *list, const struct rules_root *root,
         bool (*fits)(const struct rules_root *root, struct slice item),
         struct slice *ret_item)
{
    const char *item = NULL;
    while ((item = option_texts_next(list, item)) != NULL) {
        if (fits(root, slice_of(item))) {
            *ret_item = slice_of(item);
            return true;
        }
    }
    return false;
}

bool
rules_match(const struct rule *rule, const struct rules_root *root,
            struct rules_match *ret_why, size_t *ret_count)
{
    const struct {
        const char *what;
        const struct option_texts *list;
        bool (*fits)(const struct rules_root *root, struct slice item);
    } lists[] = {
        {"network", &rule->match_networks, fits_network},
        {"lang", &rule->match_languages, fits_language},
        {"author", &rule->match_authors, fits_author},
        {"hashtag", &rule->match_hashtags, fits_hashtag},
        {"text", &rule->match_text, fits_text},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct slice item;
        if (lists[i].list->count == 0) {
            continue;
        }
        if (!find_fit(lists[i].list, root, lists[i].fits, &item)) {
            return false;
        }
        if (ret_why != NULL) {
            ret_why[count] = (struct rules_match){lists[i].what, item};
        }
        count++;
    }
    if (ret_why != NULL) {
        *ret_count = count;
    }
    return true;
}

// ── rules that cannot be meant ─────────────────────────────────────────────

static enum status
check_words(const struct rule *rule, struct error *error)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_";
    bool is_name = rule->name[0] != '\0';
    for (const char *at = rule->name; *at != '\0'; at++) {
        is_name = is_name && strchr(letters, *at) != NULL;
    }
    if (!is_name) {
        return error_set(error, STATUS_PARSE,
                         "the name of a rule is letters, digits, '-' and '_'");
    }
    if (rule->infectious[0] != '\0' && strcmp(rule->infectious, "supercritical") != 0) {
        return error_set(
            error, STATUS_PARSE,
            "infectious: \"%s\" is not supercritical, the only possible value",
            rule->infectious);
    }
    if (rule->burst[0] != '\0' && strcmp(rule->burst, "on") != 0 &&
        strcmp(rule->burst, "off") != 0) {
        return error_set(error, STATUS_PARSE, "burst: \"%s\" is neither on nor off",
                         rule->burst);
    }
    if (rule->stage[0] != '\0' && stage_of(rule->stage) == STAGES) {
        return error_set(error, STATUS_PARSE,
                         "stage: \"%s\" is none of innovators, early_adopters, "
                         "early_majority, late_majority and laggards",
                         rule->stage);
    }
    return STATUS_OK;
}

// A text of signs alone can never match.
static enum status
check_hashtags(const struct rule *rule, struct error *error)
{
    const char *item = NULL;
    while ((item = option_texts_next(&rule->match_hashtags, item)) != NULL) {
        if (strspn(item, "#") == strlen(item)) {
            return error_set(error, STATUS_PARSE,
                             "match_hashtags: \"%s\" is not a hashtag", item);
        }
    }
    return STATUS_OK;
}

static bool
has_match(const struct rule *rule)
{
    return rule->match_text.count + rule->match_hashtags.count +
               rule->match_authors.count + rule->match_languages.count +
               rule->match_networks.count !=
           0;
}

static enum status
check_possible(const struct rule *rule, struct error *error)
{
    bool is_supercritical = rule->infectious[0] != '\0';
    if (is_supercritical && rule->min_forecast > 0) {
        return error_set(error, STATUS_RANGE,
                         "a supercritical cascade has no finite forecast, so this rule "
                         "can never fire: leave out infectious or min_forecast");
    }
    if (is_supercritical && rule->stage[0] != '\0' && stage_of(rule->stage) != 0) {
        return error_set(
            error, STATUS_RANGE,
            "a supercritical cascade is still with its innovators, so this "
            "rule can never fire: leave out infectious or stage");
    }
    if (rule->max_age != 0 && rule->max_age <= rule->hysteresis) {
        return error_set(error, STATUS_RANGE,
                         "max_age is over before the conditions have held for "
                         "hysteresis, so this rule can never fire: give it a greater "
                         "max_age");
    }
    if (rule->min_amplifiers > 0 && rule->levels.count != 0 &&
        rule->min_amplifiers * (double)rule->levels.value[rule->levels.count - 1] >
            AMPLIFIERS_MAX) {
        return error_set(error, STATUS_RANGE,
                         "the highest level needs more than the %d amplifiers that can "
                         "be counted: lower levels or min_amplifiers",
                         AMPLIFIERS_MAX);
    }
    return STATUS_OK;
}

enum status
rules_check(const struct rule *rule, struct error *error)
{
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    enum status status = check_words(rule, error);
    if (status == STATUS_OK) {
        status = check_hashtags(rule, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t count = rules_conditions(rule, conditions);
    if (count == 0 && !has_match(rule)) {
        return error_set(error, STATUS_RANGE,
                         "the rule has no condition: write for example min_size = 100");
    }
    bool is_scaled = false;
    for (size_t i = 0; i < count; i++) {
        is_scaled = is_scaled || conditions[i].is_scaled;
    }
    if (!is_scaled && rule->levels.count > 1) {
        return error_set(error, STATUS_RANGE,
                         "levels multiply min_size, min_forecast, min_reach and "
                         "min_amplifiers, but the rule has none of them");
    }
    return check_possible(rule, error);
}
