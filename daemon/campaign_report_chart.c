#include "daemon/campaign_report_chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "daemon/campaign_wording.h"

enum {
    WIDTH = 960,
    LEFT = 56,
    TOP = 16,
    HEIGHT = 240, // of the plot
    BELOW = 32,
    CLASS_COLUMN = 168,
    TICKS = 4,
    TIMES = 8, // labels of an axis
    SHARE_ROW = 56,
    SHARE_LEFT = 96,
    SHARE_RIGHT = 280,
    SHARE_BAR = 20,
    SHARE_BEFORE_BAR = 8,
    LABEL_HALF = 24, // of a time below the end of an axis
    LABEL = 18,      // from one to the next, at least
    TEXT_DOWN = 4,   // from the middle of a line to its base
};

struct plot {
    struct html_writer *html;
    const struct views_course *course;
    double width;
    uint64_t top; // value at the top
};

// ── elements ───────────────────────────────────────────────────────────────

static void
open_svg(struct html_writer *html, double height, const char *label)
{
    char box[CAMPAIGN_WORDING_MAX];
    (void)snprintf(box, sizeof(box), "0 0 %d %.0f", WIDTH, height);
    html_writer_open(html, "svg");
    html_writer_attribute(html, "viewBox", slice_of(box));
    html_writer_attribute(html, "role", SLICE_LIT("img"));
    html_writer_attribute(html, "aria-label", slice_of(label));
}

static void
put_line(struct html_writer *html, const char *class, const double at[4])
{
    html_writer_open(html, "line");
    html_writer_attribute(html, "class", slice_of(class));
    html_writer_number(html, "x1", at[0]);
    html_writer_number(html, "y1", at[1]);
    html_writer_number(html, "x2", at[2]);
    html_writer_number(html, "y2", at[3]);
    html_writer_close(html);
}

// Without a class: only a place for its title.
static void
put_bar(struct html_writer *html, const char *class, const double at[4],
        const char *title)
{
    html_writer_open(html, "rect");
    html_writer_attribute(html, "class", slice_of(class));
    html_writer_number(html, "x", at[0]);
    html_writer_number(html, "y", at[1]);
    html_writer_number(html, "width", at[2]);
    html_writer_number(html, "height", at[3]);
    if (title != NULL) {
        html_writer_open(html, "title");
        html_writer_text(html, slice_of(title));
        html_writer_close(html);
    }
    html_writer_close(html);
}

static void
put_text(struct html_writer *html, const char *class, double x, double y,
         const char *text)
{
    html_writer_open(html, "text");
    html_writer_attribute(html, "class", slice_of(class));
    html_writer_number(html, "x", x);
    html_writer_number(html, "y", y);
    html_writer_text(html, slice_of(text));
    html_writer_close(html);
}

// ── axes ───────────────────────────────────────────────────────────────────

static usec
end_of(const struct views_course *course)
{
    return course->start + course->count * course->width;
}

static double
x_of(const struct plot *plot, usec time)
{
    double part = (double)(time - plot->course->start) /
                  (double)(end_of(plot->course) - plot->course->start);
    return LEFT + part * plot->width;
}

static double
y_of(const struct plot *plot, uint64_t value)
{
    return TOP + HEIGHT * (1 - (double)value / (double)plot->top);
}

// The distance of at most TICKS lines up to the greatest value: 1, 2 or 5 times a power
// of ten.
static uint64_t
tick_of(uint64_t most)
{
    static const uint64_t steps[] = {1, 2, 5};
    uint64_t unit = 1;
    for (;;) {
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            if (steps[i] * unit * TICKS >= most) {
                return steps[i] * unit;
            }
        }
        unit *= 10;
    }
}

static void
put_values(struct plot *plot, uint64_t most)
{
    char text[CAMPAIGN_WORDING_MAX];
    uint64_t tick = tick_of(most);
    plot->top = most != 0 ? (most + tick - 1) / tick * tick : 1;
    for (uint64_t value = 0; value <= plot->top; value += tick) {
        double y = y_of(plot, value);
        put_line(plot->html, value == 0 ? "axis" : "grid",
                 (const double[]){LEFT, y, LEFT + plot->width, y});
        put_text(plot->html, "end", LEFT - 8, y + TEXT_DOWN,
                 campaign_wording_count(value, text));
    }
}

static usec
time_tick_of(usec span)
{
    static const usec steps[] = {
        USEC_PER_MIN,      2 * USEC_PER_MIN,  5 * USEC_PER_MIN,  10 * USEC_PER_MIN,
        15 * USEC_PER_MIN, 30 * USEC_PER_MIN, USEC_PER_HOUR,     2 * USEC_PER_HOUR,
        3 * USEC_PER_HOUR, 6 * USEC_PER_HOUR, 12 * USEC_PER_HOUR};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i] * TIMES >= span) {
            return steps[i];
        }
    }
    usec days = USEC_PER_DAY;
    while (days * TIMES < span) {
        days *= 2;
    }
    return days;
}

static void
put_times(const struct plot *plot)
{
    const struct views_course *course = plot->course;
    usec tick = time_tick_of(end_of(course) - course->start);
    char text[CAMPAIGN_WORDING_MAX];
    for (usec time = usec_floor_div(course->start + tick - 1, tick) * tick;
         time < end_of(course); time += tick) {
        double x = x_of(plot, time);
        bool is_day = time % USEC_PER_DAY == 0;
        put_line(plot->html, "axis",
                 (const double[]){x, TOP + HEIGHT, x, TOP + HEIGHT + 4});
        put_text(plot->html, is_day ? "middle day" : "middle", x, TOP + HEIGHT + 20,
                 is_day ? campaign_wording_day(time, text)
                        : campaign_wording_hour(time, text));
    }
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
put_bin(const struct plot *plot, uint32_t index)
{
    const struct views_course *course = plot->course;
    const struct views_course_bin *bin = &course->bins[index];
    char text[3][CAMPAIGN_WORDING_MAX];
    char title[4 * CAMPAIGN_WORDING_MAX];
    usec time = course->start + index * course->width;
    double x = x_of(plot, time);
    double width = plot->width / course->count;
    double shown = width > 3 ? width - 1 : width;
    double base = y_of(plot, 0);
    double posts = y_of(plot, bin->posts);
    double acts = y_of(plot, bin->acts);
    if (bin->acts == 0) {
        return;
    }
    put_bar(plot->html, "posts", (const double[]){x, posts, shown, base - posts}, NULL);
    put_bar(plot->html, "retweets", (const double[]){x, acts, shown, posts - acts},
            NULL);
    (void)snprintf(title, sizeof(title), "%s: %s posts, %s retweets",
                   campaign_wording_time(time, text[0]),
                   campaign_wording_count(bin->posts, text[1]),
                   campaign_wording_count(bin->acts - bin->posts, text[2]));
    put_bar(plot->html, "hover", (const double[]){x, TOP, width, HEIGHT}, title);
}

void
campaign_report_chart_growth(struct html_writer *html,
                             const struct campaign_report_data *data)
{
    struct plot plot = {html, &data->course, WIDTH - LEFT - LABEL_HALF, 1};
    uint64_t most = 0;
    for (uint32_t i = 0; i < data->course.count; i++) {
        most = data->course.bins[i].acts > most ? data->course.bins[i].acts : most;
    }
    open_svg(html, TOP + HEIGHT + BELOW, "Posts and retweets over time");
    put_values(&plot, most);
    for (uint32_t i = 0; i < data->course.count; i++) {
        put_bin(&plot, i);
    }
    put_times(&plot);
    html_writer_close(html);
}

// ── share of voice ─────────────────────────────────────────────────────────

// Part of a bar, and the words beside it.
struct share {
    double y, height, part;
    const char *faint; // added to the classes
    const char *text_class;
    const char *words;
};

static void
put_share(struct html_writer *html, const struct share *share)
{
    const double width = WIDTH - SHARE_LEFT - SHARE_RIGHT;
    char class[CAMPAIGN_WORDING_MAX];
    (void)snprintf(class, sizeof(class), "rivals%s", share->faint);
    put_bar(html, class, (const double[]){SHARE_LEFT, share->y, width, share->height},
            NULL);
    (void)snprintf(class, sizeof(class), "posts%s", share->faint);
    put_bar(html, class,
            (const double[]){SHARE_LEFT, share->y, width * share->part, share->height},
            NULL);
    put_text(html, share->text_class, WIDTH - SHARE_RIGHT + 16,
             share->y + share->height / 2 + TEXT_DOWN, share->words);
}

static void
put_share_now(struct html_writer *html, const struct campaign_report_window *window,
              double y)
{
    uint32_t figure = campaign_wording_figure_of("share");
    uint64_t posts = (uint64_t)window->values[campaign_wording_figure_of("posts")].now;
    uint64_t rivals =
        (uint64_t)window->values[campaign_wording_figure_of("rival_posts")].now;
    char text[3][CAMPAIGN_WORDING_MAX];
    char words[3 * CAMPAIGN_WORDING_MAX + 16];
    (void)snprintf(words, sizeof(words), "last %s", window->name);
    put_text(html, "end strong", SHARE_LEFT - 16, y + SHARE_BAR / 2.0 + TEXT_DOWN,
             words);
    if (!window->values[figure].has_now) {
        put_text(html, "", SHARE_LEFT, y + SHARE_BAR / 2.0 + TEXT_DOWN,
                 "nothing was published");
        return;
    }
    (void)snprintf(
        words, sizeof(words), "%s: %s of %s posts",
        campaign_wording_figure(window, figure, CAMPAIGN_WORDING_NOW, text[0]),
        campaign_wording_count(posts, text[1]),
        campaign_wording_count(posts + rivals, text[2]));
    put_share(html, &(struct share){y, SHARE_BAR, window->values[figure].now, "",
                                    "strong", words});
}

static void
put_share_before(struct html_writer *html, const struct campaign_report_window *window,
                 double y)
{
    uint32_t figure = campaign_wording_figure_of("share");
    char text[CAMPAIGN_WORDING_MAX];
    char words[2 * CAMPAIGN_WORDING_MAX];
    if (!window->has_before || !window->values[figure].has_before) {
        return;
    }
    (void)snprintf(
        words, sizeof(words), "%s in the %s before%s",
        campaign_wording_figure(window, figure, CAMPAIGN_WORDING_BEFORE, text),
        window->name, window->is_before_whole ? "" : ", in part");
    put_share(html, &(struct share){y, SHARE_BEFORE_BAR, window->values[figure].before,
                                    " faint", "", words});
}

void
campaign_report_chart_share(struct html_writer *html,
                            const struct campaign_report_data *data)
{
    open_svg(html, SHARE_ROW * data->window_count, "Share of voice");
    for (uint32_t i = 0; i < data->window_count; i++) {
        double y = 4 + i * SHARE_ROW;
        put_share_now(html, &data->windows[i], y);
        put_share_before(html, &data->windows[i], y + SHARE_BAR + 4);
    }
    html_writer_close(html);
}

// ── adopters ───────────────────────────────────────────────────────────────

enum { PATH_MAX_LEN = 16384 };

// The area below the curve of those who joined, from one bin to another, as a path.
static void
put_area(const struct plot *plot, const char *class, uint32_t first, uint32_t end,
         const uint64_t *joined)
{
    char path[PATH_MAX_LEN];
    const struct views_course *course = plot->course;
    int len =
        snprintf(path, sizeof(path), "M%.2f %.2f",
                 x_of(plot, course->start + first * course->width), y_of(plot, 0));
    for (uint32_t i = first; i <= end; i++) {
        len += snprintf(path + len, sizeof(path) - (size_t)len, "L%.2f %.2f",
                        x_of(plot, course->start + i * course->width),
                        y_of(plot, joined[i]));
    }
    len += snprintf(path + len, sizeof(path) - (size_t)len, "L%.2f %.2fZ",
                    x_of(plot, course->start + end * course->width), y_of(plot, 0));
    html_writer_open(plot->html, "path");
    html_writer_attribute(plot->html, "class", slice_of(class));
    html_writer_attribute(plot->html, "d", (struct slice){path, (size_t)len});
    html_writer_close(plot->html);
}

static void
put_curve(const struct plot *plot, const uint64_t *joined)
{
    char points[PATH_MAX_LEN];
    const struct views_course *course = plot->course;
    int len = 0;
    for (uint32_t i = 0; i <= course->count; i++) {
        len += snprintf(points + len, sizeof(points) - (size_t)len, "%.2f,%.2f ",
                        x_of(plot, course->start + i * course->width),
                        y_of(plot, joined[i]));
    }
    html_writer_open(plot->html, "polyline");
    html_writer_attribute(plot->html, "class", SLICE_LIT("curve"));
    html_writer_attribute(plot->html, "points", (struct slice){points, (size_t)len});
    html_writer_close(plot->html);
}

// The first bin at whose end the class is complete.
static uint32_t
end_of_class(const struct plot *plot, const struct views_course_class *class)
{
    return (uint32_t)((class->until - plot->course->start) / plot->course->width);
}

static void
put_classes(const struct plot *plot, const uint64_t *joined)
{
    const struct views_course *course = plot->course;
    uint64_t before = 0;
    uint32_t begin = 0;
    double above = TOP + HEIGHT + LABEL; // where the label below is
    for (uint32_t i = 0; i < VIEWS_COURSE_CLASSES; i++) {
        const struct views_course_class *class = &course->classes[i];
        char name[CAMPAIGN_WORDING_MAX];
        char text[CAMPAIGN_WORDING_MAX];
        if (class->people == 0) {
            continue;
        }
        uint32_t end = end_of_class(plot, class);
        (void)snprintf(name, sizeof(name), "class%u", (unsigned)i);
        if (end > begin) {
            put_area(plot, name, begin, end, joined);
        }
        before += class->people;
        double y = y_of(plot, before);
        put_line(plot->html, "threshold",
                 (const double[]){x_of(plot, course->start + end * course->width), y,
                                  LEFT + plot->width + 8, y});
        (void)snprintf(name, sizeof(name), "%.*s: %s", SLICE_ARG(class->name),
                       campaign_wording_count(class->people, text));
        double label = (y + y_of(plot, before - class->people)) / 2 + TEXT_DOWN;
        above = label < above - LABEL ? label : above - LABEL;
        put_text(plot->html, "", LEFT + plot->width + 12, above, name);
        begin = end;
    }
}

void
campaign_report_chart_adopters(struct html_writer *html,
                               const struct campaign_report_data *data)
{
    struct plot plot = {html, &data->course, WIDTH - LEFT - CLASS_COLUMN, 1};
    uint64_t joined[VIEWS_COURSE_BINS + 1] = {0};
    for (uint32_t i = 0; i < data->course.count; i++) {
        joined[i + 1] = joined[i] + data->course.bins[i].people;
    }
    open_svg(html, TOP + HEIGHT + BELOW, "People who joined, by Rogers' classes");
    put_values(&plot, joined[data->course.count]);
    put_classes(&plot, joined);
    put_curve(&plot, joined);
    put_times(&plot);
    html_writer_close(html);
}
