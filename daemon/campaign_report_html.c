#include "daemon/campaign_report_html.h"

#include <stdio.h>
#include <string.h>

#include "base/html_writer.h"
#include "daemon/campaign_report_chart.h"
#include "daemon/campaign_wording.h"
#include "pipeline/views_campaign.h"

enum { TITLE_MAX = 256, SENTENCES_MAX = 1 << 16, BOARD_ROWS = 5 };

// ── elements ───────────────────────────────────────────────────────────────

static void
begin(struct html_writer *html, const char *element, const char *class)
{
    html_writer_open(html, element);
    if (class != NULL) {
        html_writer_attribute(html, "class", slice_of(class));
    }
}

static void
put_slice(struct html_writer *html, const char *element, const char *class,
          struct slice text)
{
    begin(html, element, class);
    html_writer_text(html, text);
    html_writer_close(html);
}

static void
put(struct html_writer *html, const char *element, const char *class, const char *text)
{
    put_slice(html, element, class, slice_of(text));
}

static void
open_section(struct html_writer *html, const char *title)
{
    begin(html, "section", NULL);
    put(html, "h2", NULL, title);
}

// What others wrote may have another direction of writing.
static void
put_theirs(struct html_writer *html, const char *class, struct slice text)
{
    begin(html, "bdi", class);
    html_writer_attribute(html, "dir", SLICE_LIT("auto"));
    html_writer_text(html, text);
    html_writer_close(html);
}

// "@ann", else the id; of a hashtag "#tag".
static void
put_who(struct html_writer *html, const struct campaign_report_row *row,
        enum views_owner owner)
{
    char mark[] = {owner == VIEWS_HASHTAGS ? '#' : '@', '\0'};
    bool has_handle = row->handle.len != 0;
    struct slice text = has_handle ? row->handle : row->id;
    begin(html, "bdi", "who");
    if (has_handle || owner == VIEWS_HASHTAGS) {
        html_writer_text(html, slice_of(mark));
    }
    html_writer_text(html, text);
    html_writer_close(html);
    if (row->name.len != 0) {
        html_writer_text(html, SLICE_LIT(" "));
        put_theirs(html, "note", row->name);
    }
}

// ── the top ────────────────────────────────────────────────────────────────

static void
put_head(struct html_writer *html, const struct campaign_report_data *data)
{
    static const char *const charset[] = {"charset", "utf-8", NULL};
    static const char *const policy[] = {
        "http-equiv", "Content-Security-Policy", "content",
        "default-src 'none'; style-src 'unsafe-inline'", NULL};
    static const char *const viewport[] = {"name", "viewport", "content",
                                           "width=device-width, initial-scale=1", NULL};
    html_writer_open(html, "head");
    html_writer_void(html, "meta", charset);
    html_writer_void(html, "meta", policy);
    html_writer_void(html, "meta", viewport);
    html_writer_open(html, "title");
    html_writer_text(html, SLICE_LIT("Campaign "));
    html_writer_text(html, data->name);
    html_writer_close(html);
    html_writer_style(html, campaign_report_style);
    html_writer_close(html);
}

static void
put_period(struct html_writer *html, const struct campaign_report_data *data)
{
    char text[3][CAMPAIGN_WORDING_MAX];
    char period[4 * CAMPAIGN_WORDING_MAX];
    if (data->last == USEC_NONE) {
        put(html, "p", "period", "The recording has no posts.");
        return;
    }
    (void)snprintf(period, sizeof(period), "%s to %s UTC (%s)",
                   campaign_wording_time(data->first, text[0]),
                   campaign_wording_time(data->last, text[1]),
                   campaign_wording_span(data->last - data->first, text[2]));
    put(html, "p", "period", period);
}

static void
put_summary(struct html_writer *html, const struct campaign_report_data *data)
{
    struct buffer text;
    buffer_init(&text, SENTENCES_MAX);
    campaign_wording_sentences(data, &text);
    struct slice rest = buffer_text(&text);
    begin(html, "div", "summary");
    while (rest.len != 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = (size_t)(end - rest.ptr);
        put_slice(html, "p", NULL, (struct slice){rest.ptr, len});
        rest = (struct slice){end + 1, rest.len - len - 1};
    }
    html_writer_close(html);
    buffer_fini(&text);
}

// ── figures ────────────────────────────────────────────────────────────────

static void
put_tile(struct html_writer *html, const char *label, const char *value,
         const char *note)
{
    begin(html, "div", "tile");
    put(html, "b", NULL, value);
    put(html, "span", NULL, label);
    put(html, "span", "note", note);
    html_writer_close(html);
}

static void
put_figure_tile(struct html_writer *html, const struct campaign_report_window *window,
                const char *figure, const char *label)
{
    char text[2][CAMPAIGN_WORDING_MAX];
    char note[2 * CAMPAIGN_WORDING_MAX] = "";
    uint32_t number = campaign_wording_figure_of(figure);
    const char *before =
        campaign_wording_figure(window, number, CAMPAIGN_WORDING_BEFORE, text[1]);
    if (strcmp(before, "-") != 0) {
        (void)snprintf(note, sizeof(note), "before: %s%s", before,
                       window->is_before_whole ? "" : "*");
    }
    put_tile(html, label,
             campaign_wording_figure(window, number, CAMPAIGN_WORDING_NOW, text[0]),
             note);
}

static void
put_partial(struct html_writer *html, bool is_partial)
{
    if (is_partial) {
        put(html, "p", "note", "* as far as recorded: the recording begins within it");
    }
}

static void
put_tiles(struct html_writer *html, const struct campaign_report_data *data)
{
    const struct campaign_report_window *window = &data->windows[data->window];
    char text[CAMPAIGN_WORDING_MAX];
    char title[TITLE_MAX];
    (void)snprintf(title, sizeof(title), "Last %s", window->name);
    open_section(html, title);
    begin(html, "div", "tiles");
    put_tile(html, "people", campaign_wording_count(window->numbers[0], text), "");
    put_figure_tile(html, window, "joined", "people who joined");
    put_figure_tile(html, window, "posts", "posts");
    put_figure_tile(html, window, "retweets", "retweets");
    put_figure_tile(html, window, "reach", "reach");
    if (data->has_rivals) {
        put_figure_tile(html, window, "share", "share of voice");
    }
    html_writer_close(html);
    put_partial(html, window->has_before && !window->is_before_whole);
    html_writer_close(html);
}

static void
put_cells(struct html_writer *html, const struct campaign_report_data *data,
          uint32_t figure)
{
    char text[CAMPAIGN_WORDING_MAX];
    html_writer_open(html, "tr");
    put(html, "td", NULL, campaign_wording_name(views_course_figure(figure), text));
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        put(html, "td", "number",
            campaign_wording_figure(window, figure, CAMPAIGN_WORDING_NOW, text));
        put(html, "td", "number before",
            campaign_wording_figure(window, figure, CAMPAIGN_WORDING_BEFORE, text));
    }
    html_writer_close(html);
}

static void
put_figures(struct html_writer *html, const struct campaign_report_data *data)
{
    char text[CAMPAIGN_WORDING_MAX];
    bool is_partial = false;
    open_section(html, "Figures, and those of the window before");
    begin(html, "div", "scroll");
    html_writer_open(html, "table");
    html_writer_open(html, "thead");
    html_writer_open(html, "tr");
    put(html, "th", NULL, "");
    for (uint32_t i = 0; i < data->window_count; i++) {
        const struct campaign_report_window *window = &data->windows[i];
        bool is_part = window->has_before && !window->is_before_whole;
        (void)snprintf(text, sizeof(text), "last %s", window->name);
        put(html, "th", "number", text);
        put(html, "th", "number", is_part ? "before*" : "before");
        is_partial = is_partial || is_part;
    }
    html_writer_close(html);
    html_writer_close(html);
    html_writer_open(html, "tbody");
    for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
        if (campaign_wording_shows(data, i)) {
            put_cells(html, data, i);
        }
    }
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_NUMBERS; i++) {
        html_writer_open(html, "tr");
        put(html, "td", NULL,
            campaign_wording_name(slice_of(campaign_report_data_numbers[i]), text));
        for (uint32_t k = 0; k < data->window_count; k++) {
            put(html, "td", "number",
                campaign_wording_count(data->windows[k].numbers[i], text));
            put(html, "td", NULL, "");
        }
        html_writer_close(html);
    }
    html_writer_close(html);
    html_writer_close(html);
    html_writer_close(html);
    put_partial(html, is_partial);
    html_writer_close(html);
}

// ── charts ─────────────────────────────────────────────────────────────────

static void
put_key(struct html_writer *html, const char *class, const char *name)
{
    put(html, "span", class, "");
    html_writer_text(html, slice_of(name));
}

static void
put_growth(struct html_writer *html, const struct campaign_report_data *data)
{
    char text[CAMPAIGN_WORDING_MAX];
    char title[TITLE_MAX];
    open_section(html, "Growth");
    begin(html, "p", "note");
    put_key(html, "key posts", "posts");
    put_key(html, "key retweets", "retweets");
    (void)snprintf(title, sizeof(title), " – a bar is %s; times are UTC",
                   campaign_wording_span(data->course.width, text));
    html_writer_text(html, slice_of(title));
    html_writer_close(html);
    begin(html, "div", "scroll");
    campaign_report_chart_growth(html, data);
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_share(struct html_writer *html, const struct campaign_report_data *data)
{
    open_section(html, "Share of voice");
    if (!data->has_rivals) {
        put(html, "p", "note", "The campaign has no words of rivals to compare with.");
        html_writer_close(html);
        return;
    }
    begin(html, "p", "note");
    put_key(html, "key posts", "posts of the campaign");
    put_key(html, "key rivals", "posts with words of rivals");
    html_writer_close(html);
    begin(html, "div", "scroll");
    campaign_report_chart_share(html, data);
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_adopters(struct html_writer *html, const struct campaign_report_data *data)
{
    open_section(html, "Who took part when");
    put(html, "p", "note",
        "People by their first post or retweet in the campaign, in Rogers’ classes of "
        "those so far: the first 2.5 % are innovators, the next 13.5 % early adopters, "
        "then 34 % early majority, 34 % late majority, and laggards.");
    begin(html, "div", "scroll");
    campaign_report_chart_adopters(html, data);
    html_writer_close(html);
    html_writer_close(html);
}

// ── boards and people ──────────────────────────────────────────────────────

static void
put_row(struct html_writer *html, const struct campaign_report_row *row,
        enum views_owner owner)
{
    char text[CAMPAIGN_WORDING_MAX];
    html_writer_open(html, "li");
    put(html, "b", NULL, campaign_wording_count(row->value, text));
    html_writer_open(html, "span");
    put_who(html, row, owner);
    if (row->text.len != 0) {
        html_writer_text(html, SLICE_LIT(" "));
        put_theirs(html, NULL, row->text);
    }
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_rows(struct html_writer *html, const struct campaign_report_row *rows,
         uint32_t count, enum views_owner owner)
{
    html_writer_open(html, "ol");
    for (uint32_t i = 0; i < count; i++) {
        put_row(html, &rows[i], owner);
    }
    html_writer_close(html);
}

static void
put_board(struct html_writer *html, const struct campaign_report_board *board)
{
    bool is_wide = board->owner == VIEWS_CASCADES;
    begin(html, "div", is_wide ? "board wide" : "board");
    put(html, "h3", NULL, board->title);
    put_rows(html, board->rows, board->count < BOARD_ROWS ? board->count : BOARD_ROWS,
             board->owner);
    html_writer_close(html);
}

static void
put_boards(struct html_writer *html, const struct campaign_report_data *data)
{
    char title[TITLE_MAX];
    (void)snprintf(title, sizeof(title), "Who and what, last %s",
                   data->windows[data->window].name);
    open_section(html, title);
    begin(html, "div", "boards");
    for (uint32_t i = 0; i < CAMPAIGN_REPORT_BOARDS; i++) {
        if (data->boards[i].count != 0) {
            put_board(html, &data->boards[i]);
        }
    }
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_new(struct html_writer *html, const struct campaign_report_data *data)
{
    char title[TITLE_MAX];
    if (data->new_window == VIEWS_NONE) {
        return;
    }
    (void)snprintf(title, sizeof(title), "New in the last %s",
                   data->windows[data->new_window].name);
    open_section(html, title);
    if (data->new_count == 0) {
        put(html, "p", "note", "No one came through people who are new.");
    } else {
        put(html, "p", "note",
            "People who took part for the first time, and how many came through them.");
        begin(html, "div", "board");
        put_rows(html, data->new_people, data->new_count, VIEWS_PEOPLE);
        html_writer_close(html);
    }
    html_writer_close(html);
}

static void
put_person(struct html_writer *html, const struct campaign_report_person *person)
{
    char text[CAMPAIGN_WORDING_MAX];
    (void)snprintf(text, sizeof(text), "%.1f",
                   (double)person->who.value / (double)VIEWS_OUTREACH_UNIT);
    html_writer_open(html, "li");
    put(html, "b", NULL, text);
    html_writer_open(html, "span");
    put_who(html, &person->who, VIEWS_PEOPLE);
    begin(html, "span", "why note");
    put_theirs(html, NULL, person->why);
    html_writer_close(html);
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_outreach(struct html_writer *html, const struct campaign_report_data *data)
{
    if (data->outreach_count == 0) {
        return;
    }
    open_section(html, "Whom to talk to");
    put(html, "p", "note",
        "Those through whom most people came; what is long ago counts less. Each with "
        "what was observed, and what is estimated from it.");
    begin(html, "div", "board");
    html_writer_open(html, "ol");
    for (uint32_t i = 0; i < data->outreach_count; i++) {
        put_person(html, &data->outreach[i]);
    }
    html_writer_close(html);
    html_writer_close(html);
    html_writer_close(html);
}

static void
put_foot(struct html_writer *html, const struct campaign_report_data *data)
{
    char text[CAMPAIGN_WORDING_MAX];
    char words[2 * CAMPAIGN_WORDING_MAX];
    (void)snprintf(
        words, sizeof(words),
        "From a recording of %s posts. All figures are as of its newest post.",
        campaign_wording_count(data->read, text));
    html_writer_open(html, "footer");
    put(html, "p", "note", words);
    put(html, "p", "note",
        "Reach is the sum of the followers of those who retweeted or quoted, once per "
        "person and post. A person came through another one if the network shows that "
        "the "
        "reshare was of that person’s reshare. Only public posts are counted.");
    html_writer_close(html);
}

void
campaign_report_html(const struct campaign_report_data *data, struct buffer *out)
{
    struct html_writer html;
    html_writer_init(&html, out);
    html_writer_open(&html, "html");
    html_writer_attribute(&html, "lang", SLICE_LIT("en"));
    put_head(&html, data);
    html_writer_open(&html, "body");
    html_writer_open(&html, "header");
    put(&html, "p", "period", "Campaign report");
    put_slice(&html, "h1", NULL, data->name);
    put_period(&html, data);
    html_writer_close(&html);
    put_summary(&html, data);
    if (data->course.count != 0) {
        put_tiles(&html, data);
        put_growth(&html, data);
        put_share(&html, data);
        put_adopters(&html, data);
        put_boards(&html, data);
        put_new(&html, data);
        put_figures(&html, data);
        put_outreach(&html, data);
    }
    put_foot(&html, data);
    html_writer_close(&html);
    html_writer_close(&html);
}
