#include "ctl/campaign.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/usec.h"
#include "ctl/bands.h"
#include "ctl/board.h"
#include "ctl/campaign_course.h"
#include "ctl/campaigns.h"
#include "ingest/text/cell.h"
#include "ctl/outreach_list.h"
#include "ctl/print.h"
#include "ctl/screen.h"
#include "ctl/values.h"
#include "ctl/windows.h"

enum {
    OUTPUT_MAX = 1 << 24,
    KEY_MAX = 4096,
    BANDS = 4,
    WHO_COLUMNS = 24,
    PEOPLE_COLUMNS = 8,
    TITLE_MAX = 256,
    NOW_COLUMNS = 11,
    BEFORE_COLUMNS = 10,
};

static const struct bands_place bands[BANDS][BANDS_BOARDS_MAX] = {
    {{BOARD_CARRIED, 1}, {BOARD_INFLUENCE, 1}, {BOARD_RETWEETS, 1}},
    {{BOARD_REACH, 1}, {BOARD_QUOTES, 1}, {BOARD_REPLIES, 1}},
    {{BOARD_POSTS, 1}, {BOARD_TRANSLATED, 1}},
    {{BOARD_HASHTAGS, 1}, {BOARD_CASCADES, 2}},
};

// In the order in which they are shown.
static const char *const metrics[] = {
    "posts",    "people",      "new_people", "known_people", "retweets",
    "quotes",   "replies",     "reach",      "carried",      "translated",
    "cascades", "rival_posts", "share",
};

struct campaign {
    struct slice name;
    redisReply *hash;
    struct windows windows;
    char window[BOARD_WINDOW_MAX + 1]; // of the boards
    struct board_snapshot boards;
    struct outreach_list outreach;
    struct campaign_course course;
};

// ── reading ────────────────────────────────────────────────────────────────

static enum status
pull_hash(struct client *client, struct slice name, redisReply **ret_hash,
          struct error *error)
{
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    campaigns_put_key(&key, name, "");
    client_queue(client, "HGETALL", buffer_text(&key), NULL);
    buffer_fini(&key);
    *ret_hash = client_answer(client, REDIS_REPLY_ARRAY, error);
    return *ret_hash != NULL ? STATUS_OK : STATUS_IO;
}

static void
choose_window(struct campaign *campaign, const char *wanted)
{
    const struct windows *windows = &campaign->windows;
    struct slice window = SLICE_LIT("1h");
    if (wanted != NULL) {
        window = slice_of(wanted);
    } else if (windows->count != 0) {
        struct slice longest = windows->at[windows->count - 1].name;
        bool has_usual = false;
        for (size_t i = 0; i < windows->count; i++) {
            has_usual = has_usual || slice_equal(windows->at[i].name, window);
        }
        window = has_usual ? window : longest;
    }
    (void)snprintf(campaign->window, sizeof campaign->window, "%.*s",
                   SLICE_ARG(window));
}

static enum status
pull(struct client *client, const struct campaign_options *options,
     struct campaign *campaign, struct error *error)
{
    enum status status = campaigns_check(client, campaign->name, error);
    if (status == STATUS_OK) {
        status = pull_hash(client, campaign->name, &campaign->hash, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct buffer scope;
    campaign->windows = windows_find(campaign->hash);
    choose_window(campaign, options->window);
    buffer_init(&scope, KEY_MAX);
    campaigns_put_key(&scope, campaign->name, "");
    buffer_append_byte(&scope, ':');
    struct board_request request = {buffer_text(&scope), campaign->window,
                                    options->rows};
    status = board_pull(client, request, &campaign->boards, error);
    buffer_fini(&scope);
    if (status == STATUS_OK) {
        status = outreach_list_pull(client, campaign->name, options->rows,
                                    &campaign->outreach, error);
    }
    return status;
}

static void
drop(struct campaign *campaign)
{
    campaign_course_fini(&campaign->course);
    outreach_list_fini(&campaign->outreach);
    board_drop(&campaign->boards);
    freeReplyObject(campaign->hash);
}

// ── as a screen ────────────────────────────────────────────────────────────

static void
put_title(struct buffer *out, const struct screen *screen,
          const struct campaign *campaign)
{
    char title[TITLE_MAX];
    char clock[USEC_TEXT_MAX] = "no posts yet";
    const struct board_meta *meta = &campaign->boards.meta;
    if (!slice_is_none(meta->clock_ms)) {
        (void)usec_format_rfc3339(values_whole(meta->clock_ms) * USEC_PER_MS, clock);
    }
    (void)snprintf(title, sizeof title, "campaign %.*s", SLICE_ARG(campaign->name));
    size_t columns = strlen(clock) < screen->width ? strlen(clock) : screen->width;
    screen_put_strong(screen, out, slice_of(title), screen->width - columns);
    (void)cell_put(out, slice_of(clock), columns);
    buffer_append(out, slice_equal(meta->complete, SLICE_LIT("0"))
                           ? SLICE_LIT("\nwindows still filling\n\n")
                           : SLICE_LIT("\n\n"));
}

// A value, and beside it that of the window before if the daemon answered.
static void
put_cells(struct buffer *out, const struct campaign *campaign, const char *metric,
          struct slice window, struct slice value)
{
    char before[CAMPAIGN_COURSE_FIGURE_MAX];
    bool has_before = campaign->course.figures != NULL;
    cell_put_aligned(out, value, has_before ? NOW_COLUMNS : WINDOWS_COLUMNS,
                     CELL_RIGHT);
    if (has_before) {
        campaign_course_before(&campaign->course, metric, window, before);
        cell_put_aligned(out, slice_of(before), BEFORE_COLUMNS, CELL_RIGHT);
    }
}

static void
put_head(struct buffer *out, const struct campaign *campaign)
{
    cell_fill(out, WINDOWS_NAME_COLUMNS);
    for (size_t i = 0; i < campaign->windows.count; i++) {
        struct slice window = campaign->windows.at[i].name;
        bool has_before = campaign->course.figures != NULL;
        cell_put_aligned(out, window, has_before ? NOW_COLUMNS : WINDOWS_COLUMNS,
                         CELL_RIGHT);
        cell_put_aligned(out, SLICE_LIT("before"), has_before ? BEFORE_COLUMNS : 0,
                         CELL_RIGHT);
    }
    buffer_append_byte(out, '\n');
}

// "62.5 %" of "0.6250".
static void
put_row(struct buffer *out, const struct campaign *campaign, const char *metric)
{
    bool is_share = strcmp(metric, "share") == 0;
    cell_put_aligned(out, slice_of(is_share ? "share of voice" : metric),
                     WINDOWS_NAME_COLUMNS, CELL_LEFT);
    for (size_t i = 0; i < campaign->windows.count; i++) {
        char text[CELL_NUMBER_MAX] = "-";
        struct slice window = campaign->windows.at[i].name;
        struct slice value = windows_value(campaign->hash, metric, window);
        struct slice shown = slice_of(text);
        if (!is_share) {
            shown = cell_number(value.len > 0 ? value : SLICE_LIT("0"), text);
        } else if (!slice_is_none(value)) {
            (void)snprintf(text, sizeof text, "%.1f %%", 100 * values_number(value));
            shown = slice_of(text);
        }
        put_cells(out, campaign, metric, window, shown);
    }
    buffer_append_byte(out, '\n');
}

static void
put_figures(struct buffer *out, const struct campaign *campaign)
{
    if (campaign->windows.count == 0) {
        buffer_append(out, SLICE_LIT("nothing is counted in any window\n"));
        return;
    }
    put_head(out, campaign);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        put_row(out, campaign, metrics[i]);
    }
}

static void
put_outreach(struct buffer *out, const struct screen *screen,
             const struct campaign *campaign)
{
    const struct outreach_list *list = &campaign->outreach;
    size_t used = PEOPLE_COLUMNS + WHO_COLUMNS + 4;
    size_t width = screen->width > used ? screen->width - used : 0;
    buffer_append_byte(out, '\n');
    screen_put_strong(screen, out, SLICE_LIT("Whom to talk to (cascadectl outreach)"),
                      screen->width);
    buffer_append_byte(out, '\n');
    for (size_t i = 0; i < list->count; i++) {
        struct buffer who;
        buffer_init(&who, OUTPUT_MAX);
        outreach_list_put_who(&who, &list->people[i]);
        values_put_score(out, list->people[i].score, PEOPLE_COLUMNS);
        cell_fill(out, 2);
        cell_put_aligned(out, buffer_text(&who), WHO_COLUMNS, CELL_LEFT);
        cell_fill(out, 2);
        (void)cell_put(out, values_field(list->people[i].hash, SLICE_LIT("why")),
                       width);
        buffer_append_byte(out, '\n');
        buffer_fini(&who);
    }
}

static void
put_screen(struct buffer *out, const struct campaign *campaign, size_t rows)
{
    struct screen screen;
    char title[TITLE_MAX];
    screen_measure(&screen);
    const struct bands drawn = {out, &screen, &campaign->boards};
    put_title(out, &screen, campaign);
    put_figures(out, campaign);
    (void)snprintf(title, sizeof title, "\nLast %s\n", campaign->window);
    buffer_append(out, slice_of(title));
    for (size_t i = 0; i < BANDS; i++) {
        bands_put(&drawn, bands[i], rows);
    }
    campaign_course_put(out, &screen, &campaign->course);
    put_outreach(out, &screen, campaign);
}

// ── as JSON ────────────────────────────────────────────────────────────────

// The fields of the hash, whose names contain no control characters.
static void
put_fields(struct buffer *json, const redisReply *hash)
{
    for (size_t i = 0; i + 1 < hash->elements; i += 2) {
        struct slice name = client_text(hash->element[i]);
        if (!slice_is_none(windows_of(name))) {
            values_put_json(json, name, client_text(hash->element[i + 1]));
        }
    }
}

static void
put_board(struct buffer *json, const struct board *board)
{
    json_writer_open(json, '[');
    for (size_t row = 0; row < board->count; row++) {
        json_writer_open(json, '{');
        json_writer_put_u64(json, "rank", row + 1);
        json_writer_put_text(json, "id", board_member(board, row));
        values_put_json(json, SLICE_LIT("value"), board_score(board, row));
        json_writer_put_text(json, "handle", board_handle(board, row));
        json_writer_put_text(json, "text", board_text(board, row));
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void
put_json(struct buffer *json, const struct campaign *campaign)
{
    const struct board_meta *meta = &campaign->boards.meta;
    json_writer_open(json, '{');
    json_writer_put_text(json, "campaign", campaign->name);
    values_put_json(json, SLICE_LIT("clock_ms"), meta->clock_ms);
    values_put_json(json, SLICE_LIT("complete"), meta->complete);
    put_fields(json, campaign->hash);
    campaign_course_put_json(json, &campaign->course);
    json_writer_put_text(json, "window", slice_of(campaign->window));
    json_writer_name(json, SLICE_LIT("boards"));
    json_writer_open(json, '{');
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        if (i != BOARD_MENTIONS) {
            json_writer_name(json, slice_of(board_names[i]));
            put_board(json, &campaign->boards.boards[i]);
        }
    }
    json_writer_close(json, '}');
    json_writer_name(json, SLICE_LIT("outreach"));
    json_writer_open(json, '[');
    for (size_t i = 0; i < campaign->outreach.count; i++) {
        outreach_list_put_json(json, i + 1, &campaign->outreach.people[i]);
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
    buffer_append_byte(json, '\n');
}

enum status
campaign_show(struct client *client, struct service *service, const char *campaign,
              const struct campaign_options *options, struct error *error)
{
    struct campaign found = {.name = slice_of(campaign)};
    enum status status = pull(client, options, &found, error);
    if (status == STATUS_OK) {
        struct buffer out;
        campaign_course_pull(service, found.name, found.window, &found.course);
        buffer_init(&out, OUTPUT_MAX);
        if (options->is_json) {
            put_json(&out, &found);
        } else {
            put_screen(&out, &found, options->rows);
        }
        print_buffer(&out);
    }
    drop(&found);
    return status;
}

// ── all ────────────────────────────────────────────────────────────────────

static void
put_campaign(struct buffer *out, struct slice name, const redisReply *hash)
{
    static const char *const shown[] = {"posts", "people", "new_people"};
    struct windows windows = windows_find(hash);
    (void)cell_put(out, name, KEY_MAX);
    if (windows.count == 0) {
        buffer_append(out, SLICE_LIT(": nothing is counted in any window\n"));
        return;
    }
    struct slice window = windows.at[windows.count - 1].name;
    buffer_append(out, SLICE_LIT(": "));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        values_put_grouped(out, values_whole(windows_value(hash, shown[i], window)));
        buffer_append_byte(out, ' ');
        buffer_append(out, slice_of(shown[i]));
        buffer_append(out, SLICE_LIT(", "));
    }
    buffer_append(out, SLICE_LIT("last "));
    (void)cell_put(out, window, KEY_MAX);
    buffer_append_byte(out, '\n');
}

static enum status
put_all(struct client *client, const struct buffer *names, bool is_json,
        struct buffer *out, struct error *error)
{
    enum status status = STATUS_OK;
    const char *name = NULL;
    while (status == STATUS_OK && (name = campaigns_next(names, name)) != NULL) {
        redisReply *hash = NULL;
        status = pull_hash(client, slice_of(name), &hash, error);
        if (status == STATUS_OK && is_json) {
            json_writer_open(out, '{');
            json_writer_put_text(out, "campaign", slice_of(name));
            put_fields(out, hash);
            json_writer_close(out, '}');
        } else if (status == STATUS_OK) {
            put_campaign(out, slice_of(name), hash);
        }
        freeReplyObject(hash);
    }
    return status;
}

enum status
campaign_show_all(struct client *client, bool is_json, struct error *error)
{
    struct buffer names;
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    enum status status = campaigns_list(client, &names, error);
    if (is_json) {
        json_writer_open(&out, '{');
        json_writer_name(&out, SLICE_LIT("campaigns"));
        json_writer_open(&out, '[');
    } else if (status == STATUS_OK && names.size == 0) {
        buffer_append(&out, SLICE_LIT("no campaign has keys in Redis\n"));
    }
    if (status == STATUS_OK) {
        status = put_all(client, &names, is_json, &out, error);
    }
    if (is_json) {
        json_writer_close(&out, ']');
        json_writer_close(&out, '}');
        buffer_append_byte(&out, '\n');
    }
    if (status == STATUS_OK) {
        print_buffer(&out);
    }
    buffer_fini(&out);
    buffer_fini(&names);
    return status;
}
