#include "daemon/campaign_report_text.h"

#include <stdio.h>
#include <string.h>

#include "daemon/campaign_wording.h"
#include "ingest/text/cell.h"
#include "pipeline/views_campaign.h"

enum {
    WIDTH = 100,
    NAME_COLUMNS = 14,
    FIGURE_COLUMNS = 13,
    COLUMNS = 3,        // of boards
    BOARD_COLUMNS = 31, // and a gap
    VALUE_COLUMNS = 8,
    WHO_COLUMNS = 24,
    GAP = 2,
    ROWS = 4,     // of a board
    OUTREACH = 5, // people
    PARTS = 7,    // of the growth
    BAR_COLUMNS = 40,
    TITLE_MAX = 160,
    WHO_MAX = 4096,
};

static void
put(struct buffer *out, const char *text)
{
    buffer_append(out, slice_of(text));
}

static void
put_title(struct buffer *out, const char *title)
{
    buffer_append_byte(out, '\n');
    put(out, title);
    buffer_append_byte(out, '\n');
}

static void
put_right(struct buffer *out, const char *text, size_t columns)
{
    cell_put_aligned(out, slice_of(text), columns, CELL_RIGHT);
}

// A line has no white space at its end.
static void
end_line(struct buffer *out)
{
    while (out->size != 0 && out->bytes[out->size - 1] == ' ') {
        out->size--;
    }
    buffer_append_byte(out, '\n');
}

// "@ann", else the id; of a hashtag "#tag".
static void
put_who(struct buffer *out, const struct campaign_report_row *row,
        enum views_owner owner, size_t columns)
{
    struct buffer who;
    buffer_init(&who, WHO_MAX);
    bool has_handle = row->handle.len != 0;
    if (owner == VIEWS_HASHTAGS || has_handle) {
        buffer_append_byte(&who, owner == VIEWS_HASHTAGS ? '#' : '@');
    }
    buffer_append(&who, has_handle ? row->handle : row->id);
    if (!slice_is_none(row->text)) {
        put(&who, " ");
        buffer_append(&who, row->text);
    }
    cell_put_aligned(out, buffer_text(&who), columns, CELL_LEFT);
    buffer_fini(&who);
}

// ── figures ────────────────────────────────────────────────────────────────

static void
put_head(const struct campaign_report_data *data, struct buffer *out)
{
    char title[TITLE_MAX];
    char text[2][CAMPAIGN_WORDING_MAX];
    int len = snprintf(title, sizeof(title), "campaign %.*s", SLICE_ARG(data->name));
    cell_put_aligned(out, (struct slice){title, (size_t)len}, WIDTH / 2, CELL_LEFT);
    if (data->last != USEC_NONE) {
        (void)snprintf(title, sizeof(title), "%s to %s UTC",
                       campaign_wording_time(data->first, text[0]),
                       campaign_wording_time(data->last, text[1]));
        put_right(out, title, WIDTH / 2);
    }
    end_line(out);
    buffer_append_byte(out, '\n');
    campaign_wording_sentences(data, out);
}

static void
put_figure(const struct campaign_report_data *data, struct buffer *out, uint32_t figure)
{
    char text[CAMPAIGN_WORDING_MAX];
    cell_put_aligned(out,
                     slice_of(campaign_wording_name(views_course_figure(figure), text)),
                     NAME_COLUMNS, CELL_LEFT);
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        put_right(out,
                  campaign_wording_figure(window, figure, CAMPAIGN_WORDING_NOW, text),
                  FIGURE_COLUMNS);
        put_right(
            out, campaign_wording_figure(window, figure, CAMPAIGN_WORDING_BEFORE, text),
            FIGURE_COLUMNS);
    }
    buffer_append_byte(out, '\n');
}

static void
put_number(const struct campaign_report_data *data, struct buffer *out, uint32_t number)
{
    char text[CAMPAIGN_WORDING_MAX];
    struct slice name = slice_of(campaign_report_data_numbers[number]);
    cell_put_aligned(out, slice_of(campaign_wording_name(name, text)), NAME_COLUMNS,
                     CELL_LEFT);
    for (uint32_t i = 0; i < data->window_count; i++) {
        put_right(out, campaign_wording_count(data->windows[i].numbers[number], text),
                  FIGURE_COLUMNS);
        put_right(out, "", FIGURE_COLUMNS);
    }
    end_line(out);
}

static void
put_figures(const struct campaign_report_data *data, struct buffer *out)
{
    bool is_partial = false;
    put_title(out, "Figures, and those of the window before");
    cell_fill(out, NAME_COLUMNS);
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        bool is_part = window->has_before && !window->is_before_whole;
        put_right(out, window->name, FIGURE_COLUMNS);
        put_right(out, is_part ? "before*" : "before", FIGURE_COLUMNS);
        is_partial = is_partial || is_part;
    }
    buffer_append_byte(out, '\n');
    for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
        if (campaign_wording_shows(data, i)) {
            put_figure(data, out, i);
        }
    }
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_NUMBERS; i++) {
        put_number(data, out, i);
    }
    if (is_partial) {
        put(out, "* the recording begins within it\n");
    }
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
put_part(struct buffer *out, usec time, const struct views_course_bin *sum,
         uint64_t most)
{
    char text[CAMPAIGN_WORDING_MAX];
    cell_put_aligned(out, slice_of(campaign_wording_time(time, text)), WHO_COLUMNS,
                     CELL_LEFT);
    put_right(out, campaign_wording_count(sum->posts, text), FIGURE_COLUMNS - 3);
    put_right(out, campaign_wording_count(sum->acts - sum->posts, text),
              FIGURE_COLUMNS - 3);
    put_right(out, campaign_wording_count(sum->people, text), FIGURE_COLUMNS - 3);
    cell_fill(out, GAP);
    for (uint64_t i = 0; most != 0 && i < sum->acts * BAR_COLUMNS / most; i++) {
        buffer_append_byte(out, '#');
    }
    end_line(out);
}

// In parts of equal length.
static void
put_growth(const struct campaign_report_data *data, struct buffer *out)
{
    const struct views_course *course = &data->course;
    struct views_course_bin sums[PARTS] = {0};
    uint32_t each = (course->count + PARTS - 1) / PARTS;
    uint64_t most = 0;
    for (uint32_t i = 0; i < course->count; i++) {
        struct views_course_bin *sum = &sums[i / each];
        sum->posts += course->bins[i].posts;
        sum->acts += course->bins[i].acts;
        sum->people += course->bins[i].people;
        most = sum->acts > most ? sum->acts : most;
    }
    if (course->count == 0) {
        return;
    }
    put_title(out, "How it went");
    cell_fill(out, WHO_COLUMNS);
    put_right(out, "posts", FIGURE_COLUMNS - 3);
    put_right(out, "retweets", FIGURE_COLUMNS - 3);
    put_right(out, "joined", FIGURE_COLUMNS - 3);
    buffer_append_byte(out, '\n');
    for (uint32_t i = 0; i * each < course->count; i++) {
        put_part(out, course->start + (usec)(i * each) * course->width, &sums[i], most);
    }
}

static void
put_classes(const struct campaign_report_data *data, struct buffer *out)
{
    char text[CAMPAIGN_WORDING_MAX];
    const struct views_course *course = &data->course;
    if (course->count == 0) {
        return;
    }
    put_title(out, "When people joined");
    for (uint32_t i = 0; i < VIEWS_COURSE_CLASSES; i++) {
        const struct views_course_class *class = &course->classes[i];
        cell_put_aligned(out, class->name, NAME_COLUMNS + GAP, CELL_LEFT);
        put_right(out, campaign_wording_count(class->people, text), VALUE_COLUMNS);
        if (class->people != 0) {
            put(out, "  from ");
            put(out, campaign_wording_time(class->from, text));
            put(out, " until ");
            put(out, campaign_wording_time(class->until, text));
        }
        buffer_append_byte(out, '\n');
    }
}

// ── boards ─────────────────────────────────────────────────────────────────

static void
put_row(struct buffer *out, const struct campaign_report_board *board, uint32_t row,
        size_t columns)
{
    char text[CAMPAIGN_WORDING_MAX];
    if (row >= board->count) {
        cell_fill(out, columns);
        return;
    }
    put_right(out, campaign_wording_count(board->rows[row].value, text), VALUE_COLUMNS);
    cell_fill(out, GAP);
    put_who(out, &board->rows[row], board->owner, columns - VALUE_COLUMNS - GAP);
}

static void
put_band(const struct campaign_report_data *data, struct buffer *out,
         const char *const metrics[COLUMNS])
{
    const struct campaign_report_board *boards[COLUMNS];
    size_t widths[COLUMNS];
    size_t count = 0;
    size_t most = 0;
    for (size_t i = 0; i < COLUMNS && metrics[i] != NULL; i++) {
        boards[count] = campaign_report_data_board(data, metrics[i]);
        widths[count] = boards[count]->owner == VIEWS_CASCADES ? 2 * BOARD_COLUMNS + GAP
                                                               : BOARD_COLUMNS;
        most = boards[count]->count > most ? boards[count]->count : most;
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        cell_fill(out, i != 0 ? GAP : 0);
        cell_put_aligned(out, slice_of(boards[i]->metric), widths[i], CELL_LEFT);
    }
    end_line(out);
    for (uint32_t row = 0; row < most && row < ROWS; row++) {
        for (size_t i = 0; i < count; i++) {
            cell_fill(out, i != 0 ? GAP : 0);
            put_row(out, boards[i], row, widths[i]);
        }
        end_line(out);
    }
}

static void
put_boards(const struct campaign_report_data *data, struct buffer *out)
{
    static const char *const bands[][COLUMNS] = {
        {"carried", "influence", "reach"},
        {"retweets", "quotes", "replies"},
        {"posts", "translated", NULL},
        {"hashtags", "cascades", NULL},
    };
    char title[TITLE_MAX];
    (void)snprintf(title, sizeof(title), "Last %s", data->windows[data->window].name);
    put_title(out, title);
    for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++) {
        put_band(data, out, bands[i]);
    }
}

// ── people ─────────────────────────────────────────────────────────────────

static void
put_new(const struct campaign_report_data *data, struct buffer *out)
{
    char text[CAMPAIGN_WORDING_MAX];
    char title[TITLE_MAX];
    if (data->new_window == VIEWS_NONE) {
        return;
    }
    (void)snprintf(title, sizeof(title),
                   "New in the last %s, and people who came through them",
                   data->windows[data->new_window].name);
    put_title(out, title);
    for (uint32_t i = 0; i < data->new_count && i < ROWS; i++) {
        put_right(out, campaign_wording_count(data->new_people[i].value, text),
                  VALUE_COLUMNS);
        cell_fill(out, GAP);
        put_who(out, &data->new_people[i], VIEWS_PEOPLE, WHO_COLUMNS);
        end_line(out);
    }
    if (data->new_count == 0) {
        put(out, "no one through whom others came\n");
    }
}

// Behind a person, in as many lines as it takes.
static void
put_wrapped(struct buffer *out, struct slice text)
{
    const size_t indent = VALUE_COLUMNS + GAP + WHO_COLUMNS;
    const size_t width = WIDTH - indent - GAP;
    while (text.len > width) {
        size_t len = width;
        while (len > 0 && text.ptr[len] != ' ') {
            len--;
        }
        for (len = len != 0 ? len : width;
             ((unsigned char)text.ptr[len] & 0xC0) == 0x80;) {
            len--; // within a character
        }
        cell_fill(out, GAP);
        (void)cell_put(out, (struct slice){text.ptr, len}, width);
        buffer_append_byte(out, '\n');
        cell_fill(out, indent);
        len += text.ptr[len] == ' ';
        text = (struct slice){text.ptr + len, text.len - len};
    }
    cell_fill(out, GAP);
    (void)cell_put(out, text, width);
    end_line(out);
}

static void
put_outreach(const struct campaign_report_data *data, struct buffer *out)
{
    char text[CAMPAIGN_WORDING_MAX];
    if (data->outreach_count == 0) {
        return;
    }
    put_title(out, "Whom to talk to");
    for (uint32_t i = 0; i < data->outreach_count && i < OUTREACH; i++) {
        const struct campaign_report_person *person = &data->outreach[i];
        (void)snprintf(text, sizeof(text), "%.1f",
                       (double)person->who.value / (double)VIEWS_OUTREACH_UNIT);
        put_right(out, text, VALUE_COLUMNS);
        cell_fill(out, GAP);
        put_who(out, &person->who, VIEWS_PEOPLE, WHO_COLUMNS);
        put_wrapped(out, person->why);
    }
}

void
campaign_report_text(const struct campaign_report_data *data, struct buffer *out)
{
    put_head(data, out);
    put_figures(data, out);
    put_growth(data, out);
    put_classes(data, out);
    if (data->course.count != 0) {
        put_boards(data, out);
    }
    put_new(data, out);
    put_outreach(data, out);
}
