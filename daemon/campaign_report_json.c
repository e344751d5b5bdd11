#include "daemon/campaign_report_json.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/json_writer.h"
#include "pipeline/views_campaign.h"

enum { NAME_MAX_LEN = 64, SHARE_DIGITS = 4, SCORE_DIGITS = 15 };

static void
put_name(struct buffer *json, struct slice figure, const char *window)
{
    char name[NAME_MAX_LEN];
    int len = snprintf(name, sizeof(name), "%.*s:%s", SLICE_ARG(figure), window);
    json_writer_name(json, (struct slice){name, (size_t)len});
}

static void
put_decimal(struct buffer *json, double value, int digits)
{
    char text[DECIMAL_TEXT_MAX];
    json_writer_number(json, (struct slice){text, decimal_put(text, value, digits)});
}

static void
put_ms(struct buffer *json, const char *name, usec time)
{
    if (time != USEC_NONE) {
        json_writer_put_i64(json, name, usec_floor_div(time, USEC_PER_MS));
    }
}

static void
put_number(struct buffer *json, const char *name, struct slice number)
{
    if (!slice_is_none(number)) {
        json_writer_name(json, slice_of(name));
        json_writer_number(json, number);
    }
}

// ── windows ────────────────────────────────────────────────────────────────

static void
put_value(struct buffer *json, uint32_t figure, const char *window, double value)
{
    struct slice name = views_course_figure(figure);
    bool is_share = slice_equal(name, SLICE_LIT("share"));
    put_name(json, name, window);
    put_decimal(json, value, is_share ? SHARE_DIGITS : DECIMAL_DIGITS_MAX);
}

static void
put_now(const struct campaign_report_data *data, struct buffer *json)
{
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        for (uint32_t k = 0; k < VIEWS_COURSE_FIGURES; k++) {
            if (window->values[k].has_now) {
                put_value(json, k, window->name, window->values[k].now);
            }
        }
        for (uint32_t k = 0; k < CAMPAIGN_REPORT_NUMBERS; k++) {
            put_name(json, slice_of(campaign_report_data_numbers[k]), window->name);
            json_writer_u64(json, window->numbers[k]);
        }
    }
}

static void
put_before(const struct campaign_report_data *data, struct buffer *json)
{
    json_writer_name(json, SLICE_LIT("before"));
    json_writer_open(json, '{');
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        for (uint32_t k = 0; window->has_before && k < VIEWS_COURSE_FIGURES; k++) {
            if (window->values[k].has_before) {
                put_value(json, k, window->name, window->values[k].before);
            }
        }
    }
    json_writer_close(json, '}');
}

static void
put_windows(const struct campaign_report_data *data, struct buffer *json)
{
    json_writer_name(json, SLICE_LIT("windows"));
    json_writer_open(json, '[');
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        json_writer_open(json, '{');
        json_writer_put_text(json, "name", slice_of(window->name));
        json_writer_name(json, SLICE_LIT("whole"));
        json_writer_bool(json, window->is_whole);
        json_writer_name(json, SLICE_LIT("before_whole"));
        json_writer_bool(json, window->is_before_whole);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
put_bins(const struct views_course *course, struct buffer *json)
{
    static const char *const names[] = {"posts", "acts", "joined"};
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        json_writer_name(json, slice_of(names[k]));
        json_writer_open(json, '[');
        for (uint32_t i = 0; i < course->count; i++) {
            const struct views_course_bin *bin = &course->bins[i];
            json_writer_u64(json, k == 0   ? bin->posts
                                  : k == 1 ? bin->acts
                                           : bin->people);
        }
        json_writer_close(json, ']');
    }
}

static void
put_growth(const struct campaign_report_data *data, struct buffer *json)
{
    const struct views_course *course = &data->course;
    json_writer_name(json, SLICE_LIT("growth"));
    json_writer_open(json, '{');
    if (course->count != 0) {
        put_ms(json, "start_ms", course->start);
        put_ms(json, "width_ms", course->width);
    }
    put_bins(course, json);
    json_writer_close(json, '}');
    json_writer_name(json, SLICE_LIT("adopters"));
    json_writer_open(json, '[');
    for (uint32_t i = 0; i < VIEWS_COURSE_CLASSES; i++) {
        const struct views_course_class *class = &course->classes[i];
        json_writer_open(json, '{');
        json_writer_put_text(json, "class", class->name);
        json_writer_put_u64(json, "people", class->people);
        put_ms(json, "from_ms", class->from);
        put_ms(json, "until_ms", class->until);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

// ── people ─────────────────────────────────────────────────────────────────

static void
open_row(struct buffer *json, uint32_t rank, const struct campaign_report_row *row)
{
    json_writer_open(json, '{');
    json_writer_put_u64(json, "rank", rank);
    json_writer_put_text(json, "id", row->id);
}

static void
put_names(struct buffer *json, const struct campaign_report_row *row)
{
    json_writer_put_text(json, "handle", row->handle);
    json_writer_put_text(json, "name", row->name);
    json_writer_put_text(json, "text", row->text);
}

static void
put_rows(struct buffer *json, const struct campaign_report_row *rows, uint32_t count)
{
    json_writer_open(json, '[');
    for (uint32_t i = 0; i < count; i++) {
        open_row(json, i + 1, &rows[i]);
        json_writer_put_u64(json, "value", rows[i].value);
        put_names(json, &rows[i]);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void
put_people(const struct campaign_report_data *data, struct buffer *json)
{
    json_writer_name(json, SLICE_LIT("new_carriers"));
    put_rows(json, data->new_people, data->new_count);
    json_writer_name(json, SLICE_LIT("outreach"));
    json_writer_open(json, '[');
    for (uint32_t i = 0; i < data->outreach_count; i++) {
        const struct campaign_report_person *person = &data->outreach[i];
        open_row(json, i + 1, &person->who);
        json_writer_name(json, SLICE_LIT("value"));
        put_decimal(json, (double)person->who.value / (double)VIEWS_OUTREACH_UNIT,
                    SCORE_DIGITS);
        put_names(json, &person->who);
        put_number(json, "people", person->people);
        put_number(json, "acts", person->acts);
        put_number(json, "rate", person->rate);
        put_number(json, "next", person->next);
        put_number(json, "known", person->known);
        put_number(json, "followers", person->followers);
        put_number(json, "last_ms", person->last_ms);
        json_writer_put_text(json, "why", person->why);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

// ── all of it ──────────────────────────────────────────────────────────────

void
campaign_report_json(const struct campaign_report_data *data, struct buffer *out)
{
    json_writer_open(out, '{');
    json_writer_put_text(out, "campaign", data->name);
    put_ms(out, "first_ms", data->first);
    put_ms(out, "clock_ms", data->last);
    json_writer_put_u64(out, "read", data->read);
    json_writer_put_u64(out, "people_forgotten", data->evicted);
    json_writer_put_u64(out, "left_out", data->left_out);
    put_now(data, out);
    put_before(data, out);
    put_windows(data, out);
    put_growth(data, out);
    json_writer_put_text(out, "window", slice_of(data->windows[data->window].name));
    json_writer_name(out, SLICE_LIT("boards"));
    json_writer_open(out, '{');
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_BOARDS; i++) {
        json_writer_name(out, slice_of(data->boards[i].metric));
        put_rows(out, data->boards[i].rows, data->boards[i].count);
    }
    json_writer_close(out, '}');
    if (data->new_window != VIEWS_NONE) {
        json_writer_put_text(out, "new_window",
                             slice_of(data->windows[data->new_window].name));
    }
    put_people(data, out);
    json_writer_close(out, '}');
    buffer_append_byte(out, '\n');
}
