#include "pipeline/alerts/rules.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/alerts/word_match.h"
#include "pipeline/records/amplifiers.h"
#include "pipeline/tree/tree.h"

#define AT(member) offsetof(struct rule, member)
#define KIND_CASCADE "cascade"
#define KIND_NEWCOMER "newcomer"

enum { DECIMALS = 4, WORDS_MAX = 5 };

// clang-format off
#define AS_OPTION(member, type, preset, max, measure, op, is_scaled, help) \
    {#member, OPTION_##type, preset, 0, max, true, AT(member), help},

// " min_size, min_forecast, …,"
#define SCALED_NAMES RULES_CONDITIONS(AS_SCALED_NAME)
#define AS_SCALED_NAME(member, type, preset, max, measure, op, is_scaled, help) \
    NAME_IF_##is_scaled(member)
#define NAME_IF_true(member) " " #member ","
#define NAME_IF_false(member)

const struct option rule_option_rows[] = {
    {"kind", OPTION_TEXT, KIND_CASCADE, 1, 16, true, AT(kind),
     "cascade: reshared posts; newcomer: people who take part in one of campaigns for the first time"},
    {"min_followers", OPTION_COUNT, "0", 0, UINT32_MAX, true, AT(min_followers),
     "Of kind newcomer: minimum number of followers of the person; 0: only carriers_in counts"},
    RULES_CONDITIONS(AS_OPTION)
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
    {"campaigns", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, true, AT(campaigns),
     "Campaigns, one of which the root belongs to, or a newcomer takes part in"},
    {"levels", OPTION_COUNTS, "1", 1, 1000000, true, AT(levels),
     "Each level multiplies" SCALED_NAMES " and is raised once"},
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

// The words of measures that have words instead of numbers; each at its value.
static const char *const words[MEASURES][WORDS_MAX] = {
    [MEASURE_SUPERCRITICAL] = {"", "supercritical"},
    [MEASURE_BURST] = {"off", "on"},
    [MEASURE_STAGE] = {"innovators", "early_adopters", "early_majority",
                       "late_majority", "laggards"},
};

bool
rules_is_newcomer(const struct rule *rule)
{
    return strcmp(rule->kind, KIND_NEWCOMER) == 0;
}

// ── conditions ─────────────────────────────────────────────────────────────

// WORDS_MAX if unknown.
static size_t
value_of_word(enum measure measure, const char *text)
{
    size_t i = 0;
    while (i < WORDS_MAX &&
           (words[measure][i] == NULL || strcmp(words[measure][i], text) != 0)) {
        i++;
    }
    return i;
}

struct condition_row {
    enum option_type type;
    size_t offset;
    struct rules_condition condition; // without its value
};

// clang-format off
#define AS_CONDITION(member, type, preset, max, compared, how, by_levels, help) \
    {OPTION_##type, AT(member), \
     {.measure = MEASURE_##compared, .op = RULES_##how, .is_scaled = by_levels}},

static const struct condition_row rows[] = {
    RULES_CONDITIONS(AS_CONDITION)
};
// clang-format on

static_assert(sizeof(rows) / sizeof(rows[0]) <= RULES_CONDITIONS_MAX, "all must fit");

// False if the rule does not have this condition.
static bool
is_given(const struct condition_row *row, const struct rule *rule, double *ret_value)
{
    const char *at = (const char *)rule + row->offset;
    if (row->type == OPTION_TEXT) {
        *ret_value = (double)value_of_word(row->condition.measure, at);
        return *at != '\0';
    }
    if (row->type == OPTION_SPAN) {
        usec span;
        memcpy(&span, at, sizeof(span));
        *ret_value = (double)span / (double)USEC_PER_S;
    } else if (row->type == OPTION_COUNT) {
        uint64_t count;
        memcpy(&count, at, sizeof(count));
        *ret_value = (double)count;
    } else {
        memcpy(ret_value, at, sizeof(*ret_value));
    }
    return *ret_value > 0;
}

double
rules_below(const struct rule *rule)
{
    return rule->min_size > 0 ? rule->min_size : INFINITY;
}

size_t
rules_conditions(const struct rule *rule,
                 struct rules_condition conditions[RULES_CONDITIONS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rules_is_newcomer(rule);
         i++) {
        struct rules_condition condition = rows[i].condition;
        if (!is_given(&rows[i], rule, &condition.value)) {
            continue;
        }
        condition.is_timed = measure_is_timed(condition.measure);
        condition.below = rules_below(rule);
        size_t at = count++;
        for (; at != 0 && conditions[at - 1].measure > condition.measure; at--) {
            conditions[at] = conditions[at - 1];
        }
        conditions[at] = condition;
    }
    return count;
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
    const char *name = measure_name(condition->measure);
    if (condition->op != RULES_IS) {
        char is[NUMBER_MAX];
        char limit[NUMBER_MAX];
        return snprintf(text, size, "%s %s %s %s", name, number_text(value, is),
                        condition->op == RULES_AT_LEAST ? ">=" : "<=",
                        number_text(asked(condition, level), limit));
    }
    const char *word = words[condition->measure][(size_t)condition->value];
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
           (handle.len != 0 && slice_equal_nocase(root->handle, handle));
}

static bool
fits_language(const struct rules_root *root, struct slice item)
{
    struct slice lang = root->lang;
    if (lang.len > item.len &&
        (lang.ptr[item.len] == '-' || lang.ptr[item.len] == '_')) {
        lang.len = item.len;
    }
    return lang.len != 0 && slice_equal_nocase(lang, item);
}

static bool
fits_network(const struct rules_root *root, struct slice item)
{
    return root->id.len > item.len && root->id.ptr[item.len] == ':' &&
           slice_starts(root->id, item);
}

static bool
fits_campaign(const struct rules_root *root, struct slice item)
{
    return root->campaigns != NULL &&
           campaigns_have(root->campaigns, root->belongs, item);
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
        {"campaign", &rule->campaigns, fits_campaign},
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

static bool
is_unknown(enum measure measure, const char *word)
{
    return word[0] != '\0' && value_of_word(measure, word) == WORDS_MAX;
}

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
    if (is_unknown(MEASURE_SUPERCRITICAL, rule->infectious)) {
        return error_set(
            error, STATUS_PARSE,
            "infectious: \"%s\" is not supercritical, the only possible value",
            rule->infectious);
    }
    if (is_unknown(MEASURE_BURST, rule->burst)) {
        return error_set(error, STATUS_PARSE, "burst: \"%s\" is neither on nor off",
                         rule->burst);
    }
    if (is_unknown(MEASURE_STAGE, rule->stage)) {
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
               rule->match_networks.count + rule->campaigns.count !=
           0;
}

static enum status
check_possible(const struct rule *rule, struct error *error)
{
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

static enum status
check_kind(const struct rule *rule, struct error *error)
{
    bool is_newcomer = rules_is_newcomer(rule);
    if (!is_newcomer && strcmp(rule->kind, KIND_CASCADE) != 0) {
        return error_set(error, STATUS_PARSE,
                         "kind: \"%s\" is neither " KIND_CASCADE " nor " KIND_NEWCOMER,
                         rule->kind);
    }
    if (!is_newcomer && rule->min_followers != 0) {
        return error_set(error, STATUS_RANGE,
                         "min_followers: only a rule with kind = \"" KIND_NEWCOMER
                         "\" compares the followers of people");
    }
    return STATUS_OK;
}

// The first option of the rule that is not as it is by default and has no meaning for
// newcomers; NULL: none.
static const struct option *
find_foreign(const struct rule *rule)
{
    static const char *const own[] = {"kind", "min_followers", "carriers_in",
                                      "campaigns"};
    struct rule preset;
    option_presets(rule_option_rows, &preset);
    for (const struct option *row = rule_option_rows; row->name != NULL; row++) {
        char texts[2][OPTION_TEXTS_MAX * 2];
        bool is_own = false;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
            is_own = is_own || strcmp(own[i], row->name) == 0;
        }
        (void)option_format(row, rule, texts[0], sizeof(texts[0]));
        (void)option_format(row, &preset, texts[1], sizeof(texts[1]));
        if (!is_own && strcmp(texts[0], texts[1]) != 0) {
            return row;
        }
    }
    return NULL;
}

static enum status
check_newcomer(const struct rule *rule, struct error *error)
{
    const struct option *foreign = find_foreign(rule);
    if (foreign != NULL) {
        return error_set(error, STATUS_RANGE,
                         "%s: a rule of the kind " KIND_NEWCOMER
                         " has only campaigns, min_followers and carriers_in",
                         foreign->name);
    }
    if (rule->campaigns.count == 0) {
        return error_set(error, STATUS_RANGE,
                         "campaigns: name the campaigns whose newcomers are meant");
    }
    if (rule->min_followers == 0 && rule->carriers_in == 0) {
        return error_set(error, STATUS_RANGE,
                         "the rule has no condition: write for example "
                         "min_followers = 10000 or carriers_in = 100");
    }
    return STATUS_OK;
}

enum status
rules_check(const struct rule *rule, struct error *error)
{
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    enum status status = check_words(rule, error);
    if (status == STATUS_OK) {
        status = check_kind(rule, error);
    }
    if (status == STATUS_OK) {
        status = check_hashtags(rule, error);
    }
    if (status != STATUS_OK || rules_is_newcomer(rule)) {
        return status == STATUS_OK ? check_newcomer(rule, error) : status;
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
                         "levels multiply" SCALED_NAMES
                         " but the rule has none of them");
    }
    return check_possible(rule, error);
}
