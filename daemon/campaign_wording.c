#include "daemon/campaign_wording.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"

enum { SENTENCE_MAX = 512, YEAR_LEN = 4, MONTH_AT = 5, DAY_AT = 8, HOUR_AT = 11 };

static const char *
copy(char text[CAMPAIGN_WORDING_MAX], const char *words)
{
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%s", words);
    return text;
}

// ── numbers ────────────────────────────────────────────────────────────────

const char *
campaign_wording_count(uint64_t value, char text[CAMPAIGN_WORDING_MAX])
{
    *decimal_put_grouped(text, value) = '\0';
    return text;
}

static const char *
counted(uint64_t value, const char *of_one, const char *of_many,
        char text[CAMPAIGN_WORDING_MAX])
{
    char number[CAMPAIGN_WORDING_MAX];
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.32s %.32s",
                   campaign_wording_count(value, number),
                   value == 1 ? of_one : of_many);
    return text;
}

const char *
campaign_wording_percent(double share, char text[CAMPAIGN_WORDING_MAX])
{
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.1f %%", 100 * share);
    return text;
}

const char *
campaign_wording_name(struct slice figure, char text[CAMPAIGN_WORDING_MAX])
{
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.*s", SLICE_ARG(figure));
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
    return text;
}

bool
campaign_wording_shows(const struct campaign_report_data *data, uint32_t figure)
{
    struct slice name = views_course_figure(figure);
    return data->has_rivals || (!slice_equal(name, SLICE_LIT("share")) &&
                                !slice_equal(name, SLICE_LIT("rival_posts")));
}

uint32_t
campaign_wording_figure_of(const char *name)
{
    uint32_t figure = 0;
    while (figure + 1 < VIEWS_COURSE_FIGURES &&
           !slice_equal(views_course_figure(figure), slice_of(name))) {
        figure++;
    }
    return figure;
}

const char *
campaign_wording_figure(const struct campaign_report_window *window, uint32_t figure,
                        enum campaign_wording_period period,
                        char text[CAMPAIGN_WORDING_MAX])
{
    const struct views_course_value *value = &window->values[figure];
    bool is_before = period == CAMPAIGN_WORDING_BEFORE;
    double number = is_before ? value->before : value->now;
    if (is_before ? !window->has_before || !value->has_before : !value->has_now) {
        return copy(text, "-");
    }
    return slice_equal(views_course_figure(figure), SLICE_LIT("share"))
               ? campaign_wording_percent(number, text)
               : campaign_wording_count((uint64_t)number, text);
}

const char *
campaign_wording_change(const struct campaign_report_window *window, uint32_t figure,
                        char text[CAMPAIGN_WORDING_MAX])
{
    const struct views_course_value *value = &window->values[figure];
    text[0] = '\0';
    if (!window->is_before_whole || !value->has_before || value->before == 0) {
        return text;
    }
    double change = 100 * (value->now / value->before - 1);
    if (value->now == value->before) {
        return copy(text, "as many as");
    }
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.0f %% %s than",
                   change < 0 ? -change : change, change < 0 ? "fewer" : "more");
    return text;
}

// ── times ──────────────────────────────────────────────────────────────────

const char *
campaign_wording_day(usec time, char text[CAMPAIGN_WORDING_MAX])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char full[USEC_TEXT_MAX];
    (void)usec_format_rfc3339(time, full);
    int month = (full[MONTH_AT] - '0') * 10 + full[MONTH_AT + 1] - '0';
    int day = (full[DAY_AT] - '0') * 10 + full[DAY_AT + 1] - '0';
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%d %.3s", day,
                   months + (size_t)(month - 1) * 3);
    return text;
}

const char *
campaign_wording_hour(usec time, char text[CAMPAIGN_WORDING_MAX])
{
    char full[USEC_TEXT_MAX];
    (void)usec_format_rfc3339(time, full);
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.5s", full + HOUR_AT);
    return text;
}

const char *
campaign_wording_time(usec time, char text[CAMPAIGN_WORDING_MAX])
{
    char day[CAMPAIGN_WORDING_MAX];
    char full[USEC_TEXT_MAX];
    (void)usec_format_rfc3339(time, full);
    (void)snprintf(text, CAMPAIGN_WORDING_MAX, "%.10s %.*s, %.5s",
                   campaign_wording_day(time, day), YEAR_LEN, full, full + HOUR_AT);
    return text;
}

const char *
campaign_wording_span(usec span, char text[CAMPAIGN_WORDING_MAX])
{
    static const struct {
        usec unit;
        const char *name;
    } units[] = {{USEC_PER_DAY, "day"},
                 {USEC_PER_HOUR, "hour"},
                 {USEC_PER_MIN, "minute"},
                 {USEC_PER_S, "second"}};
    int len = 0;
    text[0] = '\0';
    for (size_t i = 0, parts = 0; i < 4 && parts < 2; i++) {
        int64_t count = span / units[i].unit;
        span %= units[i].unit;
        if (count != 0) {
            len += snprintf(text + len, (size_t)(CAMPAIGN_WORDING_MAX - len),
                            "%s%" PRId64 " %s%s", parts != 0 ? " " : "", count,
                            units[i].name, count == 1 ? "" : "s");
        }
        parts += parts != 0 || count != 0;
    }
    return len != 0 ? text : copy(text, "less than a second");
}

// ── sentences ──────────────────────────────────────────────────────────────

__attribute__((format(printf, 2, 3))) static void
put(struct buffer *out, const char *format, ...)
{
    char text[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buffer_append(out, (struct slice){text, (size_t)len});
    buffer_append_byte(out, '\n');
}

static void
put_all(const struct campaign_report_data *data, struct buffer *out)
{
    char text[5][CAMPAIGN_WORDING_MAX];
    struct views_course_bin sum = {0};
    const struct views_course *course = &data->course;
    for (uint32_t i = 0; i < course->count; i++) {
        sum.posts += course->bins[i].posts;
        sum.acts += course->bins[i].acts;
        sum.people += course->bins[i].people;
    }
    put(out, "The campaign has %s by %s: %s, %s.",
        counted(sum.acts, "post or retweet", "posts and retweets", text[0]),
        counted(sum.people, "person", "people", text[1]),
        counted(sum.posts, "post", "posts", text[2]),
        counted(sum.acts - sum.posts, "retweet", "retweets", text[3]));
}

static void
put_most(const struct campaign_report_data *data, struct buffer *out)
{
    const struct views_course *course = &data->course;
    char text[3][CAMPAIGN_WORDING_MAX];
    uint32_t most = 0;
    for (uint32_t i = 1; i < course->count; i++) {
        most = course->bins[i].acts > course->bins[most].acts ? i : most;
    }
    const char *span = campaign_wording_span(course->width, text[0]);
    put(out, "The busiest %s began on %s: %s.",
        strncmp(span, "1 ", 2) == 0 ? span + 2 : span,
        campaign_wording_time(course->start + most * course->width, text[1]),
        counted(course->bins[most].acts, "post or retweet", "posts and retweets",
                text[2]));
}

// "Last 24h: 209 posts, 11 % more than in the 24h before."
static void
put_compared(const struct campaign_report_data *data, struct buffer *out,
             const char *figure, const char *what)
{
    const struct campaign_report_window *window = &data->windows[data->window];
    char text[2][CAMPAIGN_WORDING_MAX];
    uint32_t number = campaign_wording_figure_of(figure);
    const char *now =
        campaign_wording_figure(window, number, CAMPAIGN_WORDING_NOW, text[0]);
    const char *change = campaign_wording_change(window, number, text[1]);
    if (change[0] != '\0') {
        put(out, "Last %s: %s %s, %s in the %s before.", window->name, now, what,
            change, window->name);
    } else {
        put(out, "Last %s: %s %s.", window->name, now, what);
    }
}

static void
put_share(const struct campaign_report_data *data, struct buffer *out)
{
    const struct campaign_report_window *window = &data->windows[data->window];
    char text[2][CAMPAIGN_WORDING_MAX];
    uint32_t share = campaign_wording_figure_of("share");
    const struct views_course_value *value = &window->values[share];
    if (!data->has_rivals || !value->has_now) {
        return;
    }
    const char *now =
        campaign_wording_figure(window, share, CAMPAIGN_WORDING_NOW, text[0]);
    if (window->is_before_whole && value->has_before) {
        put(out, "Last %s: the share of voice is %s; it was %s in the %s before.",
            window->name, now,
            campaign_wording_figure(window, share, CAMPAIGN_WORDING_BEFORE, text[1]),
            window->name);
    } else {
        put(out, "Last %s: the share of voice is %s.", window->name, now);
    }
}

void
campaign_wording_sentences(const struct campaign_report_data *data, struct buffer *out)
{
    char text[2][CAMPAIGN_WORDING_MAX];
    if (data->course.count == 0) {
        put(out, "No post belongs to the campaign.");
        return;
    }
    put_all(data, out);
    put_most(data, out);
    put_compared(data, out, "posts", "posts");
    put_compared(data, out, "joined", "people took part for the first time");
    put_share(data, out);
    if (data->evicted != 0) {
        put(out,
            "%s people were forgotten to make room and count as new if they came back: "
            "raise campaigns.capacity.",
            campaign_wording_count(data->evicted, text[0]));
    }
    if (data->left_out != 0) {
        put(out,
            "%s posts and retweets were left out: raise campaigns.capacity or "
            "memory.windows.",
            campaign_wording_count(data->left_out, text[0]));
    }
}
